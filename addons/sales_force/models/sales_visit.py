import base64
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ..visits import integrity, photos, routing
from ..visits.days import day_of
from ..visits.geo import distance

STATES = [
    ("planned", "Planned"),
    ("started", "In progress"),
    ("done", "Done"),
    ("closed", "Found closed"),
    ("cancelled", "Cancelled"),
]
# What stays as it was once a visit has begun, or its day is over.
_PLAN = frozenset(("rep_id", "partner_id", "date_planned", "planned_minutes"))
# What is reported when a visit ends.
_MONEY = frozenset(("collected_amount", "collected_reference"))
_OVER = ("done", "closed", "cancelled")
# An appointment keeps its time but for so many minutes.
_SLACK = 15
# So many visits of a day are put in order.
_MOST = 100
# A phone repeats a position, and a rep a photo, within so many days.
_COMPARED_DAYS = 90


class SalesVisit(models.Model):
    """A visit of a rep to a customer: planned, checked in, checked out.

    Moments are in UTC, the day is where the company works. Check-in and check-out are
    stamped by the server; positions are kept apart (``sales.visit.position``), for as
    long as the company says.
    """

    _name = "sales.visit"
    _description = "Visit"
    _inherit = ["sales.stamped.mixin", "mail.thread", "sales.credited.mixin"]
    _order = "date_planned, id"
    _rec_name = "partner_id"
    _check_company_auto = True
    _sales_stamped = frozenset(
        (
            "state",
            "check_in",
            "check_out",
            "position_state",
            "distance",
            "distance_known",
            "effective",
            "integrity",
            "signal_ids",
            "position_ids",
            "photo_ids",
            "origin",
            "cancel_reason",
        )
    )

    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self._default_rep_id(),
        domain="[('state', 'not in', ('left', 'suspended'))]",
        tracking=True,
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True, string="User")
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    team_id = fields.Many2one(related="rep_id.team_id", store=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="The customer, or the contact at the address to visit.",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Company of the Contact",
        store=True,
        index=True,
    )
    counts_note = fields.Char("Counts", compute="_compute_counts_note")
    is_missed = fields.Boolean(compute="_compute_is_missed")
    photo_count = fields.Integer(compute="_compute_photo_count")
    customer_id = fields.Many2one(
        "sales.customer", "Customer Card", compute="_compute_customer"
    )
    overdue_amount = fields.Monetary("Overdue (with tax)", compute="_compute_customer")
    unpaid_amount = fields.Monetary("Unpaid (with tax)", compute="_compute_customer")
    customer_next_step = fields.Char(
        "Planned for the Customer", compute="_compute_customer"
    )
    last_visit_note = fields.Text("Last Time", compute="_compute_last_visit_note")
    address = fields.Char(compute="_compute_address")
    phone = fields.Char(compute="_compute_address")
    map_url = fields.Char("Way There", compute="_compute_address")
    date_planned = fields.Datetime(
        "Planned At",
        required=True,
        default=lambda self: fields.Datetime.now().replace(second=0),
        tracking=True,
    )
    date = fields.Date("Day", compute="_compute_date", store=True, index=True)
    planned_minutes = fields.Integer(
        "Minutes Planned", default=lambda self: self.env.company.sales_visit_length
    )
    date_end = fields.Datetime(
        "Planned Until", compute="_compute_date_end", store=True, precompute=True
    )
    is_appointment = fields.Boolean(
        "Appointment",
        default=True,
        help="The customer expects the rep at this time: it stays when visits are put "
        "in order.",
    )
    purpose = fields.Char(help="What the visit is for.")
    origin = fields.Selection(
        [("manual", "By hand"), ("route", "By route"), ("class", "By class")],
        "How Planned",
        default="manual",
        required=True,
        readonly=True,
        copy=False,
    )
    route_id = fields.Many2one("sales.route", readonly=True, index="btree_not_null")
    state = fields.Selection(
        STATES,
        "Status",
        default="planned",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand=True,
    )
    cancel_reason = fields.Char(
        "Why Cancelled", readonly=True, copy=False, tracking=True
    )

    check_in = fields.Datetime(readonly=True, copy=False)
    check_out = fields.Datetime(readonly=True, copy=False)
    minutes = fields.Float(
        compute="_compute_minutes",
        store=True,
        help="From check-in to check-out.",
        aggregator="avg",
    )
    position_state = fields.Selection(
        [
            ("given", "Position given"),
            ("refused", "Position refused"),
            ("unavailable", "No position available"),
            ("off", "Positions are not asked for"),
        ],
        "Position on Site",
        readonly=True,
        copy=False,
    )
    distance_known = fields.Boolean(readonly=True, copy=False)
    distance = fields.Float(
        "Distance (m)",
        readonly=True,
        copy=False,
        aggregator="avg",
        help="Between the check-in and the customer's address.",
    )
    result_id = fields.Many2one(
        "sales.visit.result",
        "Visit Result",
        ondelete="restrict",
        tracking=True,
        copy=False,
    )
    note = fields.Text("Notes", copy=False)
    next_step = fields.Char(
        copy=False, help="Planned as an activity on the customer at check-out."
    )
    next_step_date = fields.Date("Next Step On", copy=False)
    sighting_ids = fields.One2many(
        "sales.competitor.sighting", "visit_id", "Competitors Seen"
    )
    photo_ids = fields.One2many(
        "sales.visit.photo", "visit_id", "Photos", readonly=True, copy=False
    )
    position_ids = fields.One2many(
        "sales.visit.position", "visit_id", "Positions", readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    collected_amount = fields.Monetary(
        "Money Received",
        copy=False,
        help="Cash, cheque or draft taken along. Who registers collections gets an "
        "activity on the oldest unpaid invoice.",
    )
    collected_reference = fields.Char(
        "Reference of the Money",
        copy=False,
        help="How it was paid, number of a cheque.",
    )
    lead_ids = fields.One2many("crm.lead", "sales_visit_id", "Opportunities")
    order_ids = fields.One2many("sale.order", "sales_visit_id", "Orders")
    lead_count = fields.Integer("Opportunity Count", compute="_compute_counts")
    order_count = fields.Integer(compute="_compute_counts")

    due = fields.Integer(
        "Visits Due",
        compute="_compute_due",
        store=True,
        help="1 for what counts in the completion: cancelled visits, and customers who "
        "were found closed on the day, do not.",
    )
    effective = fields.Integer(
        "Effective Visits",
        readonly=True,
        copy=False,
        help="1 when checked in and out, and as long as the company asks for.",
    )
    completion = fields.Float(
        "Completion (%)",
        compute="_compute_completion",
        aggregator="avg",
        help="Effective visits of those due.",
    )
    integrity = fields.Integer(
        readonly=True,
        copy=False,
        aggregator="avg",
        help="100: nothing unusual. The signals say what was measured; they are no "
        "accusation.",
    )
    signal_ids = fields.One2many(
        "sales.visit.signal", "visit_id", "Signals", readonly=True
    )
    may_check = fields.Boolean(compute="_compute_may_check")

    _one_at_a_time = models.UniqueIndex(
        "(rep_id) WHERE state = 'started'",
        "A rep is at one customer at a time: check out of the other visit first.",
    )
    _minutes_positive = models.Constraint(
        "CHECK (planned_minutes > 0)", "A visit takes one minute at least."
    )
    _collected_positive = models.Constraint(
        "CHECK (collected_amount >= 0)", "Money received is not negative."
    )
    _rep_date_idx = models.Index("(rep_id, date)")

    _credit_fields = frozenset(
        ("effective", "check_out", "user_id", "company_id", "partner_id")
    )

    def _mark_credits(self, changed=None):
        # What is planned has not happened.
        self.env["sales.credit"]._mark("visit", self.sudo().filtered("check_out").ids)

    @api.model
    def _default_rep_id(self):
        return self.env.user.sales_rep_ids.filtered(
            lambda rep: rep.company_id == self.env.company
        )[:1]

    # What is shown

    @api.depends("partner_id", "company_id")
    @api.depends("state", "effective", "minutes")
    def _compute_counts_note(self):
        for visit in self:
            least = visit.company_id.sales_visit_minutes
            if visit.state != "done":
                visit.counts_note = False
            elif visit.effective:
                visit.counts_note = self.env._("This visit counts.")
            else:
                visit.counts_note = self.env._(
                    "Does not count: %(minutes)s of %(least)s minutes.",
                    minutes=int(visit.minutes),
                    least=least,
                )

    @api.depends("state", "date")
    def _compute_is_missed(self):
        for visit in self:
            today = visit.company_id._get_sales_today()
            visit.is_missed = (
                visit.state == "planned" and bool(visit.date) and visit.date < today
            )

    @api.depends("photo_ids")
    def _compute_photo_count(self):
        for visit in self:
            # sudo: only how many
            visit.photo_count = len(visit.sudo().photo_ids)

    @api.depends("commercial_partner_id", "company_id")
    @api.depends_context("uid")
    def _compute_customer(self):
        found = {
            (customer.partner_id, customer.company_id): customer
            for customer in self.env["sales.customer"].search(
                [("partner_id", "in", self.commercial_partner_id.ids)]
            )
        }
        for visit in self:
            customer = found.get((visit.commercial_partner_id, visit.company_id))
            visit.customer_id = customer
            visit.overdue_amount = customer and customer.overdue_amount
            visit.unpaid_amount = customer and customer.unpaid_amount
            visit.customer_next_step = customer and customer.next_step

    @api.depends("commercial_partner_id", "date")
    def _compute_last_visit_note(self):
        """What was noted the last time, of those that the user may read."""
        for visit in self:
            last = self.search(
                [
                    ("commercial_partner_id", "=", visit.commercial_partner_id.id),
                    ("company_id", "=", visit.company_id.id),
                    ("state", "in", ("done", "closed")),
                    ("check_in", "<=", visit.check_in or fields.Datetime.now()),
                    ("id", "!=", visit._origin.id),
                    "|",
                    ("note", "!=", False),
                    ("result_id", "!=", False),
                ],
                order="check_in desc, id desc",
                limit=1,
            )
            parts = [
                last.date and format_date(self.env, last.date),
                last.result_id.name,
                last.note,
            ]
            visit.last_visit_note = ": ".join(filter(None, parts)) or False

    def action_open_customer(self):
        """The customer's page."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sales.customer",
            "res_id": self.customer_id.id,
            "views": [(False, "form")],
        }

    @api.depends_context("uid")
    def _compute_address(self):
        """What leads to a customer, of those whom the user may read."""
        readable = self.partner_id._filtered_access("read")
        for visit in self:
            partner = visit.partner_id & readable
            visit.phone = partner.phone
            visit.address, visit.map_url = partner._get_sales_way(visit.company_id)

    @api.depends("date_planned", "company_id")
    def _compute_date(self):
        for visit in self:
            visit.date = visit.company_id._get_sales_date(visit.date_planned)

    @api.depends("date_planned", "planned_minutes")
    def _compute_date_end(self):
        for visit in self:
            visit.date_end = visit.date_planned and (
                visit.date_planned + timedelta(minutes=visit.planned_minutes)
            )

    @api.depends("check_in", "check_out")
    def _compute_minutes(self):
        for visit in self:
            done = visit.check_in and visit.check_out
            visit.minutes = (
                (visit.check_out - visit.check_in).total_seconds() / 60 if done else 0.0
            )

    @api.depends("state", "check_in", "date")
    def _compute_due(self):
        for visit in self:
            # Who comes on a later day has missed the visit, open or not.
            closed = visit.state == "closed" and (
                visit.company_id._get_sales_date(visit.check_in) <= visit.date
            )
            visit.due = visit.state != "cancelled" and not closed

    @api.depends("due", "effective")
    def _compute_completion(self):
        for visit in self:
            visit.completion = 100.0 * visit.effective if visit.due else 0.0

    def _read_group_select(self, aggregate_spec, query):
        """A completion is effective visits of those due, empty where none is due."""
        if aggregate_spec != "completion:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "100.0 * SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, "effective", query),
            self._field_to_sql(self._table, "due", query),
        )

    def _compute_counts(self):
        for name, model in (("lead_count", "crm.lead"), ("order_count", "sale.order")):
            counts = dict(
                self.env[model]._read_group(
                    [("sales_visit_id", "in", self.ids)],
                    ["sales_visit_id"],
                    ["__count"],
                )
            )
            for visit in self:
                visit[name] = counts.get(visit._origin, 0)

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_may_check(self):
        for visit in self:
            visit.may_check = visit.user_id == self.env.user

    # Planning

    @api.constrains("date_planned", "rep_id")
    def _check_rep(self):
        for visit in self:
            if visit.state == "planned" and visit.rep_id.state in ("left", "suspended"):
                raise ValidationError(
                    self.env._(
                        "%(rep)s does not visit customers any more.",
                        rep=visit.rep_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """:raise AccessError: for a customer whom the user may not read"""
        visits = super().create(vals_list)
        visits.partner_id.check_access("read")
        return visits

    def write(self, vals):
        if not self.env.su:
            self._check_plan_stays(vals)
        result = super().write(vals)
        if "rep_id" in vals:
            # Not to somebody whose visits one may not plan.
            self.check_access("write")
        if "partner_id" in vals:
            self.partner_id.check_access("read")
        return result

    def _check_plan_stays(self, vals):
        """:raise UserError: for what would change what happened"""
        changed = self if _PLAN & vals.keys() else self.browse()
        begun = changed.filtered(lambda visit: visit.state != "planned")
        if begun:
            raise UserError(
                self.env._(
                    "The visit to %(customer)s has begun or is over: its plan stays.",
                    customer=begun[0].partner_id.display_name,
                )
            )
        changed._check_above()
        over = self.filtered(lambda visit: visit.state in _OVER)
        if over and _MONEY & vals.keys():
            raise UserError(
                self.env._(
                    "The visit to %(customer)s is over, and the money received was "
                    "reported. Tell who registers collections what is different.",
                    customer=over[0].partner_id.display_name,
                )
            )

    def _get_missed(self):
        """Visits whose day is over, and which were neither begun nor cancelled."""
        return self.filtered(
            lambda visit: visit.state == "planned"
            and visit.date < visit.company_id._get_sales_today()
        )

    def _check_above(self):
        """A visit that was missed counts, unless who is above the rep decides else.

        :raise UserError: for own visits that were missed
        """
        own = self._get_missed().filtered(lambda v: v.user_id == v.env.user)
        if own:
            raise UserError(
                self.env._(
                    "The day of the visit to %(customer)s is over. Only a manager "
                    "above you can move or cancel it.",
                    customer=own[0].partner_id.display_name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        if any(visit.state not in ("planned", "cancelled") for visit in self):
            raise UserError(self.env._("A visit that took place cannot be deleted."))
        over = self.filtered(
            lambda visit: visit.date < visit.company_id._get_sales_today()
        )
        if over and not self.env.su:
            raise UserError(
                self.env._(
                    "The day of the visit to %(customer)s is over: it cannot be "
                    "deleted. A manager above the rep can cancel it.",
                    customer=over[0].partner_id.display_name,
                )
            )

    def action_cancel(self, reason=None):
        """Cancel planned visits, of past days only those of people below.

        :param str reason: why; needed once the day is over
        :return: what asks for the reason where it is needed and missing, else True
        :raise UserError: for visits that took place, and own ones that were missed
        """
        self.check_access("write")
        for visit in self:
            if visit.state != "planned":
                raise UserError(self.env._("Only a planned visit can be cancelled."))
        missed = self._get_missed()
        if not self.env.su:
            missed._check_above()
        if missed and not (reason or "").strip():
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Cancel Visits"),
                "res_model": "sales.visit.cancel",
                "views": [(False, "form")],
                "target": "new",
                "context": {"default_visit_ids": self.ids},
            }
        # sudo: stamped by the system
        self.sudo().write({"state": "cancelled", "cancel_reason": reason})
        return True

    def action_replan(self):
        """Plan cancelled visits again.

        :raise UserError: for others, and when their day is over
        """
        self.check_access("write")
        for visit in self:
            if visit.state != "cancelled":
                raise UserError(self.env._("The visit is not cancelled."))
            if visit.date < visit.company_id._get_sales_today():
                raise UserError(self.env._("Its day is over: plan a new visit."))
        # sudo: stamped by the system
        self.sudo().write({"state": "planned", "cancel_reason": False})

    # In order

    def action_arrange(self):
        """Put the planned visits of each rep and day in a sensible order.

        Appointments keep their time, as does what is not among these visits; today's
        way goes on from here and now. Days that are over stay as they are.

        :return: a notification with the kilometres before and after
        :raise UserError: when there is nothing to put in order, and for too many visits
        """
        self.check_access("write")
        now = fields.Datetime.now()
        planned = self.filtered(lambda visit: visit.state == "planned")
        figures = {}
        for (rep, day), visits in planned._get_by_day().items():
            if day.stop > now:
                found = visits & planned
                figures[rep, day] = found._arrange(rep, day, visits - found, now)
        if not figures:
            raise UserError(
                self.env._("Choose planned visits of today or of days to come.")
            )
        before, after, kept, late, unknown = map(
            sum, zip(*figures.values(), strict=True)
        )
        message = [
            self.env._(
                "%(after)s km instead of %(before)s km.",
                before=round(before / 1000, 1),
                after=round(after / 1000, 1),
            )
        ]
        if kept:
            message.append(
                self.env._("%(count)s appointments keep their time.", count=kept)
            )
        if late:
            message.append(
                self.env._(
                    "%(count)s visits will not be in their opening times or the "
                    "working hours.",
                    count=late,
                )
            )
        if unknown:
            message.append(
                self.env._(
                    "%(count)s customers without coordinates are not counted.",
                    count=unknown,
                )
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Visits in order"),
                "message": " ".join(message),
                "type": "warning" if late else "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _get_by_day(self):
        """The visits of the reps on the days of these, but for what is cancelled.

        :return: by ``(rep, Day)``, the day being one of where the rep works
        """
        if not self:
            return {}
        # There it may be a day earlier or later than where the company works.
        first = min(self.mapped("date")) - timedelta(days=1)
        last = max(self.mapped("date")) + timedelta(days=1)
        days = self.rep_id._get_days(first, last)

        def key(visit):
            return visit.rep_id, day_of(days[visit.rep_id], visit.date_planned)

        everything = self.search(
            [
                ("rep_id", "in", self.rep_id.ids),
                ("date", ">=", first),
                ("date", "<=", last),
                ("state", "!=", "cancelled"),
            ]
        ).grouped(key)
        return {found: everything[found] for found in self.grouped(key)}

    def _arrange(self, rep, day, others, now):
        """Give planned visits of a rep and day their order and times.

        :param others: of the same day, which keep their times
        :return: metres of the way before and after as far as places are known; how many
            appointments keep their time, visits are late, places are not known
        """
        if len(self | others) > _MOST:
            raise UserError(
                self.env._(
                    "%(rep)s has more than %(count)s visits on %(date)s.",
                    rep=rep.name,
                    count=_MOST,
                    date=format_date(self.env, day.date),
                )
            )
        way = others._get_way(rep, day, now)
        appointments = self.filtered("is_appointment")
        fixed = (appointments | others)._get_fixed_stops(day, way.begin)
        moved = self - appointments
        stops = self.env["sales.route.stop"]._get_stops(rep, moved.partner_id)
        tour = routing.Tour(way, fixed)
        tour.arrange(
            routing.Stop(
                visit,
                visit._get_point(),
                visit.planned_minutes,
                *stops[visit.partner_id]._get_window(day),
            )
            for visit in moved.sorted(lambda visit: (visit.date_planned, visit.id))
        )
        legs = tour.legs()
        former = sorted((leg.stop.key for leg in legs), key=lambda v: v.date_planned)
        before = [visit._get_point() for visit in former]
        for leg in legs:
            if not leg.stop.fixed:
                leg.stop.key.date_planned = day.moment(leg.arrival)
        return (
            routing.length([way.start, *before, way.home]),
            routing.length([way.start, *(leg.stop.point for leg in legs), way.home]),
            len(appointments),
            sum(leg.late > 0 for leg in legs),
            len(self.filtered(lambda visit: not visit._get_point())),
        )

    def _get_point(self):
        # sudo: only where the address is
        return self.sudo().partner_id._get_sales_point()

    def _get_way(self, rep, day, now):
        """The frame of a day's way, for the visits of a rep on that day.

        Today it goes on now, from the customer who was visited last, and after a visit
        that lasts.
        """
        home = rep._get_visit_point()
        start, begin = home, day.begin
        if day.start <= now:
            begin = max(begin, day.minute(now))
            last = self.filtered("check_in").sorted("check_in")[-1:]
            if last:
                start = last._get_point()
            if last.state == "started":
                end = last.check_in + timedelta(minutes=last.planned_minutes)
                begin = max(begin, day.minute(end))
        return routing.Way(
            start, home, begin, day.hours, rep.company_id.sales_visit_speed
        )

    def _get_fixed_stops(self, day, begin):
        """Planned visits that stay when they are, as stops; what has passed is none."""
        stops = []
        for visit in self.filtered(lambda visit: visit.state == "planned"):
            minute = day.minute(visit.date_planned)
            if minute + _SLACK >= begin:
                stops.append(
                    routing.Stop(
                        visit,
                        visit._get_point(),
                        visit.planned_minutes,
                        minute,
                        minute + _SLACK,
                        fixed=True,
                    )
                )
        return stops

    # On the way

    def get_check(self):
        """What the buttons of a visit need to know.

        :return: ``ask``: whether positions are asked for; ``consent``: True, False or
            None where the user was not asked yet; ``notice``: what the user consents
            to in the company ``company_id``
        """
        self.ensure_one()
        self.check_access("read")
        return self.env["sales.position.consent"]._get_check(self.company_id)

    def action_check_in(self, position=None):
        """Begin the visit, now.

        :param dict position: ``latitude``, ``longitude`` (degrees, WGS 84) and
            ``accuracy`` (metres) of the device; or ``{"refused": True}``; None: the
            device has no position. Without the user's consent it is not kept.
        :raise AccessError: for somebody else's visit
        :raise UserError: for a visit that has begun, while another one lasts, and for
            figures that are no position
        """
        self._check_own()
        if self.state != "planned":
            raise UserError(
                self.env._(
                    "You cannot check in: the visit to %(customer)s is %(state)s.",
                    customer=self.partner_id.display_name,
                    state=self._get_state_label(),
                )
            )
        # sudo: any visit of the own rep
        other = self.sudo().search(
            [("rep_id", "=", self.rep_id.id), ("state", "=", "started")], limit=1
        )
        if other:
            raise UserError(
                self.env._(
                    "You are still checked in at %(customer)s: check out there first.",
                    customer=other.partner_id.display_name,
                )
            )
        visit = self.sudo()  # sudo: stamped by the system
        visit.write({"state": "started", "check_in": self._get_now()})
        visit._keep_position("in", position)
        return True

    def action_check_out(self, position=None):
        """End the visit, now; what is planned next becomes an activity.

        :param position: see ``action_check_in``
        :raise AccessError: for somebody else's visit
        :raise UserError: for a visit that has not begun or is over
        """
        self._check_started()
        self._finish("done", position)
        self._plan_next_step()
        self._report_collection()
        return True

    def action_found_closed(self, position=None):
        """The customer was closed: the visit does not count against the rep.

        :param position: see ``action_check_in``
        :raise AccessError: for somebody else's visit
        :raise UserError: for a visit that has not begun or is over
        """
        self._check_started()
        self._finish("closed", position)
        self._plan_next_step()
        self._report_collection()
        return True

    def _check_own(self):
        self.ensure_one()
        self.check_access("write")
        if self.user_id != self.env.user:
            raise AccessError(
                self.env._("Only %(rep)s checks in and out.", rep=self.rep_id.name)
            )

    def _check_started(self):
        self._check_own()
        if self.state == "planned":
            raise UserError(
                self.env._(
                    "Check in at %(customer)s first.",
                    customer=self.partner_id.display_name,
                )
            )
        if self.state != "started":
            raise UserError(
                self.env._(
                    "You cannot check out: the visit to %(customer)s is %(state)s.",
                    customer=self.partner_id.display_name,
                    state=self._get_state_label(),
                )
            )

    def _get_state_label(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return labels[self.state]

    def _get_now(self):
        return fields.Datetime.now()

    def _finish(self, state, position):
        visit = self.sudo()  # sudo: stamped by the system
        visit.write({"state": state, "check_out": self._get_now()})
        visit._keep_position("out", position)
        least = visit.company_id.sales_visit_minutes
        visit.effective = state == "done" and visit.minutes >= least
        visit._find_signals()

    def _keep_position(self, kind, position):
        """Keep where the device is, if the rep has consented to that."""
        position = position or {}
        consent = self.env["sales.position.consent"]
        if not self.company_id.sales_position_use:
            state = "off"
        elif position.get("refused") or not consent._get_answer(self.company_id):
            state = "refused"
        elif "latitude" not in position:
            state = "unavailable"
        else:
            state = "given"
            kept = self.env["sales.visit.position"].create(
                {"visit_id": self.id, "kind": kind, **self._read_position(position)}
            )
            if kind == "in":
                self._measure(kept)
        if kind == "in" or state != "given":
            self.position_state = state

    def _read_position(self, position):
        """:raise UserError: for what is no position on earth"""
        try:
            vals = {
                name: float(position[name])
                for name in ("latitude", "longitude", "accuracy")
            }
        except (KeyError, TypeError, ValueError):
            vals = {"latitude": 99.0, "longitude": 0.0, "accuracy": 0.0}
        if not (
            abs(vals["latitude"]) <= 90
            and abs(vals["longitude"]) <= 180
            and 0 <= vals["accuracy"] < 1e7
        ):
            raise UserError(self.env._("This is no position."))
        return vals

    def _measure(self, kept):
        point = self.partner_id._get_sales_point()
        if point:
            self.distance_known = True
            self.distance = distance(point, (kept.latitude, kept.longitude))

    def _find_signals(self):
        """What was unusual about visits that are over, and their scores."""
        self.signal_ids.unlink()
        vals_list = []
        for visit in self:
            company = visit.company_id
            found = integrity.signals(
                integrity.Limits(
                    radius=company.sales_visit_radius,
                    accuracy=company.sales_visit_accuracy,
                    speed=company.sales_visit_top_speed,
                    minutes=company.sales_visit_minutes,
                ),
                visit._get_fixes(),
                customer=visit.partner_id._get_sales_point(),
                earlier=visit._get_earlier_fixes(),
                minutes=visit.minutes if visit.state == "done" else None,
                photos=visit.photo_ids._count_known(_COMPARED_DAYS),
            )
            visit.integrity = integrity.score(found)
            vals_list += [
                {"visit_id": visit.id, "kind": kind, "figure": figure}
                for kind, figure in found.items()
            ]
        self.env["sales.visit.signal"].create(vals_list)

    def _get_fixes(self):
        """Of check-in and check-out; None where a position should have been."""
        if not self.company_id.sales_position_use:
            return []
        kept = {position.kind: position._get_fix() for position in self.position_ids}
        fixes = [kept.get("in"), kept.get("out")]
        # Who refuses may do so: that is no signal.
        return [f for f in fixes if f] if self.position_state == "refused" else fixes

    def _get_earlier_fixes(self):
        positions = self.env["sales.visit.position"].search(
            [
                ("rep_id", "=", self.rep_id.id),
                ("visit_id", "!=", self.id),
                ("moment", ">=", self.check_in - timedelta(days=_COMPARED_DAYS)),
                ("moment", "<=", self.check_in),
            ]
        )
        return [position._get_fix() for position in positions]

    def _plan_next_step(self):
        if not self.next_step:
            return
        self.partner_id.commercial_partner_id.activity_schedule(
            "mail.mail_activity_data_todo",
            self.next_step_date or fields.Date.add(self.date, days=7),
            summary=self.next_step,
            user_id=self.user_id.id,
        )

    def _report_collection(self):
        """Tell who registers collections about money that was received."""
        if not self.collected_amount:
            return
        visit = self.sudo()  # sudo: the invoice may be a colleague's
        invoice = visit.env["account.move"].search(
            visit._domain_unpaid(), order="invoice_date_due, id", limit=1
        )
        clerk = (
            visit.company_id.sales_collection_user_id or visit.rep_id.parent_id.user_id
        )
        env = visit.with_context(lang=clerk.lang or self.env.lang).env
        amount = visit.currency_id.with_env(env).format(visit.collected_amount)
        (invoice or visit.commercial_partner_id).activity_schedule(
            "mail.mail_activity_data_todo",
            visit.date,
            summary=env._(
                "Register %(amount)s received by %(rep)s",
                amount=amount,
                rep=visit.rep_id.name,
            ),
            note=visit.collected_reference,
            user_id=(clerk or visit.user_id).id,
        )

    def add_photo(self, image):
        """Keep a photo of a visit that lasts.

        :param str image: the picture in base64
        :raise AccessError: for somebody else's visit
        :raise UserError: when the visit does not last, and for what is no picture
        """
        self._check_started()
        try:
            fingerprint = photos.fingerprint(base64.b64decode(image, validate=True))
        except (OSError, TypeError, ValueError) as error:
            raise UserError(self.env._("This is no picture.")) from error
        # sudo: of an own visit only, as checked above
        if fingerprint in self.sudo().photo_ids.mapped("fingerprint"):
            raise UserError(self.env._("This photo is with the visit already."))
        # sudo: added to an own visit only, as checked above
        self.env["sales.visit.photo"].sudo().create(
            {"visit_id": self.id, "image": image, "fingerprint": fingerprint}
        )
        return True

    # What begins at a visit

    def _prepare_default(self):
        return {
            "default_partner_id": self.partner_id.id,
            "default_user_id": self.user_id.id,
            "default_sales_visit_id": self.id,
        }

    def _open_new(self, model, **context):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "views": [(False, "form")],
            "context": {**self._prepare_default(), **context},
        }

    def action_new_lead(self):
        return self._open_new("crm.lead", default_type="opportunity")

    def action_new_quotation(self):
        return self._open_new("sale.order")

    def _domain_unpaid(self):
        return [
            ("commercial_partner_id", "=", self.commercial_partner_id.id),
            ("company_id", "=", self.company_id.id),
            ("state", "=", "posted"),
            ("move_type", "in", ("out_invoice", "out_receipt")),
            ("payment_state", "in", ("not_paid", "partial", "blocked")),
        ]

    def action_collect(self):
        """The customer's unpaid invoices; who may register payments does it there."""
        self.ensure_one()
        invoices = self.env["account.move"].search(self._domain_unpaid())
        if not invoices:
            raise UserError(
                self.env._(
                    "%(customer)s has no unpaid invoice that you may see.",
                    customer=self.partner_id.display_name,
                )
            )
        if self.env.user.has_group("account.group_account_invoice"):
            return invoices.action_register_payment()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Unpaid Invoices"),
            "res_model": "account.move",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", invoices.ids)],
            "context": {"create": False},
        }

    def action_open_leads(self):
        return self._open_linked("crm.lead", self.env._("Opportunities"))

    def action_open_orders(self):
        return self._open_linked("sale.order", self.env._("Orders"))

    def _open_linked(self, model, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [(False, "list"), (False, "form")],
            "domain": [("sales_visit_id", "in", self.ids)],
        }

    @api.model
    def _get_dates(self, partners):
        """When customers were visited last, and are going to be.

        :return: ``({(partner, company): date}, {(partner, company): [date]})`` by
            commercial partner: the last effective visit, and all planned from today on,
            of anybody
        """
        # sudo: a colleague's visit counts, too
        visits = self.sudo()
        group = ["commercial_partner_id", "company_id"]
        ours = Domain("commercial_partner_id", "in", partners.ids)
        coming = Domain("state", "in", ("planned", "started")) & Domain(
            "date", ">=", self.env.company._get_sales_today()
        )
        last = {
            (partner, company): day
            for partner, company, day in visits._read_group(
                ours & Domain("effective", ">", 0), group, ["date:max"]
            )
        }
        planned = defaultdict(list)
        for partner, company, days in visits._read_group(
            ours & coming, group, ["date:array_agg"]
        ):
            planned[partner, company] = days
        return last, planned
