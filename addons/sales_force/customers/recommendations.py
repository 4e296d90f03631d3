"""What to sell next, as sets: which products go together, and who lacks which.

Products are alike when the same customers bought them: the cosine of the two products'
buyers, n_ab / sqrt(n_a n_b), where at least a minimum number of customers bought both
(item-based collaborative filtering; Sarwar et al., WWW 2001). What a customer lacks is
ranked by the mean over the products bought; a customer who bought nothing gets what
most of the same class and industry buy.

Of baskets, each an order, or an invoice that came without one, the usual measures of
association are kept (Agrawal and Srikant, VLDB 1994): support n_ab / n, confidence
n_ab / n_a, lift = confidence / (n_b / n). To a quotation's ranking the best confidence
of what is on it is added, where it is more than chance (lift > 1); both are 0 to 1.
"""

from odoo.tools import SQL

from ..ledger.crediting import local_date

# A product keeps so many others, by either measure.
KEPT = 50
# Who buys everything tells little: so many products of a customer count, the last ones.
_PRODUCTS_OF_CUSTOMER = 100


def sold(company, tz, since=None, without=(), customers=None):
    """A SELECT of ``(basket, customer_id, product_id, date)``.

    A discount is sold to nobody: neither the company's discount product nor a line
    with a negative price counts.

    :param str tz: the company's timezone
    :param since: date of the first sale that counts, None for all
    :param without: ids of orders that are left out
    :param customers: ids of commercial partners, None for all
    """
    return SQL(
        """
        SELECT o.id * 2 AS basket, p.commercial_partner_id AS customer_id, l.product_id,
            %(day)s AS date
        FROM sale_order o
        JOIN res_partner p ON p.id = o.partner_id
        JOIN res_company c ON c.id = o.company_id
        JOIN sale_order_line l ON l.order_id = o.id AND l.product_id IS NOT NULL
            AND l.display_type IS NULL AND l.is_downpayment IS NOT TRUE
            AND l.product_uom_qty > 0 AND l.price_unit >= 0
            AND l.product_id IS DISTINCT FROM c.sale_discount_product_id
        WHERE o.company_id = %(company)s AND o.state = 'sale'
          AND %(day)s >= COALESCE(%(since)s::date, '-infinity'::date)
          AND o.id <> ALL(%(without)s::integer[]) AND %(of_order)s
        UNION ALL
        SELECT m.id * 2 + 1, m.commercial_partner_id, l.product_id, m.invoice_date
        FROM account_move m
        JOIN res_company c ON c.id = m.company_id
        JOIN account_move_line l ON l.move_id = m.id AND l.product_id IS NOT NULL
            AND l.display_type = 'product' AND l.is_downpayment IS NOT TRUE
            AND l.quantity > 0 AND l.price_unit >= 0
            AND l.product_id IS DISTINCT FROM c.sale_discount_product_id
        WHERE m.company_id = %(company)s AND m.state = 'posted'
          AND m.move_type IN ('out_invoice', 'out_receipt')
          AND m.invoice_date >= COALESCE(%(since)s::date, '-infinity'::date)
          AND NOT EXISTS (
            SELECT FROM sale_order_line_invoice_rel r WHERE r.invoice_line_id = l.id)
          AND %(of_invoice)s
        """,
        company=company,
        day=local_date("o.date_order", SQL("%s", tz)),
        since=since,
        without=list(without),
        of_order=_of("p.commercial_partner_id", customers),
        of_invoice=_of("m.commercial_partner_id", customers),
    )


def _of(column, customers):
    return SQL("TRUE") if customers is None else SQL(f"{column} = ANY(%s)", customers)


