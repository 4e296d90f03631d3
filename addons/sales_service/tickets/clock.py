"""Time limits: how long a ticket ran, and when a limit is reached.

A ticket's time is a chain of spans, each in one state and by one schedule; a limit
counts the working time of those whose state it does not exclude. Everything is exact
and depends on the spans alone: neither on when it is asked nor on how often.

Moments are naive and in UTC, as Odoo stores them.

>>> from datetime import datetime
>>> from odoo.addons.sales_force.working_time import Hours, Schedule
>>> week = Schedule("UTC", tuple(Hours(day, 540, 1020) for day in range(5)))
>>> spans = [
...     Span(datetime(2026, 1, 2, 15), datetime(2026, 1, 2, 16), "new", week),
...     Span(datetime(2026, 1, 2, 16), datetime(2026, 1, 5, 10), "waiting", week),
...     Span(datetime(2026, 1, 5, 10), None, "new", week),
... ]
>>> reached(spans, {"waiting"}, timedelta(hours=2))
datetime.datetime(2026, 1, 5, 11, 0)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from odoo.addons.sales_force import working_time as wt

ZERO = timedelta()


@dataclass(frozen=True)
class Span:
    """A stretch of time in one state.

    ``stop``      None: it goes on
    ``schedule``  by which time counts; None: around the clock
    """

    start: datetime
    stop: datetime | None
    state: str
    schedule: wt.Schedule | None


def _length(span, start, stop):
    if span.schedule is None:
        return stop - start
    return wt.duration(wt.working(span.schedule, start, stop))


def _counting(spans, pauses, since):
    """The parts that count from a moment on: ``(span, start, stop or None)``."""
    for span in spans:
        if span.state in pauses:
            continue
        start = span.start if since is None else max(span.start, since)
        if span.stop is None or start < span.stop:
            yield span, start, span.stop


def ran(spans, pauses, until, since=None):
    """How much working time has run between two moments.

    :param spans: in order of time
    :param pauses: the states that do not count
    :param since: None: since the beginning
    """
    total = ZERO
    for span, start, stop in _counting(spans, pauses, since):
        end = until if stop is None else min(stop, until)
        if start < end:
            total += _length(span, start, end)
    return total


def reached(spans, pauses, limit, since=None):
    """The first moment by which a length of working time has run.

    :return: None while the ticket waits before that, and where its schedule has not
        so much working time within five years
    """
    rest = limit
    for span, start, stop in _counting(spans, pauses, since):
        if stop is None:
            return _add(span.schedule, start, rest)
        length = _length(span, start, stop)
        if length >= rest:
            return _add(span.schedule, start, rest)
        rest -= length
    return None


def _add(schedule, start, length):
    if schedule is None:
        return start + length
    try:
        return wt.add_time(schedule, start, length)
    except ValueError:
        return None
