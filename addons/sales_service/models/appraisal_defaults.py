from odoo import api, models

ADDON = "sales_service"


class ResCompany(models.Model):
    """What each company begins with where appraisal is installed too."""

    _inherit = "res.company"

    @api.model
    def _get_appraisal_files(self):
        return [
            *super()._get_appraisal_files(),
            (ADDON, "appraisal/sales_scorecard_data.xml"),
        ]
