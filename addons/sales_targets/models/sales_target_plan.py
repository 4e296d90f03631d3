from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL
from odoo.tools.misc import format_date

from .. import asked
from .sales_target import FOLLOWER_GROUPS

STATES = [
    ("draft", "Draft"),
    ("proposed", "Proposed"),
    ("committed", "Committed"),
    ("running", "Running"),
    ("closed", "Closed"),
]
# What a company asks for in each stage of its market, by metric.
STAGE_METRICS = {
    "growth": ("ORDERED", "INVOICED", "COLLECTED"),
    "maturity": ("MARGIN",),
    "leadership": ("MARKET_SHARE",),
}
WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
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

    @api.constrains("kind", "stage", "metric_id", "stage_reason")
    def _check_stage(self):
        for plan in self.filtered(lambda plan: plan.kind == "core"):
            metrics = self.env["sales.metric"].search(
                [("code", "in", STAGE_METRICS.get(plan.stage, ()))]
            )
            fitting = metrics._get_parts() | metrics
            if plan.metric_id not in fitting:
                raise ValidationError(
                    self.env._(
                        "In the stage “%(stage)s” the core goal is one of: "
                        "%(metrics)s. Choose another stage, or make %(metric)s a "
                        "supporting goal.",
                        stage=dict(
                            plan._fields["stage"]._description_selection(self.env)
                        ).get(plan.stage, ""),
                        metrics=", ".join(metrics.mapped("name")),
                        metric=plan.metric_id.name,
                    )
                )
            if not plan.stage_reason:
                raise ValidationError(
                    self.env._(
                        "%(plan)s: say why the market is in this stage.", plan=plan.name
                    )
                )

    @api.constrains("kind", "date_from", "date_to", "company_id", "top_rep_id", "state")
    def _check_one_core(self):
        """One core goal for a unit and all below it, at any time."""
        core = self.filtered(lambda plan: plan.kind == "core")
        if not core:
            return
        # Two plans at once would not see each other: the second is run again.
        self.env.cr.execute(
            SQL(
                "UPDATE res_company SET id = id WHERE id = ANY(%s)",
                core.company_id.ids,
            )
        )
        for plan in core:
            # sudo: a plan that one does not see is in the way all the same
            for other in self.sudo().search(
                [
                    ("id", "!=", plan.id),
                    ("kind", "=", "core"),
                    ("company_id", "=", plan.company_id.id),
                    ("date_from", "<=", plan.date_to),
                    ("date_to", ">=", plan.date_from),
                ]
            ):
                if plan._meets(other):
                    raise ValidationError(
                        self.env._(
                            "“%(other)s” is the core goal of %(unit)s from %(start)s "
                            "to %(stop)s already. Several equal goals are none: make "
                            "this one a supporting goal.",
                            other=other.name,
                            unit=other.top_rep_id.name or other.company_id.name,
                            start=format_date(self.env, other.date_from),
                            stop=format_date(self.env, other.date_to),
                        )
                    )

    def _meets(self, other):
        """Whether two plans are for people of the same branch."""
        mine, theirs = self.sudo().top_rep_id, other.sudo().top_rep_id
        if not mine or not theirs:
            return True
        return mine.parent_path.startswith(theirs.parent_path) or (
            theirs.parent_path.startswith(mine.parent_path)
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

    # Actions

    def action_decompose(self):
        """Divide the target over territories, teams, reps and months.

        What is locked stays; the same input gives the same result. Of a running plan
        the months that are over stay as they are.

        :return: the board of a single plan, as an action
        :raise UserError: when locks and guardrails cannot be met together: naming what
            is in the way and how much; then nothing is saved
        """
        for plan in self:
            plan._check_planner()
            if plan.state == "closed":
                raise UserError(self.env._("%(plan)s is closed.", plan=plan.name))
            plan._decompose(self.env._("Divided again"))
        return self.action_open_board() if len(self) == 1 else True

    def action_publish(self):
        """Show everybody the proposed target, and ask for the answer."""
        for plan in self:
            plan._check_planner()
            if plan.state != "draft":
                raise UserError(
                    self.env._("%(plan)s is published already.", plan=plan.name)
                )
            if not plan.target_ids:
                plan._decompose()
            plan._check_whole()
            plan.sudo().state = "proposed"  # sudo: stamped by the system
            self.env["sales.target.version"]._open(plan, self.env._("Published"))
            self.env["sales.target.day"]._derive(plan)
            plan._get_leaves()._ask()
        return True

    def action_commit(self):
        """The targets hold; a period that has begun runs.

        :raise UserError: while counter-proposals are open
        """
        for plan in self:
            plan._check_planner()
            if plan.state != "proposed":
                raise UserError(self.env._("%(plan)s is not proposed.", plan=plan.name))
            if plan.countered_count:
                raise UserError(
                    self.env._(
                        "%(plan)s has %(count)s counter-proposals that are not "
                        "answered: accept them or keep the target.",
                        plan=plan.name,
                        count=plan.countered_count,
                    )
                )
            plan.sudo().state = "committed"  # sudo: stamped by the system
            plan._keep_drivers()
            plan._get_leaves()._stop_asking()
        self._start()
        return True

    def action_close(self):
        """Nothing changes any more; what was achieved is kept with the targets."""
        for plan in self:
            plan._check_planner()
            if plan.state not in ("committed", "running"):
                raise UserError(self.env._("Only a plan that runs can be closed."))
            if plan.date_to >= plan.company_id._get_sales_today():
                raise UserError(
                    self.env._(
                        "%(plan)s runs until %(date)s.",
                        plan=plan.name,
                        date=format_date(self.env, plan.date_to),
                    )
                )
            plan.target_ids._keep_achieved()
            plan.sudo().state = "closed"  # sudo: stamped by the system
        return True

    def action_open_targets(self):
        """The tree of targets."""
        asked.one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_targets.sales_target_action"
        )
        return {**action, "domain": [("plan_id", "=", self.id)]}

    def action_import(self):
        """The plan as a spreadsheet, and back."""
        asked.one(self)
        self.check_access("read")
        wizard = self.env["sales.target.import"].create({"plan_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Targets in Excel"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_open_versions(self):
        asked.one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_targets.sales_target_version_action"
        )
        return {**action, "domain": [("plan_id", "=", self.id)]}

    def _check_planner(self):
        """:raise AccessError: for who does not plan for the company"""
        self.check_access("write")
        if not self.env.su and not any(
            self.env.user.has_group(group)
            for group in (
                "sales_force.group_sales_director",
                "sales_force.group_sales_operations",
            )
        ):
            raise AccessError(
                self.env._("Directors and sales operations plan for the company.")
            )

    def _check_whole(self):
        """:raise UserError: when the tree is not the plan's value any more"""
        self.ensure_one()
        root = self._get_root()
        if self._to_units(root.value) != self._to_units(self.value):
            raise UserError(
                self.env._(
                    "%(plan)s was changed since it was divided: divide it again.",
                    plan=self.name,
                )
            )

    def _get_root(self):
        return self.env["sales.target"].search(
            [
                ("plan_id", "=", self.id),
                ("level", "=", "company"),
                ("period", "=", "total"),
            ]
        )

    def _get_leaves(self):
        """The reps' totals."""
        return self.env["sales.target"].search(
            [
                ("plan_id", "in", self.ids),
                ("level", "=", "rep"),
                ("period", "=", "total"),
            ]
        )

    def _start(self):
        """Committed plans whose period has begun run."""
        for plan in self:
            if (
                plan.state == "committed"
                and plan.date_from <= plan.company_id._get_sales_today()
            ):
                plan.sudo().state = "running"  # sudo: stamped by the system

    @api.model
    def _cron_start(self):
        """Hourly: a day begins at another hour in each timezone."""
        self.search([("state", "=", "committed")])._start()
