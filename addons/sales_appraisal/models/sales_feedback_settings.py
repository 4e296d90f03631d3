from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_feedback_minimum = fields.Integer(
        "Answers Until Feedback Is Shown",
        default=3,
        help="Averages and comments are of so many people at least. It counts for "
        "rounds that are sent from now on.",
    )

    _sales_feedback_minimum = models.Constraint(
        "CHECK (sales_feedback_minimum >= 3)",
        "With fewer than three answers people could be recognised.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_feedback_minimum = fields.Integer(
        related="company_id.sales_feedback_minimum", readonly=False
    )
