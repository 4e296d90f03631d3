"""What cards are made of: read as sets, for all cards at once.

Amounts are exact: numerics become Fractions. What is not known is not in the result,
which is not the same as zero. The number of queries does not depend on the cards.
"""

from collections import defaultdict
from fractions import Fraction

from odoo.tools import SQL

from odoo.addons.sales_force.customers import training


def read_credits(cards):
    """What reps were credited with in the days of their cards, without overlays.

    :return: ``{(card's id, metric's id): (sum, how many)}``
    """
    lines = cards.template_id.line_ids
    metrics = lines.metric_id._get_parts()
    if not metrics:
        return {}
    return {
        (card, metric): (Fraction(str(value)), count)
        for card, metric, value, count in cards.env.execute_query(
            SQL(
                """
                SELECT s.id, c.metric_id, sum(c.value), count(*)
                FROM sales_scorecard s
                JOIN sales_credit c ON c.rep_id = s.rep_id
                    AND c.metric_id = ANY(%(metrics)s)
                    AND c.date BETWEEN s.date_from AND s.date_to
                    AND c.company_id = s.company_id AND NOT c.overlay
                WHERE s.id = ANY(%(cards)s)
                GROUP BY s.id, c.metric_id
                """,
                metrics=metrics.ids,
                cards=cards.ids,
            )
        )
    }


def read_targets(cards):
    """The targets of the reps on the days of their cards.

    Of the core goal: of whichever metric (key None), with its metric. Of a metric: of
    its core goal, else of the first of its supporting goals.

    :return: ``{(card's id, metric's id or None): (plan's id, metric's id, target)}``
    """
    found = {}
    for card, plan, metric, kind, value in cards.env.execute_query(
        SQL(
            """
            SELECT s.id, p.id, p.metric_id, p.kind, sum(d.value)
            FROM sales_scorecard s
            JOIN sales_target_day d ON d.rep_id = s.rep_id
                AND d.date BETWEEN s.date_from AND s.date_to
            JOIN sales_target t ON t.id = d.target_id AND t.company_id = s.company_id
            JOIN sales_target_plan p ON p.id = t.plan_id AND p.state <> 'draft'
            WHERE s.id = ANY(%s)
            GROUP BY s.id, p.id
            ORDER BY s.id, p.kind = 'core' DESC, p.id
            """,
            cards.ids,
        )
    ):
        target = (plan, metric, Fraction(str(value)))
        found.setdefault((card, metric), target)
        if kind == "core":
            found.setdefault((card, None), target)
    return found


def read_core(cards, targets):
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
                SELECT s.id, COALESCE(sum(c.value), 0), count(c.id)
                FROM unnest(%s::integer[], %s::integer[]) w(card_id, metric_id)
                JOIN sales_scorecard s ON s.id = w.card_id
                LEFT JOIN sales_credit c ON c.rep_id = s.rep_id
                    AND c.metric_id = w.metric_id
                    AND c.date BETWEEN s.date_from AND s.date_to
                    AND c.company_id = s.company_id AND NOT c.overlay
                GROUP BY s.id
                """,
                list(ids),
                list(metrics),
            )
        )
    }


def read_training(cards):
    """Of the courses that were needed on the last day, how many were held then.

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
                JOIN (%s) n ON n.rep_id = s.rep_id AND n.due_on <= s.date_to
                WHERE s.id = ANY(%s)
                GROUP BY s.id
                """,
                training.needs(),
                cards.ids,
            )
        )
    }


def read_conduct(cards):
    """Points of decided cases: ``{card's id: points}``."""
    return dict(
        cards.env.execute_query(
            SQL(
                """
                SELECT s.id, sum(k.score) FROM sales_scorecard s
                JOIN sales_conduct k ON k.rep_id = s.rep_id
                    AND k.date BETWEEN s.date_from AND s.date_to
                WHERE s.id = ANY(%s) AND k.score <> 0
                GROUP BY s.id
                """,
                cards.ids,
            )
        )
    )


def collect(cards):
    """All of it: ``{"credits", "targets", "core", "training", "conduct"}``.

    :param cards: as superuser; what is pending in the ledger comes first
    """
    cards.env["sales.credit"]._process_pending()
    cards.env.flush_all()
    kinds = set(cards.template_id.line_ids.mapped("kind"))
    against = set(cards.template_id.line_ids.mapped("against"))
    facts = defaultdict(dict)
    facts["credits"] = read_credits(cards)
    if "attainment" in kinds or "target" in against:
        facts["targets"] = read_targets(cards)
        facts["core"] = read_core(cards, facts["targets"])
    if "training" in kinds:
        facts["training"] = read_training(cards)
    if "conduct" in kinds:
        facts["conduct"] = read_conduct(cards)
    return facts
