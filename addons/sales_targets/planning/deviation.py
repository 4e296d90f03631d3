"""A gap and its causes: how much of it each driver made, to the last unit.

A figure is a product of drivers: working days × visits a day × quotations per visit ×
orders per quotation × value of an order × part collected. Between the plan and what
came, each driver's part is its Shapley value (Shapley 1953): its effect averaged over
all orders in which the drivers could have changed. The parts sum to the gap.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import factorial, lcm, prod, trunc


def shapley(planned, actual):
    """The part of each factor in the difference of two products.

    The products in which so many of the other factors have changed already are the
    coefficients of the polynomial ``∏ (planned + actual·t)`` over the others.

    :param list planned, actual: Fractions, one per factor
    :return: exact parts, as Fractions; they sum to ``prod(actual) - prod(planned)``
    """
    count = len(planned)
    scales = [
        lcm(Fraction(old).denominator, Fraction(new).denominator)
        for old, new in zip(planned, actual, strict=True)
    ]
    # Whole numbers: a fraction would be reduced at each step.
    old = [int(value * scale) for value, scale in zip(planned, scales, strict=True)]
    new = [int(value * scale) for value, scale in zip(actual, scales, strict=True)]
    whole = factorial(count) * prod(scales)
    orders = [factorial(size) * factorial(count - size - 1) for size in range(count)]
    parts = []
    for factor in range(count):
        changed = [1]
        for other in range(count):
            if other != factor:
                kept = [value * old[other] for value in changed] + [0]
                moved = [0] + [value * new[other] for value in changed]
                changed = [one + two for one, two in zip(kept, moved, strict=True)]
        total = sum(
            product * times for product, times in zip(changed, orders, strict=True)
        )
        parts.append(Fraction((new[factor] - old[factor]) * total, whole))
    return parts


def round_parts(parts, units):
    """Whole units that sum to a whole.

    Truncated towards zero; what is left goes, one unit each, to the parts that it
    brings nearest to their exact value; ties go to the first.

    :param list parts: exact values
    :param int units: their sum, rounded by who knows it

    >>> round_parts([Fraction(1, 2), Fraction(1, 2), Fraction(-1)], 0)
    [1, 0, -1]
    """
    whole = [trunc(part) for part in parts]
    left = units - sum(whole)
    unit = 1 if left > 0 else -1
    ranked = sorted(
        range(len(parts)), key=lambda number: (whole[number] - parts[number]) * unit
    )
    for index in range(abs(left)):
        whole[ranked[index % len(ranked)]] += unit
    return whole


@dataclass(frozen=True)
class Rates:
    """The factors of a chain of counts, and which of them could be told apart.

    :param list values: Fractions; 1 where the factor is part of the one after it
    :param set merged: numbers of those
    """

    values: list
    merged: set


def rates(counts):
    """Each count by the one before it: days, visits, quotations, ..., cash.

    Who sold without a visit has no orders per visit: a factor over zero is joined with
    the next one that can be told, and counts nothing by itself.

    :param list counts: the first one is the basis
    :return: ``Rates``; their product is the last count by 1, zero where it is zero
    """
    values, merged = [Fraction(counts[0])], set()
    basis = Fraction(counts[0]) or Fraction(1)
    if not counts[0]:
        values, merged = [Fraction(1)], {0}
    for number, count in enumerate(counts[1:], 1):
        if count:
            values.append(Fraction(count) / basis)
            basis = Fraction(count)
        elif any(counts[number + 1 :]):
            values.append(Fraction(1))
            merged.add(number)
        else:
            values.append(Fraction(0))
            values += [None] * (len(counts) - number - 1)
            break
    return Rates(values, merged)


def planned_counts(target, days, rates):
    """The counts of each step by which a target is reached.

    Back from the target by the planned rates, so that the product is the target: how
    many of the first step a day needs is what is left over. What comes before a rate
    that nobody knows cannot be told, and is 0.

    :param target: of the period
    :param days: working days planned
    :param list rates: of the steps in order; the first one, per day, follows from the
        target
    :return: Fractions: the days, then one count for each rate

    >>> [int(count) for count in planned_counts(
    ...     128_000, 20, [None, Fraction(1, 2), Fraction(1, 4), 8_000, Fraction(4, 5)])]
    [20, 160, 80, 20, 160000, 128000]
    """
    counts = [Fraction(target)]
    for rate in reversed(rates[1:]):
        counts.insert(0, counts[0] / rate if rate and rate > 0 else Fraction(0))
    return [Fraction(days), *counts]


def joined(planned, actual):
    """Steps that only one of two chains can tell apart: each goes with the next one.

    :return: a set of their numbers
    """
    return rates(planned).merged ^ rates(actual).merged


def causes(planned, actual, units):
    """The parts of each step of a chain in a gap.

    :param list planned, actual: counts of each step, see ``rates``
    :param int units: the gap, actual minus planned, in whole units
    :return: whole units by step; they sum to ``units``
    """
    return round_parts(exact_causes(planned, actual), units)


def exact_causes(planned, actual):
    """The same before rounding: Fractions that sum to the gap of the last counts.

    A step that only one side can tell apart counts with the next one.
    """
    before, after = rates(planned), rates(actual)
    steps = joined(planned, actual)
    # A rate of nothing is unknown: it stays as it was on the other side, so that what
    # came to nothing is due to the first step that did.
    old = [
        known if known is not None else other if other is not None else Fraction(0)
        for known, other in zip(before.values, after.values, strict=True)
    ]
    new = [
        known if known is not None else other
        for known, other in zip(after.values, old, strict=True)
    ]
    return shapley(_join(old, steps), _join(new, steps))


def _join(values, steps):
    """Factors of steps that one side cannot tell apart go with the next step."""
    joined = list(values)
    for number in sorted(steps):
        if number + 1 < len(joined):
            joined[number + 1] *= joined[number]
            joined[number] = Fraction(1)
    return joined
