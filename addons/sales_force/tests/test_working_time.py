"""Working time against an oracle that asks each minute whether it is worked."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.tests import BaseCase, tagged

from .. import working_time as wt
from .common import SalesForceCase

MINUTE = timedelta(minutes=1)
# Around the days on which clocks change; half hours and gaps at midnight included.
ZONES = {
    "UTC": datetime(2026, 2, 27),
    "Asia/Shanghai": datetime(2026, 2, 15),
    "Europe/Brussels": datetime(2026, 3, 27),
    "America/New_York": datetime(2026, 10, 30),
    "Australia/Lord_Howe": datetime(2026, 4, 3),
    "Asia/Kolkata": datetime(2026, 1, 1),
    "Africa/Cairo": datetime(2026, 4, 22),
    "America/Havana": datetime(2026, 10, 30),
}


def is_worked(schedule, moment):
    """The oracle: by the wall clock, minute by minute."""
    wall = moment.replace(tzinfo=wt.UTC).astimezone(ZoneInfo(schedule.timezone))
    day, minute = wall.date(), wall.hour * 60 + wall.minute
    if any(start <= moment < stop for start, stop in schedule.absences):
        return False
    exceptional = schedule.days.get(day)
    if exceptional is None or exceptional.hours == ():
        if any(start <= moment < stop for start, stop in schedule.closures):
            return False
    if exceptional is not None and exceptional.hours is not None:
        return any(start <= minute < stop for start, stop in exceptional.hours)
    week = (day.toordinal() - 1) // 7 % 2
    hours = [h for h in schedule.hours if h.week is None or h.week == week]
    weekday = day.weekday()
    if exceptional is not None:
        hours = hours or list(schedule.hours)
        if not any(h.weekday == weekday for h in hours):
            weekday = min((h.weekday for h in hours), default=None)
    return any(h.weekday == weekday and h.start <= minute < h.stop for h in hours)


def minutes_worked(schedule, start, stop):
    count = 0
    while start < stop:
        count += is_worked(schedule, start)
        start += MINUTE
    return count


@st.composite
def periods_of_day(draw):
    """Disjoint hours of a day, as morning and afternoon around lunch."""
    bounds = sorted(
        draw(
            st.lists(
                st.integers(0, 48).map(lambda n: n * 30),
                min_size=2,
                max_size=4,
                unique=True,
            )
        )
    )
    return tuple(zip(bounds[::2], bounds[1::2], strict=False))


@st.composite
def schedules(draw):
    zone = draw(st.sampled_from(sorted(ZONES)))
    base = ZONES[zone]
    two_weeks = draw(st.booleans())
    hours = tuple(
        wt.Hours(weekday, start, stop, week)
        for week in ((0, 1) if two_weeks else (None,))
        for weekday in draw(st.sets(st.integers(0, 6), max_size=6))
        for start, stop in draw(periods_of_day())
    )
    if draw(st.booleans()):
        hours = wt.DEFAULT_HOURS

    def moments():
        return st.tuples(st.integers(-1440, 6 * 1440), st.integers(1, 2 * 1440)).map(
            lambda t: (base + t[0] * MINUTE, base + (t[0] + t[1]) * MINUTE)
        )

    days = draw(
        st.dictionaries(
            st.integers(-1, 7).map(lambda n: (base + n * wt.DAY).date()),
            st.one_of(
                st.just(wt.Exceptional(())),
                st.just(wt.Exceptional(None)),
                periods_of_day().map(wt.Exceptional),
            ),
            max_size=3,
        )
    )
    return base, wt.Schedule(
        timezone=zone,
        hours=hours,
        days=days,
        closures=tuple(draw(st.lists(moments(), max_size=2))),
        absences=tuple(draw(st.lists(moments(), max_size=2))),
    )


_settings = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@tagged("post_install", "-at_install")
class TestDays(BaseCase):
    @given(
        st.sets(st.integers(-60, 60)),
        st.integers(0, 90),
        st.integers(-70, 70),
    )
    def test_definition(self, offsets, count, at):
        """Against counting day by day; where nothing is known every day counts."""
        known = sorted(date(2031, 5, 12) + wt.DAY * offset for offset in offsets)
        days, day = wt.Days(known), date(2031, 5, 12) + wt.DAY * at

        def counts(other):
            return not known or other in known or not known[0] <= other <= known[-1]

        ahead, left = day, count
        # Days before the first one that is known are not counted ahead.
        while left:
            ahead += wt.DAY
            left -= counts(ahead) and not (known and ahead < known[0])
        self.assertEqual(days.ahead(day, count), ahead)
        back, left = day, count
        while left:
            left -= counts(back) and not (known and back > known[-1])
            back -= wt.DAY
        self.assertEqual(days.back(day, count), back)

    def test_all_days(self):
        days, day = wt.Days(), date(2031, 5, 12)
        self.assertEqual(days.ahead(day, 10), date(2031, 5, 22))
        self.assertEqual(days.back(day, 10), date(2031, 5, 2))


@tagged("post_install", "-at_install")
class TestWorkingTimePure(BaseCase):
    @_settings
    @given(schedules(), st.integers(0, 3 * 1440), st.integers(0, 3 * 1440))
    def test_hours_between(self, drawn, start, length):
        base, schedule = drawn
        start = base + start * MINUTE
        stop = start + length * MINUTE
        expected = minutes_worked(schedule, start, stop)
        self.assertAlmostEqual(wt.hours_between(schedule, start, stop) * 60, expected)
        self.assertAlmostEqual(wt.hours_between(schedule, stop, start) * 60, -expected)

    @_settings
    @given(schedules(), st.integers(0, 2 * 1440), st.integers(1, 900))
    def test_add_hours(self, drawn, start, length):
        """The first moment by which the time has passed, and back again."""
        base, schedule = drawn
        start = base + start * MINUTE
        count, here = 0, start
        while count < length and here < base + 8 * wt.DAY:
            count += is_worked(schedule, here)
            here += MINUTE
        assume(count == length)
        self.assertEqual(wt.add_hours(schedule, start, length / 60), here)
        self.assertAlmostEqual(
            wt.hours_between(schedule, start, here) * 60, length, places=6
        )
        back = wt.add_hours(schedule, here, -length / 60)
        self.assertGreaterEqual(back, start)
        self.assertEqual(minutes_worked(schedule, start, back), 0)

    @_settings
    @given(schedules(), st.integers(0, 2), st.integers(0, 2))
    def test_working_days(self, drawn, start, length):
        base, schedule = drawn
        first = (base + start * wt.DAY).date()
        last = first + length * wt.DAY
        expected = {}
        moment = datetime.combine(first, time()) - 2 * wt.DAY
        while moment < datetime.combine(last, time()) + 3 * wt.DAY:
            if is_worked(schedule, moment):
                day = wt.local_date(schedule, moment)
                if first <= day <= last:
                    expected[day] = expected.get(day, 0) + 1
            moment += MINUTE
        days = wt.working_days(schedule, first, last)
        self.assertEqual({d: round(h * 60) for d, h in days.items()}, expected)
        self.assertLessEqual(wt.days_between(schedule, first, last), len(expected))

    @given(
        st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))),
        st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))),
    )
    def test_algebra(self, left, right):
        def points(intervals):
            return {n for start, stop in intervals for n in range(start, stop)}

        a, b = wt.union(left), wt.union(right)
        for intervals in (a, b, wt.intersection(a, b), wt.difference(a, b)):
            self.assertEqual(intervals, sorted(intervals))
            for (_s, stop), (start, _e) in zip(intervals, intervals[1:], strict=False):
                self.assertLessEqual(stop, start)
        self.assertEqual(points(a), points(left))
        self.assertEqual(points(wt.intersection(a, b)), points(a) & points(b))
        self.assertEqual(points(wt.difference(a, b)), points(a) - points(b))

    def test_no_hours_end_where_they_start(self):
        saturday = datetime(2026, 1, 3, 9)
        self.assertEqual(wt.add_hours(wt.Schedule(), saturday, 0), saturday)

    def test_no_working_time_at_all(self):
        with self.assertRaises(ValueError):
            wt.add_hours(wt.Schedule(hours=()), datetime(2026, 1, 1), 1)

    def test_day_without_midnight(self):
        """In Cairo clocks jump from midnight to one o'clock: the day has 23 hours."""
        day = date(2026, 4, 24)
        schedule = wt.Schedule(
            "Africa/Cairo", tuple(wt.Hours(d, 0, 1440) for d in range(7))
        )
        self.assertEqual(wt.working_days(schedule, day, day), {day: 23.0})


