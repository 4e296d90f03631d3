"""Disputes: why, who decides, and what is not dunned meanwhile."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .collection_common import CollectionCase


@tagged("post_install", "-at_install")
class TestDispute(CollectionCase):
    def test_who_decides(self):
        """Somebody above or finance, never who opened it nor the salesperson."""
        for role, may in (
            ("rep", False),
            ("leader", True),
            ("manager", True),
            ("director", True),
            ("finance", True),
            ("operations", False),
            ("peer_leader", False),
        ):
            dispute = self.dispute(self.bill(10))
            judge = dispute.with_user(self.users[role])
            with self.subTest(role=role):
                if not may:
                    with self.assertRaises(AccessError):
                        judge.action_reject()
                    continue
                self.assertTrue(judge.may_decide)
                with self.assertRaises(ValidationError):
                    judge.action_reject()
                judge.decision = "The delivery note is signed."
                judge.action_reject()
                self.assertEqual(dispute.state, "rejected")
                self.assertEqual(dispute.decided_by_id, self.users[role])

    def test_not_the_opener(self):
        """A leader who opens one for a rep's customer does not decide on it."""
        dispute = self.dispute(self.bill(10), self.users["leader"])
        dispute.decision = "So."
        with self.assertRaises(AccessError):
            dispute.action_accept()
        invoice = self.bill(10, self.customers["leader"])
        own = self.dispute(invoice, self.users["leader"])
        own.decision = "So."
        with self.assertRaises(AccessError):
            own.action_accept()

    def test_asks(self):
        """The manager gets an activity; where the customer is right, finance does."""
        self.company.sales_collection_user_id = self.users["finance"]
        dispute = self.dispute(self.bill(10))
        activities = dispute.sudo().activity_ids
        self.assertEqual(activities.user_id, self.users["leader"])
        judge = dispute.with_user(self.users["leader"])
        judge.decision = "They do leak."
        judge.action_accept()
        activity = dispute.sudo().activity_ids
        self.assertEqual(activity.user_id, self.users["finance"])
        self.assertIn("credit note", activity.summary)

    def test_asks_in_their_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.company.sales_collection_user_id = self.users["finance"]
        for name in ("leader", "finance"):
            self.users[name].lang = "zh_CN"
        dispute = self.dispute(self.bill(10))
        self.assertEqual(dispute.sudo().activity_ids.summary, "裁定争议")
        judge = dispute.with_user(self.users["leader"])
        judge.decision = "They do leak."
        judge.action_accept()
        self.assertNotIn("credit note", dispute.sudo().activity_ids.summary)

    def test_in_the_list(self):
        invoice = self.bill(10)
        item = self.item(invoice).with_user(self.users["rep"])
        dispute = self.dispute(invoice)
        self.env.invalidate_all()
        self.assertTrue(item.disputed)
        self.assertEqual(item.search([("disputed", "=", True)]), item)
        self.assertFalse(item.search([("disputed", "=", False)]))
        with self.assertRaises(ValidationError):
            self.dispute(invoice)
        dispute.action_withdraw()
        self.env.invalidate_all()
        self.assertFalse(item.disputed)
        self.assertEqual(self.dispute(invoice).state, "open", "once more")

    def test_report(self):
        self.dispute(self.bill(10, amount=70))
        disputes = self.env["sales.dispute"].with_user(self.users["rep"])
        reason = self.env.ref("sales_force.sales_dispute_reason_quality")
        self.assertEqual(
            disputes._read_group([], ["reason_id"], ["amount:sum"]),
            [(reason.with_user(self.users["rep"]), 70)],
        )

    def test_stays(self):
        dispute = self.dispute(self.bill(10))
        for vals in ({"state": "accepted"}, {"opened_by_id": self.users["peer"].id}):
            with self.assertRaises(UserError):
                dispute.write(vals)
        dispute.action_withdraw()
        with self.assertRaises(UserError):
            dispute.description = "Other"
        with self.assertRaises(UserError):
            dispute.unlink()
