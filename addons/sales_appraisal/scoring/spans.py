"""The days that a standing is of, and those that it is compared with. Pure."""

from datetime import date, timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from .periods import DECEMBER
from .periods import bounds as month_bounds

DAY = timedelta(days=1)


class Span(NamedTuple):
    """Days from the first to the last, both included."""

    start: date
    stop: date


class Spans(NamedTuple):
    """``base`` is what improvement is measured by; ``earlier`` are those before."""

    current: Span
    base: Span
    earlier: Span
    earlier_base: Span


def bounds(period, day, last=DECEMBER):
    """The first and last day of the period of a day: also ``day`` and ``week``.

    :param last: month and day on which the fiscal year ends

    >>> bounds("week", date(2026, 11, 28))
    Span(start=datetime.date(2026, 11, 23), stop=datetime.date(2026, 11, 29))
    """
    if period == "day":
        return Span(day, day)
    if period == "week":
        start = day - day.weekday() * DAY
        return Span(start, start + 6 * DAY)
    return Span(*month_bounds(period, day, last))


def before(span, period, last=DECEMBER):
    """The same days of the period before; its last day stands for the whole of it.

    >>> before(Span(date(2026, 3, 1), date(2026, 3, 30)), "month").stop
    datetime.date(2026, 2, 28)
    """
    whole = bounds(period, span.start, last)
    return _same_days(span, whole, bounds(period, whole.start - DAY, last))


def year_before(span):
    """The same days of the year before.

    >>> year_before(Span(date(2028, 2, 1), date(2028, 2, 29))).stop
    datetime.date(2027, 2, 28)
    """
    return Span(*(day - relativedelta(years=1) for day in span))


def _same_days(span, whole, last):
    if span.stop >= whole.stop:
        return last
    return Span(last.start, min(last.start + (span.stop - whole.start), last.stop))


def own_days(spans):
    """How many days of each no earlier one has: every day is counted once.

    >>> own_days(
    ...     [
    ...         Span(date(2026, 1, 1), date(2026, 3, 31)),
    ...         Span(date(2026, 3, 1), date(2026, 4, 30)),
    ...     ]
    ... )
    [90, 30]
    """
    taken, found = set(), []
    for span in spans:
        own = set(range(span.start.toordinal(), span.stop.toordinal() + 1)) - taken
        taken |= own
        found.append(len(own))
    return found


def to_date(period, day, against="previous", movement="day", last=DECEMBER):
    """What a standing of a day needs.

    :param str against: what improvement is measured by: ``previous``, the same days of
        the period before; ``last_year``
    :param str movement: what places are compared with: ``day``, the evening before, on
        the first day of a period the end of the one before; ``period``, the same days
        of the period before
    :param last: month and day on which the fiscal year ends
    """

    def base(span):
        if against == "last_year":
            return year_before(span)
        return before(span, period, last)

    current = Span(bounds(period, day, last).start, day)
    if movement == "period":
        earlier = before(current, period, last)
    elif day > current.start:
        earlier = Span(current.start, day - DAY)
    else:
        earlier = bounds(period, day - DAY, last)
    return Spans(current, base(current), earlier, base(earlier))


def of_days(span, day, against="previous"):
    """The same for days that are no period of the calendar, as those of a contest.

    The period before is as many days long and ends the day before.
    """

    def base(part):
        if against == "last_year":
            return year_before(part)
        length = span.stop - span.start + DAY
        return Span(part.start - length, part.stop - length)

    current = Span(span.start, max(span.start, min(span.stop, day)))
    earlier = Span(span.start, max(span.start, min(span.stop, day - DAY)))
    return Spans(current, base(current), earlier, base(earlier))
