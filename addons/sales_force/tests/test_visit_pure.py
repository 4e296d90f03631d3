"""Visits without records: distances, signals, the order of a day, a week's choice."""

import random
from datetime import date, datetime, timedelta
from itertools import permutations
from math import inf

from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from .. import working_time as wt
from ..visits import integrity, planning, routing
from ..visits.days import day_of, days_between
from ..visits.geo import EARTH_RADIUS, distance

# Two of TSPLIB's public instances in degrees and minutes, and their optimal tours as
# its rounded distances measure them.
BURMA14 = (
    "16.47 96.10 16.47 94.44 20.09 92.54 22.39 93.37 25.23 97.24 22.00 96.05 20.47 "
    "97.02 17.20 96.29 16.30 97.38 14.05 98.12 16.53 97.38 21.52 95.59 19.41 97.13 "
    "20.09 94.55"
)
ULYSSES22 = (
    "38.24 20.42 39.57 26.15 40.56 25.32 36.26 23.12 33.48 10.54 37.56 12.19 38.42 "
    "13.11 37.52 20.44 41.23 9.10 41.17 13.05 36.08 -5.21 38.47 15.13 38.15 15.35 "
    "37.51 15.17 35.49 14.32 39.36 19.56 38.09 24.36 36.09 23.00 40.44 13.57 40.33 "
    "14.15 40.37 14.23 37.57 22.56"
)
INSTANCES = {"burma14": (BURMA14, 3323), "ulysses22": (ULYSSES22, 7013)}

POINTS = st.tuples(st.floats(-80, 80), st.floats(-180, 180))
LIMITS = integrity.Limits(radius=300, accuracy=100, speed=120, minutes=5)
NOON = datetime(2026, 3, 2, 12)


def read_instance(text):
    numbers = [float(word) for word in text.split()]
    degrees = [int(x) + (x - int(x)) * 5 / 3 for x in numbers]
    return list(zip(degrees[::2], degrees[1::2], strict=True))


def kilometres(points):
    """Of the tour through points and back."""
    return sum(map(distance, points, [*points[1:], points[0]])) / 1000


def costs(stops, way):
    """Of all orders by number, by trying each: late minutes, metres, last arrival."""
    tour = routing.Tour(way)
    numbers = [tour._add(stop) for stop in stops]
    return {
        tuple(number - numbers[0] for number in order): tour._cost(order)
        for order in permutations(numbers)
    }


@tagged("post_install", "-at_install")
class TestGeo(BaseCase):
    def test_known_distances(self):
        """A degree along a meridian; Beijing to Shanghai is 1,068 km."""
        self.assertAlmostEqual(distance((0, 0), (1, 0)), 111_195, 0)
        beijing, shanghai = (39.9042, 116.4074), (31.2304, 121.4737)
        self.assertAlmostEqual(distance(beijing, shanghai) / 1000, 1068, -1)
        self.assertEqual(distance(beijing, beijing), 0)

    @given(POINTS, POINTS)
    def test_symmetric_and_bounded(self, first, second):
        there, back = distance(first, second), distance(second, first)
        self.assertAlmostEqual(there, back, 6)
        self.assertLessEqual(there, EARTH_RADIUS * 3.15)


class CountingTour(routing.Tour):
    measured = 0

    def _begins(self, stop, now):
        self.measured += 1
        return super()._begins(stop, now)


