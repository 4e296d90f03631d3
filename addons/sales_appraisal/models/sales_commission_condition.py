from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..commission import conditions
from .sales_commission_rule import exact

BOUNDS = [
    ("any", "Any"),
    ("from", "At least"),
    ("below", "Below"),
    ("between", "Between"),
]
# Metrics whose credits come from a line that has a discount, and a margin.
INVOICE_LINES = frozenset(
    ("INVOICED", "BILLED", "DUE", "COLLECTED", "COLLECTED_NET", "MARGIN", "QUANTITY")
)
LINES = INVOICE_LINES | {"ORDERED", "DELIVERED"}
# What tells how long somebody has been a customer.
FIRST = ("NEW_CUSTOMERS", "INVOICED")


class SalesCommissionRule(models.Model):
    """What counts by the customer, the contract, the discount or the margin."""

    _inherit = "sales.commission.rule"

    class_ids = fields.Many2many(
        "sales.customer.class",
        "sales_commission_rule_class_rel",
        "rule_id",
        "class_id",
        "Customer Classes",
        ondelete="restrict",
        help="The class on the date of what is credited. Empty: of every class.",
    )
    customer_age = fields.Selection(
        [("any", "All"), ("new", "New customers"), ("existing", "Existing customers")],
        "Customers",
        default="any",
        required=True,
        help="New: within so many months of the first order or invoice.",
    )
    new_months = fields.Integer("New for (months)", default=12)
    contract = fields.Selection(
        [
            ("any", "With or without"),
            ("with", "Under contract"),
            ("without", "Without"),
        ],
        default="any",
        required=True,
        help="Whether a contract with the customer runs on the date of what is "
        "credited.",
    )
    discount_bound = fields.Selection(
        BOUNDS,
        "Discount",
        default="any",
        required=True,
        help="Of the line of the order or invoice, in percent.",
    )
    discount_from = fields.Float("Discount From", digits=(16, 2))
    discount_below = fields.Float(digits=(16, 2))
    margin_bound = fields.Selection(
        BOUNDS,
        "Margin",
        default="any",
        required=True,
        help="Of the invoice's line, in percent of what it invoices. Who is paid by it "
        "can tell the cost.",
    )
    margin_from = fields.Float(digits=(16, 2))
    margin_below = fields.Float(digits=(16, 2))
    reveals_cost = fields.Boolean(compute="_compute_reveals_cost")

    _new_months_range = models.Constraint(
        "CHECK (new_months BETWEEN 1 AND 120)",
        "A customer is new for one month at least, and for ten years at most.",
    )
    _ranges = models.Constraint(
        "CHECK ((discount_bound <> 'between' OR COALESCE(discount_from, 0) "
        "< COALESCE(discount_below, 0)) AND (margin_bound <> 'between' "
        "OR COALESCE(margin_from, 0) < COALESCE(margin_below, 0)))",
        "A range begins below its end.",
    )

    @api.depends("metric_id", "margin_bound")
    def _compute_reveals_cost(self):
        """Who knows the price, and what is paid by the margin, can tell the cost."""
        for rule in self:
            rule.reveals_cost = rule.metric_id.code == "MARGIN" or rule._asks_for(
                "margin"
            )

    @api.constrains("metric_id", "discount_bound", "margin_bound")
    def _check_lines(self):
        for rule in self:
            known = rule._get_known_figures()
            for name in ("discount", "margin"):
                if rule._asks_for(name) and name not in known:
                    raise ValidationError(
                        self.env._(
                            "%(rule)s: what is credited as %(metric)s has no "
                            "%(figure)s.",
                            rule=rule.name,
                            metric=rule.metric_id.name,
                            figure=self._fields[f"{name}_bound"]
                            ._description_string(self.env)
                            .lower(),
                        )
                    )

    def _asks_for(self, name):
        """Whether the rule needs a figure of lines: ``discount`` or ``margin``."""
        return self[f"{name}_bound"] != "any"

    def _get_known_figures(self):
        """Which figures the lines have that the metric is credited for."""
        code = self.metric_id.code
        known = {"discount"} if code in LINES else set()
        return known | {"margin"} if code in INVOICE_LINES else known

    def _get_credits(self, start, stop):
        credits = super()._get_credits(start, stop)
        joins, where, factor = self._get_conditions()
        if not where and not factor:
            return credits
        return conditions.conditioned(credits, joins, where, factor)

    def _looks_behind(self):
        joins, where, factor = self._get_conditions()
        return bool(joins or where or factor) or super()._looks_behind()

    def _get_conditions(self):
        """What ``conditions.conditioned`` needs: joins, conditions and the factor."""
        company_id = self.company_id.id
        joins, where = self._get_line_joins(), []
        if self.class_ids:
            joins.append(conditions.classes(company_id))
            where.append(SQL("kc.class_id = ANY(%s)", self.class_ids.ids))
        if self.customer_age != "any":
            metrics = self.env["sales.metric"]._ids_by_code()
            known = [metrics[code] for code in FIRST if metrics.get(code)]
            joins.append(conditions.first_dates(company_id, known))
            is_new = conditions.is_new(self.new_months)
            where.append(
                is_new if self.customer_age == "new" else SQL("NOT (%s)", is_new)
            )
        if self.contract != "any":
            under = conditions.under_contract(company_id)
            where.append(under if self.contract == "with" else SQL("NOT %s", under))
        for name, figure in self._get_figures().items():
            bound = self[f"{name}_bound"]
            if bound != "any":
                limits = exact(self[f"{name}_from"]), exact(self[f"{name}_below"])
                where.append(conditions.within(figure, bound, *limits))
        return joins, where, self._get_factor()

    def _get_figures(self):
        """What may be asked of a credit's line, in percent, as SQL."""
        return {"discount": conditions.DISCOUNT, "margin": conditions.MARGIN}

    def _get_line_joins(self):
        """The joins that make these figures known."""
        if not self._asks_for("discount") and not self._asks_for("margin"):
            return []
        joins = [conditions.LINE]
        if self._asks_for("margin"):
            metrics = self.env["sales.metric"]._ids_by_code()
            margin, invoiced = metrics.get("MARGIN"), metrics.get("INVOICED")
            joins.append(
                conditions.margin_rate(margin, invoiced)
                if margin and invoiced
                else conditions.NO_MARGIN
            )
        return joins

    def _get_factor(self):
        """By how much a credit counts, as SQL; None: as it is."""
        return None
