"""Northwind: somebody else's sales data, as CSV files and as Odoo's documents.

The folder is ``../shared/data/northwind`` beside the repository, or what the variable
``SALES_NORTHWIND`` names. Freight is no sale: it is left out of the documents and of
the sums.
"""

import csv
import os
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path

from odoo.fields import Command

FOLDER = Path(
    os.environ.get("SALES_NORTHWIND")
    or Path(__file__).resolve().parents[2] / "shared" / "data" / "northwind"
)
# What Odoo calls otherwise.
COUNTRIES = {"UK": "GB", "USA": "US"}
DAYS_TO_PAY = timedelta(days=30)
CENT = Decimal("0.01")
METRICS = ("ORDERED", "INVOICED", "COLLECTED", "ORDERS", "NEW_CUSTOMERS", "QUANTITY")


class Northwind:
    """The CSV files."""

    def __init__(self, folder=FOLDER):
        self.folder = folder

    def __getattr__(self, name):
        """The rows of a table as dictionaries."""
        path = self.folder / f"{name}.csv"
        if name.startswith("_") or not path.exists():
            raise AttributeError(name)
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        setattr(self, name, rows)
        return rows

    @cached_property
    def lines(self):
        """The lines of each order."""
        lines = defaultdict(list)
        for line in self.order_details:
            lines[line["order_id"]].append(line)
        return lines

    @cached_property
    def country_by_customer(self):
        return {row["customer_id"]: row["country"] for row in self.customers}

    @staticmethod
    def discount(line):
        """In percent; a quarter may be written as 0.25000001."""
        return (Decimal(line["discount"]) * 100).quantize(CENT, ROUND_HALF_UP)

    def amount(self, line):
        """A line's amount, rounded to cents."""
        gross = Decimal(line["unit_price"]) * Decimal(line["quantity"])
        return (gross * (100 - self.discount(line)) / 100).quantize(CENT, ROUND_HALF_UP)

    def facts(self):
        """``(metric, date, employee, country, value)`` of everything that happened."""
        known = set()
        orders = sorted(
            self.orders, key=lambda o: (o["order_date"], int(o["order_id"]))
        )
        for order in orders:
            who = (order["employee_id"], self.country_by_customer[order["customer_id"]])
            ordered = date.fromisoformat(order["order_date"])
            lines = self.lines[order["order_id"]]
            amount = sum(map(self.amount, lines))
            yield "ORDERED", ordered, *who, amount
            yield "ORDERS", ordered, *who, Decimal(1)
            if order["customer_id"] not in known:
                known.add(order["customer_id"])
                yield "NEW_CUSTOMERS", ordered, *who, Decimal(1)
            if order["shipped_date"]:
                shipped = date.fromisoformat(order["shipped_date"])
                quantity = sum(Decimal(line["quantity"]) for line in lines)
                yield "INVOICED", shipped, *who, amount
                yield "QUANTITY", shipped, *who, quantity
                yield "COLLECTED", shipped + DAYS_TO_PAY, *who, amount

    def sums(self, by):
        """``{(metric, employee or country, month): value}``.

        :param by: ``employee`` or ``country``
        """
        sums = defaultdict(Decimal)
        for metric, day, employee, country, value in self.facts():
            key = employee if by == "employee" else country
            sums[metric, key, f"{day:%Y-%m}"] += value
        return {key: value for key, value in sums.items() if value}


