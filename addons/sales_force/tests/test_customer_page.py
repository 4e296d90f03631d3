"""The page of a customer: timeline, open amounts, last prices, relations, next step."""

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import SalesForceCase


@tagged("post_install", "-at_install")
class TestCustomerPage(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rep = cls.users["rep"]
        cls.group, cls.own = cls.env["res.partner"].create(
            [
                {"name": "Page Group", "is_company": True},
                {"name": "Page Customer", "is_company": True, "user_id": cls.rep.id},
            ]
        )
        cls.own.parent_id = cls.group
        cls.contact = cls.env["res.partner"].create(
            {
                "name": "Buyer",
                "parent_id": cls.own.id,
                "email": "Buyer <BUYER@example.com>",
            }
        )
        cls.env["sales.customer"]._refresh(cls.company)
        cls.card = cls.env["sales.customer"].search([("partner_id", "=", cls.own.id)])

    def _card(self, who="rep"):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.card.with_user(self.users[who])

    def _kinds(self, who="rep", **options):
        lines = self._card(who).get_timeline(**options)["lines"]
        return [(line["kind"], bool(line["res_id"])) for line in lines]

    def _sell(self, user, price=100.0, partner=None, **line):
        order = self.env["sale.order"].create(
            {
                "partner_id": (partner or self.contact).id,
                "user_id": user.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": 2,
                            "price_unit": price,
                            "tax_ids": False,
                            **line,
                        }
                    )
                ],
            }
        )
        order.user_id = user
        return order

    def test_timeline(self):
        self.env["crm.lead"].create(
            {"name": "Need", "partner_id": self.own.id, "user_id": self.rep.id}
        )
        peer = self.users["peer"]
        order = self._sell(peer)
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.invoice_user_id = peer
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        quotation = self._sell(self.rep)
        kinds = self._kinds()
        self.assertEqual(
            sorted(kinds),
            [
                ("invoice", False),
                ("lead", True),
                ("order", False),
                ("payment", False),
                ("quotation", True),
            ],
        )
        self.assertEqual(
            {kind for kind, _open in self._kinds(phase="sale")}, {"order", "invoice"}
        )
        self.assertEqual(len(self._kinds(limit=2)), 2)
        self.assertTrue(self._card().get_timeline(limit=2)["more"])
        self.assertFalse(self._card().get_timeline(limit=5)["more"])
        line = next(
            line
            for line in self._card().get_timeline()["lines"]
            if line["kind"] == "order"
        )
        self.assertEqual((line["title"], line["amount"]), (order.name, 200.0))
        self.assertEqual(
            {kind for kind, opens in self._kinds("director") if opens},
            {"lead", "quotation", "order", "invoice"},
        )
        # In the pool everybody sees only what he may read.
        self.own.user_id = False
        self.assertEqual(sorted(self._kinds()), [("lead", True), ("quotation", True)])
        quotation.company_id = self.company
        self.own.user_id = peer
        with self.assertRaises(AccessError):
            self._kinds()

    def test_activities_and_meetings(self):
        activity = self.own.with_user(self.rep).activity_schedule(
            "mail.mail_activity_data_call", summary="Ask"
        )
        self.assertEqual(self._card().next_step, "Ask")
        self.assertEqual(self._card().next_step_date, activity.date_deadline)
        activity.with_user(self.rep).action_feedback(feedback="Asked")
        self.env["calendar.event"].create(
            {
                "name": "Meet",
                "start": "2031-01-05 08:00:00",
                "stop": "2031-01-05 09:00:00",
                "partner_ids": [Command.set(self.contact.ids)],
                "user_id": self.rep.id,
            }
        )
        self.assertFalse(self._card().next_step)
        self.assertEqual(
            [kind for kind, _open in self._kinds()], ["meeting", "activity"]
        )

    def test_open_amounts(self):
        self._sell(self.rep, 70.0)
        expired = self._sell(self.rep, 1000.0)
        expired.validity_date = "2020-01-01"
        order = self._sell(self.users["peer"], 100.0)
        order.action_confirm()
        other = self._sell(self.rep, 30.0)
        other.action_confirm()
        invoice = order._create_invoices()
        invoice.invoice_date = fields.Date.today()
        invoice.action_post()
        old = other._create_invoices()
        old.invoice_date = old.invoice_date_due = "2020-01-01"
        old.invoice_payment_term_id = False
        old.action_post()
        self._sell(self.rep, 5.0).action_confirm()
        refund = invoice._reverse_moves()
        refund.invoice_line_ids.quantity = 0.5
        refund.action_post()
        card = self._card()
        self.assertEqual(card.quoted_amount, 140.0)
        # The credit note makes its part invoiceable again, as Odoo counts.
        self.assertEqual(card.uninvoiced_amount, 10.0 + 50.0)
        self.assertEqual(card.unpaid_amount, 200.0 + 60.0 - 50.0)
        self.assertEqual(card.overdue_amount, 60.0)

    def test_instalments(self):
        """Overdue is what an instalment is late with; blocked is unpaid as well."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Half in 10 days, the rest in 60",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (10, 60)
                ],
            }
        )
        order = self._sell(self.rep)
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.invoice_payment_term_id = term
        invoice.invoice_date = fields.Date.subtract(fields.Date.today(), days=30)
        invoice.action_post()
        card = self._card()
        self.assertEqual((card.unpaid_amount, card.overdue_amount), (200.0, 100.0))
        invoice.action_toggle_block_payment()
        card = self._card()
        self.assertEqual((card.unpaid_amount, card.overdue_amount), (200.0, 100.0))

    def test_in_the_pool(self):
        """Of a customer whom nobody owns only what the user may read is told."""
        for user, price in ((self.users["peer"], 100.0), (self.rep, 7.0)):
            order = self._sell(user, price)
            order.action_confirm()
            invoice = order._create_invoices()
            invoice.invoice_user_id = user
            invoice.action_post()
            self._sell(user, price)
            self._sell(user, price).action_confirm()

        def told(who):
            card = self._card(who)
            return [
                [line["price_unit"] for line in card.get_prices()],
                card.quoted_amount,
                card.uninvoiced_amount,
                card.unpaid_amount,
            ]

        all_ = [[7.0], 214.0, 214.0, 214.0]
        self.assertEqual(told("rep"), all_)
        self.own.user_id = False
        self.assertEqual(told("rep"), [[7.0], 14.0, 14.0, 14.0])
        self.assertEqual(told("peer"), [[100.0], 200.0, 200.0, 200.0])
        self.assertEqual(told("peer_leader"), [[100.0], 200.0, 200.0, 200.0])
        self.assertEqual(told("director"), all_)
        self.assertEqual(told("operations"), all_)
        # Who may not read orders at all.
        self.assertEqual(told("finance")[:3], [[], 0.0, 0.0])

    def test_prices(self):
        other = self.env["product.product"].create(
            {"name": "Other", "type": "service", "taxes_id": []}
        )
        self._sell(self.users["peer"], 90.0, discount=10).action_confirm()
        self._sell(self.rep, 95.0).action_confirm()
        last = self._sell(self.rep, 97.0, partner=self.own)
        last.action_confirm()
        last.date_order = "2031-01-01 08:00:00"
        self._sell(self.rep, 10.0, product_id=other.id).action_confirm()
        self._sell(self.rep, 1.0)  # a quotation is no price
        prices = self._card().get_prices()
        self.assertEqual(
            [(line["product"], line["price_unit"]) for line in prices],
            [(self.product.display_name, 97.0), ("Other", 10.0)],
        )
        self.assertEqual(prices[0]["date"], "2031-01-01 08:00:00")
        self.assertEqual(len(self._card().get_prices(limit=1)), 1)
        with self.assertRaises(AccessError):
            self._card("peer").get_prices()

    def test_relations(self):
        sister, below, friend, referred = self.env["res.partner"].create(
            [
                {"name": "Sister", "is_company": True, "parent_id": self.group.id},
                {"name": "Below", "is_company": True, "parent_id": self.own.id},
                {"name": "Friend", "is_company": True},
                {
                    "name": "Referred",
                    "is_company": True,
                    "sales_referrer_id": self.contact.id,
                },
            ]
        )
        self.env["res.partner"].create(
            {"name": "Same", "parent_id": friend.id, "email": "buyer@example.com"}
        )
        self.own.sales_referrer_id = friend
        found = {
            (line["kind"], line["partner_id"], line["contact"])
            for line in self._card().get_relations()
        }
        self.assertEqual(
            found,
            {
                ("above", self.group.id, False),
                ("beside", sister.id, False),
                ("below", below.id, False),
                ("contact", friend.id, "Buyer"),
                ("referrer", friend.id, False),
                ("referred", referred.id, "Buyer"),
            },
        )
        # Protection hides the customers of others.
        self.company.sales_customer_protection = True
        sister.user_id = self.users["peer"]
        kinds = {line["kind"] for line in self._card().get_relations()}
        self.assertNotIn("beside", kinds)
        with self.assertRaises(AccessError):
            self._card().action_open_relation(sister.id)
        action = self._card().action_open_relation(friend.id)
        self.assertEqual(action["res_model"], "res.partner")
        with self.assertRaisesRegex(ValidationError, "referred by itself"):
            self.own.sales_referrer_id = self.contact

    def test_refused(self):
        for method in ("get_timeline", "get_prices", "get_relations"):
            with self.assertRaises(AccessError):
                getattr(self._card("peer"), method)()
        with self.assertRaisesRegex(UserError, "later"):
            self._card().get_timeline(phase="later")

    def test_actions(self):
        action = self._card().action_new_quotation()
        order = self.env["sale.order"].with_context(action["context"]).new({})
        self.assertEqual(order.partner_id._origin, self.own)
        self.assertEqual(
            self._card().action_new_opportunity()["context"]["default_type"],
            "opportunity",
        )
        action = self._card().action_plan()
        self.assertEqual(action["context"]["active_ids"], self.own.ids)

    def test_flat_in_queries(self):
        def count():
            # What was sold is written: the page does not pay for it.
            self.env.flush_all()
            card = self._card()
            before = self.cr.sql_log_count
            card.get_timeline()
            card.get_prices()
            card.mapped(lambda c: (c.quoted_amount, c.next_step))
            return self.cr.sql_log_count - before

        self._sell(self.rep).action_confirm()
        self._sell(self.rep)
        count()
        few = count()
        for _number in range(8):
            self._sell(self.rep).action_confirm()
            self._sell(self.rep)
        count()  # What the registry remembers may have been forgotten meanwhile.
        self.assertLessEqual(count(), few)
