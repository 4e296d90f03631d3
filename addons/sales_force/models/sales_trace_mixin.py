from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class SalesTraceMixin(models.AbstractModel):
    """Something that work on site leaves, not for everybody, nor for ever.

    Who may see it and how long it is kept are the company's settings of the day on
    which it was made. Narrower settings count from then on for what there is already,
    wider ones do not: nobody agreed to them.
    """

    _name = "sales.trace.mixin"
    _description = "Trace of Work on Site"

    # The company's setting of how many days it is kept.
    _sales_days = ""
    # The field of what left it, which has a company.
    _sales_left_by = ""

    moment = fields.Datetime(
        required=True, readonly=True, default=lambda self: fields.Datetime.now()
    )
    access = fields.Selection(
        "_selection_access",
        "Visible To",
        compute="_compute_terms",
        store=True,
        precompute=True,
    )
    keep_days = fields.Integer(
        "Kept for (days)",
        compute="_compute_terms",
        store=True,
        precompute=True,
        aggregator=None,
    )

    @api.model
    def _selection_access(self):
        access = self.env["res.company"]._fields["sales_position_access"]
        return access._description_selection(self.env)

    # Not of the settings: what was kept under others stays under them.
    @api.depends(lambda self: tuple(filter(None, [self._sales_left_by])))
    def _compute_terms(self):
        for trace in self:
            company = trace[self._sales_left_by].company_id
            trace.access = company.sales_position_access
            trace.keep_days = company[self._sales_days]

    @api.model
    def _delete_old(self):
        """Delete what was kept for as long as it may be."""

        def to_sql(model, alias, query):
            company = query.make_alias(alias, "company_id")
            query.add_join(
                "JOIN",
                company,
                "res_company",
                SQL(
                    "%s = %s",
                    SQL.identifier(company, "id"),
                    SQL.identifier(alias, "company_id"),
                ),
            )
            # LEAST() leaves out what is NULL, and says so where nothing is left.
            return SQL(
                "%s < %s - LEAST(NULLIF(%s, 0), NULLIF(%s, 0)) * INTERVAL '1 day'",
                model._field_to_sql(alias, "moment", query),
                fields.Datetime.now(),
                model._field_to_sql(alias, "keep_days", query),
                SQL.identifier(company, self._sales_days),
            )

        self.env["res.company"].flush_model([self._sales_days])
        self.search(Domain.custom(to_sql=to_sql)).unlink()
