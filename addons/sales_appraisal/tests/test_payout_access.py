"""Who sees and does what with payments of commission: all roles, all models."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .payout_common import PayoutCase

OPERATIONS = ("read", "write", "create", "unlink")
ROLES = ("rep", "leader", "manager", "director", "operations", "finance", "foreigner")
ALL, READ = set(OPERATIONS), {"read"}
MATRIX = {
    "sales.commission.payout": {"finance": READ},
    "sales.commission.payment": {"finance": READ},
    "sales.commission.accrual": {"finance": READ},
    "sales.payroll.column": {"finance": ALL, "operations": ALL},
}


@tagged("post_install", "-at_install")
class TestPayoutAccess(PayoutCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign_finance = cls._user(
            "foreign_finance",
            "sales_force.group_sales_finance",
            company_id=cls.company_b.id,
            company_ids=[(6, 0, cls.company_b.ids)],
        )
        cls._sell(cls, "rep", 100)
        cls.statements._run(cls.company, cls.plan.date_from)
        cls.statement = cls.statements.search([("amount", "!=", 0)])
        cls.statement.sudo().state = "validated"
        cls.statement.with_user(cls.users["finance"]).action_pay()
        payout = cls.statement.sudo().payout_id
        cls.records = {
            "sales.commission.payout": payout,
            "sales.commission.payment": payout.payment_ids,
            "sales.commission.accrual": cls.env["sales.commission.accrual"].create(
                {"company_id": cls.company.id, "date": "2031-01-31"}
            ),
            "sales.payroll.column": cls.env["sales.payroll.column"].create(
                {"company_id": cls.company.id, "value": "name"}
            ),
        }

    def test_matrix(self):
        wrong = []
        users = {role: self.users[role] for role in ROLES}
        for model, record in self.records.items():
            for role, user in {**users, "other": self.foreign_finance}.items():
                found = {
                    name
                    for name in OPERATIONS
                    if record.with_user(user).has_access(name)
                }
                if found != MATRIX[model].get(role, set()):
                    wrong.append((model, role, found))
        self.assertFalse(wrong)

    def test_actions(self):
        """Only finance pays and takes back."""
        self.statement.with_user(self.users["finance"])._unpay("Again")
        for role in ("rep", "leader", "manager", "director", "operations"):
            mine = self.statement.with_user(self.users[role])
            for action in (
                mine.action_pay,
                mine.action_unpay,
                lambda one=mine: one._unpay("Why"),
            ):
                with self.assertRaises(AccessError, msg=role):
                    action()
        with self.assertRaises(AccessError):
            self.statement.with_user(self.foreign_finance).action_pay()
        self.assertEqual(self.statement.state, "validated")

    def test_fields(self):
        """A rep reads the state of the own statement, not how it was paid."""
        mine = self.statement.with_user(self.users["rep"])
        self.assertEqual(mine.read(["state", "bill_state"])[0]["state"], "paid")
        for name in ("payout_id", "payment_move_id"):
            with self.assertRaises(AccessError):
                mine.read([name])
        with self.assertRaises(AccessError):
            mine.read(["payment_ids"])

    def test_stamped(self):
        """Not even finance writes what was paid by hand."""
        mine = self.statement.with_user(self.users["finance"])
        for vals in (
            {"payout_id": False},
            {"payment_move_id": False},
            {"state": "open"},
        ):
            with self.assertRaises(UserError):
                mine.write(vals)
        with self.assertRaises(AccessError):
            self.records["sales.commission.payment"].with_user(
                self.users["finance"]
            ).write({"amount": 1})
        with self.assertRaises(AccessError):
            self.env["sales.commission.payout"].with_user(self.users["finance"])._pay(
                mine, {mine: 10}
            )
