from odoo import fields, models


class SalesVisitResult(models.Model):
    """What can come out of a visit."""

    _name = "sales.visit.result"
    _description = "Result of a Visit"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: for all companies."
    )
