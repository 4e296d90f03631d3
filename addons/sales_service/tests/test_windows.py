"""Which windows are offered, against every minute of them."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.sales_force.working_time import union

from ..tickets.windows import STEP, available, first_start, free_time, grid, way

START = datetime(2031, 3, 3)
MINUTE = timedelta(minutes=1)
SPAN = 600


def spans(most):
    """Of minutes, as ``(start, stop)`` moments in any order."""
    return st.lists(
        st.tuples(st.integers(0, SPAN - 1), st.integers(1, 240)).map(
            lambda pair: (at(pair[0]), at(min(SPAN, sum(pair))))
        ),
        max_size=most,
    )


def at(minute):
    return START + minute * MINUTE


def oracle(working, busy, length, window):
    """The first moment, tried one by one: each minute is worked, none is taken."""

    def is_free(minute):
        moment = at(minute)
        return any(start <= moment < stop for start, stop in working) and not any(
            start - travel <= moment < stop + travel for start, stop, travel in busy
        )

    for minute in range(0, SPAN, 5):
        if window[0] <= at(minute) < window[1] and all(
            is_free(one) for one in range(minute, minute + length)
        ):
            return at(minute)
    return None


@tagged("post_install", "-at_install")
class TestWindows(BaseCase):
    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(spans(3), min_size=1, max_size=3),
        spans(4),
        st.lists(st.integers(0, 45), min_size=4, max_size=4),
        st.integers(1, 240),
        st.integers(1, 200),
    )
    def test_against_every_minute(self, working, busy, travel, length, width):
        """Who is offered can come then, nobody who can is left out, at the earliest."""
        busy = [(*one, far * MINUTE) for one, far in zip(busy, travel, strict=False)]
        working = [union(one) for one in working]
        windows = grid([(START, at(SPAN))], width * MINUTE)
        free = {key: free_time(one, busy) for key, one in enumerate(working)}
        found = available(windows, free, length * MINUTE, START)
        for window in windows:
            expected = [
                (key, start)
                for key, one in enumerate(working)
                if (start := oracle(one, busy, length, window))
            ]
            self.assertEqual(found.get(window, []), expected)

    @given(st.lists(st.integers(1, 900), min_size=1, max_size=4), st.integers(1, 400))
    def test_grid(self, days, width):
        """Windows fill each day; none is half as long again as it should be."""
        bounds = [
            (start, start + minutes * MINUTE)
            for start, minutes in (
                (START + number * timedelta(days=1), minutes)
                for number, minutes in enumerate(days)
            )
        ]
        windows = grid(bounds, width * MINUTE)
        for start, stop in bounds:
            own = [one for one in windows if start <= one[0] < stop]
            self.assertEqual(own[0][0], start)
            self.assertEqual([one[1] for one in own[:-1]], [one[0] for one in own[1:]])
            self.assertEqual(own[-1][1], stop)
            for begin, end in own:
                self.assertLess(end - begin, 1.5 * width * MINUTE)
                self.assertTrue(len(own) == 1 or end - begin >= 0.5 * width * MINUTE)

    def test_ahead(self):
        """What has begun is not offered."""
        windows = grid([(START, at(SPAN))], timedelta(hours=5))
        free = {"a": [(START, at(SPAN))]}
        self.assertEqual(
            [*available(windows, free, MINUTE, at(1))], [(at(300), at(600))]
        )

    def test_way(self):
        """A degree of longitude at the equator: 111.195 km."""
        usual = 30 * MINUTE
        self.assertEqual(way((0, 0), (0, 1), 60, usual), 112 * MINUTE)
        self.assertEqual(way((0, 0), (0, 1), 120, usual), 56 * MINUTE)
        self.assertEqual(way((48, 11), (48, 11), 30, usual), 0 * MINUTE)
        self.assertEqual(way((0, 0), (0, 10), 60, usual), 8 * 60 * MINUTE)
        for unknown in ((None, (0, 1)), ((0, 1), None), (None, None)):
            self.assertEqual(way(*unknown, 60, usual), usual)

    def test_step(self):
        """Work begins at full five minutes."""
        free = [(at(7), at(100))]
        self.assertEqual(first_start(free, 10 * MINUTE, (START, at(60))), at(10))
        self.assertIsNone(first_start(free, 91 * MINUTE, (START, at(60))))
        self.assertEqual(STEP, 5 * MINUTE)
