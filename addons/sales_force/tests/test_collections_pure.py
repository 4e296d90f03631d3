"""Ages and promises: arithmetic without records."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..deals.aging import BUCKETS, bucket
from ..deals.promises import judge

DAYS = st.integers(-1000, 1000)
TODAY = date(2031, 5, 12)


class TestPure(BaseCase):
    @given(residual=st.integers(1, 10**9), days=DAYS)
    def test_one_bucket(self, residual, days):
        """Each item is in the one bucket whose days hold it."""
        spans = ((-1000, 0), (1, 30), (31, 60), (61, 90), (91, 1000))
        [expected] = [
            name
            for name, (first, last) in zip(BUCKETS, spans, strict=False)
            if first <= days <= last
        ]
        self.assertEqual(bucket(residual, days), expected)
        self.assertEqual(bucket(-residual, days), "credit")

    @given(days=st.lists(DAYS, min_size=2, max_size=2).map(sorted))
    def test_older_is_later(self, days):
        """The older an item the later its bucket, by name as well."""
        first, second = (bucket(1, count) for count in days)
        self.assertLessEqual(first, second)

    @given(
        promised=st.integers(1, 1000),
        paid=st.integers(-100, 2000),
        days=DAYS,
        withdrawn=st.booleans(),
    )
    def test_judged_once(self, promised, paid, days, withdrawn):
        """Kept is kept and broken is broken, however much later one looks."""
        deadline = TODAY + timedelta(days=days)
        status = judge(promised, paid, deadline, TODAY, withdrawn)
        later = judge(promised, paid, deadline, TODAY + timedelta(days=3000), withdrawn)
        if status != "open":
            self.assertEqual(later, status)
        else:
            self.assertEqual(later, "broken")
        self.assertEqual(status == "withdrawn", withdrawn)
        if not withdrawn:
            self.assertEqual(status == "kept", paid >= promised)
