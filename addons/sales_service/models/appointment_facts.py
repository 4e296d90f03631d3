"""When agents are free for appointments, read as sets."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from odoo import api, models

from odoo.addons.sales_force import working_time as wt
from odoo.addons.sales_force.visits.days import days_between

from ..tickets import matching
from ..tickets.appointments import LIVE
from ..tickets.matching import rank
from ..tickets.windows import available, free_time, grid

# So far ahead windows are looked for.
HORIZON = timedelta(days=21)
# Nobody sets out at once: windows that are offered begin so much later.
NOTICE = timedelta(hours=2)
# What a window that is offered does not ask: whether there is time it knows better.
_TIME = {matching.HOURS}


class SalesServiceFacts(models.AbstractModel):
    _inherit = "sales.service.facts"

    @api.model
    def _get_schedules_of(self, users, company, start, stop):
        """By user the ``Schedule``; who has no profile works by the company's."""
        profiles = (
            self.env["sales.service.agent"]
            .with_context(active_test=False)
            .search([("user_id", "in", users.ids), ("company_id", "=", company.id)])
        )
        schedules = {
            profile.user_id: schedule
            for profile, schedule in self._get_schedules(profiles, start, stop).items()
        }
        rest = users - profiles.user_id
        if rest:
            found = self.env["sales.working.time"].schedules(company, start, stop)
            schedules.update(dict.fromkeys(rest, found[company]))
        return schedules

    @api.model
    def _get_busy(self, users, start, stop, ticket):
        """By user what is planned, and how far it is, in whatever company.

        :param ticket: to which the way leads; its own appointments do not count
        :return: ``{user: [(start, stop, time for the way)]}``
        """
        place = (
            ticket.partner_id._get_sales_point()
            or ticket.commercial_partner_id._get_sales_point()
        )
        busy = defaultdict(list)
        for one in self.env["sales.service.appointment"].search(
            [
                ("user_id", "in", users.ids),
                ("state", "in", LIVE),
                ("start", "<", stop),
                ("stop", ">", start),
                ("ticket_id", "!=", ticket.id),
            ]
        ):
            travel = ticket.team_id._get_travel(place, one._get_place())
            busy[one.user_id].append((one.start, one.stop, travel))
        return busy

    @api.model
    def _get_grid(self, team, start, stop):
        """The windows of a team between two moments, by its working hours."""
        company = team.company_id
        calendar = team.calendar_id or company.resource_calendar_id
        subject = calendar or company
        schedule = (
            self.env["sales.working.time"]
            .with_company(company)
            .schedules(subject, start - wt.DAY, stop + wt.DAY)[subject]
        )
        days = days_between(
            schedule, wt.local_date(schedule, start), wt.local_date(schedule, stop)
        )
        return grid(
            [
                (
                    day.start + timedelta(minutes=day.hours[0][0]),
                    day.start + timedelta(minutes=day.hours[-1][1]),
                )
                for day in days.values()
                if day.hours
            ],
            timedelta(hours=team.window_hours),
        )

    @api.model
    def _get_window(self, team, moment):
        """The window of a team in which a moment lies; where none is, its own."""
        for start, stop in self._get_grid(team, moment, moment):
            if start <= moment < stop:
                return start, stop
        return moment, moment + timedelta(hours=team.window_hours)

    @api.model
    def _get_windows(self, ticket, user=None, since=None, among=None):
        """In which windows who can come: ``{(start, stop): [(user id, moment)]}``.

        The best by the rules of dispatching is the first. What is agreed for the ticket
        itself takes no time here.

        :param user: only this agent, whatever the rules say
        :param since: not before this moment
        :param among: only these windows; else those of the team's next three weeks
        """
        team = ticket.team_id
        now = ticket._get_now()
        since = max(since or (now if among else now + NOTICE), now)
        length = timedelta(minutes=ticket.planned_minutes or 60)
        windows = among or self._get_grid(team, since, since + HORIZON)
        if not windows:
            return {}
        stop = max(end for _start, end in windows) + length + wt.DAY
        users = user or self._get_suitable(ticket, stop)
        if not users:
            return {}
        schedules = self._get_schedules_of(users, team.company_id, since, stop)
        busy = self._get_busy(users, since - wt.DAY, stop + wt.DAY, ticket)
        agents = {
            one.id: free_time(wt.working(schedules[one], since, stop), busy[one])
            for one in users
        }
        return available(windows, agents, length, since)

    def _get_suitable(self, ticket, until):
        """The agents who may get a ticket by the rules, the best first.

        Who has it already is the first, however much they have besides.
        """
        team = ticket.team_id
        profiles = self._get_candidates(team)
        job = replace(self._get_jobs(team, ticket)[ticket], span=None, until=until)
        weights = team._get_weights()
        holder = ticket.user_id
        keys = [
            one.agent.key
            for one in rank(job, self._get_agents(profiles, [job], weights), weights)
            if not set(one.forbids) - _TIME and one.agent.key != holder.id
        ]
        return holder + self.env["res.users"].browse(keys)
