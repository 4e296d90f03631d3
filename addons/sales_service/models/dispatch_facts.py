"""What dispatching by rules has to know, read as sets."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.sales_force import working_time as wt

from ..tickets import matching
from ..tickets.matching import Agent, Job, Worktime

# Before so long somebody has to work where no limit says more.
PATIENCE = timedelta(days=3)
# How far back it counts who fixed what at once.
RECORD = timedelta(days=180)


class SalesServiceFacts(models.AbstractModel):
    """Reads agents and tickets for ``tickets/matching``. Called as superuser.

    The number of queries hangs neither on how many tickets there are nor agents.
    """

    _name = "sales.service.facts"
    _description = "Facts for Dispatching"

    @api.model
    def _get_candidates(self, team):
        """The profiles of the team's members who may work on its tickets now."""
        group = self.env.ref("sales_service.group_service_agent")
        members = team.member_ids.filtered(
            lambda user: (
                user.active
                and group in user.all_group_ids
                and team.company_id in user.company_ids
            )
        )
        return self.env["sales.service.agent"].search(
            [("user_id", "in", members.ids), ("company_id", "=", team.company_id.id)]
        )

    @api.model
    def _get_jobs(self, team, tickets, without_holder=False):
        """What tickets ask: ``{ticket: Job}``.

        :param without_holder: not who has them now
        """
        now = tickets._get_now()
        requirements = team.requirement_ids
        absent = self._get_absent_users(team, tickets.handed_over_id)
        jobs = {}
        for ticket in tickets:
            asked = requirements.filtered(lambda one, ticket=ticket: one._fits(ticket))
            partner = ticket.partner_id
            territory = (
                partner.sales_territory_id
                or ticket.commercial_partner_id.sales_territory_id
            )
            out = ticket.refused_user_ids | (ticket.handed_over_id & absent)
            if without_holder:
                out |= ticket.user_id
            jobs[ticket] = Job(
                key=ticket.id,
                until=(
                    ticket.deadline
                    if ticket.deadline and ticket.deadline > now
                    else now + PATIENCE
                ),
                minutes=ticket.planned_minutes,
                span=ticket._get_appointment(),
                courses=frozenset(asked.course_ids.ids),
                skills=frozenset(
                    (one.skill_id.id, one.skill_level_id.level_progress)
                    for one in asked.skill_ids
                ),
                language=(
                    partner.lang or None if any(asked.mapped("by_language")) else None
                ),
                territories=(
                    _path(territory)
                    if territory and any(asked.mapped("by_territory"))
                    else frozenset()
                ),
                place=(
                    partner._get_sales_point()
                    or ticket.commercial_partner_id._get_sales_point()
                    if any(asked.mapped("on_site"))
                    else None
                ),
                parts=frozenset(asked.part_ids.ids),
                customer=ticket.commercial_partner_id.id,
                category=ticket.category_id.id,
                refused=frozenset(out.ids),
                urgency=int(ticket.priority),
            )
        return jobs

    @api.model
    def _get_agents(self, profiles, jobs, weights):
        """What agents can do and have to: ``[Agent]``, by the ids of their users.

        What weighs nothing is not read.
        """
        now = self.env["sales.service.ticket"]._get_now()
        weighty = {code for code, weight in weights.items() if weight}
        latest = max(
            (job.span[1] if job.span else job.until for job in jobs), default=now
        )
        times = self._get_times(profiles, now, max(latest, now))
        load = self._get_load(profiles, jobs)
        courses = self._get_courses(profiles, jobs)
        skills = self._get_skills(profiles, jobs)
        places, parts, customers, record = (
            read(profiles, jobs) if code in weighty else defaultdict(reading)
            for code, read, reading in (
                (matching.DISTANCE, self._get_places, tuple),
                (matching.PARTS, self._get_parts, frozenset),
                (matching.CUSTOMER, self._get_customers, dict),
                (matching.FIX, self._get_record, dict),
            )
        )
        return [
            Agent(
                key=profile.user_id.id,
                courses=courses[profile],
                skills=skills[profile.employee_id],
                languages=frozenset(profile.lang_ids.mapped("code")),
                territories=frozenset(
                    (profile.territory_ids or profile.rep_id.territory_ids).ids
                ),
                most=profile.max_open,
                open=load[profile.user_id][0],
                backlog=load[profile.user_id][1],
                time=times[profile],
                places=tuple(places[profile.user_id]),
                parts=parts[profile],
                customers=customers[profile.user_id],
                record=record[profile.user_id],
            )
            for profile in profiles
        ]

    # Time

    def _get_schedules(self, profiles, start, stop):
        """Working time with all that keeps from it: ``{profile: Schedule}``."""
        working_time = self.env["sales.working.time"]
        subjects = {
            profile: (
                profile.rep_id
                if profile.rep_id.calendar_id and not profile.calendar_id
                else profile
            )
            for profile in profiles
        }
        found = working_time.schedules(subjects.values(), start, stop)
        schedules = {}
        for profile, subject in subjects.items():
            schedule = found[subject]
            away = [
                wt.day_bounds(schedule, first, last)
                for first, last, *_cover in self.env["sales.cover"]
                ._get_approved(profile.company_id.id)
                .get(profile.user_id.id, ())
            ]
            if profile.away_until and profile.away_until > start:
                away.append((start, profile.away_until))
            if away:
                schedule = replace(schedule, absences=(*schedule.absences, *away))
            schedules[profile] = schedule
        return schedules

    def _get_times(self, profiles, start, stop):
        """``{profile: Worktime}``; who works by the same schedule shares it."""
        known, times = {}, {}
        for profile, schedule in self._get_schedules(profiles, start, stop).items():
            if id(schedule) not in known:
                # With the schedule, so that its id stays its own.
                known[id(schedule)] = (
                    Worktime(wt.working(schedule, start, stop)),
                    schedule,
                )
            times[profile] = known[id(schedule)][0]
        return times

    @api.model
    def _get_absences(self, profiles):
        """Who is absent now, and until when: ``{profile: moment}``."""
        now = self.env["sales.service.ticket"]._get_now()
        schedules = self._get_schedules(profiles, now, now + PATIENCE)
        return {
            profile: stop
            for profile, schedule in schedules.items()
            for start, stop in wt.union(schedule.absences)
            if start <= now < stop
        }

    @api.model
    def _get_absent_users(self, team, users):
        """Which of some users are absent now."""
        if not users:
            return users
        profiles = self.env["sales.service.agent"].search(
            [("user_id", "in", users.ids), ("company_id", "=", team.company_id.id)]
        )
        absences = self._get_absences(profiles)
        return users.browse([profile.user_id.id for profile in absences])

    # What they have and can

    def _get_load(self, profiles, jobs):
        """``{user: (open tickets, minutes of work)}`` in the profiles' company; what is
        proposed to them counts as theirs, unless it is asked about.
        """
        load = defaultdict(lambda: (0, 0))
        for name, domain in (
            ("user_id", []),
            ("proposed_user_id", [("id", "not in", [job.key for job in jobs])]),
        ):
            for user, count, minutes in self.env["sales.service.ticket"]._read_group(
                [
                    (name, "in", profiles.user_id.ids),
                    ("company_id", "in", profiles.company_id.ids),
                    ("is_open", "=", True),
                    *domain,
                ],
                [name],
                ["__count", "planned_minutes:sum"],
            ):
                load[user] = (load[user][0] + count, load[user][1] + (minutes or 0))
        return load

    def _get_courses(self, profiles, jobs):
        """Whose certificates are valid, of the courses that are asked for."""
        wanted = set().union(*(job.courses for job in jobs))
        held = defaultdict(set)
        if wanted:
            for certificate in self.env["sales.certificate"].search(
                [
                    ("rep_id", "in", profiles.rep_id.ids),
                    ("course_id", "in", list(wanted)),
                    ("is_valid", "=", True),
                ]
            ):
                held[certificate.rep_id].add(certificate.course_id.id)
        return {profile: frozenset(held[profile.rep_id]) for profile in profiles}

    def _get_skills(self, profiles, jobs):
        """By employee how well they can what is asked for, as it holds today."""
        wanted = {skill for job in jobs for skill, _level in job.skills}
        held = defaultdict(dict)
        if wanted:
            held_today = profiles._get_skill_domain()
            for employee, skill, level in self.env["hr.employee.skill"]._read_group(
                held_today & Domain("skill_id", "in", list(wanted)),
                ["employee_id", "skill_id", "skill_level_id"],
            ):
                known = held[employee].get(skill.id, 0)
                held[employee][skill.id] = max(known, level.level_progress)
        return held

    def _get_places(self, profiles, jobs):
        """Where they begin, and where their other tickets are."""
        places = defaultdict(set)
        if any(job.place for job in jobs):
            for profile in profiles:
                if point := profile.start_id._get_sales_point():
                    places[profile.user_id].add(point)
            for user, partner in self.env["sales.service.ticket"]._read_group(
                [
                    ("user_id", "in", profiles.user_id.ids),
                    ("is_open", "=", True),
                    ("partner_id.partner_latitude", "!=", 0),
                ],
                ["user_id", "partner_id"],
            ):
                places[user].add(partner._get_sales_point())
        return {
            profile.user_id: sorted(places[profile.user_id]) for profile in profiles
        }

    def _get_parts(self, profiles, jobs):
        """Which of the parts that are asked for lie in whose van."""
        wanted = set().union(*(job.parts for job in jobs))
        vans = profiles.location_id
        found = defaultdict(set)
        if wanted and vans:
            for location, product in self.env["stock.quant"]._read_group(
                [
                    ("location_id", "child_of", vans.ids),
                    ("product_id", "in", list(wanted)),
                    ("quantity", ">", 0),
                ],
                ["location_id", "product_id"],
            ):
                for id_ in _path(location):
                    found[id_].add(product.id)
        return {
            profile: frozenset(found[profile.location_id.id]) for profile in profiles
        }

    def _get_customers(self, profiles, jobs):
        """How many tickets of the customers they have done."""
        known = defaultdict(dict)
        for user, customer, count in self.env["sales.service.ticket"]._read_group(
            [
                ("user_id", "in", profiles.user_id.ids),
                (
                    "commercial_partner_id",
                    "in",
                    [*{job.customer for job in jobs if job.customer}],
                ),
                ("state", "in", ("resolved", "closed")),
            ],
            ["user_id", "commercial_partner_id"],
            ["__count"],
        ):
            known[user][customer.id] = count
        return known

    def _get_record(self, profiles, jobs):
        """By category how many tickets they did lately, and how many right at once."""
        domain = [
            ("user_id", "in", profiles.user_id.ids),
            ("category_id", "in", [*{job.category for job in jobs}]),
            ("resolved_at", ">=", self.env["sales.service.ticket"]._get_now() - RECORD),
        ]
        done, right = (
            {
                (user, category): count
                for user, category, count in self.env[
                    "sales.service.ticket"
                ]._read_group([*domain, *more], ["user_id", "category_id"], ["__count"])
            }
            for more in ((), [("reopen_count", "=", 0)])
        )
        record = defaultdict(dict)
        for (user, category), count in done.items():
            record[user][category.id] = (count, right.get((user, category), 0))
        return record


def _path(record):
    """The record's id and those above it."""
    return frozenset(map(int, record.parent_path.split("/")[:-1]))
