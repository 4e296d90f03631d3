"""What was earned and is owed of draws, from entries; and lines without a credit."""

from odoo.tools import SQL

# What is about the balance, and not earned.
ADVANCES = ("guarantee", "draw", "recovery", "carried", "forgiveness")
# By how much an entry ``e`` changes what is owed.
OWED = SQL("CASE e.subject WHEN 'forgiveness' THEN -e.base ELSE e.amount END")
# Which entries do.
CHANGES_OWED = SQL("e.subject IN ('draw', 'recovery', 'carried', 'forgiveness')")


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
        _of(rep_ids),
    )


def changes(rep_ids):
    """What changes what reps owe: ``(rep's id, first version of the plan that they owe
    it to, the last day of the plan's statements of the rep, first day of the statement,
    subject, amount)``, the amount as text: exact."""
    return SQL(
        """
        WITH plans AS (
            SELECT id, COALESCE(first_id, id) AS first_id FROM sales_commission_plan
        ),
        paid AS (
            SELECT s.rep_id, p.first_id, max(s.date_to) AS last
            FROM sales_commission_statement s JOIN plans p ON p.id = s.plan_id
            WHERE s.rep_id = ANY(%(reps)s) GROUP BY s.rep_id, p.first_id
        )
        SELECT e.rep_id, p.first_id, paid.last, s.date_from, e.subject,
            sum(%(owed)s)::text
        FROM sales_commission_entry e
        JOIN sales_commission_statement s ON s.id = e.statement_id
        JOIN sales_commission_rule u ON u.id = e.rule_id
        JOIN plans p ON p.id = u.plan_id
        JOIN paid ON paid.rep_id = e.rep_id AND paid.first_id = p.first_id
        WHERE e.rep_id = ANY(%(reps)s) AND %(changes)s
        GROUP BY 1, 2, 3, 4, 5
        ORDER BY 1, 2, 4, 5
        """,
        owed=OWED,
        reps=list(rep_ids),
        changes=CHANGES_OWED,
    )


def moved(company_id, currency_id, rep_ids=None):
    """``(rep's id, first version of a plan that has advanced something, first version
    of another plan that pays the rep too)``, of one company and currency.

    :param rep_ids: only of these
    """
    return SQL(
        """
        WITH plans AS (
            SELECT id, COALESCE(first_id, id) AS first_id FROM sales_commission_plan
            WHERE company_id = %s AND currency_id = %s
        ),
        advanced AS (
            SELECT DISTINCT e.rep_id, p.first_id
            FROM sales_commission_entry e
            JOIN sales_commission_rule u ON u.id = e.rule_id
            JOIN plans p ON p.id = u.plan_id
            WHERE %s AND %s
        )
        SELECT DISTINCT a.rep_id, a.first_id, p.first_id
        FROM advanced a
        JOIN sales_commission_statement s ON s.rep_id = a.rep_id
        JOIN plans p ON p.id = s.plan_id AND p.first_id <> a.first_id
        """,
        company_id,
        currency_id,
        CHANGES_OWED,
        _of(rep_ids),
    )


def _of(rep_ids):
    return SQL("TRUE") if rep_ids is None else SQL("e.rep_id = ANY(%s)", list(rep_ids))


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
