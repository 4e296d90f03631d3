from odoo import api, fields, models


class SalesServiceJobLineMixin(models.AbstractModel):
    """What is written down about a job until its report is sealed."""

    _name = "sales.service.job.line.mixin"
    _description = "Line of a Job"
    _inherit = ["sales.stamped.mixin"]

    job_id = fields.Many2one(
        "sales.service.job", required=True, index=True, ondelete="cascade"
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.job_id._check_unsealed()
        return lines

    def write(self, vals):
        self.job_id._check_unsealed()
        result = super().write(vals)
        if "job_id" in vals:
            self.job_id._check_unsealed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sealed(self):
        self.job_id._check_unsealed()
