"""Money received from customers, matched or not, by the customer's owner that day."""

from collections import defaultdict
from decimal import Decimal

from odoo.tools import SQL

from .cash import LIQUID
from .crediting import local_date
from .few import date_of, fetch, units
from .source import Source

# The owner of a commercial partner at the end of a day: the last change until then;
# before the first change that is known, whom that change took the customer from.
_OWNER = SQL(
    """
    SELECT COALESCE(
        (
            SELECT w.user_id FROM sales_ownership w
            WHERE w.partner_id = p.commercial_partner_id AND %(day)s <= r.date
              AND w.merged_from IS NULL
            ORDER BY w.date DESC, w.id DESC LIMIT 1
        ),
        (
            SELECT CASE WHEN w.initial THEN w.user_id ELSE w.previous_user_id END
            FROM sales_ownership w
            WHERE w.partner_id = p.commercial_partner_id AND %(day)s > r.date
              AND w.merged_from IS NULL
            ORDER BY w.date, w.id LIMIT 1
        )
    ) AS user_id
    """,
    day=local_date("w.date", "r.tz"),
)


def _facts(env, metrics):
    """Of an entry that moves cash, its receivable lines as far as cash covers them."""
    return SQL(
        """
        WITH entries AS MATERIALIZED (
            SELECT m.id, m.date, m.company_id, m.statement_line_id,
                cc.decimal_places AS scale, c.sales_collect_at_validation,
                COALESCE(rc.tz, 'UTC') AS tz, cash.liquidity,
                LEAST(1, GREATEST(0, -cash.liquidity / NULLIF(cash.receivable, 0)))
                    AS ratio
            FROM scope
            JOIN account_move m ON m.id = scope.id AND m.state = 'posted'
                AND m.move_type = 'entry'
            JOIN res_company c ON c.id = m.company_id
            JOIN res_currency cc ON cc.id = c.currency_id
            LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
            JOIN account_journal j ON j.id = m.journal_id
            LEFT JOIN account_payment pay ON pay.id = m.origin_payment_id
            CROSS JOIN LATERAL (
                SELECT
                    sum(l.balance) FILTER (WHERE %(liquid)s) AS liquidity,
                    sum(l.balance) FILTER (WHERE a.account_type = 'asset_receivable')
                        AS receivable
                FROM account_move_line l JOIN account_account a ON a.id = l.account_id
                WHERE l.move_id = m.id
            ) cash
            WHERE cash.liquidity <> 0 AND cash.receivable <> 0
        ),
        received AS (
            SELECT m.id AS move_id, l.id, m.date, m.company_id, m.scale, m.tz,
                l.partner_id, l.currency_id, dc.decimal_places AS doc_scale,
                -l.balance * m.ratio AS amount, -l.amount_currency * m.ratio
                    AS doc_amount
            FROM entries m
            JOIN account_move_line l ON l.move_id = m.id
            JOIN account_account a ON a.id = l.account_id
                AND a.account_type = 'asset_receivable'
            JOIN res_currency dc ON dc.id = l.currency_id
            WHERE NOT (
                m.sales_collect_at_validation IS TRUE
                AND m.statement_line_id IS NOT NULL
                AND EXISTS (
                    SELECT FROM account_partial_reconcile r
                    JOIN account_move_line il ON il.id IN (
                        r.debit_move_id, r.credit_move_id)
                    JOIN account_move__account_payment rel
                        ON rel.invoice_id = il.move_id
                    JOIN account_payment pay ON pay.id = rel.payment_id
                        AND pay.move_id IS NULL AND pay.state IN ('in_process', 'paid')
                    WHERE l.id IN (r.debit_move_id, r.credit_move_id)
                )
            )
        ),
        running AS (
            SELECT *,
                round(round(sum(amount) OVER upto, 9) * 10.0 ^ scale) AS upto,
                round(round(sum(doc_amount) OVER upto, 9) * 10.0 ^ doc_scale)
                    AS doc_upto
            FROM received
            WINDOW upto AS (PARTITION BY move_id, currency_id ORDER BY id)
        ),
        receipts AS MATERIALIZED (
            SELECT *, COALESCE(lag(upto) OVER line, 0) AS before,
                COALESCE(lag(doc_upto) OVER line, 0) AS doc_before
            FROM running
            WINDOW line AS (PARTITION BY move_id, currency_id ORDER BY id)
        )
        SELECT %(receipts)s::integer AS metric_id, r.move_id AS scope_id,
            'account.move.line' AS res_model, r.id AS res_id, 0 AS part, r.date,
            owner.user_id, NULL::integer AS team_id, NULL::integer AS split,
            p.commercial_partner_id AS partner_id, NULL::integer AS product_id,
            cp.sales_channel_id AS channel_id, r.company_id, r.currency_id, r.scale,
            r.before, r.upto, r.doc_scale, r.doc_before, r.doc_upto
        FROM receipts r
        LEFT JOIN res_partner p ON p.id = r.partner_id
        LEFT JOIN res_partner cp ON cp.id = p.commercial_partner_id
        CROSS JOIN LATERAL (%(owner)s) owner
        """,
        liquid=LIQUID,
        receipts=metrics["RECEIPTS"],
        owner=_OWNER,
    )


