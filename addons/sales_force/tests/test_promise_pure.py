"""Promises and replenishment without records, against plain counting."""

from datetime import date, timedelta
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..deals import promise
from ..deals.replenishment import order_quantity

DAY = date(2026, 3, 2)
QUANTITIES = st.integers(0, 50)
OFFSETS = st.integers(-3, 12)
DAYS = OFFSETS.map(lambda offset: DAY + timedelta(days=offset))
FLOWS = st.lists(st.tuples(DAYS, st.integers(-30, 30)), max_size=6).map(tuple)
STOCKS = st.builds(
    promise.Stock,
    on_hand=QUANTITIES,
    free=QUANTITIES,
    usable=QUANTITIES,
    flows=FLOWS,
)
NEEDS = st.lists(st.tuples(st.sampled_from("AB"), QUANTITIES, DAYS), max_size=6)
LOTS = st.lists(
    st.builds(
        promise.Lot,
        name=st.sampled_from("XYZ"),
        quantity=QUANTITIES,
        expires=st.none() | DAYS,
        removed=st.none() | DAYS,
    ),
    max_size=5,
)


@tagged("post_install", "-at_install")
class TestPromisePure(BaseCase):
    @given(NEEDS, st.tuples(STOCKS, STOCKS))
    def test_lines_share_the_stock(self, drawn, two):
        """Day by day, unit by unit: what is left for a line is what others left."""
        stocks = dict(zip("AB", two, strict=True))
        needs = [
            promise.Need(number, ((name, 1),), quantity, day)
            for number, (name, quantity, day) in enumerate(drawn)
        ]
        found = promise.promises(needs, stocks)
        self.assertEqual(set(found), set(range(len(needs))))
        for number, (name, quantity, day) in enumerate(drawn):
            before = sum(q for n, q, _d in drawn[:number] if n == name)
            there = stocks[name].usable - before
            for when, change in stocks[name].flows:
                if when <= day:
                    there += change
            one = found[number]
            self.assertEqual(one.forecast, there)
            self.assertEqual(one.free, stocks[name].free - before)
            self.assertEqual(one.short, max(0, quantity - max(0, there)))
            # The first day, by looking at each.
            days = (day + timedelta(days=n) for n in range(30))
            first = next(
                (
                    one_day
                    for one_day in days
                    if stocks[name].forecast(one_day) - before >= quantity
                ),
                None,
            )
            self.assertEqual(one.available, first)

    @given(
        st.tuples(STOCKS, STOCKS),
        st.tuples(st.integers(1, 4), st.integers(1, 4)),
        st.tuples(QUANTITIES, QUANTITIES, QUANTITIES),
        DAYS,
    )
    def test_kits_share_with_their_components(self, two, each, quantities, day):
        """As many kits as can be put together of what the lines before leave."""
        stocks = dict(zip("AB", two, strict=True))
        kit = tuple(zip("AB", each, strict=True))
        single, first, second = quantities
        needs = [
            promise.Need(1, (("A", 1),), single, day),
            promise.Need(2, kit, first, day, whole=True),
            promise.Need(3, kit, second, day, whole=True),
        ]
        found = promise.promises(needs, stocks)

        def kits(on, before, used):
            left = {name: stocks[name].forecast(on) for name in "AB"}
            left["A"] -= used
            for name, quantity in kit:
                left[name] -= before * quantity
            return min(left[name] // quantity for name, quantity in kit)

        self.assertEqual(found[2].forecast, kits(day, 0, single))
        self.assertEqual(found[3].forecast, kits(day, first, single))
        self.assertEqual(found[3].short, max(second - max(found[3].forecast, 0), 0))
        self.assertEqual(
            found[2].on_hand, min(stocks[name].on_hand // q for name, q in kit)
        )
        later = (day + timedelta(days=n) for n in range(30))
        enough = (one for one in later if kits(one, first, single) >= second)
        self.assertEqual(found[3].available, next(enough, None))

    @given(LOTS, DAYS, st.integers(0, 10))
    def test_first_expiring_first(self, lots, day, least):
        found = promise.by_expiry(lots, day, least)
        self.assertCountEqual([one.lot for one in found], lots)
        dates = [one.lot.expires or date.max for one in found]
        self.assertEqual(dates, sorted(dates))
        for one in found:
            if one.lot.expires is None:
                self.assertFalse(one.too_short)
            else:
                lasts = day + timedelta(days=least) <= one.lot.expires
                self.assertEqual(one.too_short, not lasts)

    @given(STOCKS, LOTS, QUANTITIES, DAYS, st.integers(0, 10))
    def test_missing_life(self, stock, lots, quantity, day, least):
        """Never more than what is promised beyond what is short."""
        [kept] = promise.promises(
            [promise.Need(1, (("A", 1),), quantity, day)], {"A": stock}
        ).values()
        lasting = promise.by_expiry(lots, day, least)
        missing = promise.missing_life(kept, quantity, lasting, day)
        self.assertTrue(0 <= missing <= quantity - kept.short)
        if not any(one.too_short for one in lasting):
            self.assertEqual(missing, 0)

    def test_life(self):
        self.assertEqual(promise.Life(30).days(400), 30)
        self.assertEqual(promise.Life(50, percent=True).days(400), 200)
        self.assertEqual(promise.Life(50, percent=True).days(0), 0)

    @given(
        st.integers(-40, 40),
        st.integers(0, 40),
        st.integers(0, 60),
        st.integers(0, 12),
        st.integers(0, 20),
    )
    def test_order_quantity(self, forecast, point, target, multiple, least):
        """The least that may be ordered and reaches the target, found by trying."""
        quantity = order_quantity(forecast, point, target, multiple, least)
        if forecast >= point:
            self.assertEqual(quantity, 0)
            return
        step = multiple or 1
        wanted = max(target, point) - forecast
        candidates = (step * n for n in range(200))
        expected = next(q for q in candidates if q >= wanted and q >= least)
        self.assertEqual(quantity, expected)
        self.assertEqual(quantity % step, 0)

    @given(
        st.floats(-1e3, 1e3), st.floats(0, 1e3), st.floats(0, 1e3), st.floats(0.1, 50)
    )
    def test_order_quantity_in_packs(self, forecast, point, target, multiple):
        quantity = order_quantity(forecast, point, target, multiple)
        self.assertGreaterEqual(quantity, 0)
        packs = quantity / multiple
        self.assertAlmostEqual(packs, round(packs), places=6)
        if quantity:
            self.assertGreaterEqual(forecast + quantity, max(target, point) - 1e-3)
            self.assertLessEqual(
                quantity,
                multiple * ceil((max(target, point) - forecast) / multiple) + 1e-6,
            )
