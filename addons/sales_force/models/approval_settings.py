from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_approval_appendix = fields.Boolean(
        "Approvals in the PDF",
        help="Quotations and orders end with who approved what, and when.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_approval_appendix = fields.Boolean(
        related="company_id.sales_approval_appendix", readonly=False
    )
