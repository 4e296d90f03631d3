"""A ratio is planned through its parts, since a ratio cannot be divided."""

from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import asked
from .sales_target import FOLLOWER_GROUPS


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    ratio_metric_id = fields.Many2one(
        "sales.metric",
        "Planned For",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="The ratio whose numerator this plan is.",
    )
    divisor_plan_id = fields.Many2one(
        "sales.target.plan",
        "Divided By",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="The plan of the ratio's denominator, of the same people and months.",
    )
    market_size = fields.Float(
        digits=(16, 2),
        readonly=True,
        copy=False,
        help="By which the target is divided, in company currency, of the period.",
    )
    ratio_planned = fields.Float(
        "Ratio Planned (%)",
        compute="_compute_ratio",
        digits=(16, 2),
    )
    ratio_achieved = fields.Float(
        "Ratio So Far (%)",
        compute="_compute_ratio",
        digits=(16, 2),
        groups=FOLLOWER_GROUPS,
        help="Of what is credited until now; of a market the part of its size that "
        "falls on these days.",
    )

    @api.depends("value", "divisor_plan_id.value", "market_size")
    def _compute_ratio(self):
        for plan in self:
            # sudo: who sees a plan may know the ratio, if not the amounts
            planned = plan.sudo()
            plan.ratio_planned = planned._divide_by(
                planned.value, planned.divisor_plan_id.value or planned.market_size
            )
            plan.ratio_achieved = 0.0
            if plan.ratio_metric_id:
                done = plan._get_root().achieved
                plan.ratio_achieved = plan._divide_by(done, plan._get_divided_so_far())

    def _get_divided_so_far(self):
        """What the achieved value is divided by."""
        if self.divisor_plan_id:
            return self.divisor_plan_id._get_root().achieved
        today = self.company_id._get_sales_today()
        passed = (min(today, self.date_to) - self.date_from).days + 1
        return (
            self.market_size
            * max(passed, 0)
            / ((self.date_to - self.date_from).days + 1)
        )

    def _divide_by(self, value, divisor):
        """In percent, where the ratio counts both parts also of both."""
        whole = Fraction(str(divisor or 0))
        part = Fraction(str(value or 0))
        if self.ratio_metric_id.denominator_includes_numerator:
            whole += part
        return float(round(100 * part / whole, 2)) if whole else 0.0


class SalesTarget(models.Model):
    _inherit = "sales.target"

    ratio_planned = fields.Float(
        "Ratio Planned (%)",
        compute="_compute_ratio",
        digits=(16, 2),
        aggregator=None,
        help="This target by that of the denominator, of the same node and months.",
    )
    ratio_achieved = fields.Float(
        "Ratio So Far (%)", compute="_compute_ratio", digits=(16, 2), aggregator=None
    )

    @api.depends("plan_id", "key", "value")
    def _compute_ratio(self):
        """With one more query for each plan: the same nodes of the denominator's."""
        for plan, targets in self.grouped("plan_id").items():
            others = {}
            if plan.divisor_plan_id:
                # sudo: who reads a node reads the same node of the other plan
                found = self.sudo().search(
                    [
                        ("plan_id", "=", plan.divisor_plan_id.id),
                        ("key", "in", targets.mapped("key")),
                    ]
                )
                others = {(t.key, t.period, t.date_from): t for t in found}
            for target in targets:
                other = others.get((target.key, target.period, target.date_from))
                target.ratio_planned = target.ratio_achieved = 0.0
                if other:
                    divide = plan._divide_by
                    target.ratio_planned = divide(target.value, other.value)
                    target.ratio_achieved = divide(target.achieved, other.achieved)


