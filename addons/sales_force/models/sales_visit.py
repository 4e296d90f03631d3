import base64
import logging
from collections import defaultdict
from datetime import datetime, time, timedelta
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..visits import integrity, photos, routing
from ..visits.geo import distance

_logger = logging.getLogger(__name__)

STATES = [
    ("planned", "Planned"),
    ("started", "In progress"),
    ("done", "Done"),
    ("closed", "Found closed"),
    ("cancelled", "Cancelled"),
]
# What stays as it was once a visit has begun.
_PLAN = frozenset(("rep_id", "partner_id", "date_planned", "planned_minutes"))
# A phone repeats a position, and a rep a photo, within so many days.
_COMPARED_DAYS = 90
# By the code of the setting: with coordinates, and with the words of an address.
_MAPS = {
    "amap": (
        "https://uri.amap.com/navigation?to={lng},{lat},{name}&mode=car&coordinate=wgs84",
        "https://uri.amap.com/search?keyword={address}",
    ),
    "baidu": (
        "https://api.map.baidu.com/direction?destination=latlng:{lat},{lng}|name:{name}"
        "&mode=driving&coord_type=wgs84&output=html&region=%20",
        "https://api.map.baidu.com/geocoder?address={address}&output=html",
    ),
    "google": (
        "https://www.google.com/maps/dir/?api=1&destination={lat},{lng}",
        "https://www.google.com/maps/dir/?api=1&destination={address}",
    ),
    "osm": (
        "https://www.openstreetmap.org/directions?to={lat},{lng}",
        "https://www.openstreetmap.org/search?query={address}",
    ),
}


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
    address = fields.Char(compute="_compute_address", compute_sudo=True)
    phone = fields.Char(related="partner_id.phone")
    map_url = fields.Char("Way There", compute="_compute_address", compute_sudo=True)
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
        "Position",
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
        help="1 for what counts in the completion: cancelled visits and customers who "
        "were found closed do not.",
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
    def _compute_address(self):
        for visit in self:
            partner = visit.partner_id
            address = partner._display_address(without_company=True)
            parts = address.replace("\n", ",").split(",")
            visit.address = ", ".join(filter(None, map(str.strip, parts)))
            point = partner._get_sales_point()
            known, unknown = _MAPS[visit.company_id._get_sales_map()]
            visit.map_url = (point or visit.address) and (
                known if point else unknown
            ).format(
                lat=point and point[0],
                lng=point and point[1],
                name=quote_plus(partner.display_name or ""),
                address=quote_plus(visit.address),
            )

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

    @api.depends("state")
    def _compute_due(self):
        for visit in self:
            visit.due = visit.state not in ("closed", "cancelled")

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

    def write(self, vals):
        begun = self.filtered(lambda visit: visit.state != "planned")
        if begun and not _PLAN.isdisjoint(vals) and not self.env.su:
            raise UserError(
                self.env._(
                    "The visit to %(customer)s has begun or is over: its plan stays.",
                    customer=begun[0].partner_id.display_name,
                )
            )
        result = super().write(vals)
        if "rep_id" in vals:
            # Not to somebody whose visits one may not plan.
            self.check_access("write")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        if any(visit.state not in ("planned", "cancelled") for visit in self):
            raise UserError(self.env._("A visit that took place cannot be deleted."))

    def action_cancel(self):
        """:raise UserError: for visits that took place"""
        self.check_access("write")
        for visit in self:
            if visit.state != "planned":
                raise UserError(self.env._("Only a planned visit can be cancelled."))
        self.sudo().state = "cancelled"  # sudo: stamped by the system

    def action_replan(self):
        """Plan cancelled visits again.

        :raise UserError: for others
        """
        self.check_access("write")
        for visit in self:
            if visit.state != "cancelled":
                raise UserError(self.env._("The visit is not cancelled."))
        self.sudo().state = "planned"  # sudo: stamped by the system

    def action_arrange(self):
        """Put the planned visits of each rep and day in a sensible order.

        :return: a notification with the kilometres before and after
        """
        self.check_access("write")
        before = after = unknown = 0
        planned = self.filtered(lambda visit: visit.state == "planned")
        for (rep, day), visits in planned.grouped(
            lambda visit: (visit.rep_id, visit.date)
        ).items():
            metres = visits._arrange(rep, day)
            before += metres[0]
            after += metres[1]
            unknown += len(
                visits.filtered(lambda v: not v.partner_id._get_sales_point())
            )
        message = self.env._(
            "%(after)s km instead of %(before)s km.",
            before=round(before / 1000, 1),
            after=round(after / 1000, 1),
        )
        if unknown:
            message += " " + self.env._(
                "%(count)s customers without coordinates are not counted.",
                count=unknown,
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Visits in order"),
                "message": message,
                "type": "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _arrange(self, rep, day):
        """Give the visits of a rep and day their order and times.

        :return: metres of the way before and after, as far as places are known
        """
        company = rep.company_id
        start, begin = rep._get_visit_start(day)
        windows = self.env["sales.route.stop"]._get_windows(rep, self.partner_id)
        stops = [
            routing.Stop(
                visit,
                visit.partner_id._get_sales_point(),
                visit.planned_minutes,
                *windows[visit.partner_id],
            )
            for visit in self.sorted(lambda visit: (visit.date_planned, visit.id))
        ]
        legs = routing.arrange(stops, start, begin, company.sales_visit_speed)
        zone = ZoneInfo(company._get_sales_timezone())
        midnight = datetime.combine(day, time(), zone)
        for leg in legs:
            moment = midnight + timedelta(minutes=5 * round(leg.arrival / 5))
            leg.stop.key.date_planned = moment.astimezone(ZoneInfo("UTC")).replace(
                tzinfo=None
            )

        def metres(order):
            points = [start, *(stop.point for stop in order), start]
            known = [point for point in points if point]
            return sum(map(distance, known, known[1:]))

        return metres(stops), metres([leg.stop for leg in legs])

    # On the way

    def get_check(self):
        """What the buttons of a visit need to know.

        :return: ``ask``: whether positions are asked for; ``consent``: True, False or
            None where the user was not asked yet; ``notice``: what the user consents
            to in the company ``company_id``
        """
        self.ensure_one()
        self.check_access("read")
        consent = self.env["sales.position.consent"]
        company = self.company_id
        return {
            "company_id": company.id,
            # sudo: only the company's settings
            "ask": company.sudo().sales_position_use,
            "consent": consent._get_answer(company),
            "notice": consent._get_notice(company),
        }

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
        return [kept.get("in"), kept.get("out")]

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
            ("payment_state", "in", ("not_paid", "partial")),
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
    def _get_last_visits(self, partners, rep=None):
        """The last day on which customers were or will be visited: ``{partner: date}``.

        By commercial partners, of anybody's visits that are not cancelled or missed.
        """
        # sudo: a colleague's visit counts, too
        visits = self.sudo()
        today = self.env.company._get_sales_today()
        last = defaultdict(lambda: None)
        last.update(
            visits._read_group(
                [
                    ("commercial_partner_id", "in", partners.ids),
                    "|",
                    ("effective", ">", 0),
                    "&",
                    ("state", "in", ("planned", "started")),
                    ("date", ">=", today),
                ],
                ["commercial_partner_id"],
                ["date:max"],
            )
        )
        return last
