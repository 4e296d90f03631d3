"""What is expected of each day, so that a month's days sum to the month."""

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction


def daily(months, days):
    """A node's months over their days, in proportion to what the reps below have then.

    The days of those below hold what was put on top for them; in this proportion they
    say when the node's own target is expected.

    :param dict months: ``{first day of a month: target}``
    :param dict days: ``{date: targets of the reps below}``; a month without any passes
        evenly by calendar days
    :return: ``{date: Fraction}`` of all days of these months

    >>> from datetime import date
    >>> days = {date(2031, 2, 3): 1, date(2031, 2, 4): 3}
    >>> found = daily({date(2031, 2, 1): 10}, days)
    >>> found[date(2031, 2, 3)], found[date(2031, 2, 4)], found[date(2031, 2, 5)]
    (Fraction(5, 2), Fraction(15, 2), Fraction(0, 1))
    """
    found = {}
    for first, target in months.items():
        dates = _dates(first)
        weights = [Fraction(days.get(day, 0)) for day in dates]
        whole = sum(weights)
        if not whole:
            weights, whole = [Fraction(1)] * len(dates), len(dates)
        for day, weight in zip(dates, weights, strict=True):
            found[day] = Fraction(target) * weight / whole
    return found


def add(curves):
    """The sum of several nodes' days."""
    total = defaultdict(Fraction)
    for curve in curves:
        for day, value in curve.items():
            total[day] += value
    return dict(total)


def _dates(first):
    after = (first + timedelta(days=31)).replace(day=1)
    return [first + timedelta(days=n) for n in range((after - first).days)]
