"""Lines become entries: compared with what closed statements hold, and merged."""

from odoo.tools import SQL

from .credited import CAUSE, KEPT, columns, either, same_cause

# What a line gives besides the rep.
LINE = (*CAUSE, *KEPT, "base", "position", "amount")
# What an entry has besides the names of its line.
_STAMPED = (
    "statement_id",
    "company_id",
    "rep_id",
    "rule_id",
    "period_from",
    "kind",
    "subject",
    "currency_id",
    "corrects_id",
)
_NAMES = (*_STAMPED, *LINE)
# What a run may change of an entry of an open statement; where another one is open for
# its period by now, it moves there.
_CHANGING = (
    *("statement_id", "kind", "base", "position", "amount", "corrects_id"),
    *KEPT,
)


def closed(rule, start, rep_ids, subject):
    """What closed statements hold of a rule and period, or None where none is closed.

    :return: a relation in parentheses: rep_id, the cause, what is kept, ``base``,
        ``amount``, and ``first_id``: the entry that is corrected
    """
    if rule.env.context.get("sales_as_open"):
        return None
    rule.env.flush_all()
    found = {"rule": rule.id, "start": start, "subject": subject}
    firsts, others = [], []
    for number, statement in rule.env.execute_query(
        SQL(
            """
            SELECT row_number() OVER (PARTITION BY rep_id ORDER BY date_from, id), id
            FROM sales_commission_statement s
            WHERE rep_id = ANY(%(reps)s) AND company_id = %(company)s
                AND date_from >= %(start)s AND state <> 'open' AND EXISTS (
                    SELECT FROM sales_commission_entry e
                    WHERE e.rep_id = s.rep_id AND e.rule_id = %(rule)s
                        AND e.period_from = %(start)s AND e.statement_id = s.id
                        AND e.subject = %(subject)s
                )
            """,
            reps=list(rep_ids),
            company=rule.company_id.id,
            **found,
        )
    ):
        (firsts if number == 1 else others).append(statement)
    if not firsts:
        return None

    def held(statements):
        return SQL(
            """FROM sales_commission_entry e
            WHERE e.statement_id = ANY(%(statements)s) AND e.rep_id = ANY(%(reps)s)
                AND e.rule_id = %(rule)s AND e.period_from = %(start)s
                AND e.subject = %(subject)s""",
            statements=statements,
            reps=list(rep_ids),
            **found,
        )

    # A statement holds one entry for each cause: nothing is to be added up.
    first = SQL(
        "SELECT rep_id, %s, base, amount, id AS first_id %s",
        columns("e", (*CAUSE, *KEPT)),
        held(firsts),
    )
    if not others:
        return SQL("(%s)", first)
    return SQL(
        """(
            SELECT %(names)s, COALESCE(a.base, 0) + COALESCE(b.base, 0) AS base,
                COALESCE(a.amount, 0) + COALESCE(b.amount, 0) AS amount,
                LEAST(a.first_id, b.first_id) AS first_id
            FROM (%(first)s) a
            FULL JOIN (
                SELECT rep_id, %(cause)s, %(kept)s, sum(base) AS base,
                    sum(amount) AS amount, min(id) AS first_id
                %(others)s GROUP BY rep_id, %(cause)s
            ) b ON a.rep_id = b.rep_id AND %(same)s
        )""",
        names=either("a", "b", ("rep_id", *CAUSE, *KEPT)),
        first=first,
        cause=columns("e", CAUSE),
        kept=first_kept("e"),
        others=held(others),
        same=same_cause("a", "b"),
    )


def first_kept(alias):
    """What is kept of entries of one cause."""
    return SQL(", ").join(
        SQL("min(%s) AS %s", SQL.identifier(alias, name), SQL.identifier(name))
        for name in KEPT
    )


