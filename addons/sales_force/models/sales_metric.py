from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError


class SalesMetric(models.Model):
    """What is counted. Additive metrics have credits; a ratio divides two of them.

    Or one by the size of the market, which is no fact of the ledger.
    """

    _name = "sales.metric"
    _description = "Sales Metric"
    _order = "sequence, id"

    code = fields.Char(required=True, help="The name that rules and reports use.")
    name = fields.Char(required=True, translate=True)
    description = fields.Text(translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(
        default=True, help="An inactive metric has no credits; the ledger is smaller."
    )
    kind = fields.Selection(
        [("additive", "Additive"), ("ratio", "Ratio")],
        default="additive",
        required=True,
    )
    unit = fields.Selection(
        [
            ("money", "Company currency"),
            ("count", "Count"),
            ("quantity", "Quantity"),
            ("percent", "Percent"),
            ("score", "Score"),
            ("hours", "Hours"),
        ],
        default="money",
        required=True,
    )
    higher_is_better = fields.Boolean(default=True)
    numerator_id = fields.Many2one("sales.metric", ondelete="restrict")
    denominator_kind = fields.Selection(
        [("metric", "A metric"), ("market", "The size of the market")],
        "Divide By",
        default="metric",
        required=True,
        help="The size of the market is entered by territory and period, not credited: "
        "such a ratio is of territories, not of reps.",
    )
    denominator_id = fields.Many2one("sales.metric", ondelete="restrict")
    denominator_includes_numerator = fields.Boolean(
        "Share of Both",
        help="Divide the numerator by the sum of both, as won by won and lost.",
    )

    _code_uniq = models.UniqueIndex("(code)", "A metric's code must be unique.")

    @api.constrains("kind", "numerator_id", "denominator_id", "denominator_kind")
    def _check_ratio(self):
        for metric in self:
            parts = metric.numerator_id + metric.denominator_id
            by_market = metric.denominator_kind == "market"
            if metric.kind == "additive" and (parts or by_market):
                raise ValidationError(
                    self.env._(
                        "%(metric)s is additive: it has no numerator and denominator.",
                        metric=metric.name,
                    )
                )
            if metric.kind == "ratio" and (
                not metric.numerator_id
                or bool(metric.denominator_id) == by_market
                or "ratio" in parts.mapped("kind")
            ):
                raise ValidationError(
                    self.env._(
                        "%(metric)s is a ratio: it needs an additive numerator and an "
                        "additive denominator, or the size of the market.",
                        metric=metric.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        metrics = super().create(vals_list)
        self.env.registry.clear_cache()
        return metrics

    def write(self, vals):
        if any("code" in vals and metric.code != vals["code"] for metric in self):
            # Sources know their metrics by code: what they credit would be lost.
            raise ValidationError(
                self.env._("The code of a metric cannot be changed. Make another one.")
            )
        result = super().write(vals)
        if {"kind", "active"} & vals.keys():
            self.env.registry.clear_cache()
            self.env["sales.credit"]._mark_all()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_credited(self):
        if (
            self.env["sales.credit"]
            # sudo: a metric with credits of anyone must not vanish
            .sudo()
            .search_count([("metric_id", "in", self.ids)], limit=1)
        ):
            raise ValidationError(
                self.env._("A metric with credits cannot be deleted; archive it.")
            )

    @api.model
    @tools.ormcache()
    def _ids_by_code(self):
        """Ids of the active additive metrics by code, for the ledger's statements."""
        # sudo: codes and ids are no secret and the ledger runs for every user
        metrics = self.sudo().search([("kind", "=", "additive"), ("active", "=", True)])
        return {metric.code: metric.id for metric in metrics}
