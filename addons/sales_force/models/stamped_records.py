"""Records without stamped fields of their own, whose derived ones nobody writes."""

from odoo import models


class SalesPoolCap(models.Model):
    _name = "sales.pool.cap"
    _inherit = ["sales.pool.cap", "sales.stamped.mixin"]
