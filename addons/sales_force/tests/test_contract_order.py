"""Orders under contracts: prices, what is left, and that others notice nothing."""

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import SalesForceCase
from .contract_common import SCAN, make_contract


@tagged("post_install", "-at_install")
class TestContractOrder(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.category = cls.env["product.category"].create({"name": "Odds"})
        cls.sub = cls.env["product.category"].create(
            {"name": "Ends", "parent_id": cls.category.id}
        )
        cls.other = cls._product("Other", categ_id=cls.sub.id)
        cls.rep = cls.users["rep"]

    @classmethod
    def _product(cls, name, **values):
        return cls.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "list_price": 100.0,
                "taxes_id": [],
                **values,
            }
        )

    def _quotation(self, contract=None, quantity=1, product=None, **values):
        return self._order(
            self.rep,
            confirm=False,
            sales_contract_id=contract and contract.id,
            order_line=[
                Command.create(
                    {
                        "product_id": (product or self.product).id,
                        "product_uom_qty": quantity,
                        "tax_ids": False,
                    }
                )
            ],
            **values,
        )

    def _price(self, *args, **values):
        line = self._quotation(*args, **values).order_line
        return line.price_unit, line.discount

    def test_prices(self):
        """The product's own line, else that of the nearest category, else the list."""
        contract = make_contract(
            self,
            {"product_id": self.product.id, "price_unit": 80, "discount": 5},
            {"categ_id": self.category.id, "discount": 10},
            {"categ_id": self.sub.id, "discount": 20},
            start=True,
        )
        third = self._product("Third")
        self.assertEqual(self._price(contract), (80, 5))
        self.assertEqual(self._price(contract, product=self.other), (100, 20))
        self.assertEqual(self._price(contract, product=third), (100, 0))
        self.assertEqual(self._price(None), (100, 0))

    def test_price_per_unit(self):
        contract = make_contract(
            self, {"product_id": self.product.id, "price_unit": 80}, start=True
        )
        order = self._quotation(contract)
        order.order_line.product_uom_id = self.env.ref("uom.product_uom_dozen")
        self.assertEqual(order.order_line.price_unit, 960)

    def test_period(self):
        """A price holds for its days."""
        contract = make_contract(
            self,
            {"product_id": self.product.id, "price_unit": 7, "date_to": "2020-01-01"},
            start=True,
        )
        self.assertEqual(self._price(contract), (100, 0))
        order = self._quotation(contract, date_order="2019-06-01 12:00:00")
        self.assertEqual(order.order_line.price_unit, 7)

    def test_terms(self):
        term = self.env["account.payment.term"].create({"name": "In a Year"})
        contract = make_contract(self, payment_term_id=term.id, start=True)
        self.assertEqual(self._quotation(contract).payment_term_id, term)

    def test_proposed(self):
        """The form of a rep takes the customer's running contract."""
        make_contract(self)  # a draft
        make_contract(self, kind="service", start=True)
        contract = make_contract(
            self, {"product_id": self.product.id, "price_unit": 80}, start=True
        )
        contract.user_id = self.users["peer"]
        form = Form(self.env["sale.order"].with_user(self.rep))
        form.partner_id = self.partner
        self.assertEqual(form.sales_contract_id, contract)
        with form.order_line.new() as line:
            line.product_id = self.product
            self.assertEqual(line.price_unit, 80)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        form.partner_id = stranger
        self.assertFalse(form.sales_contract_id)

    def test_not_by_import(self):
        """What is created otherwise is left as it is."""
        make_contract(self, start=True)
        self.assertFalse(self._quotation().sales_contract_id)

    def test_another_customer(self):
        contract = make_contract(self, start=True)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        with self.assertRaises(ValidationError):
            self._quotation(contract, partner=stranger)
        contact = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.partner.id}
        )
        self.assertTrue(self._quotation(contract, partner=contact))

    def test_another_currency(self):
        currencies = self.env["res.currency"].with_context(active_test=False)
        currency = currencies.search(
            [("id", "!=", self.company.currency_id.id)], limit=1
        )
        contract = make_contract(self, currency_id=currency.id, start=True)
        with self.assertRaises(ValidationError):
            self._quotation(contract)

    def test_not_in_force(self):
        """An order is made under what holds today, and stays under it."""
        contract = make_contract(self)
        order = self._quotation(contract)
        with self.assertRaises(UserError):
            order.action_confirm()
        with self.assertRaises(UserError):
            order.action_quotation_send()
        order.require_signature = True
        self.assertFalse(order._has_to_be_signed())
        contract.action_start()
        self.assertTrue(order._has_to_be_signed())
        order.action_confirm()
        with self.assertRaises(UserError):
            order.with_user(self.rep).sales_contract_id = False

    def _full(self, **values):
        contract = make_contract(
            self,
            {"product_id": self.product.id, "price_unit": 10, "quantity": 10},
            {"categ_id": self.category.id, "amount": 300},
            start=True,
            **values,
        )
        self._quotation(contract, 8).action_confirm()
        return contract

    def test_left(self):
        contract = self._full()
        order = self._quotation(contract, 2)
        self.assertEqual(order.order_line.sales_contract_left, "2.00 Units")
        self.assertFalse(order.sales_contract_overdrawn)
        order.order_line.product_uom_qty = 3
        self.assertIn("3.00 Units ordered", order.sales_contract_overdrawn)
        order = self._quotation(contract, 4, self.other)
        self.assertIn("300", order.order_line.sales_contract_left)
        self.assertIn("400", order.sales_contract_overdrawn)
        order = self._quotation(contract, 1, self._product("New"))
        self.assertFalse(order.order_line.sales_contract_left)

    def test_warned(self):
        order = self._quotation(self._full(), 3)
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertIn("3.00 Units ordered", self._said(order))

    def _said(self, order):
        return " ".join(order.message_ids.mapped(lambda one: str(one.body)))

    def test_blocked(self):
        """At each door, and when a confirmed order grows."""
        self.company.sales_contract_overdraw = "block"
        contract = self._full()
        order = self._quotation(contract, 3)
        order.require_signature = True
        with self.assertRaisesRegex(UserError, f"left of contract {contract.name}"):
            order.action_confirm()
        with self.assertRaisesRegex(UserError, f"left of contract {contract.name}"):
            order.action_quotation_send()
        self.assertFalse(order._has_to_be_signed())
        order.order_line.product_uom_qty = 2
        self.assertTrue(order._has_to_be_signed())
        order.action_confirm()
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 3
        with self.assertRaises(UserError):
            order.order_line.copy({"order_id": order.id})
        order.order_line.product_uom_qty = 1
        # What came before does not stand in the way of other products.
        self._quotation(contract, 3, self.other).action_confirm()

    def test_paid_but_blocked(self):
        """What others have drawn while the customer paid is no error of the payment."""
        self.company.sales_contract_overdraw = "block"
        contract = self._full()
        order = self._quotation(contract, 3)
        order.action_quotation_sent()
        transaction = self._paid(order)
        self.assertFalse(transaction._check_amount_and_confirm_order())
        self.assertEqual(order.state, "sent")
        self.assertEqual(order.activity_ids.user_id, self.rep)
        order.order_line.product_uom_qty = 2
        self.assertEqual(transaction._check_amount_and_confirm_order(), order)
        self.assertEqual(order.state, "sale")

    def test_whole_amount(self):
        """A contract's own amount is a limit beside those of its lines."""
        self.company.sales_contract_overdraw = "block"
        contract = make_contract(self, amount=250, start=True)
        self._quotation(contract, 2).action_confirm()
        with self.assertRaises(UserError):
            self._quotation(contract).action_confirm()

    def test_amended_room(self):
        """An order under a former version draws on what is agreed now."""
        self.company.sales_contract_overdraw = "block"
        contract = self._full()
        order = contract.env["sale.order"].search(
            [("sales_contract_id", "=", contract.id)]
        )
        amendment = contract.browse(contract.action_amend()["res_id"])
        amendment.line_ids[0].quantity = 20
        amendment.signed_document = SCAN
        amendment.action_start()
        order.order_line.product_uom_qty = 15
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 21

    def test_without_a_contract(self):
        """Who has no contract pays no query for those who have."""
        make_contract(self, start=True)
        self._quotation().action_confirm()  # what is cached for good
        self.env.cr.flush()
        self.env.invalidate_all()
        asked = []
        cursor = type(self.env.cr)
        execute = cursor.execute

        def listen(cr, query, *args, **kwargs):
            text = getattr(query, "code", query)
            if 'FROM "sales_contract' in text or " sales_contract " in text:
                asked.append(text)
            return execute(cr, query, *args, **kwargs)

        self.patch(cursor, "execute", listen)
        order = self._quotation()
        order.action_confirm()
        order.order_line.product_uom_qty = 7
        self.env.cr.flush()
        self.assertFalse(asked)
        make_contract(self).flush_recordset()
        self.env["sales.contract"].search([], limit=1)
        self.assertTrue(asked, "the test listens")

    def test_plain_salesperson(self):
        """Who has no role of ours sells under a contract all the same."""
        contract = make_contract(
            self,
            {"product_id": self.product.id, "price_unit": 80, "quantity": 5},
            start=True,
        )
        user = self._user("plain", "sales_team.group_sale_salesman")
        order = self._quotation(contract)
        order.user_id = user
        order = order.with_user(user)
        order.order_line.product_uom_qty = 2
        self.assertEqual(order.order_line.price_unit, 80)
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.order_line.sales_contract_left, "5.00 Units")
