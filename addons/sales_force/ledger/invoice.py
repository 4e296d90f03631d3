"""Customer invoices: invoiced, billed, due, margin, quantity, and the cash of them.

Billed, due and collected are one thing: a running total of the invoice, apportioned
over its product lines by their tax-included amounts. Each event (the invoice itself,
an instalment, a payment) is credited with the difference that it makes, so whatever
the number of events, they sum to the invoice.
"""

from odoo.tools import SQL

from .apportion import sql_apportion
from .source import Source

SALE_TYPES = ("out_invoice", "out_refund", "out_receipt")

_MOVES = SQL(
    """
    SELECT m.id, m.company_id, m.invoice_date AS date, m.invoice_user_id AS user_id,
        m.team_id, m.commercial_partner_id AS partner_id, m.currency_id,
        m.invoice_date_due AS date_due, p.sales_channel_id AS channel_id,
        cc.decimal_places AS scale, dc.decimal_places AS doc_scale,
        CASE m.move_type WHEN 'out_refund' THEN -1 ELSE 1 END AS sign,
        round(m.amount_total_signed * 10.0 ^ cc.decimal_places) AS total,
        round(m.amount_total_in_currency_signed * 10.0 ^ dc.decimal_places)
            AS doc_total,
        c.sales_collect_at_validation AS at_validation, c.sale_discount_product_id
    FROM scope
    JOIN account_move m ON m.id = scope.id
    JOIN res_company c ON c.id = m.company_id
    JOIN res_currency cc ON cc.id = c.currency_id
    JOIN res_currency dc ON dc.id = m.currency_id
    LEFT JOIN res_partner p ON p.id = m.commercial_partner_id
    WHERE m.state = 'posted' AND m.move_type IN %s
    """,
    SALE_TYPES,
)

