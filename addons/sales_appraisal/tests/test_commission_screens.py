from dateutil.relativedelta import relativedelta

from odoo.tests import HttpCase, tagged

from .commission_common import CommissionCase


@tagged("post_install", "-at_install")
class TestCommissionScreens(HttpCase, CommissionCase):
    def test_month(self):
        """From the live standing of a rep to what is paid."""
        month = self.company._get_sales_today() - relativedelta(months=1, day=1)
        self._plan(
            {
                "table": "amount",
                "tier_ids": self._tiers((0, 10), (3000, 20)),
            },
            date_from=month,
        )
        self._sell("rep", 1500, month + relativedelta(day=10))
        self.statements._run(self.company, month)
        statement = self.statements.search(
            [("rep_id", "=", self.reps["rep"].id), ("date_from", "=", month)]
        )
        self.start_tour(
            "/odoo/my-commission",
            "sales_appraisal_commission_rep",
            login=self.users["rep"].login,
        )
        self.assertEqual(statement.state, "submitted")
        for role, page, state in (
            ("manager", f"/{statement.id}", "approved"),
            ("finance", "", "paid"),
        ):
            self.start_tour(
                f"/odoo/commission-statements{page}",
                f"sales_appraisal_commission_{role}",
                login=self.users[role].login,
            )
            self.assertEqual(statement.state, state)
        self.assertEqual(statement.sudo().payout_id.user_id, self.users["finance"])