_READ_LINES = SQL(
    """
    SELECT m.id AS move_id, m.date, m.company_id, l.id, l.partner_id, l.currency_id,
        l.balance, l.amount_currency,
        a.account_type = 'asset_receivable' AS receivable,
        %s AS liquid
    FROM scope
    JOIN account_move m ON m.id = scope.id AND m.state = 'posted'
        AND m.move_type = 'entry'
    JOIN account_journal j ON j.id = m.journal_id
    LEFT JOIN account_payment pay ON pay.id = m.origin_payment_id
    JOIN account_move_line l ON l.move_id = m.id
    JOIN account_account a ON a.id = l.account_id
    ORDER BY l.id
    """,
    LIQUID,
)
_READ_CHANGES = SQL(
    """
    SELECT w.partner_id, w.user_id, w.previous_user_id, w.initial, w.date
    FROM sales_ownership w
    WHERE w.partner_id IN (
        SELECT p.commercial_partner_id
        FROM scope
        JOIN account_move_line l ON l.move_id = scope.id
        JOIN res_partner p ON p.id = l.partner_id
    ) AND w.merged_from IS NULL
    ORDER BY w.date, w.id
    """
)


def _read(env, scope, metrics):
    lines, changes = yield [_READ_LINES, _READ_CHANGES]
    companies = env["res.company"].browse({line["company_id"] for line in lines})
    if any(company.sales_collect_at_validation for company in companies):
        return fetch(env, scope, _facts(env, metrics)), []
    entries = defaultdict(list)
    for line in lines:
        entries[line["move_id"]].append(line)
    facts = [
        {
            **line,
            **amounts,
            **_read_customer(env, line, changes),
            "metric_id": metrics["RECEIPTS"],
            "scope_id": line["move_id"],
            "res_model": "account.move.line",
            "res_id": line["id"],
            "part": 0,
            "team_id": None,
            "split": None,
            "product_id": None,
        }
        for entry in entries.values()
        for line, amounts in _read_receipts(env, entry)
    ]
    return facts, []


def _read_receipts(env, entry):
    """The receivable lines of an entry, as far as its cash covers them."""
    receivables = [line for line in entry if line["receivable"]]
    liquidity = sum(line["balance"] for line in entry if line["liquid"])
    receivable = sum(line["balance"] for line in receivables)
    if not liquidity or not receivable:
        return
    ratio = min(1, max(0, Decimal(-liquidity) / receivable))
    totals = defaultdict(lambda: (0, 0, 0, 0))
    for line in receivables:
        company = env["res.company"].browse(line["company_id"])
        scale = company.currency_id.decimal_places
        doc_scale = env["res.currency"].browse(line["currency_id"]).decimal_places
        total, doc_total, before, doc_before = totals[line["currency_id"]]
        total -= line["balance"] * ratio
        doc_total -= line["amount_currency"] * ratio
        upto = units(round(Decimal(total), 9), scale)
        doc_upto = units(round(Decimal(doc_total), 9), doc_scale)
        totals[line["currency_id"]] = total, doc_total, upto, doc_upto
        yield (
            line,
            {
                "scale": scale,
                "before": before,
                "upto": upto,
                "doc_scale": doc_scale,
                "doc_before": doc_before,
                "doc_upto": doc_upto,
            },
        )


