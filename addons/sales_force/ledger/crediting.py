"""Facts become credits: splits, overlays, the dated organisation; then the merge."""

from odoo.tools import SQL

from .apportion import sql_apportion
from .source import FACT_COLUMNS

KEY = (
    "source",
    "scope_id",
    "metric_id",
    "res_model",
    "res_id",
    "part",
    "overlay",
)
VALUES = (
    "date",
    "rep_id",
    "team_id",
    "manager_id",
    "rep_territory_id",
    "territory_id",
    "partner_id",
    "product_id",
    "channel_id",
    "company_id",
    "value",
    "share",
    "currency_id",
    "amount_currency",
)
_FACTS = SQL(", ").join(SQL.identifier("f", name) for name in ("source", *FACT_COLUMNS))
# A fact of which nobody has a share belongs to the document's salesperson.
_WHOLE = SQL(
    """
    SELECT f.source, f.metric_id, f.scope_id, f.res_model, f.res_id, f.part, f.date,
        f.user_id, f.team_id, 100.0 AS share, FALSE AS overlay, f.partner_id,
        f.product_id, f.channel_id, f.company_id, f.currency_id, f.scale, f.doc_scale,
        f.upto - f.before AS units, f.doc_upto - f.doc_before AS doc_units
    FROM facts f
    """
)


def local_date(timestamp, timezone):
    """A UTC timestamp's date in a timezone."""
    if isinstance(timestamp, str):
        timestamp = SQL(timestamp)
    return SQL(
        "(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", timestamp, SQL(timezone)
    )


def _shares():
    """Facts by beneficiary: the whole, the apportioned shares, and overlays."""
    parts = SQL(
        """(SELECT %s, s.id AS split_id, s.sequence AS split_sequence,
                s.user_id AS split_user_id, s.share
            FROM facts f
            JOIN sales_split s ON s.target = f.split AND NOT s.overlay)""",
        _FACTS,
    )
    apportioned = sql_apportion(
        parts,
        columns={
            "share_upto": "upto",
            "share_before": "before",
            "share_doc_upto": "doc_upto",
            "share_doc_before": "doc_before",
        },
        weight=SQL("share"),
        whole=SQL("100"),
        partition=SQL("metric_id, res_model, res_id, part"),
        order=SQL("split_sequence, split_id"),
        keep=SQL(
            """source, metric_id, scope_id, res_model, res_id, part, date,
            split_user_id AS user_id, team_id, share, FALSE AS overlay, partner_id,
            product_id, channel_id, company_id, currency_id, scale, doc_scale"""
        ),
    )
    return SQL(
        """
        %s
        WHERE f.split IS NULL OR NOT EXISTS (
            SELECT FROM sales_split s WHERE s.target = f.split AND NOT s.overlay
        )
        UNION ALL
        SELECT source, metric_id, scope_id, res_model, res_id, part, date, user_id,
            team_id, share, overlay, partner_id, product_id, channel_id, company_id,
            currency_id, scale, doc_scale, share_upto - share_before,
            share_doc_upto - share_doc_before
        FROM (%s) apportioned
        UNION ALL
        SELECT f.source, f.metric_id, f.scope_id, f.res_model, f.res_id, f.part, f.date,
            s.user_id, f.team_id, s.share, TRUE, f.partner_id, f.product_id,
            f.channel_id, f.company_id, f.currency_id, f.scale, f.doc_scale,
            round(f.upto * s.share / 100) - round(f.before * s.share / 100),
            round(f.doc_upto * s.share / 100) - round(f.doc_before * s.share / 100)
        FROM facts f JOIN sales_split s ON s.target = f.split AND s.overlay
        """,
        _WHOLE,
        apportioned,
    )


def credit(facts, split=True):
    """The SELECT of the credits of facts, without ids.

    Besides ``KEY`` and ``VALUES`` it gives ``user_id``, which is part of the key and
    may be NULL. Values are in company currency, pieces or counts; the date decides
    which assignment gives team, manager and territory.

    :param SQL facts: a SELECT of "source" and ``FACT_COLUMNS``
    :param split: whether any of them may be split
    """
    return SQL(
        """
        WITH facts AS MATERIALIZED (%(facts)s),
        shares AS (%(shares)s)
        SELECT s.source, s.scope_id, s.metric_id, s.res_model, s.res_id, s.part,
            s.overlay, s.user_id, s.date, r.id AS rep_id,
            CASE WHEN r.id IS NULL THEN s.team_id ELSE a.team_id END AS team_id,
            a.manager_id,
            COALESCE((
                SELECT covered.id
                FROM sales_rep_assignment_territory_rel rel
                JOIN sales_territory covered ON covered.id = rel.territory_id
                WHERE rel.assignment_id = a.id
                  AND t.parent_path LIKE covered.parent_path || '%%'
                ORDER BY length(covered.parent_path) DESC LIMIT 1
            ), a.territory_id) AS rep_territory_id,
            t.id AS territory_id, s.partner_id, s.product_id, s.channel_id,
            s.company_id, s.units * 10.0 ^ (-s.scale) AS value, s.share, s.currency_id,
            s.doc_units * 10.0 ^ (-s.doc_scale) AS amount_currency
        FROM shares s
        LEFT JOIN sales_rep r ON r.user_id = s.user_id AND r.company_id = s.company_id
        LEFT JOIN sales_rep_assignment a ON a.rep_id = r.id
            AND a.date_from <= s.date
            AND (a.date_to IS NULL OR a.date_to >= s.date)
        LEFT JOIN res_partner p ON p.id = s.partner_id
        LEFT JOIN sales_territory t ON t.id = p.sales_territory_id
        WHERE s.units <> 0
        """,
        facts=facts,
        shares=_shares() if split else _WHOLE,
    )


