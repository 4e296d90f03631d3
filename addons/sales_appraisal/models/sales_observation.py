"""Joint visits: what the coach who came along has seen."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools.misc import format_date

RATINGS = [
    ("0", "Not seen"),
    ("1", "Missing"),
    ("2", "Weak"),
    ("3", "Fair"),
    ("4", "Good"),
    ("5", "Excellent"),
]


class SalesObservation(models.Model):
    """What a coach saw on a visit, item by item; the rep reads it when it is handed
    over, and from then on it stays."""

    _name = "sales.observation"
    _description = "Joint Visit"
    _inherit = ["sales.stamped.mixin"]
    _order = "date desc, id desc"
    _sales_stamped = frozenset(
        {"coach_id", "state", "submitted_on", "score", "checklist_id"}
    )

    visit_id = fields.Many2one(
        "sales.visit", "Visit", required=True, index=True, ondelete="cascade"
    )
    rep_id = fields.Many2one(
        related="visit_id.rep_id", store=True, index=True, string="Rep"
    )
    user_id = fields.Many2one(related="visit_id.user_id", store=True, string="User")
    company_id = fields.Many2one(related="visit_id.company_id", store=True)
    team_id = fields.Many2one(related="visit_id.team_id", store=True)
    date = fields.Date(related="visit_id.date", store=True)
    partner_name = fields.Char("Customer", compute="_compute_partner_name")
    coach_id = fields.Many2one(
        "res.users",
        "Coach",
        required=True,
        readonly=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
        index=True,
    )
    checklist_id = fields.Many2one(
        "sales.observation.checklist", readonly=True, ondelete="restrict"
    )
    state = fields.Selection(
        [("draft", "Draft"), ("submitted", "Submitted")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    submitted_on = fields.Datetime("Submitted On", readonly=True, copy=False)
    score = fields.Float(
        "Average",
        digits=(16, 2),
        readonly=True,
        copy=False,
        aggregator="avg",
        help="Of what was seen, from 1 to 5.",
    )
    line_ids = fields.One2many(
        "sales.observation.line", "observation_id", "What Was Seen"
    )
    strengths = fields.Text("What Went Well")
    advice = fields.Text("Next Time")
    may_write = fields.Boolean(compute="_compute_may_write")

    _once = models.UniqueIndex(
        "(visit_id, coach_id)", "You have a form of this joint visit already."
    )

    @api.depends("rep_id.name", "date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for form in self:
            day = format_date(self.env, form.date)
            # sudo: who may read the form may know whose visit it is
            form.display_name = f"{form.rep_id.sudo().name or ''} {day}"

    @api.depends("visit_id")
    def _compute_partner_name(self):
        for form in self:
            # sudo: who came along knows where
            form.partner_name = form.visit_id.sudo().partner_id.display_name

    @api.depends("coach_id", "state")
    @api.depends_context("uid")
    def _compute_may_write(self):
        for form in self:
            form.may_write = form.state == "draft" and form.coach_id == self.env.user

    # Writing

    @api.model_create_multi
    def create(self, vals_list):
        """With the items of the checklist.

        :raise AccessError: for the own visits, and for who is not above the rep
        """
        forms = super().create(vals_list)
        checklists = self.env["sales.observation.checklist"]
        for form in forms:
            visit = form.visit_id
            visit.check_access("read")
            self.env["sales.coaching"]._check_reps(visit.rep_id)
            if visit.state == "cancelled":
                raise UserError(self.env._("This visit was cancelled."))
            checklist = checklists._get_default(visit.company_id)
            # sudo: stamped by the system
            form.sudo().write(
                {
                    "checklist_id": checklist.id,
                    "line_ids": [
                        Command.create({"item_id": item.id})
                        for item in checklist.item_ids
                    ],
                }
            )
        return forms

    def write(self, vals):
        self._check_coach()
        if not self.env.su and "visit_id" in vals:
            raise UserError(self.env._("The form stays with its visit."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_own(self):
        self._check_coach()

    def _check_coach(self):
        """:raise AccessError: for everybody else than the coach, and afterwards"""
        if self.env.su:
            return
        if self.coach_id - self.env.user:
            raise AccessError(self.env._("Only the coach writes the form."))
        if any(form.state != "draft" for form in self):
            raise UserError(self.env._("What was submitted stays as it is."))

    def action_submit(self):
        """Hand the form over: the rep reads it, and open exercises are done.

        :raise UserError: when nothing was seen
        """
        self.check_access("write")
        self._check_coach()
        # sudo: stamped by the system; who hands over was checked above
        for form in self.sudo():
            points = [line.points for line in form.line_ids if line.points]
            if not points:
                raise UserError(self.env._("Say what you have seen first."))
            form.write(
                {
                    "state": "submitted",
                    "submitted_on": fields.Datetime.now(),
                    "score": round(sum(points) / len(points), 2),
                }
            )
            self.env["sales.coaching.exercise"]._observed(form.visit_id)
            visit = form.visit_id.with_context(lang=form.user_id.lang or self.env.lang)
            visit.message_notify(
                partner_ids=form.user_id.partner_id.ids,
                subject=visit.env._("Your joint visit"),
                body=visit.env._(
                    "%(coach)s has written what went well, and what to do next time.",
                    coach=form.coach_id.name,
                ),
            )
        return True

    def action_open_trend(self):
        """The items of the rep's joint visits over time."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_appraisal.sales_observation_line_action"
        )
        return {
            **action,
            "domain": [("rep_id", "=", self.rep_id.id), ("points", ">", 0)],
            "context": {},
        }


