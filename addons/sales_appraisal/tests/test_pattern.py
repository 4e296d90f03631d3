"""Patterns over periods, against an oracle that asks each period anew."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..scoring.pattern import (
    KINDS,
    Entry,
    Pattern,
    completed,
    counted,
    holds,
    number,
)
from ..scoring.periods import MONTHS, bounds

ENTRIES = st.builds(Entry, st.integers(0, 12), st.one_of(st.none(), st.integers(0, 4)))
HISTORIES = st.dictionaries(st.integers(0, 14), ENTRIES)


@st.composite
def patterns(draw):
    window = draw(st.integers(1, 6))
    return Pattern(
        draw(st.sampled_from(KINDS)),
        draw(st.integers(1, window)),
        window,
        draw(st.integers(0, 10)),
        draw(st.booleans()),
    )


def _good(pattern, history, place):
    """In words: is this period one of those that are meant?"""
    if place not in history:
        return False
    score, rank = history[place]
    before = history[place - 1].rank if place - 1 in history else None
    both = rank is not None and before is not None
    return {
        "score_min": score >= pattern.limit,
        "score_max": not score >= pattern.limit,
        "grade_min": rank is not None and rank >= pattern.limit,
        "grade_max": rank is not None and rank <= pattern.limit,
        "grade_up": both and rank - before >= pattern.limit,
        "grade_down": both and before - rank >= pattern.limit,
    }[pattern.kind]


def _oracle(pattern, history, places, used):
    """From period to period, with a list of what is left to be counted."""
    used, found = set(used), []
    for place in range(-1, 20):
        if place not in places or place in used:
            continue
        free = []
        for back in range(pattern.window):
            one = place - back
            if pattern.restart and back and one in used:
                break
            free.append(one)
        good = [one for one in free if _good(pattern, history, one)]
        if place in good and len(good) >= pattern.times:
            found.append(place)
            used.add(place)
    return found


@tagged("post_install", "-at_install")
class TestPattern(BaseCase):
    @given(
        patterns(), HISTORIES, st.sets(st.integers(0, 14)), st.sets(st.integers(0, 14))
    )
    def test_oracle(self, pattern, history, places, used):
        self.assertEqual(
            completed(pattern, history, places, used),
            _oracle(pattern, history, places, used),
        )

    @given(patterns(), HISTORIES, st.sets(st.integers(0, 14)))
    def test_again(self, pattern, history, used):
        """What was found once is not found again, and still holds."""
        found = completed(pattern, history, history, used)
        both = used.union(found)
        self.assertEqual(completed(pattern, history, history, both), [])
        for place in found:
            self.assertTrue(holds(pattern, history, place, both))
            self.assertLessEqual(len(counted(pattern, place, both)), pattern.window)

    def test_running(self):
        """Three times running; the fourth is the first of the next three."""
        three = Pattern("grade_min", 3, 3, 3)
        history = {place: Entry(0, 4) for place in range(1, 8)}
        self.assertEqual(completed(three, history, history), [3, 6])
        self.assertEqual(
            completed(three._replace(restart=False), history, history), [3, 4, 5, 6, 7]
        )
        del history[5]
        self.assertEqual(completed(three, history, history), [3])

    def test_of_the_last(self):
        """Two of the last three; the last one is one of them."""
        two = Pattern("score_max", 2, 3, 75)
        low, high = Entry(60, 1), Entry(75, 2)
        history = {1: low, 2: high, 3: low, 4: high, 5: low}
        self.assertEqual(completed(two, history, history), [3])
        self.assertEqual(
            completed(two, history, history, fits=lambda one: one > 3), [5]
        )

    def test_change(self):
        up = Pattern("grade_up", 1, 1, 2)
        history = {1: Entry(0, 1), 2: Entry(0, 3), 4: Entry(0, 0), 5: Entry(0, None)}
        self.assertEqual(completed(up, history, history), [2])
        down = up._replace(kind="grade_down")
        self.assertEqual(completed(down, history, history), [])

    @given(
        st.sampled_from(sorted(MONTHS)), st.dates(date(2000, 1, 1), date(2099, 12, 31))
    )
    def test_number(self, period, day):
        """Neighbours differ by one."""
        start = bounds(period, day)[0]
        before = bounds(period, date.fromordinal(start.toordinal() - 1))
        self.assertEqual(number(period, before[0]) + 1, number(period, start))

    def test_number_of_other_years(self):
        """Years that end with the 30th of March, or the 15th of June."""
        for days in (
            ((3, 31), (7, 1), (10, 1), (12, 31), (3, 31)),
            ((6, 16), (9, 16), (12, 16), (3, 16), (6, 16)),
        ):
            year, numbers = 2030, []
            for before, (month, day) in zip(
                (0, *(m for m, _d in days)), days, strict=False
            ):
                year += month < before
                numbers.append(number("quarter", date(year, month, day)))
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 5)))
