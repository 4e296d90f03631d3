from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from odoo.addons.sales_force.models.sales_stamped_mixin import TOOLS

from .provisional import (
    ProvisionalBoolean,
    ProvisionalFloat,
    ProvisionalMany2one,
    ProvisionalText,
)
from .sales_version_mixin import PERIODS

STATES = [
    ("open", "Open"),
    ("self", "Self-assessment"),
    ("manager", "Manager's judgement"),
    ("calibration", "Calibration"),
    ("confirmed", "Confirmed"),
    ("acknowledged", "Acknowledged"),
    ("appealed", "Appealed"),
]
# In these the score still follows the facts.
LIVE = ("open", "self", "manager", "calibration")
# Who is appraised does not see the judgement yet.
WITHHELD = ("manager", "calibration")
# Somebody has to act until a day.
DUE = ("self", "manager", "calibration", "appealed")
# What people write by hand, in which state; all else is stamped by the system.
WRITTEN = {"self_comment": "self", "manager_comment": "manager"}
# Scores of others are for who reads all cards of the company; others open them.
READERS = "sales_force.group_sales_director,sales_force.group_sales_operations"


class SalesScorecard(models.Model):
    """How a rep did in a period, or in the part of it with one role; or a team.

    The card of a team is one without a rep: the team's leader answers for it. Computed
    from facts until it is confirmed; then it stays, and what it would be now is shown
    beside it.
    """

    _name = "sales.scorecard"
    _description = "Scorecard"
    _inherit = [
        "sales.provisional.mixin",
        "sales.stamped.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "period_from desc, score desc, id"
    _check_company_auto = True

    rep_id = fields.Many2one(
        "sales.rep",
        readonly=True,
        ondelete="restrict",
        check_company=True,
        index=True,
        help="Empty on the card of a team.",
    )
    leader_id = fields.Many2one(
        "sales.rep",
        "Team Leader",
        readonly=True,
        ondelete="restrict",
        check_company=True,
        index="btree_not_null",
        help="Of the card of a team: who leads it on the last day.",
    )
    owner_id = fields.Many2one(
        "sales.rep",
        "Who Is Appraised",
        compute="_compute_owner_id",
        store=True,
        index="btree_not_null",
        help="The rep; of the card of a team its leader.",
    )
    user_id = fields.Many2one(related="owner_id.user_id", store=True)
    subject = fields.Char("Card Of", compute="_compute_subject")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="Of the rep, in this part of the period; without a rep the card is the "
        "team's.",
    )
    manager_id = fields.Many2one(
        "sales.rep",
        "Appraised By",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The manager of the rep, or of the team's leader, on the last day.",
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
    has_score = ProvisionalBoolean(
        "Scored", readonly=True, help="Not where nothing on the card applies."
    )
    score = ProvisionalFloat(digits=(16, 2), readonly=True, aggregator="avg")
    shown_has_score = fields.Boolean(
        "Scored Before the Judgement",
        readonly=True,
        help="What who is appraised reads until the confirmation.",
    )
    shown_score = fields.Float(
        "Score Before the Judgement",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="What who is appraised reads until the confirmation: the score at the end "
        "of the self-assessment, or the one against which the appeal was granted.",
    )
    weighted = ProvisionalFloat("Weighted Sum", digits=(16, 2), readonly=True)
    points = ProvisionalFloat(
        "Points On Top", digits=(16, 2), readonly=True, aggregator=None
    )
    capped_at = ProvisionalFloat(digits=(16, 2), readonly=True, aggregator=None)
    is_capped = ProvisionalBoolean("Capped by a Veto", readonly=True)
    computed_on = fields.Datetime("Computed", readonly=True)
    score_grade_id = ProvisionalMany2one(
        "sales.scorecard.grade",
        "Grade by Score",
        readonly=True,
        ondelete="restrict",
    )
    grade_id = ProvisionalMany2one(
        "sales.scorecard.grade",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    is_calibrated = ProvisionalBoolean(
        readonly=True, help="The grade was given in calibration, not by the score."
    )
    head_days = fields.Float(
        "Head-days",
        digits=(16, 0),
        readonly=True,
        help="Of the card of a team: the working days of its members in the team.",
    )
    team_score = fields.Float(
        "Score of the Team",
        compute="_compute_team_score",
        digits=(16, 2),
        aggregator=None,
        help="As confirmed, where the company lets reps read it.",
    )
    self_comment = fields.Text("Own Comment")
    manager_comment = ProvisionalText("Manager's Comment")
    confirmed_on = fields.Datetime("Confirmed", readonly=True, copy=False)
    confirmed_by_id = fields.Many2one("res.users", "Confirmed By", readonly=True)
    acknowledged_on = fields.Datetime("Acknowledged", readonly=True, copy=False)
    snapshot = fields.Json(
        readonly=True,
        copy=False,
        help="Every input of the score, as it was at the confirmation.",
    )
    snapshot_scores = fields.Json(
        "Scores in the Snapshot",
        readonly=True,
        copy=False,
        groups=READERS,
        help="Of lines made of scores of others: which ones, as they were at the "
        "confirmation.",
    )
    summary = fields.Text("In Words", compute="_compute_summary")
    best_lift = fields.Char("What Lifts It Most", compute="_compute_best_lift")
    is_withheld = fields.Boolean(
        compute="_compute_is_withheld",
        help="The judgement is not confirmed, and the card is the reader's own.",
    )
    is_mine = fields.Boolean(compute="_compute_is_mine", search="_search_is_mine")
    may_decide = fields.Boolean(compute="_compute_is_mine")
    may_calibrate = fields.Boolean(compute="_compute_is_mine")

    _part_uniq = models.UniqueIndex(
        "(rep_id, period, date_from) WHERE rep_id IS NOT NULL",
        "The rep has a card of this period already.",
    )
    _team_uniq = models.UniqueIndex(
        "(team_id, company_id, period, date_from) WHERE rep_id IS NULL",
        "The team has a card of this period already.",
    )
    _one_subject = models.Constraint(
        "CHECK (CASE WHEN rep_id IS NULL THEN team_id IS NOT NULL "
        "ELSE leader_id IS NULL END)",
        "A card is of a rep or of a team.",
    )
    _group_idx = models.Index("(period, period_from, template_id)")
    _dates = models.Constraint(
        "CHECK (date_from BETWEEN period_from AND date_to AND date_to <= period_to)",
        "A card is of a part of its period.",
    )

    @api.depends("rep_id", "leader_id")
    def _compute_owner_id(self):
        for card in self:
            card.owner_id = card.rep_id or card.leader_id

    @api.depends("rep_id.name", "team_id.name")
    def _compute_subject(self):
        for card in self:
            # sudo: who may read a card may know whose it is
            card.subject = (card.rep_id or card.team_id).sudo().name or ""

    @api.depends("period", "period_from", "company_id")
    def _compute_period_label(self):
        for card in self:
            card.period_label = card._get_period_label() if card.period_from else ""

    def _get_period_label(self):
        return self.company_id._label_period(self.period, self.period_from)

    @api.depends("subject", "period_label", "share")
    def _compute_display_name(self):
        for card in self:
            card.display_name = f"{card.subject} · {card.period_label}"

    @api.depends("rep_id", "team_id", "period", "period_from")
    @api.depends_context("uid")
    def _compute_team_score(self):
        """Where the company says so; leaders open the team's card itself."""
        self.team_score = False
        cards = self.filtered(
            lambda card: card.rep_id
            and card.team_id
            # sudo: only the setting
            and card.company_id.sudo().sales_team_score_shown
        )
        if not cards:
            return
        # sudo: one figure of the own team, which the company shows
        teams = self.sudo().search(
            [
                ("rep_id", "=", False),
                ("team_id", "in", cards.team_id.ids),
                ("company_id", "in", cards.company_id.ids),
                ("period_from", "in", cards.mapped("period_from")),
                ("state", "in", ("confirmed", "acknowledged")),
                ("has_score", "=", True),
            ]
        )
        known = {
            (card.company_id.id, card.team_id.id, card.period, card.period_from): (
                card.score
            )
            for card in teams
        }
        for card in cards:
            card.team_score = known.get(
                (card.company_id.id, card.team_id.id, card.period, card.period_from)
            )

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
        *("score", "weighted", "points", "capped_at", "is_capped", "has_score"),
        *("grade_id", "state"),
    )
    @api.depends_context("uid")
    def _compute_summary(self):
        """How the score comes about, as a sum that anybody can do again."""
        number = partial(formatLang, self.env, digits=2)
        for card in self:
            if card.is_withheld:
                card.summary = card._explain_withheld(number)
                continue
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

    def _explain_withheld(self, number):
        _ = self.env._
        if not self.has_score:
            return _("The judgement and the score are shown when they are confirmed.")
        return _(
            "Before the judgement the score was %(score)s. The judgement, and the "
            "score with it, are shown when they are confirmed.",
            score=number(self.score),
        )

    @api.depends("line_ids.lift")
    @api.depends_context("uid")
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
        return not name.startswith(TOOLS)

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
        labels = dict(self._fields["state"]._description_selection(self.env))
        self._refuse(
            [
                self.env._(
                    "%(card)s is not in the step “%(step)s”.",
                    card=card.display_name,
                    step=labels[state],
                )
                for card in self
                if card.state != state
            ]
        )
        if state == "self" and not all(card.is_mine for card in self):
            raise AccessError(self.env._("Only the rep assesses themselves."))
        if state == "manager" and not all(card.may_decide for card in self):
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
        if not self.env.su:
            self._refuse(
                [
                    self.env._(
                        "%(card)s: nobody decides on the own card.",
                        card=card.display_name,
                    )
                    for card in self
                    if card.user_id == self.env.user
                ],
                AccessError,
            )

    # What who is appraised reads before the confirmation

    @api.depends_context("uid")
    @api.depends("state", "user_id")
    def _compute_is_withheld(self):
        for card in self:
            card.is_withheld = not self.env.su and card._withholds("score")

    def _withholds(self, name):
        return (
            len(self) == 1
            and self.state in WITHHELD
            and self.user_id.id == self.env.uid
        )

    def _withholds_sql(self, name, alias):
        return SQL(
            "%s = %s AND (%s)",
            self._field_to_sql(alias, "user_id"),
            self.env.uid,
            SQL(" OR ").join(
                SQL("%s = %s", self._field_to_sql(alias, "state"), state)
                for state in WITHHELD
            ),
        )

    def _get_shown(self, name):
        return self[f"shown_{name}"] if name in ("score", "has_score") else None

    def _get_shown_sql(self, name, alias):
        if name in ("score", "has_score"):
            return self._field_to_sql(alias, f"shown_{name}")
        return SQL("NULL")
