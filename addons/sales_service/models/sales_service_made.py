"""Documents that were made from a ticket, and that know it."""

from odoo import api, fields, models
from odoo.tools import formatLang


def pieces(env, quantity):
    """A quantity in words: without decimals where it is whole."""
    if quantity == round(quantity):
        return formatLang(env, quantity, digits=0)
    return formatLang(env, quantity, dp="Product Unit")


def may_open(documents):
    """Whether the user may read documents, and all that their forms show."""
    if not documents.has_access("read") or documents._name != "stock.picking":
        return documents.has_access("read")
    # sudo: only whether the user may read what is described: the lines of the order
    ordered = documents.sudo().move_ids.sale_line_id.sudo(False)
    return not ordered or ordered.has_access("read")


class SalesServiceMadeMixin(models.AbstractModel):
    """A document that may have been made from a ticket."""

    _name = "sales.service.made.mixin"
    _description = "Made From a Ticket"

    service_ticket_id = fields.Many2one(
        "sales.service.ticket",
        "Service Ticket",
        copy=False,
        index="btree_not_null",
        check_company=True,
    )

    @api.constrains("service_ticket_id")
    def _check_service_ticket(self):
        """Deliveries do not check the company of what they are linked to."""
        self._check_company(["service_ticket_id"])

    def action_open_service_ticket(self):
        """:raise AccessError: when the user may not read the ticket"""
        self.ensure_one()
        self.service_ticket_id.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "sales.service.ticket",
            "res_id": self.service_ticket_id.id,
            "views": [(False, "form")],
        }

    def _link_ticket(self, ticket):
        """Say on both who made what from which; each opens as far as rights go."""
        for document in self:
            document.message_post_with_source(
                "mail.message_origin_link",
                render_values={"self": document, "origin": ticket},
                subtype_xmlid="mail.mt_note",
            )
            ticket._message_log(
                body=self.env._(
                    "%(user)s made %(document)s.",
                    user=self.env.user.name,
                    document=document._get_html_link(),
                )
            )


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "sales.service.made.mixin"]

    def _create_backorder_picking(self):
        """What is still to come is for the same ticket."""
        backorder = super()._create_backorder_picking()
        backorder.service_ticket_id = self.service_ticket_id
        return backorder


class RepairOrder(models.Model):
    _name = "repair.order"
    _inherit = ["repair.order", "sales.service.made.mixin"]

    def action_create_sale_order(self):
        """What the customer pays for the repair is a quotation of the ticket."""
        action = super().action_create_sale_order()
        for repair in self.filtered("service_ticket_id"):
            repair.sale_order_id.service_ticket_id = repair.service_ticket_id
            # sudo: the workshop need not see the ticket that it is linked to
            repair.sale_order_id._link_ticket(repair.service_ticket_id.sudo())
        return action


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "sales.service.made.mixin"]
