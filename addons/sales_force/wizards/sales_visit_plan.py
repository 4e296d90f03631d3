from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_duration

from ..visits import planning, routing
from ..visits.days import Day, day_of

# A plan reaches so far ahead.
_MOST_DAYS = 31


@dataclass
class _Opening:
    """A day that is planned: the visits that it has, how many more it may get."""

    day: Day
    tour: routing.Tour
    places: int

    def take(self, due, thorough=True):
        """Plan a visit, if there is a place and nobody gets late by that.

        :param thorough: see ``routing.Tour``
        :return: whether it was planned
        """
        _partner, stop = due.key
        window = stop._get_window(self.day)
        visit = routing.Stop(due.key, due.point, due.minutes, *window)
        taken = self.places > 0 and self.tour.take(visit, thorough)
        self.places -= taken
        return taken


class _Demand:
    """How often a rep should visit whom, and when that was or will be."""

    def __init__(self, rep, customers, last, coming):
        """:param last, coming: dates of visits, see ``sales.visit._get_dates``"""
        self.company = rep.company_id
        self.customers = customers
        self.class_days = {c.partner_id: c.class_id.visit_days for c in customers}
        self.last = last
        self.coming = coming

    def _get_key(self, partner):
        return partner.commercial_partner_id, self.company

    def get_due(self, partner, stop, first, until, weight=0.0):
        """Since when a customer is due, if that is so on a day between two.

        :param stop: of a route, or none
        """
        key = self._get_key(partner)
        days = self.class_days.get(key[0], 0)
        interval = stop._get_interval(days) if stop else relativedelta(days=days)
        if not interval:
            return None
        coming = self.coming[key]
        past = [self.last[key]] if key in self.last else []
        if planning.first_due([*past, *coming], interval, first) > until:
            return None
        return planning.Due(
            (partner, stop),
            self.last[key] + interval if key in self.last else date.min,
            weight,
            partner._get_sales_point(),
            stop.minutes or self.company.sales_visit_length,
            planning.first_due(coming, interval, first),
        )

    def plan(self, due, day):
        self.coming[self._get_key(due.key[0])].append(day)

    def leave(self, due, day):
        self.coming[self._get_key(due.key[0])].remove(day)


