from odoo import models
from odoo.tools import SQL


class SalesMedianMixin(models.AbstractModel):
    """An analysis with medians, which Odoo does not know: ``aggregator="median"``."""

    _name = "sales.median.mixin"
    _description = "Analysis with Medians"

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, aggregator = aggregate_spec.partition(":")
        if aggregator == "median":
            return SQL(
                "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %s)",
                self._field_to_sql(self._table, name, query),
            )
        return super()._read_group_select(aggregate_spec, query)
