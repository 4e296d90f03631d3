"""What a customer is waiting for, where a salesperson is about to sell more."""

from odoo import api, fields, models

from ..tickets.states import DONE
from .sales_service_source import GROUPS


class SalesServiceOpenMixin(models.AbstractModel):
    """A record with a customer: the customer's open tickets and their worst limit.

    Shown on forms only; of those tickets that the user may see.
    """

    _name = "sales.service.open.mixin"
    _description = "Open Tickets of the Customer"

    sales_open_ticket_count = fields.Integer(
        "Open Tickets", compute="_compute_sales_open_tickets", groups=GROUPS
    )
    sales_open_ticket_status = fields.Selection(
        [
            ("running", "Running"),
            ("warning", "Warning"),
            ("overdue", "Overdue"),
        ],
        "Worst Limit",
        compute="_compute_sales_open_tickets",
        groups=GROUPS,
    )

    def _get_sales_ticket_customer(self):
        """The commercial partner whose tickets are meant."""
        return self.partner_id.commercial_partner_id

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_sales_open_tickets(self):
        """With one query, whoever has tickets."""
        Ticket = self.env["sales.service.ticket"]
        customers = {one: one._get_sales_ticket_customer()._origin for one in self}
        ids = {customer.id for customer in customers.values() if customer}
        found = {}
        if ids:
            rows = Ticket._read_group(
                [
                    ("commercial_partner_id", "in", list(ids)),
                    ("state", "not in", DONE),
                ],
                ["commercial_partner_id"],
                ["__count", "deadline:min", "warn_at:min"],
            )
            found = {customer: rest for customer, *rest in rows}
        now = Ticket._get_now()
        for record, customer in customers.items():
            count, deadline, warn_at = found.get(customer, (0, None, None))
            record.sales_open_ticket_count = count
            if not deadline:
                record.sales_open_ticket_status = False
            elif deadline <= now:
                record.sales_open_ticket_status = "overdue"
            else:
                warns = warn_at and warn_at <= now
                record.sales_open_ticket_status = "warning" if warns else "running"

    def action_sales_open_tickets(self):
        """The open tickets of the customer that the user may see."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_ticket_customers_action"
        )
        customer = self._get_sales_ticket_customer()
        return {
            **action,
            "domain": [("commercial_partner_id", "=", customer.id)],
            "context": {
                "search_default_filter_open": 1,
                "default_partner_id": self._get_sales_ticket_contact().id,
            },
        }

    def _get_sales_ticket_contact(self):
        return self.partner_id


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "sales.service.open.mixin"]

    @api.depends("partner_id")
    def _compute_sales_open_tickets(self):
        return super()._compute_sales_open_tickets()


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "sales.service.open.mixin"]

    @api.depends("partner_id")
    def _compute_sales_open_tickets(self):
        return super()._compute_sales_open_tickets()


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "sales.service.open.mixin"]

    def _get_sales_ticket_customer(self):
        return self.commercial_partner_id

    def _get_sales_ticket_contact(self):
        return self
