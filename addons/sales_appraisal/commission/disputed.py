"""The entry that corrects what was disputed.

No rule gives it, so no run compares it with anything: it is written once and stays,
whatever is settled again, and what the rule gives stays what it is. It has the dispute
as its cause, and of one dispute there is one at most.
"""

from odoo.tools import SQL

# Of the entry that is corrected.
_COPIED = (
    *("company_id", "rep_id", "rule_id", "period_from", "currency_id"),
    *("level", "metric_id", "partner_id", "product_id"),
)


def correct(entry_id, dispute_id, statement_id, day, amount):
    """A statement that writes the entry and returns its id.

    It names the entry that it corrects where that one is closed; an open one may
    vanish.

    :param statement_id: an open one, locked
    :param amount: what is paid more, or less, as an exact ``Decimal``
    """
    copied = SQL(", ").join(map(SQL.identifier, _COPIED))
    of_entry = SQL(", ").join(SQL.identifier("e", name) for name in _COPIED)
    return SQL(
        """
        INSERT INTO sales_commission_entry (
            %(copied)s, statement_id, kind, subject, corrects_id, source, res_model,
            res_id, part, user_id, overlay, date, scope_id, base, position, amount
        )
        SELECT %(of_entry)s, %(statement)s, 'adjustment', 'dispute',
            CASE WHEN s.state <> 'open' THEN e.id END, 'dispute',
            'sales.commission.dispute', %(dispute)s, 0, 0, FALSE, %(day)s, 0,
            0::numeric, 0::numeric, %(amount)s::numeric
        FROM sales_commission_entry e
        JOIN sales_commission_statement s ON s.id = e.statement_id
        WHERE e.id = %(entry)s
        RETURNING id
        """,
        copied=copied,
        of_entry=of_entry,
        statement=statement_id,
        dispute=dispute_id,
        day=day,
        amount=amount,
        entry=entry_id,
    )
