"""What service contracts include: work on tickets, visits, parts, and how fast."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import ormcache

from ..tickets.warranty import Claim


class SalesContract(models.Model):
    _inherit = "sales.contract"

    sla_id = fields.Many2one(
        "sales.service.sla",
        "Service Level",
        check_company=True,
        ondelete="restrict",
        help="The policy of tickets under this contract. Empty: as for anybody.",
    )
    response_hours = fields.Float(
        compute="_compute_response_hours", store=True, readonly=False
    )
    ticket_ids = fields.One2many("sales.service.ticket", "contract_id", "Tickets")
    visits_used = fields.Integer(compute="_compute_visits_used")

    @api.model_create_multi
    def create(self, vals_list):
        contracts = super().create(vals_list)
        if "service" in contracts.mapped("kind"):
            self.env.registry.clear_cache()
        return contracts

    def write(self, vals):
        result = super().write(vals)
        if vals.get("kind") == "service":
            self.env.registry.clear_cache()
        return result

    @api.model
    @ormcache()
    def _has_service(self):
        """Whether anybody has a service contract, so that tickets look for theirs."""
        # sudo: only whether there is one
        return bool(self.sudo().search_count([("kind", "=", "service")], limit=1))

    @api.depends("sla_id")
    def _compute_response_hours(self):
        for contract in self:
            contract.response_hours = (
                contract.sla_id.response_hours or contract.response_hours
            )

    def _compute_visits_used(self):
        used = self._count_visits()
        for contract in self:
            contract.visits_used = used[contract.root_id]

    def _count_visits(self):
        """Finished jobs of tickets under these contracts, by the first version."""
        used = defaultdict(int)
        # sudo: how many there were, whoever may see the jobs
        jobs = self.env["sales.service.job"].sudo()
        for contract, count in jobs._read_group(
            [
                ("ticket_id.contract_id.root_id", "in", self.root_id.ids),
                ("check_out", "!=", False),
            ],
            ["ticket_id.contract_id"],
            ["__count"],
        ):
            used[contract.root_id] += count
        return used

    def _get_agreed(self):
        return super()._get_agreed() | {"sla_id"}

    def _covers(self, product, day):
        """Whether this service contract includes work on a product on a day."""
        if not self._is_in_force(day):
            return False
        if not self.line_ids:
            return True
        return bool(product and self._get_line(product, day))


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    contract_id = fields.Many2one(
        "sales.contract",
        "Service Contract",
        compute="_compute_contract_id",
        store=True,
        index="btree_not_null",
        ondelete="set null",
        help="The customer's contract that includes this work.",
    )
    warranty = fields.Selection(
        selection_add=[("contract", "Included in contract")],
        ondelete={"contract": "set null"},
    )
    warranty_reason = fields.Selection(
        selection_add=[("contract", "A service contract includes it")],
        ondelete={"contract": "set null"},
    )

    @api.depends("product_id", "lot_id", "partner_id")
    def _compute_contract_id(self):
        found = self._get_service_contracts()
        for ticket in self:
            ticket.contract_id = found.get(ticket)

    def _get_service_contracts(self):
        """The contract that includes the work on each ticket, where there is one.

        On the day when the ticket came in, and while visits are left.
        """
        customers = self.commercial_partner_id._origin
        if not customers or not self.env["sales.contract"]._has_service():
            return {}
        contracts = (
            self.env["sales.contract"]
            # sudo: what a customer is entitled to, whoever takes the ticket down
            .sudo()
            .search(
                Domain("kind", "=", "service")
                & Domain("state", "=", "running")
                & Domain("commercial_partner_id", "in", customers.ids)
                & Domain("company_id", "in", self.company_id.ids),
                order="date_end, id",
            )
        )
        limited = contracts.filtered("visits_included")
        used = limited._count_visits() if limited else {}
        spent = limited.filtered(lambda one: used[one.root_id] >= one.visits_included)
        found = {}
        for ticket in self if contracts else ():
            company = ticket.company_id
            day = company._get_sales_date(ticket.opened_at or ticket._get_now())
            product = (ticket.lot_id or ticket).product_id
            # What was used up for this ticket is not taken from it again.
            left = contracts - spent + (spent & ticket._origin.contract_id)
            found[ticket] = next(
                (
                    one
                    for one in left
                    if one.company_id == company
                    and one.commercial_partner_id
                    == ticket.commercial_partner_id._origin
                    and one._covers(product, day)
                ),
                None,
            )
        return found

    @api.depends("contract_id")
    def _compute_warranty(self):
        return super()._compute_warranty()

    @api.depends("contract_id")
    def _compute_warranty_reason(self):
        return super()._compute_warranty_reason()

    def _get_claims(self):
        """Where no warranty holds, the customer's contract does."""
        claims = super()._get_claims()
        for ticket in self.filtered("contract_id"):
            if claims[ticket].state != "warranty":
                contract = ticket.contract_id.sudo()  # sudo: only its dates
                claims[ticket] = Claim(
                    "contract", "contract", contract.date_start, contract.date_end
                )
        return claims

    def _is_free(self, parts=False):
        """Whether the customer pays nothing for work, or for parts."""
        self.ensure_one()
        if self.warranty == "contract":
            # sudo: only what it includes
            return not parts or self.contract_id.sudo().parts_included
        return self.warranty == "warranty"


class SalesServiceSla(models.Model):
    _inherit = "sales.service.sla"

    @api.model
    def _get_for(self, tickets):
        """A contract's policy comes before all others."""
        result = super()._get_for(tickets)
        for ticket in tickets:
            # sudo: limits hold, whoever made the ticket
            if policy := ticket.contract_id.sudo().sla_id:
                result[ticket] = policy
        return result
