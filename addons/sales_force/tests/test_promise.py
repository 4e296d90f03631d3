"""The panel of a quotation: what a rep must know before promising."""

from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .deals_common import DealsCase
from .test_contract import make_contract


@tagged("post_install", "-at_install")
class TestPromise(DealsCase):
    def _count_queries(self, order):
        """Of the closed panel and of the unfolded one."""
        counts, panel = [], order.with_user(self.users["rep"])
        for details in (False, True):
            panel.get_sales_promise(details)  # warms what is cached for good
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            panel.get_sales_promise(details)
            counts.append(self.env.cr.sql_log_count - before)
        return counts

    def _stock_of(self, order, user="rep"):
        return [line["stock"] for line in self._promise(order, user)["lines"]]

    def test_lines_take_from_each_other(self):
        self._stock(self.goods, 10)
        order = self._quotation((self.goods, 8), (self.goods, 5))
        first, second = self._stock_of(order)
        self.assertEqual(
            (first["on_hand"], first["free"], first["forecast"], first["short"]),
            (10, 10, 10, 0),
        )
        self.assertEqual(
            (second["on_hand"], second["free"], second["forecast"], second["short"]),
            (10, 2, 2, 3),
        )

    def test_like_odoo(self):
        """Forecast and free are what Odoo's own widget counts for the first line."""
        self._stock(self.goods, 20)
        self._purchase(self.goods, 5, 2)
        self._purchase(self.goods, 50, 9)
        self._quotation((self.goods, 12), days=1, confirm=True)
        order = self._quotation((self.goods, 30))
        [stock] = self._stock_of(order)
        line = order.order_line
        self.assertEqual(stock["on_hand"], line.qty_available_today)
        self.assertEqual(stock["free"], line.free_qty_today)
        self.assertEqual(stock["forecast"], line.virtual_available_at_date)
        self.assertEqual((stock["free"], stock["forecast"]), (8, 13))

    def test_receipts(self):
        """Dates and quantities; the vendor only for who works in purchasing."""
        self._purchase(self.goods, 5, 2)
        self._purchase(self.goods, 50, 9)
        self._purchase(self.goods, 99, 1, confirm=False)
        order = self._quotation((self.goods, 30))
        [stock] = self._stock_of(order)
        self.assertEqual(
            [(one["quantity"], one["day"], one["vendor"]) for one in stock["receipts"]],
            [
                (5, str(self.today + timedelta(days=2)), None),
                (50, str(self.today + timedelta(days=9)), None),
            ],
        )
        self.assertEqual(stock["available"], str(self.today + timedelta(days=9)))
        self.assertNotIn("Secret", str(self._promise(order)))
        self.users["rep"].group_ids += self.env.ref("purchase.group_purchase_user")
        [stock] = self._stock_of(order)
        self.assertEqual(stock["receipts"][0]["vendor"], self.vendor.name)

    def test_lead_time(self):
        """Where nothing comes: when it were there if it was bought today."""
        self.company.days_to_purchase = 2
        unknown = self._goods("Unknown", vendor=False)
        order = self._quotation((self.goods, 30), (unknown, 1))
        bought, other = self._stock_of(order)
        self.assertEqual(bought["lead"], 9)
        self.assertEqual(bought["available"], str(self.today + timedelta(days=9)))
        self.assertEqual((other["lead"], other["available"]), (None, None))

    def test_lots(self):
        """The first expiring first; what lasts too short is told, days or percent."""
        dated = self._goods(
            "Dated", tracking="lot", use_expiration_date=True, expiration_time=100
        )
        for name, days, quantity in (("late", 90, 4), ("soon", 20, 6), ("gone", -1, 9)):
            self._stock(dated, quantity, self._lot(dated, name, days))
        order = self._quotation((dated, 5))
        [stock] = self._stock_of(order)
        self.assertEqual(
            [(lot["name"], lot["days"], lot["too_short"]) for lot in stock["lots"]],
            [("gone", -4, True), ("soon", 17, False), ("late", 87, False)],
        )
        self.assertEqual((stock["on_hand"], stock["free"]), (19, 10))
        self.assertEqual((stock["forecast"], stock["too_old"]), (10, 0))
        self.company.sales_min_life = 18
        [stock] = self._stock_of(order)
        self.assertEqual((stock["too_old"], stock["short"]), (1, 0))
        self.partner.sales_min_life = 17
        [stock] = self._stock_of(order)
        self.assertEqual(stock["too_old"], 0)
        self.partner.write({"sales_min_life": 90, "sales_min_life_unit": "percent"})
        [stock] = self._stock_of(order)
        self.assertEqual(stock["too_old"], 5)

    def test_units(self):
        """In the line's unit, whatever the product's."""
        dozen = self.env.ref("uom.product_uom_dozen")
        self._stock(self.goods, 30)
        order = self._quotation((self.goods, 3))
        order.order_line.product_uom_id = dozen
        [stock] = self._stock_of(order)
        self.assertEqual((stock["on_hand"], stock["short"]), (2.5, 0.5))

    def test_services_say_nothing(self):
        order = self._quotation((self.product, 1))
        order.order_line = [
            Command.create({"display_type": "line_note", "name": "A note"})
        ]
        [line] = self._promise(order)["lines"]
        self.assertIsNone(line["stock"])
        self.assertFalse(line["bought"])

    def test_confirmed_is_promised(self):
        """Then stock is the delivery's; supply, customer and limits stay."""
        self._stock(self.goods, 10)
        order = self._quotation((self.goods, 1), confirm=True)
        promise = self._promise(order)
        self.assertIsNone(promise["lines"][0]["stock"])
        self.assertEqual(promise["customer"]["ordered"], 100)

    def _kit(self, name, *components):
        kit = self._goods(name, vendor=False)
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": product.id, "product_qty": quantity})
                    for product, quantity in components
                ],
            }
        )
        return kit

    def _need_kits(self):
        """``tests/test_manufacturing.py`` runs these tests where it is installed."""
        if "mrp.bom" not in self.env:
            self.skipTest("There are no kits without manufacturing.")

    def test_kits(self):
        self._need_kits()
        kit = self._kit("Kit", (self.goods, 3))
        self._stock(self.goods, 10)
        order = self._quotation((kit, 2), (kit, 2))
        first, second = self._stock_of(order)
        self.assertTrue(first["kit"])
        self.assertEqual((first["forecast"], first["short"]), (3, 0))
        self.assertEqual((second["forecast"], second["short"]), (1, 1))
        self.assertFalse(self._promise(order)["lines"][0]["bought"])
        # As many as Odoo counts.
        product = kit.with_context(warehouse_id=order.warehouse_id.id)
        self.assertEqual(first["on_hand"], product.qty_available)
        self.assertEqual(first["free"], product.free_qty)

    def test_kits_and_components(self):
        """What a line takes by itself is not there for a kit, nor the other way."""
        self._need_kits()
        other = self._goods("Other")
        service = self.product
        inner = self._kit("Inner", (self.goods, 2), (service, 1))
        outer = self._kit("Outer", (inner, 2), (other, 1), (self.goods, 1))
        dozen = self.env.ref("uom.product_uom_dozen")
        bills = self.env["mrp.bom"].search([])
        bills.filtered(
            lambda bill: bill.product_tmpl_id == outer.product_tmpl_id
        ).bom_line_ids[2].product_uom_id = dozen
        # Of one outer kit: 2 × 2 + 12 goods.
        self._stock(self.goods, 40)
        self._stock(other, 9)
        order = self._quotation((self.goods, 5), (outer, 2), (self.goods, 5))
        goods, kit, rest = self._stock_of(order)
        self.assertEqual((goods["forecast"], kit["forecast"]), (40, 2))
        self.assertEqual((rest["forecast"], rest["short"]), (3, 2))
        self._purchase(self.goods, 100, 4)
        order.order_line[1].product_uom_qty = 3
        goods, kit, rest = self._stock_of(order)
        self.assertEqual((kit["short"], kit["free"]), (1, 2))
        self.assertEqual(kit["available"], str(self.today + timedelta(days=4)))
        # Only of services: there is nothing to be short of.
        hours = self._kit("Hours", (service, 5))
        self.assertEqual(self._stock_of(self._quotation((hours, 1))), [None])

    def test_kits_flat(self):
        self._need_kits()
        counts = []
        for size in (3, 12):
            kits = [
                self._kit(f"Kit {size} {number}", (self._goods(f"A{number}"), 2))
                for number in range(size)
            ]
            order = self._quotation(*((kit, 1) for kit in kits))
            counts += self._count_queries(order)
        self.assertEqual(counts[:2], counts[2:])

    def test_last_prices(self):
        """To the customer and to others of its class, of the last year."""
        other, far = self.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Other", "Far")]
        )
        self.env.flush_all()
        self.env["sales.customer"]._refresh(self.company)
        klass = self.env["sales.customer.class"].create(
            {"name": "Z", "share_upto": 100, "company_id": self.company.id}
        )
        self.env.cr.execute(
            "UPDATE sales_customer SET class_id = %s WHERE partner_id = ANY(%s)",
            [klass.id, (self.partner + other).ids],
        )
        for partner, price, discount, days in (
            (self.partner, 90, 0, 400),
            (self.partner, 91, 5, 30),
            (other, 80, 10, 20),
            (other, 70, 10, 500),
            (far, 60, 0, 1),
        ):
            order = self._quotation((self.goods, 1), partner=partner, user="peer")
            order.order_line.write({"price_unit": price, "discount": discount})
            order.action_confirm()
            order.date_order -= timedelta(days=days)
        order = self._quotation((self.goods, 1))
        last = self._promise(order)["lines"][0]["last"]
        self.assertEqual(
            (last["customer"]["price"], last["customer"]["discount"]), (91, 5)
        )
        self.assertEqual((last["class"]["price"], last["class"]["discount"]), (80, 10))

    def test_customer_of_somebody_else(self):
        """Only what the user may read of it: the own orders."""
        theirs = self._quotation((self.goods, 1), user="peer")
        theirs.order_line.price_unit = 77
        theirs.action_confirm()
        self.partner.user_id = self.users["peer"]
        order = self._quotation((self.goods, 1))
        promise = self._promise(order)
        self.assertFalse(promise["customer"]["complete"])
        self.assertEqual(promise["customer"]["ordered"], 0)
        # Nor the limit, from what is left of it.
        self.company.account_use_credit_limit = True
        self.partner.credit_limit = 5000
        customer = self._promise(order)["customer"]
        self.assertEqual((customer["limit"], customer["left"]), (0, 0))
        self.assertFalse(promise["lines"][0]["last"])

    def test_customer(self):
        """Each age for itself; together they are the balance."""
        self.company.account_use_credit_limit = True
        self.partner.credit_limit = 1000
        amounts = {}
        for days, amount in ((-5, 1), (0, 2), (1, 4), (30, 8), (31, 16), (90, 32)):
            amounts[days] = amount
            self._due(amount, days)
        self._due(64, 91)
        self._due(3, 5, "out_refund")
        self._quotation((self.goods, 1), confirm=True)
        order = self._quotation((self.goods, 9))
        customer = self._promise(order)["customer"]
        self.assertEqual(customer["not_due"], 3)
        self.assertEqual(customer["ages"], [12, 16, 32, 64])
        self.assertEqual(customer["credits"], -3)
        self.assertEqual(customer["balance"], 3 + 12 + 16 + 32 + 64 - 3)
        self.assertEqual(customer["ordered"], 100)
        self.assertEqual(customer["left"], 1000 - customer["balance"] - 100)

    def _due(self, amount, days, kind="out_invoice", partner=None, **values):
        """An invoice that was due so many days ago."""
        day = self.today - timedelta(days=days)
        invoice = self._invoice(
            self.users["rep"],
            partner=partner,
            move_type=kind,
            invoice_date=day,
            invoice_date_due=day,
            invoice_payment_term_id=False,
            invoice_line_ids=[
                Command.create({"name": "Due", "price_unit": amount, "tax_ids": False})
            ],
            **values,
        )
        invoice.action_post()
        return invoice

    def test_contracts(self):
        """Those that run, and that the user may read."""
        make_contract(self).action_start()
        make_contract(self, title="Draft")
        over = make_contract(self, title="Over", start=True)
        over.sudo().date_end = "2019-12-31"
        make_contract(self, title="Later", date_start="2099-01-01", start=True)
        theirs = make_contract(self, title="Theirs", user_id=self.users["peer"].id)
        theirs.action_start()
        order = self._quotation((self.goods, 1))
        [contract] = self._promise(order)["customer"]["contracts"]
        self.assertIn("Valves", contract["name"])

    def test_exposure(self):
        """What all own customers owe and have on order; not what others' do."""
        self.reps["rep"].credit_limit = 500
        other = self.env["res.partner"].create(
            {"name": "Other", "is_company": True, "user_id": self.users["rep"].id}
        )
        foreign = self.env["res.partner"].create(
            {"name": "Foreign", "is_company": True, "user_id": self.users["peer"].id}
        )
        self._due(40, 3)
        self._due(50, -3, partner=other)
        self._due(900, 3, partner=foreign)
        self._quotation((self.goods, 2), partner=other, confirm=True)
        half = self._quotation((self.product, 2), confirm=True)
        half._create_invoices().invoice_line_ids.quantity = 1
        half.invoice_ids.action_post()
        order = self._quotation((self.goods, 1))
        rep = self._promise(order)["rep"]
        self.assertEqual(rep["exposure"], 40 + 50 + 200 + 200)
        self.assertEqual(rep["left"], 500 - 490)
        # The manager sees the same of the rep, a peer nothing.
        self.assertEqual(self._promise(order, "manager")["rep"], rep)
        unassigned = self._quotation((self.goods, 1))
        unassigned.user_id = False
        self.assertEqual(
            self._promise(unassigned, "peer")["rep"]["name"], self.reps["peer"].name
        )

    def test_margin(self):
        order = self._quotation((self.goods, 2))
        self.assertIsNone(self._promise(order)["lines"][0]["margin"])
        margin = self._promise(order, "manager")["lines"][0]["margin"]
        self.assertEqual((margin["cost"], margin["rate"]), (60, 40))
        self.company.sales_margin_access = "rep"
        self.assertTrue(self._promise(order)["lines"][0]["margin"])

    def test_access(self):
        """Whose the quotation is; nobody without a role, no customer."""
        order = self._quotation((self.goods, 1))
        order.message_subscribe(self.partner.ids)
        for name in ("peer", "finance", "foreigner"):
            with self.assertRaises(AccessError):
                self._promise(order, name)
        self.users["portal"] = self._user("portal", "base.group_portal")
        order.partner_id = self.users["portal"].partner_id
        for name in ("portal", "operations"):
            with self.assertRaises(AccessError):
                self._promise(order, name)

    def test_not_for_others(self):
        """Who is no rep gets a form without the panel."""
        view = self.env.ref("sale.view_order_form").id
        salesman = self._user("plain", "sales_team.group_sale_salesman")
        for user, there in ((self.users["rep"], True), (salesman, False)):
            arch = self.env["sale.order"].with_user(user).get_view(view)["arch"]
            self.assertEqual("sales_promise" in arch, there)

    def test_closed(self):
        """Closed the panel says the same with less: no names, prices or costs."""
        self._stock(self.goods, 10)
        self.company.sales_margin_access = "rep"
        self._due(40, 3)
        order = self._quotation((self.goods, 30), (self.product, 1))
        panel = order.with_user(self.users["rep"])
        self.env.flush_all()
        closed, opened = panel.get_sales_promise(False), panel.get_sales_promise()
        self.assertEqual((closed["details"], opened["details"]), (False, True))
        self.assertEqual(set(closed["lines"][0]), {"id", "stock"})
        for line, whole in zip(closed["lines"], opened["lines"], strict=True):
            self.assertEqual(line["id"], whole["id"])
            if line["stock"]:
                self.assertEqual(whole["stock"], whole["stock"] | line["stock"])
        self.assertEqual(closed["lines"][0]["stock"], {"short": 20, "too_old": 0})
        self.assertIsNone(closed["lines"][1]["stock"])
        customer = opened["customer"]
        self.assertEqual(customer, customer | closed["customer"])
        self.assertIsNone(closed["rep"])
        self.reps["rep"].credit_limit = 100
        self.assertEqual(panel.get_sales_promise(False)["rep"]["left"], 60)

    def test_flat(self):
        """As many queries for 50 lines as for 5."""
        counts = []
        for size in (5, 50):
            products = [self._goods(f"P{size}{number}") for number in range(size)]
            for number, product in enumerate(products):
                product.write({"tracking": "lot", "use_expiration_date": True})
                self._stock(product, 2, self._lot(product, f"L{number}", 50 + number))
                self._purchase(product, 5, 1 + number % 9)
            order = self._quotation(*((product, 1) for product in products))
            order.commitment_date = False
            for number, line in enumerate(order.order_line):
                line.customer_lead = number % 7
            sold = order.copy({"partner_id": self.partner.id})
            sold.action_confirm()
            order.order_line.action_ask_supply()
            counts += self._count_queries(order)
        self.assertEqual(counts[:2], counts[2:])
        self.assertLess(counts[0], counts[1])
