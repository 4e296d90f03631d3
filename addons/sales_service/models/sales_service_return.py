"""What was delivered comes back, is exchanged or replaced."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.sales_force.locking import write_lock

from .sales_service_made import pieces

# The context's key for the ticket that new deliveries are made from.
MADE_FROM = "service_made_from"


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    def _check_customer(self):
        """:raise UserError: without somebody to make a document for"""
        self._refuse(
            [
                self.env._(
                    "%(ticket)s has no customer yet.", ticket=ticket.display_name
                )
                for ticket in self
                if not ticket.partner_id
            ]
        )

    def _get_delivery(self):
        """Where the ticket's product was delivered, maybe an empty record.

        The ticket's delivery, else the last one of its lot or order to the customer.
        """
        self.ensure_one()
        # sudo: what the customer got, whoever works for him
        ticket = self.sudo()
        if ticket.picking_id or not (ticket.product_id or ticket.lot_id):
            return ticket.picking_id
        domain = [
            ("state", "=", "done"),
            ("company_id", "=", ticket.company_id.id),
            ("picking_id.picking_type_code", "=", "outgoing"),
            (
                "picking_id.partner_id.commercial_partner_id",
                "=",
                ticket.commercial_partner_id.id,
            ),
            ("product_id", "=", (ticket.lot_id or ticket).product_id.id),
        ]
        if ticket.lot_id:
            domain.append(("lot_id", "=", ticket.lot_id.id))
        if ticket.sale_order_id:
            domain.append(
                ("move_id.sale_line_id.order_id", "=", ticket.sale_order_id.id)
            )
        lines = ticket.env["stock.move.line"]
        return lines.search(domain, order="date desc, id desc", limit=1).picking_id

    def _check_delivery(self, delivery):
        """:raise UserError: unless it was delivered, to the ticket's customer"""
        self.ensure_one()
        if not delivery:
            raise UserError(
                self.env._(
                    "%(ticket)s: no delivery of it to this customer was found. Choose "
                    "the product, and the order or lot that it belongs to.",
                    ticket=self.display_name,
                )
            )
        partner = delivery.partner_id.commercial_partner_id
        if (
            delivery.picking_type_code != "outgoing"
            or delivery.state != "done"
            or delivery.company_id != self.company_id
            or partner != self.commercial_partner_id
        ):
            raise UserError(
                self.env._(
                    "%(delivery)s is no delivery to the customer of %(ticket)s.",
                    delivery=delivery.name,
                    ticket=self.display_name,
                )
            )

    def _get_returnable(self, delivery):
        """How many may still come back: ``{move of the delivery: quantity}``."""
        result = {}
        for move in delivery.move_ids.filtered(lambda one: one.state == "done"):
            back = sum(
                one.product_uom._compute_quantity(
                    one.quantity if one.state == "done" else one.product_uom_qty,
                    move.product_uom,
                )
                for one in move.returned_move_ids
                if one.state != "cancel"
            )
            result[move] = max(move.product_uom.round(move.quantity - back), 0)
        return result

    def _get_returned_moves(self, delivery):
        """Of the ticket's product and lot, where the ticket names one."""
        moves = delivery.move_ids.filtered(lambda one: one.state == "done")
        product = (self.lot_id or self).product_id
        if product:
            moves = moves.filtered(lambda one: one.product_id == product)
        if self.lot_id:
            moves = moves.filtered(lambda one: self.lot_id in one.lot_ids)
        return moves

    def _get_own_returnable(self, delivery):
        """Of the ticket's product and lot: ``{move of the delivery: quantity}``."""
        returnable = self._get_returnable(delivery)
        return {
            move: min(returnable[move], self._get_lot_left(move))
            if self.lot_id
            else returnable[move]
            for move in self._get_returned_moves(delivery)
        }

    def _get_lot_left(self, move):
        """How much of the ticket's lot a move delivered that does not come back yet."""

        def count(moves):
            lines = moves.move_line_ids.filtered(lambda one: one.lot_id == self.lot_id)
            return sum(lines.mapped("quantity_product_uom"))

        back = move.returned_move_ids.filtered(lambda one: one.state != "cancel")
        left = max(count(move) - count(back), 0)
        return move.product_id.uom_id._compute_quantity(left, move.product_uom)

    def _make_return(self, quantity, exchange=False):
        """Odoo's own return of the ticket's delivery, to be taken in by the warehouse.

        :param bool exchange: with a delivery of as much, for the warehouse to send
        :return: the pickings made, the return first
        :raise UserError: where so much of it was not delivered, or is coming back
        """
        self.ensure_one()
        self.check_access("write")
        # sudo: that goods of the own ticket's delivery come back is what an agent is
        # for; taking them in and sending others stays with the warehouse
        ticket = self.sudo()
        ticket._check_customer()
        delivery = ticket._get_delivery()
        ticket._check_delivery(delivery)
        wizard = (
            ticket.env["stock.return.picking"]
            .with_context(
                active_model="stock.picking",
                active_id=delivery.id,
                active_ids=delivery.ids,
            )
            .create({"picking_id": delivery.id, "service_ticket_id": ticket.id})
        )
        wizard.product_return_moves.quantity = 0
        wizard._ask_for(quantity)
        before = ticket._get_pickings()
        if exchange:
            wizard.action_create_exchanges()
        else:
            wizard.action_create_returns()
        return ticket._get_pickings() - before

    def _get_pickings(self):
        return self.env["stock.picking"].search(
            [("service_ticket_id", "=", self.id)], order="id"
        )

    def _make_replacement(self, product, quantity):
        """A delivery without charge, in draft: asked for, until the warehouse confirms.

        It is a delivery and no order at price 0: goods leave stock at their cost and
        the customer's history and lots know it either way, but an order would count as
        one of the salesperson's orders, and be nothing to invoice. It hangs on no
        order, which would take it for goods to charge.
        """
        self.ensure_one()
        self.check_access("write")
        write_lock(self)
        # sudo: an agent asks for it; sending it stays with the warehouse
        ticket = self.sudo()
        ticket._check_customer()
        if product.type != "consu" or quantity <= 0:
            raise UserError(
                self.env._("Choose the goods that are sent, and how many of them.")
            )
        asked = ticket._get_pickings().filtered(
            lambda one: one.state == "draft" and product in one.move_ids.product_id
        )
        if asked:
            raise UserError(
                self.env._(
                    "%(delivery)s is already asked for.", delivery=asked[0].display_name
                )
            )
        warehouse = (
            ticket.sale_order_id.warehouse_id
            or ticket.picking_id.picking_type_id.warehouse_id
            or ticket.env["stock.warehouse"].search(
                [("company_id", "=", ticket.company_id.id)], limit=1
            )
        )
        kind = warehouse.out_type_id
        partner = ticket.partner_id
        where = ticket.picking_id.partner_id
        if where.commercial_partner_id == partner.commercial_partner_id:
            # Where it was delivered to before.
            partner = where
        target = partner.with_company(ticket.company_id).property_stock_customer
        route = {
            "location_id": kind.default_location_src_id.id,
            "location_dest_id": target.id,
        }
        picking = ticket.env["stock.picking"].create(
            {
                **route,
                "picking_type_id": kind.id,
                "partner_id": partner.id,
                "company_id": ticket.company_id.id,
                "user_id": False,
                "origin": ticket.number,
                "service_ticket_id": ticket.id,
                "move_ids": [
                    Command.create(
                        {
                            **route,
                            "product_id": product.id,
                            "product_uom": product.uom_id.id,
                            "product_uom_qty": quantity,
                            "company_id": ticket.company_id.id,
                        }
                    )
                ],
            }
        )
        picking._link_ticket(ticket)
        return picking


