"""In which order to visit the stops of a day: short ways, within opening times.

Visits take place in the working hours; travel follows great circles at an average
speed. An order begins as it was given, by cheapest insertion or by going to the nearest
next, and is improved by turning and moving runs of stops until nothing helps. A change
is judged by the few ways that it changes, and by the times only if it makes the way
shorter or something is late. So an order is never worse than the one that was given.
"""

from dataclasses import dataclass
from math import ceil, inf

from .geo import distance

# A visit begins at a multiple of so many minutes.
_STEP = 5
# Up to so many stops are moved together.
_RUN = 3
# So many arrivals are measured, then the best order that was found is taken.
_PATIENCE = 150_000
_LITTLE_PATIENCE = 5_000
# Metres and minutes that do not matter.
_NOTHING = 1e-6
# Places by number: the two ends of the way, then the stops.
_START, _HOME, _FIRST = range(3)


@dataclass(frozen=True)
class Stop:
    """A customer to visit; times in minutes of the day.

    ``point``          ``(latitude, longitude)``, None where it is not known
    ``minutes``        how long the visit takes
    ``opens closes``   when the visit may begin
    ``fixed``          an appointment: it does not have to be in the working hours
    """

    key: object
    point: tuple[float, float] | None = None
    minutes: float = 30.0
    opens: float = 0.0
    closes: float = inf
    fixed: bool = False


@dataclass(frozen=True)
class Way:
    """What a day gives for the way; times in minutes of the day.

    ``start home``   ``(latitude, longitude)`` of its ends, None where not known
    ``begin``        when it begins
    ``hours``        ``(from, to)`` of the working hours, in order; none: from the
                     beginning on
    ``speed``        on average, in km/h
    """

    start: tuple[float, float] | None = None
    home: tuple[float, float] | None = None
    begin: float = 540.0
    hours: tuple[tuple[float, float], ...] = ()
    speed: float = 30.0


@dataclass(frozen=True)
class Leg:
    """A stop of the day: ``metres`` to it (None: not known), arrival, late minutes.

    ``late`` is how much the visit begins after the closing or ends after the working
    hours, whichever is more.
    """

    stop: Stop
    metres: float | None
    arrival: float
    late: float


