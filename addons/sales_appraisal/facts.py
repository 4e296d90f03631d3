"""What cards are made of: read as sets, for all cards at once.

Amounts are exact: numerics become Fractions. What is not known is not in the result,
which is not the same as zero. The number of queries does not depend on the cards.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from fractions import Fraction
from typing import NamedTuple

from odoo.tools import SQL

from odoo.addons.sales_force.customers import training

from . import conduct

# Whose facts a line counts.
OWN, TEAM = "own", "team"


def _known(column, of, card):
    """A figure of a card that counts for another card of the same person.

    Whoever reads that one does not learn from it what of this one is withheld: until
    the judgement it counts as it is shown, see ``sales.scorecard._withholds``.
    """
    return SQL(
        "CASE WHEN %(of)s.state IN ('manager', 'calibration')"
        " AND %(card)s.state NOT IN ('manager', 'calibration')"
        " THEN %(shown)s ELSE %(true)s END",
        of=SQL.identifier(of),
        card=SQL.identifier(card),
        shown=SQL.identifier(of, f"shown_{column}"),
        true=SQL.identifier(of, column),
    )


class Head(NamedTuple):
    """A score that counts for a team, and how many working days it is of."""

    card_id: int
    score: Fraction
    days: int


class Heads(NamedTuple):
    """Of a team: the working days of all members, and the scores known of them."""

    days: int
    scores: tuple


def collect(cards):
    """All that lines of these cards ask for.

    :param cards: as superuser; what is pending in the ledger comes first
    :return: ``{scope: {"credits", "targets", "core", "training", "conduct",
        "survey"}}`` and ``members``, ``heads``, ``led``
    """
    cards.env["sales.credit"]._process_pending()
    cards.env.flush_all()
    facts = {"members": {}, "heads": {}, "led": {}}
    lines = cards.template_id.line_ids
    for scope, people in ((OWN, _own), (TEAM, _team)):
        some = lines.filtered(lambda line, scope=scope: line.scope == scope)
        counted = cards.filtered(
            lambda card, some=some: card.template_id.line_ids & some
        )
        facts[scope] = _collect(counted, some, people(counted))
    kinds = lines.mapped("kind")
    if "members" in kinds:
        facts["members"] = read_members(cards)
    if "team" in kinds:
        facts["led"] = read_led(cards)
    teams = cards.filtered(lambda card: not card.rep_id)
    if teams:
        facts["heads"] = read_heads(teams)
    return facts


def _collect(cards, lines, people):
    kinds, against = set(lines.mapped("kind")), set(lines.mapped("against"))
    names = ("credits", "targets", "core", "training", "conduct", "survey")
    found = {name: {} for name in names}
    if not cards:
        return found
    found["credits"] = read_credits(cards, lines, people)
    if "attainment" in kinds or "target" in against:
        found["targets"] = read_targets(cards, people)
        found["core"] = read_core(cards, found["targets"], people)
    if "training" in kinds:
        found["training"] = read_training(cards, people)
    if "conduct" in kinds:
        found["conduct"] = read_conduct(cards, people)
    if "survey" in kinds:
        found["survey"] = read_survey(cards)
    return found


# Whose days count for a card: (card_id, company_id, rep_id, date_from, date_to)


def _own(cards):
    """The rep; of a team its members, each on the days in it."""
    return SQL(
        """(
            SELECT id AS card_id, company_id, rep_id, date_from, date_to
            FROM sales_scorecard
            WHERE id = ANY(%(cards)s) AND rep_id IS NOT NULL
            UNION ALL
            SELECT s.id, s.company_id, a.rep_id, GREATEST(a.date_from, s.date_from),
                LEAST(a.date_to, s.date_to)
            FROM sales_scorecard s
            JOIN sales_rep_assignment a ON a.team_id = s.team_id
                AND a.company_id = s.company_id AND a.date_from <= s.date_to
                AND COALESCE(a.date_to, s.date_to) >= s.date_from
            WHERE s.id = ANY(%(cards)s) AND s.rep_id IS NULL
        )""",
        cards=cards.ids,
    )


def _team(cards):
    """The rep and everybody below, each on the days when a manager below was theirs."""
    return SQL(
        """(
            SELECT id AS card_id, company_id, rep_id, date_from, date_to
            FROM sales_scorecard WHERE id = ANY(%(cards)s)
            UNION ALL
            SELECT s.id, s.company_id, a.rep_id, GREATEST(a.date_from, s.date_from),
                LEAST(COALESCE(a.date_to, s.date_to), s.date_to)
            FROM sales_scorecard s
            JOIN sales_rep leader ON leader.id = s.rep_id
            JOIN sales_rep manager
                ON manager.parent_path LIKE leader.parent_path || '%%'
            JOIN sales_rep_assignment a ON a.manager_id = manager.id
                AND a.rep_id <> s.rep_id AND a.date_from <= s.date_to
                AND COALESCE(a.date_to, s.date_to) >= s.date_from
            WHERE s.id = ANY(%(cards)s)
        )""",
        cards=cards.ids,
    )


def read_credits(cards, lines, people):
    """What was credited on these days, without overlays.

    :return: ``{(card's id, metric's id): (sum, how many)}``
    """
    metrics = lines.metric_id._get_parts()
    if not metrics:
        return {}
    return {
        (card, metric): (Fraction(str(value)), count)
        for card, metric, value, count in cards.env.execute_query(
            SQL(
                """
                SELECT p.card_id, c.metric_id, sum(c.value), count(*)
                FROM %(people)s p
                JOIN sales_credit c ON c.rep_id = p.rep_id
                    AND c.metric_id = ANY(%(metrics)s)
                    AND c.date BETWEEN p.date_from AND p.date_to
                    AND c.company_id = p.company_id AND NOT c.overlay
                GROUP BY p.card_id, c.metric_id
                """,
                metrics=metrics.ids,
                people=people,
            )
        )
    }


def read_targets(cards, people):
    """The targets of these days.

    Of the core goal: of whichever metric (key None), with its metric. Of a metric: of
    its core goal, else of the first of its supporting goals. Of a team: of its node in
    the plan, else of its members on the days in the team.

    :return: ``{(card's id, metric's id or None): (plan's id, metric's id, target)}``
    """
    found = _read_nodes(cards.filtered(lambda card: not card.rep_id))
    for card, plan, metric, kind, value in cards.env.execute_query(
        SQL(
            """
            SELECT p.card_id, plan.id, plan.metric_id, plan.kind, sum(d.value)
            FROM %s p
            JOIN sales_target_day d ON d.rep_id = p.rep_id
                AND d.date BETWEEN p.date_from AND p.date_to
            JOIN sales_target t ON t.id = d.target_id AND t.company_id = p.company_id
            JOIN sales_target_plan plan ON plan.id = t.plan_id
                AND plan.state <> 'draft'
            GROUP BY p.card_id, plan.id
            ORDER BY p.card_id, plan.kind = 'core' DESC, plan.id
            """,
            people,
        )
    ):
        target = (plan, metric, Fraction(str(value)))
        found.setdefault((card, metric), target)
        if kind == "core":
            found.setdefault((card, None), target)
    return found


def _read_nodes(cards):
    """The targets of teams in plans that are divided by team, as ``read_targets``.

    A month of which only some days are of the card gives as much of its target.
    """
    sums, plans = defaultdict(Fraction), {}
    if not cards:
        return {}
    for card, plan, metric, kind, value, days, length in cards.env.execute_query(
        SQL(
            """
            SELECT s.id, plan.id, plan.metric_id, plan.kind, m.value,
                LEAST(m.date_to, s.date_to) - GREATEST(m.date_from, s.date_from) + 1,
                m.date_to - m.date_from + 1
            FROM sales_scorecard s
            JOIN sales_target m ON m.team_id = s.team_id AND m.level = 'team'
                AND m.period = 'month' AND m.company_id = s.company_id
                AND m.date_from <= s.date_to AND m.date_to >= s.date_from
            JOIN sales_target_plan plan ON plan.id = m.plan_id
                AND plan.state <> 'draft'
            WHERE s.id = ANY(%s)
            ORDER BY s.id, plan.kind = 'core' DESC, plan.id
            """,
            cards.ids,
        )
    ):
        sums[card, plan] += Fraction(str(value)) * days / length
        plans[card, plan] = metric, kind
    found = {}
    for (card, plan), (metric, kind) in plans.items():
        target = (plan, metric, sums[card, plan])
        found.setdefault((card, metric), target)
        if kind == "core":
            found.setdefault((card, None), target)
    return found


def read_core(cards, targets, people):
    """What was credited of the core goals' metrics.

    :param dict targets: see ``read_targets``
    :return: ``{card's id: (sum, how many)}``
    """
    wanted = [(key[0], value[1]) for key, value in targets.items() if key[1] is None]
    if not wanted:
        return {}
    ids, metrics = zip(*wanted, strict=True)
    return {
        card: (Fraction(str(value)), count)
        for card, value, count in cards.env.execute_query(
            SQL(
                """
                SELECT w.card_id, COALESCE(sum(c.value), 0), count(c.id)
                FROM unnest(%(cards)s::integer[], %(metrics)s::integer[])
                    w(card_id, metric_id)
                JOIN %(people)s p ON p.card_id = w.card_id
                LEFT JOIN sales_credit c ON c.rep_id = p.rep_id
                    AND c.metric_id = w.metric_id
                    AND c.date BETWEEN p.date_from AND p.date_to
                    AND c.company_id = p.company_id AND NOT c.overlay
                GROUP BY w.card_id
                """,
                cards=list(ids),
                metrics=list(metrics),
                people=people,
            )
        )
    }


def read_training(cards, people):
    """Of the courses needed on the last day, how many were held then.

    :return: ``{card's id: (held, needed)}``
    """
    return {
        card: (held, needed)
        for card, held, needed in cards.env.execute_query(
            SQL(
                """
                SELECT s.id,
                    count(*) FILTER (WHERE EXISTS (
                        SELECT FROM sales_certificate k
                        WHERE k.rep_id = n.rep_id AND k.course_id = n.course_id
                          AND k.active AND k.date <= s.date_to
                          AND COALESCE(k.date_end, 'infinity'::date) >= s.date_to
                    )),
                    count(*)
                FROM sales_scorecard s
                JOIN %(people)s p ON p.card_id = s.id AND p.date_to = s.date_to
                JOIN (%(needs)s) n ON n.rep_id = p.rep_id AND n.due_on <= s.date_to
                GROUP BY s.id
                """,
                people=people,
                needs=training.needs(),
            )
        )
    }


def read_conduct(cards, people):
    """Points of decided cases, within the limits of the company.

    :return: ``{card's id: (rewards that count, all of them, penalties that count, all
        of them)}``, none of them negative
    """
    return {
        card: tuple(points)
        for card, *points in cards.env.execute_query(
            SQL(
                """
                SELECT p.card_id,
                    COALESCE(sum(k.counted) FILTER (WHERE k.score > 0), 0),
                    COALESCE(sum(k.score) FILTER (WHERE k.score > 0), 0),
                    -COALESCE(sum(k.counted) FILTER (WHERE k.score < 0), 0),
                    -COALESCE(sum(k.score) FILTER (WHERE k.score < 0), 0)
                FROM %(people)s p
                JOIN (%(cases)s) k ON k.rep_id = p.rep_id
                    AND k.date BETWEEN p.date_from AND p.date_to
                GROUP BY p.card_id
                """,
                people=people,
                cases=conduct.counted(
                    cards.env,
                    SQL("k.rep_id IN (SELECT rep_id FROM %s people)", people),
                ),
            )
        )
    }


def read_survey(cards):
    """What others said about the rep, of the last closed round that is shown.

    :return: ``{card's id: (score or None where too few answered, answers)}``
    """
    return {
        card: (Fraction(str(score)) if shown else None, count)
        for card, shown, score, count in cards.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (s.id) s.id, f.is_shown, f.score, f.answer_count
                FROM sales_scorecard s
                JOIN sales_feedback_subject f ON f.rep_id = s.rep_id
                    AND f.company_id = s.company_id AND f.state = 'closed'
                    AND f.date_from <= s.date_to AND f.date_to >= s.date_from
                WHERE s.id = ANY(%s)
                ORDER BY s.id, COALESCE(f.is_shown, FALSE) DESC, f.date_to DESC,
                    f.id DESC
                """,
                cards.ids,
            )
        )
    }


