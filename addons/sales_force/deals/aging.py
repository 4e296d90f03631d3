"""What customers owe by age: buckets, and the open items as a set.

An item is a line of a receivable account that is posted and not reconciled: an
instalment of an invoice, or what is to be set against it (a credit note, a payment that
is not matched). It is overdue from the day after its due date; credits never are.
"""

from odoo.tools import SQL

# In the order of age, which is that of the letters, too.
BUCKETS = ("0_not_due", "1_30", "31_60", "61_90", "91_more", "credit")
# That a journal item ``l`` of an account ``a`` is such an item.
OPEN = SQL(
    "a.account_type = 'asset_receivable' AND a.non_trade IS NOT TRUE "
    "AND l.parent_state = 'posted' AND l.reconciled IS NOT TRUE"
)


def sql_today(days, company):
    """Today where each company works.

    :param dict days: the day by company id
    :param SQL company: the id of the company
    """
    if len(set(days.values())) == 1:
        return SQL("%s::date", next(iter(days.values())))
    return SQL(
        "CASE %s %s END",
        company,
        SQL(" ").join(
            SQL("WHEN %s THEN %s::date", id_, day) for id_, day in days.items()
        ),
    )


def open_items(days):
    """A SELECT of the open items of companies.

    ``partner_id`` is the commercial partner, ``user_id`` its salesperson. Amounts are
    in company currency and, as ``*_currency``, in the document's; credits are negative.

    :param dict days: today by the companies' ids
    """
    due = SQL("COALESCE(l.date_maturity, l.date)")
    late = SQL("%s - %s", sql_today(days, SQL("l.company_id")), due)
    return SQL(
        """
        SELECT l.id, l.move_id, c.id AS partner_id, c.user_id,
            c.sales_territory_id AS territory_id, l.company_id,
            company.currency_id AS company_currency_id, l.currency_id,
            CASE
                WHEN m.move_type IN ('out_invoice', 'out_receipt') THEN 'invoice'
                WHEN m.move_type = 'out_refund' THEN 'refund'
                WHEN COALESCE(m.origin_payment_id, m.statement_line_id) IS NOT NULL
                    THEN 'payment'
                ELSE 'entry'
            END AS kind,
            m.name AS document_name, COALESCE(m.invoice_date, l.date) AS date,
            %(due)s AS date_due,
            CASE WHEN l.amount_residual > 0 THEN GREATEST(%(late)s, 0) ELSE 0 END
                AS days_overdue,
            CASE WHEN l.amount_residual < 0 THEN 'credit'
                WHEN %(late)s <= 0 THEN '0_not_due'
                WHEN %(late)s <= 30 THEN '1_30'
                WHEN %(late)s <= 60 THEN '31_60'
                WHEN %(late)s <= 90 THEN '61_90'
                ELSE '91_more'
            END AS bucket,
            l.balance AS amount, l.amount_residual AS residual,
            CASE WHEN l.amount_residual > 0 AND %(late)s > 0 THEN l.amount_residual
                ELSE 0 END AS overdue,
            l.amount_currency, l.amount_residual_currency AS residual_currency
        FROM account_move_line l
        JOIN account_account a ON a.id = l.account_id
        JOIN account_move m ON m.id = l.move_id
        JOIN res_partner p ON p.id = l.partner_id
        JOIN res_partner c ON c.id = p.commercial_partner_id
        JOIN res_company company ON company.id = l.company_id
        WHERE %(open)s
          AND (l.amount_residual <> 0 OR l.amount_residual_currency <> 0)
          AND l.company_id = ANY(%(companies)s)
        """,
        open=OPEN,
        due=due,
        late=late,
        companies=list(days),
    )


def overdue(customer_ids, company_id, today):
    """``(commercial partner, days of the oldest item, amount)`` of what is overdue.

    In company currency; what is paid in advance is not taken off.
    """
    return SQL(
        """SELECT l.partner_id, %(today)s::date - min(l.date_maturity),
            sum(l.amount_residual)
        FROM account_move_line l
        JOIN account_account a ON a.id = l.account_id
        WHERE %(open)s
          AND l.partner_id = ANY(%(customers)s) AND l.company_id = %(company)s
          AND l.amount_residual > 0 AND l.date_maturity < %(today)s
        GROUP BY l.partner_id""",
        open=OPEN,
        today=today,
        company=company_id,
        customers=list(customer_ids),
    )