class Tour:
    """The stops of a day in an order.

    >>> tour = Tour(Way(hours=((540, 600),)))
    >>> [tour.take(Stop(name)) for name in "abc"]
    [True, True, False]
    >>> [(leg.stop.key, leg.arrival) for leg in tour.legs()]
    [('a', 540), ('b', 570)]
    """

    def __init__(self, way, fixed=()):
        """:param fixed: stops that are part of it, on time or not"""
        self.way = way
        self.hours = way.hours or ((way.begin, inf),)
        self.longest = max(end - begin for begin, end in self.hours)
        self.metres_per_minute = way.speed * 1000 / 60
        self.stops = [None, None]
        self.points, self.metres = [], []
        self._place(way.start)
        self._place(way.home)
        self.patience = _PATIENCE
        self.order = []
        for stop in sorted(fixed, key=lambda stop: stop.opens):
            self.order = self._insert(self.order, self._add(stop))

    def take(self, stop, thorough=True):
        """Add a stop if nobody gets late by that.

        :param thorough: whether to look for another order of those that are there
        :return: whether it was added
        """
        number = self._add(stop)
        late = self._late(self.order)
        longer = self._insert(self.order, number, late)
        if not longer and thorough:
            self.patience = _LITTLE_PATIENCE
            longer = self._improve(self._insert(self.order, number))
            if self._late(longer) > late + _NOTHING:
                longer = None
        if longer:
            self.order = longer
        return bool(longer)

    def improve(self):
        """Make the order better."""
        self.order = self._best([self.order, self._by_nearest(self.order)])

    def arrange(self, stops):
        """Add stops, on time or not, and put all of them in a good order."""
        numbers = self.order + [self._add(stop) for stop in stops]
        # What has no place and no hours keeps its order, at the end.
        placed = [n for n in numbers if self.points[n] or self._has_hours(n)]
        self.order = self._best(
            [placed, self._by_insertion(placed), self._by_nearest(placed)]
        )
        for number in numbers:
            if number not in placed:
                self.order = self._insert(self.order, number)

    def legs(self):
        """The legs in their order."""
        return [
            Leg(
                self.stops[number],
                self.metres[before][number]
                if self.points[before] and self.points[number]
                else None,
                arrival,
                late,
            )
            for number, before, arrival, late in self._visits(self.order)
        ]

    # Stops are known by their numbers from here on

    def _add(self, stop):
        self.stops.append(stop)
        return self._place(stop.point)

    def _place(self, point):
        """Keep a place with what is between it and the others; unknown is nothing."""
        self.points.append(point)
        row = [
            distance(point, other) if point and other else 0.0 for other in self.points
        ]
        for metres, others in zip(row, self.metres, strict=False):
            others.append(metres)
        self.metres.append(row)
        return len(self.points) - 1

    def _has_hours(self, number):
        return self.stops[number].opens > 0 or self.stops[number].closes < inf

    # Measuring

    def _visits(self, order):
        """``(number, place before, arrival, late)`` of each stop in turn."""
        now, place = self.way.begin, _START
        for number in order:
            stop, before = self.stops[number], place
            if self.points[number]:
                now += self.metres[place][number] / self.metres_per_minute
                place = number
            now = self._begins(stop, now)
            late = now - stop.closes
            if not stop.fixed:
                late = max(late, now + self._needs(stop) - self.hours[-1][1])
            yield number, before, now, max(0.0, late)
            now += stop.minutes

    def _begins(self, stop, now):
        """When a visit begins, of who gets there now."""
        now = max(now, stop.opens)
        if stop.fixed:
            return now
        now = _STEP * ceil(now / _STEP - _NOTHING)
        for begin, end in self.hours:
            begin = max(now, _STEP * ceil(begin / _STEP - _NOTHING))
            if begin + self._needs(stop) <= end:
                return begin
        return now

    def _needs(self, stop):
        """A visit longer than all working hours is content with the longest."""
        return min(stop.minutes, self.longest)

    def _late(self, order, most=inf):
        """The late minutes of an order, counted up to a little more than ``most``."""
        total = 0.0
        for _number, _before, _arrival, late in self._visits(order):
            self.patience -= 1
            total += late
            if total > most + _NOTHING:
                break
        return total

    def _cost(self, order):
        """Late minutes first, then metres, then the time of the last arrival."""
        visits = list(self._visits(order))
        late = sum(late for *_visit, late in visits)
        places = [_START, *filter(self.points.__getitem__, order), _HOME]
        metres = sum(
            self.metres[a][b] for a, b in zip(places, places[1:], strict=False)
        )
        return round(late, 6), round(metres, 3), visits[-1][2] if visits else 0.0

    def _neighbours(self, order):
        """For each place in an order the last known stop before, the first from it."""
        before, after = [_START], [_HOME]
        for number in order:
            before.append(number if self.points[number] else before[-1])
        for number in reversed(order):
            after.append(number if self.points[number] else after[-1])
        return before, after[::-1]

    # Beginning

    def _insert(self, order, number, most=inf):
        """An order with one more stop, where that costs the shortest way.

        :param most: how many late minutes it may have
        :return: None when it would have more everywhere
        """
        metres = self.metres
        before, after = self._neighbours(order)

        def detour(place):
            a, b = before[place], after[place]
            if not self.points[number]:
                return 0.0, -place
            return metres[a][number] + metres[number][b] - metres[a][b], -place

        unavoidable = self._late(order)
        best, least = None, most
        for place in sorted(range(len(order) + 1), key=detour):
            longer = [*order[:place], number, *order[place:]]
            late = self._late(longer, least)
            if late < least - _NOTHING or (not best and late <= least + _NOTHING):
                best, least = longer, late
            if best and (self.patience < 0 or least <= unavoidable + _NOTHING):
                break
        return best

    def _by_insertion(self, numbers):
        order = []
        for number in numbers:
            order = self._insert(order, number)
        return order

    def _by_nearest(self, numbers):
        order, rest, place = [], list(numbers), _START
        while rest:
            number = min(rest, key=lambda n: (self.metres[place][n], n))
            rest.remove(number)
            order.append(number)
            place = number
        return order

    # Improving

    def _best(self, orders):
        """The best that some orders can be made."""
        self.patience = _PATIENCE
        orders = sorted(orders, key=self._cost)
        order = min(map(self._improve, orders), key=self._cost)
        return min(order, order[::-1], key=self._cost)

    def _improve(self, order):
        late, better = self._late(order), True
        while better:
            turned, late = self._turn(order, late)
            moved, late = self._move(turned, late)
            order, better = moved, moved != order
        return order

    def _turn(self, order, late):
        """Turn runs around where that helps, once for each."""
        metres = self.metres
        before, after = self._neighbours(order)
        for i in range(len(order) - 1):
            for j in range(i + 2, len(order) + 1):
                a, first, last, b = before[i], after[i], before[j], after[j]
                shorter = 0.0
                if first != b:  # else the run has no known place
                    shorter = metres[a][first] + metres[last][b]
                    shorter -= metres[a][last] + metres[first][b]
                if max(shorter, late) <= _NOTHING:
                    continue
                other = [*order[:i], *order[i:j][::-1], *order[j:]]
                minutes = self._better(other, shorter, late)
                if minutes is not None:
                    order, late = other, minutes
                    before, after = self._neighbours(order)
        return order, late

    def _move(self, order, late):
        """Move short runs, straight or turned, where that helps most, once for each."""
        for i in range(len(order)):
            for j in range(i + 1, min(i + _RUN, len(order)) + 1):
                run, rest = order[i:j], [*order[:i], *order[j:]]
                for shorter, place, turned in self._places(order, i, j, late):
                    middle = run[::-1] if turned else run
                    other = [*rest[:place], *middle, *rest[place:]]
                    minutes = self._better(other, shorter, late)
                    if minutes is not None:
                        order, late = other, minutes
                        break
        return order, late

    def _places(self, order, i, j, late):
        """Where else a run could be: ``[(metres shorter, place, turned)]``."""
        metres = self.metres
        before, after = self._neighbours(order)
        a, first, last, b = before[i], after[i], before[j], after[j]
        known = first != b
        saved = metres[a][first] + metres[last][b] - metres[a][b] if known else 0.0
        if max(saved, late) <= _NOTHING:
            return []
        before, after = self._neighbours([*order[:i], *order[j:]])
        found = []
        for place, (a, b) in enumerate(zip(before, after, strict=True)):
            for turned, (c, d) in enumerate(((first, last), (last, first))):
                spent = metres[a][c] + metres[d][b] - metres[a][b] if known else 0.0
                if max(saved - spent, late) > _NOTHING:
                    found.append((saved - spent, place, turned))
        return sorted(found, reverse=True)

    def _better(self, order, shorter, late):
        """The late minutes of an order that is better, else None.

        :param shorter: by how many metres it is
        :param late: the minutes of the order that it would replace
        """
        if self.patience < 0:
            return None
        minutes = self._late(order, late)
        if minutes < late - _NOTHING:
            return minutes
        if minutes <= late + _NOTHING and shorter > _NOTHING:
            return minutes
        return None


def arrange(stops, way=None):
    """The legs of a day in the order in which to visit the stops.

    Stops without known place come where their times want them, else after the others.

    :param Way way: None: from nine o'clock on, from nowhere
    """
    tour = Tour(way or Way())
    tour.arrange(stops)
    return tour.legs()


def length(points):
    """The metres of a way through places; what is not known is left out."""
    known = [point for point in points if point]
    return sum(map(distance, known, known[1:]))
