"""The one apportionment: every part sums to its whole, to the smallest unit."""

from fractions import Fraction

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..ledger.apportion import apportion
from . import oracle

units = st.integers(-(10**12), 10**12)
shares = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)
mixed = st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=12).filter(sum)


@tagged("post_install", "-at_install")
class TestApportion(BaseCase):
    def test_the_worked_example(self):
        self.assertEqual(apportion(10001, [60, 40]), [6001, 4000])
        self.assertEqual(apportion(4999, [60, 40]), [2999, 2000])
        self.assertEqual(apportion(10000, [11001, 5499]), [6667, 3333])

    def test_ties_go_to_the_first(self):
        self.assertEqual(apportion(1, [1, 1, 1]), [1, 0, 0])
        self.assertEqual(apportion(2, [1, 1, 1]), [1, 1, 0])
        self.assertEqual(apportion(-2, [1, 1, 1]), [-1, -1, 0])

    def test_largest_remainder_comes_first(self):
        self.assertEqual(apportion(100, [1, 2, 3]), [17, 33, 50])
        self.assertEqual(apportion(1, [1, 5]), [0, 1])

    def test_nothing(self):
        self.assertEqual(apportion(0, [3, 4]), [0, 0])
        self.assertEqual(apportion(7, [0, 1, 0]), [0, 7, 0])

    def test_no_weights(self):
        with self.assertRaises(ValueError):
            apportion(100, [0, 0])
        with self.assertRaises(ValueError):
            apportion(100, [1, -1])

    @settings(deadline=None, max_examples=300)
    @given(units, mixed)
    @example(4000, [11000, -3300])
    def test_parts_sum_to_the_whole(self, whole, weights):
        self.assertEqual(sum(apportion(whole, weights)), whole)

    @settings(deadline=None, max_examples=300)
    @given(units, mixed)
    def test_the_sign_turns(self, whole, weights):
        """What is undone is what was done."""
        self.assertEqual(
            apportion(-whole, weights), [-part for part in apportion(whole, weights)]
        )

    @settings(deadline=None, max_examples=300)
    @given(units, shares)
    def test_within_one_unit(self, whole, weights):
        for part, weight in zip(apportion(whole, weights), weights, strict=True):
            self.assertLess(abs(part - Fraction(whole) * weight / sum(weights)), 1)

    @settings(deadline=None, max_examples=300)
    @given(units, mixed)
    def test_within_one_unit_of_any_sign(self, whole, weights):
        for part, weight in zip(apportion(whole, weights), weights, strict=True):
            self.assertLessEqual(abs(part - Fraction(whole) * weight / sum(weights)), 1)

    @settings(deadline=None, max_examples=300)
    @given(st.integers(0, 10**9), shares)
    def test_nobody_gets_what_is_not_there(self, whole, weights):
        """A positive whole has no negative parts, a weight of zero gets nothing."""
        for part, weight in zip(apportion(whole, weights), weights, strict=True):
            self.assertGreaterEqual(part, 0)
            if not weight:
                self.assertEqual(part, 0)

    @settings(deadline=None, max_examples=200)
    @given(units, mixed, st.integers(1, 1000))
    def test_weights_have_no_unit(self, whole, weights, factor):
        self.assertEqual(
            apportion(whole, weights), apportion(whole, [w * factor for w in weights])
        )
        self.assertEqual(
            apportion(whole, weights), apportion(whole, [-w for w in weights])
        )

    @settings(deadline=None, max_examples=300)
    @given(units, mixed)
    def test_equals_the_oracle(self, whole, weights):
        self.assertEqual(apportion(whole, weights), oracle.apportion(whole, weights))

    @settings(deadline=None, max_examples=200)
    @given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8), shares)
    def test_instalments_sum(self, instalments, weights):
        """Cumulative parts: whatever the instalments, each part ends at its own."""
        assume(sum(weights))
        whole = sum(instalments)
        sums = [0] * len(weights)
        for before, upto in oracle.cumulative(instalments):
            for index, (less, more) in enumerate(
                zip(apportion(before, weights), apportion(upto, weights), strict=True)
            ):
                sums[index] += more - less
        self.assertEqual(sums, apportion(whole, weights))
