from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..territory_matching import WEIGHTS, normalize_city, normalize_zip, zip_error


class SalesTerritoryRule(models.Model):
    """Which customers belong to a territory: all criteria of a rule must be met."""

    _name = "sales.territory.rule"
    _description = "Matching Rule of a Territory"
    _inherit = ["sales.stamped.mixin"]
    _order = "territory_id, specificity desc, id"

    territory_id = fields.Many2one(
        "sales.territory", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="territory_id.company_id", store=True)
    country_id = fields.Many2one(
        "res.country",
        compute="_compute_country_id",
        store=True,
        readonly=False,
        ondelete="restrict",
        help="Of a state, its country.",
    )
    state_id = fields.Many2one(
        "res.country.state",
        "State",
        ondelete="restrict",
        domain="[('country_id', '=?', country_id)]",
    )
    city = fields.Char(help="Compared without case and surplus spaces.")
    zip_from = fields.Char(
        "Postcode From",
        help="Compared without spaces, hyphens and case. 10000 to 19999 holds "
        "postcodes of five digits; SW1A to SW1Z holds all that begin so, as SW1A 1AA.",
    )
    zip_to = fields.Char(
        "Postcode To",
        help="As long as the first one. Empty: one postcode, or all that begin so.",
    )
    industry_id = fields.Many2one("res.partner.industry", ondelete="restrict")
    specificity = fields.Integer(
        compute="_compute_specificity",
        store=True,
        help="Postcode 16, city 8, state 4, industry 2, country 1. The greatest sum "
        "wins, then the deeper territory, then the one of a single company.",
    )

    @api.depends("state_id")
    def _compute_country_id(self):
        for rule in self:
            rule.country_id = rule.state_id.country_id or rule.country_id

    @api.depends("country_id", "state_id", "city", "zip_from", "industry_id")
    def _compute_specificity(self):
        for rule in self:
            rule.specificity = (
                WEIGHTS["country"] * bool(rule.country_id)
                + WEIGHTS["industry"] * bool(rule.industry_id)
                + WEIGHTS["state"] * bool(rule.state_id)
                + WEIGHTS["city"] * bool(normalize_city(rule.city))
                + WEIGHTS["zip"] * bool(normalize_zip(rule.zip_from))
            )

    @api.depends("country_id", "state_id", "city", "zip_from", "zip_to", "industry_id")
    def _compute_display_name(self):
        for rule in self:
            code = rule.zip_from or ""
            if code and rule.zip_to and rule.zip_to != code:
                code = f"{code}–{rule.zip_to}"
            criteria = (
                rule.country_id.name,
                rule.state_id.name,
                rule.city,
                code,
                rule.industry_id.name,
            )
            rule.display_name = ", ".join(filter(None, criteria)) or self.env._(
                "Nobody"
            )

    @api.constrains(
        "country_id", "state_id", "city", "zip_from", "zip_to", "industry_id"
    )
    def _check_criteria(self):
        for rule in self:
            if not (
                rule.country_id
                or rule.state_id
                or rule.industry_id
                or normalize_city(rule.city)
                or normalize_zip(rule.zip_from)
            ):
                raise ValidationError(
                    self.env._(
                        "A matching rule of %(territory)s has no criteria; it would "
                        "match nobody.",
                        territory=rule.territory_id.complete_name,
                    )
                )
            if rule.state_id and rule.state_id.country_id != rule.country_id:
                raise ValidationError(
                    self.env._(
                        "%(state)s is not in %(country)s.",
                        state=rule.state_id.name,
                        country=rule.country_id.name,
                    )
                )
            rule._check_zip()

    def _check_zip(self):
        """:raise ValidationError: says what is wrong with the postcode range"""
        start, stop = normalize_zip(self.zip_from), normalize_zip(self.zip_to)
        if not stop:
            return
        error = zip_error(start, stop)
        if not error:
            return
        values = {"start": self.zip_from or "", "stop": self.zip_to}
        if error == "length":
            message = self.env._(
                "The postcodes %(start)s and %(stop)s must be of the same length.",
                **values,
            )
        elif error == "kind":
            message = self.env._(
                "The postcodes %(start)s and %(stop)s must both be digits only, or "
                "both have letters.",
                **values,
            )
        else:
            message = self.env._(
                "The postcode %(stop)s comes before %(start)s.", **values
            )
        raise ValidationError(message)

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self._apply()
        return rules

    def write(self, vals):
        result = super().write(vals)
        self._apply()
        return result

    def unlink(self):
        result = super().unlink()
        self._apply()
        return result

    @api.model
    def _apply(self):
        """Rules changed: refuse ties, and give customers their territories anew."""
        self.env.registry.clear_cache()
        # Two transactions that change rules at once could tie without seeing each
        # other: writing one row makes the later one fail to serialize and be retried.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sales_territory SET id = id "
            "WHERE id = (SELECT min(id) FROM sales_territory)"
        )
        matching = self.env["sales.territory.matching"]
        matching._check_ties()
        matching._match_all()
