"""What credits earn: one statement for a rule and all whom it pays.

``people`` says whose credits count for whom on which days; the base is what a rule
counts of them; a schedule for each rep (see ``schedule``) makes of the running total
what each credit earns. All amounts are exact numerics.
"""

from odoo.tools import SQL

# What identifies the cause of an entry: the key of its credit, copied.
CAUSE = ("level", "source", "res_model", "res_id", "part", "user_id", "overlay")
# What an entry keeps of its credit besides; the factor is NULL without a decelerator.
KEPT = ("date", "scope_id", "metric_id", "partner_id", "product_id", "factor")


def rounded(amount, per_unit):
    return SQL("round(%(amount)s * %(per)s) / %(per)s", amount=amount, per=per_unit)


def columns(alias, names):
    return SQL(", ").join(SQL.identifier(alias, name) for name in names)


def same_cause(one, other):
    return SQL(" AND ").join(
        SQL("%s = %s", SQL.identifier(one, name), SQL.identifier(other, name))
        for name in CAUSE
    )


def either(one, other, names):
    """Columns of two relations that are joined: those of the one where it has them."""
    return SQL(", ").join(
        SQL(
            "COALESCE(%s, %s) AS %s",
            SQL.identifier(one, name),
            SQL.identifier(other, name),
            SQL.identifier(name),
        )
        for name in names
    )


def own(members):
    """Whose credits count for whom: everybody's own.

    :param members: ``[(rep's id, first day, last day)]`` on which a plan is for a rep
    """
    return SQL(
        """
        SELECT rep_id, rep_id AS credited_id, 0 AS level, date_from, date_to
        FROM (%s) members
        """,
        _members(members),
    )


def below(members, company_id, levels):
    """Those of everybody below, each on the days on which a manager was theirs.

    Every credit counts once for each beneficiary, at the level of the beneficiary's
    own chain on the date of the credit.

    :param levels: ``(first, last)``; 1 is who reports to the rep
    """
    return SQL(
        """
        WITH RECURSIVE chain AS (
            SELECT a.manager_id AS rep_id, a.rep_id AS credited_id, 1 AS level,
                a.date_from, COALESCE(a.date_to, 'infinity') AS date_to
            FROM sales_rep_assignment a
            WHERE a.company_id = %(company)s AND a.manager_id IS NOT NULL
            UNION ALL
            SELECT a.manager_id, c.credited_id, c.level + 1,
                GREATEST(a.date_from, c.date_from),
                LEAST(COALESCE(a.date_to, 'infinity'), c.date_to)
            FROM chain c
            JOIN sales_rep_assignment a ON a.rep_id = c.rep_id
                AND a.manager_id IS NOT NULL AND a.date_from <= c.date_to
                AND COALESCE(a.date_to, 'infinity') >= c.date_from
            WHERE c.level < %(last)s
        )
        SELECT m.rep_id, c.credited_id, c.level,
            GREATEST(c.date_from, m.date_from) AS date_from,
            LEAST(c.date_to, m.date_to) AS date_to
        FROM chain c
        JOIN (%(members)s) m ON m.rep_id = c.rep_id
            AND m.date_from <= c.date_to AND m.date_to >= c.date_from
        WHERE c.level BETWEEN %(first)s AND %(last)s
        """,
        company=company_id,
        members=_members(members),
        first=levels[0],
        last=levels[1],
    )


def _members(members):
    return SQL(
        """SELECT * FROM unnest(%s::integer[], %s::date[], %s::date[])
        m(rep_id, date_from, date_to)""",
        *([member[index] for member in members] for index in range(3)),
    )


def base(people, credits, value, factor=None):
    """What a rule counts, a row for each credit and each rep whom it counts for.

    :param SQL people: see ``own`` and ``below``
    :param SQL credits: a relation in parentheses, of rows of the ledger
    :param SQL value: what is counted of a credit ``c``
    :param SQL factor: by how much a credit ``c`` counts; None: as it is
    """
    return SQL(
        """
        SELECT p.rep_id, p.level, c.source, c.res_model, c.res_id, c.part,
            COALESCE(c.user_id, 0) AS user_id, c.overlay, c.date, c.scope_id,
            c.metric_id, c.partner_id, c.product_id, %(factor)s AS factor,
            %(value)s AS value
        FROM (%(people)s) p
        JOIN %(credits)s c ON c.rep_id = p.credited_id
            AND c.date BETWEEN p.date_from AND p.date_to
        """,
        people=people,
        credits=credits,
        value=SQL("%s * %s", value, factor) if factor else value,
        factor=factor or SQL("NULL::numeric"),
    )


