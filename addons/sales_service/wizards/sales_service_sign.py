from odoo import api, fields, models


class SalesServiceSign(models.TransientModel):
    """The customer signs for a job, on the agent's phone."""

    _name = "sales.service.sign"
    _description = "Customer's Signature"

    job_id = fields.Many2one("sales.service.job", required=True, readonly=True)
    work_done = fields.Text(related="job_id.work_done")
    part_ids = fields.One2many(related="job_id.part_ids")
    signed_by = fields.Char(required=True)
    signature = fields.Image(required=True)

    @api.model_create_multi
    def create(self, vals_list):
        dialogs = super().create(vals_list)
        # Its name says whose ticket it is.
        dialogs.job_id.check_access("write")
        return dialogs

    def action_sign(self):
        """See ``sales.service.job``."""
        self.ensure_one()
        self.job_id.action_sign(self.signature, self.signed_by)
        return {"type": "ir.actions.act_window_close"}
