"""Asking for supply, and stock and supply of what a rep sells."""

import random
from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..deals.replenishment import COVER_DAYS, OVER_DAYS, SALES_DAYS, order_quantity
from .deals_common import DealsCase


@tagged("post_install", "-at_install")
class TestSupplyRequest(DealsCase):
    def _ask(self, order, user="rep"):
        order.with_user(self.users[user]).order_line.action_ask_supply()
        return self.env["sales.supply.request"].search(
            [("order_line_id", "in", order.order_line.ids)]
        )

    def _supply(self, order):
        return self._promise(order)["lines"][0]["supply"]

    def test_up_to_the_receipt(self):
        """Asked for, asked of the vendor, ordered, received; the rep sees each."""
        self._stock(self.goods, 4)
        order = self._quotation((self.goods, 6))
        self.assertIsNone(self._supply(order))
        request = self._ask(order)
        self.assertEqual(request.quantity, 2)
        self.assertEqual(request.activity_ids.user_id, self.buyer)
        self.assertEqual(self._supply(order)["state"], "asked")
        buyer = request.with_user(self.buyer)
        action = buyer.action_make_rfq()
        self.assertEqual(action["res_model"], "purchase.order")
        self.assertFalse(request.activity_ids)
        purchase = request.purchase_line_id.order_id
        self.assertEqual(purchase.partner_id, self.vendor)
        self.assertEqual(purchase.user_id, self.buyer)
        # The vendor sells ten at least.
        self.assertEqual(request.purchase_line_id.product_qty, 10)
        self.assertEqual(self._supply(order)["state"], "rfq")
        purchase.button_confirm()
        self.assertEqual(self._supply(order)["state"], "ordered")
        self.assertTrue(self._supply(order)["day"])
        picking = purchase.picking_ids
        picking.move_ids.quantity = 10
        picking.button_validate()
        self.assertEqual(self._supply(order)["state"], "received")
        self._search_agrees()

    def _search_agrees(self):
        """Each state is found by what it is computed as."""
        requests = self.env["sales.supply.request"].search([])
        for state, _label in requests._fields["state"].selection:
            self.assertEqual(
                requests.filtered(lambda one, state=state: one.state == state),
                requests.search([("state", "=", state)]),
                state,
            )

    def test_vendor_is_hidden(self):
        request = self._ask(self._quotation((self.goods, 6)))
        request.with_user(self.buyer).action_make_rfq()
        own = request.with_user(self.users["rep"])
        self.assertNotIn("purchase_line_id", own.fields_get())
        self.assertNotIn("Secret", str(own.read()))

    def test_twice_is_once(self):
        order = self._quotation((self.goods, 6))
        request = self._ask(order)
        self.assertEqual(self._ask(order), request)
        self.assertEqual(len(request.activity_ids), 1)
        request.with_user(self.buyer).action_make_rfq()
        self.assertEqual(self._ask(order), request)
        line = request.purchase_line_id
        request.with_user(self.buyer).action_make_rfq()
        self.assertEqual(request.purchase_line_id, line)

    def test_rfq_at_once(self):
        """By the setting; without a vendor it is an activity all the same."""
        self.company.sales_supply_mode = "rfq"
        unknown = self._goods("Unknown", vendor=False)
        order = self._quotation((self.goods, 60), (unknown, 1))
        known, open_ = self._ask(order).sorted(lambda one: one.product_id == unknown)
        self.assertEqual(known.state, "rfq")
        self.assertFalse(known.activity_ids)
        self.assertEqual(known.purchase_line_id.product_qty, 60)
        self.assertEqual(known.purchase_line_id.order_id.user_id, self.buyer)
        # What the vendor writes is not sent to the rep.
        followers = known.purchase_line_id.order_id.message_partner_ids
        self.assertNotIn(self.users["rep"].partner_id, followers)
        if "sale_line_id" in known.purchase_line_id._fields:
            self.assertEqual(known.purchase_line_id.sale_line_id, order.order_line[0])
        self.assertEqual(open_.state, "asked")
        self.assertEqual(open_.activity_ids.user_id, self.buyer)
        with self.assertRaises(UserError):
            open_.with_user(self.buyer).action_make_rfq()

    def test_refused_and_asked_again(self):
        order = self._quotation((self.goods, 6))
        request = self._ask(order)
        buyer = request.with_user(self.buyer)
        with self.assertRaises(ValidationError):
            buyer.action_refuse()
        buyer.reason = "Out of production"
        buyer.action_refuse()
        self.assertEqual(self._supply(order)["reason"], "Out of production")
        self.assertTrue(self._supply(order)["again"])
        with self.assertRaises(UserError):
            buyer.action_make_rfq()
        self._search_agrees()
        self.assertEqual(self._ask(order), request)
        self.assertEqual((request.state, request.reason), ("asked", False))
        buyer.action_make_rfq()
        request.purchase_line_id.order_id.button_cancel()
        self.assertEqual(request.state, "cancelled")
        self._search_agrees()
        self._ask(order)
        self.assertEqual(request.state, "asked")

    def test_needed_no_more(self):
        """The order is cancelled, or its line deleted."""
        first, second = (self._quotation((self.goods, 6)) for _n in range(2))
        requests = self._ask(first) + self._ask(second)
        first._action_cancel()
        second.order_line.unlink()
        requests.invalidate_recordset()
        self.assertEqual(requests.mapped("state"), ["cancelled"] * 2)
        self._search_agrees()
        with self.assertRaises(UserError):
            requests.with_user(self.buyer).action_make_rfq()

    def test_confirmed(self):
        """Of a confirmed order all that is not delivered."""
        order = self._quotation((self.goods, 6), confirm=True)
        self.assertEqual(self._ask(order).quantity, 6)

    def test_whose(self):
        order = self._quotation((self.goods, 6))
        with self.assertRaises(AccessError):
            self._ask(order, "peer")
        service = self._quotation((self.product, 1))
        with self.assertRaises(UserError):
            self._ask(service)
        self.company.sales_supply_user_id = False
        self.goods.responsible_id = self.users["rep"]
        with self.assertRaises(UserError):
            self._ask(order)
        self.goods.responsible_id = self.buyer
        self.assertEqual(self._ask(order).activity_ids.user_id, self.buyer)

    def test_stamped(self):
        request = self._ask(self._quotation((self.goods, 6)))
        buyer = request.with_user(self.buyer)
        for vals in ({"quantity": 7}, {"refused": True}, {"user_id": self.buyer.id}):
            with self.assertRaises(UserError):
                buyer.write(vals)
        other = self._purchase(self._goods("Other"), 1, 1).order_line
        with self.assertRaises(ValidationError):
            buyer.purchase_line_id = other
        mine = self._purchase(self.goods, 6, 1).order_line
        with Form(buyer) as form:
            form.purchase_line_id = mine.with_user(self.buyer)
        self.assertEqual(request.state, "ordered")
        self.assertEqual(
            request.with_user(self.users["rep"]).read(["state"])[0]["state"], "ordered"
        )
        self.assertTrue(
            request.with_user(self.users["rep"]).search([("state", "=", "ordered")])
        )


