"""Documents that entries are about: what becomes of them concerns whoever has some."""

from odoo.tools import SQL


def marks(rule_ids, company_id, metrics, start, stop):
    """``rep_id`` and a mark of each invoice that a rep has entries about: of its cash
    and of its credit notes in a period, whoever they are credited to.

    :param rule_ids: of the entries
    :param metrics: ids of what is looked at
    """
    return SQL(
        """
        SELECT e.rep_id, d.mark
        FROM (
            SELECT COALESCE(m.reversed_entry_id, m.id) AS id,
                sum(hashtextextended(c::text, 0)) AS mark
            FROM sales_credit c
            JOIN account_move m ON m.id = c.scope_id
            WHERE c.company_id = %(company)s AND c.metric_id = ANY(%(metrics)s)
                AND c.date BETWEEN %(start)s AND %(stop)s
                AND (c.source = 'cash'
                    OR c.source = 'invoice' AND m.reversed_entry_id IS NOT NULL)
            GROUP BY 1
        ) d
        CROSS JOIN LATERAL (
            SELECT DISTINCT rep_id FROM sales_commission_entry
            WHERE scope_id = d.id AND source IN ('invoice', 'cash')
                AND rule_id = ANY(%(rules)s)
        ) e
        """,
        company=company_id,
        metrics=list(metrics),
        start=start,
        stop=stop,
        rules=list(rule_ids),
    )
