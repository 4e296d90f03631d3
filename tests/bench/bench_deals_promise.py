"""A quotation of fifty lines is opened, with and without what a rep must know before.

Without: the web client's own ``web_read`` with the specification of its form. With: the
same on our form, and the request of the closed panel after it, each in a transaction of
its own; unfolding the panel is another request. Both as a salesperson whose customer
and quotation it is. Measured is the processor's time, Odoo's and PostgreSQL's.
"""

import statistics
import time
from datetime import timedelta
from pathlib import Path

from lxml import etree

import odoo.sql_db
from odoo import fields
from odoo.fields import Command

from .common import Row, median_pair, ratio, seconds, settle

LINES = 50
BAR = "≤ 1.25, constant extra queries"
# Orders before it, that prices and sales are read from.
ORDERS = 40


def run(lab):
    base = lab.clone(lab.base(), "promise")
    side = lab.open(base)
    with side.env() as env:
        fill(env)
    lab.close(side)
    lab.analyze(base)
    names = [lab.clone(base, "promise_without"), lab.clone(base, "promise_with")]
    lab.install(names[1])
    sides = [lab.open(name) for name in names]
    with sides[1].env() as env:
        user = env["res.users"].search([("login", "=", "salesperson0")])
        user.group_ids += env.ref("sales_force.group_sales_rep")
        env["sales.customer"]._refresh(env.company)
    lab.analyze(names[1])
    forms = [Form(side, ours) for side, ours in zip(sides, (False, True), strict=True)]
    yield measured(lab, forms)
    yield queries(forms[1])
    for side in sides:
        lab.close(side)


def measured(lab, forms):
    for form in forms:
        form.open(LINES)
        form.open(LINES)
    pairs, drawn, counts = [], [], []
    for number in range(2 * lab.options.pairs + 1):
        settle()
        turn = forms if number % 2 else forms[::-1]
        spent = {form: form.open(LINES) for form in turn}
        pairs.append((spent[forms[1]][0], spent[forms[0]][0]))
        drawn.append((spent[forms[1]][0] - forms[1].panel[-1], spent[forms[0]][0]))
        counts.append((spent[forms[1]][1], spent[forms[0]][1]))
    return Row(
        f"opening a quotation of {LINES} lines ({len(pairs)} times)",
        BAR,
        {
            "ratio": ratio(median_pair(pairs)),
            "until the form is drawn": ratio(median_pair(drawn)),
            "with": seconds(statistics.median(one for one, _other in pairs)),
            "without": seconds(statistics.median(other for _one, other in pairs)),
            "panel alone": seconds(statistics.median(forms[1].panel)),
            "unfolding it": seconds(
                statistics.median(forms[1].unfold()[0] for _number in range(9))
            ),
            "queries": "{}, {}".format(*counts[-1]),
        },
    )


def queries(form):
    """Of the panel alone, closed and unfolded, for fewer lines and for all."""
    closed, opened = [], []
    for lines in (5, LINES):
        form.open(lines)
        form.unfold()
        form.open(lines)
        closed.append(form.panel_queries)
        opened.append(form.unfold()[1])
    return Row(
        f"queries of the panel for 5 and for {LINES} lines",
        "equal",
        {"closed": "{}, {}".format(*closed), "unfolded": "{}, {}".format(*opened)},
    )


