"""Two at once, in real transactions: one dispute of a line, one decision on it."""

from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "dispute_race"
DAY = date(2025, 1, 1)
# Of credits that no document is behind.
FIRST = 960_000_000


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
                    "date_start": "2020-01-01",
                }
            )
            metric = env["sales.metric"].search([("code", "=", "INVOICED")])
            plan = env["sales.commission.plan"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "date_from": DAY,
                    "rule_ids": [
                        Command.create(
                            {"name": NAME, "metric_id": metric.id, "rate": 1}
                        )
                    ],
                }
            )
            plan.action_publish()
            # Two instalments that are paid for a line.
            env.cr.execute(
                SQL(
                    """INSERT INTO sales_credit (metric_id, date, rep_id, company_id,
                    value, share, overlay, res_model, res_id, part, source, scope_id)
                    SELECT %s, '2025-01-10', %s, %s, 5000, 100, FALSE,
                        'account.partial.reconcile', %s + k, %s, 'cash', %s
                    FROM generate_series(1, 2) k""",
                    metric.id,
                    rep.id,
                    company.id,
                    FIRST,
                    FIRST,
                    FIRST,
                )
            )
            statement = env["sales.commission.statement"]._settle(
                plan, DAY, DAY + timedelta(days=30), rep
            )
            self.statement, self.entries = statement.id, statement.entry_ids.ids
            self.users = {name: user.id for name, user in users.items()}

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            plans = env["sales.commission.plan"].search([("name", "=", NAME)])
            env.cr.execute(SQL("DELETE FROM sales_credit WHERE res_id >= %s", FIRST))
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
            users.sales_rep_ids.assignment_ids.unlink()
            users.sales_rep_ids.unlink()
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def _open(self, number=0):
        def open_(env):
            user = self.users["rep"]
            entry = env["sales.commission.entry"].with_user(user)
            entry = entry.browse(self.entries[number])
            entry.env["sales.commission.dispute"]._open(entry, "data", "It is more")

        return open_

    def _decide(self, name, amount, number=0):
        def decide(env):
            disputes = env["sales.commission.dispute"].with_user(self.users[name])
            dispute = disputes.search([("entry_id", "=", self.entries[number])])
            dispute._correct(amount, "Right")

        return decide

    def test_opened_twice(self):
        with self.assertRaises(UserError):
            self._race(self._open(), self._open())
        with self._environment() as env:
            disputes = env["sales.commission.dispute"]
            self.assertEqual(
                disputes.search_count([("entry_id", "in", self.entries)]), 1
            )

    def test_decided_by_two(self):
        """The second finds it decided: one entry, one amount."""
        with self._environment() as env:
            self._open()(env)
        with self.assertRaises(UserError):
            self._race(self._decide("one", 120), self._decide("two", 130))
        self._assert_paid(120, 1)

    def test_two_about_the_same(self):
        """Of two disputes of a line the later one finds what the first pays."""
        with self._environment() as env:
            self._open(0)(env)
            self._open(1)(env)
        runs = self._race(self._decide("one", 120, 0), self._decide("two", 130, 1))
        self.assertEqual(runs, 2)
        self._assert_paid(130, 2)

    def _assert_paid(self, amount, count):
        with self._environment() as env:
            statement = env["sales.commission.statement"].browse(self.statement)
            self.assertEqual(statement.amount, amount)
            decisions = statement.entry_ids.filtered(
                lambda entry: entry.subject == "dispute"
            )
            self.assertEqual(len(decisions), count)
            self.assertEqual(sum(decisions.mapped("amount")), amount - 100)
