from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from ..scoring.functions import next_step, score
from .provisional import (
    ProvisionalBoolean,
    ProvisionalChar,
    ProvisionalFloat,
    ProvisionalJson,
    ProvisionalSelection,
)
from .sales_scorecard import READERS
from .sales_scorecard_template_line import BY_SCORES, FUNCTIONS, KINDS, exact

MISSING = [
    ("nothing", "Nothing to divide by"),
    ("target", "No target"),
    ("courses", "No course required"),
    ("judgement", "Not judged yet"),
    ("members", "Nobody below has a score"),
    ("survey", "No 360° feedback closed for this time"),
    ("answers", "Too few people answered the 360° survey"),
    ("alone", "Fewer than two scores"),
    ("team", "No card of a team"),
]
# Of a line that is judged all of the result is withheld, and of one that is made of
# other cards of the same person; of the others only what tells whether it was judged.
JUDGED = (
    *("applies", "missing", "actual", "x", "is_vetoed", "score"),
    *("lowest", "highest", "heads"),
)
WRITTEN = {
    "self_value": "self",
    "self_comment": "self",
    "manager_value": "manager",
    "manager_comment": "manager",
}


class SalesScorecardLine(models.Model):
    """One line of a card: what was reached, of what, and the points it gives.

    Values of percentages are as people say them: 78, not 0.78.
    """

    _name = "sales.scorecard.line"
    _description = "Line of a Scorecard"
    _inherit = ["sales.provisional.mixin", "sales.stamped.mixin"]
    _order = "card_id, sequence, id"
    _log_access = False

    card_id = fields.Many2one(
        "sales.scorecard", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="card_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    card_state = fields.Selection(related="card_id.state", string="Status of the Card")
    template_line_id = fields.Many2one(
        "sales.scorecard.template.line",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    name = fields.Char(related="template_line_id.name")
    description = fields.Text(related="template_line_id.description")
    sequence = fields.Integer(readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    function = fields.Selection(FUNCTIONS, required=True, readonly=True)
    curve = fields.Json(related="template_line_id.curve")
    metric_id = fields.Many2one("sales.metric", readonly=True, ondelete="restrict")
    unit = fields.Selection(related="metric_id.unit", string="Unit of Measure")
    weight = fields.Float("Weight (%)", digits=(5, 2), readonly=True)
    weight_used = ProvisionalFloat(
        "Weight Used (%)",
        digits=(5, 2),
        readonly=True,
        help="With the weight of what does not apply shared by the others.",
    )
    applies = ProvisionalBoolean("Applicable", readonly=True)
    missing = ProvisionalSelection(MISSING, "Not Applicable", readonly=True)
    target = fields.Float(digits=(16, 2), readonly=True)
    actual = ProvisionalFloat(digits=(16, 2), readonly=True)
    numerator = fields.Float(digits=(16, 2), readonly=True)
    denominator = fields.Float(digits=(16, 2), readonly=True)
    credit_count = fields.Integer("Credits", readonly=True)
    scope = fields.Selection(related="template_line_id.scope")
    member_count = fields.Integer("Cards of the Team", readonly=True)
    lowest = ProvisionalFloat(digits=(16, 2), readonly=True, groups=READERS)
    highest = ProvisionalFloat(digits=(16, 2), readonly=True, groups=READERS)
    heads = ProvisionalJson(
        "Scores of the Members",
        readonly=True,
        groups=READERS,
        help="Of a team: card, score and working days of each member.",
    )
    x = ProvisionalFloat(
        "Scored",
        digits=(16, 2),
        readonly=True,
        help="What the function got: the value, or the percent of the target.",
    )
    is_vetoed = ProvisionalBoolean("Veto", readonly=True)
    score = ProvisionalFloat(digits=(16, 2), readonly=True, aggregator="avg")
    part = ProvisionalFloat(
        "In the Card", digits=(16, 2), readonly=True, help="What it adds to the score."
    )
    points_limited = fields.Json(
        readonly=True,
        help="Where the company limits the points of conduct: what counts, what there "
        "is, and the limit.",
    )
    self_value = fields.Float("Own Assessment", digits=(16, 2))
    self_comment = fields.Char("Own Remark")
    manager_value = ProvisionalFloat("Judgement", digits=(16, 2))
    manager_given = ProvisionalBoolean("Judged", readonly=True)
    manager_comment = ProvisionalChar("Manager's Remark")
    is_withheld = fields.Boolean(related="card_id.is_withheld", related_sudo=False)

    explanation = fields.Text("Why", compute="_compute_explanation")
    lift = fields.Float(
        compute="_compute_lift",
        digits=(16, 2),
        help="What one more unit of what is scored adds to the card.",
    )
    lift_text = fields.Char("What Would Lift It", compute="_compute_lift")

    _line_uniq = models.UniqueIndex("(card_id, template_line_id)")

    # Words

    @api.depends("score", "x", "weight_used", "applies", "missing", "part")
    @api.depends_context("uid")
    def _compute_explanation(self):
        for line in self:
            line.explanation = line._explain()

    def _number(self, value, digits=2):
        return formatLang(self.env, value, digits=digits)

    def _value(self, value):
        """A value in its unit, in words."""
        if self.unit == "money":
            return formatLang(self.env, value, currency_obj=self.currency_id)
        text = self._number(value)
        if self.unit == "percent" or self.kind == "training":
            return self.env._("%(value)s %%", value=text)
        return text

    def _explain(self):
        _ = self.env._
        if self.kind == "judgement" and self.is_withheld:
            return _("Judged by who is above; shown when the card is confirmed.")
        if self.is_withheld and self._is_judged():
            return _(
                "Made of scores with judgements; shown when the card is confirmed."
            )
        if not self.applies:
            reason = dict(self._fields["missing"]._description_selection(self.env))
            reason = reason.get(self.missing, "")
            if self.weight:
                return _(
                    "Not applicable (%(reason)s): the other lines share its weight of "
                    "%(weight)s %%.",
                    reason=reason,
                    weight=self._number(self.weight),
                )
            return _("Not applicable (%(reason)s).", reason=reason)
        return " ".join(
            part
            for part in (
                self._explain_input(),
                self._explain_function(),
                self.weight
                and not self.is_withheld
                and _(
                    "Weight %(weight)s %%: %(part)s in the card.",
                    weight=self._number(self.weight_used),
                    part=self._number(self.part),
                ),
            )
            if part
        )

    def _explain_input(self):
        _ = self.env._
        if self.kind in ("members", "spread"):
            return self._explain_members()
        if self.kind == "team":
            return _(
                "The card of the team has %(actual)s.", actual=self._number(self.actual)
            )
        if self.kind == "survey":
            return _(
                "%(count)s people answered, on average %(actual)s.",
                count=self.member_count,
                actual=self._number(self.actual),
            )
        if self.target:
            return _(
                "%(actual)s of %(target)s is %(percent)s %%.",
                actual=self._value(self.actual),
                target=self._value(self.target),
                percent=self._number(self.x),
            )
        if self.denominator:
            return _(
                "%(numerator)s ÷ %(denominator)s = %(actual)s.",
                numerator=self._number(self.numerator),
                denominator=self._number(self.denominator),
                actual=self._value(self.actual),
            )
        value = _("The value is %(actual)s.", actual=self._value(self.actual))
        return " ".join([value, *self._explain_limits()])

    def _explain_members(self):
        """The lowest and the highest score are somebody's: for who may read them."""
        _ = self.env._
        # sudo: only which scores they are; that all of them may be read comes first
        known = self.sudo()
        behind = known.card_id._get_cards_behind(self.kind, known.heads)
        values = {
            "count": self.member_count,
            "actual": self._number(self.actual),
        }
        if not behind.sudo(False).has_access("read"):
            if self.kind == "spread":
                return _(
                    "By working days the standard deviation of %(count)s scores is "
                    "%(actual)s.",
                    **values,
                )
            return _(
                "%(count)s cards, on average %(actual)s by working days.", **values
            )
        values |= {
            "lowest": self._number(known.lowest),
            "highest": self._number(known.highest),
        }
        if self.kind == "spread":
            return _(
                "%(count)s scores from %(lowest)s to %(highest)s: by working days "
                "their standard deviation is %(actual)s.",
                **values,
            )
        return _(
            "%(count)s cards from %(lowest)s to %(highest)s, on average %(actual)s "
            "by working days.",
            **values,
        )

    def _explain_limits(self):
        """What of the points of conduct counts, where a limit takes something away."""
        _ = self.env._
        if not self.points_limited:
            return []
        period = self.company_id._describe_points_period(self.points_limited["period"])
        texts = []
        counted, points, limit = self.points_limited["rewards"]
        if counted != points:
            texts.append(
                _(
                    "Rewards: %(counted)s of %(points)s points count, the limit of the "
                    "%(period)s is %(limit)s.",
                    counted=counted,
                    points=points,
                    period=period,
                    limit=limit,
                )
            )
        counted, points, limit = self.points_limited["penalties"]
        if counted != points:
            texts.append(
                _(
                    "Penalties: %(counted)s of %(points)s points count, the limit of "
                    "the %(period)s is %(limit)s.",
                    counted=counted,
                    points=points,
                    period=period,
                    limit=limit,
                )
            )
        return texts

    def _explain_function(self):
        _ = self.env._
        function = self.template_line_id._get_function()
        texts = {
            "ratio": _(
                "As it is, from %(floor)s to %(cap)s: %(score)s points.",
                floor=self._number(float(function.floor), 0),
                cap=self._number(float(function.cap), 0),
                score=self._number(self.score),
            ),
            "lower": _(
                "The less the better, 100 at the target: %(score)s points.",
                score=self._number(self.score),
            ),
            "linear": _(
                "Between %(points)s: %(score)s points.",
                points=self._describe_points(function),
                score=self._number(self.score),
            ),
            "bands": _(
                "In the bands %(points)s: %(score)s points.",
                points=self._describe_points(function),
                score=self._number(self.score),
            ),
            "points": _(
                "%(rate)s each, from %(floor)s to %(cap)s: %(score)s points on the "
                "card.",
                rate=self._number(float(function.rate)),
                floor=self._number(float(function.floor), 0),
                cap=self._number(float(function.cap), 0),
                score=self._number(self.score),
            ),
            "veto": _(
                "Beyond the limit of %(limit)s: the whole card is at most %(cap)s.",
                limit=self._number(float(function.limit)),
                cap=self._number(float(function.cap)),
            )
            if self.is_vetoed
            else _(
                "Within the limit of %(limit)s: no veto.",
                limit=self._number(float(function.limit)),
            ),
        }
        return texts[self.function]

    def _describe_points(self, function):
        return ", ".join(
            f"{self._number(float(x), 0)} → {self._number(float(y), 0)}"
            for x, y in function.points
        )

    @api.depends("x", "weight_used", "applies", "function")
    @api.depends_context("uid")
    def _compute_lift(self):
        for line in self:
            line.lift, line.lift_text = line._get_lift()

    def _get_lift(self):
        """What one more unit gives: ``(points in the card, words)``."""
        _ = self.env._
        if not self.applies or self.function == "veto" or self.is_withheld:
            return 0.0, False
        function = self.template_line_id._get_function()
        weight = exact(self.weight_used) / 100 if self.weight else 1
        x = exact(self.x)
        step = next_step(function, x)
        if step:
            gain = step[1] * weight
            return float(gain / abs(step[0] - x)), _(
                "at %(input)s there are %(gain)s points more in the card",
                input=self._number(float(step[0])),
                gain=self._number(float(gain)),
            )
        better = -1 if score(function, x - 1) > score(function, x + 1) else 1
        gain = (score(function, x + better) - score(function, x)) * weight
        if gain <= 0:
            return 0.0, _("nothing more to be had here")
        unit = _("percent") if self.target or self.unit == "percent" else _("unit")
        if better < 0:
            return float(gain), _(
                "each %(unit)s less gives %(gain)s points in the card",
                unit=unit,
                gain=self._number(float(gain)),
            )
        return float(gain), _(
            "each %(unit)s more gives %(gain)s points in the card",
            unit=unit,
            gain=self._number(float(gain)),
        )

    # Writing

    def _is_stamped(self, name):
        return name not in WRITTEN

    def write(self, vals):
        if not self.env.su:
            for state in {WRITTEN[name] for name in WRITTEN.keys() & vals.keys()}:
                self.card_id._check_hand(state)
            if "manager_value" in vals:
                other = self.filtered(lambda line: line.kind != "judgement")
                if other:
                    raise UserError(
                        self.env._(
                            "%(line)s comes from facts: nobody enters it.",
                            line=other[0].name,
                        )
                    )
        result = super().write(vals)
        if "manager_value" in vals:
            # sudo: stamped by the system, with what was entered
            lines = self.sudo()
            super(SalesScorecardLine, lines).write({"manager_given": True})
            lines.card_id._compute_results()
        return result

    def action_judge_nothing(self):
        """Judge by 0, which a form does not tell from a value that nobody has given."""
        self.write({"manager_value": 0})

    # Opening what is behind

    def action_open_source(self):
        """The credits, courses or cases that a line is made of."""
        self.ensure_one()
        self.check_access("read")
        card = self.card_id
        if self.kind in BY_SCORES:
            # sudo: only the ids; the list shows what the user may read of them
            return card._open_members(self.kind, self.sudo().heads)
        reps = card.rep_id or card._get_members()
        if self.scope == "team":
            reps = reps.search([("id", "child_of", reps.id)])
        if self.metric_id:
            action = self.env["sales.credit"]._prepare_action_behind(
                self.metric_id, (card.date_from, card.date_to), reps
            )
            if not card.rep_id:
                # Members on the days in the team: the ledger's own team of the day.
                action["name"] = self.env._(
                    "%(metric)s of %(team)s",
                    metric=self.metric_id.name,
                    team=card.subject,
                )
                action["domain"] = [
                    *(leaf for leaf in action["domain"] if leaf[0] != "rep_id"),
                    ("rep_id", "!=", False),
                    ("team_id", "=", card.team_id.id),
                ]
            return action
        sources = {
            "training": ("sales_force.sales_training_need_action", []),
            "conduct": (
                "sales_force.sales_conduct_action",
                [("date", ">=", card.date_from), ("date", "<=", card.date_to)],
            ),
            "survey": (
                "sales_appraisal.sales_feedback_subject_action",
                [("date_to", ">=", card.date_from), ("date_from", "<=", card.date_to)],
            ),
        }
        if self.kind not in sources:
            raise UserError(
                self.env._("%(line)s is judged, not counted.", line=self.name)
            )
        xml_id, domain = sources[self.kind]
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        return {
            **action,
            "domain": [("rep_id", "in", reps.ids), *domain],
            "context": {},
        }

    # What who is appraised reads before the confirmation

    def _is_judged(self):
        """Whether there is somebody's judgement of the card's owner in the result.

        The leader's card is scored by the team's, which is the leader's own, too; the
        team's by the scores of its members, of whom the leader may be one.
        """
        if self.kind in ("members", "spread"):
            return not self.card_id.rep_id
        return self.kind in ("judgement", "team")

    def _withholds(self, name):
        return (
            len(self) == 1
            and (name not in JUDGED or self._is_judged())
            and self.card_id._withholds(name)
        )

    def _withholds_sql(self, name, alias):
        card = self.env["sales.scorecard"]
        judged = SQL("TRUE")
        if name in JUDGED:
            judged = SQL(
                "(%(kind)s IN ('judgement', 'team') OR "
                "%(kind)s IN ('members', 'spread') AND card.rep_id IS NULL)",
                kind=self._field_to_sql(alias, "kind"),
            )
        return SQL(
            "EXISTS (SELECT FROM %s card WHERE card.id = %s AND %s AND %s)",
            SQL.identifier(card._table),
            self._field_to_sql(alias, "card_id"),
            card._withholds_sql(name, "card"),
            judged,
        )

    def _get_shown(self, name):
        return "judgement" if name == "missing" else None

    def _get_shown_sql(self, name, alias):
        return SQL("'judgement'") if name == "missing" else SQL("NULL")
