"""Two at once, in real transactions: one dispute of a line, one decision on it."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "dispute_race"


@tagged("post_install", "-at_install")
class TestCommissionDisputeConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            groups = {"rep": "rep", "one": "director", "two": "director"}
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
            metric = env["sales.metric"].search([("code", "=", "INVOICED")])
            plan = env["sales.commission.plan"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "rule_ids": [
                        Command.create(
                            {"name": NAME, "metric_id": metric.id, "rate": 1}
                        )
                    ],
                }
            )
            statement = env["sales.commission.statement"].create(
                {
                    "rep_id": rep.id,
                    "plan_id": plan.id,
                    "company_id": company.id,
                    "date_from": "2025-01-01",
                    "date_to": "2025-01-31",
                }
            )
            env.flush_all()
            [(self.entry,)] = env.execute_query(
                SQL(
                    """
                    INSERT INTO sales_commission_entry (statement_id, company_id,
                        rep_id, rule_id, period_from, kind, subject, currency_id, level,
                        source, res_model, res_id, part, user_id, overlay, date,
                        metric_id, scope_id, base, position, amount)
                    VALUES (%s, %s, %s, %s, '2025-01-01', 'earning', 'earning', %s, 0,
                        'invoice', 'account.move.line', 0, 0, 0, FALSE, '2025-01-10',
                        %s, 0, 10000, 0, 100)
                    RETURNING id
                    """,
                    statement.id,
                    company.id,
                    rep.id,
                    plan.rule_ids.id,
                    plan.currency_id.id,
                    metric.id,
                )
            )
            self.statement = statement.id
            self.users = {name: user.id for name, user in users.items()}

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            plans = env["sales.commission.plan"].search([("name", "=", NAME)])
            env["sales.commission.dispute"].search(
                [("plan_id", "in", plans.ids)]
            ).unlink()
            statements = env["sales.commission.statement"].search(
                [("plan_id", "in", plans.ids)]
            )
            env.cr.execute(
                SQL(
                    "DELETE FROM sales_commission_entry WHERE statement_id = ANY(%s)",
                    statements.ids,
                )
            )
            statements.unlink()
            plans.write({"state": "draft"})
            plans.unlink()
            users = env["res.users"].search([("login", "like", f"{NAME}_%")])
            users.sales_rep_ids.unlink()
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def _open(self, env):
        user = self.users["rep"]
        entry = env["sales.commission.entry"].with_user(user).browse(self.entry)
        entry.env["sales.commission.dispute"]._open(entry, "data", "It is more")

    def _decide(self, name, amount):
        def decide(env):
            disputes = env["sales.commission.dispute"].with_user(self.users[name])
            disputes.search([("entry_id", "=", self.entry)])._correct(amount, "Right")

        return decide

    def test_opened_twice(self):
        with self.assertRaises(UserError):
            self._race(self._open, self._open)
        with self._environment() as env:
            disputes = env["sales.commission.dispute"]
            self.assertEqual(disputes.search_count([("entry_id", "=", self.entry)]), 1)

    def test_decided_by_two(self):
        """The second finds it decided: one entry, one amount."""
        with self._environment() as env:
            self._open(env)
        with self.assertRaises(UserError):
            self._race(self._decide("one", 120), self._decide("two", 130))
        with self._environment() as env:
            dispute = env["sales.commission.dispute"].search(
                [("entry_id", "=", self.entry)]
            )
            entries = env["sales.commission.entry"].search(
                [("statement_id", "=", self.statement), ("subject", "=", "dispute")]
            )
            self.assertEqual(entries, dispute.correction_id)
            self.assertEqual(entries.amount, dispute.amount)
            statement = env["sales.commission.statement"].browse(self.statement)
            self.assertEqual(statement.amount, 100 + dispute.amount)
