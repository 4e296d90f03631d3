from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ..customers.assignment import ramped
from ..ledger.crediting import local_date

# What may follow a state.
TRANSITIONS = {
    "onboarding": {"active", "suspended", "left"},
    "active": {"suspended", "left"},
    "suspended": {"active", "left"},
    "left": {"onboarding"},
}
# Who sees the figures of all reps.
COMPANY_GROUPS = (
    "sales_force.group_sales_director",
    "sales_force.group_sales_operations",
    "sales_force.group_sales_finance",
)
ASSIGNED = ("parent_id", "team_id", "territory_ids")
MONTH_METRICS = {
    "month_ordered": "ORDERED",
    "month_invoiced": "INVOICED",
    "month_collected": "COLLECTED",
}


class SalesRep(models.Model):
    """A user who sells or serves in a company.

    Team, manager and territories are those of today's assignment; changing them here
    is a new assignment from today on.
    """

    _name = "sales.rep"
    _description = "Sales Rep"
    _inherit = ["sales.stamped.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "name, id"
    _parent_store = True
    _check_company_auto = True

    name = fields.Char(related="user_id.name", store=True)
    user_id = fields.Many2one(
        "res.users",
        "User",
        required=True,
        ondelete="restrict",
        index=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    active = fields.Boolean(default=True, tracking=True)
    user_active = fields.Boolean(
        related="user_id.active", string="User Is Active", related_sudo=True
    )
    color = fields.Integer()
    image_1920 = fields.Image(related="user_id.image_1920", string="Photo")
    image_128 = fields.Image(related="user_id.image_128", string="Small Photo")
    partner_id = fields.Many2one(related="user_id.partner_id", string="Contact")
    email = fields.Char(related="partner_id.email")
    phone = fields.Char(related="partner_id.phone")
    employee_id = fields.Many2one(
        "hr.employee",
        compute="_compute_employee_id",
        store=True,
        readonly=False,
        check_company=True,
        index="btree_not_null",
    )
    job_title = fields.Char("Position", tracking=True)
    grade_id = fields.Many2one(
        "sales.grade", tracking=True, ondelete="restrict", index="btree_not_null"
    )
    state = fields.Selection(
        [
            ("onboarding", "Onboarding"),
            ("active", "Active"),
            ("suspended", "Suspended"),
            ("left", "Left"),
        ],
        "Status",
        default="onboarding",
        required=True,
        tracking=True,
        copy=False,
        group_expand=True,
    )
    date_start = fields.Date(
        "Hired On",
        default=lambda self: self.env.company._get_sales_today(),
        help="The first assignment starts on this day.",
    )
    date_end = fields.Date(
        "Left On", copy=False, tracking=True, help="The last day; set on leaving."
    )
    ramp_months = fields.Integer(
        "Ramp-up (Months)",
        help="Months from the hire date until full performance is expected.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        "Working Hours",
        check_company=True,
        help="Empty: those of the employee, else those of the company.",
    )

    assignment_ids = fields.One2many("sales.rep.assignment", "rep_id", "Assignments")
    parent_id = fields.Many2one(
        "sales.rep",
        "Manager",
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        copy=False,
        domain="[('company_id', '=', company_id), ('id', '!=', id)]",
        help="The manager of today's assignment. A change counts from today on.",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("sales.rep", "parent_id", "Direct Reports")
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        check_company=True,
        copy=False,
        tracking=True,
        index="btree_not_null",
        help="The team of today's assignment. A change counts from today on.",
    )
    territory_ids = fields.Many2many(
        "sales.territory",
        "sales_rep_territory_rel",
        "rep_id",
        "territory_id",
        "Territories",
        check_company=True,
        copy=False,
        help="The territories of today's assignment. A change counts from today on.",
    )

    industry_ids = fields.Many2many(
        "res.partner.industry",
        string="Industries",
        help="Leads of other industries go to other reps. Empty: all industries.",
    )
    lang_ids = fields.Many2many(
        "res.lang",
        string="Languages",
        help="Leads in other languages go to other reps. Empty: all languages.",
    )

    currency_id = fields.Many2one(related="company_id.currency_id")
    month_ordered = fields.Monetary(
        "Ordered This Month",
        compute="_compute_month",
        help="Shares of this month's orders, with those of everybody below, without "
        "overlays.",
    )
    month_invoiced = fields.Monetary(
        "Invoiced This Month",
        compute="_compute_month",
        help="Shares of this month's invoices, with those of everybody below, without "
        "overlays.",
    )
    month_collected = fields.Monetary(
        "Collected This Month",
        compute="_compute_month",
        help="Shares of this month's cash, with those of everybody below, without "
        "overlays.",
    )

    is_followed = fields.Boolean(
        compute="_compute_is_followed",
        search="_search_is_followed",
        help="Whether the current user sees this rep's figures: the own ones, those of "
        "the reps below, and all of them for directors, operations and finance.",
    )
    credit_count = fields.Integer(compute="_compute_credit_count")

    _user_company_uniq = models.UniqueIndex(
        "(user_id, company_id)", "A user has one rep profile per company."
    )
    _ramp_positive = models.Constraint(
        "CHECK (ramp_months >= 0)", "The ramp-up cannot be negative."
    )

    @api.depends("user_id.employee_ids.company_id", "company_id")
    def _compute_employee_id(self):
        # sudo: only links the user's own employee
        all_employees = self.env["hr.employee"].sudo()
        employees = all_employees.search([("user_id", "in", self.user_id.ids)])
        by_key = {(e.user_id.id, e.company_id.id): e.id for e in employees}
        for rep in self:
            rep.employee_id = by_key.get((rep.user_id.id, rep.company_id.id)) or (
                rep.employee_id
            )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_month(self):
        """This month's figures of all shown reps and those below, in one query."""
        figures = defaultdict(float)
        by_code = self.env["sales.metric"]._ids_by_code()
        metrics = {by_code.get(code): name for name, code in MONTH_METRICS.items()}
        today = self.env.company._get_sales_today()
        for rep, metric, value in self.env["sales.credit"]._read_group(
            [
                ("rep_id", "child_of", self.ids),
                ("metric_id", "in", [id_ for id_ in metrics if id_]),
                ("date", ">=", today.replace(day=1)),
                ("date", "<=", fields.Date.end_of(today, "month")),
                ("overlay", "=", False),
            ],
            ["rep_id", "metric_id"],
            ["value:sum"],
        ):
            for id_ in rep.parent_path.split("/")[:-1]:
                figures[int(id_), metrics[metric.id]] += value
        for rep in self:
            for name in MONTH_METRICS:
                figure = figures[rep._origin.id, name]
                rep[name] = rep.currency_id.round(figure) if figure else 0.0

    @api.depends_context("uid")
    @api.depends("parent_path")
    def _compute_is_followed(self):
        followed = self.filtered_domain(self._search_is_followed("in", [True]))
        for rep in self:
            rep.is_followed = rep in followed

    @api.model
    def _search_is_followed(self, operator, value):
        if operator != "in":
            return NotImplemented
        if any(self.env.user.has_group(group) for group in COMPANY_GROUPS):
            domain = Domain.TRUE
        else:
            domain = Domain("id", "child_of", self.env.user.sales_rep_ids.ids)
        return domain if list(value) == [True] else ~domain

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_credit_count(self):
        counts = dict(
            self.env["sales.credit"]._read_group(
                [("rep_id", "in", self.ids)], ["rep_id"], ["__count"]
            )
        )
        for rep in self:
            rep.credit_count = counts.get(rep._origin, 0)

    @api.constrains("date_start", "date_end", "state")
    def _check_dates(self):
        for rep in self:
            if rep.date_end and rep.state != "left":
                raise ValidationError(self.env._("%(rep)s has not left.", rep=rep.name))
            if rep.date_start and rep.date_end and rep.date_end < rep.date_start:
                raise ValidationError(
                    self.env._(
                        "%(rep)s cannot leave before the hire date.", rep=rep.name
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        assigned = [
            {name: vals[name] for name in ASSIGNED if vals.get(name)}
            for vals in vals_list
        ]
        reps = super().create(
            [
                {key: val for key, val in vals.items() if key not in ASSIGNED}
                for vals in vals_list
            ]
        )
        self.env.registry.clear_cache()
        first = [
            {
                "rep_id": rep.id,
                "date_from": rep.date_start or rep.company_id._get_sales_today(),
                "manager_id": vals.get("parent_id"),
                "team_id": vals.get("team_id"),
                "territory_ids": vals.get("territory_ids"),
            }
            for rep, vals in zip(reps, assigned, strict=True)
            if not rep.assignment_ids
        ]
        self.env["sales.rep.assignment"].create(
            [{key: val for key, val in vals.items() if val} for vals in first]
        )
        # The history before the first assignment is theirs, too.
        self.env["sales.credit"]._mark_reps(reps.ids)
        return reps

    def write(self, vals):
        if {"user_id", "company_id"} & vals.keys():
            self._check_identity(vals)
        assigned = {name: vals[name] for name in ASSIGNED if name in vals}
        vals = {key: val for key, val in vals.items() if key not in ASSIGNED}
        if "state" in vals:
            self._check_transition(vals["state"])
            if vals["state"] == "left":
                self._check_nobody_below()
            vals = {**self._prepare_state(vals["state"]), **vals}
        hired = {rep: rep.date_start for rep in self} if "date_start" in vals else {}
        result = super().write(vals) if vals else True
        if "active" in vals:
            self.env.registry.clear_cache()
        for rep, former in hired.items():
            rep._move_first_assignment(former)
        if assigned:
            for rep in self:
                rep._change_assignment(rep.company_id._get_sales_today(), assigned)
        return result

    def unlink(self):
        self.env["sales.credit"]._mark_reps(self.ids)
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_credited(self):
        if (
            self.env["sales.credit"]
            # sudo: credits of anyone keep their rep
            .sudo()
            .search_count([("rep_id", "in", self.ids)], limit=1)
        ):
            raise UserError(
                self.env._(
                    "A rep who has credits cannot be deleted; archive the profile."
                )
            )

    def _check_identity(self, vals):
        for rep in self:
            if vals.get("user_id", rep.user_id.id) != rep.user_id.id or (
                vals.get("company_id", rep.company_id.id) != rep.company_id.id
            ):
                raise UserError(
                    self.env._(
                        "The profile of %(rep)s cannot move to another user or "
                        "company: create another one.",
                        rep=rep.name,
                    )
                )

    def _check_transition(self, state):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for rep in self:
            if state != rep.state and state not in TRANSITIONS[rep.state]:
                raise UserError(
                    self.env._(
                        "%(rep)s is %(old)s and cannot become %(new)s.",
                        rep=rep.name,
                        old=labels[rep.state],
                        new=labels.get(state, state),
                    )
                )

    def _check_nobody_below(self):
        """:raise UserError: naming who would report to somebody who has left"""
        below = self.child_ids.filtered(lambda rep: rep.state != "left") - self
        if below:
            raise UserError(
                self.env._(
                    "%(managers)s cannot leave while others report to them. Give these "
                    "reps another manager first: %(reps)s.",
                    managers=", ".join(below.parent_id.mapped("name")),
                    reps=", ".join(below.mapped("name")),
                )
            )

    def _prepare_state(self, state):
        if state == "left":
            return {"date_end": self[:1].company_id._get_sales_today()}
        return {"date_end": False}

    # Assignments

    def _change_assignment(self, date, vals):
        """Change what the rep is assigned to from a date on.

        :param date: first day; the assignment of that day is cut there
        :param vals: of ``parent_id``, ``team_id``, ``territory_ids`` what changes
        :return: the assignment that starts on the date
        """
        self.ensure_one()
        vals = dict(vals)
        if "parent_id" in vals:
            vals["manager_id"] = vals.pop("parent_id")
        current = self._get_assignment(date)
        if current.date_from == date:
            current.write(vals)
            return current
        territories = [fields.Command.set(current.territory_ids.ids)]
        return self.env["sales.rep.assignment"].create(
            {
                "rep_id": self.id,
                "date_from": date,
                "manager_id": current.manager_id.id,
                "team_id": current.team_id.id,
                **vals,
                "territory_ids": territories + list(vals.get("territory_ids", ())),
            }
        )

    def _move_first_assignment(self, former):
        """The first assignment follows the hire date, if it started on the former."""
        first, second = (*self.assignment_ids.sorted("date_from")[:2], None, None)[:2]
        if not first or not self.date_start or first.date_from != former:
            return
        if second and second.date_from <= self.date_start:
            raise ValidationError(
                self.env._(
                    "%(rep)s has another assignment from %(date)s, so the hire date "
                    "must lie before.",
                    rep=self.name,
                    date=format_date(self.env, second.date_from),
                )
            )
        first.date_from = self.date_start

    def _covers(self, territory):
        """Whether today's territories hold one; who has none covers what has none."""
        if not territory:
            return not self.territory_ids
        return any(
            territory.parent_path.startswith(covered.parent_path)
            for covered in self.territory_ids
        )

    def _get_ramped(self, quota):
        """The part of a quota in the ramp-up; all of it without a profile."""
        return ramped(
            quota,
            self.date_start,
            self.ramp_months,
            self.company_id and self.company_id._get_sales_today(),
        )

    def _get_assignment(self, date):
        """The assignment in force on a date, empty before the first one."""
        return self.assignment_ids.filtered(
            lambda a: a.date_from <= date and (not a.date_to or a.date_to >= date)
        )

    def _chain_assignments(self):
        """End each assignment the day before the next one, and leave the last open."""
        self.env["sales.rep.assignment"].flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE sales_rep_assignment a SET date_to = c.date_to
                FROM (
                    SELECT id, lead(date_from) OVER (
                        PARTITION BY rep_id ORDER BY date_from
                    ) - 1 AS date_to
                    FROM sales_rep_assignment WHERE rep_id = ANY(%s)
                ) c
                WHERE c.id = a.id AND c.date_to IS DISTINCT FROM a.date_to""",
                self.ids,
            )
        )
        self.env["sales.rep.assignment"].invalidate_model(["date_to"], flush=False)

    def _check_manager_cycle(self):
        """No rep is below himself on any date.

        :raise ValidationError: names the reps of the circle and its first day
        """
        # Whoever is above these reps on any date is locked as the reps themselves are:
        # two transactions that close a circle together have one of them in common.
        self.env.cr.execute(
            SQL(
                """
                WITH RECURSIVE above AS (
                    SELECT unnest(%s::integer[]) AS rep_id
                    UNION
                    SELECT a.manager_id FROM above
                    JOIN sales_rep_assignment a ON a.rep_id = above.rep_id
                    WHERE a.manager_id IS NOT NULL
                )
                UPDATE sales_rep SET id = id WHERE id IN (SELECT rep_id FROM above)
                """,
                self.ids,
            )
        )
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE chain AS (
                    SELECT ARRAY[a.rep_id] AS path, a.manager_id AS rep_id, a.date_from,
                        COALESCE(a.date_to, 'infinity'::date) AS date_to
                    FROM sales_rep_assignment a
                    WHERE a.rep_id = ANY(%s) AND a.manager_id IS NOT NULL
                    UNION ALL
                    SELECT c.path || c.rep_id, a.manager_id,
                        GREATEST(c.date_from, a.date_from),
                        LEAST(c.date_to, COALESCE(a.date_to, 'infinity'::date))
                    FROM chain c
                    JOIN sales_rep_assignment a ON a.rep_id = c.rep_id
                        AND a.manager_id IS NOT NULL
                        AND a.date_from <= c.date_to
                        AND COALESCE(a.date_to, 'infinity'::date) >= c.date_from
                    WHERE c.rep_id <> ALL(c.path)
                )
                SELECT path, date_from FROM chain WHERE rep_id = path[1]
                ORDER BY date_from, path LIMIT 1
                """,
                self.ids,
            )
        )
        for path, start in rows:
            # sudo: the error names reps that the user may not open
            names = self.sudo().browse(path).mapped("name")
            raise ValidationError(
                self.env._(
                    "From %(date)s on these reps would manage each other in a circle: "
                    "%(reps)s.",
                    date=format_date(self.env, start),
                    reps=" → ".join([*names, names[0]]),
                )
            )

    def _sync_assignment(self):
        """Take team, manager and territories from today's assignment."""
        before = {
            rep: (rep.parent_id, rep.team_id, rep.territory_ids)
            for rep in self.with_context(active_test=False)
        }
        target = {}
        today = {c: c._get_sales_today() for c in self.company_id}
        for assignment in self.env["sales.rep.assignment"].search(
            [("rep_id", "in", self.ids)]
        ):
            day = today[assignment.company_id]
            if assignment.date_from <= day and (
                not assignment.date_to or assignment.date_to >= day
            ):
                target[assignment.rep_id] = assignment
        none = self.env["sales.rep.assignment"]
        groups = defaultdict(self.browse)
        moved = self.browse()
        for rep, old in before.items():
            new = target.get(rep, none)
            key = (new.manager_id, new.team_id, new.territory_ids)
            if old != key:
                groups[key] |= rep
            if old[0] != key[0]:
                moved |= rep
        # Several who move may change places, or one be below the other: they first
        # leave the tree one by one, which the ORM's paths of nested records need.
        if len(moved) > 1:
            for rep in moved.filtered("parent_id"):
                super(SalesRep, rep).write({"parent_id": False})
        for (manager, team, territories), reps in groups.items():
            super(SalesRep, reps).write(
                {
                    "parent_id": manager.id,
                    "team_id": team.id,
                    "territory_ids": [fields.Command.set(territories.ids)],
                }
            )
        self.env["res.partner"]._forget_visibility()

    @api.model
    def _cron_sync_assignment(self):
        """Each day reps move to that day's assignment."""
        self.with_context(active_test=False).search([])._sync_assignment()

    @api.model
    def _create_found(self, rows):
        """Create the reps of the history, and tie them to their teams' leaders.

        :param rows: ``[(user id, company id, first day, team id)]``
        """
        users = self.env["res.users"].browse([row[0] for row in rows])
        reps = self.create(
            [
                {
                    "user_id": user.id,
                    "company_id": company_id,
                    "date_start": start,
                    "team_id": team_id,
                    "state": "active" if user.active else "left",
                    "active": user.active,
                }
                for user, (_id, company_id, start, team_id) in zip(
                    users, rows, strict=True
                )
            ]
        )
        by_key = {(rep.user_id, rep.company_id): rep for rep in reps}
        managers = {}
        for rep in reps:
            leader = by_key.get((rep.team_id.user_id, rep.company_id))
            above = leader
            while above and above != rep:
                above = managers.get(above)
            # Who leads a team below the own one stays without manager.
            if leader and above != rep:
                managers[rep] = leader
        below = defaultdict(self.browse)
        for rep, leader in managers.items():
            below[leader] |= rep
        for leader, led in below.items():
            led.assignment_ids.manager_id = leader
        return reps

    # Actions

    def action_activate(self):
        self.write({"state": "active"})

    def action_suspend(self):
        self.write({"state": "suspended"})

    def action_leave(self):
        self.write({"state": "left"})

    def action_rehire(self):
        self.write({"state": "onboarding"})

    def action_hand_over(self):
        """A handover of this rep; the manager is the heir unless others are chosen."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand Over"),
            "res_model": "sales.handover",
            "views": [(False, "form")],
            "context": {
                "default_rep_id": self.id,
                "default_heir_id": self.parent_id.id,
            },
        }

    def action_open_credits(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_credit_action"
        )
        return {
            **action,
            "name": self.env._("Credits of %(rep)s", rep=self.name),
            "domain": [("rep_id", "=", self.id)],
            "context": {},
        }


def create_reps(env):
    """A rep and a first assignment for each salesperson found in the history.

    Salespeople are the users on orders, customer invoices, leads, customers, teams and
    their members, in the document's company (else the team's, else their own). The
    assignment starts on the day of their earliest document there, else on the day the
    user was created. The team is theirs by membership, else their latest document's;
    the manager is the team's leader.

    :return: the reps created; who has a profile already is left alone
    """
    env.flush_all()
    rows = env.execute_query(
        SQL(
            """
            WITH found AS (
                SELECT o.user_id, o.company_id, o.team_id, %(order_date)s AS date
                FROM sale_order o
                JOIN res_company c ON c.id = o.company_id
                LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
                UNION ALL
                SELECT invoice_user_id, company_id, team_id,
                    COALESCE(invoice_date, date)
                FROM account_move
                WHERE move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                UNION ALL
                SELECT l.user_id, COALESCE(l.company_id, t.company_id), l.team_id,
                    l.create_date::date
                FROM crm_lead l LEFT JOIN crm_team t ON t.id = l.team_id
                UNION ALL
                SELECT user_id, company_id, NULL, NULL FROM res_partner
                UNION ALL
                SELECT user_id, company_id, id, NULL FROM crm_team
                UNION ALL
                SELECT m.user_id, t.company_id, NULL, NULL
                FROM crm_team_member m JOIN crm_team t ON t.id = m.crm_team_id
                WHERE m.active
            )
            SELECT f.user_id, f.company_id,
                COALESCE(min(f.date), min(f.create_date)::date),
                COALESCE(
                    (
                        SELECT m.crm_team_id
                        FROM crm_team_member m JOIN crm_team t ON t.id = m.crm_team_id
                        WHERE m.user_id = f.user_id AND m.active
                          AND COALESCE(t.company_id, f.company_id) = f.company_id
                        ORDER BY m.id LIMIT 1
                    ),
                    (array_agg(f.team_id ORDER BY f.date DESC)
                        FILTER (WHERE f.team_id IS NOT NULL AND f.date IS NOT NULL))[1],
                    min(f.team_id)
                )
            FROM (
                SELECT f.user_id, COALESCE(f.company_id, u.company_id) AS company_id,
                    f.team_id, f.date, u.create_date
                FROM found f JOIN res_users u ON u.id = f.user_id
                WHERE u.share IS NOT TRUE AND u.id <> %(root)s
            ) f
            WHERE NOT EXISTS (
                SELECT FROM sales_rep r
                WHERE r.user_id = f.user_id AND r.company_id = f.company_id
            )
            GROUP BY f.user_id, f.company_id
            ORDER BY f.user_id, f.company_id
            """,
            order_date=local_date("o.date_order", "COALESCE(rc.tz, 'UTC')"),
            root=env.ref("base.user_root").id,
        )
    )
    return env["sales.rep"].with_context(tracking_disable=True)._create_found(rows)
