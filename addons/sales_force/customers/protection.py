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

from dataclasses import dataclass

from ..working_time import Days


@dataclass(frozen=True)
class Clock:
    """Days of protection, by extension and at most; 0 as limit: no limit."""

    protection: int
    extension: int
    limit: int
    days: Days = Days()

    def last(self, claimed):
        """The hard stop of what was claimed on a day, None without limit."""
        return self.days.ahead(claimed, self.limit) if self.limit else None

    def due(self, claimed, actions):
        """The last protected day.

        :param actions: dates of qualifying actions, in any order
        """
        last = self.last(claimed)
        due = self.days.ahead(claimed, self.protection)
        for day in sorted(actions):
            if last:
                due = min(due, last)
            if day > due:
                break
            if day >= claimed and self.extension:
                due = max(due, self.days.ahead(day, self.extension))
        return min(due, last) if last else due