class SalesTargetRatio(models.TransientModel):
    """Plans a ratio: a plan for its numerator, and one for its denominator."""

    _name = "sales.target.ratio"
    _description = "Plan of a Ratio"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    metric_id = fields.Many2one(
        "sales.metric",
        "Ratio",
        required=True,
        domain="[('kind', '=', 'ratio'), ('unit', '=', 'percent')]",
        ondelete="cascade",
    )
    denominator_kind = fields.Selection(related="metric_id.denominator_kind")
    denominator_id = fields.Many2one(related="metric_id.denominator_id")
    numerator_id = fields.Many2one(related="metric_id.numerator_id")
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: self.env["sales.target.plan"]._default_date_from(),
    )
    date_to = fields.Date(
        "To",
        compute="_compute_date_to",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    percent = fields.Float("Goal (%)", digits=(16, 2), required=True)
    divisor_plan_id = fields.Many2one(
        "sales.target.plan",
        "Plan of the Denominator",
        domain="[('metric_id', '=', denominator_id), ('date_from', '=', date_from), "
        "('date_to', '=', date_to), ('company_id', '=', company_id)]",
        ondelete="cascade",
        help="Where there is none yet, enter its target: a plan is made.",
    )
    divisor = fields.Float(
        "Target of the Denominator",
        compute="_compute_divisor",
        store=True,
        readonly=False,
        digits=(16, 2),
    )
    territory_ids = fields.Many2many(
        "sales.territory",
        string="Market",
        help="Territories whose market size is known for the period.",
    )
    kind = fields.Selection(
        [("core", "Core goal"), ("supporting", "Supporting goal")],
        "Goal",
        default="supporting",
        required=True,
    )
    stage_reason = fields.Text("Why This Stage")
    value = fields.Float(
        "Target of the Numerator", compute="_compute_value", digits=(16, 2)
    )

    @api.depends("date_from")
    def _compute_date_to(self):
        for wizard in self:
            wizard.date_to = wizard.date_from and fields.Date.add(
                wizard.date_from, years=1, days=-1
            )

    @api.depends(
        "divisor_plan_id", "territory_ids", "date_from", "date_to", "denominator_kind"
    )
    def _compute_divisor(self):
        for wizard in self:
            if wizard.denominator_kind == "market":
                known = wizard.date_from and wizard.date_to and wizard.territory_ids
                wizard.divisor = sum(wizard._get_sizes().values()) if known else 0
            else:
                wizard.divisor = wizard.divisor_plan_id.value or wizard.divisor

    def _get_sizes(self):
        return self.env["sales.market"]._get_sizes(
            self.company_id, self.territory_ids._origin, self.date_from, self.date_to
        )

    @api.depends("percent", "divisor", "metric_id")
    def _compute_value(self):
        """What of the numerator makes the ratio, rounded up to a whole."""
        for wizard in self:
            rate = Fraction(str(round(wizard.percent, 2))) / 100
            divisor = Fraction(str(round(wizard.divisor, 2)))
            if wizard.metric_id.denominator_includes_numerator and rate < 1:
                rate = rate / (1 - rate)
            wizard.value = float(-(-rate * divisor // 1))

    def action_create(self):
        """Make the plans.

        :raise UserError: when the size of a market is not known for all of the period
        """
        asked.one(self)
        if self.percent <= 0 or (
            self.metric_id.denominator_includes_numerator and self.percent >= 100
        ):
            raise ValidationError(self.env._("Say which ratio is the goal."))
        by_market = self.metric_id.denominator_kind == "market"
        if by_market:
            unknown = self.territory_ids - self.env["sales.territory"].union(
                *self._get_sizes()
            )
            if unknown or not self.territory_ids:
                raise UserError(
                    self.env._(
                        "The size of the market is not known for all of the period: "
                        "%(names)s.",
                        names=", ".join(unknown.mapped("name")) or "-",
                    )
                )
        if not self.divisor:
            raise ValidationError(self.env._("Enter the target of the denominator."))
        plans = self.env["sales.target.plan"]
        divisor_plan = self.divisor_plan_id
        if not by_market and not divisor_plan:
            divisor_plan = plans.create(
                {
                    **self._prepare_plan(self.metric_id.denominator_id, self.divisor),
                    "kind": "supporting",
                }
            )
        plan = plans.create(
            {
                **self._prepare_plan(self.metric_id.numerator_id, self.value),
                "kind": self.kind,
                "stage": self._get_stage(),
                "stage_reason": self.stage_reason,
                "ratio_metric_id": self.metric_id.id,
                "divisor_plan_id": divisor_plan.id,
                "market_size": self.divisor if by_market else 0,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": plan._name,
            "res_id": plan.id,
            "views": [(False, "form")],
        }

    def _prepare_plan(self, metric, value):
        return {
            "name": f"{metric.name} {self.date_from.year}",
            "company_id": self.company_id.id,
            "metric_id": metric.id,
            "date_from": self.date_from,
            "date_to": self.date_to,
            "value": value,
        }

    def _get_stage(self):
        """In which stage of a market this ratio is the goal."""
        if self.metric_id.denominator_kind == "market":
            return "leadership"
        return "maturity"
