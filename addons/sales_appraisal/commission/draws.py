"""Guarantees, draws and what is owed of them. Pure: exact decimals in and out.

The periods of a rep follow one another. A guarantee fills up to its minimum and is
never given back: it is a draw that is not recoverable. A draw fills up what remains
below it and is owed; later periods give it back from what they earn above their own
minimum and draw. What is negative is neither filled up nor recovered from: it is
carried over when statements are paid. Who is paid by another plan by now gives back to
the former one what the own plan leaves of its share.
"""

from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from .schedule import HUNDRED, ZERO, round_to

DAY = timedelta(days=1)


class Period(NamedTuple):
    """What is known of a period: amounts in the plan's currency, none but the first
    negative."""

    earned: Decimal
    minimum: Decimal = ZERO
    draw: Decimal = ZERO
    percent: Decimal = HUNDRED  # of what may be given back, at most
    forgiven: tuple = ()  # what somebody decided to forgive, each at most the balance
    ends: bool = False  # whether what is owed then is forgiven


class Settled(NamedTuple):
    """What becomes of a period, and the balance that is owed after it."""

    guarantee: Decimal
    draw: Decimal
    forgiven: tuple
    recovery: Decimal
    ended: Decimal
    balance: Decimal


def settle(period, balance, unit):
    """What becomes of a period, and of what was owed before it.

    What somebody forgives is forgiven before anything is given back.

    >>> cent = Decimal("0.01")
    >>> settle(Period(Decimal(200), draw=Decimal(1000)), ZERO, cent).balance
    Decimal('800')
    >>> settle(Period(Decimal(1500), draw=Decimal(1000)), Decimal(800), cent).recovery
    Decimal('500.00')
    """
    positive = max(period.earned, ZERO)
    guarantee = max(period.minimum - positive, ZERO)
    draw = max(period.draw - positive - guarantee, ZERO)
    balance += draw
    forgiven = []
    for amount in period.forgiven:
        forgiven.append(min(amount, balance))
        balance -= forgiven[-1]
    recovery = min(balance, _share(period, unit))
    balance -= recovery
    ended = balance if period.ends else ZERO
    return Settled(guarantee, draw, tuple(forgiven), recovery, ended, balance - ended)


def carried(period, given, balance, unit):
    """What a period gives back of what is owed to another plan, after what it has given
    back already.

    >>> cent = Decimal("0.01")
    >>> carried(Period(Decimal(1500), draw=Decimal(1000)), Decimal(200), 800, cent)
    Decimal('300.00')
    """
    return min(balance, max(_share(period, unit) - given, ZERO))


def _share(period, unit):
    """What a period may give back of what it earns above its own draw."""
    spare = max(period.earned - max(period.minimum, period.draw), ZERO)
    return round_to(spare * period.percent / HUNDRED, unit)


def promised(days, agreed, steps, bounds, unit):
    """The minimum or the draw of a period, by the days to which an amount applies.

    :param days: ``[(first, last)]`` on which the rep is there
    :param agreed: ``[(first, last, amount)]`` of what is agreed with the rep; on these
        days it goes before the steps
    :param steps: ``[(first day, amount)]``; each until the next
    :param bounds: the first and the last day of the period; amounts are for all of it
    :param unit: the smallest amount of the currency; rounded once, at the end
    """
    start, stop = bounds
    cuts = {start, stop + DAY}
    for first, last, *_amount in (*days, *agreed):
        cuts |= {first, last + DAY if last < stop else stop + DAY}
    cuts |= {first for first, _amount in steps}
    cuts = sorted(day for day in cuts if start <= day <= stop + DAY)
    total = ZERO
    for first, end in zip(cuts, cuts[1:], strict=False):
        if any(begin <= first <= last for begin, last in days):
            total += _on(first, agreed, steps) * (end - first).days
    return round_to(total / ((stop - start).days + 1), unit)


def _on(day, agreed, steps):
    """The amount that applies to a day."""
    for first, last, amount in agreed:
        if first <= day <= last:
            return amount
    begun = [step for step in steps if step[0] <= day]
    return max(begun)[1] if begun else ZERO
