from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SalesCompetitorSighting(models.Model):
    """Where a competitor was seen, with which product, at which price."""

    _name = "sales.competitor.sighting"
    _description = "Sighting of a Competitor"
    _inherit = ["sales.owned.mixin"]
    _order = "date desc, id desc"
    _rec_name = "competitor_id"

    competitor_id = fields.Many2one(
        "sales.competitor", required=True, ondelete="restrict", index=True
    )
    date = fields.Date(
        "Seen On",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    user_id = fields.Many2one(
        "res.users",
        "Seen By",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        readonly=True,
    )
    lead_id = fields.Many2one("crm.lead", "Opportunity", index="btree_not_null")
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
    )
    product_id = fields.Many2one(
        "product.product", "Instead Of", help="Our product that it competes with."
    )
    product_name = fields.Char("Their Product")
    price = fields.Monetary(help="What they ask for, per unit; 0: unknown.")
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )
    our_price = fields.Float(
        compute="_compute_our_price", help="Our list price in the same currency."
    )
    note = fields.Text("Strength", help="Why the customer considers them.")

    _price_positive = models.Constraint(
        "CHECK (price >= 0)", "A price is not negative."
    )

    @api.depends("lead_id")
    def _compute_partner_id(self):
        for sighting in self:
            sighting.partner_id = (
                sighting.lead_id.partner_id.commercial_partner_id or sighting.partner_id
            )

    @api.depends("product_id", "currency_id", "date", "company_id")
    def _compute_our_price(self):
        for sighting in self:
            product = sighting.product_id
            sighting.our_price = product and product.currency_id._convert(
                product.lst_price,
                sighting.currency_id or product.currency_id,
                sighting.company_id,
                sighting.date or fields.Date.today(),
            )

    @api.constrains("lead_id", "partner_id")
    def _check_where(self):
        for sighting in self:
            if not (sighting.lead_id or sighting.partner_id):
                raise ValidationError(
                    self.env._(
                        "Say with which customer or opportunity %(competitor)s was "
                        "seen.",
                        competitor=sighting.competitor_id.name,
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        if "user_id" in vals:
            # Nobody has seen what one may not write.
            self.check_access("write")
        return result

    @api.model_create_multi
    def create(self, vals_list):
        """Who was seen at an opportunity competes for it."""
        sightings = super().create(vals_list)
        for sighting in sightings:
            if sighting.competitor_id not in sighting.lead_id.sales_competitor_ids:
                sighting.lead_id.sales_competitor_ids += sighting.competitor_id
        return sightings
