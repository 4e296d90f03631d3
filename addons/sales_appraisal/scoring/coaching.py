"""What coaching is for, and whether it did something. Pure and exact.

A rate before and after is compared in one of three ways, each of them two-sided:

- events in a number of trials (won of decided): Fisher's exact test,
- events per exposure (visits a day): the exact conditional test of two Poisson rates
  (Przyborowski and Wilenski 1940): given all events, those afterwards are binomial,
- amounts, and events by the thousand: the normal interval of a ratio, its variance
  from the days (Cochran 1977, ch. 6).

The exact p-value is the central one: twice the smaller tail, at most one.
"""

from fractions import Fraction
from math import comb, erfc, sqrt
from typing import NamedTuple

# More than so many events are compared by their days.
MOST_EVENTS = 1000
# A variance takes so many days on each side.
LEAST_DAYS = 5
# What comes about by chance in one of twenty cases is not told from it.
CHANCE = 0.05
FULL = 10_000


class Window(NamedTuple):
    """What was counted on the days of a window, and what it is counted against.

    :param tuple days: ``(count, base)`` of each day with one of them
    """

    count: Fraction = Fraction(0)
    base: Fraction = Fraction(0)
    days: tuple = ()


class Effect(NamedTuple):
    """Rates are None where there was nothing to divide by."""

    before: Fraction | None
    after: Fraction | None
    change: Fraction | None
    team_before: Fraction | None
    team_after: Fraction | None
    team_change: Fraction | None
    # The change of the rep less that of the team.
    beyond: Fraction | None


def rate(window):
    """
    >>> rate(Window(Fraction(3), Fraction(4)))
    Fraction(3, 4)
    """
    return window.count / window.base if window.base else None


def less(after, before):
    return None if after is None or before is None else after - before


def effect(before, after, team_before, team_after):
    """The change of a rate, and the team's in the same windows beside it."""
    rates = [rate(window) for window in (before, after, team_before, team_after)]
    change, team_change = less(rates[1], rates[0]), less(rates[3], rates[2])
    return Effect(
        rates[0],
        rates[1],
        change,
        rates[2],
        rates[3],
        team_change,
        less(change, team_change),
    )


class Verdict(NamedTuple):
    """:param method: ``parts``, ``events``, ``days``, or None: too little to tell"""

    method: str | None
    observations: int
    p: float | None


def compare(before, after, kind):
    """Whether two windows differ by more than chance.

    :param str kind: ``parts``: of whole trials; ``events``: per exposure; ``amounts``
    """
    if not (before.base > 0 and after.base > 0):
        return Verdict(None, 0, None)
    counts = [round(window.count) for window in (before, after)]
    if kind != "amounts" and 0 <= min(counts) and sum(counts) <= MOST_EVENTS:
        bases = [window.base for window in (before, after)]
        if kind == "parts":
            return Verdict(
                "parts", round(sum(bases)), fisher(counts, map(round, bases))
            )
        return Verdict("events", sum(counts), conditional(counts, bases))
    days = len(before.days), len(after.days)
    if min(days) < LEAST_DAYS:
        return Verdict(None, sum(days), None)
    return Verdict("days", sum(days), normal(before, after))


def conditional(counts, bases):
    """Of two Poisson rates, given the sum of the events.

    >>> conditional([0, 4], [1, 1])
    0.125
    """
    events, part = sum(counts), Fraction(bases[1]) / sum(map(Fraction, bases))
    yes, no = part.numerator, part.denominator - part.numerator
    return central(
        [comb(events, k) * yes**k * no ** (events - k) for k in range(events + 1)],
        counts[1],
    )


def fisher(counts, trials):
    """Of two proportions, given how many there are of each.

    >>> fisher([0, 3], [3, 3])
    0.1
    """
    first, second = trials
    events = sum(counts)
    least, most = max(0, events - first), min(events, second)
    return central(
        [
            comb(first, events - k) * comb(second, k)
            for k in range(least, max(most, least) + 1)
        ],
        counts[1] - least,
    )


def central(weights, seen):
    """Twice the smaller tail with what was seen."""
    whole = sum(weights)
    if not whole or not 0 <= seen < len(weights):
        return 1.0
    tail = min(sum(weights[: seen + 1]), sum(weights[seen:]))
    return float(min(Fraction(1), Fraction(2 * tail, whole)))


def normal(before, after):
    """Of two ratios of sums over days; None where the days do not vary."""
    difference = rate(after) - rate(before)
    variance = ratio_variance(before) + ratio_variance(after)
    if not variance:
        return None if difference else 1.0
    return erfc(sqrt(difference**2 / variance / 2))


def ratio_variance(window):
    mean, days = rate(window), len(window.days)
    squares = sum((count - mean * base) ** 2 for count, base in window.days)
    return Fraction(days, days - 1) * squares / window.base**2


# What to coach


class Scored(NamedTuple):
    """A line of a card, all in hundredths; ``over``: what a veto took off."""

    weight: int = 0
    score: int = 0
    over: int = 0


def loss(line):
    """Points of the card that a line lost, in hundredths, exact.

    >>> loss(Scored(weight=2000, score=8000))
    Fraction(400, 1)
    """
    if line.weight:
        return Fraction(max(0, FULL - line.score) * line.weight, FULL)
    return Fraction(max(0, line.over, -line.score))


def weakest(lines):
    """The number of the line with the largest loss, the first of several; or None.

    >>> weakest([Scored(9000, 9000), Scored(1000, 0), Scored(0, -200)])
    1
    """
    losses = [loss(line) for line in lines]
    worst = max(losses, default=0)
    return losses.index(worst) if worst else None


def full_at(function):
    """What a function has to get for full points; None where nothing says so."""
    if function.kind in ("linear", "bands"):
        reached = [x for x, points in function.points if points >= 100]
        return Fraction(min(reached) if reached else function.points[-1][0])
    if function.kind in ("ratio", "lower"):
        return Fraction(100)
    return function.limit if function.kind == "veto" else None
