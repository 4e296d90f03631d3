from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..territory_matching import Customer, normalize_city, normalize_zip

_UNPROTECTED_GROUPS = (
    "sales_team.group_sale_salesman_all_leads",
    "account.group_account_invoice",
    "account.group_account_readonly",
)


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
    sales_is_visible = fields.Boolean(
        compute="_compute_sales_is_visible",
        search="_search_sales_is_visible",
        help="Whether customer protection lets the current user read this contact.",
    )

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
        matcher = self.env["sales.territory.matching"]._get_matcher()
        for partner in self:
            if partner.sales_territory_manual:
                partner.sales_territory_id = partner.sales_territory_id
                continue
            partner.sales_territory_id = matcher.match(
                Customer(
                    company=partner.company_id.id or 0,
                    country=partner.country_id.id or 0,
                    state=partner.state_id.id or 0,
                    industry=partner.industry_id.id or 0,
                    city=normalize_city(partner.city),
                    zip=normalize_zip(partner.zip),
                )
            )

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
                "(%(company)s <> ALL(%(companies)s) OR %(entity)s IN (%(visible)s))",
                company=model._field_to_sql(alias, "company_id", query),
                companies=companies.ids,
                entity=model._field_to_sql(alias, "commercial_partner_id", query),
                visible=self._get_visible_entities(),
            )
        )

    def _get_visible_entities(self):
        """A SELECT of the commercial entities that the user may read; see above."""
        user = self.env.user
        # What the user may read of documents, under the user's own rules.
        self = self.with_env(self.env(su=False))
        flush = self._fields["user_id"]
        own = self.env["res.users"].sudo()._search(
            [("sales_rep_ids", "child_of", user.sales_rep_ids.ids)]
        )
        documents = []
        for model, names in (
            ("sale.order", ("partner_id", "partner_invoice_id", "partner_shipping_id")),
            ("crm.lead", ("partner_id",)),
            ("account.move", ("partner_id",)),
        ):
            records = self.env[model].with_context(active_test=False)
            if records.has_access("read"):
                query = records._search([])
                documents.append(
                    SQL(
                        "SELECT unnest(ARRAY[%s]) %s",
                        SQL(", ").join(
                            records._field_to_sql(query.table, name, query)
                            for name in names
                        ),
                        SQL(
                            "FROM %s WHERE %s",
                            query.from_clause,
                            query.where_clause or SQL("TRUE"),
                        ),
                    )
                )
        return SQL(
            """
            SELECT c.commercial_partner_id FROM res_partner c
            LEFT JOIN res_partner e ON e.id = c.commercial_partner_id
            WHERE %(owner)s = %(user)s OR c.user_id IN %(own)s
               OR e.user_id IS NULL
               OR (e.supplier_rank > 0 AND e.customer_rank = 0)
               OR c.partner_share IS NOT TRUE
               OR c.id IN (SELECT partner_id FROM res_company)
               OR c.id IN (%(documents)s)
            """,
            owner=SQL.identifier("c", "user_id", to_flush=flush),
            user=user.id,
            own=own.subselect() if user.sales_rep_ids else SQL("(SELECT 0)"),
            documents=SQL(" UNION ALL ").join(documents),
        )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._prepare_territory(vals) for vals in vals_list])

    def write(self, vals):
        result = super().write(self._prepare_territory(vals))
        if {"user_id", "parent_id", "company_id"} & vals.keys():
            self._forget_visibility()
        return result

    @api.model
    def _forget_visibility(self):
        """Who is protected from whom is asked again, within this transaction too."""
        self.env["res.partner"].invalidate_model(["sales_is_visible"], flush=False)

    def _prepare_territory(self, vals):
        """A territory that is given is set by hand; an empty one is left to the rules."""
        if "sales_territory_id" not in vals or "sales_territory_manual" in vals:
            return vals
        vals = {**vals, "sales_territory_manual": bool(vals["sales_territory_id"])}
        if not vals["sales_territory_id"]:
            del vals["sales_territory_id"]
        return vals
