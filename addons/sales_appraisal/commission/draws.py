"""Guarantees, draws and what is still owed of them. Pure: exact decimals in and out.

The periods of a rep follow one another. A guarantee fills up to its minimum and is
never given back. A draw fills up what remains below it; if it is recoverable, what was
advanced is owed, and later periods give it back from what they earn above their own
minimum and draw. What is negative is neither filled up nor recovered from: it is
carried over when statements are paid.
"""

from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)


class Period(NamedTuple):
    """What is known of a period: amounts in the plan's currency, none but the first
    negative."""

    earned: Decimal
    minimum: Decimal = ZERO
    draw: Decimal = ZERO
    recoverable: bool = True
    forgiven: Decimal = ZERO  # what somebody decided to forgive, at most the balance


class Settled(NamedTuple):
    """What becomes of a period, and the balance that is owed after it."""

    guarantee: Decimal
    draw: Decimal
    recovery: Decimal
    forgiveness: Decimal
    balance: Decimal


def settle(periods, balance=ZERO):
    """Each period in its order: ``[Settled]``.

    >>> [one.balance for one in settle([
    ...     Period(Decimal(200), draw=Decimal(1000)),
    ...     Period(Decimal(1500), draw=Decimal(1000)),
    ... ])]
    [Decimal('800'), Decimal('300')]
    """
    found = []
    for one in periods:
        positive = max(one.earned, ZERO)
        guarantee = max(one.minimum - positive, ZERO)
        draw = max(one.draw - positive - guarantee, ZERO)
        spare = max(positive - max(one.minimum, one.draw), ZERO)
        recovery = min(balance, spare)
        balance += (draw if one.recoverable else ZERO) - recovery
        forgiveness = min(one.forgiven, balance)
        balance -= forgiveness
        found.append(Settled(guarantee, draw, recovery, forgiveness, balance))
    return found
