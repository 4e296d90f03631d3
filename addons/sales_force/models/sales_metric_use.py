from collections import defaultdict

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

    def _evaluate(self, values, market_size=None):
        """The metric's value by those of additive metrics.

        :param dict values: sums by id of an additive metric
        :param market_size: of a ratio to the market, in company currency
        :return: a float in the metric's unit, a ratio as a fraction (0.25 is 25 %),
            None where there is nothing to divide by
        """
        self.ensure_one()
        if self.kind == "additive":
            return values.get(self.id, 0.0)
        numerator = values.get(self.numerator_id.id, 0.0)
        if self.denominator_kind == "market":
            denominator = market_size
        else:
            denominator = values.get(self.denominator_id.id, 0.0)
            if self.denominator_includes_numerator:
                denominator += numerator
        return numerator / denominator if denominator else None

    def _evaluate_by_territory(self, company, territories, start, stop):
        """The metric's value in territories, each with all below it.

        :param date start, stop: the first and the last day
        :return: ``{territory: value}``, see ``_evaluate``
        """
        sums = self._sum_by_territory(company, territories, start, stop)
        sizes = {}
        if self.denominator_kind == "market":
            sizes = self.env["sales.market"]._get_sizes(
                company, territories, start, stop
            )
        return {
            territory: self._evaluate(sums[territory], sizes.get(territory))
            for territory in territories
        }

    def _sum_by_territory(self, company, territories, start, stop):
        """What is credited of the parts for customers of territories and below.

        Without overlays, in one query.

        :return: ``{territory: {metric id: sum}}``
        """
        rows = (
            self.env["sales.credit"]
            # sudo: a territory's whole is no secret to who asks for it by code
            .sudo()
            ._read_group(
                [
                    ("metric_id", "in", self._get_parts().ids),
                    ("company_id", "=", company.id),
                    ("territory_id", "child_of", territories.ids),
                    ("date", ">=", start),
                    ("date", "<=", stop),
                    ("overlay", "=", False),
                ],
                ["territory_id", "metric_id"],
                ["value:sum"],
            )
        )
        sums = {territory: defaultdict(float) for territory in territories}
        for place, metric, value in rows:
            for territory in territories:
                if place.parent_path.startswith(territory.parent_path):
                    sums[territory][metric.id] += value
        return sums

    def action_open_credits(self):
        """Performance, with this metric chosen; of a market share the market."""
        self.ensure_one()
        if self.denominator_kind == "market":
            return self.env["ir.actions.act_window"]._for_xml_id(
                "sales_force.sales_market_action"
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_force.sales_credit_action"
        )
        action["context"] = {
            "searchpanel_default_metric_id": self._get_parts()[:1].id,
            "search_default_company_total": 1,
            "search_default_last_three_months": 1,
        }
        return action
