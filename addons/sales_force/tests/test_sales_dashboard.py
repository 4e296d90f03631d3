"""Our dashboards: what they name exists, and each role reads its own of it."""

import json
from ast import literal_eval

from lxml import etree

from odoo.tests import HttpCase, tagged

from odoo.addons.spreadsheet.utils.validate_data import (
    fields_in_spreadsheet,
    menus_xml_ids_in_spreadsheet,
    odoo_charts,
)

from .common import SalesForceCase
from .credit_rows import CreditRows

READERS = ("leader", "manager", "director", "operations")


@tagged("post_install", "-at_install")
class TestSalesDashboard(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = ("sales_force", "sales_management")
        cls.boards = cls.env["spreadsheet.dashboard"].concat(
            *(cls.env.ref(f"sales_force.spreadsheet_dashboard_{x}") for x in names)
        )
        cls.data = [json.loads(board.spreadsheet_data) for board in cls.boards]

    def _groups(self, data):
        """``(model, domain, groups, aggregates, filters)`` of pivots and charts."""
        for pivot in data["pivots"].values():
            yield (
                pivot["model"],
                pivot["domain"],
                [
                    ":".join(filter(None, (x["fieldName"], x.get("granularity"))))
                    for x in pivot["columns"] + pivot["rows"]
                ],
                [
                    x["fieldName"] if x["fieldName"] == "__count" else x["id"]
                    for x in pivot["measures"]
                ],
                pivot["fieldMatching"],
            )
        for chart in odoo_charts(data):
            measure = chart["metaData"]["measure"]
            yield (
                chart["metaData"]["resModel"],
                chart["searchParams"]["domain"],
                chart["metaData"]["groupBy"],
                [measure if measure == "__count" else f"{measure}:sum"],
                chart["fieldMatching"],
            )

    def test_fields(self):
        """Each field that is named exists, along its chain."""
        for data in self.data:
            found = [
                (model, name)
                for model, names in fields_in_spreadsheet(data).items()
                for name in names
            ]
            for model, _domain, _groups, _measures, filters in self._groups(data):
                found += [(model, one["chain"]) for one in filters.values()]
            for listed in data["lists"].values():
                chains = [x["chain"] for x in listed["fieldMatching"].values()]
                found += [(listed["model"], chain) for chain in chains]
            self.assertGreater(len(found), 5)
            for model, chain in found:
                records = self.env[model]
                for name in chain.split(":")[0].split("."):
                    self.assertIn(name, records._fields, (model, chain))
                    field = records._fields[name]
                    records = self.env.get(field.comodel_name or "", records)

    def test_menus(self):
        """Whoever sees a dashboard may open the screens that it leads to."""
        for data in self.data:
            menus = set(menus_xml_ids_in_spreadsheet(data))
            for role in READERS:
                visible = (
                    self.env["ir.ui.menu"].with_user(self.users[role]).search([]).ids
                )
                for menu in menus:
                    self.assertIn(self.env.ref(menu).id, visible, (role, menu))

    def test_readable(self):
        """What each role reads is what the rules give it, with any filter."""
        self._lead(self.users["peer"])
        self.env.flush_all()
        for data in self.data:
            for role in READERS:
                env = self.env(user=self.users[role])
                for model, domain, groups, measures, filters in self._groups(data):
                    rows = env[model].formatted_read_group(
                        domain, groups, [*measures, "__count"]
                    )
                    self.assertEqual(
                        sum(row["__count"] for row in rows),
                        len(env[model].search(domain)),
                        (role, model),
                    )
                    for one in filters.values():
                        if one["type"] == "many2one":
                            leaf = [(one["chain"], "in", [self.reps["leader"].id])]
                            env[model].search_count([*domain, *leaf])
                for listed in data["lists"].values():
                    order = ", ".join(x["name"] for x in listed["orderBy"])
                    env[listed["model"]].search(
                        listed["domain"], order=order or None
                    ).read(listed["columns"])

    def test_rules(self):
        """Deals of one's own people only, all of them for a director."""
        board = json.loads(self.boards[1].spreadsheet_data)
        [pivot] = [p for p in board["pivots"].values() if p["name"] == "Deals won"]
        for name in ("rep", "peer"):
            self._lead(self.users[name], expected_revenue=100).action_set_won()
        self.env.flush_all()

        def count(role):
            deals = self.env["sales.deal"].with_user(self.users[role])
            return deals.search_count(pivot["domain"])

        self.assertEqual((count("leader"), count("peer_leader")), (1, 1))
        self.assertGreaterEqual(count("director"), 2)
        self.assertEqual(count("director"), count("operations"))

    def test_years(self):
        """Year on year is here what it is in the analyses."""
        view = self.env["sales.credit"].get_view(
            self.env.ref("sales_force.sales_credit_view_search_years").id, "search"
        )
        [node] = etree.fromstring(view["arch"]).xpath("//filter[@name='years']")
        years = [
            list(leaf) if isinstance(leaf, tuple) else leaf
            for leaf in literal_eval(node.get("domain"))
        ]
        found = [
            domain[-len(years) :]
            for model, domain, groups, _measures, _filters in self._groups(self.data[1])
            if model == "sales.credit" and "date:year" in groups
        ]
        self.assertEqual(len(found), 6)
        self.assertEqual(found, [years] * 6)

    def test_who(self):
        for role in ("rep", *READERS, "finance"):
            seen = (
                self.env["spreadsheet.dashboard"]
                .with_user(self.users[role])
                .search([("id", "in", self.boards.ids)])
            )
            self.assertEqual(seen, self.boards if role in READERS else seen.browse())


@tagged("post_install", "-at_install")
class TestSalesDashboardScreen(HttpCase, CreditRows, SalesForceCase):
    def test_management(self):
        """Figures, charts and tables are there, and a figure opens its records."""
        for name in ("rep", "leader"):
            lead = self._lead(self.users[name], expected_revenue=100)
            lead.action_set_won()
        self._credit("ORDERED", self.reps["rep"], 500, 0)
        self.start_tour(
            "/odoo/dashboards",
            "sales_force_management_dashboard",
            login=self.users["manager"].login,
        )
