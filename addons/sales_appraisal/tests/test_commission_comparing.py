"""What two ways of paying come to, against counting by hand."""

import unittest
from collections import defaultdict
from fractions import Fraction
from statistics import quantiles

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.sales_appraisal.commission import comparing

AMOUNT = st.integers(-(10**7), 10**9)
AMOUNTS = st.lists(AMOUNT, max_size=40)
SIDE = st.none() | AMOUNT
PERSON = st.builds(comparing.Person, SIDE, SIDE, AMOUNT)
ROWS = st.lists(
    st.tuples(st.integers(1, 5), SIDE, SIDE, AMOUNT),
    max_size=5,
    unique_by=lambda row: row[0],
)


class TestComparing(unittest.TestCase):
    @given(st.lists(ROWS, max_size=6))
    def test_merge(self, periods):
        sides = [defaultdict(list), defaultdict(list), defaultdict(list)]
        for rows in periods:
            for who, *values in rows:
                for side, value in zip(sides, values, strict=True):
                    side[who].append(value)
        found = comparing.merge(periods)
        self.assertEqual(found.keys(), sides[2].keys())
        for who, person in found.items():
            for side, value in zip(sides, person, strict=True):
                there = [one for one in side[who] if one is not None]
                self.assertEqual(value, sum(there) if there else None)

    @given(st.lists(PERSON, max_size=20))
    def test_movements(self, people):
        found = comparing.movements(people)
        self.assertEqual(sum(count for count, _sum in found.values()), len(people))
        left = sum(person.left or 0 for person in people)
        right = sum(person.right or 0 for person in people)
        self.assertEqual(sum(amount for _count, amount in found.values()), right - left)
        for name, sign in (("winners", 1), ("losers", -1)):
            moved = [
                (one.right or 0) - (one.left or 0)
                for one in people
                if sign * ((one.right or 0) - (one.left or 0)) > 0
            ]
            self.assertEqual(found[name], (len(moved), sum(moved)))

    @given(AMOUNTS)
    def test_spread(self, amounts):
        found = comparing.spread(amounts)
        self.assertEqual((found.count, found.total), (len(amounts), sum(amounts)))
        if not amounts:
            self.assertEqual(
                (found.quartiles, found.lowest, found.highest, found.top), (None,) * 4
            )
            return
        self.assertEqual((found.lowest, found.highest), (min(amounts), max(amounts)))
        if len(amounts) > 1:
            exact = quantiles(map(Fraction, amounts), n=4, method="inclusive")
            for value, one in zip(found.quartiles, exact, strict=True):
                self.assertLessEqual(abs(value - one), Fraction(1, 2))
        if sum(amounts) > 0:
            best = [
                amount
                for place, amount in enumerate(sorted(amounts, reverse=True))
                if place == 0 or place * comparing.TOP < len(amounts)
            ]
            self.assertEqual(found.top, Fraction(sum(best), sum(amounts)))

    @given(AMOUNTS, AMOUNTS, st.sampled_from([1, 100]))
    def test_bands(self, left, right, least):
        found = comparing.bands(left, right, least)
        self.assertLessEqual(len(found), comparing.BANDS)
        for side, amounts in enumerate((left, right)):
            for low, below, *counts in found:
                inside = [one for one in amounts if low <= one < below]
                self.assertEqual(counts[side], len(inside))
            self.assertEqual(sum(band[2 + side] for band in found), len(amounts))
        for (_low, below, *_more), (low, *_rest) in zip(found, found[1:], strict=False):
            self.assertEqual(below, low)
        if found:
            width = found[0][1] - found[0][0]
            self.assertIn(str(width // least).rstrip("0"), ("1", "2", "5"))
            self.assertEqual(width % least, 0)

    def test_examples(self):
        self.assertEqual(comparing.spread([0, 1, 2, 3]).quartiles, (1, 2, 2))
        self.assertEqual(comparing.spread([-1, 0]).quartiles, (-1, -1, 0))
        self.assertEqual(comparing.spread([1] * 19 + [21]).top, Fraction(22, 40))
        self.assertEqual(comparing.bands([5, 99], [100], 100)[0], (0, 100, 2, 0))
        self.assertEqual(comparing.part(5, 100), Fraction(1, 20))
        self.assertIsNone(comparing.part(5, 0))
