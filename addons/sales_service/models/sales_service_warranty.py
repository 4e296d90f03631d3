"""Whether work on a ticket is under warranty, as soon as its product is known."""

from collections import defaultdict

from odoo import api, fields, models

from ..tickets.warranty import Claim, Delivery, claim

# What a claim hangs on.
_ASKED_BY = ("product_id", "lot_id", "sale_order_id", "picking_id", "partner_id")


class ProductTemplate(models.Model):
    _inherit = "product.template"

    sales_warranty_months = fields.Integer(
        "Warranty (months)",
        help="From the day of delivery on; 0: the product has no warranty.",
    )

    _sales_warranty_positive = models.Constraint(
        "CHECK (sales_warranty_months >= 0)", "A warranty has no negative months."
    )


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    warranty = fields.Selection(
        [
            ("warranty", "In warranty"),
            ("chargeable", "Chargeable"),
            ("refused", "Refused"),
        ],
        compute="_compute_warranty",
        store=True,
        readonly=False,
        help="By the months of the product and the delivery of the lot, else of the "
        "delivery or order, on the day when the ticket came in. It can be decided "
        "otherwise by hand.",
    )
    warranty_reason = fields.Selection(
        [
            ("in", "Delivered within the warranty"),
            ("over", "The warranty is over"),
            ("none", "The product has no warranty"),
            ("undelivered", "It was not delivered by us"),
            ("other", "It was delivered to another customer"),
            ("by_hand", "Decided by hand"),
        ],
        compute="_compute_warranty_reason",
        store=True,
    )
    warranty_start = fields.Date(
        "Delivered On", compute="_compute_warranty_reason", store=True
    )
    warranty_until = fields.Date(compute="_compute_warranty_reason", store=True)

    @api.depends(*_ASKED_BY)
    def _compute_warranty(self):
        claims = self._get_claims()
        for ticket in self:
            ticket.warranty = claims[ticket].state

    @api.depends("warranty", *_ASKED_BY)
    def _compute_warranty_reason(self):
        claims = self._get_claims()
        for ticket in self:
            found = claims[ticket]
            by_hand = (ticket.warranty or None) != found.state
            ticket.warranty_reason = "by_hand" if by_hand else found.reason
            ticket.warranty_start = found.start
            ticket.warranty_until = found.until

    def _get_claims(self):
        """What the customers are entitled to; empty claims where too little is known.

        Computed with ``sudo``: who takes a ticket down need not see deliveries.
        """
        asked = self.filtered(
            lambda one: (
                one.commercial_partner_id
                and (one.lot_id or one.product_id)
                and (one.lot_id or one.picking_id or one.sale_order_id)
            )
        )
        claims = dict.fromkeys(self, Claim(None, None))
        for ticket, deliveries in asked._get_deliveries().items():
            claims[ticket] = claim(
                (ticket.lot_id or ticket).product_id.sales_warranty_months,
                deliveries,
                ticket.commercial_partner_id._origin.id,
                ticket.company_id._get_sales_date(
                    ticket.opened_at or ticket._get_now()
                ),
            )
        return claims

    def _get_deliveries(self):
        """When and to whom it was delivered: ``{ticket: [Delivery]}``.

        That of the lot counts; without one, of the product on the delivery, and without
        that on the order, which is itself the delivery of a service. One query for any
        number of tickets.
        """
        if not self:
            return {}
        lines = self.env["stock.move.line"].search(
            [
                ("state", "=", "done"),
                ("location_dest_id.usage", "=", "customer"),
                ("location_id.usage", "!=", "customer"),
                *("|", ("lot_id", "in", self.lot_id._origin.ids)),
                *("|", ("picking_id", "in", self.picking_id._origin.ids)),
                ("move_id.sale_line_id.order_id", "in", self.sale_order_id._origin.ids),
            ]
        )
        found = defaultdict(list)
        for line in lines:
            order = line.move_id.sale_line_id.order_id
            partner = line.picking_id.partner_id or order.partner_id
            delivery = Delivery(
                line.company_id._get_sales_date(line.move_id.date),
                partner.commercial_partner_id.id,
            )
            found[line.lot_id].append(delivery)
            for document in (line.picking_id, order):
                found[document, line.product_id].append(delivery)
        for line in self.sale_order_id._origin.order_line:
            if line.product_id.type == "service" and line.state == "sale":
                order = line.order_id
                found[order, line.product_id].append(
                    Delivery(
                        order.company_id._get_sales_date(order.date_order),
                        order.partner_id.commercial_partner_id.id,
                    )
                )
        return {
            ticket: found[
                ticket.lot_id._origin
                or (
                    (ticket.picking_id or ticket.sale_order_id)._origin,
                    ticket.product_id._origin,
                )
            ]
            for ticket in self
        }
