from odoo import api, fields, models

from ..scoring.periods import bounds
from .sales_scorecard_template import PERIODS


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_points_period = fields.Selection(
        PERIODS,
        "Limits Are For A",
        default="month",
        required=True,
        help="As scorecards have it: parts of the fiscal year.",
    )
    sales_reward_limit = fields.Integer(
        "Reward Points at Most",
        default=10,
        help="So many points of commendations count in scorecards for a rep and "
        "period, the earliest first; the rest stays on file. 0: all.",
    )
    sales_penalty_limit = fields.Integer(
        "Penalty Points at Most",
        default=10,
        help="So many points of violations count in scorecards for a rep and period, "
        "the earliest first; the rest stays on file. 0: all.",
    )

    _sales_points_positive = models.Constraint(
        "CHECK (sales_reward_limit >= 0 AND sales_penalty_limit >= 0)",
        "Limits of points are not negative.",
    )

    def _get_points_bounds(self, day):
        """The first and last day of the period of the limits that holds a day."""
        company = self.sudo()  # sudo: only settings
        return bounds(
            company.sales_points_period, day, company._get_scorecard_year_end()
        )

    @api.model
    def _describe_points_period(self, period):
        """The period of the limits, within a sentence."""
        return {
            "month": self.env._("month"),
            "quarter": self.env._("quarter"),
            "half": self.env._("half-year"),
            "year": self.env._("year"),
        }[period]


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_points_period = fields.Selection(
        related="company_id.sales_points_period", readonly=False
    )
    sales_reward_limit = fields.Integer(
        related="company_id.sales_reward_limit", readonly=False
    )
    sales_penalty_limit = fields.Integer(
        related="company_id.sales_penalty_limit", readonly=False
    )
