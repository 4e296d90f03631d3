"""Months over days: exact, leave, days that are over."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..planning.days import expected, spread

FIRST = date(2026, 3, 2)


def days(count, hours=8):
    return {FIRST + timedelta(days=number): hours for number in range(count)}


class TestDays(BaseCase):
    def test_the_worked_example(self):
        """22,000.00 over 22 days, and when two of them are leave."""
        self.assertEqual(set(spread(22_000_00, days(22)).values()), {1_000_00})
        self.assertEqual(set(spread(22_000_00, days(20)).values()), {1_100_00})

    def test_half_a_day(self):
        found = spread(90, {**days(1), FIRST + timedelta(days=1): 4})
        self.assertEqual(list(found.values()), [60, 30])

    def test_the_past_stays(self):
        kept = {FIRST: 500, FIRST + timedelta(days=1): 500}
        found = spread(3000, days(4), kept)
        self.assertEqual(list(found.values()), [500, 500, 1000, 1000])

    def test_no_day_left(self):
        """Nothing is lost: the last day answers for it."""
        self.assertEqual(sum(spread(100, {}, {FIRST: 40}).values()), 100)
        self.assertEqual(sum(spread(100, days(3, hours=0)).values()), 100)
        self.assertEqual(spread(100, {}), {})

    @given(
        st.integers(0, 10**9),
        st.lists(st.integers(0, 10), min_size=1, max_size=31),
        st.integers(0, 31),
    )
    def test_sums(self, units, hours, over):
        weights = {FIRST + timedelta(days=n): h for n, h in enumerate(hours)}
        first = spread(units, weights)
        self.assertEqual(sum(first.values()), units)
        kept = {day: first[day] for day in sorted(first)[:over]}
        again = spread(units + 77, weights, kept)
        self.assertEqual(sum(again.values()), units + 77)
        for day in list(kept)[:-1]:
            self.assertEqual(again[day], kept[day])

    def test_expected(self):
        months = {date(2026, 2, 1): 1000, date(2026, 3, 1): 22_000}
        targets = spread(22_000, days(22))
        self.assertEqual(expected(months, targets, date(2026, 2, 28)), 1000)
        self.assertEqual(expected(months, targets, FIRST), 2000)
        self.assertEqual(expected(months, {}, date(2026, 3, 31)), 23_000)
        self.assertEqual(expected(months, {}, FIRST), 1000 + Fraction(22_000 * 2, 31))
