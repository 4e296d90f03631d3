"""What is billed and collected of lines of invoices: relations for other statements.

Both are of those invoices only that the relation ``scopes(scope_id)`` names.
"""

from odoo.tools import SQL


def billed(metric):
    """What each line is billed with, ``value``; a credit note is a bill of less.

    :param metric: the id of what is billed
    """
    return SQL(
        """
        SELECT scope_id, source, res_model, res_id, part, metric_id,
            max(partner_id) AS partner_id, max(product_id) AS product_id,
            sum(value) AS value
        FROM sales_credit
        WHERE scope_id IN (SELECT scope_id FROM scopes) AND source = 'invoice'
            AND metric_id = %s AND NOT overlay
        GROUP BY scope_id, source, res_model, res_id, part, metric_id
        HAVING sum(value) <> 0
        """,
        metric,
    )


def collected(metric):
    """The cash of each line ``part``, whoever is credited with it, and ``upto``: what
    the line has collected until then.

    :param metric: the id of what is collected
    """
    return SQL(
        """
        SELECT c.*, sum(c.value) OVER (
            PARTITION BY c.part ORDER BY c.date, c.res_model DESC, c.res_id
            ROWS UNBOUNDED PRECEDING
        ) AS upto
        FROM (
            SELECT scope_id, part, source, res_model, res_id, metric_id, date,
                max(partner_id) AS partner_id, max(product_id) AS product_id,
                sum(value) AS value
            FROM sales_credit
            WHERE scope_id IN (SELECT scope_id FROM scopes) AND source = 'cash'
                AND metric_id = %s AND NOT overlay
            GROUP BY scope_id, part, source, res_model, res_id, metric_id, date
        ) c
        """,
        metric,
    )
