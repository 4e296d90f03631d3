import json
from fractions import Fraction
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from .. import facts
from ..scoring.card import Line, hundredths, weigh
from ..scoring.functions import WEIGHTED, is_vetoed
from ..scoring.spread import deviation
from .sales_scorecard import LIVE
from .sales_scorecard_template_line import BY_SCORES, exact

HUNDRED = Fraction(100)
# What a line keeps of its result, by column and type.
LINE_COLUMNS = {
    "metric_id": "integer",
    "weight_used": "numeric",
    "applies": "boolean",
    "missing": "varchar",
    "target": "numeric",
    "actual": "numeric",
    "numerator": "numeric",
    "denominator": "numeric",
    "credit_count": "integer",
    "member_count": "integer",
    "lowest": "numeric",
    "highest": "numeric",
    "heads": "jsonb",
    "x": "numeric",
    "is_vetoed": "boolean",
    "score": "numeric",
    "part": "numeric",
    "points_limited": "jsonb",
}
CARD_COLUMNS = {
    "has_score": "boolean",
    "score": "numeric",
    "weighted": "numeric",
    "points": "numeric",
    "capped_at": "numeric",
    "is_capped": "boolean",
    "score_grade_id": "integer",
    "head_days": "numeric",
}


class Found(NamedTuple):
    """What is known of a line: exact, ``x`` is what the function gets."""

    x: Fraction | None = None
    missing: str | None = None
    actual: Fraction = Fraction(0)
    target: Fraction = Fraction(0)
    numerator: Fraction = Fraction(0)
    denominator: Fraction = Fraction(0)
    count: int = 0
    members: int = 0
    lowest: Fraction = Fraction(0)
    highest: Fraction = Fraction(0)
    metric_id: int | None = None
    # See ``sales.scorecard.line``.
    limited: str | None = None
    heads: tuple = ()


