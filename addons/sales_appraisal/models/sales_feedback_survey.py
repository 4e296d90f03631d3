from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS
from odoo.tools import SQL

from ..scoring.feedback import percent

TYPE = "sales_feedback"


class SurveySurvey(models.Model):
    """Questionnaires for 360° feedback; each round asks a copy of one."""

    _inherit = "survey.survey"

    survey_type = fields.Selection(
        selection_add=[(TYPE, "360° Feedback")], ondelete={TYPE: "cascade"}
    )
    sales_round_ids = fields.One2many(
        "sales.feedback.round", "survey_id", groups=NO_ACCESS, copy=False
    )
    # Stored, so that who reads other surveys does not pay for the rules of rounds.
    sales_is_round = fields.Boolean(
        "360° Feedback Round",
        compute="_compute_sales_is_round",
        store=True,
        groups=NO_ACCESS,
    )

    @api.depends("sales_round_ids")
    def _compute_sales_is_round(self):
        for survey in self:
            survey.sales_is_round = bool(survey.sales_round_ids)

    def _get_scored_questions(self):
        """Those whose answers are from 0 to 100."""
        # sudo: only whether there are any
        return self.sudo().question_ids.filtered(
            lambda question: question._get_sales_points()
        )

    def _check_answer_creation(self, *args, **kwargs):
        """Only who was asked answers to a round: no tests, and no second try."""
        # sudo: only whether it is one
        if self.sudo().sales_is_round:
            raise UserError(self.env._("Only who was asked can answer."))
        return super()._check_answer_creation(*args, **kwargs)

    def _copy_for_feedback(self):
        """What a round asks, whatever becomes of the questionnaire."""
        self.ensure_one()
        survey = self.copy()
        for code, _name in self.env["res.lang"].get_installed():
            survey.with_context(lang=code).title = self.with_context(lang=code).title
        survey.write(
            {
                "access_mode": "token",
                "users_login_required": False,
                "is_attempts_limited": False,
                "is_time_limited": False,
                "scoring_type": "no_scoring",
                "certification": False,
                "lang_ids": [fields.Command.clear()],
            }
        )
        return survey


class SurveyQuestion(models.Model):
    _inherit = "survey.question"

    def _get_sales_points(self):
        """What each answer is worth, from 0 to 100.

        :return: ``{value of the scale, or choice: Fraction}``; empty where nothing is
            counted
        """
        self.ensure_one()
        if self.question_type == "scale":
            lowest, highest = self.scale_min, self.scale_max
            return {
                value: percent(value, lowest, highest)
                for value in range(lowest, highest + 1)
            }
        choices = self.suggested_answer_ids.sorted()
        worth = []
        if self.question_type == "matrix" and self.matrix_subtype == "simple":
            worth = list(range(len(choices)))
        elif self.question_type == "simple_choice":
            worth = [max(0, Fraction(str(one.answer_score))) for one in choices]
        best = max(worth, default=0)
        if not best:
            return {}
        return {
            one: percent(value, 0, best)
            for one, value in zip(choices, worth, strict=True)
        }


class SurveyUserInput(models.Model):
    """An answer to a round names nobody, and is forgotten once it is in the box."""

    _inherit = "survey.user_input"

    # Who was asked: for reminding those who did not answer, and for nobody to read.
    sales_participant_id = fields.Many2one(
        "sales.feedback.participant",
        groups=NO_ACCESS,
        ondelete="cascade",
        index="btree_not_null",
        copy=False,
    )

    def _mark_done(self):
        # sudo: only which answers belong to a round
        feedback = self.sudo().filtered("sales_participant_id")
        for answer in feedback:
            answer._put_in_box()
        result = super()._mark_done()
        feedback.write({"start_datetime": False, "end_datetime": False})
        return result

    def _notify_new_participation_subscribers(self):
        # sudo: only which answers belong to a round
        feedback = self.sudo().filtered("sales_participant_id")
        return super(
            SurveyUserInput, self - feedback
        )._notify_new_participation_subscribers()

    def _put_in_box(self):
        """Move what was said to where nobody said it; the answer itself is empty then.

        :raise UserError: when the round is closed
        """
        self.ensure_one()
        participant = self.sales_participant_id
        # Neither a second click nor the closing of the round comes between.
        self.env.flush_all()
        ((done,),) = self.env.execute_query(
            SQL(
                "SELECT state = 'done' FROM survey_user_input WHERE id = %s FOR UPDATE",
                self.id,
            )
        )
        ((state,),) = self.env.execute_query(
            SQL(
                "SELECT state FROM sales_feedback_round WHERE id = %s FOR SHARE",
                participant.round_id.id,
            )
        )
        if state != "running":
            raise UserError(self.env._("The round is closed. Thank you."))
        if done:
            return
        self.env["sales.feedback.answer"]._put(
            participant.subject_id, self._prepare_ballots(participant.audience)
        )
        self.user_input_line_ids.unlink()

    def _prepare_ballots(self, audience):
        """``(audience, question's id, value, text)``, one for each section and text."""
        sections, texts = {}, []
        for line in self.user_input_line_ids:
            question = line.question_id
            text = (line.value_text_box or line.value_char_box or "").strip()
            if text and line.answer_type in ("text_box", "char_box"):
                texts.append((None, question.id, None, text))
                continue
            value = line._get_sales_value()
            if value is not None:
                section = question.page_id or question
                sections.setdefault(section, []).append(value)
        return [
            (audience, section.id, str(sum(values, Fraction(0)) / len(values)), None)
            for section, values in sections.items()
        ] + texts

    def _forget(self):
        """Of a closed round: who answered, and what was begun and not sent."""
        self.user_input_line_ids.unlink()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE survey_user_input SET state = 'new', lang_id = NULL,
                    last_displayed_page_id = NULL, survey_first_submitted = NULL,
                    start_datetime = NULL, end_datetime = NULL, email = NULL,
                    partner_id = NULL, create_uid = %(root)s, write_uid = %(root)s,
                    deadline = now() AT TIME ZONE 'UTC',
                    create_date = now() AT TIME ZONE 'UTC',
                    write_date = now() AT TIME ZONE 'UTC'
                WHERE id = ANY(%(ids)s)
                """,
                ids=self.ids,
                root=self.env.ref("base.user_root").id,
            )
        )
        self.invalidate_recordset(flush=False)


class SurveyUserInputLine(models.Model):
    _inherit = "survey.user_input.line"

    def _get_sales_value(self):
        """From 0 to 100 as a Fraction; None where nothing is counted."""
        self.ensure_one()
        if self.skipped:
            return None
        scale = self.answer_type == "scale"
        chosen = self.value_scale if scale else self.suggested_answer_id
        return self.question_id._get_sales_points().get(chosen)
