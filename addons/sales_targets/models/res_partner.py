from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    sales_potential = fields.Float(
        "Potential per Year",
        company_dependent=True,
        digits=(16, 2),
        help="What this customer could buy of us in a year, untaxed, in company "
        "currency. 0: not known; then targets take what the customers of the class buy "
        "on average.",
    )
