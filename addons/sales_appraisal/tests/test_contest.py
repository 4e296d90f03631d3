"""Contests from the announcement to the prizes, which are given once."""

from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

from .test_leaderboard import LeaderboardCase


class ContestCase(LeaderboardCase):
    @classmethod
    def _contest(cls, prizes=(1000, 500, 200), metric="INVOICED", **values):
        return cls.env["sales.contest"].create(
            {
                "name": "Spring",
                "company_id": cls.company.id,
                "metric_id": cls._metric(metric).id,
                "date_from": "2031-05-01",
                "date_to": "2031-05-31",
                "prize_ids": [
                    Command.create({"place": place, "amount": amount})
                    for place, amount in enumerate(prizes, 1)
                ],
                **values,
            }
        )

    def _rows(self, contest, who="director"):
        found = contest.with_user(self.users[who]).get_standings()
        return [
            (row["place"], row["name"])
            for group in found["groups"]
            for row in group["rows"]
        ]

    def _settle(self, contest, day="2031-06-06", who="director"):
        with freeze_time(day):
            contest.with_user(self.users[who]).action_settle()


@tagged("post_install", "-at_install")
@freeze_time("2031-05-20")
class TestContest(ContestCase):
    def setUp(self):
        super().setUp()
        self._sell_all()
        self.contest = self._contest()
        self.mine = self.contest.with_user(self.users["director"])

    def test_flow(self):
        self.assertFalse(self.mine.get_standings())
        with freeze_time("2031-04-20"):
            self.mine.action_announce()
            self.assertEqual(self.contest.state, "announced")
            self.env["sales.contest"]._cron_daily()
        self.env["sales.contest"]._cron_daily()
        self.assertEqual(self.contest.state, "running")
        self.assertEqual(self._rows(self.contest)[:2], [(1, "A"), (2, "B")])
        with freeze_time("2031-06-01"):
            self.env["sales.contest"]._cron_daily()
            self.assertEqual(self.contest.state, "ended")
            with self.assertRaises(UserError):
                self.mine.action_settle()
        with freeze_time("2031-06-06"):
            self.env["sales.contest"]._cron_daily()
            self.env["sales.contest"]._cron_daily()
            self.assertEqual(str(self.contest.told_on), "2031-06-06")
        self._settle(self.contest)
        entries = self.contest.entry_ids
        self.assertEqual(
            [(e.rep_id.name, e.place, e.amount) for e in entries if e.amount],
            [("A", 1, 1000), ("B", 2, 500), ("C", 3, 200)],
        )
        with self.assertRaises(UserError):
            self._settle(self.contest)

    def test_settled_stays(self):
        self.mine.action_announce()
        self._settle(self.contest)
        before = self.mine.get_standings()
        self._credit("INVOICED", self.sellers["h"], 9000, "2031-05-30")
        self.assertEqual(self.mine.get_standings(), before)
        self.assertTrue(before["is_final"])
        self.sellers["a"].action_archive()
        self.assertEqual(self.mine.get_standings(), before)

    def test_late_documents_count_until_it_is_settled(self):
        self.mine.action_announce()
        with freeze_time("2031-06-04"):
            self._credit("INVOICED", self.sellers["h"], 9000, "2031-05-30")
            self._credit("INVOICED", self.sellers["g"], 9999, "2031-06-01")
        self._settle(self.contest)
        self.assertEqual(self._rows(self.contest)[0], (1, "H"))

    def test_equals(self):
        self._credit("INVOICED", self.sellers["c"], 100, "2031-05-06")
        self.mine.action_announce()
        self._settle(self.contest)
        amounts = {e.rep_id.name: e.amount for e in self.contest.entry_ids}
        self.assertEqual([amounts[name] for name in "ABCD"], [1000, 350, 350, 0])
        each = self._contest(tie="each")
        each.action_announce()
        self._settle(each)
        amounts = {e.rep_id.name: e.amount for e in each.entry_ids}
        self.assertEqual([amounts[n] for n in "ABCD"], [1000, 500, 500, 0])

    def test_groups_have_their_own_prizes(self):
        self.contest.peer = "team"
        self.mine.action_announce()
        self._settle(self.contest)
        won = {e.rep_id.name: e.amount for e in self.contest.entry_ids if e.amount}
        self.assertEqual(won, {"A": 1000, "B": 500, "C": 200, "G": 1000, "H": 500})

    def test_qualify(self):
        self.contest.qualify = 650
        self.mine.action_announce()
        rows = self._rows(self.contest)
        self.assertEqual(rows[:3], [(1, "A"), (2, "B"), (False, "C")])
        self._settle(self.contest)
        self.assertEqual(sum(self.contest.entry_ids.mapped("amount")), 1500)

    def test_qualify_is_exact(self):
        """Four of five are 80 %."""
        contest = self._contest(metric="WIN_RATE", is_shrunk=False, qualify=80)
        for name, won, lost in (("a", 4, 1), ("b", 79, 21), ("c", 81, 19)):
            self._credit("WON", self.sellers[name], won, "2031-05-05")
            self._credit("LOST", self.sellers[name], lost, "2031-05-05")
        contest.action_announce()
        self.assertEqual(self._rows(contest)[:3], [(1, "C"), (2, "A"), (False, "B")])

    def test_no_prize_for_nothing(self):
        """Who sold nothing shares no prize; fewest losses win, also with none."""
        self.assertIn("Who has nothing wins no prize.", self.contest.rules)
        contest = self._contest(metric="ORDERED")
        self._credit("ORDERED", self.sellers["b"], 10, "2031-05-05")
        self._credit("ORDERED", self.sellers["c"], -10, "2031-05-05")
        contest.action_announce()
        self._settle(contest)
        self.assertEqual(
            [(e.rep_id.name, e.amount) for e in contest.entry_ids if e.amount],
            [("B", 1000)],
        )
        place = contest.entry_ids.filtered(lambda e: e.rep_id.name == "A").place
        self.assertEqual(place, 2)
        fewest = self._contest(metric="LOST")
        self.assertNotIn("Who has nothing", fewest.rules)
        for name in "bcdefgh":
            self._credit("LOST", self.sellers[name], 1, "2031-05-05")
        fewest.action_announce()
        self._settle(fewest)
        amounts = {e.rep_id.name: e.amount for e in fewest.entry_ids}
        self.assertEqual((amounts["A"], amounts["B"]), (1000, 100))

    def test_who_comes_and_goes(self):
        self.contest.joiners = False
        self.env["sales.credit"]._process_pending()
        self.sellers["h"].date_start = "2031-05-02"
        self.sellers["a"].write({"state": "left"})
        self.sellers["a"].date_end = "2031-05-19"
        self.mine.action_announce()
        names = [name for _place, name in self._rows(self.contest)]
        self.assertNotIn("A", names)
        self.assertNotIn("H", names)
        self.assertIn("B", names)

    def test_entering(self):
        self.contest.entry = "enrol"
        with self.assertRaises(AccessError):
            self.contest.with_user(self.users["c"]).action_enter()
        self.mine.action_announce()
        for who, may_enter in (("c", True), ("d", True), ("d", False)):
            contest = self.contest.with_user(self.users[who])
            contest.invalidate_recordset()
            self.assertEqual(
                (contest.may_enter, contest.may_withdraw), (may_enter, not may_enter)
            )
            contest.action_enter()
        self.assertEqual(self._rows(self.contest), [(1, "C"), (2, "D")])
        with self.assertRaises(UserError):
            self.contest.with_user(self.users["leader"]).action_enter()
        self.contest.with_user(self.users["c"]).action_withdraw()
        self.assertEqual(self._rows(self.contest), [(1, "D")])
        self.contest.with_user(self.users["c"]).action_enter()
        self.assertEqual(len(self._rows(self.contest)), 2)
        with freeze_time("2031-06-01"):
            # Also before the night's work has ended it.
            for _turn in range(2):
                late = self.contest.with_user(self.users["e"])
                late.invalidate_recordset()
                self.assertFalse(late.may_enter)
                with self.assertRaises(UserError):
                    late.action_enter()
                with self.assertRaises(UserError):
                    self.contest.with_user(self.users["c"]).action_withdraw()
                self.env["sales.contest"]._cron_daily()

    def test_announced_rules_change_by_a_version(self):
        self.mine.action_announce()
        for vals in (
            {"date_to": "2031-07-01"},
            {"metric_id": self._metric("ORDERED").id},
            {"prize_ids": [Command.clear()]},
            {"qualify": 1},
        ):
            with self.assertRaises(UserError, msg=vals):
                self.mine.write(vals)
        prize = self.mine.prize_ids[0]
        for attempt in (
            lambda: prize.write({"amount": 1}),
            prize.unlink,
            lambda: prize.copy({"place": 9}),
        ):
            with self.assertRaises(UserError):
                attempt()
        with self.assertRaises(UserError):
            self.mine.write({"state": "draft"})
        wizard = (
            self.env["sales.contest.revise"]
            .with_user(self.users["director"])
            .create({"contest_id": self.contest.id, "reason": "Prices went up"})
        )
        wizard.action_apply()
        self.assertEqual((self.contest.state, self.contest.version), ("draft", 2))
        with self.assertRaises(UserError):
            self.mine.unlink()
        self.mine.date_to = "2031-06-15"
        self.mine.action_announce()
        [version] = self.contest.version_ids
        self.assertIn("05/31/2031", version.rules_before)
        told = self.env["mail.message"].search(
            [
                ("model", "=", "sales.contest"),
                ("res_id", "=", self.contest.id),
                ("message_type", "=", "user_notification"),
            ],
            order="id desc",
        )
        self.assertIn("Prices went up", told[0].body)
        self.assertIn(self.users["a"].partner_id, told[0].notified_partner_ids)
        self._settle(self.contest, "2031-06-25")
        with self.assertRaises(UserError):
            self.mine._revise("Too late")

    def test_handing_over(self):
        self.mine.action_announce()
        self._settle(self.contest)
        entry = self.contest.entry_ids.filtered(lambda e: e.rep_id.name == "A")
        with self.assertRaises(AccessError):
            entry.with_user(self.users["a"]).action_hand_over()
        entry.with_user(self.users["operations"]).action_hand_over()
        self.assertEqual(entry.handed_by_id, self.users["operations"])
        with self.assertRaises(UserError):
            entry.with_user(self.users["operations"]).action_hand_over()

    def test_told_when_a_prize_is_lost(self):
        self.mine.action_announce()
        before = self._last_message(self.contest)
        self._credit("INVOICED", self.sellers["d"], 1000, "2031-05-19")
        with freeze_time("2031-05-20"):
            self.env["sales.contest"]._cron_daily()
            self.env["sales.contest"]._cron_daily()
        told = self.env["mail.message"].search(
            [
                ("model", "=", "sales.contest"),
                ("res_id", "=", self.contest.id),
                ("id", ">", before.id),
            ]
        )
        self.assertEqual(
            told.notified_partner_ids,
            (self.users["d"] + self.users["c"]).partner_id,
        )
        with freeze_time("2031-05-21"):
            self.env["sales.contest"]._cron_daily()
        self.assertEqual(self._last_message(self.contest), told[0])

    def test_first_sale(self):
        """Who had nothing had no prize to lose."""
        contest = self._contest(metric="ORDERED")
        contest.action_announce()
        self._credit("ORDERED", self.sellers["d"], 1000, "2031-05-19")
        before = self._last_message(contest)
        self.env["sales.contest"]._cron_daily()
        told = self._last_message(contest)
        self.assertGreater(told.id, before.id)
        self.assertEqual(told.notified_partner_ids, self.users["d"].partner_id)

    def test_told_in_the_own_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.users["d"].lang = "zh_CN"
        langs = []
        model = type(self.contest)
        notify = model.message_notify

        def note(contest, **values):
            for partner in contest.env["res.partner"].browse(values["partner_ids"]):
                langs.append((partner.lang, contest.env.lang))
            return notify(contest, **values)

        self.mine.action_announce()
        self._credit("INVOICED", self.sellers["d"], 1000, "2031-05-19")
        with patch.object(model, "message_notify", note):
            self.env["sales.contest"]._cron_daily()
            self._settle(self.contest)
        self.assertIn("zh_CN", dict(langs))
        self.assertGreaterEqual(len(langs), 5)
        for wanted, spoken in langs:
            self.assertEqual(wanted, spoken)

    def test_teams(self):
        contest = self._contest(subject="team", team_by="total")
        contest.action_announce()
        self._settle(contest)
        self.assertEqual(
            {e.team_id.name: e.amount for e in contest.entry_ids},
            {"North": 1000, "South": 500},
        )
        with self.assertRaises(ValidationError):
            contest.copy({"entry": "enrol"})

    def test_rules_in_words(self):
        self.contest.write({"peer": "grade", "qualify": 500, "minimum": 2})
        for words in (
            "From 05/01/2031 to 05/31/2031: Invoiced counts.",
            "by career grade",
            "2 facts at least",
            "500.00",
            "until 06/05/2031",
            "Place 2",
        ):
            self.assertIn(words, self.contest.rules)
        self.contest.write({"measure": "improvement", "qualify": 20})
        self.assertIn("20.0 %", self.contest.rules)
        self.assertNotIn("Who has not improved", self.contest.rules)
        # A place below zero is no prize.
        self.contest.qualify = -5
        self.assertIn("Who has not improved wins no prize.", self.contest.rules)

    def test_bad_input(self):
        with self.assertRaises(ValidationError):
            self._contest(prizes=()).prize_ids = [
                Command.create({"place": 1}),
                Command.create({"place": 1}),
            ]
        with self.assertRaises(UserError):
            self._contest(date_to="2031-05-10").action_announce()

    def test_cancelled(self):
        self.mine.action_announce()
        with self.assertRaises(UserError):
            self.mine.unlink()
        self.mine.action_cancel()
        self.assertFalse(self.mine.get_standings())
        with self.assertRaises(UserError):
            self.mine.action_cancel()