@tagged("post_install", "-at_install")
class TestRouting(BaseCase):
    def test_public_instances(self):
        """Within 2 % of the best known tour, far shorter than the order as listed."""
        for name, (text, best) in INSTANCES.items():
            start, *others = read_instance(text)
            stops = [routing.Stop(number, point) for number, point in enumerate(others)]
            legs = routing.arrange(stops, routing.Way(start, start))
            tour = kilometres([start, *(leg.stop.point for leg in legs)])
            with self.subTest(name):
                self.assertEqual({leg.stop for leg in legs}, set(stops))
                self.assertLess(tour, best * 1.02)
                self.assertLess(tour, kilometres([start, *others]) * 0.85)

    def _random_stops(self, rnd, most):
        stops = []
        for number in range(rnd.randint(1, most)):
            opens = rnd.choice((0, 0, rnd.randint(480, 900)))
            closes = rnd.choice((inf, opens + rnd.randint(0, 240)))
            point = (31 + rnd.random() / 5, 121 + rnd.random() / 5)
            stops.append(routing.Stop(number, point, 30, opens, max(opens, closes)))
        return stops

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 10**9))
    def test_against_all_orders(self, seed):
        """Small days with opening and working hours: on time where any order is."""
        rnd = random.Random(seed)
        stops = self._random_stops(rnd, 6)
        hours = rnd.choice(((), ((540, 720), (780, 1020))))
        way = routing.Way((31.1, 121.1), (31.2, 121.2), 540, hours)
        order = tuple(leg.stop.key for leg in routing.arrange(stops, way))
        found = costs(stops, way)
        late, metres, _arrival = found[order]
        best_late, best_metres, _arrival = min(found.values())
        self.assertLessEqual((late, metres), found[tuple(range(len(stops)))][:2])
        self.assertLessEqual(late, best_late * 1.5 + 30)
        if late == best_late:
            self.assertLessEqual(metres, best_metres * 1.25 + 1)

    def test_what_fits(self):
        """Nobody who was taken is late; hardly anybody was left whom an order fits."""
        hours = ((540, 720), (780, 900))
        way = routing.Way((31.1, 121.1), (31.1, 121.1), 540, hours)
        left = missed = 0
        for seed in range(60):
            stops = self._random_stops(random.Random(seed), 9)
            tour = routing.Tour(way)
            taken = [stop for stop in stops if tour.take(stop)]
            tour.improve()
            legs = tour.legs()
            self.assertEqual({leg.stop for leg in legs}, set(taken))
            for leg in legs:
                self.assertFalse(leg.late)
                self.assertTrue(leg.stop.opens <= leg.arrival <= leg.stop.closes)
                self.assertTrue(
                    any(a <= leg.arrival and leg.arrival + 30 <= b for a, b in hours)
                )
            for stop in [] if len(taken) > 4 else set(stops) - set(taken):
                left += 1
                missed += min(costs([*taken, stop], way).values())[0] == 0
        self.assertGreater(left, 20)
        self.assertLessEqual(missed, 1)

    def test_fixed(self):
        """An appointment stays, in the break too; the others go around it."""
        here = (31.0, 121.0)
        hours = ((540, 600), (660, 720))
        noon = routing.Stop("noon", here, 30, 620, 635, fixed=True)
        tour = routing.Tour(routing.Way(here, here, 540, hours), [noon])
        taken = [tour.take(routing.Stop(name, here)) for name in "abcde"]
        self.assertEqual(taken, [True, True, True, True, False])
        self.assertEqual(
            [leg.arrival for leg in tour.legs()], [540, 570, 620, 660, 690]
        )

    def test_too_long(self):
        """What is longer than all working hours begins with the longest."""
        hours = ((540, 600), (660, 780))
        stop = routing.Stop("long", None, 300)
        [leg] = routing.arrange([stop], routing.Way(None, None, 540, hours))
        self.assertEqual((leg.arrival, leg.late), (660, 0))

    def test_scales(self):
        """Sixty stops take measurings in thousands, also where most are late."""
        rnd = random.Random(1)
        points = [(31 + rnd.random() / 4, 121 + rnd.random() / 4) for _ in range(60)]
        for hours, most in (((), 20_000), (((540, 1020),), 300_000)):
            stops = [routing.Stop(number, point) for number, point in enumerate(points)]
            tour = CountingTour(routing.Way(points[0], points[0], 540, hours))
            tour.arrange(stops)
            with self.subTest(hours=hours):
                self.assertLess(tour.measured, most)
                self.assertEqual({leg.stop for leg in tour.legs()}, set(stops))

    def test_times(self):
        """A stop that opens later is waited for; lateness is said."""
        here = (31.0, 121.0)
        stops = [
            routing.Stop("late", here, 30, 0, 500),
            routing.Stop("noon", here, 30, 720, 800),
            routing.Stop("free", here, 60),
        ]
        way = routing.Way(here, here, 540)
        legs = {leg.stop.key: leg for leg in routing.arrange(stops, way)}
        self.assertEqual(legs["late"].arrival, 540)
        self.assertEqual(legs["late"].late, 40)
        self.assertEqual(legs["noon"].arrival, 720)
        self.assertEqual(legs["noon"].late, 0)

    def test_unknown_places(self):
        """They come last, and no distance to them is invented."""
        stops = [
            routing.Stop("nowhere"),
            routing.Stop("far", (32.0, 121.0)),
            routing.Stop("near", (31.1, 121.0)),
        ]
        legs = routing.arrange(stops, routing.Way((31.0, 121.0)))
        self.assertEqual(legs[-1].stop.key, "nowhere")
        self.assertIsNone(legs[-1].metres)
        self.assertTrue(all(leg.metres for leg in legs[:-1]))
        self.assertEqual(routing.arrange([]), [])


