from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_promise_grace_days = fields.Integer(
        "Grace of Promises (days)",
        default=3,
        help="Money that arrives so many days later still keeps a promise.",
    )
    sales_dso_days = fields.Integer(
        "Period of Collection Figures (days)",
        default=90,
        help="Days sales outstanding and collection rate are of the last so many days.",
    )

    _sales_collection_days = models.Constraint(
        "CHECK (sales_promise_grace_days >= 0 AND sales_dso_days > 0)",
        "A grace is not negative, and a period has one day at least.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_promise_grace_days = fields.Integer(
        related="company_id.sales_promise_grace_days", readonly=False
    )
    sales_dso_days = fields.Integer(related="company_id.sales_dso_days", readonly=False)
