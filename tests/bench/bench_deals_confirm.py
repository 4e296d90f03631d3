"""Confirming orders that keep to all approval rules: with them and without."""

import statistics

from .bench_documents import Documents, confirm
from .common import Row, copy_orders, median_pair, ratio, seconds, settle

# Those that look at each order's own figures.
RULES = (
    ("discount", 10),
    ("order_discount", 10),
    ("amount", 1_000_000_000),
    ("term", 365),
    ("floor", 0),
)
# Those that look at the ledger and at costs, too.
MORE = (
    ("margin", 1),
    ("overdue_days", 365),
    ("rep_credit", 1_000_000_000),
)


def make_rules(env, conditions):
    env["sales.approval.rule"].create(
        [
            {
                "name": condition,
                "condition": condition,
                "threshold": threshold,
                "approver_ids": [(0, 0, {"kind": "manager"})],
            }
            for condition, threshold in conditions
        ]
    )


def compare(sides, number):
    """The same orders on both sides, one per transaction, in turn."""
    ids = [documents.ids("confirm", number) for documents in sides]
    settle()
    spent, queries = ([], []), [0, 0]
    for turn, pair in enumerate(zip(*ids, strict=True), start=number):
        for index in (0, 1) if turn % 2 else (1, 0):
            took, asked = sides[index].side.timed(confirm, [pair[index]])
            spent[index].append(took)
            queries[index] += asked
    print(f"    {number}:", *(seconds(sum(times)) for times in spent), flush=True)
    return spent, (queries[1] - queries[0]) / len(ids[0])


def run(lab):
    pairs = lab.options.pairs
    base = lab.clone(lab.base(), "deals_confirm")
    side = lab.open(base)
    with side.env() as env:
        copy_orders(env.cr, 2 * (pairs + 1))
    lab.close(side)
    lab.install(base)
    names = [lab.clone(base, name) for name in ("no_rules", "rules")]
    sides = [Documents(lab.open(name), lab.options.documents) for name in names]
    result = []
    for label, conditions, bar, first in (
        ("five rules", RULES, "≤ 1.05", 1),
        ("eight rules, of margin, debts and limits, too", MORE, "report", pairs + 2),
    ):
        with sides[1].side.env() as env:
            make_rules(env, conditions)
        for name in names:
            lab.analyze(name)
        compare(sides, first)  # warms caches, pools and plans
        rounds = [compare(sides, first + 1 + number) for number in range(pairs)]
        totals = [(sum(spent[1]), sum(spent[0])) for spent, _more in rounds]
        medians = [
            (statistics.median(spent[1]), statistics.median(spent[0]))
            for spent, _more in rounds
        ]
        result.append(
            Row(
                f"confirm orders with {label}, none broken / no rule "
                f"({lab.options.documents} × {pairs})",
                bar,
                {
                    "ratio": ratio(median_pair(totals)),
                    "with": seconds(statistics.median(one for one, _o in medians)),
                    "without": seconds(statistics.median(o for _one, o in medians)),
                    "queries more": f"{statistics.median(m for _s, m in rounds):.1f}",
                },
            )
        )
    for documents in sides:
        lab.close(documents.side)
    return result
