"""Cards of teams: members' days, team metrics, spread; leaders scored on theirs."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction as F
from math import sqrt

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from .. import facts
from ..scoring.spread import deviation
from .common import AppraisalCase

FIRST, LAST = date(2031, 1, 1), date(2031, 1, 31)


class TestDeviation(BaseCase):
    @given(st.lists(st.tuples(st.integers(0, 12_000), st.integers(1, 30)), min_size=1))
    def test_rounded(self, rows):
        """Against the definition, one score for each day."""
        days = [score / 100 for score, weight in rows for _ in range(weight)]
        mean = sum(days) / len(days)
        naive = sqrt(sum((score - mean) ** 2 for score in days) / len(days))
        found = deviation([(F(score, 100), weight) for score, weight in rows])
        self.assertLess(abs(float(found) - naive), 0.00501)
        self.assertEqual(found * 100 % 1, 0)

    def test_known(self):
        self.assertEqual(deviation([(F(70), 3)]), 0)
        # By 3 and 1: mean 75, variance 75.
        self.assertEqual(deviation([(F(70), 3), (F(90), 1)]), F(866, 100))


class TeamCase(AppraisalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team, cls.other = cls.env["crm.team"].create(
            [
                {"name": "North", "company_id": cls.company.id},
                {"name": "South", "company_id": cls.company.id},
            ]
        )
        cls.team.user_id = cls.users["leader"]
        cls.of_team = cls._template(
            [
                {
                    "name": "Sold",
                    "kind": "metric",
                    "metric_id": cls._metric("INVOICED").id,
                    "against": "number",
                    "number": 2000,
                    "function": "ratio",
                    "cap": 120,
                    "weight": 50,
                },
                {"name": "Scores", "kind": "members", "weight": 30, "cap": 120},
                {
                    "name": "Spread",
                    "kind": "spread",
                    "function": "linear",
                    "weight": 20,
                    "point_ids": [
                        (0, 0, {"x": 0, "y": 100}),
                        (0, 0, {"x": 40, "y": 0}),
                    ],
                },
            ],
            name="Teams",
            subject="teams",
        )
        cls.of_team.action_publish()

    def _join(self, name, day, team):
        self.reps[name]._change_assignment(day, {"team_id": team.id})

    def _team_card(self, team=None):
        return self.env["sales.scorecard"].search(
            [("rep_id", "=", False), ("team_id", "=", (team or self.team).id)]
        )


@tagged("post_install", "-at_install")
class TestTeam(TeamCase):
    def test_card(self):
        """Three members of whom one comes and one goes; each day counts once."""
        self._join("rep", date(2030, 1, 1), self.team)
        self._join("peer", date(2030, 1, 1), self.team)
        self._join("peer", date(2031, 1, 16), self.other)
        self._join("peer_leader", date(2031, 1, 20), self.team)
        self._sell("rep", 800)
        self._sell("peer", 400, "2031-01-10")
        self._sell("peer", 999, "2031-01-20")
        self._sell("peer_leader", 77, "2031-01-06")
        self._sell("peer_leader", 300, "2031-01-22")
        cards = self._open()
        self.assertEqual(cards, self._open())
        card = self._team_card()
        self.assertEqual(card.subject, "North")
        self.assertIn("North", card.display_name)
        self.assertEqual((card.date_from, card.date_to), (FIRST, LAST))
        self.assertEqual(card.leader_id, self.reps["leader"])
        self.assertEqual(card.owner_id, self.reps["leader"])
        self.assertEqual(card.manager_id, self.reps["manager"])
        sold, scores, spread = card.line_ids
        self.assertEqual((sold.actual, sold.target), (1500, 2000))
        behind = sold.action_open_source()
        credits = self.env[behind["res_model"]].search(behind["domain"])
        self.assertEqual(sorted(credits.mapped("value")), [300, 400, 800])
        weights = self._oracle(card)
        self.assertEqual(card.head_days, self._days(card))
        self.assertEqual(len(weights), 3)
        whole = sum(weights.values())
        mean = sum(one.score * days for one, days in weights.items()) / whole
        self.assertAlmostEqual(scores.actual, mean, 2)
        variance = sum(d * (c.score - mean) ** 2 for c, d in weights.items()) / whole
        self.assertAlmostEqual(spread.actual, sqrt(variance), 2)
        self.assertEqual(scores.member_count, 3)
        self.assertEqual(
            scores.heads,
            [
                [one.id, one.score, days]
                for one, days in sorted(weights.items(), key=lambda item: item[0].id)
            ],
        )
        _sold, kept, _spread = card._prepare_scores()
        self.assertEqual(kept["heads"], scores.heads)
        self.assertNotIn("heads", card._prepare_snapshot()["lines"][1])
        opened = scores.action_open_source()
        self.assertEqual(
            self.env["sales.scorecard"].search(opened["domain"]),
            self.env["sales.scorecard"].union(*weights),
        )
        self.assertEqual(card.score, round(sum(card.line_ids.mapped("part")), 2))
        self.assertEqual(self._team_card(self.other).line_ids[0].actual, 999)

    def _worked(self, rep, day):
        worked = self.env["sales.working.time"].working_days(rep, day, day)
        return bool(worked[rep].get(day))

    def _stays(self, team):
        """``{(rep, day)}``, asked of each rep and day alone."""
        reps = self.env["sales.rep"].search([("company_id", "=", self.company.id)])
        days = [FIRST + timedelta(days=n) for n in range(31)]
        found = set()
        for rep in reps:
            for day in days:
                stay = rep.assignment_ids.filtered(
                    lambda a, day=day: a.date_from <= day
                    and (not a.date_to or a.date_to >= day)
                )
                there = rep.date_start <= day and (
                    not rep.date_end or day <= rep.date_end
                )
                if stay.team_id == team and there and self._worked(rep, day):
                    found.add((rep, day))
        return found

    def _days(self, card):
        return len(self._stays(card.team_id))

    def _oracle(self, card):
        weights = defaultdict(int)
        for rep, day in self._stays(card.team_id):
            of_day = self.env["sales.scorecard"].search(
                [
                    ("rep_id", "=", rep.id),
                    ("date_from", "<=", day),
                    ("date_to", ">=", day),
                ]
            )
            if of_day.has_score:
                weights[of_day] += 1
        return weights

    def test_head_days(self):
        """Who is hired, leaves, is absent or changes team within the period."""
        calendar = self.company.resource_calendar_id
        self.env["sales.calendar.day"].create(
            {
                "name": "Day off",
                "company_id": self.company.id,
                "date": "2031-01-15",
                "kind": "holiday",
            }
        )
        short = calendar.copy({"name": "Two days"})
        short.attendance_ids.filtered(lambda a: a.dayofweek not in "03").unlink()
        self.reps["peer"].calendar_id = short
        self._join("rep", date(2030, 1, 1), self.team)
        self._join("peer", date(2030, 6, 1), self.other)
        self._join("peer", date(2031, 1, 9), self.team)
        self._join("peer", date(2031, 1, 23), self.other)
        new = self._rep(
            self._user("new", "sales_force.group_sales_rep"),
            self.reps["leader"],
            team_id=self.team.id,
            date_start="2031-01-13",
        )
        gone = self._rep(
            self._user("gone", "sales_force.group_sales_rep"),
            self.reps["leader"],
            team_id=self.team.id,
        )
        gone.write({"state": "left", "date_end": "2031-01-07"})
        self._sell("rep", 500)
        self._open()
        for team in (self.team, self.other):
            card = self._team_card(team)
            self.assertEqual(card.head_days, self._days(card), team.name)
            heads = facts.read_heads(card)[card.id]
            self.assertEqual(
                {head.card_id: head.days for head in heads.scores},
                {one.id: days for one, days in self._oracle(card).items()},
            )
        heads = facts.read_heads(self._team_card())[self._team_card().id]
        counted = self.env["sales.scorecard"].browse(
            [head.card_id for head in heads.scores]
        )
        self.assertEqual(
            counted.rep_id, self.reps["rep"] + self.reps["peer"] + new + gone
        )

    def test_leader_is_scored_on_the_team(self):
        template = self._template(
            [
                {"name": "Team's card", "kind": "team", "weight": 60, "cap": 120},
                {**self._lines()[0], "weight": 40},
            ],
            role="leader",
            sequence=1,
        )
        template.action_publish()
        # The leader is in the team, too: but not scored by the own score.
        for name in ("rep", "leader"):
            self._join(name, date(2030, 1, 1), self.team)
        self._sell("rep", 900)
        self._sell("leader", 100)
        self._open()
        card, team = self._card("leader"), self._team_card()
        self.assertEqual(team.line_ids[0].actual, 1000)
        self.assertEqual(team.line_ids[1].actual, self._card("rep").score)
        self.assertEqual(team.line_ids[2].missing, "alone")
        line = card.line_ids[0]
        self.assertEqual(line.actual, team.score)
        self.assertEqual(card.score, round(0.6 * team.score + 0.4 * 10, 2))
        opened = line.action_open_source()
        self.assertEqual(self.env["sales.scorecard"].search(opened["domain"]), team)
        # The same again: nothing feeds back.
        before = card.score
        for _again in range(3):
            self._open()
        self.assertEqual(card.score, before)
        # Of two teams by their head-days.
        self.other.user_id = self.users["leader"]
        self._join("peer", date(2031, 1, 20), self.other)
        self._open()
        second = self._team_card(self.other)
        days = team.head_days + second.head_days
        mean = (team.score * team.head_days + second.score * second.head_days) / days
        self.assertAlmostEqual(line.actual, mean, 2)

    def test_target_of_the_team(self):
        """The team's node where the plan is divided by team; else its members' days."""
        template = self._template(
            [{"name": "Goal", "kind": "attainment", "cap": 200, "weight": 100}],
            name="Goals of teams",
            subject="teams",
            sequence=1,
        )
        template.action_publish()
        for name in ("rep", "peer"):
            self._join(name, date(2025, 1, 1), self.team)
        values = {
            "name": "Invoiced 2031",
            "company_id": self.company.id,
            "metric_id": self._metric("INVOICED").id,
            "stage": "growth",
            "stage_reason": "Few of them know us",
            "date_from": "2031-01-01",
            "date_to": "2031-12-31",
            "value": 120_000,
        }
        plan = self.env["sales.target.plan"].create({**values, "by_team": True})
        plan.action_publish()
        self._sell("rep", 300)
        self._open()
        line = self._team_card().line_ids
        nodes = self.env["sales.target"].search(
            [
                ("plan_id", "=", plan.id),
                ("team_id", "=", self.team.id),
                ("level", "=", "team"),
                ("period", "=", "month"),
                ("date_from", "=", "2031-01-01"),
            ]
        )
        self.assertTrue(nodes)
        self.assertEqual(line.target, sum(nodes.mapped("value")))
        self.assertEqual(line.actual, 300)
        self.assertEqual(round(line.x, 2), round(100 * 300 / line.target, 2))

    def test_target_of_the_members(self):
        template = self._template(
            [{"name": "Goal", "kind": "attainment", "cap": 200, "weight": 100}],
            name="Goals of teams",
            subject="teams",
            sequence=1,
        )
        template.action_publish()
        for name in ("rep", "peer"):
            self._join(name, date(2030, 1, 1), self.team)
        plan = self.env["sales.target.plan"].create(
            {
                "name": "Invoiced 2031",
                "company_id": self.company.id,
                "metric_id": self._metric("INVOICED").id,
                "stage": "growth",
                "stage_reason": "Few of them know us",
                "date_from": "2031-01-01",
                "date_to": "2031-12-31",
                "value": 120_000,
                "by_team": False,
            }
        )
        plan.action_publish()
        self._open()
        days = self.env["sales.target.day"].search(
            [
                ("rep_id", "in", (self.reps["rep"] + self.reps["peer"]).ids),
                ("date", ">=", FIRST),
                ("date", "<=", LAST),
            ]
        )
        self.assertEqual(
            self._team_card().line_ids.target, round(sum(days.mapped("value")), 2)
        )

    def test_training_and_conduct(self):
        """Of the members: courses on the last day, cases on the days in the team."""
        template = self._template(
            [
                {"name": "Training", "kind": "training", "cap": 100, "weight": 100},
                {
                    "name": "Conduct",
                    "kind": "conduct",
                    "function": "points",
                    "floor": -50,
                    "cap": 50,
                },
            ],
            name="Trained teams",
            subject="teams",
            sequence=1,
        )
        template.action_publish()
        self._join("rep", date(2030, 1, 1), self.team)
        self._join("peer", date(2030, 1, 1), self.team)
        self._join("peer", date(2031, 1, 16), self.other)
        self.env["sales.course"].search([]).required = "none"
        courses = self.env["sales.course"].create(
            [
                {"name": name, "required": "all", "required_from": "2029-01-01"}
                for name in ("One", "Two", "Three", "Four")
            ]
        )
        self.env["sales.certificate"].create(
            [
                {
                    "rep_id": self.reps[name].id,
                    "course_id": courses[0].id,
                    "date": "2030-05-05",
                }
                for name in ("rep", "peer")
            ]
        )
        self.company.sales_penalty_limit = 0
        kind = self.env["sales.conduct.category"].search(
            [("kind", "=", "violation")], limit=1
        )
        cases = self.env["sales.conduct"].create(
            [
                {
                    "rep_id": self.reps[name].id,
                    "category_id": kind.id,
                    "points": points,
                    "date": day,
                    "description": "It happened",
                }
                for name, points, day in (
                    ("rep", 3, "2031-01-20"),
                    ("peer", 5, "2031-01-10"),
                    ("peer", 7, "2031-01-20"),
                )
            ]
        )
        for case in cases:
            case._decide("confirmed", "It is so")
        self._open()
        training, conduct = self._team_card().line_ids
        self.assertEqual((training.numerator, training.denominator), (1, 4))
        self.assertEqual(conduct.actual, -8)
        self.assertEqual(self._team_card(self.other).line_ids[1].actual, -7)
        behind = conduct.action_open_source()
        self.assertIn(cases[0], self.env["sales.conduct"].search(behind["domain"]))

    def test_flow(self):
        """The leader assesses and appeals, the leader's manager judges."""
        template = self._template(
            [{"name": "Judgement", "kind": "judgement", "weight": 100, "cap": 100}],
            name="Judged teams",
            subject="teams",
            sequence=1,
        )
        template.action_publish()
        self._join("rep", date(2030, 1, 1), self.team)
        with freeze_time("2031-01-10 12:00:00"):
            self._open()
        with freeze_time("2031-02-03 12:00:00"):
            card = self._team_card()
            card._start()
            self.assertEqual(card.waits_for_id, self.users["leader"])
            leader = card.with_user(self.users["leader"])
            with self.assertRaises(AccessError):
                card.with_user(self.users["manager"]).action_submit_self()
            leader.action_submit_self()
            self.assertEqual(card.waits_for_id, self.users["manager"])
            with self.assertRaises(AccessError):
                leader.line_ids.write({"manager_value": 100})
            card.with_user(self.users["manager"]).line_ids.write({"manager_value": 70})
            card.with_user(self.users["manager"]).action_submit()
            self.assertEqual(card.waits_for_id, self.users["director"])
            card.with_user(self.users["director"]).action_confirm()
            self.assertEqual(card.snapshot["score"], 70)
            appeal = leader._appeal("It was a hard month")
            self.assertEqual(appeal.rep_id, self.reps["leader"])
            with self.assertRaises(AccessError):
                appeal.with_user(self.users["rep"]).read(["reason"])

    def _told(self, card):
        """All that the leader reads of the lines of a card."""
        self.env.flush_all()
        self.env.invalidate_all()
        lines = card.with_user(self.users["leader"]).line_ids
        return lines, str((lines.read(), lines.mapped("explanation")))

    def test_own_team_is_not_told(self):
        """The team's card is the leader's own: its judgement is on no other before."""
        self._template(
            [
                {"name": "Team's card", "kind": "team", "weight": 60, "cap": 120},
                {**self._lines()[0], "weight": 40},
            ],
            role="leader",
            sequence=1,
        ).action_publish()
        self._template(
            [{"name": "Judgement", "kind": "judgement", "weight": 100, "cap": 100}],
            name="Judged teams",
            subject="teams",
            sequence=1,
        ).action_publish()
        self._join("rep", date(2030, 1, 1), self.team)
        self._sell("leader", 900)
        with freeze_time("2031-01-10 12:00:00"):
            self._open()
        with freeze_time("2031-02-03 12:00:00"):
            card, team = self._card("leader"), self._team_card()
            self._judge(team, 37.19)
            # While the leader reads all of the own card.
            card._compute_results()
            self.assertEqual(card.line_ids[0].missing, "team")
            card._start()
            card.with_user(self.users["leader"]).action_submit_self()
            card._compute_results()
        self.assertEqual((team.state, card.state), ("calibration", "manager"))
        self.assertEqual(card.line_ids[0].actual, 37.19)
        lines, told = self._told(card)
        self.assertNotIn("37.19", told)
        self.assertEqual((lines[0].applies, lines[0].missing), (False, "judgement"))
        self.assertEqual(lines[1].actual, 900)
        for domain in (
            [("actual", "=", 37.19)],
            [("score", ">", 0), ("kind", "=", "team")],
        ):
            self.assertFalse(lines.search(domain), domain)
        self.assertIn(
            "37.19", str(card.with_user(self.users["manager"]).line_ids.read())
        )
        with freeze_time("2031-02-03 12:00:00"):
            card.with_user(self.users["manager"]).action_submit()
            with self.assertRaises(UserError) as caught:
                card.with_user(self.users["director"]).action_confirm()
            self.assertIn("with it or before", str(caught.exception))
            self.assertIn(team.display_name, str(caught.exception))
            team.with_user(self.users["director"]).action_confirm()
            with self.assertRaisesRegex(UserError, "members of the team"):
                team.with_user(self.users["manager"]).action_coach()
            card.with_user(self.users["director"]).action_confirm()
        lines, told = self._told(card)
        self.assertIn("37.19", told)

    def test_own_score_is_not_told(self):
        """Nor is the leader's own score, where the leader is one of the members."""
        for name in ("rep", "leader"):
            self._join(name, date(2030, 1, 1), self.team)
        self._sell("rep", 900)
        self._sell("leader", 500)
        with freeze_time("2031-01-10 12:00:00"):
            self._open()
        with freeze_time("2031-02-03 12:00:00"):
            card, team = self._card("leader"), self._team_card()
            card._start()
            card.with_user(self.users["leader"]).action_submit_self()
            self._judge(card, 37.19)
            self.assertEqual((card.shown_score, card.score), (50, 44.88))
            team._compute_results()
            scores = {one: score for one, score, _days in team.line_ids[1].heads}
            self.assertEqual(scores[card.id], 50)
            self._judge_nothing(team)
            team._compute_results()
        self.assertEqual((team.state, team.line_ids[1].lowest), ("calibration", 44.88))
        lines, told = self._told(team)
        for secret in ("44.88", f"{team.line_ids[1].actual:.2f}"):
            self.assertNotIn(secret, told)
        # Who leads a team need not be above its members.
        for name in ("heads", "lowest", "highest"):
            with self.assertRaises(AccessError):
                lines[1].read([name])
        self.assertEqual(lines[1].missing, "judgement")
        self.assertEqual(lines[0].actual, 1400)
        # The cards behind are those that the leader reads in any case.
        opened = lines[1].action_open_source()
        behind = self.env["sales.scorecard"].search(opened["domain"])
        self.assertEqual(behind, card + self._card("rep"))
        with self.assertRaises(UserError) as caught:
            team.with_user(self.users["director"]).action_confirm()
        self.assertIn(card.display_name, str(caught.exception))
        (team + card).with_user(self.users["director"]).action_confirm()
        self.assertEqual(set((team + card).mapped("state")), {"confirmed"})

    def test_scores_of_others_are_not_told(self):
        """A confirmed card tells nobody a score that the member's card does not."""
        for name, amount in (("rep", 900), ("peer", 437.1)):
            self._join(name, date(2030, 1, 1), self.team)
            self._sell(name, amount)
        with freeze_time("2031-01-10 12:00:00"):
            self._open()
        with freeze_time("2031-02-03 12:00:00"):
            team = self._team_card()
            self._judge_nothing(team)
            team.with_user(self.users["director"]).action_confirm()
            leader = team.with_user(self.users["leader"])
            appeal = leader._appeal("It was a hard month, too")
        peer = self._card("peer")
        self.assertEqual(peer.score, 43.71)
        # The peer's manager is somebody else: the leader does not read the card.
        self.assertFalse(peer.with_user(self.users["leader"]).has_access("read"))
        self.users["leader"].group_ids += self.env.ref("base.group_allow_export")
        _lines, told = self._told(team)
        told += str(leader.read()) + str(appeal.with_user(self.users["leader"]).read())
        told += str(leader.export_data(["snapshot", "line_ids/explanation"]))
        told += str(leader.message_ids.read())
        self.assertNotIn("43.71", told)
        self.assertIn("2 cards, on average 66.86 by working days", told)
        for name in ("snapshot_scores", "line_ids/lowest", "line_ids/heads"):
            with self.assertRaises(AccessError):
                leader.export_data([name])
        with self.assertRaises(AccessError):
            leader.search([("line_ids.lowest", "<", 50)])
        # Who reads the members' cards reads from which to which score they go.
        for name, shown in (("manager", False), ("director", True)):
            text = team.with_user(self.users[name]).line_ids[1].explanation
            self.assertEqual("from 43.71 to 90.00" in text, shown, name)
        self.reps["peer"].assignment_ids.manager_id = self.reps["leader"]
        self.assertIn("from 43.71 to 90.00", self._told(team)[1])
        # Who reads the whole company can do the sum again, of the appeal's, too.
        for name in ("director", "operations"):
            reader = team.with_user(self.users[name])
            (values,) = reader.read(["snapshot", "snapshot_scores"])
            _sold, scores, _spread = values["snapshot_scores"]
            whole = sum(days for _card, _score, days in scores["heads"])
            total = sum(score * days for _card, score, days in scores["heads"])
            actual = values["snapshot"]["lines"][1]["actual"]
            self.assertAlmostEqual(total / whole, actual, 2)
            self.assertEqual((scores["lowest"], scores["highest"]), (43.71, 90))
            (kept,) = appeal.with_user(self.users[name]).read(
                ["snapshot_scores_before"]
            )
            self.assertEqual(kept["snapshot_scores_before"], values["snapshot_scores"])

    def _judge_nothing(self, card):
        card._start()
        card.with_user(self.users["leader"]).action_submit_self()
        card.with_user(self.users["manager"]).action_submit()

    def test_team_score(self):
        """A member reads the team's score where the company says so, confirmed."""
        self._join("rep", date(2030, 1, 1), self.team)
        self._sell("rep", 900)
        self._open()
        card, team = self._card("rep"), self._team_card()
        mine = card.with_user(self.users["rep"])
        team.state = "confirmed"
        self.assertFalse(mine.team_score)
        self.company.sales_team_score_shown = True
        self.env.invalidate_all()
        self.assertEqual(mine.team_score, team.score)
        with self.assertRaises(AccessError):
            team.with_user(self.users["rep"]).read(["score"])
        team.state = "calibration"
        self.env.invalidate_all()
        self.assertFalse(mine.team_score)

    def test_leader_changes(self):
        """An untouched card follows who leads the team; without anybody it has none."""
        self._join("rep", date(2030, 1, 1), self.team)
        self.team.user_id = False
        self._open()
        card = self._team_card()
        self.assertEqual(card.leader_id, self.reps["leader"])
        self.team.user_id = self.users["peer_leader"]
        self._open()
        self.assertEqual(card.leader_id, self.reps["peer_leader"])
        self.assertEqual(card.manager_id, self.reps["peer_manager"])
        self.assertEqual(card.user_id, self.users["peer_leader"])
        self.reps["rep"].assignment_ids.write({"team_id": False})
        self._open()
        self.assertFalse(card.exists())

    def test_bad_templates(self):
        teams = {"subject": "teams", "name": "T"}
        for line, values in (
            ({"kind": "spread", "function": "ratio"}, {}),
            ({"kind": "team"}, teams),
            ({"kind": "conduct", "scope": "team"}, teams),
        ):
            with self.assertRaises(ValidationError, msg=line), self.env.cr.savepoint():
                self._template([{"name": "L", "weight": 100, **line}], **values)
        # Lines that fitted while the draft was of reps.
        draft = self._template([{"name": "L", "kind": "team", "weight": 100}])
        draft.subject = "teams"
        with self.assertRaises(ValidationError):
            draft.action_publish()
        with self.assertRaises(UserError):
            self.of_team.subject = "reps"

    def test_one_subject(self):
        self._join("rep", date(2030, 1, 1), self.team)
        self._open()
        card, team = self._card("rep"), self._team_card()
        for one, vals in (
            (card, {"rep_id": False, "team_id": False}),
            (card, {"leader_id": self.reps["leader"].id}),
            (card, {"rep_id": False}),
            (team, {"team_id": False}),
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError, msg=vals),
            ):
                one.write(vals)
                self.env.flush_all()

    def test_queries(self):
        """As many for a team of one as for both teams with all members."""
        for name in ("rep", "leader", "manager"):
            self._join(name, date(2030, 1, 1), self.team)
        self._join("peer", date(2030, 1, 1), self.other)
        self._open()
        cards = self.env["sales.scorecard"].search([])
        few = self._team_card(self.other) + self._card("peer")
        counts = []
        for some in (few, cards):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._compute_results()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLess(counts[1], 60)
