from odoo import api, fields, models

from odoo.addons.sales_force.models.sales_credit import LedgerMany2one

from ..models.sales_commission_dispute import REASONS


class SalesCommissionDisputeOpen(models.TransientModel):
    """Asks what is wrong with a line of pay."""

    _name = "sales.commission.dispute.open"
    _description = "Disputing a Line of Commission"

    entry_id = LedgerMany2one("sales.commission.entry", required=True, readonly=True)
    explanation = fields.Char("Paid As", compute="_compute_explanation")
    reason = fields.Selection(REASONS, required=True, default="data")
    text = fields.Text("What Is Wrong", required=True)
    evidence_ids = fields.Many2many("ir.attachment", string="Evidence")

    @api.depends("entry_id")
    def _compute_explanation(self):
        # What is computed of a line is told to who may read it.
        self.entry_id.check_access("read")
        for wizard in self:
            wizard.explanation = wizard.entry_id.explanation

    def action_apply(self):
        """:raise UserError: when it is disputed already, or nothing is said"""
        self.ensure_one()
        dispute = self.env["sales.commission.dispute"]._open(
            self.entry_id, self.reason, self.text, self.evidence_ids
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": dispute._name,
            "res_id": dispute.id,
            "views": [(False, "form")],
        }
