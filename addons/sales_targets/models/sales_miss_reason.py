from odoo import fields, models


class SalesMissReason(models.Model):
    """Why something that was planned was not done, as a code."""

    _name = "sales.miss.reason"
    _description = "Reason of a Miss"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(help="The name that reports use.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    own = fields.Boolean(
        "Within the Rep's Control",
        help="Time, preparation; not stock, prices or the customer.",
    )

    _code_uniq = models.UniqueIndex(
        "(code) WHERE code IS NOT NULL", "Two reasons have the same code."
    )
