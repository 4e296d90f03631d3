from odoo import fields, models


class SalesServiceBreachReason(models.Model):
    """Why a time limit was missed, as agents say."""

    _name = "sales.service.breach.reason"
    _description = "Reason of a Missed Limit"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(help="The name that reports use.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex(
        "(code) WHERE code IS NOT NULL", "A reason's code must be unique."
    )
