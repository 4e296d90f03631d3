from odoo import fields, models


class SalesPromote(models.TransientModel):
    """Gives a rep another grade from a day on; nothing is decided before the button."""

    _name = "sales.promote"
    _description = "Promotion of a Rep"

    rep_id = fields.Many2one(
        "sales.rep", required=True, readonly=True, ondelete="cascade"
    )
    current_grade_id = fields.Many2one(related="rep_id.grade_id", string="Grade Now")
    grade_id = fields.Many2one(
        "sales.grade", "New Grade", required=True, ondelete="cascade"
    )
    date = fields.Date(
        "From",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    reason = fields.Char()
    gap = fields.Char(related="rep_id.promotion_gap")

    def action_promote(self):
        """:raise AccessError: for who may not promote the rep"""
        self.ensure_one()
        self.env["sales.promotion"].create(
            {
                "rep_id": self.rep_id.id,
                "grade_id": self.grade_id.id,
                "date": self.date,
                "reason": self.reason,
            }
        )
        return {"type": "ir.actions.act_window_close"}
