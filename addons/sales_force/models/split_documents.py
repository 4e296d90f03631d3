"""What the forms of orders and invoices show about credits."""

from odoo import api, fields, models
from odoo.fields import Domain

from .credited_documents import SPLIT_GROUPS


def sum_shares(splits):
    """What shares sum to, in percent with two decimals, overlays aside."""
    return round(sum(split.share for split in splits if not split.overlay), 2)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    sales_split_share = fields.Float(
        "Shares (%)",
        digits=(5, 2),
        compute="_compute_sales_split_share",
        groups=SPLIT_GROUPS,
        help="What the shares sum to, overlays aside. They must be 100 %, or there are "
        "none.",
    )

    @api.depends("sales_split_ids.share", "sales_split_ids.overlay")
    def _compute_sales_split_share(self):
        for order in self:
            order.sales_split_share = sum_shares(order.sales_split_ids)

    def action_open_sales_credits(self):
        """The credits of these orders, their deliveries and their invoices."""
        credit = self.env["sales.credit"]
        # sudo: which invoices an order has; their credits have rules of their own
        invoices = self.sudo().invoice_ids
        domain = Domain.OR(
            [
                Domain("source", "in", ["order", "delivery"])
                & Domain("scope_id", "in", self.ids),
                Domain("source", "=", "customer")
                & Domain("scope_id", "in", self.partner_id.commercial_partner_id.ids)
                & Domain("res_id", "in", self.ids),
                Domain("source", "in", ["invoice", "cash"])
                & Domain("scope_id", "in", invoices.ids),
            ]
        )
        return credit._prepare_action_of_documents(self, domain)


class AccountMove(models.Model):
    _inherit = "account.move"

    # Odoo's form counts payments as the user; salespeople, who may read the invoice,
    # may not read payments and could not open the document behind a credit.
    payment_count = fields.Integer(compute_sudo=True)
    sales_line_split_ids = fields.One2many(
        "sales.split",
        "move_id",
        "Split of Single Lines",
        domain=[("move_line_id", "!=", False)],
        copy=False,
        groups=SPLIT_GROUPS,
        help="Who is credited with single lines, other than with the rest.",
    )

    def action_open_sales_credits(self):
        """The credits of these invoices, with the cash collected for them."""
        return self.env["sales.credit"]._prepare_action_of_documents(
            self, [("source", "in", ["invoice", "cash"]), ("scope_id", "in", self.ids)]
        )
