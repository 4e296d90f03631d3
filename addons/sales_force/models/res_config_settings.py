from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_collect_at_validation = fields.Boolean(
        related="company_id.sales_collect_at_validation", readonly=False
    )
    sales_customer_protection = fields.Boolean(
        related="company_id.sales_customer_protection", readonly=False
    )
    sales_dormant_days = fields.Integer(
        related="company_id.sales_dormant_days", readonly=False
    )
    sales_lost_days = fields.Integer(
        related="company_id.sales_lost_days", readonly=False
    )
    sales_appeal_days = fields.Integer(
        related="company_id.sales_appeal_days", readonly=False
    )
    sales_recommend_months = fields.Integer(
        related="company_id.sales_recommend_months", readonly=False
    )
    sales_recommend_count = fields.Integer(
        related="company_id.sales_recommend_count", readonly=False
    )
