"""What customers should have paid: SQL over sets, in company currency."""

from odoo.tools import SQL


def of_customers(customer_ids, company_id, today):
    """``(commercial partner, days of the oldest item, amount)`` of what is overdue.

    Age is counted from the day after the due date; what is paid in advance is not
    taken off.
    """
    return SQL(
        """SELECT l.partner_id, %(today)s::date - min(l.date_maturity),
            sum(l.amount_residual)
        FROM account_move_line l
        JOIN account_account a ON a.id = l.account_id
            AND a.account_type = 'asset_receivable'
        WHERE l.partner_id = ANY(%(customers)s) AND l.company_id = %(company)s
          AND l.parent_state = 'posted' AND l.reconciled IS NOT TRUE
          AND l.amount_residual > 0 AND l.date_maturity < %(today)s
        GROUP BY l.partner_id""",
        today=today,
        company=company_id,
        customers=list(customer_ids),
    )
