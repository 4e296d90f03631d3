"""The periods of a plan that can be looked at: each month, each quarter, the whole."""

from datetime import date, timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

QUARTER = 3


class Period(NamedTuple):
    """Days from the first to the last, both included.

    ``key`` names it and stays the same from day to day: ``month:2031-02``,
    ``quarter:2031-01`` (of its first month), ``total``.
    """

    key: str
    kind: str
    start: date
    stop: date


def periods(months):
    """All periods of a plan: its months, its quarters, all of it.

    Quarters count from the plan's first month, as a fiscal year does; the last one may
    be short.

    :param list months: first days of the plan's months

    >>> [period.key for period in periods([date(2031, 1, 1)])]
    ['month:2031-01', 'quarter:2031-01', 'total']
    """
    found = [_span("month", first, first) for first in months]
    for number in range(0, len(months), QUARTER):
        part = months[number : number + QUARTER]
        found.append(_span("quarter", part[0], part[-1]))
    return [*found, _span("total", months[0], months[-1])._replace(key="total")]


def choose(found, wanted, today):
    """The period that is wanted.

    :param found: what ``periods`` returned
    :param str wanted: a key; or ``month`` or ``quarter``: the one of today, before the
        plan its first, after the plan its last
    :return: a ``Period``; None where there is no such period
    """
    named = [period for period in found if period.key == wanted]
    if named:
        return named[0]
    same = [period for period in found if period.kind == wanted]
    begun = [period for period in same if period.start <= today]
    return begun[-1] if begun else same[0] if same else None


def _span(kind, first, last):
    stop = last + relativedelta(months=1) - timedelta(days=1)
    return Period(f"{kind}:{first:%Y-%m}", kind, first, stop)