def read_heads(cards):
    """Who was in the teams for how many working days, with which scores.

    Whose card is scored by the scores of others is not among them: first members are
    scored, then teams, then who leads them.

    :param cards: of teams
    :return: ``{card's id: Heads}``
    """
    env = cards.env
    stays = env.execute_query(
        SQL(
            """
            SELECT s.id, a.rep_id, GREATEST(a.date_from, s.date_from, r.date_start),
                LEAST(a.date_to, s.date_to, r.date_end)
            FROM sales_scorecard s
            JOIN sales_rep_assignment a ON a.team_id = s.team_id
                AND a.company_id = s.company_id AND a.date_from <= s.date_to
                AND COALESCE(a.date_to, s.date_to) >= s.date_from
            JOIN sales_rep r ON r.id = a.rep_id
            WHERE s.id = ANY(%s)
            ORDER BY s.id, a.id
            """,
            cards.ids,
        )
    )
    reps = env["sales.rep"].browse(dict.fromkeys(rep for _card, rep, *_ in stays))
    if not reps:
        return {}
    scores = _read_scores(cards, reps)
    worked = _read_worked(
        reps, min(cards.mapped("date_from")), max(cards.mapped("date_to"))
    )
    days, found = defaultdict(int), defaultdict(lambda: defaultdict(int))
    for card, rep, first, last in stays:
        days[card] += worked(rep, first, last)
        for member, score, begin, end in scores.get((card, rep), ()):
            count = worked(rep, max(first, begin), min(last, end))
            found[card][member, score] += count
    return {
        card: Heads(
            count,
            tuple(
                Head(member, score, part)
                for (member, score), part in sorted(found[card].items())
                if part
            ),
        )
        for card, count in days.items()
    }


