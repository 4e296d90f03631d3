"""What a quotation would earn who sells it."""

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import new_test_user

from .commission_common import CommissionCase


@freeze_time("2031-01-15 10:00:00")
class TestEarning(CommissionCase):
    def _quote(self, amount=1000, name="rep", **line):
        order = self._order(self.users[name], confirm=False)
        order.order_line.write({"price_unit": amount, **line})
        return order

    def _earning(self, order, user="rep"):
        order.invalidate_recordset(["sales_earning"])
        return order.with_user(self.users[user]).sales_earning

    def test_in_the_tier(self):
        """On top of what counts already in the period."""
        steps = self._tiers((0, 2), (1500, 10))
        self._plan(
            {"table": "amount", "mode": "progressive", "tier_ids": steps},
            {
                "name": "Whole",
                "table": "amount",
                "mode": "whole",
                "tier_ids": self._tiers((0, 2), (1500, 10)),
            },
        )
        order = self._quote()
        text = self._earning(order)
        self.assertIn("20.00 when invoiced (Invoiced)", text.replace("\xa0", ""))
        self._sell("rep", 1000)
        text = self._earning(order).replace("\xa0", "")
        # 500 at 2 %, 500 at 10 %; 2,000 at 10 % less 1,000 at 2 %
        self.assertIn("60.00 when invoiced (Invoiced)", text)
        self.assertIn("180.00 when invoiced (Whole)", text)

    def test_as_it_comes(self):
        """What is told is what a run then pays."""
        self._plan(
            {"metric": "ORDERED", "rate": 3, "cap": 50},
            {"metric": "ORDERS", "rate_unit": "amount", "rate": 5},
        )
        order = self._quote(1234.56)
        text = self._earning(order).replace("\xa0", "")
        self.assertIn("37.04 when confirmed", text)
        self.assertIn("5.00 when confirmed", text)
        order.action_confirm()
        self._run()
        self.assertEqual(self._statement().amount, 42.04)
        self.assertFalse(self._earning(order))

    def test_when_paid(self):
        self._plan({"metric": "COLLECTED_NET", "rate": 1})
        self.assertIn("when paid", self._earning(self._quote()))

    def test_split(self):
        self._plan()
        order = self._quote()
        self.env["sales.split"].create(
            [
                {"order_id": order.id, "rep_id": self.reps[name].id, "share": share}
                for name, share in (("rep", 30), ("peer", 70))
            ]
        )
        self.assertIn("30.00", self._earning(order))
        self.assertIn("70.00", self._earning(order, "peer"))

    def test_conditions(self):
        other = self.env["product.product"].create({"name": "Other"})
        rules = (
            ({"product_ids": [Command.set(other.ids)]}, False),
            ({"categ_ids": [Command.set(self.product.categ_id.ids)]}, "75.00"),
            ({"discount_bound": "below", "discount_below": 25}, False),
            ({"discount_bound": "from", "discount_from": 25}, "75.00"),
            ({"contract": "with"}, False),
            ({"customer_age": "new"}, "75.00"),
            ({"metric": "MARGIN"}, "45.00"),
            ({"metric": "QUANTITY", "rate_unit": "amount"}, "10.00"),
            (
                {
                    "decelerator": "discount",
                    "line_factor_ids": [Command.create({"start": 20, "factor": 0.4})],
                },
                "30.00",
            ),
        )
        self.product.standard_price = 300
        self.product.categ_id = self.env["product.category"].create({"name": "Own"})
        order = self._quote(discount=25)
        for rule, amount in rules:
            if "categ_ids" in rule:
                rule["categ_ids"] = [Command.set(self.product.categ_id.ids)]
            plan = self._plan(rule)
            with self.subTest(rule=rule):
                text = self._earning(order)
                self.assertEqual(bool(text), bool(amount))
                self.assertIn(amount or "", text or "")
            plan.sudo().action_archive()

    def test_who_reads(self):
        self._plan()
        order = self._quote()
        seen = {
            name: bool(self._earning(order, name))
            for name in ("leader", "manager", "director", "operations", "peer_manager")
        }
        self.assertEqual(
            seen,
            {
                "leader": self.company.sales_leaders_see_pay,
                "manager": True,
                "director": True,
                "operations": True,
                "peer_manager": False,
            },
        )
        plain = new_test_user(
            self.env, "sf_plain", "sales_team.group_sale_salesman_all_leads"
        )
        arch = order.with_user(plain).get_view(view_type="form")["arch"]
        self.assertNotIn("sales_earning", arch)
        arch = order.with_user(plain).get_view(view_type="list")["arch"]
        self.assertNotIn("sales_earning", arch)

    def test_queries(self):
        """As many for a busy rep and a long quotation as for one who begins."""
        self._plan({"table": "amount", "tier_ids": self._tiers((0, 2), (1500, 10))})

        def count(order):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertTrue(order.with_user(self.users["rep"]).sales_earning)
            return self.env.cr.sql_log_count - before

        small = self._quote()
        count(small)
        few = count(small)
        for _each in range(5):
            self._sell("rep", 100)
        large = self._quote()
        for _each in range(20):
            large.order_line[:1].copy({"order_id": large.id})
        count(large)
        self.assertLessEqual(count(large), few + 2)
        self.assertLessEqual(few, 60)
