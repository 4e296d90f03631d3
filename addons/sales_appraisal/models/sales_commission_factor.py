from odoo import fields, models


class SalesCommissionFactor(models.Model):
    """By how much something counts or is paid, from a figure on or with a grade."""

    _name = "sales.commission.factor"
    _description = "Factor of a Commission Rule"
    _inherit = ["sales.version.part.mixin"]
    _order = "rule_id, use, start, id"
    _sales_whole = "rule_id.plan_id"

    rule_id = fields.Many2one(
        "sales.commission.rule", required=True, ondelete="cascade", index=True
    )
    use = fields.Selection(
        [("line", "What counts of a line"), ("card", "What the rule pays")],
        required=True,
        default="line",
    )
    start = fields.Float(
        "From",
        digits=(16, 2),
        help="The percent of discount or margin, or the score; it belongs to the row.",
    )
    grade_id = fields.Many2one(
        "sales.scorecard.grade", "Grade", ondelete="restrict", index="btree_not_null"
    )
    factor = fields.Float(
        digits=(16, 4),
        required=True,
        default=1,
        help="1: as it is; 0.5: half of it.",
    )

    _row_uniq = models.UniqueIndex(
        "(rule_id, use, start, COALESCE(grade_id, 0))",
        "Two rows of a table of factors begin at the same value.",
    )
    _positive = models.Constraint("CHECK (factor >= 0)", "A factor is not negative.")
