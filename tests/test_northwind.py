"""Northwind's sales are credited as its own CSV files say, to the cent."""

import logging
from collections import Counter, defaultdict
from decimal import Decimal

import pytest

from odoo import SUPERUSER_ID
from odoo.tests import TransactionCase

from odoo.addons.sales_force.tests.ledger_common import new_company

from .northwind import FOLDER, METRICS, Loader, Northwind

_logger = logging.getLogger(__name__)
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason=f"Northwind's files are not in {FOLDER}: set SALES_NORTHWIND",
)


class TestNorthwind(TransactionCase):
    # Odoo gives these to tests within addons only.
    test_tags = frozenset({"standard", "post_install"})
    test_module = "sales_force"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env(
            user=SUPERUSER_ID,
            context={
                "tracking_disable": True,
                "no_reset_password": True,
                "mail_create_nosubscribe": True,
                "mail_notrack": True,
            },
        )
        company = new_company(env, "Northwind Traders", "USD")
        # Odoo would else spread the cents that lines lose over the invoice.
        company.tax_calculation_rounding_method = "round_per_line"
        cls.env = env(context={**env.context, "allowed_company_ids": company.ids})
        cls.company = company.with_env(cls.env)
        cls.loader = Loader(cls.env)
        cls.loader.load()
        # What a commit does first: the credits are there.
        cls.env.cr.flush()

    def test_data(self):
        """The files are the ones that this test was written for."""
        data = self.loader.data
        self.assertEqual(len(data.employees), 9)
        self.assertEqual(len(data.customers), 91)
        self.assertEqual(len(data.orders), 830)
        self.assertEqual(len(data.order_details), 2155)
        self.assertEqual(
            sum(data.discount(line) > 0 for line in data.order_details), 838
        )

    def test_by_employee_and_month(self):
        employees = {rep: id_ for id_, rep in self.loader.reps.items()}
        self.assertSums("employee", "rep_id", employees)

    def test_by_country_and_month(self):
        """Customers belong to their country's territory by its rule."""
        countries = {t: name for name, t in self.loader.country_territories.items()}
        self.assertSums("country", "territory_id", countries)

    def test_rebuild_changes_nothing(self):
        self.assertEqual(
            self.env["sales.credit"].rebuild(),
            {"removed": 0, "changed": 0, "added": 0},
        )

    def test_organisation(self):
        """The tree of managers, and territories since each was hired."""
        data, reps = self.loader.data, self.loader.reps
        for row in data.employees:
            rep = reps[row["employee_id"]]
            self.assertEqual(rep.parent_id, reps.get(row["reports_to"], rep.browse()))
            self.assertEqual(str(rep.assignment_ids.date_from), row["hire_date"])
            self.assertFalse(rep.assignment_ids.date_to)
            self.assertEqual(rep.employee_id.name, rep.name)
        counts = sorted(len(rep.territory_ids) for rep in reps.values())
        self.assertEqual(counts, [2, 3, 4, 4, 5, 7, 7, 7, 10])
        names = [territory.name for territory in self.loader.territories.values()]
        self.assertEqual(names.count("New York"), 2)

    def test_credits_carry_manager_and_territory(self):
        """Of the day: everybody was hired before the first order."""
        for rep, manager, territory in self.env["sales.credit"]._read_group(
            [("company_id", "=", self.company.id)],
            ["rep_id", "manager_id", "rep_territory_id"],
        ):
            self.assertEqual(manager, rep.parent_id)
            self.assertEqual(territory, rep.territory_ids._get_common())

    def test_recommendations(self):
        """What to sell next hits more than the most popular products do.

        Each customer's last order is hidden; five products that the customer never
        bought are recommended from all the others. A hit: one of the five is new on the
        hidden order. (What is popular is what most customers bought.)
        """
        orders = self.env["sale.order"].search(
            [("company_id", "=", self.company.id), ("state", "=", "sale")],
            order="date_order, id",
        )
        last = {order.partner_id.commercial_partner_id: order for order in orders}
        hidden = self.env["sale.order"].concat(*last.values())
        bought = defaultdict(set)
        for order in orders - hidden:
            partner = order.partner_id.commercial_partner_id
            bought[partner].update(order.order_line.product_id.ids)
        buyers = Counter(id_ for ids in bought.values() for id_ in ids)
        popular = sorted(buyers, key=lambda id_: (-buyers[id_], id_))
        self.company.sales_recommend_months = 12 * 100
        affinity = self.env["sales.product.affinity"]
        affinity._refresh(self.company, without=hidden.ids)
        partners = self.env["res.partner"].concat(*bought)
        found = affinity._recommend(self.company, partners, 5, without=hidden.ids)
        hits, popular_hits, asked = 0, 0, 0
        for partner, have in bought.items():
            new = set(last[partner].order_line.product_id.ids) - have
            if not new:
                continue
            asked += 1
            hits += any(line["product_id"] in new for line in found[partner])
            offered = [id_ for id_ in popular if id_ not in have][:5]
            popular_hits += bool(new.intersection(offered))
        _logger.info(
            "Hit rate at 5 of %s customers: %.3f, of the most popular products %.3f",
            asked,
            hits / asked,
            popular_hits / asked,
        )
        self.assertEqual(asked, 77)
        self.assertGreater(hits, popular_hits)

    def assertSums(self, by, field, names):
        expected = Northwind().sums(by)
        sums = defaultdict(Decimal)
        metrics = self.env["sales.metric"].search([("code", "in", METRICS)])
        self.assertEqual(len(metrics), len(METRICS))
        for metric, who, month, value in self.env["sales.credit"]._read_group(
            [("company_id", "=", self.company.id), ("metric_id", "in", metrics.ids)],
            ["metric_id", field, "date:month"],
            ["value:sum"],
        ):
            sums[metric.code, names.get(who), f"{month:%Y-%m}"] += Decimal(
                f"{value:.2f}"
            )
        self.assertEqual(
            {metric for metric, _who, _month in expected}, set(METRICS), "no sums"
        )
        wrong = {
            key: (sums.get(key), expected.get(key))
            for key in sums.keys() | expected.keys()
            if sums.get(key, 0) != expected.get(key, 0)
        }
        self.assertFalse(wrong, "(ledger, files) differ")
