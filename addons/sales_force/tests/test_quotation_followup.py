"""Quotations by what became of them, opened on the portal, and followed up."""

import json
from datetime import timedelta
from itertools import product

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .common import ConcurrentCase, SalesForceCase


class QuotationCase(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._get_sales_today()
        cls.company.sales_expiring_days = 7

    def _quotation(self, state="sent", days=None, views=0, user="rep"):
        order = self._order(self.users[user], confirm=False)
        order.state = state
        order.validity_date = days is not None and self.today + timedelta(days=days)
        for _view in range(views):
            order._stamp_viewed(fields.Datetime.now())
        return order


@tagged("post_install", "-at_install")
class TestQuotationFollowup(QuotationCase):
    def _expect(self, state, days, views):
        if state == "sale":
            return False
        if state == "draft" and not views:
            return "unsent"
        if days is not None and days < 0:
            return "expired"
        if days is not None and days <= 7:
            return "expiring"
        return "viewed" if views else "sent"

    def test_board_opens(self):
        """The client reads the colours of the columns as JSON."""
        view = self.env.ref("sales_force.sale_order_view_kanban_followup")
        [bar] = etree.fromstring(view.arch).iter("progressbar")
        self.assertIn("overdue", json.loads(bar.get("colors")))

    def test_states(self):
        """As told, as searched for and as grouped, against the words of the board."""
        cases = {
            self._quotation(*case): self._expect(*case)
            for case in product(("draft", "sent", "sale"), (None, -1, 0, 7, 8), (0, 2))
        }
        ids = [order.id for order in cases]
        orders = self.env["sale.order"]
        self.assertEqual({o: o.sales_followup for o in cases}, cases)
        for code in (*dict(orders._fields["sales_followup"].selection), False):
            found = orders.search([("id", "in", ids), ("sales_followup", "=", code)])
            self.assertEqual(
                set(found), {order for order, state in cases.items() if state == code}
            )
        counts = dict(
            orders._read_group([("id", "in", ids)], ["sales_followup"], ["__count"])
        )
        states = list(cases.values())
        self.assertEqual(counts, {state: states.count(state) for state in set(states)})

    def test_board(self):
        """All columns stand on the board, also the empty ones."""
        self.assertTrue(
            self.env["sale.order"].fields_get(["sales_followup"])["sales_followup"][
                "groupable"
            ]
        )
        order = self._quotation()
        board = self.env["sale.order"].with_context(read_group_expand=True)
        rows = board.formatted_read_group(
            [("id", "=", order.id)], ["sales_followup"], ["__count"]
        )
        self.assertEqual([row["__count"] for row in rows], [0, 1, 0, 0, 0])

    def test_viewed(self):
        """First and last time are kept, and how often."""
        order = self._quotation()
        moments = [fields.Datetime.now() - timedelta(days=n) for n in (5, 3, 1)]
        for moment in moments:
            order._stamp_viewed(moment)
        self.assertEqual(
            (order.sales_viewed_on, order.sales_viewed_last_on),
            (moments[0], moments[-1]),
        )
        self.assertEqual(order.sales_viewed_count, 3)
        copy = order.copy()
        self.assertFalse(copy.sales_viewed_on or copy.sales_viewed_count)

    def test_other_messages(self):
        order = self._quotation()
        order.message_post(body="Hello", subtype_xmlid="mail.mt_comment")
        self.assertFalse(order.sales_viewed_count)

    def test_stamped(self):
        order = self._quotation().with_user(self.users["rep"])
        with self.assertRaises(UserError):
            order.sales_viewed_count = 9
        with self.assertRaises(UserError):
            order.create({"partner_id": self.partner.id, "sales_viewed_count": 9})
        made = order.with_context(default_sales_viewed_count=9).create(
            {"partner_id": self.partner.id}
        )
        self.assertFalse(made.sales_viewed_count)

    def test_plan(self):
        """A call for today, once, for who sells; what is sold is left alone."""
        order = self._quotation()
        sold = self._quotation("sale")
        leader = (order + sold).with_user(self.users["leader"])
        for _tap in range(2):
            leader.action_sales_call()
        self.assertEqual(len(order.activity_ids), 1)
        self.assertEqual(
            (order.activity_ids.user_id, order.activity_ids.date_deadline),
            (self.users["rep"], self.today),
        )
        leader.action_sales_email()
        self.assertEqual(len(order.activity_ids), 2)
        self.assertFalse(sold.activity_ids)
        with self.assertRaises(UserError):
            sold.action_sales_call()
        with self.assertRaises(AccessError):
            order.with_user(self.users["peer"]).action_sales_call()

    def test_extend(self):
        """As long as a new one, never shorter; told in the chatter."""
        self.company.quotation_validity_days = 20
        ended, longer, endless = (self._quotation(days=days) for days in (-9, 90, None))
        orders = (ended + longer + endless).with_user(self.users["rep"])
        orders.action_sales_extend()
        self.assertEqual(
            orders.mapped("validity_date"),
            [
                self.today + timedelta(days=20),
                self.today + timedelta(days=90),
                False,
            ],
        )
        self.assertIn("Valid until", self._last_message(ended).body)
        self.assertEqual(ended.sales_followup, "sent")
        with self.assertRaises(AccessError):
            ended.with_user(self.users["peer"]).action_sales_extend()
        self.company.quotation_validity_days = 0
        ended.action_sales_extend()
        self.assertEqual(ended.validity_date, self.today + timedelta(days=30))


@tagged("post_install", "-at_install")
class TestQuotationOnPortal(QuotationCase, HttpCase):
    def test_opened(self):
        """Once a day and browser, by the customer and not by the salesperson."""
        order = self._quotation()
        link = order.get_portal_url()
        self.env.flush_all()
        for _visit in range(2):
            self.assertEqual(self.url_open(link).status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(order.sales_viewed_count, 1)
        self.assertEqual(order.sales_followup, "viewed")
        self.opener.cookies.clear()
        self.authenticate(None, None)
        self.url_open(link)
        self.env.invalidate_all()
        self.assertEqual(order.sales_viewed_count, 2)
        self.authenticate(self.users["rep"].login, self.users["rep"].login)
        self.url_open(link)
        self.env.invalidate_all()
        self.assertEqual(order.sales_viewed_count, 2)


@tagged("post_install", "-at_install")
class TestOpenedAtOnce(ConcurrentCase):
    def test_opened_at_once(self):
        """Two customers at once are two; neither has to wait for a rewrite."""
        with self._environment() as env:
            partner = env["res.partner"].create({"name": "Buyer"})
            order = env["sale.order"].create({"partner_id": partner.id})
            order.state = "sent"
            ids = order.ids
            env.cr.commit()
        self.addCleanup(self._remove, ids, partner.id)

        def opened(env):
            env["sale.order"].browse(ids)._stamp_viewed(fields.Datetime.now())

        self._race(opened, opened)
        with self._environment() as env:
            self.assertEqual(env["sale.order"].browse(ids).sales_viewed_count, 2)

    def _remove(self, ids, partner_id):
        with self._environment() as env:
            order = env["sale.order"].browse(ids)
            order.state = "cancel"
            order.unlink()
            env["res.partner"].browse(partner_id).unlink()
            env.cr.commit()
