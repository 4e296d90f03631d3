"""Which times can be offered for work at a customer's.

Moments are naive and in UTC, or all of one timezone; spans are ``(start, stop)``, the
stop excluded. A window is when the agent arrives; the work may last beyond it.

>>> day = [(datetime(2031, 3, 3, 9), datetime(2031, 3, 3, 17))]
>>> windows = grid(day, timedelta(hours=4))
>>> free = free_time(day, [(datetime(2031, 3, 3, 9), datetime(2031, 3, 3, 12),
...                         timedelta(minutes=30))])
>>> available(windows, {"Lena": free}, timedelta(hours=1), day[0][0])[windows[0]]
[('Lena', datetime.datetime(2031, 3, 3, 12, 30))]
"""

from datetime import datetime, timedelta
from math import ceil

from odoo.addons.sales_force.visits.geo import distance
from odoo.addons.sales_force.working_time import difference, union

# Work begins at a multiple of this.
STEP = timedelta(minutes=5)
# Who has farther to go travels overnight, or flies.
LONGEST_WAY = timedelta(hours=8)


def grid(days, length):
    """Windows that fill the days without gaps, each day from its first moment on.

    What would be left of a day, if it is less than half of a window, is part of the
    last one.

    :param days: ``(start, stop)`` of each, in order
    """
    windows = []
    for start, stop in days:
        while start < stop:
            end = start + length
            if stop - end < length / 2:
                end = stop
            windows.append((start, end))
            start = end
    return windows


def way(place, other, speed, usual):
    """How long it takes from one place to another, in full minutes, 8 hours at most.

    :param place, other: ``(latitude, longitude)`` in degrees, None where not known
    :param speed: in km/h, as the crow flies
    :param usual: what it takes where one of both is not known
    """
    if not place or not other:
        return usual
    minutes = ceil(distance(place, other) * 60 / (speed * 1000))
    return min(timedelta(minutes=minutes), LONGEST_WAY)


def free_time(working, busy):
    """The working time without appointments and the way to and from each of them.

    :param working: disjoint spans, in order
    :param busy: spans and the time for the way, ``(start, stop, travel)``, in any order
    """
    taken = union((start - travel, stop + travel) for start, stop, travel in busy)
    return difference(working, taken)


def first_start(free, length, window):
    """The first moment in a window at which work can begin, None where it cannot.

    Work of a length is done without a break.
    """
    for start, stop in free:
        begin = _round_up(max(start, window[0]))
        if begin < window[1] and begin + length <= stop:
            return begin
    return None


def available(windows, agents, length, since):
    """Who can come in which window that is ahead, and when first.

    :param dict agents: by key the free time, the preferred first
    :param length: of the work
    :return: ``{window: [(key, moment)]}`` of windows in which somebody can
    """
    found = {}
    for window in windows:
        if window[0] < since:
            continue
        starts = [
            (key, first_start(free, length, window)) for key, free in agents.items()
        ]
        starts = [(key, start) for key, start in starts if start is not None]
        if starts:
            found[window] = starts
    return found


def _round_up(moment):
    return moment + (datetime.min - moment) % STEP
