"""Who is behind for too long: told once, right also when a night was missed."""

from datetime import date, timedelta
from fractions import Fraction as F

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..planning.streak import streak
from .test_drivers import DriverCase

START = date(2031, 6, 2)
amounts = st.lists(
    st.tuples(st.integers(0, 9), st.booleans(), st.integers(-3, 9)), max_size=20
)


class TestStreak(BaseCase):
    @given(amounts, st.fractions(F(1, 10), 2, max_denominator=10))
    def test_oracle(self, month, threshold):
        """Counted back from the last day, each day anew."""
        dates = [START + timedelta(days=number) for number in range(len(month))]
        days = [
            (day, target, works)
            for day, (target, works, _came) in zip(dates, month, strict=True)
        ]
        credits = {
            day: came for day, (_target, _works, came) in zip(dates, month, strict=True)
        }
        found = streak(days, credits, threshold)
        count, since = 0, None
        for number in reversed(range(len(month))):
            if not month[number][1]:
                continue
            expected = sum(target for target, *_rest in month[: number + 1])
            achieved = sum(came for *_rest, came in month[: number + 1])
            if achieved >= threshold * expected:
                break
            count, since = count + 1, dates[number]
        self.assertEqual((found.days, found.since), (count, since))
        self.assertEqual(found.worked, sum(works for _target, works, _came in month))


