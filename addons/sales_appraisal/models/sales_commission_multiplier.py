from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..commission import schedule
from .sales_commission_rule import exact
from .sales_scorecard import LIVE
from .sales_version_mixin import PERIODS


class SalesCommissionRule(models.Model):
    """All that a rule pays, multiplied by the rep's appraisal in the period.

    Only what is confirmed counts: nobody learns from pay what a manager still decides.
    """

    _inherit = "sales.commission.rule"

    multiplier = fields.Selection(
        [
            ("none", "Nothing"),
            ("grade", "Grade of the scorecard"),
            ("score", "Score of the scorecard"),
        ],
        "Multiplied By",
        default="none",
        required=True,
        help="What the rule pays, times the factor of the rep's scorecard of the "
        "period; of several cards by their days. Until a card is confirmed its factor "
        "is 1, and the statement says for which card it waits. Below the first score "
        "the first row holds; a grade without a row has the factor 1.",
    )
    card_period = fields.Selection(
        PERIODS,
        "Scorecards Of",
        help="Which cards count; empty: those of the same period as the plan's.",
    )
    card_factor_ids = fields.One2many(
        "sales.commission.factor",
        "rule_id",
        "Factors of Appraisals",
        domain=[("use", "=", "card")],
        context={"default_use": "card"},
        copy=True,
    )

    @api.constrains("multiplier", "card_factor_ids")
    def _check_multiplier(self):
        for rule in self:
            if rule.multiplier == "none":
                continue
            rows = rule.card_factor_ids
            if not rows:
                raise ValidationError(
                    self.env._(
                        "%(rule)s: give the factors of appraisals.", rule=rule.name
                    )
                )
            if rule.multiplier == "grade" and not all(row.grade_id for row in rows):
                raise ValidationError(
                    self.env._("%(rule)s: factors of which grades?", rule=rule.name)
                )

    def _read_factors(self, start, stop, rep_ids):
        factors = super()._read_factors(start, stop, rep_ids)
        if self.multiplier == "none":
            return factors
        parts = defaultdict(list)
        for card in self._get_cards(start, stop, rep_ids):
            days = min(card.date_to, stop) - max(card.date_from, start)
            factor = self._get_card_factor(*card._get_standing_judgement())
            parts[card.rep_id.id].append((factor, days.days + 1))
        return {
            **factors,
            **{rep: schedule.weighted(found) for rep, found in parts.items()},
        }

    def _get_cards(self, start, stop, rep_ids):
        """The scorecards of reps that are about a period."""
        return (
            self.env["sales.scorecard"]
            # sudo: cards as they are, for a figure that says nothing until they are
            # confirmed
            .sudo()
            .search(
                [
                    ("rep_id", "in", list(rep_ids)),
                    ("company_id", "=", self.company_id.id),
                    ("period", "=", self.card_period or self.plan_id.period),
                    ("date_from", "<=", stop),
                    ("date_to", ">=", start),
                ],
                order="date_from, id",
            )
        )

    def _get_card_factor(self, score, grade):
        """
        :param score: None where nothing is confirmed, or nothing was scored
        """
        rows = [(row, exact(row.factor, 4)) for row in self.card_factor_ids]
        if self.multiplier == "grade":
            found = [factor for row, factor in rows if row.grade_id == grade]
            return found[0] if grade and found else Decimal(1)
        if score is None:
            return Decimal(1)
        steps = sorted((exact(row.start), factor) for row, factor in rows)
        reached = [factor for begin, factor in steps if begin <= exact(score)]
        return (reached or [steps[0][1]])[-1]

    def _get_notes(self, start, stop, rep_ids):
        notes = super()._get_notes(start, stop, rep_ids)
        if self.multiplier == "none":
            return notes
        by_rep = self._get_cards(start, stop, rep_ids).grouped("rep_id")
        for rep in self.env["sales.rep"].browse(rep_ids):
            cards = by_rep.get(rep, self.env["sales.scorecard"])
            if not cards:
                notes[rep.id].append(
                    self.env._(
                        "%(rule)s: there is no scorecard of the period yet; until one "
                        "is confirmed the factor is 1.",
                        rule=self.name,
                    )
                )
            for card in cards.filtered(lambda one: not one._is_judged()):
                notes[rep.id].append(
                    self.env._(
                        "%(rule)s: waits for the scorecard %(card)s to be confirmed; "
                        "until then its factor is 1.",
                        rule=self.name,
                        card=card.display_name,
                    )
                )
        return notes


class SalesScorecard(models.Model):
    _inherit = "sales.scorecard"

    def _is_judged(self):
        """Whether a judgement stands: confirmed, or confirmed before an appeal."""
        return self.state not in LIVE or bool(self.confirmed_on)

    def _get_standing_judgement(self):
        """``(score, grade)`` as last confirmed; ``(None, no grade)`` before.

        What an appeal has opened again stands until it is confirmed anew.
        """
        grades = self.env["sales.scorecard.grade"]
        if not self._is_judged():
            return None, grades
        if self.state in LIVE:
            appeal = self.env["sales.scorecard.appeal"].search(
                [("card_id", "=", self.id), ("state", "=", "granted")],
                order="decided_on desc, id desc",
                limit=1,
            )
            if not appeal:
                return None, grades
            scored = self.shown_has_score
            return (appeal.score_before if scored else None), appeal.grade_before_id
        return (self.score if self.has_score else None), self.grade_id
