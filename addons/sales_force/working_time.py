"""Working hours and working days, as intervals of time.

A moment counts as working when its wall-clock time, in the schedule's timezone, lies in
the working hours of its local day, and no leave takes it away. So where clocks jump,
hours that do not exist are not worked and hours that exist twice are worked twice.

Moments are naive UTC datetimes, as Odoo stores them; days are local dates; working
hours are minutes since midnight. Everything is exact: no time is rounded.

>>> week = tuple(Hours(day, 540, 1020) for day in range(5))
>>> schedule = Schedule("UTC", week)
>>> hours_between(schedule, datetime(2026, 1, 2, 16), datetime(2026, 1, 5, 10))
2.0
>>> add_hours(schedule, datetime(2026, 1, 2, 16), 2)
datetime.datetime(2026, 1, 5, 10, 0)
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

UTC = timezone.utc
DAY = timedelta(days=1)
# Local days differ from UTC ones by at most this.
_MARGIN = timedelta(hours=28)
# How far ahead ``add_hours`` looks for working time, and in which steps.
HORIZON = timedelta(days=5 * 366)
_STEP = timedelta(days=31)


@dataclass(frozen=True)
class Hours:
    """Weekly working hours: minutes ``start`` to ``stop`` of a weekday (Monday is 0).

    ``week`` is None for every week, else 0 or 1 for one of two alternating weeks.
    """

    weekday: int
    start: float
    stop: float
    week: int | None = None


@dataclass(frozen=True)
class Exceptional:
    """A day that differs from the week: its hours, in minutes; none for a holiday.

    ``hours`` of None means those of an ordinary working day.
    """

    hours: tuple[tuple[float, float], ...] | None = ()


# Where no calendar is given: Monday to Friday, 8:00 to 12:00 and 13:00 to 17:00.
DEFAULT_HOURS = tuple(
    Hours(weekday, start * 60, stop * 60)
    for weekday in range(5)
    for start, stop in ((8, 12), (13, 17))
)


@dataclass(frozen=True)
class Schedule:
    """Whose working time it is.

    ``hours``     the week
    ``days``      exceptions by date
    ``closures``  leaves of all, as ``(start, stop)`` moments; they do not close a
                  make-up working day
    ``absences``  leaves of the one, which take away from any day
    """

    timezone: str = "UTC"
    hours: tuple[Hours, ...] = DEFAULT_HOURS
    days: Mapping[date, Exceptional] = field(default_factory=dict)
    closures: tuple[tuple[datetime, datetime], ...] = ()
    absences: tuple[tuple[datetime, datetime], ...] = ()


class Days:
    """Counts days forward and back: working days, or all days.

    Beyond the working days that are known every day counts.

    :param working: the working dates of a span, in order; None: all days count
    """

    def __init__(self, working=None):
        self._working = working or []

    def ahead(self, day, count):
        """The ``count``-th day after a day; for 0 the day itself."""
        if not count:
            return day
        index = bisect_right(self._working, day) + count - 1
        if index < len(self._working):
            return self._working[index]
        last = max([day, *self._working[-1:]])
        return last + DAY * (index - len(self._working) + 1)

    def back(self, day, count):
        """The last day that is at least ``count`` days ago on a day."""
        if not count:
            return day
        index = bisect_right(self._working, day) - count
        if index >= 0:
            return self._working[index] - DAY
        return min([day + DAY, *self._working[:1]]) + DAY * (index - 1)


def week_of(day):
    """Which of two alternating weeks a date is in, as Odoo counts them: 0 or 1."""
    return (day.toordinal() - 1) // 7 % 2


# Intervals: sorted lists of disjoint (start, stop), stop excluded


def union(intervals):
    """Sorted and disjoint, without empty ones."""
    merged = []
    for start, stop in sorted(intervals):
        if start >= stop:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        else:
            merged.append((start, stop))
    return merged


def intersection(left, right):
    """What is in both of two unions."""
    common, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        stop = min(left[i][1], right[j][1])
        if start < stop:
            common.append((start, stop))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return common


def difference(left, right):
    """What is in the first of two unions only."""
    rest, j = [], 0
    for start, stop in left:
        while j < len(right) and right[j][1] <= start:
            j += 1
        k = j
        while k < len(right) and right[k][0] < stop:
            if right[k][0] > start:
                rest.append((start, right[k][0]))
            start = max(start, right[k][1])
            k += 1
        if start < stop:
            rest.append((start, stop))
    return rest


def duration(intervals):
    """The length of a union."""
    return sum((stop - start for start, stop in intervals), timedelta())


# Timezones


@lru_cache(maxsize=512)
def _offsets(timezone, year):
    """``[(moment, offset)]``: from when on in a UTC year the local time is ahead so."""
    zone = ZoneInfo(timezone)

    def offset(moment):
        return moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()

    moment = datetime(year, 1, 1)
    last = datetime.max if year == datetime.max.year else datetime(year + 1, 1, 1)
    changes = [(moment, offset(moment))]
    while moment < last:
        following = min(moment + DAY, last)
        if offset(following - timedelta(seconds=1)) != changes[-1][1]:
            low, high = moment, following
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                if offset(middle) == changes[-1][1]:
                    low = middle
                else:
                    high = middle
            changes.append((high, offset(high)))
        moment = following
    return changes


def _segments(timezone, start, stop):
    """``[(start, stop, offset)]``: the stretches of constant offset between moments."""
    changes = []
    for year in range(start.year, stop.year + 1):
        changes.extend(_offsets(timezone, year))
    stops = [moment for moment, _offset in changes[1:]] + [stop]
    for (moment, offset), end in zip(changes, stops, strict=True):
        low, high = max(moment, start), min(end, stop)
        if low < high:
            yield low, high, offset


def local_date(schedule, moment):
    """The date of a moment where the schedule is."""
    zone = ZoneInfo(schedule.timezone)
    return moment.replace(tzinfo=UTC).astimezone(zone).date()


def day_bounds(schedule, first, last):
    """The moments at which the first of two local dates begins and the last ends."""
    zone = ZoneInfo(schedule.timezone)
    return tuple(
        datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)
        for day in (first, last + DAY)
    )


# Schedules


def _ordinary_hours(schedule, day):
    """The hours of a weekday; where it has none, of the week's first that has some."""
    of_week = [
        hours for hours in schedule.hours if hours.week in (None, week_of(day))
    ] or list(schedule.hours)
    weekday = day.weekday()
    weekdays = {hours.weekday for hours in of_week}
    if weekday not in weekdays:
        weekday = min(weekdays, default=None)
    return [(h.start, h.stop) for h in of_week if h.weekday == weekday]


