from odoo import fields, models


class SalesServiceRefuse(models.TransientModel):
    """Refuse assignments, with a reason."""

    _name = "sales.service.refuse"
    _description = "Refuse Assignments"

    ticket_ids = fields.Many2many("sales.service.ticket", required=True, readonly=True)
    reason = fields.Char(required=True, help="It is written on the ticket.")

    def action_refuse(self):
        """See ``sales.service.ticket``."""
        self.ensure_one()
        self.ticket_ids.action_refuse(self.reason)
        return {"type": "ir.actions.act_window_close"}
