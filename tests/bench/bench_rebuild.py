"""Rebuilding the ledger over many invoice lines, against its bare SELECT."""

import statistics
import time

from odoo.tools import SQL
from odoo.tools.misc import split_every

from .bench_documents import Documents, confirm, invoice, pay, post
from .common import (
    CUSTOMERS,
    LINES_PER_ORDER,
    Row,
    copy_entries,
    copy_orders,
    ratio,
    seconds,
)

PAIRS = 3
# Of so many invoices one is paid.
PAID = 5


def posted(lab, paid=PAID):
    """Without our addons: a posted invoice for each customer, some of them paid.

    :param paid: of so many invoices one
    """
    name = lab.clone(lab.base(), "posted")
    side = lab.open(name)
    with side.env() as env:
        copy_orders(env.cr, 1)
    documents = Documents(side, CUSTOMERS)
    for phase, work in (("confirm", confirm), ("invoice", invoice), ("post", post)):
        side.timed(work, documents.ids(phase, 1))
    side.timed(pay, documents.ids("pay", 1)[::paid])
    lab.close(side)
    return name


def multiply(lab, name, lines):
    """Copy the invoices until there are so many lines."""
    side = lab.open(name)
    with side.env() as env:
        copy_entries(env.cr, round(lines / CUSTOMERS / LINES_PER_ORDER) - 1)
    lab.close(side)
    lab.analyze(name)


def clocked(work, *arguments):
    start = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - start, result


def rebuild(env):
    """The ledger from nothing."""
    env.cr.execute("TRUNCATE sales_credit CASCADE")
    env.cr.commit()
    took, counts = clocked(env["sales.credit"].rebuild)
    env.cr.commit()
    return took, counts["added"]


def selects(env):
    """The SELECTs of all credits with their columns, in the batches of a rebuild."""
    from odoo.addons.sales_force.ledger.crediting import KEY, VALUES, credit
    from odoo.addons.sales_force.models.sales_credit import REBUILD_BATCH

    ledger = env["sales.credit"].sudo()
    names = SQL(", ").join(SQL.identifier(n) for n in (*KEY, "user_id", *VALUES))
    for source in ledger._get_sources().values():
        ids = ledger._get_scope_ids(source, None, None)
        for batch in split_every(REBUILD_BATCH, ids, list):
            select = SQL(
                """WITH scope(id) AS MATERIALIZED (SELECT unnest(%s::integer[]))
                SELECT %s FROM (%s) credits""",
                batch,
                names,
                credit(source.select(env, ledger._metrics())),
            )
            yield names, select


def bare(env):
    """The same rows inserted into a table with the same indexes."""
    env.cr.execute("TRUNCATE bench_credit")
    env.cr.commit()
    start, added = time.perf_counter(), 0
    for names, select in selects(env):
        env.cr.execute(
            SQL("SET LOCAL jit = off; INSERT INTO bench_credit (%s) %s", names, select)
        )
        added += env.cr.rowcount
    env.cr.commit()
    return time.perf_counter() - start, added


def joins(env):
    """The SELECTs alone: every row is made, none is kept."""
    start = time.perf_counter()
    for _names, select in selects(env):
        env.cr.execute(
            SQL("SET LOCAL jit = off; SELECT count(d.*) FROM (%s) d", select)
        )
    return time.perf_counter() - start


def run(lab):
    name = lab.clone(posted(lab), "rebuild")
    lab.install(name)
    multiply(lab, name, lab.options.lines)
    side = lab.open(name)
    with side.env() as env:
        env.cr.execute("CREATE TABLE bench_credit (LIKE sales_credit INCLUDING ALL)")
        env.cr.execute(
            """SELECT count(*) FROM account_move_line
            WHERE display_type = 'product' AND parent_state = 'posted'"""
        )
        lines = env.cr.fetchone()[0]
    pairs, shares = [], []
    for number in range(PAIRS):
        took = {}
        for work in (rebuild, bare) if number % 2 else (bare, rebuild):
            with side.env() as env:
                took[work], rows = work(env)
            print(
                f"    {work.__name__} {rows} credits: {seconds(took[work])}", flush=True
            )
        with side.env() as env:
            shares.append(joins(env) / took[bare])
        print(f"    joins' share {shares[-1]:.2f}", flush=True)
        pairs.append((took[rebuild], took[bare]))
    lab.analyze(name)
    with side.env() as env:
        again, counts = clocked(env["sales.credit"].rebuild)
    lab.close(side)
    return [
        Row(
            f"rebuild over {lines:,} invoice lines ({rows:,} credits) / bare INSERT",
            "≤ 1.5",
            {
                "ratio": ratio(statistics.median(one / other for one, other in pairs)),
                "rebuild": seconds(statistics.median(one for one, _other in pairs)),
                "bare": seconds(statistics.median(other for _one, other in pairs)),
                "share of the joins in bare": f"{statistics.median(shares):.0%}",
                "rebuild of a right ledger": seconds(again),
                "rows then changed": sum(counts.values()),
            },
        )
    ]
