from odoo import fields, models

from .. import asked


class SalesTargetSet(models.TransientModel):
    """Fixes a target at a value, or lets it go; the others take the rest."""

    _name = "sales.target.set"
    _description = "Change of a Target by Hand"

    target_id = fields.Many2one(
        "sales.target", required=True, readonly=True, ondelete="cascade"
    )
    current = fields.Float(related="target_id.value", string="Target Now")
    locked = fields.Boolean(related="target_id.locked")
    plan_state = fields.Selection(related="target_id.plan_state")
    value = fields.Float("New Target", digits=(16, 2))
    reason = fields.Char(help="Of the new version of the plan.")

    def action_apply(self):
        """:raise UserError: when locks and limits cannot be met together"""
        asked.one(self)
        self.target_id.plan_id.set_cells(
            [{"id": self.target_id.id, "value": self.value}], self.reason
        )
        return {"type": "ir.actions.act_window_close"}

    def action_unlock(self):
        """Let the target be divided by weights again."""
        asked.one(self)
        self.target_id.plan_id.set_cells(
            [{"id": self.target_id.id, "locked": False}], self.reason
        )
        return {"type": "ir.actions.act_window_close"}
