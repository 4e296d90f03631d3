from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.misc import formatLang

from odoo.addons.sales_force.models.sales_stamped_mixin import TOOLS
from odoo.addons.sales_force.wording import clauses, listed

from .sales_consequence_rule import EFFECTS
from .sales_version_mixin import PERIODS

STATES = [
    ("proposed", "To Decide"),
    ("approved", "Approved"),
    ("refused", "Refused"),
    ("withdrawn", "Withdrawn"),
]
DECIDED = ("approved", "refused")


class SalesConsequence(models.Model):
    """What a rule proposes for a rep, from which scores, who decides, what was done.

    Made by rules alone, decided by managers above; nothing of it is written by hand.
    """

    _name = "sales.consequence"
    _description = "Proposal from Scores"
    _inherit = ["sales.stamped.mixin", "mail.thread"]
    _order = "period_from desc, id desc"
    _rec_name = "rep_id"
    _check_company_auto = True

    rule_id = fields.Many2one(
        "sales.consequence.rule",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    kind = fields.Selection(EFFECTS, "Proposal", required=True, readonly=True)
    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    team_id = fields.Many2one(
        "crm.team", "Sales Team", readonly=True, ondelete="restrict"
    )
    period = fields.Selection(PERIODS, required=True, readonly=True)
    period_from = fields.Date("Period From", required=True, readonly=True)
    period_to = fields.Date("Period To", required=True, readonly=True)
    period_label = fields.Char("Name of the Period", compute="_compute_period_label")
    state = fields.Selection(
        STATES,
        "Status",
        default="proposed",
        required=True,
        readonly=True,
        tracking=True,
        group_expand=True,
    )

    # Why
    definition = fields.Json(
        readonly=True, help="What the rule asked for when it was proposed."
    )
    evidence = fields.Json(
        readonly=True, help="The periods that counted, and those before."
    )
    card_ids = fields.Many2many(
        "sales.scorecard",
        "sales_consequence_card_rel",
        "consequence_id",
        "card_id",
        "Scorecards",
        readonly=True,
    )
    reason = fields.Text(compute="_compute_words")
    grade_history = fields.Char(
        compute="_compute_words", help="Of the last periods, the latest at the end."
    )
    score = fields.Float("Last Score", digits=(16, 2), readonly=True, aggregator="avg")
    score_change = fields.Float(
        "Score Trend",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="The last score minus the first one of the history shown.",
    )
    is_outdated = fields.Boolean(
        "Scores Have Changed",
        readonly=True,
        help="After the decision a score was changed by an appeal. What was decided "
        "stays.",
    )

    # What
    from_grade_id = fields.Many2one(
        "sales.grade", "Career Grade", readonly=True, ondelete="restrict"
    )
    to_grade_id = fields.Many2one(
        "sales.grade", "New Career Grade", readonly=True, ondelete="restrict"
    )
    percent = fields.Float("Suggested Rise (%)", digits=(5, 2), readonly=True)
    result_model = fields.Char(readonly=True)
    result_id = fields.Many2oneReference(
        "Done As", model_field="result_model", readonly=True
    )

    # Who decides
    step_ids = fields.One2many("sales.consequence.step", "consequence_id", "Approval")
    waits_for_id = fields.Many2one(
        "res.users", "Waits For", readonly=True, index="btree_not_null"
    )
    waits_for_rep_id = fields.Many2one(
        "sales.rep", readonly=True, index="btree_not_null", ondelete="set null"
    )
    due_on = fields.Date(
        readonly=True, help="Until when whoever it waits for should decide."
    )
    reminded_on = fields.Date(readonly=True)
    is_late = fields.Boolean(compute="_compute_is_late", search="_search_is_late")
    may_decide = fields.Boolean(
        "For Me to Decide", compute="_compute_may_decide", search="_search_may_decide"
    )
    decided_on = fields.Date("Decided", readonly=True)
    decided_by_id = fields.Many2one("res.users", "Decided By", readonly=True)
    decision = fields.Text("Reason of the Decision", readonly=True)
    withdrawn_because = fields.Text("Withdrawn Because", readonly=True)

    _once = models.UniqueIndex(
        "(rule_id, rep_id, period_from) WHERE state <> 'withdrawn'",
        "A rule proposes once for each rep and period.",
    )

    @api.depends_context("lang")
    @api.depends("evidence")
    def _compute_period_label(self):
        self._read_labels()
        for proposal in self:
            rows = (proposal.evidence or {}).get("periods", [])
            proposal.period_label = self._label_row(rows[-1]) if rows else ""

    @api.depends("rep_id.name", "kind")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for proposal in self:
            proposal.display_name = (
                f"{kinds.get(proposal.kind, '')} · {proposal.rep_id.name or ''}"
            )

    @api.depends_context("lang")
    @api.depends("definition", "evidence", "kind", "to_grade_id", "percent")
    def _compute_words(self):
        """The rule, the periods that made it true, and what else was asked for."""
        rules = self.env["sales.consequence.rule"]
        self._read_labels()
        for proposal in self:
            rows = (proposal.evidence or {}).get("periods", [])
            proposal.grade_history = " ".join(row["grade"] or "–" for row in rows)
            if not proposal.definition:
                proposal.reason = ""
                continue
            parts = [
                self.env._(
                    "%(pattern)s: %(periods)s.",
                    pattern=rules._describe_pattern(proposal.definition),
                    periods=listed(
                        self.env,
                        (proposal._describe_row(row) for row in rows if row["hit"]),
                    ),
                )
            ]
            conditions = rules._describe_conditions(proposal.definition)
            if conditions:
                parts.append(
                    self.env._(
                        "And: %(conditions)s.", conditions=clauses(self.env, conditions)
                    )
                )
            if any(row["hit"] and len(row["cards"]) > 1 for row in rows):
                parts.append(
                    self.env._(
                        "Where there are several scorecards in a period, their average "
                        "by working days counts."
                    )
                )
            proposal.reason = " ".join(parts)

    def _describe_row(self, row):
        """A period of the evidence: ``June 2026 A (92.10)``."""
        score = formatLang(self.env, row["score"], digits=2)
        return f"{self._label_row(row)} {row['grade']} ({score})"

    @api.model
    def _label_row(self, row):
        """The name of the period, as its cards have it."""
        # sudo: only the name of a period
        cards = self.env["sales.scorecard"].sudo().browse(row["cards"])
        return cards[:1].period_label

    def _read_labels(self):
        """The names of all periods at once, for ``_label_row``."""
        ids = {
            row["cards"][0]
            for proposal in self
            for row in (proposal.evidence or {}).get("periods", [])
        }
        # sudo: see ``_label_row``
        self.env["sales.scorecard"].sudo().browse(ids).mapped("period_label")

    @api.depends("due_on", "state")
    def _compute_is_late(self):
        today = self.env.company._get_sales_today()
        for proposal in self:
            proposal.is_late = bool(
                proposal.state == "proposed"
                and proposal.due_on
                and proposal.due_on < today
            )

    @api.model
    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = Domain("state", "=", "proposed") & Domain(
            "due_on", "<", self.env.company._get_sales_today()
        )
        return late if True in value else ~late

    @api.depends_context("uid")
    @api.depends("state", "waits_for_id", "due_on", "user_id")
    def _compute_may_decide(self):
        mine = self.search(
            Domain("id", "in", self.ids) & self._search_may_decide("in", [True])
        )
        for proposal in self:
            proposal.may_decide = proposal in mine

    @api.model
    def _search_may_decide(self, operator, value):
        """Whose turn it is, or whose deputy today; directors where nobody is named or
        who is named is late. Nobody for themselves."""
        if operator != "in":
            return NotImplemented
        user = self.env.user
        stands_in = Domain("deputy_user_id", "=", user.id) & Domain(
            "is_current", "=", True
        )
        turn = Domain("waits_for_id", "=", user.id) | Domain(
            "waits_for_rep_id", "any!", Domain("cover_ids", "any!", stands_in)
        )
        if user.has_group("sales_force.group_sales_director"):
            turn |= Domain("waits_for_id", "=", False) | Domain(
                "due_on", "<", self.env.company._get_sales_today()
            )
        mine = (
            Domain("state", "=", "proposed") & Domain("user_id", "!=", user.id) & turn
        )
        return mine if True in value else ~mine

    def _is_stamped(self, name):
        return not name.startswith(TOOLS)

    # Opening what is behind

    def action_open_cards(self):
        """The scorecards that it is made of, as far as the user reads them."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_scorecard_action"
        )
        # sudo: only the ids; the list shows what the user may read of them
        domain = [("id", "in", self.sudo().card_ids.ids)]
        return {**action, "domain": domain, "context": {}}

    def action_open_result(self):
        """The promotion, case or coaching that was made of it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.result_model,
            "res_id": self.result_id,
            "views": [(False, "form")],
        }
