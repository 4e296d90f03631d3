"""What customers owe and have ordered: SQL over sets, in company currency."""

from odoo.tools import SQL

from .aging import OPEN

# The ages of what is overdue: name, the most days; None: any.
AGES = (("d30", 30), ("d60", 60), ("d90", 90), ("more", None))


_ALL = SQL("TRUE")


def owed(customer, company, today, readable=_ALL):
    """A subquery with one row: what a customer owes a company, by age.

    ``not_due``, the ages, ``credits`` (paid or credited and not matched, negative);
    together they are the balance. Age is counted from the day after the due date.

    :param SQL customer: id of a commercial partner
    :param SQL company: id
    :param SQL readable: which journal entries ``l.move_id`` count
    """
    late = SQL("(%s - COALESCE(l.date_maturity, l.date))", today)
    columns, above = [], 0
    for name, most in AGES:
        within = SQL("%s <= %s", late, most) if most else SQL("TRUE")
        columns.append(
            SQL(
                "sum(l.amount_residual) FILTER (WHERE l.amount_residual > 0 "
                "AND %s > %s AND %s) AS %s",
                late,
                above,
                within,
                SQL.identifier(name),
            )
        )
        above = most
    return SQL(
        """
        SELECT sum(l.amount_residual) FILTER (WHERE l.amount_residual > 0
                AND %(late)s <= 0) AS not_due,
            %(ages)s,
            sum(l.amount_residual) FILTER (WHERE l.amount_residual < 0) AS credits,
            sum(l.amount_residual) AS balance
        FROM account_move_line l
        JOIN account_account a ON a.id = l.account_id
        WHERE %(open)s
          AND l.partner_id = %(customer)s AND l.company_id = %(company)s
          AND %(readable)s
        """,
        open=OPEN,
        late=late,
        ages=SQL(", ").join(columns),
        customer=customer,
        company=company,
        readable=readable,
    )


def uninvoiced(customer, company, readable=_ALL):
    """A subquery with one row: what a customer has ordered and is not invoiced yet.

    With taxes: of each confirmed order the share of its total that is not invoiced.

    :param SQL customer: id of a commercial partner
    :param SQL company: id
    :param SQL readable: which orders ``o.id`` count
    """
    return SQL(
        """
        SELECT sum(GREATEST(o.amount_total * (1 - COALESCE((
                SELECT sum(s.untaxed_amount_invoiced) FROM sale_order_line s
                WHERE s.order_id = o.id), 0) / o.amount_untaxed), 0)
            / COALESCE(NULLIF(o.currency_rate, 0), 1)) AS amount
        FROM res_partner p
        JOIN sale_order o ON o.partner_id = p.id
            AND o.state = 'sale' AND o.company_id = %(company)s
            AND o.invoice_status NOT IN ('invoiced', 'upselling')
            AND o.amount_untaxed > 0 AND %(readable)s
        WHERE p.commercial_partner_id = %(customer)s
        """,
        customer=customer,
        company=company,
        readable=readable,
    )


def of_customer(customer_id, company_id, today, entries=_ALL, orders=_ALL):
    """What a customer owes, by age, and has ordered.

    :param SQL entries: which journal entries ``l.move_id`` count
    :param SQL orders: which orders ``o.id`` count
    """
    ids = SQL("%s", customer_id), SQL("%s", company_id)
    return SQL(
        """SELECT w.not_due, %(ages)s, w.credits, w.balance, u.amount
        FROM (%(owed)s) w CROSS JOIN (%(uninvoiced)s) u""",
        ages=SQL(", ").join(SQL.identifier("w", name) for name, _most in AGES),
        owed=owed(*ids, SQL("%s::date", today), entries),
        uninvoiced=uninvoiced(*ids, orders),
    )


def of_reps(rep_ids, today):
    """What the customers of reps owe and have ordered: ``(rep, amount)``."""
    ids = SQL("c.id"), SQL("r.company_id")
    return SQL(
        """SELECT r.id, sum(COALESCE(w.balance, 0) + COALESCE(u.amount, 0))
        FROM sales_rep r
        JOIN res_partner c ON c.user_id = r.user_id AND c.id = c.commercial_partner_id
        CROSS JOIN LATERAL (%(owed)s) w
        CROSS JOIN LATERAL (%(uninvoiced)s) u
        WHERE r.id = ANY(%(reps)s)
        GROUP BY r.id""",
        owed=owed(*ids, SQL("%s::date", today)),
        uninvoiced=uninvoiced(*ids),
        reps=list(rep_ids),
    )
