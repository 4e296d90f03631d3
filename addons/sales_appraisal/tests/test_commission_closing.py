"""Two who settle, close or approve at once, in real transactions."""

from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "commission closing"
LOGIN = "commission_closing_"
DAY = date(2025, 1, 10)
PEOPLE = ("director", "manager", "rep")


@tagged("post_install", "-at_install")
class TestCommissionClosing(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            team = env["crm.team"].create({"name": NAME, "company_id": company.id})
            boss, self.users = env["sales.rep"], {}
            for name in (*PEOPLE, "finance", "accountant"):
                role = "finance" if name == "accountant" else name
                user = env["res.users"].create(
                    {
                        "name": f"{NAME} {name}",
                        "login": f"{LOGIN}{name}",
                        "company_id": company.id,
                        "company_ids": [Command.set(company.ids)],
                        "group_ids": [
                            Command.set(env.ref(f"sales_force.group_sales_{role}").ids)
                        ],
                    }
                )
                self.users[name] = user.id
                if name in PEOPLE:
                    boss = env["sales.rep"].create(
                        {
                            "user_id": user.id,
                            "company_id": company.id,
                            "parent_id": boss.id,
                            "team_id": team.id,
                            "date_start": "2020-01-01",
                            "state": "active",
                        }
                    )
            self.rep = boss.id
            self.metric = env["sales.metric"].search([("code", "=", "INVOICED")]).id
            plan = env["sales.commission.plan"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "team_ids": [Command.set(team.ids)],
                    "date_from": "2025-01-01",
                    "rule_ids": [
                        Command.create(
                            {"name": NAME, "metric_id": self.metric, "rate": 10}
                        )
                    ],
                }
            )
            plan.action_publish()
            self.plan = plan.id
            self._sell(env, 1, 1000)
            self._settle(env)
            self.statement = (
                env["sales.commission.statement"]
                .search([("rep_id", "=", self.rep), ("date_from", "=", "2025-01-01")])
                .id
            )

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            users = env["res.users"].search([("login", "like", LOGIN)])
            reps = users.sales_rep_ids
            for table in ("entry", "statement"):
                env.cr.execute(
                    SQL(
                        "DELETE FROM %s WHERE rep_id = ANY(%s)",
                        SQL.identifier(f"sales_commission_{table}"),
                        reps.ids,
                    )
                )
            env.cr.execute(
                SQL("DELETE FROM sales_credit WHERE rep_id = ANY(%s)", reps.ids)
            )
            plans = env["sales.commission.plan"].search([("name", "=", NAME)])
            plans.write({"state": "draft"})
            plans.unlink()
            reps.assignment_ids.write({"manager_id": False, "team_id": False})
            reps.unlink()
            env["crm.team"].search([("name", "=", NAME)]).unlink()
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def _sell(self, env, number, value):
        """A credit of the rep, as if a document were behind it."""
        env.cr.execute(
            SQL(
                """INSERT INTO sales_credit (metric_id, date, rep_id, user_id,
                company_id, value, share, overlay, res_model, res_id, part, source,
                scope_id) VALUES
                (%s, %s, %s, %s, %s, %s, 100, FALSE, 'account.move.line', %s, 0,
                'invoice', %s)""",
                self.metric,
                DAY,
                self.rep,
                self.users["rep"],
                env.ref("base.main_company").id,
                value,
                -number,
                -number,
            )
        )

    def _settle(self, env):
        plan = env["sales.commission.plan"].browse(self.plan)
        env["sales.commission.statement"]._settle(plan, *plan._get_bounds(DAY))

    def _as(self, env, name):
        model = env["sales.commission.statement"].browse(self.statement)
        return model.with_user(self.users[name])

    def _step(self, *steps):
        with self._environment() as env:
            for name, action in steps:
                getattr(self._as(env, name), action)()

    def _read(self):
        with self._environment() as env:
            statement = env["sales.commission.statement"].browse(self.statement)
            entries = env["sales.commission.entry"].search([("rep_id", "=", self.rep)])
            self.assertAlmostEqual(
                statement.amount, sum(statement.entry_ids.mapped("amount"))
            )
            return statement.state, statement.amount, sum(entries.mapped("amount"))

    def test_submitted_twice(self):
        """A double click: the second is told that it is done."""
        with self.assertRaises(UserError) as caught:
            self._race(
                lambda env: self._as(env, "rep").action_submit(),
                lambda env: self._as(env, "rep").action_submit(),
            )
        self.assertIn("Submitted", str(caught.exception))
        self.assertEqual(self._read(), ("submitted", 100, 100))

    def test_approved_by_two(self):
        self._step(("rep", "action_submit"))
        with self.assertRaises(UserError):
            self._race(
                lambda env: self._as(env, "manager").action_approve(),
                lambda env: self._as(env, "director").action_approve(),
            )
        with self._environment() as env:
            self.assertEqual(
                self._as(env, "director").approved_by_id.id, self.users["manager"]
            )

    def test_validated_by_two(self):
        self._step(("rep", "action_submit"), ("manager", "action_approve"))
        with self.assertRaises(UserError):
            self._race(
                lambda env: self._as(env, "finance").action_validate(),
                lambda env: self._as(env, "accountant").action_validate(),
            )
        with self._environment() as env:
            self.assertEqual(
                self._as(env, "finance").validated_by_id.id, self.users["finance"]
            )

    def test_validated_while_sent_back(self):
        self._step(("rep", "action_submit"), ("manager", "action_approve"))
        with self.assertRaises(UserError):
            self._race(
                lambda env: self._as(env, "manager")._return("No"),
                lambda env: self._as(env, "finance").action_validate(),
            )
        self.assertEqual(self._read()[0], "open")

    def test_closed_while_a_run_writes(self):
        """What the run has written is in what is submitted."""

        def run(env):
            self._sell(env, 2, 500)
            self._settle(env)

        runs = self._race(run, lambda env: self._as(env, "rep").action_submit())
        self.assertEqual(runs, 2)
        self.assertEqual(self._read(), ("submitted", 150, 150))

    def test_run_while_it_is_closed(self):
        """What the run would have written there is a correction elsewhere."""

        def run(env):
            self._sell(env, 2, 500)
            self._settle(env)

        runs = self._race(lambda env: self._as(env, "rep").action_submit(), run)
        self.assertEqual(runs, 2)
        self.assertEqual(self._read(), ("submitted", 100, 150))

    def test_two_runs(self):
        def run(number):
            def go(env):
                self._sell(env, number, 100)
                self._settle(env)

            return go

        self.assertEqual(self._race(run(2), run(3)), 2)
        self.assertEqual(self._read(), ("open", 120, 120))

    def test_opened_by_two(self):
        """The first statement of a period, made by two runs."""

        def run(env):
            plan = env["sales.commission.plan"].browse(self.plan)
            bounds = plan._get_bounds(date(2025, 2, 1))
            env["sales.commission.statement"]._settle(plan, *bounds)

        self.assertEqual(self._race(run, run), 2)
        with self._environment() as env:
            found = env["sales.commission.statement"].search(
                [("rep_id", "=", self.rep), ("date_from", "=", "2025-02-01")]
            )
            self.assertEqual(len(found), 1)