def _read_customer(env, line, changes):
    """The customer of a line, and his owner at the end of that day."""
    partner = env["res.partner"].browse(line["partner_id"] or ())
    customer = partner.commercial_partner_id
    changes = [change for change in changes if change["partner_id"] == customer.id]
    return {
        "user_id": _read_owner(env, line, changes) if changes else None,
        "partner_id": customer.id or None,
        "channel_id": customer.sales_channel_id.id or None,
    }


def _read_owner(env, line, changes):
    first = changes[0]
    owner = first["user_id"] if first["initial"] else first["previous_user_id"]
    if len(changes) > 1 or not first["initial"]:
        company = env["res.company"].browse(line["company_id"])
        for change in changes:
            if date_of(company, change["date"]) <= line["date"]:
                owner = change["user_id"]
    return owner


def _dated(start, stop):
    return SQL(
        """
        SELECT DISTINCT m.id
        FROM account_move m
        JOIN account_move_line l ON l.move_id = m.id
        JOIN account_account a ON a.id = l.account_id
            AND a.account_type = 'asset_receivable'
        WHERE m.state = 'posted' AND m.move_type = 'entry'
          AND (%(start)s::date IS NULL OR m.date >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR m.date <= %(stop)s::date)
        """,
        start=start,
        stop=stop,
    )


def _payment_facts(env, metrics):
    return SQL(
        """
        WITH receipts AS MATERIALIZED (
            SELECT y.id, y.date, y.company_id, y.currency_id, y.partner_id,
                cc.decimal_places AS scale, dc.decimal_places AS doc_scale,
                COALESCE(rc.tz, 'UTC') AS tz,
                round(y.amount_company_currency_signed * 10.0 ^ cc.decimal_places)
                    AS upto,
                round(y.amount * 10.0 ^ dc.decimal_places)
                    * CASE y.payment_type WHEN 'inbound' THEN 1 ELSE -1 END AS doc_upto
            FROM scope
            JOIN account_payment y ON y.id = scope.id AND y.move_id IS NULL
                AND y.partner_type = 'customer' AND y.state IN ('in_process', 'paid')
            JOIN res_company c ON c.id = y.company_id AND c.sales_collect_at_validation
            JOIN res_currency cc ON cc.id = c.currency_id
            JOIN res_currency dc ON dc.id = y.currency_id
            LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
        )
        SELECT %(receipts)s::integer AS metric_id, r.id AS scope_id,
            'account.payment' AS res_model, r.id AS res_id, 0 AS part, r.date,
            owner.user_id, NULL::integer AS team_id, NULL::integer AS split,
            p.commercial_partner_id AS partner_id, NULL::integer AS product_id,
            cp.sales_channel_id AS channel_id, r.company_id, r.currency_id, r.scale,
            0::numeric AS before, r.upto, r.doc_scale, 0::numeric AS doc_before,
            r.doc_upto
        FROM receipts r
        LEFT JOIN res_partner p ON p.id = r.partner_id
        LEFT JOIN res_partner cp ON cp.id = p.commercial_partner_id
        CROSS JOIN LATERAL (%(owner)s) owner
        """,
        receipts=metrics["RECEIPTS"],
        owner=_OWNER,
    )


def _payments_dated(start, stop):
    return SQL(
        """
        SELECT id FROM account_payment
        WHERE move_id IS NULL AND (%(start)s::date IS NULL OR date >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR date <= %(stop)s::date)
        """,
        start=start,
        stop=stop,
    )


RECEIPT = Source(
    code="receipt",
    facts=_facts,
    dated=_dated,
    origins={
        "line": "SELECT move_id FROM account_move_line WHERE id = ANY(%s)",
        "partner": """
            SELECT l.move_id
            FROM account_move_line l
            JOIN account_account a ON a.id = l.account_id
                AND a.account_type = 'asset_receivable'
            JOIN account_move m ON m.id = l.move_id AND m.move_type = 'entry'
            WHERE l.partner_id = ANY(%s)
        """,
    },
    read=_read,
)

PAYMENT = Source(
    code="payment",
    facts=_payment_facts,
    dated=_payments_dated,
    origins={"partner": "SELECT id FROM account_payment WHERE partner_id = ANY(%s)"},
)
