"""A tree of targets: divided, spread over days, exact, and where it stands."""

import random
import statistics
import time
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo.fields import Command, Date
from odoo.tools import SQL

from .common import Row, ratio, seconds, settle

TERRITORIES, TEAMS, REPS = 20, 100, 1000
RUNS = 5
INVOICES = 30


def run(lab):
    yield exactness(lab.options.lines)
    name = lab.clone(lab.base(), "targets")
    lab.install(name, "sales_targets")
    side = lab.open(name)
    with side.env() as env:
        make_reps(env)
        plan = make_plan(env)
    yield from divided(side, plan)
    with side.env() as env:
        credits = fill(env, env["sales.target.plan"].browse(plan), lab.options.lines)
    lab.analyze(name)
    yield from boarded(side, plan)
    yield attained(side, plan, credits)
    yield invoiced(side, plan, credits)
    lab.close(side)


def exactness(cells):
    """Random trees of three levels, in any unit, with hedges, locks and limits."""
    from odoo.addons.sales_targets.planning.decompose import Conflict, assign, split

    chance = random.Random(2031)
    counted = drift = far = refused = 0
    while counted < cells:
        months = [
            chance.randrange(10 ** chance.randint(1, 12))
            for _month in range(chance.choice((1, 3, 12, 12)))
        ]
        nodes = [months]
        for _level in range(3):
            below = []
            for units in nodes:
                assigned = assign(units, Fraction(chance.randint(0, 400), 1000))
                children = random_children(chance, assigned)
                try:
                    parts = split(assigned, children)
                except Conflict:
                    refused += 1
                    continue
                rows = [part.months for part in parts.values()]
                for number, whole in enumerate(assigned):
                    drift += abs(whole - sum(row[number] for row in rows))
                drift += abs(sum(assigned) - sum(map(sum, rows)))
                for part in parts.values():
                    far += sum(
                        abs(value - share) >= 1
                        for value, share in zip(part.months, part.exact, strict=True)
                    )
                counted += len(rows) * (len(assigned) + 1)
                below += rows[:2]
            nodes = below
    return Row(
        f"exactness on {counted:,} random cells",
        "0 units of drift, 0 cells further than one unit",
        {
            "drift": drift,
            "further": far,
            "nodes refused as their locks cannot be met": refused,
        },
    )


