"""What the benchmarks share: databases, registries side by side, clocks.

Databases are made like those of the tests (``config/setup/database.py``) and begin
with ``bench_``. All sides of a comparison are clones of one database and run in one
process, so that interpreter, memory and server are in the same state.
"""

import contextlib
import gc
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import odoo.init  # noqa: F401
import odoo.sql_db
from odoo.api import SUPERUSER_ID, Environment
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

sys.path.insert(0, str(Path(__file__).parents[2] / "config" / "setup"))
import database  # noqa: E402

PREFIX = "bench_"
LINES_PER_ORDER = 5
CUSTOMERS = 300
SALESPEOPLE = 10
# A user of Odoo's own groups, who works on all documents.
CLERK_GROUPS = (
    "sales_team.group_sale_salesman_all_leads",
    "account.group_account_invoice",
    "stock.group_stock_user",
)


@dataclass
class Row:
    """One line of the table: what was measured, the bar, the figures."""

    what: str
    bar: str = ""
    figures: dict = field(default_factory=dict)

    def __str__(self):
        figures = ", ".join(f"{name} {value}" for name, value in self.figures.items())
        return f"| {self.what} | {self.bar} | {figures} |"


def ratio(value):
    return f"{value:.3f}"


def seconds(value):
    return f"{value * 1000:.2f} ms" if value < 1 else f"{value:.1f} s"


def median_pair(pairs):
    """The median of the ratios of pairs ``(with, without)``."""
    return statistics.median(one / other for one, other in pairs)


class Side:
    """A database with its registry in this process."""

    def __init__(self, name):
        self.name = name
        self.registry = Registry(name)
        with self.env() as env:
            self.clerk = env["res.users"].search([("login", "=", "clerk")]).id

    @contextlib.contextmanager
    def env(self, uid=SUPERUSER_ID):
        """A transaction of its own, committed at the end."""
        with self.registry.cursor() as cr:
            yield Environment(cr, uid, {"lang": "en_US", "tz": "UTC"})

    def timed(self, work, *arguments):
        """Seconds and queries of one transaction of the clerk, its commit included."""
        queries, start = odoo.sql_db.sql_counter, time.perf_counter()
        with self.env(self.clerk) as env:
            work(env, *arguments)
        return time.perf_counter() - start, odoo.sql_db.sql_counter - queries

    def query(self, sql, *values):
        return database.query(sql, *values, name=self.name)

    def close(self):
        Registry.delete(self.name)
        odoo.sql_db.close_db(self.name)


class Lab:
    """The databases of a run; what is not kept is dropped at the end."""

    def __init__(self, options):
        self.options = options
        self.sides = []

    def clone(self, source, name):
        """A database of the bench, cloned from another."""
        name = PREFIX + name
        odoo.sql_db.close_db(source)
        database.clone(source, name)
        return name

    def base(self):
        """The standard addons, masters, and one order to copy: the common source."""
        name = f"{PREFIX}base"
        there = database.query(
            "SELECT datname FROM pg_database WHERE datname = %s", name
        )
        if self.options.fresh or not there:
            new = self.clone(database.template(demo=False), "base_new")
            side = self.open(new)
            with side.env() as env:
                make_masters(env)
            self.close(side)
            database.drop(name)
            database.rename(new, name)
        return name

    def install(self, name, addons="sales_force", options=()):
        database.odoo(name, "-i", addons, *options)
        self.analyze(name)

    def analyze(self, name):
        database.query("VACUUM ANALYZE", name=name)

    def open(self, name):
        side = Side(name)
        self.sides.append(side)
        return side

    def close(self, side):
        side.close()
        self.sides.remove(side)

    def done(self):
        for side in list(self.sides):
            self.close(side)
        if not self.options.keep:
            for (name,) in database.query(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", PREFIX
            ):
                if name != f"{PREFIX}base":
                    database.drop(name)


def make_masters(env):
    """A company with accounts, salespeople, customers, and one order as a pattern."""
    company = env.company
    if not env["account.journal"].search([("type", "=", "sale")], limit=1):
        env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
    users = env["res.users"].with_context(no_reset_password=True)
    groups = [env.ref(xml_id).id for xml_id in CLERK_GROUPS]
    users.create(
        {"name": "Clerk", "login": "clerk", "group_ids": [Command.set(groups)]}
    )
    salesman = env.ref("sales_team.group_sale_salesman")
    people = users.create(
        [
            {
                "name": f"Salesperson {n}",
                "login": f"salesperson{n}",
                "group_ids": [Command.set(salesman.ids)],
            }
            for n in range(SALESPEOPLE)
        ]
    )
    customers = env["res.partner"].create(
        [
            {
                "name": f"Customer {n}",
                "is_company": True,
                "user_id": people[n % SALESPEOPLE].id,
            }
            for n in range(CUSTOMERS)
        ]
    )
    products = env["product.product"].create(
        [
            {
                "name": f"Product {n}",
                "type": "consu",
                "invoice_policy": "order",
                "list_price": 10 + n,
                "standard_price": 5 + n,
            }
            for n in range(LINES_PER_ORDER)
        ]
    )
    for customer in customers:
        env["sale.order"].create(
            {
                "partner_id": customer.id,
                "user_id": customer.user_id.id,
                "origin": "pattern",
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": 3})
                    for product in products
                ],
            }
        )