@tagged("post_install", "-at_install")
class TestWorkingTime(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.env["sales.working.time"]
        cls.calendar = cls.env["resource.calendar"].create(
            {
                "name": "Forty hours",
                "company_id": cls.company.id,
                "tz": "Asia/Shanghai",
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {
                            "name": period,
                            "dayofweek": str(day),
                            "hour_from": start,
                            "hour_to": stop,
                            "day_period": period,
                        }
                    )
                    for day in range(5)
                    for period, start, stop in (
                        ("morning", 8, 12),
                        ("lunch", 12, 13),
                        ("afternoon", 13, 17),
                    )
                ],
            }
        )
        cls.company.resource_calendar_id = cls.calendar
        cls.first, cls.last = date(2026, 10, 1), date(2026, 10, 31)

    def _days(self, subject):
        return self.service.days_between(subject, self.first, self.last)[subject]

    def test_month(self):
        self.assertEqual(self._days(self.company), 22)
        self.assertEqual(self._days(self.reps["rep"]), 22)
        days = self.service.working_days(self.company, self.first, self.last)
        self.assertEqual(set(days[self.company].values()), {8.0})

    def test_make_up_and_holiday(self):
        """The Chinese National Day of 2026: seven days off, one of them made up."""
        day = self.env["sales.calendar.day"]
        for number in range(1, 8):
            day.create({"name": "National Day", "date": f"2026-10-0{number}"})
        day.create({"name": "Make-up", "date": "2026-10-10", "kind": "workday"})
        self.assertEqual(self._days(self.company), 22 - 5 + 1)
        days = self.service.working_days(self.company, self.first, self.last)
        self.assertEqual(days[self.company][date(2026, 10, 10)], 8.0)
        # An hour before the holiday and one after it.
        start = datetime(2026, 9, 30, 8)
        self.assertEqual(
            self.service.add_hours(self.company, start, 2)[self.company],
            datetime(2026, 10, 8, 1),
        )

    def test_day_of_one_calendar(self):
        """A day of one calendar goes before that of the company."""
        other = self.calendar.copy({"name": "Other"})
        self.reps["peer"].calendar_id = other
        self.env["sales.calendar.day"].create(
            [
                {"name": "All", "date": "2026-10-05"},
                {
                    "name": "But these",
                    "date": "2026-10-05",
                    "kind": "workday",
                    "hour_from": 9,
                    "hour_to": 12,
                    "calendar_id": other.id,
                },
            ]
        )
        result = self.service.working_days(
            self.reps["rep"] + self.reps["peer"], date(2026, 10, 5), date(2026, 10, 5)
        )
        self.assertEqual(result[self.reps["rep"]], {})
        self.assertEqual(result[self.reps["peer"]], {date(2026, 10, 5): 3.0})

    def test_leaves(self):
        """A public leave frees all, a rep's own one the rep only."""
        employee = self.env["hr.employee"].create(
            {
                "name": "Rep",
                "user_id": self.users["rep"].id,
                "company_id": self.company.id,
                "resource_calendar_id": self.calendar.id,
            }
        )
        self.reps["rep"].employee_id = employee
        leaves = self.env["resource.calendar.leaves"]
        leaves.create(
            {
                "name": "Public",
                "calendar_id": self.calendar.id,
                "company_id": self.company.id,
                "date_from": datetime(2026, 10, 4, 16),
                "date_to": datetime(2026, 10, 5, 16),
            }
        )
        leaves.create(
            {
                "name": "Own, half a day",
                "calendar_id": self.calendar.id,
                "resource_id": employee.resource_id.id,
                "date_from": datetime(2026, 10, 6, 0),
                "date_to": datetime(2026, 10, 6, 4),
            }
        )
        self.assertEqual(self._days(self.company), 21)
        self.assertEqual(self._days(self.reps["peer"]), 21)
        self.assertEqual(self._days(self.reps["rep"]), 20.5)
        # A made-up day stands above public leaves, not above one's own.
        for number in (5, 6):
            self.env["sales.calendar.day"].create(
                {
                    "name": "Make-up",
                    "date": f"2026-10-0{number}",
                    "kind": "workday",
                }
            )
        self.assertEqual(self._days(self.reps["rep"]), 21.5)

    def test_two_weeks(self):
        self.calendar.switch_calendar_type()
        self.assertTrue(self.calendar.two_weeks_calendar)
        self.calendar.attendance_ids.filtered(
            lambda a: a.week_type == "1" and a.dayofweek == "4"
        ).unlink()
        days = self.service.working_days(self.company, self.first, self.last)
        fridays = [day for day in days[self.company] if day.weekday() == 4]
        self.assertEqual({wt.week_of(day) for day in fridays}, {0})

    def test_no_calendar(self):
        """Without calendar: eight hours, Monday to Friday, in UTC."""
        self.company.resource_calendar_id = False
        self.assertEqual(self._days(self.company), 22)
        self.assertEqual(
            self.service.hours_between(
                self.company, datetime(2026, 10, 5), datetime(2026, 10, 5, 9)
            )[self.company],
            1.0,
        )

    def test_team(self):
        team = self.env["crm.team"].create(
            {"name": "Team", "company_id": self.company.id}
        )
        self.assertEqual(self._days(team), 22)

    def test_constant_queries(self):
        """As many queries for seven reps as for one."""
        reps = self.env["sales.rep"].concat(
            *(rep for name, rep in self.reps.items() if name != "foreigner")
        )
        for subjects in (reps[:1], reps):
            self.env.invalidate_all()
            with self.assertQueryCount(9):
                self.service.days_between(subjects, self.first, self.last)

    def test_salesman_may_ask(self):
        rep = self.reps["rep"].with_user(self.users["rep"])
        service = self.service.with_user(self.users["rep"])
        self.assertEqual(service.days_between(rep, self.first, self.last)[rep], 22)
