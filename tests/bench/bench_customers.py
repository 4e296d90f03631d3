"""The customer base: classes of all customers, a night of recycling, saving one."""

import statistics
import time
from dataclasses import dataclass

from lxml import etree

from .bench_rebuild import multiply, posted
from .common import CUSTOMERS, Row, copy_rows, median_pair, ratio, seconds, settle

RUNS = 5
SAVED = 200
LEADS = 5000
SELLERS = 100
OPENED = 500
# Of the customers that are looked at, one in so many goes back to the pool.
RECYCLED = 20
PRODUCTS = 500
# Which products the same customers bought, as one would write it by hand.
TOGETHER_BY_HAND = """
    WITH bought AS MATERIALIZED (
        SELECT DISTINCT m.commercial_partner_id AS customer_id, l.product_id
        FROM account_move_line l JOIN account_move m ON m.id = l.move_id
        WHERE m.state = 'posted' AND m.move_type = 'out_invoice'
          AND l.display_type = 'product'
          AND m.invoice_date > CURRENT_DATE - 730
    )
    SELECT a.product_id, b.product_id, count(*)
    FROM bought a JOIN bought b USING (customer_id)
    WHERE a.product_id <> b.product_id
    GROUP BY 1, 2 HAVING count(*) >= 3
"""
# Turnover, orders and their bands as one would write them by hand.
BY_HAND = """
    SELECT partner_id, turnover, count,
        sum(turnover) OVER (ORDER BY turnover DESC) / sum(turnover) OVER (),
        ntile(5) OVER (ORDER BY last), ntile(5) OVER (ORDER BY count),
        ntile(5) OVER (ORDER BY turnover)
    FROM (
        SELECT partner_id, max(date) AS last,
            sum(value) FILTER (WHERE metric_id = %(invoiced)s) AS turnover,
            count(*) FILTER (WHERE metric_id = %(orders)s) AS count
        FROM sales_credit
        WHERE metric_id IN (%(invoiced)s, %(orders)s) AND NOT overlay
          AND date > CURRENT_DATE - 365
        GROUP BY partner_id
    ) buyers
"""


