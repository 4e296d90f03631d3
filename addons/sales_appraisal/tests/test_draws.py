from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..commission.draws import Period, promised, settle
from ..commission.schedule import HUNDRED, ZERO

CENT = Decimal("0.01")
START, STOP = date(2031, 2, 1), date(2031, 2, 28)
amounts = st.decimals(0, 5_000, places=2)
periods = st.lists(
    st.builds(
        Period,
        st.decimals(-5_000, 5_000, places=2),
        amounts,
        amounts,
        st.decimals(0, 100, places=2),
        st.lists(amounts, max_size=2).map(tuple),
        st.booleans(),
    ),
    max_size=12,
)
around = st.dates(START - timedelta(days=20), STOP + timedelta(days=20))
ranges = st.tuples(around, around).map(lambda pair: tuple(sorted(pair)))


def chain(history, balance=ZERO):
    found = []
    for period in history:
        found.append(settle(period, balance, CENT))
        balance = found[-1].balance
    return found


class TestDraws(BaseCase):
    def test_recovered_from_what_is_earned_above_the_draw(self):
        draw = Decimal(1000)
        first, second = chain(
            [Period(Decimal(200), draw=draw), Period(Decimal(1500), draw=draw)]
        )
        self.assertEqual((first.draw, first.balance), (800, 800))
        self.assertEqual((second.recovery, second.balance), (500, 300))

    def test_recovered_in_part(self):
        """At most half of what is earned above the draw."""
        first, second = chain(
            [Period(ZERO, draw=Decimal(1000)), Period(Decimal(301), percent=50)]
        )
        self.assertEqual((first.balance, second.recovery), (1000, Decimal("150.5")))

    def test_guarantee_comes_first(self):
        """What is guaranteed is not owed; the draw adds what is missing of it."""
        [only] = chain([Period(Decimal(-70), Decimal(300), Decimal(1000))])
        self.assertEqual((only.guarantee, only.draw, only.balance), (300, 700, 700))

    def test_forgiven_before_recovered(self):
        _first, second, third = chain(
            [
                Period(ZERO, draw=Decimal(1000)),
                Period(Decimal(500), forgiven=(Decimal(600), Decimal(900))),
                Period(Decimal(500)),
            ]
        )
        self.assertEqual(second.forgiven, (600, 400))
        self.assertEqual((second.recovery, third.recovery), (0, 0))

    def test_ends(self):
        _first, second = chain(
            [Period(ZERO, draw=Decimal(1000)), Period(Decimal(400), ends=True)]
        )
        self.assertEqual((second.recovery, second.ended, second.balance), (400, 600, 0))

    @given(periods)
    def test_advanced_is_recovered_forgiven_or_open(self, history):
        found = chain(history)
        advanced = sum(one.draw for one in found)
        gone = sum(one.recovery + one.ended + sum(one.forgiven) for one in found)
        left = found[-1].balance if found else ZERO
        self.assertEqual(advanced, gone + left)

    @given(periods)
    def test_nothing_is_negative_and_nobody_falls_below_what_was_promised(
        self, history
    ):
        for one, known in zip(chain(history), history, strict=True):
            self.assertGreaterEqual(min(*one[:2], *one[3:], *one.forgiven, ZERO), 0)
            positive = max(known.earned, ZERO)
            paid = positive + one.guarantee + one.draw - one.recovery
            self.assertGreaterEqual(paid, max(known.minimum, known.draw))
            self.assertLessEqual(
                one.recovery, positive * known.percent / HUNDRED + CENT / 2
            )

    @given(periods, st.integers(0, 12))
    def test_a_history_may_be_settled_in_pieces(self, history, cut):
        first = chain(history[:cut])
        balance = first[-1].balance if first else ZERO
        self.assertEqual(chain(history), first + chain(history[cut:], balance))

    def test_promised_in_part(self):
        """Half of February, and the second step from the 22nd on."""
        days = [(date(2031, 2, 15), STOP)]
        steps = [(date(2030, 12, 1), Decimal(2800)), (date(2031, 2, 22), Decimal(280))]
        found = promised(days, [], steps, (START, STOP), CENT)
        self.assertEqual(found, 7 * 100 + 7 * 10)

    @given(
        st.lists(ranges, max_size=2),
        st.lists(st.tuples(ranges, amounts), max_size=2),
        st.dictionaries(around, amounts, max_size=3),
    )
    def test_promised_day_by_day(self, days, agreed, steps):
        agreed = [(*days_, amount) for days_, amount in agreed]
        total, day = Fraction(0), START
        while day <= STOP:
            here = any(first <= day <= last for first, last in days)
            own = [amount for first, last, amount in agreed if first <= day <= last]
            begun = [amount for first, amount in sorted(steps.items()) if first <= day]
            total += here * Fraction((own[:1] or begun[-1:] or [ZERO])[0])
            day += timedelta(days=1)
        exact = Decimal(total.numerator) / total.denominator / 28
        found = promised(days, agreed, list(steps.items()), (START, STOP), CENT)
        self.assertLessEqual(abs(found - exact), CENT / 2)
        self.assertEqual(found, found.quantize(CENT))
