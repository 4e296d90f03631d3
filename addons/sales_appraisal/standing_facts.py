"""What standings are made of: read as sets, for everybody at once.

Amounts are exact: numerics become Fractions. The number of queries depends neither on
how many are ranked nor on their credits.
"""

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from typing import NamedTuple

from odoo.tools import SQL

from .scoring.spans import Span, own_days

# By which column of the ledger a subject is credited.
KEYS = {"rep": SQL("c.rep_id"), "team": SQL("c.team_id")}


class Person(NamedTuple):
    """A rep as he stood on a day; the grade is today's, which has no history."""

    id: int
    name: str
    user_id: int
    path: str
    grade_id: int
    date_start: object
    team_id: int
    tier: str


def read_people(env, company, span, domain):
    """Who was in service, as of the last day: ``{id: Person}``.

    :param dict domain: ``sellers_only team_ids grade_ids territory_ids``; territories
        with their parts
    """
    conditions = [SQL("TRUE")]
    if domain["sellers_only"]:
        conditions.append(SQL("r.carries_target"))
    if domain["team_ids"]:
        conditions.append(SQL("a.team_id = ANY(%s)", domain["team_ids"]))
    if domain["grade_ids"]:
        conditions.append(SQL("r.grade_id = ANY(%s)", domain["grade_ids"]))
    if domain["territory_ids"]:
        conditions.append(
            SQL(
                """EXISTS (SELECT FROM sales_territory top
                WHERE top.id = ANY(%s) AND t.parent_path LIKE top.parent_path || '%%')
                """,
                domain["territory_ids"],
            )
        )
    return {
        row[0]: Person(*row)
        for row in env.execute_query(
            SQL(
                """
                SELECT r.id, r.name, r.user_id, r.parent_path, r.grade_id,
                    COALESCE(r.date_start, first.date_from), a.team_id, (
                        SELECT up.tier FROM sales_territory up
                        WHERE t.parent_path LIKE up.parent_path || '%%'
                          AND up.tier IS NOT NULL
                        ORDER BY length(up.parent_path) DESC LIMIT 1
                    )
                FROM sales_rep r
                LEFT JOIN sales_rep_assignment a ON a.rep_id = r.id
                    AND a.date_from <= %(stop)s
                    AND COALESCE(a.date_to, 'infinity'::date) >= %(stop)s
                LEFT JOIN sales_territory t ON t.id = a.territory_id
                LEFT JOIN LATERAL (
                    SELECT min(date_from) AS date_from FROM sales_rep_assignment
                    WHERE rep_id = r.id
                ) first ON TRUE
                WHERE r.company_id = %(company)s AND r.active
                  AND COALESCE(r.date_start, '-infinity'::date) <= %(stop)s
                  AND (r.state <> 'left'
                       OR COALESCE(r.date_end, '-infinity'::date) >= %(stop)s)
                  AND %(conditions)s
                ORDER BY r.name, r.id
                """,
                company=company.id,
                stop=span.stop,
                conditions=SQL(" AND ").join(conditions),
            )
        )
    }


def _sums(spans, column, date):
    return SQL(", ").join(
        SQL(
            "sum(%(column)s) FILTER (WHERE %(date)s BETWEEN %(start)s AND %(stop)s),"
            " count(*) FILTER (WHERE %(date)s BETWEEN %(start)s AND %(stop)s)",
            column=column,
            date=date,
            start=span.start,
            stop=span.stop,
        )
        for span in spans
    )


def _any_of(spans, date):
    return SQL(
        "(%s)",
        SQL(" OR ").join(
            SQL("%s BETWEEN %s AND %s", date, span.start, span.stop) for span in spans
        ),
    )


def _pairs(values):
    """``[(sum, count)]`` of the columns that ``_sums`` makes."""
    return [
        (Fraction(str(value or 0)), count)
        for value, count in zip(values[::2], values[1::2], strict=True)
    ]


