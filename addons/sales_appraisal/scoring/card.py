"""From the lines of a card to its score. Pure, in whole hundredths of points.

Lines are rounded before they are weighed, so that who recalculates with what the card
shows finds what the card shows.
"""

from fractions import Fraction
from typing import NamedTuple

from odoo.addons.sales_force.ledger.apportion import apportion

from .functions import WEIGHTED, Function, is_vetoed, score


class Line(NamedTuple):
    """A line of a card.

    :param int weight: in hundredths of a percent; 0 of a line that only adds points or
        caps
    :param x: the input as a Fraction, None where it does not apply
    """

    function: Function
    weight: int
    x: Fraction | None


class Scored(NamedTuple):
    """All in hundredths: of points, and of a percent."""

    # Of each line; None where it does not apply.
    scores: list
    # With the weight of what does not apply shared by the others; they sum to 100 %.
    weights: list
    # What each line adds to the score before the cap; they sum to it.
    parts: list
    weighted: int
    points: int
    # None: no veto.
    cap: int | None
    # None: nothing applies.
    total: int | None


def hundredths(value):
    """Rounded to the nearest whole hundredth, halves away from zero.

    >>> hundredths(Fraction(1, 200)), hundredths(Fraction(-1, 200))
    (1, -1)
    """
    doubled = abs(value) * 200 + 1
    return (doubled // 2) * (1 if value >= 0 else -1)


def weigh(lines):
    """Score and weigh the lines of a card.

    :param list lines: of ``Line``
    :return: ``Scored``
    """
    scores = [_score(line) for line in lines]
    applies = [
        line.function.kind in WEIGHTED and points is not None
        for line, points in zip(lines, scores, strict=True)
    ]
    weights = [
        line.weight if yes else 0 for line, yes in zip(lines, applies, strict=True)
    ]
    whole = sum(weights)
    products = [
        weight * (points or 0) for weight, points in zip(weights, scores, strict=True)
    ]
    weighted = int(hundredths(Fraction(sum(products), whole * 100))) if whole else 0
    parts = apportion(weighted, products) if sum(products) else [0] * len(lines)
    points = 0
    for number, line in enumerate(lines):
        if line.function.kind == "points" and scores[number] is not None:
            parts[number] = scores[number]
            points += scores[number]
    caps = [
        int(hundredths(line.function.cap))
        for line in lines
        if line.function.kind == "veto"
        and line.x is not None
        and is_vetoed(line.function, line.x)
    ]
    cap = min(caps, default=None)
    total = weighted + points if whole else None
    if total is not None and cap is not None:
        total = min(total, cap)
    return Scored(
        scores,
        apportion(10_000, weights) if whole else weights,
        parts,
        weighted,
        points,
        cap,
        total,
    )


def _score(line):
    if line.x is None or line.function.kind == "veto":
        return None
    return int(hundredths(score(line.function, line.x)))
