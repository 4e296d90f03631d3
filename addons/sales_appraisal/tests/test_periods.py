"""Periods of the calendar, and the parts of one by role."""

from calendar import monthrange
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase
from odoo.tools.date_utils import get_fiscal_year

from ..scoring.curve import is_drawable, vertices
from ..scoring.functions import Function, score
from ..scoring.periods import (
    MONTHS,
    bounds,
    earlier,
    firsts,
    parts,
    payday,
    place,
    years,
)

days = st.dates(date(2000, 1, 1), date(2040, 12, 31))


class TestPeriods(BaseCase):
    @given(days, st.integers(0, 24), st.integers(1, 31))
    def test_payday(self, stop, months, day):
        """In its month, on its day or the last one there is; never too early."""
        found = payday(stop, months, day)
        self.assertGreaterEqual(found, stop)
        number = stop.year * 12 + stop.month - 1 + months
        self.assertEqual(found.year * 12 + found.month - 1, number)
        if found != stop:
            last = monthrange(found.year, found.month)[1]
            self.assertEqual(found.day, min(day, last))

    @given(st.sampled_from(sorted(MONTHS)), days)
    def test_bounds(self, period, day):
        """They hold the day, begin a month, and follow each other without gaps."""
        start, stop = bounds(period, day)
        self.assertTrue(start <= day <= stop)
        self.assertEqual((start.day, (stop + timedelta(days=1)).day), (1, 1))
        self.assertEqual(bounds(period, stop)[0], start)
        self.assertEqual(
            bounds(period, stop + timedelta(days=1))[0], stop + timedelta(days=1)
        )
        self.assertEqual((start.month - 1) % MONTHS[period], 0)

    @given(st.sampled_from(["quarter", "half", "year"]), days, st.data())
    def test_fiscal(self, period, day, data):
        """Parts of the fiscal year: day by day, without gaps, counted from one on."""
        month = data.draw(st.integers(1, 12))
        final = data.draw(st.integers(1, monthrange(2001, month)[1]))
        last = (month, final)
        start, stop = bounds(period, day, last)
        self.assertTrue(start <= day <= stop)
        for other in (start, stop):
            self.assertEqual(bounds(period, other, last), (start, stop))
        after = bounds(period, stop + timedelta(days=1), last)
        self.assertEqual(after[0], stop + timedelta(days=1))
        self.assertEqual(earlier(period, after[1], 1, last), start)
        number, count = place(period, day, last), 12 // MONTHS[period]
        self.assertIn(number, range(1, count + 1))
        following = place(period, after[0], last)
        self.assertEqual(following, number % count + 1)
        if number == count:
            # The fiscal year as Odoo has it ends with its last part.
            self.assertEqual(get_fiscal_year(day, final, month)[1], stop)
            self.assertEqual(years(day, last)[1], stop.year)
        if number == 1:
            self.assertEqual(get_fiscal_year(day, final, month)[0], start)
            self.assertEqual(years(day, last)[0], start.year)

    @given(st.sampled_from(sorted(MONTHS)), days, st.integers(0, 800), st.data())
    def test_firsts(self, period, start, length, data):
        """Against asking for each day."""
        last = data.draw(st.sampled_from([(12, 31), (3, 31), (4, 5), (2, 28)]))
        run = [start + timedelta(days=n) for n in range(length + 1)]
        self.assertEqual(
            firsts(period, start, run[-1], last),
            sorted({bounds(period, day, last)[0] for day in run}),
        )

    @given(
        st.dictionaries(st.integers(0, 40), st.sampled_from("AB") | st.none()),
        st.integers(0, 30),
        st.integers(0, 30),
    )
    def test_parts(self, changes, first, length):
        """Day by day: each counted day is in one part, of its role, and no other."""
        origin = date(2031, 1, 1)
        start = origin + timedelta(days=first)
        stop = start + timedelta(days=length)
        roles = sorted(
            (origin + timedelta(days=number), role) for number, role in changes.items()
        )
        found = parts(start, stop, roles)
        by_day = {}
        for begin, end, role in found:
            for number in range((end - begin).days + 1):
                day = begin + timedelta(days=number)
                self.assertNotIn(day, by_day)
                by_day[day] = role
        for number in range(length + 1):
            day = start + timedelta(days=number)
            known = [role for since, role in roles if since <= day]
            self.assertEqual(by_day.pop(day, None), known[-1] if known else None)
        self.assertFalse(by_day)
        for (_a, end, role), (begin, _b, other) in zip(found, found[1:], strict=False):
            self.assertFalse(role == other and begin == end + timedelta(days=1))


class TestCurve(BaseCase):
    @given(st.data())
    def test_corners_are_on_the_function(self, data):
        xs = data.draw(st.lists(st.integers(-50, 200), min_size=1, unique=True))
        function = Function(
            data.draw(st.sampled_from(["ratio", "lower", "linear", "bands", "points"])),
            cap=120,
            points=tuple((x, data.draw(st.integers(0, 150))) for x in sorted(xs)),
        )
        self.assertTrue(is_drawable(function))
        line = vertices(function)
        self.assertEqual(line, sorted(line, key=lambda point: point[0]))
        # Of two corners at one input the last is what the function gives there.
        for x, y in dict(line).items():
            self.assertAlmostEqual(float(score(function, x)), y)

    def test_incomplete(self):
        self.assertFalse(is_drawable(Function("linear")))
        self.assertFalse(is_drawable(Function("ratio", floor=100, cap=50)))
        self.assertEqual(
            vertices(Function("veto", cap=60, limit=70))[1:3], [(70, 60), (70, 100)]
        )
