from odoo import fields, models

from ..scoring.feedback import ALL, REST

AUDIENCES = [
    ("peer", "Colleagues"),
    ("report", "Direct Reports"),
    ("manager", "Manager"),
    ("customer", "Customers"),
]
GROUPS = [(ALL, "All"), *AUDIENCES, (REST, "Others")]


class SalesFeedbackResult(models.Model):
    """An average of so many answers that nobody can be recognised; by the system only.

    Of a section of the questionnaire, or of all of it.
    """

    _name = "sales.feedback.result"
    _description = "Result of 360° Feedback"
    _order = "subject_id, id"
    _log_access = False

    subject_id = fields.Many2one(
        "sales.feedback.subject",
        "Feedback",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="subject_id.company_id")
    rep_id = fields.Many2one(related="subject_id.rep_id", store=True, index=True)
    question_id = fields.Many2one(
        "survey.question", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    section = fields.Char(compute="_compute_section")
    audience = fields.Selection(GROUPS, "Of", required=True, readonly=True)
    is_whole = fields.Boolean(compute="_compute_section")
    score = fields.Float(
        digits=(16, 2), readonly=True, aggregator="avg", help="From 0 to 100."
    )
    answer_count = fields.Integer("Answers", readonly=True, aggregator=None)

    def _compute_section(self):
        # sudo: only the title of what was asked
        for result, known in zip(self, self.sudo(), strict=True):
            result.section = known.question_id.title or self.env._("All Sections")
            result.is_whole = not known.question_id


class SalesFeedbackComment(models.Model):
    """Words of one of many, in no order; by the system only."""

    _name = "sales.feedback.comment"
    _description = "Comment in 360° Feedback"
    _order = "subject_id, question_id, id"
    _log_access = False

    subject_id = fields.Many2one(
        "sales.feedback.subject",
        "Feedback",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="subject_id.company_id")
    rep_id = fields.Many2one(related="subject_id.rep_id", store=True, index=True)
    question_id = fields.Many2one(
        "survey.question",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    question = fields.Char(related="question_id.title")
    text = fields.Text("Comment", readonly=True)
