from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..visits import planning, routing

# A plan reaches so far ahead.
_MOST_DAYS = 31
# An appointment that exists keeps its time but for so many minutes.
_SLACK = 15


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
        help="Customers who are due by their class while all days are full.",
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
        """Propose visits of the reps; what is planned already stays as it is."""
        self.ensure_one()
        if not (self.by_route or self.by_class):
            raise UserError(self.env._("Choose routes, classes or both."))
        self.line_ids.unlink()
        self.left_count = 0
        vals_list = []
        days = self.rep_ids._get_visit_days(self.date_from, self.date_to)
        planned = self._get_planned()
        stops = self._get_stops()
        customers = self._get_customers()
        last = self.env["sales.visit"]._get_last_visits(
            stops.partner_id.commercial_partner_id
            | self.env["res.partner"].union(*(c.partner_id for c in customers.values()))
        )
        for rep in self.rep_ids:
            mine = stops.filtered(lambda stop, rep=rep: stop.route_id.rep_id == rep)
            every = {c.partner_id: c.class_id.visit_days for c in customers[rep]}
            proposed = self._propose_routes(mine, days[rep], last, every)
            dues = self._get_dues(mine, customers[rep], last, every)
            self._propose_spread(rep, dues, proposed, days[rep], planned[rep])
            vals_list += self._prepare_lines(rep, proposed, days[rep], planned[rep])
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

    def _get_planned(self):
        """Visits of the reps in these days that are not cancelled, by rep."""
        visits = self.env["sales.visit"].search(
            [
                ("rep_id", "in", self.rep_ids.ids),
                ("date", ">=", self.date_from),
                ("date", "<=", self.date_to),
                ("state", "!=", "cancelled"),
            ]
        )
        planned = visits.grouped("rep_id")
        return defaultdict(visits.browse, planned)

    def _get_stops(self):
        """On the reps' routes, in their order."""
        if not self.by_route:
            return self.env["sales.route.stop"]
        return self.env["sales.route.stop"].search(
            [
                ("route_id.rep_id", "in", self.rep_ids.ids),
                ("route_id.active", "=", True),
                ("partner_id.active", "=", True),
            ]
        )

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

    def _propose_routes(self, stops, days, last, every):
        """``{(partner, date): stop}`` of the stops that have a weekday."""
        proposed = {}
        length = (self.date_to - self.date_from).days + 1
        dates = [self.date_from + timedelta(days=n) for n in range(length)]
        for stop in stops.filtered(lambda stop: stop._get_weekday()):
            customer = stop.partner_id.commercial_partner_id
            for day in dates:
                if day.weekday() != int(stop._get_weekday()):
                    continue
                due = stop._get_due(last[customer], every.get(customer, 0))
                working = planning.nearest_working_day(day, days)
                if working and due and due <= day:
                    proposed[stop.partner_id, working] = stop
                    last[customer] = working
        return proposed

    def _get_dues(self, stops, customers, last, every):
        """Who is due on no certain day: ``[((partner, stop or None), Due)]``."""
        dues = []
        for stop in stops.filtered(lambda stop: not stop._get_weekday()):
            customer = stop.partner_id.commercial_partner_id
            due = stop._get_due(last[customer], every.get(customer, 0))
            dues.append((stop.partner_id, stop, due, 0.0))
        if self.by_class:
            on_route = stops.partner_id.commercial_partner_id
            for customer in customers:
                partner = customer.partner_id
                if partner in on_route:
                    continue
                day = last[partner]
                due = day + timedelta(days=every[partner]) if day else date.min
                dues.append((partner, None, due, customer.turnover))
        return [
            planning.Due((partner, stop), due, weight, partner._get_sales_point())
            for partner, stop, due, weight in dues
            if due and due <= self.date_to
        ]

    def _propose_spread(self, rep, dues, proposed, days, planned):
        """Add who is due on no certain day, as far as the days have room."""
        company = rep.company_id
        full = company.resource_calendar_id.hours_per_day or 8.0
        taken = Counter([day for _partner, day in proposed] + planned.mapped("date"))
        free = {
            day: round(company.sales_visits_per_day * min(1.0, hours / full))
            - taken[day]
            for day, (_begin, hours) in days.items()
        }
        chosen = planning.spread(dues, free, rep._get_visit_point())
        self.left_count += len(dues) - len(chosen)
        for (partner, stop), day in chosen.items():
            proposed[partner, day] = stop

    def _prepare_lines(self, rep, proposed, days, planned):
        """In the order of each day, around the visits that are planned already."""
        company = rep.company_id
        zone = ZoneInfo(company._get_sales_timezone())
        start = rep._get_visit_point()
        vals_list = []
        by_day = defaultdict(list)
        for (partner, day), stop in proposed.items():
            by_day[day].append((partner, stop))
        for day, found in sorted(by_day.items()):
            begin = days[day][0]
            midnight = datetime.combine(day, time(), zone)
            stops = [
                routing.Stop(
                    (partner, stop),
                    partner._get_sales_point(),
                    stop.minutes if stop else company.sales_visit_length,
                    stop.opens * 60 if stop else 0.0,
                    stop.closes * 60 if stop and stop.closes < 24 else float("inf"),
                )
                for partner, stop in found
            ]
            for visit in planned.filtered(lambda v, day=day: v.date == day):
                at = visit.date_planned.replace(tzinfo=ZoneInfo("UTC")) - midnight
                minute = at.total_seconds() / 60
                point = visit.partner_id._get_sales_point()
                stops.append(
                    routing.Stop(
                        None, point, visit.planned_minutes, minute, minute + _SLACK
                    )
                )
            for leg in routing.arrange(stops, start, begin, company.sales_visit_speed):
                if not leg.stop.key:
                    continue
                partner, stop = leg.stop.key
                moment = midnight + timedelta(minutes=5 * round(leg.arrival / 5))
                vals_list.append(
                    {
                        "plan_id": self.id,
                        "rep_id": rep.id,
                        "partner_id": partner.id,
                        "stop_id": stop and stop.id,
                        "date_planned": moment.astimezone(ZoneInfo("UTC")).replace(
                            tzinfo=None
                        ),
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

    def _prepare_visit(self):
        return {
            "rep_id": self.rep_id.id,
            "partner_id": self.partner_id.id,
            "date_planned": self.date_planned,
            "planned_minutes": self.minutes,
            "route_id": self.stop_id.route_id.id,
        }
