"""What the panel of a quotation counts with: narrow SQL over all of its lines."""

from typing import NamedTuple

from odoo.tools import SQL

_OPEN_MOVES = ("waiting", "confirmed", "assigned", "partially_available")


class Line(NamedTuple):
    """A line that sells a product."""

    id: int
    product: int
    warehouse: int
    quantity: float
    # What the line's and the product's units are worth.
    factor: float
    product_factor: float
    # Days from the order to the delivery.
    customer_lead: float
    storable: bool
    shelf_life: int
    # Days from the vendor who is asked first; None without any, or where not asked for.
    lead: int | None

    def in_product_unit(self):
        return self.quantity * self.factor / self.product_factor

    def in_line_unit(self, quantity):
        return quantity * self.product_factor / self.factor


def lines(order_id, warehouse_id, company_id, today, leads):
    """The lines of an order that sell products, in their order: see :class:`Line`.

    :param warehouse_id: of lines that have none of their own
    :param bool leads: with what vendors need
    """
    lead = SQL(
        """(
            SELECT i.delay FROM product_supplierinfo i
            JOIN res_partner s ON s.id = i.partner_id AND s.active
            WHERE i.product_tmpl_id = t.id AND t.is_storable
              AND COALESCE(i.product_id, p.id) = p.id
              AND COALESCE(i.company_id, %(company)s) = %(company)s
              AND COALESCE(i.date_start, %(today)s) <= %(today)s
              AND COALESCE(i.date_end, %(today)s) >= %(today)s
            ORDER BY i.sequence, i.min_qty DESC, i.price, i.id LIMIT 1
        )""",
        company=company_id,
        today=SQL("%s::date", today),
    )
    return SQL(
        """
        SELECT l.id, l.product_id, COALESCE(l.warehouse_id, %(warehouse)s),
            l.product_uom_qty::float, lu.factor::float, pu.factor::float,
            COALESCE(l.customer_lead, 0)::float, COALESCE(t.is_storable, FALSE),
            COALESCE(t.expiration_time, 0), %(lead)s
        FROM sale_order_line l
        JOIN product_product p ON p.id = l.product_id
        JOIN product_template t ON t.id = p.product_tmpl_id
        JOIN uom_uom pu ON pu.id = t.uom_id
        JOIN uom_uom lu ON lu.id = COALESCE(l.product_uom_id, t.uom_id)
        WHERE l.order_id = %(order)s AND l.display_type IS NULL
          AND l.is_downpayment IS NOT TRUE
        ORDER BY l.sequence, l.id
        """,
        order=order_id,
        warehouse=warehouse_id or None,
        lead=lead if leads else SQL("NULL"),
    )


def moves(product_ids, warehouse_ids, zone):
    """What is to come and to go, as Odoo's own forecast counts it.

    ``(product, to warehouse, from warehouse, day, purchase line, vendor, quantity)``:
    a warehouse is NULL where it is none of these.

    :param zone: the timezone of the days
    """
    return SQL(
        """
        WITH place AS (
            SELECT id, warehouse_id FROM stock_location
            WHERE warehouse_id = ANY(%(warehouses)s)
        ), moved AS (
            SELECT product_id, location_id, purchase_line_id,
                COALESCE(location_final_id, location_dest_id) AS dest_id,
                (date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS day,
                sum(product_qty) AS quantity
            FROM stock_move
            WHERE product_id = ANY(%(products)s) AND state IN %(states)s
            GROUP BY 1, 2, 3, 4, 5
        )
        SELECT m.product_id, t.warehouse_id, f.warehouse_id, m.day, m.purchase_line_id,
            pl.partner_id, sum(m.quantity)::float
        FROM moved m
        LEFT JOIN place f ON f.id = m.location_id
        LEFT JOIN place t ON t.id = m.dest_id
        LEFT JOIN purchase_order_line pl ON pl.id = m.purchase_line_id
        WHERE t.warehouse_id IS DISTINCT FROM f.warehouse_id
        GROUP BY 1, 2, 3, 4, 5, 6
        ORDER BY m.day, m.purchase_line_id
        """,
        products=list(product_ids),
        warehouses=list(warehouse_ids),
        zone=zone,
        states=_OPEN_MOVES,
    )


def stock(product_ids, warehouse_ids, zone):
    """What is there, by lot, with the days on which it expires and is removed.

    ``(product, warehouse, lot, expires, removed, quantity, reserved)``

    :param zone: the timezone of the days
    """
    return SQL(
        """
        SELECT q.product_id, p.warehouse_id, o.name,
            (o.expiration_date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date,
            (o.removal_date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date,
            sum(q.quantity)::float, sum(q.reserved_quantity)::float
        FROM stock_quant q
        JOIN stock_location p ON p.id = q.location_id
            AND p.warehouse_id = ANY(%(warehouses)s)
        LEFT JOIN stock_lot o ON o.id = q.lot_id
        WHERE q.product_id = ANY(%(products)s)
        GROUP BY q.product_id, p.warehouse_id, o.id
        ORDER BY o.name, o.id
        """,
        products=list(product_ids),
        warehouses=list(warehouse_ids),
        zone=zone,
    )
