"""The buyer hears of a bad product, once, until it is worse; care calls by class."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common import ServiceCase


@tagged("post_install", "-at_install")
class TestQualityAlert(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Rule = cls.env["sales.service.quality.rule"]
        Rule.search([]).active = False
        cls.rule = Rule.create(
            {
                "name": "Bad",
                "company_id": cls.company.id,
                "threshold": 50,
                "min_tickets": 3,
                "days": 90,
            }
        )
        cls.buyer = cls._user("buyer", "purchase.group_purchase_user")
        cls.vendor = cls.env["res.partner"].create(
            {"name": "Vendor", "buyer_id": cls.buyer.id}
        )
        cls.goods = cls.env["product.product"].create(
            {
                "name": "Pump",
                "type": "consu",
                "responsible_id": False,
                "seller_ids": [Command.create({"partner_id": cls.vendor.id})],
            }
        )
        cls._deliver(60)

    @classmethod
    def _deliver(cls, quantity):
        order = cls._order(
            order_line=[
                Command.create(
                    {
                        "product_id": cls.goods.id,
                        "product_uom_qty": quantity,
                        "tax_ids": False,
                    }
                )
            ]
        )
        order.picking_ids.move_ids.quantity = quantity
        order.picking_ids.move_ids.picked = True
        order.picking_ids.button_validate()

    def _tickets(self, count):
        for _number in range(count):
            self._ticket(product_id=self.goods.id)

    def _run(self):
        self.env.flush_all()
        return self.rule._run(self.company)

    def _activities(self):
        return self.env["mail.activity"].search(
            [("res_model", "=", "product.product"), ("res_id", "=", self.goods.id)]
        )

    def test_once_until_worse(self):
        self._ticket(product_id=self.goods.id, state="cancelled")
        self._tickets(2)
        self.assertFalse(self._run())  # too few
        self._tickets(1)
        self.rule.min_sold = 60.01
        self.assertFalse(self._run())  # most were sold before
        self.rule.min_sold = 60
        [alert] = self._run()  # exactly the limit
        self.assertEqual((alert.tickets, alert.sold, alert.rate), (3, 60, 50))
        self.assertEqual(alert.user_id, self.buyer)
        opened = self.env["sales.service.ticket"].search(
            alert.action_open_tickets()["domain"]
        )
        self.assertEqual(len(opened), alert.tickets)
        [activity] = self._activities()
        self.assertEqual(activity.user_id, self.buyer)
        self.assertIn(
            "Pump of Vendor: 3 tickets on 60 sold in 90 days, 50.0 per 1,000; "
            "the limit is 50.0.",
            activity.note,
        )
        self.assertFalse(self._run())
        self._tickets(1)
        self.assertTrue(self._run())
        # What is still open is renewed.
        self.assertEqual(self._activities(), activity)
        self.assertIn("4 tickets", activity.note)
        # More sold and more tickets, but no worse.
        self._deliver(60)
        self._tickets(2)
        self.assertFalse(self._run())

    def test_several_suppliers(self):
        """Where lots came from several vendors, none of them is named."""
        lot = self.env["stock.lot"]
        rows = [(self.goods, lot, 3, 60, [self.vendor.id, self.partner.id, None])]
        self.patch(self.registry[self.rule._name], "_measure", lambda *_args: rows)
        alert = self._run()
        self.assertFalse(alert.supplier_id)
        self.assertEqual(alert.rate, 50)
        self.assertNotIn(" of ", self._activities().note)

    def test_opens(self):
        """The tickets that are counted, under a path that says nothing else."""
        self._tickets(3)
        now = self.env["sales.service.ticket"]._get_now()
        for days in (0, 91):
            old = self._ticket(product_id=self.goods.id)
            old.opened_at = now - timedelta(days=days)
            if not days:
                old.action_cancel()
        alert = self._run()
        self.assertEqual(alert.tickets, 3)
        action = alert.action_open_tickets()
        self.assertNotIn("path", action)
        self.assertEqual(
            self.env["sales.service.ticket"].search_count(action["domain"]), 3
        )

    def test_next_period(self):
        self._tickets(3)
        alert = self._run()
        self.env.cr.execute(
            "UPDATE sales_service_quality_alert SET date = date - 91 WHERE id = %s",
            (alert.id,),
        )
        alert.invalidate_recordset()
        self.assertTrue(self._run())

    def test_buyer(self):
        """The product's own, else the vendor's, else a purchase manager."""
        self._tickets(3)
        manager = self._user("chief", "purchase.group_purchase_manager")
        self.goods.responsible_id = manager
        self.assertEqual(self._run().user_id, manager)
        self.goods.responsible_id = False
        self.buyer.active = False
        self._tickets(1)
        alert = self._run()
        self.assertTrue(alert.user_id.has_group("purchase.group_purchase_manager"))

    def test_lots(self):
        self.goods.tracking = "lot"
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": self.goods.id} for name in ("A", "B")]
        )
        stock = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        customers = self.env.ref("stock.stock_location_customers")
        for lot in lots:
            move = self.env["stock.move"].create(
                {
                    "product_id": self.goods.id,
                    "product_uom_qty": 10,
                    "location_id": stock.lot_stock_id.id,
                    "location_dest_id": customers.id,
                    "company_id": self.company.id,
                    "move_line_ids": [
                        Command.create(
                            {
                                "product_id": self.goods.id,
                                "lot_id": lot.id,
                                "quantity": 10,
                                "location_id": stock.lot_stock_id.id,
                                "location_dest_id": customers.id,
                                "company_id": self.company.id,
                            }
                        )
                    ],
                }
            )
            move.picked = True
            move._action_done()
        for _number in range(3):
            self._ticket(product_id=self.goods.id, lot_id=lots[0].id)
        self.rule.by_lot = True
        [alert] = self._run()
        self.assertEqual((alert.lot_id, alert.tickets, alert.sold), (lots[0], 3, 10))
        self.assertIn("Pump A", self._activities().note)

    def test_access(self):
        self._tickets(3)
        alert = self._run()
        self.users["buyer"] = self.buyer
        for role, seen in (
            *(("agent", False), ("dispatcher", True), ("service_manager", True)),
            *(("buyer", True), ("rep", False), ("director", True)),
            *(("operations", True), ("finance", False)),
        ):
            one = self._as(role, alert)
            with self.subTest(role=role):
                self.assertEqual(one.has_access("read"), seen)
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(one.has_access(operation))
                self.assertEqual(
                    self._as(role, self.rule).has_access("write"),
                    role == "service_manager",
                )
        with self.assertRaises(AccessError):
            self._as("service_manager", self.rule)._run(self.company)


@tagged("post_install", "-at_install")
class TestCare(ServiceCase):
    """Care calls by class: the follow-up rule knows what happens on tickets."""

    def test_care_call(self):
        self.env["sales.followup.rule"].search([]).active = False
        self.company.resource_calendar_id.tz = "UTC"
        rep = self.users["rep"]
        customers = self.env["res.partner"].create(
            [
                {"name": name, "is_company": True, "user_id": rep.id}
                for name in ("Quiet", "Asked", "Answered")
            ]
        )
        quiet, asked, answered = customers
        class_ = self.env["sales.customer.class"].create(
            {
                "name": "A",
                "company_id": self.company.id,
                "share_upto": 80,
                "follow_up_days": 30,
            }
        )
        self.env["sales.customer"]._refresh(self.company)
        self.env.cr.execute(
            "UPDATE sales_customer SET class_id = %s, claimed_on = '2031-01-01' "
            "WHERE id = ANY(%s)",
            (class_.id, customers.sales_customer_id.ids),
        )
        rule = self.env["sales.followup.rule"].create(
            {
                "name": "Care call",
                "kind": "customer_silent",
                "days": 0,
                "day_kind": "calendar",
                "company_id": self.company.id,
                "date_from": "2031-01-01",
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
            }
        )
        self._ticket(partner_id=asked.id, opened_at="2031-01-20 08:00:00")
        ticket = self._ticket(partner_id=answered.id, opened_at="2031-01-01 08:00:00")
        ticket.message_post(
            body="Words",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            date="2031-01-25 08:00:00",
        )

        def run(day):
            with freeze_time(f"{day} 09:00:00"):
                rule._run(self.company)
            self.env.invalidate_all()
            return self.env["sales.followup"].search([("rule_id", "=", rule.id)])

        self.assertFalse(run("2031-01-30"))
        [first] = run("2031-01-31")
        self.assertEqual(first.partner_id, quiet)
        self.assertEqual(first.activity_id.user_id, rep)
        self.assertEqual(run("2031-02-18"), first)  # once
        self.assertEqual(
            (run("2031-02-19") - first).partner_id, asked
        )  # thirty days after his ticket
        # The customer asks for help: no care call is needed any more.
        self._ticket(partner_id=quiet.id, opened_at="2031-02-19 08:00:00")
        run("2031-02-20")
        self.assertEqual(first.state, "gone")
        self.assertEqual(
            first.date + timedelta(days=30), fields.Date.to_date("2031-01-31")
        )
