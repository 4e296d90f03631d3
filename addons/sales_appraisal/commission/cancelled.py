"""What still counts of orders that were cancelled or became less after they were paid.

The ledger has an order as it is today. Where a rule does not let that change what was
reached in the order's period, its credits count on as closed statements have counted
them; ``remains`` is what there is of them today.
"""

from odoo.tools import SQL

from .booking import first_kept
from .credited import CAUSE, KEPT, columns, either, same_cause


def counting(counted):
    """What a rule counts, all of which remains."""
    return SQL("SELECT c.*, c.value AS remains FROM (%s) c", counted)


def counted_on(counted, former, remains):
    """What a rule counts, with what was counted of orders before they became less.

    An order has become less where nobody is credited with its line or it any more, or
    one person alone, with less. Where others are credited with it, it may have passed
    to them, and counts as it does today.

    :param SQL counted: see ``credited.base``
    :param former: a relation in parentheses of what closed statements hold
    :param bool remains: whether to say what remains of each
    """
    return SQL(
        """
        SELECT %(columns)s, CASE WHEN less THEN was ELSE is_now END AS value%(remains)s
        FROM (
            SELECT %(names)s, c.value AS is_now, f.base AS was,
                f.base > 0 AND COALESCE(c.value, 0) < f.base AND (
                    SELECT CASE count(*) WHEN 0 THEN TRUE
                        WHEN 1 THEN c.value IS NOT NULL AND NOT f.overlay
                        ELSE FALSE END
                    FROM sales_credit x
                    WHERE x.scope_id = f.scope_id AND x.source = f.source
                        AND x.metric_id = f.metric_id AND x.res_model = f.res_model
                        AND x.res_id = f.res_id AND NOT x.overlay
                ) AS less
            FROM (%(counted)s) c
            FULL JOIN %(former)s f ON f.rep_id = c.rep_id AND %(same)s
        ) k
        WHERE is_now IS NOT NULL OR less
        """,
        columns=SQL(", ").join(
            SQL.identifier(name) for name in ("rep_id", *CAUSE, *KEPT)
        ),
        remains=SQL(", COALESCE(is_now, 0) AS remains") if remains else SQL(),
        names=either("c", "f", ("rep_id", *CAUSE, *KEPT)),
        counted=counted,
        former=former,
        same=same_cause("f", "c"),
    )


def known(rule_ids, start, stop, rep_ids, subject):
    """What closed statements have counted in some periods, by whatever rule: of several
    that have paid a rep for one period, by the last.

    :return: a relation in parentheses: rep_id, the cause, what is kept and ``base``
    """
    return SQL(
        """(
            SELECT e.rep_id, %(cause)s, %(kept)s, sum(e.base) AS base
            FROM (
                SELECT e.*, rank() OVER (
                    PARTITION BY e.rep_id, e.period_from ORDER BY e.rule_id DESC
                ) AS place
                FROM sales_commission_entry e
                JOIN sales_commission_statement s ON s.id = e.statement_id
                    AND s.state <> 'open'
                WHERE e.rep_id = ANY(%(reps)s) AND e.rule_id = ANY(%(rules)s)
                    AND e.period_from BETWEEN %(start)s AND %(stop)s
                    AND e.subject = %(subject)s
            ) e
            WHERE e.place = 1
            GROUP BY e.rep_id, %(cause)s
        )""",
        cause=columns("e", CAUSE),
        kept=first_kept("e"),
        reps=list(rep_ids),
        rules=list(rule_ids),
        start=start,
        stop=stop,
        subject=subject,
    )
