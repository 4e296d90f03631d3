from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from odoo import api, fields, models, tools


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

    sales_visit_length = fields.Integer(
        "Minutes Per Visit", default=30, help="What a visit is planned with."
    )
    sales_visits_per_day = fields.Integer(
        "Visits Per Day",
        default=8,
        help="So many visits are proposed for a full working day.",
    )
    sales_visit_speed = fields.Float(
        "Speed on the Way (km/h)",
        default=30.0,
        help="On average, in a straight line: sets the times of a day's visits.",
    )
    sales_visit_minutes = fields.Integer(
        "Effective From (minutes)",
        default=5,
        help="A visit counts when it lasted so long from check-in to check-out.",
    )
    sales_visit_radius = fields.Integer(
        "Near the Customer (m)",
        default=300,
        help="A check-in farther away is a signal; 0: never.",
    )
    sales_visit_accuracy = fields.Integer(
        "Accurate to (m)",
        default=150,
        help="A position that is less accurate is a signal; 0: never.",
    )
    sales_visit_top_speed = fields.Integer(
        "Impossible Speed (km/h)",
        default=150,
        help="Who was faster between two visits gives a signal; 0: never.",
    )
    sales_position_use = fields.Boolean(
        "Positions",
        default=True,
        help="Ask for the position at check-in and check-out. Reps consent first, and "
        "may refuse.",
    )
    sales_position_access = fields.Selection(
        [
            ("rep", "The rep alone"),
            ("manager", "The rep and the managers above"),
            ("director", "The rep and directors"),
        ],
        "Positions and Photos Are Seen By",
        default="manager",
        required=True,
        help="Whoever sees a visit sees its signals; this is about the positions and "
        "photos. A wider choice counts for those that are made from then on.",
    )
    sales_position_days = fields.Integer(
        "Keep Positions (days)", default=90, help="Then they are deleted; 0: never."
    )
    sales_photo_days = fields.Integer(
        "Keep Photos (days)", default=365, help="Then they are deleted; 0: never."
    )
    sales_map = fields.Selection(
        [
            ("amap", "Amap"),
            ("baidu", "Baidu Maps"),
            ("google", "Google Maps"),
            ("osm", "OpenStreetMap"),
        ],
        "Maps",
        help="Which map shows the way to a customer. Empty: Amap in China, else "
        "OpenStreetMap.",
    )
    sales_collection_user_id = fields.Many2one(
        "res.users",
        "Collections To",
        domain="[('share', '=', False)]",
        help="Gets an activity when a rep brings money from a visit. Empty: the rep's "
        "manager.",
    )

    _sales_visit_positive = models.Constraint(
        "CHECK (sales_visit_length > 0 AND sales_visits_per_day > 0 "
        "AND sales_visit_speed > 0)",
        "Visits take a minute, a day holds one, and reps move: give more than zero.",
    )
    _sales_visit_limits = models.Constraint(
        "CHECK (sales_visit_minutes >= 0 AND sales_visit_radius >= 0 "
        "AND sales_visit_accuracy >= 0 AND sales_visit_top_speed >= 0 "
        "AND sales_position_days >= 0 AND sales_photo_days >= 0)",
        "Limits of visits are not negative.",
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
        zones = {company: company._get_sales_timezone() for company in self}
        collects = any(
            collect in vals and company[collect] != vals[collect] for company in self
        )
        discounts = self.sale_discount_product_id
        result = super().write(vals)
        if "resource_calendar_id" in vals:
            self.env.registry.clear_cache()
        if collects or any(
            company._get_sales_timezone() != zone for company, zone in zones.items()
        ):
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

    def _get_sales_map(self):
        """The code of the map that shows ways."""
        # sudo: only a setting and the country
        company = self.sudo()
        china = company.country_id.code == "CN"
        return company.sales_map or ("amap" if china else "osm")

    def _get_sales_date(self, moment):
        """The date of a moment (UTC, naive) where the company works."""
        zone = ZoneInfo(self._get_sales_timezone())
        return moment.replace(tzinfo=timezone.utc).astimezone(zone).date()

    def _get_sales_today(self):
        """Today where the company works."""
        self.ensure_one()
        return self._get_sales_date(datetime.now(timezone.utc))

    def _get_sales_day(self, day=None):
        """When a day begins and ends where the company works, in UTC, naive.

        :param day: today by default
        """
        zone = ZoneInfo(self._get_sales_timezone())
        day = day or self._get_sales_today()
        return tuple(
            datetime.combine(one, datetime.min.time(), zone)
            .astimezone(timezone.utc)
            .replace(tzinfo=None)
            for one in (day, day + timedelta(days=1))
        )

    # Ready records of addons that do not know each other

    @api.model
    def _get_appraisal_files(self):
        """Data files with templates, boards and rules that each company begins with.

        An addon registers what it has for its own people; the records are made where
        appraisal is installed, whichever of both came first.

        :return: ``[(addon, path within the addon)]``
        """
        return []

    @api.model
    def _make_appraisal_defaults(self, addon):
        """An addon that registered files was installed: appraisal makes its records."""