class SalesVisitPlan(models.TransientModel):
    """Propose the visits of a week: by routes, and by what classes ask for."""

    _name = "sales.visit.plan"
    _description = "Plan Visits"

    rep_ids = fields.Many2many(
        "sales.rep",
        string="Reps",
        required=True,
        default=lambda self: self.env["sales.visit"]._default_rep_id(),
        domain="[('state', 'not in', ('left', 'suspended'))]",
    )
    date_from = fields.Date(
        "From", required=True, default=lambda self: self._default_date_from()
    )
    date_to = fields.Date(
        "To",
        required=True,
        default=lambda self: self._default_date_from() + timedelta(days=6),
    )
    by_route = fields.Boolean("By Routes", default=True)
    by_class = fields.Boolean(
        "By Customer Class",
        default=True,
        help="Own customers who were not visited for as long as their class says.",
    )
    line_ids = fields.One2many("sales.visit.plan.line", "plan_id", "Proposed Visits")
    proposed = fields.Boolean(readonly=True)
    left_count = fields.Integer(
        "Did Not Fit",
        readonly=True,
        help="Customers who are due while the days are full, or closed to them.",
    )

    @api.model
    def _default_date_from(self):
        today = self.env.company._get_sales_today()
        return today + timedelta(days=-today.weekday() % 7)

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for plan in self:
            days = (plan.date_to - plan.date_from).days
            if not 0 <= days < _MOST_DAYS:
                raise ValidationError(
                    self.env._("Plan between one and %(days)s days.", days=_MOST_DAYS)
                )
            if plan.date_from < self.env.company._get_sales_today():
                raise ValidationError(self.env._("Plan from today on."))

    def action_propose(self):
        """Propose visits of the reps; what is planned already stays as it is.

        Each day takes as many as its working hours and the company's visits per day
        allow, the most overdue first, and all of them in their opening times.
        """
        self.ensure_one()
        if not (self.by_route or self.by_class):
            raise UserError(self.env._("Choose routes, classes or both."))
        self.line_ids.unlink()
        self.left_count = 0
        vals_list = []
        openings = self._get_openings()
        stops = self._get_stops()
        customers = self._get_customers()
        dates = self.env["sales.visit"]._get_dates(
            stops.partner_id.commercial_partner_id
            | self.env["res.partner"].union(*(c.partner_id for c in customers.values()))
        )
        for rep in self.rep_ids:
            mine = stops.filtered(lambda stop, rep=rep: stop.route_id.rep_id == rep)
            demand = _Demand(rep, customers[rep], *dates)
            left = self._propose_routes(mine, demand, openings[rep])
            left |= self._propose_spread(rep, mine, demand, openings[rep])
            self.left_count += len(left)
            vals_list += self._prepare_lines(rep, openings[rep])
        self.env["sales.visit.plan.line"].create(vals_list)
        self.proposed = True
        return self._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plan Visits"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _get_openings(self):
        """The working days of the reps from now on: ``{rep: {date: _Opening}}``."""
        now = fields.Datetime.now()
        # Where a rep works it may be a day earlier or later than for the company.
        around = timedelta(days=1)
        visits = self.env["sales.visit"].search(
            [
                ("rep_id", "in", self.rep_ids.ids),
                ("date", ">=", self.date_from - around),
                ("date", "<=", self.date_to + around),
                ("state", "!=", "cancelled"),
            ]
        )
        openings = {}
        reps = self.rep_ids._get_visit_days(self.date_from, self.date_to)
        for rep, days in reps.items():
            mine = visits.filtered(lambda visit, rep=rep: visit.rep_id == rep)
            openings[rep] = {
                date: self._open(rep, day, mine, now)
                for date, day in days.items()
                if day.stop > now
            }
        return openings

    def _open(self, rep, day, visits, now):
        visits = visits.filtered(lambda v: day.start <= v.date_planned < day.stop)
        way = visits._get_way(rep, day, now)
        fixed = visits._get_fixed_stops(day, way.begin)
        company = rep.company_id
        full = company.resource_calendar_id.hours_per_day or 8.0
        part = min(1.0, day.left(way.begin) / 60 / full)
        places = round(company.sales_visits_per_day * part) - len(fixed)
        return _Opening(day, routing.Tour(way, fixed), places)

    def _get_stops(self):
        """On the reps' routes, in their order; of customers whom the user may read."""
        if not self.by_route:
            return self.env["sales.route.stop"]
        stops = self.env["sales.route.stop"].search(
            [
                ("route_id.rep_id", "in", self.rep_ids.ids),
                ("route_id.active", "=", True),
                ("partner_id.active", "=", True),
            ]
        )
        readable = stops.partner_id._filtered_access("read")
        return stops.filtered(lambda stop: stop.partner_id in readable)

    def _get_customers(self):
        """The reps' customers who have a class that is visited, by rep."""
        customers = self.env["sales.customer"].search(
            [
                ("partner_id.user_id", "in", self.rep_ids.user_id.ids),
                ("company_id", "in", self.rep_ids.company_id.ids),
                ("class_id.visit_days", ">", 0),
                ("partner_id.active", "=", True),
            ]
        )
        of_rep = {(rep.user_id, rep.company_id): rep for rep in self.rep_ids}
        grouped = customers.grouped(
            lambda customer: of_rep.get((customer.user_id, customer.company_id))
        )
        return defaultdict(customers.browse, grouped)

    def _propose_routes(self, stops, demand, openings):
        """Take the stops that have a weekday, as far as they fit.

        :return: the customers who do not
        """
        by_day = defaultdict(list)
        length = (self.date_to - self.date_from).days + 1
        for stop in stops.filtered(lambda stop: stop._get_weekday()):
            for day in (self.date_from + timedelta(days=n) for n in range(length)):
                if day.weekday() == int(stop._get_weekday()):
                    working = planning.nearest_working_day(day, openings)
                    by_day[working].append((day, stop))
        left = {
            stop.partner_id
            for day, stop in by_day.pop(None, ())  # in weeks without a working day
            if demand.get_due(stop.partner_id, stop, day, day)
        }
        for working in sorted(by_day):
            dues = []
            for day, stop in by_day[working]:
                due = demand.get_due(stop.partner_id, stop, day, day)
                if due:
                    dues.append(due)
                    demand.plan(due, working)
            for due in planning.by_importance(dues):
                if not openings[working].take(due):
                    demand.leave(due, working)
                    left.add(due.key[0])
        return left

    def _propose_spread(self, rep, stops, demand, openings):
        """Take who is due on no certain day, as far as the days have room.

        :return: the customers for whom they have none
        """
        dates = self.date_from, self.date_to
        dues = [
            demand.get_due(stop.partner_id, stop, *dates)
            for stop in stops
            if not stop._get_weekday()
        ]
        if self.by_class:
            on_route = stops.partner_id.commercial_partner_id
            dues += [
                demand.get_due(
                    customer.partner_id, stops[:0], *dates, customer.turnover
                )
                for customer in demand.customers
                if customer.partner_id not in on_route
            ]
        dues = planning.by_importance(filter(None, dues))
        free = {date: opening.places for date, opening in openings.items()}
        chosen = planning.spread(dues, free, rep._get_visit_point())

        def take(due, day, **options):
            return day and day >= due.first and openings[day].take(due, **options)

        left = [due for due in dues if not take(due, chosen.get(due.key))]
        # Where a day had no time for somebody, another may have it, or for another.
        return {
            due.key[0]
            for due in left
            if not any(take(due, day, thorough=False) for day in openings)
        }

    def _prepare_lines(self, rep, openings):
        """In the order of each day, around the visits that are planned already."""
        vals_list = []
        for opening in openings.values():
            opening.tour.improve()
            for leg in opening.tour.legs():
                if leg.stop.fixed:
                    continue
                partner, stop = leg.stop.key
                vals_list.append(
                    {
                        "plan_id": self.id,
                        "rep_id": rep.id,
                        "partner_id": partner.id,
                        "stop_id": stop.id,
                        "date_planned": opening.day.moment(leg.arrival),
                        "minutes": leg.stop.minutes,
                    }
                )
        return vals_list

    def action_plan(self):
        """Plan the proposed visits.

        :raise UserError: when there are none
        """
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("There is no visit to plan."))
        visits = self.env["sales.visit"].create(
            [line._prepare_visit() for line in self.line_ids]
        )
        for line, visit in zip(self.line_ids, visits, strict=True):
            # sudo: stamped by the system
            visit.sudo().origin = "route" if line.stop_id else "class"
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_visit_action"
        )
        return {**action, "domain": [("id", "in", visits.ids)], "context": {}}


