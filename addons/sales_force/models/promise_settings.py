"""What the panel of a quotation goes by: settings of the company, and of customers."""

from odoo import api, fields, models

from ..deals import promise

LIFE_UNITS = [("day", "Days"), ("percent", "% of the Shelf Life")]


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_min_life = fields.Float(
        "Minimum Remaining Life",
        digits=(16, 1),
        help="How long goods last at least when they are delivered, where the customer "
        "says nothing else; 0: does not matter.",
    )
    sales_min_life_unit = fields.Selection(
        LIFE_UNITS, "Unit of the Remaining Life", default="day", required=True
    )
    sales_supply_mode = fields.Selection(
        [("activity", "An activity"), ("rfq", "A request for quotation")],
        "A Request for Supply Makes",
        default="activity",
        required=True,
        help="A request for quotation is made where the product has a vendor; else it "
        "is an activity all the same.",
    )
    sales_supply_user_id = fields.Many2one(
        "res.users",
        "Requests for Supply To",
        domain="[('share', '=', False)]",
        help="Gets the activities. Empty: who is responsible for the product.",
    )
    sales_margin_access = fields.Selection(
        [
            ("rep", "Whoever sells"),
            ("leader", "Team leaders and above"),
            ("manager", "Regional managers and above"),
            ("director", "Directors"),
        ],
        "Costs and Margins of Quotations Are Seen By",
        default="manager",
        required=True,
        help="On the panel of a quotation.",
    )

    _sales_min_life = models.Constraint(
        "CHECK (sales_min_life >= 0 "
        "AND (sales_min_life_unit = 'day' OR sales_min_life <= 100))",
        "A remaining life is not negative, and at most 100 % of the shelf life.",
    )

    def _sees_sales_margin(self):
        """Whether the user sees costs and margins of the company's quotations."""
        # sudo: only a setting
        who = self.sudo().sales_margin_access
        return self.env.user.has_group(f"sales_force.group_sales_{who}")


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_min_life = fields.Float(related="company_id.sales_min_life", readonly=False)
    sales_min_life_unit = fields.Selection(
        related="company_id.sales_min_life_unit", readonly=False
    )
    sales_supply_mode = fields.Selection(
        related="company_id.sales_supply_mode", readonly=False
    )
    sales_supply_user_id = fields.Many2one(
        related="company_id.sales_supply_user_id", readonly=False
    )
    sales_margin_access = fields.Selection(
        related="company_id.sales_margin_access", readonly=False
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    sales_min_life = fields.Float(
        "Minimum Remaining Life",
        digits=(16, 1),
        help="How long goods last at least when this customer gets them; 0: as the "
        "company says.",
    )
    sales_min_life_unit = fields.Selection(
        LIFE_UNITS, "Unit of the Remaining Life", default="day"
    )

    _sales_min_life = models.Constraint(
        "CHECK (sales_min_life >= 0 "
        "AND (sales_min_life_unit <> 'percent' OR sales_min_life <= 100))",
        "A remaining life is not negative, and at most 100 % of the shelf life.",
    )

    def _get_sales_life(self, company):
        """How long goods have to last for the customer: its own, else the company's."""
        settings = self if self.sales_min_life else company
        return promise.Life(
            settings.sales_min_life, settings.sales_min_life_unit == "percent"
        )

    @api.model
    def _commercial_fields(self):
        return super()._commercial_fields() + ["sales_min_life", "sales_min_life_unit"]
