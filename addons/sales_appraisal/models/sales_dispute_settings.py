from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_dispute_days = fields.Integer(
        "Days to Decide on a Dispute",
        default=5,
        help="Working days of the company. After them a dispute of commission goes to "
        "the next above, who has so many days again.",
    )

    _sales_dispute_days_positive = models.Constraint(
        "CHECK (sales_dispute_days BETWEEN 1 AND 60)",
        "A dispute is decided within 1 to 60 working days.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_dispute_days = fields.Integer(
        related="company_id.sales_dispute_days", readonly=False
    )
