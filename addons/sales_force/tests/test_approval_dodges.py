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
