from odoo import fields, models


class SalesProductReach(models.Model):
    """How many customers of a class and industry buy a product."""

    _name = "sales.product.reach"
    _description = "Reach of a Product"
    _log_access = False
    _rec_name = "product_id"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    class_id = fields.Many2one(
        "sales.customer.class", readonly=True, ondelete="cascade"
    )
    industry_id = fields.Many2one(
        "res.partner.industry", readonly=True, ondelete="cascade"
    )
    product_id = fields.Many2one(
        "product.product",
        readonly=True,
        ondelete="cascade",
        help="Empty: how many customers of the group bought anything.",
    )
    buyer_count = fields.Integer("Buyers", readonly=True)

    _group_idx = models.Index("(company_id, class_id, industry_id)")
