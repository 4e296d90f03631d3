"""What is done in a plan: activities that tick themselves when it really happens."""

from datetime import date, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .sales_coaching import OPEN

KINDS = [
    ("visit", "Joint Visit"),
    ("training", "Training"),
    ("script", "Script"),
    ("playbook", "Playbook"),
    ("other", "Other"),
]
# When the activity is changed with the exercise.
_TASK = {"name": "summary", "date_deadline": "date_deadline", "note": "note"}


class SalesCoachingExercise(models.Model):
    """A joint visit, a training, a script or playbook to learn, or something else.

    From the rep's agreement on it is an activity of its owner.
    """

    _name = "sales.coaching.exercise"
    _description = "Exercise of a Coaching Plan"
    _inherit = ["sales.stamped.mixin"]
    _order = "date_deadline, id"
    _sales_stamped = frozenset({"activity_id"})

    coaching_id = fields.Many2one(
        "sales.coaching",
        "Coaching Plan",
        required=True,
        index=True,
        ondelete="cascade",
    )
    rep_id = fields.Many2one(related="coaching_id.rep_id")
    company_id = fields.Many2one(related="coaching_id.company_id", store=True)
    name = fields.Char("What", required=True)
    kind = fields.Selection(KINDS, default="visit", required=True)
    owner = fields.Selection(
        [("rep", "Rep"), ("coach", "Coach")], "Who", default="rep", required=True
    )
    date_deadline = fields.Date(
        "Due",
        required=True,
        default=lambda self: (self.env.company._get_sales_today() + timedelta(days=14)),
    )
    note = fields.Html("How")
    visit_id = fields.Many2one(
        "sales.visit",
        "Visit",
        ondelete="set null",
        index="btree_not_null",
        domain="[('rep_id', '=', rep_id)]",
        help="Done when the visit is. Empty: the next joint visit of the rep counts.",
    )
    course_id = fields.Many2one(
        "sales.course",
        "Course",
        ondelete="set null",
        index="btree_not_null",
        help="Done when the rep has passed it.",
    )
    session_id = fields.Many2one(
        "sales.course.session",
        "Session",
        ondelete="set null",
        domain="[('course_id', '=', course_id)]",
    )
    policy_id = fields.Many2one(
        "sales.policy",
        "Rules to Learn",
        ondelete="set null",
        index="btree_not_null",
        help="Done when the rep has acknowledged them.",
    )
    attachment_ids = fields.Many2many(
        "ir.attachment",
        "sales_coaching_exercise_attachment_rel",
        "exercise_id",
        "attachment_id",
        "Documents",
    )
    activity_id = fields.Many2one(
        "mail.activity",
        "Activity",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("open", "To Do"),
            ("done", "Done"),
            ("dropped", "Dropped"),
        ],
        "Status",
        compute="_compute_state",
    )
    done_on = fields.Date("Done On", compute="_compute_state")
    is_late = fields.Boolean(compute="_compute_state")
    may_tick = fields.Boolean(compute="_compute_may_tick")

    @api.depends("activity_id.active", "coaching_id.state", "date_deadline")
    def _compute_state(self):
        today = self.env.company._get_sales_today()
        for exercise in self:
            # sudo: who sees an exercise sees whether it is done
            task = exercise.sudo().activity_id
            plan_open = exercise.coaching_id.state in OPEN
            exercise.done_on = task.date_done if task and not task.active else False
            if task:
                exercise.state = "open" if task.active else "done"
            else:
                exercise.state = "planned" if plan_open else "dropped"
            exercise.is_late = (
                exercise.state == "open" and exercise.date_deadline < today
            )

    @api.depends("owner", "state", "coaching_id.may_lead")
    @api.depends_context("uid")
    def _compute_may_tick(self):
        for exercise in self:
            plan = exercise.coaching_id
            exercise.may_tick = exercise.state == "open" and (
                plan.may_lead or (plan.is_mine and exercise.owner == "rep")
            )

    @api.constrains("visit_id", "session_id", "course_id", "coaching_id")
    def _check_links(self):
        for exercise in self:
            visit, session = exercise.visit_id, exercise.session_id
            if visit and visit.rep_id != exercise.rep_id:
                raise ValidationError(
                    self.env._("The joint visit is one of the rep's own visits.")
                )
            if session and session.course_id != exercise.course_id:
                raise ValidationError(self.env._("The session is one of the course's."))

    @api.onchange("kind")
    def _onchange_kind(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        if self.kind != "other":
            self.name = labels[self.kind]

    @api.onchange("course_id")
    def _onchange_course_id(self):
        if self.course_id:
            self.name = self.course_id.name

    # Writing

    def _check_plan(self):
        """:raise AccessError: for who does not lead the plan"""
        if self.env.su:
            return
        plans = self.coaching_id
        plans._check_lead()
        plans._check_state(*OPEN)

    @api.model_create_multi
    def create(self, vals_list):
        exercises = super().create(vals_list)
        exercises._check_plan()
        exercises._link_attachments()
        exercises.sudo()._schedule()  # sudo: activities of who does it
        return exercises

    def write(self, vals):
        self._check_plan()
        result = super().write(vals)
        if "coaching_id" in vals:
            self._check_plan()
        if "attachment_ids" in vals:
            self._link_attachments()
        changed = {_TASK[name]: vals[name] for name in _TASK.keys() & vals.keys()}
        for exercise in self.sudo():  # sudo: the activity follows the exercise
            if exercise.state == "open" and changed:
                exercise.activity_id.write(changed)
            if exercise.state == "open" and "owner" in vals:
                exercise.activity_id.user_id = exercise._get_owner()
        if {"visit_id", "course_id", "policy_id"} & vals.keys():
            self.sudo()._tick_done()  # sudo: whether it happened already
        return result

    def _link_attachments(self):
        """Who reads the exercise reads its documents."""
        for exercise in self:
            own = exercise.attachment_ids.filtered(lambda a: not a.res_id)
            own.write({"res_model": self._name, "res_id": exercise.id})

    @api.ondelete(at_uninstall=False)
    def _unlink_open(self):
        self._check_plan()
        self.sudo()._withdraw()  # sudo: an activity goes with its exercise

    def _get_owner(self):
        plan = self.coaching_id
        return plan.user_id if self.owner == "rep" else plan.coach_id

    def _schedule(self):
        """Make exercises of agreed plans activities; what happened already is done."""
        for exercise in self:
            plan = exercise.coaching_id
            if plan.state not in ("agreed", "running") or exercise.activity_id:
                continue
            exercise.activity_id = plan.activity_schedule(
                "mail.mail_activity_data_todo",
                exercise.date_deadline,
                summary=exercise.name,
                note=exercise.note,
                user_id=exercise._get_owner().id,
            )
        self._tick_done()

    def _withdraw(self):
        """What is not done is no activity any more."""
        self.filtered(lambda exercise: exercise.state == "open").activity_id.unlink()

    # Done

    def action_done(self):
        """Done, by the word of its owner, or of who leads the plan."""
        self.check_access("read")
        for exercise in self:
            if not exercise.may_tick:
                raise UserError(
                    self.env._(
                        "%(exercise)s is not to be done, or not by you.",
                        exercise=exercise.name,
                    )
                )
        self.sudo()._tick()  # sudo: an activity of the plan; who may was checked
        return True

    def _tick(self, feedback=None):
        """It happened: the activity is done."""
        for exercise in self:
            if exercise.state == "open":
                exercise.activity_id.action_feedback(feedback=feedback)

    def _tick_done(self):
        """Tick what has happened: with as many queries for any number."""
        self._of_done_visits()._tick()
        self._of_passed_courses()._tick()
        self._of_acknowledged()._tick()

    def _of_done_visits(self):
        return self.filtered(lambda e: e.kind == "visit" and e.visit_id.state == "done")

    def _of_passed_courses(self):
        some = self.filtered(lambda e: e.kind == "training" and e.course_id)
        # What was passed before the plan is no exercise of it.
        passed = {
            (rep, course): last
            for rep, course, last in self.env["sales.certificate"]._read_group(
                [
                    ("rep_id", "in", some.rep_id.ids),
                    ("course_id", "in", some.course_id.ids),
                ],
                ["rep_id", "course_id"],
                ["date:max"],
            )
        }
        return some.filtered(
            lambda e: passed.get((e.rep_id, e.course_id), date.min)
            >= e.coaching_id.date_from
        )

    def _of_acknowledged(self):
        some = self.filtered(lambda e: e.kind in ("script", "playbook") and e.policy_id)
        known = {
            (line.rep_id, line.policy_id)
            for line in self.env["sales.policy.acknowledgement"].search(
                [
                    ("rep_id", "in", some.rep_id.ids),
                    ("version_id", "in", some.policy_id.current_id.ids),
                    ("date", "!=", False),
                ]
            )
        }
        return some.filtered(lambda e: (e.rep_id, e.policy_id) in known)

    @api.model
    def _happened(self, domain):
        """Tick the open exercises of a domain that have happened."""
        # sudo: whoever did it, it is done
        self.sudo().search([("activity_id", "!=", False), *domain])._tick_done()


class MailActivity(models.Model):
    _inherit = "mail.activity"

    sales_exercise_ids = fields.One2many(
        "sales.coaching.exercise", "activity_id", "Exercises"
    )


class SalesVisit(models.Model):
    _inherit = "sales.visit"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "done":
            self.env["sales.coaching.exercise"]._happened(
                [("visit_id", "in", self.ids)]
            )
        return result


class SalesCertificate(models.Model):
    _inherit = "sales.certificate"

    @api.model_create_multi
    def create(self, vals_list):
        certificates = super().create(vals_list)
        self.env["sales.coaching.exercise"]._happened(
            [
                ("coaching_id.rep_id", "in", certificates.rep_id.ids),
                ("course_id", "in", certificates.course_id.ids),
            ]
        )
        return certificates


class SalesPolicyAcknowledgement(models.Model):
    _inherit = "sales.policy.acknowledgement"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("date"):
            self.env["sales.coaching.exercise"]._happened(
                [
                    ("coaching_id.rep_id", "in", self.rep_id.ids),
                    ("policy_id", "in", self.policy_id.ids),
                ]
            )
        return result
