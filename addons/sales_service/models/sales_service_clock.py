from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime

from odoo.addons.sales_force.locking import write_lock
from odoo.addons.sales_force.working_time import HORIZON

from ..tickets.clock import Span, reached
from ..tickets.states import DONE
from .sales_service_sla import LIMITS
from .sales_service_ticket import INTERNAL

KINDS = [
    ("response", "First response"),
    ("reply", "Next response"),
    ("resolution", "Resolution"),
]
# What decides which policy a ticket has.
_CHOOSE_POLICY = {"team_id", "category_id", "company_id", "priority", "partner_id"}


class SalesServiceClock(models.Model):
    """A time limit of a ticket: since when, how long, until when, and how it ended.

    Deadlines are computed from the ticket's times (``sales.service.interval``) when
    something happens to the ticket, its policy or the working hours, and kept: whether
    one has passed is a comparison with now. What was breached stays breached. Moments
    are in UTC.
    """

    _name = "sales.service.clock"
    _description = "Time Limit of a Ticket"
    _inherit = ["sales.service.recorded.mixin"]
    _order = "ticket_id, start, id"
    _rec_name = "kind"

    ticket_id = fields.Many2one(
        "sales.service.ticket", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="ticket_id.company_id")
    kind = fields.Selection(KINDS, "Limit", required=True, readonly=True)
    sla_id = fields.Many2one(
        "sales.service.sla", "Policy", required=True, readonly=True, index=True
    )
    minutes = fields.Integer("Working Minutes", required=True, readonly=True)
    start = fields.Datetime(required=True, readonly=True)
    deadline = fields.Datetime(
        readonly=True, help="Empty while the ticket waits for somebody else."
    )
    warn_at = fields.Datetime("Warning From", readonly=True)
    met_at = fields.Datetime("Done At", readonly=True)
    breached_at = fields.Datetime(
        readonly=True, help="When the limit passed; it stays, whatever changes later."
    )
    dropped_at = fields.Datetime(
        readonly=True, help="Since then the ticket's policy has no such limit."
    )
    status = fields.Selection(
        [
            ("running", "Running"),
            ("warning", "Warning"),
            ("overdue", "Overdue"),
            ("paused", "Paused"),
            ("met", "In time"),
            ("late", "Late"),
            ("dropped", "Dropped"),
        ],
        compute="_compute_status",
    )

    _one_runs = models.UniqueIndex(
        "(ticket_id, kind) WHERE met_at IS NULL AND dropped_at IS NULL"
    )

    @api.depends("deadline", "warn_at", "met_at", "breached_at", "dropped_at")
    def _compute_status(self):
        now = self.env["sales.service.ticket"]._get_now()
        for clock in self:
            if clock.dropped_at:
                clock.status = "dropped"
            elif clock.met_at:
                clock.status = "late" if clock.breached_at else "met"
            else:
                clock.status = clock.ticket_id._get_limit_status(
                    clock.deadline, clock.warn_at, now
                )

    @api.model
    def _get_running(self, tickets):
        return self.search_fetch(
            [
                ("ticket_id", "in", tickets.ids),
                ("met_at", "=", False),
                ("dropped_at", "=", False),
            ],
            order="start, id",
        )

    def _keep_breaches(self):
        """What had passed before something changes stays breached."""
        now = self.ticket_id._get_now()
        late = self.filtered(
            lambda one: not one.breached_at and one.deadline and one.deadline < now
        )
        for clock in late:
            clock.breached_at = clock.deadline
        late.ticket_id.filtered(lambda one: not one.sla_breached).sla_breached = True

    def _move(self):
        """Compute the deadlines again, from the times of the tickets.

        :return: ``{clock: deadline before}`` of those whose deadline moved
        """
        self._keep_breaches()
        times = self._get_times(
            [(one.ticket_id, one.sla_id, one.minutes, one.start) for one in self]
        )
        moved = {}
        for clock, (deadline, warn_at) in zip(self, times, strict=True):
            before = clock.deadline or None
            if before != deadline:
                moved[clock] = before
            if (before, clock.warn_at or None) != (deadline, warn_at):
                clock.write({"deadline": deadline, "warn_at": warn_at})
        return moved

    @api.model
    def _get_times(self, limits, rows=None):
        """When limits are reached, by the times of their tickets.

        :param limits: ``[(ticket, policy, minutes, start)]``
        :param rows: see ``_get_spans`` of tickets
        :return: ``[(deadline, since when a warning is due)]``; None where it stands
            still
        """
        if not limits:
            return []
        tickets = self.ticket_id.union(*(ticket for ticket, *_rest in limits))
        spans = tickets._get_spans(rows)
        # Tickets that came in together have their deadlines together.
        known, times = {}, []
        for ticket, policy, minutes, start in limits:
            key = (
                *(policy.id, minutes, start),
                *(
                    (span.start, span.stop, span.state, id(span.schedule))
                    for span in spans[ticket]
                ),
            )
            if key not in known:
                rule = policy._get_rule()
                limit = timedelta(minutes=minutes)
                known[key] = tuple(
                    # What an hour is divided into is no whole second always.
                    moment and moment.replace(microsecond=0)
                    for moment in (
                        reached(spans[ticket], rule.pauses, length, start)
                        for length in (limit, limit * (100 - rule.warn_percent) / 100)
                    )
                )
            times.append(known[key])
        return times

    def _end(self, how):
        """They ended now, in time or late.

        :param how: ``met_at`` or ``dropped_at``
        """
        self._keep_breaches()
        self.write({how: self.ticket_id._get_now()})

    def _say_moved(self, before):
        """The audit line of a limit whose deadline moved."""
        moments = [
            format_datetime(self.env, moment) if moment else self.env._("waiting")
            for moment in (before, self.deadline)
        ]
        return self.env._(
            "%(limit)s: %(before)s → %(after)s",
            limit=dict(self._fields["kind"]._description_selection(self.env))[
                self.kind
            ],
            before=moments[0],
            after=moments[1],
        )


