"""Plans that open from what made a gap: by hand, from the screen, by a rule."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.sales_targets.tests.test_drivers import DriverCase

JUNE = ("2031-06-01", "2031-06-30")


@tagged("post_install", "-at_install")
class TestDeviation(DriverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._defaults(
            VISITS=8, QUOTATIONS=0.5, ORDERS=0.25, ORDERED=8000, COLLECTED=0.8
        )
        cls.goal = cls._committed()
        rep, day = cls.reps["rep"], date(2031, 6, 20)
        cls._credit(
            [
                (rep, "VISITS", day, 160),
                (rep, "QUOTATIONS", day, 20),
                (rep, "ORDERS", day, 5),
                (rep, "ORDERED", day, 10_000),
                (rep, "COLLECTED", day, 5_000),
            ]
        )

    def setUp(self):
        super().setUp()
        self.startPatcher(freeze_time("2031-07-02 12:00:00"))

    def _node(self, **leaves):
        domain = [("plan_id", "=", self.goal.id), ("period", "=", "total")]
        return self.env["sales.target"].search(
            [*domain, *((name, "=", value) for name, value in leaves.items())]
        )

    def _plan_of(self, node, cause, role="leader"):
        action = node.with_user(self.users[role]).action_coach_cause(cause, *JUNE)
        return self.env["sales.coaching"].browse(action["res_id"])

    def test_cause(self):
        """The rate of the driver, from what it is divided by; once."""
        node = self._node(level="rep", rep_id=self.reps["rep"].id)
        plan = self._plan_of(node, "QUOTATIONS")
        self.assertEqual(plan, self._plan_of(node, "QUOTATIONS"))
        self.assertEqual(plan.origin, "deviation")
        self.assertEqual(plan.metric_id.code, "QUOTATIONS")
        self.assertEqual(plan.base_metric_id.code, "VISITS")
        rates = {r["key"]: r for r in node.get_deviation(*JUNE)["rows"]}
        self.assertEqual(plan.goal_value, round(rates["QUOTATIONS"]["planned_rate"], 2))
        self.assertEqual(plan.before, 0.13)
        self.assertEqual(plan.coach_id, self.users["leader"])
        first = self._plan_of(node, "VISITS")
        self.assertFalse(first.base_metric_id)

    def test_whom(self):
        """Of a team: the rep whom it costs most."""
        node = self._node(level="company")
        plan = self._plan_of(node, "QUOTATIONS", "director")
        target, found = node._get_worst("QUOTATIONS", *JUNE)
        self.assertEqual(plan.rep_id, target.rep_id)
        costs = [
            row["value"]
            for leaf in self.goal._get_leaves()
            for row in leaf.get_deviation(*JUNE)["rows"]
            if row["key"] == "QUOTATIONS"
        ]
        mine = [row["value"] for row in found["rows"] if row["key"] == "QUOTATIONS"]
        self.assertEqual(mine, [min(costs)])

    def test_refused(self):
        node = self._node(level="rep", rep_id=self.reps["rep"].id)
        for cause in ("days", "hedge", "nonsense"):
            with self.assertRaises(UserError, msg=cause):
                self._plan_of(node, cause)
        for role in ("rep", "peer_leader", "finance"):
            with self.assertRaises(AccessError, msg=role):
                self._plan_of(node, "QUOTATIONS", role)

    def test_screen(self):
        """Leaders are offered to coach; reps are not."""
        node = self._node(level="rep", rep_id=self.reps["rep"].id)
        for role, count in (("leader", 1), ("rep", 0)):
            found = node.with_user(self.users[role]).get_explanation(*JUNE)
            self.assertEqual(len(found["actions"]), count)

    def test_rule(self):
        """Below the line in June: a draft for who is far from the target."""
        rules = self.env["sales.coaching.rule"]
        rules.search([]).action_archive()
        rule = rules.create(
            {
                "name": "Far",
                "below": 80,
                "company_id": self.company.id,
            }
        )
        # As if it had been the core goal from the beginning.
        self.env.cr.execute(
            "UPDATE sales_target_plan SET kind = 'core' WHERE id = %s", [self.goal.id]
        )
        self.goal.invalidate_recordset(["kind"])
        rules._apply()
        plans = self.env["sales.coaching"].search([("rule_id", "=", rule.id)])
        self.assertIn(self.reps["rep"], plans.rep_id)
        self.assertEqual(set(plans.mapped("origin")), {"rule"})
        count = len(plans)
        rules._apply()
        plans.action_cancel()
        rules._apply()
        self.assertEqual(
            self.env["sales.coaching"].search_count([("rule_id", "=", rule.id)]), count
        )