@tagged("post_install", "-at_install")
class TestSupply(DealsCase):
    def _row(self, product, user="director"):
        self.env.flush_all()
        self.env.invalidate_all()
        return (
            self.env["sales.supply"]
            .with_user(self.users[user])
            .search([("product_id", "=", product.id)])
        )

    def _sell(self, product, quantity, days=10, user="rep"):
        """Sold and delivered so many days ago."""
        order = self._quotation((product, quantity), user=user, confirm=True)
        order.picking_ids.move_ids.quantity = quantity
        order.picking_ids.move_ids.picked = True
        order.picking_ids._action_done()
        order.date_order = self._noon(-days)
        return order

    def test_whose(self):
        """What oneself, or those below, have sold of late."""
        old, theirs, nobodys = map(self._goods, ("Old", "Theirs", "Nobodys"))
        for product in self.goods + old + theirs + nobodys:
            self._stock(product, 100)
        self._sell(self.goods, 1)
        self._sell(old, 1, SALES_DAYS + 1)
        self._sell(theirs, 1, user="peer")
        rows = {
            user: {
                product
                for product in (self.goods, old, theirs, nobodys)
                if self._row(product, user)
            }
            for user in ("rep", "leader", "peer_manager", "director", "operations")
        }
        everything = {self.goods, old, theirs, nobodys}
        self.assertEqual(
            rows,
            {
                "rep": {self.goods},
                "leader": {self.goods},
                "peer_manager": {theirs},
                "director": everything,
                "operations": everything,
            },
        )
        row = self._row(self.goods)
        self.assertEqual(row.rep_ids, self.reps["rep"])
        own = row.with_user(self.users["rep"])
        self.assertEqual(own.read(["on_hand"])[0]["on_hand"], 99)
        with self.assertRaises(AccessError):
            self._row(theirs).with_user(self.users["rep"]).read(["on_hand"])
        with self.assertRaises(AccessError):
            row.with_user(self.users["finance"]).read(["on_hand"])

    def test_no_cost(self):
        names = set(self.env["sales.supply"]._fields)
        self.assertFalse({name for name in names if "cost" in name or "price" in name})
        self.assertFalse({"vendor_id", "partner_id"} & names)

    def test_by_sales(self):
        """Without a rule: below what is sold until a purchase arrives, 30 days more."""
        self._stock(self.goods, 100)
        self._sell(self.goods, 90)
        row = self._row(self.goods)
        # One a day, 7 days from the vendor; 10 are left.
        self.assertEqual(
            (row.sold, row.on_hand, row.point, row.target), (90, 10, 7, 37)
        )
        self.assertFalse(row.short)
        self._quotation((self.goods, 4), confirm=True).date_order = self._noon(-100)
        row = self._row(self.goods)
        self.assertEqual((row.forecast, row.outgoing), (6, 4))
        self.assertTrue(row.short)
        self.assertEqual(row.suggested, 31)

    def test_by_rule(self):
        """The reordering rule decides, whatever was sold, in its packs."""
        pack = self.env["uom.uom"].create(
            {
                "name": "Box of 12",
                "relative_uom_id": self.goods.uom_id.id,
                "relative_factor": 12,
            }
        )
        self.goods.uom_ids = pack
        self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.goods.id,
                "location_id": self.warehouse.lot_stock_id.id,
                "product_min_qty": 20,
                "product_max_qty": 50,
                "replenishment_uom_id": pack.id,
                "trigger": "manual",
            }
        )
        self._stock(self.goods, 15)
        row = self._row(self.goods)
        self.assertTrue(row.has_rule and row.short)
        self.assertEqual(row.suggested, 36)
        self._purchase(self.goods, 6, 4)
        row = self._row(self.goods)
        self.assertFalse(row.short or row.suggested)
        self.assertTrue(row.comes and row.next_date)

    def test_expiring_and_over_stocked(self):
        dated = self._goods("Dated", tracking="lot", use_expiration_date=True)
        for name, days, quantity in (("a", 30, 5), ("b", 200, 7), ("gone", -2, 3)):
            self._stock(dated, quantity, self._lot(dated, name, days))
        row = self._row(dated)
        self.assertEqual((row.on_hand, row.free, row.forecast), (15, 12, 12))
        self.assertEqual(row.expiring, 8)
        self.assertTrue(row.expires_soon and row.over_stocked)

    def test_like_plain_counting(self):
        """Random stock, moves, sales and rules against a count of records."""
        chance = random.Random(8)
        products = [self._goods(f"R{number}") for number in range(8)]
        for product in products:
            self._stock(product, chance.randint(0, 120))
            for _n in range(chance.randint(0, 2)):
                self._sell(product, chance.randint(1, 30), chance.randint(1, 120))
            if chance.random() < 0.5:
                self._purchase(product, chance.randint(1, 40), chance.randint(1, 9))
            if chance.random() < 0.5:
                self._purchase(product, chance.randint(1, 40), 3, confirm=False)
            if chance.random() < 0.5:
                self._quotation((product, chance.randint(1, 40)), confirm=True)
            if chance.random() < 0.4:
                least = chance.randint(0, 30)
                self.env["stock.warehouse.orderpoint"].create(
                    {
                        "product_id": product.id,
                        "location_id": self.warehouse.lot_stock_id.id,
                        "product_min_qty": least,
                        "product_max_qty": least + chance.randint(0, 40),
                        "trigger": "manual",
                    }
                )
        for product in products:
            row = self._row(product)
            here = product.with_context(warehouse_id=self.warehouse.id)
            since = self.company._get_sales_day()[0] - timedelta(days=SALES_DAYS)
            lines = self.env["sale.order.line"].search(
                [
                    ("product_id", "=", product.id),
                    ("state", "=", "sale"),
                    ("order_id.date_order", ">=", since),
                ]
            )
            sold = sum(lines.mapped("product_uom_qty"))
            rule = self.env["stock.warehouse.orderpoint"].search(
                [("product_id", "=", product.id)]
            )
            asked = sum(
                self.env["purchase.order.line"]
                .search([("product_id", "=", product.id), ("state", "=", "draft")])
                .mapped("product_qty")
            )
            rate = sold / SALES_DAYS
            point = rule.product_min_qty if rule else 7 * rate
            target = rule.product_max_qty if rule else (7 + COVER_DAYS) * rate
            there = here.virtual_available
            for name, value in {
                "on_hand": here.qty_available,
                "free": here.free_qty,
                "incoming": here.incoming_qty,
                "outgoing": here.outgoing_qty,
                "forecast": there,
                "asked": asked,
                "sold": sold,
                "point": point,
                "target": target,
                "suggested": order_quantity(there + asked, point, target, not rule),
            }.items():
                self.assertAlmostEqual(row[name], value, 4, (product.name, name))
            self.assertEqual(row.short, there < point - 1e-6)
            most = max(OVER_DAYS * rate, rule.product_max_qty)
            self.assertEqual(row.over_stocked, there > most)

    def _short(self, name, **values):
        product = self._goods(name, **values)
        self._stock(product, 9)
        self._sell(product, 9)
        return product

    def test_rfqs_in_bulk(self):
        """One draft for each vendor, nothing twice, who has no vendor is named."""
        second = self.env["res.partner"].create({"name": "Second Vendor"})
        products = self._short("One") + self._short("Two")
        products += self._short(
            "Three",
            seller_ids=[Command.create({"partner_id": second.id, "delay": 3})],
        )
        orphan = self._short("Orphan", vendor=False)
        self._quotation((orphan, 3), confirm=True)
        fine = self._goods("Fine")
        self._stock(fine, 1000)
        self._sell(fine, 1)
        rows = self.env["sales.supply"].with_user(self.users["manager"])
        for product in products + orphan + fine:
            rows += self._row(product, "manager")
        result = rows.action_make_rfqs()
        self.assertIn("Orphan", result["params"]["message"])
        lines = self.env["purchase.order.line"].search(
            [("product_id", "in", (products + orphan + fine).ids)]
        )
        self.assertEqual(lines.product_id, products)
        self.assertEqual(len(lines), 3)
        orders = lines.order_id
        self.assertEqual(orders.partner_id, self.vendor + second)
        self.assertEqual(len(orders), 2)
        self.assertEqual(set(orders.mapped("state")), {"draft"})
        self.assertEqual(orders.picking_type_id, self.warehouse.in_type_id)
        self.assertNotIn(self.users["manager"].partner_id, orders.message_partner_ids)
        with self.assertRaises(UserError):
            (rows - self._row(orphan)).action_make_rfqs()
        rows.action_make_rfqs()
        self.assertEqual(
            self.env["purchase.order.line"].search_count(
                [("product_id", "in", products.ids)]
            ),
            3,
        )

    def test_rfqs_by_whom(self):
        product = self._short("One")
        for user in ("rep", "leader"):
            with self.assertRaises(AccessError):
                self._row(product, user).action_make_rfqs()
        with self.assertRaises(AccessError):
            self._row(product).with_user(self.users["peer_manager"]).action_make_rfqs()

    def test_export(self):
        """What the list shows goes to Excel by Odoo's own export."""
        self._stock(self.goods, 5)
        self._sell(self.goods, 2)
        self.users["rep"].group_ids += self.env.ref("base.group_allow_export")
        row = self._row(self.goods, "rep")
        data = row.export_data(["product_id/name", "on_hand", "suggested"])["datas"]
        self.assertEqual(data[0][:2], ["Goods", 3.0])
