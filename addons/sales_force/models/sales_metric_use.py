from odoo import api, fields, models
from odoo.tools import SQL


class SalesMetric(models.Model):
    """How metrics are shown, and how a ratio is made of its parts."""

    _inherit = "sales.metric"

    credit_state = fields.Selection(
        [("used", "In use"), ("unused", "No credits yet"), ("off", "Archived")],
        "Use",
        compute="_compute_credit_state",
        help="Whether anything is credited with the metric; a ratio is in use when its "
        "numerator and denominator are.",
    )

    @api.depends("active", "kind", "numerator_id", "denominator_id")
    def _compute_credit_state(self):
        # That a metric is used is no secret, whoever's credits they are.
        self.env["sales.credit"]._process_pending()
        used = {
            row[0]
            for row in self.env.execute_query(
                SQL(
                    """SELECT m.id FROM sales_metric m WHERE EXISTS (
                    SELECT FROM sales_credit c WHERE c.metric_id = m.id)"""
                )
            )
        }
        for metric in self:
            if not metric.active:
                metric.credit_state = "off"
            elif used.issuperset(metric._get_parts()._origin.ids):
                metric.credit_state = "used"
            else:
                metric.credit_state = "unused"

    def _get_parts(self):
        """The additive metrics that make these up; an additive one is its own part."""
        ratios = self.filtered(lambda m: m.kind == "ratio")
        return self - ratios + ratios.numerator_id + ratios.denominator_id

    def _evaluate(self, values):
        """The metric's value by those of additive metrics.

        :param dict values: sums by id of an additive metric
        :return: a float in the metric's unit, a ratio as a fraction (0.25 is 25 %),
            None where there is nothing to divide by
        """
        self.ensure_one()
        if self.kind == "additive":
            return values.get(self.id, 0.0)
        numerator = values.get(self.numerator_id.id, 0.0)
        denominator = values.get(self.denominator_id.id, 0.0)
        if self.denominator_includes_numerator:
            denominator += numerator
        return numerator / denominator if denominator else None

    def action_open_credits(self):
        """Performance, with this metric chosen."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_force.sales_credit_action"
        )
        action["context"] = {
            "searchpanel_default_metric_id": self._get_parts()[:1].id,
            "search_default_company_total": 1,
            "search_default_last_three_months": 1,
        }
        return action
