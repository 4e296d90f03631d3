"""The open comparison: OCA's commission and ours, right or wrong, and how fast."""

import statistics
import time
from datetime import date

from odoo.fields import Command

from . import bench_peer
from .bench_rebuild import multiply, posted
from .commission import compare
from .commission.oca import Oca
from .commission.ours import METRICS, Ours
from .commission.scenarios import SCENARIOS
from .common import (
    CUSTOMERS,
    LINES_PER_ORDER,
    Row,
    copy_rows,
    median_pair,
    ratio,
    seconds,
)

LINES = 75_000
REPS = 50
# So many of them are settled by OCA's wizard in turn with all of ours.
FEW = 5
# One entry for each credit, without asking what is there already.
BARE = """
    INSERT INTO bench_entry (statement_id, company_id, rep_id, rule_id, period_from,
        kind, subject, date, base, position, amount, currency_id, partner_id,
        product_id, level, metric_id, source, scope_id, res_model, res_id, part,
        user_id, overlay)
    SELECT t.id, c.company_id, c.rep_id, %s, t.date_from, 'earning', 'earning', c.date,
        c.value, 0, round(c.value * 0.05, 2), %s, c.partner_id, c.product_id, 0,
        c.metric_id, c.source, c.scope_id, c.res_model, c.res_id, c.part, c.user_id,
        c.overlay
    FROM sales_credit c
    JOIN sales_commission_statement t ON t.rep_id = c.rep_id AND t.plan_id = %s
        AND c.date BETWEEN t.date_from AND t.date_to
    WHERE c.metric_id = %s
"""


def run(lab):
    path = bench_peer.prepare()
    oca = lab.clone(lab.base(), "scenarios_oca")
    lab.install(oca, ",".join(bench_peer.ADDONS), [f"--addons-path={path}"])
    ours = lab.clone(lab.base(), "scenarios_ours")
    lab.install(ours, "sales_appraisal")
    rows = scenarios(lab, {"OCA": (oca, Oca), "sales_appraisal": (ours, Ours)})
    return rows + speed(lab, path)


def scenarios(lab, engines):
    """Every scenario in every engine; the table is printed.

    :param engines: ``{name: (database, adapter)}``
    """
    verdicts = {title: [] for title in SCENARIOS}
    for name, adapter in engines.values():
        side = lab.open(name)
        for title, scenario in SCENARIOS.items():
            verdicts[title].append(compare.play(side, adapter, scenario))
        lab.close(side)
    print(*compare.table(verdicts, list(engines)), sep="\n", flush=True)
    figures = {
        name: f"{sum(row[n].right for row in verdicts.values())} right"
        for n, name in enumerate(engines)
    }
    return [Row(f"{len(verdicts)} scenarios of commission", "report", figures)]


# How fast


def paid(lab):
    """A posted and paid invoice of each customer, of fifty reps."""
    name = posted(lab, paid=1)
    side = lab.open(name)
    with side.env() as env:
        users = env["res.users"].with_context(no_reset_password=True)
        salesman = env.ref("sales_team.group_sale_salesman")
        reps = users.create(
            [
                {
                    "name": f"Rep {number}",
                    "login": f"rep_{number}",
                    "group_ids": [Command.set(salesman.ids)],
                }
                for number in range(REPS)
            ]
        )
        invoices = env["account.move"].search(
            [("move_type", "=", "out_invoice"), ("state", "=", "posted")], order="id"
        )
        for number, rep in enumerate(reps):
            invoices[number::REPS].invoice_user_id = rep
            invoices[number::REPS].partner_id.user_id = rep
    lab.close(side)
    return name


def make_agents(env):
    """Five percent of what is paid, for the salesperson of each invoice."""
    commission = env["commission"].create(
        {"name": "Five percent", "fix_qty": 5, "invoice_state": "paid"}
    )
    invoices = env["account.move"].search(
        [("move_type", "=", "out_invoice"), ("state", "=", "posted")]
    )
    for rep, theirs in invoices.grouped("invoice_user_id").items():
        agent = rep.partner_id
        agent.write({"agent": True, "commission_id": commission.id})
        theirs.partner_id.commission_agent_ids = agent
    invoices.recompute_lines_agents()


def copy_agents(cr, times, moves, lines):
    """The agents of the copied lines.

    :param moves, lines: how far the ids of a copy are from those of the former
    """
    cr.execute("SELECT max(id) FROM account_invoice_line_agent")
    agents = cr.fetchone()[0]
    copy_rows(
        cr,
        "account_invoice_line_agent",
        "account_invoice_line_agent t "
        f"CROSS JOIN generate_series(1, {int(times)}) k",
        id=f"t.id + k * {agents}",
        object_id=f"t.object_id + k * {lines}",
        invoice_id=f"t.invoice_id + k * {moves}",
        invoice_date="t.invoice_date - k % 365",
    )


def max_id(side, table):
    return side.query(f"SELECT max(id) FROM {table}")[0][0]  # noqa: S608


