from odoo import fields, models


class SalesVisitCancel(models.TransientModel):
    """Cancel visits whose day is over, with a reason."""

    _name = "sales.visit.cancel"
    _description = "Cancel Visits"

    visit_ids = fields.Many2many("sales.visit", required=True, readonly=True)
    reason = fields.Char(
        required=True, help="The visits do not count in the completion any more."
    )

    def action_cancel(self):
        """See ``sales.visit``."""
        self.ensure_one()
        self.visit_ids.action_cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
