"""Periods to date and what they are fairly compared with. Pure: no environment.

A running month is compared with the same days of the month before, the 1st to the
17th with the 1st to the 17th; its last day stands for the whole of either month, so
February's 28th is compared with all of January. Quarters and years likewise.
"""

from datetime import date, timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Span(NamedTuple):
    """Days from the first to the last, both included."""

    start: date
    stop: date


class Comparison(NamedTuple):
    """A period to date, the same days of the one before and of the year before."""

    current: Span
    previous: Span
    last_year: Span
    # The whole of the period before.
    whole_previous: Span


def compare(period, today):
    """The period that holds a day, to that day, and its comparisons.

    :param str period: ``month``, ``quarter``, ``year``; or ``last_month``, the whole
        month before
    :param date today: the last day that counts

    >>> compare("month", date(2026, 3, 17)).previous
    Span(start=datetime.date(2026, 2, 1), stop=datetime.date(2026, 2, 17))
    >>> compare("month", date(2026, 2, 28)).previous.stop
    datetime.date(2026, 1, 31)
    """
    if period == "last_month":
        return compare("month", today.replace(day=1) - timedelta(days=1))
    months = MONTHS[period]
    start = today.replace(month=(today.month - 1) // months * months + 1, day=1)
    current = Span(start, today)
    previous = _back(current, months, months)
    return Comparison(
        current,
        previous,
        _back(current, 12, months),
        Span(previous.start, start - timedelta(days=1)),
    )


def _back(span, shift, months):
    start = span.start - relativedelta(months=shift)
    last = start + relativedelta(months=months, days=-1)
    if span.stop == span.start + relativedelta(months=months, days=-1):
        return Span(start, last)
    return Span(start, min(span.stop - relativedelta(months=shift), last))


def months_back(today, count):
    """The first days of that many months up to the one of a day, the oldest first."""
    first = today.replace(day=1)
    return [first - relativedelta(months=n) for n in range(count - 1, -1, -1)]