def converted(value, company, currency, date=None, source=None):
    """Money in another currency, at the rate of its date: of a credit ``c``.

    Rates are found as Odoo finds them: the last until then, else the first.

    :param source: the currency that it is in; None: the company's
    """

    date = date or SQL("c.date")

    def rate(of):
        found = SQL(
            """FROM res_currency_rate r WHERE r.currency_id = %s
            AND (r.company_id IS NULL OR r.company_id = %s)""",
            of.id,
            company.root_id.id,
        )
        return SQL(
            """COALESCE(
                (SELECT r.rate %(found)s AND r.name <= %(date)s
                    ORDER BY r.company_id, r.name DESC LIMIT 1),
                (SELECT r.rate %(found)s ORDER BY r.company_id, r.name LIMIT 1),
                1
            )""",
            found=found,
            date=date,
        )

    return SQL(
        "round(%s * %s / %s, %s)",
        value,
        rate(currency),
        rate(source or company.currency_id),
        currency.decimal_places,
    )


def totals(counted):
    """``(rep's id, what is counted of everything)``, as text: exact."""
    return SQL(
        """SELECT rep_id, sum(value)::text FROM (%s) counted
        GROUP BY rep_id ORDER BY rep_id""",
        counted,
    )


def schedules(by_rep, relation):
    """What follows JOIN to have the schedule ``s`` of each rep of a relation; one step
    is a rate on everything.

    :param dict by_rep: ``{rep's id: Schedule}``
    """
    rep = SQL.identifier(relation, "rep_id")

    def array(schedule, name):
        return f"{{{','.join(str(getattr(step, name)) for step in schedule.steps)}}}"

    names = ("start", "paid", "rate")
    if len({*by_rep.values()}) == 1:
        # The same for everybody: constants, and nothing to look up for each row.
        [one] = {*by_rep.values()}
        return SQL(
            """(
                SELECT %s::numeric[] AS starts, %s::numeric[] AS paid,
                    %s::numeric[] AS rates, %s::numeric AS factor, %s::numeric AS cap
            ) s ON %s = ANY(%s)""",
            *(array(one, name) for name in names),
            one.factor,
            one.cap,
            rep,
            list(by_rep),
        )
    return SQL(
        """(
            SELECT rep_id, starts::numeric[], paid::numeric[], rates::numeric[],
                factor, cap
            FROM unnest(
                %s::integer[], %s::text[], %s::text[], %s::text[], %s::numeric[],
                %s::numeric[]
            ) s(rep_id, starts, paid, rates, factor, cap)
        ) s ON s.rep_id = %s""",
        list(by_rep),
        *([array(one, name) for one in by_rep.values()] for name in names),
        [one.factor for one in by_rep.values()],
        [one.cap for one in by_rep.values()],
        rep,
    )


def _earned(total):
    """What is earned on a running total, as ``Schedule.total``."""
    return SQL(
        """(
            SELECT s.paid[k] + s.rates[k] * (%(total)s - s.starts[k])
            FROM (SELECT GREATEST(width_bucket(%(total)s, s.starts), 1)) step(k)
        )""",
        total=total,
    )


def _held(total, by_rep, unit):
    """What is paid of a total, as ``Schedule.hold``; what nobody has costs nothing."""
    schedules = by_rep.values()
    if any(schedule.factor != 1 for schedule in schedules):
        total = SQL("%s * s.factor", total)
    digits = unit.normalize()
    if digits.as_tuple().digits == (1,):
        held = SQL("round(%s, %s)", total, -digits.as_tuple().exponent)
    else:
        held = SQL("round(%s * %s) * %s", total, round(1 / unit, 6), unit)
    if any(schedule.cap is not None for schedule in schedules):
        held = SQL("LEAST(%s, s.cap)", held)
    return held


