"""What of feedback is shown: against brute force, and as an attacker would read it."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction as F
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..scoring.feedback import ALL, REST, overall, partition, percent, summarise

AUDIENCES = ("peer", "report", "manager", "customer")
ANSWERS = st.lists(
    st.tuples(
        st.sampled_from(("a", "b", "c")),
        st.sampled_from(AUDIENCES),
        st.builds(F, st.integers(0, 100), st.integers(1, 7)),
    ),
    max_size=40,
)


def reachable(groups):
    """All sets of people whose sum can be had by adding and subtracting what is shown.

    Of blocks that do not overlap, and of all of them, these are unions of blocks and of
    what is left beside them.
    """
    blocks = [frozenset(group) for group in groups.values()]
    found = set(blocks)
    while True:
        more = {one | other for one, other in combinations(found, 2)}
        more |= {one - other for one, other in product(found, repeat=2) if other < one}
        if more <= found:
            return found - {frozenset()}
        found |= more


class TestPartition(BaseCase):
    def test_nobody_by_difference(self):
        """All counts up to six of four audiences: whatever one subtracts, at least the
        minimum is left; and no more is hidden than needed."""
        for minimum, *numbers in product((3, 4, 5), *([range(7)] * 4)):
            counts = dict(zip(AUDIENCES, numbers, strict=True))
            people = {
                name: {(name, number) for number in range(count)}
                for name, count in counts.items()
            }
            shown, merged = partition(counts, minimum)
            if sum(numbers) < minimum:
                self.assertEqual((shown, merged), ([], []))
                continue
            groups = {ALL: set().union(*people.values())}
            groups |= {name: people[name] for name in shown}
            if merged:
                groups[REST] = set().union(*(people[name] for name in merged))
            for found in reachable(groups):
                self.assertGreaterEqual(len(found), minimum, (counts, minimum))
            self.assertEqual(len(shown), self._most(counts, minimum), counts)

    def _most(self, counts, minimum):
        """Of all choices of audiences, the largest that leaves nobody or enough."""
        total = sum(counts.values())
        large = [name for name, count in counts.items() if count >= minimum]
        return max(
            len(chosen)
            for size in range(len(large) + 1)
            for chosen in combinations(large, size)
            if (left := total - sum(counts[name] for name in chosen)) == 0
            or left >= minimum
        )


class TestSummary(BaseCase):
    @settings(max_examples=300, deadline=None)
    @given(ANSWERS, st.integers(3, 5))
    def test_against_sums(self, answers, minimum):
        found = summarise(answers, minimum)
        by_section = defaultdict(list)
        for section, audience, value in answers:
            by_section[section].append((audience, value))
        self.assertEqual(
            set(found),
            {one for one, rows in by_section.items() if len(rows) >= minimum},
        )
        for section, groups in found.items():
            rows = by_section[section]
            named = set(groups) - {ALL, REST}
            for group, average in groups.items():
                values = [
                    value
                    for audience, value in rows
                    if group == ALL
                    or audience == group
                    or (group == REST and audience not in named)
                ]
                self.assertGreaterEqual(len(values), minimum)
                self.assertEqual(average.count, len(values))
                self.assertEqual(average.value * len(values), sum(values))
                expected = sum(
                    Decimal(one.numerator) / Decimal(one.denominator) for one in values
                ) / len(values)
                self.assertAlmostEqual(
                    Decimal(average.value.numerator)
                    / Decimal(average.value.denominator),
                    expected,
                    20,
                )
            counted = [groups[name].count for name in {*named, REST} if name in groups]
            self.assertIn(sum(counted), {0, groups[ALL].count})

    @settings(max_examples=200, deadline=None)
    @given(ANSWERS, st.randoms(use_true_random=False))
    def test_order_tells_nothing(self, answers, chance):
        shuffled = list(answers)
        chance.shuffle(shuffled)
        self.assertEqual(summarise(answers, 3), summarise(shuffled, 3))

    @settings(max_examples=200, deadline=None)
    @given(ANSWERS)
    def test_overall_tells_nothing_more(self, answers):
        """It is the same for all answers that show the same sections."""
        sections = summarise(answers, 3)
        whole = overall(sections)
        for group, average in whole.items():
            values = [one[group].value for one in sections.values() if group in one]
            self.assertEqual(average.value * len(values), sum(values))
        self.assertEqual(bool(whole), bool(sections))
        self.assertNotIn(REST, whole)

    def test_percent(self):
        for low, high in combinations(range(11), 2):
            worth = [percent(value, low, high) for value in range(low, high + 1)]
            self.assertEqual((worth[0], worth[-1]), (0, 100))
            self.assertEqual(
                {b - a for a, b in zip(worth, worth[1:], strict=False)},
                {F(100, high - low)},
            )