def day_hours(schedule, day):
    """The working hours of a local date in minutes, before leaves."""
    exceptional = schedule.days.get(day)
    if exceptional is None:
        return [
            (hours.start, hours.stop)
            for hours in schedule.hours
            if hours.weekday == day.weekday() and hours.week in (None, week_of(day))
        ]
    if exceptional.hours is None:
        return _ordinary_hours(schedule, day)
    return list(exceptional.hours)


def _moments(schedule, days, start, stop):
    """The scheduled working time of local dates between two moments."""
    wall = union(
        (
            datetime.combine(day, time()) + timedelta(minutes=opening),
            datetime.combine(day, time()) + timedelta(minutes=closing),
        )
        for day in days
        for opening, closing in day_hours(schedule, day)
    )
    moments = []
    for low, high, offset in _segments(schedule.timezone, start, stop):
        moments.extend(
            intersection(
                [(opening - offset, closing - offset) for opening, closing in wall],
                [(low, high)],
            )
        )
    return union(moments)


def _dates(schedule, start, stop):
    first, last = (start - _MARGIN).date(), (stop + _MARGIN).date()
    return [first + DAY * n for n in range((last - first).days + 1)]


def scheduled(schedule, start, stop):
    """The working time between two moments as the calendar has it, before leaves."""
    if start >= stop:
        return []
    return _moments(schedule, _dates(schedule, start, stop), start, stop)


def working(schedule, start, stop):
    """The working time between two moments: disjoint intervals, in order."""
    if start >= stop:
        return []
    days = _dates(schedule, start, stop)
    made_up = [
        day for day in days if day in schedule.days and schedule.days[day].hours != ()
    ]
    ordinary = [day for day in days if day not in set(made_up)]
    time_ = difference(
        _moments(schedule, ordinary, start, stop), union(schedule.closures)
    )
    if made_up:
        time_ = union(time_ + _moments(schedule, made_up, start, stop))
    return difference(time_, union(schedule.absences))


def hours_between(schedule, start, stop):
    """Working hours from one moment to another; negative when it lies before."""
    if stop < start:
        return -hours_between(schedule, stop, start)
    return duration(working(schedule, start, stop)) / timedelta(hours=1)


def add_hours(schedule, start, hours):
    """The first moment by which so many working hours have passed.

    With negative hours the last moment since which they have passed. No hours end where
    they start, working or not.

    :raise ValueError: when there is not so much working time within five years
    """
    return add_time(schedule, start, timedelta(hours=hours))


def add_time(schedule, start, length):
    """Like ``add_hours``, of an exact length of time."""
    rest, here, forward = abs(length), start, length > timedelta()
    while rest:
        if abs(here - start) > HORIZON:
            raise ValueError("not enough working time")
        if forward:
            low, high = here, here + _STEP
        else:
            low, high = here - _STEP, here
        time_ = working(schedule, low, high)
        for opening, closing in time_ if forward else reversed(time_):
            if closing - opening >= rest:
                return opening + rest if forward else closing - rest
            rest -= closing - opening
        here = high if forward else low
    return start


def working_days(schedule, first, last):
    """The working hours of each local date that has some: ``{date: hours}``."""
    return _by_date(schedule, working(schedule, *day_bounds(schedule, first, last)))


def days_between(schedule, first, last):
    """How many working days two local dates and those between hold.

    A day on which a leave takes away half of the scheduled hours is half a day.
    """
    if last < first:
        return 0.0
    bounds = day_bounds(schedule, first, last)
    whole = _by_date(schedule, scheduled(schedule, *bounds))
    worked = _by_date(schedule, working(schedule, *bounds))
    return float(sum(hours / whole[day] for day, hours in worked.items()))


def _by_date(schedule, intervals):
    hours = {}
    for start, stop in intervals:
        day = local_date(schedule, start)
        while start < stop:
            end = min(stop, day_bounds(schedule, day, day)[1])
            hours[day] = hours.get(day, 0.0) + (end - start) / timedelta(hours=1)
            start, day = end, day + DAY
    return hours
