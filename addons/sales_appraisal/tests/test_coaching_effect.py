"""Effects against independent oracles: enumeration, and the normal formula anew."""

import random
from fractions import Fraction as F
from itertools import combinations
from statistics import NormalDist, mean

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..scoring.coaching import (
    MOST_EVENTS,
    Scored,
    Window,
    compare,
    conditional,
    effect,
    fisher,
    full_at,
    loss,
    normal,
    weakest,
)
from ..scoring.functions import Function

CASES = 2_000


def tails(chances, seen):
    """Twice the smaller tail, from the chance of each outcome."""
    low = sum(p for k, p in chances.items() if k <= seen)
    high = sum(p for k, p in chances.items() if k >= seen)
    return float(min(1, 2 * min(low, high)))


def throws(events, part):
    """How many of so many events fall into a part, event by event."""
    chances = {0: F(1)}
    for _number in range(events):
        after = {}
        for k, p in chances.items():
            after[k] = after.get(k, 0) + p * (1 - part)
            after[k + 1] = after.get(k + 1, 0) + p * part
        chances = after
    return chances


def draws(first, second, events):
    """Of all ways to choose who had an event, how many are in the second."""
    people = range(first + second)
    found = {}
    ways = list(combinations(people, events))
    for way in ways:
        k = sum(one >= first for one in way)
        found[k] = found.get(k, 0) + F(1, len(ways))
    return found


amounts = st.fractions(-100, 100, max_denominator=100)
bases = st.fractions(0, 50, max_denominator=4)
windows = st.builds(Window, amounts, bases)


class TestEffect(BaseCase):
    def test_rates(self):
        """Against the events one by one."""
        chance = random.Random(1)
        wrong = []
        for _number in range(CASES // 10):
            counts = [chance.randrange(12), chance.randrange(12)]
            days = [F(chance.randrange(1, 90), 2) for _side in counts]
            part = days[1] / sum(days)
            expected = tails(throws(sum(counts), part), counts[1])
            if conditional(counts, days) != expected:
                wrong.append((counts, days))
        self.assertFalse(wrong)

    def test_parts(self):
        """Against all ways to choose."""
        chance = random.Random(2)
        wrong = []
        for _number in range(60):
            trials = [chance.randrange(1, 7), chance.randrange(1, 7)]
            counts = [chance.randrange(n + 1) for n in trials]
            expected = tails(draws(*trials, sum(counts)), counts[1])
            if fisher(counts, trials) != expected:
                wrong.append((counts, trials))
        self.assertFalse(wrong)

    def test_days(self):
        """Against the formula of a ratio's variance, in floats and other words."""
        chance = random.Random(3)
        for _number in range(CASES):
            sides = []
            for _side in range(2):
                rows = tuple(
                    (F(chance.randrange(0, 900), 10), F(chance.randrange(1, 9)))
                    for _day in range(chance.randrange(5, 20))
                )
                sides.append(
                    Window(sum(y for y, _x in rows), sum(x for _y, x in rows), rows)
                )
            found = normal(*sides)
            rates, variances = [], []
            for side in sides:
                ys, xs = zip(*[map(float, row) for row in side.days], strict=True)
                r, n = mean(ys) / mean(xs), len(ys)
                squares = [(y - r * x) ** 2 for y, x in zip(ys, xs, strict=True)]
                rates.append(r)
                variances.append(sum(squares) / (n - 1) / n / mean(xs) ** 2)
            z = abs(rates[1] - rates[0]) / sum(variances) ** 0.5
            self.assertAlmostEqual(found, 2 * (1 - NormalDist().cdf(z)), 9)

    @given(st.tuples(windows, windows, windows, windows))
    @settings(deadline=None)
    def test_differences(self, four):
        """Nothing is left: the change is the team's and what is beyond it."""
        found = effect(*four)
        if all(window.base for window in four):
            self.assertEqual(found.change, found.team_change + found.beyond)
            self.assertEqual(found.after, found.before + found.change)
        else:
            self.assertIsNone(found.beyond)

    @given(st.data())
    @settings(deadline=None)
    def test_symmetry(self, data):
        """Before and after changed places: as likely by chance."""
        counts = data.draw(st.lists(st.integers(0, 40), min_size=2, max_size=2))
        days = data.draw(st.lists(st.integers(1, 60), min_size=2, max_size=2))
        p = conditional(counts, days)
        self.assertEqual(p, conditional(counts[::-1], days[::-1]))
        self.assertTrue(0 <= p <= 1)
        trials = [max(n, d) for n, d in zip(counts, days, strict=True)]
        self.assertEqual(fisher(counts, trials), fisher(counts[::-1], trials[::-1]))

    def test_method(self):
        """By what is counted, how much of it there is, and on how many days."""
        days = tuple((F(n % 3), F(1)) for n in range(9))
        some = Window(F(9), F(9), days)
        many = Window(F(MOST_EVENTS), F(9), days)
        few = Window(F(3), F(3), days[:3])
        for before, after, kind, method in (
            (some, some, "events", "events"),
            (some, some, "parts", "parts"),
            (some, some, "amounts", "days"),
            (many, some, "events", "days"),
            (some._replace(count=F(-1)), some, "events", "days"),
            (some, few, "amounts", None),
            (Window(), some, "events", None),
        ):
            self.assertEqual(compare(before, after, kind).method, method)
        self.assertEqual(compare(some, some, "events").observations, 18)

    def test_even_days(self):
        """What does not vary at all is no evidence by its variance."""
        level = Window(F(10), F(10), ((F(1), F(1)),) * 10)
        self.assertEqual(normal(level, level), 1)
        more = Window(F(20), F(10), ((F(2), F(1)),) * 10)
        self.assertIsNone(normal(level, more))


class TestWeakest(BaseCase):
    @given(
        st.lists(
            st.builds(
                Scored,
                st.sampled_from([0, 0, 500, 2000, 4000]),
                st.integers(-1000, 15_000),
                st.sampled_from([0, 0, 700]),
            ),
            max_size=9,
        )
    )
    @settings(deadline=None)
    def test_against_the_oracle(self, lines):
        """By another way: sorted by loss and place."""
        order = sorted(range(len(lines)), key=lambda n: (-loss(lines[n]), n))
        expected = order[0] if order and loss(lines[order[0]]) else None
        self.assertEqual(weakest(lines), expected)

    def test_losses(self):
        for line, points in (
            (Scored(2500, 6000), 1000),
            (Scored(2500, 12_000), 0),
            (Scored(0, -800), 800),
            (Scored(0, 300), 0),
            (Scored(0, 0, 1200), 1200),
        ):
            self.assertEqual(loss(line), points)

    def test_full(self):
        bands = Function("bands", points=((4, 60), (8, 100), (12, 120)))
        low = Function("linear", points=((0, 0), (50, 80)))
        for function, x in (
            (bands, 8),
            (low, 50),
            (Function("ratio"), 100),
            (Function("veto", limit=F(30)), 30),
            (Function("points"), None),
        ):
            self.assertEqual(full_at(function), x)
