"""A plan is tried before anybody is paid by it, and without a trace."""

from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import Form
from odoo.tools import SQL

from .commission_common import CommissionCase


class TestTrial(CommissionCase):
    def _counts(self):
        self.env.flush_all()
        return [
            self.env.execute_query(SQL("SELECT count(*) FROM %s", SQL.identifier(name)))
            for name in ("sales_commission_entry", "sales_commission_statement")
        ]

    def _trial(self, plan, user="operations"):
        action = plan.with_user(self.users[user]).action_try()
        trial = (
            self.env["sales.commission.trial"]
            .with_user(self.users[user])
            .with_context(**action["context"])
        )
        return Form(trial)

    def test_draft(self):
        """The same as a run would pay, line by line; nothing is written."""
        self._plan({"rate": 1})
        self._sell("rep", 1000)
        invoice = self._sell("rep", 500, "2031-01-12")
        self._run()
        before = self._counts()
        draft = self._plan(
            {
                "table": "amount",
                "mode": "progressive",
                "tier_ids": self._tiers((0, 2), (1200, 10)),
                "floor": 60,
            },
            {
                "metric": "INVOICED",
                "table": "attainment",
                "tier_ids": self._tiers((0, 1)),
            },
            publish=False,
        )
        form = self._trial(draft)
        form.rep_id = self.reps["rep"]
        form.date = date(2031, 1, 20)
        self.assertEqual(
            (form.date_from, form.date_to), (date(2031, 1, 1), date(2031, 1, 31))
        )
        # 20; 4 + 30; 6 up to the minimum
        self.assertEqual((form.amount, form.current_amount), (60, 15))
        for text in (invoice.name, "34.00", "1,000.00", "no target"):
            self.assertIn(text, form.result)
        self.assertEqual(self._counts(), before)
        draft.date_from = "2031-01-01"
        draft.action_publish()
        self._run()
        self.assertEqual(self._statement(plan=draft).amount, 60)

    def test_held(self):
        """What is earned is shown, and how much of it is held back at first."""
        self._sell("rep", 1000)
        draft = self._plan({"rate": 10, "hold_percent": 40}, publish=False)
        form = self._trial(draft)
        form.rep_id = self.reps["rep"]
        form.date = date(2031, 1, 20)
        self.assertEqual(form.amount, 100)
        self.assertIn("40 % of it is held back until the customer pays", form.result)
        draft.rule_ids.write({"hold_release": "days", "hold_days": 30})
        form = self._trial(draft)
        form.rep_id = self.reps["rep"]
        form.date = date(2031, 1, 20)
        self.assertIn("40 % of it is held back for 30 days", form.result)

    def test_nobody(self):
        """Of a rep whom the plan is not for nothing counts."""
        draft = self._plan(publish=False, role="leader")
        self._sell("rep", 1000)
        form = self._trial(draft)
        form.rep_id = self.reps["rep"]
        form.date = date(2031, 1, 20)
        self.assertEqual(form.amount, 0)
        self.assertIn("Nothing counts", form.result)

    def test_rights(self):
        draft = self._plan(publish=False)
        plan = self._plan()
        for user in ("rep", "leader", "director", "finance"):
            with self.assertRaises(AccessError):
                plan.with_user(self.users[user]).action_try()
            with self.assertRaises(AccessError):
                self.env["sales.commission.trial"].with_user(self.users[user]).create(
                    {"plan_id": draft.id, "rep_id": self.reps["rep"].id}
                )
