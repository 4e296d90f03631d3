from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from odoo.addons.sales_force import working_time as wt
from odoo.addons.sales_force.visits.geo import distance

from ..tickets.appointments import AGREED, LIVE

AGENTS_PER_PAGE = 50
# So many tickets wait beside the board.
WAITING = 50
# What takes the time of a day.
_SHOWN = (*LIVE, "done", "missed")
_MINUTE = wt.timedelta(minutes=1)


class SalesServiceAppointment(models.Model):
    """The board of dispatchers: agents as rows, their appointments along the time."""

    _inherit = "sales.service.appointment"

    @api.model
    @api.readonly
    def get_board(self, date_from, date_to, team_id=None, offset=0, unplanned=False):
        """Agents of the user's teams in the current company, and their appointments.

        Appointments that the user may not read are shown as ``busy``, without a word on
        the customer.

        :param date_from: first moment, in UTC
        :param date_to: the moment after the last one, in UTC
        :param int team_id: only this team
        :param int offset: how many agents to leave out: those of the pages before
        :param bool unplanned: wait also tickets that somebody has, without a time
        :return: ``agents``: ``id`` of the user, ``name``, ``open`` tickets and how many
            they have at ``most`` (0: no limit), ``working`` and ``absent`` spans, and
            ``days``: ``date``, minutes ``planned`` and ``working``, ``metres`` as the
            crow flies (None: not known); ``appointments``: ``id`` (None: busy),
            ``user_id ticket_id ticket customer kind start stop window_start
            window_stop warning metres``; ``waiting``: ``id name customer minutes
            priority deadline state`` and the customer's ``wish``; ``waiting_total``,
            ``total``: the number of agents on all pages. Moments are in UTC.
        :raise AccessError: for all but dispatchers
        """
        if not self.env.user.has_group("sales_service.group_service_dispatcher"):
            raise AccessError(self.env._("The board is for dispatchers."))
        span = tuple(map(fields.Datetime.to_datetime, (date_from, date_to)))
        teams = self._get_board_teams(team_id)
        users = self._get_board_users(teams)
        page = users[offset : offset + AGENTS_PER_PAGE]
        shown = self._get_shown(page, span)
        metres = shown._get_metres()
        waiting, waiting_total = self._get_waiting(teams, unplanned)
        return {
            "agents": self._prepare_agents(page, span, shown, metres),
            "appointments": self._prepare_appointments(shown, metres),
            "waiting": waiting,
            "waiting_total": waiting_total,
            "total": len(users),
        }

    # Who and what is shown

    @api.model
    def _get_board_teams(self, team_id):
        """The teams whose tickets the user may hand out."""
        domain = Domain("company_id", "=", self.env.company.id)
        if team_id:
            domain &= Domain("id", "=", team_id)
        if not self.env.user.has_group("sales_service.group_service_manager"):
            domain &= Domain("dispatcher_ids", "in", self.env.uid) | Domain(
                "member_ids", "in", self.env.uid
            )
        return self.env["sales.service.team"].search(domain)

    @api.model
    def _get_board_users(self, teams):
        """Who is an agent of the teams, by name."""
        group = self.env["sales.service.ticket"]._get_agents_group()
        # sudo: names of colleagues
        members = teams.sudo().member_ids.filtered(
            lambda user: user.active and group in user.all_group_ids
        )
        return members.sorted(lambda user: (user.name, user.id))

    @api.model
    def _get_shown(self, users, span):
        """What takes the users' time in a span, as superuser."""
        start, stop = span
        # sudo: also what the user may not read takes an agent's time
        return self.sudo().search(
            [
                ("user_id", "in", users.ids),
                ("state", "in", _SHOWN),
                ("start", "<", stop),
                ("stop", ">", start),
            ]
        )

    @api.model
    def _get_waiting(self, teams, unplanned):
        """Tickets to plan, the urgent first, and how many there are."""
        domain = (
            Domain("team_id", "in", teams.ids)
            & Domain("is_open", "=", True)
            & ~Domain(
                "appointment_ids",
                "any!",
                [("state", "in", LIVE), ("start", "!=", False)],
            )
        )
        if not unplanned:
            domain &= Domain("user_id", "=", False)
        Ticket = self.env["sales.service.ticket"]
        tickets = Ticket.search(
            domain, order="priority desc, deadline, id", limit=WAITING
        )
        total = len(tickets)
        if total == WAITING:
            total = Ticket.search_count(domain)
        appointments = tickets._get_live_appointment().grouped("ticket_id")
        none = self.browse()
        return [
            {
                "id": ticket.id,
                "name": ticket.display_name,
                # sudo: as any list names customers, also those one may not open
                "customer": ticket.partner_id.sudo().display_name or "",
                "minutes": ticket.planned_minutes,
                "priority": int(ticket.priority),
                "deadline": ticket.deadline,
                "state": appointments.get(ticket, none).state or "",
                "wish": appointments.get(ticket, none).wish or "",
            }
            for ticket in tickets
        ], total

    # What is said of them

    def _get_metres(self):
        """The way to each stop from the one before it that day: ``{stop: metres}``.

        As the crow flies; the first of a day from where the agent begins. What has no
        coordinates is passed over.
        """
        starts = {
            profile.user_id: profile.start_id._get_sales_point()
            for profile in self.env["sales.service.agent"].search(
                [
                    ("user_id", "in", self.user_id.ids),
                    ("company_id", "=", self.env.company.id),
                ]
            )
        }
        metres, last = {}, {}
        for one in self.sorted("start"):
            key = (one.user_id, one._get_day())
            place = one.partner_id._get_sales_point()
            before = last.get(key, starts.get(one.user_id))
            if place and before:
                metres[one] = round(distance(before, place))
            if place:
                last[key] = place
        return metres

    def _get_day(self):
        return self.company_id._get_sales_date(self.start)

    @api.model
    def _prepare_agents(self, users, span, shown, metres):
        # sudo: working time and load of all agents, by which the user plans
        facts = self.env["sales.service.facts"].sudo()
        company = self.env.company
        schedules = facts._get_schedules_of(users, company, *span)
        profiles = {
            profile.user_id: profile
            for profile in facts.env["sales.service.agent"].search(
                [("user_id", "in", users.ids), ("company_id", "=", company.id)]
            )
        }
        none = self.env["sales.service.agent"]
        planned, way = defaultdict(int), defaultdict(list)
        for one in shown:
            key = (one.user_id, one._get_day())
            planned[key] += (one.stop - one.start) // _MINUTE
            if one in metres:
                way[key].append(metres[one])
        agents, known = [], {}
        for user in users:
            schedule = schedules[user]
            if id(schedule) not in known:
                known[id(schedule)] = (
                    wt.working(schedule, *span),
                    _get_days(schedule, span),
                )
            working, days = known[id(schedule)]
            agents.append(
                {
                    "id": user.id,
                    "name": user.name,
                    "open": profiles.get(user, none).open_count,
                    "most": profiles.get(user, none).max_open,
                    "working": working,
                    "absent": wt.intersection(wt.union(schedule.absences), [span]),
                    "days": [
                        {
                            "date": day,
                            "planned": planned[user, day],
                            "working": round(hours * 60),
                            "metres": sum(way[user, day]) if way[user, day] else None,
                        }
                        for day, hours in days.items()
                        if hours or planned[user, day]
                    ],
                }
            )
        return agents

    @api.model
    def _prepare_appointments(self, shown, metres):
        mine = shown.sudo(False)._filtered_access("read")
        warnings = mine._get_warnings()
        return [
            {
                "id": one.id,
                "user_id": one.user_id.id,
                "ticket_id": one.ticket_id.id,
                "ticket": one.ticket_id.display_name,
                # as any list names customers, also those one may not open
                "customer": one.partner_id.display_name or one.ticket_id.display_name,
                "kind": one._get_board_kind(),
                "start": one.start,
                "stop": one.stop,
                "window_start": one.window_start,
                "window_stop": one.window_stop,
                "warning": " ".join(warnings.get(one, ())),
                "metres": metres.get(one),
            }
            if one in mine
            else {
                "id": None,
                "user_id": one.user_id.id,
                "kind": "busy",
                "start": one.start,
                "stop": one.stop,
            }
            for one in shown
        ]

    def _get_board_kind(self):
        """The state, or ``late``: it should be over, and nobody has said so."""
        if self.state in AGREED and self.stop < self.ticket_id._get_now():
            return "late"
        return self.state


def _get_days(schedule, span):
    """The working hours of each local date, as far as they lie in a span.

    A span is of the dispatcher's dates: where the agents' begin at another moment, it
    holds parts of theirs.
    """
    first, last = (wt.local_date(schedule, one) for one in (span[0], span[1] - _MINUTE))
    days = {}
    for number in range((last - first).days + 1):
        day = first + number * wt.DAY
        start, stop = wt.day_bounds(schedule, day, day)
        days[day] = wt.hours_between(schedule, max(start, span[0]), min(stop, span[1]))
    return days
