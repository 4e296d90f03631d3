"""What is held back of what is earned, and when it is released.

Both follow from entries, once what is earned is settled: a part of all that a cause has
earned is held, and released with the cash of its invoice line or after some days. All
amounts are exact numerics, and releases are differences of running totals, so that
those of a line that is fully paid sum to what was held of it.
"""

from odoo.tools import SQL

from . import collecting
from .credited import CAUSE, KEPT, columns, rounded


def hold(earned, percent, per_unit, billed=None):
    """Lines of what is held of each cause, negative where it has earned.

    :param SQL earned: a relation in parentheses of entries
    :param percent: what is held of 100
    :param billed: the id of the metric without which there is nothing to be collected
        and so nothing to wait for; None: for all causes
    """
    waits = SQL()
    if billed:
        waits = SQL(
            """
            WHERE EXISTS (
                SELECT FROM sales_credit b
                WHERE b.scope_id = h.scope_id AND b.source = 'invoice'
                    AND b.metric_id = %s AND b.res_model = h.res_model
                    AND b.res_id = h.res_id
            )
            """,
            billed,
        )
    return SQL(
        """
        SELECT h.rep_id, %(names)s, h.amount AS base, 0::numeric AS position,
            -%(amount)s AS amount
        FROM (
            SELECT e.rep_id, %(cause)s, %(kept)s, sum(e.amount) AS amount
            FROM %(earned)s e GROUP BY e.rep_id, %(cause)s
        ) h
        %(waits)s
        """,
        names=columns("h", (*CAUSE, *KEPT)),
        amount=rounded(SQL("h.amount * %s / 100", percent), per_unit),
        cause=columns("e", CAUSE),
        kept=_latest("e"),
        earned=earned,
        waits=waits,
    )


def _latest(alias):
    return SQL(", ").join(
        SQL("max(%s) AS %s", SQL.identifier(alias, name), SQL.identifier(name))
        for name in KEPT
    )


def release_with_cash(rule_id, start, stop, collected, billed, per_unit, until):
    """Lines of what cash of some days releases, a line for each hold and payment.

    The part released is that of the line's bill that is collected, whoever is credited
    with it; a credit note is a bill of less than nothing. Cash that came before the
    invoice counts with the invoice.

    :param collected, billed: ids of the metrics
    :param SQL until: the last day on which something is released to a rep ``p``
    """
    return SQL(
        """
        WITH scopes AS MATERIALIZED (
            SELECT scope_id FROM sales_credit
            WHERE metric_id = %(collected)s AND date BETWEEN %(start)s AND %(stop)s
            UNION
            SELECT scope_id FROM sales_commission_entry
            WHERE rule_id = %(rule)s AND subject = 'hold'
                AND date BETWEEN %(start)s AND %(stop)s
        ),
        held AS (
            SELECT e.rep_id, e.level, e.res_id AS line_id, e.user_id, e.overlay,
                max(e.date) AS date, -sum(e.amount) AS amount
            FROM sales_commission_entry e
            WHERE e.rule_id = %(rule)s AND e.subject = 'hold' AND e.source = 'invoice'
                AND e.scope_id IN (SELECT scope_id FROM scopes)
            GROUP BY e.rep_id, e.level, e.res_id, e.user_id, e.overlay
        ),
        cash AS (%(cash)s),
        billed AS (%(bills)s)
        SELECT h.rep_id, h.level, c.source, c.res_model, c.res_id, c.part, h.user_id,
            h.overlay, GREATEST(c.date, h.date) AS date, c.scope_id, c.metric_id,
            c.partner_id, c.product_id, 1::numeric AS factor, c.value AS base,
            c.upto - c.value AS position,
            %(after)s - %(before)s AS amount
        FROM held h
        JOIN cash c ON c.part = h.line_id
        JOIN billed b ON b.res_id = h.line_id
        JOIN sales_rep p ON p.id = h.rep_id
        WHERE GREATEST(c.date, h.date) BETWEEN %(start)s AND %(stop)s
            AND GREATEST(c.date, h.date) <= %(until)s
        """,
        rule=rule_id,
        start=start,
        stop=stop,
        collected=collected,
        cash=collecting.collected(collected),
        bills=collecting.billed(billed),
        after=rounded(SQL("h.amount * c.upto / b.value"), per_unit),
        before=rounded(SQL("h.amount * (c.upto - c.value) / b.value"), per_unit),
        until=until,
    )


def release_after(rule_id, start, stop, days, until):
    """Lines of holds that end on some days, so many days after their fact."""
    return SQL(
        """
        SELECT h.rep_id, %(cause)s, h.date, %(kept)s, h.amount AS base,
            0::numeric AS position, h.amount
        FROM (
            SELECT e.rep_id, %(of)s, max(e.date) + %(days)s AS date, %(latest)s,
                -sum(e.amount) AS amount
            FROM sales_commission_entry e
            WHERE e.rule_id = %(rule)s AND e.subject = 'hold'
                AND e.date BETWEEN %(start)s::date - %(days)s
                    AND %(stop)s::date - %(days)s
            GROUP BY e.rep_id, %(of)s
        ) h
        JOIN sales_rep p ON p.id = h.rep_id
        WHERE h.date <= %(until)s
        """,
        cause=columns("h", CAUSE),
        of=columns("e", CAUSE),
        kept=columns("h", KEPT[1:]),
        latest=SQL(", ").join(
            SQL("max(%s) AS %s", SQL.identifier("e", name), SQL.identifier(name))
            for name in KEPT[1:]
        ),
        rule=rule_id,
        start=start,
        stop=stop,
        days=days,
        until=until,
    )
