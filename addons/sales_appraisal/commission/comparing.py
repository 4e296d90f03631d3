"""What two ways of paying the same people come to. Pure: whole numbers of the smallest
amount in and out, so that parts sum to their whole."""

from fractions import Fraction
from typing import NamedTuple

# So many bands of a distribution, at most.
BANDS = 10
# Of the people, whose part of the whole is shown.
TOP = 10


class Person(NamedTuple):
    """What somebody gets on either side: None who is not in it."""

    left: int | None
    right: int | None
    #: what they sold
    sold: int = 0

    @property
    def difference(self):
        return (self.right or 0) - (self.left or 0)


class Spread(NamedTuple):
    """How the amounts of one side are spread; None without anybody."""

    count: int
    total: int
    #: what a quarter, half and three quarters of the people get at most
    quartiles: tuple | None
    lowest: int | None
    highest: int | None
    #: which part the best paid tenth gets, one person at least; None of nothing
    top: Fraction | None


def merge(periods):
    """People over several periods.

    :param periods: lists of ``(who, left, right, sold)``
    :return: ``{who: Person}``; who was on a side in one period is on it
    """
    found = {}
    for rows in periods:
        for who, *values in rows:
            before = found.get(who, Person(None, None))
            found[who] = Person(
                *(_add(*pair) for pair in zip(before, values, strict=True))
            )
    return found


def _add(one, other):
    if one is None or other is None:
        return one if other is None else other
    return one + other


def movements(people):
    """Who gets more, who less, and who as much as before.

    :param people: of ``Person``
    :return: ``{"winners" | "losers" | "same": (count, sum of differences)}``
    """
    differences = [person.difference for person in people]
    more = [value for value in differences if value > 0]
    less = [value for value in differences if value < 0]
    return {
        "winners": (len(more), sum(more)),
        "losers": (len(less), sum(less)),
        "same": (len(differences) - len(more) - len(less), 0),
    }


def spread(amounts):
    """:param list amounts: of everybody on a side"""
    amounts = sorted(amounts)
    total = sum(amounts)
    top = None
    if total > 0:
        best = amounts[-max(-(-len(amounts) // TOP), 1) :]
        top = Fraction(sum(best), total)
    return Spread(
        count=len(amounts),
        total=total,
        quartiles=tuple(_quantile(amounts, Fraction(part, 4)) for part in (1, 2, 3))
        if amounts
        else None,
        lowest=amounts[0] if amounts else None,
        highest=amounts[-1] if amounts else None,
        top=top,
    )


def _quantile(amounts, part):
    """Between the values around it, never beyond one; half away from zero."""
    place = part * (len(amounts) - 1)
    low = amounts[int(place)]
    high = amounts[min(int(place) + 1, len(amounts) - 1)]
    value = low + (high - low) * (place - int(place))
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def bands(left, right, least=1):
    """How many people of either side get how much, in the same bands.

    Bands are 1, 2 or 5 times a power of ten times ``least`` wide, and empty ones
    between others are there.

    :param least: the narrowest band
    :return: ``[(from, below, count left, count right)]``
    """
    amounts = [*left, *right]
    if not amounts:
        return []
    width = least
    steps = (2, Fraction(5, 2), 2)
    number = 0
    while max(amounts) // width - min(amounts) // width >= BANDS:
        width = int(width * steps[number % 3])
        number += 1
    first, last = min(amounts) // width, max(amounts) // width
    counts = [[0, 0] for _band in range(first, last + 1)]
    for side, values in enumerate((left, right)):
        for amount in values:
            counts[amount // width - first][side] += 1
    return [
        ((first + index) * width, (first + index + 1) * width, *count)
        for index, count in enumerate(counts)
    ]


def part(cost, revenue):
    """A cost as part of revenue; None where there is none."""
    return Fraction(cost, revenue) if revenue > 0 else None
