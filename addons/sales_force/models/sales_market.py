from odoo import api, fields, models
from odoo.exceptions import ValidationError


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
        help="Invoiced to customers of the territory and below, without overlays.",
    )
    share = fields.Float(
        "Market Share (%)", compute="_compute_share", digits=(16, 2), aggregator=None
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
        metric = self.env["sales.metric"]._ids_by_code().get("INVOICED")
        for key, markets in self.grouped(
            lambda market: (market.company_id, market.date_from, market.date_to)
        ).items():
            sums = markets._get_invoiced(metric, *key)
            for market in markets:
                path = market.territory_id.parent_path or "-"
                ours = sum(value for place, value in sums if place.startswith(path))
                market.invoiced = market.currency_id.round(ours)
                market.share = 100 * ours / market.size if market.size else 0.0

    def _get_invoiced(self, metric, company, start, stop):
        """``[(path of a territory, value)]``; nothing where INVOICED is off."""
        if not (metric and start and stop):
            return []
        # sudo: a territory's whole is no secret to who plans it
        rows = (
            self.env["sales.credit"]
            .sudo()
            ._read_group(
                [
                    ("metric_id", "=", metric),
                    ("company_id", "=", company.id),
                    ("territory_id", "child_of", self.territory_id.ids),
                    ("date", ">=", start),
                    ("date", "<=", stop),
                    ("overlay", "=", False),
                ],
                ["territory_id"],
                ["value:sum"],
            )
        )
        return [(territory.parent_path, value) for territory, value in rows]
