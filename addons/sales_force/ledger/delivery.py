"""Deliveries of orders, at the order line's untaxed price."""

from odoo.tools import SQL

from .crediting import local_date
from .order import HEADERS
from .source import Source


def _facts(env, metrics):
    """A line's deliveries are valued cumulatively, so that they sum to the line.

    Only moves of the line's own product count: the components of a kit have no
    price of their own.
    """
    return SQL(
        """
        WITH orders AS MATERIALIZED (%(headers)s),
        moves AS MATERIALIZED (
            SELECT m.id, m.date AS done, l.id AS line_id, l.product_id, l.order_id,
                CASE WHEN destination.usage = 'customer' THEN 1 ELSE -1 END
                    * m.quantity * mu.factor / lu.factor AS quantity,
                CASE WHEN l.product_uom_qty <> 0 THEN l.price_subtotal
                    ELSE l.price_unit * (1 - l.discount / 100) END AS price,
                CASE WHEN l.product_uom_qty <> 0 THEN l.product_uom_qty
                    ELSE 1 END AS priced_quantity
            FROM orders o
            JOIN sale_order_line l ON l.order_id = o.id
            JOIN stock_move m ON m.sale_line_id = l.id AND m.state = 'done'
                AND m.product_id = l.product_id
            JOIN stock_location origin ON origin.id = m.location_id
            JOIN stock_location destination ON destination.id = m.location_dest_id
            JOIN uom_uom mu ON mu.id = m.product_uom
            JOIN uom_uom lu ON lu.id = l.product_uom_id
            WHERE (origin.usage = 'customer') <> (destination.usage = 'customer')
        ),
        running AS (
            SELECT m.*, round(sum(m.quantity) OVER upto, 9) AS upto,
                round(COALESCE(sum(m.quantity) OVER before, 0), 9) AS before
            FROM moves m
            WINDOW upto AS (PARTITION BY m.line_id ORDER BY m.done, m.id),
                before AS (
                    PARTITION BY m.line_id ORDER BY m.done, m.id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                )
        )
        SELECT %(delivered)s::integer AS metric_id, o.id AS scope_id,
            'stock.move' AS res_model, m.id AS res_id, 0 AS part,
            %(date)s AS date, o.user_id, o.team_id, o.split, o.partner_id,
            m.product_id, o.channel_id, o.company_id, o.currency_id, o.scale,
            round(m.price * m.before / m.priced_quantity / o.currency_rate
                * 10.0 ^ o.scale) AS before,
            round(m.price * m.upto / m.priced_quantity / o.currency_rate
                * 10.0 ^ o.scale) AS upto,
            o.doc_scale,
            round(m.price * m.before / m.priced_quantity * 10.0 ^ o.doc_scale)
                AS doc_before,
            round(m.price * m.upto / m.priced_quantity * 10.0 ^ o.doc_scale)
                AS doc_upto
        FROM running m JOIN orders o ON o.id = m.order_id
        """,
        headers=HEADERS,
        delivered=metrics["DELIVERED"],
        date=local_date("m.done", "o.tz"),
    )


def _dated(start, stop):
    return SQL(
        """
        SELECT DISTINCT l.order_id
        FROM stock_move m JOIN sale_order_line l ON l.id = m.sale_line_id
        WHERE m.state = 'done'
          AND (%(start)s::date IS NULL OR m.date > %(start)s::date - 1)
          AND (%(stop)s::date IS NULL OR m.date < %(stop)s::date + 2)
        """,
        start=start,
        stop=stop,
    )


DELIVERY = Source(
    code="delivery",
    facts=_facts,
    dated=_dated,
    origins={
        "line": "SELECT order_id FROM sale_order_line WHERE id = ANY(%s)",
        "move": """
            SELECT l.order_id
            FROM stock_move m JOIN sale_order_line l ON l.id = m.sale_line_id
            WHERE m.id = ANY(%s)
        """,
        "partner": "SELECT id FROM sale_order WHERE partner_id = ANY(%s)",
    },
)
