"""From what was reached to points. Pure: exact fractions in, exact fractions out.

The input is either the value itself (a percentage as 78, not 0.78) or, where there is a
target, the percent of the target that was reached. Points are of 100.
"""

from fractions import Fraction
from typing import NamedTuple

HUNDRED = Fraction(100)


class Function(NamedTuple):
    """How an input becomes points.

    ``ratio``: the input is the score. ``lower``: the mirror image around 100, for what
    should be small: 100 at the target, 200 at nothing, 0 at twice the target. Both are
    held between ``floor`` and ``cap``.
    ``linear``: straight lines between ``points`` (x, y), level outside of them.
    ``bands``: the y of the last point whose x is reached; below all of them 0.
    ``points``: ``rate`` for each unit, held between ``floor`` and ``cap``; added to the
    card, without weight.
    ``veto``: no points; beyond ``limit`` the whole card is at most ``cap``.
    """

    kind: str
    floor: Fraction = Fraction(0)
    cap: Fraction = HUNDRED
    points: tuple = ()
    rate: Fraction = Fraction(1)
    limit: Fraction = Fraction(0)
    side: str = "below"


# Which kinds have a weight.
WEIGHTED = ("ratio", "lower", "linear", "bands")


def score(function, x):
    """The points of an input.

    :param Function function: of any kind but ``veto``
    :param Fraction x: the input
    :return: a Fraction

    >>> score(Function("linear", points=((70, 60), (90, 100))), Fraction(78))
    Fraction(76, 1)
    """
    return _KINDS[function.kind](function, Fraction(x))


def is_vetoed(function, x):
    """Whether an input caps the whole card; the limit itself does not."""
    beyond = function.limit - x if function.side == "below" else x - function.limit
    return beyond > 0


def next_step(function, x):
    """The nearest input at which more points are to be had than at this one.

    :return: ``(input, points gained)`` where a function rises in steps, or where it
        is level on both sides; else None
    """
    if function.kind not in ("bands", "linear"):
        return None
    now = score(function, x)
    better = [(Fraction(a), Fraction(b) - now) for a, b in function.points if b > now]
    if function.kind == "bands":
        better = [step for step in better if step[0] > x]
    elif max(score(function, x - 1), score(function, x + 1)) > now:
        return None
    return min(better, key=lambda step: abs(step[0] - x), default=None)


def _ratio(function, x):
    return min(max(x, function.floor), function.cap)


def _lower(function, x):
    return _ratio(function, 2 * HUNDRED - x)


def _linear(function, x):
    points = function.points
    if x <= points[0][0]:
        return Fraction(points[0][1])
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        if x <= x1:
            return y0 + Fraction(y1 - y0) * (x - x0) / (x1 - x0)
    return Fraction(points[-1][1])


def _bands(function, x):
    reached = [y for start, y in function.points if start <= x]
    return Fraction(reached[-1] if reached else 0)


def _points(function, x):
    return _ratio(function, function.rate * x)


_KINDS = {
    "ratio": _ratio,
    "lower": _lower,
    "linear": _linear,
    "bands": _bands,
    "points": _points,
}
