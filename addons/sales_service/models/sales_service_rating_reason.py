from odoo import fields, models


class SalesServiceRatingReason(models.Model):
    """Why a customer was content, or was not."""

    _name = "sales.service.rating.reason"
    _description = "Reason of a Rating"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(help="The name that reports use.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex(
        "(code) WHERE code IS NOT NULL", "A reason's code must be unique."
    )
