"""A repair order for what a ticket is about."""

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.sales_force.locking import write_lock


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    def _make_repair(self, note=None):
        """The ticket's open repair order, made in draft where there is none.

        :raise UserError: unless the ticket names the goods to repair
        """
        self.ensure_one()
        self.check_access("write")
        write_lock(self)
        # sudo: an agent asks for the repair of the own ticket's product; confirming it
        # and taking parts stays with the workshop
        ticket = self.sudo()
        repairs = ticket.env["repair.order"]
        repair = repairs.search(
            [
                # Not for a customer whom the ticket was about before.
                ("service_ticket_id", "=", ticket.id),
                ("state", "not in", ("done", "cancel")),
                (
                    "partner_id.commercial_partner_id",
                    "=",
                    ticket.commercial_partner_id.id,
                ),
            ],
            limit=1,
        )
        if repair:
            return repair
        ticket._check_customer()
        product = (ticket.lot_id or ticket).product_id
        if product.type != "consu":
            raise UserError(
                self.env._(
                    "%(ticket)s: choose the product that is repaired.",
                    ticket=ticket.display_name,
                )
            )
        back = ticket._get_pickings().filtered(
            lambda one: (
                one.return_id
                and one.picking_type_code == "incoming"
                and one.state != "cancel"
                and product in one.move_ids.product_id
            )
        )
        repair = repairs.with_company(ticket.company_id).create(
            {
                "company_id": ticket.company_id.id,
                "partner_id": ticket.partner_id.id,
                "product_id": product.id,
                "product_uom": product.uom_id.id,
                "lot_id": ticket.lot_id.id,
                "picking_id": back[-1:].id,
                "under_warranty": ticket._is_free(parts=True),
                "internal_notes": note or ticket.description,
                "user_id": False,
                "service_ticket_id": ticket.id,
            }
        )
        repair._link_ticket(ticket)
        return repair
