from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..customers.pool import CLOCK, RULES, actions, exempt, pool_of, rules_of_pool
from ..customers.protection import Clock
from ..working_time import Days

# A week has one working day at least, and holidays may last so long.
_HOLIDAYS = timedelta(days=366)
_CLOCK = SQL(", ").join(SQL.identifier("h", name) for name in CLOCK)


class SalesPool(models.Model):
    """The rules by which customers without owner are claimed, kept and given back.

    Of a company or a territory; a customer is in the pool of its innermost territory
    that has one. Days are dates where the company works.
    """

    _name = "sales.pool"
    _description = "Customer Pool"
    _inherit = ["mail.thread", "sales.protection.mixin"]
    _order = "company_id, territory_id, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
    )
    territory_id = fields.Many2one(
        "sales.territory",
        tracking=True,
        check_company=True,
        ondelete="restrict",
        help="Empty: the pool of all customers that are in no other pool.",
    )
    team_ids = fields.Many2many(
        "crm.team",
        string="Teams That Claim",
        help="Whose reps may claim. Empty: every rep of the company.",
    )
    covered_only = fields.Boolean(
        "Only in Own Territory",
        help="Reps claim only customers in a territory that they cover.",
    )
    cap_ids = fields.One2many("sales.pool.cap", "pool_id", "Holding Caps", copy=True)
    cap_spares_buyers = fields.Boolean(
        "Buyers Do Not Count",
        default=False,
        tracking=True,
        help="Customers who have bought do not count towards the caps.",
    )
    daily_claims = fields.Integer(
        "Claims a Day", tracking=True, help="By one rep; 0: as many as there are."
    )
    cooldown_days = fields.Integer(
        "Cool-Down (days)",
        default=7,
        tracking=True,
        help="How long the former owner may not claim a customer that went back to "
        "the pool.",
    )

    day_kind = fields.Selection(default="calendar", required=True, tracking=True)
    protection_days = fields.Integer(default=30, tracking=True)
    extension_days = fields.Integer(default=15, tracking=True)
    limit_days = fields.Integer(default=180, tracking=True)
    reminder_days = fields.Integer(
        "Remind Before (days)",
        default=3,
        help="The owner gets an activity so many days before the protection ends; 0: "
        "no reminder.",
    )
    extend_activity = fields.Boolean(default=True)
    extend_quotation = fields.Boolean(default=True)
    extend_order = fields.Boolean(default=True)
    extend_opportunity = fields.Boolean(default=True)
    extend_visit = fields.Boolean(default=True)
    recycles = fields.Boolean(
        "Recycle Each Night",
        default=True,
        tracking=True,
        help="Customers whose protection ended lose their owner. Otherwise recycling "
        "is started by hand.",
    )
    exempt_open_order = fields.Boolean(default=True)
    exempt_order_days = fields.Integer(default=90)
    exempt_won_days = fields.Integer(default=90)
    exempt_contract = fields.Boolean(default=True)
    free_count = fields.Integer("Free Customers", compute="_compute_counts")
    held_count = fields.Integer("Held Customers", compute="_compute_counts")

    _place_uniq = models.UniqueIndex(
        "(company_id, COALESCE(territory_id, 0)) WHERE active",
        "There is a pool for this territory already.",
    )
    _days_positive = models.Constraint(
        "CHECK (protection_days > 0 AND extension_days >= 0 AND limit_days >= 0 "
        "AND cooldown_days >= 0 AND reminder_days >= 0 AND daily_claims >= 0 "
        "AND exempt_order_days >= 0 AND exempt_won_days >= 0)",
        "Protection lasts at least one day, and no days are negative.",
    )
    _days_bound = models.Constraint(
        "CHECK (GREATEST(protection_days, extension_days, limit_days) <= 730)",
        "Clocks run for at most two years (730 days).",
    )

    @api.constrains("protection_days", "limit_days")
    def _check_limit(self):
        for pool in self:
            if pool.limit_days and pool.limit_days < pool.protection_days:
                raise ValidationError(
                    self.env._(
                        "%(pool)s protects for %(days)s days, but at most for "
                        "%(limit)s. Let the limit be longer.",
                        pool=pool.name,
                        days=pool.protection_days,
                        limit=pool.limit_days,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        pools = super().create(vals_list)
        pools._place_customers()
        return pools

    def write(self, vals):
        result = super().write(vals)
        if {"active", "territory_id", "company_id"} & vals.keys():
            self._place_customers()
        return result

    def _place_customers(self):
        """Which customers are in the pools is derived at once, not at night."""
        for company in self.company_id:
            # sudo: all customers of the company, whoever configures
            self.env["sales.customer"].sudo()._refresh(company)

    def _compute_counts(self):
        counts = defaultdict(int)
        for pool, user, count in self.env["sales.customer"]._read_group(
            [("pool_id", "in", self.ids)],
            ["pool_id", "partner_id.user_id"],
            ["__count"],
        ):
            counts[pool.id, bool(user)] += count
        for pool in self:
            pool.free_count = counts[pool.id, False]
            pool.held_count = counts[pool.id, True]

    def action_open_free(self):
        """The customers of the pool whom nobody owns."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_customer_action_pool"
        )
        return {
            **action,
            "domain": [("pool_id", "in", self.ids), ("user_id", "=", False)],
        }

    # Claiming and giving back

    @api.model
    def action_claim(self, partner_ids):
        """Make the current user the owner of customers in the pool.

        :param partner_ids: ids of customers in the current company
        :raise UserError: naming the customers that may not be claimed, and why; then
            none is
        """
        rep = self._get_claimant()
        partners = self._get_customers(partner_ids)
        places = self._get_places(partners)
        refused = []
        for partner in partners:
            pool = places[partner]
            if reason := self._refuse_claim(rep, partner, pool):
                refused.append((partner, reason))
        refused += self._refuse_cooling(partners, places)
        if refused:
            raise UserError(
                "\n".join(
                    self.env._(
                        "%(customer)s: %(reason)s",
                        customer=partner.display_name,
                        reason=reason,
                    )
                    for partner, reason in refused
                )
            )
        with self.env["sales.ownership"]._because("claimed"):
            # sudo: customers of the pool may be claimed by who passed all checks
            partners.sudo().write({"user_id": rep.user_id.id})
        return True

    def _get_claimant(self):
        rep = (
            self.env["sales.rep"]
            # sudo: one's own profile
            .sudo()
            .search(
                [
                    ("user_id", "=", self.env.uid),
                    ("company_id", "=", self.env.company.id),
                    ("state", "in", ("onboarding", "active")),
                ]
            )
        )
        if not rep:
            raise UserError(
                self.env._(
                    "You are no active rep of %(company)s, so you cannot claim "
                    "customers.",
                    company=self.env.company.name,
                )
            )
        return rep

    def _get_customers(self, partner_ids):
        partners = self.env["res.partner"].browse(partner_ids).exists()
        partners.check_access("read")
        return partners.commercial_partner_id

    def _get_places(self, partners):
        """``{partner: pool}`` in the current company."""
        partners.flush_recordset(["sales_territory_id", "company_id"])
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT p.id, %(pool)s FROM res_partner p
                WHERE p.id = ANY(%(ids)s)
                  AND COALESCE(p.company_id, %(company)s) = %(company)s""",
                pool=pool_of(
                    SQL("p.sales_territory_id"), SQL("%s", self.env.company.id)
                ),
                company=self.env.company.id,
                ids=partners.ids,
            )
        )
        pools = dict(rows)
        # sudo: every rep may be told by which rules customers are claimed
        every = self.sudo()
        return {
            partner: every.browse(pools.get(partner.id) or ()) for partner in partners
        }

    def _get_pooled(self, partners, companies):
        """Those of these customers who are in a pool of one of these companies."""
        partners.flush_recordset(["sales_territory_id", "company_id"])
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT p.id
                FROM res_partner p JOIN unnest(%(companies)s::integer[]) c(id)
                    ON COALESCE(p.company_id, c.id) = c.id
                WHERE p.id = ANY(%(ids)s) AND %(pool)s IS NOT NULL""",
                companies=companies.ids,
                ids=partners.ids,
                pool=pool_of(SQL("p.sales_territory_id"), SQL("c.id")),
            )
        )
        return partners.browse(row[0] for row in rows)

    def _refuse_claim(self, rep, partner, pool):
        """Why a rep may not claim a customer, None when nothing is against it."""
        if not partner.active:
            return self.env._("is archived.")
        if not partner._get_buyers():
            return self.env._("is no customer.")
        if not pool:
            return self.env._("is in no pool.")
        # sudo: who owns a customer is told to who wants it
        owner = partner.sudo().user_id
        if owner:
            return self.env._("belongs to %(owner)s already.", owner=owner.name)
        if pool.team_ids and rep.team_id not in pool.team_ids:
            return self.env._("your team does not claim in %(pool)s.", pool=pool.name)
        territory = partner.sales_territory_id
        if pool.covered_only and not (territory and rep._covers(territory)):
            return self.env._("is not in a territory that you cover.")
        return None

    def _refuse_cooling(self, partners, places):
        """The customers that the current user had until not long ago."""
        today = self.env.company._get_sales_today()
        refused = []
        rows = self.env.execute_query(
            SQL(
                """SELECT partner_id, max(date) FROM sales_ownership
                WHERE partner_id = ANY(%s) AND previous_user_id = %s
                GROUP BY partner_id""",
                partners.ids,
                self.env.uid,
            )
        )
        for partner_id, moment in rows:
            partner = partners.browse(partner_id)
            free = self.env.company._get_sales_date(moment) + timedelta(
                days=places[partner].cooldown_days
            )
            if today < free:
                reason = self.env._(
                    "was yours; you may claim it again on %(date)s.",
                    date=format_date(self.env, free),
                )
                refused.append((partner, reason))
        return refused

    @api.model
    def action_release(self, partner_ids):
        """Give customers back to the pool.

        :param partner_ids: ids of customers of the current user or of reps below
        :raise AccessError: for customers of others
        """
        partners = self._get_customers(partner_ids).filtered("user_id")
        partners.check_access("write")
        if not self.env.user.has_group("sales_force.group_sales_operations"):
            below = self.env["sales.rep"].search(
                [("id", "child_of", self.env.user.sales_rep_ids.ids)]
            )
            strange = partners.filtered(
                lambda partner: partner.user_id not in below.user_id
            )
            if strange:
                raise AccessError(
                    self.env._(
                        "Only the owner and the managers above may give back "
                        "%(customers)s.",
                        customers=", ".join(strange.mapped("display_name")),
                    )
                )
        with self.env["sales.ownership"]._because("released"):
            partners.write({"user_id": False})
        return True

    # The clocks

    def _get_days(self, company, day_kind, dates, count):
        """How so many days of a kind are counted in a company from dates on."""
        if day_kind == "calendar":
            return Days()
        hours = self.env["sales.working.time"].working_days(
            company, min(dates), max(dates) + timedelta(weeks=count) + _HOLIDAYS
        )[company]
        return Days(sorted(day for day, n in hours.items() if n))

    @api.model
    def _get_due(self, customers, by_rules_now=False):
        """When the protection of held customers ends, by what was done since.

        :param customers: records of ``sales.customer``
        :param by_rules_now: by the rules as they are now, not as when it began
        :return: ``{customer: due date}`` of those that are protected
        """
        self.env.flush_all()
        held = self._get_held(customers, by_rules_now)
        reminder_type = self.env["sales.customer"]._get_reminder_type().id
        rows = self.env.execute_query(
            SQL(
                """WITH held AS MATERIALIZED (%s)
                SELECT h.id, COALESCE(a.dates, '{}'), h.company_id, h.claimed_on, %s
                FROM held h LEFT JOIN (
                    SELECT id, array_agg(date) AS dates FROM (%s) action GROUP BY id
                ) a ON a.id = h.id""",
                held,
                _CLOCK,
                actions(reminder_type),
            )
        )
        spans, longest = defaultdict(list), defaultdict(int)
        for _id, dates, company, claimed, *counts, kind in rows:
            spans[company, kind] += [claimed, *dates]
            longest[company, kind] = max(longest[company, kind], *counts)
        days = {
            (company, kind): self._get_days(
                self.env["res.company"].browse(company),
                kind,
                span,
                longest[company, kind],
            )
            for (company, kind), span in spans.items()
        }
        by_id = {customer.id: customer for customer in customers}
        return {
            by_id[id_]: Clock(*counts, days[company, kind]).due(claimed, dates)
            for id_, dates, company, claimed, *counts, kind in rows
        }

    def _get_held(self, customers, by_rules_now=False):
        """A SELECT of those of these customers who are protected, by which rules.

        Who has become a contact, or belongs to another company by now, is not.
        """
        rules = {name: SQL.identifier("e", name) for name in RULES}
        if by_rules_now:
            rules = rules_of_pool()
        return SQL(
            """
            SELECT e.id, e.partner_id, e.company_id, e.claimed_on,
                COALESCE(rc.tz, 'UTC') AS tz, %(rules)s
            FROM sales_customer e
            LEFT JOIN sales_customer_class k ON k.id = e.class_id
            JOIN res_partner p ON p.id = e.partner_id AND p.commercial_partner_id = p.id
                AND COALESCE(p.company_id, e.company_id) = e.company_id
            JOIN sales_pool q ON q.id = e.pool_id AND q.active
            JOIN res_company c ON c.id = e.company_id
            LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
            WHERE e.claimed_on IS NOT NULL AND p.user_id IS NOT NULL
              AND e.id = ANY(%(ids)s)
            """,
            rules=SQL(", ").join(
                SQL("%s AS %s", value, SQL.identifier(name))
                for name, value in rules.items()
            ),
            ids=customers.ids,
        )

    def action_apply(self):
        """Show what the rules as they are now would change for held customers."""
        self.ensure_one()
        wizard = self.env["sales.pool.apply"].create({"pool_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Apply to Held Customers"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _get_exempt(self, customers, day, by_rules_now=False):
        """Which of these customers must not be taken on a day."""
        rows = self.env.execute_query(
            SQL(
                "WITH held AS MATERIALIZED (%s) %s",
                self._get_held(customers, by_rules_now),
                exempt(day),
            )
        )
        return customers.browse(row[0] for row in rows)

    def _get_spared(self, customers, day):
        """Which of a company's customers stay although their protection ended.

        Who is exempt; and as a shared customer has one owner for all companies, who is
        exempt or still protected in another one.
        """
        others = self.env["sales.customer"].search(
            [
                ("partner_id", "in", customers.partner_id.ids),
                ("id", "not in", customers.ids),
                ("claimed_on", "!=", False),
            ]
        )
        due = self._get_due(others)
        staying = self._get_exempt(customers | others, day) | others.filtered(
            lambda other: other in due and due[other] > day
        )
        return customers.filtered_domain([("partner_id", "in", staying.partner_id.ids)])


class SalesPoolCap(models.Model):
    """How many customers of a pool one rep may hold."""

    _name = "sales.pool.cap"
    _description = "Holding Cap"
    _inherit = ["sales.stamped.mixin", "sales.cached.mixin"]
    _order = "pool_id, class_id, grade_id, id"

    pool_id = fields.Many2one("sales.pool", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="pool_id.company_id", store=True)
    kind = fields.Selection(
        [("customers", "Customers"), ("leads", "Open leads")],
        "Applies To",
        default="customers",
        required=True,
        help="Open leads are capped by the pool of the whole company.",
    )
    class_id = fields.Many2one(
        "sales.customer.class",
        ondelete="cascade",
        help="Empty: customers of all classes together.",
    )
    grade_id = fields.Many2one(
        "sales.grade",
        ondelete="cascade",
        help="The cap of reps of this grade. Empty: of all others.",
    )
    cap = fields.Integer("At Most", required=True)

    _cap_positive = models.Constraint("CHECK (cap >= 0)", "A cap cannot be negative.")
    _cap_uniq = models.UniqueIndex(
        "(pool_id, kind, COALESCE(class_id, 0), COALESCE(grade_id, 0))",
        "A pool has one cap per class and grade.",
    )
    _cap_of_leads = models.Constraint(
        "CHECK (kind = 'customers' OR class_id IS NULL)",
        "Leads have no class.",
    )

    @api.constrains("kind", "pool_id")
    def _check_kind(self):
        if self.filtered(lambda cap: cap.kind == "leads" and cap.pool_id.territory_id):
            raise ValidationError(
                self.env._(
                    "Open leads are capped for a whole company: in the pool without "
                    "territory."
                )
            )

    @api.model
    @tools.ormcache()
    def _get_kinds(self):
        """What is capped at all; kept until a cap changes."""
        # sudo: caps bind everybody
        return {kind for [kind] in self.sudo()._read_group([], ["kind"])}

    def _get_of(self, rep, kind):
        """The caps of a kind that bind a rep: those of the grade before the others."""
        caps = {}
        for cap in self:
            if cap.kind != kind or cap.grade_id not in (
                rep.grade_id,
                self.grade_id[:0],
            ):
                continue
            if cap.grade_id or cap.class_id not in caps:
                caps[cap.class_id] = cap
        return self.browse(cap.id for cap in caps.values())
