from odoo import api, fields, models

from ..models.sales_commission_entry_text import exact


class SalesCommissionDisputeDecide(models.TransientModel):
    """Asks what becomes of a dispute, and why."""

    _name = "sales.commission.dispute.decide"
    _description = "Decision on a Commission Dispute"

    dispute_id = fields.Many2one(
        "sales.commission.dispute", required=True, readonly=True, ondelete="cascade"
    )
    text = fields.Text(related="dispute_id.text", related_sudo=False)
    currency_id = fields.Many2one(related="dispute_id.currency_id", related_sudo=False)
    paid = fields.Monetary(compute="_compute_paid", string="Paid Now")
    hindrance = fields.Char(compute="_compute_hindrance")
    outcome = fields.Selection(
        [
            ("corrected", "Pay another amount"),
            ("facts", "The documents were corrected"),
            ("refused", "Refuse"),
        ],
        required=True,
    )
    amount = fields.Monetary(
        "To Be Paid",
        compute="_compute_amount",
        # Whoever makes up a wizard is told no more than the dispute's reader.
        compute_sudo=False,
        store=True,
        readonly=False,
        help="For the document or reward altogether, instead of what is paid now.",
    )
    difference = fields.Monetary(compute="_compute_difference")
    decision = fields.Text("Why", required=True)

    @api.depends("dispute_id")
    def _compute_paid(self):
        for wizard in self:
            wizard.paid = float(wizard.dispute_id._get_paid())

    @api.depends("dispute_id")
    @api.depends_context("lang")
    def _compute_hindrance(self):
        for wizard in self:
            wizard.hindrance = wizard.dispute_id._get_hindrance()

    @api.depends("dispute_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.paid

    @api.depends("paid", "amount")
    def _compute_difference(self):
        for wizard in self:
            wizard.difference = float(exact(wizard.amount) - exact(wizard.paid))

    def action_apply(self):
        """:raise AccessError: for who does not approve the pay
        :raise UserError: when it is decided already, or something is missing"""
        self.ensure_one()
        dispute = self.dispute_id
        if self.outcome == "corrected":
            dispute._correct(self.amount, self.decision)
        elif self.outcome == "facts":
            dispute._accept_facts(self.decision)
        else:
            dispute._refuse_dispute(self.decision)
        return {"type": "ir.actions.act_window_close"}