def fill(lab, name):
    """Copies of the customers, with ten invoice lines and two orders each."""
    side = lab.open(name)
    lines = lab.options.lines
    rounds = max(1, lines // 10 // CUSTOMERS)
    with side.env() as env:
        cr = env.cr
        env["sales.pool"].create({"name": "Pool", "cap_ids": [(0, 0, {"cap": lines})]})
        cr.execute("SELECT max(id) FROM res_partner")
        offset = cr.fetchone()[0]
        copy_rows(
            cr,
            "res_partner",
            f"res_partner t CROSS JOIN generate_series(1, {rounds}) k "
            "WHERE t.name LIKE 'Customer %'",
            id=f"t.id + k * {offset}",
            commercial_partner_id=f"t.id + k * {offset}",
        )
        metrics = env["sales.metric"]._ids_by_code()
        for code, source, count in (
            ("INVOICED", "invoice", 10),
            ("ORDERS", "order", 2),
        ):
            cr.execute(
                """INSERT INTO sales_credit (metric_id, date, partner_id, company_id,
                    value, share, overlay, res_model, res_id, part, source, scope_id)
                SELECT %s, CURRENT_DATE - p.id %% 97 * n - n, p.id, %s,
                    p.id * 7919 %% 100000 / 100.0 + n, 100, FALSE, 'bench',
                    p.id * 10 + n, 0, %s, p.id * 10 + n
                FROM res_partner p, generate_series(1, %s) n
                WHERE p.name LIKE 'Customer %%'""",
                (metrics[code], env.company.id, source, count),
            )
    lab.close(side)
    lab.analyze(name)


def classes(side):
    with side.env() as env:
        metrics = env["sales.metric"]._ids_by_code()
        start = time.perf_counter()
        customers = env["sales.customer"]
        added, _changed = customers._refresh(env.company)
        first = time.perf_counter() - start
    pairs = []
    for _turn in range(RUNS):
        settle()
        with side.env() as env:
            start = time.perf_counter()
            env["sales.customer"]._refresh(env.company)
            again = time.perf_counter() - start
            start = time.perf_counter()
            env.cr.execute(
                BY_HAND, {"invoiced": metrics["INVOICED"], "orders": metrics["ORDERS"]}
            )
            env.cr.fetchall()
            pairs.append((again, time.perf_counter() - start))
    lines = side.query("SELECT count(*) FROM sales_credit")[0][0]
    return Row(
        f"class, RFM, stage of {added:,} customers, {lines:,} credits / bare SQL",
        "≤ 20 s",
        {
            "first": seconds(first),
            "each night": seconds(statistics.median(one for one, _other in pairs)),
            "bare": seconds(statistics.median(other for _one, other in pairs)),
            "ratio": ratio(median_pair(pairs)),
        },
    )


def recycling(side):
    with side.env() as env:
        ids = [row[0] for row in side.query("SELECT partner_id FROM sales_customer")]
        env["sales.ownership"]._start_clocks(ids)
        env.cr.execute(
            "UPDATE sales_customer SET claimed_on = claimed_on - 40 WHERE id %% %s = 0",
            (RECYCLED,),
        )
    with side.env() as env:
        recycling = env["sales.recycling"]
        start = time.perf_counter()
        day = env.company._get_sales_today()
        batch = recycling._collect(env.company, day, by_night=True)
        looked = time.perf_counter() - start
        taken = len(batch.line_ids)
        start = time.perf_counter()
        batch._run()
        env.flush_all()
        ran = time.perf_counter() - start
    return Row(
        f"a night: {len(ids):,} protections evaluated, {taken:,} customers recycled",
        "≤ 60 s",
        {"evaluated in": seconds(looked), "recycled in": seconds(ran)},
    )


def assigning(side):
    """Leads of a team by territory, capacity and rank."""
    counts = []
    with side.env() as env:
        users = env["res.users"].with_context(no_reset_password=True)
        users = users.create(
            [
                {
                    "name": f"Seller {number}",
                    "login": f"seller{number}",
                    "group_ids": [(4, env.ref("sales_force.group_sales_rep").id)],
                }
                for number in range(SELLERS)
            ]
        )
        territories = env["sales.territory"].create(
            [{"name": f"Lead territory {number}"} for number in range(10)]
        )
        env["sales.territory.rule"].create(
            [
                {"territory_id": territory.id, "city": f"lead city {number}"}
                for number, territory in enumerate(territories)
            ]
        )
        for number, user in enumerate(users):
            env["sales.rep"].create(
                {
                    "user_id": user.id,
                    "state": "active",
                    "territory_ids": [(4, territories[number % 10].id)],
                }
            )
        for number in (LEADS // 10, LEADS):
            team = env["crm.team"].create(
                {
                    "name": f"{number} leads",
                    "company_id": env.company.id,
                    "sales_assignment": "ranked",
                    "crm_team_member_ids": [
                        (0, 0, {"user_id": user.id, "assignment_max": 30 * LEADS})
                        for user in users
                    ],
                }
            )
            env["crm.lead"].create(
                [
                    {
                        "name": f"Lead {lead}",
                        "type": "lead",
                        "team_id": team.id,
                        "user_id": False,
                        "expected_revenue": lead * 7919 % 1000,
                        "city": f"lead city {lead % 10}",
                    }
                    for lead in range(number)
                ]
            )
            env.flush_all()
            env.invalidate_all()
            queries, start = env.cr.sql_log_count, time.perf_counter()
            team._assign_and_convert_leads(force_quota=True)
            env.flush_all()
            took = time.perf_counter() - start
            counts.append(str(env.cr.sql_log_count - queries))
    return Row(
        f"assigning {LEADS:,} leads to {SELLERS} reps by territory, capacity and rank",
        "≤ 30 s",
        {
            "in": seconds(took),
            f"queries of {LEADS // 10} and {LEADS}": " ".join(counts),
        },
    )


def opening(side):
    """A rep's list of customers against Odoo's own list of the same."""
    with side.env() as env:
        owner = env["res.users"].search([("login", "=", "seller0")])
        env["res.partner"].search(
            [("name", "=like", "Customer %")], limit=OPENED
        ).write({"user_id": owner.id})
    lists = [
        ("sales.customer", "sales_force.sales_customer_view_list"),
        ("res.partner", "base.view_partner_tree"),
    ]

    def read(index):
        model, view = lists[index]
        with side.env(owner.id) as env:
            arch = env[model].get_view(env.ref(view).id, "list")["arch"]
            names = etree.fromstring(arch).xpath("//field[not(ancestor::field)]/@name")
            spec = {
                name: {"fields": {"display_name": {}}}
                if env[model]._fields[name].relational
                else {}
                for name in names
            }
            queries, start = env.cr.sql_log_count, time.perf_counter()
            found = env[model].web_search_read(
                [("user_id", "=", owner.id)], spec, limit=OPENED
            )
            took = time.perf_counter() - start
            return took, env.cr.sql_log_count - queries, len(found["records"])

    read(0), read(1)
    settle()
    runs = [(read(0), read(1)) for _turn in range(RUNS)]
    return Row(
        f"opening My Customers ({runs[0][0][2]}) / Odoo's list ({runs[0][1][2]})",
        "≤ 1.3",
        {
            "ratio": ratio(median_pair([(one[0], two[0]) for one, two in runs])),
            "ours": seconds(statistics.median(one[0] for one, _two in runs)),
            "queries": f"{runs[0][0][1]} and {runs[0][1][1]}",
        },
    )


@dataclass(frozen=True)
class Saved:
    """What is saved: its model, the values of a new one and of an ordinary edit."""

    name: str
    model: str
    new: dict
    edited: dict


SAVES = (
    Saved("customer", "res.partner", {"is_company": True}, {"phone": "+1 555 0100"}),
    Saved("lead", "crm.lead", {}, {"expected_revenue": 100}),
)


def saving(lab):
    """Customers and leads saved in turn with caps and without.

    New ones with an owner, then each of these edited, then given to another owner.
    """
    plain = lab.open(lab.clone(lab.base(), "save_plain"))
    name = lab.clone(lab.base(), "save_with")
    lab.install(name)
    sides = [lab.open(name), plain]
    with sides[0].env() as env:
        caps = [{"cap": 9999}, {"cap": 9999, "kind": "leads"}]
        env["sales.pool"].create(
            {"name": "Pool", "cap_ids": [(0, 0, cap) for cap in caps]}
        )
    owner, other = (
        plain.query("SELECT id FROM res_users WHERE login = %s", login)[0][0]
        for login in ("salesperson1", "salesperson2")
    )
    rows = []
    for saved in SAVES:
        made = [[], []]
        rows.append(
            save_in_turn(
                sides, f"saving a new {saved.name}", create, made, saved, owner
            )
        )
        for what, values in (
            (f"saving an edited {saved.name}", saved.edited),
            (f"giving a {saved.name} to another owner", {"user_id": other}),
        ):
            rows.append(save_in_turn(sides, what, write, made, saved.model, values))
    for side in sides:
        lab.close(side)
    return rows


def create(env, made, number, saved, owner):
    values = {"name": f"Saved {number}", "user_id": owner, **saved.new}
    made.append(env[saved.model].create(values).id)


def write(env, made, number, model, values):
    env[model].browse(made[number]).write(values)


def save_in_turn(sides, what, save, made, *arguments):
    """:param made: by side the ids of what was saved"""
    spent = [[], []]
    settle()
    for turn in range(SAVED + 2):
        for index in (0, 1) if turn % 2 else (1, 0):
            took, _queries = sides[index].timed(save, made[index], turn, *arguments)
            if turn > 1:
                spent[index].append(took)
    pairs = [
        (sum(spent[0][at : at + 20]), sum(spent[1][at : at + 20]))
        for at in range(0, SAVED, 20)
    ]
    return Row(
        f"{what} with caps and clocks / vanilla",
        "≤ 1.15",
        {
            "ratio": ratio(median_pair(pairs)),
            "with": seconds(statistics.median(spent[0])),
            "without": seconds(statistics.median(spent[1])),
        },
    )


def recommending(lab):
    """What is bought together, over invoices; a tenth as many customers."""
    name = lab.clone(posted(lab), "recommending")
    lab.install(name)
    multiply(lab, name, lab.options.lines)
    side = lab.open(name)
    with side.env() as env:
        spread_sales(env.cr, lab.options.lines // 10)
    lab.analyze(name)
    with side.env() as env:
        start = time.perf_counter()
        kept, _changed = env["sales.product.affinity"]._refresh(env.company)
        first = time.perf_counter() - start
    pairs = []
    for _turn in range(RUNS):
        settle()
        with side.env() as env:
            start = time.perf_counter()
            env["sales.product.affinity"]._refresh(env.company)
            again = time.perf_counter() - start
            start = time.perf_counter()
            env.cr.execute("SET LOCAL jit = off; " + TOGETHER_BY_HAND)
            env.cr.fetchall()
            pairs.append((again, time.perf_counter() - start))
    lines = side.query(
        "SELECT count(*) FROM account_move_line WHERE display_type = 'product'"
    )[0][0]
    lab.close(side)
    return Row(
        f"recommendations from {lines:,} invoice lines, {kept:,} pairs kept / bare SQL",
        "report",
        {
            "first": seconds(first),
            "each night": seconds(statistics.median(one for one, _other in pairs)),
            "bare": seconds(statistics.median(other for _one, other in pairs)),
            "ratio": ratio(median_pair(pairs)),
        },
    )


def spread_sales(cr, customers):
    """Invoices without orders, of so many customers and ``PRODUCTS`` products."""
    cr.execute("SET LOCAL session_replication_role = replica")
    cr.execute("SELECT max(id) FROM product_product")
    first = cr.fetchone()[0]
    copy_rows(
        cr,
        "product_product",
        f"product_product t CROSS JOIN generate_series(1, {PRODUCTS}) k "
        f"WHERE t.id = {first}",
        id="t.id + k",
        combination_indices="k::text",
        barcode="NULL",
        default_code="NULL",
    )
    cr.execute("SELECT max(id) FROM res_partner")
    offset = cr.fetchone()[0]
    rounds = max(1, customers // CUSTOMERS)
    copy_rows(
        cr,
        "res_partner",
        f"res_partner t CROSS JOIN generate_series(1, {rounds}) k "
        "WHERE t.name LIKE 'Customer %'",
        id=f"t.id + k * {offset}",
        commercial_partner_id=f"t.id + k * {offset}",
    )
    cr.execute("DELETE FROM sale_order_line_invoice_rel")
    cr.execute(
        f"""UPDATE account_move SET commercial_partner_id =
            commercial_partner_id + (id::bigint * 7919 % {rounds} + 1) * {offset}
        WHERE move_type = 'out_invoice'"""
    )
    # A few products sell much, most of them little.
    cr.execute(
        f"""UPDATE account_move_line SET product_id =
            {first} + 1
            + (power(id::bigint * 7919 % 1000 / 1000.0, 2) * {PRODUCTS - 1})::int
        WHERE display_type = 'product'"""
    )


def run(lab):
    name = lab.clone(lab.base(), "customers")
    lab.install(name)
    fill(lab, name)
    side = lab.open(name)
    rows = [classes(side), recycling(side), assigning(side), opening(side)]
    lab.close(side)
    return [*rows, recommending(lab), *saving(lab)]
