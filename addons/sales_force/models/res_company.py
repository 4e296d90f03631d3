from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from odoo import fields, models, tools


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

    sales_dormant_days = fields.Integer(
        "Dormant After (days)",
        default=90,
        help="A customer without an order or invoice for so many days is dormant.",
    )
    sales_lost_days = fields.Integer(
        "Lost After (days)",
        default=365,
        help="A customer without an order or invoice for so many days is lost.",
    )

    sales_appeal_days = fields.Integer(
        "Appeals Within (working days)",
        default=5,
        help="How long a rep can appeal against a decision on conduct.",
    )

    sales_recommend_months = fields.Integer(
        "By Sales of the Last (months)",
        default=24,
        help="Which products go together is derived from the sales of these months.",
    )
    sales_recommend_count = fields.Integer(
        "From So Many Customers",
        default=3,
        help="A product is recommended when so many customers or orders speak for it.",
    )

    _sales_appeal_positive = models.Constraint(
        "CHECK (sales_appeal_days > 0)", "A rep has one day at least to appeal."
    )
    _sales_recommend_positive = models.Constraint(
        "CHECK (sales_recommend_months > 0 AND sales_recommend_count > 0)",
        "Recommendations need one month and one customer at least.",
    )
    _sales_silence = models.Constraint(
        "CHECK (sales_dormant_days > 0 AND sales_lost_days > sales_dormant_days)",
        "Customers are dormant after at least one day, and lost later than that.",
    )

    def write(self, vals):
        collect = "sales_collect_at_validation"
        moved = "resource_calendar_id" in vals or any(
            collect in vals and company[collect] != vals[collect] for company in self
        )
        discounts = self.sale_discount_product_id
        result = super().write(vals)
        if moved:
            self.env.registry.clear_cache()
            self.env["sales.credit"]._mark_all()
        if "sale_discount_product_id" in vals:
            # A discount has no quantity.
            discounts += self.sale_discount_product_id
            self.env["sales.credit"]._mark("*product_id", discounts.ids)
        return result

    @tools.ormcache("self.id")
    def _get_sales_timezone(self):
        """The name of the timezone of the company's working calendar."""
        # sudo: only the calendar's timezone is read
        return self.sudo().resource_calendar_id.tz or "UTC"

    def _get_sales_date(self, moment):
        """The date of a moment (UTC, naive) where the company works."""
        zone = ZoneInfo(self._get_sales_timezone())
        return moment.replace(tzinfo=timezone.utc).astimezone(zone).date()

    def _get_sales_today(self):
        """Today where the company works."""
        self.ensure_one()
        return self._get_sales_date(datetime.now(timezone.utc))
