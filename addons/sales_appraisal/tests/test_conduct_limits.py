"""Points of conduct count up to the company's limits, the earliest first."""

import random
from calendar import monthrange
from collections import defaultdict
from datetime import date, timedelta

from odoo.tests import tagged
from odoo.tools import SQL

from ..conduct import counted
from .common import AppraisalCase


@tagged("post_install", "-at_install")
class TestConductLimits(AppraisalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "sales_points_period": "month",
                "sales_reward_limit": 10,
                "sales_penalty_limit": 5,
            }
        )
        cls.good = cls.env.ref("sales_force.sales_conduct_category_help")
        cls.bad = cls.env.ref("sales_force.sales_conduct_category_visit")

    def _case(self, points, day, name="rep", state="confirmed"):
        return self.env["sales.conduct"].create(
            {
                "rep_id": self.reps[name].id,
                "category_id": (self.good if points > 0 else self.bad).id,
                "points": abs(points),
                "date": day,
                "description": "As it was",
                "state": state,
                "decided_on": day,
            }
        )

    def test_card_and_case_say_so(self):
        first = self._case(6, "2031-01-05")
        last = self._case(5, "2031-01-20")
        middle = self._case(3, "2031-01-20")  # the same day: the later id
        self._case(4, "2031-02-01")
        self._open()
        card = self._card()
        line = self._line(card, "Conduct")
        self.assertEqual((line.x, line.part), (10, 10))
        self.assertIn(
            "Rewards: 10 of 14 points count, the limit of the month is 10.",
            line.explanation,
        )
        self.assertNotIn("Penalties", line.explanation)
        self.assertEqual([c.counted for c in first + last + middle], [6, 4, 0])
        self.assertFalse(first.counted_text)
        self.assertEqual(
            last.counted_text,
            "Of its 5 points 4 count: 10 of 14 points count, the limit of the month "
            "is 10.",
        )
        # An appeal that is granted lets the later ones count.
        first.state = "granted"
        self.env.invalidate_all()
        self.assertEqual([c.counted for c in first + last + middle], [0, 5, 3])
        card._compute_results()
        self.assertEqual(line.x, 8)
        self.assertFalse(line.points_limited)
        self.assertNotIn("limit", line.explanation)

    def test_both_sides(self):
        """Rewards do not make room for penalties, nor the other way."""
        self._case(12, "2031-01-05")
        self._case(-7, "2031-01-06")
        self._open()
        line = self._line(self._card(), "Conduct")
        self.assertEqual(line.x, 5)
        self.assertIn("Penalties: 5 of 7 points count", line.explanation)
        self.assertIn("Rewards: 10 of 12 points count", line.explanation)

    def test_no_limit(self):
        self.company.sales_reward_limit = 0
        case = self._case(40, "2031-01-05")
        self.assertEqual(case.counted, 40)
        self.assertFalse(case.counted_text)

    def test_parts_of_a_month(self):
        """The limit is of the whole month, whatever part of it a card is of."""
        self._case(8, "2031-01-05")
        self._case(8, "2031-01-25")
        self.company.sales_points_period = "quarter"
        self._case(8, "2031-02-25")
        self._open(date(2031, 2, 1))
        self.assertEqual(self._line(self._card(), "Conduct").x, 0)

    def test_fiscal_year(self):
        """Periods are the scorecards' own: here a year from April, a quarter of it."""
        self.company.write(
            {
                "fiscalyear_last_month": "3",
                "fiscalyear_last_day": 31,
                "sales_points_period": "half",
            }
        )
        # One half of the fiscal year, in two calendar years.
        first = self._case(8, "2030-10-01")
        second = self._case(8, "2031-03-31")
        third = self._case(8, "2031-04-01")
        self.assertEqual([c.counted for c in first + second + third], [8, 2, 8])
        self.assertIn("the limit of the half-year is 10", second.counted_text)
        self.company.sales_points_period = "year"
        self.env.invalidate_all()
        self.assertEqual([c.counted for c in first + second + third], [8, 2, 8])
        self.company.fiscalyear_last_month = "12"
        self.env.invalidate_all()
        self.assertEqual([c.counted for c in first + second + third], [8, 8, 2])
        # A year need not end with a month.
        self.company.write({"fiscalyear_last_month": "4", "fiscalyear_last_day": 5})
        self.env.invalidate_all()
        self.assertEqual([c.counted for c in first + second + third], [8, 2, 0])

    def test_oracle(self):
        """Against adding up case by case, of random cases."""
        draw = random.Random(5)
        for period in ("month", "quarter", "half", "year"):
            month = draw.randint(1, 12)
            self.company.write(
                {
                    "fiscalyear_last_month": str(month),
                    "fiscalyear_last_day": monthrange(2030, month)[1],
                    "sales_points_period": period,
                    "sales_reward_limit": draw.randint(0, 15),
                    "sales_penalty_limit": draw.randint(0, 15),
                }
            )
            for _case in range(40):
                self._case(
                    draw.choice((-1, 1)) * draw.randint(0, 6),
                    date(2030, 6, 1) + timedelta(days=draw.randint(0, 400)),
                    draw.choice(("rep", "peer", "leader")),
                    draw.choice(("confirmed", "upheld", "granted", "dismissed")),
                )
            self.env.flush_all()
            cases = self.env["sales.conduct"].search([])
            found = {
                id_: part
                for id_, *_rest, part in self.env.execute_query(
                    counted(self.env, SQL("TRUE"))
                )
            }
            left, expected = defaultdict(dict), {}
            months = {"month": 1, "quarter": 3, "half": 6, "year": 12}[period]
            for case in cases.sorted(lambda one: (one.date, one.id)):
                if not case.score:
                    continue
                place = (case.date.year * 12 + case.date.month - 1 - month) // months
                reward = case.score > 0
                company = case.company_id
                limit = (
                    company.sales_reward_limit
                    if reward
                    else company.sales_penalty_limit
                )
                key = (case.rep_id, reward, place)
                rest = left[key].get("rest", limit or 10**9)
                part = min(abs(case.score), rest)
                left[key]["rest"] = rest - part
                expected[case.id] = part if reward else -part
            self.assertEqual(found, expected)
