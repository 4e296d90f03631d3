from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_rebate_product_id = fields.Many2one(
        "product.product",
        "Product of Rebates",
        domain="[('type', '=', 'service')]",
        help="On the credit notes by which rebates are settled: they take its account "
        "and its taxes.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_rebate_product_id = fields.Many2one(
        related="company_id.sales_rebate_product_id", readonly=False
    )
