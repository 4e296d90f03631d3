from odoo import fields, models
from odoo.tools import SQL

from .sales_feedback_result import AUDIENCES


class SalesFeedbackAnswer(models.Model):
    """The ballot box of a running round: what was said about a rep, by nobody.

    No user reads it. A row is one section or one comment, and knows neither the other
    rows of the same person nor when it was written; closing the round empties the box.
    """

    _name = "sales.feedback.answer"
    _description = "Anonymous Answer"
    _log_access = False

    subject_id = fields.Many2one(
        "sales.feedback.subject", required=True, ondelete="cascade", index=True
    )
    audience = fields.Selection(AUDIENCES, help="Not of a comment.")
    question_id = fields.Many2one("survey.question", required=True, ondelete="cascade")
    value = fields.Char(help="From 0 to 100, exact, as a fraction.")
    text = fields.Text()

    def _put(self, subject, rows):
        """Put answers into the box and shuffle it.

        What is in it is written anew together with the new, in a random order, so that
        neither ids nor places on the disk tell which came when.

        :param rows: ``(audience, question's id, value, text)``
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH former AS (
                    DELETE FROM sales_feedback_answer WHERE subject_id = %(subject)s
                    RETURNING audience, question_id, value, text
                )
                INSERT INTO sales_feedback_answer (
                    subject_id, audience, question_id, value, text)
                SELECT %(subject)s, a.* FROM (
                    SELECT * FROM former
                    UNION ALL
                    SELECT * FROM unnest(
                        %(audiences)s::varchar[], %(questions)s::integer[],
                        %(values)s::varchar[], %(texts)s::text[])
                ) a
                ORDER BY random()
                """,
                subject=subject.id,
                **dict(
                    zip(
                        ("audiences", "questions", "values", "texts"),
                        map(list, zip(*rows, strict=True)) if rows else ([],) * 4,
                        strict=True,
                    )
                ),
            )
        )
        self.invalidate_model(flush=False)