def rewards(rule, stop, source, amounts, totals):
    """Lines without a credit: one for each rep who gets something.

    :param str source: for what
    :param dict amounts: ``{rep's id: amount}``
    :param dict totals: ``{rep's id: what is reached}``
    """
    reps = [rep for rep, amount in amounts.items() if amount]
    return SQL(
        """
        SELECT rep_id, 0 AS level, %(source)s AS source,
            'sales.commission.rule' AS res_model, %(rule)s AS res_id, 0 AS part,
            0 AS user_id, FALSE AS overlay, %(stop)s::date AS date, 0 AS scope_id,
            %(metric)s AS metric_id, NULL::integer AS partner_id,
            NULL::integer AS product_id, NULL::numeric AS factor, base,
            0::numeric AS position, amount
        FROM unnest(%(reps)s::integer[], %(totals)s::numeric[], %(amounts)s::numeric[])
            b(rep_id, base, amount)
        """,
        source=source,
        rule=rule.id,
        stop=stop,
        metric=rule._get_attained().id,
        reps=reps,
        totals=[totals.get(rep, 0) for rep in reps],
        amounts=[amounts[rep] for rep in reps],
    )


class Entries:
    """What the entries of a rule and period should be, given its lines.

    :param plan: the version that pays the period, where it is not the rule's own
    :param figure: what it is about: ``amount``; ``base`` where nothing is paid
    :param compared: whether lines say themselves what closed statements hold of them,
        see ``credited.earn``
    :param SQL corrects: what a line ``l`` corrects that no closed statement holds
    """

    def __init__(
        self,
        rule,
        start,
        lines,
        subject=None,
        plan=None,
        figure="amount",
        compared=False,
        corrects=None,
    ):
        self.rule, self.start, self.lines = rule, start, lines
        self.compared = compared
        self.corrects = corrects or SQL("NULL::integer")
        self.subject = subject or rule._get_subject()
        self.plan = plan or rule.plan_id
        self.figure = SQL.identifier(figure)

    def _wanted(self, rep_ids):
        """Lines less what closed statements hold; nothing where nothing differs."""
        former = closed(self.rule, self.start, rep_ids, self.subject)
        if not former:
            return SQL(
                """
                SELECT rep_id, %s, %s AS corrects_id
                FROM (%s) l WHERE rep_id = ANY(%s) AND %s <> 0
                """,
                columns("l", LINE),
                self.corrects,
                self.lines,
                list(rep_ids),
                self.figure,
            )
        if self.compared:
            return SQL(
                """
                SELECT rep_id, %s, base - COALESCE(was_base, 0) AS base, position,
                    amount - COALESCE(was_amount, 0) AS amount, first_id AS corrects_id
                FROM (%s) l
                WHERE rep_id = ANY(%s) AND amount <> COALESCE(was_amount, 0)
                """,
                columns("l", (*CAUSE, *KEPT)),
                self.lines,
                list(rep_ids),
            )
        return SQL(
            """
            SELECT COALESCE(l.rep_id, f.rep_id) AS rep_id, %(names)s,
                COALESCE(l.base, 0) - COALESCE(f.base, 0) AS base,
                COALESCE(l.position, 0) AS position,
                COALESCE(l.amount, 0) - COALESCE(f.amount, 0) AS amount,
                COALESCE(f.first_id, %(corrects)s) AS corrects_id
            FROM (SELECT * FROM (%(lines)s) l WHERE rep_id = ANY(%(reps)s)) l
            FULL JOIN %(former)s f ON f.rep_id = l.rep_id AND %(same)s
            WHERE COALESCE(l.%(figure)s, 0) <> COALESCE(f.%(figure)s, 0)
            """,
            figure=self.figure,
            names=either("l", "f", (*CAUSE, *KEPT)),
            corrects=self.corrects,
            lines=self.lines,
            reps=list(rep_ids),
            former=former,
            same=same_cause("f", "l"),
        )

    def differing(self, rep_ids):
        """The reps of whom closed statements hold something else than they should."""
        return SQL("SELECT DISTINCT rep_id FROM (%s) wanted", self._wanted(rep_ids))

    def others(self, rep_ids):
        """The reps besides these of whom there are lines."""
        return SQL(
            """SELECT DISTINCT rep_id FROM (%s) l
            WHERE %s <> 0 AND rep_id <> ALL(%s) ORDER BY rep_id""",
            self.lines,
            self.figure,
            list(rep_ids),
        )

    def put(self, books):
        """A statement that makes the entries of open statements what they should be.

        Entries are matched by cause and keep their ids; what is equal is not written.
        What is in another open statement than it should, since one was opened again or
        made later for a period before, moves; what is in several by that, is one again.

        :param dict books: ``{rep's id: statement's id}``
        """
        [(several,)] = self.rule.env.execute_query(
            SQL(
                """SELECT bool_or(several) FROM (
                    SELECT min(statement_id) <> max(statement_id) AS several
                    FROM (%s) existing GROUP BY rep_id
                ) reps""",
                self._existing(books),
            )
        )
        if several is None:
            return self._insert(self._entries(books), SQL())
        gone = SQL("w.rep_id IS NULL")
        if several:
            gone = SQL(
                """w.rep_id IS NULL OR row_number() OVER (
                    PARTITION BY e.rep_id, %s
                    ORDER BY e.statement_id <> w.statement_id, e.id
                ) > 1""",
                columns("e", CAUSE),
            )
        return SQL(
            """
            WITH wanted AS (%(wanted)s), existing AS (%(existing)s),
            compared AS MATERIALIZED (
                SELECT e.id, %(gone)s AS gone,
                    (%(old)s) IS DISTINCT FROM (%(new)s) AS differs, %(all)s
                FROM existing e FULL JOIN wanted w ON w.rep_id = e.rep_id AND %(same)s
            ),
            removed AS (
                DELETE FROM sales_commission_entry e USING compared w
                WHERE e.id = w.id AND w.gone
            ),
            changed AS (
                UPDATE sales_commission_entry e SET (%(set)s) = ROW(%(new)s)
                FROM compared w WHERE e.id = w.id AND w.differs AND NOT w.gone
            )
            %(added)s
            """,
            gone=gone,
            wanted=self._entries(books),
            existing=self._existing(books),
            same=same_cause("e", "w"),
            old=columns("e", _CHANGING),
            new=columns("w", _CHANGING),
            all=columns("w", _NAMES),
            set=SQL(", ").join(map(SQL.identifier, _CHANGING)),
            added=self._insert(
                SQL("SELECT * FROM compared"), SQL("WHERE w.id IS NULL")
            ),
        )

    def _insert(self, rows, condition):
        return SQL(
            "INSERT INTO sales_commission_entry (%s) SELECT %s FROM (%s) w %s",
            SQL(", ").join(map(SQL.identifier, _NAMES)),
            columns("w", _NAMES),
            rows,
            condition,
        )

    def _existing(self, books):
        return SQL(
            """
            SELECT e.* FROM sales_commission_entry e
            WHERE e.rep_id = ANY(%(reps)s) AND e.rule_id = %(rule)s
                AND e.period_from = %(start)s AND e.subject = %(subject)s
                AND e.statement_id IN (
                    SELECT id FROM sales_commission_statement
                    WHERE rep_id = ANY(%(reps)s) AND state = 'open'
                )
            """,
            reps=list(books),
            rule=self.rule.id,
            start=self.start,
            subject=self.subject,
        )

    def _entries(self, books):
        """The columns of all entries that should be there."""
        statements = self.rule.env["sales.commission.statement"].browse(books.values())
        return SQL(
            """
            SELECT s.statement_id, %(company)s AS company_id, w.rep_id,
                %(rule)s AS rule_id, %(start)s::date AS period_from, s.kind,
                %(subject)s AS subject, %(currency)s AS currency_id, w.corrects_id,
                %(line)s
            FROM (%(wanted)s) w
            JOIN unnest(%(reps)s::integer[], %(books)s::integer[], %(kinds)s::varchar[])
                s(rep_id, statement_id, kind) ON s.rep_id = w.rep_id
            """,
            reps=list(books),
            books=statements.ids,
            kinds=[
                self.subject
                if one.date_from == self.start and one.plan_id == self.plan
                else "adjustment"
                for one in statements
            ],
            company=self.rule.company_id.id,
            rule=self.rule.id,
            start=self.start,
            subject=self.subject,
            currency=self.rule.currency_id.id,
            wanted=self._wanted(books),
            line=columns("w", LINE),
        )
