from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..customers.pool import actions, exempt, pool_of
from ..customers.protection import Clock, WorkingDays

# Working days are known so far ahead.
_HORIZON = timedelta(days=1100)
_EXTEND = (
    "extend_activity",
    "extend_quotation",
    "extend_order",
    "extend_opportunity",
    "extend_visit",
)
_EXEMPT = (
    "exempt_open_order",
    "exempt_order_days",
    "exempt_won_days",
    "exempt_contract",
)
# The clock that a customer keeps from the day it is claimed.
CLOCK = ("protection_days", "extension_days", "limit_days", "day_kind")
_CLOCK = SQL(", ").join(SQL.identifier("h", name) for name in CLOCK)
_CLOCK_NOW = SQL(", ").join(SQL.identifier("h", f"{name}_now") for name in CLOCK)


class SalesPool(models.Model):
    """The rules by which customers without owner are claimed, kept and given back.

    Of a company or a territory; a customer is in the pool of its innermost territory
    that has one. Days are dates where the company works.
    """

    _name = "sales.pool"
    _description = "Customer Pool"
    _inherit = ["mail.thread"]
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

    day_kind = fields.Selection(
        [("calendar", "Calendar days"), ("working", "Working days")],
        "Days Are",
        default="calendar",
        required=True,
        tracking=True,
        help="Working days are those of the company's calendar.",
    )
    protection_days = fields.Integer(
        "Protected For (days)",
        default=30,
        tracking=True,
        help="From the day of the claim. A customer's class may say otherwise.",
    )
    extension_days = fields.Integer(
        "Extended By (days)",
        default=15,
        tracking=True,
        help="From the day of a qualifying action; never shortens the protection.",
    )
    limit_days = fields.Integer(
        "At Most (days)",
        default=180,
        tracking=True,
        help="From the day of the claim, whatever is done; 0: no limit.",
    )
    reminder_days = fields.Integer(
        "Remind Before (days)",
        default=3,
        help="The owner gets an activity so many days before the protection ends; 0: "
        "no reminder.",
    )
    extend_activity = fields.Boolean("A done activity extends", default=True)
    extend_quotation = fields.Boolean("A quotation sent extends", default=True)
    extend_order = fields.Boolean("An order extends", default=True)
    extend_opportunity = fields.Boolean("A new opportunity extends", default=True)
    extend_visit = fields.Boolean("An effective visit extends", default=True)
    recycles = fields.Boolean(
        "Recycle Each Night",
        default=True,
        tracking=True,
        help="Customers whose protection ended lose their owner. Otherwise recycling "
        "is started by hand.",
    )
    exempt_open_order = fields.Boolean(
        "Spare Open Orders",
        default=True,
        help="Never take a customer who has an order that is not fully invoiced.",
    )
    exempt_order_days = fields.Integer(
        "Spare Orders Of (days)",
        default=90,
        help="Never take a customer who ordered within so many days; 0: take also "
        "them.",
    )
    exempt_won_days = fields.Integer(
        "Spare Won Deals Of (days)",
        default=90,
        help="Never take a customer of whom an opportunity was won within so many "
        "days; 0: take also them.",
    )
    exempt_contract = fields.Boolean(
        "Spare Running Contracts",
        default=True,
        help="Never take a customer who has a running contract.",
    )
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

    def _compute_counts(self):
        counts = {
            (pool, bool(user)): count
            for pool, user, count in self.env["sales.customer"]._read_group(
                [("pool_id", "in", self.ids)],
                ["pool_id", "partner_id.user_id"],
                ["__count"],
            )
        }
        for pool in self:
            pool.free_count = pool.held_count = 0
        totals = defaultdict(int)
        for (pool, held), count in counts.items():
            totals[pool, held] += count
        for (pool, held), count in totals.items():
            pool["held_count" if held else "free_count"] = count

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
        self._check_daily(rep, places)
        ownership = self.env["sales.ownership"]
        with ownership._because("claimed"):
            # sudo: customers of the pool may be claimed by who passed all checks
            partners.sudo().write({"user_id": rep.user_id.id})
        return True

    def _get_claimant(self):
        # sudo: one's own profile
        rep = (
            self.env["sales.rep"]
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
        return {
            partner: self.sudo().browse(pools.get(partner.id) or ())
            for partner in partners
        }

    def _refuse_claim(self, rep, partner, pool):
        """Why a rep may not claim a customer, None when nothing is against it."""
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
                  AND user_id IS NULL
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

    def _check_daily(self, rep, places):
        """Claims a day are limited by the pool."""
        self.env["sales.ownership"]._lock_holders([rep.user_id.id])
        wanted = defaultdict(int)
        for pool in places.values():
            wanted[pool] += 1
        if not any(pool.daily_claims for pool in wanted):
            return
        today = self.env.company._get_sales_today()
        made = defaultdict(int)
        rows = self.env.execute_query(
            SQL(
                """SELECT %(pool)s, w.date
                FROM sales_ownership w JOIN res_partner p ON p.id = w.partner_id
                WHERE w.user_id = %(user)s AND w.reason = 'claimed'
                  AND w.date >= %(since)s""",
                pool=pool_of(
                    SQL("p.sales_territory_id"), SQL("%s", self.env.company.id)
                ),
                user=rep.user_id.id,
                since=today - timedelta(days=1),
            )
        )
        for pool_id, moment in rows:
            if self.env.company._get_sales_date(moment) == today:
                made[pool_id] += 1
        for pool, count in wanted.items():
            if pool.daily_claims and made[pool.id] + count > pool.daily_claims:
                raise UserError(
                    self.env._(
                        "%(pool)s allows %(limit)s claims a day; you have made "
                        "%(made)s today.",
                        pool=pool.name,
                        limit=pool.daily_claims,
                        made=made[pool.id],
                    )
                )

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

    def _get_adding(self, company, day_kind, first, last):
        """The function that adds days of a kind in a company to dates of a span."""
        if day_kind == "calendar":
            return {}
        hours = self.env["sales.working.time"].working_days(
            company, first, last + _HORIZON
        )[company]
        return {"add": WorkingDays(sorted(day for day, n in hours.items() if n))}

    @api.model
    def _get_due(self, customers, by_rules_now=False):
        """When the protection of held customers ends, by what was done since.

        :param customers: records of ``sales.customer``
        :param by_rules_now: by the rules as they are now, not as when it began
        :return: ``{customer: due date}`` of those that are protected
        """
        self.env.flush_all()
        held = self._get_held(SQL("e.id = ANY(%s)", customers.ids))
        reminder_type = self.env["sales.customer"]._get_reminder_type().id
        dates = defaultdict(list)
        for id_, date in self.env.execute_query(
            SQL("WITH held AS MATERIALIZED (%s) %s", held, actions(reminder_type))
        ):
            dates[id_].append(date)
        rows = self.env.execute_query(
            SQL(
                "SELECT h.id, h.company_id, h.claimed_on, %s FROM (%s) h",
                _CLOCK_NOW if by_rules_now else _CLOCK,
                held,
            )
        )
        spans = defaultdict(list)
        for id_, company, claimed, *_days, kind in rows:
            spans[company, kind] += [claimed, *dates[id_]]
        adding = {
            (company, kind): self._get_adding(
                self.env["res.company"].browse(company), kind, min(span), max(span)
            )
            for (company, kind), span in spans.items()
        }
        by_id = {customer.id: customer for customer in customers}
        return {
            by_id[id_]: Clock(*days, **adding[company, kind]).due(claimed, dates[id_])
            for id_, company, claimed, *days, kind in rows
        }

    def _get_held(self, condition):
        """A SELECT of protected customers ``e``, their pool's rules and timezone."""
        return SQL(
            """
            SELECT e.id, e.partner_id, e.company_id, e.pool_id, e.claimed_on, e.due_on,
                p.user_id, %s, %s, COALESCE(rc.tz, 'UTC') AS tz,
                COALESCE(NULLIF(k.protection_days, 0), q.protection_days)
                    AS protection_days_now,
                q.extension_days AS extension_days_now, q.limit_days AS limit_days_now,
                q.day_kind AS day_kind_now
            FROM sales_customer e
            LEFT JOIN sales_customer_class k ON k.id = e.class_id
            JOIN res_partner p ON p.id = e.partner_id
            JOIN sales_pool q ON q.id = e.pool_id AND q.active
            JOIN res_company c ON c.id = e.company_id
            LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
            WHERE e.claimed_on IS NOT NULL AND p.user_id IS NOT NULL AND %s
            """,
            SQL(", ").join(SQL.identifier("q", name) for name in (*_EXTEND, *_EXEMPT)),
            SQL(", ").join(SQL.identifier("e", name) for name in CLOCK),
            condition,
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

    def _get_exempt(self, customers, day):
        """Which of these customers must not be taken on a day."""
        rows = self.env.execute_query(
            SQL(
                "WITH held AS MATERIALIZED (%s) %s",
                self._get_held(SQL("e.id = ANY(%s)", customers.ids)),
                exempt(day),
            )
        )
        return customers.browse(row[0] for row in rows)


class SalesPoolCap(models.Model):
    """How many customers of a pool one rep may hold."""

    _name = "sales.pool.cap"
    _description = "Holding Cap"
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

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_forget_kinds(self):
        self.env.registry.clear_cache()

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
