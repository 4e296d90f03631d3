"""What a scoring function looks like. Pure: points of a line, to be drawn as it is."""

from fractions import Fraction

from .functions import score

# Inputs beside the interesting ones, so that the level ends are seen.
MARGIN = 20


def vertices(function):
    """The corners of the curve, from left to right.

    :return: ``[(x, points)]`` as floats; the same x twice where it steps
    """
    xs = sorted({float(x) for x in _corners(function)})
    span = max(xs[-1] - xs[0], 1.0)
    margin = max(span * MARGIN / 100, 1.0)
    xs = [xs[0] - margin, *xs, xs[-1] + margin]
    if function.kind == "bands":
        return _steps(function, xs)
    if function.kind == "veto":
        cap = float(function.cap)
        low, high = (cap, 100.0) if function.side == "below" else (100.0, cap)
        limit = float(function.limit)
        return [(xs[0], low), (limit, low), (limit, high), (xs[-1], high)]
    return [(x, float(score(function, _fraction(x)))) for x in xs]


def _corners(function):
    if function.kind in ("linear", "bands"):
        return [x for x, _y in function.points]
    if function.kind == "veto":
        return [function.limit]
    ends = (function.floor, function.cap)
    if function.kind == "lower":
        return [200 - end for end in ends]
    if function.kind == "points" and function.rate:
        return [end / function.rate for end in ends]
    return ends


def _steps(function, xs):
    line, before = [], float(score(function, _fraction(xs[0])))
    for x in xs:
        after = float(score(function, _fraction(x)))
        if after != before:
            line.append((x, before))
        line.append((x, after))
        before = after
    return line


def _fraction(value):
    return Fraction(str(value))


def is_drawable(function):
    """Whether a function that is being entered is complete enough to be drawn."""
    if function.kind in ("linear", "bands"):
        xs = [x for x, _y in function.points]
        return bool(xs) and xs == sorted(set(xs))
    return function.cap >= function.floor or function.kind == "veto"