def earn(counted, by_rep, unit, former=None, remains=False):
    """What each credit earns, in the order in which the running total rises.

    What was known when an earlier statement was closed comes first: what came later
    changes nothing of it where the table is progressive.

    :param SQL counted: see ``base``
    :param dict by_rep: ``{rep's id: Schedule}``
    :param Decimal unit: the smallest amount of the currency
    :param former: a relation in parentheses of what closed statements hold, or None
    :param bool remains: whether only that part is paid of each which ``remains`` of it,
        see ``cancelled``
    :return: a SELECT of the cause, what is kept, ``base`` (counted), ``position`` (the
        running total before) and ``amount``; compared with what closed statements hold
        also of that, see ``_known``, without the lines that stand
    """
    upto, before = SQL("w.upto"), SQL("(w.upto - w.value)")
    if any(len(schedule.steps) > 1 for schedule in by_rep.values()):
        earned = _earned
    else:

        def earned(total):
            return SQL("s.rates[1] * %s", total)

    def held(total):
        return _held(earned(total), by_rep, unit)

    amount = SQL("%s - %s", held(upto), held(before))
    if remains:
        amount = SQL(
            "CASE WHEN w.remains = w.value THEN %(all)s ELSE %(part)s END",
            all=amount,
            part=rounded(SQL("(%s) * w.remains / w.value", amount), round(1 / unit, 6)),
        )
    parts = {
        "order": SQL(
            """c.date, c.res_id, c.part, c.user_id, c.level, c.overlay, c.source,
            c.res_model"""
        ),
        "schedules": schedules(by_rep, "w"),
    }
    if former:
        return SQL(
            """
            WITH known AS MATERIALIZED (%(known)s),
            standing AS MATERIALIZED (%(standing)s),
            earned AS MATERIALIZED (
                SELECT w.*, COALESCE(%(amount)s, 0) AS amount
                FROM (
                    SELECT c.*, COALESCE(t.total, 0) + sum(c.value) OVER (
                        PARTITION BY c.rep_id
                        ORDER BY c.late AND t.mixed IS NOT TRUE, %(order)s
                        ROWS UNBOUNDED PRECEDING
                    ) AS upto
                    FROM known c LEFT JOIN standing t ON t.rep_id = c.rep_id
                    WHERE t.rep_id IS NULL OR t.mixed OR c.late
                ) w
                LEFT JOIN %(schedules)s
            )
            SELECT r.rep_id, %(cause)s, %(kept)s, r.value AS base,
                r.upto - r.value AS position, r.amount, r.was_base, r.was_amount,
                r.first_id
            FROM earned r
            LEFT JOIN sales_commission_entry e ON r.gone AND e.id = r.first_id
            """,
            cause=columns("r", CAUSE),
            kept=either("r", "e", KEPT),
            known=_known(counted, former, remains),
            standing=_standing(amount, held(SQL("w.total")), remains, **parts),
            amount=amount,
            **parts,
        )
    # OFFSET: amounts are computed once, and not again where they are compared. ORDER:
    # as the running total has it, so that nothing is sorted again to join the lines.
    return SQL(
        """
        SELECT w.rep_id, %(names)s, w.value AS base, w.upto - w.value AS position,
            %(amount)s AS amount
        FROM (
            SELECT c.*, sum(c.value) OVER (
                PARTITION BY c.rep_id ORDER BY %(order)s ROWS UNBOUNDED PRECEDING
            ) AS upto
            FROM (%(counted)s) c
        ) w
        JOIN %(schedules)s
        ORDER BY w.rep_id OFFSET 0
        """,
        names=columns("w", (*CAUSE, *KEPT)),
        amount=amount,
        counted=counted,
        **parts,
    )


def _known(counted, former, remains):
    """What counts now beside what closed statements hold of it: ``was_base``,
    ``was_amount``, ``first_id``; ``late`` is what they know nothing of."""
    return SQL(
        """
        SELECT %(names)s, %(kept)s, COALESCE(c.value, 0) AS value%(remains)s,
            f.base AS was_base, f.amount AS was_amount, f.first_id,
            f.rep_id IS NULL AS late, c.rep_id IS NULL AS gone
        FROM (%(counted)s) c FULL JOIN %(former)s f ON f.rep_id = c.rep_id AND %(same)s
        """,
        names=either("c", "f", ("rep_id", *CAUSE)),
        kept=columns("c", KEPT),
        remains=SQL(", COALESCE(c.remains, 0) AS remains") if remains else SQL(),
        counted=counted,
        former=former,
        same=same_cause("f", "c"),
    )


def _standing(amount, held, remains, *, schedules, order):
    """Of whom everything that closed statements hold stands: its running total, or
    that what came later is ``mixed`` with it.

    All of it counts as it did. Where it sums to what the schedule pays for it, what
    came later, on top of it, is all that differs. Else it may have come on top of what
    had earned nothing, which statements do not hold: then it is paid as it was in the
    order of everything.

    :param SQL amount: what is paid of ``w``
    :param SQL held: what is paid of ``w.total``
    """
    return SQL(
        """
        WITH summed AS MATERIALIZED (
            SELECT w.rep_id, w.total, w.paid = %(held)s AS alone
            FROM (
                SELECT rep_id, sum(was_base) AS total, sum(was_amount) AS paid
                FROM known GROUP BY rep_id
                HAVING bool_and(late OR (value = was_base%(remains)s))
            ) w
            JOIN %(schedules)s
        )
        SELECT rep_id, total, FALSE AS mixed FROM summed WHERE alone
        UNION ALL
        SELECT w.rep_id, 0, TRUE
        FROM (
            SELECT c.*, sum(c.value) OVER (
                PARTITION BY c.rep_id ORDER BY %(order)s ROWS UNBOUNDED PRECEDING
            ) AS upto
            FROM summed t JOIN known c ON c.rep_id = t.rep_id
            WHERE NOT t.alone
        ) w
        JOIN %(schedules)s
        GROUP BY w.rep_id HAVING bool_and(w.late OR %(amount)s = w.was_amount)
        """,
        schedules=schedules,
        order=order,
        amount=amount,
        held=held,
        remains=SQL(" AND remains = value") if remains else SQL(),
    )