class SalesServiceTicket(models.Model):
    """The time limits of a ticket."""

    _inherit = "sales.service.ticket"

    sla_id = fields.Many2one(
        "sales.service.sla",
        "Policy",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups=INTERNAL,
    )
    clock_ids = fields.One2many(
        "sales.service.clock", "ticket_id", "Time Limits", readonly=True
    )
    responded_at = fields.Datetime("First Response", readonly=True, copy=False)
    deadline = fields.Datetime(
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The next limit that runs out.",
    )
    warn_at = fields.Datetime("Warning From", readonly=True, copy=False)
    sla_breached = fields.Boolean(
        "Limit Missed", readonly=True, copy=False, help="A limit was not kept."
    )
    sla_status = fields.Selection(
        [
            ("running", "Running"),
            ("warning", "Warning"),
            ("overdue", "Overdue"),
            ("paused", "Paused"),
            ("met", "In time"),
            ("late", "Late"),
        ],
        "SLA Status",
        compute="_compute_sla_status",
        # Of the ticket's own fields, of which customers do not read all.
        compute_sudo=True,
    )
    is_overdue = fields.Boolean(
        "Overdue",
        compute="_compute_sla_status",
        compute_sudo=True,
        search="_search_is_overdue",
    )

    @api.model
    def _get_limit_status(self, deadline, warn_at, now):
        if not deadline:
            return "paused"
        if deadline <= now:
            return "overdue"
        return "warning" if warn_at and warn_at <= now else "running"

    @api.depends("state", "sla_id", "deadline", "warn_at", "sla_breached")
    def _compute_sla_status(self):
        now = self._get_now()
        for ticket in self:
            if not ticket.sla_id:
                ticket.sla_status = False
            elif ticket.state in DONE:
                ticket.sla_status = "late" if ticket.sla_breached else "met"
            else:
                ticket.sla_status = self._get_limit_status(
                    ticket.deadline, ticket.warn_at, now
                )
            ticket.is_overdue = ticket.sla_status == "overdue"

    @api.model
    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        overdue = Domain("deadline", "<=", self._get_now()) & Domain(
            "state", "not in", DONE
        )
        return overdue if True in value else ~overdue

    def _get_customer_classes(self):
        """By ticket the class of its customer, where it has one."""
        customers = (
            self.env["sales.customer"]
            # sudo: a policy by class holds, whoever made the ticket
            .sudo()
            .search([("partner_id", "in", self.commercial_partner_id.ids)])
        )
        classes = {
            (customer.partner_id.id, customer.company_id.id): customer.class_id
            for customer in customers
        }
        found = {
            ticket: classes.get((ticket.commercial_partner_id.id, ticket.company_id.id))
            for ticket in self
        }
        return {ticket: class_ for ticket, class_ in found.items() if class_}

    # What happens to the limits

    def _begin_limits(self, rows):
        """Of new tickets, since they came in.

        :param rows: their times
        """
        for policy, tickets in self.grouped(
            self.env["sales.service.sla"]._get_for(self).get
        ).items():
            if policy:
                tickets.sla_id = policy
        self._keep_next(self._begin_clocks("response", "resolution", rows=rows))

    def _begin_clocks(self, *kinds, rows=None):
        """:return: the new clocks, with their deadlines"""
        Clock, now = self.env["sales.service.clock"], self._get_now()
        begun = [
            (kind, ticket, ticket.sla_id, minutes)
            for ticket in self.filtered("sla_id")
            for kind in kinds
            if (minutes := ticket.sla_id._get_rule().minutes[kind])
        ]
        limits = [
            # The others run since the ticket came in.
            (ticket, policy, minutes, now if kind == "reply" else ticket.opened_at)
            for kind, ticket, policy, minutes in begun
        ]
        return Clock.create(
            [
                {
                    "ticket_id": ticket.id,
                    "kind": kind,
                    "sla_id": policy.id,
                    "minutes": minutes,
                    "start": start,
                    "deadline": deadline,
                    "warn_at": warn_at,
                }
                for (kind, *_rest), (ticket, policy, minutes, start), (
                    deadline,
                    warn_at,
                ) in zip(begun, limits, Clock._get_times(limits, rows), strict=True)
            ]
        )

    def _move_limits(self, why=None):
        """Compute what runs again, after something happened to the tickets.

        :param str why: for an audit line on tickets whose deadlines moved by it
        """
        clocks = self.env["sales.service.clock"]._get_running(self)
        moved = clocks._move()
        self._keep_next(clocks)
        if not why:
            return
        bodies = {}
        for clock, before in moved.items():
            bodies.setdefault(clock.ticket_id, []).append(clock._say_moved(before))
        self.browse([ticket.id for ticket in bodies])._message_log_batch(
            {
                ticket.id: self.env._(
                    "Time limits moved, since %(why)s. %(limits)s",
                    why=why,
                    limits="; ".join(lines),
                )
                for ticket, lines in bodies.items()
            }
        )

    def _keep_next(self, running):
        """Keep the next of the running limits on each ticket, where lists look."""
        clocks_of, none = running.grouped("ticket_id"), running.browse()
        for ticket in self:
            vals = {
                name: min(
                    filter(None, clocks_of.get(ticket, none).mapped(name)),
                    default=False,
                )
                for name in ("deadline", "warn_at")
            }
            if any(ticket[name] != value for name, value in vals.items()):
                ticket.write(vals)

    def _end_limits(self, how, *kinds):
        """:param how: ``met_at`` or ``dropped_at``"""
        clocks = self.env["sales.service.clock"]._get_running(self)
        ended = clocks.filtered(lambda one: one.kind in kinds)
        ended._end(how)
        self._keep_next(clocks - ended)

    def _meet_limits(self, *kinds):
        # Who resolves has answered, if only with what was done.
        self.filtered(lambda one: not one.responded_at).write(
            {"responded_at": self._get_now()}
        )
        self._end_limits("met_at", *kinds)

    def _follow_limits(self, changed, turned):
        """What was written may have moved limits.

        :param changed: names of the fields
        :param turned: the tickets that began to wait, or went on, or work other hours
        """
        running = self.filtered("is_open")
        if "state" in changed:
            self.filtered(lambda one: one.state == "resolved")._meet_limits(*LIMITS)
            self.filtered(lambda one: one.state == "cancelled")._end_limits(
                "dropped_at", *LIMITS
            )
            running.filtered(lambda one: one.state == "reopened")._begin_again()
        if changed & _CHOOSE_POLICY:
            running._follow_policy(
                self.env._("team, category, priority or customer changed")
            )
        elif "state" in changed:
            (running & turned)._move_limits()

    def _begin_again(self):
        """The limits that ended with the ticket go on, by the policy of today."""
        for ticket in self:
            for kind in ("response", "resolution"):
                if kind == "resolution" or not ticket.responded_at:
                    ended = ticket.clock_ids.filtered(lambda one, k=kind: one.kind == k)
                    # The deadline was of the time before.
                    ended[-1:].write(
                        {"met_at": False, "dropped_at": False, "deadline": False}
                    )
        self._follow_policy()

    def _follow_policy(self, why=None):
        """Choose the policy again; limits that differ are moved, with an audit line."""
        policies = self.env["sales.service.sla"]._get_for(self)
        clocks = self.env["sales.service.clock"]._get_running(self)
        clocks._keep_breaches()
        have = {(clock.ticket_id, clock.kind) for clock in clocks}
        for ticket in self:
            if ticket.sla_id != policies[ticket]:
                ticket.sla_id = policies[ticket]
        for clock in clocks:
            policy = policies[clock.ticket_id]
            minutes = policy._get_rule().minutes[clock.kind] if policy else 0
            if not minutes:
                clock._end("dropped_at")
            elif (clock.sla_id, clock.minutes) != (policy, minutes):
                clock.write({"sla_id": policy.id, "minutes": minutes})
        for kind in ("response", "resolution"):
            self.filtered(
                lambda one, kind=kind: (
                    (one, kind) not in have
                    and not (kind == "response" and one.responded_at)
                )
            )._begin_clocks(kind)
        self._move_limits(why)

    def _get_spans(self, rows=None):
        """The times of the tickets as the clock computes with: ``{ticket: [Span]}``.

        :param rows: where they are known
        """
        if rows is None:
            rows = self.env["sales.service.interval"].search_fetch(
                [("ticket_id", "in", self.ids)], order="start, id"
            )
        now = self._get_now()
        years = min([now, *rows.mapped("start")]).year, (now + HORIZON).year + 1
        spans = {ticket: [] for ticket in self}
        for row in rows:
            schedule = None
            if not row.is_always_open:
                schedule = self._get_schedule(
                    row.company_id.id, row.calendar_id.id, *years
                )
            spans[row.ticket_id].append(
                Span(row.start, row.stop or None, row.state, schedule)
            )
        return spans

    # What customer and agent say to each other

    def _message_post_after_hook(self, message, msg_values):
        # Over RPC who reads a ticket may name any author: only who may write it speaks
        # in another's name.
        if (
            self.env.su
            or message.author_id == self.env.user.partner_id
            or self.has_access("write")
        ):
            # sudo: limits are stamped, whoever writes
            self.sudo()._follow_message(message)
        return super()._message_post_after_hook(message, msg_values)

    def _follow_message(self, message):
        """An agent's answer meets limits, a customer's begins one."""
        comment = self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment")
        if (
            message.message_type not in ("comment", "email", "email_outgoing")
            or message.subtype_id.id != comment
            or message.is_internal
        ):
            return
        author = message.author_id
        if not author or author.partner_share:
            for ticket in self:
                ticket._hear_customer(message)
        elif self._get_agents_group() in author.user_ids.all_group_ids:
            self._meet_limits("response", "reply")

    def _hear_customer(self, message):
        """The customer wrote: who waited goes on, what was over begins again."""
        self.ensure_one()
        # Who resolves it at the same moment comes before or after.
        write_lock(self)
        if self.state == "waiting_customer":
            self._step("start")
        elif self._is_reopenable():
            self._step("reopen")
        clocks = self.env["sales.service.clock"]._get_running(self)
        if self.is_open and self.responded_at and "reply" not in clocks.mapped("kind"):
            self._begin_clocks("reply")
            self._move_limits()
