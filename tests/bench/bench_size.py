"""What the ledger's size costs: posting one invoice, and the pivot of Performance."""

import statistics
import time

from .bench_documents import Documents, confirm, invoice, pay, post
from .common import (
    CUSTOMERS,
    Row,
    copy_orders,
    copy_rows,
    median_pair,
    ratio,
    seconds,
    settle,
)

SMALL = 10_000
MONTHS = 36
RUNS = 9


def ledgers(lab):
    """Two databases that differ in the number of credits only."""
    base = lab.clone(lab.base(), "ledger")
    side = lab.open(base)
    with side.env() as env:
        copy_orders(env.cr, 2)
    lab.close(side)
    lab.install(base)
    side = lab.open(base)
    documents = Documents(side, CUSTOMERS)
    for number in (1, 2):
        side.timed(confirm, documents.ids("confirm", number))
        side.timed(invoice, documents.ids("invoice", number))
    side.timed(post, documents.ids("post", 1))
    side.timed(pay, documents.ids("pay", 1)[::2])
    lab.close(side)
    names = []
    for label, count in (("small", SMALL), ("big", lab.options.lines)):
        name = lab.clone(base, label)
        fill(lab, name, count)
        names.append(name)
    return names


def fill(lab, name, count):
    """Copies of the invoiced credits, over three years, until there are so many."""
    side = lab.open(name)
    with side.env() as env:
        metric = env.ref("sales_force.sales_metric_invoiced").id
        cr = env.cr
        cr.execute("SELECT count(*) FROM sales_credit")
        there = cr.fetchone()[0]
        cr.execute("SELECT count(*) FROM sales_credit WHERE metric_id = %s", (metric,))
        pattern = cr.fetchone()[0]
        rounds = -(-(count - there) // pattern)
        if rounds > 0:
            offset = 10_000_000  # beyond the ids of all documents
            copy_rows(
                cr,
                "sales_credit",
                f"sales_credit t CROSS JOIN generate_series(1, {rounds}) k "
                f"WHERE t.metric_id = {metric}",
                id=f"t.id + k * {offset // 10}",
                res_id=f"t.res_id % {offset // 100} + {offset} + k * {pattern}",
                scope_id=f"t.scope_id % {offset // 100} + {offset} + k * {pattern}",
                date=f"t.date - (k % {MONTHS} * 30)",
            )
        env["res.users"].create(
            {
                "name": "Director",
                "login": "director",
                "group_ids": [
                    (4, env.ref("sales_force.group_sales_director").id),
                ],
            }
        )
    lab.close(side)
    lab.analyze(name)


def posting(lab, sides):
    documents = [Documents(side, CUSTOMERS) for side in sides]
    ids = [one.ids("post", 2) for one in documents]
    spent = [[], []]
    settle()
    for turn in range(min(lab.options.documents, len(ids[0]))):
        for index in (0, 1) if turn % 2 else (1, 0):
            took, _queries = sides[index].timed(post, [ids[index][turn]])
            if turn > 1:
                spent[index].append(took)
    small, big = spent
    ninth = max(1, len(small) // RUNS)
    pairs = [
        (sum(big[at : at + ninth]), sum(small[at : at + ninth]))
        for at in range(0, ninth * RUNS, ninth)
    ]
    return Row(
        f"one invoice posted with {credits(sides[1]):,} credits / with "
        f"{credits(sides[0]):,}",
        "≤ 1.2",
        {
            "ratio": ratio(median_pair(pairs)),
            "big": seconds(statistics.median(big)),
            "small": seconds(statistics.median(small)),
            "invoices": len(big),
        },
    )


def credits(side):
    return side.query("SELECT count(*) FROM sales_credit")[0][0]


def pivot(lab, side):
    """What the pivot view asks for on a director's screen, and the same by hand."""
    with side.env() as env:
        director = env["res.users"].search([("login", "=", "director")])
        metric = env.ref("sales_force.sales_metric_invoiced")
        company = env.company.id
    domain = [("metric_id", "=", metric.id), ("overlay", "=", False)]
    sets = [[], ["rep_id"], ["date:month"], ["rep_id", "date:month"]]
    by_hand = """
        SELECT grouping(rep_id, date_trunc('month', date)), rep_id,
            date_trunc('month', date), sum(value), count(*)
        FROM sales_credit
        WHERE metric_id = %s AND overlay IS NOT TRUE AND company_id IN (%s)
        GROUP BY GROUPING SETS (
            (), (rep_id), (date_trunc('month', date)),
            (rep_id, date_trunc('month', date))
        )"""
    pairs, groups = [], 0
    for turn in range(RUNS + 1):
        took = {}
        for way in ("pivot", "bare") if turn % 2 else ("bare", "pivot"):
            settle()
            with side.env(director.id) as env:
                env = env(context={**env.context, "allowed_company_ids": [company]})
                start = time.perf_counter()
                if way == "pivot":
                    found = env["sales.credit"].formatted_read_grouping_sets(
                        domain, sets, ["value:sum", "__count"]
                    )
                    groups = sum(map(len, found))
                else:
                    env.cr.execute(by_hand, (metric.id, company))
                    rows = len(env.cr.fetchall())
                took[way] = time.perf_counter() - start
        if groups != rows:
            raise RuntimeError(f"{groups} groups in the pivot, {rows} by hand")
        if turn:
            pairs.append((took["pivot"], took["bare"]))
    return Row(
        f"pivot by rep and month over {credits(side):,} credits / bare SQL",
        "≤ 1.3",
        {
            "ratio": ratio(median_pair(pairs)),
            "pivot": seconds(statistics.median(one for one, _other in pairs)),
            "bare": seconds(statistics.median(other for _one, other in pairs)),
            "groups": groups,
        },
    )


def run(lab):
    sides = [lab.open(name) for name in ledgers(lab)]
    result = [posting(lab, sides), pivot(lab, sides[1])]
    for side in sides:
        lab.close(side)
    return result
