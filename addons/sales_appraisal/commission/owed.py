"""What was earned and is owed of draws, from entries; and lines without a credit."""

from odoo.tools import SQL

# What is about the balance, and not earned.
ADVANCES = ("guarantee", "draw", "recovery", "forgiveness")
# By how much an entry ``e`` changes what is owed.
OWED = SQL("CASE e.subject WHEN 'forgiveness' THEN -e.base ELSE e.amount END")
# Which entries do.
CHANGES_OWED = SQL("e.subject IN ('draw', 'recovery', 'forgiveness')")


def earned(rule_ids, start, rep_ids):
    """``(rep's id, what is earned of a period)``, as text: exact.

    Whatever statement it is in: the sum does not depend on what is closed.
    """
    return SQL(
        """SELECT rep_id, sum(amount)::text FROM sales_commission_entry
        WHERE rep_id = ANY(%s) AND rule_id = ANY(%s) AND period_from = %s
            AND subject <> ALL(%s)
        GROUP BY rep_id""",
        list(rep_ids),
        list(rule_ids),
        start,
        list(ADVANCES),
    )


def before(rule_ids, start, rep_ids=None):
    """``(rep's id, what is owed of all periods before one)``, as text: exact.

    :param rep_ids: only of these
    """
    return SQL(
        """SELECT e.rep_id, sum(%s)::text FROM sales_commission_entry e
        WHERE e.rule_id = ANY(%s) AND e.period_from < %s AND %s AND %s
        GROUP BY e.rep_id""",
        OWED,
        list(rule_ids),
        start,
        CHANGES_OWED,
        SQL("TRUE") if rep_ids is None else SQL("e.rep_id = ANY(%s)", list(rep_ids)),
    )


def lines(rows):
    """Lines of entries, see ``booking.LINE``.

    :param rows: ``[(rep's id, source, model, its id, date, base, position, amount)]``
    """
    columns = [[row[index] for row in rows] for index in range(8)]
    return SQL(
        """
        SELECT rep_id, 0 AS level, source, res_model, res_id, 0 AS part, 0 AS user_id,
            FALSE AS overlay, date, 0 AS scope_id, NULL::integer AS metric_id,
            NULL::integer AS partner_id, NULL::integer AS product_id,
            NULL::numeric AS factor, base, position, amount
        FROM unnest(%s::integer[], %s::varchar[], %s::varchar[], %s::integer[],
            %s::date[], %s::numeric[], %s::numeric[], %s::numeric[]
        ) l(rep_id, source, res_model, res_id, date, base, position, amount)
        """,
        *columns,
    )