class StockReturnPicking(models.TransientModel):
    _inherit = "stock.return.picking"

    service_ticket_id = fields.Many2one("sales.service.ticket", "Service Ticket")

    def _prepare_stock_return_picking_line_vals_from_move(self, stock_move):
        values = super()._prepare_stock_return_picking_line_vals_from_move(stock_move)
        # sudo: which product a ticket is about
        ticket = self.service_ticket_id.sudo()
        if ticket:
            own = ticket._get_own_returnable(stock_move.picking_id)
            if stock_move in own:
                values["quantity"] = min(
                    own[stock_move], self.env.context.get("service_quantity", 1)
                )
        return values

    def _ask_for(self, quantity):
        """Spread a quantity over the lines of the ticket's product and lot.

        :raise UserError: where there is not so much
        """
        own = self.service_ticket_id._get_own_returnable(self.picking_id)
        left = quantity
        for line in self.product_return_moves:
            if line.move_id in own and left > 0:
                line.quantity = min(own[line.move_id], left)
                left -= line.quantity
        if quantity <= 0 or left > 0:
            raise UserError(
                self.env._(
                    "%(delivery)s: %(count)s may still come back.",
                    delivery=self.picking_id.name,
                    count=pieces(self.env, sum(own.values())),
                )
            )

    def _prepare_picking_default_values_based_on(self, picking):
        values = super()._prepare_picking_default_values_based_on(picking)
        return {**values, "service_ticket_id": self.service_ticket_id.id}

    def _create_return(self):
        # sudo: the ticket is only linked, and read for what it is about
        ticket = self.service_ticket_id.sudo()
        if not ticket:
            return super()._create_return()
        # Of two at once the second sees what the first has sent for.
        write_lock(ticket)
        ticket._check_delivery(self.picking_id)
        returnable = ticket._get_returnable(self.picking_id)
        for line in self.product_return_moves:
            if line.quantity > returnable.get(line.move_id, 0):
                raise UserError(
                    self.env._(
                        "%(product)s: of %(delivery)s %(count)s may still come back.",
                        product=line.product_id.display_name,
                        delivery=self.picking_id.name,
                        count=pieces(self.env, returnable.get(line.move_id, 0)),
                    )
                )
        own = sum(ticket._get_own_returnable(self.picking_id).values())
        expected = self.picking_id._get_expected_lots()
        picking = super()._create_return()
        if expected:
            # Odoo frees what is reserved for the returns before it.
            picking.do_unreserve()
            for other, lot, quantity in expected:
                other.action_assign()
                other._choose_lot(lot, quantity)
            picking.action_assign()
        if ticket.lot_id:
            picking._choose_lot(ticket.lot_id, own)
        picking._link_ticket(ticket)
        return picking

    def action_create_exchanges(self):
        """The exchange knows the ticket as the return does."""
        # sudo: the ticket is only linked
        ticket = self.service_ticket_id.sudo()
        if not ticket:
            return super().action_create_exchanges()
        before = ticket.env["stock.picking"].search(
            [("service_ticket_id", "=", ticket.id)]
        )
        action = super(
            StockReturnPicking, self.with_context(**{MADE_FROM: ticket.id})
        ).action_create_exchanges()
        made = ticket._get_pickings() - before
        made.filtered(lambda one: one.picking_type_code == "outgoing")._link_ticket(
            ticket
        )
        return action


