from odoo import api, fields, models
from odoo.exceptions import UserError

from ..scoring.card import hundredths
from ..scoring.distribution import distribute
from .sales_scorecard_template_line import exact


class SalesScorecardMove(models.Model):
    """A change of a grade in calibration: from, to, why, by whom. Never changed."""

    _name = "sales.scorecard.move"
    _description = "Change of a Grade in Calibration"
    _inherit = ["sales.stamped.mixin"]
    _order = "id desc"
    _rec_name = "card_id"

    card_id = fields.Many2one(
        "sales.scorecard", required=True, readonly=True, ondelete="cascade", index=True
    )
    rep_id = fields.Many2one(related="card_id.owner_id", store=True)
    user_id = fields.Many2one(related="card_id.user_id", store=True)
    company_id = fields.Many2one(related="card_id.company_id", store=True)
    kind = fields.Selection(
        [("hand", "By hand"), ("distribution", "By the forced distribution")],
        required=True,
        readonly=True,
    )
    from_grade_id = fields.Many2one(
        "sales.scorecard.grade", "Before", readonly=True, ondelete="restrict"
    )
    to_grade_id = fields.Many2one(
        "sales.scorecard.grade",
        "After",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    reason = fields.Text(required=True, readonly=True)
    moved_by_id = fields.Many2one(
        "res.users", "By", readonly=True, default=lambda self: self.env.user
    )
    date = fields.Datetime("On", readonly=True, default=fields.Datetime.now)

    def _is_stamped(self, name):
        return True


class SalesScorecard(models.Model):
    """In calibration grades are compared, and moved with a reason."""

    _inherit = "sales.scorecard"

    move_ids = fields.One2many("sales.scorecard.move", "card_id", "Moves")

    def action_move(self):
        """Ask for the grade and the reason."""
        return self._ask("move", self.env._("Another Grade"))

    def _calibrate(self, grade, reason):
        """Give another grade than the one by score: to all of a person's cards of the
        template and period, where the person has one for each part.

        :raise AccessError: for who may not calibrate the card, and for the own one
        :raise UserError: without a reason, or outside of the calibration
        """
        self.ensure_one()
        self._check_judge(calibration=True)
        self._check_state("calibration")
        if not (reason and reason.strip()):
            raise UserError(self.env._("Say why."))
        if not grade:
            raise UserError(self.env._("Which grade?"))
        # sudo: stamped by the system; who calibrates was checked above
        parts = self.sudo()._get_parts_in_group()
        parts._check_state("calibration")
        for card in parts:
            if card.grade_id != grade:
                card._set_grade(grade, reason, "hand")

    def _get_parts_in_group(self):
        """The cards of the same person, template and period: one, or one a part."""
        group = self._get_group(self.template_id, self.period_from)
        return group._get_people()[self._get_person()]

    def _get_person(self):
        return self.rep_id or self.team_id

    def _get_people(self):
        """``{rep, or team: cards}``: whole people, in the order of their first card.

        Who has a card for each part of a period counts once; parts that another
        template scores are of another group, and count in that one.
        """
        return self.grouped(lambda card: card._get_person())

    def _get_score_together(self):
        """The score of a person, of the parts by their working days; in hundredths."""
        parts = self.filtered("has_score")
        shares = [exact(card.share) for card in parts]
        whole = sum(shares)
        if not whole:
            return max((round(card.score * 100) for card in parts), default=0)
        total = sum(
            round(card.score * 100) * share
            for card, share in zip(parts, shares, strict=True)
        )
        return int(hundredths(total / whole / 100))

    def _set_grade(self, grade, reason, kind):
        self.env["sales.scorecard.move"].create(
            {
                "card_id": self.id,
                "kind": kind,
                "from_grade_id": self.grade_id.id,
                "to_grade_id": grade.id,
                "reason": reason,
                "moved_by_id": self.env.uid,
            }
        )
        self.write({"grade_id": grade.id, "is_calibrated": True})

    @api.model
    def action_distribute(self, template_id, period_from):
        """Give the grades of a group by the shares of the grades, to whole people: who
        has a card for each part of the period counts once, by the score of the parts
        together, and gets the grade on each.

        :return: ``{"ties": [text], "moved": int}``; ties say who was equal at a cut
        :raise UserError: where nothing is forced, or cards are not in calibration yet
        :raise AccessError: for who does not calibrate the whole group
        """
        template = self.env["sales.scorecard.template"].browse(template_id)
        template.check_access("read")
        cards = self._get_group(template, period_from)
        cards._check_judge(calibration=True)
        # sudo: the group is whole, or the user may not force anything on it
        if len(self.sudo()._get_group(template, period_from)) != len(cards):
            raise UserError(
                self.env._(
                    "Only who calibrates everybody of the group distributes grades."
                )
            )
        if not template.forced:
            raise UserError(self.env._("The template does not force the distribution."))
        cards._check_state("calibration")
        grades = self.env["sales.scorecard.grade"].search([])
        scored = cards.filtered("has_score").sorted("id")
        people = list(scored._get_people().values())
        found = distribute(
            [parts._get_score_together() for parts in people],
            [round(grade.share * 100) for grade in grades],
            template.forced_minimum,
        )
        if not found:
            raise UserError(
                self.env._(
                    "%(count)s people are too few: from %(minimum)s on grades are "
                    "distributed.",
                    count=len(people),
                    minimum=template.forced_minimum,
                )
            )
        ties = self._describe_ties(people, grades, found)
        moved = 0
        for number, parts in enumerate(people):
            grade = grades[found.grades[number]]
            reason = self.env._(
                "Of %(size)s people %(quota)s get %(grade)s by the rule.",
                size=len(people),
                quota=found.quotas[found.grades[number]],
                grade=grade.name,
            )
            mine = [text for members, text in ties if number in members]
            # sudo: grades are stamped by the system; who calibrates was checked above
            for card in parts.sudo().filtered(lambda c, g=grade: c.grade_id != g):
                card._set_grade(grade, " ".join([reason, *mine]), "distribution")
                moved += 1
        return {"ties": [text for _members, text in ties], "moved": moved}

    @api.model
    def _get_group(self, template, period_from):
        return self.search(
            [
                ("template_id", "=", template.id),
                ("period_from", "=", period_from),
            ]
        )

    def _describe_ties(self, people, grades, found):
        return [
            (
                tie.members,
                self.env._(
                    "%(reps)s have the same score at the cut between %(grades)s: all "
                    "get %(grade)s, as most of their places.",
                    reps=", ".join(people[number][0].subject for number in tie.members),
                    grades=", ".join(grades[number].name for number in tie.grades),
                    grade=grades[tie.grade].name,
                ),
            )
            for tie in found.ties
        ]