def fix(latitude, longitude, moment=NOON, accuracy=10.0, day=None):
    return integrity.Fix(latitude, longitude, accuracy, moment, day or moment.date())


@tagged("post_install", "-at_install")
class TestIntegrity(BaseCase):
    def signals(self, *fixes, **facts):
        return integrity.signals(LIMITS, fixes, **facts)

    def test_nothing_unusual(self):
        earlier = [fix(31.0, 121.0, NOON - timedelta(hours=2))]
        found = self.signals(
            fix(31.1, 121.0),
            fix(31.1001, 121.0, NOON + timedelta(minutes=30)),
            customer=(31.1, 121.001),
            earlier=earlier,
            minutes=30,
        )
        self.assertEqual(found, {})
        self.assertEqual(integrity.score(found), 100)

    def test_each_signal(self):
        self.assertEqual(self.signals(None, None), {"no_position": 2})
        self.assertEqual(
            self.signals(fix(31, 121, accuracy=500)), {"inaccurate": 500.0}
        )
        far = self.signals(fix(31, 121), customer=(31.01, 121))
        self.assertAlmostEqual(far["far"], 1112 - 10, 0)
        before = fix(32, 121, NOON - timedelta(hours=0.5))
        speed = self.signals(fix(31, 121), earlier=[before])
        self.assertAlmostEqual(speed["speed"], 222.4, 0)
        again = [fix(31, 121, NOON - timedelta(days=n)) for n in (1, 2)]
        self.assertEqual(self.signals(fix(31, 121), earlier=again), {"repeated": 2})
        self.assertEqual(self.signals(fix(31, 121), photos=1), {"photo": 1})
        self.assertEqual(self.signals(fix(31, 121), minutes=4), {"short": 4})

    def test_unknown_is_not_zero(self):
        """Without the customer's place nothing is said about the distance."""
        self.assertEqual(self.signals(fix(0.5, 0.5), customer=None), {})

    def test_same_day_is_not_repeated(self):
        earlier = [fix(31, 121, NOON - timedelta(minutes=30))]
        self.assertEqual(self.signals(fix(31, 121), earlier=earlier), {})

    def test_local_day(self):
        """Midnight in UTC is in the middle of a day elsewhere."""
        today = NOON.date()
        before = fix(31, 121, NOON - timedelta(hours=13), day=today)
        self.assertEqual(self.signals(fix(31, 121, day=today), earlier=[before]), {})

    @given(st.sets(st.sampled_from(sorted(integrity.POINTS))))
    def test_score(self, kinds):
        score = integrity.score(kinds)
        self.assertTrue(0 <= score <= 100)
        for kind in kinds:
            self.assertLessEqual(score, integrity.score(kinds - {kind}))


MONDAY = date(2026, 3, 2)
WEEK = [MONDAY + timedelta(days=n) for n in range(5)]


