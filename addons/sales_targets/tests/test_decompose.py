"""One node and its children: shares, guardrails, locks, hedge."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..planning.decompose import Child, Conflict, assign, split


@st.composite
def children(draw, locks=True):
    months = draw(st.lists(st.integers(0, 3000), min_size=1, max_size=12))
    total = sum(months)
    found = []
    for number in range(draw(st.integers(1, 7))):
        child = Child(number, Fraction(draw(st.integers(0, 30)) + (not number)))
        if locks:
            if draw(st.booleans()):
                child.least = draw(st.integers(0, total // 3))
            if draw(st.booleans()):
                child.most = (child.least or 0) + draw(st.integers(0, total))
            if draw(st.integers(0, 4)) == 0:
                child.year = draw(st.integers(0, total // 2))
            for month, whole in enumerate(months):
                if draw(st.integers(0, 6)) == 0:
                    child.months[month] = draw(st.integers(0, whole))
        found.append(child)
    return months, found


class TestDecompose(BaseCase):
    def _years(self, parts):
        return {key: sum(part.months) for key, part in parts.items()}

    def test_two_to_one(self):
        parts = split([334, 333, 333], [Child("a", Fraction(2)), Child("b")])
        self.assertEqual(parts["a"].months, [223, 222, 222])
        self.assertEqual(parts["b"].months, [111, 111, 111])

    def test_three_equal(self):
        parts = split([100_00], [Child(name) for name in "abc"])
        self.assertEqual(self._years(parts), {"a": 33_34, "b": 33_33, "c": 33_33})

    def test_guardrails(self):
        """1,200 over 500, 300, 200 by 50, 10, 40 %, growth -10 % to +60 %."""
        parts = split(
            [100] * 12,
            [
                Child("a", Fraction(50), 450, 800),
                Child("b", Fraction(10), 270, 480),
                Child("c", Fraction(40), 180, 320),
            ],
        )
        self.assertEqual(self._years(parts), {"a": 610, "b": 270, "c": 320})
        self.assertEqual([part.held for part in parts.values()], ["", "least", "most"])

    def test_days_that_are_over(self):
        """A month is not less than its days that are over; the others take it."""
        parts = split(
            [100, 100],
            [
                Child("a", Fraction(1), passed={0: 30}),
                Child("b", Fraction(1), passed={0: 70}),
                Child("c", Fraction(0), passed={0: 0}),
            ],
        )
        self.assertEqual(
            {key: part.months for key, part in parts.items()},
            {"a": [30, 50], "b": [70, 50], "c": [0, 0]},
        )
        with self.assertRaises(Conflict):
            split([90], [Child("a", passed={0: 30}), Child("b", passed={0: 70})])

    def test_hedge_compounds(self):
        regions = assign([1_000_000], Fraction(10, 100))
        self.assertEqual(regions, [1_100_000])
        self.assertEqual(assign(regions, Fraction(5, 100)), [1_155_000])

    def test_a_locked_cell(self):
        """The others take the rest, in its month and only there."""
        parts = split(
            [90, 90, 90],
            [Child("a", months={1: 50}), Child("b"), Child("c")],
        )
        self.assertEqual(parts["a"].months, [30, 50, 30])
        self.assertEqual(parts["b"].months, [30, 20, 30])

    def test_a_locked_year(self):
        parts = split([100, 200], [Child("a", year=150), Child("b"), Child("c")])
        self.assertEqual(parts["a"].months, [50, 100])
        self.assertEqual(sum(parts["b"].months), 75)

    def test_conflicts(self):
        for reason, missing, kids in (
            ("month", -10, [Child("a", months={0: 60}), Child("b", months={0: 50})]),
            ("month", 5, [Child("a", months={0: 60}), Child("b", months={0: 35})]),
            ("year", -20, [Child("a", year=40, months={0: 60}), Child("b")]),
            ("least", -20, [Child("a", least=120), Child("b", least=100)]),
            ("most", 50, [Child("a", most=100), Child("b", most=50)]),
            ("most", -20, [Child("a", year=80, most=60), Child("b")]),
        ):
            with self.subTest(reason=reason, missing=missing):
                with self.assertRaises(Conflict) as caught:
                    split([100, 100], kids)
                self.assertEqual(
                    (caught.exception.reason, caught.exception.missing),
                    (reason, missing),
                )

    @given(children(locks=False))
    @settings(max_examples=300, deadline=None)
    def test_shares(self, case):
        """Exact in both directions, nobody further than a unit from the share."""
        months, kids = case
        weight = sum(child.weight for child in kids)
        parts = split(months, kids)
        for month, whole in enumerate(months):
            self.assertEqual(sum(part.months[month] for part in parts.values()), whole)
        for child in kids:
            for month, whole in enumerate(months):
                share = whole * child.weight / weight
                self.assertLess(abs(parts[child.key].months[month] - share), 1)
            share = sum(months) * child.weight / weight
            self.assertLess(abs(sum(parts[child.key].months) - share), 1)

    @given(children())
    @settings(max_examples=500, deadline=None)
    def test_locks_hold(self, case):
        months, kids = case
        try:
            parts = split(months, kids)
        except Conflict as conflict:
            self.assertTrue(conflict.missing)
            return
        for month, whole in enumerate(months):
            self.assertEqual(sum(part.months[month] for part in parts.values()), whole)
        for child in kids:
            part = parts[child.key]
            year = sum(part.months)
            self.assertTrue(all(value >= 0 for value in part.months))
            for month, units in child.months.items():
                self.assertEqual(part.months[month], units)
            if child.year is not None:
                self.assertEqual(year, child.year)
            if child.least is not None:
                self.assertGreaterEqual(year, child.least)
            if child.most is not None:
                self.assertLessEqual(year, child.most)