class Form:
    """The form of quotations in a database, as the web client reads it."""

    def __init__(self, side, ours):
        self.side, self.ours, self.panel = side, ours, []
        with side.env() as env:
            self.user = env["res.users"].search([("login", "=", "salesperson0")]).id
            self.orders = {
                len(order.order_line): order.id
                for order in env["sale.order"].search([("origin", "=", "promise")])
            }
        with side.env(self.user) as env:
            view = env.ref("sale.view_order_form").id
            arch = etree.fromstring(
                env["sale.order"].get_views([(view, "form")])["views"]["form"]["arch"]
            )
            self.spec = specification(env["sale.order"], arch)

    def timed(self, work):
        queries_ = odoo.sql_db.sql_counter
        with self.side.env(self.user) as env:
            start = processor(env.cr)
            work(env["sale.order"].browse(self.order))
            spent = processor(env.cr) - start
        return spent, odoo.sql_db.sql_counter - queries_

    def open(self, lines):
        """Seconds and queries of the requests that draw a quotation."""
        self.order = self.orders[lines]
        spent, count = self.timed(lambda order: order.web_read(self.spec))
        if not self.ours:
            return spent, count
        more, self.panel_queries = self.timed(
            lambda order: order.get_sales_promise(details=False)
        )
        self.panel.append(more)
        return spent + more, count + self.panel_queries

    def unfold(self):
        """Seconds and queries of the request that unfolds the panel."""
        return self.timed(lambda order: order.get_sales_promise())


def processor(cr):
    """Seconds of processor time of this process and of PostgreSQL's for it."""
    pid = cr._cnx.get_backend_pid()
    schedstat = Path(f"/proc/{pid}/schedstat").read_text()
    return time.process_time() + int(schedstat.split()[0]) / 1e9


def specification(records, node):
    """What the web client asks for, for a view."""
    spec = {}
    for field_node in node.iter("field"):
        if any(between(field_node, node)):
            continue
        name = field_node.get("name")
        field = records._fields[name]
        spec.setdefault(name, {})
        if field.type == "many2one":
            spec[name] = {"fields": {"display_name": {}}}
        elif field.type in ("one2many", "many2many"):
            inner = spec[name].setdefault("fields", {})
            lines = records.env[field.comodel_name]
            for view in field_node:
                if view.tag in ("list", "form", "kanban"):
                    inner.update(specification(lines, view))
            if not len(field_node):
                inner["display_name"] = {}
    return spec


def between(node, top):
    """Whether each node between a field and the view that it is in is a field."""
    for ancestor in node.iterancestors():
        if ancestor is top:
            return
        yield ancestor.tag == "field"


def fill(env):
    """Goods with lots, receipts and sales, and a short and a long quotation."""
    company = env.company
    warehouse = env["stock.warehouse"].search(
        [("company_id", "=", company.id)], limit=1
    )
    vendor = env["res.partner"].create({"name": "Vendor"})
    products = env["product.product"].create(
        [
            {
                "name": f"Stored {number}",
                "is_storable": True,
                "tracking": "lot",
                "use_expiration_date": True,
                "list_price": 100 + number,
                "seller_ids": [
                    Command.create({"partner_id": vendor.id, "delay": number % 9})
                ],
            }
            for number in range(LINES)
        ]
    )
    now = fields.Datetime.now()
    lots = env["stock.lot"].create(
        [
            {
                "name": f"{product.id}-{number}",
                "product_id": product.id,
                "expiration_date": now + timedelta(days=90 + 30 * number),
            }
            for product in products
            for number in range(3)
        ]
    )
    for lot in lots:
        env["stock.quant"]._update_available_quantity(
            lot.product_id, warehouse.lot_stock_id, 4, lot_id=lot
        )
    purchase = env["purchase.order"].create(
        {
            "partner_id": vendor.id,
            "order_line": [
                Command.create({"product_id": product.id, "product_qty": 20})
                for product in products
            ],
        }
    )
    purchase.button_confirm()
    customers = env["res.partner"].search([("user_id.login", "=", "salesperson0")])
    for number in range(ORDERS):
        quote(env, customers[number % len(customers)], products, "before")
    env["sale.order"].search([("origin", "=", "before")]).action_confirm()
    for lines in (5, LINES):
        quote(env, customers[0], products[:lines], "promise")


def quote(env, customer, products, origin):
    return env["sale.order"].create(
        {
            "partner_id": customer.id,
            "user_id": customer.user_id.id,
            "origin": origin,
            "order_line": [
                Command.create({"product_id": product.id, "product_uom_qty": 2})
                for product in products
            ],
        }
    )
