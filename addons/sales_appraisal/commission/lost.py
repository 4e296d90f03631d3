"""What was paid for customers who are lost: taken back, and given again if they return.

While a customer is lost, nothing is paid for the documents of the months before, by
whatever entries: each that there is on the day of the loss is taken back, each that
comes while it lasts is taken back on its own day, and all of it is given again on the
day of the return. So what refunds, cash or due dates do meanwhile is not done twice,
and a document has at any time either what it has earned or nothing.
"""

from odoo.tools import SQL

from .credited import CAUSE, columns


def losses(company_id, start, stop):
    """Who was lost on some days or until then: ``partner_id``, ``first`` and ``last``,
    the day of the return."""
    return SQL(
        """
        SELECT partner_id, first, last FROM (
            SELECT partner_id, lost, date AS first,
                LEAD(date, 1, 'infinity') OVER (
                    PARTITION BY partner_id ORDER BY date, id
                ) AS last
            FROM (
                SELECT id, partner_id, date, stage = 'lost' AS lost,
                    LAG(stage = 'lost', 1, FALSE) OVER (
                        PARTITION BY partner_id ORDER BY date, id
                    ) AS was
                FROM sales_customer_stage
                WHERE company_id = %(company)s AND partner_id IN (
                    SELECT partner_id FROM sales_customer_stage
                    WHERE company_id = %(company)s AND stage = 'lost'
                        AND date <= %(stop)s
                )
            ) stages
            WHERE lost <> was
        ) turns
        WHERE lost AND first <= %(stop)s AND last >= %(start)s
        """,
        company=company_id,
        start=start,
        stop=stop,
    )


def take_back(start, stop, **terms):
    """Lines of what is taken back and given again on some days.

    :param terms: see ``_lost``
    """
    touched = SQL(
        """
        SELECT partner_id FROM losses WHERE first >= %(start)s OR last <= %(stop)s
        UNION
        SELECT e.partner_id
        FROM sales_rep r
        JOIN sales_commission_entry e ON e.rep_id = r.id
            AND e.rule_id = ANY(%(rules)s) AND e.period_from = %(start)s
        WHERE r.company_id = %(company)s
            AND e.partner_id IN (SELECT partner_id FROM losses)
        """,
        start=start,
        stop=stop,
        rules=list(terms["rule_ids"]),
        company=terms["company_id"],
    )
    return SQL(
        """
        WITH %(lost)s,
        events AS (
            SELECT l.*, GREATEST(l.date, l.first) AS day, -l.amount AS change,
                CASE WHEN l.date <= l.first THEN -l.amount ELSE 0 END AS shown
            FROM lost l WHERE l.together > 0
            UNION ALL
            SELECT l.*, l.last, l.amount, l.amount FROM lost l WHERE l.together > 0
        )
        SELECT e.rep_id, %(cause)s, min(e.day) AS date, max(e.scope_id) AS scope_id,
            max(e.metric_id) AS metric_id, max(e.partner_id) AS partner_id,
            max(e.product_id) AS product_id, 1::numeric AS factor,
            sum(e.shown) AS base, 0::numeric AS position, sum(e.change) AS amount
        FROM events e
        WHERE e.day BETWEEN %(start)s AND %(stop)s
        GROUP BY e.rep_id, %(cause)s
        """,
        lost=_lost(touched, start, stop, **terms),
        cause=columns("e", CAUSE),
        start=start,
        stop=stop,
    )


def documents(day, partner_ids, **terms):
    """For whom documents pay nothing on a day: ``(rep's id, scope)``.

    :param partner_ids: only of these customers
    :param terms: see ``_lost``
    """
    touched = SQL(
        "SELECT partner_id FROM losses WHERE partner_id = ANY(%s)", list(partner_ids)
    )
    return SQL(
        """WITH %s
        SELECT DISTINCT rep_id, scope_id FROM lost WHERE together > 0 AND last > %s""",
        _lost(touched, day, day, **terms),
        day,
    )


