from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Command

from .commission_common import CommissionCase


class TestCommissionLive(CommissionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2031-02-05 12:00:00"))
        cls.plan = cls._plan()
        cls.startClassPatcher(
            patch.object(type(cls.env["ir.cron"]), "_commit_progress")
        )
        cls.stamps = cls.env["sales.commission.stamp"]

    def _stale(self, name="credits"):
        periods = self.stamps._get_periods(self.plan)
        return [start.month for _p, start, _s in self.stamps._get_stale(periods, name)]

    def test_follow(self):
        """Nobody presses anything: statements are there, and follow."""
        self.assertEqual(self._stale(), [1, 2])
        self._sell("rep", 1000)
        self.statements._cron_follow()
        self.assertEqual(self._statement().amount, 100)
        self.assertEqual(len(self._statement("peer", month=2)), 1)
        self.assertEqual(self._stale(), [])
        self._sell("rep", 500, "2031-02-01")
        self.assertEqual(self._stale(), [2])
        self.statements._cron_follow()
        self.assertEqual(self._statement(month=2).amount, 50)

    def test_late(self):
        """A late fact of a closed period is settled by itself."""
        invoice = self._sell("rep", 1000)
        self.statements._cron_follow()
        self._close(self._statement())
        invoice.button_draft()
        self.assertEqual(self._stale(), [1])
        self.statements._cron_follow()
        self.assertEqual(self._statement().amount, 100)
        self.assertEqual(self._statement(month=2).amount, -100)
        self.assertEqual(self._stale(), [])

    def test_concerned(self):
        """Who has sold, and who is above; the others are left as they are."""
        self.plan = self._plan(
            {"metric": "ORDERS", "rate_unit": "amount", "rate": 7},
            {"credited": "both"},
            {"credited": "override", "level_to": 3, "rate": 1},
            name="Override",
        )
        period = self.stamps._get_periods(self.plan)[0]
        self.assertIsNone(self.stamps._get_concerned(*period))
        self.statements._cron_follow()
        self.assertFalse(self.stamps._get_concerned(*period))
        invoice = self._sell("rep", 1000)
        above = [self.reps[name] for name in ("rep", "leader", "manager", "director")]
        concerned = self.stamps._get_concerned(*period)
        self.assertEqual(concerned, concerned.union(*above))
        self.assertEqual(len(concerned), 4)
        self.statements._cron_follow()
        self.assertEqual(self._statement("manager", plan=self.plan).amount, 10)
        self.env["sales.split"].create(
            [
                {"move_id": invoice.id, "rep_id": self.reps["rep"].id},
                {
                    "move_id": invoice.id,
                    "rep_id": self.reps["peer"].id,
                    "share": 20,
                    "overlay": True,
                },
            ]
        )
        self.assertIn(self.reps["peer"], self.stamps._get_concerned(*period))
        self.statements._cron_follow()
        self.assertEqual(self._statement("peer", plan=self.plan).amount, 20)
        invoice.button_draft()
        self.statements._cron_follow()
        for name in ("rep", "peer", "manager"):
            self.assertEqual(self._statement(name, plan=self.plan).amount, 0)

    def test_concerned_within_month(self):
        """Also of a quarter that begins within a month, with the fiscal year."""
        self.company.write({"fiscalyear_last_month": "1", "fiscalyear_last_day": 5})
        self.plan = self._plan(period="quarter", name="Quarters")
        self.statements._cron_follow()
        self._sell("rep", 1000)
        self.statements._cron_follow()
        [mine] = self.statements.search(
            [("rep_id", "=", self.reps["rep"].id), ("plan_id", "=", self.plan.id)]
        )
        self.assertEqual((mine.date_from, mine.amount), (date(2031, 1, 6), 100))

    def test_nothing_else(self):
        """What has not changed is not settled again."""
        self.statements._cron_follow()
        with patch.object(type(self.statements), "_settle_own") as settled:
            self.statements._cron_follow()
            settled.assert_not_called()
            self._sell("rep", 5, "2031-02-02")
            self.statements._cron_follow()
        settled.assert_called_once()

    def test_overlay(self):
        """What is credited on top is followed as well."""
        self.plan = self._plan({"credited": "overlay"}, name="Overlays")
        invoice = self._sell("rep", 1000)
        self.statements._cron_follow()
        self.env["sales.split"].create(
            [
                {"move_id": invoice.id, "rep_id": self.reps["rep"].id},
                {
                    "move_id": invoice.id,
                    "rep_id": self.reps["peer"].id,
                    "share": 20,
                    "overlay": True,
                },
            ]
        )
        self.assertEqual(self._stale(), [1])
        self.statements._cron_follow()
        self.assertEqual(self._statement("peer", plan=self.plan).amount, 20)

    def test_nightly(self):
        """Also what is no credit: who was above whom, when."""
        plan = self._plan({"credited": "override", "rate": 1}, name="Override")
        self._sell("rep", 1000)
        self.statements._cron_settle()
        january = self._statement("leader", plan=plan)
        self.assertEqual(january.amount, 10)
        self._close(january | self._statement("peer_leader", plan=plan))
        self.plan = plan
        self.assertEqual(self._stale("facts"), [])
        self.env["sales.rep.assignment"].create(
            {
                "rep_id": self.reps["rep"].id,
                "date_from": "2031-01-05",
                "manager_id": self.reps["peer_leader"].id,
            }
        )
        self.assertIn(1, self._stale("facts"))
        self.statements._cron_settle()
        self.assertEqual(january.amount, 10)
        self.assertEqual(self._statement("leader", 2, plan).amount, -10)
        self.assertEqual(self._statement("peer_leader", 2, plan).amount, 10)
        self.assertEqual(self._stale("facts"), [])

    def test_leader_alone(self):
        """Who leads others does so also when only the own statement is settled."""
        plan = self._plan(
            {"credited": "override", "rate": 1}, name="Override", role="leader"
        )
        sellers = self._plan(name="Sellers", role="seller")
        self._sell("rep", 1000)
        self.statements._cron_follow()
        mine = self._statement("leader", plan=plan)
        self.assertEqual(mine.amount, 10)
        mine.with_user(self.users["leader"]).action_compute()
        self.assertEqual(mine.amount, 10)
        self.statements.with_user(self.users["leader"]).action_open_mine()
        self.assertFalse(self._statement("leader", plan=sellers))

    def test_mine(self):
        """Who opens the own statements sees what the facts are now."""
        self.statements._cron_follow()
        self._sell("rep", 300, "2031-02-03")
        self._sell("peer", 300, "2031-02-03")
        action = self.statements.with_user(self.users["rep"]).action_open_mine()
        self.assertEqual(action["res_model"], "sales.commission.statement")
        self.assertEqual(self._statement(month=2).amount, 30)
        self.assertEqual(self._statement("peer", month=2).amount, 0)
        self.assertEqual(self._stale(), [2])
        # Who is no rep sees nothing, and nothing fails.
        self.statements.with_user(self.users["finance"]).action_open_mine()

    def test_published(self):
        """The run is not waited for."""
        cron = self.env.ref("sales_appraisal.ir_cron_follow_commission")
        before = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self._plan(name="Another")
        after = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.assertEqual(after, before + 1)

    def test_queries(self):
        """The check costs the same whatever there is to check."""

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            self.stamps._get_stale(self.stamps._get_periods(self.plan))
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            plans = self.statements._get_live_plans()
            self.stamps._get_stale(self.stamps._get_periods(plans))
            return self.env.cr.sql_log_count - before

        self.statements._cron_follow()
        few = count()
        for number in range(4):
            self._plan({"metric": "INVOICED"}, {"metric": "ORDERED"}, name=f"{number}")
        for day in range(1, 9):
            self._sell("rep", 10, date(2031, 1, day))
        self.statements._cron_follow()
        self.assertEqual(count(), few)

    def test_versions(self):
        """A draft is not settled, and a version only for its own periods."""
        later = self.env["sales.commission.plan"].browse(
            self.plan.action_new_version()["res_id"]
        )
        later.write({"date_from": "2031-02-01", "rule_ids": [Command.clear()]})
        self.statements._cron_follow()
        self.assertFalse(self._statement(plan=later))
        plans = self.statements._get_live_plans()
        self.assertNotIn(later, plans)
