"""Scoring the monthly cards of a thousand reps over a large ledger."""

import statistics
import time
from datetime import date

from odoo.fields import Command
from odoo.tools import SQL

from .common import Row, median_pair, ratio, seconds, settle

REPS = 1000
TEAMS = 50
MONTHS = 12
# Credited to every rep in every month.
METRICS = (
    *("ORDERED", "INVOICED", "COLLECTED", "DUE", "MARGIN"),
    *("WON", "LOST", "VISITS", "ORDERS", "NEW_CUSTOMERS"),
)
LINES = (
    # name, weight, values
    ("Core goal", 30, {"kind": "attainment", "cap": 120}),
    ("Ordered", 10, {"metric": "ORDERED", "against": "number", "number": 9000}),
    ("Margin", 10, {"metric": "MARGIN", "against": "number", "number": 9000}),
    ("Collection rate", 20, {"metric": "COLLECTION_RATE", "function": "linear"}),
    ("Win rate", 10, {"metric": "WIN_RATE", "function": "bands"}),
    ("Visits", 10, {"metric": "VISITS", "against": "number", "number": 50}),
    ("Training", 10, {"kind": "training", "cap": 100}),
    ("Conduct", 0, {"kind": "conduct", "function": "points", "floor": -10, "cap": 10}),
)
OF_TEAMS = (
    ("Core goal", 30, {"kind": "attainment", "cap": 120}),
    ("Ordered", 20, {"metric": "ORDERED", "against": "number", "number": 180_000}),
    ("Collection rate", 20, {"metric": "COLLECTION_RATE", "function": "linear"}),
    ("Scores", 20, {"kind": "members", "cap": 120}),
    ("Spread", 10, {"kind": "spread", "function": "linear"}),
    ("Conduct", 0, {"kind": "conduct", "function": "points", "floor": -10, "cap": 10}),
)
YEAR = 2031
# How often a board and the sum by hand take turns.
TURNS = 9


def make_reps(env):
    """Reps, each in a team."""
    teams = env["crm.team"].create(
        [
            {"name": f"Team {number}", "company_id": env.company.id}
            for number in range(TEAMS)
        ]
    )
    users = env["res.users"].create(
        [
            {
                "name": f"Rep {number}",
                "login": f"rep_{number}",
                "group_ids": [Command.set(env.ref("sales_force.group_sales_rep").ids)],
            }
            for number in range(REPS)
        ]
    )
    env["sales.rep"].create(
        [
            {
                "user_id": user.id,
                "date_start": f"{YEAR - 2}-01-01",
                "state": "active",
                "team_id": teams[number % TEAMS].id,
            }
            for number, user in enumerate(users)
        ]
    )


def make_templates(env):
    make_template(env, "reps", LINES)
    make_template(env, "teams", OF_TEAMS)


def make_template(env, subject, rows):
    metrics = {metric.code: metric.id for metric in env["sales.metric"].search([])}
    points = [
        Command.create({"x": x, "y": y}) for x, y in ((10, 20), (50, 60), (90, 100))
    ]
    lines = []
    for name, weight, values in rows:
        values = dict(values)
        code = values.pop("metric", None)
        if values.get("function") in ("linear", "bands"):
            values["point_ids"] = points
        lines.append(
            Command.create(
                {
                    "name": name,
                    "weight": weight,
                    "metric_id": metrics[code] if code else False,
                    **values,
                }
            )
        )
    env["sales.scorecard.template"].create(
        {
            "name": "Month",
            "subject": subject,
            "date_from": f"{YEAR}-01-01",
            "line_ids": lines,
        }
    ).action_publish()


def make_plan(env):
    env["sales.target.plan"].create(
        {
            "name": "Invoiced",
            "metric_id": env.ref("sales_force.sales_metric_invoiced").id,
            "stage": "growth",
            "stage_reason": "Few of them know us",
            "date_from": f"{YEAR}-01-01",
            "date_to": f"{YEAR}-12-31",
            "value": 120_000_000,
            "profile": "even",
        }
    ).action_publish()


