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
    sales_visit_length = fields.Integer(
        related="company_id.sales_visit_length", readonly=False
    )
    sales_visits_per_day = fields.Integer(
        related="company_id.sales_visits_per_day", readonly=False
    )
    sales_visit_speed = fields.Float(
        related="company_id.sales_visit_speed", readonly=False
    )
    sales_visit_minutes = fields.Integer(
        related="company_id.sales_visit_minutes", readonly=False
    )
    sales_visit_radius = fields.Integer(
        related="company_id.sales_visit_radius", readonly=False
    )
    sales_visit_accuracy = fields.Integer(
        related="company_id.sales_visit_accuracy", readonly=False
    )
    sales_visit_top_speed = fields.Integer(
        related="company_id.sales_visit_top_speed", readonly=False
    )
    sales_position_use = fields.Boolean(
        related="company_id.sales_position_use", readonly=False
    )
    sales_position_access = fields.Selection(
        related="company_id.sales_position_access", readonly=False
    )
    sales_position_days = fields.Integer(
        related="company_id.sales_position_days", readonly=False
    )
    sales_photo_days = fields.Integer(
        related="company_id.sales_photo_days", readonly=False
    )
    sales_map = fields.Selection(related="company_id.sales_map", readonly=False)
    sales_collection_user_id = fields.Many2one(
        related="company_id.sales_collection_user_id", readonly=False
    )