class SalesScorecard(models.Model):
    """Results: of all cards at once, from facts, exact."""

    _inherit = "sales.scorecard"

    score_now = fields.Float(
        "Would Now Be",
        compute="_compute_now",
        digits=(16, 2),
        aggregator=None,
        help="From what documents say today; the score itself stays as confirmed.",
    )
    has_changed = fields.Boolean("Facts Have Changed", compute="_compute_now")

    @api.depends_context("uid")
    @api.depends("state", "score", "line_ids.score")
    def _compute_now(self):
        """Of cards that no longer follow the facts, what they would be."""
        kept = self.filtered(
            lambda card: card.id and card.state not in LIVE[:3] and not card.is_withheld
        )
        # sudo: what is computed is the reader's own card, from all that counts for it
        now = kept.sudo()._evaluate() if kept else {}
        for card in self:
            result = now.get(card.id)
            card.score_now = result["card"]["score"] if result else card.score
            card.has_changed = bool(result) and (
                result["card"]["has_score"] != card.has_score
                or round(result["card"]["score"] * 100) != round(card.score * 100)
            )

    def action_compute(self):
        """Score from the facts as they are now.

        Until the calibration by anybody who may read a card; in it by who calibrates;
        a confirmed card stays.

        :raise UserError: for cards that are confirmed
        :raise AccessError: for cards in calibration, for who does not calibrate them
        """
        self.check_access("read")
        self._check_state(*LIVE)
        calibrated = self.filtered(lambda card: card.state == "calibration")
        if calibrated:
            calibrated._check_judge(calibration=True)
        # sudo: the score is derived, whoever asks; that they may was checked above
        self.sudo()._compute_results()
        return True

    @api.model
    def _refresh(self):
        """Cards that still follow the facts."""
        self.search([("state", "in", LIVE[:3])])._compute_results()

    def _compute_results(self):
        """Write the results of cards and lines.

        With a constant number of queries for each level of the organisation: who is
        scored by the scores of those below, or of a team, comes after them, and teams
        come between.
        """
        self.fetch(["template_id", "rep_id"])
        teams = self.filtered(lambda card: not card.rep_id)
        waiting = self.template_id.filtered(
            lambda template: {"members", "team"} & set(template.line_ids.mapped("kind"))
        )
        above = self.filtered(lambda card: card.template_id in waiting) - teams
        (self - above - teams)._write_results()
        teams._write_results()
        levels = above.grouped(lambda card: card.rep_id.parent_path.count("/"))
        for level in sorted(levels, reverse=True):
            levels[level]._write_results()

    def _write_results(self):
        results = self._evaluate()
        if not results:
            return
        lines = [
            (id_, *(row[name] for name in LINE_COLUMNS))
            for result in results.values()
            for id_, row in result["lines"].items()
        ]
        self._update("sales_scorecard_line", LINE_COLUMNS, lines)
        now = fields.Datetime.now()
        columns = {**CARD_COLUMNS, "computed_on": "timestamp", "grade_id": "integer"}
        cards = []
        for card in self:
            row = results[card.id]["card"]
            # What was given in calibration is not taken back by a figure.
            grade = card.grade_id.id if card.is_calibrated else row["score_grade_id"]
            cards.append(
                (card.id, *(row[name] for name in CARD_COLUMNS), now, grade or None)
            )
        self._update("sales_scorecard", columns, cards)
        self.env["sales.scorecard.line"].invalidate_model(flush=False)
        self.invalidate_model(flush=False)

    def _update(self, table, columns, rows):
        names = list(columns)
        self.env.cr.execute(
            SQL(
                "UPDATE %(table)s t SET %(sets)s FROM unnest(%(arrays)s) "
                "AS n(id, %(names)s) WHERE n.id = t.id",
                table=SQL.identifier(table),
                sets=SQL(", ").join(
                    SQL("%s = n.%s", SQL.identifier(name), SQL.identifier(name))
                    for name in names
                ),
                arrays=SQL(", ").join(
                    SQL("%s::%s", list(column), SQL(f"{kind}[]"))
                    for column, kind in zip(
                        zip(*rows, strict=True),
                        ("integer", *columns.values()),
                        strict=True,
                    )
                ),
                names=SQL(", ").join(map(SQL.identifier, names)),
            )
        )

    # Evaluating

    def _evaluate(self):
        """What cards and their lines come to now; nothing is written.

        :return: ``{card's id: {"card": values, "lines": {line's id: values}}}``
        """
        if not self:
            return {}
        # At once: what is read when it is needed is read by the thousand.
        self.fetch(["template_id", "rep_id", "share", "grade_id", "is_calibrated"])
        rows = self.env["sales.scorecard.line"].search_fetch(
            [("card_id", "in", self.ids)],
            [
                *("card_id", "template_line_id", "kind"),
                *("manager_given", "manager_value"),
            ],
        )
        known = facts.collect(self)
        grades = self.env["sales.scorecard.grade"].search([])
        functions = {
            line: (line._get_function(), line._get_weight())
            for line in self.template_id.line_ids
        }
        by_card = rows.grouped("card_id")
        results = {}
        for card in self:
            lines = by_card.get(card, self.env["sales.scorecard.line"])
            found = [card._find(line, known) for line in lines]
            heads = known["heads"].get(card.id)
            scored = weigh(
                [
                    Line(*functions[line.template_line_id], item.x)
                    for line, item in zip(lines, found, strict=True)
                ]
            )
            results[card.id] = {
                "card": {
                    **self._prepare_card(scored, grades),
                    "head_days": heads.days if heads else 0,
                },
                "lines": {
                    line.id: self._prepare_line(
                        functions[line.template_line_id][0],
                        item,
                        *(
                            getattr(scored, name)[number]
                            for name in ("scores", "weights", "parts")
                        ),
                    )
                    for number, (line, item) in enumerate(
                        zip(lines, found, strict=True)
                    )
                },
            }
        return results

    def _prepare_card(self, scored, grades):
        total = scored.total
        score = (total or 0) / 100
        return {
            "has_score": total is not None,
            "score": score,
            "weighted": scored.weighted / 100,
            "points": scored.points / 100,
            "capped_at": (scored.cap or 0) / 100,
            "is_capped": scored.cap is not None
            and scored.weighted + scored.points > scored.cap,
            "score_grade_id": grades._get_by_score(None if total is None else score).id
            or None,
        }

    def _prepare_line(self, function, item, score, weight, part):
        applies = item.x is not None
        return {
            "metric_id": item.metric_id,
            "weight_used": weight / 100,
            "applies": applies,
            "missing": item.missing,
            "target": hundredths(item.target) / 100,
            "actual": hundredths(item.actual) / 100,
            "numerator": hundredths(item.numerator) / 100,
            "denominator": hundredths(item.denominator) / 100,
            "credit_count": item.count,
            "member_count": item.members,
            "lowest": hundredths(item.lowest) / 100,
            "highest": hundredths(item.highest) / 100,
            "heads": json.dumps(
                [[head.card_id, float(head.score), head.days] for head in item.heads]
            )
            if item.heads
            else None,
            "x": self._show(function, item.x) if applies else 0.0,
            "is_vetoed": applies
            and function.kind == "veto"
            and is_vetoed(function, item.x),
            "score": (score or 0) / 100,
            "part": part / 100,
            "points_limited": item.limited,
        }

    @staticmethod
    def _show(function, x):
        """Rounded; where steps matter not up to one that was not reached."""
        shown = Fraction(hundredths(x), 100)
        if function.kind not in WEIGHTED or function.kind == "bands":
            shown = Fraction(x * 100 // 1, 100)
        return float(shown)

    def _find(self, line, known):
        """What is known of a line of a card."""
        if line.kind in BY_SCORES:
            return getattr(self, f"_find_{line.kind}")(known)
        return getattr(self, f"_find_{line.kind}")(
            line, known[line.template_line_id.scope]
        )

    def _find_metric(self, line, known):
        """A metric as it is, or in percent of a number or the rep's target."""
        self.ensure_one()
        template = line.template_line_id
        metric = template.metric_id
        values = {
            part.id: known["credits"].get((self.id, part.id), (Fraction(0), 0))
            for part in metric._get_parts()
        }
        found = Found(
            count=sum(count for _value, count in values.values()), metric_id=metric.id
        )
        if metric.kind == "ratio":
            found = self._divide(metric, values, found)
            if found.x is None:
                return found
        else:
            actual = values[metric.id][0]
            found = found._replace(x=actual, actual=actual)
        if template.against == "value":
            return found
        if template.against == "number":
            target = exact(template.number)
            if metric.kind == "additive":
                target *= exact(self.share) / HUNDRED
        else:
            _plan, _metric, target = known["targets"].get(
                (self.id, metric.id), (None, None, Fraction(0))
            )
        return self._reach(found, target)

    @staticmethod
    def _reach(found, target):
        """In percent of a target."""
        if target <= 0:
            return found._replace(x=None, missing="target")
        return found._replace(target=target, x=HUNDRED * found.actual / target)

    @staticmethod
    def _divide(metric, values, found):
        numerator = values[metric.numerator_id.id][0]
        denominator = values[metric.denominator_id.id][0]
        if metric.denominator_includes_numerator:
            denominator += numerator
        found = found._replace(numerator=numerator, denominator=denominator)
        if not denominator:
            return found._replace(missing="nothing")
        actual = numerator / denominator
        if metric.unit == "percent":
            actual *= HUNDRED
        return found._replace(x=actual, actual=actual)

    def _find_attainment(self, line, known):
        """The core goal, of whichever metric it is."""
        target = known["targets"].get((self.id, None))
        if not target:
            return Found(missing="target")
        actual, count = known["core"][self.id]
        found = Found(actual=actual, count=count, metric_id=target[1])
        return self._reach(found, target[2])

    def _find_training(self, line, known):
        """Percent of the courses needed."""
        held, needed = known["training"].get(self.id, (0, 0))
        if not needed:
            return Found(missing="courses")
        percent = HUNDRED * held / needed
        return Found(
            x=percent,
            actual=percent,
            numerator=Fraction(held),
            denominator=Fraction(needed),
        )

    def _find_conduct(self, line, known):
        """Rewards minus penalties, each within the company's limit."""
        points = known["conduct"].get(self.id, (0, 0, 0, 0))
        rewards, all_rewards, penalties, all_penalties = points
        x = Fraction(rewards - penalties)
        if (rewards, penalties) == (all_rewards, all_penalties):
            return Found(x=x, actual=x)
        company = self.company_id
        return Found(
            x=x,
            actual=x,
            limited=json.dumps(
                {
                    "period": company.sales_points_period,
                    "rewards": [rewards, all_rewards, company.sales_reward_limit],
                    "penalties": [
                        penalties,
                        all_penalties,
                        company.sales_penalty_limit,
                    ],
                }
            ),
        )

    def _find_survey(self, line, known):
        """What others said in the last 360° feedback of this time."""
        if self.id not in known["survey"]:
            return Found(missing="survey")
        score, count = known["survey"][self.id]
        if score is None:
            return Found(missing="answers")
        return Found(x=score, actual=score, members=count)

    def _find_members(self, known):
        """The average score of the team's members by their head-days; on a rep's card
        of who reports to the rep, by the parts of the period."""
        if not self.rep_id:
            return self._find_heads(known["heads"])
        if self.id not in known["members"]:
            return Found(missing="members")
        total, parts, lowest, highest, count = known["members"][self.id]
        average = total / parts
        return Found(
            x=average, actual=average, members=count, lowest=lowest, highest=highest
        )

    def _find_heads(self, known):
        heads = known[self.id].scores if self.id in known else ()
        if not heads:
            return Found(missing="members")
        scores = [head.score for head in heads]
        days = sum(head.days for head in heads)
        average = sum(head.score * head.days for head in heads) / days
        return Found(
            x=average,
            actual=average,
            members=len(heads),
            lowest=min(scores),
            highest=max(scores),
            heads=heads,
        )

    def _find_spread(self, known):
        """The standard deviation of the members' scores, by their head-days."""
        found = self._find_heads(known["heads"])
        if found.members < 2:
            return Found(missing="alone")
        spread = deviation([(head.score, head.days) for head in found.heads])
        return found._replace(x=spread, actual=spread)

    def _find_team(self, known):
        """The score of the team that the rep leads; of several by their head-days."""
        if self.id not in known["led"]:
            return Found(missing="team")
        total, days, count = known["led"][self.id]
        return Found(x=total / days, actual=total / days, members=count)

    def _get_members(self):
        """Who was in the team on a day of the card."""
        # sudo: who is in whose team is no secret
        stays = self.env["sales.rep.assignment"].sudo()
        return (
            stays.search(
                [
                    ("team_id", "=", self.team_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("date_from", "<=", self.date_to),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", self.date_from),
                ]
            )
            .rep_id.sudo(False)
            .with_env(self.env)
        )

    def _get_scored_domain(self, kind, heads):
        """Which cards' scores a line is made of.

        :param heads: of a team what the line keeps of its members
        """
        if kind == "team":
            whose = [("rep_id", "=", False), ("leader_id", "=", self.rep_id.id)]
        elif self.rep_id:
            whose = [("rep_id", "!=", False), ("manager_id", "=", self.rep_id.id)]
        else:
            whose = [("id", "in", [card for card, _score, _days in heads or ()])]
        return [
            *whose,
            ("company_id", "=", self.company_id.id),
            ("period", "=", self.period),
            ("period_from", "=", self.period_from),
        ]

    def _get_cards_behind(self, kind, heads):
        return self.search(self._get_scored_domain(kind, heads))

    def _open_members(self, kind, heads):
        """The cards whose scores a line is made of, as far as the reader sees them."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_scorecard_action"
        )
        domain = self._get_scored_domain(kind, heads)
        return {**action, "domain": domain, "context": {}}

    def _find_judgement(self, line, known):
        if not line.manager_given:
            return Found(missing="judgement")
        value = exact(line.manager_value)
        return Found(x=value, actual=value)