def read_credits(env, company, subject, keys, metrics, spans):
    """What was credited in each span, without overlays, in one query.

    :param str subject: ``rep`` or ``team``, of the credit's day; keys are their ids
    :return: ``{(key, metric's id): [(sum, how many) of each span]}``
    """
    date = SQL("c.date")
    return {
        (key, metric): _pairs(values)
        for key, metric, *values in env.execute_query(
            SQL(
                """
                SELECT %(key)s, c.metric_id, %(sums)s
                FROM sales_credit c
                WHERE c.metric_id = ANY(%(metrics)s) AND %(key)s = ANY(%(keys)s)
                  AND c.company_id = %(company)s AND NOT c.overlay AND %(spans)s
                GROUP BY 1, 2
                """,
                key=KEYS[subject],
                sums=_sums(spans, SQL("c.value"), date),
                metrics=metrics,
                keys=keys,
                company=company.id,
                spans=_any_of(spans, date),
            )
        )
    }


def read_core(env, company, subject, keys, spans):
    """What was credited of the core goal in each span, and its target.

    Where the core goal changed its metric within the days, the last one counts, on the
    days of its plans. A team's targets are those of its members on the day.

    :return: ``{key: [(sum, target, how many credits) of each span]}``
    """
    date = SQL("d.date")
    of_team = subject == "team"
    plans = defaultdict(list)
    for key, metric, start, stop, *values in env.execute_query(
        SQL(
            """
            SELECT %(key)s, plan.metric_id, plan.date_from, plan.date_to, %(sums)s
            FROM sales_target_day d
            JOIN sales_target t ON t.id = d.target_id
            JOIN sales_target_plan plan ON plan.id = t.plan_id
                AND plan.kind = 'core' AND plan.state <> 'draft'
            %(assignment)s
            WHERE t.company_id = %(company)s AND %(spans)s
              AND %(key)s = ANY(%(keys)s)
            GROUP BY 1, plan.id
            ORDER BY plan.date_to, plan.id
            """,
            key=SQL("a.team_id") if of_team else SQL("d.rep_id"),
            assignment=SQL(
                "JOIN sales_rep_assignment a ON a.rep_id = d.rep_id"
                " AND a.date_from <= d.date"
                " AND COALESCE(a.date_to, 'infinity'::date) >= d.date"
            )
            if of_team
            else SQL(),
            sums=_sums(spans, SQL("d.value"), date),
            company=company.id,
            spans=_any_of(spans, date),
            keys=keys,
        )
    ):
        plans[key].append((metric, start, stop, _pairs(values)))
    wanted = [
        (key, metric, start, stop)
        for key, found in plans.items()
        for metric, start, stop, _targets in found
        if metric == found[-1][0]
    ]
    if not wanted:
        return {}
    done = _read_core_credits(env, company, subject, wanted, spans)
    result = {}
    for key, found in plans.items():
        targets = [
            sum(
                pairs[number][0]
                for metric, *_days, pairs in found
                if metric == found[-1][0]
            )
            for number in range(len(spans))
        ]
        credits = done.get(key) or [(Fraction(0), 0)] * len(spans)
        result[key] = [
            (value, target, count)
            for (value, count), target in zip(credits, targets, strict=True)
        ]
    return result


def _read_core_credits(env, company, subject, wanted, spans):
    ids, metrics, starts, stops = zip(*wanted, strict=True)
    date = SQL("c.date")
    return {
        key: _pairs(values)
        for key, *values in env.execute_query(
            SQL(
                """
                SELECT w.id, %(sums)s
                FROM unnest(%(ids)s::int[], %(metrics)s::int[], %(starts)s::date[],
                    %(stops)s::date[]) w(id, metric_id, start, stop)
                JOIN sales_credit c ON %(key)s = w.id AND c.metric_id = w.metric_id
                    AND c.date BETWEEN w.start AND w.stop
                    AND c.company_id = %(company)s AND NOT c.overlay AND %(spans)s
                GROUP BY 1
                """,
                sums=_sums(spans, SQL("c.value"), date),
                ids=list(ids),
                metrics=list(metrics),
                starts=list(starts),
                stops=list(stops),
                key=KEYS[subject],
                company=company.id,
                spans=_any_of(spans, date),
            )
        )
    }


