from datetime import timedelta
from math import inf

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]
# By frequency, what lies between two visits; a visit may come some days early.
INTERVALS = {
    "weekly": relativedelta(weeks=1),
    "fortnightly": relativedelta(weeks=2),
    "monthly": relativedelta(months=1),
}
_EARLY = relativedelta(days=3)


class SalesRoute(models.Model):
    """Customers that a rep visits regularly, on a weekday."""

    _name = "sales.route"
    _description = "Visit Route"
    _inherit = ["sales.stamped.mixin"]
    _order = "rep_id, weekday, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env["sales.visit"]._default_rep_id(),
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    weekday = fields.Selection(
        WEEKDAYS,
        help="When the day is no working day, the visits move to the nearest one of "
        "the week. Empty: the plan chooses the days.",
    )
    stop_ids = fields.One2many("sales.route.stop", "route_id", "Customers", copy=True)
    stop_count = fields.Integer("Number of Customers", compute="_compute_figures")
    visit_due = fields.Integer("Visits Due", compute="_compute_figures")
    completion = fields.Float(
        "Completion (%)",
        compute="_compute_figures",
        help="Effective visits of those due by this route within 30 days.",
    )

    def _compute_figures(self):
        today = self.env.company._get_sales_today()
        figures = {
            route: (due, effective)
            for route, due, effective in self.env["sales.visit"]._read_group(
                [
                    ("route_id", "in", self.ids),
                    ("date", ">", today - timedelta(days=30)),
                    ("date", "<", today),
                ],
                ["route_id"],
                ["due:sum", "effective:sum"],
            )
        }
        for route in self:
            due, effective = figures.get(route._origin, (0, 0))
            route.stop_count = len(route.stop_ids)
            route.visit_due = due
            route.completion = 100.0 * effective / due if due else 0.0

    def write(self, vals):
        result = super().write(vals)
        if "rep_id" in vals:
            # Not to somebody whose visits one may not plan.
            self.check_access("write")
        return result

    def action_open_visits(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_visit_action"
        )
        return {**action, "domain": [("route_id", "=", self.id)], "context": {}}


class SalesRouteStop(models.Model):
    """A customer of a route: how often, when."""

    _name = "sales.route.stop"
    _description = "Customer of a Route"
    _inherit = ["sales.stamped.mixin"]
    _order = "route_id, sequence, id"
    _rec_name = "partner_id"
    _check_company_auto = True

    route_id = fields.Many2one(
        "sales.route", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(related="route_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        ondelete="cascade",
        index=True,
        check_company=True,
    )
    frequency = fields.Selection(
        [
            ("weekly", "Weekly"),
            ("fortnightly", "Every two weeks"),
            ("monthly", "Monthly"),
            ("class", "By class"),
        ],
        default="weekly",
        required=True,
    )
    weekday = fields.Selection(WEEKDAYS, help="Empty: the route's.")
    opens = fields.Float("From", help="When a visit may begin.")
    closes = fields.Float("To", default=24.0, help="When a visit begins at the latest.")
    minutes = fields.Integer(
        default=lambda self: self.env.company.sales_visit_length, required=True
    )

    _once = models.UniqueIndex(
        "(route_id, partner_id)", "A customer is on a route once."
    )
    _hours = models.Constraint(
        "CHECK (opens >= 0 AND closes > opens AND closes <= 24)",
        "The hours of a customer lie between 0:00 and 24:00, the first before the "
        "last.",
    )
    _minutes_positive = models.Constraint(
        "CHECK (minutes > 0)", "A visit takes one minute at least."
    )

    def _get_weekday(self):
        return self.weekday or self.route_id.weekday

    def _get_interval(self, visit_days):
        """What lies between two visits at least; None when there are none.

        :param visit_days: of the customer's class
        """
        if self.frequency != "class":
            interval = INTERVALS[self.frequency]
        elif visit_days:
            interval = relativedelta(days=visit_days)
        else:
            return None
        return interval - _EARLY

    def _get_window(self, day):
        """When a visit may begin, in minutes of a day; without a stop at any time.

        :param Day day: see ``visits.days``
        """
        if not self:
            return 0.0, inf
        closes = day.clock(self.closes) if self.closes < 24 else inf
        return day.clock(self.opens), closes

    @api.model
    def _get_stops(self, rep, partners):
        """The customers' stops on the routes of a rep: ``{partner: stop}``."""
        stops = self.search(
            [
                ("route_id.rep_id", "=", rep.id),
                ("route_id.active", "=", True),
                ("partner_id", "in", partners.ids),
            ]
        )
        return dict.fromkeys(partners, self.browse()) | {
            stop.partner_id: stop for stop in stops
        }
