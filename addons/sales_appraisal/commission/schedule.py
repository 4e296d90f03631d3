"""From what was sold to what is paid for it. Pure: exact decimals in and out.

A schedule gives the commission on a running total ``x``: within a step it rises with
the step's rate. What a single credit earns is the difference between the totals after
and before it, so that the parts sum to the whole to the smallest unit, whatever the
mode of the table. The same formula is ``credited.AMOUNT`` in SQL.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

ZERO, HUNDRED = Decimal(0), Decimal(100)
# An interpolated rate is held to so many decimals of a percent, and then exact.
RATE_UNIT = Decimal("0.00000001")


class Step(NamedTuple):
    """From ``start`` on: ``paid`` is earned there, and ``rate`` of what is more."""

    start: Decimal
    paid: Decimal
    rate: Decimal


class Schedule(NamedTuple):
    """Steps by rising start; the first one reaches down without end."""

    steps: tuple
    factor: Decimal = Decimal(1)
    cap: Decimal | None = None

    def total(self, x):
        """What is earned on a running total, neither rounded nor capped.

        >>> progressive([(0, 2), (100_000, 3), (150_000, 5)]).total(Decimal(180_000))
        Decimal('5000.00')
        """
        step = self.steps[position(self.steps, x)]
        return self.factor * (step.paid + step.rate * (x - step.start))

    def hold(self, total, unit):
        """What is paid of a total: rounded to the currency's unit, at most the cap."""
        rounded = round_to(total, unit)
        return rounded if self.cap is None else min(rounded, self.cap)


def position(steps, x):
    """The index of the step that a running total is in; a start belongs to its step."""
    return max(sum(1 for step in steps if step.start <= x) - 1, 0)


def round_to(amount, unit):
    """Half away from zero, to a multiple of a currency's unit."""
    pieces = (amount / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return pieces * unit


def flat(percent):
    """The same rate on everything."""
    return Schedule((Step(ZERO, ZERO, Decimal(percent) / HUNDRED),))


def progressive(tiers):
    """Each slice at the rate of its own tier.

    :param tiers: ``[(start, percent)]`` by rising start, at least one
    """
    steps = []
    for start, percent in _from_nothing(tiers):
        paid = ZERO
        if steps:
            last = steps[-1]
            paid = last.paid + last.rate * (start - last.start)
        steps.append(Step(start, paid, percent / HUNDRED))
    return Schedule(tuple(steps))


def whole(tiers, total):
    """The rate that was reached, on everything.

    >>> whole([(0, 2), (100_000, 3), (150_000, 5)], 180_000).total(Decimal(180_000))
    Decimal('9000.00')
    """
    return flat(reached(tiers, total))


def interpolated(tiers, total):
    """The rate between the two tiers around what was reached, on everything."""
    tiers, total = _sorted(tiers), Decimal(total)
    index = _index(tiers, total)
    start, percent = tiers[index]
    if total <= start or index + 1 == len(tiers):
        return flat(reached(tiers, total))
    end, after = tiers[index + 1]
    rise = (after - percent) * (total - start) / (end - start)
    return flat((percent + rise).quantize(RATE_UNIT, rounding=ROUND_HALF_UP))


def reached(tiers, total):
    """The value of the highest tier that a total reaches; below all of them nothing.

    Of a table that begins at zero the first tier holds for less than nothing, too.
    """
    tiers = _from_nothing(tiers)
    return tiers[_index(tiers, Decimal(total))][1]


def bonus(tiers, total, each):
    """Fixed amounts on reaching: of the highest tier, or of each one reached."""
    amounts = [amount for start, amount in _sorted(tiers) if start <= total]
    return sum(amounts, ZERO) if each else (amounts or [ZERO])[-1]


def _sorted(tiers):
    return sorted((Decimal(start), Decimal(value)) for start, value in tiers)


def _from_nothing(tiers):
    """Nothing is paid below the first tier, unless it begins at zero."""
    tiers = _sorted(tiers)
    return [(ZERO, ZERO), *tiers] if tiers[0][0] > 0 else tiers


def _index(tiers, total):
    """Of the last tier that a total reaches, else of the first."""
    return max(sum(1 for start, _value in tiers if start <= total) - 1, 0)


def weighted(parts):
    """The average of factors over days, to so many decimals as a rate; without days 1.

    :param parts: ``[(factor, days)]``
    """
    days = sum(count for _factor, count in parts)
    if not days:
        return Decimal(1)
    total = sum((factor * count for factor, count in parts), ZERO)
    return (total / days).quantize(RATE_UNIT, rounding=ROUND_HALF_UP)
