"""Northwind through Odoo's Import screens, as spreadsheets that a user makes."""

import io
from decimal import Decimal

import openpyxl
import pytest

from odoo import SUPERUSER_ID
from odoo.fields import Command
from odoo.tests import TransactionCase

from odoo.addons.sales_force.tests.ledger_common import new_company

from .northwind import COUNTRIES, FOLDER, Northwind

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason=f"Northwind's files are not in {FOLDER}: set SALES_NORTHWIND",
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Enough to have every employee, and discounts.
ORDERS = 40


class TestNorthwindImport(TransactionCase):
    test_tags = frozenset({"standard", "post_install"})
    test_module = "sales_force"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env(
            user=SUPERUSER_ID,
            context={"tracking_disable": True, "no_reset_password": True},
        )
        cls.company = new_company(env, "Northwind Traders", "USD")
        cls.data = Northwind()
        # Users are Odoo's own; an administrator has made them.
        cls.logins = {
            row["employee_id"]: f"{row['first_name']}.{row['last_name']}".lower()
            for row in cls.data.employees
        }
        cls.new_user = staticmethod(
            lambda login, name, *groups: env["res.users"].create(
                {
                    "name": name,
                    "login": login,
                    "company_id": cls.company.id,
                    "company_ids": [Command.set(cls.company.ids)],
                    "group_ids": [Command.set([env.ref(group).id for group in groups])],
                }
            )
        )
        for row in cls.data.employees:
            cls.new_user(
                cls.logins[row["employee_id"]],
                f"{row['first_name']} {row['last_name']}",
                "sales_force.group_sales_rep",
            )
        operations = cls.new_user(
            "operations.northwind",
            "Operations",
            "sales_force.group_sales_operations",
            "sales_team.group_sale_salesman_all_leads",
            "sales_team.group_sale_manager",
            "base.group_partner_manager",
        )
        cls.env = env(
            user=operations,
            context={**env.context, "allowed_company_ids": cls.company.ids},
        )

    def import_sheet(self, model, header, rows):
        """Upload, take the columns that the screen proposes, import.

        :return: the imported records
        """
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(header)
        for row in rows:
            sheet.append(row)
        file = io.BytesIO()
        book.save(file)
        wizard = self.env["base_import.import"].create(
            {
                "res_model": model,
                "file": file.getvalue(),
                "file_name": f"{model}.xlsx",
                "file_type": XLSX,
            }
        )
        options = {"has_headers": True, "sheet": book.active.title}
        preview = wizard.parse_preview(dict(options))
        self.assertNotIn("error", preview)
        matches = preview["matches"]
        paths = ["/".join(matches.get(n, ())) or False for n in range(len(header))]
        self.assertTrue(
            all(paths),
            f"columns without a field: {list(zip(header, paths, strict=False))}",
        )
        result = wizard.execute_import(paths, header, {**preview["options"]})
        self.assertFalse(result["messages"])
        return self.env[model].browse(result["ids"])

    def test_import(self):
        territories = self.import_territories()
        reps = self.import_reps(territories)
        self.import_customers()
        self.import_orders(reps)

    def import_territories(self):
        """Regions first; each territory names its region by External ID."""
        rows = [
            [f"nw.region_{row['region_id']}", row["region_description"].strip(), "", ""]
            for row in self.data.region
        ] + [
            [
                f"nw.territory_{row['territory_id']}",
                row["territory_description"].strip(),
                row["territory_id"],
                f"nw.region_{row['region_id']}",
            ]
            for row in self.data.territories
        ]
        territories = self.import_sheet(
            "sales.territory",
            ["External ID", "Name", "Code", "Part Of/External ID"],
            rows,
        )
        self.assertEqual(len(territories), 57)
        new_york = territories.filtered(lambda t: t.name == "New York")
        self.assertEqual(sorted(new_york.mapped("code")), ["10019", "10038"])
        self.assertEqual(set(new_york.mapped("complete_name")), {"Eastern / New York"})
        return {territory.code: territory for territory in territories}

    def import_reps(self, territories):
        """Users by login, managers by External ID, territories by their codes."""
        covered = {
            row["employee_id"]: [
                link["territory_id"]
                for link in self.data.employee_territories
                if link["employee_id"] == row["employee_id"]
            ]
            for row in self.data.employees
        }
        # Managers stand above those whom they lead.
        employees = sorted(
            self.data.employees,
            key=lambda e: (e["reports_to"] != "", e["reports_to"] != "2"),
        )
        imported = self.import_sheet(
            "sales.rep",
            [
                "External ID",
                "User",
                "Position",
                "Hired On",
                "State",
                "Released Because",
                "Manager/External ID",
                "Territories",
            ],
            [
                [
                    f"nw.employee_{row['employee_id']}",
                    self.logins[row["employee_id"]],
                    row["title"],
                    row["hire_date"],
                    "In Service",
                    "At work for years",
                    f"nw.employee_{row['reports_to']}" if row["reports_to"] else "",
                    ",".join(covered[row["employee_id"]]),
                ]
                for row in employees
            ],
        )
        reps = {
            row["employee_id"]: rep
            for row, rep in zip(employees, imported, strict=True)
        }
        for row in self.data.employees:
            rep = reps[row["employee_id"]]
            self.assertEqual(rep.user_id.login, self.logins[row["employee_id"]])
            self.assertEqual(str(rep.date_start), row["hire_date"])
            self.assertEqual(str(rep.assignment_ids.date_from), row["hire_date"])
            self.assertEqual(rep.state, "active")
            self.assertEqual(rep.parent_id, reps.get(row["reports_to"], rep.browse()))
            self.assertEqual(
                {territory.code for territory in rep.territory_ids},
                set(covered[row["employee_id"]]),
            )
            self.assertTrue(
                rep.territory_ids
                <= self.env["sales.territory"].union(*territories.values())
            )
        return reps

    def import_customers(self):
        customers = self.import_sheet(
            "res.partner",
            [
                "Name",
                "Reference",
                "Is a Company",
                "City",
                "Zip",
                "Country",
                "Sales Channel",
            ],
            [
                [
                    row["company_name"],
                    row["customer_id"],
                    True,
                    row["city"],
                    row["postal_code"],
                    COUNTRIES.get(row["country"], row["country"]),
                    "Direct",
                ]
                for row in self.data.customers
            ],
        )
        self.assertEqual(len(customers), 91)
        self.assertTrue(all(customer.country_id for customer in customers))
        self.assertEqual(customers.sales_channel_id.mapped("code"), ["direct"])

    def import_orders(self, reps):
        """Quotations with their lines; confirmed, their dates are imported again."""
        self.env["product.product"].sudo().create(
            [
                {"name": row["product_name"], "type": "service", "taxes_id": False}
                for row in self.data.products
            ]
        )
        products = {
            row["product_id"]: row["product_name"] for row in self.data.products
        }
        some = self.data.orders[:ORDERS]
        rows = []
        for order in some:
            first = [
                f"nw.order_{order['order_id']}",
                order["customer_id"],
                self.logins[order["employee_id"]],
                f"{order['order_date']} 12:00:00",
            ]
            for line in self.data.lines[order["order_id"]]:
                rows.append(
                    [
                        *first,
                        products[line["product_id"]],
                        float(line["quantity"]),
                        float(line["unit_price"]),
                        float(self.data.discount(line)),
                    ]
                )
                first = ["", "", "", ""]
        orders = self.import_sheet(
            "sale.order",
            [
                "External ID",
                "Customer",
                "Salesperson",
                "Order Date",
                "Order Lines/Product",
                "Order Lines/Quantity",
                "Order Lines/Unit Price",
                "Order Lines/Discount (%)",
            ],
            rows,
        )
        self.assertEqual(len(orders), ORDERS)
        orders.action_confirm()
        self.import_sheet(
            "sale.order",
            ["External ID", "Order Date"],
            [
                [f"nw.order_{order['order_id']}", f"{order['order_date']} 12:00:00"]
                for order in some
            ],
        )
        for order, imported in zip(some, orders, strict=True):
            self.assertEqual(
                str(imported.date_order), f"{order['order_date']} 12:00:00"
            )
        self.assertOrdered(reps, some)

    def assertOrdered(self, reps, orders):
        expected = {}
        for order in orders:
            key = reps[order["employee_id"]], order["order_date"][:7]
            expected[key] = expected.get(key, 0) + sum(
                map(self.data.amount, self.data.lines[order["order_id"]])
            )
        metric = self.env.ref("sales_force.sales_metric_ordered")
        found = {
            (rep, f"{month:%Y-%m}"): Decimal(f"{value:.2f}")
            for rep, month, value in self.env["sales.credit"]._read_group(
                [("metric_id", "=", metric.id), ("company_id", "=", self.company.id)],
                ["rep_id", "date:month"],
                ["value:sum"],
            )
        }
        self.assertEqual(found, expected)
