"""The weekly meeting of a team: its agenda is built from facts, once a week."""

from datetime import datetime, timedelta, timezone

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_date

from odoo.addons.sales_force.locking import write_lock

LENGTH = timedelta(hours=1)
WEEK = timedelta(days=7)


class SalesMeeting(models.Model):
    """What a leader and the direct reports meet about in a week.

    The agenda is a snapshot of the facts of the seven days up to the day on which it
    was built; once the meeting was held, it stays. Decisions are tasks, which the next
    meeting shows.
    """

    _name = "sales.meeting"
    _description = "Team Meeting"
    _inherit = ["sales.stamped.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "week desc, id desc"
    _check_company_auto = True
    _sales_stamped = frozenset(
        {"rep_id", "week", "as_of", "state", "agenda", "event_id"}
    )

    rep_id = fields.Many2one(
        "sales.rep",
        "Leader",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    week = fields.Date(
        "Week of", required=True, readonly=True, help="The Monday of the week."
    )
    as_of = fields.Date(
        "Facts Until", readonly=True, help="The agenda shows the seven days up to it."
    )
    state = fields.Selection(
        [("planned", "Planned"), ("held", "Held")],
        "Status",
        default="planned",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    attendee_ids = fields.Many2many(
        "sales.rep",
        string="Attendees",
        check_company=True,
        domain="[('company_id', '=', company_id), ('state', '!=', 'left')]",
        help="They are invited to the meeting, see its decisions and its minutes.",
    )
    event_id = fields.Many2one(
        "calendar.event", "Calendar Entry", readonly=True, copy=False, index=True
    )
    start = fields.Datetime(
        "Begins",
        related="event_id.start",
        related_sudo=True,
        help="As the calendar says: it is moved there.",
    )
    # Of everybody's figures: attendees see the shared part in their calendar.
    agenda = fields.Json(
        "Facts",
        readonly=True,
        copy=False,
        groups="sales_force.group_sales_leader,sales_force.group_sales_operations,"
        "sales_force.group_sales_finance",
    )
    agenda_html = fields.Html(
        "Agenda",
        compute="_compute_agenda_html",
        sanitize=False,
        groups="sales_force.group_sales_leader,sales_force.group_sales_operations,"
        "sales_force.group_sales_finance",
    )
    decision_ids = fields.One2many(
        "sales.meeting.decision", "meeting_id", "Decisions", copy=False
    )
    former_ids = fields.Many2many(
        "sales.meeting.decision",
        string="Decided Before",
        compute="_compute_former_ids",
        help="Decisions of the meeting before, and older ones that are still open.",
    )
    note = fields.Html("Minutes of the Meeting")

    _week_uniq = models.UniqueIndex(
        "(rep_id, week)", "A team meets once a week: open the meeting of the week."
    )

    @api.depends("rep_id.name", "week")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for meeting in self:
            meeting.display_name = self.env._(
                "Team meeting of %(leader)s, week of %(week)s",
                # sudo: who may read the meeting may know whose it is
                leader=meeting.rep_id.sudo().name or "",
                week=format_date(self.env, meeting.week) if meeting.week else "",
            )

    @api.depends("agenda")
    @api.depends_context("lang")
    def _compute_agenda_html(self):
        for meeting in self:
            meeting.agenda_html = meeting._render_agenda(shared=False)

    @api.depends("rep_id", "week")
    def _compute_former_ids(self):
        for meeting in self:
            meeting.former_ids = meeting._get_former()

    def _get_former(self):
        """Decisions of the meeting before, and older ones that are still open."""
        before = self.search(
            [("rep_id", "=", self.rep_id.id), ("week", "<", self.week)], limit=1
        )
        decisions = self.env["sales.meeting.decision"]
        earlier = decisions.search(
            [("meeting_id.rep_id", "=", self.rep_id.id), ("week", "<", self.week)]
        )
        return earlier.filtered(
            lambda decision: decision.meeting_id == before or decision.state == "open"
        )

    def write(self, vals):
        result = super().write(vals)
        if "attendee_ids" in vals:
            for meeting in self.filtered("event_id"):
                meeting.event_id.partner_ids = meeting._get_partners()
        return result

    # Opening

    @api.model
    def _get_leader(self):
        """The user's rep, when others report to it; else none."""
        rep = self.env["sales.rep"].search(
            [("user_id", "=", self.env.uid), ("company_id", "=", self.env.company.id)]
        )
        leads = self.env.user.has_group("sales_force.group_sales_leader")
        return rep if leads and rep.child_ids else rep.browse()

    @api.model
    def action_open_week(self):
        """This week's meeting of the user's team: made, invited to and opened; a
        second time only opened.

        :raise AccessError: for who leads nobody
        """
        leader = self._get_leader()
        if not leader:
            raise AccessError(
                self.env._("Team meetings are for who leads reps in this company.")
            )
        today = leader.company_id._get_sales_today()
        week = today - timedelta(days=today.weekday())
        # Two clicks at once would not see each other: the second is run again.
        write_lock(leader)
        mine = [("rep_id", "=", leader.id), ("week", "=", week)]
        meeting = self.search(mine) or self._open(leader, week)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": meeting.id,
            "views": [(False, "form")],
        }

    def _open(self, leader, week):
        team = leader | leader.child_ids.filtered(lambda rep: rep.state != "left")
        # sudo: made by the system for the leader, who is the user
        meeting = self.sudo().create(
            {"rep_id": leader.id, "week": week, "attendee_ids": team.ids}
        )
        meeting = meeting.with_env(self.env)
        meeting._build()
        meeting.action_schedule()
        return meeting

    def action_schedule(self):
        """Put the meeting into the calendars of the attendees, if it is not there."""
        for meeting in self:
            meeting._check_planned()
            if meeting.event_id:
                continue
            start = meeting._get_start()
            event = self.env["calendar.event"].create(
                {
                    "name": self.env._(
                        "Team meeting of %(leader)s", leader=meeting.rep_id.name
                    ),
                    "start": start,
                    "stop": start + LENGTH,
                    "user_id": meeting.rep_id.user_id.id,
                    "partner_ids": meeting._get_partners().ids,
                    # Its agenda is for the attendees, not for the whole company.
                    "privacy": "private",
                    "description": meeting._render_agenda(shared=True),
                }
            )
            meeting.sudo().event_id = event  # sudo: stamped by the system
        return True

    def action_refresh(self):
        """Build the agenda from the facts of today."""
        for meeting in self:
            meeting._check_planned()
            meeting._build()
            meeting.event_id.description = meeting._render_agenda(shared=True)
        return True

    def action_hold(self):
        """The meeting was held: its agenda stays as it is."""
        for meeting in self:
            meeting._check_planned()
            meeting.sudo().state = "held"  # sudo: stamped by the system
        return True

    def _check_planned(self):
        self.check_access("write")
        if any(meeting.state == "held" for meeting in self):
            raise UserError(self.env._("The meeting was held: its agenda stays."))

    def _get_partners(self):
        # sudo: who is invited, of reps whom the leader leads
        users = self.attendee_ids.sudo().user_id
        return users.filtered("active").partner_id.with_env(self.env)

    def _get_start(self):
        """When the team met last, in this week; else the next full hour."""
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        last = self.search(
            [("rep_id", "=", self.rep_id.id), ("week", "<", self.week)], limit=1
        )
        if last.start:
            zone = pytz.timezone(self.env.user.tz or "UTC")
            local = pytz.utc.localize(last.start).astimezone(zone)
            weekday = timedelta(days=local.weekday())
            wall = datetime.combine(self.week + weekday, local.time())
            start = zone.localize(wall).astimezone(pytz.utc).replace(tzinfo=None)
            if start >= now:
                return start
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