def oca_side(lab, source, path):
    """The invoices with agents, so often that there are as many lines as wanted."""
    name = lab.clone(source, "speed_oca")
    lab.install(name, ",".join(bench_peer.ADDONS), [f"--addons-path={path}"])
    side = lab.open(name)
    with side.env() as env:
        make_agents(env)
    ends = [max_id(side, table) for table in ("account_move", "account_move_line")]
    lab.close(side)
    multiply(lab, name, LINES)
    side = lab.open(name)
    with side.env() as env:
        copy_agents(env.cr, round(LINES / CUSTOMERS / LINES_PER_ORDER) - 1, *ends)
    lab.analyze(name)
    return side


def settle_oca(side, agents):
    """OCA's wizard, as it is run at the end of a month.

    :return: seconds, and the lines settled
    """
    before = side.query("SELECT count(*) FROM commission_settlement_line")[0][0]
    start = time.perf_counter()
    with side.env() as env:
        env["commission.make.settle"].create(
            {
                "date_to": date(date.today().year + 1, 1, 1),
                "settlement_type": "sale_invoice",
                "agent_ids": [Command.set(agents)],
            }
        ).action_settle()
    took = time.perf_counter() - start
    after = side.query("SELECT count(*) FROM commission_settlement_line")[0][0]
    return took, after - before


def ours_side(lab, source):
    """The same invoices with our credits and a plan, as many lines."""
    name = lab.clone(source, "speed_ours")
    lab.install(name, "sales_appraisal")
    multiply(lab, name, LINES)
    side = lab.open(name)
    with side.env() as env:
        first = env["account.move"].search(
            [("state", "=", "posted")], order="date", limit=1
        )
        start = first.date.replace(day=1)
        # They were reps already when they sold.
        env["sales.rep"].search([]).date_start = start
        env["sales.credit"].rebuild()
        env["sales.commission.plan"].search([]).action_archive()
        env["sales.commission.plan"].create(
            {
                "name": "Five percent",
                "date_from": start,
                "rule_ids": [
                    Command.create(
                        {
                            "name": "Collected",
                            "metric_id": env.ref(METRICS["collected"]).id,
                            "rate": 5,
                        }
                    )
                ],
            }
        ).action_publish()
    lab.analyze(name)
    return side


def periods(side):
    """A day in each month with invoices."""
    return [
        row[0]
        for row in side.query(
            """SELECT DISTINCT date_trunc('month', date)::date FROM account_move
            WHERE state = 'posted' ORDER BY 1"""
        )
    ]


def settle_ours(side, days):
    """The same in our statements, a month after the other.

    :return: seconds, and the entries made
    """
    start = time.perf_counter()
    with side.env() as env:
        for day in days:
            env["sales.commission.statement"]._run(env.company, day)
    took = time.perf_counter() - start
    return took, side.query("SELECT count(*) FROM sales_commission_entry")[0][0]


def insert_bare(side):
    """One entry for each line, in one statement, into an equal table.

    :return: seconds
    """
    side.query("CREATE TABLE bench_entry (LIKE sales_commission_entry INCLUDING ALL)")
    start = time.perf_counter()
    with side.env() as env:
        plan = env["sales.commission.plan"].search([("state", "=", "published")])
        env.cr.execute(
            BARE,
            (
                plan.rule_ids.id,
                plan.currency_id.id,
                plan.id,
                plan.rule_ids.metric_id.id,
            ),
        )
    took = time.perf_counter() - start
    side.query("DROP TABLE bench_entry")
    return took


def speed(lab, path):
    source = paid(lab)
    return compare_speed(oca_side(lab, source, path), ours_side(lab, source))


def compare_speed(oca, ours):
    """OCA's agents a few at a time; after each portion ours settles everything."""
    agents = [row[0] for row in oca.query("SELECT id FROM res_partner WHERE agent")]
    days = periods(ours)
    theirs, pairs, lines = [], [], 0
    for start in range(0, len(agents), FEW):
        took, settled = settle_oca(oca, agents[start : start + FEW])
        theirs.append(took)
        lines += settled
        ours.query("TRUNCATE sales_commission_entry")
        took, entries = settle_ours(ours, days)
        pairs.append((took, insert_bare(ours)))
    mine, bare = (statistics.mean(times) for times in zip(*pairs, strict=True))
    what = f"settling {lines:,} posted and paid lines of {REPS} reps by a flat rate"
    return [
        Row(
            f"{what} / OCA's wizard",
            "≤ 1/40",
            {
                "ratio": f"1/{sum(theirs) / mine:.0f}",
                "ours": seconds(mine),
                "entries": f"{entries:,}",
                "OCA's": seconds(sum(theirs)),
                "its lines a second": f"{lines / sum(theirs):,.0f}",
            },
        ),
        Row(
            f"{what} / bare SQL",
            "≤ 2",
            {
                "ratio": ratio(median_pair(pairs)),
                "ours": seconds(mine),
                "bare": seconds(bare),
            },
        ),
    ]
