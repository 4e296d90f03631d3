from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import format_datetime

from odoo.addons.sales_force.locking import write_lock

from ..tickets import matching
from ..tickets.matching import match, rank, strengths, weaknesses
from ..tickets.states import HANDED

# The field of a team that says how much a cost counts.
_WEIGHTS = {
    matching.SLACK: "weight_slack",
    matching.DISTANCE: "weight_distance",
    matching.LOAD: "weight_load",
    matching.CUSTOMER: "weight_customer",
    matching.PARTS: "weight_parts",
    matching.FIX: "weight_fix",
}
# Steps by which a ticket is taken from who has it.
_TAKEN = ("refuse", "release")
# Who is proposed, and who did not want it, is nothing for customers and salespeople.
_AGENTS = "sales_service.group_service_agent"
# What speaks for somebody where nobody else may get it.
_ONLY = "only"


def _speaks_for(choice, ranking, weights):
    if sum(not one.forbids for one in ranking) == 1:
        return (_ONLY,)
    return strengths(choice, ranking, weights)


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    dispatch_mode = fields.Selection(
        [
            ("manual", "By hand"),
            ("proposed", "Proposed by rules"),
            ("automatic", "By rules"),
        ],
        "Dispatch Mode",
        default="manual",
        required=True,
        help="By rules: who fits best gets a new ticket at once. Proposed: a "
        "dispatcher sees who that would be, and decides.",
    )
    requirement_ids = fields.One2many(
        "sales.service.requirement", "team_id", "Requirements"
    )
    weight_slack = fields.Integer(
        "Time Left to the Limit",
        default=3,
        help="How much of the working time before the ticket's limit is taken already.",
    )
    weight_distance = fields.Integer(
        "Distance to the Customer",
        default=2,
        help="As the crow flies, of work on site.",
    )
    weight_load = fields.Integer(
        "Load", default=3, help="How many tickets somebody has open."
    )
    weight_customer = fields.Integer(
        "Knows the Customer", default=2, help="By the tickets done for them."
    )
    weight_parts = fields.Integer("Parts in the Van", default=2)
    weight_fix = fields.Integer(
        "First-Time Fix",
        default=1,
        help="How many tickets of the category of the last 180 days stayed resolved.",
    )

    _weights = models.Constraint(
        "CHECK (LEAST(weight_slack, weight_distance, weight_load, weight_customer, "
        "weight_parts, weight_fix) >= 0 AND GREATEST(weight_slack, weight_distance, "
        "weight_load, weight_customer, weight_parts, weight_fix) <= 10)",
        "A weight is from 0 to 10.",
    )

    def _get_weights(self):
        self.ensure_one()
        return {code: self[name] for code, name in _WEIGHTS.items()}

    @api.model
    def _cron_dispatch(self):
        """Give away what absent agents have, and hand out what waits."""
        teams = self.search([("dispatch_mode", "!=", "manual")])
        teams._follow_absences()
        self.env["ir.cron"]._commit_progress(remaining=len(teams))
        for team in teams:
            self.env["sales.service.ticket"].search(
                [
                    ("team_id", "=", team.id),
                    ("user_id", "=", False),
                    ("is_open", "=", True),
                ]
            )._dispatch()
            self.env["ir.cron"]._commit_progress(1)

    def _follow_absences(self):
        """Once in an absence: what cannot wait for the agent's return goes to others.

        Dispatchers hear what was moved, and what was not: appointments and what is
        worked on.
        """
        facts = self.env["sales.service.facts"]
        followed = {}
        for team in self:
            absences = facts._get_absences(facts._get_candidates(team))
            for agent, back in absences.items():
                if not agent.absence_told or agent.absence_told < back:
                    followed[agent] = back
                    moved, kept = team._get_urgent(agent, back)._hand_over()
                    team._tell_absence(agent, moved, kept)
        # Who is in several teams is followed in each of them.
        for agent, back in followed.items():
            agent.absence_told = back

    def _get_urgent(self, agent, back):
        """The tickets of an agent that cannot wait for a moment."""
        self.ensure_one()
        tickets = self.env["sales.service.ticket"].search(
            [
                ("team_id", "=", self.id),
                ("user_id", "=", agent.user_id.id),
                ("is_open", "=", True),
            ]
        )
        jobs = self.env["sales.service.facts"]._get_jobs(self, tickets)
        return tickets.filtered(
            lambda one: (jobs[one].span or [jobs[one].until])[0] < back
        )

    def _tell_absence(self, agent, moved, kept):
        """Tell the dispatchers, each in their language."""
        if not moved and not kept:
            return
        for user in self.dispatcher_ids:
            team = self.with_context(lang=user.lang)
            team.message_notify(
                partner_ids=user.partner_id.ids,
                subject=team.env._("%(agent)s is absent", agent=agent.name),
                body=Markup("<br/>").join(
                    moved.with_env(team.env)._describe_handed_over(kept)
                ),
            )


