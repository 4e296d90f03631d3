"""Rebates by tiers: the arithmetic, against one that pays unit by unit."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..deals import rebates
from ..deals.rebates import Span

TIERS = [(100_00, Fraction(1, 100)), (300_00, Fraction(3, 100))]
starts = st.lists(st.integers(0, 60), min_size=1, max_size=5, unique=True)
rates = st.lists(st.integers(0, 50), min_size=5, max_size=5)
volumes = st.integers(-20, 120)
days = st.dates(date(2019, 1, 1), date(2032, 12, 31))
periods = st.sampled_from(["month", "quarter", "year"])


def by_units(volume, tiers, whole):
    """Each unit of the volume is paid by the tier in which it lies, or by the last."""
    paid = Fraction(0)
    for unit in range(max(volume, 0)):
        place = volume if whole else unit
        # The unit from ``unit`` to ``unit + 1`` lies above a start at or below it.
        below = [rate for start, rate in sorted(tiers) if start <= place]
        paid += below[-1] if below else 0
    return paid


@tagged("post_install", "-at_install")
class TestRebatesPure(BaseCase):
    def test_whole(self):
        self.assertEqual(rebates.rebate(99_99, TIERS, True), 0)
        self.assertEqual(rebates.rebate(100_00, TIERS, True), 1_00)
        self.assertEqual(rebates.rebate(400_00, TIERS, True), 12_00)

    def test_incremental(self):
        self.assertEqual(rebates.rebate(100_00, TIERS, False), 0)
        self.assertEqual(rebates.rebate(300_00, TIERS, False), 2_00)
        self.assertEqual(rebates.rebate(400_00, TIERS, False), 5_00)

    def test_growth(self):
        tiers = [(0, Fraction(1, 100)), (10, Fraction(2, 100))]
        grown = rebates.grown(tiers, 200_00)
        self.assertEqual([start for start, _rate in grown], [200_00, 220_00])
        self.assertEqual(rebates.rebate(199_99, grown, True), 0)
        self.assertEqual(rebates.rebate(220_00, grown, True), 4_40)
        self.assertEqual(rebates.rebate(220_00, grown, False), Fraction(20))
        self.assertEqual(rebates.grown(tiers, 0), [])

    def test_next_tier(self):
        self.assertEqual(rebates.following(100_00, TIERS), TIERS[1])
        self.assertIsNone(rebates.following(300_00, TIERS))
        self.assertIsNone(rebates.reached(99_99, TIERS))
        self.assertEqual(rebates.reached(300_00, TIERS), Fraction(3, 100))

    def test_halves(self):
        for amount, expected in ((1.5, 2), (-1.5, -2), (1.25, 1), (0, 0)):
            self.assertEqual(rebates.rounded(Fraction(amount)), expected)

    @settings(deadline=None, max_examples=300)
    @given(volumes, starts, rates, st.booleans())
    def test_unit_by_unit(self, volume, starts, rates, whole):
        tiers = [
            (start, Fraction(rate, 100))
            for start, rate in zip(starts, rates, strict=False)
        ]
        self.assertEqual(
            rebates.rebate(volume, tiers, whole), by_units(volume, tiers, whole)
        )

    @settings(deadline=None, max_examples=200)
    @given(volumes, volumes, starts, rates)
    def test_more_is_never_less(self, one, other, starts, rates):
        """Where rates rise, so does what is paid, and incremental pays no more."""
        tiers = list(zip(sorted(starts), sorted(rates), strict=False))
        low, high = sorted((one, other))
        for whole in (True, False):
            self.assertLessEqual(
                rebates.rebate(low, tiers, whole), rebates.rebate(high, tiers, whole)
            )
        self.assertLessEqual(
            rebates.rebate(high, tiers, False), rebates.rebate(high, tiers, True)
        )

    @settings(deadline=None, max_examples=200)
    @given(periods, days, st.integers(0, 1500))
    def test_spans(self, period, start, length):
        """Each day is in one of them, and each begins with a period of the calendar."""
        stop = start + timedelta(days=length)
        spans = rebates.spans(period, start, stop)
        self.assertEqual((spans[0].start, spans[-1].stop), (start, stop))
        for one, other in zip(spans, spans[1:], strict=False):
            self.assertEqual(other.start, one.stop + timedelta(days=1))
            self.assertEqual(other.start.day, 1)
        for span in spans:
            self.assertEqual(span.start.year, span.stop.year)

    @settings(deadline=None, max_examples=200)
    @given(periods, days, st.integers(0, 900))
    def test_year_before(self, period, start, length):
        """The years before of neighbours are neighbours: no day lost, none twice."""
        spans = rebates.spans(period, start, start + timedelta(days=length))
        former = [rebates.year_before(span) for span in spans]
        for span, before in zip(spans, former, strict=True):
            self.assertEqual(before.start.year, span.start.year - 1)
            self.assertEqual(before.stop.month, span.stop.month)
        for one, other in zip(former, former[1:], strict=False):
            self.assertEqual(other.start, one.stop + timedelta(days=1))

    def test_leap(self):
        leap = Span(date(2024, 2, 1), date(2024, 2, 29))
        self.assertEqual(rebates.year_before(leap).stop, date(2023, 2, 28))
        after = Span(date(2025, 2, 1), date(2025, 2, 28))
        self.assertEqual(rebates.year_before(after).stop, date(2024, 2, 29))
