"""Orders for what a ticket's customer pays: parts and hours."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.sales_force.locking import write_lock


class SaleOrder(models.Model):
    _inherit = "sale.order"

    sales_service_ticket_id = fields.Many2one(
        "sales.service.ticket",
        "Service Ticket",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Of which parts and hours are on this order.",
    )

    def action_open_service_ticket(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sales.service.ticket",
            "res_id": self.sales_service_ticket_id.id,
            "views": [(False, "form")],
        }


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    hour_product_id = fields.Many2one(
        "product.product",
        "Hours Are Invoiced As",
        check_company=True,
        index="btree_not_null",
        domain=[("type", "=", "service")],
        help="Worked hours that the customer pays come on the ticket's order as this "
        "service, in hours. Empty: hours are not invoiced.",
    )


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    service_order_ids = fields.One2many(
        "sale.order", "sales_service_ticket_id", "Orders of the Work"
    )
    service_order_count = fields.Integer(
        "Work Orders", compute="_compute_service_order_count"
    )

    @api.depends("service_order_ids")
    @api.depends_context("uid")
    def _compute_service_order_count(self):
        """Of the orders that the user may see."""
        Order = self.env["sale.order"]
        counts = {}
        if Order.has_access("read"):
            counts = dict(
                Order._read_group(
                    [("sales_service_ticket_id", "in", self.ids)],
                    ["sales_service_ticket_id"],
                    ["__count"],
                )
            )
        for ticket in self:
            ticket.service_order_count = counts.get(ticket._origin, 0)

    def _get_service_order(self):
        """The draft order that takes the ticket's parts and hours; made where missing.

        Once it is sent or confirmed it is left alone, and the next is made. Returned as
        superuser: agents have no right to orders.

        :raise UserError: for a ticket without a customer
        """
        self.ensure_one()
        if not self.partner_id:
            raise UserError(
                self.env._(
                    "%(ticket)s: say which customer it is first.",
                    ticket=self.display_name,
                )
            )
        # Of two at once the second finds what the first has made.
        write_lock(self)
        # sudo: who works on a ticket puts on its order what was used, nothing else
        Order = self.env["sale.order"].sudo().with_company(self.company_id)
        return Order.search(
            [("sales_service_ticket_id", "=", self.id), ("state", "=", "draft")],
            order="id desc",
            limit=1,
        ) or Order.create(
            {
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "origin": self.number,
                "sales_service_ticket_id": self.id,
            }
        )

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
                line.name += f"\n{order.env._('Under warranty')}"
                line.price_unit = 0.0
        return found

    def action_open_service_orders(self):
        """The orders of the work, as far as the user may see them."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Work Orders"),
            "res_model": "sale.order",
            "views": [(False, "list"), (False, "form")],
            "domain": [("sales_service_ticket_id", "=", self.id)],
            "context": {"create": False},
        }


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
                }
            )
