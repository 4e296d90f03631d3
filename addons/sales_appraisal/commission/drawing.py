"""Corners of the line that shows what a table pays. Pure."""

from decimal import Decimal

from . import schedule

# Beyond the last tier the line goes on for so much of the way until there.
BEYOND = Decimal("0.25")
# Of a rate between two tiers, which gives no straight line.
BETWEEN = 2


def corners(mode, tiers):
    """What is earned by what is reached.

    :param mode: ``whole``, ``progressive`` or ``interpolated``
    :param tiers: ``[(start, percent)]``
    :return: ``[(reached, earned)]`` by rising ``reached``; a leap has both values

    >>> corners("progressive", [(0, 2), (100, 3)])
    [(0.0, 0.0), (100.0, 2.0), (125.0, 2.75)]
    >>> corners("whole", [(0, 2), (100, 3)])
    [(0.0, 0.0), (100.0, 2.0), (100.0, 3.0), (125.0, 3.75)]
    """
    tiers = sorted((Decimal(start), Decimal(percent)) for start, percent in tiers)
    if not tiers:
        return []
    if mode == "progressive":
        line = schedule.progressive(tiers).total
    else:
        make = getattr(schedule, mode)

        def line(x):
            return make(tiers, x).total(x)

    starts = [start for start, _percent in tiers]
    found = []
    for number, x in enumerate(_places(starts, mode)):
        if mode == "whole" and number and x in starts:
            index = starts.index(x)
            rate = tiers[index - 1][1] if index else Decimal(0)
            found.append((x, rate * x / 100))
        found.append((x, line(x)))
    return [(float(x), float(y)) for x, y in found]


def leaps(tiers):
    """A bonus by what is reached, as ``corners``."""
    found = [(Decimal(0), Decimal(0))]
    for start, amount in tiers:
        found += [(start, found[-1][1]), (start, amount)]
    found.append((_end([start for start, _amount in tiers]), found[-1][1]))
    return [(float(x), float(y)) for x, y in found]


def line(rate, end):
    """The same rate on everything, as ``corners``.

    >>> line(Decimal("0.02"), Decimal(1000))
    [(0.0, 0.0), (1000.0, 20.0)]
    """
    return [(0.0, 0.0), (float(end), float(rate * end))]


def limited(points, low=None, high=None):
    """The line held between a minimum and a maximum, with corners where it meets them.

    >>> limited([(0.0, 0.0), (100.0, 10.0)], low=2, high=5)
    [(0.0, 2.0), (20.0, 2.0), (50.0, 5.0), (100.0, 5.0)]
    """
    for limit, hold in ((low, max), (high, min)):
        if limit is None:
            continue
        bound, found = float(limit), []
        for number, (x, y) in enumerate(points):
            if number:
                x_before, y_before = points[number - 1]
                if (y_before - bound) * (y - bound) < 0 and x > x_before:
                    part = (bound - y_before) / (y - y_before)
                    found.append((x_before + part * (x - x_before), bound))
            found.append((x, hold(y, bound)))
        points = found
    return points


def _places(starts, mode):
    places = [Decimal(0), *(start for start in starts if start)]
    if mode == "interpolated":
        for one, other in zip(starts, starts[1:], strict=False):
            places += [
                one + (other - one) * part / BETWEEN for part in range(1, BETWEEN)
            ]
    return [*sorted(places), _end(starts)]


def _end(starts):
    return (max(starts) or Decimal(100)) * (1 + BEYOND)
