from odoo import fields, models


class SalesTrainingRequest(models.Model):
    """That a rep is to take a course, for a reason of their own work.

    It is a need until the rep has passed the course since; made by the system only.
    """

    _name = "sales.training.request"
    _description = "Requested Training"
    _order = "date desc, id desc"
    _rec_name = "course_id"

    rep_id = fields.Many2one(
        "sales.rep", required=True, readonly=True, index=True, ondelete="cascade"
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    course_id = fields.Many2one(
        "sales.course", required=True, readonly=True, index=True, ondelete="cascade"
    )
    date = fields.Date(
        "Since",
        required=True,
        readonly=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    reason = fields.Char(required=True, readonly=True)

    _once = models.UniqueIndex("(rep_id, course_id, date)")
