from odoo import fields, models


class SalesGrade(models.Model):
    """A rep's grade, as junior, senior, key account."""

    _name = "sales.grade"
    _description = "Rep Grade"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    rep_ids = fields.One2many("sales.rep", "grade_id", "Reps")
