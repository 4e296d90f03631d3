"""Time limits against a minute-by-minute oracle."""

import os
import random
from bisect import bisect_left
from datetime import date, datetime, time, timedelta, timezone
from itertools import accumulate
from zoneinfo import ZoneInfo

from odoo.tests import BaseCase, tagged

from odoo.addons.sales_force import working_time as wt

from ..tickets.clock import Span, ran, reached

# So many histories; ``./sales test`` runs a part of the proof, the whole is 100,000.
HISTORIES = int(os.environ.get("SALES_TICKET_HISTORIES", "2000"))
# So many calendars of so many minutes, in which the histories take place.
WORLDS = 30 + HISTORIES // 500
LENGTH = 40 * 1440
MINUTE = timedelta(minutes=1)
STATES = ("new", "in_progress", "waiting_customer", "waiting_parts", "resolved")
ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
# Around both changes of clocks.
BEGINS = (date(2026, 3, 6), date(2026, 3, 27), date(2026, 10, 23), date(2026, 6, 1))


def _world(rng):
    """When it is, and by which working hours."""
    hours = []
    two_weeks = rng.random() < 0.25
    for day in rng.sample(range(7), rng.randint(1, 7)):
        morning = 60 * rng.randint(0, 10) + rng.choice((0, 15, 30))
        noon = morning + 60 * rng.randint(1, 4)
        evening = min(1440, noon + 60 * rng.randint(1, 10))
        week = rng.choice((0, 1)) if two_weeks else None
        hours.append(wt.Hours(day, morning, noon, week))
        if rng.random() < 0.7 and noon + 45 < evening:
            hours.append(wt.Hours(day, noon + 45, evening, week))
    begin = rng.choice(BEGINS)
    days = {}
    for _n in range(rng.randint(0, 3)):
        day = begin + timedelta(days=rng.randint(0, 12))
        days[day] = wt.Exceptional(rng.choice(((), None, ((600, 780),))))
    closures = []
    for _n in range(rng.randint(0, 2)):
        start = _midnight(begin) + timedelta(minutes=rng.randint(0, 12 * 1440))
        closures.append((start, start + timedelta(minutes=rng.randint(1, 2880))))
    return Calendar(
        begin, wt.Schedule(rng.choice(ZONES), tuple(hours), days, tuple(closures))
    )


def _midnight(day):
    return datetime.combine(day, time())


class Calendar:
    """Looks at every minute by itself: is it worked?"""

    def __init__(self, begin, schedule):
        self.begin = begin
        self.schedule = schedule
        self.zone = ZoneInfo(schedule.timezone)
        first = _midnight(begin)
        works = (self._works(first + MINUTE * n) for n in range(LENGTH))
        # How many are worked before each.
        self.before = [0, *accumulate(works)]

    def _works(self, moment):
        local = moment.replace(tzinfo=timezone.utc).astimezone(self.zone)
        day, minute = local.date(), local.hour * 60 + local.minute
        special = self.schedule.days.get(day)
        if special is not None:
            hours = special.hours
            if hours is None:
                hours = self._made_up(day)
            # A day made up is worked, whatever is closed.
            return any(start <= minute < stop for start, stop in hours)
        if any(start <= moment < stop for start, stop in self.schedule.closures):
            return False
        return any(
            one.start <= minute < one.stop
            for one in self._of_week(day)
            if one.weekday == day.weekday()
        )

    def _of_week(self, day):
        parity = (day.toordinal() - 1) // 7 % 2
        return [one for one in self.schedule.hours if one.week in (None, parity)]

    def _made_up(self, day):
        """The hours of such a weekday, else of the first that has some."""
        hours = self._of_week(day) or self.schedule.hours
        days = {one.weekday for one in hours}
        weekday = day.weekday() if day.weekday() in days else min(days)
        return [(one.start, one.stop) for one in hours if one.weekday == weekday]

    def index(self, moment):
        return (moment - _midnight(self.begin)) // MINUTE

    def count(self, start, stop):
        return self.before[self.index(stop)] - self.before[self.index(start)]

    def nth(self, start, number):
        """The end of the n-th minute worked from a moment on."""
        wanted = self.before[self.index(start)] + number
        return _midnight(self.begin) + MINUTE * bisect_left(self.before, wanted)


def _history(rng, worlds):
    """Spans with their calendars, what does not count, a limit and since when."""
    world = rng.choice(worlds)
    others = [one for one in worlds if one.begin == world.begin]
    known = [world, world, rng.choice(others), None]
    moment = _midnight(world.begin) + timedelta(minutes=rng.randint(0, 2880))
    spans, first = [], moment
    for number in range(rng.randint(1, 6), 0, -1):
        stop = moment + timedelta(minutes=rng.choice((0, rng.randint(1, 3000))))
        calendar = rng.choice(known)
        span = Span(
            moment,
            stop if number > 1 else None,
            rng.choice(STATES),
            calendar and calendar.schedule,
        )
        spans.append((span, calendar))
        moment = stop
    pauses = set(rng.sample(STATES, rng.randint(0, 3)))
    since = rng.choice((None, first + timedelta(minutes=rng.randint(0, 1500))))
    return spans, pauses, rng.randint(1, 2400), since


def _brute_force(spans, pauses, limit, since, until):
    """The deadline up to a moment, and the minutes that count until then."""
    total, deadline = 0, None
    for span, calendar in spans:
        start = max(span.start, since or span.start)
        stop = min(span.stop or until, until)
        if span.state in pauses or start >= stop:
            continue
        if calendar is None:
            minutes = (stop - start) // MINUTE
        else:
            minutes = calendar.count(start, stop)
        if deadline is None and total + minutes >= limit:
            rest = limit - total
            deadline = (
                start + MINUTE * rest if calendar is None else calendar.nth(start, rest)
            )
        total += minutes
    return deadline, total


@tagged("post_install", "-at_install")
class TestClock(BaseCase):
    def test_oracle(self):
        rng = random.Random(20261128)
        worlds = [_world(rng) for _n in range(WORLDS)]
        decided = 0
        for number in range(HISTORIES):
            history, pauses, limit, since = _history(rng, worlds)
            spans = [span for span, _calendar in history]
            begin = rng.choice(spans).start
            until = begin + MINUTE * rng.randint(1, 12 * 1440)
            if rng.random() < 0.3:
                # A limit that is reached just where a span ends.
                end = rng.choice(spans).start
                limit = _brute_force(history, pauses, 1, since, end)[1] or limit
            deadline, minutes = _brute_force(history, pauses, limit, since, until)
            found = reached(spans, pauses, MINUTE * limit, since)
            if found is not None and found > until:
                found = None
            self.assertEqual(found, deadline, number)
            decided += deadline is not None
            self.assertEqual(ran(spans, pauses, until, since), minutes * MINUTE, number)
        self.assertGreater(decided, HISTORIES / 4)

    def test_no_working_time(self):
        never = wt.Schedule("UTC", ())
        spans = [Span(datetime(2026, 1, 1), None, "new", never)]
        self.assertIsNone(reached(spans, (), timedelta(hours=1)))

    def test_around_the_clock(self):
        spans = [Span(datetime(2026, 1, 1, 23), None, "new", None)]
        self.assertEqual(
            reached(spans, (), timedelta(hours=30)), datetime(2026, 1, 3, 5)
        )
