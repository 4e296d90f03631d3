"""Which customers to visit in a week, and on which day: without records."""

from dataclasses import dataclass
from datetime import date
from math import atan2

from ..ledger.apportion import apportion


@dataclass(frozen=True)
class Due:
    """A customer who should be visited until a day, for so many minutes.

    ``weight`` decides among those due on the same day: the larger first; ``first`` is
    the first day that is not too near to another visit
    """

    key: object
    due: date
    weight: float = 0.0
    point: tuple[float, float] | None = None
    minutes: float = 30.0
    first: date = date.min


def nearest_working_day(day, working):
    """The working day of the same week that is nearest, the later of two; or None.

    :param working: the working dates
    """
    monday = day.toordinal() - day.weekday()
    week = [other for other in working if 0 <= other.toordinal() - monday < 7]
    return min(week, key=lambda other: (abs(other - day), day > other), default=None)


def first_due(visits, interval, first):
    """The first day from one on that is as far from all visits as it should be.

    :param visits: dates of visits that took place or are planned
    :param interval: what lies between two at least, as a ``relativedelta``
    """
    day = first
    for visit in sorted(visits):
        if day + interval <= visit:
            break
        day = max(day, visit + interval)
    return day


def by_importance(dues):
    """The most overdue first."""
    return sorted(dues, key=lambda due: (due.due, -due.weight))


def spread(dues, free, start=None):
    """On which day to visit whom: ``{key: date}``.

    As many as fit, the most overdue first; those of a day lie in the same direction as
    seen from the start. Each day gets its share of the visits by its free places.

    :param dict free: how many visits a date can still take
    :param start: ``(latitude, longitude)`` of the rep, None: the middle of all
    """
    free = {day: count for day, count in sorted(free.items()) if count > 0}
    chosen = by_importance(dues)[: sum(free.values())]
    if not chosen:
        return {}
    points = [due.point for due in chosen if due.point]
    if points and not start:
        start = tuple(sum(axis) / len(points) for axis in zip(*points, strict=True))

    def direction(due):
        if not due.point:
            return (1, 0.0)
        return 0, atan2(due.point[0] - start[0], due.point[1] - start[1])

    chosen.sort(key=direction)
    # No share is larger than what is free, as no more are chosen than fit.
    shares = apportion(len(chosen), list(free.values()))
    planned, position = {}, 0
    for day, share in zip(free, shares, strict=True):
        for due in chosen[position : position + share]:
            planned[due.key] = day
        position += share
    return planned
