"""Odoo's documents know the rep of their salesperson, and orders their channel."""

from odoo import api, fields, models


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "sales.owned.mixin"]

    sales_channel_id = fields.Many2one(
        "sales.channel",
        "Sales Channel",
        compute="_compute_sales_channel_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The way by which this order came; by default the customer's.",
    )

    @api.depends("partner_id")
    def _compute_sales_channel_id(self):
        for order in self:
            # A confirmed order keeps the channel by which it came.
            if order.state in ("sale", "cancel") and order.sales_channel_id:
                continue
            # sudo: the channel is no secret to who may sell to the customer
            partner = order.partner_id.sudo()
            order.sales_channel_id = (
                partner.sales_channel_id
                or partner.commercial_partner_id.sales_channel_id
            )


class SaleReport(models.Model):
    _name = "sale.report"
    _inherit = ["sale.report", "sales.owned.mixin"]


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "sales.owned.mixin"]

    _sales_owner_field = "invoice_user_id"


class AccountInvoiceReport(models.Model):
    _name = "account.invoice.report"
    _inherit = ["account.invoice.report", "sales.owned.mixin"]

    _sales_owner_field = "invoice_user_id"


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "sales.owned.mixin"]


class CrmActivityReport(models.Model):
    _name = "crm.activity.report"
    _inherit = ["crm.activity.report", "sales.owned.mixin"]
