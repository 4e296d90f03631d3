"""Two plan at once: a clear message, nothing lost and nothing twice; and it stays flat
as there are more reps."""

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

from .test_plan import TargetCase


@tagged("post_install", "-at_install")
class TestPlanners(ConcurrentCase):
    def setUp(self):
        super().setUp()
        with self._environment() as env:
            users = env["res.users"].browse()
            for number in range(4):
                users |= new_test_user(
                    env, f"st_planner_{number}", "sales_force.group_sales_rep"
                )
            boss = env["sales.rep"].create(
                {
                    "user_id": users[0].id,
                    "date_start": "2020-01-01",
                    "state": "active",
                    "carries_target": False,
                }
            )
            reps = env["sales.rep"].create(
                [
                    {
                        "user_id": user.id,
                        "parent_id": boss.id,
                        "date_start": "2020-01-01",
                        "state": "active",
                        "carries_target": True,
                    }
                    for user in users[1:]
                ]
            )
            plan = env["sales.target.plan"].create(
                {
                    "name": "Two at once",
                    "metric_id": env.ref("sales_force.sales_metric_invoiced").id,
                    "kind": "supporting",
                    "stage": False,
                    "top_rep_id": boss.id,
                    "date_from": "2099-01-01",
                    "date_to": "2099-12-31",
                    "value": 120_000,
                }
            )
            plan.action_decompose()
            self.plan, self.reps, self.boss = plan.id, reps.ids, boss.id
            self.users = users.ids
        self.addCleanup(self._clear)

    def _clear(self):
        with self._environment() as env:
            env.cr.execute(
                """DELETE FROM sales_target_day WHERE target_id IN
                (SELECT id FROM sales_target WHERE plan_id = %s)""",
                [self.plan],
            )
            for model in ("mail_message", "mail_activity"):
                env.cr.execute(
                    f"DELETE FROM {model} WHERE "
                    f"{'model' if model == 'mail_message' else 'res_model'} = "
                    "'sales.target.plan' AND res_id = %s",
                    [self.plan],
                )
            env.cr.execute("DELETE FROM sales_target_plan WHERE id = %s", [self.plan])
            env["sales.rep"].browse(self.reps).unlink()
            env["sales.rep"].browse(self.boss).unlink()
            partners = env["res.users"].browse(self.users).partner_id
            env["res.users"].browse(self.users).unlink()
            partners.unlink()

    def _plan(self, env):
        return env["sales.target.plan"].browse(self.plan)

    def _month(self, env, number, month):
        rows = env["sales.target"].search(
            [
                ("plan_id", "=", self.plan),
                ("rep_id", "=", self.reps[number]),
                ("period", "=", "month"),
            ],
            order="date_from",
        )
        return rows[month]

    def _fix(self, number, month, value, before=None):
        def work(env):
            cell = self._month(env, number, month)
            change = {"id": cell.id, "value": value}
            if before is not None:
                change["before"] = before
            self._plan(env).set_cells([change], "At once")

        return work

    def _check(self, env):
        rows = env["sales.target"].search([("plan_id", "=", self.plan)])
        for row in rows:
            if row.child_ids:
                self.assertEqual(sum(row.child_ids.mapped("value")), row.assigned_value)
            if row.month_ids:
                self.assertEqual(sum(row.month_ids.mapped("value")), row.value)
        self.assertEqual(len(rows), 4 * 13)

    def test_different_cells(self):
        """Both are kept: the second divides what the first has left."""
        runs = self._race(self._fix(0, 0, 5000), self._fix(1, 3, 1000))
        self.assertEqual(runs, 2)
        with self._environment() as env:
            for number, month, value in ((0, 0, 5000), (1, 3, 1000)):
                cell = self._month(env, number, month)
                self.assertEqual((cell.value, cell.locked), (value, True))
            self._check(env)

    def test_the_same_cell(self):
        """The second is told, and changes nothing."""
        with self._environment() as env:
            seen = self._month(env, 0, 0).value
        with self.assertRaisesRegex(UserError, "somebody else has changed it"):
            self._race(self._fix(0, 0, 5000, seen), self._fix(0, 0, 1000, seen))
        with self._environment() as env:
            self.assertEqual(self._month(env, 0, 0).value, 5000)
            self._check(env)

    def test_the_same_transfer(self):
        """It is done once: the second finds it done."""
        with self._environment() as env:
            self._plan(env).action_publish()
            self._plan(env).action_commit()
            transfer = env["sales.target.transfer"].create(
                {
                    "plan_id": self.plan,
                    "rep_id": self.reps[0],
                    "kind": "leave",
                    "date_from": "2099-03-01",
                }
            )

            def given():
                return transfer.line_ids.filtered(lambda line: line.role == "gives")

        def apply(env):
            transfer.with_env(env).action_apply()

        with self.assertRaisesRegex(UserError, "done already"):
            self._race(apply, apply)
        with self._environment() as env:
            transfer = transfer.with_env(env)
            self.assertEqual(transfer.state, "done")
            self.assertEqual(len(self._plan(env).version_ids), 2)
            self.assertEqual(len(given()), 1)
            self.assertEqual(self._month(env, 0, 5).value, 0)
            self._check(env)


@tagged("post_install", "-at_install")
class TestPlannersSize(TargetCase):
    def test_queries(self):
        """Fixing one cell, and settling a staff change, stay flat."""
        self.plan.action_publish()
        self.plan.action_commit()

        def fix():
            leaf = self.plan._get_leaves().filtered(
                lambda leaf: leaf.rep_id == self.reps["rep"]
            )
            cell = leaf.month_ids[-1:]
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.plan.set_cells([{"id": cell.id, "value": cell.value + 10}], "More")
            return self.cr.sql_log_count - before

        def settle():
            transfer = self.env["sales.target.transfer"].create(
                {
                    "plan_id": self.plan.id,
                    "rep_id": self.reps["rep"].id,
                    "kind": "absence",
                    "date_from": "2031-04-01",
                    "date_to": "2031-04-20",
                    "destination": "heirs",
                }
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            transfer.action_apply()
            return self.cr.sql_log_count - before

        fix(), settle()
        few = fix(), settle()
        for number in range(20):
            user = self._user(f"more_{number}", "sales_force.group_sales_rep")
            self._rep(user, self.reps["leader"])
        self.plan.action_decompose()
        fix(), settle()
        many = fix(), settle()
        self.assertLessEqual(many[0], few[0])
        self.assertLessEqual(many[1], few[1] + 2)