def columns(cr, table):
    """The columns of a table that are written."""
    cr.execute(
        """SELECT column_name FROM information_schema.columns
        WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position""",
        (table,),
    )
    return [row[0] for row in cr.fetchall()]


def copy_rows(cr, table, source, **changed):
    """Copy rows in the database; ``source`` is what follows FROM, with alias t."""
    names = columns(cr, table)
    cr.execute(
        "INSERT INTO {} ({}) SELECT {} FROM {}".format(
            table,
            ", ".join(f'"{name}"' for name in names),
            ", ".join(changed.get(name, f't."{name}"') for name in names),
            source,
        )
    )
    cr.execute(
        f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"  # noqa: S608
    )


def copy_orders(cr, times):
    """Draft orders, ``times`` for each customer, named by the round they are for."""
    cr.execute("SELECT max(id) FROM sale_order")
    orders = cr.fetchone()[0]
    cr.execute("SELECT max(id) FROM sale_order_line")
    lines = cr.fetchone()[0]
    rounds = f"CROSS JOIN generate_series(1, {int(times)}) k"
    copy_rows(
        cr,
        "sale_order",
        f"sale_order t {rounds} WHERE t.origin = 'pattern'",
        id=f"t.id + k * {orders}",
        name="t.name || '-' || k",
        origin="'round ' || k",
        access_token="NULL",
    )
    copy_rows(
        cr,
        "sale_order_line",
        f"sale_order_line t JOIN sale_order o ON o.id = t.order_id {rounds} "
        "WHERE o.origin = 'pattern'",
        id=f"t.id + k * {lines}",
        order_id=f"t.order_id + k * {orders}",
    )


def copy_entries(cr, times):
    """Copies of the posted invoices and of their payments, over the year before.

    With the lines, the links to order lines, and what is matched.
    """
    offsets = {}
    for table in ("account_move", "account_move_line", "account_partial_reconcile"):
        cr.execute(f"SELECT max(id) FROM {table}")  # noqa: S608
        offsets[table] = cr.fetchone()[0] or 0
    moves, lines, partials = offsets.values()
    rounds = f"CROSS JOIN generate_series(1, {int(times)}) k"
    days = "k % 365"
    # Checks and triggers per row say nothing about what is measured.
    cr.execute("SET LOCAL session_replication_role = replica")
    copy_rows(
        cr,
        "account_move",
        f"account_move t {rounds} WHERE t.state = 'posted'",
        id=f"t.id + k * {moves}",
        name="t.name || '-' || k",
        sequence_number="t.sequence_number + k",
        access_token="NULL",
        invoice_date=f"t.invoice_date - {days}",
        invoice_date_due=f"t.invoice_date_due - {days}",
        date=f"t.date - {days}",
        made_sequence_gap="FALSE",
    )
    copy_rows(
        cr,
        "account_move_line",
        f"account_move_line t {rounds} WHERE t.parent_state = 'posted'",
        id=f"t.id + k * {lines}",
        move_id=f"t.move_id + k * {moves}",
        full_reconcile_id="NULL",
        matching_number="NULL",
        date=f"t.date - {days}",
        invoice_date=f"t.invoice_date - {days}",
        date_maturity=f"t.date_maturity - {days}",
    )
    copy_rows(
        cr,
        "account_partial_reconcile",
        f"account_partial_reconcile t {rounds}",
        id=f"t.id + k * {partials}",
        debit_move_id=f"t.debit_move_id + k * {lines}",
        credit_move_id=f"t.credit_move_id + k * {lines}",
        full_reconcile_id="NULL",
        max_date=f"t.max_date - {days}",
    )
    cr.execute(
        f"""INSERT INTO sale_order_line_invoice_rel (invoice_line_id, order_line_id)
        SELECT invoice_line_id + k * {lines}, order_line_id
        FROM sale_order_line_invoice_rel {rounds}"""
    )


def prepare_process(*options):
    """Odoo's configuration for this process; its log shows errors only."""
    config.parse_config(
        ["--no-http", "--log-level=error", *options], setup_logging=True
    )


def settle():
    """The same state of memory before each measured pair."""
    gc.collect()
