"""What the scores of many say together: pure, no environment.

Measures of statistics, not of pay: floating point. None is what cannot be told.
"""

from collections import defaultdict
from math import atanh, fsum, sqrt, tanh
from statistics import fmean, quantiles, stdev
from typing import NamedTuple

# A correlation of fewer pairs says nothing.
ENOUGH_PAIRS = 8
# Nobody is called strict or lenient by fewer cards.
ENOUGH_CARDS = 3
# Two standard errors: one such finding in twenty is chance.
LIMIT = 1.96
BIN = 10


class Association(NamedTuple):
    """How one thing goes with another: ``rho`` between -1 and 1, with the interval
    that holds it 19 times of 20."""

    rho: float
    count: int
    low: float
    high: float


class Goal(NamedTuple):
    """A target and what was achieved of it, both in the unit of a metric."""

    metric: int
    target: float
    achieved: float
    #: working days on which it was pursued
    days: int


class Strictness(NamedTuple):
    """How a manager judges against the facts on the same cards, in points."""

    count: int
    judgement: float
    facts: float
    #: mean of judgement minus facts
    difference: float
    #: the difference minus that of all others; positive is lenient
    against: float | None
    #: standard deviation of the judgements; 0 is no distinction
    spread: float | None
    notable: bool


def bins(scores, width=BIN):
    """How many scores are in each bin ``[low, low + width)``, empty ones between too.

    :return: ``[(low, count)]``
    """
    if not scores:
        return []
    found = {}
    for score in scores:
        low = int(score // width) * width
        found[low] = found.get(low, 0) + 1
    return [
        (low, found.get(low, 0)) for low in range(min(found), max(found) + width, width)
    ]


def middle_half(values):
    """Between which values the middle half lies: the quartiles, never beyond a value.

    >>> middle_half([40, 60, 80])
    (50.0, 70.0)
    """
    if len(values) < 2:
        return values[0], values[0]
    low, _median, high = quantiles(values, n=4, method="inclusive")
    return low, high


def ranks(values):
    """Ranks from 1 in the order of values; equal ones share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        stop = start
        while stop < len(order) and values[order[stop]] == values[order[start]]:
            stop += 1
        for index in order[start:stop]:
            found[index] = (start + 1 + stop) / 2
        start = stop
    return found


def associate(groups):
    """Spearman's rank correlation within groups, pooled over them.

    Ranks are taken within a group, so that a good year of all does not look like a
    good predictor. The interval is Fisher's with the standard error of Bonett and
    Wright (2000), Psychometrika 65:23-28.

    :param groups: lists of pairs, one list for each period
    :return: ``Association``; None with too few pairs or where one side is always equal
    """
    left, right, used = [], [], 0
    for pairs in groups:
        if len(pairs) < 2:
            continue
        used += 1
        middle = (len(pairs) + 1) / 2
        for column, found in ((0, left), (1, right)):
            found += [
                (rank - middle) / len(pairs)
                for rank in ranks([pair[column] for pair in pairs])
            ]
    count = len(left)
    free = count - used + 1
    squares = sum(x * x for x in left) * sum(y * y for y in right)
    if free < ENOUGH_PAIRS or not squares:
        return None
    rho = sum(x * y for x, y in zip(left, right, strict=True)) / sqrt(squares)
    rho = max(-1.0, min(1.0, rho))
    if abs(rho) > 1 - 1e-12:
        return Association(rho, count, rho, rho)
    reach = LIMIT * sqrt((1 + rho * rho / 2) / (free - 3))
    return Association(rho, count, tanh(atanh(rho) - reach), tanh(atanh(rho) + reach))


def compare_strictness(judged):
    """How managers judge, each against all others.

    :param dict judged: ``{manager: [(judgement, score by the facts)]}``
    :return: ``{manager: Strictness}``
    """
    gaps = {
        manager: [judgement - facts for judgement, facts in pairs]
        for manager, pairs in judged.items()
        if pairs
    }
    found = {}
    for manager, own in gaps.items():
        pairs = judged[manager]
        others = [
            gap for other, rest in gaps.items() if other != manager for gap in rest
        ]
        difference = fmean(own)
        against = difference - fmean(others) if others else None
        judgements = [judgement for judgement, _facts in pairs]
        found[manager] = Strictness(
            count=len(own),
            judgement=fmean(judgements),
            facts=fmean(facts for _judgement, facts in pairs),
            difference=difference,
            against=against,
            spread=stdev(judgements) if len(own) > 1 else None,
            notable=against is not None and _is_notable(own, others, against),
        )
    return found


def _is_notable(own, others, against):
    """Whether a difference of two means is more than chance (Welch)."""
    if min(len(own), len(others)) < ENOUGH_CARDS:
        return False
    error = sqrt(stdev(own) ** 2 / len(own) + stdev(others) ** 2 / len(others))
    return abs(against) > LIMIT * error


def attainment(goals):
    """How far goals are reached together; None without a target.

    What is measured in different units is never added up: the attainments of the
    goals are, each weighed by the days on which it was pursued.

    >>> attainment([Goal(1, 10_000, 9_000, 15), Goal(2, 20, 26, 5)])
    1.0
    """
    counted = [goal for goal in goals if goal.target > 0]
    days = sum(goal.days for goal in counted)
    if not days:
        return None
    return fsum(goal.days * (goal.achieved / goal.target) for goal in counted) / days


def contributions(people):
    """What each adds to the attainment of all, which is their sum.

    :param dict people: ``{person: [Goal]}``
    :return: ``{person: part of the whole target}``; empty without a target
    """
    targets, days = defaultdict(float), defaultdict(int)
    for goals in people.values():
        for goal in goals:
            targets[goal.metric] += goal.target
            days[goal.metric] += goal.days
    whole = sum(days[metric] for metric, target in targets.items() if target > 0)
    if not whole:
        return {}
    return {
        person: fsum(
            days[goal.metric] / whole * (goal.achieved / targets[goal.metric])
            for goal in goals
            if targets[goal.metric] > 0
        )
        for person, goals in people.items()
    }


def top_share(values, top=3):
    """Which part of a total the largest values are of; None without a total."""
    total = fsum(values)
    if total <= 0:
        return None
    return fsum(sorted(values, reverse=True)[:top]) / total


def turnover(leavers, first, last):
    """Who left, by the mean of the heads on the first and the last day."""
    heads = (first + last) / 2
    return leavers / heads if heads else None


def months_to_target(months):
    """After how many months with a target it was reached first; None: not yet.

    :param months: goals of each month, from the first on
    """
    reached = [attainment(goals) for goals in months]
    counted = [part for part in reached if part is not None]
    return next(
        (number for number, part in enumerate(counted, 1) if part >= 1),
        None,
    )
