"""Who hears of a limit that runs out, and why it was missed.

Notices are activities that a cron plans; whether a limit has passed depends on none.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.misc import split_every

from ..tickets.clock import ran
from .sales_service_ticket import INTERNAL

# Of so many limits notice is given in one transaction.
BATCH = 100
# How far notice was given of a limit.
WARNED, MISSED, ESCALATED = 1, 2, 3
_TYPE = "sales_service.mail_activity_type_limit"


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    escalate_hours = fields.Float(
        "Escalate After (working hours)",
        default=4,
        help="When a limit was missed for so many working hours, somebody above the "
        "team hears of it. 0: nobody.",
    )
    ask_breach_reason = fields.Boolean(
        "Ask Why a Limit Was Missed",
        default=True,
        help="A ticket that missed a limit is resolved with the reason only.",
    )

    _escalate_hours_positive = models.Constraint(
        "CHECK (escalate_hours >= 0)", "Hours are not negative."
    )


class SalesServiceClock(models.Model):
    _inherit = "sales.service.clock"

    notice = fields.Integer(
        "Notice Given",
        default=0,
        required=True,
        readonly=True,
        aggregator=None,
        help="1: of the warning, 2: that it was missed, 3: above the team.",
    )

    def write(self, vals):
        if "met_at" in vals and not vals["met_at"]:
            # It runs again: whoever heard of it before hears of it anew.
            vals = {**vals, "notice": 0}
        result = super().write(vals)
        if vals.get("met_at") or vals.get("dropped_at"):
            self.filtered("notice").ticket_id._end_notices()
        return result

    @api.model
    def _cron_notice(self):
        """Every few minutes: give notice of what warns or is late, once a step."""
        now = self.env["sales.service.ticket"]._get_now()
        late = Domain("deadline", "<=", now) & (
            Domain("notice", "<", MISSED)
            | Domain("notice", "=", MISSED)
            & Domain("ticket_id.team_id.escalate_hours", ">", 0)
        )
        warns = Domain("warn_at", "<=", now) & Domain("notice", "<", WARNED)
        clocks = self.search(
            Domain(
                [
                    ("met_at", "=", False),
                    ("dropped_at", "=", False),
                    ("deadline", "!=", False),
                ]
            )
            & (late | warns),
            order="id",
        )
        steps = clocks._get_steps(now)
        due = clocks.filtered(lambda one: steps[one] > one.notice)
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for ids in split_every(BATCH, due.ids, list):
            # Meanwhile an agent may have answered.
            self.browse(ids).exists().filtered(
                lambda one: not (one.met_at or one.dropped_at)
            )._give_notice(steps)
            self.env["ir.cron"]._commit_progress(len(ids))

    def _get_steps(self, now):
        """By limit: how far notice is due."""
        steps = {}
        late = self.filtered(lambda one: one.deadline <= now)
        spans = late.ticket_id._get_spans()
        for clock in self - late:
            steps[clock] = WARNED
        for clock in late:
            hours = clock.ticket_id.team_id.escalate_hours
            over = ran(
                *(spans[clock.ticket_id], clock.sla_id._get_pauses(), now),
                since=clock.deadline,
            )
            above = hours and over >= timedelta(hours=hours)
            steps[clock] = ESCALATED if above else MISSED
        return steps

    def _give_notice(self, steps):
        """Plan the activities of all that one hears of the same at once."""
        heard = {}
        for clock in self:
            for user in clock._get_hearers(steps[clock]):
                key = user, clock.kind, steps[clock]
                heard[key] = heard.get(key, self.ticket_id.browse()) | clock.ticket_id
            clock.notice = steps[clock]
        for (user, kind, step), tickets in heard.items():
            tickets._get_seen_by(user).activity_schedule(
                _TYPE,
                summary=self.with_context(lang=user.lang)._say_notice(kind, step),
                user_id=user.id,
            )

    def _get_hearers(self, step):
        """Who is to hear of a step, and of those before that were not given."""
        ticket = self.ticket_id
        agent, dispatchers = ticket.user_id, ticket.team_id.dispatcher_ids
        hearers = self.env["res.users"]
        if self.notice < min(step, MISSED):
            hearers |= agent or dispatchers
        if self.notice < MISSED <= step:
            hearers |= dispatchers
        if step == ESCALATED:
            hearers |= ticket._get_chief()
        return hearers

    @api.model
    def _say_notice(self, kind, step):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        if step == WARNED:
            return self.env._("%(limit)s runs out", limit=kinds[kind])
        return self.env._("%(limit)s was missed", limit=kinds[kind])


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    breach_reason_id = fields.Many2one(
        "sales.service.breach.reason",
        "Breach Reason",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        groups=INTERNAL,
    )

    def action_resolve(self):
        """Of tickets that missed a limit with the reason only, where the team asks.

        :raise UserError: naming those without one
        """
        if not self.env.su:
            self._refuse(
                [
                    self.env._(
                        "%(ticket)s missed a time limit: say why it was late first.",
                        ticket=ticket.display_name,
                    )
                    for ticket in self
                    if not ticket.breach_reason_id
                    and ticket.team_id.ask_breach_reason
                    and (ticket.sla_breached or ticket.is_overdue)
                ]
            )
        return super().action_resolve()

    def _end_notices(self):
        """What is met needs nobody's attention any more."""
        running = self.env["sales.service.clock"]._get_running(self)
        noticed = running.filtered("notice").ticket_id
        (self - noticed).activity_unlink([_TYPE])

    def _get_chief(self, team=None):
        """Who stands above the agent and may read the ticket.

        The nearest manager of the agent's rep, else one of the team, else a service
        manager of the company; maybe an empty record.

        :param team: users who come before service managers; by default nobody does,
            and no dispatcher of the team is meant
        """
        self.ensure_one()
        chain, rep = (
            self.env["res.users"],
            self.user_id.sales_rep_ids.filtered(
                lambda one: one.company_id == self.company_id
            ),
        )
        while rep.parent_id and rep.parent_id.user_id not in chain:
            rep = rep.parent_id
            chain |= rep.user_id
        managers = self.env.ref("sales_service.group_service_manager").all_user_ids
        passed = self.user_id
        if team is None:
            passed |= self.team_id.dispatcher_ids
        for user in (*chain, *(team or ()), *managers.sorted("id")):
            if user not in passed and self._is_seen_by(user):
                return user
        return self.env["res.users"]

    def _is_seen_by(self, user):
        """Whether a user who works in the ticket's company may read it."""
        return bool(self._get_seen_by(user))

    def _get_seen_by(self, user):
        """Those that a user who works in their companies may read."""
        seen = self.browse()
        for company, tickets in self.grouped("company_id").items():
            if user.active and company in user.company_ids:
                theirs = tickets.with_user(user).with_context(
                    allowed_company_ids=company.ids
                )
                seen |= theirs._filtered_access("read").with_env(self.env)
        return seen
