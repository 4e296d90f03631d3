from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import SalesForceCase
from .credit_rows import CreditRows


@tagged("post_install", "-at_install")
@freeze_time("2031-05-17")
class TestRanking(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reps = cls.reps
        for rep, value, day in (
            ("rep", 100, "2031-05-02"),
            ("rep", 50, "2031-05-17"),
            ("rep", 1000, "2031-05-18"),  # not yet
            ("leader", 300, "2031-05-03"),
            ("peer", 200, "2031-05-01"),
            ("rep", 500, "2031-04-17"),
            ("rep", 40, "2031-04-18"),  # after the same days
            ("peer", 400, "2031-04-02"),
            ("manager", 10, "2031-04-30"),
        ):
            cls._credit("INVOICED", reps[rep], value, day)
        cls._credit("INVOICED", reps["peer"], 5000, "2031-05-05", overlay=True)
        for rep, won, lost in (("rep", 3, 1), ("leader", 1, 1), ("peer", 0, 2)):
            cls._credit("WON", reps[rep], won, "2031-05-05")
            cls._credit("LOST", reps[rep], lost, "2031-05-05")

    def _lines(self, who, code="INVOICED", period="month"):
        return (
            self.env["sales.ranking"]
            .with_user(self.users[who])
            .search(
                [
                    ("metric_id.code", "=", code),
                    ("period", "=", period),
                    ("company_id", "=", self.company.id),
                ]
            )
        )

    def test_month_against_same_days(self):
        lines = self._lines("director")
        self.assertEqual(
            [
                (line.rep_id, line.rank, line.value, line.previous_value)
                for line in lines
            ],
            [
                (self.reps["leader"], 1, 300, 0),
                (self.reps["peer"], 2, 200, 400),
                (self.reps["rep"], 3, 150, 500),
                (self.reps["manager"], 4, 0, 0),
            ],
        )
        leader, peer, rep, manager = lines
        self.assertEqual(lines.mapped("rank_count"), [4] * 4)
        self.assertEqual((rep.previous_rank, rep.rank_change), (1, -2))
        self.assertEqual((peer.previous_rank, peer.rank_change), (2, 0))
        self.assertFalse(leader.previous_rank)
        self.assertFalse(manager.previous_rank)
        self.assertEqual(rep.difference, -350)
        self.assertEqual(rep.whole_value, 540)
        self.assertEqual(manager.whole_value, 10)
        self.assertAlmostEqual(sum(lines.mapped("share")), 100, 2)

    def test_whole_last_month(self):
        lines = self._lines("director", period="last_month")
        self.assertEqual(
            [(line.rep_id, line.value) for line in lines],
            [
                (self.reps["rep"], 540),
                (self.reps["peer"], 400),
                (self.reps["manager"], 10),
            ],
        )

    def test_ratios_and_lower_is_better(self):
        lines = self._lines("director", "WIN_RATE")
        self.assertEqual(
            [(line.rep_id, line.value) for line in lines],
            [
                (self.reps["rep"], 0.75),
                (self.reps["leader"], 0.5),
                (self.reps["peer"], 0),
            ],
        )
        self.assertEqual(lines.mapped("share"), [0.0] * 3)
        lost = self._lines("director", "LOST")
        self.assertEqual(lost[-1].rep_id, self.reps["peer"])
        self.assertEqual(lost.mapped("rank"), [1, 1, 3])

    def test_place_without_the_amounts_of_others(self):
        [line] = self._lines("rep")
        self.assertEqual(
            (line.rep_id, line.rank, line.rank_count), (self.reps["rep"], 3, 4)
        )
        self.assertEqual(line.share, 100)
        self.assertEqual(
            self._lines("leader").rep_id, self.reps["leader"] + self.reps["rep"]
        )
        self.assertEqual(
            self._lines("manager").rep_id,
            self.reps["leader"] + self.reps["rep"] + self.reps["manager"],
        )
        self.assertEqual(self._lines("peer_manager").rep_id, self.reps["peer"])
        self.assertEqual(len(self._lines("operations")), 4)
        self.assertEqual(len(self._lines("finance")), 4)
        self.assertFalse(self._lines("foreigner"))

    def test_amounts_of_a_former_team_stay_hidden(self):
        """Who became a rep's manager does not see what was credited before."""
        reps = self.reps
        self._credit(
            "ORDERED", reps["rep"], 70, "2031-04-02", manager_id=reps["peer_leader"]
        )
        self._credit("ORDERED", reps["rep"], 30, "2031-05-02")
        [line] = self._lines("leader", "ORDERED")
        self.assertEqual((line.value, line.previous_value), (30, 0))
        [line] = self._lines("peer_leader", "ORDERED")
        self.assertEqual((line.value, line.previous_value), (0, 70))
        [line] = self._lines("director", "ORDERED")
        self.assertEqual((line.value, line.previous_value), (30, 70))

    def test_credited_to_nobody(self):
        """What nobody is credited with is shown to who sees the whole company."""
        self._credit("INVOICED", self.env["sales.rep"], 350, "2031-05-06")
        for who in ("director", "operations", "finance"):
            lines = self._lines(who)
            self.assertEqual(sum(lines.mapped("value")), 1000)
            self.assertEqual(lines.mapped("rank"), [1, 2, 3, 4, 0])
            self.assertEqual(set(lines.mapped("rank_count")), {4})
            self.assertEqual(lines[0].share, 30)
        nobody = lines[-1]
        self.assertFalse(nobody.rep_id)
        self.assertEqual(nobody.name, "Credited to nobody")
        action = nobody.action_open_performance()
        behind = self.env["sales.credit"].search(action["domain"])
        self.assertEqual(behind.mapped("value"), [350])
        self.assertEqual(len(self._lines("manager")), 3)

    def test_other_users(self):
        plain = new_test_user(self.env, "sf_plain", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["sales.ranking"].with_user(plain).search([])
        for method in ("write", "unlink"):
            with self.assertRaises(AccessError):
                getattr(self._lines("director")[0], method)(*[{}] * (method == "write"))

    def test_opens_the_credits(self):
        line = self._lines("rep")
        action = line.action_open_performance()
        credits = self.env["sales.credit"].search(
            [*action["domain"], ("overlay", "=", False)]
        )
        self.assertEqual(sum(credits.mapped("value")), line.value)

    def test_flat_in_queries(self):
        ranking = self.env["sales.ranking"].with_user(self.users["manager"])
        spec = {
            name: {}
            for name in ("rank", "rank_change", "value", "previous_value", "share")
        } | {"rep_id": {"fields": {"display_name": {}}}, "metric_unit": {}}
        domain = [("metric_id.code", "=", "INVOICED"), ("period", "=", "month")]

        def read():
            self.env.invalidate_all()
            ranking.web_search_read(domain, spec)

        read()
        before = self.cr.sql_log_count
        read()
        needed = self.cr.sql_log_count - before
        for n in range(150):
            self._credit("INVOICED", self.reps["rep"], n, "2031-05-06")
        with self.assertQueryCount(needed):
            read()
        self.assertLessEqual(needed, 12)
