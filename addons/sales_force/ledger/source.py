"""What a source of the credit ledger declares."""

from collections.abc import Callable
from dataclasses import dataclass, field

from odoo.tools import SQL

# The columns that every source's facts have, in this order.
#
# A fact is one part of a document before it is credited to people. Amounts are
# integral numerics in the smallest unit; the fact's worth is ``upto - before``, so
# that the instalments of one whole are apportioned cumulatively and sum exactly.
FACT_COLUMNS = {
    "metric_id": "the metric, NULL where it is switched off",
    "scope_id": "the record by which the source is derived again",
    "res_model": "model of the source record",
    "res_id": "the source record",
    "part": "the part of the source record, 0 where it has no parts",
    "date": "in the timezone of the company's calendar",
    "user_id": "the document's salesperson",
    "team_id": "the document's sales team",
    "split": "sales_split.target of the split that applies, NULL for none",
    "partner_id": "the commercial partner",
    "product_id": "",
    "channel_id": "",
    "company_id": "",
    "currency_id": "the document's currency, NULL for counts and quantities",
    "scale": "decimals of upto and before",
    "before": "",
    "upto": "",
    "doc_scale": "decimals of doc_upto and doc_before",
    "doc_before": "the same in the document's currency",
    "doc_upto": "",
}


@dataclass(frozen=True)
class Source:
    """One kind of document and how it becomes facts.

    ``facts(env, metrics)``
        a SELECT of ``FACT_COLUMNS`` over the relation ``scope(id)``; ``metrics`` maps
        codes to ids (None when switched off)
    ``dated(start, stop)``
        a SELECT of the scope ids that may hold facts from ``start`` to ``stop`` (dates
        or None)
    ``origins``
        how ids of other records lead to scope ids: ``{name: "SELECT ... ANY(%s)"}``;
        "id" is the scope itself
    ``prepare(env, scope, now)``
        a statement to run first, for inputs that Odoo does not keep; ``now`` is the
        transaction's time in UTC
    """

    code: str
    facts: Callable
    dated: Callable
    origins: dict[str, str] = field(default_factory=dict)
    prepare: Callable | None = None

    def scope(self, pending):
        """The relation ``scope(id)`` of ``{origin: ids or a parameter for them}``."""
        return SQL(" UNION ").join(
            SQL("SELECT unnest(%s::integer[])", ids)
            if origin == "id"
            else SQL(self.origins[origin], ids)
            for origin, ids in pending.items()
        )

    @property
    def all_origins(self):
        return ("id", *self.origins)
