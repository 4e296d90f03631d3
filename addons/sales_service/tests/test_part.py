"""Parts used: out of the van, onto the order, once."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .job_common import PIXEL, JobCase


@tagged("post_install", "-at_install")
class TestPart(JobCase):
    def setUp(self):
        super().setUp()
        self.job = self._check_in()

    def test_booked(self):
        """Out of the van by a real delivery, with the lot, onto a draft order."""
        fuse = self._use(self.job, quantity=2)
        meter = self._use(self.job, self.meter, lot_id=self.lot.id)
        self.assertTrue(self.job.to_book)
        for _click in range(2):
            self.job.action_book_parts()
        self.assertFalse(self.job.to_book)
        self.assertEqual((self._in_van(self.fuse), self._in_van(self.meter)), (3, 0))
        picking = fuse.sudo().move_id.picking_id
        self.assertEqual(picking, meter.sudo().move_id.picking_id)
        self.assertEqual(
            (picking.state, picking.origin, picking.partner_id),
            ("done", self.ticket.number, self.partner),
        )
        self.assertEqual(picking.move_ids.location_id, self.van)
        self.assertEqual(picking.move_ids.location_dest_id.usage, "customer")
        self.assertEqual(picking.move_ids.move_line_ids.lot_id, self.lot)
        order = self.ticket.service_order_ids
        self.assertEqual(
            (order.state, order.partner_id, order.service_ticket_id),
            ("draft", self.partner, self.ticket),
        )
        self.assertEqual(order.amount_untaxed, 70)
        self.assertEqual(fuse.sudo().cost, 10)

    def test_in_van(self):
        """The agent finds what is along first; without a van there is no such limit."""
        Product = self.env["product.product"].with_user(self.users["agent"])
        there = [("is_in_service_van", "=", True)]
        self.assertEqual(Product.search(there), self.fuse + self.meter)
        self._use(self.job, self.meter, lot_id=self.lot.id)
        self.job.action_book_parts()
        self.assertEqual(Product.search(there), self.fuse)
        self.profile.location_id = False
        self.assertIn(self.meter, Product.search(there))

    def test_confirmed(self):
        """What is on the order was delivered: confirming it delivers no second time."""
        self._use(self.job, quantity=2)
        self.job.action_book_parts()
        order = self.ticket.service_order_ids
        order.action_confirm()
        self.assertEqual(order.picking_ids.mapped("state"), ["done"])
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(order.invoice_status, "to invoice")
        self.assertEqual(self._in_van(self.fuse), 3)
        # What comes later is on the next order.
        self._use(self.job)
        self.job.action_book_parts()
        self.assertEqual(len(self.ticket.service_order_ids), 2)
        self.assertEqual(self.ticket._get_service_order().order_line.product_uom_qty, 1)

    def test_warranty(self):
        self.ticket.warranty = "warranty"
        free = self._use(self.job)
        paid = self._use(self.job, charge="chargeable")
        self.assertEqual((free.charge, paid.charge), ("warranty", "chargeable"))
        self.job.action_book_parts()
        lines = self.ticket.service_order_ids.order_line
        self.assertEqual(lines.mapped("price_unit"), [0, 10])
        self.assertIn("warranty", lines[0].name)
        # What is booked stays, what is not follows the verdict.
        later = self._use(self.job)
        self.ticket.warranty = "chargeable"
        self.assertEqual((free.charge, later.charge), ("warranty", "chargeable"))
        lines[0].product_uom_qty = 3
        self.assertEqual(lines[0].price_unit, 0)

    def test_not_there(self):
        """All or nothing, and what is missing is said."""
        self._use(self.job)
        self._use(self.job, quantity=5)
        self._use(self.job, self.meter)
        with self.assertRaises(UserError) as caught:
            self.job.action_book_parts()
        said = str(caught.exception)
        for word in ("Nothing was booked", "Fuse", "6.0", "5.0", "Van", "serial"):
            self.assertIn(word, said)
        self.assertEqual(self._in_van(self.fuse), 5)
        self.assertFalse(self.ticket.service_order_ids)
        self.assertFalse(any(part.is_booked for part in self.job.part_ids))

    def test_wrong_lot(self):
        part = self._use(self.job, self.meter, lot_id=self.lot.id, quantity=2)
        with self.assertRaises(UserError):
            self.job.action_book_parts()
        part.write({"product_id": self.fuse.id, "quantity": 1})
        with self.assertRaises(UserError):
            self.job.action_book_parts()

    def test_reserved(self):
        """What is put by for somebody else is not there."""
        self.env["stock.quant"]._update_reserved_quantity(self.fuse, self.van, 4)
        self._use(self.job, quantity=2)
        with self.assertRaises(UserError):
            self.job.action_book_parts()

    def test_without_van(self):
        """Out of the warehouse."""
        self.profile.location_id = False
        stock = self.job.sudo()._get_source()
        self.assertEqual(stock.usage, "internal")
        self.env["stock.quant"]._update_available_quantity(self.fuse, stock, 1)
        part = self._use(self.job)
        self.job.action_book_parts()
        self.assertEqual(part.sudo().move_id.location_id, stock)
        self.assertEqual(self._in_van(self.fuse), 5)

    def test_stays(self):
        part = self._use(self.job)
        self.job.action_book_parts()
        for vals in ({"quantity": 9}, {"charge": "warranty"}, {"move_id": False}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                part.write(vals)
        with self.assertRaises(UserError):
            part.unlink()
        other = self._use(self.job)
        with self.assertRaises(UserError):
            other.write({"cost": 0})
        other.unlink()

    def test_not_theirs(self):
        """Nobody takes parts for another's job."""
        self._use(self.job)
        with self.assertRaises(AccessError):
            self._as("colleague", self.job).action_book_parts()
        with self.assertRaises(AccessError):
            self.env["sales.service.part"].with_user(self.users["colleague"]).create(
                {"job_id": self.job.id, "product_id": self.fuse.id}
            )
        with self.assertRaises(AccessError):
            self._as("agent", self.env["stock.picking"]).create({})

    def test_hours(self):
        hour = self.env["product.product"].create(
            {
                "name": "Hour",
                "type": "service",
                "list_price": 80,
                "taxes_id": [Command.clear()],
            }
        )
        self.team.hour_product_id = hour
        self._fill(self.job)
        self._use(self.job)
        with self._at(90):
            self.job.action_sign(PIXEL, "Customer")
        order = self.ticket.service_order_ids
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [1, 1.5])
        self.assertEqual(order.amount_untaxed, 10 + 120)
        self.assertEqual(self.job.sudo().hour_line_id, order.order_line[1])

    def test_shelves(self):
        """Taken from where they lie below the warehouse's stock, each piece once."""
        self.profile.location_id = False
        stock = self.job.sudo()._get_source()
        shelves = self.env["stock.location"].create(
            [{"name": name, "location_id": stock.id} for name in ("Left", "Right")]
        )
        Quant = self.env["stock.quant"]
        for shelf, quantity in zip(shelves, (3, 2), strict=True):
            Quant._update_available_quantity(self.fuse, shelf, quantity)
        Quant._update_available_quantity(self.meter, shelves[0], 1, lot_id=self.lot)
        for quantity in (2, 2):
            self._use(self.job, quantity=quantity)
        self._use(self.job, self.meter, lot_id=self.lot.id)
        self.job.action_book_parts()
        quants = Quant.search(
            [
                ("product_id", "in", (self.fuse + self.meter).ids),
                ("location_id", "child_of", stock.id),
            ]
        )
        self.assertEqual(sum(quants.mapped("quantity")), 1)
        self.assertGreaterEqual(min(quants.mapped("quantity")), 0)
        self.assertFalse(any(quants.mapped("reserved_quantity")))

    def test_no_part(self):
        """What has no stock is used as well, but no service."""
        glue, service = self.env["product.product"].create(
            [{"name": "Glue", "type": "consu"}, {"name": "Advice", "type": "service"}]
        )
        part = self._use(self.job, glue, quantity=0.5)
        self.job.action_book_parts()
        move = part.sudo().move_id
        self.assertEqual((move.state, move.quantity), ("done", 0.5))
        with self.assertRaises(UserError):
            self._use(self.job, service)

    def test_prices_updated(self):
        """Another pricelist charges nothing that is under warranty."""
        self.ticket.warranty = "warranty"
        self._use(self.job)
        self._use(self.job, charge="chargeable")
        self.job.action_book_parts()
        order = self.ticket.service_order_ids
        order.order_line[1].price_unit = 7
        order.action_update_prices()
        self.assertEqual(order.order_line.mapped("price_unit"), [0, 10])

    def test_hours_by_the_day(self):
        self.team.hour_product_id = self.env["product.product"].create(
            {
                "name": "Day",
                "type": "service",
                "uom_id": self.env.ref("uom.product_uom_day").id,
                "list_price": 800,
                "taxes_id": [Command.clear()],
            }
        )
        self._fill(self.job)
        with self._at(90):
            self.job.action_sign(PIXEL, "Customer")
        self.assertEqual(self.ticket.service_order_ids.amount_untaxed, 150)

    def test_hours_under_warranty(self):
        self.team.hour_product_id = self.product
        self.ticket.warranty = "warranty"
        self._fill(self.job)
        with self._at(90):
            self.job.action_sign(PIXEL, "Customer")
        self.assertFalse(self.ticket.service_order_ids)
        self.ticket.warranty = "chargeable"
        self.assertFalse(self.job.is_charged)

    def test_no_customer(self):
        self.ticket.partner_id = False
        with self.assertRaises(UserError):
            self.ticket._get_service_order()

    def test_queries(self):
        """As many for ten parts as for four, but for what Odoo takes for each move."""
        counts = []
        for number in (4, 10):
            self.env["stock.quant"]._update_available_quantity(self.fuse, self.van, 20)
            for _part in range(number):
                self._use(self.job)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.job.action_book_parts()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[1], counts[0] + 6 * 25)
