"""Credit notes on invoices of earlier periods: taken back as they were paid.

Such a credit note does not count in its own period. Whoever was paid for the invoice
gives back the part of it that is credited, whatever the rate was and whoever the
credit note is credited to.
"""

from odoo.tools import SQL

from .credited import rounded

# Of credits or entries ``c`` by product and altogether.
_PRODUCT = SQL(
    "CASE GROUPING(c.product_id) WHEN 1 THEN -1 ELSE COALESCE(c.product_id, 0) END"
)


def without(credits, start):
    """The same credits without those of credit notes on earlier invoices.

    :param SQL credits: a relation in parentheses, of rows of the ledger
    :param start: the first day of the period; invoices before it are earlier
    """
    return SQL(
        """(
            SELECT c.* FROM %s c
            WHERE NOT EXISTS (
                SELECT FROM account_move m
                JOIN account_move o ON o.id = m.reversed_entry_id
                WHERE m.id = c.scope_id AND m.move_type = 'out_refund'
                    AND o.invoice_date < %s
            )
        )""",
        credits,
        start,
    )


def _refunds(metric, source, value):
    """Relations ``invoiced`` and ``refunds`` of the invoices of ``touched(id)``.

    What is invoiced of each product, and as -1 altogether; what credit notes credit of
    it, with the running total; of a product that the invoice does not have, of -1.
    """
    return SQL(
        """
        invoiced AS MATERIALIZED (
            SELECT c.scope_id AS invoice_id, %(product)s AS product,
                sum(c.value) AS value
            FROM sales_credit c
            WHERE c.scope_id IN (SELECT id FROM touched) AND c.source = %(source)s
                AND c.metric_id = %(metric)s AND NOT c.overlay
            GROUP BY GROUPING SETS ((c.scope_id, c.product_id), (c.scope_id))
            HAVING sum(c.value) <> 0
        ),
        refunds AS (
            SELECT c.*, sum(c.value) OVER (
                PARTITION BY c.invoice_id, c.product
                ORDER BY c.date, c.res_model DESC, c.res_id, c.part
                ROWS UNBOUNDED PRECEDING
            ) AS upto
            FROM (
                SELECT m.reversed_entry_id AS invoice_id, c.scope_id, c.source,
                    c.res_model, c.res_id, c.part, c.date, c.metric_id,
                    max(c.partner_id) AS partner_id, c.product_id,
                    COALESCE(i.product, -1) AS product, sum(c.value) AS value,
                    sum(%(value)s) AS counted
                FROM account_move m
                JOIN sales_credit c ON c.scope_id = m.id AND c.source = %(source)s
                    AND c.metric_id = %(metric)s AND NOT c.overlay
                LEFT JOIN invoiced i ON i.invoice_id = m.reversed_entry_id
                    AND i.product = COALESCE(c.product_id, 0)
                WHERE m.reversed_entry_id IN (SELECT id FROM touched)
                    AND m.move_type = 'out_refund'
                GROUP BY m.reversed_entry_id, c.scope_id, c.source, c.res_model,
                    c.res_id, c.part, c.date, c.metric_id, c.product_id, i.product
            ) c
        )
        """,
        metric=metric,
        source=source,
        value=value,
        product=_PRODUCT,
    )


def take_back(rule_ids, start, stop, metric, source, value, subjects, per_unit, spread):
    """Lines of what credit notes of some days take back of entries.

    Of what was paid for a product of an invoice the part that is credited; of a product
    that the invoice does not have, the part of the whole invoice. Several credit notes
    take back differences of a running total: one after the other never more or less
    than all of them at once.

    :param list rule_ids: the rules that have paid: versions of one
    :param metric, source: of the credits that were paid for
    :param SQL value: what is counted of a credit ``c``, to be shown
    :param list subjects: of the entries that are taken back
    :param bool spread: whether products that the invoice does not have take back
    """
    part = SQL("p.amount * (%s) / i.value", SQL("r.upto"))
    before = SQL("p.amount * (%s) / i.value", SQL("r.upto - r.value"))
    return SQL(
        """
        WITH touched AS MATERIALIZED (
            SELECT DISTINCT o.id
            FROM sales_credit c
            JOIN account_move m ON m.id = c.scope_id AND m.move_type = 'out_refund'
            JOIN account_move o ON o.id = m.reversed_entry_id
            WHERE c.metric_id = %(metric)s AND c.source = %(source)s
                AND c.date BETWEEN %(start)s AND %(stop)s AND o.invoice_date < %(start)s
        ),
        %(refunds)s,
        paid AS (
            SELECT c.rep_id, c.level, c.user_id, c.overlay, c.scope_id AS invoice_id,
                %(product)s AS product, sum(c.amount) AS amount
            FROM sales_commission_entry c
            WHERE c.scope_id IN (SELECT id FROM touched) AND c.source = %(source)s
                AND c.rule_id = ANY(%(rules)s) AND c.subject = ANY(%(subjects)s)
            GROUP BY GROUPING SETS (
                (c.rep_id, c.level, c.user_id, c.overlay, c.scope_id, c.product_id),
                (c.rep_id, c.level, c.user_id, c.overlay, c.scope_id)
            )
        )
        SELECT p.rep_id, p.level, r.source, r.res_model, r.res_id, r.part, p.user_id,
            p.overlay, r.date, r.scope_id, r.metric_id, r.partner_id, r.product_id,
            1::numeric AS factor,
            r.counted AS base, r.value - r.upto AS position,
            %(after)s - %(before)s AS amount
        FROM refunds r
        JOIN invoiced i USING (invoice_id, product)
        JOIN paid p USING (invoice_id, product)
        WHERE r.date BETWEEN %(start)s AND %(stop)s AND (%(spread)s OR r.product >= 0)
        """,
        rules=list(rule_ids),
        metric=metric,
        source=source,
        refunds=_refunds(metric, source, value),
        start=start,
        stop=stop,
        product=_PRODUCT,
        subjects=list(subjects),
        after=rounded(part, per_unit),
        before=rounded(before, per_unit),
        spread=spread,
    )


def shares(scope_ids, metric, source):
    """What credit notes credit of lines of invoices, by the lines of the credit notes.

    The same parts as those of ``take_back``, amounts as text: ``(scope, line, date of
    the invoice, scope and line of the credit note, its date, credited before it and
    with it, invoiced, whether it is of a product that the invoice does not have)``.

    :param scope_ids: the invoices
    """
    return SQL(
        """
        WITH touched AS MATERIALIZED (SELECT unnest(%(scopes)s) AS id),
        %(refunds)s,
        lines AS (
            SELECT DISTINCT scope_id, COALESCE(NULLIF(part, 0), res_id) AS line_id,
                COALESCE(product_id, 0) AS product
            FROM sales_credit
            WHERE scope_id = ANY(%(scopes)s) AND source = %(source)s
                AND metric_id = %(metric)s
        )
        SELECT l.scope_id, l.line_id, m.invoice_date, r.scope_id,
            COALESCE(NULLIF(r.part, 0), r.res_id), r.date, (r.upto - r.value)::text,
            r.upto::text, i.value::text, r.product < 0
        FROM lines l
        JOIN account_move m ON m.id = l.scope_id
        JOIN refunds r ON r.invoice_id = l.scope_id AND r.product IN (l.product, -1)
        JOIN invoiced i ON i.invoice_id = r.invoice_id AND i.product = r.product
        """,
        scopes=list(scope_ids),
        metric=metric,
        source=source,
        refunds=_refunds(metric, source, SQL("c.value")),
    )