def read_reached(env, company, keys, month, today):
    """Whose credits of a month reach its whole target today, and not yesterday: ids."""
    yesterday = today - timedelta(days=1)
    days = (
        month,
        Span(month.start, today),
        Span(month.start, max(month.start, yesterday)),
    )
    reached = []
    for key, values in read_core(env, company, "rep", keys, days).items():
        target = values[0][1]
        done, before = values[1][0], values[2][0]
        if yesterday < month.start:
            before = 0
        if target > 0 and before < target <= done:
            reached.append(key)
    return reached


def read_scores(env, company, subject, keys, spans):
    """Confirmed scores of the cards that lie in these days, by the days they are of.

    A day of a rep counts once: with the card of the longest period that holds it, so
    that months count where there is no quarter's card. A team's are those of its
    members; the card of the team itself is not among them.

    :return: ``{key: [(sum of score × days, sum of days, cards) of each span]}``
    """
    of_reps = subject == "rep"
    cards = defaultdict(list)
    for number, rep, team, start, stop, score in env.execute_query(
        SQL(
            """
            SELECT w.number, s.rep_id, s.team_id, s.date_from, s.date_to, s.score
            FROM unnest(%(starts)s::date[], %(stops)s::date[])
                WITH ORDINALITY w(start, stop, number)
            JOIN sales_scorecard s ON s.period_from >= w.start
                AND s.period_to <= w.stop
            WHERE s.company_id = %(company)s AND s.rep_id IS NOT NULL
              AND s.has_score AND s.share > 0
              AND s.state IN ('confirmed', 'acknowledged', 'appealed')
              AND %(condition)s
            ORDER BY s.period_to - s.period_from DESC, s.date_from, s.id
            """,
            starts=[span.start for span in spans],
            stops=[span.stop for span in spans],
            company=company.id,
            # A rep's days in other teams have their cards there.
            condition=SQL("s.rep_id = ANY(%s)", keys) if of_reps else SQL("TRUE"),
        )
    ):
        key = rep if of_reps else team
        cards[rep, number - 1].append((key, Span(start, stop), Fraction(str(score))))
    result = {key: [(Fraction(0), Fraction(0), 0)] * len(spans) for key in keys}
    for (_rep, number), some in cards.items():
        days = own_days([span for _key, span, _score in some])
        for (key, _span, score), own in zip(some, days, strict=True):
            if own and key in result:
                total, known, count = result[key][number]
                result[key][number] = (total + score * own, known + own, count + 1)
    return result


def read_head_days(env, company, teams, spans):
    """Working days of each team's members in each span: ``{team: [days]}``.

    Who was in the team on a day on which he worked counts one.
    """
    first = min(span.start for span in spans)
    last = max(span.stop for span in spans)
    rows = env.execute_query(
        SQL(
            """
            SELECT a.team_id, a.rep_id, GREATEST(a.date_from, r.date_start, %(first)s),
                LEAST(COALESCE(a.date_to, %(last)s), COALESCE(r.date_end, %(last)s),
                    %(last)s)
            FROM sales_rep_assignment a JOIN sales_rep r ON r.id = a.rep_id
            WHERE a.team_id = ANY(%(teams)s) AND r.company_id = %(company)s
              AND r.active AND a.date_from <= %(last)s
              AND COALESCE(a.date_to, %(last)s) >= %(first)s
            """,
            first=first,
            last=last,
            teams=teams,
            company=company.id,
        )
    )
    reps = env["sales.rep"].browse({rep for _team, rep, *_days in rows})
    worked = {
        rep.id: sorted(day for day, hours in days.items() if hours)
        for rep, days in env["sales.working.time"]
        .working_days(reps, first, last)
        .items()
    }
    found = {team: [0] * len(spans) for team in teams}
    for team, rep, start, stop in rows:
        for number, span in enumerate(spans):
            found[team][number] += sum(
                max(start, span.start) <= day <= min(stop, span.stop)
                for day in worked.get(rep, ())
            )
    return found
