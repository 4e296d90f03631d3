"""How far 1,000 contracts are fulfilled, against the bare SQL of the same figures."""

import base64
import statistics
import time

from odoo.fields import Command

from .bench_rebuild import clocked, posted
from .common import (
    CUSTOMERS,
    LINES_PER_ORDER,
    Row,
    copy_entries,
    copy_rows,
    median_pair,
    ratio,
    seconds,
    settle,
)

CONTRACTS = 1000
RUNS = 5
FIGURES = (
    *("committed_amount", "ordered_amount", "delivered_amount", "invoiced_amount"),
    *("collected_amount", "overdue_amount", "expected_amount", "progress"),
    *("projected_end", "is_behind"),
)
# The sums alone, by the line of the contract, as one would write them by hand.
BY_HAND = """
    SELECT c.id, l.sales_contract_line_id, sum(l.product_uom_qty),
        sum(l.price_subtotal), sum(l.qty_delivered),
        sum(l.qty_delivered * l.price_subtotal / NULLIF(l.product_uom_qty, 0)),
        sum(m.quantity), sum(l.untaxed_amount_invoiced), sum(m.collected),
        sum(m.overdue)
    FROM sales_contract c
    JOIN sale_order o ON o.sales_contract_id = c.id AND o.state = 'sale'
    JOIN sale_order_line l ON l.order_id = o.id AND l.display_type IS NULL
    LEFT JOIN (
        SELECT r.order_line_id, sum(i.quantity) AS quantity,
            sum(k.amount) AS collected,
            sum(t.amount * i.price_subtotal / NULLIF(v.amount_total, 0)) AS overdue
        FROM sale_order_line_invoice_rel r
        JOIN account_move_line i ON i.id = r.invoice_line_id
        JOIN account_move v ON v.id = i.move_id AND v.state = 'posted'
        LEFT JOIN (
            SELECT part, sum(amount_currency) AS amount FROM sales_credit
            WHERE source = 'cash' AND metric_id = %(collected)s AND NOT overlay
            GROUP BY 1
        ) k ON k.part = i.id
        LEFT JOIN (
            SELECT move_id, sum(amount_residual_currency) AS amount
            FROM account_move_line
            WHERE display_type = 'payment_term' AND date_maturity < CURRENT_DATE
            GROUP BY 1
        ) t ON t.move_id = v.id
        GROUP BY 1
    ) m ON m.order_line_id = l.id
    WHERE c.id = ANY(%(contracts)s)
    GROUP BY 1, 2
"""


def agree(env):
    """Signed contracts over all products, for some of the year."""
    company = env.company
    partners = env["res.partner"].search([("name", "=like", "Customer %")])
    products = env["product.product"].search([("name", "=like", "Product %")])
    today = company._get_sales_today()
    contracts = env["sales.contract"].create(
        [
            {
                "partner_id": partners[number % len(partners)].id,
                "date_start": today.replace(month=1, day=1),
                "date_end": today.replace(month=12, day=31),
                "signed_document": base64.b64encode(b"scan"),
                "line_ids": [
                    Command.create({"product_id": product.id, "quantity": 500})
                    for product in products
                ],
            }
            for number in range(CONTRACTS)
        ]
    )
    contracts.action_start()
    return contracts


def call_off(env, contracts, lines):
    """Copy orders and invoices until there are so many lines, each under a contract."""
    cr = env.cr
    times = max(1, round(lines / CUSTOMERS / LINES_PER_ORDER) - 1)
    tables = ("sale_order", "sale_order_line", "account_move_line")
    offsets = {}
    for table in tables:
        cr.execute(f"SELECT max(id) FROM {table}")  # noqa: S608
        offsets[table] = cr.fetchone()[0]
    orders, order_lines, invoice_lines = offsets.values()
    copy_entries(cr, times)
    rounds = f"CROSS JOIN generate_series(1, {times}) k"
    copy_rows(
        cr,
        "sale_order",
        f"sale_order t {rounds} WHERE t.state = 'sale'",
        id=f"t.id + k * {orders}",
        access_token="NULL",
    )
    copy_rows(
        cr,
        "sale_order_line",
        f"sale_order_line t {rounds} WHERE t.state = 'sale'",
        id=f"t.id + k * {order_lines}",
        order_id=f"t.order_id + k * {orders}",
    )
    cr.execute(
        """UPDATE sale_order_line_invoice_rel
        SET order_line_id = order_line_id + (invoice_line_id - 1) / %s * %s
        WHERE invoice_line_id > %s""",
        (invoice_lines, order_lines, invoice_lines),
    )
    cr.execute(
        """UPDATE sale_order SET sales_contract_id = (%s)[id %% %s + 1]
        WHERE state = 'sale'""",
        (contracts.ids, CONTRACTS),
    )
    cr.execute(
        """UPDATE sale_order_line l SET sales_contract_line_id = k.id
        FROM sale_order o, sales_contract_line k
        WHERE o.id = l.order_id AND k.contract_id = o.sales_contract_id
          AND k.product_id = l.product_id"""
    )


def fulfilment(env, ids):
    contracts = env["sales.contract"].browse(ids)
    return len(contracts.read(FIGURES, load=None))


def by_hand(env, ids):
    collected = env["sales.metric"]._ids_by_code()["COLLECTED_NET"]
    env.cr.execute(BY_HAND, {"collected": collected, "contracts": ids})
    return len(env.cr.fetchall())


def run(lab):
    name = lab.clone(posted(lab), "fulfilment")
    lab.install(name)
    side = lab.open(name)
    with side.env() as env:
        contracts = agree(env)
        call_off(env, contracts, lab.options.lines // 2)
        ids = contracts.ids
    lab.analyze(name)
    with side.env() as env:
        env["sales.credit"].rebuild()
    lab.analyze(name)
    pairs = []
    for turn in range(RUNS + 1):
        settle()
        works = (fulfilment, by_hand) if turn % 2 else (by_hand, fulfilment)
        took = {}
        for work in works:
            with side.env() as env:
                env["sales.metric"]._ids_by_code()
                took[work] = clocked(work, env, ids)[0]
        if turn:  # the first round warms both
            pairs.append((took[fulfilment], took[by_hand]))
    lines = side.query(
        "SELECT count(*) FROM sale_order_line WHERE sales_contract_line_id IS NOT NULL"
    )[0][0]
    yield Row(
        f"fulfilment of {len(ids):,} contracts, {lines:,} order lines / bare SQL",
        "≤ 2",
        {
            "read": seconds(statistics.median(one for one, _other in pairs)),
            "bare": seconds(statistics.median(other for _one, other in pairs)),
            "ratio": ratio(median_pair(pairs)),
        },
    )
    with side.env() as env:
        start = time.perf_counter()
        behind = env["sales.contract"].search_count([("is_behind", "=", True)])
        yield Row(
            "list of those behind plan",
            "",
            {"found": f"{behind:,}", "took": seconds(time.perf_counter() - start)},
        )
