from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_date, format_time

from odoo.addons.sales_force import working_time as wt
from odoo.addons.sales_force.locking import write_lock

from ..tickets.appointments import AGREED, LIVE, STATES, STEPS
from ..tickets.states import DONE, OPEN
from ..tickets.windows import STEP, way

_PLAN = frozenset(("start", "minutes", "user_id"))
# By which constraints say who has the time.
_CHECKED = _PLAN | {"state"}
_OVER = ("done", "missed", "cancelled")
_WINDOW = frozenset(("window_start", "window_stop"))
_DISPATCHER = "sales_service.group_service_dispatcher"


class SalesServiceAppointment(models.Model):
    """When an agent comes to a customer about a ticket.

    The customer knows the window in which the agent arrives; the plan is inside of it
    and may move there. A ticket has one appointment at a time that is still to come.
    Moments are in UTC. What customers do with it is in ``sales_service_offer``.
    """

    _name = "sales.service.appointment"
    _description = "Service Appointment"
    _inherit = ["sales.stamped.mixin"]
    _order = "start, id"
    _rec_name = "ticket_id"
    _check_company_auto = True
    _sales_stamped = frozenset(
        (
            "state",
            "window_ids",
            "wish",
            "told_at",
            "reminded_at",
            "revision",
            "visit_id",
            "joins_visit",
        )
    )

    ticket_id = fields.Many2one(
        "sales.service.ticket", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True)
    team_id = fields.Many2one(related="ticket_id.team_id", store=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Address",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        check_company=True,
        help="Where the work is; by default the customer's.",
    )
    address = fields.Char("Where", compute="_compute_address")
    user_id = fields.Many2one(
        "res.users",
        "Agent",
        index="btree_not_null",
        ondelete="restrict",
        domain=lambda self: (
            "[('all_group_ids', 'in', "
            f"{self.env['sales.service.ticket']._get_agents_group().id}), "
            "('company_ids', 'in', company_id)]"
        ),
    )
    state = fields.Selection(
        STATES,
        "Status",
        default="proposed",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    start = fields.Datetime("Planned From")
    minutes = fields.Integer(
        "Work (minutes)",
        compute="_compute_minutes",
        store=True,
        readonly=False,
        precompute=True,
        help="By default that of the ticket.",
    )
    stop = fields.Datetime(
        "Planned Until", compute="_compute_stop", store=True, precompute=True
    )
    window_start = fields.Datetime(
        "Arrives From", help="The customer knows: the agent does not come before."
    )
    window_stop = fields.Datetime(
        "Arrives Until", help="The customer knows: the agent has come by then."
    )
    warning = fields.Char(compute="_compute_warning", help="What speaks against it.")
    window_ids = fields.One2many(
        "sales.service.window",
        "appointment_id",
        "Offered",
        readonly=True,
        groups="sales_service.group_service_agent",
    )
    wish = fields.Text(
        "Customer's Wish",
        readonly=True,
        copy=False,
        help="What the customer wrote who wants another time.",
    )
    told_at = fields.Datetime(
        "Told", readonly=True, copy=False, help="When the customer got the last window."
    )
    reminded_at = fields.Datetime("Reminded", readonly=True, copy=False)
    # Of what the customer's calendar was told.
    revision = fields.Integer(readonly=True, copy=False, default=0)
    visit_id = fields.Many2one(
        "sales.visit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="In the day's plan of an agent who has a rep profile.",
    )

    # Without the extension for plain numbers in such an index: as ranges of one.
    _one_place_at_a_time = models.Constraint(
        "EXCLUDE USING gist (int4range(user_id, user_id, '[]') WITH &&, "
        "tsrange(start, stop) WITH &&) WHERE (start IS NOT NULL AND user_id IS NOT "
        "NULL AND state IN ('proposed', 'offered', 'confirmed', 'on_way'))",
        "The agent has another appointment at this time.",
    )
    _one_to_come = models.UniqueIndex(
        "(ticket_id) WHERE state IN ('proposed', 'offered', 'confirmed', 'on_way')",
        "The ticket has an appointment already: move it, or cancel it first.",
    )
    _planned = models.Constraint(
        "CHECK (start IS NOT NULL AND user_id IS NOT NULL "
        "OR state IN ('offered', 'cancelled'))",
        "An appointment has an agent and a time.",
    )
    _minutes_positive = models.Constraint(
        "CHECK (minutes > 0)", "Work takes one minute at least."
    )
    _window_whole = models.Constraint(
        "CHECK ((window_start IS NULL) = (window_stop IS NULL) "
        "AND window_start < window_stop)",
        "A window has a beginning and, after it, an end.",
    )
    _within_window = models.Constraint(
        "CHECK (window_start IS NULL OR start IS NULL "
        "OR start BETWEEN window_start AND window_stop)",
        "The agent comes within the window that the customer knows: change both.",
    )
    _board_idx = models.Index("(user_id, start)")

    # What it is by default

    @api.depends("ticket_id.partner_id")
    def _compute_partner_id(self):
        """Of another customer than before; where the work was is kept."""
        for one in self:
            customer = one.ticket_id.partner_id
            is_theirs = one.partner_id.commercial_partner_id == (
                customer.commercial_partner_id
            )
            if not one.partner_id or not (is_theirs or one.state in _OVER):
                one.partner_id = customer
            else:
                one.partner_id = one.partner_id

    @api.depends("ticket_id")
    def _compute_minutes(self):
        for one in self:
            one.minutes = one.ticket_id.planned_minutes or one.minutes or 60

    @api.depends("start", "minutes")
    def _compute_stop(self):
        for one in self:
            one.stop = one.start and one.start + timedelta(minutes=one.minutes)

    # What is shown

    @api.depends_context("uid")
    @api.depends("partner_id")
    def _compute_address(self):
        readable = self.partner_id._filtered_access("read")
        for one in self:
            partner = one.partner_id & readable
            one.address = partner._get_sales_address()

    @api.depends("start", "minutes", "user_id", "state", "ticket_id.user_id")
    @api.depends_context("lang")
    def _compute_warning(self):
        words = self._get_warnings()
        for one in self:
            one.warning = " ".join(words.get(one, ())) or False

    def _get_warnings(self):
        """What speaks against plans, in words: ``{appointment: [sentence]}``."""
        planned = self.filtered(
            lambda one: one._is_live() and one.start and one.user_id
        )
        warnings = planned._get_time_warnings()
        for one in planned:
            holder = one.ticket_id.user_id
            if holder and holder != one.user_id:
                warnings[one].append(
                    self.env._(
                        "%(agent)s has the ticket.",
                        # sudo: the name of a colleague
                        agent=holder.sudo().name,
                    )
                )
        return warnings

    def _get_time_warnings(self, with_way=True):
        """Of plans outside of the agent's working time.

        :param with_way: and of those too close to others
        """
        warnings = {one: [] for one in self}
        # sudo: whether somebody works and has time, not with whom
        plans = self.sudo()
        facts = plans.env["sales.service.facts"]
        for company, some in plans.grouped("company_id").items():
            start, stop = min(some.mapped("start")), max(some.mapped("stop"))
            schedules = facts._get_schedules_of(some.user_id, company, start, stop)
            near = self._get_near(some.user_id, start - wt.DAY, stop + wt.DAY)
            for one in some:
                span = (one.start, one.stop)
                schedule = schedules[one.user_id]
                says = warnings[one]
                if wt.intersection(wt.union(schedule.absences), [span]):
                    says.append(
                        self.env._("%(agent)s is absent.", agent=one.user_id.name)
                    )
                elif wt.duration(wt.working(schedule, *span)) < one.stop - one.start:
                    says.append(
                        self.env._(
                            "%(agent)s does not work all of this time.",
                            agent=one.user_id.name,
                        )
                    )
                if with_way:
                    says += one._describe_near(near)
        return warnings

    def _get_near(self, users, start, stop):
        """The appointments of users that take a part of a span."""
        # sudo: only when they are
        return self.sudo().search(
            [
                ("user_id", "in", users.ids),
                ("state", "in", LIVE),
                ("start", "<", stop),
                ("stop", ">", start),
            ]
        )

    def _describe_near(self, near):
        """That there is no time for the way from or to another appointment."""
        lines = []
        for other in near.filtered(lambda one: one.user_id == self.user_id):
            gap = max(other.start - self.stop, self.start - other.stop)
            travel = self.team_id._get_travel(self._get_place(), other._get_place())
            if other.id != self._origin.id and timedelta() <= gap < travel:
                lines.append(
                    self.env._(
                        "There are %(minutes)s minutes for the way between this and "
                        "another appointment.",
                        minutes=gap // timedelta(minutes=1),
                    )
                )
        return lines

    def _get_place(self):
        """Where it is, as coordinates; None where nobody knows."""
        self.ensure_one()
        return (
            self.partner_id._get_sales_point()
            or self.ticket_id.commercial_partner_id._get_sales_point()
        )

    def _is_live(self):
        return self.state in LIVE

    def _is_agreed(self):
        """Whether the customer knows when somebody comes."""
        return bool(self.window_start) and self.state in AGREED

    def _get_zone(self):
        """The timezone of who is visited."""
        self.ensure_one()
        # sudo: the company's hours count, whoever asks
        calendar = self.sudo().company_id.resource_calendar_id
        return self.partner_id.tz or calendar.tz or "UTC"

    def _describe_span(self, start, stop, zone=None):
        """A day and the time from and to, where the timezone is."""
        zone = zone or self._get_zone()
        day = start.replace(tzinfo=wt.UTC).astimezone(ZoneInfo(zone)).date()
        return self.env._(
            "%(day)s, %(start)s – %(stop)s (%(zone)s)",
            day=format_date(self.env, day, date_format="full"),
            start=format_time(self.env, start, tz=zone, time_format="short"),
            stop=format_time(self.env, stop, tz=zone, time_format="short"),
            zone=zone,
        )

    def _describe_window(self, zone=None):
        """When the customer may expect the agent."""
        self.ensure_one()
        return self._describe_span(self.window_start, self.window_stop, zone)

    # Making and changing

    @api.model_create_multi
    def create(self, vals_list):
        appointments = super().create(vals_list)
        appointments.ticket_id.check_access("write")
        appointments._check_may_plan()
        appointments._follow_plan()
        for one in appointments:
            one._assign_ticket()
        appointments.filtered("start")._tell_colleague()
        return appointments

    def write(self, vals):
        if "ticket_id" in vals:
            raise UserError(
                self.env._(
                    "An appointment stays with its ticket, whose customer knows of it: "
                    "cancel it, and plan one for the other ticket."
                )
            )
        planned = bool(vals.keys() & (_PLAN | _WINDOW))
        if planned and not self.env.su:
            self._check_state(*LIVE)
        told = {one: one._get_told() for one in self if vals.keys() & _WINDOW}
        agents = {one: one.user_id for one in self if "user_id" in vals}
        plans = {one: (one.user_id, one.start) for one in self}
        result = super().write(vals)
        if vals.keys() & _CHECKED:
            # The database sees beginning and end together, and what is over before
            # what comes next.
            self.flush_recordset(["start", "stop", "user_id", "state"])
        if planned:
            self._check_may_plan()
            self._follow_plan()
        elif vals.keys() & {"state", "partner_id"}:
            self._follow_plan()
        for one, before in agents.items():
            one._assign_ticket([before])
        moved = self.filtered(
            lambda one: told.get(one) and told[one] != one._get_told()
        )
        moved._tell("sales_service.mail_template_appointment")
        if planned:
            self.filtered(
                lambda one: one.start and plans[one] != (one.user_id, one.start)
            )._tell_colleague()
        return result

    def unlink(self):
        tickets = self.ticket_id
        self._end_visits()
        result = super().unlink()
        tickets._follow_appointments()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_known(self):
        self._refuse(
            [
                self.env._(
                    "%(ticket)s: the customer knows of the appointment. Cancel it "
                    "instead.",
                    ticket=one.ticket_id.display_name,
                )
                for one in self
                if one.state in ("offered", *AGREED)
            ]
        )

    def _get_told(self):
        """The window that the customer counts on, if any."""
        return self.state in AGREED and (self.window_start, self.window_stop)

    def _check_may_plan(self):
        """Agents plan their own working time, dispatchers everybody's as they want.

        :raise AccessError: for what is somebody else's
        :raise UserError: for an agent who plans outside of the working time
        """
        if self.env.su or self.env.user.has_group(_DISPATCHER):
            return
        if self.user_id - self.env.user:
            raise AccessError(
                self.env._("Ask a dispatcher to plan the time of somebody else.")
            )
        warnings = self.filtered("start")._get_time_warnings(with_way=False)
        self._refuse([line for says in warnings.values() for line in says])

    def _check_free(self, user, start):
        """That somebody has the time; of two at once the second sees the first's.

        :raise UserError: saying when the other appointment is
        """
        # sudo: the profile stands for the time, whoever may read it
        profiles = self.env["sales.service.agent"].sudo()
        write_lock(
            profiles.with_context(active_test=False).search([("user_id", "=", user.id)])
        )
        stop = start + timedelta(minutes=self.minutes)
        for other in self._get_near(user, start, stop) - self:
            raise UserError(
                self.env._(
                    "%(agent)s has another appointment then: %(span)s.",
                    agent=user.name,
                    span=other._describe_span(
                        other.start, other.stop, self.env.user.tz
                    ),
                )
            )

    def _follow_plan(self):
        self.ticket_id._follow_appointments()
        self._follow_visits()

    # Steps, as buttons and over RPC

    def action_confirm(self):
        """It is agreed with the customer, who gets a mail with the window.

        :raise UserError: without a time
        """
        self._refuse(
            [
                self.env._(
                    "%(ticket)s: plan the agent and the time first.",
                    ticket=one.ticket_id.display_name,
                )
                for one in self
                if not one.start or not one.user_id
            ]
        )
        return self._step("confirm")

    def action_go(self):
        """The agent is on the way; the customer sees it on the portal, and by mail."""
        return self._step("go")

    def action_done(self):
        """The agent was there."""
        return self._step("done")

    def action_miss(self):
        """Nobody was there, or the agent did not come."""
        return self._step("miss")

    def action_cancel(self):
        """It does not take place; a customer who knew of it gets a mail."""
        return self._step("cancel")

    def action_offer(self):
        """Choose windows to offer to the customer."""
        self.ensure_one()
        return self.ticket_id.action_offer_times()

    def action_move(self, start, user_id=None, is_told=False):
        """Plan it for another time or agent; the ticket goes to who had it not yet.

        :param start: in UTC
        :param bool is_told: whether the customer may get another window by mail
        :return: ``{"id": , "warning": }``, in words
        :raise UserError: where the agent has no time, or it would leave the window that
            the customer counts on
        """
        self.ensure_one()
        self.check_access("write")
        start = fields.Datetime.to_datetime(start)
        user = self.env["res.users"].browse(user_id or self.user_id.id)
        self._check_state(*LIVE)
        self._check_free(user, start)
        vals = {"start": start, "user_id": user.id}
        if self.window_start and not self.window_start <= start <= self.window_stop:
            if self.state in AGREED and not is_told:
                raise UserError(
                    self.env._(
                        "The customer expects %(agent)s: %(window)s. Tell them first.",
                        agent=self.user_id.name,
                        window=self._describe_window(self.env.user.tz),
                    )
                )
            vals.update(self._prepare_window(start))
        self.write(vals)
        return {"id": self.id, "warning": self.warning}

    def _prepare_window(self, start):
        # sudo: the hours of the team count, whoever plans
        team = self.sudo().team_id
        window = team.env["sales.service.facts"]._get_window(team, start)
        return dict(zip(("window_start", "window_stop"), window, strict=True))

    def _assign_ticket(self, before=()):
        """Who comes works on the ticket, unless a third one does.

        :param before: who was to come
        """
        # sudo: who may plan it was checked
        ticket, user = self.ticket_id.sudo(), self.user_id
        if (
            user
            and ticket.user_id != user
            and ticket.user_id in (user.browse(), *before)
        ):
            ticket.user_id = user

    def _step(self, step):
        """Take a step of the way, all or none.

        :raise UserError: naming those in another state
        """
        states, state = STEPS[step]
        self.check_access("write")
        # The second of two at once sees what the first has done.
        write_lock(self)
        self._check_state(*states)
        known = self.filtered(lambda one: one.state in ("offered", *AGREED))
        # sudo: states are stamped; who may take the step was checked
        for one in self.sudo():
            vals = {"state": state}
            if state == "confirmed" and not one.window_start:
                vals.update(one._prepare_window(one.start))
            one.write(vals)
            one.window_ids.unlink()
        if state == "confirmed":
            self._tell("sales_service.mail_template_appointment")
        elif state == "on_way":
            # sudo: the customer is told, whoever goes
            for one in self.sudo():
                one.ticket_id._mail("sales_service.mail_template_on_way")
        elif state == "cancelled":
            known._tell("sales_service.mail_template_appointment_cancelled")
            self.filtered("start")._tell_colleague()
        return True


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    window_hours = fields.Integer(
        "Arrival Window (hours)",
        default=3,
        help="How long the time is in which a customer expects the agent.",
    )
    travel_minutes = fields.Integer(
        "Travel Between Appointments (minutes)",
        default=30,
        help="Kept free before and after each appointment where times are offered. "
        "Where both addresses have coordinates it is the time that the distance takes "
        "by the company's speed on the way.",
    )
    change_hours = fields.Integer(
        "Customers Change Until (hours before)",
        default=24,
        help="So long before the window customers change or cancel an appointment on "
        "the portal.",
    )

    _window_positive = models.Constraint(
        "CHECK (window_hours BETWEEN 1 AND 24)",
        "An arrival window has from 1 to 24 hours.",
    )
    _travel_positive = models.Constraint(
        "CHECK (travel_minutes >= 0 AND change_hours >= 0)",
        "Minutes and hours are not negative.",
    )

    def _get_travel(self, place, other):
        """How long the way between two places takes; see ``windows.way``."""
        self.ensure_one()
        # sudo: the company's settings count, whoever plans
        team = self.sudo()
        usual = timedelta(minutes=team.travel_minutes)
        return way(place, other, team.company_id.sales_visit_speed, usual)


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    appointment_ids = fields.One2many(
        "sales.service.appointment", "ticket_id", "Appointments"
    )
    appointment_id = fields.Many2one(
        "sales.service.appointment",
        "Last Appointment",
        compute="_compute_appointment_id",
        compute_sudo=True,
    )
    appointment_state = fields.Selection(
        STATES,
        "Appointment Status",
        compute="_compute_appointment_id",
        compute_sudo=True,
    )

    @api.depends("appointment_ids.state")
    def _compute_appointment_id(self):
        for ticket in self:
            last = ticket.appointment_ids.sorted("id")[-1:]
            ticket.appointment_id = last
            ticket.appointment_state = last.state

    def _get_live_appointment(self):
        """The one that is still to come, as superuser; maybe an empty record."""
        # sudo: a ticket has one, whoever may see it
        return self.sudo().appointment_ids.filtered(lambda one: one.state in LIVE)

    def _follow_appointments(self):
        """What dispatching counts with is what is planned."""
        # sudo: whoever plans the appointment
        for ticket in self.sudo():
            live = ticket._get_live_appointment()
            vals = {"planned_from": live.start}
            if live.start:
                vals["planned_minutes"] = live.minutes
            if any(ticket[name] != value for name, value in vals.items()):
                ticket.write(vals)

    def _describe_planned(self):
        """With whom it is agreed, and when the customer expects the agent."""
        live = self._get_live_appointment()
        if not live.window_start:
            return super()._describe_planned()
        return live._describe_window(self.env.user.tz)

    def write(self, vals):
        customers = {one: one.partner_id for one in self if "partner_id" in vals}
        result = super().write(vals)
        if vals.get("state") in DONE:
            self._end_appointments()
        for ticket, before in customers.items():
            if ticket.partner_id != before:
                ticket._follow_customer()
        return result

    def _follow_customer(self):
        """Where to come, and who counts on it, hang on who the customer is."""
        live = self._get_live_appointment()
        live._follow_visits()
        live.filtered(lambda one: one.state in AGREED)._tell(
            "sales_service.mail_template_appointment"
        )

    def _attend(self, user):
        """Who was on site has kept the appointment that there was until today."""
        today = self.company_id._get_sales_date(self._get_now())
        kept = self._get_live_appointment().filtered(
            lambda one: one.user_id == user
            and one.state != "offered"
            and one._get_day() <= today
        )
        kept._step("done")

    def _end_appointments(self):
        """Of tickets that are over: what has begun was done, the rest is cancelled."""
        now = self._get_now()
        live = self._get_live_appointment()
        begun = live.filtered(
            lambda one: one.state in AGREED and one.start and one.start <= now
        )
        begun._step("done")
        (live - begun)._step("cancel")

    def _move_appointments(self, absent):
        """Give appointments, with their tickets, to others who fit and have the time.

        At the same time, or else within the window that the customer counts on.

        :param absent: users who get none
        :return: the tickets of those that were moved
        """
        moved = self.browse()
        for ticket in self.filtered("planned_from").sorted("planned_from"):
            # sudo: the rules look at all agents; who may hand over was checked
            user, start = ticket.sudo()._find_stand_in(absent)
            if user:
                # sudo: stamped
                ticket.sudo().handed_over_id = ticket.user_id
                ticket._get_live_appointment().sudo(False).action_move(start, user)
                moved |= ticket
        return moved

    def _find_stand_in(self, absent):
        """Who may come instead of the agent, and when: ``(user's id, moment)``."""
        live = self._get_live_appointment()
        waits = live.start and live.state != "on_way" and self.state != "in_progress"
        if not waits or live.user_id != self.user_id:
            return None, None
        spans = [(live.start, live.start + STEP)]
        if live.window_start:
            spans.append((live.window_start, live.window_stop))
        found = self.env["sales.service.facts"]._get_windows(self, among=spans)
        for span in spans:
            for user, start in found.get(span, ()):
                if user not in absent.ids:
                    return user, start
        return None, None

    def _merge_into(self, target):
        """Nobody's appointment is lost with a ticket that ends in another.

        :raise UserError: where a customer counts on one
        """
        known = (
            (self - target)
            ._get_live_appointment()
            .filtered(lambda one: one.state in ("offered", *AGREED))
        )
        target._refuse(
            [
                self.env._(
                    "%(ticket)s has an appointment that the customer knows of: merge "
                    "the others into it, or cancel the appointment first.",
                    ticket=one.ticket_id.display_name,
                )
                for one in known
            ]
        )
        return super()._merge_into(target)

    # Buttons, and over RPC

    def action_plan(self, user_id, start):
        """Plan an appointment of an agent, who gets the ticket that nobody has.

        One that is still to come is moved.

        :param start: in UTC
        :return: ``{"id": , "warning": }``, in words
        :raise UserError: where the agent has no time, or the ticket is over
        """
        self.ensure_one()
        self.check_access("write")
        self._check_state(*OPEN)
        live = self._get_live_appointment().sudo(False)
        if live:
            return live.action_move(start, user_id)
        Appointment = self.env["sales.service.appointment"]
        vals = {"ticket_id": self.id, "user_id": user_id, "start": start}
        plan = Appointment.new(vals)
        plan._check_free(plan.user_id, plan.start)
        appointment = Appointment.create(vals)
        return {"id": appointment.id, "warning": appointment.warning}

    def action_on_way(self):
        """The agent is on the way to the appointment of the ticket."""
        self.ensure_one()
        return self._get_live_appointment().sudo(False).action_go()

    def action_open_appointment(self):
        """What is to come; of a ticket that is over the last one; else a new one."""
        self.ensure_one()
        shown = self._get_live_appointment() or (
            self.appointment_id if not self.is_open else self.appointment_id.browse()
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Appointment"),
            "res_model": "sales.service.appointment",
            "res_id": shown.id,
            "views": [(False, "form")],
            "context": {
                "default_ticket_id": self.id,
                "default_user_id": self.user_id.id or self.env.uid,
            },
        }
