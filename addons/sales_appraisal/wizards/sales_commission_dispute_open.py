from odoo import api, fields, models

from ..models.sales_commission_dispute import REASONS


class SalesCommissionDisputeOpen(models.TransientModel):
    """Asks what is wrong with a line of pay."""

    _name = "sales.commission.dispute.open"
    _description = "Disputing a Line of Commission"

    # Entries are no table to refer to: one that vanishes takes no wizard with it.
    entry_id = fields.Many2oneReference(model_field="entry_model", required=True)
    entry_model = fields.Char(default="sales.commission.entry", readonly=True)
    explanation = fields.Char("Paid As", compute="_compute_explanation")
    reason = fields.Selection(REASONS, required=True, default="data")
    text = fields.Text("What Is Wrong", required=True)
    evidence_ids = fields.Many2many("ir.attachment", string="Evidence")

    @api.depends("entry_id")
    def _compute_explanation(self):
        for wizard in self:
            wizard.explanation = wizard._get_entry().explanation

    def _get_entry(self):
        return self.env["sales.commission.entry"].browse(self.entry_id)

    def action_apply(self):
        """:raise UserError: when it is disputed already, or nothing is said"""
        self.ensure_one()
        dispute = self.env["sales.commission.dispute"]._open(
            self._get_entry(), self.reason, self.text, self.evidence_ids
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": dispute._name,
            "res_id": dispute.id,
            "views": [(False, "form")],
        }