def random_children(chance, assigned):
    from odoo.addons.sales_targets.planning.decompose import Child

    children = [
        Child(number, Fraction(chance.randint(0, 10**4) + (not number)))
        for number in range(chance.randint(2, 12))
    ]
    total, count = sum(assigned), len(children)
    for child in children:
        kind = chance.randrange(12)
        if kind == 0:
            month = chance.randrange(len(assigned))
            child.months[month] = chance.randint(0, assigned[month] // count)
        elif kind == 1:
            child.year = chance.randint(0, total // count)
        elif kind == 2:
            child.least = chance.randint(0, total // (2 * count))
        elif kind == 3:
            child.most = chance.randint(total // count, total)
    return children


def make_reps(env):
    """1 company, 20 territories, 100 teams, 1,000 reps."""
    territories = env["sales.territory"].create(
        [{"name": f"Territory {n}"} for n in range(TERRITORIES)]
    )
    teams = env["crm.team"].create([{"name": f"Team {n}"} for n in range(TEAMS)])
    group = env.ref("sales_force.group_sales_rep")
    users = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            [
                {
                    "name": f"Rep {n:04}",
                    "login": f"rep{n}",
                    "group_ids": [Command.set(group.ids)],
                }
                for n in range(REPS)
            ]
        )
    )
    env["sales.rep"].search([]).carries_target = False
    env["sales.rep"].create(
        [
            {
                "user_id": user.id,
                "state": "active",
                "date_start": "2020-01-01",
                "team_id": teams[n % TEAMS].id,
                "territory_ids": [
                    Command.set(territories[n % TEAMS % TERRITORIES].ids)
                ],
            }
            for n, user in enumerate(users)
        ]
    )


def make_plan(env):
    """This calendar year's, with hedges."""
    first = Date.today().replace(month=1, day=1)
    plan = env["sales.target.plan"].create(
        {
            "name": "Bench",
            "metric_id": env.ref("sales_force.sales_metric_invoiced").id,
            "kind": "supporting",
            "stage": False,
            "date_from": first,
            "date_to": first + relativedelta(years=1, days=-1),
            "value": 1_000_000_000,
            "unit": "0.01",
            "hedge_company": 10,
            "hedge_team": 5,
            "territory_ids": [
                Command.set(
                    env["sales.territory"].search([("name", "like", "Territory")]).ids
                )
            ],
        }
    )
    return plan.id


def clock(side, work):
    """The median of runs, each in a transaction that is rolled back."""
    took = []
    for _run in range(RUNS):
        settle()
        with side.env() as env:
            start = time.perf_counter()
            result = work(env)
            env.cr.flush()
            took.append(time.perf_counter() - start)
            env.cr.rollback()
    return statistics.median(took), result


def divided(side, plan_id):
    def decompose(env):
        env["sales.target.plan"].browse(plan_id).action_decompose()
        return env["sales.target"].search_count([("plan_id", "=", plan_id)])

    took, rows = clock(side, decompose)
    yield Row(
        f"divide 1 company → {TERRITORIES} → {TEAMS} → {REPS} reps × 12 months",
        "≤ 5 s",
        {"took": seconds(took), "rows": f"{rows:,}"},
    )
    with side.env() as env:
        decompose(env)

    def derive(env):
        plan = env["sales.target.plan"].browse(plan_id)
        env["sales.target.day"]._derive(plan)
        return env["sales.target.day"].search_count([])

    took, days = clock(side, derive)
    yield Row("its day cells", "≤ 5 s", {"took": seconds(took), "cells": f"{days:,}"})
    with side.env() as env:
        derive(env)
        # sudo: of the bench
        env["sales.target.plan"].browse(plan_id).sudo().state = "running"


def boarded(side, plan_id):
    """The whole tree opened, and one cell fixed, of a plan that runs."""

    def opened(env):
        plan = env["sales.target.plan"].browse(plan_id)
        parents, rows = [False], []
        while parents:
            found = plan.get_board(parents)["rows"]
            parents = [row["id"] for row in found if row["below"]]
            rows += found
        return len(rows)

    def fixed(env):
        plan = env["sales.target.plan"].browse(plan_id)
        cell = plan._get_leaves()[:1].month_ids[-1:]
        plan.set_cells([{"id": cell.id, "value": cell.value + 1000}], "Bench")

    took, rows = clock(side, opened)
    yield Row(f"board, all {rows:,} rows opened", "", {"took": seconds(took)})
    took, _nothing = clock(side, fixed)
    yield Row("board, one cell fixed of a running plan", "", {"took": seconds(took)})


def fill(env, plan, count):
    """So many credits over the plan's year, of its reps, one in fifty of nobody."""
    env.cr.execute(
        SQL(
            """
            INSERT INTO sales_credit (rep_id, metric_id, date, value, company_id,
                overlay, share, res_model, res_id, part, source, scope_id)
            SELECT CASE WHEN n %% 50 <> 0 THEN r.ids[1 + n %% %(reps)s] END, %(metric)s,
                %(first)s::date + n %% 365, 100 + n %% 997 * 0.37, %(company)s, FALSE,
                100, 'account.move.line', -n, 0, 'bench', -n
            FROM generate_series(1, %(count)s) n,
                (SELECT array_agg(id ORDER BY id) AS ids FROM sales_rep
                    WHERE carries_target) r
            """,
            reps=REPS,
            metric=plan.metric_id.id,
            first=plan.date_from,
            company=plan.company_id.id,
            count=count,
        )
    )
    env["sales.credit.month"]._cron_join()
    return count


def bare(env, plan_id):
    """What each rep was credited with by month, as one would write it by hand."""
    plan = env["sales.target.plan"].browse(plan_id)
    return env.execute_query(
        SQL(
            """SELECT rep_id, date_trunc('month', date), sum(value) FROM sales_credit
            WHERE metric_id = %s AND company_id = %s AND NOT overlay
              AND date BETWEEN %s AND %s
            GROUP BY 1, 2""",
            plan.metric_id.id,
            plan.company_id.id,
            plan.date_from,
            plan.date_to,
        )
    )


def attained(side, plan_id, credits):
    def attainment(env):
        nodes = env["sales.target"].search(
            [("plan_id", "=", plan_id), ("period", "=", "total")]
        )
        nodes.mapped("attainment")
        return len(nodes)

    def standing(env):
        nodes = env["sales.target"].search(
            [("plan_id", "=", plan_id), ("period", "=", "total")]
        )
        nodes.mapped("pace_index")

    by_hand, _rows = clock(side, lambda env: bare(env, plan_id))
    took, nodes = clock(side, attainment)
    pace, _nothing = clock(side, standing)
    return Row(
        f"attainment of {nodes:,} nodes over {credits:,} credits / bare SQL",
        "≤ 1.5",
        {
            "ratio": ratio(took / by_hand),
            "attainment": seconds(took),
            "bare": seconds(by_hand),
            "with pace": seconds(pace),
        },
    )


def invoiced(side, plan_id, credits):
    """A posted invoice, and the attainment of its rep and of all above, at once.

    Beside the same without what follows the ledger: the triggers are off, and nobody
    reads.
    """
    with side.env() as env:
        invoices = draft_invoices(env)
    beyond, posted = [], []
    for one, other in zip(invoices[::2], invoices[1::2], strict=True):
        settle()
        with_us = post(side, plan_id, one, read=True)
        settle()
        without = post(side, plan_id, other, read=False)
        beyond.append(with_us - without)
        posted.append(without)
    with side.env() as env:
        env["sales.credit.month"]._rebuild()
    return Row(
        f"one new invoice → attainment of its rep and all above, {credits:,} credits",
        "≤ 20 ms beyond",
        {
            "beyond": seconds(statistics.median(beyond)),
            "posting": seconds(statistics.median(posted)),
        },
    )


def draft_invoices(env):
    product = env["product.product"].search([("name", "=", "Product 0")], limit=1)
    partner = env["res.partner"].search([("name", "=", "Customer 0")], limit=1)
    user = env["res.users"].search([("login", "=", "rep7")])
    return (
        env["account.move"]
        .create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_user_id": user.id,
                    "invoice_date": Date.today(),
                    "invoice_line_ids": [
                        Command.create({"product_id": product.id, "quantity": 1})
                    ],
                }
                for _n in range(2 * INVOICES)
            ]
        )
        .ids
    )


def post(side, plan_id, invoice_id, read):
    """Seconds of a transaction, without switching the triggers."""
    switch = SQL("ENABLE" if read else "DISABLE")
    with side.env() as env:
        env.cr.execute(SQL("ALTER TABLE sales_credit %s TRIGGER USER", switch))
    start = time.perf_counter()
    with side.env() as env:
        invoice = env["account.move"].browse(invoice_id)
        invoice.action_post()
        env.cr.flush()
        if read:
            leaf = env["sales.target"].search(
                [
                    ("plan_id", "=", plan_id),
                    ("period", "=", "total"),
                    ("level", "=", "rep"),
                    ("rep_id.user_id", "=", invoice.invoice_user_id.id),
                ]
            )
            nodes = leaf
            while leaf:
                leaf = leaf.parent_id
                nodes |= leaf
            nodes.mapped("attainment")
    took = time.perf_counter() - start
    if not read:
        with side.env() as env:
            env.cr.execute("ALTER TABLE sales_credit ENABLE TRIGGER USER")
    return took
