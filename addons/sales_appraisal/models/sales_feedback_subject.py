from collections import defaultdict
from fractions import Fraction
from random import SystemRandom

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.misc import format_date

from ..scoring.card import hundredths
from ..scoring.feedback import ALL, overall, summarise
from .sales_feedback_result import GROUPS


class SalesFeedbackSubject(models.Model):
    """A rep about whom others are asked, and what they said once the round is closed:
    only what so many said that nobody can be recognised."""

    _name = "sales.feedback.subject"
    _description = "360° Feedback About a Rep"
    _inherit = ["sales.stamped.mixin"]
    _order = "round_id desc, rep_id"
    _sales_stamped = frozenset(
        ("is_shown", "answer_count", "score", "result_ids", "comment_ids", "user_id")
    )

    round_id = fields.Many2one(
        "sales.feedback.round", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="round_id.company_id", store=True)
    round_name = fields.Char("Name of the Round", related="round_id.name")
    state = fields.Selection(related="round_id.state", string="Status", store=True)
    date_from = fields.Date(related="round_id.date_from", store=True)
    date_to = fields.Date(related="round_id.date_to", store=True)
    closed_on = fields.Date(related="round_id.closed_on")
    minimum = fields.Integer(related="round_id.minimum")
    rep_id = fields.Many2one(
        "sales.rep", required=True, ondelete="restrict", index=True
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    team_id = fields.Many2one(related="rep_id.team_id")
    participant_ids = fields.One2many(
        "sales.feedback.participant", "subject_id", "Who Is Asked"
    )
    participant_count = fields.Integer("Asked", compute="_compute_participant_count")
    is_shown = fields.Boolean(
        "Enough Answers",
        readonly=True,
        help="With fewer answers than the company asks for, nothing is shown.",
    )
    answer_count = fields.Integer("Answers", readonly=True)
    score = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="The plain average of all sections, from 0 to 100.",
    )
    result_ids = fields.One2many("sales.feedback.result", "subject_id", "Results")
    comment_ids = fields.One2many("sales.feedback.comment", "subject_id", "Comments")

    _rep_uniq = models.UniqueIndex(
        "(round_id, rep_id)", "The rep is in this round already."
    )

    @api.depends("participant_ids")
    def _compute_participant_count(self):
        counts = dict(
            self.env["sales.feedback.participant"]
            # sudo: how many, without who
            .sudo()
            ._read_group([("subject_id", "in", self.ids)], ["subject_id"], ["__count"])
        )
        for subject in self:
            subject.participant_count = counts.get(subject._origin, 0)

    @api.depends("rep_id.name", "date_from", "date_to")
    def _compute_display_name(self):
        for subject in self:
            subject.display_name = self.env._(
                "%(rep)s, %(start)s to %(stop)s",
                rep=subject.rep_id.name or "",
                start=format_date(self.env, subject.date_from),
                stop=format_date(self.env, subject.date_to),
            )

    @api.constrains("rep_id", "round_id")
    def _check_rep_company(self):
        for subject in self:
            if subject.rep_id.company_id != subject.round_id.company_id:
                raise ValidationError(
                    self.env._(
                        "%(rep)s is a rep of another company.", rep=subject.rep_id.name
                    )
                )

    # Who is asked is changed until the round is sent.

    @api.model_create_multi
    def create(self, vals_list):
        subjects = super().create(vals_list)
        subjects.round_id._check_state("draft")
        return subjects

    def write(self, vals):
        if not self.env.su:
            self.round_id._check_state("draft")
        result = super().write(vals)
        if "round_id" in vals:
            self.round_id._check_state("draft")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self.round_id._check_state("draft")

    # Concluding

    def _conclude(self, minimum):
        """Keep what may be shown, and nothing else, of all answers.

        :param int minimum: of so many answers at least
        """
        box = self.env["sales.feedback.answer"].search([("subject_id", "in", self.ids)])
        scored, texts = defaultdict(list), defaultdict(list)
        for answer in box:
            subject, question = answer.subject_id, answer.question_id
            if answer.text:
                texts[subject, question].append(answer.text)
            else:
                scored[subject].append(
                    (question, answer.audience, Fraction(answer.value))
                )
        counts = self._count_done()
        results = []
        for subject in self:
            sections = summarise(scored[subject], minimum)
            whole = overall(sections)
            if ALL in whole:
                subject.write(
                    {
                        "is_shown": True,
                        "answer_count": counts[subject],
                        "score": hundredths(whole[ALL].value) / 100,
                    }
                )
            ordered = sorted(sections, key=lambda one: (one.sequence, one.id))
            for section in (self.env["survey.question"], *ordered):
                groups = sections[section] if section else whole
                results += [
                    {
                        "subject_id": subject.id,
                        "question_id": section.id,
                        "audience": group,
                        "score": hundredths(groups[group].value) / 100,
                        "answer_count": groups[group].count,
                    }
                    for group, _label in GROUPS
                    if group in groups
                ]
        self.env["sales.feedback.result"].create(results)
        self.env["sales.feedback.comment"].create(self._draw_comments(texts, minimum))
        box.unlink()

    def _count_done(self):
        counts = defaultdict(int)
        for answer in self.round_id._get_inputs():
            if answer.state == "done":
                counts[answer.sales_participant_id.subject_id] += 1
        return counts

    @staticmethod
    def _draw_comments(texts, minimum):
        """Of questions on which enough people wrote, in no order."""
        comments = [
            {"subject_id": subject.id, "question_id": question.id, "text": text}
            for (subject, question), found in texts.items()
            if len(found) >= minimum
            for text in found
        ]
        SystemRandom().shuffle(comments)
        return comments
