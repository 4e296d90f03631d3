"""Runs at once and runs that are killed, in real transactions."""

import os
import random
import signal
import time
from datetime import date

from odoo import sql_db
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "commission concurrency"
DAY = date(2025, 3, 10)
REPS = 6
LINES = 3000
KILLS = 20
# Of credits that no document is behind.
FIRST = 950_000_000


@tagged("post_install", "-at_install")
class TestCommissionConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            team = env["crm.team"].create({"name": NAME, "company_id": company.id})
            users = env["res.users"].create(
                [
                    {
                        "name": f"{NAME} {number}",
                        "login": f"commission_concurrency_{number}",
                        "company_id": company.id,
                        "company_ids": [Command.set(company.ids)],
                        "group_ids": [
                            Command.set(env.ref("sales_force.group_sales_rep").ids)
                        ],
                    }
                    for number in range(REPS)
                ]
            )
            self.reps = (
                env["sales.rep"]
                .create(
                    [
                        {
                            "user_id": user.id,
                            "company_id": company.id,
                            "team_id": team.id,
                            "date_start": "2020-01-01",
                            "state": "active",
                        }
                        for user in users
                    ]
                )
                .ids
            )
            plan = env["sales.commission.plan"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "date_from": "2025-01-01",
                    "team_ids": [Command.set(team.ids)],
                    "rule_ids": [
                        Command.create(
                            {
                                "name": mode,
                                "metric_id": env.ref(
                                    "sales_force.sales_metric_invoiced"
                                ).id,
                                "table": "amount",
                                "mode": mode,
                                "tier_ids": [
                                    Command.create({"start": start, "rate": rate})
                                    for start, rate in ((0, 2), (5000, 3.5))
                                ],
                            }
                        )
                        for mode in ("progressive", "whole")
                    ],
                }
            )
            plan.action_publish()
            self.plan = plan.id
            self._add(env, LINES)

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            plans = env["sales.commission.plan"].search([("name", "=", NAME)])
            statements = env["sales.commission.statement"].search(
                [("plan_id", "in", plans.ids)]
            )
            for table, ids in (
                ("sales_commission_entry", statements.ids),
                ("sales_commission_statement", statements.ids),
            ):
                column = "id" if table.endswith("statement") else "statement_id"
                env.cr.execute(
                    SQL(
                        "DELETE FROM %s WHERE %s = ANY(%s)",
                        SQL.identifier(table),
                        SQL.identifier(column),
                        ids,
                    )
                )
            env.cr.execute(SQL("DELETE FROM sales_credit WHERE res_id >= %s", FIRST))
            env.invalidate_all()
            plans.write({"state": "draft"})
            plans.unlink()
            reps = env["sales.rep"].search([("name", "like", f"{NAME}%")])
            users = reps.user_id
            reps.assignment_ids.unlink()
            reps.unlink()
            users.unlink()
            env["crm.team"].search([("name", "=", NAME)]).unlink()

    def _add(self, env, count, first=FIRST):
        company = env.ref("base.main_company")
        env.cr.execute(
            SQL(
                """INSERT INTO sales_credit (metric_id, date, rep_id, company_id, value,
                share, overlay, res_model, res_id, part, source, scope_id)
                SELECT %s, make_date(2025, 3, 1 + k %% 28),
                    (%s::integer[])[1 + k %% %s], %s, 1 + k %% 13 + 0.37, 100, FALSE,
                    'account.move.line', %s + k, 0, 'invoice', %s + k
                FROM generate_series(1, %s) k""",
                env.ref("sales_force.sales_metric_invoiced").id,
                self.reps,
                REPS,
                company.id,
                first,
                first,
                count,
            )
        )

    def _settle(self, env):
        plan = env["sales.commission.plan"].browse(self.plan)
        env["sales.commission.statement"]._settle(plan, *plan._get_bounds(DAY))

    def _read(self, env):
        """Every cause and what is paid for it; each once."""
        rows = env.execute_query(
            SQL(
                """SELECT rule_id, rep_id, res_id, count(*), sum(amount)
                FROM sales_commission_entry
                WHERE rule_id = ANY(%s) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
                env["sales.commission.plan"].browse(self.plan).rule_ids.ids,
            )
        )
        self.assertFalse([row for row in rows if row[3] != 1])
        return rows

    def test_two_runs(self):
        runs = self._race(self._settle, self._settle)
        self.assertGreater(runs, 1)
        with self._environment() as env:
            rows = self._read(env)
            self.assertEqual(len(rows), 2 * LINES)
            self._settle(env)
            self.assertEqual(self._read(env), rows)

    def test_killed(self):
        """``kill -9`` at random moments; whoever comes after finishes the work."""
        chance = random.Random(7)
        spent = time.monotonic()
        with self._environment() as env:
            self._settle(env)
        spent = time.monotonic() - spent
        for number in range(KILLS):
            with self._environment() as env:
                # Something to do for the one that is killed.
                self._add(env, 60, FIRST + (number + 1) * 100_000)
            child = os.fork()
            if not child:
                self._work_until_killed()
            time.sleep(chance.uniform(0, 1.5 * spent))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        with self._environment() as env:
            self._settle(env)
            rows = self._read(env)
            self.assertEqual(len(rows), 2 * (LINES + 60 * KILLS))
            env.cr.execute(
                SQL(
                    "DELETE FROM sales_commission_entry WHERE rule_id = ANY(%s)",
                    env["sales.commission.plan"].browse(self.plan).rule_ids.ids,
                )
            )
            self._settle(env)
            self.assertEqual(self._read(env), rows)

    def _work_until_killed(self):
        """In a process of its own: with connections of its own, which it has not
        inherited, and without a way back into the tests."""
        try:
            sql_db._Pool = None
            self.registry._db = sql_db.db_connect(self.registry.db_name)
            while True:
                with self._environment() as env:
                    self._settle(env)
        finally:
            os._exit(1)
