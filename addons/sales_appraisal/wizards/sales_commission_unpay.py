from odoo import fields, models


class SalesCommissionUnpay(models.TransientModel):
    """Asks why payments are taken back."""

    _name = "sales.commission.unpay"
    _description = "Take Commission Payments Back"

    statement_ids = fields.Many2many(
        "sales.commission.statement",
        "sales_commission_unpay_rel",
        "wizard_id",
        "statement_id",
        "Statements",
        required=True,
        readonly=True,
    )
    reason = fields.Char(required=True)

    def action_apply(self):
        """:raise AccessError: for who is not finance, and on one's own pay"""
        self.ensure_one()
        self.statement_ids._unpay(self.reason)
        return {"type": "ir.actions.act_window_close"}
