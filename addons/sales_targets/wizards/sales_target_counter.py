from odoo import fields, models

from .. import asked


class SalesTargetCounter(models.TransientModel):
    """Asks a rep which target it should be instead, and why."""

    _name = "sales.target.counter"
    _description = "Counter-proposal of a Target"

    target_id = fields.Many2one(
        "sales.target", required=True, readonly=True, ondelete="cascade"
    )
    current = fields.Float(related="target_id.value", string="Target Now")
    value = fields.Float("Proposed Instead", digits=(16, 2), required=True)
    reason = fields.Text(required=True)

    def action_apply(self):
        """:raise AccessError: for the target of somebody else"""
        asked.one(self)
        self.target_id.action_counter(self.value, self.reason)
        return {"type": "ir.actions.act_window_close"}
