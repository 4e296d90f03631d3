from odoo import fields, models


class SalesCommissionReturn(models.TransientModel):
    """Asks why statements are sent back."""

    _name = "sales.commission.return"
    _description = "Sending Back of Commission Statements"

    statement_ids = fields.Many2many(
        "sales.commission.statement",
        "sales_commission_return_rel",
        "wizard_id",
        "statement_id",
        "Statements",
        required=True,
        readonly=True,
    )
    reason = fields.Text(required=True)

    def action_apply(self):
        """:raise AccessError: for who may not send them back"""
        self.ensure_one()
        return self.statement_ids._return(self.reason)
