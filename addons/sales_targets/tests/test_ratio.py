"""Ratios are planned through their parts, in each node, and read from them."""

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_plan import TargetCase


@tagged("post_install", "-at_install")
class TestRatio(TargetCase):
    def _wizard(self, code, **values):
        return self.env["sales.target.ratio"].create(
            {
                "metric_id": self.env.ref(f"sales_force.sales_metric_{code}").id,
                "company_id": self.company.id,
                "date_from": "2031-01-01",
                **values,
            }
        )

    def _plan_of(self, action):
        return self.env["sales.target.plan"].browse(action["res_id"])

    def test_margin_rate(self):
        """30 % of 1,000,000 are 300,000; each node has both parts."""
        wizard = self._wizard("margin_rate", percent=30, divisor_plan_id=self.plan.id)
        self.assertEqual((wizard.divisor, wizard.value), (1_000_000, 300_000))
        plan = self._plan_of(wizard.action_create())
        self.assertEqual(plan.metric_id.code, "MARGIN")
        self.assertEqual(plan.divisor_plan_id, self.plan)
        self.assertEqual(plan.ratio_planned, 30)
        (plan + self.plan).action_publish()
        self.assertExact(plan)
        leaf = plan._get_leaves().filtered(lambda row: row.rep_id == self.reps["rep"])
        base = self.plan._get_leaves().filtered(
            lambda row: row.rep_id == self.reps["rep"]
        )
        self.assertEqual(leaf.ratio_planned, round(100 * leaf.value / base.value, 2))
        self.product.standard_price = 40
        self._invoice(self.users["rep"], invoice_date="2031-01-10").action_post()
        with freeze_time("2031-01-15 12:00:00"):
            (leaf + base).invalidate_recordset()
            self.assertEqual(leaf.achieved, leaf.ratio_achieved)
            self.assertEqual(base.achieved, 100)

    def test_denominator_is_a_draft(self):
        """Reps open the plan that is published, and see which ratio it is for."""
        wizard = self._wizard("margin_rate", percent=30, divisor_plan_id=self.plan.id)
        plan = self._plan_of(wizard.action_create())
        plan.action_publish()
        self.assertEqual(self.plan.state, "draft")
        self.env.invalidate_all()
        mine = plan.with_user(self.users["rep"])
        self.assertEqual(mine.read(["ratio_planned"])[0]["ratio_planned"], 30)

    def test_new_denominator(self):
        plan = self._plan_of(
            self._wizard("margin_rate", percent=25.5, divisor=1001).action_create()
        )
        self.assertEqual(plan.divisor_plan_id.value, 1001)
        self.assertEqual(plan.divisor_plan_id.kind, "supporting")
        # 255.255, of whole units the next.
        self.assertEqual(plan.value, 256)

    def test_market_share(self):
        territory = self.env["sales.territory"].create({"name": "Coast"})
        values = {"percent": 12.5, "territory_ids": territory.ids}
        with self.assertRaises(UserError):
            self._wizard("market_share", **values).action_create()
        self.env["sales.market"].create(
            {
                "territory_id": territory.id,
                "date_from": "2031-01-01",
                "date_to": "2031-12-31",
                "size": 7300,
                "source": "Study",
                "source_date": "2030-06-01",
            }
        )
        wizard = self._wizard("market_share", **values)
        plan = self._plan_of(wizard.action_create())
        self.assertEqual((plan.stage, plan.metric_id.code), ("leadership", "INVOICED"))
        self.assertEqual((plan.value, plan.market_size), (913, 7300))
        plan.action_publish()
        self._invoice(self.users["rep"], invoice_date="2031-01-10").action_post()
        with freeze_time("2031-01-10 12:00:00"):
            plan.invalidate_recordset()
            plan._get_root().invalidate_recordset()
            # 100 of the 200 that are bought in ten days.
            self.assertEqual(plan.ratio_achieved, 50)

    def test_bad_input(self):
        for values in ({"percent": 0, "divisor": 100}, {"percent": 10}):
            with self.assertRaises(ValidationError):
                self._wizard("margin_rate", **values).action_create()
        for role in ("rep", "leader", "manager", "finance"):
            wizard = self.env["sales.target.ratio"].with_user(self.users[role])
            self.assertFalse(wizard.has_access("create"), role)
        with self.assertRaises(AccessError):
            self._wizard("margin_rate", percent=10, divisor=100).with_user(
                self.users["rep"]
            ).action_create()
