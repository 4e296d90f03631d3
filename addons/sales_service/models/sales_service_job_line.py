from odoo import api, fields, models

from odoo.addons.sales_force.locking import write_lock


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
        # Who seals the report at the same moment comes before or after.
        write_lock(
            self.env["sales.service.job"].browse(
                {vals["job_id"] for vals in vals_list if vals.get("job_id")}
            )
        )
        lines = super().create(vals_list)
        lines.job_id._check_unsealed()
        return lines

    def write(self, vals):
        self.job_id._check_unsealed()
        result = super().write(vals)
        if "job_id" in vals:
            self.job_id._check_unsealed()
        return result

    def unlink(self):
        self.job_id._check_unsealed()
        return super().unlink()
