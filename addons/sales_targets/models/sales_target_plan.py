from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..planning.days import WEEKDAYS
from .sales_target import FOLLOWER_GROUPS

STATES = [
    ("draft", "Draft"),
    ("proposed", "Proposed"),
    ("committed", "Committed"),
    ("running", "Running"),
    ("closed", "Closed"),
]
# The hedge that is put on top of a node of each level.
HEDGES = {
    "company": "hedge_company",
    "territory": "hedge_territory",
    "team": "hedge_team",
}
# Who sees how the hedges compound; the others see their own number.
HEDGE_GROUPS = (
    "sales_force.group_sales_director,sales_force.group_sales_operations,"
    "sales_force.group_sales_finance"
)
# What the targets depend on: only drafts and proposals change it by hand.
_BASIS = frozenset(
    (
        "company_id",
        "metric_id",
        "date_from",
        "date_to",
        "unit",
        "kind",
        "stage",
        "top_rep_id",
    )
)


class SalesTargetPlan(models.Model):
    """What a company wants of one metric in a period, and how it is divided.

    The value is in company currency, or a count, as the metric says; months are whole
    calendar months, so that a fiscal year may start in any of them.
    """

    _name = "sales.target.plan"
    _description = "Target Plan"
    _inherit = ["sales.stamped.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, kind, id desc"
    _check_company_auto = True
    _sales_stamped = frozenset({"state", "version_ids", "reminded_on"})

    name = fields.Char(required=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    metric_id = fields.Many2one(
        "sales.metric",
        required=True,
        ondelete="restrict",
        tracking=True,
        domain="[('kind', '=', 'additive')]",
        help="A ratio is planned through its parts: a plan for each.",
    )
    metric_unit = fields.Selection(related="metric_id.unit", string="Unit of Measure")
    kind = fields.Selection(
        [("core", "Core goal"), ("supporting", "Supporting goal")],
        "Goal",
        default="core",
        required=True,
        tracking=True,
        help="There is one core goal at a time for an organisation unit: several equal "
        "goals are none. Others support it, and are never mixed into its attainment.",
    )
    stage = fields.Selection(
        [("growth", "Growth"), ("maturity", "Maturity"), ("leadership", "Leadership")],
        "Market Stage",
        default="growth",
        tracking=True,
        help="What the core goal should be. Growth: ordered, invoiced or collected. "
        "Maturity: margin. Leadership: market share, planned through what is invoiced.",
    )
    stage_reason = fields.Text("Why This Stage")
    top_rep_id = fields.Many2one(
        "sales.rep",
        "Organisation Unit",
        check_company=True,
        ondelete="restrict",
        tracking=True,
        domain="[('company_id', '=', company_id), ('child_ids', '!=', False)]",
        help="Everybody below this manager. Empty: the whole company.",
    )
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: self._default_date_from(),
        tracking=True,
    )
    date_to = fields.Date(
        "To",
        required=True,
        compute="_compute_date_to",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    state = fields.Selection(
        STATES,
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    value = fields.Float(
        "Target",
        digits=(16, 2),
        required=True,
        tracking=True,
        groups=FOLLOWER_GROUPS,
        help="Of the whole period. The hedges come on top, for those below.",
    )
    unit = fields.Selection(
        [("0.01", "0.01"), ("1", "1"), ("100", "100"), ("1000", "1,000")],
        "Smallest Unit",
        default="1",
        required=True,
        help="Targets are whole multiples of this, in every month and for everybody.",
    )

    answer_until = fields.Date(
        compute="_compute_answer_until",
        store=True,
        readonly=False,
        precompute=True,
        help="By when reps accept their target or propose another.",
    )

    # How it is divided

    territory_ids = fields.Many2many(
        "sales.territory",
        string="Territories with a Target",
        check_company=True,
        help="Reps belong to the smallest of these that holds all their territories. "
        "Empty: teams are directly below the company.",
    )
    by_team = fields.Boolean("Teams Have a Target", default=True)
    profile = fields.Selection(
        [
            ("history", "As in past years"),
            ("working_days", "By working days"),
            ("even", "Evenly"),
        ],
        "Months",
        default="history",
        required=True,
        help="Single months can be fixed on the board. Without history: by working "
        "days.",
    )
    by_weekday = fields.Boolean(
        "Weekdays Differ",
        help="A month goes over its days by working hours; here also by weekday, for "
        "instance where Mondays bring half and Fridays twice as much.",
    )
    weekday_monday = fields.Float("Monday (%)", default=100, digits=(5, 2))
    weekday_tuesday = fields.Float("Tuesday (%)", default=100, digits=(5, 2))
    weekday_wednesday = fields.Float("Wednesday (%)", default=100, digits=(5, 2))
    weekday_thursday = fields.Float("Thursday (%)", default=100, digits=(5, 2))
    weekday_friday = fields.Float("Friday (%)", default=100, digits=(5, 2))
    weekday_saturday = fields.Float("Saturday (%)", default=100, digits=(5, 2))
    weekday_sunday = fields.Float("Sunday (%)", default=100, digits=(5, 2))
    history_years = fields.Integer(
        "Years of History", default=1, help="How many past years count, 1 to 5."
    )
    weight_history = fields.Float("History", default=50, digits=(5, 2))
    weight_potential = fields.Float("Potential", default=20, digits=(5, 2))
    weight_pipeline = fields.Float("Pipeline", default=10, digits=(5, 2))
    weight_capacity = fields.Float("Capacity", default=20, digits=(5, 2))
    weight_manual = fields.Float("By Hand", default=0, digits=(5, 2))
    growth_limited = fields.Boolean(
        "Limit Growth",
        help="Nobody's target grows less or more than this against the same period of "
        "the year before; what is cut off goes to the others.",
    )
    growth_min = fields.Float("At Least (%)", default=-10, digits=(5, 2))
    growth_max = fields.Float("At Most (%)", default=60, digits=(5, 2))
    hedge_company = fields.Float(
        "On the Company's (%)",
        digits=(5, 2),
        groups=HEDGE_GROUPS,
        help="What is assigned to territories, or teams, on top of the target.",
    )
    hedge_territory = fields.Float(
        "On a Territory's (%)", digits=(5, 2), groups=HEDGE_GROUPS
    )
    hedge_team = fields.Float("On a Team's (%)", digits=(5, 2), groups=HEDGE_GROUPS)

    target_ids = fields.One2many("sales.target", "plan_id", "Targets")
    version_ids = fields.One2many(
        "sales.target.version",
        "plan_id",
        "Versions",
        groups="sales_force.group_sales_leader,sales_force.group_sales_operations,"
        "sales_force.group_sales_finance",
    )
    version_count = fields.Integer(compute="_compute_counts")
    rep_count = fields.Integer("Reps", compute="_compute_counts")
    answered_count = fields.Integer("Answered", compute="_compute_counts")
    countered_count = fields.Integer("Counter-proposals", compute="_compute_counts")

    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "A period ends after it begins."
    )
    _value_positive = models.Constraint(
        "CHECK (value >= 0)", "A target is not negative."
    )
    _weights_positive = models.Constraint(
        "CHECK (LEAST(weight_history, weight_potential, weight_pipeline, "
        "weight_capacity, weight_manual) >= 0)",
        "Weights are not negative.",
    )
    _weekdays_positive = models.Constraint(
        "CHECK (LEAST(weekday_monday, weekday_tuesday, weekday_wednesday, "
        "weekday_thursday, weekday_friday, weekday_saturday, weekday_sunday) >= 0)",
        "Weekdays do not weigh less than nothing.",
    )
    _hedges_range = models.Constraint(
        "CHECK (LEAST(hedge_company, hedge_territory, hedge_team) >= 0 "
        "AND GREATEST(hedge_company, hedge_territory, hedge_team) <= 100)",
        "A hedge is between 0 and 100 percent.",
    )
    _history_years_range = models.Constraint(
        "CHECK (history_years BETWEEN 1 AND 5)", "History is 1 to 5 years."
    )
    _growth_range = models.Constraint(
        "CHECK (growth_min >= -100 AND growth_max >= growth_min)",
        "Growth is limited from at least -100 % to no less than that.",
    )

    @api.model
    def _default_date_from(self):
        """The company's next fiscal year."""
        today = self.env.company._get_sales_today()
        return self.env.company.compute_fiscalyear_dates(today)["date_to"] + (
            relativedelta(days=1)
        )

    @api.depends("date_from")
    def _compute_date_to(self):
        for plan in self:
            plan.date_to = plan.date_from and (
                plan.date_from + relativedelta(years=1, days=-1)
            )

    @api.depends("date_from")
    def _compute_answer_until(self):
        for plan in self:
            plan.answer_until = plan.date_from and (
                plan.date_from - relativedelta(days=10)
            )

    def _compute_counts(self):
        reps = {
            (plan, answer): count
            for plan, answer, count in self.env["sales.target"]._read_group(
                [
                    ("plan_id", "in", self.ids),
                    ("period", "=", "total"),
                    ("level", "=", "rep"),
                ],
                ["plan_id", "answer"],
                ["__count"],
            )
        }
        versions = dict(
            self.env["sales.target.version"]
            .sudo()  # sudo: only how many there are
            ._read_group([("plan_id", "in", self.ids)], ["plan_id"], ["__count"])
        )
        for plan in self:
            by_answer = {a: n for (p, a), n in reps.items() if p == plan}
            plan.rep_count = sum(by_answer.values())
            plan.answered_count = sum(by_answer.values()) - by_answer.get("none", 0)
            plan.countered_count = by_answer.get("countered", 0)
            plan.version_count = versions.get(plan, 0)

    # Constraints

    @api.constrains("date_from", "date_to")
    def _check_months(self):
        for plan in self:
            after = plan.date_to + relativedelta(days=1)
            if plan.date_from.day != 1 or after.day != 1:
                raise ValidationError(
                    self.env._("%(plan)s: a plan is of whole months.", plan=plan.name)
                )
            if len(plan._get_months()) > 24:
                raise ValidationError(
                    self.env._(
                        "%(plan)s: a plan is of 24 months at most.", plan=plan.name
                    )
                )

    @api.constrains("value", "unit", "metric_id")
    def _check_units(self):
        for plan in self:
            if plan._to_amount(plan._to_units(plan.value)) != round(plan.value, 2):
                raise ValidationError(
                    self.env._(
                        "%(plan)s: the target is no multiple of %(unit)s.",
                        plan=plan.name,
                        unit=plan.unit,
                    )
                )

    @api.constrains("metric_id")
    def _check_metric(self):
        for plan in self:
            if plan.metric_id.kind == "ratio":
                raise ValidationError(
                    self.env._(
                        "%(metric)s is a ratio, which cannot be divided: plan "
                        "%(numerator)s and %(denominator)s.",
                        metric=plan.metric_id.name,
                        numerator=plan.metric_id.numerator_id.name,
                        denominator=plan.metric_id.denominator_id.name or "-",
                    )
                )

    # Units and months

    def _to_units(self, value):
        """An amount as whole smallest units, rounded to the nearest."""
        self.ensure_one()
        return round(round(value * 100) / round(float(self.unit) * 100))

    def _to_amount(self, units):
        """Whole units as an amount."""
        return round(units * round(float(self.unit) * 100)) / 100

    def _get_months(self):
        """The first days of the plan's months."""
        self.ensure_one()
        months, first = [], self.date_from
        while first <= self.date_to:
            months.append(first)
            first += relativedelta(months=1)
        return months

    def _get_hedge(self, level):
        """In percent, of what those below get on top."""
        # sudo: what a manager changes is divided with the hedges, which are not shown
        return self.sudo()[HEDGES[level]] if level in HEDGES else 0.0

    def _get_weekdays(self):
        """What each weekday weighs, Monday first."""
        if not self.by_weekday:
            return [1.0] * 7
        return [self[f"weekday_{name}"] / 100 for name in WEEKDAYS]

    # CRUD

    def write(self, vals):
        if not self.env.su and not _BASIS.isdisjoint(vals):
            fixed = self.filtered(lambda plan: plan.state not in ("draft", "proposed"))
            if fixed:
                raise UserError(
                    self.env._(
                        "%(plan)s is committed: its metric, period and unit stay.",
                        plan=fixed[0].name,
                    )
                )
        result = super().write(vals)
        if any(name.startswith(("by_weekday", "weekday_")) for name in vals):
            for plan in self.filtered(lambda plan: plan.state != "draft"):
                self.env["sales.target.day"]._derive(plan)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        if any(plan.state != "draft" for plan in self):
            raise UserError(
                self.env._("A plan that was published is closed, not deleted.")
            )
