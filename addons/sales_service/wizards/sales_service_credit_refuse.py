from odoo import fields, models


class SalesServiceCreditRefuse(models.TransientModel):
    """Refuse a credit note, with a reason."""

    _name = "sales.service.credit.refuse"
    _description = "Refuse a Credit Note"

    credit_id = fields.Many2one("sales.service.credit", required=True, readonly=True)
    reason = fields.Char(required=True, help="Who has asked reads it on the ticket.")

    def action_refuse(self):
        """See ``sales.service.credit``."""
        self.ensure_one()
        self.credit_id.action_refuse(self.reason)
        return {"type": "ir.actions.act_window_close"}
