"""In which order to visit the stops of a day: short ways, within opening times.

A day begins and ends where the rep starts. Travel follows great circles at an average
speed. The order starts from the best of three (as given, by cheapest insertion, to the
nearest next) and is improved by moving and turning runs of stops until nothing helps,
so it is never worse than the order that was given.
"""

from dataclasses import dataclass
from math import inf

from .geo import distance

# Up to so many stops are moved together.
_RUN = 3


@dataclass(frozen=True)
class Stop:
    """A customer to visit; times in minutes of the day.

    ``point``          ``(latitude, longitude)``, None where it is not known
    ``minutes``        how long the visit takes
    ``opens closes``   when the visit may begin
    """

    key: object
    point: tuple[float, float] | None = None
    minutes: float = 30.0
    opens: float = 0.0
    closes: float = inf


@dataclass(frozen=True)
class Leg:
    """A stop of the day: ``metres`` to it (None: not known), arrival, late minutes."""

    stop: Stop
    metres: float | None
    arrival: float
    late: float


class _Day:
    """Measures orders of stops."""

    def __init__(self, stops, start, begin, speed):
        self.stops = stops
        self.begin = begin
        self.metres_per_minute = speed * 1000 / 60
        points = [start, *(stop.point for stop in stops)]
        self.metres = [
            [distance(a, b) if a and b else None for b in points] for a in points
        ]

    def way(self, a, b):
        """Metres between two places by number, 0 being the start; unknown is none."""
        return self.metres[a][b] or 0.0

    def legs(self, order):
        now, place = self.begin, 0
        for number in order:
            stop = self.stops[number]
            metres = self.metres[place][number + 1]
            now += (metres or 0.0) / self.metres_per_minute
            now = max(now, stop.opens)
            yield Leg(stop, metres, now, max(0.0, now - stop.closes))
            now += stop.minutes
            place = number + 1

    def cost(self, order):
        """Late minutes first, then metres, then the time of the last arrival."""
        late, arrival = 0.0, self.begin
        for leg in self.legs(order):
            late += leg.late
            arrival = leg.arrival
        return round(late, 6), round(self.metres_of(order), 3), round(arrival, 6)

    def metres_of(self, order):
        places = [0, *(number + 1 for number in order), 0]
        return sum(map(self.way, places, places[1:]))

    def by_insertion(self, numbers):
        order = []
        for number in numbers:
            order = min(
                (order[:i] + [number] + order[i:] for i in range(len(order) + 1)),
                key=self.cost,
            )
        return order

    def by_nearest(self, numbers):
        order, rest, place = [], list(numbers), 0
        while rest:
            number = min(rest, key=lambda n: (self.way(place, n + 1), n))
            rest.remove(number)
            order.append(number)
            place = number + 1
        return order

    def improve(self, order):
        best = self.cost(order)
        better = True
        while better:
            better = False
            for other in self._neighbours(order):
                cost = self.cost(other)
                if cost < best:
                    order, best, better = other, cost, True
                    break
        return order

    def _neighbours(self, order):
        n = len(order)
        for i in range(n):
            for j in range(i + 2, n + 1):
                yield order[:i] + order[i:j][::-1] + order[j:]
        for i in range(n):
            for j in range(i + 1, min(i + _RUN, n) + 1):
                run, rest = order[i:j], order[:i] + order[j:]
                for k in range(len(rest) + 1):
                    if k != i:
                        yield rest[:k] + run + rest[k:]
                        yield rest[:k] + run[::-1] + rest[k:]


def arrange(stops, start=None, begin=540.0, speed=30.0):
    """The legs of a day in the order in which to visit the stops.

    Stops without known place come where their times want them, else after the others.

    :param start: ``(latitude, longitude)`` where the day begins and ends, or None
    :param begin: when it begins, in minutes of the day
    :param speed: average speed in km/h
    """
    day = _Day(list(stops), start, begin, speed)
    # What has no place and no hours keeps its order, at the end.
    placed = [
        n
        for n, stop in enumerate(day.stops)
        if stop.point or stop.opens > 0 or stop.closes < inf
    ]
    others = [n for n in range(len(day.stops)) if n not in placed]
    orders = (placed, day.by_insertion(placed), day.by_nearest(placed))
    order = min(map(day.improve, orders), key=day.cost)
    return list(day.legs([*order, *others]))
