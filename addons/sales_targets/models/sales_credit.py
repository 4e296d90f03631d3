from odoo import api, models

from ..work.source import WORK


class SalesCredit(models.Model):
    _inherit = "sales.credit"

    @api.model
    def _get_sources(self):
        return {**super()._get_sources(), WORK.code: WORK}
