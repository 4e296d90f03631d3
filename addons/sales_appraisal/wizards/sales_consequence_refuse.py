from odoo import fields, models


class SalesConsequenceRefuse(models.TransientModel):
    """Asks why proposals are refused."""

    _name = "sales.consequence.refuse"
    _description = "Refusal of Proposals"

    consequence_ids = fields.Many2many(
        "sales.consequence",
        "sales_consequence_refuse_rel",
        "wizard_id",
        "consequence_id",
        "Proposals",
        required=True,
        readonly=True,
    )
    reason = fields.Text(required=True)

    def action_refuse(self):
        """:raise AccessError: when it is not the user's turn"""
        self.ensure_one()
        self.consequence_ids._decide("refused", self.reason)
        return {"type": "ir.actions.act_window_close"}
