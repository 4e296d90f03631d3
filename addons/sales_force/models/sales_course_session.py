from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_datetime

# What its organiser says of a session, and what stays when it is over.
_PLAN = frozenset(
    (
        "course_id",
        "company_id",
        "trainer_id",
        "date_start",
        "date_stop",
        "place",
        "capacity",
    )
)


class SalesCourseSession(models.Model):
    """A course on a day, with a trainer and those who attend."""

    _name = "sales.course.session"
    _description = "Course Session"
    _inherit = ["sales.stamped.mixin", "mail.thread"]
    _order = "date_start desc, id desc"
    _sales_stamped = frozenset({"state"})

    course_id = fields.Many2one(
        "sales.course", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    trainer_id = fields.Many2one(
        "res.partner", "Trainer", help="A colleague or somebody from outside."
    )
    date_start = fields.Datetime("Begins", required=True)
    date_stop = fields.Datetime("Ends", required=True)
    place = fields.Char("Place or Link")
    capacity = fields.Integer("Places", help="0: as many as want.")
    state = fields.Selection(
        [("planned", "Planned"), ("held", "Held"), ("cancelled", "Cancelled")],
        "Status",
        default="planned",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    attendee_ids = fields.One2many(
        "sales.course.attendee", "session_id", "Participants"
    )
    attendee_count = fields.Integer(
        "Number of Participants", compute="_compute_attendee_count"
    )

    _times = models.Constraint(
        "CHECK (date_stop > date_start)", "A session ends after it begins."
    )
    _capacity_positive = models.Constraint(
        "CHECK (capacity >= 0)", "Places are not negative."
    )

    @api.depends("course_id", "date_start")
    def _compute_display_name(self):
        for session in self:
            day = session.date_start and session.company_id._get_sales_date(
                session.date_start
            )
            session.display_name = f"{session.course_id.name or ''} {day or ''}".strip()

    @api.depends("attendee_ids")
    def _compute_attendee_count(self):
        for session in self:
            session.attendee_count = len(session.attendee_ids)

    @api.constrains("capacity")
    def _check_capacity(self):
        for session in self:
            if 0 < session.capacity < len(session.attendee_ids):
                raise UserError(
                    self.env._(
                        "%(session)s has %(count)s places.",
                        session=session.display_name,
                        count=session.capacity,
                    )
                )

    def write(self, vals):
        if not (self.env.su or _PLAN.isdisjoint(vals)):
            self._check_organiser()
            self._check_planned()
        return super().write(vals)

    def _check_organiser(self):
        """:raise AccessError: for who neither planned nor gives it"""
        user = self.env.user
        if user.has_group("sales_force.group_sales_operations"):
            return
        for session in self:
            if user != session.create_uid and user.partner_id != session.trainer_id:
                raise AccessError(
                    self.env._(
                        "%(session)s is changed and closed by its trainer, by who "
                        "planned it, or by sales operations.",
                        session=session.display_name,
                    )
                )

    def _check_planned(self):
        if any(session.state != "planned" for session in self):
            raise UserError(self.env._("This session is over."))

    def action_invite_lacking(self):
        """Invite those below who need the course, as far as there are places."""
        self.ensure_one()
        self.check_access("write")
        needs = self.env["sales.training.need"].search(
            [
                ("course_id", "=", self.course_id.id),
                ("company_id", "=", self.company_id.id),
                ("status", "in", ("overdue", "expired", "lacking", "expiring")),
                ("rep_id", "not in", self.attendee_ids.rep_id.ids),
                # Nobody certifies oneself.
                ("user_id", "!=", self.env.uid),
            ],
            order="due_on, id",
        )
        free = self.capacity - len(self.attendee_ids) if self.capacity else len(needs)
        if not needs:
            raise UserError(self.env._("Nobody lacks this course."))
        self.attendee_ids.create(
            [{"session_id": self.id, "rep_id": n.rep_id.id} for n in needs[:free]]
        )

    def action_hold(self):
        """The session took place: who passed gets a certificate.

        :raise AccessError: for who neither planned nor gives it
        :raise UserError: before it ends, and while a participant has no result
        """
        self.check_access("write")
        self._check_organiser()
        self._check_planned()
        for session in self:
            if session.date_stop > fields.Datetime.now():
                raise UserError(
                    self.env._(
                        "%(session)s ends on %(moment)s.",
                        session=session.display_name,
                        moment=format_datetime(self.env, session.date_stop),
                    )
                )
            missing = session.attendee_ids.filtered(lambda a: a.result == "invited")
            if missing:
                raise UserError(
                    self.env._(
                        "Say who passed: %(reps)s.",
                        reps=", ".join(missing.rep_id.mapped("name")),
                    )
                )
            session.sudo().state = "held"  # sudo: stamped by the system
            session._certify()

    def _certify(self):
        day = self.company_id._get_sales_date(self.date_stop)
        # sudo: certificates follow from the session
        self.env["sales.certificate"].sudo().create(
            [
                {
                    "rep_id": attendee.rep_id.id,
                    "course_id": self.course_id.id,
                    "date": day,
                    "session_id": self.id,
                }
                for attendee in self.attendee_ids
                if attendee.result == "passed"
            ]
        )

    def action_cancel(self):
        """:raise AccessError: for who neither planned nor gives it"""
        self.check_access("write")
        self._check_organiser()
        self._check_planned()
        self.sudo().state = "cancelled"  # sudo: stamped by the system


class SalesCourseAttendee(models.Model):
    _name = "sales.course.attendee"
    _description = "Participant of a Course"
    _inherit = ["sales.stamped.mixin"]
    _order = "session_id, id"
    _rec_name = "rep_id"

    session_id = fields.Many2one(
        "sales.course.session", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="session_id.company_id", store=True)
    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('company_id', '=', company_id), ('state', '!=', 'left')]",
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    result = fields.Selection(
        [
            ("invited", "Invited"),
            ("passed", "Passed"),
            ("failed", "Failed"),
            ("absent", "Absent"),
        ],
        default="invited",
        required=True,
    )

    _once = models.UniqueIndex(
        "(session_id, rep_id)", "A rep takes part in a session once."
    )

    @api.model_create_multi
    def create(self, vals_list):
        attendees = super().create(vals_list)
        attendees._check_open()
        attendees.session_id._check_capacity()
        for session, invited in attendees.grouped("session_id").items():
            session.message_post(
                body=self.env._(
                    "Invited: %(reps)s", reps=", ".join(invited.rep_id.mapped("name"))
                ),
                partner_ids=invited.user_id.partner_id.ids,
            )
        return attendees

    def write(self, vals):
        self._check_open()
        result = super().write(vals)
        if {"rep_id", "session_id"} & vals.keys():
            # Not somebody whom one may not invite.
            self.check_access("write")
        return result

    def _check_open(self):
        if any(a.session_id.state != "planned" for a in self) and not self.env.su:
            raise UserError(self.env._("This session is over."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_over(self):
        self._check_open()
