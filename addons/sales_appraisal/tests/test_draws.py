from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..commission.draws import ZERO, Period, settle

amounts = st.decimals(0, 5_000, places=2)
periods = st.lists(
    st.builds(
        Period,
        st.decimals(-5_000, 5_000, places=2),
        amounts,
        amounts,
        st.booleans(),
        amounts,
    ),
    max_size=12,
)


class TestDraws(BaseCase):
    def test_recovered_from_what_is_earned_above_the_draw(self):
        draw = Decimal(1000)
        first, second = settle(
            [Period(Decimal(200), draw=draw), Period(Decimal(1500), draw=draw)]
        )
        self.assertEqual((first.draw, first.balance), (800, 800))
        self.assertEqual((second.recovery, second.balance), (500, 300))

    @given(periods)
    def test_advanced_is_recovered_forknownor_open(self, history):
        found = settle(history)
        advanced = sum(
            one.draw
            for one, known in zip(found, history, strict=True)
            if known.recoverable
        )
        gone = sum(one.recovery + one.forgiveness for one in found)
        left = found[-1].balance if found else ZERO
        self.assertEqual(advanced, gone + left)

    @given(periods)
    def test_nothing_is_negative_and_nobody_falls_below_what_was_promised(
        self, history
    ):
        for one, known in zip(settle(history), history, strict=True):
            self.assertGreaterEqual(min(one), 0)
            paid = max(known.earned, ZERO) + one.guarantee + one.draw - one.recovery
            self.assertGreaterEqual(paid, max(known.minimum, known.draw))

    @given(periods, st.integers(0, 12))
    def test_a_history_may_be_settled_in_pieces(self, history, cut):
        first = settle(history[:cut])
        balance = first[-1].balance if first else ZERO
        self.assertEqual(settle(history), first + settle(history[cut:], balance))
