import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import formatLang

from odoo.addons.sales_targets.models.sales_target_deviation import RATE

from .sales_coaching import OPEN

_logger = logging.getLogger(__name__)


class SalesCoachingRule(models.Model):
    """When a plan opens by itself, as a draft for the coach."""

    _name = "sales.coaching.rule"
    _description = "Coaching Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Empty: in all companies.")
    kind = fields.Selection(
        [
            ("card", "The score of a card is below"),
            ("target", "The attainment of the month's core goal is below"),
        ],
        "When",
        default="target",
        required=True,
    )
    below = fields.Float(
        "Below",
        default=80,
        digits=(16, 2),
        help="Points of the score, or percent of the target.",
    )
    times = fields.Integer(
        "Times Running",
        default=1,
        help="So many periods with confirmed cards, or months, one after the other.",
    )
    coaching_ids = fields.One2many("sales.coaching", "rule_id", "Plans")

    _times = models.Constraint(
        "CHECK (times BETWEEN 1 AND 12)", "1 to 12 times running."
    )

    @api.model
    def _apply(self):
        """Once a day: open what rules ask for, for reps without an open plan."""
        for company in self.env["res.company"].search([]):
            for rule in self.search([("company_id", "in", (False, company.id))]):
                busy = self.env["sales.coaching"].search(
                    [
                        ("company_id", "=", company.id),
                        ("state", "in", OPEN),
                    ]
                )
                if rule.kind == "card":
                    rule._apply_to_cards(company, busy.rep_id)
                else:
                    rule._apply_to_targets(company, busy.rep_id)

    def _open(self, make):
        """Open a plan, if there is anybody who could coach, and tell the coach."""
        try:
            with self.env.cr.savepoint():
                plan = make().sudo()  # sudo: opened by the system
        except UserError as error:
            _logger.info("Coaching rule %s: %s", self.id, error)
            return
        plan.write({"origin": "rule", "rule_id": self.id})
        plan._ask_coach(self.env._("Review the draft, and ask the rep to agree"))

    def _apply_to_cards(self, company, busy):
        """Of each rep the last periods whose cards are confirmed, the latest in the
        last month. Who has a card for each part of a period is below in all of them."""
        since = company._get_sales_today() - relativedelta(months=1)
        cards = self.env["sales.scorecard"].search(
            [
                ("company_id", "=", company.id),
                ("state", "in", ("confirmed", "acknowledged")),
                ("has_score", "=", True),
                # No period is longer than a year.
                ("date_to", ">=", since - relativedelta(years=self.times + 1)),
                ("rep_id", "not in", busy.ids),
                ("rep_id.state", "!=", "left"),
                ("rep_id.parent_id", "!=", False),
            ],
            order="date_to desc, id desc",
        )
        known = self.env["sales.coaching"].search([("card_id", "in", cards.ids)])
        asked = set()
        for (rep, _period), some in cards.grouped(
            lambda card: (card.rep_id, card.period)
        ).items():
            last = some[0]
            recent = list(some.grouped("period_from").values())[: self.times]
            if (
                rep in asked
                or last in known.card_id
                or company._get_sales_date(last.confirmed_on) < since
                or len(recent) < self.times
                or any(card.score >= self.below for cards in recent for card in cards)
            ):
                continue
            asked.add(rep)
            rule = self._speak_to_coach(last.rep_id)
            card = last.with_env(rule.env)
            reason = rule.env._(
                "%(rule)s: %(score)s points.",
                rule=rule.name,
                score=formatLang(rule.env, card.score, digits=2),
            )
            rule._open(
                lambda card=card, reason=reason: card.env[
                    "sales.coaching"
                ]._open_from_card(card, reason)
            )

    def _apply_to_targets(self, company, busy):
        """Of each rep the core goal of the months before this one."""
        first = company._get_sales_today().replace(day=1)
        months = [first - relativedelta(months=n) for n in range(1, self.times + 1)]
        targets = self.env["sales.target"].search(
            [
                ("company_id", "=", company.id),
                ("plan_id.kind", "=", "core"),
                ("plan_id.state", "!=", "draft"),
                ("period", "=", "month"),
                ("level", "=", "rep"),
                ("date_from", "in", months),
                ("value", ">", 0),
                ("rep_id", "not in", busy.ids),
                ("rep_id.state", "!=", "left"),
                ("rep_id.parent_id", "!=", False),
            ],
            order="date_from desc, id",
        )
        known = self.env["sales.coaching"].search(
            [
                ("company_id", "=", company.id),
                ("period_from", "=", months[0]),
            ]
        )
        for rep, some in targets.grouped("rep_id").items():
            if rep in known.rep_id or some[0].date_from != months[0]:
                continue
            below = [t for t in some if 100 * t.attainment < self.below]
            if {t.date_from for t in below} == set(months) and len(below) == len(some):
                self._speak_to_coach(rep)._open_deviation(some[0])

    def _speak_to_coach(self, rep):
        """The rule in the language of who reads the plan, which keeps its words."""
        lang = rep.parent_id.user_id.lang or self.env.lang
        return self.with_context(lang=lang)

    def _open_deviation(self, target):
        target = target.with_env(self.env)
        found = target.get_deviation()
        largest = found["largest"]
        if largest and (largest["driver_id"] or largest["key"] == RATE):
            self._open(lambda: target._open_coaching(largest["key"], found, rule=self))
