from odoo import fields, models


class SalesApprovalRefuse(models.TransientModel):
    """Asks why, of one request or many."""

    _name = "sales.approval.refuse"
    _description = "Refuse Approval"

    request_ids = fields.Many2many(
        "sales.approval.request", string="Requests", required=True, readonly=True
    )
    comment = fields.Text(required=True)

    def action_apply(self):
        self.ensure_one()
        self.request_ids.action_refuse(self.comment)
        return {"type": "ir.actions.act_window_close"}
