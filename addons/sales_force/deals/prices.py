"""The last prices of products: to a customer, and to others of its class."""

from odoo.tools import SQL

# Prices to others of so many days count; older ones are no guide.
CLASS_DAYS = 365


def last_prices(product_ids, order, since, readable):
    """``(product, whether of the class, date, price, discount, currency, unit)``.

    :param order: the order for which it is asked; its own lines do not count
    :param date since: prices to the class from this day on
    :param SQL readable: which orders ``o`` of the customer may be shown
    """
    return SQL(
        """
        SELECT DISTINCT ON (l.product_id, p.commercial_partner_id <> %(customer)s)
            l.product_id, p.commercial_partner_id <> %(customer)s, o.date_order,
            l.price_unit, l.discount, o.currency_id, l.product_uom_id
        FROM sale_order_line l
        JOIN sale_order o ON o.id = l.order_id AND o.state = 'sale'
            AND o.company_id = %(company)s AND o.id <> %(order)s
        JOIN res_partner p ON p.id = o.partner_id
        LEFT JOIN sales_customer e ON e.partner_id = p.commercial_partner_id
            AND e.company_id = %(company)s
        WHERE l.product_id = ANY(%(products)s)
          AND l.display_type IS NULL AND l.is_downpayment IS NOT TRUE
          AND l.product_uom_qty > 0
          AND (p.commercial_partner_id = %(customer)s AND %(readable)s
            OR p.commercial_partner_id <> %(customer)s AND o.date_order >= %(since)s
                AND e.class_id = (SELECT class_id FROM sales_customer
                    WHERE partner_id = %(customer)s AND company_id = %(company)s))
        ORDER BY l.product_id, p.commercial_partner_id <> %(customer)s,
            o.date_order DESC, l.id DESC
        """,
        products=list(product_ids),
        customer=order.partner_id.commercial_partner_id.id,
        company=order.company_id.id,
        order=order.id,
        since=since,
        readable=readable,
    )