@tagged("post_install", "-at_install")
class TestPlanning(BaseCase):
    def test_nearest_working_day(self):
        working = [WEEK[0], WEEK[2], WEEK[4], WEEK[0] + timedelta(days=7)]
        near = planning.nearest_working_day
        self.assertEqual(near(WEEK[2], working), WEEK[2])
        self.assertEqual(near(WEEK[1], working), WEEK[2])
        self.assertEqual(near(WEEK[4] + timedelta(days=2), working), WEEK[4])
        self.assertIsNone(near(WEEK[0] + timedelta(days=14), working))

    def test_first_due(self):
        """As far from what was and what will be; a far appointment is no obstacle."""
        weekly = relativedelta(weeks=1)

        def first(*days, interval=weekly):
            visits = [MONDAY + timedelta(days=n) for n in days]
            return (planning.first_due(visits, interval, MONDAY) - MONDAY).days

        self.assertEqual(first(), 0)
        self.assertEqual(first(-7), 0)
        self.assertEqual(first(-3), 4)
        self.assertEqual(first(90), 0)
        self.assertEqual(first(5), 12)
        self.assertEqual(first(14, 5, -3), 21)
        self.assertEqual(first(-28, interval=relativedelta(months=1)), 0)

    def test_directions(self):
        """Two customers to the north and two to the south make two days."""
        places = {"n1": (1, 0), "s1": (-1, 0.1), "n2": (1, 0.1), "s2": (-1, 0)}
        dues = [planning.Due(key, MONDAY, 0, place) for key, place in places.items()]
        planned = planning.spread(dues, dict.fromkeys(WEEK[:2], 2), (0, 0.05))
        self.assertEqual(planned["n1"], planned["n2"])
        self.assertEqual(planned["s1"], planned["s2"])
        self.assertNotEqual(planned["n1"], planned["s1"])

    @given(
        st.lists(
            st.tuples(st.integers(0, 30), st.integers(0, 3), st.none() | POINTS),
            max_size=40,
        ),
        st.lists(st.integers(0, 9), min_size=5, max_size=5),
    )
    def test_properties(self, rows, places):
        """Nobody twice, no day too full, the most overdue are never left out."""
        dues = [
            planning.Due(number, MONDAY - timedelta(days=days), weight, point)
            for number, (days, weight, point) in enumerate(rows)
        ]
        free = dict(zip(WEEK, places, strict=True))
        planned = planning.spread(dues, free)
        self.assertEqual(len(planned), min(len(dues), sum(places)))
        for day, count in free.items():
            self.assertLessEqual(list(planned.values()).count(day), count)
        left = [due for due in dues if due.key not in planned]
        for due in dues:
            if due.key in planned:
                for other in left:
                    self.assertGreaterEqual(
                        (other.due, -other.weight), (due.due, -due.weight)
                    )


@tagged("post_install", "-at_install")
class TestDays(BaseCase):
    def test_where_the_rep_works(self):
        """Minutes since local midnight, and back to moments in UTC."""
        schedule = wt.Schedule("Asia/Shanghai", (wt.Hours(0, 540, 1020),))
        days = days_between(schedule, MONDAY, MONDAY + timedelta(days=1))
        day = days[MONDAY]
        self.assertEqual(day.hours, ((540, 1020),))
        self.assertEqual(day.moment(540), datetime(2026, 3, 2, 1))
        self.assertEqual(day.minute(datetime(2026, 3, 2, 1)), 540)
        self.assertEqual(day.clock(9.5), 570)
        self.assertEqual(day.begin, 540)
        self.assertEqual(day.left(960), 60)
        self.assertEqual(day.moment(3000), datetime(2026, 3, 2, 15, 59))
        self.assertEqual(days[MONDAY + timedelta(days=1)].hours, ())
        self.assertEqual(days[MONDAY + timedelta(days=1)].begin, 540)
        self.assertEqual(day_of(days, datetime(2026, 3, 2, 15, 59)), day)
        self.assertNotEqual(day_of(days, datetime(2026, 3, 2, 16)), day)
        self.assertIsNone(day_of(days, datetime(2026, 3, 5)))

    def test_leave_and_break(self):
        hours = (wt.Hours(0, 480, 720), wt.Hours(0, 780, 1020))
        absence = (datetime(2026, 3, 2, 14), datetime(2026, 3, 2, 15))
        schedule = wt.Schedule("UTC", hours, absences=(absence,))
        day = days_between(schedule, MONDAY, MONDAY)[MONDAY]
        self.assertEqual(day.hours, ((480, 720), (780, 840), (900, 1020)))

    def test_clocks_change(self):
        """Where the night is an hour short, nine o'clock comes an hour early."""
        sunday = date(2026, 3, 29)
        schedule = wt.Schedule("Europe/Berlin", (wt.Hours(6, 540, 720),))
        day = days_between(schedule, sunday, sunday)[sunday]
        self.assertEqual(day.clock(9), 480)
        self.assertEqual(day.hours, ((480, 660),))
        self.assertEqual(day.moment(480), datetime(2026, 3, 29, 7))