def _lost(
    touched,
    start,
    stop,
    *,
    rule_id,
    rule_ids,
    company_id,
    months,
    earned,
    back,
    others,
    ordered,
):
    """Relations of what is paid for documents of customers who are lost, ``lost``: with
    the loss, from ``first`` until ``last``, and what is paid for all ``together``.

    Entries are about the document that has earned: those of a credit note about its
    invoice. The rule that has paid for a document decides, and later versions of it
    only go on. Of a rep who was paid nothing for the documents of a customer, credit
    notes put together, nothing is taken back, and nothing is given for the loss.

    :param SQL touched: which of the customers of ``losses``
    :param rule_ids: the rule and those that it continues or that continue it
    :param months: within which after the document the customer is lost
    :param list earned: subjects that say what a document has earned
    :param list back: subjects that take it back for good
    :param list others: those that hold it, release it or take it back for a time
    :param bool ordered: whether documents are orders, whose credits may be gone
    """
    orders = SQL()
    if ordered:
        orders = SQL(
            """
            UNION SELECT o.id FROM sale_order o
            JOIN res_partner p ON p.id = o.partner_id
            WHERE p.commercial_partner_id IN (SELECT partner_id FROM touched)
            """
        )
    return SQL(
        """
        losses AS MATERIALIZED (%(losses)s),
        touched AS MATERIALIZED (%(touched)s),
        scopes AS MATERIALIZED (
            SELECT scope_id FROM sales_credit
            WHERE partner_id IN (SELECT partner_id FROM touched)
            %(orders)s
        ),
        paid AS MATERIALIZED (
            SELECT e.rep_id, %(cause)s, e.rule_id, e.subject, e.partner_id,
                max(e.scope_id) AS scope_id, max(e.metric_id) AS metric_id,
                max(e.product_id) AS product_id, min(e.id) AS id,
                (array_agg(e.date ORDER BY e.id DESC))[1] AS date,
                sum(e.amount) AS amount
            FROM sales_commission_entry e
            WHERE e.scope_id IN (SELECT scope_id FROM scopes)
                AND e.rule_id = ANY(%(rules)s) AND e.subject = ANY(%(subjects)s)
                AND e.partner_id IN (SELECT partner_id FROM touched)
            GROUP BY e.rep_id, %(cause)s, e.rule_id, e.subject, e.partner_id,
                e.period_from
            HAVING sum(e.amount) <> 0
        ),
        documents AS (
            SELECT p.*,
                COALESCE(o.invoice_date, m.invoice_date, min(p.date) OVER document)
                    AS document_date,
                first_value(p.rule_id) OVER (
                    document ORDER BY p.subject = ANY(%(earned)s) DESC, p.id
                ) AS decides
            FROM paid p
            LEFT JOIN account_move m
                ON p.source IN ('invoice', 'cash') AND m.id = p.scope_id
            LEFT JOIN account_move o ON o.id = m.reversed_entry_id
            WINDOW document AS (
                PARTITION BY p.rep_id, CASE WHEN m.id IS NULL THEN p.source END,
                    COALESCE(o.id, p.scope_id)
            )
        ),
        lost AS (
            SELECT d.*, l.first, l.last, sum(d.amount) FILTER (
                WHERE d.date <= l.first AND d.subject = ANY(%(sums)s)
            ) OVER (PARTITION BY d.rep_id, d.partner_id, l.first) AS together
            FROM documents d
            JOIN losses l ON l.partner_id = d.partner_id AND d.document_date <= l.first
                AND l.first < d.document_date + make_interval(months => %(months)s)
            WHERE d.decides = %(rule)s AND d.date < l.last
        )
        """,
        losses=losses(company_id, start, stop),
        touched=touched,
        rules=list(rule_ids),
        rule=rule_id,
        months=months,
        cause=columns("e", CAUSE),
        subjects=[*earned, *back, *others],
        sums=[*earned, *back],
        earned=list(earned),
        orders=orders,
    )
