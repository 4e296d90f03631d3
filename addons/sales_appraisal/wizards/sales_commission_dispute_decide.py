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
    outcome = fields.Selection(
        [
            ("corrected", "Correct by an amount"),
            ("facts", "The documents were corrected"),
            ("refused", "Refuse"),
        ],
        required=True,
        help="By an amount: an entry in the rep's open statement, beside whatever the "
        "documents make it. The documents were corrected: what follows from them is on "
        "the statement by itself.",
    )
    amount = fields.Monetary(
        "Paid More or Less", help="Negative where too much was paid."
    )
    after = fields.Monetary(compute="_compute_after", string="Paid Then")
    decision = fields.Text("Why", required=True)

    @api.depends("dispute_id")
    def _compute_paid(self):
        for wizard in self:
            wizard.paid = float(wizard.dispute_id._get_paid())

    @api.depends("paid", "amount", "outcome")
    def _compute_after(self):
        for wizard in self:
            more = wizard.amount if wizard.outcome == "corrected" else 0
            wizard.after = float(exact(wizard.paid) + exact(more))

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
