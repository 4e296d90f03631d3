from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import is_html_empty, plaintext2html
from odoo.tools.misc import format_datetime

from odoo.addons.sales_force.locking import write_lock

from ..tickets.states import HANDED, HELD, WAITING

# Who sees what work costs.
COST_GROUPS = (
    "sales_service.group_service_manager,sales_force.group_sales_director,"
    "sales_force.group_sales_operations"
)
# Between two jobs of a day so long a time at most was the way.
_WAY = timedelta(hours=2)


class SalesServiceJob(models.Model):
    """The work of an agent at a customer for a ticket, from check-in to the report.

    It is no ``sales.visit``: those are calls of salespeople, counted as such in the
    ledger and in how often customers are to be called on, and need a rep profile, which
    agents may do without. Moments are in UTC and stamped by the server, as is the
    customer's signature. A job whose report is sealed stays as it is.
    """

    _name = "sales.service.job"
    _description = "Service Job"
    _inherit = ["sales.stamped.mixin"]
    _order = "check_in desc, id desc"
    _sales_stamped = frozenset(
        (
            *("ticket_id", "user_id", "state", "check_in", "check_out"),
            *("measured_minutes", "measured_travel", "hourly_cost", "km_cost"),
            *("signature", "signed_by", "signed_at", "sealed_at"),
            *("report_id", "report_sent_at", "hour_line_id"),
            *("position_state", "position_ids"),
        )
    )

    ticket_id = fields.Many2one(
        "sales.service.ticket",
        "Ticket",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(related="ticket_id.partner_id", string="Customer")
    description = fields.Html(related="ticket_id.description", string="Request")
    product_id = fields.Many2one(related="ticket_id.product_id")
    lot_id = fields.Many2one(related="ticket_id.lot_id")
    warranty = fields.Selection(related="ticket_id.warranty")
    site_address = fields.Char(related="ticket_id.site_address")
    site_map_url = fields.Char(related="ticket_id.site_map_url")
    site_phone = fields.Char(related="ticket_id.partner_phone", string="Phone")
    user_id = fields.Many2one(
        "res.users", "Agent", required=True, readonly=True, index=True
    )
    state = fields.Selection(
        [("started", "In progress"), ("done", "Done"), ("sealed", "Report sealed")],
        "Status",
        required=True,
        readonly=True,
        default="started",
        copy=False,
        index=True,
    )
    check_in = fields.Datetime(readonly=True, copy=False, required=True)
    check_out = fields.Datetime(readonly=True, copy=False)

    measured_minutes = fields.Integer(
        readonly=True, copy=False, help="From check-in to check-out.", aggregator=None
    )
    worked_minutes = fields.Integer(
        "Worked (minutes)", copy=False, help="As measured, or corrected with a note."
    )
    measured_travel = fields.Integer(
        "Measured Way (minutes)",
        readonly=True,
        copy=False,
        help="Since the check-out of the job before on the same day.",
        aggregator=None,
    )
    travel_minutes = fields.Integer("Travel (minutes)", copy=False)
    travel_km = fields.Float("Travel (km)", digits=(16, 1), copy=False)
    time_note = fields.Char(
        "Why Corrected",
        copy=False,
        help="Times other than those measured are written down with a reason.",
    )
    is_charged = fields.Boolean(
        "Invoice the Hours",
        compute="_compute_is_charged",
        store=True,
        readonly=False,
        help="By default unless the work is under warranty. They are added to the "
        "ticket's order when the report is sealed.",
    )
    work_done = fields.Text(copy=False, help="The customer reads it in the report.")
    check_ids = fields.One2many("sales.service.check", "job_id", "Checklist")
    part_ids = fields.One2many("sales.service.part", "job_id", "Parts Used")
    photo_ids = fields.One2many("sales.service.job.photo", "job_id", "Photos")
    is_mine = fields.Boolean(compute="_compute_is_mine")
    is_ticket_open = fields.Boolean(related="ticket_id.is_open")
    form_hint = fields.Html(related="ticket_id.form_hint", groups="base.group_user")

    hourly_cost = fields.Monetary(
        readonly=True, copy=False, groups=COST_GROUPS, help="On the day of the job."
    )
    km_cost = fields.Monetary(
        "Cost of a Kilometre", readonly=True, copy=False, groups=COST_GROUPS
    )

    _one_at_a_time = models.UniqueIndex(
        "(user_id) WHERE state = 'started'",
        "An agent is at one customer at a time: check out of the other job first.",
    )
    _times_positive = models.Constraint(
        "CHECK (worked_minutes >= 0 AND travel_minutes >= 0 AND travel_km >= 0)",
        "Times and ways are not negative.",
    )

    @api.depends("ticket_id.display_name", "check_in")
    def _compute_display_name(self):
        for job in self:
            moment = job.check_in and format_datetime(
                self.env, job.check_in, dt_format="short"
            )
            job.display_name = " ".join(
                filter(None, (job.ticket_id.display_name, moment))
            )

    @api.depends("ticket_id.warranty")
    def _compute_is_charged(self):
        for job in self:
            if job.state == "sealed":
                job.is_charged = job.is_charged
            else:
                job.is_charged = not job.ticket_id._is_free()

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for job in self:
            job.is_mine = job.user_id == self.env.user

    @api.constrains("worked_minutes", "travel_minutes", "time_note")
    def _check_time_note(self):
        for job in self:
            if (job.time_note or "").strip() or job.state == "started":
                continue
            other_way = job.measured_travel not in (0, job.travel_minutes)
            if job.worked_minutes != job.measured_minutes or other_way:
                raise ValidationError(
                    self.env._(
                        "%(minutes)s minutes of work and %(travel)s of the way were "
                        "measured. Write down why it was different.",
                        minutes=job.measured_minutes,
                        travel=job.measured_travel,
                    )
                )

    def write(self, vals):
        self._check_unsealed()
        return super().write(vals)

    def _check_unsealed(self):
        """:raise UserError: for what the customer has in writing"""
        if self.env.su:
            return
        self._refuse(
            [
                self.env._(
                    "%(job)s: the report is sealed and stays as it is. Check in again "
                    "for what is still to be done.",
                    job=job.display_name,
                )
                for job in self
                if job.state == "sealed"
            ]
        )

    def _check_own(self):
        """:raise AccessError: for somebody else's job"""
        self.ensure_one()
        self.check_access("read")
        if self.user_id != self.env.user:
            raise AccessError(
                self.env._("Only %(agent)s checks in and out.", agent=self.user_id.name)
            )

    # On the way

    def action_check_out(self, position=None):
        """End the job, now; of a ticket that is done already with its report.

        :param dict position: see ``sales.visit``
        :raise AccessError: for somebody else's job
        """
        self._check_own()
        write_lock(self)
        self.invalidate_recordset()
        if self.state == "started":
            self._finish()
            self._keep_position("out", position)
            if not self.ticket_id.is_open:
                self._seal()
        return True

    def action_resolve(self, position=None):
        """End the job, and with it the ticket, by what was done.

        :param dict position: see ``sales.visit``
        :raise AccessError: for somebody else's job
        :raise UserError: for what is missing, see ``sales.service.ticket``
        """
        self.action_check_out(position)
        return self.ticket_id.action_resolve()

    def action_open(self):
        """The job's page."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.ticket_id.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def _finish(self):
        now = self.ticket_id._get_now()
        minutes = max(0, round((now - self.check_in).total_seconds() / 60))
        # sudo: cost and moments are stamped
        job = self.sudo()
        agent = job._get_agent()
        job.write(
            {
                "state": "done",
                "check_out": now,
                "measured_minutes": minutes,
                "worked_minutes": job.worked_minutes or minutes,
                "hourly_cost": agent.hourly_cost,
                "km_cost": agent.km_cost,
            }
        )
        job.ticket_id._attend(job.user_id)

    def _get_agent(self):
        """The profile of who does the job, maybe an empty record."""
        self.ensure_one()
        return (
            self.env["sales.service.agent"]
            # sudo: only the own van and costs, which are stamped
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("user_id", "=", self.user_id.id),
                    ("company_id", "=", self.company_id.id),
                ],
                limit=1,
            )
        )

    @api.model
    def _get_running(self, user):
        """The job at which a user is now, maybe an empty record."""
        return self.search(
            [("user_id", "=", user.id), ("state", "=", "started")], limit=1
        )

    @api.model
    def _measure_way(self, user, now):
        """Minutes since the last job of the day; 0 where that is no way."""
        # sudo: the agent's own jobs
        last = self.sudo().search(
            [
                ("user_id", "=", user.id),
                ("check_out", ">=", now - _WAY),
                ("check_out", "<=", now),
            ],
            order="check_out desc",
            limit=1,
        )
        return round((now - last.check_out).total_seconds() / 60) if last else 0

    def _get_lacks(self):
        """A line for each job with what is still to be done."""
        lacks = []
        for job in self:
            points = job.check_ids._get_lacks()
            if points:
                lacks.append(
                    "\n".join(
                        [
                            self.env._(
                                "The checklist of %(job)s:", job=job.display_name
                            ),
                            *points,
                        ]
                    )
                )
        return lacks


class SalesServiceTicket(models.Model):
    """Work at the customer's."""

    _inherit = "sales.service.ticket"

    site_address = fields.Char(
        "Address", compute="_compute_site_way", compute_sudo=True
    )
    site_map_url = fields.Char(
        "Way There", compute="_compute_site_way", compute_sudo=True
    )
    job_ids = fields.One2many("sales.service.job", "ticket_id", "Jobs")
    job_count = fields.Integer("Jobs Done", compute="_compute_job_count")
    is_here = fields.Boolean(
        "Checked In", compute="_compute_is_here", help="Whether the user is there now."
    )
    is_for_today = fields.Boolean(
        compute="_compute_is_for_today",
        search="_search_is_for_today",
        help="To be worked on today, where the company works: not planned for a later "
        "day, and not waiting unless a visit is planned.",
    )

    @api.depends("partner_id", "company_id")
    def _compute_site_way(self):
        for ticket in self:
            ticket.site_address, ticket.site_map_url = ticket.partner_id._get_sales_way(
                ticket.company_id or self.env.company
            )

    @api.depends("job_ids")
    @api.depends_context("uid")
    def _compute_job_count(self):
        """Of the jobs that the user may see."""
        Job = self.env["sales.service.job"]
        counts = {}
        if Job.has_access("read"):
            counts = dict(
                Job._read_group(
                    [("ticket_id", "in", self.ids)], ["ticket_id"], ["__count"]
                )
            )
        for ticket in self:
            ticket.job_count = counts.get(ticket._origin, 0)

    @api.depends("job_ids.state")
    @api.depends_context("uid")
    def _compute_is_here(self):
        # sudo: only the own job
        running = self.env["sales.service.job"].sudo()._get_running(self.env.user)
        for ticket in self:
            ticket.is_here = ticket._origin.id == running.ticket_id.id

    @api.depends("state", "planned_from")
    def _compute_is_for_today(self):
        found = self.filtered_domain(self._search_is_for_today("in", [True]))
        for ticket in self:
            ticket.is_for_today = ticket in found

    @api.model
    def _search_is_for_today(self, operator, value):
        if operator != "in":
            return NotImplemented
        start, stop = self.env.company._get_sales_day()
        planned = Domain("planned_from", "<", stop)
        going = Domain("state", "in", (*HANDED, "in_progress")) & (
            planned | Domain("planned_from", "=", False)
        )
        waiting = Domain("state", "in", WAITING) & (
            planned & Domain("planned_from", ">=", start)
        )
        domain = going | waiting
        return domain if True in value else ~domain

    def action_check_in(self, position=None):
        """Begin the work at the customer's, now; the first time the ticket's as well.

        :param dict position: see ``sales.visit``
        :return: what opens the job
        :raise AccessError: for who does not have the ticket
        :raise UserError: for a ticket that is over, and while another job lasts
        """
        self.ensure_one()
        self.check_access("write")
        user = self.env.user
        if self.user_id != user:
            raise AccessError(
                self.env._(
                    "%(ticket)s: only who has the ticket checks in.",
                    ticket=self.display_name,
                )
            )
        # A second click finds what the first has begun.
        write_lock(self)
        # sudo: jobs are made by checking in only; of the own ticket, as checked above
        Job = self.env["sales.service.job"].sudo()
        job = Job._get_running(user)
        if job and job.ticket_id != self:
            raise UserError(
                self.env._(
                    "You are still checked in at %(customer)s: check out there first.",
                    customer=job.partner_id.display_name or job.ticket_id.display_name,
                )
            )
        if not job:
            self._check_state(*HELD)
            if self.state != "in_progress":
                self._step("start")
            job = Job.create(self._prepare_job(user))
            job.with_env(self.env)._keep_position("in", position)
        return job.with_env(self.env).action_open()

    def action_check_out(self, position=None):
        """End the job at which the user is now, see ``sales.service.job``."""
        self.ensure_one()
        self.check_access("read")
        job = self.env["sales.service.job"]._get_running(self.env.user)
        return job.action_check_out(position) if job.ticket_id == self else True

    def _prepare_job(self, user):
        now = self._get_now()
        way = self.env["sales.service.job"]._measure_way(user, now)
        return {
            "ticket_id": self.id,
            "user_id": user.id,
            "check_in": now,
            "measured_travel": way,
            "travel_minutes": way,
            "check_ids": [
                Command.create(item._prepare_check())
                for item in self.category_id._get_checklist().item_ids
            ],
        }

    def _take_over(self):
        """What the last job did is the resolution, where nothing is written yet."""
        for ticket in self.filtered(lambda one: is_html_empty(one.resolution)):
            done = ticket.job_ids.filtered("work_done")[:1]
            if done:
                ticket.resolution = plaintext2html(done.work_done)

    def action_open_jobs(self):
        """The jobs of the ticket."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Jobs"),
            "res_model": "sales.service.job",
            "views": [(False, "list"), (False, "form")],
            "domain": [("ticket_id", "=", self.id)],
        }

    def action_resolve(self):
        """Where work was done on site, with its checklist, and when the agent has left.

        :raise UserError: naming what is still to be done
        """
        # Who may not take the step is told nothing of the jobs.
        self.check_access("write")
        if not self.env.su:
            # sudo: whoever did the work
            jobs = self.sudo().job_ids.filtered(lambda one: one.state != "sealed")
            self._refuse(
                [
                    self.env._(
                        "%(ticket)s: %(agent)s is still checked in there.",
                        ticket=job.ticket_id.display_name,
                        agent=job.user_id.name,
                    )
                    for job in jobs
                    if job.state == "started"
                ]
            )
            self._refuse(jobs._get_lacks())
        # sudo: whoever did the work
        self.sudo().filtered("is_open")._take_over()
        return super().action_resolve()

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") in ("resolved", "cancelled"):
            # sudo: what was used has left the stock, whoever ends the ticket
            jobs = self.sudo().job_ids
            jobs.filtered(lambda one: one.state == "done")._seal()
        return result
