from odoo import fields, models


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "sales.owned.mixin"]

    sales_territory_id = fields.Many2one(
        "sales.territory", "Territory", index="btree_not_null", ondelete="restrict"
    )
    sales_territory_manual = fields.Boolean("Territory Set by Hand")
    sales_channel_id = fields.Many2one(
        "sales.channel", "Sales Channel", index="btree_not_null", ondelete="restrict"
    )
