from odoo.tests import tagged

from .common import SalesForceCase
from .credit_rows import CreditRows


@tagged("post_install", "-at_install")
class TestCreditReading(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._credit("INVOICED", cls.reps["rep"], 100, 0)
        cls._credit("INVOICED", cls.reps["peer"], 11, 0)
        cls._credit("ORDERS", cls.reps["rep"], 1, 0)
        cls.invoiced = cls.env.ref("sales_force.sales_metric_invoiced")
        cls.mine = [("rep_id", "in", [cls.reps["rep"].id, cls.reps["peer"].id])]

    def _read(self, domain, groupby=()):
        return self.env["sales.credit"]._read_group(
            [*self.mine, *domain], groupby, ["value:sum"]
        )

    def test_one_metric_is_summed(self):
        for domain in (
            [("metric_id", "=", self.invoiced.id)],
            [("metric_id", "in", self.invoiced.ids), ("date", "!=", False)],
            [("metric_id.code", "=", "INVOICED")],
        ):
            with self.subTest(domain=domain):
                self.assertEqual(self._read(domain), [(111.0,)])

    def test_different_metrics_have_no_sum(self):
        for domain in (
            [],
            ["|", ("metric_id", "=", self.invoiced.id), ("date", "!=", False)],
            [("metric_id.code", "in", ["INVOICED", "ORDERS"])],
            ["!", ("metric_id", "=", 0)],
        ):
            with self.subTest(domain=domain):
                self.assertEqual(self._read(domain), [(False,)])

    def test_groups_of_one_metric_keep_their_sum(self):
        sums = dict(self._read([], ["rep_id"]))
        self.assertEqual(sums, {self.reps["rep"]: False, self.reps["peer"]: 11.0})
        sums = {metric.code: value for metric, value in self._read([], ["metric_id"])}
        self.assertEqual(sums, {"INVOICED": 111.0, "ORDERS": 1.0})

    def test_over_rpc_and_in_pivots(self):
        [[total], groups] = self.env["sales.credit"].formatted_read_grouping_sets(
            self.mine, [[], ["metric_id"]], ["value:sum"]
        )
        self.assertFalse(total["value:sum"])
        self.assertEqual({group["value:sum"] for group in groups}, {111.0, 1.0})
        [[total]] = self.env["sales.credit"].formatted_read_grouping_sets(
            [*self.mine, ("metric_id", "=", self.invoiced.id)], [[]], ["value:sum"]
        )
        self.assertEqual(total["value:sum"], 111.0)

    def test_currencies_of_companies_have_no_sum(self):
        self.company_b.currency_id = self.env["res.currency"].create(
            {"name": "XSF", "symbol": "x"}
        )
        self._credit(
            "INVOICED", self.reps["foreigner"], 7, 0, company_id=self.company_b
        )
        credit = self.env["sales.credit"].with_context(
            allowed_company_ids=[self.company.id, self.company_b.id]
        )
        domain = [
            ("metric_id", "=", self.invoiced.id),
            ("user_id", "in", (self.reps["peer"] + self.reps["foreigner"]).user_id.ids),
        ]
        self.assertEqual(credit._read_group(domain, [], ["value:sum"]), [(False,)])
        self.assertEqual(
            dict(credit._read_group(domain, ["company_id"], ["value:sum"])),
            {self.company: 11.0, self.company_b: 7.0},
        )
        self.assertEqual(
            credit.with_context(allowed_company_ids=self.company.ids)._read_group(
                domain + [("company_id", "=", self.company.id)], [], ["value:sum"]
            ),
            [(11.0,)],
        )

    def test_search_panel_offers_additive_metrics(self):
        found = self.env["sales.credit"].search_panel_select_range(
            "metric_id", expand=True
        )
        ids = {value["id"] for value in found["values"]}
        self.assertIn(self.invoiced.id, ids)
        self.assertNotIn(self.env.ref("sales_force.sales_metric_margin_rate").id, ids)

    def test_grouping_by_product_category(self):
        self._credit("QUANTITY", self.reps["rep"], 3, 0, product_id=self.product)
        self.product.categ_id = self.env["product.category"].create({"name": "Pumps"})
        self.assertEqual(
            self._read(
                [("metric_id.code", "=", "QUANTITY"), ("product_id", "!=", False)],
                ["product_categ_id"],
            ),
            [(self.product.categ_id, 3.0)],
        )

    def test_metric_in_use(self):
        metric = self.env["sales.metric"]
        self.assertEqual(self.invoiced.credit_state, "used")
        unused = metric.create({"code": "NOTHING", "name": "Nothing"})
        ratio = metric.create(
            {
                "code": "NOTHING_RATE",
                "name": "Nothing Rate",
                "kind": "ratio",
                "unit": "percent",
                "numerator_id": unused.id,
                "denominator_id": self.invoiced.id,
            }
        )
        self.assertEqual((unused + ratio).mapped("credit_state"), ["unused"] * 2)
        unused.active = False
        self.assertEqual(unused.credit_state, "off")

    def test_value_of_a_ratio(self):
        won, lost = (
            self.env.ref(f"sales_force.sales_metric_{code}") for code in ("won", "lost")
        )
        rate = self.env.ref("sales_force.sales_metric_win_rate")
        self.assertEqual(rate._get_parts(), won + lost)
        self.assertEqual(rate._evaluate({won.id: 3.0, lost.id: 1.0}), 0.75)
        self.assertEqual(rate._evaluate({lost.id: 2.0}), 0.0)
        self.assertIsNone(rate._evaluate({}))
        self.assertEqual(won._evaluate({won.id: 3.0}), 3.0)
        self.assertEqual(won._evaluate({}), 0.0)
