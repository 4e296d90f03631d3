"""Forced distribution: sums, order and ties of all groups up to 200."""

import random
from collections import Counter
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..scoring.distribution import distribute

SHARES = ([10, 20, 50, 15, 5], [20, 70, 10], [1, 1, 1], [0, 100, 0], [5, 95])


class TestDistribution(BaseCase):
    def assertRight(self, scores, shares):
        found = distribute(scores, shares)
        size, whole = len(scores), sum(shares)
        self.assertEqual(sum(found.quotas), size)
        self.assertEqual(sum(found.counts), size)
        self.assertEqual(Counter(found.grades), Counter(dict(enumerate(found.counts))))
        for quota, share in zip(found.quotas, shares, strict=True):
            self.assertLess(abs(quota - Fraction(size * share, whole)), 1)
        ranked = sorted(zip(scores, found.grades, strict=True), key=lambda p: -p[0])
        for (before, better), (after, worse) in zip(ranked, ranked[1:], strict=False):
            self.assertLessEqual(better, worse)
            if before == after:
                self.assertEqual(better, worse)
        # Where nobody at a cut is equal, the quotas are met to the person.
        places = [g for g, count in enumerate(found.quotas) for _ in range(count)]
        told = {person for tie in found.ties for person in tie.members}
        for place, (value, grade) in enumerate(ranked):
            block = [p for p, (other, _grade) in enumerate(ranked) if other == value]
            spanned = [places[p] for p in block]
            if len(set(spanned)) == 1:
                self.assertEqual(grade, places[place])
                continue
            most = max(Counter(spanned).values())
            self.assertEqual(
                grade, min(g for g, n in Counter(spanned).items() if n == most)
            )
            self.assertLessEqual(
                {p for p, other in enumerate(scores) if other == value}, told
            )
        return found

    def test_all_groups(self):
        chance = random.Random(7)
        for size in range(1, 201):
            for shares in SHARES:
                distinct = chance.sample(range(10_000), size)
                found = self.assertRight(distinct, shares)
                self.assertEqual(found.counts, found.quotas)
                self.assertFalse(found.ties)
                self.assertRight(
                    [chance.randrange(size // 3 + 1) for _ in range(size)], shares
                )

    @given(
        st.lists(st.integers(0, 12), min_size=1, max_size=200),
        st.lists(st.integers(0, 60), min_size=1, max_size=6).filter(any),
    )
    @settings(deadline=None, max_examples=100)
    def test_any(self, scores, shares):
        self.assertRight(scores, shares)

    def test_all_equal(self):
        """Nobody is put above equals: the grade that most places are of."""
        found = distribute([80] * 10, [10, 20, 50, 15, 5])
        self.assertEqual(set(found.grades), {2})
        self.assertEqual(found.ties[0].members, tuple(range(10)))

    def test_too_few(self):
        self.assertIsNone(distribute([1, 2, 3], [50, 50], minimum=4))
        self.assertIsNone(distribute([], [1]))
        with self.assertRaises(ValueError):
            distribute([1], [0, 0])
