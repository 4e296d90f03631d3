from odoo import fields, models


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
    sales_team_score_shown = fields.Boolean(
        related="company_id.sales_team_score_shown", readonly=False
    )
    sales_feedback_minimum = fields.Integer(
        related="company_id.sales_feedback_minimum", readonly=False
    )
    sales_notes_above = fields.Boolean(
        related="company_id.sales_notes_above", readonly=False
    )
    sales_one_on_one_days = fields.Integer(
        related="company_id.sales_one_on_one_days", readonly=False
    )
    sales_leaders_see_pay = fields.Boolean(
        related="company_id.sales_leaders_see_pay", readonly=False
    )