@tagged("post_install", "-at_install")
class TestAlerts(DriverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.env.ref("sales_targets.sales_target_alert_rule_behind")
        cls.rule.kind = "supporting"
        cls.alerts = cls.env["sales.target.alert"]
        cls.goal = cls._committed()
        # Everybody but one rep is far ahead.
        others = cls.goal._get_leaves().rep_id - cls.reps["rep"]
        cls._credit([(rep, "COLLECTED", START, 10**7) for rep in others])

    def _night(self, day):
        """What the check of the night after a day opens."""
        with freeze_time(f"{day + timedelta(days=1)} 03:00:00"):
            self.goal._start()
            return self.rule._check()

    def test_shipped(self):
        rule = self.rule
        self.assertTrue(rule.active and rule.tell_leader)
        self.assertEqual((rule.threshold, rule.days), (0.8, 3))

    def test_episode(self):
        rep, leader = self.reps["rep"], self.reps["leader"]
        # Not before the fifth working day, though nothing has come for three.
        for day in (4, 5):
            self.assertFalse(self._night(date(2031, 6, day)))
        alert = self._night(date(2031, 6, 6))
        self.assertEqual(alert.rep_id, rep)
        self.assertEqual((alert.days, alert.date_from, alert.pace), (5, START, 0))
        message = self._last_message(leader)
        self.assertEqual(message.notified_partner_ids, leader.partner_id)
        self.assertIn(rep.name, message.body)
        # It goes on, and nobody is told again; nor by the same night twice.
        for day in (6, 7, 8, 9):
            self.assertFalse(self._night(date(2031, 6, day)))
        self.assertEqual(alert.days, 6)
        self.assertEqual(self._last_message(leader), message)
        # Something comes: over; no more for a while: another one.
        self._credit([(rep, "COLLECTED", date(2031, 6, 10), 40_000)])
        self.assertFalse(self._night(date(2031, 6, 10)))
        self.assertEqual(alert.date_to, date(2031, 6, 10))
        self._credit([(rep, "COLLECTED", date(2031, 6, 11), -40_000)])
        for day in (11, 12):
            self.assertFalse(self._night(date(2031, 6, day)))
        again = self._night(date(2031, 6, 13))
        self.assertEqual((again.days, again.date_from), (3, date(2031, 6, 11)))
        self.assertNotEqual(self._last_message(leader), message)

    def test_missed_nights(self):
        """The same as if each night had run: from the ledger, not from memory."""
        rep = self.reps["rep"]
        first = self._night(date(2031, 6, 6))
        self._credit(
            [
                (rep, "COLLECTED", date(2031, 6, 10), 40_000),
                (rep, "COLLECTED", date(2031, 6, 11), -40_000),
            ]
        )
        again = self._night(date(2031, 6, 20))
        self.assertEqual(first.date_to, date(2031, 6, 10))
        self.assertEqual((again.date_from, again.days), (date(2031, 6, 11), 8))
        # A new month begins anew.
        self.assertFalse(self._night(date(2031, 7, 2)) & again)
        self.assertTrue(again.date_to)

    def test_one_message(self):
        """Of several reps of a leader; in the leader's language; reps if asked."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.rule.tell_rep = True
        leader = self.reps["leader"]
        peers = self.env["sales.rep"]
        for number in range(2):
            with freeze_time("2031-05-05 12:00:00"):
                peers |= self._rep(
                    self._user(f"new{number}", "sales_force.group_sales_rep"), leader
                )
        with freeze_time("2031-05-05 12:00:00"):
            self.goal.action_decompose()
        before = self._last_message(leader)
        opened = self._night(date(2031, 6, 20))
        self.assertEqual(opened.rep_id, peers + self.reps["rep"])
        messages = self.env["mail.message"].search(
            [("model", "=", "sales.rep"), ("res_id", "=", leader.id)]
            + [("id", ">", before.id or 0)]
        )
        self.assertEqual(len(messages), 1)
        for rep in opened.rep_id:
            self.assertIn(rep.name, messages.body)
            self.assertEqual(
                self._last_message(rep).notified_partner_ids, rep.partner_id
            )

    def test_others(self):
        """Not for other goals, companies and metrics, nor when switched off."""
        for values in (
            {"kind": "core"},
            {"company_id": self.company_b.id},
            {"metric_id": self.metric.id},
        ):
            former = {name: self.rule[name] for name in values}
            self.rule.write(values)
            self.assertFalse(self._night(date(2031, 6, 20)), values)
            self.rule.write(
                {
                    name: value.id if hasattr(value, "id") else value
                    for name, value in former.items()
                }
            )
        self.rule.active = False
        with freeze_time("2031-06-21 03:00:00"):
            self.goal._start()
            self.rule._cron_check()
        self.assertFalse(self.alerts.search([("plan_id", "=", self.goal.id)]))

    def test_moved(self):
        """Who moves within the month keeps the days before: their credits count."""
        rep, day = self.reps["rep"], date(2031, 6, 16)
        before = F(str(self._get_month(rep).value))
        with freeze_time(f"{day} 09:00:00"):
            self.goal._start()
            rep.team_id = self.env["crm.team"].create({"name": "South"})
            self.env["sales.target.transfer"].create(
                {
                    "plan_id": self.goal.id,
                    "rep_id": rep.id,
                    "kind": "move",
                    "destination": "along",
                    "date_from": day,
                }
            ).action_apply()
            days = self.alerts._read_days(self.goal, date(2031, 6, 30))[rep.id]
        self.assertEqual(len(self._get_month(rep)), 2)
        whole = F(str(sum(self._get_month(rep).mapped("value"))))
        self.assertEqual(sum(target for _day, target, _works in days), whole)
        self.assertLessEqual(abs(whole - before), 1)
        gaps = self.driver._get_gaps(self.goal, rep, day)
        self.assertEqual(gaps, {rep.id: whole})

    def _get_month(self, rep):
        return self.env["sales.target"].search(
            [
                ("plan_id", "=", self.goal.id),
                ("rep_id", "=", rep.id),
                ("level", "=", "rep"),
                ("period", "=", "month"),
                ("date_from", "=", "2031-06-01"),
            ]
        )

    def test_told_once(self):
        alert = self._night(date(2031, 6, 6))
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            alert.copy()
            self.env.flush_all()

    def test_roles(self):
        alert = self._night(date(2031, 6, 6))
        for role, seen in (
            ("rep", True),
            ("peer", False),
            ("leader", True),
            ("manager", True),
            ("peer_leader", False),
            ("director", True),
            ("operations", True),
            ("finance", True),
            ("foreigner", False),
        ):
            mine = alert.with_user(self.users[role])
            self.assertEqual(mine.has_access("read"), seen, role)
            self.assertFalse(mine.has_access("write"), role)
            rule = self.rule.with_user(self.users[role])
            self.assertEqual(rule.has_access("write"), role == "operations", role)
        with self.assertRaises(AccessError):
            alert.with_user(self.users["rep"]).days = 1

    def test_queries(self):
        """As many for one rep as for many, but for what is new."""
        counts = []
        for more in (0, 15):
            for number in range(more):
                self._rep(self._user(f"more{number}", "sales_force.group_sales_rep"))
            with freeze_time("2031-05-05 12:00:00"):
                self.goal.action_decompose()
            self._night(date(2031, 6, 19))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._night(date(2031, 6, 20))
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 4)
