from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .sales_customer_stage import STAGES

_UNPROTECTED_GROUPS = (
    "sales_team.group_sale_salesman_all_leads",
    "account.group_account_invoice",
    "account.group_account_readonly",
)
# Who may change them on every customer, and what of a customer moves credits.
_PLACING_GROUPS = (
    "sales_team.group_sale_salesman_all_leads",
    "sales_force.group_sales_operations",
)
_PLACE = {
    "user_id",
    "sales_territory_id",
    "sales_territory_manual",
    "sales_channel_id",
}
# What decides about its commercial entity.
_ENTITY = {"parent_id", "is_company"}
_CUSTOMER_GROUPS = "sales_force.group_sales_rep,sales_force.group_sales_operations"


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "sales.owned.mixin"]

    sales_territory_id = fields.Many2one(
        "sales.territory",
        "Territory",
        compute="_compute_sales_territory_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
        help="By the territories' matching rules, unless it is set by hand.",
    )
    sales_territory_manual = fields.Boolean(
        "Territory by Hand",
        help="The territory stays as it was chosen, whatever the matching rules say.",
    )
    sales_channel_id = fields.Many2one(
        "sales.channel",
        "Sales Channel",
        index="btree_not_null",
        ondelete="restrict",
        help="The way by which this customer is reached; new orders take it over.",
    )
    sales_referrer_id = fields.Many2one(
        "res.partner",
        "Referred By",
        index="btree_not_null",
        help="The customer or contact who brought this customer.",
    )
    sales_customer_id = fields.Many2one(
        "sales.customer",
        "Customer Card",
        compute="_compute_sales_customer",
        groups=_CUSTOMER_GROUPS,
        help="What the customer is to the current company.",
    )
    sales_stage = fields.Selection(
        STAGES, "Stage", compute="_compute_sales_customer", groups=_CUSTOMER_GROUPS
    )
    sales_class_id = fields.Many2one(
        "sales.customer.class",
        "Customer Class",
        compute="_compute_sales_customer",
        groups=_CUSTOMER_GROUPS,
    )
    sales_may_claim = fields.Boolean(
        compute="_compute_sales_may_claim", groups="sales_force.group_sales_rep"
    )
    sales_is_visible = fields.Boolean(
        compute="_compute_sales_is_visible",
        search="_search_sales_is_visible",
        help="Whether customer protection lets the current user read this contact.",
    )

    # Odoo has none: what a rep holds, and may see, is looked for by owner.
    _sales_owner_idx = models.Index("(user_id) WHERE user_id IS NOT NULL")

    @api.depends(
        "country_id",
        "state_id",
        "zip",
        "city",
        "industry_id",
        "company_id",
        "sales_territory_manual",
    )
    def _compute_sales_territory_id(self):
        matching = self.env["sales.territory.matching"]
        for partner in self:
            if partner.sales_territory_manual:
                partner.sales_territory_id = partner.sales_territory_id
            else:
                partner.sales_territory_id = matching._match(
                    partner, partner.industry_id
                )

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_sales_customer(self):
        customers = self.env["sales.customer"].search(
            [
                ("partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "=", self.env.company.id),
            ]
        )
        by_partner = {customer.partner_id.id: customer for customer in customers}
        for partner in self:
            customer = by_partner.get(partner.commercial_partner_id.id, customers[:0])
            partner.sales_customer_id = customer
            partner.sales_stage = customer.stage
            partner.sales_class_id = customer.class_id

    @api.depends("user_id", "commercial_partner_id", "company_id")
    @api.depends_context("company", "uid")
    def _compute_sales_may_claim(self):
        """Whether the customer is in a pool and has no owner; the claim checks more."""
        # sudo: one's own profile
        reps = self.env["sales.rep"].sudo()
        # sudo: whether there are pools
        pools = self.env["sales.pool"].sudo()
        company = self.env.company
        may = bool(
            pools.search_count([("company_id", "=", company.id)], limit=1)
        ) and bool(
            reps.search_count(
                [("user_id", "=", self.env.uid), ("company_id", "=", company.id)],
                limit=1,
            )
        )
        for partner in self:
            partner.sales_may_claim = (
                may
                and partner.active
                and not partner.user_id
                and partner.commercial_partner_id == partner._origin
                and bool(partner._get_buyers())
            )

    def _get_buyers(self):
        """Those who could buy: no colleagues, own companies, mere suppliers."""
        return self.filtered(
            lambda partner: partner.partner_share
            # sudo: also a company that the user is not in is one's own
            and not partner.sudo().ref_company_ids
            and not (partner.supplier_rank and not partner.customer_rank)
        )

    def action_open_sales_customer(self):
        """Open what the customer is to the current company."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sales.customer",
            "res_id": self.sales_customer_id.id,
            "views": [(False, "form")],
        }

    def action_sales_claim(self):
        """Claim these customers; see ``sales.pool``."""
        return self.env["sales.pool"].action_claim(self.ids)

    def action_sales_release(self):
        """Give these customers back to the pool; see ``sales.pool``."""
        return self.env["sales.pool"].action_release(self.ids)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_sales_is_visible(self):
        # sudo: the question is what the user's rules let through
        visible = self.sudo().filtered_domain(
            self._search_sales_is_visible("in", [True])
        )
        for partner in self:
            partner.sales_is_visible = partner in visible

    @api.model
    def _search_sales_is_visible(self, operator, value):
        """Whom customer protection lets through.

        Protection counts for the customers of companies that ask for it, and for
        shared customers as soon as one of the user's companies does. It is decided for
        a whole commercial entity at once, since Odoo's forms read all of it: it is
        visible when nobody owns it, when it or a contact of it is the user's or the
        user's reps', when it is only a supplier, a company of one's own or a colleague,
        or when it is on an order, a lead or an invoice that the user may read.
        """
        if operator != "in":
            return NotImplemented
        if list(value) != [True]:
            return ~self._search_sales_is_visible("in", [True])
        user = self.env.user
        companies = user.company_ids.filtered("sales_customer_protection")
        if not companies or any(user.has_group(group) for group in _UNPROTECTED_GROUPS):
            return Domain.TRUE
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "(%(company)s <> ALL(%(companies)s) OR EXISTS (%(visible)s))",
                company=model._field_to_sql(alias, "company_id", query),
                companies=companies.ids,
                visible=self._get_visible_contacts(
                    model._field_to_sql(alias, "commercial_partner_id", query)
                ),
            )
        )

    def _get_visible_contacts(self, entity):
        """A SELECT of the contacts for whom a commercial entity is visible; see above.

        :param SQL entity: the commercial entity, of the outer query
        """
        user = self.env.user
        below = (
            self.env["res.users"]
            # sudo: the tree below is looked up, whatever the user may read of it
            .sudo()
            .with_context(active_test=False)
            ._search(
                Domain("sales_rep_ids", "child_of", user.sales_rep_ids.ids)
                | Domain(
                    "sales_rep_ids.cover_ids",
                    "any",
                    Domain("deputy_user_id", "=", user.id)
                    & Domain("is_current", "=", True),
                )
            )
        )
        # What the user may read of documents, under the user's own rules.
        env = self.env(su=False)
        documents = [
            self._get_readable(env[model].with_context(active_test=False), name)
            for model, name in (
                ("sale.order", "partner_id"),
                ("sale.order", "partner_invoice_id"),
                ("sale.order", "partner_shipping_id"),
                ("crm.lead", "partner_id"),
                ("account.move", "partner_id"),
            )
            if env[model].has_access("read")
        ]
        return SQL(
            """
            SELECT FROM res_partner c
            JOIN res_partner e ON e.id = c.commercial_partner_id
            WHERE c.commercial_partner_id = %(entity)s AND (
                e.user_id IS NULL
                OR %(owner)s = %(user)s
                OR c.user_id IN %(below)s
                OR (e.supplier_rank > 0 AND e.customer_rank = 0)
                OR c.partner_share IS NOT TRUE
                OR c.id IN (SELECT partner_id FROM res_company)
                OR %(documents)s
            )
            """,
            entity=entity,
            owner=SQL.identifier("c", "user_id", to_flush=self._fields["user_id"]),
            user=user.id,
            below=SQL("(SELECT 0)") if below.is_empty() else below.subselect(),
            documents=SQL(" OR ").join(documents) or SQL("FALSE"),
        )

    def _get_readable(self, documents, name):
        """Whether the contact ``c`` is in a field of a document that may be read."""
        query = documents._search([])
        if query.is_empty():
            return SQL("FALSE")
        return SQL(
            "EXISTS (SELECT FROM %s WHERE %s = c.id AND %s)",
            query.from_clause,
            documents._field_to_sql(query.table, name, query),
            query.where_clause or SQL("TRUE"),
        )

    @api.constrains("sales_referrer_id")
    def _check_sales_referrer_id(self):
        for partner in self:
            # sudo: only compares
            referrer = partner.sudo().sales_referrer_id.commercial_partner_id
            if referrer and referrer == partner.commercial_partner_id:
                raise ValidationError(
                    self.env._(
                        "%(customer)s cannot be referred by itself.",
                        customer=partner.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_parents(vals_list)
        return super().create([self._prepare_territory(vals) for vals in vals_list])

    def write(self, vals):
        self._check_parents([vals])
        self._check_place(vals)
        result = super().write(self._prepare_territory(vals))
        if {"user_id", "parent_id", "company_id"} & vals.keys():
            self._forget_visibility()
        return result

    def _check_parents(self, vals_list):
        """Contacts of protected customers are made by who may read these.

        :raise AccessError: for a parent that the user may not read
        """
        parents = {vals["parent_id"] for vals in vals_list if vals.get("parent_id")}
        user = self.env.user
        if (
            parents
            and not self.env.su
            and user.has_group("sales_force.group_sales_rep")
            and True in user.company_ids.mapped("sales_customer_protection")
        ):
            self.browse(parents).check_access("read")

    def _check_place(self, vals):
        """A rep does not change what others are credited for, or what they own.

        :raise AccessError: for the customers of people who are not below
        :raise UserError: for who is free and in a pool
        """
        names = _PLACE & vals.keys()
        if not names and not _ENTITY & vals.keys():
            return
        reach = self._get_reach()
        if reach is None:
            return
        # sudo: whose a customer is decides, whoever reads it
        partners = self.sudo()
        changed = {
            name: partners.filtered(
                lambda partner, name=name: partner._fields[name].convert_to_write(
                    partner[name], partner
                )
                != (vals[name] or False)
            )
            for name in names
        }
        moved = partners._get_moved(vals)
        moved.union(*changed.values())._check_strange(reach)
        if reach == self.env.user:
            changed.pop("sales_channel_id", None)
            owner = int(vals.get("user_id") or 0)
            if not owner:
                changed.pop("user_id", None)
            moved.union(*changed.values())._check_free()
            if owner not in (0, self.env.uid):
                changed["user_id"]._check_given()

    def _check_merge(self):
        """Who may not change the owner of a customer does not merge it with another.

        :raise AccessError: for the customers of people who are not below
        :raise UserError: for who is free and in a pool, if the others are not
        """
        reach = self._get_reach()
        if reach is None:
            return
        partners = self.sudo()  # sudo: as in _check_place
        partners._check_strange(reach)
        if reach == self.env.user and partners.commercial_partner_id.user_id:
            partners._check_free()

    def _get_reach(self):
        """The users whose customers the current one may give to others, and himself.

        :return: None for who may do so with every customer
        """
        user = self.env.user
        if (
            self.env.su
            or not user.has_group("sales_force.group_sales_rep")
            or any(user.has_group(group) for group in _PLACING_GROUPS)
        ):
            return None
        # sudo: the tree below is looked up, whatever the user may read of it
        reps = self.env["sales.rep"].sudo()
        return user | reps.search([("id", "child_of", user.sales_rep_ids.ids)]).user_id

    def _get_moved(self, vals):
        """Those who would belong to another commercial entity."""
        if not _ENTITY & vals.keys():
            return self.browse()
        parent = self.browse(int(vals.get("parent_id") or 0) or ())

        def entity(partner):
            over = parent if "parent_id" in vals else partner.parent_id
            if vals.get("is_company", partner.is_company) or not over:
                return partner
            return over.commercial_partner_id

        return self.filtered(
            lambda partner: entity(partner) != partner.commercial_partner_id
        )

    def _check_strange(self, reach):
        strange = self.filtered(lambda p: p.commercial_partner_id.user_id - reach)
        if strange:
            raise AccessError(
                self.env._(
                    "%(customers)s: only the owner and the managers above change the "
                    "salesperson, territory and channel of a customer, move it to "
                    "another company or merge it.",
                    customers=", ".join(strange.mapped("display_name")),
                )
            )

    def _check_free(self):
        """A rep gets what nobody owns by claiming it, under the pool's rules."""
        free = self.filtered(lambda partner: not partner.commercial_partner_id.user_id)
        pooled = free._get_pooled()
        if pooled:
            raise UserError(
                self.env._(
                    "%(customers)s: nobody owns them. Claim them in the customer pool.",
                    customers=", ".join(pooled.mapped("display_name")),
                )
            )

    def _check_given(self):
        """Passed on among reps, a customer would never go back to its pool."""
        pooled = self._get_pooled()
        if pooled:
            raise AccessError(
                self.env._(
                    "%(customers)s: only managers give customers to somebody else. "
                    "You can give them back to the customer pool.",
                    customers=", ".join(pooled.mapped("display_name")),
                )
            )

    def _get_pooled(self):
        """Those whose commercial entity is in a pool from which the user may claim."""
        companies = self.env.user.sales_rep_ids.company_id
        pooled = self.env["sales.pool"]._get_pooled(
            self.commercial_partner_id, companies
        )
        return self.filtered(lambda partner: partner.commercial_partner_id in pooled)

    @api.model
    def _forget_visibility(self):
        """Who is protected from whom is asked again, within this transaction too."""
        self.env["res.partner"].invalidate_model(["sales_is_visible"], flush=False)

    def _prepare_territory(self, vals):
        """A territory that is given is set by hand; an empty one is left to rules."""
        if "sales_territory_id" not in vals or "sales_territory_manual" in vals:
            return vals
        vals = {**vals, "sales_territory_manual": bool(vals["sales_territory_id"])}
        if not vals["sales_territory_id"]:
            del vals["sales_territory_id"]
        return vals
