from odoo.tests import tagged

from ..locking import write_lock
from .common import ConcurrentCase

KEY = "sales_force.test_locking"


@tagged("post_install", "-at_install")
class TestLocking(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)

    def _remove(self):
        with self._environment() as env:
            env["ir.config_parameter"].search([("key", "=like", f"{KEY}%")]).unlink()

    def _count(self, env):
        return env["ir.config_parameter"].search_count([("key", "=like", f"{KEY}%")])

    def _race_with(self, lock):
        """Two that each make a record where there is none; how many there are then."""

        def make(number):
            def transaction(env):
                lock(env["res.company"].search([], limit=1))
                if not self._count(env):
                    name = f"{KEY}.{number}"
                    env["ir.config_parameter"].create({"key": name, "value": "1"})

            return transaction

        runs = self._race(make(1), make(2))
        with self._environment() as env:
            return runs, self._count(env)

    def test_second_sees_the_first(self):
        self.assertEqual(self._race_with(write_lock), (2, 1))

    def test_a_row_that_is_only_locked(self):
        """Why it writes: after a mere lock the second goes on in its own snapshot."""
        self.assertEqual(
            self._race_with(lambda company: company.lock_for_update()), (1, 2)
        )

    def test_of_nothing(self):
        with self._environment() as env:
            write_lock(env["res.company"])
