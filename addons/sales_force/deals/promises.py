"""What became of promised payments: read from the payments, never written.

A promise counts the cash that was matched with its items up to its deadline, beyond
what was matched when it was made. It is kept as soon as that reaches what was promised,
and broken when the deadline passes before.
"""

from odoo.tools import SQL

from ..ledger.cash import LIQUIDITY


def matched(promises):
    """A SELECT of ``(id, date, cash)``: cash matched with the items of promises.

    Cash is in the promise's currency; what is no cash (credit notes, discounts,
    write-offs) does not count, see ``ledger/cash``.

    :param SQL promises: a condition on ``promise``
    """
    return SQL(
        """
        SELECT promise.id, r.max_date AS date,
            r.debit_amount_currency
                * CASE WHEN promise.currency_id = l.currency_id THEN 1
                    ELSE l.balance / l.amount_currency END
                * LEAST(1, GREATEST(0, -cash.liquidity / cash.receivable)) AS cash
        FROM sales_payment_promise promise
        JOIN sales_payment_promise_line item ON item.promise_id = promise.id
        JOIN account_move_line l ON l.id = item.line_id AND l.amount_currency <> 0
        JOIN account_partial_reconcile r ON r.debit_move_id = l.id
        JOIN account_move_line other ON other.id = r.credit_move_id
        JOIN account_move counterpart ON counterpart.id = other.move_id
            AND counterpart.move_type = 'entry' AND counterpart.state = 'posted'
        CROSS JOIN LATERAL (%(liquidity)s) cash
        WHERE cash.liquidity <> 0 AND cash.receivable <> 0 AND %(promises)s
        """,
        liquidity=LIQUIDITY,
        promises=promises,
    )


def judged(today, promises):
    """A SELECT of ``(id, paid, status)`` of promises.

    :param SQL today: the day on which they are judged, by ``promise.company_id``
    :param SQL promises: a condition on ``promise``
    """
    return SQL(
        """
        SELECT j.id, j.paid,
            CASE WHEN j.withdrawn_on IS NOT NULL THEN 'withdrawn'
                WHEN j.paid >= j.amount THEN 'kept'
                WHEN j.today > j.deadline THEN 'broken'
                ELSE 'open'
            END AS status
        FROM (
            SELECT promise.id, promise.amount, promise.deadline, promise.withdrawn_on,
                %(today)s AS today,
                round((COALESCE(sum(m.cash), 0) - promise.cash_before)::numeric,
                    currency.decimal_places) AS paid
            FROM sales_payment_promise promise
            JOIN res_currency currency ON currency.id = promise.currency_id
            LEFT JOIN (%(matched)s) m
                ON m.id = promise.id AND m.date <= promise.deadline
            WHERE %(promises)s
            GROUP BY promise.id, currency.id
        ) j
        """,
        today=today,
        matched=matched(promises),
        promises=promises,
    )