class SalesServiceCategory(models.Model):
    _inherit = "sales.service.category"

    minutes = fields.Integer(
        "Usual Work (minutes)",
        default=60,
        help="How long work on such a ticket takes; dispatching counts with it.",
    )

    _minutes_positive = models.Constraint(
        "CHECK (minutes >= 0)", "Minutes are not negative."
    )


class SalesServiceTicket(models.Model):
    """Who should get a ticket, by the rules of its team."""

    _inherit = "sales.service.ticket"

    planned_from = fields.Datetime(
        "Appointment",
        copy=False,
        tracking=True,
        help="When the work is to begin, as agreed with the customer.",
    )
    planned_minutes = fields.Integer(
        "Work (minutes)",
        compute="_compute_planned_minutes",
        store=True,
        readonly=False,
        precompute=True,
        help="By default the category's.",
    )
    proposed_user_id = fields.Many2one(
        "res.users",
        "Proposed Agent",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=_AGENTS,
    )
    dispatch_reasons = fields.Char(
        readonly=True,
        copy=False,
        groups=_AGENTS,
        help="Codes of what spoke for who got it by rules.",
    )
    dispatch_note = fields.Char(
        "Why",
        compute="_compute_dispatch_note",
        groups=_AGENTS,
        help="What speaks for this agent.",
    )
    refused_user_ids = fields.Many2many(
        "res.users",
        "sales_service_ticket_refused_rel",
        "ticket_id",
        "user_id",
        "Given Back By",
        readonly=True,
        copy=False,
        groups=_AGENTS,
        help="The rules do not give them the ticket again.",
    )
    handed_over_id = fields.Many2one(
        "res.users",
        "Handed Over By",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=_AGENTS,
        help="While they are absent the rules do not give them the ticket again.",
    )
    ranking = fields.Html(
        "Who Fits",
        compute="_compute_ranking",
        sanitize=False,
        groups="sales_service.group_service_dispatcher",
    )

    _planned_minutes_positive = models.Constraint(
        "CHECK (planned_minutes >= 0)", "Minutes are not negative."
    )

    @api.depends("category_id")
    def _compute_planned_minutes(self):
        for ticket in self:
            ticket.planned_minutes = (
                ticket.category_id.minutes or ticket.planned_minutes or 60
            )

    @api.depends("dispatch_reasons")
    @api.depends_context("lang")
    def _compute_dispatch_note(self):
        words = self._get_strengths()
        for ticket in self:
            codes = (ticket.dispatch_reasons or "").split(",")
            ticket.dispatch_note = ", ".join(
                words[code] for code in codes if code in words
            )

    @api.depends("team_id", "category_id", "partner_id", "product_id", "planned_from")
    @api.depends_context("lang")
    def _compute_ranking(self):
        """All agents of the team: the best first, and why each comes where."""
        for ticket in self:
            ticket.ranking = ticket._origin._describe_ranking()

    def _get_appointment(self):
        """``(start, stop)``, or None without one."""
        self.ensure_one()
        if not self.planned_from:
            return None
        return (
            self.planned_from,
            self.planned_from + timedelta(minutes=self.planned_minutes),
        )

    @api.model
    def _has_proposals(self):
        """Whether a team of the user's companies proposes agents."""
        # sudo: only whether there is one
        teams = self.env["sales.service.team"].sudo()
        return bool(
            teams.search_count(
                [
                    ("company_id", "in", self.env.companies.ids),
                    ("dispatch_mode", "=", "proposed"),
                ],
                limit=1,
            )
        )

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, view_type == "list" and self._has_proposals())

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Lists have no column of proposals where there are none."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "list" and not self._has_proposals():
            for node in arch.xpath("//field[@name='proposed_user_id']"):
                node.set("column_invisible", "1")
        return arch, view

    # Buttons, and over RPC

    def action_dispatch(self):
        """Give each ticket that nobody has to who fits best, whatever the team's mode.

        :raise AccessError: for who may not hand out
        :return: a notification that names those for which nobody fits
        """
        self.check_access("write")
        self._check_may_dispatch()
        waiting = self.filtered(lambda one: one.is_open and not one.user_id)
        # sudo: the rules look at all agents and their tickets; who may was checked
        waiting.sudo()._dispatch("automatic")
        return waiting._say_dispatched()

    def action_accept_proposal(self):
        """Give tickets to who is proposed.

        :raise UserError: where nobody is
        """
        self._refuse(
            [
                self.env._(
                    "%(ticket)s: nobody is proposed.", ticket=ticket.display_name
                )
                for ticket in self
                if not ticket.proposed_user_id
            ]
        )
        for user, tickets in self.grouped("proposed_user_id").items():
            tickets.action_assign(user.id)
        return True

    def _check_may_dispatch(self):
        """:raise AccessError: for all but dispatchers"""
        if not self.env.su and not self.env.user.has_group(
            "sales_service.group_service_dispatcher"
        ):
            raise AccessError(self.env._("Tickets are handed out by dispatchers."))

    # By the rules

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        # sudo: the rules look at all agents, whoever took the ticket down
        tickets.sudo().with_context(mail_notrack=True)._dispatch()
        return tickets

    def _dispatch(self, mode=None):
        """Find somebody for tickets that nobody has. Called as superuser.

        :param mode: instead of the team's
        """
        for team, tickets in self.grouped("team_id").items():
            how = mode or team.dispatch_mode
            waiting = tickets.filtered(lambda one: one.is_open and not one.user_id)
            if how != "manual" and waiting:
                found = waiting._find_agents(team)
                waiting._keep_found(found, assign=how == "automatic")

    def _find_agents(self, team, without_holder=False):
        """Who should get tickets of a team: ``{ticket: (user, strengths)}``."""
        facts = self.env["sales.service.facts"]
        jobs = facts._get_jobs(team, self, without_holder)
        profiles = facts._get_candidates(team)
        weights = team._get_weights()
        agents = facts._get_agents(profiles, jobs.values(), weights)
        found = match(jobs.values(), agents, weights)
        result = {}
        for ticket, job in jobs.items():
            if ticket.id in found:
                ranking = rank(job, agents, weights)
                chosen = next(
                    one for one in ranking if one.agent.key == found[ticket.id]
                )
                result[ticket] = (
                    self.env["res.users"].browse(found[ticket.id]),
                    _speaks_for(chosen, ranking, weights),
                )
        return result

    def _keep_found(self, found, assign):
        """Hand out, or propose, what was found."""
        nobody = self.env["res.users"]
        users = {ticket: found.get(ticket, (nobody,))[0] for ticket in self}
        if assign:
            # Two at once do not give somebody more than the limit: the second waits
            # here, and runs again on what the first has left.
            write_lock(
                self.env["sales.service.agent"].search(
                    [
                        ("user_id", "in", [user.id for user in users.values()]),
                        ("max_open", ">", 0),
                    ]
                )
            )
            for user, tickets in self.grouped(users.get).items():
                if user:
                    tickets._hand_out(user)
        for ticket in self:
            user, codes = found.get(ticket, (nobody, ()))
            vals = {
                "proposed_user_id": False if assign else user.id,
                "dispatch_reasons": ",".join(codes) or False,
            }
            if any(
                ticket._fields[name].convert_to_write(ticket[name], ticket) != value
                for name, value in vals.items()
            ):
                ticket.write(vals)

    def _hand_out(self, user):
        """Give tickets to somebody, who hears of many of them at once."""
        many = len(self) > 1
        self.with_context(mail_auto_subscribe_no_notify=many).write(
            {"user_id": user.id}
        )
        if many:
            team = self.team_id[:1].with_context(lang=user.lang)
            team.message_notify(
                partner_ids=user.partner_id.ids,
                subject=team.env._("%(count)s tickets are yours", count=len(self)),
                body=Markup("<br/>").join(self.mapped("display_name")),
            )

    def _step(self, step, **vals):
        """Who has a ticket no longer gets no mail of it.

        Who gave it back is not given it again by the rules; from whom a dispatcher
        took it may be.
        """
        holders = self.grouped("user_id") if step in _TAKEN else {}
        result = super()._step(step, **vals)
        for user, tickets in holders.items():
            if user:
                # sudo: stamped, and followed by whoever had it
                stamped = tickets.sudo()
                if step == "refuse" or user == self.env.user:
                    stamped.refused_user_ids = [Command.link(user.id)]
                stamped.message_unsubscribe(user.partner_id.ids)
        if step == "refuse":
            # sudo: the next of the ranking gets it, whoever that is
            self.sudo()._dispatch()
        return result

    def _follow_agent(self, before):
        """What was proposed, and why, is over when somebody has it, or no longer."""
        result = super()._follow_agent(before)
        # sudo: stamped
        over = self.sudo().filtered(
            lambda one: (
                one.user_id != before[one]
                and (one.proposed_user_id or one.dispatch_reasons)
            )
        )
        over.write({"proposed_user_id": False, "dispatch_reasons": False})
        return result

    # When somebody is absent

    def _hand_over(self):
        """Give away what nobody has begun, by the rules of each team.

        Where the team hands out by hand, or nobody fits, it goes back to the queue.
        Tickets with an appointment, and those that are worked on, stay.

        :return: ``(moved, kept)``
        """
        moved = self.filtered(
            lambda one: one.state in HANDED and not one.planned_from and one.user_id
        )
        # sudo: the rules look at all agents; who may was checked
        for user, tickets in moved.sudo().grouped("user_id").items():
            tickets.handed_over_id = user
        # sudo: as above
        for team, tickets in moved.sudo().grouped("team_id").items():
            found = {}
            if team.dispatch_mode != "manual":
                found = tickets._find_agents(team, without_holder=True)
            if team.dispatch_mode == "automatic":
                left = tickets.filtered(lambda one, found=found: one not in found)
                left.user_id = False
            else:
                tickets.user_id = False
            tickets._keep_found(found, assign=team.dispatch_mode == "automatic")
        return moved, self - moved

    def _say_handed_over(self, kept, absent=()):
        """:param absent: agents who were not known to be so"""
        lines = self._describe_handed_over(kept)
        lines += [
            self.env._(
                "%(agent)s counts as absent until %(moment)s.",
                agent=agent.name,
                moment=format_datetime(self.env, agent.away_until),
            )
            for agent in absent
        ]
        return self._notify(lines, bool(kept))

    def _describe_handed_over(self, kept):
        """What became of tickets of somebody who is absent, in words."""
        # sudo: who lost sight of a ticket by handing it over hears who got it
        moved = self.sudo()
        lines = [
            self.env._(
                "%(count)s handed over, %(queue)s of them to the queue.",
                count=len(moved),
                queue=len(moved.filtered(lambda one: not one.user_id)),
            )
        ]
        lines += [
            self.env._(
                "%(agent)s comes for %(ticket)s: %(moment)s.",
                agent=ticket.user_id.name,
                ticket=ticket.display_name,
                moment=ticket.with_env(self.env)._describe_planned(),
            )
            for ticket in moved.filtered("planned_from")
        ]
        lines += [
            self.env._(
                "%(ticket)s was not moved: it has an appointment on %(moment)s.",
                ticket=ticket.display_name,
                moment=ticket.with_env(self.env)._describe_planned(),
            )
            if ticket.planned_from
            else self.env._(
                "%(ticket)s was not moved: it is worked on.",
                ticket=ticket.display_name,
            )
            for ticket in kept
        ]
        return lines

    def _describe_planned(self):
        """The moment of the appointment, in words."""
        self.ensure_one()
        return format_datetime(self.env, self.planned_from)

    def _say_dispatched(self):
        # sudo: who lost sight of a ticket by handing it out hears what became of it
        alone = self.sudo().filtered(lambda one: not one.user_id)
        lines = [
            self.env._("%(count)s handed out by rules.", count=len(self) - len(alone))
        ]
        lines += [
            self.env._("%(ticket)s: nobody fits.", ticket=ticket.display_name)
            for ticket in alone
        ]
        return self._notify(lines, bool(alone))

    def _notify(self, lines, is_warning):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": "\n".join(lines),
                "className": "text-prewrap",
                "type": "warning" if is_warning else "success",
                "sticky": is_warning,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # In words

    def _describe_ranking(self):
        """The ranking as lists of sentences; nothing for what is done."""
        if not self or not self.is_open:
            return False
        # sudo: why somebody fits or not hangs on tickets that one may not see
        ticket = self.sudo()
        team, facts = ticket.team_id, ticket.env["sales.service.facts"]
        job = facts._get_jobs(team, ticket)[ticket]
        weights = team._get_weights()
        profiles = facts._get_candidates(team)
        ranking = rank(job, facts._get_agents(profiles, [job], weights), weights)
        if not ranking:
            return Markup("<p>%s</p>") % self.env._(
                "The team has no agents who may work on tickets."
            )
        names = {profile.user_id.id: profile.name for profile in profiles}
        may = [one for one in ranking if not one.forbids]
        items = Markup()
        for choice in may:
            items += Markup("<li><b>%s</b>: %s</li>") % (
                names[choice.agent.key],
                self._describe_choice(choice, ranking, weights),
            )
        text = Markup("<ol>%s</ol>") % items if may else Markup()
        items = Markup()
        for choice in ranking[len(may) :]:
            items += Markup("<li><b>%s</b>: %s</li>") % (
                names[choice.agent.key],
                "; ".join(ticket._describe_forbids(choice, job)),
            )
        if items:
            text += Markup("<p>%s</p><ul>%s</ul>") % (
                self.env._("Who does not get it by the rules:"),
                items,
            )
        return text

    def _describe_choice(self, choice, ranking, weights):
        good, bad = self._get_strengths(), self._get_weaknesses()
        speaks_for = _speaks_for(choice, ranking, weights)
        against = weaknesses(choice, ranking[0], weights)
        words = [good[code] for code in speaks_for] + [bad[code] for code in against]
        return "; ".join(words) or self.env._("as good as others")

    def _describe_forbids(self, choice, job):
        missing = self.env["sales.course"].browse(
            sorted(job.courses - choice.agent.courses)
        )
        unskilled = self.env["hr.skill"].browse(
            sorted(matching.lacking_skills(job, choice.agent))
        )
        words = {
            matching.REFUSED: self.env._("gave it back"),
            matching.COURSE: self.env._(
                "has no valid certificate: %(courses)s",
                courses=", ".join(missing.mapped("name")),
            ),
            matching.SKILL: self.env._(
                "lacks the skill, or is not good enough at it: %(skills)s",
                skills=", ".join(unskilled.mapped("name")),
            ),
            matching.LANGUAGE: self.env._("does not speak the customer's language"),
            matching.TERRITORY: self.env._("does not cover the customer's territory"),
            matching.HOURS: (
                self.env._("does not work at the time of the appointment")
                if job.span
                else self.env._("does not work before the limit")
            ),
            matching.FULL: self.env._(
                "has %(count)s open tickets, %(most)s at most",
                count=choice.agent.open,
                most=choice.agent.most,
            ),
        }
        return [words[code] for code in choice.forbids]

    @api.model
    def _get_strengths(self):
        """What each code says of who is best in it."""
        return {
            _ONLY: self.env._("the only one by the rules"),
            matching.SLACK: self.env._("most time before the limit"),
            matching.DISTANCE: self.env._("nearest"),
            matching.LOAD: self.env._("fewest open tickets"),
            matching.CUSTOMER: self.env._("knows the customer best"),
            matching.PARTS: self.env._("most parts in the van"),
            matching.FIX: self.env._("highest first-time fix rate"),
        }

    @api.model
    def _get_weaknesses(self):
        """What each code says of who is less good than the first."""
        return {
            matching.SLACK: self.env._("less time before the limit"),
            matching.DISTANCE: self.env._("farther away"),
            matching.LOAD: self.env._("more open tickets"),
            matching.CUSTOMER: self.env._("knows the customer less"),
            matching.PARTS: self.env._("fewer parts in the van"),
            matching.FIX: self.env._("lower first-time fix rate"),
        }
