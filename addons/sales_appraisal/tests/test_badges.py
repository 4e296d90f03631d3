"""Badges are given by rules, once for a cause, and by nobody's hand."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .. import uninstall_hook
from .test_leaderboard import LeaderboardCase


@tagged("post_install", "-at_install")
@freeze_time("2031-06-05")
class TestBadges(LeaderboardCase):
    def setUp(self):
        super().setUp()
        self.rules = self.env["sales.badge.rule"]
        self.rules.search([]).active = False
        self.badge = self.env["gamification.badge"].create(
            {"name": "Zz Best", "rule_auth": "nobody"}
        )

    def _rule(self, **values):
        return self.rules.create(
            {"badge_id": self.badge.id, "company_id": self.company.id, **values}
        )

    def _given(self, rule):
        awards = self.env["gamification.badge.user"].search(
            [("sales_rule_id", "=", rule.id)], order="id"
        )
        return [(award.user_id.name, str(award.sales_day)) for award in awards]

    def test_first_of_a_board(self):
        self._sell_all()
        self._credit("INVOICED", self.sellers["b"], 100, "2031-05-31")
        rule = self._rule(board_id=self._board().id)
        told = self.env["mail.message"].search_count([])
        with freeze_time("2031-06-02"):
            self.rules._cron_award()
        self.assertEqual(self._given(rule), [])  # May had no time for late documents
        for _twice in range(2):
            self.rules._cron_award()
        # Equals share the first place and the badge.
        self.assertEqual(
            sorted(self._given(rule)), [("A", "2031-05-31"), ("B", "2031-05-31")]
        )
        self.assertEqual(rule.award_count, 2)
        # Each is told once, and nobody else.
        self.assertEqual(self.env["mail.message"].search_count([]), told + 2)
        self.assertEqual(
            self.sellers["a"]
            .with_user(self.users["a"])
            .sales_badge_ids.mapped("badge_name"),
            ["Zz Best"],
        )
        self.assertFalse(self.sellers["c"].sales_badge_ids)

    def test_forms(self):
        """All that the addon adds to forms of others is there, none in place of
        another."""
        for model, names in (
            ("sales.rep", ("sales_badge_ids", "file_ids")),
            (
                "res.config.settings",
                (
                    *("sales_penalty_limit", "sales_one_on_one_days"),
                    *("sales_feedback_minimum", "sales_team_score_shown"),
                ),
            ),
        ):
            arch = self.env[model].get_view(view_type="form")["arch"]
            for name in names:
                self.assertIn(f'name="{name}"', arch)

    def test_first_of_scores(self):
        """Once all scores of the period are confirmed, not to whose is first."""
        rule = self._rule(board_id=self._board(measure="score").id)
        with freeze_time("2031-01-20"):
            self._open()
        with freeze_time("2031-02-06"):
            cards = self.env["sales.scorecard"].search([])
            first = cards.filtered(lambda card: card.rep_id == self.sellers["b"])
            best = cards.filtered(lambda card: card.rep_id == self.sellers["c"])
            self._judge(first, 60)
            first.action_confirm()
            self.rules._cron_award()
            self.assertEqual(self._given(rule), [])
            self._judge(best, 90)
            self._judge(cards - first - best, 50)
            (cards - first).action_confirm()
            self.rules._cron_award()
        self.assertEqual(self._given(rule), [("C", "2031-01-31")])

    def test_uninstalled(self):
        """Badges of the app that somebody has do not stay in the database."""
        badge = self.env.ref("sales_appraisal.badge_first")
        self._sell_all()
        rule = self._rule(board_id=self._board().id, badge_id=badge.id)
        self.rules._cron_award()
        self.assertEqual(len(self._given(rule)), 1)
        uninstall_hook(self.env)
        badge.unlink()
        self.assertFalse(badge.exists())

    def test_streak(self):
        for day in range(1, 29):
            for name, done in (("a", 5), ("b", 5 if day != 20 else 4)):
                date_ = f"2031-05-{day:02}"
                self._credit("PLANNED", self.sellers[name], 5, date_)
                self._credit("PLANNED_DONE", self.sellers[name], done, date_)
        rule = self._rule(kind="streak", count=10)
        rule._award(date(2031, 5, 9))
        self.assertEqual(self._given(rule), [])
        rule._award(date(2031, 5, 10))
        both = [("A", "2031-05-10"), ("B", "2031-05-10")]
        self.assertEqual(sorted(self._given(rule)), both)
        # The same days do not count twice.
        for day in range(11, 20):
            rule._award(date(2031, 5, day))
        self.assertEqual(sorted(self._given(rule)), both)
        rule._award(date(2031, 5, 20))
        self.assertEqual(self._given(rule)[2:], [("A", "2031-05-20")])

    def test_targets(self):
        """Reached three months running: whoever has no target has no badge."""
        with freeze_time("2030-12-15"):
            plan = self.env["sales.target.plan"].create(
                {
                    "name": "Zz",
                    "company_id": self.company.id,
                    "metric_id": self._metric("INVOICED").id,
                    "date_from": "2031-01-01",
                    "date_to": "2031-12-31",
                    "value": 120000,
                    "stage_reason": "New",
                }
            )
            plan.action_decompose()
            plan.action_publish()
        targets = self.env["sales.target.day"].search(
            [("target_id.plan_id", "=", plan.id)]
        )
        for name, months in (("a", (3, 4, 5)), ("b", (4, 5))):
            for month in months:
                own = targets.filtered(
                    lambda day, month=month, rep=self.sellers[name]: day.rep_id == rep
                    and day.date.month == month
                )
                needed = sum(own.mapped("value"))
                self.assertGreater(needed, 0)
                self._credit("INVOICED", self.sellers[name], needed, own[-1].date)
        rule = self._rule(kind="target", count=3)
        rule._award(date(2031, 5, 30))
        self.assertEqual(self._given(rule), [])
        rule._award(date(2031, 5, 31))
        self.assertEqual(self._given(rule), [("A", "2031-05-31")])
        board = self._board(measure="attainment")
        row = self._row(board, "director", "B", day="2031-05-31")
        self.assertEqual((row["value"], row["place"]), (1, 1))
        row = self._row(board, "director", "C", day="2031-05-31")
        self.assertEqual((row["value"], row["place"]), (0, 3))
        rule._award(date(2031, 6, 2))
        self.assertEqual(len(self._given(rule)), 1)

    def test_by_nobodys_hand(self):
        self._sell_all()
        rule = self._rule(board_id=self._board().id)
        self.rules._cron_award()
        award = self.env["gamification.badge.user"].search(
            [("sales_rule_id", "=", rule.id)]
        )
        other = self.env["gamification.badge"].create({"name": "Zz Thanks"})
        awards = self.env["gamification.badge.user"].with_user(self.users["h"])
        mine = awards.create({"user_id": self.users["h"].id, "badge_id": other.id})
        for attempt in (
            lambda: award.with_user(self.users["h"]).write(
                {"user_id": self.users["h"].id}
            ),
            lambda: award.with_user(self.users["h"]).write({"comment": "Mine"}),
            lambda: mine.write({"badge_id": self.badge.id}),
            lambda: mine.write({"sales_rule_id": rule.id}),
            lambda: awards.create(
                {"user_id": self.users["h"].id, "badge_id": self.badge.id}
            ),
        ):
            with self.assertRaises(UserError):
                attempt()
        mine.comment = "Well done"

    def test_bad_input(self):
        with self.assertRaises(ValidationError):
            self._rule()
        with self.assertRaises(ValidationError):
            self._rule(board_id=self._board(subject="team").id)
