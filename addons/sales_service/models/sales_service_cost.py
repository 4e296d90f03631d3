"""What the work on a ticket costs the company."""

from odoo import api, fields, models

from ..tickets import cost
from .sales_service_job import COST_GROUPS


class SalesServiceAgent(models.Model):
    _inherit = "sales.service.agent"

    currency_id = fields.Many2one(related="company_id.currency_id")
    hourly_cost = fields.Monetary(
        groups=COST_GROUPS,
        help="Of an hour of work or on the way. Jobs keep what it was on their day.",
    )
    km_cost = fields.Monetary("Cost of a Kilometre", groups=COST_GROUPS)

    _costs_positive = models.Constraint(
        "CHECK (hourly_cost >= 0 AND km_cost >= 0)", "A cost is not negative."
    )


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    currency_id = fields.Many2one(related="company_id.currency_id")
    cost_work = fields.Monetary(
        "Labor Cost",
        compute="_compute_cost",
        compute_sudo=True,
        groups=COST_GROUPS,
        help="Hours worked on site, at the cost of the agent's hour.",
    )
    cost_travel = fields.Monetary(
        "Travel Cost",
        compute="_compute_cost",
        compute_sudo=True,
        groups=COST_GROUPS,
        help="Hours and kilometres travelled.",
    )
    cost_parts = fields.Monetary(
        "Parts Cost",
        compute="_compute_cost",
        compute_sudo=True,
        groups=COST_GROUPS,
        help="The value of the parts booked, as it was then, less what came back.",
    )
    cost_credit = fields.Monetary(
        "Credited",
        compute="_compute_cost",
        compute_sudo=True,
        groups=COST_GROUPS,
        help="Posted credit notes of the ticket, without tax.",
    )
    cost_total = fields.Monetary(
        "Total Cost",
        compute="_compute_cost",
        compute_sudo=True,
        groups=COST_GROUPS,
        help="Labor, travel, parts and credit.",
    )

    @api.depends(
        *("job_ids.worked_minutes", "job_ids.travel_minutes", "job_ids.travel_km"),
        *("job_ids.hourly_cost", "job_ids.km_cost", "job_ids.part_ids.cost"),
        "job_ids.part_ids.move_id.returned_move_ids.state",
        *("invoice_id.state", "invoice_id.amount_untaxed_signed"),
    )
    def _compute_cost(self):
        made = self.env["account.move"].search([("service_ticket_id", "in", self.ids)])
        notes = made.grouped("service_ticket_id")
        for ticket in self:
            jobs = ticket.job_ids
            ticket.cost_work = cost.work(
                (job.worked_minutes, job.hourly_cost) for job in jobs
            )
            ticket.cost_travel = cost.travel(
                (job.travel_minutes, job.travel_km, job.hourly_cost, job.km_cost)
                for job in jobs
            )
            ticket.cost_parts = sum(part._get_kept_cost() for part in jobs.part_ids)
            credit = (
                ticket.invoice_id | notes.get(ticket._origin, made.browse())
            ).filtered(
                lambda one: one.move_type == "out_refund" and one.state == "posted"
            )
            # Of a credit note the company's amount is negative.
            ticket.cost_credit = -sum(credit.mapped("amount_untaxed_signed"))
            ticket.cost_total = (
                ticket.cost_work
                + ticket.cost_travel
                + ticket.cost_parts
                + ticket.cost_credit
            )
