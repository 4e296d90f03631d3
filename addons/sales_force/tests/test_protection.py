"""The three clocks of a claimed customer."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..customers.protection import Clock
from ..working_time import Days

CLAIMED = date(2019, 3, 25)


def simulate(claimed, actions, protection, extension, limit, is_day):
    """Day by day, as a person with a calendar would do it: the last protected day.

    Counts are kept down to zero on each day that counts; nothing is added to dates.
    """
    left, hard = protection, limit or None
    day = claimed
    if day in actions:
        left = max(left, extension)
    while True:
        if left == 0 or hard == 0:
            return day
        day += timedelta(days=1)
        if is_day(day):
            left -= 1
            hard = hard and hard - 1
        if day in actions and extension:
            left = max(left, extension)


@tagged("post_install", "-at_install")
class TestProtection(BaseCase):
    clock = Clock(protection=10, extension=3, limit=20)

    def due(self, *actions):
        return self.clock.due(CLAIMED, [date(2019, *day) for day in actions])

    def test_the_worked_example(self):
        self.assertEqual(self.due(), date(2019, 4, 4))
        self.assertEqual(self.due((3, 28)), date(2019, 4, 4))
        self.assertEqual(self.due((3, 28), (4, 2)), date(2019, 4, 5))
        self.assertEqual(self.due((3, 28), (4, 2), (4, 5)), date(2019, 4, 8))
        daily = [(4, day) for day in range(1, 30)]
        self.assertEqual(self.due(*daily), date(2019, 4, 14))

    def test_too_late(self):
        """An action after the due day finds a customer who is free."""
        self.assertEqual(self.due((4, 5)), date(2019, 4, 4))
        self.assertEqual(self.due((4, 4), (4, 8)), date(2019, 4, 7))

    def test_without_limit(self):
        clock = Clock(10, 3, 0)
        actions = [CLAIMED + timedelta(days=day) for day in range(100)]
        self.assertEqual(clock.due(CLAIMED, actions), CLAIMED + timedelta(days=102))

    def test_without_extension(self):
        self.assertEqual(
            Clock(10, 0, 20).due(CLAIMED, [date(2019, 4, 4)]), date(2019, 4, 4)
        )

    def test_working_days(self):
        """From a Monday, ten working days end on Monday two weeks later."""
        days = [CLAIMED + timedelta(days=n) for n in range(200)]
        working = Days([day for day in days if day.weekday() < 5])
        self.assertEqual(
            Clock(10, 3, 20, working).due(CLAIMED, []), CLAIMED + timedelta(days=14)
        )
        saturday = CLAIMED + timedelta(days=5)
        self.assertEqual(working.ahead(saturday, 1), CLAIMED + timedelta(days=7))

    @settings(deadline=None, max_examples=300)
    @given(
        st.lists(st.integers(0, 60), max_size=12),
        st.integers(1, 20),
        st.integers(0, 10),
        st.integers(0, 30),
        st.sets(st.integers(0, 6), min_size=1),
    )
    def test_as_counted_day_by_day(self, gaps, protection, extension, limit, weekdays):
        def is_day(day):
            return day.weekday() in weekdays

        days = [CLAIMED + timedelta(days=n) for n in range(1500)]
        working = Days([day for day in days if is_day(day)])
        actions = [CLAIMED + timedelta(days=gap) for gap in gaps]
        self.assertEqual(
            Clock(protection, extension, limit, working).due(CLAIMED, actions),
            simulate(CLAIMED, set(actions), protection, extension, limit, is_day),
        )
