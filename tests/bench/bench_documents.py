"""Confirming orders, posting invoices, registering payments: with and without."""

import statistics

from .common import Row, copy_orders, median_pair, ratio, seconds, settle

# Making the invoices is no part of the comparison.
PHASES = ("confirm", "invoice", "post", "pay")
MEASURED = ("confirm", "post", "pay")
BARS = {"one": "≤ 1.05", "all": "≤ 1.10"}
DOCUMENTS = {
    "confirm": "orders",
    "post": "invoices",
    "pay": "invoices",
}
QUERIES = "≤ 4 queries more"


def confirm(env, ids):
    env["sale.order"].browse(ids).action_confirm()


def invoice(env, ids):
    env["sale.order"].browse(ids)._create_invoices(grouped=True)


def post(env, ids):
    env["account.move"].browse(ids).action_post()


def pay(env, ids):
    env["account.payment.register"].with_context(
        active_model="account.move", active_ids=ids
    ).create({})._create_payments()


WORK = {"confirm": confirm, "invoice": invoice, "post": post, "pay": pay}


class Documents:
    """The orders of a side by round, and their invoices."""

    def __init__(self, side, count):
        self.side, self.count = side, count

    def ids(self, phase, number):
        if phase in ("confirm", "invoice"):
            rows = self.side.query(
                "SELECT id FROM sale_order WHERE origin = %s ORDER BY id LIMIT %s",
                f"round {number}",
                self.count,
            )
        else:
            rows = self.side.query(
                """SELECT DISTINCT l.move_id
                FROM sale_order o
                JOIN sale_order_line sl ON sl.order_id = o.id
                JOIN sale_order_line_invoice_rel r ON r.order_line_id = sl.id
                JOIN account_move_line l ON l.id = r.invoice_line_id
                WHERE o.origin = %s ORDER BY 1""",
                f"round {number}",
            )
        return [row[0] for row in rows]


def measure(sides, phase, number, mode):
    """One pair: the same documents on both sides, transaction by transaction in turn.

    :return: for each side the seconds of all transactions, and their queries
    """
    work = WORK[phase]
    ids = [documents.ids(phase, number) for documents in sides]
    settle()
    spent = [[] for _side in sides]
    queries = [0 for _side in sides]
    one = mode == "one" and phase in MEASURED
    batches = [[[id_] for id_ in side] if one else [side] for side in ids]
    for turn, transaction in enumerate(zip(*batches, strict=True), start=number):
        # Whoever goes first warms what both share, so they take turns in that, too.
        order = range(len(sides)) if turn % 2 else reversed(range(len(sides)))
        for index in order:
            took, asked = sides[index].side.timed(work, transaction[index])
            spent[index].append(took)
            queries[index] += asked
    return spent, [asked / len(batches[0]) for asked in queries]


def compare(sides, rounds, mode):
    """``{phase: [(seconds of each side, queries of each side)]}`` by round."""
    results = {phase: [] for phase in MEASURED}
    for number in rounds:
        for phase in PHASES:
            spent, queries = measure(sides, phase, number, mode)
            if phase not in MEASURED:
                continue
            results[phase].append((spent, queries))
            print(
                f"    {mode} {number} {phase}:",
                *(seconds(sum(times)) for times in spent),
                queries,
                flush=True,
            )
    return results


def rows(results, mode, label, bar, documents):
    for phase, pairs in results.items():
        totals = [(sum(spent[1]), sum(spent[0])) for spent, _queries in pairs]
        medians = [
            (statistics.median(spent[1]), statistics.median(spent[0]))
            for spent, _queries in pairs
        ]
        more = statistics.median(queries[1] - queries[0] for _spent, queries in pairs)
        how = "one per transaction" if mode == "one" else "all in one transaction"
        figures = {
            "ratio": ratio(median_pair(totals)),
            "with": seconds(statistics.median(one for one, _other in medians)),
            "without": seconds(statistics.median(other for _one, other in medians)),
            "queries more per transaction": f"{more:.1f}",
        }
        if mode == "one":
            figures["ratio of medians"] = ratio(median_pair(medians))
        yield Row(
            f"{label}: {phase} {DOCUMENTS[phase]}, {how} ({documents} × {len(pairs)})",
            f"{BARS[mode]}, {QUERIES}" if bar else "report",
            figures,
        )


def prepare(lab, addons, options, after):
    """Two sides from the same orders, the second with the addons."""
    pairs = lab.options.pairs
    base = lab.clone(lab.base(), "documents")
    side = lab.open(base)
    with side.env() as env:
        # For both modes a round to warm up, and one for each pair.
        copy_orders(env.cr, 2 * (pairs + 1))
    lab.close(side)
    lab.analyze(base)
    names = [lab.clone(base, "without"), lab.clone(base, addons)]
    lab.install(names[1], addons, options)
    sides = [lab.open(name) for name in names]
    if after:
        with sides[1].env() as env:
            after(env)
    for name in names:
        lab.analyze(name)
    return [Documents(side, lab.options.documents) for side in sides]


def run(lab, addons="sales_force", options=(), after=None, bar=True):
    pairs = lab.options.pairs
    sides = prepare(lab, addons, options, after)
    result = []
    for mode, first in (("one", 1), ("all", pairs + 2)):
        compare(sides, [first], mode)  # warms caches, pools and plans
        results = compare(sides, range(first + 1, first + 1 + pairs), mode)
        result += rows(results, mode, addons, bar, lab.options.documents)
    for documents in sides:
        lab.close(documents.side)
    return result
