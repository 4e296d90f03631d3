"""How long a customer is protected for who claimed it: three clocks, without records.

A customer is protected for D days from the day it was claimed. Each qualifying action
on a day on which it still is (the due day counts) prolongs that to E days after the
action, never shortens it, and nothing prolongs it beyond H days from the claim.

>>> days = Clock(protection=10, extension=3, limit=20)
>>> days.due(date(2019, 3, 25), [])
datetime.date(2019, 4, 4)
>>> days.due(date(2019, 3, 25), [date(2019, 4, 2), date(2019, 4, 5)])
datetime.date(2019, 4, 8)
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta


def add_calendar_days(day, count):
    return day + timedelta(days=count)


class WorkingDays:
    """Adds working days: the ``count``-th one after a day.

    :param days: the working dates of a span, in order
    """

    def __init__(self, days):
        self._days = days

    def __call__(self, day, count):
        if not count:
            return day
        index = bisect_right(self._days, day) + count - 1
        if index >= len(self._days):
            raise ValueError(f"no {count} working days after {day} are known")
        return self._days[index]


@dataclass(frozen=True)
class Clock:
    """Days of protection, by extension and at most; 0 as limit: no limit."""

    protection: int
    extension: int
    limit: int
    add: Callable[[date, int], date] = add_calendar_days

    def last(self, claimed):
        """The hard stop of what was claimed on a day, None without limit."""
        return self.add(claimed, self.limit) if self.limit else None

    def due(self, claimed, actions):
        """The last protected day.

        :param actions: dates of qualifying actions, in any order
        """
        last = self.last(claimed)
        due = self.add(claimed, self.protection)
        for day in sorted(actions):
            if last:
                due = min(due, last)
            if day > due:
                break
            if day >= claimed and self.extension:
                due = max(due, self.add(day, self.extension))
        return min(due, last) if last else due
