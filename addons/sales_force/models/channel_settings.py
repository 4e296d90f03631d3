from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_rebate_product_id = fields.Many2one(
        "product.product",
        "Product of Rebates",
        domain="[('type', '=', 'service')]",
        help="On the credit notes by which rebates are settled: its account and taxes "
        "(not included in prices) are theirs. Empty: the journal's account, no product.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_rebate_product_id = fields.Many2one(
        related="company_id.sales_rebate_product_id", readonly=False
    )