@tagged("post_install", "-at_install")
@freeze_time("2031-05-20")
class TestContestAccess(ContestCase):
    def setUp(self):
        super().setUp()
        self._sell_all()
        self.contest = self._contest()

    def test_drafts_are_hidden(self):
        for who in ("a", "leader", "finance"):
            for record in (self.contest, self.contest.prize_ids):
                self.assertFalse(record.with_user(self.users[who]).has_access("read"))

    def test_upper_half(self):
        self.contest.action_announce()
        for settled in (False, True):
            self.assertEqual(
                self._rows(self.contest, "f"),
                [(1, "A"), (2, "B"), (3, "C"), (4, "D"), (6, "F")],
            )
            mine = self.contest.with_user(self.users["f"])
            self.assertNotIn("'G'", str(mine.read(["standings"])))
            with self.assertRaises(AccessError):
                mine.read(["snapshot"])
            with self.assertRaises(AccessError):
                mine.search([("snapshot", "!=", False)])
            if not settled:
                self._settle(self.contest)
        entries = self.env["sales.contest.entry"]
        self.assertEqual(entries.with_user(self.users["f"]).search([]).rep_id.name, "F")
        self.assertEqual(
            entries.with_user(self.users["leader"])
            .search([("contest_id", "=", self.contest.id)])
            .mapped("rep_id.name"),
            list("ABCDEF"),
        )

    def test_matrix(self):
        self.contest.action_announce()
        self._settle(self.contest)
        self.env["sales.contest.version"].create(
            {"contest_id": self.contest.id, "number": 2, "reason": "Why"}
        )
        own = self.contest.entry_ids.filtered(lambda e: e.rep_id.name == "A")
        may = {"director", "operations"}
        wrong = []
        for role in ("a", "leader", "manager", "director", "operations", "finance"):
            user = self.users[role]
            for record, rights in (
                (self.contest, {"write", "create", "unlink"}),
                (self.contest.prize_ids, {"write", "create", "unlink"}),
                (self.contest.version_ids, set()),
                (own, set()),
            ):
                found = {
                    name
                    for name in ("read", "write", "create", "unlink")
                    if record.with_user(user).has_access(name)
                }
                if found != {"read"} | (rights if role in may else set()):
                    wrong.append((role, record, found))
        self.assertFalse(wrong)
        for record in (
            self.contest,
            self.contest.prize_ids,
            self.contest.version_ids,
            own,
        ):
            self.assertFalse(
                record.with_user(self.users["foreigner"]).has_access("read")
            )
        self.assertFalse(own.with_user(self.users["b"]).has_access("read"))

    def test_nobody_else_runs_it(self):
        for who in ("a", "leader", "manager", "finance"):
            contest = self.contest.with_user(self.users[who])
            for action in (
                "action_announce",
                "action_cancel",
                "action_settle",
            ):
                with self.assertRaises(AccessError, msg=(who, action)):
                    getattr(contest, action)()
        for vals in (
            {"state": "settled"},
            {"version": 3},
            {"entry_ids": [Command.create({"rep_id": self.sellers["a"].id})]},
            {"snapshot": []},
        ):
            with self.assertRaises(UserError, msg=vals):
                self.contest.with_user(self.users["director"]).write(vals)


@tagged("post_install", "-at_install")
class TestSettledOnce(ConcurrentCase):
    def setUp(self):
        super().setUp()
        with self._environment() as env:
            contest = env["sales.contest"].create(
                {
                    "name": "Race",
                    "measure": "attainment",
                    "date_from": "2020-01-01",
                    "date_to": "2020-01-31",
                    "prize_ids": [Command.create({"place": 1, "amount": 100})],
                }
            )
            contest.state = "ended"
            self.contest_id = contest.id
        self.addCleanup(self._remove)

    def _remove(self):
        with self._environment() as env:
            env["mail.message"].search(
                [("model", "=", "sales.contest"), ("res_id", "=", self.contest_id)]
            ).unlink()
            env.cr.execute(
                "DELETE FROM sales_contest WHERE id = %s", (self.contest_id,)
            )

    def test_two_settle_at_once(self):
        def settle(env):
            env["sales.contest"].browse(self.contest_id).action_settle()

        with self.assertRaisesRegex(UserError, "settled already"):
            self._race(settle, settle)
        with self._environment() as env:
            contest = env["sales.contest"].browse(self.contest_id)
            self.assertEqual(contest.state, "settled")
