from odoo import fields, models


class SalesConductDecide(models.TransientModel):
    """Asks for the reason of a decision or an appeal."""

    _name = "sales.conduct.decide"
    _description = "Decision on Conduct"

    conduct_id = fields.Many2one(
        "sales.conduct", required=True, readonly=True, ondelete="cascade"
    )
    state = fields.Char("Status", required=True, readonly=True)
    reason = fields.Text(required=True)

    def action_apply(self):
        self.ensure_one()
        self.conduct_id._decide(self.state, self.reason)
        return {"type": "ir.actions.act_window_close"}
