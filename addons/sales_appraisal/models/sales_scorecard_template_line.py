from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from ..scoring.curve import is_drawable, vertices
from ..scoring.functions import WEIGHTED, Function

KINDS = [
    ("metric", "Metric"),
    ("attainment", "Core goal"),
    ("training", "Training"),
    ("conduct", "Conduct"),
    ("judgement", "Manager's judgement"),
    ("members", "Scores of the team"),
    ("survey", "360° survey"),
    ("spread", "Spread in the team"),
    ("team", "Card of the team"),
]
# What only the cards of teams have, and what they do not have.
TEAMS_ONLY, REPS_ONLY = ("spread",), ("team", "survey")
# Scored by other people's scores: nobody's facts are counted.
BY_SCORES = ("members", "spread", "team")
FUNCTIONS = [
    ("ratio", "Ratio"),
    ("linear", "Between points"),
    ("bands", "Bands"),
    ("lower", "Lower is better"),
    ("points", "Plus and minus points"),
    ("veto", "Veto"),
]
# From a standard deviation to points, to begin with.
SPREAD = ((0, 100), (10, 80), (30, 0))


def exact(value):
    """A float of two digits as it is meant."""
    return Fraction(round((value or 0.0) * 100), 100)


class SalesScorecardTemplateLine(models.Model):
    """What a line of a card is about, is measured against, and how it scores."""

    _name = "sales.scorecard.template.line"
    _description = "Line of a Scorecard Template"
    _inherit = ["sales.version.part.mixin", "sales.stamped.mixin"]
    _order = "template_id, sequence, id"
    _sales_whole = "template_id"

    template_id = fields.Many2one(
        "sales.scorecard.template", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="template_id.company_id", store=True)
    template_state = fields.Selection(related="template_id.state")
    subject = fields.Selection(related="template_id.subject")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    description = fields.Text(translate=True, help="What is expected, in words.")
    kind = fields.Selection(
        KINDS,
        "Measures",
        default="metric",
        required=True,
        help="Scores of the team: the average of its members by their working days in "
        "the team; on a rep's card, of who reports to the rep. Who is scored by "
        "others' scores is not counted among the members. Spread: the standard "
        "deviation of the members' scores, in points. Card of the team: the score of "
        "the team that the rep leads.",
    )
    metric_id = fields.Many2one(
        "sales.metric",
        ondelete="restrict",
        domain="[('denominator_kind', '=', 'metric')]",
    )
    scope = fields.Selection(
        [("own", "The rep, or the team"), ("team", "The rep and everybody below")],
        "Counts",
        default="own",
        required=True,
        help="Whose facts count. Of those below: on the days on which they were below.",
    )
    against = fields.Selection(
        [
            ("value", "The value itself"),
            ("number", "Percent of a number"),
            ("target", "Percent of the target"),
        ],
        "Scored Is",
        default="value",
        required=True,
        help="What the function gets: the value, a percentage being 78 and not 0.78; "
        "or the percent that was reached of a number, or of the rep's target.",
    )
    number = fields.Float(
        "Number",
        digits=(16, 2),
        help="For a whole period. Of what is added up, a part of the period takes the "
        "part of its working days.",
    )
    weight = fields.Float("Weight (%)", digits=(5, 2))
    function = fields.Selection(FUNCTIONS, default="ratio", required=True)
    floor = fields.Float("At Least", digits=(16, 2))
    cap = fields.Float("At Most", digits=(16, 2), default=120)
    rate = fields.Float("Points Each", digits=(16, 2), default=1)
    limit = fields.Float(digits=(16, 2))
    side = fields.Selection(
        [("below", "Below"), ("above", "Above")], "When", default="below", required=True
    )
    point_ids = fields.One2many(
        "sales.scorecard.template.point", "line_id", "Points", copy=True
    )
    curve = fields.Json(compute="_compute_curve")

    _weight_range = models.Constraint(
        "CHECK (weight BETWEEN 0 AND 100)", "A weight is between 0 and 100 percent."
    )

    @api.depends(
        "function",
        "floor",
        "cap",
        "rate",
        "limit",
        "side",
        "point_ids.x",
        "point_ids.y",
    )
    def _compute_curve(self):
        for line in self:
            function = line._get_function()
            line.curve = (
                {"kind": line.function, "points": vertices(function)}
                if is_drawable(function)
                else False
            )

    @api.onchange("kind", "metric_id")
    def _onchange_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        self.name = self.metric_id.name or (
            self.kind != "metric" and labels.get(self.kind)
        )

    @api.onchange("kind")
    def _onchange_kind(self):
        if self.kind != "metric":
            self.metric_id = False
            self.against = "value"
        if self.kind in ("judgement", "survey") or self.kind in BY_SCORES:
            self.scope = "own"
        if self.kind == "conduct":
            self.function, self.floor, self.cap = "points", -10, 10
        if self.kind == "spread":
            # The closer together, the better.
            self.function = "linear"
            self.point_ids = [Command.clear()] + [
                Command.create({"x": x, "y": y}) for x, y in SPREAD
            ]

    @api.onchange("function")
    def _onchange_function(self):
        if self.function not in WEIGHTED:
            self.weight = 0

    @api.constrains("function", "weight")
    def _check_weight(self):
        for line in self:
            if line.function not in WEIGHTED and line.weight:
                raise ValidationError(
                    self.env._(
                        "%(line)s adds or takes points, or caps the card: it has no "
                        "weight.",
                        line=line.name,
                    )
                )

    @api.constrains("kind", "metric_id", "against", "number", "function")
    def _check_input(self):
        for line in self:
            metric = line.metric_id
            if line.kind == "metric" and not metric:
                raise ValidationError(
                    self.env._("%(line)s: which metric?", line=line.name)
                )
            if metric.denominator_kind == "market":
                raise ValidationError(
                    self.env._(
                        "%(metric)s is of territories, not of reps.", metric=metric.name
                    )
                )
            if line.against != "value" and line.kind != "metric":
                raise ValidationError(
                    self.env._(
                        "%(line)s has no target: score the value itself.",
                        line=line.name,
                    )
                )
            if line.against == "number" and line.number <= 0:
                raise ValidationError(
                    self.env._("%(line)s: percent of which number?", line=line.name)
                )
            if line.against == "target" and metric.kind == "ratio":
                raise ValidationError(
                    self.env._(
                        "%(metric)s is a ratio, which has no target of its own: give "
                        "the number.",
                        metric=metric.name,
                    )
                )

    @api.constrains("kind", "scope", "template_id")
    def _check_subject(self):
        for line in self:
            teams = line.template_id.subject == "teams"
            if line.kind in (REPS_ONLY if teams else TEAMS_ONLY):
                raise ValidationError(
                    self.env._(
                        "%(line)s: the cards of teams have neither a card of the team "
                        "nor a survey.",
                        line=line.name,
                    )
                    if teams
                    else self.env._(
                        "%(line)s: only the cards of teams have a spread.",
                        line=line.name,
                    )
                )
            if teams and line.scope != "own":
                raise ValidationError(
                    self.env._(
                        "%(line)s: the card of a team counts its members.",
                        line=line.name,
                    )
                )

    @api.constrains("function", "floor", "cap", "point_ids")
    def _check_function(self):
        for line in self:
            if line.function in ("linear", "bands") and not line.point_ids:
                raise ValidationError(
                    self.env._("%(line)s: give the points.", line=line.name)
                )
            if not is_drawable(line._get_function()):
                raise ValidationError(
                    self.env._(
                        "%(line)s: at least is not more than at most, and no two "
                        "points have the same input.",
                        line=line.name,
                    )
                )
            if line.function in ("ratio", "lower") and line.floor < 0:
                raise ValidationError(
                    self.env._(
                        "%(line)s: a score with a weight is not negative.",
                        line=line.name,
                    )
                )

    def _get_weight(self):
        """In hundredths of a percent."""
        self.ensure_one()
        return round(self.weight * 100)

    def _get_function(self):
        """What ``scoring`` computes with."""
        self.ensure_one()
        points = self.point_ids.sorted("x")
        return Function(
            self.function or "ratio",
            floor=exact(self.floor),
            cap=exact(self.cap),
            points=tuple((exact(point.x), exact(point.y)) for point in points),
            rate=exact(self.rate),
            limit=exact(self.limit),
            side=self.side or "below",
        )


class SalesScorecardTemplatePoint(models.Model):
    """A point of a scoring function: so much reached gives so many points."""

    _name = "sales.scorecard.template.point"
    _description = "Point of a Scoring Function"
    _inherit = ["sales.version.part.mixin"]
    _order = "line_id, x"
    _sales_whole = "line_id.template_id"

    line_id = fields.Many2one(
        "sales.scorecard.template.line", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="line_id.company_id")
    x = fields.Float("From", digits=(16, 2), required=True)
    y = fields.Float("Points", digits=(16, 2), required=True)

    _x_uniq = models.UniqueIndex("(line_id, x)", "Two points have the same input.")
    _y_positive = models.Constraint("CHECK (y >= 0)", "Points are not negative.")
