from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import formatLang

from odoo.addons.sales_force.models.sales_stamped_mixin import TOOLS
from odoo.addons.sales_force.wording import clauses, listed

from ..scoring.pattern import Pattern
from .sales_version_mixin import PERIODS

# What may follow; for each the proposal has a method ``_apply_<kind>``.
EFFECTS = [
    ("promotion", "Promotion"),
    ("demotion", "Demotion"),
    ("salary", "Salary review"),
    ("coaching", "Coaching"),
    ("warning", "Written warning"),
    ("reward", "Reward"),
]
PATTERNS = [
    ("grade_min", "Grade at least"),
    ("grade_max", "Grade at most"),
    ("score_min", "Score at least"),
    ("score_max", "Score below"),
    ("grade_up", "Better than the period before"),
    ("grade_down", "Worse than the period before"),
]
# A rule in force keeps what it asks for and whom; the rest is only how it is shown,
# and its state.
_LOOSE = frozenset(("name", "sequence", "active", "state"))
LONGEST = 36


class SalesConsequenceRule(models.Model):
    """Which scores lead to which proposal: known beforehand, the same for all.

    In force it does not change; to change it, it is stopped.
    """

    _name = "sales.consequence.rule"
    _description = "Rule for What Follows from Scores"
    _inherit = ["sales.stamped.mixin", "sales.population.mixin", "mail.thread"]
    _order = "sequence, name, id"
    _check_company_auto = True
    _sales_stamped = frozenset(("state",))

    name = fields.Char(required=True, translate=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("draft", "Draft"), ("running", "In Force")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    date_from = fields.Date(
        "In Force From",
        required=True,
        default=lambda self: self.env.company._get_sales_today().replace(day=1),
        help="Proposals follow from periods that begin on this day or later; earlier "
        "ones count as history.",
    )

    # Which scores
    period = fields.Selection(
        PERIODS,
        default="month",
        required=True,
        help="Scorecards of this length count, when they are confirmed and not under "
        "appeal. Who has several in a period has their average by working days.",
    )
    pattern = fields.Selection(PATTERNS, "When", default="grade_min", required=True)
    appraisal_grade_id = fields.Many2one("sales.scorecard.grade", ondelete="restrict")
    score = fields.Float(digits=(16, 2))
    steps = fields.Integer("By So Many Grades", default=1)
    times = fields.Integer("So Often", default=1, required=True)
    within = fields.Integer(
        "Within the Last (periods)",
        default=1,
        required=True,
        help="The same number: so many periods running, without a gap.",
    )
    restart = fields.Boolean(
        "Begin Anew",
        default=True,
        help="Periods that have led to a proposal of this rule do not count for the "
        "next one.",
    )

    # What else
    needs_training = fields.Boolean(
        "All Required Courses", help="No required certificate is lacking."
    )
    no_open_case = fields.Boolean(
        "No Open Conduct Case", help="Nothing is reported or appealed."
    )
    grade_months = fields.Integer(
        "In the Career Grade (months)", help="At least so long; 0: any time."
    )
    not_in_ramp = fields.Boolean(
        "Ramp-up Is Over", help="Months of ramp-up since the hire date have passed."
    )
    meets_next = fields.Boolean(
        "Meets the Next Grade", help="Has all that the next career grade asks for."
    )

    # What follows
    kind = fields.Selection(EFFECTS, "Proposal", default="coaching", required=True)
    percent = fields.Float(
        "Suggested Rise (%)",
        digits=(5, 2),
        help="Of the salary, which is not known here. 0: no suggestion.",
    )
    category_id = fields.Many2one(
        "sales.conduct.category",
        "Recorded As",
        ondelete="restrict",
        help="Of warnings and rewards: the case in the rep's conduct. The rep can "
        "appeal against it as against any other.",
    )
    points = fields.Integer(
        help="Of the case of conduct, within the company's limits; 0: none."
    )
    letter = fields.Text(
        translate=True, help="What the rep reads in the file, besides the reasons."
    )
    approval = fields.Selection(
        [
            ("leader", "The manager"),
            ("manager", "Managers up to a regional manager"),
            ("director", "Managers up to a director"),
        ],
        "Approved By",
        default="director",
        required=True,
        help="One after the other, from the rep's manager upwards.",
    )
    days = fields.Integer(
        "Days for Each",
        default=5,
        required=True,
        help="Working days of the company; who is late is reminded.",
    )
    proposal_count = fields.Integer(compute="_compute_proposal_count")
    summary = fields.Text("In Words", compute="_compute_summary")

    _times_range = models.Constraint(
        f"CHECK (times BETWEEN 1 AND within AND within <= {LONGEST})",
        "So often is once at least, and no more often than there are periods: 36 at "
        "most.",
    )
    _positive = models.Constraint(
        "CHECK (steps > 0 AND days > 0 AND points >= 0 AND grade_months >= 0 "
        "AND percent BETWEEN 0 AND 100)",
        "Grades and days are one at least; points, months and percent not negative.",
    )

    def _compute_proposal_count(self):
        counts = dict(
            self.env["sales.consequence"]._read_group(
                [("rule_id", "in", self.ids)], ["rule_id"], ["__count"]
            )
        )
        for rule in self:
            rule.proposal_count = counts.get(rule._origin, 0)

    @api.depends(
        *("pattern", "appraisal_grade_id", "score", "steps", "times", "within"),
        *("needs_training", "no_open_case", "grade_months", "not_in_ramp"),
        *("meets_next", "period"),
    )
    def _compute_summary(self):
        for rule in self:
            definition = rule._prepare_definition()
            rule.summary = clauses(
                self.env,
                [
                    self._describe_pattern(definition),
                    *self._describe_conditions(definition),
                ],
            )

    @api.constrains("pattern", "appraisal_grade_id", "kind", "category_id")
    def _check_complete(self):
        for rule in self:
            if (
                rule.pattern in ("grade_min", "grade_max")
                and not rule.appraisal_grade_id
            ):
                raise ValidationError(
                    self.env._("%(rule)s: which grade?", rule=rule.name)
                )
            wanted = {"warning": "violation", "reward": "commendation"}.get(rule.kind)
            if wanted and rule.category_id.kind != wanted:
                raise ValidationError(
                    self.env._(
                        "%(rule)s: choose what it is recorded as in conduct: warnings "
                        "are violations, rewards are commendations.",
                        rule=rule.name,
                    )
                )

    def write(self, vals):
        if any(
            name in self._fields and name not in _LOOSE and not name.startswith(TOOLS)
            for name in vals
        ):
            self._check_draft(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_draft()
        if self.env["sales.consequence"].search_count(
            [("rule_id", "in", self.ids)], limit=1
        ):
            raise UserError(
                self.env._("A rule with proposals stays on file: archive it.")
            )

    def _check_draft(self, vals=None):
        """:raise UserError: for rules in force"""
        for rule in self:
            if rule.state != "draft":
                raise UserError(
                    self.env._(
                        "%(rule)s is in force: stop it first.", rule=rule.display_name
                    )
                )

    def action_publish(self):
        """From now on its proposals are made, after each confirmation and each night.

        :raise AccessError: for who may not write rules
        """
        self.check_access("write")
        self._check_draft()
        # sudo: stamped by the system; the right to write was checked above
        self.sudo().state = "running"
        return True

    def action_stop(self):
        """No more proposals; those that are not decided are withdrawn.

        :raise AccessError: for who may not write rules
        """
        self.check_access("write")
        # sudo: stamped by the system; the right to write was checked above
        rules = self.sudo()
        rules.state = "draft"
        open_ones = rules.env["sales.consequence"].search(
            [("rule_id", "in", rules.ids), ("state", "=", "proposed")]
        )
        open_ones._withdraw(
            dict.fromkeys(open_ones, self.env._("The rule was stopped."))
        )
        return True

    def action_open_proposals(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_consequence_action"
        )
        return {**action, "domain": [("rule_id", "in", self.ids)], "context": {}}

    # In words and in figures

    def _prepare_definition(self):
        """What the rule asks for, to be kept with a proposal."""
        self.ensure_one()
        names = (
            "pattern score steps times within restart needs_training no_open_case "
            "grade_months not_in_ramp meets_next period"
        ).split()
        definition = {name: self[name] for name in names}
        grade = self.appraisal_grade_id
        return definition | {"grade": grade.name or "", "grade_from": grade.score_min}

    @api.model
    def _get_pattern(self, definition, rank):
        """What is looked for, for ``scoring.pattern``.

        :param dict definition: see ``_prepare_definition``
        :param rank: gives the rank of a grade by the score that it begins at
        """
        kind = definition["pattern"]
        limit = definition["steps"]
        if kind in ("grade_min", "grade_max"):
            limit = rank(definition["grade_from"])
        elif kind in ("score_min", "score_max"):
            limit = round(definition["score"] * 100)
        return Pattern(
            kind,
            definition["times"],
            definition["within"],
            limit,
            definition["restart"],
        )

    @api.model
    def _describe_pattern(self, definition):
        """Which scores are looked for, in words.

        :param dict definition: see ``_prepare_definition``
        """
        _ = self.env._
        score = formatLang(self.env, definition["score"], digits=2)
        what = {
            "grade_min": _("Grade %(grade)s or better", grade=definition["grade"]),
            "grade_max": _("Grade %(grade)s or worse", grade=definition["grade"]),
            "score_min": _("Score of at least %(score)s", score=score),
            "score_max": _("Score below %(score)s", score=score),
            "grade_up": _("Up by %(steps)s or more grades", steps=definition["steps"]),
            "grade_down": _(
                "Down by %(steps)s or more grades", steps=definition["steps"]
            ),
        }[definition["pattern"]]
        times, within = definition["times"], definition["within"]
        if within == 1:
            return what
        if times == within:
            return _("%(what)s, %(times)s periods running", what=what, times=times)
        return _(
            "%(what)s, in %(times)s of the last %(within)s periods",
            what=what,
            times=times,
            within=within,
        )

    @api.model
    def _describe_conditions(self, definition):
        """What else is asked for: list of words."""
        _ = self.env._
        texts = {
            "needs_training": _("all required courses are held"),
            "no_open_case": _("no conduct case is open"),
            "grade_months": _(
                "at least %(months)s months in the career grade",
                months=definition["grade_months"],
            ),
            "not_in_ramp": _("the ramp-up is over"),
            "meets_next": _("has what the next career grade asks for"),
        }
        return [text for name, text in texts.items() if definition[name]]

    # What else is asked for, of many reps at once

    def _get_conditions(self):
        """What reps must meet besides their scores; other addons add theirs.

        :return: functions of reps that return ``{rep: what is lacking}``, without
            those who meet the condition
        """
        return [
            self._lacking_service,
            self._lacking_step,
            self._lacking_training,
            self._lacking_peace,
            self._lacking_time_in_grade,
            self._lacking_ramp,
            self._lacking_next,
        ]

    def _get_gaps(self, reps):
        """What reps lack for this rule's proposal: ``{rep: [text]}``."""
        self.ensure_one()
        gaps = {rep: [] for rep in reps}
        for condition in self._get_conditions():
            for rep, gap in condition(reps).items():
                gaps[rep].append(gap)
        return gaps

    def _lacking_service(self, reps):
        gone = reps.filtered(lambda rep: rep.state != "active" or not rep.active)
        return dict.fromkeys(gone, self.env._("The rep is not in service."))

    def _lacking_step(self, reps):
        """There is a career grade to go to, and no other change is planned."""
        if self.kind not in ("promotion", "demotion"):
            return {}
        lacking = {
            rep: self.env._("The ladder has no further grade.")
            for rep, grade in self._get_steps(reps).items()
            if not grade
        }
        planned = self.env["sales.promotion"]._read_group(
            [("rep_id", "in", reps.ids), ("state", "=", "planned")], ["rep_id"]
        )
        for (rep,) in planned:
            lacking[rep] = self.env._("Another career grade is planned already.")
        return lacking

    def _get_steps(self, reps):
        """The career grades that a promotion or demotion leads to: ``{rep: grade}``."""
        if self.kind == "promotion":
            return {rep: rep.next_grade_id for rep in reps}
        ladder = self.env["sales.grade"].search([])
        if self.kind != "demotion":
            return dict.fromkeys(reps, ladder.browse())
        before = dict(zip(ladder[1:], ladder, strict=False))
        return {rep: before.get(rep.grade_id, ladder.browse()) for rep in reps}

    def _lacking_training(self, reps):
        if not self.needs_training:
            return {}
        return {
            rep: self.env._(
                "Courses: %(courses)s", courses=listed(self.env, courses.mapped("name"))
            )
            for rep, courses in reps._get_missing_courses().items()
        }

    def _lacking_peace(self, reps):
        if not self.no_open_case:
            return {}
        cases = self.env["sales.conduct"]._read_group(
            [("rep_id", "in", reps.ids), ("state", "in", ("reported", "appealed"))],
            ["rep_id"],
        )
        return {rep: self.env._("A conduct case is open.") for (rep,) in cases}

    def _lacking_time_in_grade(self, reps):
        if not self.grade_months:
            return {}
        since = reps._get_grade_dates()
        return {
            rep: self.env._(
                "Less than %(months)s months in the career grade.",
                months=self.grade_months,
            )
            for rep in reps
            if not since[rep]
            or fields.Date.add(since[rep], months=self.grade_months)
            > self.company_id._get_sales_today()
        }

    def _lacking_ramp(self, reps):
        if not self.not_in_ramp:
            return {}
        today = self.company_id._get_sales_today()
        return {
            rep: self.env._("The rep is still ramping up.")
            for rep in reps
            if rep.ramp_months
            and rep.date_start
            and fields.Date.add(rep.date_start, months=rep.ramp_months) > today
        }

    def _lacking_next(self, reps):
        if not self.meets_next:
            return {}
        lacking = {}
        for grade, some in reps.grouped("next_grade_id").items():
            gaps = grade._get_gaps(some) if grade else {}
            lacking |= {
                rep: clauses(self.env, texts) for rep, texts in gaps.items() if texts
            }
        return lacking
