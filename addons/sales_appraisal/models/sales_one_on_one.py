"""The regular talk of a rep and the manager: its agenda is built from facts."""

from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools.misc import format_date

from odoo.addons.sales_force.locking import write_lock
from odoo.addons.sales_force.models.sales_stamped_mixin import TOOLS

LENGTH = timedelta(minutes=45)
STATES = [("planned", "Planned"), ("held", "Held"), ("cancelled", "Cancelled")]
# Fields that each of the two writes.
OF_REP = frozenset({"rep_topics"})
# What is written down after the talk, too.
AFTER = frozenset({"note", "private_note", "agreement_ids"})


class SalesOneOnOne(models.Model):
    """What a rep and the manager talk about: facts, notes of both, agreements.

    The agenda is a snapshot; once they have met, it stays. What the manager notes for
    themselves is kept apart (``sales.one.on.one.note``).
    """

    _name = "sales.one.on.one"
    _description = "One-to-one"
    _inherit = ["sales.stamped.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _check_company_auto = True
    _sales_stamped = frozenset(
        {"state", "manager_id", "as_of", "agenda", "event_id", "held_on", "date"}
    )

    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('state', '!=', 'left')]",
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    manager_id = fields.Many2one(
        "res.users",
        "Manager",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
        default=lambda self: self.env.user,
    )
    start = fields.Datetime(
        "Begins",
        required=True,
        default=lambda self: self._default_start(),
        tracking=True,
    )
    date = fields.Date("Day", compute="_compute_date", store=True, index=True)
    state = fields.Selection(
        STATES,
        "Status",
        default="planned",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    event_id = fields.Many2one(
        "calendar.event", "Calendar Entry", readonly=True, copy=False, index=True
    )
    as_of = fields.Date("Facts Until", readonly=True, copy=False)
    agenda = fields.Json("Facts", readonly=True, copy=False)
    agenda_html = fields.Html("Agenda", compute="_compute_agenda_html", sanitize=False)
    rep_topics = fields.Text(
        "The Rep's Topics", copy=False, help="What the rep wants to talk about."
    )
    note = fields.Html("Shared Notes", copy=False, help="Both read them.")
    private_note = fields.Html(
        "Private Notes",
        compute="_compute_private_note",
        inverse="_inverse_private_note",
        help="Of the manager: the rep does not read them. Whether managers above do, "
        "the company's settings say.",
    )
    notes_above = fields.Html(
        "Notes of the Manager", compute="_compute_private_note", sanitize=False
    )
    agreement_ids = fields.One2many(
        "sales.one.on.one.agreement", "meeting_id", "Agreements", copy=False
    )
    former_ids = fields.Many2many(
        "sales.one.on.one.agreement",
        string="Agreed Before",
        compute="_compute_former_ids",
        help="Of the talk before, and older ones that are still open.",
    )
    held_on = fields.Datetime("Held", readonly=True, copy=False)
    next_on = fields.Date(
        "Proposed Next",
        compute="_compute_next_on",
        help="By the company's rhythm, on a working day of the rep.",
    )
    is_mine = fields.Boolean(compute="_compute_may")
    may_lead = fields.Boolean(compute="_compute_may")

    _day_uniq = models.UniqueIndex(
        "(rep_id, manager_id, date) WHERE state <> 'cancelled'",
        "There is a one-to-one on this day already.",
    )

    @api.model
    def _default_start(self):
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)

    # What is shown

    @api.depends("start", "company_id")
    def _compute_date(self):
        for talk in self:
            company = talk.company_id or self.env.company
            talk.date = talk.start and company._get_sales_date(talk.start)

    @api.depends("rep_id.name", "date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for talk in self:
            talk.display_name = self.env._(
                "One-to-one with %(rep)s, %(date)s",
                # sudo: who may read the talk may know whose it is
                rep=talk.rep_id.sudo().name or "",
                date=format_date(self.env, talk.date) if talk.date else "",
            )

    @api.depends("user_id", "manager_id")
    @api.depends_context("uid")
    def _compute_may(self):
        for talk in self:
            talk.is_mine = talk.user_id == self.env.user
            talk.may_lead = talk.manager_id == self.env.user

    @api.depends_context("uid")
    def _compute_private_note(self):
        """What the user may read: rules of the notes decide, for each reader anew."""
        notes = self.env["sales.one.on.one.note"]
        found = {}
        if notes.has_access("read"):
            found = notes.search([("meeting_id", "in", self.ids)]).grouped("meeting_id")
        for talk in self:
            some = found.get(talk._origin, notes)
            own = some.filtered(lambda note: note.author_id == self.env.user)
            talk.private_note = own[:1].note
            talk.notes_above = (some - own)[:1].note

    def _inverse_private_note(self):
        for talk in self:
            talk.env["sales.one.on.one.note"]._keep(talk, talk.private_note)

    @api.depends("rep_id", "date", "agreement_ids")
    def _compute_former_ids(self):
        for talk in self:
            talk.former_ids = talk._get_former()

    def _get_former(self):
        """Agreements of the talk before, and older ones that are still open."""
        mine = [
            ("rep_id", "=", self.rep_id.id),
            ("date", "<", self.date),
            ("state", "!=", "cancelled"),
        ]
        before = self.search(mine, limit=1)
        agreements = self.env["sales.one.on.one.agreement"].search(
            [("meeting_id.rep_id", "=", self.rep_id.id), ("date", "<", self.date)]
        )
        return agreements.filtered(
            lambda one: one.meeting_id == before or one.state == "open"
        )

    @api.depends("date", "rep_id")
    def _compute_next_on(self):
        for talk in self:
            days = talk.company_id.sales_one_on_one_days
            talk.next_on = talk._get_next_day(days) if talk.date and days else False

    def _get_next_day(self, days):
        """The rep's first working day from so many days after this one on."""
        first = self.date + timedelta(days=days)
        worked = self.env["sales.working.time"].working_days(
            self.rep_id, first, first + timedelta(days=14)
        )
        return min(worked[self.rep_id], default=first)

    # Writing

    @api.model_create_multi
    def create(self, vals_list):
        talks = super().create(vals_list)
        if not self.env.su:
            self.env["sales.coaching"]._check_reps(talks.rep_id)
        talks._build()
        return talks

    def write(self, vals):
        by_hand = {name for name in vals if not name.startswith(TOOLS)}
        if not self.env.su and by_hand:
            self._check_writer(by_hand)
        result = super().write(vals)
        if "rep_id" in vals:
            self.env["sales.coaching"]._check_reps(self.rep_id)
        if "start" in vals:
            for talk in self.filtered("event_id"):
                # sudo: the calendar follows; whose talk it is was checked
                talk.sudo().event_id.write(
                    {"start": talk.start, "stop": talk.start + LENGTH}
                )
        return result

    def _check_writer(self, names):
        """:raise AccessError: for who writes what is not theirs to write"""
        for talk in self:
            if talk.may_lead:
                foreign = names & OF_REP
            else:
                foreign = names - OF_REP if talk.is_mine else names
            if foreign:
                raise AccessError(
                    self.env._(
                        "The manager leads the one-to-one; the rep writes the own "
                        "topics."
                    )
                )
            if talk.state != "planned" and names - AFTER:
                raise UserError(self.env._("You have met: this stays as it is."))

    def _check_lead(self):
        self.check_access("write")
        if not self.env.su and not all(talk.may_lead for talk in self):
            raise AccessError(self.env._("The manager leads the one-to-one."))

    def _check_planned(self):
        self._check_lead()
        if any(talk.state != "planned" for talk in self):
            raise UserError(self.env._("You have met: this stays as it is."))

    @api.constrains("rep_id", "manager_id")
    def _check_two(self):
        for talk in self:
            if talk.manager_id == talk.user_id:
                raise ValidationError(self.env._("A one-to-one takes two."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        if any(talk.state == "held" for talk in self):
            raise UserError(self.env._("A one-to-one that was held is kept."))
        self._check_lead()
        self.sudo().event_id.unlink()  # sudo: its own calendar entry

    # Steps

    def action_schedule(self):
        """Put the talk into both calendars, if it is not there."""
        self._check_planned()
        for talk in self:
            if talk.event_id:
                continue
            # sudo: who is invited, of a rep whom the manager leads
            users = (talk.sudo().user_id | talk.manager_id).filtered("active")
            event = self.env["calendar.event"].create(
                {
                    "name": self.env._("One-to-one with %(rep)s", rep=talk.rep_id.name),
                    "start": talk.start,
                    "stop": talk.start + LENGTH,
                    "user_id": talk.manager_id.id,
                    "partner_ids": users.partner_id.ids,
                    "privacy": "private",
                }
            )
            talk.sudo().event_id = event  # sudo: stamped by the system
        return True

    def action_refresh(self):
        """Build the agenda from the facts of today."""
        self._check_planned()
        self._build()
        return True

    def action_hold(self):
        """They have met: the agenda stays."""
        self._check_planned()
        # sudo: stamped by the system; who leads was checked
        self.sudo().write({"state": "held", "held_on": fields.Datetime.now()})
        return True

    def action_cancel(self):
        self._check_planned()
        # sudo: stamped by the system; who leads was checked
        talks = self.sudo()
        talks.event_id.unlink()
        talks.state = "cancelled"
        return True

    def action_next(self):
        """Plan the next talk by the rhythm; where one is planned, open it."""
        self.ensure_one()
        self._check_lead()
        # Two clicks at once: the second is run again, and finds what the first left.
        write_lock(self)
        later = [
            ("rep_id", "=", self.rep_id.id),
            ("manager_id", "=", self.manager_id.id),
            ("state", "=", "planned"),
            ("date", ">", self.date),
        ]
        talk = self.search(later, order="date", limit=1)
        if not talk:
            day = self.next_on or self._get_next_day(7)
            talk = self.create(
                {"rep_id": self.rep_id.id, "start": self.start + (day - self.date)}
            )
            talk.action_schedule()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": talk.id,
            "views": [(False, "form")],
        }
