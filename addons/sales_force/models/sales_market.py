from odoo import api, fields, models
from odoo.exceptions import ValidationError

_MANAGERS = "sales_force.group_sales_manager,sales_force.group_sales_operations"


class SalesMarket(models.Model):
    """How large a market is, by whom that is said, and which part is ours.

    Amounts are in company currency, untaxed, of a territory with all below it and of
    the days from the first to the last.
    """

    _name = "sales.market"
    _description = "Market Size"
    _order = "date_from desc, territory_id, id"
    _rec_name = "territory_id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    territory_id = fields.Many2one(
        "sales.territory",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", required=True)
    size = fields.Monetary(
        "Market Size", required=True, help="What all sellers invoice, untaxed."
    )
    source = fields.Char(
        required=True, help="Who says so: a study, an association, an own estimate."
    )
    source_date = fields.Date("As Of", required=True, help="When the source said so.")
    invoiced = fields.Monetary(
        "Our Sales",
        compute="_compute_share",
        help="Invoiced to customers of the territory and below, to this day, without "
        "overlays.",
    )
    share = fields.Float(
        "Market Share (%)",
        compute="_compute_share",
        digits=(16, 2),
        aggregator=None,
        help="While the period runs, of its days so far, with their part of the size.",
    )

    _size_positive = models.Constraint(
        "CHECK (size > 0)", "The size of a market is more than zero."
    )
    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "A period ends after it begins."
    )

    @api.constrains("territory_id", "date_from", "date_to", "company_id")
    def _check_overlap(self):
        """One figure for a territory and day."""
        for market in self:
            other = self.search(
                [
                    ("id", "!=", market.id),
                    ("company_id", "=", market.company_id.id),
                    ("territory_id", "=", market.territory_id.id),
                    ("date_from", "<=", market.date_to),
                    ("date_to", ">=", market.date_from),
                ],
                limit=1,
            )
            if other:
                raise ValidationError(
                    self.env._(
                        "The market of %(territory)s has a size from %(start)s to "
                        "%(stop)s already.",
                        territory=market.territory_id.name,
                        start=other.date_from,
                        stop=other.date_to,
                    )
                )

    @api.depends("territory_id", "date_from", "date_to", "size", "company_id")
    def _compute_share(self):
        """With one query for each period, not for each territory."""
        metric = self._get_metric()
        self.invoiced = self.share = 0.0
        for (company, start, stop), markets in self.grouped(
            lambda market: (market.company_id, market.date_from, market._get_last_day())
        ).items():
            if not (metric and start and stop and start <= stop):
                continue
            territories = markets.territory_id
            sums = metric._sum_by_territory(company, territories, start, stop)
            for market in markets.filtered("territory_id"):
                values = sums[market.territory_id]
                share = metric._evaluate(values, market._prorate(start, stop))
                market.invoiced = values[metric.numerator_id.id]
                market.share = 100 * (share or 0.0)

    @api.model
    def _get_metric(self):
        """MARKET_SHARE, unless it was deleted."""
        xml_id = "sales_force.sales_metric_market_share"
        return self.env.ref(xml_id, raise_if_not_found=False)

    def _get_last_day(self):
        """The period's last day that is not to come."""
        today = self.company_id._get_sales_today()
        return self.date_to and min(self.date_to, today)

    def _prorate(self, start, stop):
        """The part of the size that falls on the days between two, these included."""
        days = self._count_days(start, stop)
        return self.size * days / ((self.date_to - self.date_from).days + 1)

    def _count_days(self, start, stop):
        days = min(self.date_to, stop) - max(self.date_from, start)
        return max(0, days.days + 1)

    @api.model
    def _get_sizes(self, company, territories, start, stop):
        """How large the markets of territories were between two days, pro rata.

        :return: ``{territory: size in company currency}``, without those of which no
            size is known on one of the days
        """
        sizes = {}
        markets = self.search(
            [
                ("company_id", "=", company.id),
                ("territory_id", "in", territories.ids),
                ("date_from", "<=", stop),
                ("date_to", ">=", start),
            ]
        )
        for territory, found in markets.grouped("territory_id").items():
            known = sum(market._count_days(start, stop) for market in found)
            if known == (stop - start).days + 1:
                sizes[territory] = sum(m._prorate(start, stop) for m in found)
        return sizes


class SalesTerritory(models.Model):
    _inherit = "sales.territory"

    market_share = fields.Float(
        "Market Share This Year (%)",
        compute="_compute_market_share",
        digits=(16, 2),
        aggregator=None,
        groups=_MANAGERS,
        help="Of this year's days so far, with all below; 0 where the size of the "
        "market is not known for all of them.",
    )

    @api.depends_context("company")
    def _compute_market_share(self):
        metric = self.env["sales.market"]._get_metric()
        company = self.env.company
        today = company._get_sales_today()
        shares = {}
        if metric:
            shares = metric._evaluate_by_territory(
                company, self._origin, today.replace(month=1, day=1), today
            )
        for territory in self:
            territory.market_share = 100 * (shares.get(territory._origin) or 0.0)