def refresh(company, sales, min_count):
    """A statement that brings a company's pairs of products in line with its sales.

    :param SQL sales: see ``sold``
    :param int min_count: customers, or baskets, that a pair needs
    :return: of its execution: how many pairs there are, and how many changed
    """
    return SQL(
        """
        WITH sales AS MATERIALIZED (%(sales)s),
        bought AS MATERIALIZED (
            SELECT customer_id, product_id FROM (
                SELECT customer_id, product_id, row_number() OVER (
                    PARTITION BY customer_id ORDER BY max(date) DESC, product_id) AS nth
                FROM sales GROUP BY customer_id, product_id
            ) s WHERE nth <= %(of_customer)s
        ),
        basket AS MATERIALIZED (
            SELECT DISTINCT basket, customer_id, product_id FROM sales
        ),
        buyers AS (SELECT product_id, count(*) AS n FROM bought GROUP BY 1),
        baskets AS (SELECT product_id, count(*) AS n FROM basket GROUP BY 1),
        by_customer AS (
            SELECT a.product_id, b.product_id AS other_id, count(*) AS n
            FROM bought a JOIN bought b USING (customer_id)
            WHERE a.product_id <> b.product_id
            GROUP BY 1, 2 HAVING count(*) >= %(min_count)s
        ),
        -- The habit of a single customer is no advice.
        by_basket AS (
            SELECT a.product_id, b.product_id AS other_id, count(*) AS n,
                count(DISTINCT a.customer_id) AS customers
            FROM basket a JOIN basket b USING (basket)
            WHERE a.product_id <> b.product_id
            GROUP BY 1, 2 HAVING count(*) >= %(min_count)s
                AND count(DISTINCT a.customer_id) > 1
        ),
        pairs AS (
            SELECT product_id, other_id, c.n AS alike,
                COALESCE(c.n, k.customers) AS customers, COALESCE(k.n, 0) AS together
            FROM by_customer c FULL JOIN by_basket k USING (product_id, other_id)
        ),
        measured AS (
            SELECT p.product_id, p.other_id, p.customers AS customer_count,
                COALESCE(p.alike / sqrt(ca.n::float * cb.n), 0) AS similarity,
                p.together AS basket_count, p.together::float / total.n AS support,
                p.together::float / ka.n AS confidence,
                p.together::float * total.n / (ka.n::float * kb.n) AS lift
            FROM pairs p
            CROSS JOIN (SELECT count(DISTINCT basket) AS n FROM basket) total
            LEFT JOIN buyers ca ON ca.product_id = p.product_id
            LEFT JOIN buyers cb ON cb.product_id = p.other_id
            JOIN baskets ka ON ka.product_id = p.product_id
            JOIN baskets kb ON kb.product_id = p.other_id
        ),
        wanted AS MATERIALIZED (
            SELECT * FROM (
                SELECT m.*,
                    row_number() OVER (
                        PARTITION BY product_id ORDER BY similarity DESC, other_id
                    ) AS by_similarity,
                    row_number() OVER (
                        PARTITION BY product_id ORDER BY basket_count DESC, other_id
                    ) AS by_baskets
                FROM measured m
            ) m WHERE by_similarity <= %(kept)s OR by_baskets <= %(kept)s
        ),
        gone AS (
            DELETE FROM sales_product_affinity a
            WHERE a.company_id = %(company)s AND NOT EXISTS (
                SELECT FROM wanted w
                WHERE w.product_id = a.product_id AND w.other_id = a.other_id)
            RETURNING 1
        ),
        merged AS (
            INSERT INTO sales_product_affinity AS a (company_id, product_id, other_id,
                customer_count, similarity, basket_count, support, confidence, lift)
            SELECT %(company)s, product_id, other_id, customer_count, similarity,
                basket_count, support, confidence, lift
            FROM wanted
            ON CONFLICT (company_id, product_id, other_id) DO UPDATE SET
                customer_count = EXCLUDED.customer_count,
                similarity = EXCLUDED.similarity,
                basket_count = EXCLUDED.basket_count, support = EXCLUDED.support,
                confidence = EXCLUDED.confidence, lift = EXCLUDED.lift
            WHERE (a.customer_count, a.similarity, a.basket_count, a.support,
                    a.confidence, a.lift)
                IS DISTINCT FROM (EXCLUDED.customer_count, EXCLUDED.similarity,
                    EXCLUDED.basket_count, EXCLUDED.support, EXCLUDED.confidence,
                    EXCLUDED.lift)
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM wanted),
            (SELECT count(*) FROM gone) + (SELECT count(*) FROM merged)
        """,
        sales=sales,
        company=company,
        min_count=min_count,
        kept=KEPT,
        of_customer=_PRODUCTS_OF_CUSTOMER,
    )


def refresh_reach(company, sales):
    """A statement that counts anew who buys what, by class and industry.

    A row without product holds how many customers of the group bought anything.
    """
    return SQL(
        """
        WITH bought AS MATERIALIZED (
            SELECT DISTINCT e.class_id, p.industry_id, s.customer_id, s.product_id
            FROM (%(sales)s) s
            JOIN res_partner p ON p.id = s.customer_id
            LEFT JOIN sales_customer e ON e.partner_id = s.customer_id
                AND e.company_id = %(company)s
        ), gone AS (
            DELETE FROM sales_product_reach WHERE company_id = %(company)s
        )
        INSERT INTO sales_product_reach
            (company_id, class_id, industry_id, product_id, buyer_count)
        SELECT %(company)s, class_id, industry_id, product_id, count(*)
        FROM bought GROUP BY class_id, industry_id, product_id
        UNION ALL
        SELECT %(company)s, class_id, industry_id, NULL, count(DISTINCT customer_id)
        FROM bought GROUP BY class_id, industry_id
        """,
        sales=sales,
        company=company,
    )