def _read_scores(cards, reps):
    """``{(team's card, rep): [(rep's card, score, first day, last day)]}``."""
    found = defaultdict(list)
    for card, rep, member, score, first, last in cards.env.execute_query(
        SQL(
            """
            SELECT s.id, m.rep_id, m.id,
                CASE WHEN m.rep_id = s.leader_id THEN %(own)s ELSE m.score END,
                m.date_from, m.date_to
            FROM sales_scorecard s
            JOIN sales_scorecard m ON m.period = s.period
                AND m.period_from = s.period_from AND m.company_id = s.company_id
                AND m.rep_id = ANY(%(reps)s)
                AND CASE WHEN m.rep_id = s.leader_id THEN %(has_own)s
                    ELSE m.has_score END
                AND m.date_from <= s.date_to AND m.date_to >= s.date_from
            WHERE s.id = ANY(%(cards)s) AND NOT EXISTS (
                SELECT FROM sales_scorecard_template_line l
                WHERE l.template_id = m.template_id AND l.kind IN ('members', 'team')
            )
            """,
            reps=reps.ids,
            cards=cards.ids,
            own=_known("score", "m", "s"),
            has_own=_known("has_score", "m", "s"),
        )
    ):
        found[card, rep].append((member, Fraction(str(score)), first, last))
    return found


