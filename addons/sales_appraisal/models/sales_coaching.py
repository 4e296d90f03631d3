from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL
from odoo.tools.misc import format_date

from odoo.addons.sales_force.locking import write_lock
from odoo.addons.sales_force.models.sales_stamped_mixin import TOOLS

from .provisional import ProvisionalMany2one, ProvisionalText

STATES = [
    ("draft", "Draft"),
    ("agreed", "Agreed"),
    ("running", "Running"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
]
ORIGINS = [
    ("hand", "By hand"),
    ("card", "Scorecard"),
    ("deviation", "Deviation"),
    ("rule", "Rule"),
]
# What the rep agrees to; changed, it is agreed to again.
AGREED = frozenset(
    "rep_id coach_id metric_id base_metric_id goal_value window_days date_from "
    "date_to".split()
)
OPEN = ("draft", "agreed", "running")
LENGTH = 60
LEADERS = ("sales_force.group_sales_leader", "sales_force.group_sales_operations")


class SalesCoaching(models.Model):
    """What a rep is coached in, by whom and how, and what came of it in figures.

    Drafted by the coach, agreed to by the rep, closed with its effect: from then on it
    stays as it is.
    """

    _name = "sales.coaching"
    _description = "Coaching Plan"
    _inherit = [
        "sales.provisional.mixin",
        "sales.stamped.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "date_from desc, id desc"
    _check_company_auto = True
    _sales_stamped = frozenset(
        "state origin card_id card_line_id target_id cause rule_id period_from "
        "agreed_on closed_on closed_by_id next_checkin_on closing_asked "
        "evidence result".split()
    )

    name = fields.Char("Topic", required=True, tracking=True)
    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('state', '!=', 'left')]",
        tracking=True,
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    team_id = fields.Many2one(related="rep_id.team_id", store=True)
    coach_id = fields.Many2one(
        "res.users",
        "Coach",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        tracking=True,
        help="Who is responsible for the plan: the manager, or somebody who does it "
        "well.",
    )
    state = fields.Selection(
        STATES,
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    origin = fields.Selection(
        ORIGINS,
        "Opened From",
        default="hand",
        required=True,
        readonly=True,
        copy=False,
    )
    card_id = fields.Many2one(
        "sales.scorecard",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )
    card_line_id = fields.Many2one(
        "sales.scorecard.line",
        "Line of the Scorecard",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    target_id = fields.Many2one(
        "sales.target",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )
    cause = fields.Char(readonly=True, copy=False)
    period_from = fields.Date("Period From", readonly=True, copy=False)
    rule_id = ProvisionalMany2one(
        "sales.coaching.rule",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )
    reason = fields.Text(
        "Why",
        help="What the plan was opened for, in words; rep and coach read it.",
    )
    evidence = ProvisionalText(
        "In Figures",
        readonly=True,
        copy=False,
        help="Of the scorecard or deviation that the plan was opened from. Only the "
        "rep and who is above reads it, not a coach from elsewhere.",
    )
    sees_evidence = fields.Boolean(compute="_compute_may")
    goal = fields.Text("What to Reach", help="What the rep does differently then.")

    metric_id = fields.Many2one(
        "sales.metric",
        "Measured",
        ondelete="restrict",
        domain="['|', ('kind', '=', 'additive'), ('denominator_kind', '=', 'metric')]",
        help="What is counted before and after. Empty: the effect is not measured.",
    )
    base_metric_id = fields.Many2one(
        "sales.metric",
        "Divided By",
        ondelete="restrict",
        domain="[('kind', '=', 'additive'), ('id', '!=', metric_id)]",
        help="As quotations by visits. Empty: by working days; a ratio is measured as "
        "it is.",
    )
    metric_kind = fields.Selection(related="metric_id.kind", string="Kind of Metric")
    measured = fields.Char("Rate", compute="_compute_measured")
    goal_value = fields.Float(
        "Goal",
        digits=(16, 2),
        aggregator=None,
        tracking=True,
        help="Of the rate; a percentage as 25, not 0.25.",
    )
    date_from = fields.Date(
        "Begins",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
        tracking=True,
    )
    date_to = fields.Date(
        "Ends",
        required=True,
        default=lambda self: (
            self.env.company._get_sales_today() + timedelta(days=LENGTH)
        ),
        tracking=True,
    )
    window_days = fields.Integer(
        "Days Measured",
        default=LENGTH,
        required=True,
        aggregator=None,
        help="So many days before the beginning are compared with as many days up to "
        "the end of the plan.",
    )
    checkin_days = fields.Integer(
        "Check-in Every (days)",
        default=14,
        aggregator=None,
        help="0: no reminders of check-ins.",
    )
    next_checkin_on = fields.Date("Next Check-in", readonly=True, copy=False)
    exercise_ids = fields.One2many(
        "sales.coaching.exercise", "coaching_id", "Exercises", copy=True
    )
    checkin_ids = fields.One2many(
        "sales.coaching.checkin", "coaching_id", "Check-ins", copy=False
    )
    exercise_count = fields.Integer("Planned", compute="_compute_progress")
    done_count = fields.Integer("Done", compute="_compute_progress")
    agreed_on = fields.Datetime("Agreed", readonly=True, copy=False)
    closed_on = fields.Datetime("Closed", readonly=True, copy=False)
    closed_by_id = fields.Many2one(
        "res.users", "Closed By", readonly=True, copy=False, ondelete="restrict"
    )
    closing_asked = fields.Boolean(readonly=True, copy=False)
    conclusion = fields.Text(copy=False, help="What coach and rep take from it.")
    is_mine = fields.Boolean(compute="_compute_may", search="_search_is_mine")
    may_lead = fields.Boolean(compute="_compute_may")

    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "A plan ends after it begins."
    )
    _window = models.Constraint(
        "CHECK (window_days BETWEEN 7 AND 366)", "7 to 366 days are measured."
    )
    _checkin = models.Constraint(
        "CHECK (checkin_days >= 0)", "Days between check-ins are not negative."
    )
    _line_uniq = models.UniqueIndex(
        "(card_line_id) WHERE card_line_id IS NOT NULL AND state <> 'cancelled'",
        "There is a coaching plan for this line of the scorecard.",
    )
    _cause_uniq = models.UniqueIndex(
        "(rep_id, target_id, cause, period_from) "
        "WHERE target_id IS NOT NULL AND state <> 'cancelled'",
        "There is a coaching plan for this cause.",
    )

    # What is shown

    @api.depends("metric_id.name", "base_metric_id.name")
    @api.depends_context("lang")
    def _compute_measured(self):
        for plan in self:
            metric = plan.metric_id
            if not metric or metric.kind == "ratio":
                plan.measured = metric.name
            else:
                plan.measured = self.env._(
                    "%(metric)s / %(base)s",
                    metric=metric.name,
                    base=plan.base_metric_id.name or self.env._("Working Day"),
                )

    @api.depends("exercise_ids.state")
    def _compute_progress(self):
        for plan in self:
            planned = plan.exercise_ids.filtered(lambda e: e.state != "dropped")
            plan.exercise_count = len(planned)
            plan.done_count = len(planned.filtered(lambda e: e.state == "done"))

    @api.depends("user_id", "coach_id", "rep_id.parent_path")
    @api.depends_context("uid")
    def _compute_may(self):
        leads = self._is_leader()
        for plan in self:
            plan.is_mine = plan.user_id == self.env.user
            plan.may_lead = not plan.is_mine and (
                leads or plan.coach_id == self.env.user
            )
            plan.sees_evidence = self.env.su or not plan._withholds("evidence")

    @api.model
    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = fields.Domain("user_id", "=", self.env.uid)
        return mine if True in value else ~mine

    @api.depends("name", "rep_id.name")
    def _compute_display_name(self):
        for plan in self:
            # sudo: who may read a plan may know whose it is
            rep = plan.rep_id.sudo().name
            plan.display_name = " · ".join(filter(None, [plan.name, rep]))

    # Who reads the figures that a plan was opened for: not whoever only coaches

    def _withholds(self, name):
        if len(self) != 1:
            return False
        paths = self._get_led_paths()
        # sudo: only where the rep is in the tree
        path = self.sudo().rep_id.parent_path or ""
        return (
            paths is not None
            and self.user_id.id != self.env.uid
            and not path.startswith(paths)
        )

    def _withholds_sql(self, name, alias):
        paths = self._get_led_paths()
        if paths is None:
            return SQL("FALSE")
        return SQL(
            """(%(user)s IS DISTINCT FROM %(uid)s AND NOT EXISTS (
                SELECT FROM sales_rep led
                WHERE led.id = %(rep)s AND led.parent_path LIKE ANY(%(paths)s)
            ))""",
            user=self._field_to_sql(alias, "user_id"),
            uid=self.env.uid,
            rep=self._field_to_sql(alias, "rep_id"),
            paths=[f"{path}%" for path in paths],
        )

    @api.model
    def _get_led_paths(self):
        """Where the user's part of the tree of reps begins; None: all of it."""
        user = self.env.user
        if user.has_groups(
            "sales_force.group_sales_director,sales_force.group_sales_operations"
        ):
            return None
        if not user.has_group("sales_force.group_sales_leader"):
            return ()
        # sudo: the own place in the tree only
        return tuple(user.sudo().sales_rep_ids.mapped("parent_path"))

    # Writing

    @api.model
    def _is_leader(self):
        return self.env.su or any(self.env.user.has_group(group) for group in LEADERS)

    @api.constrains("coach_id", "rep_id")
    def _check_coach(self):
        for plan in self:
            coach = plan.coach_id.sudo()  # sudo: who is of the company is no secret
            if coach == plan.user_id:
                raise ValidationError(self.env._("Nobody coaches themselves."))
            if coach.share or plan.company_id not in coach.company_ids:
                raise ValidationError(
                    self.env._("The coach is somebody of the rep's company.")
                )

    @api.constrains("metric_id", "base_metric_id")
    def _check_measured(self):
        for plan in self:
            metric, base = plan.metric_id, plan.base_metric_id
            if metric.kind == "ratio" and metric.denominator_kind != "metric":
                raise ValidationError(
                    self.env._(
                        "%(metric)s is of territories, not of reps.", metric=metric.name
                    )
                )
            if base and (metric.kind != "additive" or base.kind != "additive"):
                raise ValidationError(
                    self.env._("Only what is added up is divided by another metric.")
                )

    @api.onchange("metric_id")
    def _onchange_metric_id(self):
        if self.metric_id.kind == "ratio":
            self.base_metric_id = False

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        plans._check_below()
        return plans

    def write(self, vals):
        # Check-ins say themselves who writes them.
        by_hand = {
            name
            for name in vals
            if name != "checkin_ids" and not name.startswith(TOOLS)
        }
        if not self.env.su and by_hand:
            self._check_lead()
            if any(plan.state not in OPEN for plan in self):
                raise UserError(self.env._("The plan is closed: it stays as it is."))
            if AGREED & by_hand and any(plan.state != "draft" for plan in self):
                raise UserError(
                    self.env._(
                        "The rep has agreed to this. Press Change the Plan: the rep "
                        "agrees again."
                    )
                )
        result = super().write(vals)
        if "rep_id" in vals:
            self._check_below()
        return result

    def _check_below(self):
        """:raise AccessError: for reps whom the user does not lead"""
        self._check_reps(self.rep_id)

    @api.model
    def _check_reps(self, reps):
        """:raise AccessError: for oneself, and for reps whom the user does not lead"""
        if self.env.su or not reps:
            return
        if self.env.user in reps.user_id:
            raise AccessError(self.env._("Nobody coaches themselves."))
        below = reps.filtered_domain(self._get_led_domain())
        if not self._is_leader() or reps - below:
            raise AccessError(self.env._("Only who is above the rep plans coaching."))

    @api.model
    def _get_led_domain(self):
        """The reps whom the user leads, and the user's own; of a director all."""
        if self.env.su or self.env.user.has_groups(
            "sales_force.group_sales_director,sales_force.group_sales_operations"
        ):
            return [("id", "!=", False)]
        if not self._is_leader():
            return [("user_id", "=", self.env.uid)]
        return [("id", "child_of", self.env.user.sales_rep_ids.ids)]

    def _check_lead(self):
        """:raise AccessError: for the rep, and for who neither coaches nor leads"""
        self.check_access("write")
        if not self.env.su and not all(plan.may_lead for plan in self):
            raise AccessError(
                self.env._("The coach, or who is above the rep, leads the plan.")
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_agreed(self):
        self._check_lead()
        if any(plan.state not in ("draft", "cancelled") for plan in self):
            raise UserError(self.env._("A plan that was agreed is cancelled instead."))

    # Steps

    def action_ask(self):
        """Ask the rep to agree.

        :raise UserError: without anything to reach
        """
        self._check_lead()
        self._check_state("draft")
        for plan in self:
            if not (plan.goal or plan.goal_value):
                raise UserError(self.env._("Say what is to be reached first."))
            if plan._get_asked():
                continue
            # sudo: activities of the rep and of the coach on a plan that is theirs
            own = plan.sudo()
            own._get_coach_task().action_feedback()
            own.activity_schedule(
                "sales_appraisal.mail_activity_type_coaching",
                plan.company_id._get_sales_today() + timedelta(days=3),
                summary=self.env._("Agree on the coaching plan"),
                user_id=plan.user_id.id,
            )
        return True

    def _get_asked(self):
        """The rep's activity, as long as the plan waits for the rep."""
        # sudo: who reads the plan may know that the rep was asked
        return self.sudo().activity_ids.filtered(
            lambda activity: activity.user_id == self.user_id
            and not activity.sales_exercise_ids
        )

    def action_agree(self):
        """The rep agrees to the plan: its exercises become activities.

        :raise AccessError: for everybody but the rep
        """
        self.check_access("read")
        self._check_state("draft")
        if not all(plan.is_mine for plan in self):
            raise AccessError(self.env._("The rep agrees, nobody else."))
        # sudo: stamped by the system; it is the user's own plan
        for plan in self.sudo():
            write_lock(plan)
            plan._get_asked().action_feedback()
            plan.write({"state": "agreed", "agreed_on": fields.Datetime.now()})
            plan.exercise_ids._schedule()
            if plan.date_from <= plan.company_id._get_sales_today():
                plan._start()
        return True

    def action_start(self):
        """Begin now with what was agreed."""
        self._check_lead()
        self._check_state("agreed")
        self.sudo()._start()  # sudo: stamped by the system; who asks was checked
        return True

    def _start(self):
        for plan in self:
            plan.state = "running"
            plan._plan_checkin()

    def action_change(self):
        """Back to a draft, to which the rep agrees again."""
        self._check_lead()
        self._check_state("agreed", "running")
        # sudo: stamped by the system; who asks was checked above
        plans = self.sudo()
        plans.exercise_ids._withdraw()
        plans._withdraw_checkin()
        plans.write({"state": "draft", "agreed_on": False})
        return True

    def action_close(self):
        """Close running plans with their effect, which stays.

        :raise UserError: before anything is measured
        """
        self._check_lead()
        self._check_state("running")
        # sudo: stamped by the system; who asks was checked above
        plans = self.sudo()
        for plan in plans:
            write_lock(plan)
            if plan._get_windows()[1] is None:
                raise UserError(
                    self.env._(
                        "%(plan)s has not lasted a day: cancel it instead.",
                        plan=plan.display_name,
                    )
                )
        found = plans._measure()
        for plan in plans:
            plan.exercise_ids._withdraw()
            plan._withdraw_checkin()
            plan._get_coach_task().unlink()
            plan.write(
                {
                    "state": "closed",
                    "closed_on": fields.Datetime.now(),
                    "closed_by_id": self.env.uid,
                    "result": found[plan.id],
                }
            )
            plan.message_post(
                body=plan.effect_text,
                partner_ids=(plan.user_id | plan.coach_id).partner_id.ids,
            )
        return True

    def action_cancel(self):
        """Give a plan up, without an effect."""
        self._check_lead()
        self._check_state(*OPEN)
        # sudo: stamped by the system; who asks was checked above
        plans = self.sudo()
        plans.exercise_ids._withdraw()
        plans._withdraw_checkin()
        for plan in plans:
            plan._get_asked().unlink()
            plan._get_coach_task().unlink()
        plans.state = "cancelled"
        return True

    # In time

    @api.model
    def _cron_follow(self):
        """Once a day: begin what was agreed, ask for what is over, apply the rules."""
        for company, plans in (
            self.search([("state", "in", ("agreed", "running"))])
            .grouped("company_id")
            .items()
        ):
            today = company._get_sales_today()
            plans.filtered(
                lambda plan, today=today: plan.state == "agreed"
                and plan.date_from <= today
            )._start()
            plans.filtered(
                lambda plan, today=today: plan.state == "running"
                and plan.date_to < today
                and not plan.closing_asked
            )._ask_closing()
        self.env["sales.coaching.rule"]._apply()

    def _ask_closing(self):
        for plan in self:
            plan._ask_coach(
                self.env._("Close the coaching plan with its effect"),
                self.env._(
                    "It ended on %(date)s.", date=format_date(self.env, plan.date_to)
                ),
            )
            plan.closing_asked = True

    def _ask_review(self):
        self._ask_coach(self.env._("Review the draft, and ask the rep to agree"))

    def _ask_coach(self, summary, note=None):
        self.activity_schedule(
            "sales_appraisal.mail_activity_type_coaching",
            self.company_id._get_sales_today() + timedelta(days=3),
            summary=summary,
            note=note,
            user_id=self.coach_id.id,
        )

    def _get_coach_task(self):
        """What the coach is asked to do: to review a draft, or to close the plan."""
        kind = self.env.ref("sales_appraisal.mail_activity_type_coaching")
        return self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
            and activity.user_id == self.coach_id
            and not activity.sales_exercise_ids
        )

    def _get_checkin_task(self):
        kind = self.env.ref("sales_appraisal.mail_activity_type_checkin")
        return self.activity_ids.filtered(lambda a: a.activity_type_id == kind)

    def _withdraw_checkin(self):
        for plan in self:
            plan._get_checkin_task().unlink()
        self.next_checkin_on = False

    def _plan_checkin(self):
        """The next check-in, on a day within the plan: an activity of the coach."""
        self.ensure_one()
        self._withdraw_checkin()
        day = self.company_id._get_sales_today() + timedelta(days=self.checkin_days)
        if not self.checkin_days or day > self.date_to:
            return
        self.next_checkin_on = day
        self.activity_schedule(
            "sales_appraisal.mail_activity_type_checkin",
            day,
            summary=self.env._("Check-in with %(rep)s", rep=self.rep_id.name),
            user_id=self.coach_id.id,
        )
