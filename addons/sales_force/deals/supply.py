"""Stock and supply of products in warehouses, as one set."""

from datetime import timedelta

from odoo.tools import SQL

from . import replenishment

_ALL = SQL("TRUE")


def table(today, start, stop):
    """Stock, what comes and goes, sales and reordering rules; a row for each.

    Of products that are kept in stock and were sold from the warehouse within
    ``replenishment.SALES_DAYS``, or are in it.

    :param date today: where the company works
    :param datetime start: when it begins
    :param datetime stop: when it ends
    """
    return SQL(
        """
        WITH place AS (
            SELECT id, warehouse_id FROM stock_location
            WHERE warehouse_id IS NOT NULL
        ),
        sold AS (
            SELECT l.product_id, l.warehouse_id,
                sum(l.product_uom_qty * lu.factor / pu.factor) AS quantity
            FROM sale_order_line l
            JOIN sale_order o ON o.id = l.order_id AND o.state = 'sale'
                AND o.date_order >= %(since)s
            JOIN uom_uom lu ON lu.id = l.product_uom_id
            JOIN product_product v ON v.id = l.product_id
            JOIN product_template t ON t.id = v.product_tmpl_id AND t.is_storable
            JOIN uom_uom pu ON pu.id = t.uom_id
            WHERE l.display_type IS NULL AND l.warehouse_id IS NOT NULL
            GROUP BY l.product_id, l.warehouse_id
        ),
        stock AS (
            SELECT q.product_id, p.warehouse_id, sum(q.quantity) AS quantity,
                sum(q.reserved_quantity) AS reserved,
                sum(q.quantity - q.reserved_quantity) FILTER (
                    WHERE q.removal_date < %(stop)s) AS gone,
                sum(q.quantity - q.reserved_quantity) FILTER (
                    WHERE q.expiration_date < %(soon)s) AS expiring,
                min(q.expiration_date) FILTER (
                    WHERE q.expiration_date < %(soon)s
                    AND q.quantity > q.reserved_quantity) AS expires
            FROM stock_quant q
            JOIN place p ON p.id = q.location_id
            GROUP BY q.product_id, p.warehouse_id
        ),
        moves AS (
            SELECT m.product_id, m.product_qty AS quantity, m.date, m.purchase_line_id,
                a.warehouse_id AS source,
                COALESCE(f.warehouse_id, b.warehouse_id) AS target
            FROM stock_move m
            LEFT JOIN place a ON a.id = m.location_id
            LEFT JOIN place b ON b.id = m.location_dest_id
                AND m.location_final_id IS NULL
            LEFT JOIN place f ON f.id = m.location_final_id
            WHERE m.state IN
                ('waiting', 'confirmed', 'assigned', 'partially_available')
              AND a.warehouse_id IS DISTINCT FROM
                COALESCE(f.warehouse_id, b.warehouse_id)
        ),
        coming AS (
            SELECT product_id, target AS warehouse_id, sum(quantity) AS quantity,
                min(date) FILTER (WHERE purchase_line_id IS NOT NULL) AS first
            FROM moves WHERE target IS NOT NULL GROUP BY product_id, target
        ),
        going AS (
            SELECT product_id, source AS warehouse_id, sum(quantity) AS quantity
            FROM moves WHERE source IS NOT NULL GROUP BY product_id, source
        ),
        asked AS (
            SELECT l.product_id, y.warehouse_id, sum(l.product_uom_qty) AS quantity
            FROM purchase_order_line l
            JOIN purchase_order o ON o.id = l.order_id
                AND o.state IN ('draft', 'sent', 'to approve')
            JOIN stock_picking_type y ON y.id = o.picking_type_id
            WHERE l.product_id IS NOT NULL
            GROUP BY l.product_id, y.warehouse_id
        ),
        rule AS (
            SELECT r.product_id, r.warehouse_id, sum(r.product_min_qty) AS least,
                sum(r.product_max_qty) AS most,
                max(ru.factor / pu.factor) AS multiple
            FROM stock_warehouse_orderpoint r
            JOIN product_product v ON v.id = r.product_id
            JOIN product_template t ON t.id = v.product_tmpl_id
            JOIN uom_uom pu ON pu.id = t.uom_id
            LEFT JOIN uom_uom ru ON ru.id = r.replenishment_uom_id
            WHERE r.active
            GROUP BY r.product_id, r.warehouse_id
        ),
        facts AS (
            SELECT k.product_id, k.warehouse_id, w.company_id, t.categ_id,
                COALESCE(s.quantity, 0) AS on_hand,
                COALESCE(s.quantity - s.reserved - COALESCE(s.gone, 0), 0) AS free,
                COALESCE(c.quantity, 0) AS incoming,
                COALESCE(g.quantity, 0) AS outgoing,
                COALESCE(a.quantity, 0) AS asked,
                COALESCE(s.quantity - COALESCE(s.gone, 0), 0)
                    + COALESCE(c.quantity, 0) - COALESCE(g.quantity, 0) AS forecast,
                COALESCE(d.quantity, 0) AS sold,
                COALESCE(d.quantity, 0) / %(days)s AS rate,
                COALESCE(s.expiring, 0) AS expiring, s.expires, c.first AS next_date,
                r.least, r.most, r.multiple, r.product_id IS NOT NULL AS has_rule,
                v.lead
            FROM (
                SELECT product_id, warehouse_id FROM sold
                UNION SELECT product_id, warehouse_id FROM stock
            ) k
            JOIN stock_warehouse w ON w.id = k.warehouse_id AND w.active
            JOIN res_company y ON y.id = w.company_id
            JOIN product_product p ON p.id = k.product_id AND p.active
            JOIN product_template t ON t.id = p.product_tmpl_id
                AND t.sale_ok AND t.is_storable
            LEFT JOIN sold d USING (product_id, warehouse_id)
            LEFT JOIN stock s USING (product_id, warehouse_id)
            LEFT JOIN coming c USING (product_id, warehouse_id)
            LEFT JOIN going g USING (product_id, warehouse_id)
            LEFT JOIN asked a USING (product_id, warehouse_id)
            LEFT JOIN rule r USING (product_id, warehouse_id)
            LEFT JOIN LATERAL (
                SELECT i.delay + COALESCE(y.days_to_purchase, 0) AS lead
                FROM product_supplierinfo i
                WHERE i.product_tmpl_id = t.id
                  AND COALESCE(i.product_id, p.id) = p.id
                  AND COALESCE(i.company_id, y.id) = y.id
                  AND COALESCE(i.date_start, %(today)s) <= %(today)s
                  AND COALESCE(i.date_end, %(today)s) >= %(today)s
                ORDER BY i.sequence, i.min_qty DESC, i.price, i.id LIMIT 1
            ) v ON TRUE
        ),
        points AS (
            SELECT f.*,
                CASE WHEN has_rule THEN least
                    ELSE rate * COALESCE(lead, 0) END AS point,
                CASE WHEN has_rule THEN most
                    ELSE rate * (COALESCE(lead, 0) + %(cover)s) END AS target
            FROM facts f
        )
        SELECT warehouse_id * 4294967296 + product_id AS id, product_id, warehouse_id,
            company_id, categ_id, on_hand, free, incoming, outgoing, asked, forecast,
            sold, expiring, expires, next_date, has_rule, point, target,
            COALESCE(multiple, CASE WHEN has_rule THEN 0 ELSE 1 END) AS multiple,
            COALESCE(lead, 0) AS lead,
            forecast / NULLIF(rate, 0) AS cover,
            forecast < point - %(tiny)s AS short,
            expiring > %(tiny)s AS expires_soon,
            incoming > %(tiny)s AS comes,
            forecast > GREATEST(rate * %(over)s, COALESCE(most, 0)) + %(tiny)s
                AS over_stocked
        FROM points
        """,
        today=SQL("%s::date", today),
        stop=stop,
        since=start - timedelta(days=replenishment.SALES_DAYS),
        soon=stop + timedelta(days=replenishment.EXPIRY_DAYS),
        days=float(replenishment.SALES_DAYS),
        cover=replenishment.COVER_DAYS,
        over=replenishment.OVER_DAYS,
        tiny=replenishment.TINY,
    )


def sold_by(start, product=_ALL, warehouse=_ALL):
    """Who has sold what of late: ``(product_id, warehouse_id, rep_id)``.

    :param datetime start: when today begins
    :param SQL product: a condition on ``l.product_id``
    :param SQL warehouse: a condition on ``l.warehouse_id``
    """
    return SQL(
        """
        SELECT l.product_id, l.warehouse_id, r.id AS rep_id
        FROM sale_order_line l
        JOIN sale_order o ON o.id = l.order_id AND o.state = 'sale'
            AND o.date_order >= %(since)s
        JOIN sales_rep r ON r.user_id = o.user_id AND r.company_id = o.company_id
        WHERE l.display_type IS NULL AND %(product)s AND %(warehouse)s
        """,
        since=start - timedelta(days=replenishment.SALES_DAYS),
        product=product,
        warehouse=warehouse,
    )
