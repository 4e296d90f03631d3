from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..commission import schedule

UNIT = Decimal("0.01")
starts = st.decimals(0, 100_000, places=2)
percents = st.decimals(0, 100, places=4)
tables = st.lists(
    st.tuples(starts, percents), min_size=1, max_size=6, unique_by=lambda tier: tier[0]
)
amounts = st.decimals(-50_000, 300_000, places=2)


def by_hand(mode, tiers, total):
    """What a table pays for a total, slice by slice, in fractions."""
    tiers = sorted((Fraction(start), Fraction(rate)) for start, rate in tiers)
    total = Fraction(total)
    if mode == "progressive":
        paid = Fraction(0)
        for index, (start, rate) in enumerate(tiers):
            low = start if index or start else min(total, Fraction(0))
            high = tiers[index + 1][0] if index + 1 < len(tiers) else max(total, low)
            if total > low:
                paid += (min(total, high) - low) * rate / 100
            elif index == 0 and start == 0 and total < 0:
                paid += total * rate / 100
        return paid
    reached = [tier for tier in tiers if tier[0] <= total]
    if not reached:
        first = tiers[0]
        return total * first[1] / 100 if first[0] == 0 else Fraction(0)
    start, rate = reached[-1]
    later = tiers[len(reached) :]
    if mode == "interpolated" and later:
        end, after = later[0]
        rate += (after - rate) * (total - start) / (end - start)
        rate = Fraction(
            (Decimal(rate.numerator) / Decimal(rate.denominator)).quantize(
                Decimal("1e-8"), ROUND_HALF_UP
            )
        )
    return total * rate / 100


class TestSchedule(BaseCase):
    def test_example(self):
        tiers = [(0, 2), (100_000, 3), (150_000, 5)]
        total = Decimal(180_000)
        self.assertEqual(schedule.progressive(tiers).total(total), 5000)
        self.assertEqual(schedule.whole(tiers, total).total(total), 9000)
        self.assertEqual(
            schedule.whole(tiers, 149_999).total(Decimal(149_999)), Decimal("4499.97")
        )

    def test_between(self):
        made = schedule.interpolated([(80, 1), (100, 2)], 90)
        self.assertEqual(made.total(Decimal(1000)), 15)
        self.assertEqual(
            schedule.interpolated([(80, 1), (100, 2)], 79).total(Decimal(1000)), 0
        )
        self.assertEqual(
            schedule.interpolated([(80, 1), (100, 2)], 500).total(Decimal(1000)), 20
        )

    def test_bonus(self):
        tiers = [(100, 500), (120, 800)]
        for total, highest, added in ((99, 0, 0), (100, 500, 500), (130, 800, 1300)):
            self.assertEqual(schedule.bonus(tiers, Decimal(total), False), highest)
            self.assertEqual(schedule.bonus(tiers, Decimal(total), True), added)

    @given(tables, amounts)
    @example([(Decimal(0), Decimal(2))], Decimal(-10))
    def test_progressive(self, tiers, total):
        made = schedule.progressive(tiers)
        self.assertEqual(
            Fraction(made.total(total)), by_hand("progressive", tiers, total)
        )

    @given(tables, amounts)
    def test_on_everything(self, tiers, total):
        for mode in ("whole", "interpolated"):
            made = getattr(schedule, mode)(tiers, total)
            self.assertEqual(Fraction(made.total(total)), by_hand(mode, tiers, total))

    @given(tables, st.lists(amounts, max_size=20), st.none() | starts)
    def test_parts(self, tiers, values, cap):
        """What each credit earns sums to what the total earns, whatever the order."""
        made = schedule.progressive(tiers)._replace(cap=cap)
        whole = made.hold(made.total(sum(values, Decimal(0))), UNIT)
        for order in (values, values[::-1]):
            total = paid = Decimal(0)
            for value in order:
                before = made.hold(made.total(total), UNIT)
                total += value
                paid += made.hold(made.total(total), UNIT) - before
            start = made.hold(made.total(Decimal(0)), UNIT)
            self.assertEqual(start + paid, whole)
