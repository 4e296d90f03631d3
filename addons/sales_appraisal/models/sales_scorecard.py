from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_date, formatLang

from .sales_scorecard_template import PERIODS

STATES = [
    ("open", "Open"),
    ("self", "Self-assessment"),
    ("manager", "Manager"),
    ("calibration", "Calibration"),
    ("confirmed", "Confirmed"),
    ("acknowledged", "Acknowledged"),
    ("appealed", "Appealed"),
]
# In these the score still follows the facts.
LIVE = ("open", "self", "manager", "calibration")
# Somebody has to act until a day.
DUE = ("self", "manager", "calibration", "appealed")
# What people write by hand, in which state; all else is stamped by the system.
WRITTEN = {"self_comment": "self", "manager_comment": "manager"}
# What Odoo's own tools write on a document.
_TOOLS = (
    "message_",
    "activity_",
    "website_message_ids",
    "rating_ids",
    "my_activity_date_deadline",
)


class SalesScorecard(models.Model):
    """How a rep did in a period, or in the part of it with one role.

    Computed from facts until it is confirmed; then it stays, and what it would be now
    is shown beside it.
    """

    _name = "sales.scorecard"
    _description = "Scorecard"
    _inherit = ["sales.stamped.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "period_from desc, score desc, id"
    _check_company_auto = True

    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        readonly=True,
        ondelete="restrict",
        check_company=True,
        index=True,
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="Of the rep, in this part of the period.",
    )
    manager_id = fields.Many2one(
        "sales.rep",
        "Appraised By",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The rep's manager on the last day.",
    )
    template_id = fields.Many2one(
        "sales.scorecard.template", required=True, readonly=True, ondelete="restrict"
    )
    period = fields.Selection(PERIODS, required=True, readonly=True)
    period_from = fields.Date("Period From", required=True, readonly=True)
    period_to = fields.Date("Period To", required=True, readonly=True)
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    share = fields.Float(
        "Part of the Period (%)",
        digits=(5, 2),
        readonly=True,
        default=100,
        aggregator=None,
        help="Of the rep's working days. A rep who changes role within a period has a "
        "card for each part.",
    )
    period_label = fields.Char("Name of the Period", compute="_compute_period_label")
    state = fields.Selection(
        STATES,
        "Status",
        default="open",
        required=True,
        readonly=True,
        tracking=True,
        group_expand=True,
    )
    due_on = fields.Date(
        readonly=True, help="Until when whoever has the card should act."
    )
    is_late = fields.Boolean(compute="_compute_is_late", search="_search_is_late")
    waits_for_id = fields.Many2one(
        "res.users", "Waits For", readonly=True, index="btree_not_null"
    )
    reminded_on = fields.Date(readonly=True)

    line_ids = fields.One2many("sales.scorecard.line", "card_id", "Lines")
    has_score = fields.Boolean(
        "Scored", readonly=True, help="Not where nothing on the card applies."
    )
    score = fields.Float(digits=(16, 2), readonly=True, aggregator="avg", tracking=True)
    weighted = fields.Float("Weighted Sum", digits=(16, 2), readonly=True)
    points = fields.Float(
        "Points On Top", digits=(16, 2), readonly=True, aggregator=None
    )
    capped_at = fields.Float(digits=(16, 2), readonly=True, aggregator=None)
    is_capped = fields.Boolean("Capped by a Veto", readonly=True)
    computed_on = fields.Datetime("Computed", readonly=True)
    score_grade_id = fields.Many2one(
        "sales.scorecard.grade",
        "Grade by Score",
        readonly=True,
        ondelete="restrict",
    )
    grade_id = fields.Many2one(
        "sales.scorecard.grade",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
    )
    is_calibrated = fields.Boolean(
        readonly=True, help="The grade was given in calibration, not by the score."
    )
    self_comment = fields.Text("Own Comment")
    manager_comment = fields.Text("Manager's Comment")
    confirmed_on = fields.Datetime("Confirmed", readonly=True, copy=False)
    confirmed_by_id = fields.Many2one("res.users", "Confirmed By", readonly=True)
    acknowledged_on = fields.Datetime("Acknowledged", readonly=True, copy=False)
    snapshot = fields.Json(
        readonly=True,
        copy=False,
        help="Every input of the score, as it was at the confirmation.",
    )
    summary = fields.Text("In Words", compute="_compute_summary")
    best_lift = fields.Char("What Lifts It Most", compute="_compute_best_lift")
    is_mine = fields.Boolean(compute="_compute_is_mine", search="_search_is_mine")
    may_decide = fields.Boolean(compute="_compute_is_mine")
    may_calibrate = fields.Boolean(compute="_compute_is_mine")

    _part_uniq = models.UniqueIndex(
        "(rep_id, period, date_from)", "The rep has a card of this period already."
    )
    _group_idx = models.Index("(period, period_from, template_id)")
    _dates = models.Constraint(
        "CHECK (date_from BETWEEN period_from AND date_to AND date_to <= period_to)",
        "A card is of a part of its period.",
    )

    @api.depends("period", "period_from")
    def _compute_period_label(self):
        formats = {"month": "MMMM yyyy", "quarter": "QQQ yyyy", "year": "yyyy"}
        for card in self:
            day = card.period_from
            if not day:
                card.period_label = ""
            elif card.period == "half":
                card.period_label = self.env._(
                    "%(year)s, half %(number)s",
                    year=day.year,
                    number=1 if day.month < 7 else 2,
                )
            else:
                card.period_label = format_date(
                    self.env, day, date_format=formats[card.period]
                )

    @api.depends("rep_id.name", "period_label", "share")
    def _compute_display_name(self):
        for card in self:
            card.display_name = f"{card.rep_id.name or ''} · {card.period_label}"

    @api.depends("due_on", "state")
    def _compute_is_late(self):
        today = self.env.company._get_sales_today()
        for card in self:
            card.is_late = bool(
                card.due_on and card.due_on < today and card.state in DUE
            )

    @api.model
    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = fields.Domain(
            [
                ("due_on", "<", self.env.company._get_sales_today()),
                ("state", "in", DUE),
            ]
        )
        return late if True in value else ~late

    @api.depends_context("uid")
    @api.depends("user_id")
    def _compute_is_mine(self):
        decides = self._is_judge()
        calibrates = self._is_calibrator()
        for card in self:
            card.is_mine = card.user_id == self.env.user
            card.may_decide = decides and not card.is_mine
            card.may_calibrate = calibrates and not card.is_mine

    @api.model
    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = fields.Domain("user_id", "=", self.env.uid)
        return mine if True in value else ~mine

    @api.depends(
        "score", "weighted", "points", "capped_at", "is_capped", "has_score", "grade_id"
    )
    def _compute_summary(self):
        """How the score comes about, as a sum that anybody can do again."""
        number = partial(formatLang, self.env, digits=2)
        for card in self:
            if not card.has_score:
                card.summary = self.env._(
                    "Nothing on the card applies yet: there is no score."
                )
                continue
            parts = [
                self.env._(
                    "Weighted lines give %(weighted)s.",
                    weighted=number(card.weighted),
                )
            ]
            if card.points:
                parts.append(
                    self.env._("%(points)s points on top.", points=number(card.points))
                )
            if card.is_capped:
                parts.append(
                    self.env._(
                        "A veto limits the card to %(cap)s.",
                        cap=number(card.capped_at),
                    )
                )
            missing = card.line_ids.filtered(lambda line: not line.applies)
            missing = missing.filtered("weight")
            if missing:
                parts.append(
                    self.env._(
                        "Not applicable: %(lines)s; the others share the weight.",
                        lines=", ".join(missing.mapped("name")),
                    )
                )
            if card.is_calibrated and card.grade_id != card.score_grade_id:
                parts.append(
                    self.env._(
                        "By the score the grade would be %(grade)s; it was calibrated.",
                        grade=card.score_grade_id.name,
                    )
                )
            card.summary = " ".join(parts)

    @api.depends("line_ids.lift")
    def _compute_best_lift(self):
        for card in self:
            # What others judge is not in the rep's own hands.
            counted = card.line_ids.filtered(
                lambda line: line.weight and line.kind not in ("judgement", "survey")
            )
            best = counted.sorted("lift", reverse=True)[:1]
            card.best_lift = (
                self.env._("%(line)s: %(text)s", line=best.name, text=best.lift_text)
                if best.lift
                else False
            )

    # Writing

    def _is_stamped(self, name):
        if name in WRITTEN or name == "line_ids":
            return False
        return not name.startswith(_TOOLS)

    def write(self, vals):
        if not self.env.su:
            if any(
                command[0] != fields.Command.UPDATE
                for command in vals.get("line_ids") or ()
            ):
                raise UserError(
                    self.env._("The lines of a card are those of its template.")
                )
            for name in WRITTEN.keys() & vals.keys():
                self._check_hand(WRITTEN[name])
        return super().write(vals)

    def _check_hand(self, state):
        """:raise UserError: when it is not the time, or not theirs, to write"""
        for card in self:
            if card.state != state:
                raise UserError(
                    self.env._(
                        "%(card)s is not in the step “%(step)s”.",
                        card=card.display_name,
                        step=dict(
                            self._fields["state"]._description_selection(self.env)
                        )[state],
                    )
                )
            if state == "self" and not card.is_mine:
                raise AccessError(self.env._("Only the rep assesses themselves."))
            if state == "manager" and not card.may_decide:
                raise AccessError(self.env._("Nobody judges the own card."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        if any(card.state != "open" for card in self):
            raise UserError(self.env._("A card that was begun cannot be deleted."))

    # Who may what

    @api.model
    def _is_judge(self):
        """Whether the user judges cards that may be written: of others, below."""
        return self.env.su or self.env.user.has_groups(
            "sales_force.group_sales_leader,sales_force.group_sales_operations"
        )

    @api.model
    def _is_calibrator(self):
        return self.env.su or self.env.user.has_groups(
            "sales_force.group_sales_manager,sales_force.group_sales_operations"
        )

    def _check_judge(self, calibration=False):
        """:raise AccessError: for the own card, and for who is not above the rep"""
        self.check_access("write")
        if not (self._is_calibrator() if calibration else self._is_judge()):
            raise AccessError(
                self.env._("A regional manager or director decides.")
                if calibration
                else self.env._("Who is above the rep decides.")
            )
        if not self.env.su and self.env.user in self.user_id:
            raise AccessError(self.env._("Nobody decides on the own card."))

    def _check_state(self, *states):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for card in self:
            if card.state not in states:
                raise UserError(
                    self.env._(
                        "%(card)s is in the step “%(step)s”: this is for “%(steps)s”.",
                        card=card.display_name,
                        step=labels[card.state],
                        steps=", ".join(labels[state] for state in states),
                    )
                )
