"""Orders: what was ordered, how many, by which new customers, what was quoted."""

from decimal import Decimal

from odoo.tools import SQL

from .crediting import local_date
from .few import ONE, date_of, units
from .source import Source

# What every fact of an order needs.
_HEADER = SQL(
    """
    o.id, o.state, o.user_id, o.team_id, o.company_id, o.currency_id,
    COALESCE(NULLIF(o.currency_rate, 0), 1) AS currency_rate,
    p.commercial_partner_id AS partner_id, o.sales_channel_id AS channel_id,
    CASE WHEN EXISTS (SELECT FROM sales_split s WHERE s.order_id = o.id)
        THEN o.id * 4 END AS split
    """
)
# Orders of a scope.
HEADERS = SQL(
    """
    SELECT %(header)s, %(date)s AS date, COALESCE(rc.tz, 'UTC') AS tz,
        cc.decimal_places AS scale, dc.decimal_places AS doc_scale
    FROM scope
    JOIN sale_order o ON o.id = scope.id
    JOIN res_partner p ON p.id = o.partner_id
    JOIN res_company c ON c.id = o.company_id
    JOIN res_currency cc ON cc.id = c.currency_id
    JOIN res_currency dc ON dc.id = o.currency_id
    LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
    """,
    header=_HEADER,
    date=local_date("o.date_order", "COALESCE(rc.tz, 'UTC')"),
)


def _facts(env, metrics):
    return SQL(
        """
        WITH orders AS MATERIALIZED (%(headers)s)
        SELECT %(ordered)s::integer AS metric_id, o.id AS scope_id,
            'sale.order.line' AS res_model, l.id AS res_id, 0 AS part, o.date,
            o.user_id, o.team_id, o.split, o.partner_id, l.product_id, o.channel_id,
            o.company_id, o.currency_id, o.scale, 0::numeric AS before,
            round(l.price_subtotal / o.currency_rate * 10.0 ^ o.scale) AS upto,
            o.doc_scale, 0::numeric AS doc_before,
            round(l.price_subtotal * 10.0 ^ o.doc_scale) AS doc_upto
        FROM orders o
        JOIN sale_order_line l ON l.order_id = o.id
        WHERE o.state = 'sale' AND l.display_type IS NULL
          AND l.is_downpayment IS NOT TRUE
        UNION ALL
        SELECT %(orders)s::integer, o.id, 'sale.order', o.id, 0, o.date, o.user_id,
            o.team_id, o.split, o.partner_id, NULL, o.channel_id, o.company_id, NULL,
            2, 0, 100, 0, 0, 0
        FROM orders o WHERE o.state = 'sale'
        UNION ALL
        SELECT %(quotations)s::integer, o.id, 'sale.order', o.id, 0, k.date, o.user_id,
            o.team_id, o.split, o.partner_id, NULL, o.channel_id, o.company_id, NULL,
            2, 0, 100, 0, 0, 0
        FROM orders o
        JOIN sales_kept_date k ON k.res_model = 'sale.order' AND k.res_id = o.id
            AND k.kind = 'sent'
        """,
        headers=HEADERS,
        ordered=metrics["ORDERED"],
        orders=metrics["ORDERS"],
        quotations=metrics["QUOTATIONS"],
    )


def _read(env, scope, metrics):
    orders, lines, sent = yield [
        SQL(
            """SELECT %s, o.date_order
            FROM scope
            JOIN sale_order o ON o.id = scope.id
            JOIN res_partner p ON p.id = o.partner_id""",
            _HEADER,
        ),
        SQL(
            """SELECT l.id, l.order_id, l.product_id, l.price_subtotal
            FROM scope JOIN sale_order_line l ON l.order_id = scope.id
            WHERE l.display_type IS NULL AND l.is_downpayment IS NOT TRUE
              AND l.price_subtotal <> 0"""
        ),
        SQL(
            """SELECT k.res_id, k.date
            FROM scope
            JOIN sale_order o ON o.id = scope.id
            JOIN sales_kept_date k ON k.res_model = 'sale.order' AND k.res_id = o.id
                AND k.kind = 'sent'"""
        ),
    ]
    headers = {order["id"]: _read_header(env, order) for order in orders}
    facts = [
        {**order, **ONE, "metric_id": metrics["ORDERS"]}
        for order in headers.values()
        if order["state"] == "sale"
    ]
    for kept in sent:
        quotation = {"metric_id": metrics["QUOTATIONS"], "date": kept["date"]}
        facts.append({**headers[kept["res_id"]], **ONE, **quotation})
    for line in lines:
        order = headers[line["order_id"]]
        if order["state"] != "sale":
            continue
        company = env["res.company"].browse(order["company_id"])
        currency = env["res.currency"].browse(order["currency_id"])
        subtotal = Decimal(line["price_subtotal"])
        worth = subtotal / order["currency_rate"]
        facts.append(
            {
                **order,
                "metric_id": metrics["ORDERED"],
                "res_model": "sale.order.line",
                "res_id": line["id"],
                "product_id": line["product_id"],
                "scale": company.currency_id.decimal_places,
                "before": 0,
                "upto": units(worth, company.currency_id.decimal_places),
                "doc_scale": currency.decimal_places,
                "doc_before": 0,
                "doc_upto": units(subtotal, currency.decimal_places),
            }
        )
    return facts, []


