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
# The dated organisation of ``s``: a user's rep in a company on a date, and a customer's
# territory. Of the territories that the rep covers then, the one that holds the
# customer's most closely, else the smallest that holds them all.
ORGANISATION = SQL(
    """
    LEFT JOIN sales_rep r ON r.user_id = s.user_id AND r.company_id = s.company_id
    LEFT JOIN sales_rep_assignment a ON a.rep_id = r.id
        AND a.date_from <= s.date
        AND (a.date_to IS NULL OR a.date_to >= s.date)
    LEFT JOIN res_partner p ON p.id = s.partner_id
    LEFT JOIN sales_territory t ON t.id = p.sales_territory_id
    """
)
ORGANISED = SQL(
    """
    r.id AS rep_id, a.team_id AS rep_team_id, a.manager_id,
    COALESCE((
        SELECT covered.id
        FROM sales_rep_assignment_territory_rel rel
        JOIN sales_territory covered ON covered.id = rel.territory_id
        WHERE rel.assignment_id = a.id
          AND t.parent_path LIKE covered.parent_path || '%%'
        ORDER BY length(covered.parent_path) DESC LIMIT 1
    ), a.territory_id) AS rep_territory_id,
    t.id AS territory_id
    """
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


def credit(facts):
    """The SELECT of the credits of facts, without ids.

    Besides ``KEY`` and ``VALUES`` it gives ``user_id``, which is part of the key and
    may be NULL. Values are in company currency, pieces or counts; the date decides
    which assignment gives team, manager and territory.

    :param SQL facts: a SELECT of "source" and ``FACT_COLUMNS``
    """
    return SQL(
        """
        WITH facts AS MATERIALIZED (%(facts)s),
        shares AS (%(shares)s)
        SELECT source, scope_id, metric_id, res_model, res_id, part, overlay, user_id,
            date, rep_id,
            CASE WHEN rep_id IS NULL THEN team_id ELSE rep_team_id END AS team_id,
            manager_id, rep_territory_id, territory_id, partner_id, product_id,
            channel_id, company_id, units * 10.0 ^ (-scale) AS value, share,
            currency_id, doc_units * 10.0 ^ (-doc_scale) AS amount_currency
        FROM (
            SELECT s.*, %(organised)s FROM shares s %(organisation)s
            WHERE s.units <> 0
        ) credits
        """,
        facts=facts,
        shares=_shares(),
        organised=ORGANISED,
        organisation=ORGANISATION,
    )


def _columns(alias, names):
    return SQL(", ").join(SQL.identifier(alias, name) for name in names)


def merge(source, env, scope, metrics):
    """One statement that makes the ledger equal to the documents of a scope.

    Rows are matched by key and keep their ids; what is equal is not written. Two
    transactions that derive the same credit end in a serialization failure, which
    Odoo retries. The statement returns ``(removed, changed, added)`` counts.
    """
    names = (*KEY, "user_id", *VALUES)
    return SQL(
        """
        WITH scope(id) AS MATERIALIZED (%(scope)s),
        derived AS (%(derived)s),
        existing AS (
            SELECT c.* FROM scope
            JOIN sales_credit c ON c.scope_id = scope.id AND c.source = %(source)s
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
        source=source.code,
        scope=scope,
        derived=credit(source.select(env, metrics)),
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
