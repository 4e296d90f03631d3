from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Without the context key a sum of values is taken as it is.
_UNSAFE_SUM = "sales_credit_unsafe_sum"


class SalesCredit(models.Model):
    """How credits are read: what cannot be added is not added.

    Amounts, counts and quantities of different metrics have no sum, nor have amounts
    in the currencies of different companies. Where a group holds both, its value is
    empty, on every screen and over RPC.
    """

    _inherit = "sales.credit"

    metric_unit = fields.Selection(related="metric_id.unit")
    # Only values are measures; all else has no sum that means something.
    share = fields.Float(aggregator=None)
    amount_currency = fields.Monetary(aggregator=None)
    res_id = fields.Integer(aggregator=None)
    part = fields.Integer(aggregator=None)
    scope_id = fields.Integer(aggregator=None)

    @api.model
    def _read_group(self, domain, groupby=(), aggregates=(), *args, **kwargs):
        one = "metric_id" in groupby
        guarded = self._guard_sums(domain, one_metric=one)
        return super(SalesCredit, guarded)._read_group(
            domain, groupby, aggregates, *args, **kwargs
        )

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, *args, **kwargs):
        one = all("metric_id" in groupby for groupby in grouping_sets)
        guarded = self._guard_sums(domain, one_metric=one)
        return super(SalesCredit, guarded)._read_grouping_sets(
            domain, grouping_sets, *args, **kwargs
        )

    def _guard_sums(self, domain, one_metric=False):
        """Self, marked with the columns that must be the same within a group."""
        columns = []
        if not one_metric and not self._is_one_metric(domain):
            columns.append("metric_id")
        if len(self.env.companies.currency_id) > 1:
            columns.append("company_id")
        if not columns:
            return self
        return self.with_context(**{_UNSAFE_SUM: tuple(columns)})

    def _is_one_metric(self, domain):
        """Whether a domain leaves one metric only, by a condition of its own."""
        domain = Domain(domain).optimize(self)
        both = getattr(domain, "OPERATOR", None) == "&"
        return any(
            getattr(condition, "field_expr", None) == "metric_id"
            and condition.operator == "in"
            and len(condition.value) == 1
            for condition in (domain.children if both else [domain])
        )

    def _read_group_select(self, aggregate_spec, query):
        term = super()._read_group_select(aggregate_spec, query)
        columns = self.env.context.get(_UNSAFE_SUM)
        if aggregate_spec != "value:sum" or not columns:
            return term
        return SQL(
            "CASE WHEN %s THEN %s END",
            SQL(" AND ").join(
                SQL("min(%(column)s) = max(%(column)s)", column=column)
                for column in (
                    self._field_to_sql(self._table, name, query) for name in columns
                )
            ),
            term,
        )

    @api.model
    def search_panel_select_range(self, field_name, **kwargs):
        """Only additive metrics have credits to choose."""
        if field_name == "metric_id":
            kwargs["comodel_domain"] = Domain(
                kwargs.get("comodel_domain", [])
            ) & Domain("kind", "=", "additive")
        return super().search_panel_select_range(field_name, **kwargs)

    @api.model
    def _prepare_action_behind(self, metric, span, reps):
        """The action that shows which credits make up a figure.

        :param metric: additive or ratio; of a ratio the credits of its parts
        :param span: first and last day
        :param reps: whose figure it is; none: credited to nobody
        """
        parts = metric._get_parts()
        several = len(parts) > 1
        names = ", ".join(reps.mapped("name")) or self.env._("nobody")
        return self._prepare_action(
            "sales_credit_action_documents"
            if several
            else "sales_credit_action_behind",
            self.env._(
                "%(metric)s of %(reps)s",
                metric=metric.name,
                reps=names,
            ),
            [
                ("metric_id", "in", parts.ids),
                ("date", ">=", span[0]),
                ("date", "<=", span[1]),
                ("rep_id", "in", reps.ids or [False]),
            ],
            ["by_metric"] * several + ["by_customer"],
        )

    @api.model
    def _prepare_action_of_documents(self, documents, domain):
        """The action that shows the credits of documents, by metric."""
        return self._prepare_action(
            "sales_credit_action_documents",
            self.env._(
                "Credits of %(documents)s",
                documents=", ".join(documents.mapped("display_name")),
            ),
            list(Domain(domain)),
            ["by_metric"],
        )

    def _prepare_action(self, xml_id, name, domain, groups):
        action = self.env["ir.actions.act_window"]._for_xml_id(f"sales_force.{xml_id}")
        defaults = {f"search_default_{group}": 1 for group in groups}
        return {
            **action,
            "name": name,
            "display_name": name,
            "domain": domain,
            "context": {"search_default_company_total": 1, **defaults},
        }
