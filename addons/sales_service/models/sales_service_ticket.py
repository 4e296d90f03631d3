from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tickets.states import DONE, OPEN, STATES, column

# Who reads what is about us, and what leads to tickets of other customers.
INTERNAL = "base.group_user"
# Who works on tickets.
AGENTS = "sales_service.group_service_agent"
PRIORITIES = [("0", "Low"), ("1", "Normal"), ("2", "High"), ("3", "Urgent")]

# Where demo data says which moment it is.
PAST = "sales_service.past"
# What times and limits of a ticket hang on.
_TIMED = {
    *("state", "user_id", "team_id", "category_id", "company_id", "priority"),
    "partner_id",
}


class SalesServiceTicket(models.Model):
    """A request of a customer, from intake to the customer's verdict.

    Moments are in UTC and stamped by the server. How a ticket goes from state to state
    is in ``sales_service_flow``, its time limits in ``sales_service_clock``.
    """

    _name = "sales.service.ticket"
    _description = "Service Ticket"
    _inherit = [
        "sales.stamped.mixin",
        "portal.mixin",
        "mail.thread.cc",
        "mail.activity.mixin",
    ]
    _order = "priority desc, id desc"
    _rec_names_search = ["name", "number", "partner_id"]
    _check_company_auto = True
    # A customer answers by mail or portal, a salesperson by reading.
    _mail_post_access = "read"
    _primary_email = "partner_email"
    _sales_stamped = frozenset(
        (
            "number",
            "state",
            "opened_at",
            "assigned_at",
            "accepted_at",
            "started_at",
            "resolved_at",
            "closed_at",
            "reopened_at",
            "reopen_count",
            "refuse_count",
            "merged_into_id",
            "previous_id",
            "interval_ids",
            # Of the limits
            "sla_id",
            "clock_ids",
            "deadline",
            "warn_at",
            "sla_breached",
            "responded_at",
            # Of dispatching
            "proposed_user_id",
            "dispatch_reasons",
            "refused_user_ids",
            "handed_over_id",
            # What enters the credit ledger
            "repeat_of_id",
            "repeat_ids",
            "response_hours",
            "work_hours",
            "calendar_hours",
            "service_rating_ids",
            # Of forms
            "former_answers",
        )
    )

    number = fields.Char(readonly=True, copy=False, index="trigram")
    name = fields.Char("Subject", required=True, tracking=True, index="trigram")
    description = fields.Html(help="What the customer asks for.")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    team_id = fields.Many2one(
        "sales.service.team",
        "Team",
        compute="_compute_team_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="By default the category's, else the company's first.",
    )
    category_id = fields.Many2one(
        "sales.service.category",
        "Category",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    priority = fields.Selection(
        PRIORITIES,
        compute="_compute_priority",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
    )
    state = fields.Selection(
        STATES,
        "Status",
        default="new",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    stage_id = fields.Many2one(
        "sales.service.stage",
        "Stage",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        group_expand="_group_expand_stage_id",
        domain="['|', ('team_ids', '=', False), ('team_ids', 'in', team_id)]",
    )
    user_id = fields.Many2one(
        "res.users",
        "Agent",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        domain=lambda self: (
            f"[('all_group_ids', 'in', {self._get_agents_group().id}), "
            "('company_ids', 'in', company_id)]"
        ),
        tracking=True,
        help="Who works on it.",
    )
    is_open = fields.Boolean(compute="_compute_is_open", search="_search_is_open")
    channel = fields.Selection(
        [
            ("phone", "Phone"),
            ("email", "Email"),
            ("portal", "Portal"),
            ("document", "Document"),
            ("api", "API"),
        ],
        "Channel",
        default="phone",
        required=True,
    )

    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="The contact who asks.",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Company of the Contact",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    partner_email = fields.Char(
        "Email",
        compute="_compute_partner_contact",
        store=True,
        readonly=False,
        precompute=True,
    )
    partner_phone = fields.Char(
        "Phone",
        compute="_compute_partner_contact",
        store=True,
        readonly=False,
        precompute=True,
    )
    product_id = fields.Many2one(
        "product.product", index="btree_not_null", check_company=True
    )
    lot_id = fields.Many2one(
        "stock.lot",
        "Lot/Serial",
        index="btree_not_null",
        check_company=True,
        domain="product_id and [('product_id', '=', product_id)] or []",
    )
    sale_order_id = fields.Many2one(
        "sale.order", "Order", index="btree_not_null", check_company=True
    )
    picking_id = fields.Many2one(
        "stock.picking", "Delivery", index="btree_not_null", check_company=True
    )
    invoice_id = fields.Many2one(
        "account.move",
        "Invoice",
        index="btree_not_null",
        check_company=True,
        domain="[('move_type', 'in', ('out_invoice', 'out_refund'))]",
    )
    visit_id = fields.Many2one("sales.visit", index="btree_not_null", groups=INTERNAL)
    parent_id = fields.Many2one(
        "sales.service.ticket",
        "Problem",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        groups=INTERNAL,
        help="The ticket about the cause, with which this one is resolved.",
    )
    child_ids = fields.One2many(
        "sales.service.ticket", "parent_id", "Caused Tickets", groups=INTERNAL
    )
    child_count = fields.Integer("Caused", compute="_compute_child_count")
    merged_into_id = fields.Many2one(
        "sales.service.ticket",
        "Merged Into",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    interval_ids = fields.One2many(
        "sales.service.interval", "ticket_id", "Times", readonly=True
    )

    opened_at = fields.Datetime(
        "Received On",
        readonly=True,
        copy=False,
        required=True,
        default=lambda self: self._get_now(),
    )
    assigned_at = fields.Datetime(readonly=True, copy=False)
    accepted_at = fields.Datetime(readonly=True, copy=False)
    started_at = fields.Datetime(readonly=True, copy=False)
    resolved_at = fields.Datetime(readonly=True, copy=False)
    closed_at = fields.Datetime(readonly=True, copy=False)
    reopened_at = fields.Datetime(readonly=True, copy=False)
    reopen_count = fields.Integer("Reopened (times)", readonly=True, copy=False)
    refuse_count = fields.Integer("Refused (times)", readonly=True, copy=False)
    resolution = fields.Html(
        copy=False, help="What was done; the customer reads it in the report."
    )

    _number_uniq = models.UniqueIndex("(company_id, number)")
    _not_own_problem = models.Constraint(
        "CHECK (parent_id <> id)", "A ticket is not its own cause."
    )
    _open_idx = models.Index(
        "(team_id, user_id) WHERE state NOT IN ('resolved', 'closed', 'cancelled')"
    )

    @api.model
    def _get_now(self):
        """This transaction's moment, to the second; of demo data one of the past."""
        past = self.env.cr.cache.get(PAST)
        return past or self.env.cr.now().replace(microsecond=0)

    # What it is by default

    @api.depends("category_id", "company_id")
    def _compute_team_id(self):
        teams = {}
        for ticket in self:
            of_category = ticket.category_id._get_team()
            if of_category and of_category.company_id == ticket.company_id:
                ticket.team_id = of_category
            elif ticket.team_id.company_id != ticket.company_id:
                company = ticket.company_id
                if company not in teams:
                    teams[company] = (
                        self.env["sales.service.team"]
                        # sudo: who may make a ticket need not see the team
                        .sudo()
                        .search([("company_id", "=", company.id)], limit=1)
                    )
                    if company and not teams[company]:
                        raise UserError(
                            self.env._(
                                "%(company)s has no service team yet: a service "
                                "manager makes one under Service › Configuration › "
                                "Teams.",
                                company=company.name,
                            )
                        )
                ticket.team_id = teams[company].sudo(False)

    @api.depends("category_id")
    def _compute_priority(self):
        for ticket in self:
            ticket.priority = ticket.category_id.priority or ticket.priority or "1"

    @api.depends("partner_id")
    def _compute_partner_contact(self):
        for ticket in self:
            partner = ticket.partner_id
            ticket.partner_email = partner.email or ticket.partner_email
            ticket.partner_phone = partner.phone or ticket.partner_phone

    # What is shown

    @api.depends("number", "name")
    def _compute_display_name(self):
        for ticket in self:
            ticket.display_name = (
                f"{ticket.number} {ticket.name}" if ticket.number else ticket.name
            )

    def _compute_access_url(self):
        super()._compute_access_url()
        for ticket in self:
            ticket.access_url = f"/my/tickets/{ticket.id}"

    @api.depends("state")
    def _compute_is_open(self):
        for ticket in self:
            ticket.is_open = ticket.state in OPEN

    @api.model
    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        # As the index of open tickets has it.
        is_open = Domain("state", "not in", DONE)
        return is_open if True in value else ~is_open

    @api.depends("child_ids")
    def _compute_child_count(self):
        counts = dict(
            self._read_group(
                [("parent_id", "in", self.ids)], ["parent_id"], ["__count"]
            )
        )
        for ticket in self:
            ticket.child_count = counts.get(ticket._origin, 0)

    @api.model
    def _group_expand_stage_id(self, stages, domain):
        """All stages of the team that is looked at; else those of no team."""
        used = stages
        team = self.env["sales.service.team"].browse(
            self.env.context.get("default_team_id", [])
        )
        if team:
            stages |= team._get_stages()[team]
        else:
            stages |= stages.search([("team_ids", "=", False)])
        if self.env.context.get("default_user_id"):
            # What somebody has is not new, and nobody reopens by dragging: a phone,
            # which shows one column, begins with what is to be accepted.
            begun = stages.filtered(lambda one: one.state in ("new", "reopened"))
            stages -= begun - used
        return stages.sorted()

    # Who may

    @api.model
    def _get_agents_group(self):
        return self.env.ref(AGENTS)

    @api.constrains("parent_id")
    def _check_parent(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A ticket cannot be the cause of itself."))

    @api.constrains("user_id", "company_id")
    def _check_agent(self):
        """Who works on it has to be able to open it."""
        for user, tickets in self.filtered("user_id").grouped("user_id").items():
            # sudo: of whom it is given to only the groups and companies are looked at
            user = user.sudo()
            if not user.has_group(AGENTS) or not set(tickets.company_id.ids).issubset(
                user._get_company_ids()
            ):
                raise ValidationError(
                    self.env._(
                        "%(user)s cannot work on tickets of %(company)s: make them a "
                        "service agent of the company first.",
                        user=user.name,
                        company=tickets.company_id[:1].name,
                    )
                )

    def _check_may_hand_out(self, user):
        """Agents take what nobody has; handing out is for dispatchers.

        :raise AccessError: for others
        """
        if self.env.su or self.env.user.has_group(
            "sales_service.group_service_dispatcher"
        ):
            return
        if user == self.env.user and not (self.user_id - user):
            return
        raise AccessError(
            self.env._(
                "Agents take tickets that nobody has. Ask a dispatcher to hand a "
                "ticket to somebody else."
            )
        )

    # Making and changing

    @api.model_create_multi
    def create(self, vals_list):
        # What Odoo would post on each is noted on all at once.
        quiet = self.with_context(mail_create_nolog=True)
        tickets = super(SalesServiceTicket, quiet).create(vals_list).with_env(self.env)
        tickets._log_created()
        for user in tickets.user_id:
            self.browse()._check_may_hand_out(user)
        # sudo: times and limits are stamped
        stamped = tickets.sudo().with_context(tracking_disable=True)
        stamped._begin_limits(self.env["sales.service.interval"]._begin(stamped))
        return tickets

    def _create(self, data_list):
        """With what is stamped on new tickets, so that each row is written once."""
        rows = [data["stored"] for data in data_list]
        numbers = {
            company_id: iter(self._next_numbers(company_id, count))
            for company_id, count in Counter(row["company_id"] for row in rows).items()
        }
        for row in rows:
            row["number"] = next(numbers[row["company_id"]])
            if row.get("user_id"):
                row.update(state="assigned", assigned_at=self._get_now())
            team = self.team_id.browse(row["team_id"])
            row["stage_id"] = column(
                team._get_columns(), row["state"], row.get("stage_id")
            )
        return super()._create(data_list)

    def _creation_message(self):
        return self.env._("Service Ticket created")

    def _log_created(self):
        """A note, no message of a subtype: nobody follows that by default."""
        if not self.env.context.get("mail_create_nolog"):
            self._message_log_batch(
                {ticket.id: ticket._creation_message() for ticket in self}
            )

    @api.model
    def _next_numbers(self, company_id, count):
        """So many numbers of the company's sequence, with one query."""
        sequence = (
            self.env["ir.sequence"]
            # sudo: whoever may make a ticket gets its number
            .sudo()
            .search_fetch(
                [
                    ("code", "=", "sales.service.ticket"),
                    ("company_id", "in", (company_id, False)),
                ],
                order="company_id",
                limit=1,
            )
        )
        if sequence.implementation != "standard" or sequence.use_date_range:
            return [sequence.next_by_id() for _number in range(count)]
        rows = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{sequence.id:03d}",
                count,
            )
        )
        return [sequence.get_next_char(number) for (number,) in rows]

    def write(self, vals):
        if "user_id" in vals:
            self._check_may_hand_out(
                self.env["res.users"].browse(vals["user_id"] or [])
            )
        before = {ticket: ticket.user_id for ticket in self if "user_id" in vals}
        result = super().write(vals)
        timed = vals.keys() & _TIMED
        followed = self.browse()
        if "user_id" in vals:
            followed = self._follow_agent(before)
        if "stage_id" in vals and "state" not in vals:
            self._follow_stage()
        if "team_id" in vals or "category_id" in vals or "company_id" in vals:
            # sudo: the column of the new team, of a ticket that may be out of sight now
            self.sudo()._place()
        if timed:
            # Who was given to somebody else was followed with the state.
            tickets = self - followed if timed == {"user_id"} else self
            turned = self.env["sales.service.interval"]._follow(tickets)
            # sudo: times and limits are stamped
            tickets.sudo()._follow_limits(timed, turned)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_worked(self):
        """Only what was made by mistake: everything else is the customer's history."""
        self._refuse(
            [
                self.env._(
                    "%(ticket)s was worked on: cancel it instead.",
                    ticket=ticket.display_name,
                )
                for ticket in self
                if ticket.state not in ("new", "cancelled") or ticket.resolved_at
            ]
        )
