from odoo import api, models


class SalesCalendarDay(models.Model):
    _inherit = "sales.calendar.day"

    @api.model_create_multi
    def create(self, vals_list):
        days = super().create(vals_list)
        self._spread_targets()
        return days

    def write(self, vals):
        result = super().write(vals)
        self._spread_targets()
        return result

    def unlink(self):
        result = super().unlink()
        self._spread_targets()
        return result

    @api.model
    def _spread_targets(self):
        """Months go over other days now: soon, not only at night."""
        # sudo: whoever changes the calendar changes days of targets
        self.env.ref("sales_targets.ir_cron_derive_days").sudo()._trigger()
