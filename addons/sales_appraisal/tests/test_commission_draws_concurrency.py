"""Draws are advanced once, and forgiven once, whoever comes at the same time."""

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL

from . import test_commission_concurrency as base

AMOUNT = 1_000_000


@tagged("post_install", "-at_install")
class TestDrawsConcurrency(base.TestCommissionConcurrency):
    # What is inherited is tested where it is.
    test_two_runs = None
    test_killed = None

    def setUp(self):
        super().setUp()
        with self._environment() as env:
            env["sales.commission.draw"].create(
                {
                    "rep_id": self.reps[0],
                    "plan_id": self.plan,
                    "amount": AMOUNT,
                    "date_from": "2025-03-01",
                    "date_to": "2025-03-31",
                }
            )

    def _remove(self):
        with self._environment() as env:
            for model in ("sales.commission.draw", "sales.commission.forgiveness"):
                env[model].search([("plan_id.name", "=", base.NAME)]).unlink()
        super()._remove()

    def _read_draws(self, env):
        """What was advanced and forgiven, and how often."""
        return env.execute_query(
            SQL(
                """SELECT subject, count(*), sum(amount), sum(base)
                FROM sales_commission_entry WHERE rule_id = ANY(%s)
                    AND subject IN ('draw', 'forgiveness')
                GROUP BY 1 ORDER BY 1""",
                env["sales.commission.plan"].browse(self.plan).rule_ids.ids,
            )
        )

    def _forgive(self, env):
        env["sales.commission.forgiveness"].create(
            {
                "rep_id": self.reps[0],
                "plan_id": self.plan,
                "amount": float(self.owed),
                "reason": "Twice",
            }
        )

    def test_two_runs_with_draws(self):
        with self._environment() as env:
            self._add(env, 60, base.FIRST + 100_000)
        self.assertGreater(self._race(self._settle, self._settle), 1)
        with self._environment() as env:
            [(subject, count, amount, earned)] = self._read_draws(env)
            self.assertEqual((subject, count), ("draw", 1))
            self.assertEqual(amount + earned, AMOUNT)

    def test_two_forgive(self):
        with self._environment() as env:
            plan = env["sales.commission.plan"].browse(self.plan)
            self.owed = plan._read_owed(self.reps[:1])[self.reps[0]]
        with self.assertRaises(UserError):
            self._race(self._forgive, self._forgive)
        with self._environment() as env:
            _draw, (_subject, count, amount, forgiven) = self._read_draws(env)
            self.assertEqual((count, amount), (1, 0))
            self.assertEqual(forgiven, float(self.owed))
