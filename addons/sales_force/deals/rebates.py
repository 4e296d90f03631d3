"""Rebates by tiers. Pure: no environment, exact fractions, whole millionths.

A tier is ``(start, rate)``: from so much on, so much per unit of volume. Volumes are
integers in millionths, exact for the ledger's amounts of any currency and quantities of
any precision; starts are in the same unit, rates are fractions.
"""

from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from ..periods import MONTHS

# Decimal places of volumes.
PLACES = 6


class Span(NamedTuple):
    """Days from the first to the last, both included."""

    start: date
    stop: date


def spans(period, start, stop):
    """The calendar's months, quarters or years from a day to another, cut at both.

    >>> spans("quarter", date(2026, 2, 10), date(2026, 4, 1))[0]
    Span(start=datetime.date(2026, 2, 10), stop=datetime.date(2026, 3, 31))
    """
    months, found = MONTHS[period], []
    first = start.replace(month=(start.month - 1) // months * months + 1, day=1)
    while first <= stop:
        after = first + relativedelta(months=months)
        found.append(Span(max(first, start), min(after - timedelta(days=1), stop)))
        first = after
    return found


def year_before(span):
    """The same days of the year before; February's last day stands for its end.

    >>> year_before(Span(date(2025, 2, 1), date(2025, 2, 28))).stop
    datetime.date(2024, 2, 29)
    """
    start = span.start - relativedelta(years=1)
    if (span.stop + timedelta(days=1)).day == 1:
        month = span.stop.replace(day=1) - relativedelta(years=1)
        return Span(start, month + relativedelta(months=1, days=-1))
    return Span(start, span.stop - relativedelta(years=1))


def grown(tiers, before):
    """Tiers of growth in percent as tiers of volume, by the volume of the year before.

    None where nothing was bought then: there is no growth to measure.

    >>> grown([(10, Fraction(1, 50))], 20000)
    [(Fraction(22000, 1), Fraction(1, 50))]
    """
    if before <= 0:
        return []
    return [(before * (1 + Fraction(growth) / 100), rate) for growth, rate in tiers]


def rebate(volume, tiers, whole):
    """What a volume earns, as a fraction in its unit.

    :param bool whole: the rate of the tier reached is for all of it; otherwise each
        tier's is for what lies between its start and the next one's

    >>> rebate(30000, [(10000, Fraction(1, 100)), (20000, Fraction(1, 50))], True)
    Fraction(600, 1)
    >>> rebate(30000, [(10000, Fraction(1, 100)), (20000, Fraction(1, 50))], False)
    Fraction(300, 1)
    """
    tiers = [tier for tier in sorted(tiers) if tier[0] <= volume]
    if volume <= 0 or not tiers:
        return Fraction(0)
    if whole:
        return Fraction(volume) * tiers[-1][1]
    stops = [start for start, _rate in tiers[1:]] + [volume]
    return sum(
        (
            (Fraction(stop) - start) * rate
            for (start, rate), stop in zip(tiers, stops, strict=True)
        ),
        Fraction(0),
    )


def reached(volume, tiers):
    """The rate of the tier that a volume reaches; None below the first."""
    found = [rate for start, rate in sorted(tiers) if start <= volume]
    return found[-1] if found and volume > 0 else None


def following(volume, tiers):
    """The tier that comes next, None after the last."""
    return next((tier for tier in sorted(tiers) if tier[0] > volume), None)


def rounded(amount):
    """To whole units, halves away from zero.

    >>> rounded(Fraction(5, 2)), rounded(Fraction(-5, 2))
    (3, -3)
    """
    amount = Fraction(amount)
    units = int(abs(amount) + Fraction(1, 2))
    return units if amount >= 0 else -units