# The split that applies to a line is its own, else its invoice's, else its order's.
_LINES = SQL(
    """
    SELECT l.id, l.move_id, l.product_id, l.quantity, l.product_uom_id,
        l.is_downpayment, l.sale_discount_product_id, l.date, l.user_id, l.team_id,
        l.partner_id, l.company_id, l.currency_id, l.scale, l.doc_scale, l.untaxed,
        l.doc_untaxed,
        CASE
            WHEN EXISTS (SELECT FROM sales_split s WHERE s.move_line_id = l.id)
                THEN l.id * 4 + 2
            WHEN EXISTS (
                SELECT FROM sales_split s
                WHERE s.move_id = l.move_id AND s.move_line_id IS NULL
            ) THEN l.move_id * 4 + 1
            WHEN EXISTS (SELECT FROM sales_split s WHERE s.order_id = l.order_id)
                THEN l.order_id * 4
        END AS split,
        COALESCE(o.sales_channel_id, l.partner_channel_id) AS channel_id,
        CASE WHEN l.weights = 0 THEN CASE WHEN l.position = 1 THEN 1 ELSE 0 END
            ELSE l.weight * sign(l.weights) END AS weight,
        CASE WHEN l.weights = 0 THEN 1 ELSE abs(l.weights) END AS whole
    FROM (
        SELECT l.id, l.move_id, l.product_id, l.quantity * m.sign AS quantity,
            l.product_uom_id, l.is_downpayment, m.channel_id AS partner_channel_id,
            m.sale_discount_product_id, m.date, m.user_id, m.team_id, m.partner_id,
            m.company_id, m.currency_id, m.scale, m.doc_scale,
            round(-l.balance * 10.0 ^ m.scale) AS untaxed,
            round(-l.amount_currency * 10.0 ^ m.doc_scale) AS doc_untaxed,
            round(l.price_total * 10.0 ^ m.doc_scale) AS weight,
            sum(round(l.price_total * 10.0 ^ m.doc_scale)) OVER (PARTITION BY m.id)
                AS weights,
            row_number() OVER (PARTITION BY m.id ORDER BY l.id) AS position,
            (
                SELECT sl.order_id
                FROM sale_order_line_invoice_rel rel
                JOIN sale_order_line sl ON sl.id = rel.order_line_id
                WHERE rel.invoice_line_id = l.id ORDER BY sl.id LIMIT 1
            ) AS order_id
        FROM moves m
        JOIN account_move_line l ON l.move_id = m.id AND l.display_type = 'product'
    ) l
    LEFT JOIN sale_order o ON o.id = l.order_id
    """
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
    CROSS JOIN LATERAL (
        SELECT
            sum(cl.balance) FILTER (
                WHERE a.account_type IN ('asset_cash', 'liability_credit_card')
                   OR a.id = pay.outstanding_account_id
                   OR a.id = j.default_account_id
                      AND j.type IN ('bank', 'cash', 'credit')
            ) AS liquidity,
            sum(cl.balance) FILTER (
                WHERE a.account_type IN ('asset_receivable', 'liability_payable')
            ) AS receivable
        FROM account_move_line cl
        JOIN account_account a ON a.id = cl.account_id
        JOIN account_journal j ON j.id = counterpart.journal_id
        LEFT JOIN account_payment pay ON pay.id = counterpart.origin_payment_id
        WHERE cl.move_id = counterpart.id
    ) cash
    WHERE cash.liquidity <> 0 AND cash.receivable <> 0
    """
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

# The running totals of an invoice: billed at once, due by instalment, paid by event.
# A payment that was counted at its validation is not counted again when the bank
# line comes, and cash never exceeds the invoice.
_EVENTS = SQL(
    """
    SELECT m.id AS move_id, 'billed' AS kind, 0 AS position,
        'account.move.line' AS res_model, 0 AS event_id, m.date,
        m.total, m.doc_total
    FROM moves m
    UNION ALL
    SELECT m.id, 'due', row_number() OVER due, 'account.move.line', l.id,
        COALESCE(l.date_maturity, m.date),
        round(sum(l.balance) OVER due * 10.0 ^ m.scale),
        round(sum(l.amount_currency) OVER due * 10.0 ^ m.doc_scale)
    FROM moves m
    JOIN account_move_line l ON l.move_id = m.id AND l.display_type = 'payment_term'
    WINDOW due AS (PARTITION BY m.id ORDER BY l.date_maturity, l.id)
    UNION ALL
    SELECT id, 'cash', position, res_model, res_id, date,
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
    series = sql_apportion(
        SQL(
            """(SELECT e.kind, e.position AS event_position, e.res_model AS event_model,
                    e.event_id, e.date AS event_date, e.total, e.doc_total, l.*
                FROM events e JOIN lines l ON l.move_id = e.move_id)"""
        ),
        columns={"upto": "total", "doc_upto": "doc_total"},
        weight=SQL("weight"),
        whole=SQL("whole"),
        partition=SQL("move_id, kind, event_position"),
        order=SQL("id"),
        keep=SQL(
            """kind, event_position, event_model, event_id, event_date, id, move_id,
            user_id, team_id, split, partner_id, product_id, channel_id, company_id,
            currency_id, scale, doc_scale, untaxed, doc_untaxed"""
        ),
    )
    return SQL(
        """
        WITH moves AS MATERIALIZED (%(moves)s),
        lines AS MATERIALIZED (%(lines)s),
        cash AS (%(matched)s UNION ALL %(validated)s),
        events AS MATERIALIZED (%(events)s),
        running AS (%(series)s),
        series AS MATERIALIZED (
            SELECT r.*,
                COALESCE(lag(upto) OVER line, 0) AS before,
                COALESCE(lag(doc_upto) OVER line, 0) AS doc_before,
                max(upto) FILTER (WHERE kind = 'billed')
                    OVER (PARTITION BY id) AS billed,
                max(doc_upto) FILTER (WHERE kind = 'billed')
                    OVER (PARTITION BY id) AS doc_billed
            FROM running r
            WINDOW line AS (PARTITION BY id, kind ORDER BY event_position)
        )
        SELECT %(invoiced)s::integer AS metric_id, l.move_id AS scope_id,
            'account.move.line' AS res_model, l.id AS res_id, 0 AS part, l.date,
            l.user_id, l.team_id, l.split, l.partner_id, l.product_id, l.channel_id,
            l.company_id, l.currency_id, l.scale, 0::numeric AS before,
            l.untaxed AS upto, l.doc_scale, 0::numeric AS doc_before,
            l.doc_untaxed AS doc_upto
        FROM lines l
        UNION ALL
        SELECT %(margin)s::integer, l.move_id, 'account.move.line', l.id, 0, l.date,
            l.user_id, l.team_id, l.split, l.partner_id, l.product_id, l.channel_id,
            l.company_id, NULL, l.scale, 0,
            l.untaxed - round(
                COALESCE(k.unit_cost * l.quantity * lu.factor / pu.factor, 0)
                * 10.0 ^ l.scale
            ), 0, 0, 0
        FROM lines l
        LEFT JOIN sales_kept_cost k ON k.move_line_id = l.id
        LEFT JOIN product_product p ON p.id = l.product_id
        LEFT JOIN product_template t ON t.id = p.product_tmpl_id
        LEFT JOIN uom_uom pu ON pu.id = t.uom_id
        LEFT JOIN uom_uom lu ON lu.id = COALESCE(l.product_uom_id, t.uom_id)
        UNION ALL
        SELECT %(quantity)s::integer, l.move_id, 'account.move.line', l.id, 0, l.date,
            l.user_id, l.team_id, l.split, l.partner_id, l.product_id, l.channel_id,
            l.company_id, NULL, %(digits)s, 0,
            round(l.quantity * lu.factor / pu.factor * 10.0 ^ %(digits)s), 0, 0, 0
        FROM lines l
        JOIN product_product p ON p.id = l.product_id
        JOIN product_template t ON t.id = p.product_tmpl_id
        JOIN uom_uom pu ON pu.id = t.uom_id
        JOIN uom_uom lu ON lu.id = COALESCE(l.product_uom_id, t.uom_id)
        WHERE l.is_downpayment IS NOT TRUE
          AND l.product_id IS DISTINCT FROM l.sale_discount_product_id
        UNION ALL
        SELECT CASE s.kind WHEN 'billed' THEN %(billed)s::integer
                WHEN 'due' THEN %(due)s::integer ELSE %(collected)s::integer END,
            s.move_id, s.event_model,
            CASE s.kind WHEN 'cash' THEN s.event_id ELSE s.id END,
            CASE s.kind WHEN 'cash' THEN s.id ELSE s.event_id END,
            s.event_date, s.user_id, s.team_id, s.split, s.partner_id, s.product_id,
            s.channel_id, s.company_id, s.currency_id, s.scale, s.before, s.upto,
            s.doc_scale, s.doc_before, s.doc_upto
        FROM series s
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
        moves=_MOVES,
        lines=_LINES,
        matched=_MATCHED,
        validated=_VALIDATED,
        events=_EVENTS,
        series=series,
        digits=env["decimal.precision"].precision_get("Product Unit"),
        invoiced=metrics["INVOICED"],
        margin=metrics["MARGIN"],
        quantity=metrics["QUANTITY"],
        billed=metrics["BILLED"],
        due=metrics["DUE"],
        collected=metrics["COLLECTED"],
        collected_net=metrics["COLLECTED_NET"],
    )


def keep_costs(env, scope, now, estimated=False):
    """Keeps the unit cost of the posted invoice lines of a scope, once per product.

    Per unit of the product, in company currency: that of the invoice line which a
    credit note reverses, else the order line's purchase price (where Odoo's margin
    addon records one), else the product's cost now.
    """
    if "purchase_price" in env["sale.order.line"]._fields:
        ordered = SQL(
            """(
                SELECT sl.purchase_price / o.currency_rate * pu.factor / su.factor
                FROM sale_order_line_invoice_rel rel
                JOIN sale_order_line sl ON sl.id = rel.order_line_id
                    AND sl.product_id = l.product_id AND sl.purchase_price <> 0
                JOIN sale_order o ON o.id = sl.order_id
                JOIN uom_uom su ON su.id = sl.product_uom_id
                WHERE rel.invoice_line_id = l.id ORDER BY sl.id LIMIT 1
            )"""
        )
    else:
        ordered = SQL("NULL")
    # What the product costs in a company that has set no cost of its own.
    fallbacks = env["ir.default"]._get_field_column_fallbacks(
        "product.product", "standard_price"
    )
    return SQL(
        """
        INSERT INTO sales_kept_cost
            (move_line_id, product_id, company_id, unit_cost, estimated)
        SELECT l.id, l.product_id, m.company_id, COALESCE(
            (
                SELECT k.unit_cost
                FROM account_move_line ol
                JOIN sales_kept_cost k ON k.move_line_id = ol.id
                WHERE ol.move_id = m.reversed_entry_id
                  AND ol.product_id = l.product_id
                ORDER BY ol.price_unit = l.price_unit DESC, ol.id LIMIT 1
            ),
            %(ordered)s,
            (p.standard_price ->> m.company_id::text)::numeric,
            (%(fallbacks)s::jsonb ->> m.company_id::text)::numeric,
            0
        ), %(estimated)s
        FROM (%(scope)s) scope(id)
        JOIN account_move m ON m.id = scope.id AND m.state = 'posted'
            AND m.move_type IN %(types)s
        JOIN account_move_line l ON l.move_id = m.id
            AND l.display_type = 'product'
        JOIN product_product p ON p.id = l.product_id
        JOIN product_template t ON t.id = p.product_tmpl_id
        JOIN uom_uom pu ON pu.id = t.uom_id
        LEFT JOIN sales_kept_cost kept ON kept.move_line_id = l.id
        WHERE kept.product_id IS DISTINCT FROM l.product_id
        ORDER BY l.id
        ON CONFLICT (move_line_id) DO UPDATE SET
            product_id = EXCLUDED.product_id, unit_cost = EXCLUDED.unit_cost,
            estimated = EXCLUDED.estimated
        """,
        scope=scope,
        types=SALE_TYPES,
        ordered=ordered,
        fallbacks=fallbacks,
        estimated=estimated,
    )


def _dated(start, stop):
    return SQL(
        """
        SELECT id FROM account_move
        WHERE state = 'posted' AND move_type IN %(types)s
          AND (%(start)s::date IS NULL OR invoice_date >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR invoice_date <= %(stop)s::date)
        UNION
        SELECT l.move_id
        FROM account_move_line l JOIN account_move m ON m.id = l.move_id
        WHERE l.parent_state = 'posted' AND m.move_type IN %(types)s
          AND l.display_type = 'payment_term'
          AND (%(start)s::date IS NULL OR l.date_maturity >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR l.date_maturity <= %(stop)s::date)
        UNION
        SELECT l.move_id
        FROM account_partial_reconcile p
        JOIN account_move_line l ON l.id IN (p.debit_move_id, p.credit_move_id)
        JOIN account_move m ON m.id = l.move_id
        WHERE m.state = 'posted' AND m.move_type IN %(types)s
          AND (%(start)s::date IS NULL OR p.max_date >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR p.max_date <= %(stop)s::date)
        """,
        types=SALE_TYPES,
        start=start,
        stop=stop,
    )


INVOICE = Source(
    code="invoice",
    facts=_facts,
    dated=_dated,
    origins={
        "line": "SELECT move_id FROM account_move_line WHERE id = ANY(%s)",
        "order": """
            SELECT l.move_id
            FROM sale_order_line sl
            JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = sl.id
            JOIN account_move_line l ON l.id = rel.invoice_line_id
            WHERE sl.order_id = ANY(%s)
        """,
        "partial": """
            SELECT l.move_id
            FROM account_partial_reconcile p
            JOIN account_move_line l ON l.id IN (p.debit_move_id, p.credit_move_id)
            WHERE p.id = ANY(%s)
        """,
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
    prepare=keep_costs,
)
