from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_leaders_see_pay = fields.Boolean(
        "Team Leaders See Pay",
        help="Commission of everybody below. Regional managers, the director, sales "
        "operations and finance see it anyway.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_leaders_see_pay = fields.Boolean(
        related="company_id.sales_leaders_see_pay", readonly=False
    )
