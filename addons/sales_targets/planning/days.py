"""A month's target over its days, and how much of it is expected by a day."""

from datetime import timedelta
from fractions import Fraction

from odoo.addons.sales_force.ledger.apportion import apportion

WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
# Working hours and weekday patterns are known to a thousandth.
_FINE = 1000


def spread(units, weights, kept=None):
    """A month over its days, in proportion to their weights.

    Days that are over keep what they had; what is left goes over the others. Where no
    other day has weight, it stays with the last day of all, since nothing is lost.

    :param int units: of the month
    :param dict weights: ``{date: working hours, or another weight}``, not negative
    :param dict kept: ``{date: units}`` of days that are over
    :return: ``{date: units}``; they sum to ``units``

    >>> from datetime import date
    >>> spread(22, {date(2026, 1, 5): 8, date(2026, 1, 6): 8})
    {datetime.date(2026, 1, 5): 11, datetime.date(2026, 1, 6): 11}
    """
    kept = kept or {}
    left = units - sum(kept.values())
    open_days = sorted(day for day in weights if day not in kept)
    fine = [round(weights[day] * _FINE) for day in open_days]
    if not sum(fine):
        if not open_days:
            # All days are over: the last one answers for the rest.
            last = max(kept) if kept else None
            return {**kept, last: kept[last] + left} if last else {}
        fine = [0] * (len(open_days) - 1) + [1]
    parts = apportion(left, fine)
    return dict(sorted({**kept, **dict(zip(open_days, parts, strict=True))}.items()))


def expected(months, days, today):
    """What is expected up to a day, that day included.

    :param dict months: ``{first day of a month: units}``
    :param dict days: ``{date: units}``, in proportion to which a month passes; a month
        without days passes evenly by calendar days
    :return: exact units as a Fraction
    """
    total = Fraction(0)
    for start, units in months.items():
        stop = (start.replace(day=28) + timedelta(days=4)).replace(day=1)
        if stop <= today:
            total += units
        elif start <= today:
            total += units * _passed(start, stop, days, today)
    return total


def _passed(start, stop, days, today):
    """The part of a month that has passed at the end of a day."""
    in_month = {day: units for day, units in days.items() if start <= day < stop}
    whole = sum(in_month.values())
    if not whole:
        return Fraction((today - start).days + 1, (stop - start).days)
    return Fraction(sum(u for day, u in in_month.items() if day <= today), whole)
