from odoo import fields, models

from ..models.sales_customer_stage import STAGES


class SalesCustomerStageSet(models.TransientModel):
    """Let a stage of life count for some time, whatever documents say."""

    _name = "sales.customer.stage.set"
    _description = "Set Stage by Hand"

    customer_ids = fields.Many2many("sales.customer", required=True)
    stage = fields.Selection(STAGES, required=True)
    reason = fields.Char(required=True)
    until = fields.Date(required=True, help="The last day on which it counts.")

    def action_set(self):
        self.ensure_one()
        self.customer_ids._set_stage(self.stage, self.reason, self.until)
