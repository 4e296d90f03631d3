"""What a customer says on the page of a ticket that is over."""

from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from .common import ServiceCase

MONDAY = datetime(2031, 3, 3, 9)


@tagged("post_install", "-at_install")
class TestLater(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.env["res.partner"].create(
            {
                "name": "Buyer",
                "parent_id": cls.partner.id,
                "email": "buyer@example.com",
            }
        )
        cls.customer = new_test_user(
            cls.env, "sf_buyer", "base.group_portal", partner_id=cls.buyer.id
        )
        cls.product_ = cls.env["product.product"].create({"name": "Pump"})

    def _at(self, days):
        moment = MONDAY + timedelta(days=days)
        return patch.object(
            self.registry["sales.service.ticket"], "_get_now", lambda _self: moment
        )

    def _say(self, ticket, text, **values):
        """As the portal's chatter does."""
        if values:
            # Files come by a route of their own, as superuser.
            ticket, values = ticket.sudo(), {**values, "author_id": self.buyer.id}
        else:
            ticket = ticket.with_user(self.customer)
        return ticket.message_post(
            body=text,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            **values,
        )

    def _closed(self, **values):
        with self._at(0):
            ticket = self._ticket(
                "agent", partner_id=self.buyer.id, product_id=self.product_.id, **values
            )
            ticket.resolution = "<p>Done</p>"
            ticket.action_resolve()
            ticket.action_close()
        return ticket

    def _followers(self, ticket):
        return self.env["sales.service.ticket"].search(
            [("previous_id", "=", ticket.id)]
        )

    def _said(self, ticket):
        comments = ticket.message_ids.filtered(
            lambda one: one.message_type == "comment" and one.author_id == self.buyer
        )
        return [str(one.body) for one in comments.sorted("id")]

    def test_closed(self):
        """Long closed: one ticket follows it; what is said later goes there."""
        ticket = self._closed()
        with self._at(30):
            self._say(ticket, "Again", attachments=[("leak.txt", b"wet")])
        self.assertEqual(ticket.state, "closed")
        follower = self._followers(ticket)
        self.assertEqual(len(follower), 1)
        self.assertEqual(
            (follower.name, follower.partner_id, follower.team_id, follower.state),
            (ticket.name, self.buyer, self.team, "new"),
        )
        self.assertEqual(follower.product_id, self.product_)
        self.assertIn("Again", follower.description)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", follower._name), ("res_id", "=", follower.id)]
        )
        self.assertEqual(files.mapped("raw"), [b"wet"])
        # The customer is told where it goes on.
        told = self._last_message(ticket)
        self.assertIn(follower.number, told.body)
        self.assertIn(self.buyer, told.notified_partner_ids)
        with self._at(31):
            self._say(ticket, "Still wet")
        self.assertEqual(self._followers(ticket), follower)
        self.assertEqual(self._said(follower), ["<p>Still wet</p>"])

    def test_within_the_days(self):
        """It is reopened, as before."""
        ticket = self._closed()
        with self._at(3):
            self._say(ticket, "Again")
        self.assertEqual(ticket.state, "reopened")
        self.assertFalse(self._followers(ticket))

    def test_merged(self):
        """It goes to the ticket that goes on, and to whoever works on that."""
        with self._at(0):
            merged, target = (
                self._ticket(user, partner_id=self.buyer.id)
                for user in (None, "colleague")
            )
            merged._merge_into(target)
            target.message_subscribe(self.users["colleague"].partner_id.ids)
            target.action_wait_customer()
            self._say(merged, "It is blue", attachments=[("blue.txt", b"blue")])
        self.assertEqual(merged.state, "cancelled")
        self.assertFalse(self._followers(merged) + self._followers(target))
        self.assertEqual(self._said(target), ["<p>It is blue</p>"])
        # Who waited for the customer's word goes on.
        self.assertEqual(target.state, "in_progress")
        said = target.message_ids.filtered(lambda one: "blue" in (one.body or ""))
        self.assertEqual(said.attachment_ids.mapped("raw"), [b"blue"])
        self.assertIn(self.users["colleague"].partner_id, said.notified_partner_ids)
        self.assertIn(target.number, self._last_message(merged).body)

    def test_merged_into_what_is_closed(self):
        """One after the other: a ticket that follows the last."""
        with self._at(0):
            merged, target = (
                self._ticket("agent", partner_id=self.buyer.id) for _n in range(2)
            )
            merged._merge_into(target)
            target.resolution = "<p>Done</p>"
            target.action_resolve()
            target.action_close()
        with self._at(40):
            self._say(merged, "Wet again")
        self.assertEqual(len(self._followers(target)), 1)
        self.assertIn("Wet again", self._followers(target).description)

    def test_our_own_people(self):
        """Whatever colleagues write on a ticket that is over begins nothing."""
        ticket = self._closed()
        with self._at(30):
            self._as("agent", ticket).message_post(
                body="By the way",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        self.assertFalse(self._followers(ticket))
