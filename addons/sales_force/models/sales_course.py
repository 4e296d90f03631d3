from odoo import fields, models


class SalesCourse(models.Model):
    """What reps learn, who has to, and for how long it counts."""

    _name = "sales.course"
    _description = "Course"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: for all companies."
    )
    description = fields.Html(translate=True)
    validity_months = fields.Integer(
        "Valid For (months)", help="How long a certificate counts; 0: for ever."
    )
    required = fields.Selection(
        [("none", "Nobody"), ("all", "All reps"), ("grade", "Reps of some grades")],
        "Required Of",
        default="none",
        required=True,
    )
    grade_ids = fields.Many2many(
        "sales.grade", "sales_course_grade_rel", "course_id", "grade_id", "Grades"
    )
    required_from = fields.Date(
        "Required Since",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
        help="Who was hired before has to take the course from this day on.",
    )
    within_days = fields.Integer(
        "Within (days)",
        default=30,
        help="After the hire date, or since the course is required.",
    )
    session_ids = fields.One2many("sales.course.session", "course_id", "Sessions")
    certificate_count = fields.Integer(
        "Certificates", compute="_compute_certificate_count"
    )

    _positive = models.Constraint(
        "CHECK (validity_months >= 0 AND within_days >= 0)",
        "Months and days are not negative.",
    )

    def _compute_certificate_count(self):
        counts = dict(
            self.env["sales.certificate"]._read_group(
                [("course_id", "in", self.ids)], ["course_id"], ["__count"]
            )
        )
        for course in self:
            course.certificate_count = counts.get(course._origin, 0)

    def action_open_certificates(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_certificate_action"
        )
        return {
            **action,
            "domain": [("course_id", "in", self.ids)],
            "context": {"default_course_id": self.id},
        }
