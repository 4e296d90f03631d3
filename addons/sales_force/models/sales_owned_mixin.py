from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.fields import Domain
from odoo.tools import SQL

# Another transaction was faster, so this one counts by what is no longer true.
LOST_RACE = "sales_force.lost_race"


class SalesOwnedMixin(models.AbstractModel):
    """A document that has a salesperson, hence a rep and a place in the organisation.

    The rep is the salesperson's in the document's company; of a document without
    company (a shared customer, a lead that is not assigned yet) any of the
    salesperson's reps. Nothing is stored: who sees what follows today's organisation.
    """

    _name = "sales.owned.mixin"
    _description = "Document of a Rep"

    # The field that holds the salesperson.
    _sales_owner_field = "user_id"

    sales_rep_id = fields.Many2one(
        "sales.rep",
        "Rep",
        compute="_compute_sales_rep_id",
        search="_search_sales_rep_id",
        help="The salesperson's rep in the document's company.",
    )

    @api.depends(lambda self: (self._sales_owner_field, "company_id"))
    def _compute_sales_rep_id(self):
        owner = self._sales_owner_field
        reps = (
            self.env["sales.rep"]
            # sudo: the salesperson's place is no secret to who may read the document
            .sudo()
            .with_context(active_test=False)
            .search([("user_id", "in", self[owner].ids)])
        )
        by_key = {(rep.user_id.id, rep.company_id.id): rep for rep in reps}
        by_user = {rep.user_id.id: rep for rep in reversed(reps)}
        company = self.env.company.id
        for record in self:
            user = record[owner].id
            rep = by_key.get((user, record.company_id.id or company))
            if not rep and not record.company_id:
                rep = by_user.get(user)
            record.sales_rep_id = rep

    @api.model
    def load(self, fields, data):
        """An import that lost a race for room under a cap is run again.

        Odoo runs again what fails to serialize; its import would report it as the
        failure of a row instead.
        """
        result = super().load(fields, data)
        if self.env.cr.postrollback.data.pop(LOST_RACE, False):
            raise ConcurrencyError("the import counted what others have changed since")
        return result

    @api.model
    def _search_sales_rep_id(self, operator, value):
        # sudo: only decides which documents match; their own rules hold all the same
        reps = self.env["sales.rep"].sudo().with_context(active_test=False)
        nobody = False
        if operator == "in":
            nobody = False in value
            query = reps._search([("id", "in", [id_ for id_ in value if id_])])
        elif operator in ("child_of", "parent_of"):
            query = reps._search([("id", operator, value)])
        elif operator in ("any", "any!"):
            if operator == "any":
                reps = reps.sudo(self.env.su)
            if isinstance(value, Domain | list | tuple):
                query = reps._search(value)
            else:
                query = reps._search([("id", "in", value)])
        elif operator in ("ilike", "like", "=ilike", "=like"):
            query = reps._search([("name", operator, value)])
        else:
            return NotImplemented
        owned = Domain.FALSE if query.is_empty() else self._domain_sales_rep(query)
        return owned | self._domain_no_sales_rep() if nobody else owned

    def _domain_sales_rep(self, reps):
        """The documents of the reps of a query, as a subquery and never as ids."""
        owner = self._sales_owner_field

        def to_sql(model, alias, query):
            user = model._field_to_sql(alias, owner, query)
            company = model._field_to_sql(alias, "company_id", query)
            condition = SQL(
                "(%s, %s) IN %s", user, company, reps.subselect("user_id", "company_id")
            )
            if model._fields["company_id"].required:
                return condition
            return SQL(
                "(%s OR (%s IS NULL AND %s IN %s))",
                condition,
                company,
                user,
                reps.subselect("user_id"),
            )

        return Domain.custom(to_sql=to_sql)

    def _domain_no_sales_rep(self):
        """The documents whose salesperson is no rep, or that have none."""
        owner = self._sales_owner_field

        def to_sql(model, alias, query):
            company = model._field_to_sql(alias, "company_id", query)
            return SQL(
                """NOT EXISTS (SELECT FROM sales_rep rep WHERE rep.user_id = %s
                AND rep.company_id = COALESCE(%s, rep.company_id))""",
                model._field_to_sql(alias, owner, query),
                company,
            )

        return Domain.custom(to_sql=to_sql)
