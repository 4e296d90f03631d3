"""Customer invoices: invoiced, billed, due, margin and quantity.

Billed, due and collected (see ``cash``) are one thing: a running total of the invoice,
apportioned over its product lines by their tax-included amounts. Each event (the
invoice itself, an instalment, a payment) is credited with the difference that it makes,
so whatever the number of events, they sum to the invoice.
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

# The split that applies to a line is its own, else its invoice's, else its order's:
# the first by the kind of document in ``sales_split.target``.
_LINES = SQL(
    """
    SELECT l.id, l.move_id, l.product_id, l.quantity, l.product_uom_id,
        l.is_downpayment, l.sale_discount_product_id, l.date, l.user_id, l.team_id,
        l.partner_id, l.company_id, l.currency_id, l.scale, l.doc_scale, l.untaxed,
        l.doc_untaxed,
        (
            SELECT s.target FROM sales_split s
            WHERE s.target IN (l.id * 4 + 2, l.move_id * 4 + 1, l.order_id * 4)
            ORDER BY s.target %% 4 DESC LIMIT 1
        ) AS split,
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

# The running totals of an invoice: billed at once, due by instalment, paid by event.
BILLED = SQL(
    """
    SELECT m.id AS move_id, 'billed' AS kind, 0 AS position,
        'account.move.line' AS res_model, 0 AS event_id, m.date,
        m.total, m.doc_total
    FROM moves m
    """
)
_DUE = SQL(
    """
    SELECT m.id AS move_id, 'due' AS kind, row_number() OVER due AS position,
        'account.move.line' AS res_model, l.id AS event_id,
        COALESCE(l.date_maturity, m.date) AS date,
        round(sum(l.balance) OVER due * 10.0 ^ m.scale) AS total,
        round(sum(l.amount_currency) OVER due * 10.0 ^ m.doc_scale) AS doc_total
    FROM moves m
    JOIN account_move_line l ON l.move_id = m.id AND l.display_type = 'payment_term'
    WINDOW due AS (PARTITION BY m.id ORDER BY l.date_maturity, l.id)
    """
)


def running_totals(events, facts, **relations):
    """Facts of invoices' running totals, apportioned over their lines.

    :param SQL events: the totals: "move_id", "kind", "position", "res_model",
        "event_id", "date", "total" and "doc_total" after the event
    :param SQL facts: a SELECT over ``lines`` and over ``series``: each line of each
        event with its part of the total "before" and "upto" the event
    :param relations: more relations, by name, that ``events`` needs
    """
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
        %(relations)s
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
        %(facts)s
        """,
        moves=_MOVES,
        lines=_LINES,
        relations=SQL().join(
            SQL("%s AS MATERIALIZED (%s),", SQL.identifier(name), relation)
            for name, relation in relations.items()
        ),
        events=events,
        series=series,
        facts=facts,
    )


def _facts(env, metrics):
    facts = SQL(
        """
        SELECT v.metric_id, l.move_id AS scope_id, 'account.move.line' AS res_model,
            l.id AS res_id, 0 AS part, l.date, l.user_id, l.team_id, l.split,
            l.partner_id, l.product_id, l.channel_id, l.company_id, v.currency_id,
            v.scale, 0::numeric AS before, v.upto, v.doc_scale,
            0::numeric AS doc_before, v.doc_upto
        FROM lines l
        LEFT JOIN sales_kept_cost k ON k.move_line_id = l.id
        LEFT JOIN product_product p ON p.id = l.product_id
        LEFT JOIN product_template t ON t.id = p.product_tmpl_id
        LEFT JOIN uom_uom pu ON pu.id = t.uom_id
        LEFT JOIN uom_uom lu ON lu.id = COALESCE(l.product_uom_id, t.uom_id)
        CROSS JOIN LATERAL (
            VALUES
                (%(invoiced)s::integer, l.currency_id, l.scale, l.untaxed, l.doc_scale,
                    l.doc_untaxed),
                (%(margin)s::integer, NULL, l.scale, l.untaxed - round(
                    COALESCE(k.unit_cost * l.quantity * lu.factor / pu.factor, 0)
                    * 10.0 ^ l.scale), 0, 0),
                (
                    CASE
                        WHEN l.product_id IS NOT NULL AND l.is_downpayment IS NOT TRUE
                            AND l.product_id IS DISTINCT FROM l.sale_discount_product_id
                        THEN %(quantity)s::integer
                    END,
                    NULL, %(digits)s,
                    round(l.quantity * lu.factor / pu.factor * 10.0 ^ %(digits)s), 0, 0
                )
        ) AS v(metric_id, currency_id, scale, upto, doc_scale, doc_upto)
        UNION ALL
        SELECT CASE s.kind WHEN 'billed' THEN %(billed)s::integer
                ELSE %(due)s::integer END,
            s.move_id, s.event_model, s.id, s.event_id, s.event_date, s.user_id,
            s.team_id, s.split, s.partner_id, s.product_id, s.channel_id, s.company_id,
            s.currency_id, s.scale, s.before, s.upto, s.doc_scale, s.doc_before,
            s.doc_upto
        FROM series s
        """,
        digits=env["decimal.precision"].precision_get("Product Unit"),
        invoiced=metrics["INVOICED"],
        margin=metrics["MARGIN"],
        quantity=metrics["QUANTITY"],
        billed=metrics["BILLED"],
        due=metrics["DUE"],
    )
    return running_totals(SQL("%s UNION ALL %s", BILLED, _DUE), facts)


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
        "partner": "SELECT id FROM account_move WHERE commercial_partner_id = ANY(%s)",
    },
    prepare=keep_costs,
)