def _read_worked(reps, first, last):
    """How many working days a rep has from one day to another, both included."""
    hours = reps.env["sales.working.time"].working_days(reps, first, last)
    # Reps who work by the same calendar share their days.
    known, dates = {}, {}
    for rep, worked in hours.items():
        if id(worked) not in known:
            known[id(worked)] = sorted(day for day, count in worked.items() if count)
        dates[rep.id] = known[id(worked)]

    def count(rep, start, stop):
        return max(0, bisect_right(dates[rep], stop) - bisect_left(dates[rep], start))

    return count


def read_led(cards):
    """The scores of the teams that reps lead, by head-days.

    :return: ``{card's id: (sum of score × head-days, sum of head-days, count)}``
    """
    return {
        card: (Fraction(str(total)), Fraction(str(days)), count)
        for card, total, days, count in cards.env.execute_query(
            SQL(
                """
                SELECT s.id, sum(%(score)s * t.head_days), sum(t.head_days), count(*)
                FROM sales_scorecard s
                JOIN sales_scorecard t ON t.leader_id = s.rep_id AND t.rep_id IS NULL
                    AND t.company_id = s.company_id
                    AND t.period = s.period AND t.period_from = s.period_from
                    AND t.date_from <= s.date_to AND t.date_to >= s.date_from
                    AND %(has_score)s AND t.head_days > 0
                WHERE s.id = ANY(%(cards)s)
                GROUP BY s.id
                """,
                cards=cards.ids,
                score=_known("score", "t", "s"),
                has_score=_known("has_score", "t", "s"),
            )
        )
    }


def read_members(cards):
    """The scores of who reports to the rep, weighted by their working days.

    :return: ``{card's id: (sum of score × part, sum of parts, lowest, highest,
        count)}``
    """
    return {
        card: (*(Fraction(str(value)) for value in values), count)
        for card, *values, count in cards.env.execute_query(
            SQL(
                """
                SELECT s.id, sum(m.score * m.share), sum(m.share), min(m.score),
                    max(m.score), count(*)
                FROM sales_scorecard s
                JOIN sales_scorecard m ON m.manager_id = s.rep_id
                    AND m.rep_id IS NOT NULL AND m.company_id = s.company_id
                    AND m.period = s.period AND m.period_from = s.period_from
                    AND m.date_from <= s.date_to AND m.date_to >= s.date_from
                    AND m.has_score AND m.share > 0
                WHERE s.id = ANY(%s)
                GROUP BY s.id
                """,
                cards.ids,
            )
        )
    }