def _read_header(env, order):
    company = env["res.company"].browse(order["company_id"])
    return {
        **order,
        "scope_id": order["id"],
        "res_model": "sale.order",
        "res_id": order["id"],
        "part": 0,
        "date": date_of(company, order["date_order"]),
    }


def _dated(start, stop):
    return SQL(
        """
        SELECT id FROM sale_order
        WHERE state = 'sale'
          AND (%(start)s::date IS NULL OR date_order > %(start)s::date - 1)
          AND (%(stop)s::date IS NULL OR date_order < %(stop)s::date + 2)
        UNION
        SELECT res_id FROM sales_kept_date
        WHERE res_model = 'sale.order' AND kind = 'sent'
          AND (%(start)s::date IS NULL OR date >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR date <= %(stop)s::date)
        """,
        start=start,
        stop=stop,
    )


# Two orders that are each other's rival for "first of the customer" must not both
# win: whoever decides among a customer's first orders writes the same row, so the
# second of two transactions fails to serialize and is retried; so does whoever takes
# the first order away. A customer who has other orders is decided and costs nothing.
_GUARD = """
    INSERT INTO sales_kept_date (res_model, res_id, kind, date)
    SELECT 'res.partner', p.commercial_partner_id, 'ordering', CURRENT_DATE
    FROM (%s) scope(id)
    JOIN res_partner p ON p.commercial_partner_id = scope.id
    LEFT JOIN sale_order o ON o.partner_id = p.id AND o.state = 'sale'
    GROUP BY p.commercial_partner_id
    HAVING count(o.id) <= 2
    ORDER BY p.commercial_partner_id
    ON CONFLICT (res_model, res_id, kind) DO UPDATE SET date = EXCLUDED.date
"""


def _prepare_customers(env, scope, now):
    return SQL(_GUARD, scope)


def _customer_facts(env, metrics):
    return SQL(
        """
        WITH firsts AS MATERIALIZED (
            SELECT DISTINCT ON (p.commercial_partner_id, o.company_id)
                p.commercial_partner_id AS partner_id, o.id
            FROM scope
            JOIN res_partner p ON p.commercial_partner_id = scope.id
            JOIN sale_order o ON o.partner_id = p.id AND o.state = 'sale'
            ORDER BY p.commercial_partner_id, o.company_id, o.date_order, o.id
        ),
        orders AS MATERIALIZED (
            WITH scope AS (SELECT id FROM firsts) %(headers)s
        )
        SELECT %(new_customers)s::integer AS metric_id, o.partner_id AS scope_id,
            'sale.order' AS res_model, o.id AS res_id, 0 AS part, o.date, o.user_id,
            o.team_id, o.split, o.partner_id, NULL::integer AS product_id,
            o.channel_id, o.company_id, NULL::integer AS currency_id, 2 AS scale,
            0::numeric AS before, 100::numeric AS upto, 0 AS doc_scale,
            0::numeric AS doc_before, 0::numeric AS doc_upto
        FROM orders o
        """,
        headers=HEADERS,
        new_customers=metrics["NEW_CUSTOMERS"],
    )


def _read_customers(env, scope, metrics):
    [orders] = yield [
        SQL(
            """SELECT DISTINCT ON (p.commercial_partner_id, o.company_id)
                %s, o.date_order
            FROM scope
            JOIN res_partner p ON p.commercial_partner_id = scope.id
            JOIN sale_order o ON o.partner_id = p.id AND o.state = 'sale'
            ORDER BY p.commercial_partner_id, o.company_id, o.date_order, o.id""",
            _HEADER,
        )
    ]
    first = {**ONE, "metric_id": metrics["NEW_CUSTOMERS"]}
    facts = [
        {**_read_header(env, order), **first, "scope_id": order["partner_id"]}
        for order in orders
    ]
    return facts, [SQL(_GUARD, scope)]


def _customers_dated(start, stop):
    return SQL(
        """
        SELECT DISTINCT p.commercial_partner_id
        FROM sale_order o JOIN res_partner p ON p.id = o.partner_id
        WHERE o.state = 'sale'
          AND (%(start)s::date IS NULL OR o.date_order > %(start)s::date - 1)
          AND (%(stop)s::date IS NULL OR o.date_order < %(stop)s::date + 2)
        """,
        start=start,
        stop=stop,
    )


ORDER = Source(
    code="order",
    facts=_facts,
    dated=_dated,
    origins={
        "line": "SELECT order_id FROM sale_order_line WHERE id = ANY(%s)",
        "partner": "SELECT id FROM sale_order WHERE partner_id = ANY(%s)",
    },
    read=_read,
)

# Its scope is the commercial partner: one order's end makes another one the first.
CUSTOMER = Source(
    code="customer",
    facts=_customer_facts,
    dated=_customers_dated,
    origins={
        "order": """
            SELECT p.commercial_partner_id
            FROM sale_order o JOIN res_partner p ON p.id = o.partner_id
            WHERE o.id = ANY(%s)
        """,
        "partner": "SELECT commercial_partner_id FROM res_partner WHERE id = ANY(%s)",
    },
    prepare=_prepare_customers,
    read=_read_customers,
)