class StockMove(models.Model):
    _inherit = "stock.move"

    def _get_new_picking_values(self):
        values = super()._get_new_picking_values()
        if ticket := self.env.context.get(MADE_FROM):
            values["service_ticket_id"] = ticket
        return values

    def _assign_picking_values(self, picking):
        values = super()._assign_picking_values(picking)
        ticket = self.env.context.get(MADE_FROM)
        if ticket and not picking.service_ticket_id:
            values["service_ticket_id"] = ticket
        return values


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _get_expected_lots(self):
        """Lots that come back for tickets already: ``[(return, lot, quantity)]``."""
        # sudo: what comes back, whoever makes the next return
        lines = self.sudo().move_ids.returned_move_ids.move_line_ids.filtered(
            lambda one: (
                one.state not in ("done", "cancel")
                and one.lot_id
                and one.picking_id.service_ticket_id
            )
        )
        return [
            (picking.sudo(self.env.su), lot, sum(some.mapped("quantity")))
            for (picking, lot), some in lines.grouped(
                lambda one: (one.picking_id, one.lot_id)
            ).items()
        ]

    def _choose_lot(self, lot, left):
        """Of what comes back the lot is known, as far as so much of it is out."""
        lines = self.move_line_ids.filtered(
            lambda one: one.product_id == lot.product_id
        )
        for line in lines.sorted(lambda one: one.lot_id != lot):
            if line.quantity <= left:
                line.lot_id = lot
                left -= line.quantity