def fill(env, count):
    """Credits of all reps, metrics and months, until there are so many."""
    reps = env["sales.rep"].search([]).ids
    metrics = env["sales.metric"].search([("code", "in", METRICS)]).ids
    each = max(1, round(count / len(reps) / len(metrics) / MONTHS))
    env.cr.execute(
        SQL(
            """
            INSERT INTO sales_credit (metric_id, date, rep_id, user_id, company_id,
                value, share, overlay, res_model, res_id, part, source, scope_id)
            SELECT m, make_date(%(year)s, month, 1 + (k * 7 + r) %% 28), r, s.user_id,
                s.company_id, 10 + (r + m + k) %% 90, 100, FALSE, 'sale.order.line',
                row_number() OVER (), 0, 'order', row_number() OVER ()
            FROM unnest(%(reps)s) r JOIN sales_rep s ON s.id = r,
                unnest(%(metrics)s) m, generate_series(1, %(months)s) month,
                generate_series(1, %(each)s) k
            """,
            year=YEAR,
            reps=reps,
            metrics=metrics,
            months=MONTHS,
            each=each,
        )
    )


def run(lab):
    name = lab.clone(lab.base(), "appraisal")
    lab.install(name, "sales_appraisal")
    side = lab.open(name)
    for make in (make_reps, make_templates, make_plan):
        with side.env() as env:
            make(env)
    with side.env() as env:
        fill(env, lab.options.lines)
    lab.analyze(name)
    spent, queries = {}, {}
    with side.env() as env:
        cards = env["sales.scorecard"]
        start = time.perf_counter()
        cards = cards._open_period(env.company, "month", date(YEAR, 6, 15))
        env.flush_all()
        spent["opened and scored"] = time.perf_counter() - start
        teams = cards.filtered(lambda card: not card.rep_id)
        few = (cards - teams)[:2] | teams[:1]
        for label, some in (("few", few), ("all", cards)):
            env.invalidate_all()
            before, start = env.cr.sql_log_count, time.perf_counter()
            some._compute_results()
            spent[label] = time.perf_counter() - start
            queries[label] = env.cr.sql_log_count - before
    credits = side.query("SELECT count(*) FROM sales_credit")[0][0]
    row = Row(
        f"scoring {len(cards):,} monthly cards of {len(LINES)} lines, of which "
        f"{len(teams)} of teams, over {credits:,} credits",
        "≤ 15 s, queries independent of reps",
        {
            "scored": seconds(spent["all"]),
            "opened and scored": seconds(spent["opened and scored"]),
            "queries": f"{queries['all']} (of three cards: {queries['few']})",
        },
    )
    boards = [ranked(side, period, credits) for period in ("month", "year")]
    lab.close(side)
    return [row, *boards]


def ranked(side, period, credits):
    """A board of all reps as a director reads it, and the sum of its days by hand."""
    from odoo.addons.sales_appraisal.models.sales_standing import Viewer

    day = date(YEAR, MONTHS, 31)
    with side.env() as env:
        board = env["sales.leaderboard"].create(
            {
                "name": period,
                "metric_id": env.ref("sales_force.sales_metric_invoiced").id,
                "period": period,
                "sellers_only": False,
            }
        )
        span = board._get_spans(day).current
        bare = SQL(
            """
            SELECT rep_id, sum(value) FROM sales_credit
            WHERE metric_id = %s AND company_id = %s AND NOT overlay
              AND date BETWEEN %s AND %s
            GROUP BY rep_id
            """,
            board.metric_id.id,
            board.company_id.id,
            span.start,
            span.stop,
        )
        viewer = Viewer(is_all=True, all_groups=True)
        pairs, queries = [], 0
        for _turn in range(TURNS):
            settle()
            env.invalidate_all()
            before, start = env.cr.sql_log_count, time.perf_counter()
            groups = board._show(board._rank(board._get_spans(day)), viewer)
            middle = time.perf_counter()
            queries = env.cr.sql_log_count - before
            sums = env.execute_query(bare)
            pairs.append((middle - start, time.perf_counter() - middle))
        [group] = groups
        rows = {row["key"]: row["value"] for row in group["rows"]}
        if any(rows[rep] != float(value) for rep, value in sums):
            raise ValueError("The board and the sum by hand differ.")
    ours, by_hand = (statistics.median(some) for some in zip(*pairs, strict=True))
    return Row(
        f"leaderboard ({period}) of {len(rows):,} reps over {credits:,} credits, with "
        "the places of the evening before / bare SQL sum",
        "report",
        {
            "ratio": ratio(median_pair(pairs)),
            "board": seconds(ours),
            "bare": seconds(by_hand),
            "queries": queries,
        },
    )
