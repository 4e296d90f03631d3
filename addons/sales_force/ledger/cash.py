"""The cash of customer invoices: collected, and its untaxed part."""

from collections import defaultdict
from decimal import Decimal

from odoo.tools import SQL

from .few import fetch, rounded
from .invoice import (
    BILLED,
    LINES,
    SALE_TYPES,
    read_moves,
    read_totals,
    running_totals,
)
from .source import Source

# Whether a line is of bank or cash: by its account ``a``, its journal ``j`` and its
# payment ``pay``, which may be none.
LIQUID = SQL(
    """(
        a.account_type IN ('asset_cash', 'liability_credit_card')
        OR a.id = pay.outstanding_account_id
        OR a.id = j.default_account_id AND j.type IN ('bank', 'cash', 'credit')
    )"""
)
# What an entry ``counterpart`` holds of bank and cash, and of receivables.
LIQUIDITY = SQL(
    """
        SELECT
            sum(cl.balance) FILTER (WHERE %(liquid)s) AS liquidity,
            sum(cl.balance) FILTER (WHERE a.account_type = 'asset_receivable')
                AS receivable
        FROM account_move_line cl
        JOIN account_account a ON a.id = cl.account_id
        JOIN account_journal j ON j.id = counterpart.journal_id
        LEFT JOIN account_payment pay ON pay.id = counterpart.origin_payment_id
        WHERE cl.move_id = counterpart.id
    """,
    liquid=LIQUID,
)
# Cash matched with the invoice: what was matched, in the invoice's currency, times
# the counterpart's liquidity over its receivables. Write-offs, discounts, exchange
# differences and credit notes have no liquidity and so are no cash.
_MATCHED = SQL(
    """
    SELECT side.move_id, 'account.partial.reconcile' AS res_model, side.id AS res_id,
        side.max_date AS date,
        CASE WHEN counterpart.statement_line_id IS NULL THEN 'entry' ELSE 'bank' END
            AS kind,
        side.amount * LEAST(1, GREATEST(0, -cash.liquidity / cash.receivable))
            AS amount
    FROM (
        SELECT l.move_id, p.id, p.max_date, p.credit_move_id AS other_id,
            p.debit_amount_currency AS amount
        FROM moves m
        JOIN account_move_line l ON l.move_id = m.id
            AND l.display_type = 'payment_term'
        JOIN account_partial_reconcile p ON p.debit_move_id = l.id
        UNION ALL
        SELECT l.move_id, p.id, p.max_date, p.debit_move_id, -p.credit_amount_currency
        FROM moves m
        JOIN account_move_line l ON l.move_id = m.id
            AND l.display_type = 'payment_term'
        JOIN account_partial_reconcile p ON p.credit_move_id = l.id
    ) side
    JOIN account_move_line other ON other.id = side.other_id
    JOIN account_move counterpart ON counterpart.id = other.move_id
        AND counterpart.move_type = 'entry' AND counterpart.state = 'posted'
    CROSS JOIN LATERAL (%(liquidity)s) cash
    WHERE cash.liquidity <> 0 AND cash.receivable <> 0
    """,
    liquidity=LIQUIDITY,
)

# Payments without a journal entry, where the company counts them at validation: the
# payment fills its invoices one after the other, by due date.
_VALIDATED = SQL(
    """
    SELECT m.id AS move_id, 'account.payment' AS res_model, pay.id AS res_id, pay.date,
        'validated' AS kind,
        LEAST(
            GREATEST(abs(pay.amount_company_currency_signed) - earlier.total, 0),
            abs(m.total) * 10.0 ^ (-m.scale)
        ) * m.doc_total * 10.0 ^ (m.scale - m.doc_scale) / abs(m.total) AS amount
    FROM moves m
    JOIN account_move__account_payment rel ON rel.invoice_id = m.id
    JOIN account_payment pay ON pay.id = rel.payment_id AND pay.move_id IS NULL
        AND pay.state IN ('in_process', 'paid')
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(abs(i.amount_total_signed)), 0) AS total
        FROM account_move__account_payment others
        JOIN account_move i ON i.id = others.invoice_id AND i.state = 'posted'
        WHERE others.payment_id = pay.id
          AND (i.invoice_date_due, i.id) < (m.date_due, m.id)
    ) earlier
    WHERE m.at_validation AND m.total <> 0
    """
)

# A payment that was counted at its validation is not counted again when the bank line
# comes, and cash never exceeds the invoice.
_CASH = SQL(
    """
    SELECT id AS move_id, 'cash' AS kind, position, res_model, res_id, date,
        round(round(cash * total / doc_total, 9)), round(round(cash, 9))
    FROM (
        SELECT m.id, m.total, m.doc_total, c.res_model, c.res_id, c.date,
            row_number() OVER paid AS position,
            sign(m.doc_total) * LEAST(
                abs(m.doc_total),
                sign(m.doc_total) * 10.0 ^ m.doc_scale * (
                    COALESCE(sum(c.amount) FILTER (WHERE c.kind = 'entry')
                        OVER paid, 0)
                    + sign(m.doc_total) * GREATEST(
                        sign(m.doc_total) * COALESCE(sum(c.amount)
                            FILTER (WHERE c.kind = 'bank') OVER paid, 0),
                        sign(m.doc_total) * COALESCE(sum(c.amount)
                            FILTER (WHERE c.kind = 'validated') OVER paid, 0)
                    )
                )
            ) AS cash
        FROM moves m JOIN cash c ON c.move_id = m.id
        WHERE m.doc_total <> 0
        WINDOW paid AS (PARTITION BY m.id ORDER BY c.date, c.res_model DESC, c.res_id)
    ) paid
    """
)


