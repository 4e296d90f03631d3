from odoo import fields, models


class SalesConductCategory(models.Model):
    """What reps are commended for, or must not do, and how much it counts."""

    _name = "sales.conduct.category"
    _description = "Conduct Category"
    _order = "kind, sequence, name, id"

    name = fields.Char(required=True, translate=True)
    kind = fields.Selection(
        [("commendation", "Commendation"), ("violation", "Violation")],
        required=True,
        default="commendation",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    points = fields.Integer(
        default=1, required=True, help="What one case counts, unless it says otherwise."
    )

    _points_positive = models.Constraint(
        "CHECK (points > 0)",
        "Points are positive: violations take them away by themselves.",
    )
