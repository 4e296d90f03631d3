"""The board in the browser: edited, locked, moved, compared, also on a phone."""

from dateutil.relativedelta import relativedelta

from odoo.tests import HttpCase, tagged

from .test_board import BoardCase


class BoardScreenCase(BoardCase, HttpCase):
    def _tour(self, name, who="director", plan=None):
        plan = plan or self.plan
        self.start_tour(
            f"/odoo/target-plans/{plan.id}/target-board?debug=0",
            name,
            login=self.users[who].login,
        )

    def _target(self, who, month=None):
        domain = [
            ("plan_id", "=", self.plan.id),
            ("rep_id", "=", self.reps[who].id),
            ("level", "=", "rep"),
        ]
        if month:
            return self.env["sales.target"].search(
                [*domain, ("date_from", "=", month), ("period", "=", "month")]
            )
        return self.env["sales.target"].search([*domain, ("period", "=", "total")])


@tagged("post_install", "-at_install")
class TestBoardScreen(BoardScreenCase):
    def test_board(self):
        self.plan.action_publish()
        april = {who: self._target(who, "2031-04-01") for who in ("rep", "second")}
        values = {who: target.value for who, target in april.items()}
        self._tour("sales_targets_board")
        self.env.invalidate_all()
        january = self._target("rep", "2031-01-01")
        self.assertEqual((january.value, january.locked), (12345, True))
        self.assertFalse(self._target("second", "2031-01-01").locked)
        self.assertEqual(
            {who: april[who].value - value for who, value in values.items()},
            {"rep": 100, "second": -100},
        )
        self.assertEqual(
            self.plan.version_ids.sorted("number").mapped("reason"),
            ["Published", "A new customer", "Who has the time"],
        )
        self.assertExact(self.plan)

    def test_nothing_divided(self):
        self._tour("sales_targets_board_empty")
        self.assertEqual(len(self.plan._get_leaves()), 3)

    def test_leader(self):
        self.plan.action_publish()
        self._tour("sales_targets_board_leader", "leader")

    def test_running(self):
        today = self.company._get_sales_today()
        start = today + relativedelta(months=-2, day=1)
        plan = self._plan(
            name="Running",
            kind="supporting",
            date_from=start,
            date_to=start + relativedelta(years=1, days=-1),
        )
        plan.action_publish()
        plan.action_commit()
        self.assertEqual(plan.state, "running")
        self._tour("sales_targets_board_running", plan=plan)
        self.assertEqual(len(plan.version_ids), 1)

    def test_a_thousand_reps(self):
        """Rows as of a thousand reps, whoever they are."""
        self.plan.action_publish()
        self.env.flush_all()
        peer = self._target("peer")
        self.env.cr.execute(
            """
            INSERT INTO sales_target (plan_id, company_id, key, parent_id, total_id,
                period, level, rep_id, date_from, date_to, value, assigned_value,
                baseline, baseline_known, answer)
            SELECT plan_id, company_id, key || '0' || n, parent_id, NULL, period, level,
                rep_id, date_from, date_to, value, 0, 0, FALSE, answer
            FROM sales_target, generate_series(1, 1000) AS n WHERE id = %(peer)s;
            INSERT INTO sales_target (plan_id, company_id, key, parent_id, total_id,
                period, level, rep_id, date_from, date_to, value, assigned_value)
            SELECT t.plan_id, t.company_id, t.key, m.parent_id, t.id, m.period, m.level,
                m.rep_id, m.date_from, m.date_to, m.value, 0
            FROM sales_target t
            JOIN sales_target m ON m.total_id = %(peer)s
            WHERE t.plan_id = %(plan)s AND t.key LIKE %(key)s || '0%%'
              AND t.period = 'total'
            """,
            {"peer": peer.id, "plan": self.plan.id, "key": peer.key},
        )
        self.env.invalidate_all()
        self._tour("sales_targets_board_thousand")


@tagged("post_install", "-at_install")
class TestBoardOnPhone(BoardScreenCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_board(self):
        self.plan.action_publish()
        self._tour("sales_targets_board_phone")
        self.env.invalidate_all()
        january = self._target("rep", "2031-01-01")
        self.assertEqual((january.value, january.locked), (4300, True))
        self.assertExact(self.plan)
