"""The wall: shared, liked and used by others, masked, moderated."""

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_coaching import CoachingCase


@tagged("post_install", "-at_install")
class TestPractice(CoachingCase):
    def _share(self, by="rep", **values):
        return (
            self.env["sales.practice"]
            .with_user(self.users[by])
            .create({"name": "Ask", "story": "<p>Just ask for the order</p>", **values})
        )

    def _as(self, post, role):
        return post.with_user(self.users[role])

    def test_likes(self):
        """Once for each user, never one's own; the author is thanked by who used it."""
        post = self._share()
        self.assertEqual(post.author_id, self.users["rep"])
        with self.assertRaises(UserError):
            post.action_like()
        theirs = self._as(post, "peer")
        theirs.action_like()
        theirs.invalidate_recordset()
        self.assertEqual((theirs.like_count, theirs.is_liked), (1, True))
        self._as(post, "leader").action_like()
        theirs.action_like()
        self.assertEqual(post.like_count, 1)
        use = theirs.use_ids.create(
            {"practice_id": post.id, "result": "Two orders", "outcome": "worked"}
        )
        self.assertEqual((post.use_count, use.user_id), (1, self.users["peer"]))
        message = self._last_message(post)
        self.assertIn("Two orders", message.body)
        self.assertEqual(message.notified_partner_ids, self.users["rep"].partner_id)
        with self.assertRaises(UserError):
            post.use_ids.create({"practice_id": post.id, "result": "Me too"})
        with self.assertRaises(AccessError):
            self._as(use, "leader").result = "None"
        use.unlink()
        self.assertEqual(post.use_count, 0)

    def test_writing(self):
        post = self._share()
        post.name = "Ask twice"
        for role in ("peer", "leader", "director", "operations"):
            with self.assertRaises(AccessError, msg=role):
                self._as(post, role).name = "Mine"
            with self.assertRaises(AccessError, msg=role):
                self._as(post, role).unlink()
        for vals in ({"like_count": 99}, {"pinned": True}, {"author_id": 1}):
            with self.assertRaises(UserError, msg=vals):
                post.write(vals)
        with self.assertRaises(AccessError):
            self.env["sales.practice.like"].with_user(self.users["peer"]).create(
                {"practice_id": post.id, "user_id": self.users["leader"].id}
            )
        with self.assertRaises(AccessError):
            post.action_pin()
        self._as(post, "leader").action_pin()
        self.assertTrue(post.pinned)

    def test_masked(self):
        """By name for who reads the customer; nobody else comes to it."""
        self.company.sales_customer_protection = True
        secret = self.env["res.partner"].create(
            {
                "name": "Zenith",
                "is_company": True,
                "user_id": self.users["rep"].id,
                "company_id": self.company.id,
            }
        )
        self.env.flush_all()
        post = self._share(source_ids=[Command.create({"partner_id": secret.id})])
        self.assertEqual(post.about, "Zenith")
        source = post.source_ids.with_user(self.users["peer"])
        theirs = self._as(post, "peer")
        theirs.invalidate_recordset()
        self.assertEqual(theirs.about, "Z*** (a customer)")
        self.assertFalse(theirs.source_ids)
        with self.assertRaises(AccessError):
            source.read(["partner_id"])
        self.assertFalse(theirs.search([("source_ids.partner_id.name", "=", "Zenith")]))
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.env["sales.practice.source"].create({"practice_id": post.id})
        with self.assertRaises(AccessError):
            self._share("peer", source_ids=[Command.create({"partner_id": secret.id})])

    def test_moderation(self):
        post = self._share()
        theirs = self._as(post, "peer")
        report = self.env["sales.practice.report"].with_user(self.users["peer"])
        report = report.create({"practice_id": post.id, "reason": "Names a price"})
        self.assertEqual(post.sudo().report_count, 1)
        self.assertFalse(self._as(report, "rep").has_access("read"))
        for role in ("peer", "leader", "rep"):
            with self.assertRaises(AccessError, msg=role):
                self._as(post, role).action_hide()
        self._as(post, "director").action_hide()
        self.assertFalse(theirs.has_access("read"))
        self.assertEqual(post.hidden_reason, "Names a price")
        self._as(post, "operations").action_show()
        self.assertTrue(theirs.has_access("read"))
        self.assertFalse(report.exists())
        with self.assertRaises(AccessError):
            self._as(post, "foreigner").read(["name"])

    def test_queries(self):
        """No more queries for eight posts than for two."""
        posts = self.env["sales.practice"]
        for number in range(8):
            partner = self.env["res.partner"].create(
                {"name": f"Customer {number}", "user_id": self.users["rep"].id}
            )
            posts |= self._share(
                source_ids=[Command.create({"partner_id": partner.id})]
            )
        counts = []
        for some in (posts, posts[:2], posts):
            self.env.flush_all()
            self.env.invalidate_all()
            some = some.with_user(self.users["peer"])
            start = self.cr.sql_log_count
            some.read(["name", "about", "is_liked", "like_count"])
            counts.append(self.cr.sql_log_count - start)
        self.assertLessEqual(counts[2], counts[1])