def recommend(company, customers, bought, limit, min_count):
    """A SELECT of what customers lack, the best first.

    ``(customer_id, product_id, with_id, confidence, lift, because_id, together, buyers,
    peers)``: the product in whose baskets it is most often, those on the quotation
    first; the product bought that speaks most for it and how many customers bought
    both; how many of the same class and industry buy it.

    :param customers: ids of commercial partners
    :param SQL bought: of ``(customer_id, product_id, quoted)``: what they have, and
        whether it is on the quotation
    :param int limit: products per customer
    :param int min_count: how many similar customers must have bought something
    """
    return SQL(
        """
        WITH bought AS MATERIALIZED (
            SELECT b.*, count(*) OVER (PARTITION BY customer_id) AS n
            FROM (%(bought)s) b
        ),
        alike AS (
            SELECT b.customer_id, a.other_id AS product_id,
                sum(a.similarity) / b.n AS similarity,
                (array_agg(a.product_id ORDER BY a.similarity DESC, a.product_id))[1]
                    AS because_id,
                (array_agg(a.customer_count ORDER BY a.similarity DESC, a.product_id)
                    )[1] AS together
            FROM bought b
            JOIN sales_product_affinity a ON a.product_id = b.product_id
                AND a.company_id = %(company)s AND a.similarity > 0
            GROUP BY b.customer_id, b.n, a.other_id
        ),
        in_basket AS (
            SELECT DISTINCT ON (b.customer_id, a.other_id) b.customer_id,
                a.other_id AS product_id, a.product_id AS with_id, a.confidence, a.lift,
                CASE WHEN b.quoted THEN a.confidence END AS quoted
            FROM bought b
            JOIN sales_product_affinity a ON a.product_id = b.product_id
                AND a.company_id = %(company)s AND a.basket_count > 0 AND a.lift > 1
            ORDER BY b.customer_id, a.other_id, b.quoted DESC, a.confidence DESC,
                a.lift DESC, a.product_id
        ),
        peers AS (
            SELECT p.id AS customer_id, r.product_id, r.buyer_count AS buyers,
                g.buyer_count AS peers
            FROM res_partner p
            LEFT JOIN sales_customer e ON e.partner_id = p.id
                AND e.company_id = %(company)s
            JOIN sales_product_reach g ON g.company_id = %(company)s
                AND g.product_id IS NULL
                AND g.class_id IS NOT DISTINCT FROM e.class_id
                AND g.industry_id IS NOT DISTINCT FROM p.industry_id
            JOIN sales_product_reach r ON r.company_id = %(company)s
                AND r.product_id IS NOT NULL
                AND r.class_id IS NOT DISTINCT FROM e.class_id
                AND r.industry_id IS NOT DISTINCT FROM p.industry_id
            WHERE p.id = ANY(%(customers)s) AND r.buyer_count >= %(min_count)s
        ),
        candidates AS (
            SELECT *, COALESCE(similarity, 0) + COALESCE(quoted, 0) AS score
            FROM alike
            FULL JOIN in_basket USING (customer_id, product_id)
            FULL JOIN peers USING (customer_id, product_id)
        )
        SELECT customer_id, product_id, with_id, confidence, lift, because_id, together,
            buyers, peers
        FROM (
            SELECT c.*, row_number() OVER (
                PARTITION BY c.customer_id
                ORDER BY c.score DESC, c.confidence DESC NULLS LAST,
                    c.lift DESC NULLS LAST,
                    c.buyers::float / c.peers DESC NULLS LAST, c.product_id
            ) AS nth
            FROM candidates c
            JOIN product_product v ON v.id = c.product_id AND v.active
            JOIN product_template t ON t.id = v.product_tmpl_id AND t.active
                AND t.sale_ok AND COALESCE(t.company_id, %(company)s) = %(company)s
            WHERE NOT EXISTS (
                SELECT FROM bought b
                WHERE b.customer_id = c.customer_id AND b.product_id = c.product_id)
        ) r WHERE nth <= %(limit)s ORDER BY customer_id, nth
        """,
        bought=bought,
        company=company,
        customers=customers,
        limit=limit,
        min_count=min_count,
    )
