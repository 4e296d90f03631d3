"""A day on which a rep visits customers, in minutes since it began."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from .. import working_time as wt

_MINUTE = timedelta(minutes=1)
# Where nothing is known of working hours, clocks show this when a day begins.
_MORNING = 9.0


@dataclass(frozen=True)
class Day:
    """A local date with its working hours.

    ``start stop``   the moments (UTC, naive) between which it lies
    ``timezone``     where the rep works
    ``hours``        ``(from, to)`` of the working hours, in order

    Minutes are those that have passed: on a day on which clocks change, not those that
    the clock shows.
    """

    date: date
    start: datetime
    stop: datetime
    timezone: str
    hours: tuple[tuple[float, float], ...] = ()

    def minute(self, moment):
        return (moment - self.start) / _MINUTE

    def moment(self, minute):
        """A moment of the day, the last one at the latest."""
        return min(self.start + minute * _MINUTE, self.stop - _MINUTE)

    def clock(self, hour):
        """The minute at which clocks show an hour, such as 13.5."""
        wall = datetime.combine(self.date, time(), ZoneInfo(self.timezone))
        wall += timedelta(hours=hour)
        return self.minute(wall.astimezone(timezone.utc).replace(tzinfo=None))

    @property
    def begin(self):
        """The minute at which the work begins."""
        return self.hours[0][0] if self.hours else self.clock(_MORNING)

    def left(self, minute):
        """The working minutes from one on."""
        return sum(max(0.0, end - max(begin, minute)) for begin, end in self.hours)


def days_between(schedule, first, last):
    """Each day from one date to another: ``{date: Day}``.

    :param schedule: see ``working_time``
    """
    intervals = wt.working(schedule, *wt.day_bounds(schedule, first, last))
    days = {}
    for number in range((last - first).days + 1):
        day = first + number * wt.DAY
        start, stop = wt.day_bounds(schedule, day, day)
        hours = tuple(
            ((begin - start) / _MINUTE, (end - start) / _MINUTE)
            for begin, end in wt.intersection(intervals, [(start, stop)])
        )
        days[day] = Day(day, start, stop, schedule.timezone, hours)
    return days


def day_of(days, moment):
    """The day among some, given by date, in which a moment lies; None: in none."""
    return next((d for d in days.values() if d.start <= moment < d.stop), None)
