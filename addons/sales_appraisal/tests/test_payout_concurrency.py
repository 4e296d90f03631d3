"""Two of finance at once, in real transactions: a statement is paid once."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "payout_race"


@tagged("post_install", "-at_install")
class TestPayoutConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            groups = {"rep": "rep", "one": "finance", "two": "finance"}
            users = {
                name: new_test_user(
                    env,
                    f"{NAME}_{name}",
                    f"sales_force.group_sales_{group}",
                    company_id=company.id,
                    company_ids=[Command.set(company.ids)],
                )
                for name, group in groups.items()
            }
            rep = env["sales.rep"].create(
                {
                    "user_id": users["rep"].id,
                    "company_id": company.id,
                    "state": "active",
                }
            )
            accounts = env["account.account"].create(
                [
                    {"name": NAME, "code": f"PR{kind[:3]}", "account_type": kind}
                    for kind in ("expense", "liability_current")
                ]
            )
            metric = env["sales.metric"].search([("code", "=", "INVOICED")])
            plan = env["sales.commission.plan"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "pay_by": "entry",
                    "expense_account_id": accounts[0].id,
                    "rule_ids": [
                        Command.create(
                            {"name": NAME, "metric_id": metric.id, "rate": 1}
                        )
                    ],
                }
            )
            company.sales_commission_liability_account_id = accounts[1]
            company.sales_commission_post_entries = False
            statement = env["sales.commission.statement"].create(
                {
                    "rep_id": rep.id,
                    "plan_id": plan.id,
                    "company_id": company.id,
                    "date_from": "2025-01-01",
                    "date_to": "2025-01-31",
                    "state": "validated",
                    "amount": 100,
                }
            )
            self.statement = statement.id
            self.users = {name: user.id for name, user in users.items()}

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            company = env.ref("base.main_company")
            company.sales_commission_post_entries = True
            plans = env["sales.commission.plan"].search([("name", "=", NAME)])
            statements = env["sales.commission.statement"].search(
                [("plan_id", "in", plans.ids)]
            )
            payments = statements.payment_ids
            moves, payouts = payments.move_id, payments.payout_id
            statements.write({"payout_id": False, "payment_move_id": False})
            payments.sorted("id", reverse=True).unlink()
            payouts.unlink()
            statements.unlink()
            moves.filtered(lambda move: move.state == "cancel").button_draft()
            moves.unlink()
            plans.write({"state": "draft"})
            plans.unlink()
            accounts = env["account.account"].search([("name", "=", NAME)])
            company.sales_commission_liability_account_id -= accounts
            accounts.unlink()
            users = env["res.users"].search([("login", "like", f"{NAME}_%")])
            users.sales_rep_ids.unlink()
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def _as(self, env, name):
        statements = env["sales.commission.statement"].browse(self.statement)
        return statements.with_user(self.users[name])

    def _pay(self, name):
        return lambda env: self._as(env, name).action_pay()

    def _unpay(self, name):
        return lambda env: self._as(env, name)._unpay("Wrong")

    def _check(self, amounts, state):
        with self._environment() as env:
            statement = env["sales.commission.statement"].browse(self.statement)
            self.assertEqual(statement.payment_ids.mapped("amount"), amounts)
            self.assertEqual(statement.state, state)
            moves = statement.payment_ids.move_id
            self.assertEqual(len(moves), sum(amount > 0 for amount in amounts))
            payouts = env["sales.commission.payout"].search(
                [("user_id", "in", list(self.users.values()))]
            )
            self.assertEqual(len(payouts), len(moves))

    def test_paid_by_two(self):
        """The second finds it paid: one payout, one entry."""
        runs = self._race(self._pay("one"), self._pay("two"))
        self.assertEqual(runs, 2)
        self._check([100], "paid")

    def test_double_click(self):
        self._race(self._pay("one"), self._pay("one"))
        self._check([100], "paid")

    def test_taken_back_by_two(self):
        with self._environment() as env:
            self._pay("one")(env)
        with self.assertRaises(UserError):
            self._race(self._unpay("one"), self._unpay("two"))
        self._check([100, -100], "validated")
        with self._environment() as env:
            self._pay("two")(env)
        self._check([100, -100, 100], "paid")

    def test_crash(self):
        """What dies before its commit leaves nothing, and is paid by the next."""

        class PowerCut(Exception):
            pass

        with self.assertRaises(PowerCut), self._environment() as env:
            self._pay("one")(env)
            env.flush_all()
            raise PowerCut
        self._check([], "validated")
        with self._environment() as env:
            self._pay("two")(env)
        self._check([100], "paid")
