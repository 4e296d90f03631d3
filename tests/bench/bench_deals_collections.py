"""Collections of a rep with thousands of open items in a large ledger, beside SQL."""

import statistics
import time

from lxml import etree

from .bench_rebuild import multiply, posted
from .common import Row, ratio, seconds, settle

OPEN = 5000
RUNS = 9
PAGE = 80
# The items of a salesperson as one would write them by hand.
ITEMS = """
    FROM res_partner c
    JOIN res_partner p ON p.commercial_partner_id = c.id
    JOIN account_move_line l ON l.partner_id = p.id
    JOIN account_move m ON m.id = l.move_id
    JOIN account_account a ON a.id = l.account_id
    WHERE c.user_id = %(user)s AND l.company_id = %(company)s
      AND a.account_type = 'asset_receivable'
      AND l.parent_state = 'posted' AND l.reconciled IS NOT TRUE
      AND l.amount_residual <> 0
"""
HEADERS_BY_HAND = f"""
    SELECT c.id, c.complete_name, count(*), sum(l.amount_residual),
        sum(l.amount_residual) FILTER (WHERE l.date_maturity < CURRENT_DATE)
    {ITEMS} GROUP BY c.id ORDER BY c.complete_name, c.id LIMIT {PAGE}
"""
PAGE_BY_HAND = f"""
    SELECT l.id, m.name, c.complete_name, l.date_maturity,
        CURRENT_DATE - l.date_maturity, l.amount_residual, l.amount_residual_currency,
        l.currency_id
    {ITEMS} ORDER BY l.date_maturity, l.id LIMIT {PAGE}
"""
COUNT_BY_HAND = f"SELECT count(*) {ITEMS}"


def run(lab):
    name = lab.clone(posted(lab), "collections")
    multiply(lab, name, lab.options.lines * 5 // 7)
    lab.install(name)
    side = lab.open(name)
    user_id = fill(side)
    lab.analyze(name)
    yield measured(side, user_id)
    lab.close(side)


def fill(side):
    """Nearly all is paid: one salesperson's open items remain, and as many of each."""
    with side.env() as env:
        user = env["res.users"].search([("login", "=", "salesperson1")])
        user.group_ids += env.ref("sales_force.group_sales_rep")
        env.cr.execute("SET LOCAL session_replication_role = replica")
        env.cr.execute(
            """
            WITH numbered AS (
                SELECT l.id, row_number() OVER (PARTITION BY p.user_id ORDER BY
                    l.id * 7919::bigint %% 100003) AS number
                FROM account_move_line l
                JOIN account_account a ON a.id = l.account_id
                    AND a.account_type = 'asset_receivable'
                JOIN res_partner p ON p.id = l.partner_id
                WHERE l.parent_state = 'posted' AND NOT l.reconciled
            )
            UPDATE account_move_line l SET reconciled = TRUE, amount_residual = 0,
                amount_residual_currency = 0
            FROM numbered n WHERE n.id = l.id AND n.number > %s
            """,
            (OPEN,),
        )
        env["sales.dunning.plan"].search([]).action_put_in_force()
    return user.id


def ask(env):
    """What the client asks for: headers by customer, and a page of items."""
    items = env["sales.receivable"]
    arch = items.get_view(env.ref("sales_force.sales_receivable_view_list").id, "list")[
        "arch"
    ]
    tree = etree.fromstring(arch)
    nodes = tree.xpath("//field[not(ancestor::field)]")
    # Optional columns that are hidden are not asked for.
    names = [node.get("name") for node in nodes if node.get("optional") != "hide"]
    sums = [f"{node.get('name')}:sum" for node in nodes if node.get("sum")]
    spec = {
        name: {"fields": {"display_name": {}}} if items._fields[name].relational else {}
        for name in names
    }
    mine = [("user_id", "=", env.uid)]

    def headers():
        found = items.web_read_group(
            mine,
            ["partner_id"],
            [*sums, "company_currency_id:array_agg_distinct"],
            limit=PAGE,
        )
        return found["length"]

    def page():
        return items.web_search_read(mine, spec, limit=PAGE)["length"]

    return headers, page


def measured(side, user_id):
    spent = {"headers": [], "page": []}
    with side.env() as env:
        values = {"user": user_id, "company": env.company.id}
    for turn in range(RUNS + 1):
        settle()
        with side.env(user_id) as env:
            works = dict(zip(("headers", "page"), ask(env), strict=True))
            queries = {}
            for what, work in works.items():
                before, start = env.cr.sql_log_count, time.perf_counter()
                count = work()
                took = time.perf_counter() - start
                queries[what] = env.cr.sql_log_count - before
                spent[what].append([took])
        settle()
        with side.env(user_id) as env:
            for what, statements in (
                ("headers", [HEADERS_BY_HAND]),
                ("page", [PAGE_BY_HAND, COUNT_BY_HAND]),
            ):
                start = time.perf_counter()
                for statement in statements:
                    env.cr.execute(statement, values)
                    env.cr.fetchall()
                spent[what][-1].append(time.perf_counter() - start)
        if not turn:
            # The first turn warms both.
            spent = {what: [] for what in spent}
    lines = side.query("SELECT count(*) FROM account_move_line")[0][0]
    both = [
        (one[0] + two[0], one[1] + two[1])
        for one, two in zip(*spent.values(), strict=True)
    ]
    figures = {"ratio": ratio(statistics.median(a / b for a, b in both))}
    for what, pairs in spent.items():
        ours, bare = (statistics.median(side) for side in zip(*pairs, strict=True))
        figures[what] = f"{seconds(ours)} / {seconds(bare)}"
        figures[f"queries of {what}"] = queries[what]
    return Row(
        f"*Collections* of {count:,} open items, {lines:,} journal lines / bare SQL",
        "≤ 2",
        figures,
    )
