"""What to sell next: the measures against a plain computation, then what people see."""

import math
from collections import Counter, defaultdict
from itertools import permutations
from random import Random

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import SalesForceCase


@tagged("post_install", "-at_install")
class TestRecommendations(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Recommends"})
        cls.env.user.company_ids += cls.company
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls.affinity = cls.env["sales.product.affinity"]
        cls.products = cls.env["product.product"].create(
            [
                {"name": f"Product {n}", "type": "service", "list_price": 10 + n}
                for n in range(16)
            ]
        )
        cls.industries = cls.env["res.partner.industry"].create(
            [{"name": "Reco A"}, {"name": "Reco B"}]
        )
        cls.customers = cls.env["res.partner"].create(
            [
                {
                    "name": f"Buyer {n}",
                    "is_company": True,
                    "industry_id": cls.industries[n % 2].id,
                }
                for n in range(14)
            ]
        )
        random = Random(7)
        cls.baskets = []
        for number in range(40):
            customer = cls.customers[random.randrange(12)]
            count = random.randint(2, 5)
            products = random.sample(list(cls.products[:15]), count)
            cls.baskets.append((customer, products))
            cls._buy(customer, *products, contact=number % 3 == 0)

    @classmethod
    def _buy(cls, customer, *products, contact=False, confirm=True):
        partner = customer
        if contact:
            partner = cls.env["res.partner"].create(
                {"name": "Contact", "parent_id": customer.id}
            )
        order = cls.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "company_id": cls.company.id,
                "order_line": [
                    Command.create({"product_id": product.id}) for product in products
                ],
            }
        )
        if confirm:
            order.action_confirm()
        return order

    def _oracle(self):
        bought = defaultdict(set)
        for customer, products in self.baskets:
            bought[customer] |= set(products)
        buyers = Counter(p for products in bought.values() for p in products)
        both = Counter(
            pair for products in bought.values() for pair in permutations(products, 2)
        )
        baskets = Counter(p for _c, products in self.baskets for p in products)
        together = Counter(
            pair for _c, products in self.baskets for pair in permutations(products, 2)
        )
        return bought, buyers, both, baskets, together

    def _customers_of(self, pair):
        """How many customers had both in one basket."""
        return len(
            {customer for customer, products in self.baskets if {*pair} <= {*products}}
        )

    def test_measures(self):
        """Every pair, and every number of it."""
        self.affinity._refresh(self.company)
        _bought, buyers, both, baskets, together = self._oracle()
        total = len(self.baskets)
        expected = {}
        for pair in set(both) | set(together):
            a, b = pair
            n, k = both[pair], together[pair]
            several = self._customers_of(pair)
            n, k = n if n >= 3 else 0, k if k >= 3 and several > 1 else 0
            if not n and not k:
                continue
            expected[pair] = (
                n or several,
                n / math.sqrt(buyers[a] * buyers[b]),
                k,
                k / total,
                k / baskets[a],
                k * total / (baskets[a] * baskets[b]),
            )
        found = {
            (line.product_id, line.other_id): (
                line.customer_count,
                line.similarity,
                line.basket_count,
                line.support,
                line.confidence,
                line.lift,
            )
            for line in self.affinity.search([("company_id", "=", self.company.id)])
        }
        self.assertGreater(len(found), 10)
        self.assertEqual(found.keys(), expected.keys())
        for pair, values in expected.items():
            for one, other in zip(found[pair], values, strict=True):
                self.assertAlmostEqual(one, other, 2)

    def test_recommended(self):
        """What each customer lacks, by the mean of the similarities."""
        self.affinity._refresh(self.company)
        bought, buyers, both, _baskets, _together = self._oracle()
        found = self.affinity._recommend(self.company, self.customers, 3)
        seen = 0
        for customer in self.customers[:12]:
            scores = {}
            for product in self.products - self.products[:0].concat(*bought[customer]):
                scores[product.id] = sum(
                    both[have, product] / math.sqrt(buyers[have] * buyers[product])
                    for have in bought[customer]
                    if both[have, product] >= 3
                )
            best = sorted((s for s in scores.values() if s), reverse=True)[:3]
            mine = [scores[line["product_id"]] for line in found[customer]]
            for one, other in zip(mine, best, strict=False):
                self.assertAlmostEqual(one, other)
            seen += len(mine)
        self.assertGreater(seen, 10)

    def test_with_the_quotation(self):
        """The mean similarity, and the best confidence of what is on the quotation."""
        self.affinity._refresh(self.company)
        bought, buyers, both, baskets, together = self._oracle()
        quoted = self.products[:2]
        found = self.affinity._recommend(
            self.company, self.customers, 5, extra=quoted.ids
        )
        seen = 0
        for customer in self.customers:
            have = bought[customer] | set(quoted)
            scores = {}
            for product in self.products - self.products[:0].concat(*have):
                alike = sum(
                    both[one, product] / math.sqrt(buyers[one] * buyers[product])
                    for one in have
                    if both[one, product] >= 3
                )
                chance = baskets[product] / len(self.baskets)
                rules = [
                    together[one, product] / baskets[one]
                    for one in quoted
                    if together[one, product] >= 3
                    and self._customers_of((one, product)) > 1
                    and together[one, product] / baskets[one] > chance
                ]
                score = alike / len(have) + max(rules, default=0)
                if score:
                    scores[product.id] = score
            best = sorted(scores.values(), reverse=True)[:5]
            mine = [scores.get(line["product_id"], 0) for line in found[customer]]
            for one, other in zip(mine, best, strict=False):
                self.assertAlmostEqual(one, other)
            seen += any(
                "of the orders with" in line["reason"] for line in found[customer]
            )
        self.assertGreater(seen, 5)

    def test_bought_together(self):
        """By baskets alone, of two customers: in no reason but that."""
        one, two = self.products[14:16]
        for _number in range(3):
            self._buy(self.customers[13], one, two)
        self.affinity._refresh(self.company)
        pair = [("product_id", "=", one.id), ("other_id", "=", two.id)]
        self.assertFalse(self.affinity.search(pair), "the habit of one customer")
        self._buy(self.customers[11], one, two)
        self.affinity._refresh(self.company)
        self.assertEqual(self.affinity.search(pair).customer_count, 2)
        card = self.customers[12]
        [line] = [
            line
            for line in self.affinity._recommend(
                self.company, card, 100, extra=two.ids
            )[card]
            if line["product_id"] == one.id
        ]
        self.assertRegex(
            line["reason"],
            r"^100% of the orders with Product 15 hold it, \d+\.\d times as many",
        )
        self._buy(card, two)
        found = self.affinity._recommend(self.company, card, 100)[card]
        self.assertIn(line["reason"].split(",")[0], str(found))

    def test_who_bought_nothing(self):
        """Gets what the same industry buys, with the reason."""
        self.affinity._refresh(self.company)
        bought = self._oracle()[0]
        new = self.customers[12]
        peers = [c for c in bought if c.industry_id == new.industry_id]
        counts = Counter(p.id for c in peers for p in bought[c])
        [first] = self.affinity._recommend(self.company, new, 1)[new]
        count = max(counts.values())
        self.assertEqual(counts[first["product_id"]], count)
        self.assertIn(f"{count} of {len(peers)} customers", first["reason"])

    def test_nothing_out_of_range(self):
        """Neither archived products, nor unsold ones, nor those of another company."""
        self.affinity._refresh(self.company)
        everything = self.affinity._recommend(self.company, self.customers, 100)
        ids = {line["product_id"] for lines in everything.values() for line in lines}
        archived, unsold, foreign = self.products.browse(sorted(ids)[:3])
        archived.active = False
        unsold.sale_ok = False
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE product_template SET company_id = %s WHERE id = %s",
            (self.company_b.id, foreign.product_tmpl_id.id),
        )
        found = self.affinity._recommend(self.company, self.customers, 100)
        left = {line["product_id"] for lines in found.values() for line in lines}
        self.assertEqual(left, ids - {archived.id, unsold.id, foreign.id})

    def test_refresh_changes_what_changed(self):
        count, changed = self.affinity._refresh(self.company)
        self.assertEqual(count, changed)
        self.assertEqual(self.affinity._refresh(self.company), (count, 0))
        self.company.sales_recommend_count = 30
        self.assertEqual(self.affinity._refresh(self.company), (0, count))

    def _charts(self):
        self.env["account.chart.template"].try_loading(
            "generic_coa", company=self.company, install_demo=False
        )

    def _bill(self, customers, *lines):
        """An invoice without order for each customer, of products and prices."""
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "company_id": self.company.id,
                    "invoice_date": self.company._get_sales_today(),
                    "invoice_line_ids": [
                        Command.create({"product_id": product.id, "price_unit": price})
                        for product, price in lines
                    ],
                }
                for customer in customers
            ]
        )
        invoices.action_post()

    def test_discounts(self):
        """Nobody buys a discount, and nobody is told to."""
        self._charts()
        product = self.products[0]
        discount, coupon = self.env["product.product"].create(
            [{"name": "Discount", "type": "service"}, {"name": "Coupon"}]
        )
        self.company.sale_discount_product_id = discount
        for customer in self.customers[:4]:
            order = self._buy(customer, product, discount, coupon, confirm=False)
            order.order_line[1].price_unit = 5
            order.order_line[2].price_unit = -5
            order.action_confirm()
        self._bill(self.customers[4:8], (product, 9), (discount, 5), (coupon, -5))
        self.affinity._refresh(self.company)
        found = self.affinity._recommend(self.company, self.customers, 100)
        ids = {line["product_id"] for lines in found.values() for line in lines}
        self.assertIn(product.id, ids)
        self.assertFalse(ids & {discount.id, coupon.id})

    def test_invoices_without_order(self):
        """Count as baskets; those of orders do not count twice."""
        self.affinity._refresh(self.company)
        self._charts()
        pair = self.products[14:16]
        self._bill(self.customers[:3], *((product, 5) for product in pair))
        order = self._buy(self.customers[5], *pair)
        order._create_invoices().action_post()
        self.affinity._refresh(self.company)
        line = self.affinity.search(
            [
                ("company_id", "=", self.company.id),
                ("product_id", "=", pair[1].id),
                ("other_id", "=", pair[0].id),
            ]
        )
        self.assertEqual((line.basket_count, line.confidence), (4, 1))

    def test_on_the_quotation(self):
        rep = self.users["rep"]
        rep.company_ids += self.company
        self._rep(rep, company=self.company)
        self.affinity._refresh(self.company)
        self.customers.user_id = rep
        self.env["sales.customer"]._refresh(self.company)
        customer = self.customers[0]
        order = self._buy(customer, self.products[0], confirm=False)
        order.user_id = rep
        order = order.with_user(rep)
        offered = order.get_recommendations()
        self.assertNotIn(self.products[0].id, [line["product_id"] for line in offered])
        product = self.products.browse(offered[0]["product_id"])
        order.action_add_product(product.id)
        line = order.order_line[-1]
        self.assertEqual(
            (line.product_id, line.price_unit), (product, product.list_price)
        )
        self.assertNotIn(
            product.id, [line["product_id"] for line in order.get_recommendations()]
        )
        order.action_confirm()
        with self.assertRaises(UserError):
            order.action_add_product(product.id)
        with self.assertRaises(AccessError):
            order.with_user(self.users["peer"]).get_recommendations()

    def test_on_the_customer(self):
        self.affinity._refresh(self.company)
        self.env["sales.customer"]._refresh(self.company)
        customer = self.customers[0]
        card = self.env["sales.customer"].search(
            [
                ("partner_id", "=", customer.id),
                ("company_id", "=", self.company.id),
            ]
        )
        offered = card.get_recommendations(limit=2)
        self.assertEqual(len(offered), 2)
        action = card.action_quote(offered[0]["product_id"])
        form = self.env["sale.order"].with_context(action["context"]).new({})
        self.assertEqual(form.order_line.product_id.ids, [offered[0]["product_id"]])
        with self.assertRaises(AccessError):
            card.with_user(self.users["foreigner"]).get_recommendations()

    def test_roles(self):
        """Who sells reads the pairs of the own company; nobody writes them."""
        self.affinity._refresh(self.company)
        pairs = self.affinity.search([("company_id", "=", self.company.id)])
        reach = self.env["sales.product.reach"].search([])
        for role, user in self.users.items():
            user.company_ids += self.company
            for records, readers in (
                (pairs, set(self.users) - {"finance"}),
                (reach, {"operations"}),
            ):
                mine = records.with_user(user)
                with self.subTest(role=role, model=records._name):
                    for operation in ("create", "write", "unlink"):
                        self.assertFalse(mine.has_access(operation))
                    self.assertEqual(mine.has_access("read"), role in readers)
            if role != "operations":
                with self.assertRaises(AccessError):
                    self.affinity.with_user(user).action_refresh()
        self.affinity.with_user(self.users["operations"]).action_refresh()
        self.users["rep"].company_ids -= self.company
        alone = pairs.with_user(self.users["rep"]).with_context(
            allowed_company_ids=self.users["rep"].company_ids.ids
        )
        self.assertFalse(alone.has_access("read"))

    def test_flat_in_queries(self):
        self.affinity._refresh(self.company)
        self.env["product.product"].browse(self.products.ids).mapped("display_name")

        def count(customers):
            self.env.flush_all()
            before = self.cr.sql_log_count
            self.affinity._recommend(self.company, customers, 5)
            return self.cr.sql_log_count - before

        count(self.customers)
        self.assertLessEqual(count(self.customers), count(self.customers[:2]))
