from odoo import fields, models


class CrmLeadLost(models.TransientModel):
    _inherit = "crm.lead.lost"

    sales_lost_to_id = fields.Many2one("sales.competitor", "Lost To")

    def action_lost_reason_apply(self):
        if self.sales_lost_to_id:
            self.lead_ids.write({"sales_lost_to_id": self.sales_lost_to_id.id})
        return super().action_lost_reason_apply()
