"""Boards against a count by hand, and for whoever wants to see more than he may."""

import random
from collections import defaultdict
from datetime import date
from fractions import Fraction

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.sales_force.tests.credit_rows import CreditRows

from ..scoring import spans
from .common import AppraisalCase

TODAY = "2031-05-20"


class LeaderboardCase(CreditRows, AppraisalCase):
    """Eight reps who sell in two teams, below two leaders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.teams = cls.env["crm.team"].create(
            [
                {"name": name, "company_id": cls.company.id}
                for name in ("North", "South")
            ]
        )
        cls.sellers = {}
        for number, name in enumerate("abcdefgh"):
            boss = cls.reps["leader" if number < 6 else "peer_leader"]
            cls.users[name] = cls._user(name, "sales_force.group_sales_rep")
            cls.sellers[name] = cls._rep(
                cls.users[name], boss, team_id=cls.teams[number // 6].id
            )
        for name in ("rep", "peer"):
            cls.reps[name].carries_target = False

    @classmethod
    def _sell_all(cls):
        """A sells 800, B 700, … and H 100."""
        for number, seller in enumerate(cls.sellers.values()):
            cls._credit(
                "INVOICED",
                seller,
                800 - 100 * number,
                "2031-05-05",
                team_id=seller.team_id,
            )

    @classmethod
    def _add_many(cls, count):
        """So many more reps in the first team, each with a credit and a card."""
        partners = cls.env["res.partner"].create(
            [{"name": f"Many {number}"} for number in range(count)]
        )
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL(
                """
                WITH login AS (
                    INSERT INTO res_users (login, partner_id, company_id,
                        notification_type, active)
                    SELECT 'many_' || id, id, %(company)s, 'inbox', TRUE
                    FROM res_partner WHERE id IN %(partners)s
                    RETURNING id, login
                ),
                rep AS (
                    INSERT INTO sales_rep (user_id, company_id, name, state, active,
                        date_start, carries_target, parent_id, team_id)
                    SELECT id, %(company)s, login, 'active', TRUE, '2030-01-01', TRUE,
                        %(boss)s, %(team)s FROM login RETURNING id, user_id
                ),
                stay AS (
                    INSERT INTO sales_rep_assignment (rep_id, company_id, team_id,
                        manager_id, date_from)
                    SELECT id, %(company)s, %(team)s, %(boss)s, '2030-01-01' FROM rep
                ),
                card AS (
                    INSERT INTO sales_scorecard (rep_id, team_id, company_id,
                        template_id, period, period_from, period_to, date_from, date_to,
                        share, state, has_score, score)
                    SELECT id, %(team)s, %(company)s, %(template)s, 'month',
                        '2031-04-01', '2031-04-30', '2031-04-01', '2031-04-30', 100,
                        'confirmed', TRUE, 50 + id %% 50 FROM rep
                )
                INSERT INTO sales_credit (metric_id, date, rep_id, user_id, company_id,
                    team_id, value, share, overlay, res_model, res_id, part, source,
                    scope_id)
                SELECT %(metric)s, '2031-05-05', id, user_id, %(company)s, %(team)s, 10,
                    100, FALSE, 'sale.order', 5000000 + id, 0, 'order', 5000000 + id
                FROM rep
                """,
                partners=partners._ids,
                company=cls.company.id,
                boss=cls.reps["leader"].id,
                team=cls.teams[0].id,
                template=cls.template.id,
                metric=cls._metric("INVOICED").id,
            )
        )
        cls.env.cr.execute(
            SQL(
                """UPDATE sales_rep SET parent_path = %s || id || '/'
                WHERE parent_path IS NULL""",
                cls.reps["leader"].parent_path,
            )
        )
        cls.env.invalidate_all()
        cls.env.registry.clear_cache()

    @classmethod
    def _board(cls, **values):
        metric = values.pop("metric", "INVOICED")
        return cls.env["sales.leaderboard"].create(
            {
                "name": "Board",
                "company_id": cls.company.id,
                "metric_id": cls._metric(metric).id,
                **values,
            }
        )

    def _of(self, board, who, **key):
        """The board for a user: the rows of its groups."""
        found = board.with_user(self.users[who]).get_standings(**key)
        return [
            [(row["place"], row["name"]) for row in group["rows"]]
            for group in found["groups"]
        ]

    def _row(self, board, who, name=None, **key):
        found = board.with_user(self.users[who]).get_standings(**key)
        return next(
            row
            for group in found["groups"]
            for row in group["rows"]
            if row["name"] == (name or who).title()
        )


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestLeaderboard(LeaderboardCase):
    def setUp(self):
        super().setUp()
        self._sell_all()

    def test_places(self):
        board = self._board()
        [rows] = self._of(board, "director")
        self.assertEqual(
            rows, [(n, name.upper()) for n, name in enumerate("abcdefgh", 1)]
        )

    def test_equals_share_a_place_by_name(self):
        self._credit("INVOICED", self.sellers["c"], 100, "2031-05-06")
        board = self._board()
        [rows] = self._of(board, "director")
        self.assertEqual(rows[:4], [(1, "A"), (2, "B"), (2, "C"), (4, "D")])
        row = self._row(board, "director", "D")
        self.assertEqual(row["gap"], 200)

    def test_movement(self):
        board = self._board()
        self._credit("INVOICED", self.sellers["h"], 5000, TODAY)
        row = self._row(board, "h")
        self.assertEqual((row["place"], row["change"]), (1, 7))
        # The evening before nothing of it was there.
        self.assertEqual(self._row(board, "h", day="2031-05-19")["place"], 8)
        # A document that comes late, of a day before, moves both.
        self._credit("INVOICED", self.sellers["g"], 9000, "2031-05-10")
        row = self._row(board, "h")
        self.assertEqual((row["place"], row["change"]), (2, 6))
        board.movement = "period"
        self._credit("INVOICED", self.sellers["h"], 1, "2031-04-20")
        self._credit("INVOICED", self.sellers["g"], 50, "2031-04-21")  # later days
        self.assertEqual(self._row(board, "h")["change"], -1)

    def test_days_are_dated(self):
        board = self._board(period="day")
        self.assertEqual(self._row(board, "a", day="2031-05-05")["value"], 800)
        self.assertEqual(self._row(board, "a")["value"], 0)
        with self.assertRaises(UserError):
            board.get_standings("yesterday")

    def test_peers(self):
        junior, senior = self.env["sales.grade"].create(
            [
                {"name": "Zz Junior", "sequence": 900},
                {"name": "Zz Senior", "sequence": 901},
            ]
        )
        for name in "abcd":
            self.sellers[name].grade_id = junior
        for name in "efg":
            self.sellers[name].grade_id = senior
        board = self._board(peer="grade", names="all")
        found = board.with_user(self.users["director"]).get_standings()["groups"]
        self.assertEqual(
            [(g["name"], [r["name"] for r in g["rows"]]) for g in found],
            [
                ("Zz Junior", list("ABCD")),
                ("Zz Senior", list("EFG")),
                ("Without grade", ["H"]),
            ],
        )
        self.assertEqual([r["place"] for r in found[1]["rows"]], [1, 2, 3])
        self.assertEqual(self._of(board, "e"), [[(1, "E"), (2, "F"), (3, "G")]])
        board.audience = "company"
        self.assertEqual(len(self._of(board, "e")), 3)
        # Who is ranked nowhere sees nothing, a manager the groups of those below.
        board.audience = "peers"
        self.assertEqual(self._of(board, "peer"), [])
        self.assertEqual(len(self._of(board, "peer_manager")), 2)

    def test_tenure(self):
        for name, start in (
            ("a", "2030-11-21"),
            ("b", "2030-11-20"),
            ("c", "2030-05-20"),
            ("d", "2028-05-21"),
            ("e", "2028-05-20"),
        ):
            self.sellers[name].date_start = start
        board = self._board(peer="tenure", names="all")
        self.assertEqual(
            [
                sorted(name for _place, name in rows)
                for rows in self._of(board, "director")
            ],
            [["A"], ["B"], ["C", "D"], ["E", "F", "G", "H"]],
        )

    def test_tier_of_the_territory_above(self):
        top = self.env["sales.territory"].create(
            {"name": "Zz Top", "company_id": self.company.id, "tier": "2"}
        )
        part = self.env["sales.territory"].create(
            {"name": "Zz Part", "company_id": self.company.id, "parent_id": top.id}
        )
        self.sellers["a"].assignment_ids.territory_ids = part
        board = self._board(peer="tier")
        found = board.get_standings()["groups"]
        self.assertEqual([g["name"] for g in found], ["Tier 2", "Without tier"])
        board.territory_ids = top
        self.assertEqual(self._of(board, "director"), [[(1, "A")]])

    def test_small_samples(self):
        for name, won, lost in (("a", 1, 0), ("b", 80, 20), ("c", 20, 80)):
            self._credit("WON", self.sellers[name], won, "2031-05-05")
            if lost:
                self._credit("LOST", self.sellers[name], lost, "2031-05-05")
        board = self._board(metric="WIN_RATE", is_shrunk=False)
        self.assertEqual(
            self._of(board, "director")[0][:3], [(1, "A"), (2, "B"), (3, "C")]
        )
        board.is_shrunk = True
        [rows] = self._of(board, "director")
        self.assertEqual(rows[:3], [(1, "B"), (2, "A"), (3, "C")])
        row = self._row(board, "director", "A")
        # 101 of 201 in 5 facts: ten more facts are 402 more.
        drawn = (1 + 402 * Fraction(101, 201)) / Fraction(403)
        self.assertEqual(row["value"], 1)
        self.assertAlmostEqual(row["counted"], float(drawn), 12)
        self.assertEqual([place for place, _name in rows[3:]], [False] * 5)

    def test_minimum(self):
        self._credit("INVOICED", self.sellers["h"], 1, "2031-05-06")
        board = self._board(minimum=2)
        [rows] = self._of(board, "director")
        self.assertEqual(rows[0], (1, "H"))
        self.assertFalse(any(place for place, _name in rows[1:]))

    def test_improvement(self):
        for name, value in (("a", 800), ("b", 350), ("c", 1200)):
            self._credit("INVOICED", self.sellers[name], value, "2031-04-10")
        self._credit("INVOICED", self.sellers["a"], 9999, "2031-04-21")  # later days
        self._credit("INVOICED", self.sellers["c"], 60, "2030-05-20")
        board = self._board(measure="improvement", is_shrunk=False)
        [rows] = self._of(board, "director")
        self.assertEqual(rows[:4], [(1, "B"), (2, "A"), (3, "C"), (False, "D")])
        self.assertEqual(self._row(board, "b")["value"], 1)
        board.against = "last_year"
        [rows] = self._of(board, "director")
        self.assertEqual(rows[0], (1, "C"))
        self.assertEqual(self._row(board, "c")["value"], 9)

    def test_lower_is_better(self):
        self._credit("LOST", self.sellers["a"], 3, "2031-05-05")
        [rows] = self._of(self._board(metric="LOST"), "director")
        self.assertEqual((rows[0][0], rows[-1]), (1, (8, "A")))

    def test_teams(self):
        board = self._board(subject="team", team_by="total")
        self.assertEqual(self._of(board, "rep"), [[]])
        self.assertEqual(self._of(board, "h"), [[(2, "South")]])
        self.assertEqual(self._of(board, "director"), [[(1, "North"), (2, "South")]])
        row = self._row(board, "director", "South")
        self.assertEqual((row["value"], row["gap"]), (300, 3300 - 300))
        board.team_by = "head"
        days = self.env["sales.working.time"].working_days(
            self.sellers["a"], date(2031, 5, 1), date(2031, 5, 20)
        )[self.sellers["a"]]
        row = self._row(board, "director", "North")
        self.assertAlmostEqual(row["value"], 3300 / (6 * len(days)), 9)

    def test_a_member_who_moved(self):
        """Head-days and credits are of the team of the day."""
        self.sellers["a"]._change_assignment(
            date(2031, 5, 12), {"team_id": self.teams[1].id}
        )
        board = self._board(subject="team")
        days = self.env["sales.working.time"].working_days(
            self.sellers["a"], date(2031, 5, 1), date(2031, 5, 20)
        )[self.sellers["a"]]
        before = sum(day < date(2031, 5, 12) for day in days)
        row = self._row(board, "director", "North")
        self.assertAlmostEqual(row["value"], 3300 / (5 * len(days) + before), 9)

    def test_scores(self):
        self._open()
        cards = self.env["sales.scorecard"].search([])
        self._judge(cards.filtered(lambda c: c.rep_id == self.sellers["b"]), 90)
        card = cards.filtered(lambda c: c.rep_id == self.sellers["b"])
        board = self._board(measure="score")
        self.assertEqual(self._of(board, "director", day="2031-02-10")[0][0][0], False)
        card.with_user(self.users["director"]).action_confirm()
        rows = self._of(board, "director", day="2031-02-10")[0]
        self.assertEqual(rows[0], (1, "B"))
        self.assertEqual(self._row(board, "b", day="2031-01-31")["value"], card.score)

    def test_scores_of_teams(self):
        """The mean of the members': the team's own card is no member's."""
        self._template(
            [{"name": "Judgement", "kind": "judgement", "weight": 100, "cap": 100}],
            name="Teams",
            subject="teams",
        ).action_publish()
        self._open()
        cards = self.env["sales.scorecard"].search([])
        team = cards.filtered(lambda c: not c.rep_id and c.team_id == self.teams[1])
        members = cards.filtered(lambda c: c.rep_id and c.team_id == self.teams[1])
        self.assertEqual(len(members), 2)
        for card, value in ((members[0], 90), (members[1], 50), (team, 10)):
            self._judge(card, value)
        (members + team).action_confirm()
        board = self._board(measure="score", subject="team")
        row = self._row(board, "director", "South", day="2031-02-10")
        self.assertAlmostEqual(row["value"], sum(members.mapped("score")) / 2, 9)

    def _confirmed(self, name, score, period, start, **values):
        """A card of a period, or of a part of it."""
        whole = spans.bounds(period, date.fromisoformat(start))
        return self.env["sales.scorecard"].create(
            {
                "rep_id": self.sellers[name].id,
                "team_id": self.sellers[name].team_id.id,
                "company_id": self.company.id,
                "template_id": self.template.id,
                "period": period,
                "period_from": whole.start,
                "period_to": whole.stop,
                "date_from": whole.start,
                "date_to": whole.stop,
                "state": "confirmed",
                "has_score": True,
                "score": score,
                **values,
            }
        )

    def test_a_years_scores(self):
        """A quarter is three months long, and no day counts twice."""
        board = self._board(measure="score", period="year")

        def value(name):
            return self._row(board, "director", name, day="2031-01-10")["value"]

        # A: 90 and 60 of 31 days each, then the quarter's card of them, 66 of 90 days.
        self._confirmed("a", 90, "month", "2030-01-01")
        self._confirmed("a", 60, "month", "2030-07-01")
        self.assertAlmostEqual(value("a"), 75, 9)
        self._confirmed("a", 66, "quarter", "2030-01-01")
        self.assertAlmostEqual(value("a"), (66 * 90 + 60 * 31) / 121, 9)
        # B: a good month does not outweigh a quarter.
        self._confirmed("b", 50, "quarter", "2030-01-01")
        self._confirmed("b", 100, "month", "2030-04-01")
        self.assertAlmostEqual(value("b"), (50 * 90 + 100 * 30) / 120, 9)
        # C: the year's card says it all, where there is one; not a later year's.
        for month in range(1, 13):
            self._confirmed("c", 99, "month", f"2030-{month:02}-01")
        self._confirmed("c", 99, "month", "2031-01-01")
        self._confirmed("c", 70, "year", "2030-01-01")
        self.assertAlmostEqual(value("c"), 70, 9)
        month = self._board(measure="score")
        row = self._row(month, "director", "C", day="2030-02-10")
        self.assertAlmostEqual(row["value"], 99, 9)

    def test_scores_oracle(self):
        """Random cards of all periods and of parts of them, counted day by day."""
        chance = random.Random(7)
        marks = defaultdict(dict)
        lengths = {"month": 1, "quarter": 3, "half": 6, "year": 12}
        for name in "abcdefgh":
            for period, months in lengths.items():
                for month in range(1, 13, months):
                    if chance.random() < 0.5:
                        continue
                    whole = spans.bounds(period, date(2030, month, 1))
                    cut = whole.start + chance.randint(0, 40) * spans.DAY
                    score = chance.choice((50, 61.5, 80, 99.99))
                    team = chance.choice(self.teams)
                    self._confirmed(
                        name,
                        score,
                        period,
                        str(whole.start),
                        date_from=min(cut, whole.stop),
                        team_id=team.id,
                    )
                    for number in range(
                        min(cut, whole.stop).toordinal(), whole.stop.toordinal() + 1
                    ):
                        marks[name, number][months] = (score, team)
        for period, day in (
            ("year", "2031-01-10"),
            ("half", "2030-06-30"),
            ("quarter", "2031-01-10"),
            ("month", "2030-03-31"),
        ):
            board = self._board(measure="score", period=period)
            known = board.get_standings(day)
            teams = self._board(measure="score", period=period, subject="team")
            sums = defaultdict(lambda: [0, 0])
            start, stop = (date.fromisoformat(known[k]) for k in ("start", "stop"))
            for (name, number), of_day in marks.items():
                fitting = [m for m in of_day if m <= lengths[period]]
                if not (start.toordinal() <= number <= stop.toordinal() and fitting):
                    continue
                score, team = of_day[max(fitting)]
                for key in (name.upper(), team.name):
                    sums[key][0] += Fraction(str(score))
                    sums[key][1] += 1
            rows = [
                row
                for found in (known, teams.get_standings(day))
                for row in found["groups"][0]["rows"]
            ]
            self.assertEqual(len(rows), 10)
            for row in rows:
                total, count = sums[row["name"]]
                if count:
                    self.assertAlmostEqual(row["value"], float(total / count), 9)
                else:
                    self.assertFalse(row["place"])

    def test_fiscal_quarter(self):
        """Quarters are those of scorecards: of the company's fiscal year."""
        self.company.write({"fiscalyear_last_month": "1", "fiscalyear_last_day": 31})
        board = self._board(period="quarter")
        found = board.get_standings("2031-05-20")
        self.assertEqual(
            (found["start"], found["previous"]), ("2031-05-01", "2031-04-30")
        )
        found = board.get_standings("2031-04-20")
        self.assertEqual((found["start"], found["stop"]), ("2031-02-01", "2031-04-20"))
        board.measure = "score"
        found = board.get_standings("2031-05-20")
        self.assertEqual((found["start"], found["stop"]), ("2031-02-01", "2031-04-30"))
        # The one before that is shown, and none that is not over.
        self.assertEqual((found["previous"], found["next"]), ("2031-01-31", False))
        found = board.get_standings(found["previous"])
        self.assertEqual(
            (found["stop"], found["previous"], found["next"]),
            ("2031-01-31", "2030-10-31", "2031-04-30"),
        )

    def test_oracle(self):
        """Random credits of four months, counted one by one."""
        chance = random.Random(5)
        rows = []
        for _n in range(250):
            name = chance.choice("abcdefgh")
            day = date(2031, chance.randint(2, 5), chance.randint(1, 20))
            value = chance.choice((10, 20, 30, -10, 12.34))
            code = chance.choice(("ORDERED", "WON", "LOST"))
            rows.append((name, code, day, Fraction(str(value))))
            self._credit(code, self.sellers[name], value, day)
        for period in ("day", "week", "month", "quarter", "half", "year"):
            for day in (date(2031, 5, 20), date(2031, 4, 1), date(2031, 3, 31)):
                span = spans.bounds(period, day)
                sums = defaultdict(Fraction)
                for name, code, when, value in rows:
                    if span.start <= when <= day:
                        sums[name, code] += value
                self._compare_with(sums, period, day)

    def _compare_with(self, sums, period, day):
        board = self._board(metric="ORDERED", period=period)
        expected = {name: sums[name, "ORDERED"] for name in "abcdefgh"}
        found = {
            name: (self._row(board, "director", name, day=str(day)))
            for name in "abcdefgh"
        }
        for name, value in expected.items():
            self.assertAlmostEqual(found[name]["value"], float(value), 9)
            self.assertEqual(
                found[name]["place"],
                1 + sum(other > value for other in expected.values()),
            )

    def test_queries_do_not_grow(self):
        boards = [
            self._board(name=values["measure"], **values)
            for values in (
                {"measure": "metric", "peer": "grade"},
                {"measure": "metric", "metric": "WIN_RATE", "peer": "tier"},
                {"measure": "improvement", "peer": "tenure"},
                {"measure": "attainment", "peer": "team"},
                {"measure": "score"},
                {"measure": "metric", "subject": "team"},
                {"measure": "score", "subject": "team"},
            )
        ]

        def count(board):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            board.with_user(self.users["rep"]).get_standings()
            return self.cr.sql_log_count - before

        for board in boards:
            count(board)
        before = [count(board) for board in boards]
        self._add_many(500)
        count(boards[0])  # what creating them left to do
        after = [count(board) for board in boards]
        for board in boards:
            groups = board.get_standings()["groups"]
            if board.subject == "rep":
                self.assertEqual(sum(len(group["rows"]) for group in groups), 508)
        self.assertEqual(after, before)
        self.assertLessEqual(max(after), 40)

    def test_metric_is_needed(self):
        with self.assertRaises(ValidationError):
            self._board(metric_id=False)
        with self.assertRaises(ValidationError):
            self._board(metric="MARKET_SHARE")

    def test_no_card_is_of_a_week(self):
        board = self._board(measure="score")
        for period in ("day", "week"):
            with self.assertRaises(ValidationError):
                board.period = period


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestWhoSees(LeaderboardCase):
    """Only the upper half by name; the attacker has everything that RPC offers."""

    def setUp(self):
        super().setUp()
        self._sell_all()
        self.board = self._board()

    def test_upper_half_only(self):
        self.assertEqual(
            self._of(self.board, "f"),
            [[(1, "A"), (2, "B"), (3, "C"), (4, "D"), (6, "F")]],
        )
        self.assertEqual(
            self._of(self.board, "b"), [[(1, "A"), (2, "B"), (3, "C"), (4, "D")]]
        )
        row = self._row(self.board, "f")
        self.assertEqual((row["gap"], row["is_own"], row["value"]), (100, True, 300))
        # Nobody's distance but the own one.
        self.assertIsNone(self._row(self.board, "f", "B")["gap"])

    def test_managers_see_who_is_below(self):
        [rows] = self._of(self.board, "leader")
        self.assertEqual([name for _place, name in rows], list("ABCDEF"))
        [rows] = self._of(self.board, "peer_manager")
        self.assertEqual([name for _place, name in rows], list("ABCDGH"))
        for who in ("director", "operations", "finance"):
            self.assertEqual(len(self._of(self.board, who)[0]), 8)

    def test_no_way_around(self):
        board = self.board.with_user(self.users["f"])
        text = str(board.read(["standings", "podium"])) + str(
            [board.get_standings(f"2031-05-{day:02}") for day in range(1, 21)]
        )
        for hidden in ("'E'", "'G'", "'H'"):
            self.assertNotIn(hidden, text)
        for key in ("e", "g", "h"):
            self.assertNotIn(f"'key': {self.sellers[key].id},", text)
        with self.assertRaises(ValueError):
            board.search([], order="standings")
        with self.assertRaises(ValueError):
            board.search([("standings", "!=", False)])
        with self.assertRaises(ValueError):
            board.formatted_read_group([], ["standings"], ["__count"])
        for vals in ({"names": "all"}, {"audience": "company"}, {"amounts": True}):
            with self.assertRaises(AccessError):
                board.write(vals)
        with self.assertRaises(AccessError):
            board.create({"name": "Mine", "names": "all"})
        with self.assertRaises(AccessError):
            board.copy({"names": "all"})
        # What is not saved shows nothing.
        draft = board.new({"names": "all", "company_id": self.company.id}, origin=None)
        self.assertFalse(draft.standings)
        # A form that is being edited shows what is saved.
        changed = board.new({"names": "all"}, origin=board)
        self.assertNotIn("'H'", str(changed.standings))

    def test_results_hidden(self):
        self.board.amounts = False
        found = self.board.with_user(self.users["f"]).get_standings()
        rows = found["groups"][0]["rows"]
        self.assertEqual([r["value"] for r in rows], [None] * 4 + [300])
        # The distance would tell the result of who is next.
        self.assertEqual({r["gap"] for r in rows}, {None})
        self.assertEqual(self._row(self.board, "leader", "A")["value"], 800)
        self.assertIsNone(self._row(self.board, "peer_manager", "A")["value"])

    def test_managers_only(self):
        self.board.audience = "managers"
        with self.assertRaises(AccessError):
            self.board.with_user(self.users["a"]).get_standings()
        self.assertTrue(self._of(self.board, "leader"))

    def test_other_company(self):
        with self.assertRaises(AccessError):
            self.board.with_user(self.users["foreigner"]).get_standings()
        foreign = self.env["sales.leaderboard"].create(
            {
                "name": "B",
                "company_id": self.company_b.id,
                "metric_id": self._metric("INVOICED").id,
            }
        )
        with self.assertRaises(AccessError):
            foreign.with_user(self.users["director"]).get_standings()
        [rows] = foreign.with_user(self.users["foreigner"]).get_standings()["groups"]
        self.assertEqual([r["name"] for r in rows["rows"]], ["Foreigner"])

    def test_matrix(self):
        may = {"director", "operations"}
        for role in ("rep", "leader", "manager", "director", "operations", "finance"):
            board = self.board.with_user(self.users[role])
            self.assertTrue(board.has_access("read"), role)
            for name in ("write", "create", "unlink"):
                self.assertEqual(board.has_access(name), role in may, (role, name))
