from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..planning.days import WEEKDAYS


class SalesStandardWork(models.Model):
    """The execution manual: what reps of a role always do on certain weekdays."""

    _name = "sales.standard.work"
    _description = "Standard Work"
    _order = "sequence, id"

    name = fields.Char("What", required=True, translate=True)
    description = fields.Text("How", translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: in all companies."
    )
    role = fields.Selection(
        [
            ("all", "Everybody"),
            ("rep", "Reps"),
            ("leader", "Leaders"),
        ],
        "For",
        default="rep",
        required=True,
        help="A leader is who has reps below.",
    )
    grade_ids = fields.Many2many(
        "sales.grade", string="Only Grades", help="Empty: reps of any grade."
    )
    minutes = fields.Integer(default=15, required=True, help="That it takes.")
    monday = fields.Boolean(default=True)
    tuesday = fields.Boolean(default=True)
    wednesday = fields.Boolean(default=True)
    thursday = fields.Boolean(default=True)
    friday = fields.Boolean(default=True)
    saturday = fields.Boolean(
        default=True, help="Where it is a working day of the rep."
    )
    sunday = fields.Boolean(default=True, help="Where it is a working day of the rep.")

    _minutes_positive = models.Constraint(
        "CHECK (minutes > 0)", "Standard work takes one minute at least."
    )

    @api.constrains(*WEEKDAYS)
    def _check_weekdays(self):
        for work in self:
            if not any(work[day] for day in WEEKDAYS):
                raise ValidationError(
                    self.env._(
                        "%(work)s: choose a weekday, or archive it.", work=work.name
                    )
                )
