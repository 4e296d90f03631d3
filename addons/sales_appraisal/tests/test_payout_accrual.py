from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .payout_common import PayoutCase


@tagged("post_install", "-at_install")
class TestAccrual(PayoutCase):
    """What is owed at the end of a month, booked there and reversed on the first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "sales_commission_expense_account_id": cls.accounts["expense"].id,
                "sales_commission_accrual_account_id": cls.accounts["accrued"].id,
            }
        )
        cls.accruals = cls.env["sales.commission.accrual"]

    def _accrue(self, day):
        with freeze_time(day):
            self.accruals.with_user(self.users["finance"]).action_accrue()
        return self.accruals.search([], order="id desc", limit=1)

    def _cron(self):
        with (
            freeze_time("2031-02-01 12:00:00"),
            patch.object(type(self.env["ir.cron"]), "_commit_progress"),
        ):
            self.accruals._cron_accrue()

    def test_accrued(self):
        """Once, and the books are as before on the first."""
        self._sell("rep", 1000)
        self._sell("rep", 500, "2031-02-01")
        accrual = self._accrue("2031-02-03 12:00:00")
        self.assertEqual((accrual.date, accrual.amount), (date(2031, 1, 31), 100))
        entry, back = accrual.move_id, accrual.reversal_id
        self.assertEqual((entry.date, back.date), (date(2031, 1, 31), date(2031, 2, 1)))
        self.assertEqual((entry.state, back.state), ("posted", "posted"))
        self.assertEqual(
            {line.account_id: line.balance for line in entry.line_ids},
            {self.accounts["expense"]: 100, self.accounts["accrued"]: -100},
        )
        for account in (self.accounts["expense"], self.accounts["accrued"]):
            lines = (entry | back).line_ids.filtered(
                lambda line, a=account: line.account_id == a
            )
            self.assertEqual(sum(lines.mapped("balance")), 0)
        self.assertEqual(self._accrue("2031-02-20 12:00:00"), accrual)
        self.assertEqual(self._accrue("2031-03-02 12:00:00").amount, 150)

    def test_paid(self):
        """What was paid until the end of the month is owed no more; later it was."""
        self._book()
        self._sell("rep", 1000)
        self._run()
        statement = self._validated()
        with freeze_time("2031-02-02 12:00:00"):
            self._pay(statement)
        self.assertEqual(self._accrue("2031-02-03 12:00:00").amount, 100)
        accrual = self._accrue("2031-03-03 12:00:00")
        self.assertEqual((accrual.amount, accrual.move_id.id), (0, False))
        with freeze_time("2031-03-04 12:00:00"):
            self._unpay(statement, "Wrong")
        self.assertEqual(self._accrue("2031-04-01 12:00:00").amount, 100)

    def test_currency(self):
        foreign = self._foreign(4)
        self.plan.action_archive()
        self._plan(currency_id=foreign.id)
        self._sell("rep", 1000)
        accrual = self._accrue("2031-02-01 12:00:00")
        self.assertEqual(accrual.amount, 100)
        self.assertEqual(
            sorted(accrual.move_id.line_ids.mapped("amount_currency")), [-400, 400]
        )

    def test_companies(self):
        """Never two companies in one."""
        self._sell("rep", 1000)
        self._cron()
        self._cron()
        accrual = self.accruals.search([])
        self.assertEqual(accrual.company_id, self.company)
        self.assertEqual(accrual.move_id.company_id, self.company)

    def test_locked(self):
        self._sell("rep", 1000)
        self.company.fiscalyear_lock_date = "2031-01-31"
        with self.assertRaises(UserError):
            self._accrue("2031-02-01 12:00:00")
        with self.assertLogs("odoo.addons.sales_appraisal", "WARNING"):
            self._cron()
        self.assertFalse(self.accruals.search([]))

    def test_missing(self):
        self.company.sales_commission_accrual_account_id = False
        self._sell("rep", 1000)
        with self.assertRaises(UserError) as caught:
            self._accrue("2031-02-01 12:00:00")
        self.assertIn("Accrued Commission", str(caught.exception))

    def test_finance_only(self):
        for role in ("rep", "manager", "director", "operations"):
            with self.assertRaises(AccessError, msg=role):
                self.accruals.with_user(self.users[role]).action_accrue()
