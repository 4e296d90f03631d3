"""Scoring functions and cards against an independent oracle, and what always holds."""

import random
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction as F

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..scoring.card import Line, hundredths, weigh
from ..scoring.functions import Function, is_vetoed, next_step, score

CASES = 100_000
KINDS = ("ratio", "lower", "linear", "bands", "points")


def oracle(function, x):
    """The same in Decimal, by other words: search from the top, formula of a line."""
    x = Decimal(x.numerator) / Decimal(x.denominator)
    if function.kind == "bands":
        for start, points in reversed(function.points):
            if x >= start:
                return Decimal(points)
        return Decimal(0)
    if function.kind == "linear":
        first, last = function.points[0], function.points[-1]
        if x < first[0]:
            return Decimal(first[1])
        if x >= last[0]:
            return Decimal(last[1])
        after = min(n for n, point in enumerate(function.points) if point[0] > x)
        (x0, y0), (x1, y1) = function.points[after - 1 : after + 1]
        return (y0 * (x1 - x) + y1 * (x - x0)) / Decimal(x1 - x0)
    floor, cap = Decimal(int(function.floor)), Decimal(int(function.cap))
    if function.kind == "lower":
        x = Decimal(100) + (Decimal(100) - x)
    elif function.kind == "points":
        x *= Decimal(int(function.rate))
    return sorted((floor, x, cap))[1]


def make(chance):
    kind = chance.choice(KINDS)
    floor = chance.randrange(-20, 60)
    xs = sorted(chance.sample(range(-50, 200), chance.randrange(2, 7)))
    return Function(
        kind,
        floor=F(floor),
        cap=F(floor + chance.randrange(0, 120)),
        points=tuple((x, chance.randrange(0, 151)) for x in xs),
        rate=F(chance.randrange(-5, 6)),
    )


class TestFunctions(BaseCase):
    def test_against_the_oracle(self):
        chance = random.Random(5)
        different = []
        for _number in range(CASES):
            function = make(chance)
            x = F(chance.randrange(-10_000, 30_000), 100)
            if function.points and not chance.randrange(3):
                x = F(chance.choice(function.points)[0])
            cents = Decimal("0.01")
            exact = oracle(function, x).quantize(cents, ROUND_HALF_UP)
            if hundredths(score(function, x)) != int(exact * 100):
                different.append((function, x))
        self.assertFalse(different)

    def test_bands_are_closed_on_the_left(self):
        bands = Function("bands", points=((80, 80), (100, 100), (120, 120)))
        for x, points in (
            (F(7999, 100), 0),
            (80, 80),
            (F(9999, 100), 80),
            (100, 100),
            (120, 120),
            (500, 120),
        ):
            self.assertEqual(score(bands, x), points, x)
        self.assertEqual(next_step(bands, F(95)), (100, 20))
        self.assertIsNone(next_step(bands, F(120)))

    def test_next_step_of_lines(self):
        """Where a line is level, more is to be had farther on, on either side."""
        rising = Function("linear", points=((40, 0), (70, 60), (90, 100)))
        self.assertEqual(next_step(rising, F(34)), (70, 60))
        self.assertIsNone(next_step(rising, F(50)))
        self.assertIsNone(next_step(rising, F(95)))
        falling = Function("linear", points=((0, 100), (10, 80), (30, 0)))
        self.assertEqual(next_step(falling, F(40)), (10, 80))
        self.assertIsNone(next_step(falling, F(12)))

    def test_lower_is_better(self):
        lower = Function("lower", cap=F(150))
        for x, points in ((100, 100), (90, 110), (0, 150), (250, 0)):
            self.assertEqual(score(lower, x), points, x)

    def test_veto(self):
        below = Function("veto", cap=F(60), limit=F(70))
        above = below._replace(side="above")
        self.assertEqual([is_vetoed(below, x) for x in (69, 70, 71)], [1, 0, 0])
        self.assertEqual([is_vetoed(above, x) for x in (69, 70, 71)], [0, 0, 1])

    @given(st.data())
    @settings(deadline=None)
    def test_linear_stays_between_its_points(self, data):
        xs = data.draw(st.lists(st.integers(-99, 99), min_size=2, unique=True))
        points = tuple((x, data.draw(st.integers(0, 150))) for x in sorted(xs))
        function = Function("linear", points=points)
        found = score(function, data.draw(st.fractions(-150, 150)))
        self.assertLessEqual(min(y for _x, y in points), found)
        self.assertLessEqual(found, max(y for _x, y in points))
        for x, y in points:
            self.assertEqual(score(function, x), y)


RATIO = Function("ratio", cap=F(120))
lines = st.lists(
    st.builds(
        Line,
        st.sampled_from(
            [
                RATIO,
                Function("points", floor=F(-10), cap=F(10)),
                Function("veto", cap=F(60), limit=F(50)),
            ]
        ),
        st.integers(1, 10_000),
        st.none() | st.fractions(-50, 150, max_denominator=50),
    ),
    min_size=1,
    max_size=9,
)


class TestCard(BaseCase):
    def test_the_worked_example(self):
        """0.5 · 92 + 0.3 · 76 + 0.2 · 80 = 84.8"""
        card = weigh(
            [
                Line(RATIO, 5000, F(92)),
                Line(Function("linear", points=((70, 60), (90, 100))), 3000, F(78)),
                Line(Function("bands", points=((4, 80), (5, 100))), 2000, F(41, 10)),
            ]
        )
        self.assertEqual(card.scores, [9200, 7600, 8000])
        self.assertEqual(card.parts, [4600, 2280, 1600])
        self.assertEqual(card.total, 8480)

    def test_what_does_not_apply(self):
        """Its weight is shared by the others, in proportion, and shown."""
        card = weigh(
            [
                Line(RATIO, 5000, F(90)),
                Line(RATIO, 3000, F(50)),
                Line(RATIO, 2000, None),
            ]
        )
        self.assertEqual(card.weights, [6250, 3750, 0])
        self.assertEqual(card.total, 7500)
        nothing = weigh([Line(RATIO, 5000, None)])
        self.assertIsNone(nothing.total)

    def test_points_and_veto(self):
        points = Function("points", floor=F(-5), cap=F(5), rate=F(2))
        veto = Function("veto", cap=F(60), limit=F(70))
        card = weigh(
            [Line(RATIO, 10_000, F(80)), Line(points, 0, F(9)), Line(veto, 0, F(69))]
        )
        self.assertEqual((card.weighted, card.points, card.cap), (8000, 500, 6000))
        self.assertEqual(card.total, 6000)

    @given(lines)
    @settings(deadline=None, max_examples=300)
    def test_sums(self, found):
        card = weigh(found)
        weighted = [line for line in found if line.function == RATIO]
        applies = [line for line in weighted if line.x is not None]
        self.assertEqual(sum(card.parts), card.weighted + card.points)
        self.assertEqual(sum(card.weights), 10_000 if applies else 0)
        if not applies:
            self.assertIsNone(card.total)
            return
        exact = F(
            sum(
                line.weight * int(hundredths(score(RATIO, line.x))) for line in applies
            ),
            sum(line.weight for line in applies),
        )
        self.assertLessEqual(abs(exact - card.weighted), F(1, 2))
        before = card.weighted + card.points
        self.assertEqual(
            card.total, before if card.cap is None else min(before, card.cap)
        )
