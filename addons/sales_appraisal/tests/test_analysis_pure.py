import unittest
from fractions import Fraction
from itertools import chain, combinations, pairwise
from statistics import fmean, pvariance

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.sales_appraisal.scoring import analysis

SCORES = st.lists(st.integers(0, 150), max_size=40)
PAIRS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=15)

GOALS = st.lists(
    st.builds(
        analysis.Goal,
        st.integers(1, 3),
        st.integers(0, 1000),
        st.integers(-50, 2000),
        st.integers(0, 23),
    ),
    max_size=3,
    unique_by=lambda goal: goal.metric,
)


def spearman_oracle(groups):
    """By counting who is below whom, exactly: no sorting, no ranks of ties."""
    left, right = [], []
    for pairs in groups:
        if len(pairs) < 2:
            continue
        for column, found in ((0, left), (1, right)):
            values = [pair[column] for pair in pairs]
            for value in values:
                below = sum(other < value for other in values)
                above = sum(other > value for other in values)
                found.append(Fraction(below - above, 2 * len(values)))
    cross = sum(x * y for x, y in zip(left, right, strict=True))
    return cross, sum(x * x for x in left), sum(y * y for y in right), len(left)


class TestAnalysis(unittest.TestCase):
    @given(st.lists(PAIRS, max_size=5))
    @settings(max_examples=400, deadline=None)
    def test_association(self, groups):
        cross, left, right, count = spearman_oracle(groups)
        used = sum(len(pairs) > 1 for pairs in groups)
        found = analysis.associate(groups)
        if count - used + 1 < analysis.ENOUGH_PAIRS or not left * right:
            self.assertIsNone(found)
            return
        self.assertEqual(found.count, count)
        self.assertAlmostEqual(found.rho, float(cross) / float(left * right) ** 0.5, 9)
        self.assertLessEqual(-1, found.low)
        self.assertLessEqual(found.low, found.rho)
        self.assertLessEqual(found.rho, found.high)
        self.assertLessEqual(found.high, 1)

    def test_known(self):
        """Spearman's rho of a textbook: IQ and hours of television."""
        iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
        hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
        found = analysis.associate([list(zip(iq, hours, strict=True))])
        self.assertAlmostEqual(found.rho, -29 / 165, 12)
        self.assertLess(found.low, 0)
        self.assertGreater(found.high, 0)

    def test_a_good_year_predicts_nothing(self):
        """Two periods of which all are better in the second: ranks stay apart."""
        weak = [(score, 50 - score % 7) for score in range(10)]
        strong = [(score + 100, 150 - score % 7) for score in range(10)]
        pooled = analysis.associate([weak + strong])
        apart = analysis.associate([weak, strong])
        self.assertGreater(pooled.rho, 0.5)
        self.assertLess(apart.rho, 0.1)

    @given(SCORES)
    def test_bins(self, scores):
        found = analysis.bins(scores)
        self.assertEqual(sum(count for _low, count in found), len(scores))
        for low, count in found:
            self.assertEqual(count, sum(low <= score < low + 10 for score in scores))
        for (first, _count), (second, _other) in pairwise(found):
            self.assertEqual(second, first + 10)

    @given(st.lists(st.integers(0, 150), min_size=1, max_size=12))
    def test_middle_half(self, values):
        """Also of two or three: no value is invented below the lowest."""
        low, high = analysis.middle_half(values)
        self.assertLessEqual(min(values), low)
        self.assertLessEqual(low, high)
        self.assertLessEqual(high, max(values))
        rows = sorted(values)
        for found, part in ((low, Fraction(1, 4)), (high, Fraction(3, 4))):
            whole, rest = divmod((len(rows) - 1) * part, 1)
            after = rows[min(whole + 1, len(rows) - 1)]
            self.assertAlmostEqual(
                found, float(rows[whole] + rest * (after - rows[whole]))
            )

    @given(st.lists(st.integers(-50, 100), max_size=12))
    def test_top_share(self, values):
        share = analysis.top_share(values)
        if sum(values) <= 0:
            self.assertIsNone(share)
            return
        best = max(map(sum, combinations(values, min(3, len(values)))))
        self.assertAlmostEqual(share, best / sum(values))

    def test_strictness(self):
        judged = {
            "lenient": [(95, 70), (98, 75), (92, 71), (97, 74)],
            "fair": [(70, 71), (82, 80), (66, 67), (75, 74)],
            "alike": [(80, 60), (80, 80), (80, 99)],
            "nobody": [],
        }
        found = analysis.compare_strictness(judged)
        self.assertEqual(set(found), {"lenient", "fair", "alike"})
        self.assertTrue(found["lenient"].notable)
        self.assertGreater(found["lenient"].against, 20)
        self.assertEqual(found["alike"].spread, 0)
        self.assertFalse(found["alike"].notable)
        rest = [j - f for m in ("lenient", "alike") for j, f in judged[m]]
        own = [j - f for j, f in judged["fair"]]
        self.assertAlmostEqual(found["fair"].against, fmean(own) - fmean(rest))
        error = (pvariance(own) * 4 / 3 / 4 + pvariance(rest) * 7 / 6 / 7) ** 0.5
        self.assertEqual(
            found["fair"].notable, abs(found["fair"].against) > 1.96 * error
        )

    def test_turnover_and_ramp(self):
        self.assertEqual(analysis.turnover(2, 8, 12), 0.2)
        self.assertIsNone(analysis.turnover(0, 0, 0))
        months = [[(0, 5)], [(10, 4)], [], [(10, 10)], [(10, 0)]]
        self.assertEqual(analysis.months_to_target(self._goals(months)), 2)
        self.assertIsNone(analysis.months_to_target(self._goals([[(10, 9)]])))

    @staticmethod
    def _goals(months):
        return [[analysis.Goal(1, *pair, 20) for pair in pairs] for pairs in months]

    @given(GOALS)
    def test_attainment(self, goals):
        """Of each metric apart, weighed by days; its unit changes nothing."""
        days = sum(goal.days for goal in goals if goal.target > 0)
        found = analysis.attainment(goals)
        if not days:
            self.assertIsNone(found)
            return
        oracle = sum(
            Fraction(goal.days) * goal.achieved / goal.target / days
            for goal in goals
            if goal.target > 0
        )
        self.assertAlmostEqual(found, float(oracle), 9)
        cents = [
            goal._replace(target=goal.target * 128, achieved=goal.achieved * 128)
            if goal.metric == 1
            else goal
            for goal in goals
        ]
        self.assertEqual(analysis.attainment(cents), found)

    @given(st.dictionaries(st.integers(1, 6), GOALS, max_size=5))
    def test_contributions(self, people):
        """They sum to the attainment of all: that of the sums, metric by metric."""
        sums = {}
        for goal in chain.from_iterable(people.values()):
            before = sums.get(goal.metric, analysis.Goal(goal.metric, 0, 0, 0))
            sums[goal.metric] = analysis.Goal(
                goal.metric,
                *(x + y for x, y in zip(before[1:], goal[1:], strict=True)),
            )
        whole = analysis.attainment(list(sums.values()))
        parts = analysis.contributions(people)
        if whole is None:
            self.assertEqual(parts, {})
            return
        self.assertEqual(set(parts), set(people))
        self.assertAlmostEqual(sum(parts.values()), whole, 9)
