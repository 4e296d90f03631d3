"""What was paid for bills that stay unpaid: taken back, and given again with the cash.

Some days after the last instalment of an invoice is due, the part of what a line has
earned that the customer has not paid is taken back; each payment after that gives its
part again. These are differences of one running total, so that a line that is fully
paid in the end has lost nothing. A credit note is a bill of less than nothing, and
mirrors its invoice.
"""

from odoo.tools import SQL

from . import collecting
from .credited import rounded


def take_back(rule_id, start, stop, days, collected, billed, due, subjects, per_unit):
    """Lines of what is taken back and given again on some days.

    :param days: after the last due date
    :param collected, billed, due: ids of the metrics
    :param list subjects: of the entries that make what a line has earned
    """
    return SQL(
        """
        WITH scopes AS MATERIALIZED (
            SELECT scope_id FROM sales_credit
            WHERE metric_id = %(collected)s AND date BETWEEN %(start)s AND %(stop)s
            UNION
            SELECT scope_id FROM sales_credit
            WHERE metric_id = %(due)s AND date BETWEEN %(start)s::date - %(days)s
                AND %(stop)s::date - %(days)s
        ),
        ends AS (
            SELECT scope_id, max(date) + %(days)s AS date
            FROM sales_credit
            WHERE scope_id IN (SELECT scope_id FROM scopes) AND source = 'invoice'
                AND metric_id = %(due)s
            GROUP BY scope_id
        ),
        earned AS (
            SELECT e.rep_id, e.level, e.scope_id, e.res_id AS line_id, e.user_id,
                e.overlay, sum(e.amount) AS amount
            FROM sales_commission_entry e
            WHERE e.rule_id = %(rule)s AND e.subject = ANY(%(subjects)s)
                AND e.source = 'invoice'
                AND e.scope_id IN (SELECT scope_id FROM scopes)
            GROUP BY e.rep_id, e.level, e.scope_id, e.res_id, e.user_id, e.overlay
        ),
        billed AS (%(bills)s),
        cash AS MATERIALIZED (%(cash)s),
        events AS (
            SELECT b.res_id AS line_id, b.source, b.res_model, b.res_id, b.part,
                e.date, b.scope_id, b.metric_id, b.partner_id, b.product_id,
                paid.value - b.value AS base, paid.value AS position,
                b.value AS billed, b.value AS before, paid.value AS upto
            FROM billed b
            JOIN ends e USING (scope_id)
            CROSS JOIN LATERAL (
                SELECT COALESCE(sum(c.value), 0) AS value
                FROM cash c WHERE c.part = b.res_id AND c.date <= e.date
            ) paid
            UNION ALL
            SELECT c.part, c.source, c.res_model, c.res_id, c.part, c.date, c.scope_id,
                c.metric_id, c.partner_id, c.product_id, c.value, c.upto - c.value,
                b.value, c.upto - c.value, c.upto
            FROM cash c
            JOIN ends e ON e.scope_id = c.scope_id AND c.date > e.date
            JOIN billed b ON b.res_id = c.part
        )
        SELECT w.rep_id, w.level, v.source, v.res_model, v.res_id, v.part, w.user_id,
            w.overlay, v.date, v.scope_id, v.metric_id, v.partner_id, v.product_id,
            1::numeric AS factor, v.base, v.position, %(after)s - %(before)s AS amount
        FROM earned w
        JOIN events v ON v.line_id = w.line_id AND v.scope_id = w.scope_id
        WHERE v.date BETWEEN %(start)s AND %(stop)s
        """,
        rule=rule_id,
        start=start,
        stop=stop,
        days=days,
        collected=collected,
        bills=collecting.billed(billed),
        cash=collecting.collected(collected),
        due=due,
        subjects=list(subjects),
        after=rounded(SQL("w.amount * v.upto / v.billed"), per_unit),
        before=rounded(SQL("w.amount * v.before / v.billed"), per_unit),
    )


def shares(scope_ids, until, collected, billed, due):
    """What is paid of lines of bills: ``(line, last due date, collected, billed)``,
    amounts as text.

    :param until: the last day whose cash counts
    :param collected, billed, due: ids of the metrics
    """
    return SQL(
        """
        WITH scopes AS (SELECT unnest(%(scopes)s) AS scope_id),
        ends AS (
            SELECT scope_id, max(date) AS date
            FROM sales_credit
            WHERE scope_id IN (SELECT scope_id FROM scopes) AND source = 'invoice'
                AND metric_id = %(due)s
            GROUP BY scope_id
        ),
        billed AS (%(bills)s),
        cash AS (%(cash)s)
        SELECT b.res_id, e.date, COALESCE(sum(c.value), 0)::text, b.value::text
        FROM billed b
        JOIN ends e USING (scope_id)
        LEFT JOIN cash c ON c.part = b.res_id AND c.date <= %(until)s
        GROUP BY b.res_id, e.date, b.value
        """,
        scopes=list(scope_ids),
        until=until,
        bills=collecting.billed(billed),
        cash=collecting.collected(collected),
        due=due,
    )
