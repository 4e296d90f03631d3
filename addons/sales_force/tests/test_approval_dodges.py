"""Ways around approval, and what it must not get in the way of."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .test_approval import ApprovalCase


@tagged("post_install", "-at_install")
class TestApprovalDodges(ApprovalCase):
    def _refused(self, order, by="rep"):
        order.invalidate_recordset()
        with self.assertRaises(UserError):
            order.with_user(self.users[by]).action_quotation_send()
        with self.assertRaises(UserError):
            order.with_user(self.users[by]).write({"state": "sent"})

    def test_another_unit(self):
        """Two dozen at the price of two are not what was approved."""
        self._rule()
        order = self._quotation(30)
        self._approve(self._ask(order), "leader")
        self.assertEqual(order.sales_approval_state, "approved")
        line = order.order_line
        line.product_uom_id = self.env.ref("uom.product_uom_dozen")
        line.write({"price_unit": 100.0, "discount": 30})
        self.assertEqual(order.sales_approval_state, "needed")
        self._refused(order)

    def _tax(self, name, included):
        return self.env["account.tax"].create(
            {
                "name": name,
                "amount": 25.0,
                "type_tax_use": "sale",
                "price_include_override": "tax_included"
                if included
                else "tax_excluded",
            }
        )

    def test_price_with_tax(self):
        """A price that includes the tax is lower than one that does not."""
        without, included = self._tax("Without", False), self._tax("Included", True)
        self.product.taxes_id = without
        self._rule()
        order = self._quotation()
        order.order_line.tax_ids = without
        self.assertEqual(order.sales_approval_state, "none")
        order.order_line.tax_ids = included
        self.assertEqual(order.sales_approval_state, "needed")
        self.assertIn("20.00", order.sales_approval_why)
        order.order_line.price_unit = 125
        self.assertEqual(order.sales_approval_state, "none")
        # Both the same way.
        self.product.taxes_id = included
        order.order_line.price_unit = 95
        self.assertEqual(order.sales_approval_state, "none")

    def test_price_with_tax_after_approval(self):
        included = self._tax("Included", True)
        for condition, threshold in (("discount", 10), ("margin", 50), ("always", 0)):
            self.env["sales.approval.rule"].search([]).active = False
            self._rule(condition, threshold)
            order = self._quotation(30)
            self._approve(self._ask(order), "leader")
            self.assertEqual(order.sales_approval_state, "approved", condition)
            order.order_line.tax_ids = included
            self.assertEqual(order.sales_approval_state, "needed", condition)

    def _take_off(self, order, amount, **values):
        """A line that takes something off the others."""
        product = self.env["product.product"].create(
            {"name": "Deduction", "type": "service", "list_price": 0, "taxes_id": []}
        )
        order.order_line = [
            Command.create(
                {
                    "product_id": product.id,
                    "product_uom_qty": 1,
                    "price_unit": -amount,
                    "tax_ids": False,
                    **values,
                }
            )
        ]
        return order.order_line[-1]

    def test_taken_off(self):
        """What a line takes off is given on the others."""
        self.second.sales_floor_price = 80
        self.product.standard_price = 50
        for condition, threshold, named, kept in (
            ("discount", 24, "Thing", True),
            ("discount", 24, "Second", True),
            ("line_margin", 21, "Second", True),
            ("line_margin", 21, "Thing", False),
            ("floor", 0, "Second", True),
            ("floor", 0, "Thing", False),
            ("order_discount", 24, "", True),
        ):
            self.env["sales.approval.rule"].search([]).active = False
            self._rule(condition, threshold)
            # Of 400, a quarter: 75 are left of each hundred.
            order = self._quotation(products=[self.product, self.second])
            self.assertEqual(order.sales_approval_state, "none")
            line = self._take_off(order, 100)
            with self.subTest(condition=condition, named=named):
                self.assertEqual(order.sales_approval_state, "needed")
                self.assertNotIn("Deduction", order.sales_approval_why)
                if named:
                    check = self.assertIn if kept else self.assertNotIn
                    check(named, order.sales_approval_why)
                    self.assertIn("other lines take off", order.sales_approval_why)
                self._refused(order)
                # In other clothes.
                line.write({"price_unit": 100, "product_uom_qty": -1})
                self.assertEqual(order.sales_approval_state, "needed")
                line.write({"is_downpayment": True})
                self.assertEqual(order.sales_approval_state, "needed")
                line.write({"price_unit": 1, "product_uom_qty": -1})
                self.assertEqual(order.sales_approval_state, "none")

    def test_global_discount(self):
        """Odoo's own wizard for a discount on all lines."""
        self._rule()
        order = self._quotation(products=[self.product, self.second])
        for percent, state in ((0.08, "none"), (0.04, "needed")):
            self.env["sale.order.discount"].create(
                {
                    "sale_order_id": order.id,
                    "discount_type": "so_discount",
                    "discount_percentage": percent,
                }
            ).action_apply_discount()
            self.assertEqual(order.sales_approval_state, state)

    def test_taken_off_after_approval(self):
        self._rule()
        order = self._quotation(30, products=[self.product, self.second])
        request = self._ask(order)
        self._approve(request, "leader")
        line = self._take_off(order, 5)
        self.assertEqual(order.sales_approval_state, "needed")
        self.assertEqual(request.state, "void")
        self._approve(self._ask(order), "leader")
        # Less of it, and on more.
        line.price_unit = -4
        order.order_line[1].product_uom_qty = 3
        self.assertEqual(order.sales_approval_state, "approved")
        # The same on less.
        order.order_line[1].product_uom_qty = 0
        self.assertEqual(order.sales_approval_state, "needed")

    def test_goods_that_come_back(self):
        """At their price they are no discount; above it they are."""
        goods = self.env["product.product"].create(
            {"name": "Goods", "type": "consu", "list_price": 100.0, "taxes_id": []}
        )
        self._rule()
        self._rule("order_discount", 10)
        order = self._quotation()
        back = {"product_id": goods.id, "product_uom_qty": -1}
        line = self._take_off(order, -100, **back)
        self.assertEqual(order.sales_approval_state, "none")
        line.price_unit = 130
        self.assertEqual(order.sales_approval_state, "needed")
        self._approve(self._ask(order), "leader")
        self.assertEqual(order.sales_approval_state, "approved")
        line.price_unit = 150
        self.assertEqual(order.sales_approval_state, "needed")
        # A service does not come back.
        line.write({"product_id": self.second.id, "price_unit": 100})
        self.assertEqual(order.sales_approval_state, "needed")

    def test_less_than_nothing(self):
        self._rule()
        self._rule("floor")
        self.second.sales_floor_price = 80
        order = self._quotation(products=[self.product] * 9 + [self.second])
        order.order_line[-1].price_unit = -0.01
        self.assertEqual(order.sales_approval_state, "needed")
        self.assertIn("Rule discount", order.sales_approval_why)
        self.assertIn("Rule floor", order.sales_approval_why)
        # Nothing but a deduction.
        order.order_line[:-1].unlink()
        order.order_line.write(
            {
                "product_id": self.env["product.product"]
                .create({"name": "Gift", "type": "service", "list_price": 0})
                .id,
                "price_unit": -5,
                "tax_ids": False,
            }
        )
        self.assertIn("Rule discount", order.sales_approval_why)

    def test_combo(self):
        """What a combo costs is said by its items; its own line is no gift."""
        self._rule()
        self._rule("line_margin", 20)
        combo = self.env["product.combo"].create(
            {
                "name": "Dish",
                "combo_item_ids": [Command.create({"product_id": self.product.id})],
            }
        )
        self.product.standard_price = 5
        menu = self.env["product.product"].create(
            {
                "name": "Menu",
                "type": "combo",
                "list_price": 10.0,
                "taxes_id": False,
                "combo_ids": [Command.set(combo.ids)],
            }
        )
        order = self._quotation(products=[])
        lines = self.env["sale.order.line"]
        heading = lines.create({"order_id": order.id, "product_id": menu.id})
        item = lines.create(
            {
                "order_id": order.id,
                "product_id": self.product.id,
                "combo_item_id": combo.combo_item_ids.id,
                "linked_line_id": heading.id,
            }
        )
        self.assertEqual((heading.price_unit, item.price_unit), (0, 10))
        self.assertEqual(order.sales_approval_state, "none")
        item.price_unit = 6
        self.assertEqual(order.sales_approval_state, "needed")

    def test_in_the_name_of_the_manager(self):
        """Who makes a quotation does not lend the grade of another."""
        self._rule()
        high = self.env["sales.grade"].create(
            {"name": "High", "approval_discount": 50.0}
        )
        low = self.env["sales.grade"].create({"name": "Low", "approval_discount": 5.0})
        self.reps["leader"].grade_id = high
        self.reps["rep"].grade_id = low
        seller = self.users["rep"]
        seller.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        order = self._quotation(30)
        order.with_user(seller).user_id = self.users["leader"]
        self.assertEqual(order.sales_approval_state, "needed")
        self._refused(order)
        self.assertEqual(order.sales_approval_next, "Manager")
        # Nor does the manager do what the rep may not: made by the manager it is his.
        order = self._quotation(30, by="leader")
        self.assertEqual(order.sales_approval_state, "none")
        order.user_id = seller
        self.assertEqual(order.sales_approval_state, "needed")
        # One who has left decides about nothing.
        order = self._quotation(30)
        self.reps["rep"].active = False
        order.user_id = self.users["leader"]
        self.assertEqual(order.sales_approval_state, "none")

    def test_nobody_left_to_decide(self):
        """Where the approver stands in for the owner, or has left, it goes up."""
        self._rule()
        order = self._quotation(30)
        request = self._ask(order)
        self._cover("rep", "leader")
        step = self.env["sales.approval.step"]
        step._cron_remind()
        self.assertEqual(self._waiting(request), self.users["manager"])
        # Also where it is so from the beginning.
        self.assertEqual(
            self._waiting(self._ask(self._quotation(30))), self.users["manager"]
        )
        self.users["manager"].active = False
        step._cron_remind()
        self.assertIn(self.users["director"], self._waiting(request))

    def test_customers_read_no_reasons(self):
        """Odoo lets customers read their quotations by RPC as well."""
        self._rule("margin", 50)
        buyer = self._user("reader", "base.group_portal")
        buyer.partner_id.parent_id = self.partner
        order = self._quotation(30)
        found = order.with_user(buyer).read(
            ["sales_approval_state", "sales_approval_why", "sales_approval_next"]
        )
        self.assertEqual(
            found,
            [
                {
                    "id": order.id,
                    "sales_approval_state": "none",
                    "sales_approval_why": False,
                    "sales_approval_next": False,
                }
            ],
        )
        self.assertNotIn("sales_approval_step_ids", order.with_user(buyer).fields_get())