def _facts(env, metrics):
    facts = SQL(
        """
        SELECT %(collected)s::integer AS metric_id, s.move_id AS scope_id,
            s.event_model AS res_model, s.event_id AS res_id, s.id AS part,
            s.event_date AS date, s.user_id, s.team_id, s.split, s.partner_id,
            s.product_id, s.channel_id, s.company_id, s.currency_id, s.scale,
            s.before, s.upto, s.doc_scale, s.doc_before, s.doc_upto
        FROM series s WHERE s.kind = 'cash'
        UNION ALL
        SELECT %(collected_net)s::integer, s.move_id, s.event_model, s.event_id, s.id,
            s.event_date, s.user_id, s.team_id, s.split, s.partner_id, s.product_id,
            s.channel_id, s.company_id, s.currency_id, s.scale,
            round(s.before * s.untaxed / s.billed),
            round(s.upto * s.untaxed / s.billed),
            s.doc_scale,
            COALESCE(round(s.doc_before * s.doc_untaxed / NULLIF(s.doc_billed, 0)), 0),
            COALESCE(round(s.doc_upto * s.doc_untaxed / NULLIF(s.doc_billed, 0)), 0)
        FROM series s WHERE s.kind = 'cash' AND s.billed <> 0
        """,
        collected=metrics["COLLECTED"],
        collected_net=metrics["COLLECTED_NET"],
    )
    return running_totals(
        SQL("%s UNION ALL %s", BILLED, _CASH),
        facts,
        cash=SQL("%s UNION ALL %s", _MATCHED, _VALIDATED),
    )


def _read(env, scope, metrics):
    matched = SQL(
        """WITH moves AS (SELECT id FROM scope)
        SELECT c.* FROM (%s) c ORDER BY c.date, c.res_model DESC, c.res_id""",
        _MATCHED,
    )
    lines, matched = yield [LINES, matched]
    moves = read_moves(env, lines)
    if any(move["company"].sales_collect_at_validation for move in moves):
        return fetch(env, scope, _facts(env, metrics)), []
    facts = []
    by_move = defaultdict(list)
    for event in matched:
        by_move[event["move_id"]].append(event)
    for move in moves:
        events = by_move[move["id"]]
        if not move["doc_total"]:
            continue
        [billed] = read_totals(move, [(move["total"], move["doc_total"])])
        whole = {line["id"]: amounts for line, amounts in billed}
        series = read_totals(move, _read_cash(move, events))
        for event, parts in zip(events, series, strict=True):
            for line, amounts in parts:
                fact = {
                    **line,
                    "res_model": event["res_model"],
                    "res_id": event["res_id"],
                    "part": line["id"],
                    "date": event["date"],
                }
                facts.append({**fact, **amounts, "metric_id": metrics["COLLECTED"]})
                net = _net(amounts, line, whole[line["id"]])
                facts.append({**fact, **net, "metric_id": metrics["COLLECTED_NET"]})
    return facts, []


def _read_cash(move, events):
    """The cash of an invoice after each event, as in ``_CASH``."""
    sign = 1 if move["doc_total"] > 0 else -1
    cash = {"entry": 0, "bank": 0}
    for event in events:
        cash[event["kind"]] += event["amount"] * sign
        doc_units = (cash["entry"] + max(cash["bank"], 0)) * 10 ** move["doc_scale"]
        paid = Decimal(min(abs(move["doc_total"]), doc_units) * sign)
        yield (
            rounded(round(paid * move["total"] / move["doc_total"], 9)),
            rounded(round(paid, 9)),
        )


def _net(amounts, line, whole):
    """The untaxed part of a line's cash."""
    net = dict.fromkeys(amounts, 0)
    for prefix in ("", "doc_"):
        billed = whole[f"{prefix}upto"]
        for name in (f"{prefix}before", f"{prefix}upto") if billed else ():
            untaxed = amounts[name] * line[f"{prefix}untaxed"]
            net[name] = rounded(Decimal(untaxed) / billed)
    return net


def _dated(start, stop):
    return SQL(
        """
        SELECT l.move_id
        FROM account_partial_reconcile p
        JOIN account_move_line l ON l.id IN (p.debit_move_id, p.credit_move_id)
        JOIN account_move m ON m.id = l.move_id
        WHERE m.state = 'posted' AND m.move_type IN %(types)s
          AND (%(start)s::date IS NULL OR p.max_date >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR p.max_date <= %(stop)s::date)
        UNION
        SELECT rel.invoice_id
        FROM account_move__account_payment rel
        JOIN account_payment y ON y.id = rel.payment_id AND y.move_id IS NULL
        WHERE (%(start)s::date IS NULL OR y.date >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR y.date <= %(stop)s::date)
        """,
        types=SALE_TYPES,
        start=start,
        stop=stop,
    )


CASH = Source(
    code="cash",
    facts=_facts,
    dated=_dated,
    origins={
        # Invoices whose cash comes from an entry: its lines may have changed.
        "entry": """
            SELECT l.move_id
            FROM account_move_line el
            JOIN account_partial_reconcile p
                ON el.id IN (p.debit_move_id, p.credit_move_id)
            JOIN account_move_line l
                ON l.id = p.debit_move_id + p.credit_move_id - el.id
            WHERE el.move_id = ANY(%s)
        """,
        "payment": """
            SELECT invoice_id FROM account_move__account_payment
            WHERE payment_id = ANY(%s)
        """,
        "partner": "SELECT id FROM account_move WHERE commercial_partner_id = ANY(%s)",
    },
    read=_read,
)
