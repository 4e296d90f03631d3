from collections import defaultdict
from datetime import timedelta

from odoo import api, models

from .. import working_time as wt


class SalesWorkingTime(models.AbstractModel):
    """Answers all questions about working time: of reps, teams and companies.

    A rep works by the own calendar, else the employee's, else the company's; a team by
    its company's (the current one, where the team has none). Odoo's attendances make
    the week, in the calendar's timezone; public leaves and the rep's own ones take away
    from it; ``sales.calendar.day`` makes days up or free. A company without calendar
    works ``working_time.DEFAULT_HOURS`` in UTC. A calendar with flexible hours works
    its average hours around noon, Monday to Friday.

    Every method takes several reps, teams or companies at once, reads what it needs
    with a constant number of queries, and returns a dict by record. Moments are naive
    datetimes in UTC.
    """

    _name = "sales.working.time"
    _description = "Working Time"

    @api.private
    def hours_between(self, subjects, start, stop):
        """Working hours from one moment to another: ``{subject: float}``."""
        return {
            subject: wt.hours_between(schedule, start, stop)
            for subject, schedule in self.schedules(
                subjects, min(start, stop), max(start, stop)
            ).items()
        }

    @api.private
    def add_hours(self, subjects, start, hours):
        """The moment by which working hours have passed: ``{subject: datetime}``.

        :raise ValueError: when there is not so much working time within five years
        """
        span = wt.HORIZON + timedelta(days=62)
        schedules = self.schedules(
            subjects,
            start if hours >= 0 else start - span,
            start + span if hours >= 0 else start,
        )
        return {
            subject: wt.add_hours(schedule, start, hours)
            for subject, schedule in schedules.items()
        }

    @api.private
    def working_days(self, subjects, first, last):
        """Working hours by date, dates included: ``{subject: {date: float}}``."""
        known = {}
        result = {}
        for subject, schedule in self._schedules_of_dates(
            subjects, first, last
        ).items():
            # A thousand reps have a few schedules.
            if id(schedule) not in known:
                known[id(schedule)] = wt.working_days(schedule, first, last)
            result[subject] = known[id(schedule)]
        return result

    @api.private
    def days_between(self, subjects, first, last):
        """How many working days, dates included: ``{subject: float}``.

        A day of which a leave takes half is half a day.
        """
        return {
            subject: wt.days_between(schedule, first, last)
            for subject, schedule in self._schedules_of_dates(
                subjects, first, last
            ).items()
        }

    def _schedules_of_dates(self, subjects, first, last):
        start = wt.datetime.combine(first, wt.time()) - wt.DAY
        stop = wt.datetime.combine(last, wt.time()) + 2 * wt.DAY
        return self.schedules(subjects, start, stop)

    @api.private
    def schedules(self, subjects, start, stop):
        """What ``working_time`` computes with: ``{subject: Schedule}``.

        Who works by the same calendar and has no absence gets the same object.

        :param subjects: records of ``sales.rep``, ``crm.team`` or ``res.company``; or
            calendars, as the current company works by them
        :param start, stop: moments between which leaves and exceptions matter
        """
        self = self.sudo()  # calendars and leaves count, whoever asks
        keys = {
            subject: self._get_key(subject.with_env(self.env)) for subject in subjects
        }
        companies = self.env["res.company"]
        calendars = self.env["resource.calendar"]
        resources = self.env["resource.resource"]
        for company, calendar, resource in keys.values():
            companies |= company
            calendars |= calendar
            resources |= resource
        leaves = self._get_leaves(calendars, resources, start, stop)
        days = self._get_days(companies, start, stop)
        hours = {calendar: self._get_hours(calendar) for calendar in calendars}
        result, common = {}, {}
        for subject, (company, calendar, resource) in keys.items():
            absences = tuple(leaves["resource", resource.id] if resource else ())
            if not absences and (company, calendar) in common:
                result[subject] = common[company, calendar]
                continue
            closures = [
                *leaves[None, calendar.id],
                *leaves[company.id, None],
            ]
            result[subject] = wt.Schedule(
                timezone=calendar.tz or "UTC",
                hours=hours.get(calendar, wt.DEFAULT_HOURS),
                days=days[company.id, None] | days[company.id, calendar.id],
                closures=tuple(closures),
                absences=absences,
            )
            if not absences:
                common[company, calendar] = result[subject]
        return result

    def _get_key(self, subject):
        """The company, calendar and resource by which a rep, team or company works."""
        resource = self.env["resource.resource"]
        if subject._name == "res.company":
            return subject, subject.resource_calendar_id, resource
        if subject._name == "resource.calendar":
            return self.env.company, subject, resource
        company = subject.company_id or self.env.company
        if subject._name == "crm.team":
            return company, company.resource_calendar_id, resource
        resource = subject.employee_id.resource_id
        calendar = (
            subject.calendar_id or resource.calendar_id or company.resource_calendar_id
        )
        return company, calendar, resource

    def _get_hours(self, calendar):
        if calendar.flexible_hours:
            half = calendar.hours_per_day * 30
            return tuple(
                wt.Hours(day, max(0, 720 - half), min(1440, 720 + half))
                for day in range(5)
            )
        return tuple(
            wt.Hours(
                weekday=int(attendance.dayofweek),
                start=round(attendance.hour_from * 60, 6),
                stop=round(attendance.hour_to * 60, 6),
                week=int(attendance.week_type)
                if calendar.two_weeks_calendar and attendance.week_type
                else None,
            )
            for attendance in calendar.attendance_ids
            if not attendance.display_type and attendance.day_period != "lunch"
        )

    def _get_leaves(self, calendars, resources, start, stop):
        """Leaves by ``(None, calendar)``, ``(company, None)``, ``("resource", id)``."""
        leaves = defaultdict(list)
        for leave in self.env["resource.calendar.leaves"].search(
            [
                ("time_type", "=", "leave"),
                ("date_from", "<", stop),
                ("date_to", ">", start),
                ("resource_id", "in", [False, *resources.ids]),
                "|",
                ("resource_id", "!=", False),
                ("calendar_id", "in", [False, *calendars.ids]),
            ]
        ):
            if leave.resource_id:
                key = ("resource", leave.resource_id.id)
            elif leave.calendar_id:
                key = (None, leave.calendar_id.id)
            else:
                key = (leave.company_id.id, None)
            leaves[key].append((leave.date_from, leave.date_to))
        return leaves

    def _get_days(self, companies, start, stop):
        """Exceptions by ``(company, calendar or None)``: ``{date: Exceptional}``."""
        days = defaultdict(dict)
        for day in self.env["sales.calendar.day"].search(
            [
                ("company_id", "in", companies.ids),
                ("date", ">=", start.date() - 2 * wt.DAY),
                ("date", "<=", stop.date() + 2 * wt.DAY),
            ]
        ):
            if day.kind == "holiday":
                hours = ()
            elif day.hour_to:
                hours = ((round(day.hour_from * 60, 6), round(day.hour_to * 60, 6)),)
            else:
                hours = None
            key = (day.company_id.id, day.calendar_id.id or None)
            days[key][day.date] = wt.Exceptional(hours)
        return days
