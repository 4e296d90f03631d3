"""What a source of the credit ledger declares."""

from collections.abc import Callable
from dataclasses import dataclass, field

from odoo.tools import SQL

# The columns that every source's facts have, in this order, with their types.
#
# A fact is one part of a document before it is credited to people. Amounts are
# integral numerics in the smallest unit; the fact's worth is ``upto - before``, so
# that the instalments of one whole are apportioned cumulatively and sum exactly.
FACT_COLUMNS = {
    "metric_id": "integer",  # NULL where the metric is switched off
    "scope_id": "integer",  # the record by which the source is derived again
    "res_model": "text",  # the source record
    "res_id": "integer",
    "part": "integer",  # the part of the source record, 0 where it has no parts
    "date": "date",  # in the timezone of the company's calendar
    "user_id": "integer",  # the document's salesperson
    "team_id": "integer",  # the document's sales team
    "split": "integer",  # sales_split.target of the split that applies
    "partner_id": "integer",  # the commercial partner
    "product_id": "integer",
    "channel_id": "integer",
    "company_id": "integer",
    "currency_id": "integer",  # the document's, NULL for counts and quantities
    "scale": "integer",  # decimals of upto and before
    "before": "numeric",
    "upto": "numeric",
    "doc_scale": "integer",  # decimals of doc_upto and doc_before
    "doc_before": "numeric",  # the same in the document's currency
    "doc_upto": "numeric",
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
    ``read(env, scope, metrics)``
        for a few documents, a generator: it yields SELECTs over ``scope(id)``, is sent
        their rows as lists of dicts and returns the same facts as dicts, and statements
        to run instead of ``prepare``
    """

    code: str
    facts: Callable
    dated: Callable
    origins: dict[str, str] = field(default_factory=dict)
    prepare: Callable | None = None
    read: Callable | None = None

    def scope(self, pending):
        """The relation ``scope(id)`` of ``{origin: ids}``, each id once."""
        if pending.keys() == {"id"}:
            return SQL("SELECT unnest(%s::integer[])", sorted(pending["id"]))
        return SQL(
            "SELECT DISTINCT id FROM (%s) ids(id)",
            SQL(" UNION ALL ").join(
                SQL("SELECT unnest(%s::integer[])", sorted(ids))
                if origin == "id"
                else SQL(self.origins[origin], sorted(ids))
                for origin, ids in pending.items()
            ),
        )

    def select(self, env, metrics):
        """A SELECT of the facts over ``scope(id)``, with the source's code."""
        return SQL(
            """
            SELECT %(code)s AS source, %(columns)s FROM (%(facts)s) f
            WHERE f.metric_id IS NOT NULL AND f.upto <> f.before
            """,
            code=self.code,
            columns=SQL(", ").join(SQL.identifier("f", name) for name in FACT_COLUMNS),
            facts=self.facts(env, metrics),
        )
