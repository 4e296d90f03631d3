from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_collect_at_validation = fields.Boolean(
        "Count Validated Payments",
        help="Count payments without journal entry as collected when validated. "
        "Otherwise they count when the bank line is matched.",
    )
    sales_customer_protection = fields.Boolean(
        "Customer Protection",
        help="Reps read only customers that are theirs or their teams', that nobody "
        "owns, or that are on a document which they may read. Users without a role of "
        "Sales Force are not restricted.",
    )

    def write(self, vals):
        changed = "sales_collect_at_validation" in vals and any(
            company.sales_collect_at_validation != vals["sales_collect_at_validation"]
            for company in self
        )
        result = super().write(vals)
        if changed:
            self.env["sales.credit"]._mark_all()
        return result

    def _get_sales_today(self):
        """Today in the timezone of the company's working calendar."""
        self.ensure_one()
        # sudo: only the calendar's timezone is read
        zone = ZoneInfo(self.sudo().resource_calendar_id.tz or "UTC")
        return datetime.now(timezone.utc).astimezone(zone).date()
