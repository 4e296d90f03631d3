"""Which credits count by what is behind them: their line, their customer.

A relation of credits ``c`` is joined with what a rule asks about, and only with that:
what no rule uses costs nothing.
"""

from odoo.tools import SQL

# The line of an invoice or order that a credit comes from: of cash the line that was
# paid, of a delivery the line that was ordered.
LINE = SQL(
    """
    LEFT JOIN account_move_line ml ON ml.id = CASE
        WHEN c.res_model = 'account.move.line' THEN c.res_id
        WHEN c.source = 'cash' THEN c.part END
    LEFT JOIN stock_move sm
        ON sm.id = CASE WHEN c.res_model = 'stock.move' THEN c.res_id END
    LEFT JOIN sale_order_line ol ON ol.id = CASE c.res_model
        WHEN 'sale.order.line' THEN c.res_id
        WHEN 'stock.move' THEN sm.sale_line_id END
    """
)
# In percent, NULL where a credit has no line.
DISCOUNT = SQL("COALESCE(ml.discount, ol.discount)::numeric")
MARGIN = SQL("mr.rate")
# Where the ledger does not hold margins.
NO_MARGIN = SQL("CROSS JOIN (SELECT NULL::numeric AS rate) mr")


def margin_rate(margin, invoiced):
    """The margin of an invoice's line in percent of what it invoices, as ``mr.rate``.

    NULL where nothing is invoiced. Overlays count the same line again.

    :param margin, invoiced: ids of these metrics
    """
    return SQL(
        """
        LEFT JOIN LATERAL (
            SELECT
                100 * COALESCE(sum(x.value) FILTER (WHERE x.metric_id = %(margin)s), 0)
                / NULLIF(sum(x.value) FILTER (WHERE x.metric_id = %(invoiced)s), 0)
                AS rate
            FROM sales_credit x
            WHERE x.scope_id = ml.move_id AND x.source = 'invoice'
                AND x.metric_id IN (%(margin)s, %(invoiced)s)
                AND x.res_model = 'account.move.line' AND x.res_id = ml.id
                AND x.part = 0 AND NOT x.overlay
        ) mr ON ml.id IS NOT NULL
        """,
        margin=margin,
        invoiced=invoiced,
    )


def first_dates(company_id, metrics):
    """The first fact of each customer, as ``fd.date``.

    :param metrics: ids of the metrics that say so
    """
    return SQL(
        """
        LEFT JOIN (
            SELECT partner_id, min(date) AS date FROM sales_credit
            WHERE company_id = %s AND metric_id = ANY(%s) AND partner_id IS NOT NULL
            GROUP BY partner_id
        ) fd ON fd.partner_id = c.partner_id
        """,
        company_id,
        list(metrics),
    )


def is_new(months):
    """Whether a credit is within so many months of the customer's first fact."""
    return SQL("c.date < LEAST(fd.date, c.date) + make_interval(months => %s)", months)


def classes(company_id):
    """The customer's class on the date of a credit, as ``kc.class_id``."""
    return SQL(
        """
        LEFT JOIN LATERAL (
            SELECT CASE WHEN k.id IS NULL THEN e.class_id ELSE k.class_id END
                AS class_id
            FROM (SELECT 1) one
            LEFT JOIN sales_customer e ON e.partner_id = c.partner_id
                AND e.company_id = %(company)s
            LEFT JOIN LATERAL (
                SELECT k.id, k.class_id FROM sales_kept_class k
                WHERE k.partner_id = c.partner_id AND k.company_id = %(company)s
                    AND k.date > c.date
                ORDER BY k.date LIMIT 1
            ) k ON TRUE
        ) kc ON TRUE
        """,
        company=company_id,
    )


def under_contract(company_id):
    """Whether a contract with the customer ran on the date of a credit."""
    return SQL(
        """
        EXISTS (
            SELECT FROM sales_contract k
            WHERE k.commercial_partner_id = c.partner_id AND k.company_id = %s
                AND k.state IN ('running', 'terminated') AND k.date_start <= c.date
                AND LEAST(k.date_end, k.terminated_on, 'infinity'::date) >= c.date
        )
        """,
        company_id,
    )


def within(figure, bound, start, stop):
    """Whether a figure is in a range; what is not known is in none.

    :param bound: ``from``, ``below`` or ``between``
    """
    conditions = []
    if bound in ("from", "between"):
        conditions.append(SQL("%s >= %s", figure, start))
    if bound in ("below", "between"):
        conditions.append(SQL("%s < %s", figure, stop))
    return SQL(" AND ").join(conditions)


def factor(figure, below, steps):
    """The factor of a figure by a table; 1 where the figure is not known.

    :param below: the factor below the first step
    :param steps: ``[(start, factor)]`` by rising start
    """
    return SQL(
        "COALESCE((%s::numeric[])[width_bucket(%s, %s::numeric[]) + 1], 1)",
        [below, *(value for _start, value in steps)],
        figure,
        [start for start, _value in steps],
    )


def conditioned(credits, joins, conditions, factor=None):
    """Those credits that meet all conditions, with the factor of each.

    :param SQL credits: a relation in parentheses
    """
    return SQL(
        "(SELECT c.*%s FROM %s c %s WHERE %s)",
        SQL(", %s AS factor", factor) if factor else SQL(),
        credits,
        SQL(" ").join(joins),
        SQL(" AND ").join(conditions) if conditions else SQL("TRUE"),
    )