class SalesObservationLine(models.Model):
    _name = "sales.observation.line"
    _description = "Line of a Joint Visit"
    _inherit = ["sales.stamped.mixin"]
    _order = "observation_id, sequence, id"
    _log_access = False
    _sales_stamped = frozenset({"item_id"})

    observation_id = fields.Many2one(
        "sales.observation", required=True, index=True, ondelete="cascade"
    )
    rep_id = fields.Many2one(related="observation_id.rep_id", store=True, index=True)
    company_id = fields.Many2one(related="observation_id.company_id", store=True)
    date = fields.Date(related="observation_id.date", store=True)
    item_id = fields.Many2one(
        "sales.observation.item",
        "Item",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    name = fields.Char(related="item_id.name")
    description = fields.Char(related="item_id.description")
    sequence = fields.Integer(related="item_id.sequence", store=True)
    rating = fields.Selection(RATINGS, default="0", required=True)
    points = fields.Integer(
        compute="_compute_points", store=True, aggregator="avg", help="1 to 5."
    )
    note = fields.Char("Notes")
    previous = fields.Integer(
        "Last Time",
        compute="_compute_previous",
        help="What the rep got on the joint visit before; 0: not seen.",
    )

    @api.depends("rating")
    def _compute_points(self):
        for line in self:
            line.points = int(line.rating or 0)

    @api.depends("item_id", "rep_id", "date")
    def _compute_previous(self):
        """With one query for any number of lines."""
        before = self.search(
            [
                ("rep_id", "in", self.rep_id.ids),
                ("item_id", "in", self.item_id.ids),
                ("points", ">", 0),
                ("observation_id.state", "=", "submitted"),
            ],
            order="date desc, id desc",
        ).grouped(lambda line: (line.rep_id, line.item_id))
        for line in self:
            earlier = (
                other.points
                for other in before.get((line.rep_id, line.item_id), ())
                if line.date and other.date < line.date
            )
            line.previous = next(earlier, 0)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise UserError(self.env._("The items are those of the checklist."))
        return super().create(vals_list)

    def write(self, vals):
        self.observation_id._check_coach()
        if not self.env.su and "observation_id" in vals:
            raise UserError(self.env._("The items are those of the checklist."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_with_form(self):
        if not self.env.su:
            raise UserError(self.env._("The items are those of the checklist."))


class SalesVisit(models.Model):
    _inherit = "sales.visit"

    observation_ids = fields.One2many(
        "sales.observation", "visit_id", "Joint Visits", readonly=True
    )
    observation_count = fields.Integer(
        "Joint Visit Forms", compute="_compute_observations"
    )
    may_observe = fields.Boolean(compute="_compute_observations")

    @api.depends("observation_ids", "user_id", "state")
    @api.depends_context("uid")
    def _compute_observations(self):
        leads = self.env["sales.coaching"]._is_leader()
        counts = dict(
            self.env["sales.observation"]._read_group(
                [("visit_id", "in", self.ids)], ["visit_id"], ["__count"]
            )
        )
        for visit in self:
            visit.observation_count = counts.get(visit._origin, 0)
            visit.may_observe = (
                leads and visit.user_id != self.env.user and visit.state != "cancelled"
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_observed(self):
        # sudo: whether there is a form, whoever may see it
        forms = self.sudo().observation_ids
        if "submitted" in forms.mapped("state"):
            raise UserError(
                self.env._("A visit with a form of a joint visit is cancelled instead.")
            )

    def action_observe(self):
        """The user's own form of this joint visit: made and opened.

        :raise AccessError: for the own visits, and for who is not above the rep
        """
        self.ensure_one()
        self.check_access("read")
        forms = self.env["sales.observation"]
        form = forms.search(
            [("visit_id", "=", self.id), ("coach_id", "=", self.env.uid)]
        ) or forms.create({"visit_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Joint Visit"),
            "res_model": form._name,
            "res_id": form.id,
            "views": [(False, "form")],
        }

    def action_open_observations(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_appraisal.sales_observation_action"
        )
        return {**action, "domain": [("visit_id", "=", self.id)], "context": {}}


class SalesCoachingExercise(models.Model):
    _inherit = "sales.coaching.exercise"

    @api.model
    def _observed(self, visit):
        """A coach came along: done are exercises of this visit, else the next one."""
        # sudo: whoever came along, the exercise is done
        exercises = self.sudo().search(
            [
                ("kind", "=", "visit"),
                ("coaching_id.rep_id", "=", visit.rep_id.id),
                ("activity_id", "!=", False),
                ("visit_id", "in", (False, visit.id)),
            ]
        )
        todo = exercises.filtered(lambda exercise: exercise.state == "open")
        mine = todo.filtered("visit_id") or todo[:1]
        mine.visit_id = visit
        mine._tick()
