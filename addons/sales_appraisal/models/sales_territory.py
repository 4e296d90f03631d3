from odoo import fields, models


class SalesTerritory(models.Model):
    _inherit = "sales.territory"

    tier = fields.Selection(
        [("1", "Tier 1"), ("2", "Tier 2"), ("3", "Tier 3"), ("4", "Tier 4")],
        help="Territories of like potential, whose reps are ranked among each other. "
        "Empty: that of the territory above.",
    )