class SalesVisitPlanLine(models.TransientModel):
    _name = "sales.visit.plan.line"
    _description = "Proposed Visit"
    _order = "rep_id, date_planned, id"

    plan_id = fields.Many2one("sales.visit.plan", required=True, ondelete="cascade")
    rep_id = fields.Many2one("sales.rep", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True
    )
    stop_id = fields.Many2one("sales.route.stop", readonly=True)
    date_planned = fields.Datetime("Planned At", required=True)
    minutes = fields.Integer(readonly=True)
    reason = fields.Char("Why", compute="_compute_reason")
    warning = fields.Char(
        "Not in Time",
        compute="_compute_warning",
        help="What the time does not keep: the customer's hours, or the rep's.",
    )

    @api.depends("stop_id", "partner_id")
    def _compute_reason(self):
        customers = self.env["sales.customer"].search(
            [
                ("partner_id", "in", self.partner_id.commercial_partner_id.ids),
                ("company_id", "in", self.rep_id.company_id.ids),
            ]
        )
        of_partner = {c.partner_id: c for c in customers}
        frequencies = dict(
            self.env["sales.route.stop"]
            ._fields["frequency"]
            ._description_selection(self.env)
        )
        for line in self:
            customer = of_partner.get(line.partner_id.commercial_partner_id)
            if line.stop_id and line.stop_id.frequency != "class":
                line.reason = (
                    f"{line.stop_id.route_id.name}: "
                    + (frequencies[line.stop_id.frequency])
                )
            elif customer and customer.last_visit:
                line.reason = self.env._(
                    "Class %(name)s: every %(days)s days, last visit %(date)s",
                    name=customer.class_id.name,
                    days=customer.class_id.visit_days,
                    date=fields.Date.to_string(customer.last_visit),
                )
            elif customer:
                line.reason = self.env._(
                    "Class %(name)s: every %(days)s days, never visited",
                    name=customer.class_id.name,
                    days=customer.class_id.visit_days,
                )
            else:
                line.reason = False

    @api.depends("date_planned", "rep_id", "stop_id", "minutes")
    def _compute_warning(self):
        dated = self.filtered("date_planned")
        (self - dated).warning = False
        if not dated:
            return
        moments = dated.mapped("date_planned")
        days = dated.rep_id._get_days(
            min(moments).date() - timedelta(days=1),
            max(moments).date() + timedelta(days=1),
        )
        for line in dated:
            day = day_of(days[line.rep_id], line.date_planned)
            begin = day.minute(line.date_planned)
            opens, closes = line.stop_id._get_window(day)
            if not opens <= begin <= closes:
                line.warning = self.env._(
                    "Visits begin from %(opens)s to %(closes)s.",
                    opens=format_duration(line.stop_id.opens),
                    closes=format_duration(line.stop_id.closes),
                )
            elif not any(
                start <= begin and begin + line.minutes <= stop
                for start, stop in day.hours
            ):
                line.warning = self.env._("Outside the working hours.")
            else:
                line.warning = False

    def _prepare_visit(self):
        return {
            "is_appointment": False,
            "rep_id": self.rep_id.id,
            "partner_id": self.partner_id.id,
            "date_planned": self.date_planned,
            "planned_minutes": self.minutes,
            "route_id": self.stop_id.route_id.id,
        }
