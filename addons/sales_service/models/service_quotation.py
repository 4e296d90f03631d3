"""A quotation for work on a ticket that the customer pays."""

from odoo import fields, models
from odoo.fields import Command

from odoo.addons.sales_force.locking import write_lock


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "sales.service.made.mixin"]

    service_ticket_id = fields.Many2one(
        "sales.service.ticket",
        "Service Ticket",
        copy=False,
        index="btree_not_null",
        check_company=True,
    )


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    def _make_quotation(self, note=None):
        """The ticket's draft quotation, made where there is none.

        It is the customer's salesperson's, who prices and sends it: an agent asks for
        it and sets no price.
        """
        self.ensure_one()
        self.check_access("write")
        write_lock(self)
        # sudo: an agent asks for a quotation for the own ticket, without lines
        ticket = self.sudo()
        orders = ticket.env["sale.order"]
        order = orders.search(
            [("service_ticket_id", "=", ticket.id), ("state", "=", "draft")], limit=1
        )
        if order:
            return order
        ticket._check_customer()
        seller = ticket.commercial_partner_id.user_id
        order = orders.create(
            {
                "partner_id": ticket.partner_id.id,
                "company_id": ticket.company_id.id,
                "origin": ticket.number,
                "service_ticket_id": ticket.id,
                "order_line": [
                    Command.create(
                        {"display_type": "line_note", "name": note or ticket.name}
                    )
                ],
            }
        )
        # The default is whoever asks, who need be nobody who sells.
        order.user_id = seller
        order._link_ticket(ticket)
        if seller and ticket.company_id in seller.company_ids:
            words = order.with_context(lang=seller.lang).env
            order.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=words._(
                    "Price the work of ticket %(number)s", number=ticket.number
                ),
                user_id=seller.id,
            )
        return order
