"""Orders for what a ticket's customer pays: parts and hours."""

from odoo import fields, models
from odoo.fields import Command

from odoo.addons.sales_force.locking import write_lock


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "sales.service.made.mixin"]

    def _get_update_prices_lines(self):
        """Another pricelist puts no price on what is under warranty."""
        lines = super()._get_update_prices_lines()
        # sudo: who prices the order need not see the parts used
        parts = self.env["sales.service.part"].sudo()
        free = parts.search(
            [("order_line_id", "in", lines.ids), ("charge", "=", "warranty")]
        )
        return lines - free.order_line_id


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    hour_product_id = fields.Many2one(
        "product.product",
        "Service Product for Hours",
        check_company=True,
        index="btree_not_null",
        domain=[("type", "=", "service")],
        help="Worked hours that the customer pays come on the ticket's order as this "
        "service, in hours. Empty: hours are not invoiced.",
    )


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    service_order_ids = fields.One2many(
        "sale.order", "service_ticket_id", "Orders of the Work"
    )

    def _find_service_order(self):
        """The ticket's draft quotation, as superuser; none where there is none.

        Not that of a customer whom the ticket was about before.
        """
        self.ensure_one()
        # Of two at once the second finds what the first has made.
        write_lock(self)
        # sudo: agents have no right to orders, and put on that of a ticket what it took
        ticket = self.sudo()
        orders = ticket.env["sale.order"].with_company(ticket.company_id)
        return orders.search(
            [
                ("service_ticket_id", "=", self.id),
                ("state", "=", "draft"),
                (
                    "partner_id.commercial_partner_id",
                    "=",
                    ticket.commercial_partner_id.id,
                ),
            ],
            order="id desc",
            limit=1,
        )

    def _make_service_order(self):
        """A draft quotation that the customer's salesperson prices and sends.

        :raise UserError: for a ticket without a customer
        """
        self.ensure_one()
        # sudo: as in _find_service_order
        ticket = self.sudo()
        ticket._check_customer()
        order = (
            ticket.env["sale.order"]
            .with_company(ticket.company_id)
            .create(
                {
                    "partner_id": ticket.partner_id.id,
                    "company_id": ticket.company_id.id,
                    "origin": ticket.number,
                    "service_ticket_id": ticket.id,
                }
            )
        )
        # The default is whoever asks, who need be nobody who sells.
        order.user_id = ticket.commercial_partner_id.user_id
        order._link_ticket(ticket)
        return order

    def _get_service_order(self):
        """The draft quotation that takes the ticket's parts and hours.

        Once it is sent or confirmed it is left alone, and the next is made. Returned as
        superuser: agents have no right to orders.

        :raise UserError: for a ticket without a customer
        """
        return self._find_service_order() or self._make_service_order()

    def _make_quotation(self, note=None):
        """The ticket's draft quotation with what it is for; its salesperson hears once.

        An agent asks for it and sets no price.
        """
        self.check_access("write")
        order = self._get_service_order()
        notes = order.order_line.filtered(lambda one: one.display_type == "line_note")
        if note not in notes.mapped("name") and (note or not notes):
            order.order_line = [
                Command.create({"display_type": "line_note", "name": note or self.name})
            ]
        seller = order.user_id
        if seller and order.company_id in seller.company_ids:
            words = order.with_context(lang=seller.lang).env
            summary = words._("Price the work of ticket %(number)s", number=self.number)
            if summary not in order.activity_ids.mapped("summary"):
                order.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=summary,
                    user_id=seller.id,
                )
        return order

    def _add_parts(self, parts):
        """Put parts used on the order, those under warranty for nothing.

        :return: ``{part: order line}``
        """
        order = self._get_service_order()
        order = order.with_context(lang=order.partner_id.lang or self.env.lang)
        lines = order.order_line.create(
            [
                {
                    "order_id": order.id,
                    "product_id": part.product_id.id,
                    "product_uom_qty": part.quantity,
                    "product_uom_id": part.product_id.uom_id.id,
                }
                for part in parts
            ]
        )
        found = dict(zip(parts, lines, strict=True))
        for part, line in found.items():
            if part.charge == "warranty":
                words = order.env._("Under warranty")
                if self.warranty == "contract":
                    words = order.env._("Included in contract")
                line.name += f"\n{words}"
                line.price_unit = 0.0
        return found


class SalesServiceJob(models.Model):
    """Invoicing hours."""

    _inherit = "sales.service.job"

    hour_line_id = fields.Many2one(
        "sale.order.line",
        "Order Line of the Hours",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    def _charge_hours(self):
        """Put the hours worked on the ticket's order, where the customer pays them."""
        hour = self.env.ref("uom.product_uom_hour")
        for job in self:
            product = job.ticket_id.team_id.hour_product_id
            if not (product and job.is_charged and job.worked_minutes):
                continue
            order = job.ticket_id._get_service_order()
            job.hour_line_id = order.order_line.create(
                {
                    "order_id": order.id,
                    "product_id": product.id,
                    "product_uom_qty": job.worked_minutes / 60,
                    # Of a service that is sold by the day an hour is a part of that.
                    "product_uom_id": hour.id
                    if hour._has_common_reference(product.uom_id)
                    else product.uom_id.id,
                }
            )
