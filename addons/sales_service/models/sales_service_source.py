"""Tickets from the documents and customers that they are about."""

from odoo import api, fields, models

GROUPS = "sales_service.group_service_agent,sales_force.group_sales_rep"


def _only(records):
    """The id of the one that is meant, where there is but one."""
    return records.id if len(records) == 1 else False


class SalesServiceSourceMixin(models.AbstractModel):
    """A record that tickets are about: how many, and a new one with what is known."""

    _name = "sales.service.source.mixin"
    _description = "Source of Tickets"

    # The ticket's field that leads to the record.
    _sales_ticket_field = None

    # Only for those who work with tickets: nobody else's screen counts them.
    sales_ticket_count = fields.Integer(
        "Tickets", compute="_compute_sales_ticket_count", groups=GROUPS
    )

    @api.depends_context("uid")
    def _compute_sales_ticket_count(self):
        counts = self._count_sales_tickets(self._sales_ticket_field)
        for record in self:
            record.sales_ticket_count = counts.get(record._origin, 0)

    def _count_sales_tickets(self, name):
        return dict(
            self.env["sales.service.ticket"]._read_group(
                [(name, "in", self.ids)], [name], ["__count"]
            )
        )

    def _get_sales_tickets_domain(self):
        return [(self._sales_ticket_field, "in", self.ids)]

    def _prepare_sales_ticket(self):
        """What a new ticket about the record begins with."""
        self.ensure_one()
        return {
            self._sales_ticket_field: self.id,
            "channel": "document",
            "company_id": (self.company_id or self.env.company).id,
            "partner_id": self.partner_id.id,
        }

    def action_sales_tickets(self):
        """The tickets about the record, in which “New” begins with what is known."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_ticket_action"
        )
        defaults = self._prepare_sales_ticket()
        action.update(
            domain=self._get_sales_tickets_domain(),
            context={f"default_{name}": value for name, value in defaults.items()},
        )
        # The path is that of all tickets.
        action.pop("path", None)
        if not self.sales_ticket_count:
            action["views"] = [(False, "form")]
        return action


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "sales.service.source.mixin"]
    _sales_ticket_field = "partner_id"

    @api.depends_context("uid")
    def _compute_sales_ticket_count(self):
        """Of a company with those of its contacts."""
        whole = self.filtered(lambda one: one.commercial_partner_id == one)
        counts = {
            **(self - whole)._count_sales_tickets("partner_id"),
            **whole._count_sales_tickets("commercial_partner_id"),
        }
        for partner in self:
            partner.sales_ticket_count = counts.get(partner._origin, 0)

    def _get_sales_tickets_domain(self):
        if self.commercial_partner_id == self:
            return [("commercial_partner_id", "=", self.id)]
        return super()._get_sales_tickets_domain()

    def _prepare_sales_ticket(self):
        return {
            "partner_id": self.id,
            "company_id": (self.company_id or self.env.company).id,
        }


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "sales.service.source.mixin"]
    _sales_ticket_field = "sale_order_id"

    def _prepare_sales_ticket(self):
        return {
            **super()._prepare_sales_ticket(),
            "product_id": _only(self.order_line.product_id),
        }


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "sales.service.source.mixin"]
    _sales_ticket_field = "picking_id"

    def _prepare_sales_ticket(self):
        return {
            **super()._prepare_sales_ticket(),
            # sudo: the number of the order; it opens as far as the user's rights go
            "sale_order_id": self.sudo().sale_id.id,
            "product_id": _only(self.move_ids.product_id),
            "lot_id": _only(self.move_line_ids.lot_id),
        }


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "sales.service.source.mixin"]
    _sales_ticket_field = "invoice_id"

    def _prepare_sales_ticket(self):
        # sudo: the number of the order; it opens as far as the user's rights go
        orders = self.sudo().invoice_line_ids.sale_line_ids.order_id
        return {
            **super()._prepare_sales_ticket(),
            "sale_order_id": _only(orders),
            "product_id": _only(self.invoice_line_ids.product_id),
        }


class StockLot(models.Model):
    _name = "stock.lot"
    _inherit = ["stock.lot", "sales.service.source.mixin"]
    _sales_ticket_field = "lot_id"

    def _prepare_sales_ticket(self):
        # sudo: who has it now; order and customer open as far as the user's rights go
        order = self.sudo().sale_order_ids[-1:]
        return {
            "lot_id": self.id,
            "channel": "document",
            "company_id": (self.company_id or self.env.company).id,
            "product_id": self.product_id.id,
            "sale_order_id": order.id,
            "partner_id": order.partner_id.id,
        }


class SalesVisit(models.Model):
    _name = "sales.visit"
    _inherit = ["sales.visit", "sales.service.source.mixin"]
    _sales_ticket_field = "visit_id"
