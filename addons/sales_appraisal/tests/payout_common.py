import io
from decimal import Decimal

from openpyxl import load_workbook

from .commission_common import CommissionCase


class PayoutCase(CommissionCase):
    """A plan of 10 % of what is invoiced, and finance that pays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._plan()
        cls.accounts = {
            name: cls.env["account.account"].create(
                {"name": name, "code": f"SF{number}", "account_type": kind}
            )
            for number, (name, kind) in enumerate(
                (
                    ("expense", "expense"),
                    ("own", "expense"),
                    ("liability", "liability_current"),
                    ("accrued", "liability_current"),
                )
            )
        }

    def _validated(self, name=None):
        """Statements with something in them, approved by finance."""
        domain = [("amount", "!=", 0), ("state", "=", "open")]
        if name:
            domain.append(("rep_id", "=", self.reps[name].id))
        found = self.statements.search(domain)
        self._close(found, "validated")
        return found

    def _pay(self, statements):
        """:return: the payouts"""
        statements.with_user(self.users["finance"]).action_pay()
        self.env.cr.precommit.run()
        return statements.sudo().payout_id

    def _unpay(self, statements, reason):
        """As finance does it, in the dialog."""
        mine = statements.with_user(self.users["finance"])
        context = mine.action_unpay()["context"]
        wizard = self.env["sales.commission.unpay"].with_user(self.users["finance"])
        wizard.with_context(**context).create({"reason": reason}).action_apply()

    def _book(self, **settings):
        """Pay by journal entry to the accounts."""
        self.plan.pay_by = "entry"
        self.company.write(
            {
                "sales_commission_expense_account_id": self.accounts["expense"].id,
                "sales_commission_liability_account_id": self.accounts["liability"].id,
                **settings,
            }
        )

    def _foreign(self, rate):
        """A currency of which one of the company's is so many."""
        foreign = self.env.ref("base.EUR")
        foreign.active = True
        rates = self.env["res.currency.rate"]
        rates.search([("currency_id", "=", foreign.id)]).unlink()
        rates.create({"currency_id": foreign.id, "name": "2020-01-01", "rate": rate})
        return foreign

    def _team(self, name):
        team = self.env["crm.team"].create({"name": name})
        self.reps[name].assignment_ids.team_id = team
        return team

    @staticmethod
    def _sum(records):
        return sum(Decimal(str(amount)) for amount in records.mapped("amount"))

    @staticmethod
    def _sheet(payout):
        return load_workbook(io.BytesIO(payout._get_payroll("xlsx"))).active