class Loader:
    """Northwind's documents in Odoo.

    :param env: a superuser's, of one company with a chart of accounts
    """

    def __init__(self, env, data=None):
        self.env = env
        self.data = data or Northwind()
        self.company = env.company

    def load(self):
        self.load_territories()
        self.load_employees()
        self.load_customers()
        self.load_products()
        self.load_orders()
        self.load_invoices()
        self.load_payments()

    def load_territories(self):
        """Regions with their territories; besides, a territory for each country."""
        territory = self.env["sales.territory"]
        world = territory.create({"name": "Customers' Countries"})
        regions = territory.create(
            [{"name": row["region_description"].strip()} for row in self.data.region]
        )
        by_region = self._by_key(self.data.region, "region_id", regions)
        rows = self.data.territories
        self.territories = self._by_key(
            rows,
            "territory_id",
            territory.create(
                [
                    {
                        "name": row["territory_description"].strip(),
                        "code": row["territory_id"],
                        "parent_id": by_region[row["region_id"]].id,
                    }
                    for row in rows
                ]
            ),
        )
        names = sorted(set(self.data.country_by_customer.values()))
        self.countries = {name: self._country(name) for name in names}
        self.country_territories = dict(
            zip(
                names,
                territory.create(
                    [
                        {
                            "name": name,
                            "parent_id": world.id,
                            "rule_ids": [
                                Command.create({"country_id": self.countries[name].id})
                            ],
                        }
                        for name in names
                    ]
                ),
                strict=True,
            )
        )

    def load_employees(self):
        """Users, employees, reps; territories since each was hired."""
        rows = self.data.employees
        names = [f"{row['first_name']} {row['last_name']}" for row in rows]
        group = self.env.ref("sales_force.group_sales_rep")
        users = self.env["res.users"].create(
            [
                {
                    "name": name,
                    "login": name.replace(" ", ".").lower(),
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [Command.set(group.ids)],
                }
                for name, row in zip(names, rows, strict=True)
            ]
        )
        self.users = self._by_key(rows, "employee_id", users)
        self.env["hr.employee"].create(
            [
                {
                    "name": name,
                    "user_id": user.id,
                    "job_title": row["title"],
                    "company_id": self.company.id,
                }
                for name, row, user in zip(names, rows, users, strict=True)
            ]
        )
        covered = defaultdict(list)
        for row in self.data.employee_territories:
            covered[row["employee_id"]].append(self.territories[row["territory_id"]].id)
        reps = self.env["sales.rep"].create(
            [
                {
                    "user_id": self.users[row["employee_id"]].id,
                    "company_id": self.company.id,
                    "job_title": row["title"],
                    "date_start": row["hire_date"],
                    "state": "active",
                    "territory_ids": [Command.set(covered[row["employee_id"]])],
                }
                for row in rows
            ]
        )
        self.reps = self._by_key(rows, "employee_id", reps)
        for row in rows:
            if row["reports_to"]:
                # From the first day on, not from today.
                assignment = self.reps[row["employee_id"]].assignment_ids
                assignment.manager_id = self.reps[row["reports_to"]]

    def load_customers(self):
        rows = self.data.customers
        self.customers = self._by_key(
            rows,
            "customer_id",
            self.env["res.partner"].create(
                [
                    {
                        "name": row["company_name"],
                        "ref": row["customer_id"],
                        "is_company": True,
                        "street": row["address"],
                        "city": row["city"],
                        "zip": row["postal_code"],
                        "country_id": self.countries[row["country"]].id,
                        "phone": row["phone"],
                    }
                    for row in rows
                ]
            ),
        )

    def load_products(self):
        rows = self.data.products
        self.products = self._by_key(
            rows,
            "product_id",
            self.env["product.product"].create(
                [
                    {
                        "name": row["product_name"],
                        "type": "service",
                        "invoice_policy": "order",
                        "list_price": row["unit_price"],
                        "taxes_id": False,
                    }
                    for row in rows
                ]
            ),
        )

    def load_orders(self):
        rows = self.data.orders
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": self.customers[row["customer_id"]].id,
                    "user_id": self.users[row["employee_id"]].id,
                    "company_id": self.company.id,
                    "client_order_ref": row["order_id"],
                    "date_order": f"{row['order_date']} 12:00:00",
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.products[line["product_id"]].id,
                                "product_uom_qty": float(line["quantity"]),
                                "price_unit": float(line["unit_price"]),
                                "discount": float(self.data.discount(line)),
                                "tax_ids": False,
                            }
                        )
                        for line in self.data.lines[row["order_id"]]
                    ],
                }
                for row in rows
            ]
        )
        self.orders = self._by_key(rows, "order_id", orders)
        orders.action_confirm()
        # Confirming is dated today.
        for row, order in zip(rows, orders, strict=True):
            order.date_order = f"{row['order_date']} 12:00:00"

    def load_invoices(self):
        """What was shipped, invoiced on the shipping date."""
        orders = self.env["sale.order"].browse(
            [
                self.orders[row["order_id"]].id
                for row in self.data.orders
                if row["shipped_date"]
            ]
        )
        invoices = orders._create_invoices(grouped=True)
        shipped = {row["order_id"]: row["shipped_date"] for row in self.data.orders}
        by_date = defaultdict(self.env["account.move"].browse)
        for invoice in invoices:
            order = invoice.line_ids.sale_line_ids.order_id
            by_date[shipped[order.client_order_ref]] += invoice
        for day, some in by_date.items():
            some.write({"invoice_date": day})
        invoices.action_post()
        self.invoices = invoices

    def load_payments(self):
        """Each invoice is paid in full, 30 days after the shipping date."""
        bank = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")], limit=1
        )
        payments = self.env["account.payment"].create(
            [
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": invoice.partner_id.id,
                    "amount": invoice.amount_total,
                    "date": invoice.invoice_date + DAYS_TO_PAY,
                    "journal_id": bank.id,
                }
                for invoice in self.invoices
            ]
        )
        # Of tables that were empty when they were counted the planner knows nothing.
        self.env.flush_all()
        self.env.cr.execute("ANALYZE account_move, account_move_line, account_payment")
        payments.action_post()
        self.env["account.move.line"]._reconcile_plan(
            [
                (invoice.line_ids + payment.move_id.line_ids).filtered(
                    lambda line: line.account_id.account_type == "asset_receivable"
                )
                for invoice, payment in zip(self.invoices, payments, strict=True)
            ]
        )

    def _country(self, name):
        country = self.env["res.country"]
        if code := COUNTRIES.get(name):
            return country.search([("code", "=", code)])
        return country.with_context(lang="en_US").search([("name", "=", name)])

    @staticmethod
    def _by_key(rows, key, records):
        return {row[key]: record for row, record in zip(rows, records, strict=True)}
