"""Settling commission: a flat rule beside bare SQL, and a thousand reps with tiers."""

import os
import statistics
import time
from datetime import date
from pathlib import Path
from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.fields import Command
from odoo.tools import SQL

from .bench_appraisal import TEAMS, YEAR, make_reps
from .common import Row, median_pair, ratio, seconds

DAY = date(YEAR, 6, 15)
FLAT = 75_000
FLAT_REPS = 50
# How often ours and bare SQL take turns.
TURNS = 7
# Of lines that no document is behind: beyond those of the late invoices.
FIRST = 1_000_000_000
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
            env["sales.rep.assignment"].search(
                [("rep_id", "in", below[number :: len(above)].ids)]
            ).manager_id = manager


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
    env.cr.execute("TRUNCATE sales_credit CASCADE")
    env.cr.execute(
        SQL(
            """
            INSERT INTO sales_credit (metric_id, date, rep_id, user_id, partner_id,
                company_id, value, share, overlay, res_model, res_id, part, source,
                scope_id)
            SELECT %(metric)s, make_date(%(year)s, 6, 1 + k %% 30), s.id, s.user_id, 1,
                s.company_id, 10 + k %% 90 + 0.01 * (k %% 77), 100, FALSE,
                'account.move.line', %(first)s + k, 0, 'invoice', %(first)s + k / 5
            FROM generate_series(1, %(count)s) k
            JOIN (
                SELECT *, row_number() OVER (ORDER BY id DESC) - 1 AS place
                FROM sales_rep
            ) s ON s.place = k %% %(reps)s
            """,
            metric=env.ref("sales_force.sales_metric_invoiced").id,
            year=YEAR,
            first=FIRST,
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
        took = time.perf_counter() - start
        made = env["sales.commission.entry"]._read_group([], ["rule_id"], ["__count"])
        if len(made) < len(plan.rule_ids):
            raise RuntimeError("A rule has paid nothing.")
        return took, sum(count for _rule, count in made)


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
    side.query("VACUUM ANALYZE")
    return plan_id


def peak(pid):
    """The most memory that a process has had, with what it shares, in MiB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def late(side):
    """An invoice in a period that is paid: until its correction is in a statement.

    :return: seconds until the cron is done, and until the rep's own page is
    """
    side.query("UPDATE sales_commission_statement SET state = 'paid'")
    today = date(YEAR, 7, 10)
    took = []
    with side.env() as env:
        patched = patch.object(
            type(env["res.company"]), "_get_sales_today", lambda company: today
        )
    with patched:
        with side.env() as env:
            env["sales.commission.statement"]._cron_follow()
        side.query("VACUUM ANALYZE")
        for turn, follow in enumerate(("_cron_follow", "action_open_mine")):
            with side.env() as env:
                rep = env["sales.rep"].search([], order="id desc", limit=1)
                seller = rep.user_id.id
                sell(env, seller)
            start = time.perf_counter()
            with side.env(seller if turn else SUPERUSER_ID) as env:
                getattr(env["sales.commission.statement"], follow)()
            took.append(time.perf_counter() - start)
    corrections = side.query(
        """SELECT count(*) FROM sales_commission_entry e
        JOIN sales_commission_statement s ON s.id = e.statement_id
        WHERE s.state = 'open' AND e.kind = 'adjustment' AND e.source = 'invoice'"""
    )[0][0]
    if not corrections:
        raise RuntimeError("The late invoices corrected nothing.")
    return took


def sell(env, seller):
    env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": env["res.partner"].search([("name", "=", "Customer 0")]).id,
            "invoice_user_id": seller,
            "invoice_date": f"{YEAR}-06-20",
            "invoice_line_ids": [Command.create({"name": "Late", "price_unit": 500})],
        }
    ).action_post()


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
    for _turn in range(TURNS):
        with side.env() as env:
            clear(env)
        pairs.append((settle(side, plan_id)[0], bare(side, plan_id)))
    ours, other = (statistics.median(times) for times in zip(*pairs, strict=True))
    rows.append(
        Row(
            f"settling {FLAT:,} lines of {FLAT_REPS} reps by a flat rule / bare SQL",
            "≤ 2",
            {
                "ratio": ratio(median_pair(pairs)),
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
    with side.env() as env:
        env.cr.execute("SELECT pg_backend_pid()")
        backend = env.cr.fetchone()[0]
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
                "memory": f"{peak(os.getpid()):.0f} MiB",
                "PostgreSQL's": f"{peak(backend):.0f} MiB",
            },
        )
    )
    cron, own = late(side)
    rows.append(
        Row(
            f"a late invoice in that month, all statements paid ({count:,} lines)",
            "≤ 2 s",
            {"cron": seconds(cron), "rep's own page": seconds(own)},
        )
    )
    lab.close(side)
    return rows