def _columns(alias, names):
    return SQL(", ").join(SQL.identifier(alias, name) for name in names)


def merge(pending, facts, split=True):
    """One statement that makes the ledger equal to the documents that are pending.

    Rows are matched by key and keep their ids; what is equal is not written. Two
    transactions that derive the same credit end in a serialization failure, which
    Odoo retries. The statement returns ``(removed, changed, added)`` counts.

    :param SQL pending: a SELECT of sources' codes and scopes' ids
    :param SQL facts: their facts, as in ``credit``
    """
    names = (*KEY, "user_id", *VALUES)
    return SQL(
        """
        WITH pending(source, id) AS MATERIALIZED (%(pending)s),
        derived AS (%(derived)s),
        existing AS (
            SELECT c.* FROM pending p
            JOIN sales_credit c ON c.scope_id = p.id AND c.source = p.source
        ),
        compared AS MATERIALIZED (
            SELECT c.id, d.metric_id IS NULL AS gone,
                (%(old)s) IS DISTINCT FROM (%(new)s) AS differs, %(all)s
            FROM existing c FULL JOIN derived d
                ON %(match)s AND COALESCE(c.user_id, 0) = COALESCE(d.user_id, 0)
        ),
        removed AS (
            DELETE FROM sales_credit c USING compared d WHERE c.id = d.id AND d.gone
            RETURNING 1
        ),
        changed AS (
            UPDATE sales_credit c SET (%(set)s) = ROW(%(new)s) FROM compared d
            WHERE c.id = d.id AND d.differs AND NOT d.gone
            RETURNING 1
        ),
        added AS (
            INSERT INTO sales_credit (%(names)s)
            SELECT %(all)s FROM compared d WHERE d.id IS NULL
            ON CONFLICT DO NOTHING
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM removed), (SELECT count(*) FROM changed),
            (SELECT count(*) FROM added)
        """,
        pending=pending,
        derived=credit(facts, split),
        match=SQL(" AND ").join(
            SQL("%s = %s", SQL.identifier("c", name), SQL.identifier("d", name))
            for name in KEY
        ),
        set=SQL(", ").join(SQL.identifier(name) for name in VALUES),
        old=_columns("c", VALUES),
        new=_columns("d", VALUES),
        names=SQL(", ").join(SQL.identifier(name) for name in names),
        all=_columns("d", names),
    )


def merge_scope(source, env, scope, metrics):
    """``merge`` of one source over a scope, for any number of documents."""
    return merge(
        SQL("SELECT %s, id FROM (%s) scope(id)", source.code, scope),
        source.select(env, SQL("SELECT id FROM pending"), metrics),
    )


def read_facts(source, env, scope, metrics):
    """The facts of a few documents, to be merged with those of other sources.

    :return: the scope's ids, and the facts as rows of ``FACT_COLUMNS``
    """
    env.cr.execute(
        SQL(
            """%(prepare)s
            WITH pending(id) AS MATERIALIZED (%(scope)s)
            SELECT pending.id, f.*
            FROM pending LEFT JOIN (%(facts)s) f ON f.scope_id = pending.id""",
            prepare=SQL("%s;", source.prepare(env, scope, env.cr.now()))
            if source.prepare
            else SQL(),
            scope=scope,
            facts=source.select(env, SQL("SELECT id FROM pending"), metrics),
        )
    )
    rows = env.cr.fetchall()
    return {row[0] for row in rows}, [row[1:] for row in rows if row[1]]


def merge_facts(pending, facts):
    """``merge`` of facts that were read: planning it hardly depends on their sources.

    :param pending: ``[(source's code, scope's id)]``
    :param facts: rows of "source" and ``FACT_COLUMNS``
    """
    types = ("text", *FACT_COLUMNS.values())
    columns = [list(column) for column in zip(*facts, strict=True)] or [[]] * len(types)
    split = columns[1 + list(FACT_COLUMNS).index("split")]
    return merge(
        SQL(
            "SELECT * FROM unnest(%s::text[], %s::integer[])",
            [source for source, _id in pending],
            [id_ for _source, id_ in pending],
        ),
        SQL(
            "SELECT * FROM unnest(%s) AS f(%s)",
            SQL(", ").join(
                SQL(f"%s::{type_}[]", column)
                for column, type_ in zip(columns, types, strict=True)
            ),
            SQL(", ").join(map(SQL.identifier, ("source", *FACT_COLUMNS))),
        ),
        split=any(split),
    )
