"""Pace, deviation and back-solving: the worked examples, and what always holds."""

from fractions import Fraction as F
from itertools import permutations
from math import prod

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..planning.deviation import causes, rates, round_parts, shapley
from ..planning.drivers import back_solve, shrink
from ..planning.pace import pace

PLANNED = [F(20), F(8), F(1, 2), F(1, 4), F(8000), F(4, 5)]
ACTUAL = [F(18), F(15, 2), F(12, 25), F(1, 4), F(8200), F(7, 10)]
factors = st.lists(st.fractions(0, 50, max_denominator=20), min_size=2, max_size=5)
counts = st.lists(st.integers(0, 40), min_size=6, max_size=6)


class TestPace(BaseCase):
    def test_the_worked_example(self):
        found = pace(220_000, 90_000, F(100_000), 12)
        self.assertEqual(found.index, F(9, 10))
        self.assertEqual(round(float(found.required), 2), 10_833.33)
        self.assertEqual(found.landing, 198_000)
        self.assertEqual(found.gap, 130_000)

    def test_what_cannot_be_said(self):
        found = pace(0, 0, F(0), 0)
        self.assertEqual(
            (found.index, found.attainment, found.required, found.landing), (None,) * 4
        )
        self.assertEqual(pace(100, 150, F(50), 3).required, 0)


class TestDeviation(BaseCase):
    def test_the_worked_example(self):
        parts = [part * 100 for part in shapley(PLANNED, ACTUAL)]
        gap = int(100 * (prod(ACTUAL) - prod(PLANNED)))
        self.assertEqual(gap, -35_012_00)
        self.assertEqual(
            round_parts(parts, gap),
            [-11_545_27, -7_079_72, -4_480_90, 0, 2_715_14, -14_621_25],
        )

    @given(factors, factors)
    @settings(max_examples=60, deadline=None)
    def test_definition(self, before, after):
        """The average over all orders in which the factors could have changed."""
        size = min(len(before), len(after), 4)
        before, after = before[:size], after[:size]
        parts = [F(0)] * size
        orders = list(permutations(range(size)))
        for order in orders:
            values = list(before)
            for number in order:
                was = prod(values)
                values[number] = after[number]
                parts[number] += prod(values) - was
        self.assertEqual(shapley(before, after), [part / len(orders) for part in parts])

    @given(counts, counts)
    @settings(deadline=None)
    def test_counts(self, planned, actual):
        """Zero rates leave no residual."""
        for chain in (planned, actual):
            found = rates(chain)
            self.assertEqual(
                prod(value or 0 for value in found.values), chain[-1], chain
            )
        gap = actual[-1] - planned[-1]
        self.assertEqual(sum(causes(planned, actual, gap)), gap)

    @given(st.lists(st.fractions(-99, 99), min_size=1, max_size=8))
    def test_rounded(self, parts):
        units = round(sum(parts))
        found = round_parts(parts, units)
        self.assertEqual(sum(found), units)
        self.assertTrue(all(abs(a - b) < 2 for a, b in zip(found, parts, strict=True)))


class TestDrivers(BaseCase):
    def test_the_worked_example(self):
        needs = back_solve(64_000, [F(4, 5), 8_000, F(1, 4), F(1, 2)], 10)
        self.assertEqual([need.total for need in needs[1:]], [10, 40, 80])
        self.assertEqual(needs[-1].today, 8)

    def test_what_cannot_be_told(self):
        needs = back_solve(1000, [F(1, 2), None, F(1, 2)], 5)
        self.assertEqual(needs[0].total, 2000)
        self.assertEqual(needs[1:], [None, None])
        self.assertEqual(back_solve(-5, [F(1, 2)], 5)[0].total, 0)

    def test_shrink(self):
        """Few observations: the team's rate; many: the own one."""
        self.assertEqual(shrink(0, 0, F(1, 4)), F(1, 4))
        self.assertEqual(shrink(10, 10, F(0)), F(1, 2))
        self.assertGreater(shrink(900, 1000, F(1, 10)), F(88, 100))
        self.assertIsNone(shrink(0, 0, None))
        self.assertEqual(shrink(3, 4, None), F(3, 4))
