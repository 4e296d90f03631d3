from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..customers.assignment import assign
from ..models.assignment_rules import BY_TERRITORY

# What a preview is made by.
_RULES = {
    "customer_ids",
    "rep_ids",
    "method",
    "by_territory",
    "metric_id",
    "days",
    "quota",
}


class SalesCustomerAssign(models.TransientModel):
    """Owners for customers who have none, by the rules by which leads are assigned.

    What is proposed is shown before it is done; what is shown is what is done, as far
    as the customers still have no owner.
    """

    _name = "sales.customer.assign"
    _description = "Assign Customers by Rules"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    customer_ids = fields.Many2many(
        "sales.customer", required=True, readonly=True, check_company=True
    )
    rep_ids = fields.Many2many(
        "sales.rep",
        string="To",
        compute="_compute_rep_ids",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('id', 'in', allowed_rep_ids)]",
        help="Who is on leave gets nothing.",
    )
    allowed_rep_ids = fields.Many2many(
        "sales.rep", compute="_compute_allowed_rep_ids", string="Reps Below"
    )
    method = fields.Selection(
        [
            ("balanced", "Evenly by capacity"),
            ("ranked", "The best customers to the best results"),
        ],
        "Customers Go",
        default="balanced",
        required=True,
        help="The best customers are those of the first class, and of these the ones "
        "with the largest turnover.",
    )
    by_territory = fields.Selection(BY_TERRITORY, default="prefer", required=True)
    metric_id = fields.Many2one(
        "sales.metric",
        "Best Results By",
        domain="[('denominator_kind', '=', 'metric')]",
        help="Empty: what was ordered.",
    )
    days = fields.Integer(
        "Of the Last (days)", default=90, help="Today is one of them."
    )
    quota = fields.Integer(
        "At Most per Rep",
        help="Who is in the ramp-up gets less; 0: as many as the pool's caps allow.",
    )
    line_ids = fields.One2many("sales.customer.assign.line", "wizard_id", readonly=True)
    assigned_count = fields.Integer("Get an Owner", compute="_compute_counts")
    left_count = fields.Integer("Stay without Owner", compute="_compute_counts")

    _days_positive = models.Constraint(
        "CHECK (days > 0)", "Results are of one day at least."
    )
    _quota_positive = models.Constraint(
        "CHECK (quota >= 0)", "A quota cannot be negative."
    )

    @api.constrains("method", "quota")
    def _check_quota(self):
        for wizard in self:
            if wizard.method == "ranked" and not wizard.quota:
                raise ValidationError(
                    self.env._(
                        "Say how many customers each rep gets at most: the best one "
                        "would else get them all."
                    )
                )

    @api.depends("company_id")
    @api.depends_context("uid")
    def _compute_allowed_rep_ids(self):
        for wizard in self:
            wizard.allowed_rep_ids = wizard._get_allowed()

    @api.depends("company_id")
    def _compute_rep_ids(self):
        """Those who lead nobody: customers are for who sells."""
        for wizard in self:
            allowed = wizard._get_allowed()
            wizard.rep_ids = (
                allowed
                - self.env["sales.rep"]
                .search([("parent_id", "in", allowed.ids), ("state", "!=", "left")])
                .parent_id
            )

    @api.depends("line_ids.rep_id")
    def _compute_counts(self):
        for wizard in self:
            wizard.assigned_count = len(wizard.line_ids.filtered("rep_id"))
            wizard.left_count = len(wizard.line_ids) - wizard.assigned_count

    @api.onchange("method")
    def _onchange_method(self):
        """By rank an equal share is proposed."""
        if self.method == "ranked" and not self.quota and self.rep_ids:
            self.quota = -(-len(self.customer_ids) // len(self.rep_ids))

    def write(self, vals):
        if _RULES & vals.keys():
            # What was shown is not what these rules propose.
            self.line_ids.unlink()
        return super().write(vals)

    # Who may

    @api.model
    def _check_may_assign(self):
        """:raise AccessError: for users who are neither managers nor operations"""
        if not self.env.su and not self.env.user.has_groups(
            "sales_force.group_sales_manager,sales_force.group_sales_operations"
        ):
            raise AccessError(
                self.env._("Only managers and sales operations assign customers.")
            )

    def _get_allowed(self):
        """To whom the user may assign, also where he acts with more rights.

        :return: the reps below, or all of the company
        """
        domain = Domain("company_id", "=", self.company_id.id) & Domain(
            "state", "in", ("onboarding", "active")
        )
        user = self.env.user
        if not user.has_groups(
            "sales_force.group_sales_director,sales_force.group_sales_operations"
        ):
            domain &= Domain("id", "child_of", user.sales_rep_ids.ids)
        return self.env["sales.rep"].search(domain)

    def _get_available(self):
        """Of the chosen reps those who can get customers now."""
        reps = self.rep_ids & self._get_allowed()
        return reps - reps._get_absent()

    # Proposing

    def action_preview(self):
        """Show who would get which customers, and why some stay without owner.

        :raise AccessError: for users who are neither managers nor sales operations
        :raise UserError: when nobody could get customers
        """
        self.ensure_one()
        self._check_may_assign()
        self.customer_ids.check_access("read")
        if not self._get_available():
            raise UserError(self.env._("Choose reps who are not on leave."))
        self.with_company(self.company_id)._propose()
        return self._reopen()

    def _propose(self):
        reps = self._get_available()
        customers = self.customer_ids._get_free().sorted(self._get_worth)
        choices, reasons = self._get_choices(customers, reps)
        pools = self._get_pools(customers)
        rooms = self.env["sales.pool"].union(*pools.values())._get_rooms(reps)
        places = {}
        if self.method == "ranked":
            places = reps._get_places(self.metric_id, self.days)
        assigned = assign(
            choices,
            self._get_quotas(customers, reps, pools, rooms),
            {rep.id: place for rep, place in places.items()},
            rooms,
            self._get_buckets(pools),
        )
        full = self.env._("Those who could get it hold as many as they may.")
        self.line_ids.unlink()
        self.env["sales.customer.assign.line"].create(
            [
                {
                    "wizard_id": self.id,
                    "customer_id": id_,
                    "rep_id": assigned.get(id_),
                    "reason": id_ not in assigned and reasons.get(id_, full),
                }
                for id_ in customers.ids
            ]
        )

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Assign by Rules"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.model
    def _get_worth(self, customer):
        """By what customers are ordered, the best first."""
        share = customer.class_id.share_upto if customer.class_id else float("inf")
        return (share, -customer.turnover, customer.id)

    def _get_choices(self, customers, reps):
        """Who may get which customer (see ``assign``), and why nobody may; by ids.

        :return: ``({customer: groups of reps}, {customer: reason})``
        """
        choices, reasons, found = {}, {}, {}
        for customer in customers:
            # sudo: what decides about customers whom the user reads
            partner = customer.partner_id.sudo()
            lang = self.env["res.lang"]._lang_get(partner.lang or "")
            key = (partner.sales_territory_id, partner.industry_id, lang)
            if key not in found:
                groups = defaultdict(list)
                for rep in reps:
                    fit = rep._get_fit(*key, self.by_territory)
                    if fit is not None:
                        groups[fit].append(rep.id)
                found[key] = (
                    [groups[fit] for fit in sorted(groups)],
                    None if groups else self._get_reason(reps, *key),
                )
            choices[customer.id], reason = found[key]
            if reason:
                reasons[customer.id] = reason
        return choices, reasons

    def _get_reason(self, reps, territory, industry, lang):
        """Why none of these reps may get a customer with these."""
        if self.by_territory == "require" and not any(
            rep._covers(territory) for rep in reps
        ):
            if not territory:
                return self.env._("It has no territory.")
            return self.env._("Nobody covers %(name)s.", name=territory.display_name)
        for value, names in ((industry, "industry_ids"), (lang, "lang_ids")):
            if value and not any(value in (rep[names] or value) for rep in reps):
                return self.env._("Nobody serves %(name)s.", name=value.display_name)
        return self.env._("Nobody has its territory, industry and language at once.")

    @api.model
    def _get_pools(self, customers):
        """``{customer: pool}`` of those whom caps count."""
        places = self.env["sales.pool"]._get_places(customers.partner_id)
        pools = {}
        for customer in customers:
            pool = places[customer.partner_id]
            if pool and not (pool.cap_spares_buyers and customer.last_date):
                pools[customer] = pool
        return pools

    @api.model
    def _get_buckets(self, pools):
        """The caps against which customers count, of their class and of all; by ids."""
        return {
            customer.id: {(pool.id, customer.class_id.id), (pool.id, False)}
            for customer, pool in pools.items()
        }

    def _get_quotas(self, customers, reps, pools, rooms):
        """How many customers each rep gets at most, by ids; evenly goes by these."""
        capped = set(pools.values()) if len(pools) == len(customers) else set()
        quotas = {}
        for rep in reps:
            quota = rep._get_ramped(self.quota or len(customers))
            room = [rooms.get((rep.id, (pool.id, False)), quota) for pool in capped]
            quotas[rep.id] = min(quota, sum(room)) if capped else quota
        return quotas

    # Assigning

    def action_assign(self):
        """Make the proposed reps the owners; who has an owner by now keeps him.

        :raise AccessError: for users who are neither managers nor sales operations,
            and for reps who are not below
        :raise UserError: without a preview, and for customers beyond a cap
        """
        self.ensure_one()
        self._check_may_assign()
        lines = self.line_ids.filtered("rep_id")
        if not lines:
            raise UserError(self.env._("Preview first who would get which customers."))
        lines.customer_id.check_access("read")
        strange = lines.rep_id - self._get_allowed()
        if strange:
            raise AccessError(
                self.env._(
                    "%(reps)s: you assign customers to the reps below you.",
                    reps=", ".join(strange.mapped("name")),
                )
            )
        customers = lines.customer_id._get_free()
        free = lines.filtered(lambda line: line.customer_id in customers)
        with self.env["sales.ownership"]._because("rules"):
            for rep, given in free.grouped("rep_id").items():
                # sudo: free customers, given to reps below; who may was checked
                partners = given.customer_id.partner_id.sudo()
                # No message per customer: the log of owners tells it.
                partners.with_context(tracking_disable=True).write(
                    {"user_id": rep.user_id.id}
                )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(count)s customers have an owner now.", count=len(free)
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


class SalesCustomerAssignLine(models.TransientModel):
    """A customer without owner, who would get it, or why nobody would."""

    _name = "sales.customer.assign.line"
    _description = "Proposed Owner"
    _check_company_auto = True

    wizard_id = fields.Many2one(
        "sales.customer.assign", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="wizard_id.company_id")
    customer_id = fields.Many2one(
        "sales.customer", required=True, ondelete="cascade", check_company=True
    )
    currency_id = fields.Many2one(related="customer_id.currency_id")
    class_id = fields.Many2one(related="customer_id.class_id")
    turnover = fields.Monetary(related="customer_id.turnover")
    territory_id = fields.Many2one(related="customer_id.territory_id")
    rep_id = fields.Many2one(
        "sales.rep", "Gets It", ondelete="cascade", check_company=True
    )
    reason = fields.Char("Why Nobody")
