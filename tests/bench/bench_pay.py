"""Settling commission: a flat rule beside bare SQL, and a thousand reps with tiers."""

import time
from datetime import date

from odoo.fields import Command
from odoo.tools import SQL

from .bench_appraisal import TEAMS, YEAR, make_reps
from .common import Row, ratio, seconds

DAY = date(YEAR, 6, 15)
FLAT = 75_000
FLAT_REPS = 50
RULES = (
    {
        "name": "Invoiced",
        "table": "amount",
        "mode": "progressive",
        "tiers": ((0, 2), (2_000, 3), (20_000, 5)),
    },
    {
        "name": "Reached",
        "table": "amount",
        "mode": "whole",
        "tiers": ((0, 1), (5_000, 2)),
    },
    {
        "name": "Override",
        "credited": "override",
        "level_to": 2,
        "table": "amount",
        "mode": "progressive",
        "tiers": ((0, 0.5), (100_000, 1)),
    },
)


def make_leaders(env):
    """Two levels above everybody: fifty leaders, five managers."""
    reps = env["sales.rep"].search([], order="id")
    managers, leaders, rest = reps[:5], reps[5 : 5 + TEAMS], reps[5 + TEAMS :]
    for above, below in ((managers, leaders), (leaders, rest)):
        for number, manager in enumerate(above):
            below[number :: len(above)].parent_id = manager


def make_plan(env, rules):
    plan = env["sales.commission.plan"].create(
        {
            "name": "Commission",
            "date_from": f"{YEAR}-01-01",
            "rule_ids": [
                Command.create(
                    {
                        "metric_id": env.ref("sales_force.sales_metric_invoiced").id,
                        "tier_ids": [
                            Command.create({"start": start, "rate": rate})
                            for start, rate in rule.get("tiers", ())
                        ],
                        **{key: rule[key] for key in rule if key != "tiers"},
                    }
                )
                for rule in rules
            ],
        }
    )
    plan.action_publish()
    return plan


def fill(env, count, reps):
    """So many lines of invoices in one month, credited to so many reps."""
    env.cr.execute("TRUNCATE sales_credit")
    env.cr.execute(
        SQL(
            """
            INSERT INTO sales_credit (metric_id, date, rep_id, user_id, partner_id,
                company_id, value, share, overlay, res_model, res_id, part, source,
                scope_id)
            SELECT %(metric)s, make_date(%(year)s, 6, 1 + k %% 30), s.id, s.user_id, 1,
                s.company_id, 10 + k %% 90 + 0.01 * (k %% 77), 100, FALSE,
                'account.move.line', k, 0, 'invoice', k / 5
            FROM generate_series(1, %(count)s) k
            JOIN (
                SELECT *, row_number() OVER (ORDER BY id DESC) - 1 AS place
                FROM sales_rep
            ) s ON s.place = k %% %(reps)s
            """,
            metric=env.ref("sales_force.sales_metric_invoiced").id,
            year=YEAR,
            count=count,
            reps=reps,
        )
    )


BARE = """
    INSERT INTO bare (statement_id, company_id, rep_id, rule_id, period_from, kind,
        subject, date, base, position, amount, currency_id, partner_id, product_id,
        level, metric_id, source, scope_id, res_model, res_id, part, user_id, overlay)
    SELECT t.id, c.company_id, c.rep_id, %s, t.date_from, 'earning', 'earning', c.date,
        c.value, 0, round(c.value * 0.05, 2), %s, c.partner_id, c.product_id, 0,
        c.metric_id, c.source, c.scope_id, c.res_model, c.res_id, c.part, c.user_id,
        c.overlay
    FROM sales_credit c
    JOIN sales_commission_statement t ON t.rep_id = c.rep_id AND t.plan_id = %s
    WHERE c.metric_id = %s AND c.date BETWEEN t.date_from AND t.date_to
"""


def clear(env):
    env.cr.execute("TRUNCATE sales_commission_entry")


def settle(side, plan_id):
    with side.env() as env:
        plan = env["sales.commission.plan"].browse(plan_id)
        start = time.perf_counter()
        env["sales.commission.statement"]._settle(plan, *plan._get_bounds(DAY))
        env.cr.execute("SELECT count(*) FROM sales_commission_entry")
        return time.perf_counter() - start, env.cr.fetchone()[0]


def bare(side, plan_id):
    with side.env() as env:
        plan = env["sales.commission.plan"].browse(plan_id)
        env.cr.execute("DROP TABLE IF EXISTS bare")
        env.cr.execute("CREATE TABLE bare (LIKE sales_commission_entry INCLUDING ALL)")
        rule = plan.rule_ids
        start = time.perf_counter()
        values = rule.id, plan.currency_id.id, plan.id, rule.metric_id.id
        env.cr.execute(BARE, values)
        return time.perf_counter() - start


def prepare(side, count, reps, rules):
    with side.env() as env:
        clear(env)
        env["sales.commission.statement"].search([]).unlink()
        env["sales.commission.plan"].search([]).action_archive()
        env.cr.execute("UPDATE sales_commission_plan SET state = 'draft'")
        fill(env, count, reps)
        plan_id = make_plan(env, rules).id
    side.query("ANALYZE")
    return plan_id


def run(lab):
    name = lab.clone(lab.base(), "pay")
    lab.install(name, "sales_appraisal")
    side = lab.open(name)
    for make in (make_reps, make_leaders):
        with side.env() as env:
            make(env)
    rows = []
    plan_id = prepare(side, FLAT, FLAT_REPS, [{"name": "Flat", "rate": 5}])
    settle(side, plan_id)
    pairs = []
    for _turn in range(3):
        with side.env() as env:
            clear(env)
        pairs.append((settle(side, plan_id)[0], bare(side, plan_id)))
    ours, other = min(pairs)
    rows.append(
        Row(
            f"settling {FLAT:,} lines of {FLAT_REPS} reps by a flat rule / bare SQL",
            "≤ 2",
            {
                "ratio": ratio(ours / other),
                "ours": seconds(ours),
                "bare": seconds(other),
            },
        )
    )
    each = {}
    for count in (lab.options.lines // 10, lab.options.lines):
        plan_id = prepare(side, count, 1000, RULES)
        spent, entries = settle(side, plan_id)
        each[count] = spent / count
        again, _entries = settle(side, plan_id)
    rows.append(
        Row(
            f"settling {count:,} lines of 1,000 reps by {len(RULES)} rules",
            "≤ 120 s, time per line not growing",
            {
                "first": seconds(spent),
                "entries": f"{entries:,}",
                "again": seconds(again),
                "per line": " and ".join(
                    f"{1e6 * one:.0f} µs" for one in each.values()
                ),
            },
        )
    )
    lab.close(side)
    return rows
