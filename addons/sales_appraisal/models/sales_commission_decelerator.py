from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..commission import conditions
from .sales_commission_rule import exact


class SalesCommissionRule(models.Model):
    """What counts less the more discount a line has, or the less margin.

    The factor weighs what is counted of each credit, not what is paid for it: so what
    is paid of a period does not depend on the order of its credits.
    """

    _inherit = "sales.commission.rule"

    decelerator = fields.Selection(
        [
            ("none", "In full"),
            ("discount", "By the discount of the line"),
            ("margin", "By the margin of the line"),
        ],
        "Lines Count",
        default="none",
        required=True,
        help="Each line counts times the factor of its discount or margin. Below the "
        "first row a discount changes nothing; for less margin the first row holds. A "
        "credit without a line counts in full.",
    )
    line_factor_ids = fields.One2many(
        "sales.commission.factor",
        "rule_id",
        "Factors of Lines",
        domain=[("use", "=", "line")],
        context={"default_use": "line"},
        copy=True,
    )

    @api.constrains("metric_id", "decelerator", "line_factor_ids")
    def _check_decelerator(self):
        self._check_lines()
        for rule in self:
            if rule.decelerator != "none" and not rule.line_factor_ids:
                raise ValidationError(
                    self.env._("%(rule)s: give the factors of lines.", rule=rule.name)
                )

    @api.depends("decelerator")
    def _compute_reveals_cost(self):
        return super()._compute_reveals_cost()

    def _asks_for(self, name):
        return self.decelerator == name or super()._asks_for(name)

    def _weighs(self):
        return self.decelerator != "none"

    def _get_line_factors(self):
        """The factor below the first row, and the rows: ``[(start, factor)]``."""
        steps = sorted(
            (exact(row.start), exact(row.factor, 4)) for row in self.line_factor_ids
        )
        return (1 if self.decelerator == "discount" else steps[0][1]), steps

    def _get_factor(self):
        if not self._weighs():
            return super()._get_factor()
        figure = self._get_figures()[self.decelerator]
        return conditions.factor(figure, *self._get_line_factors())
