"""What a customer meets of a quotation that is not approved: no error, ever."""

from odoo.fields import Command
from odoo.tests import HttpCase, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .test_approval import ApprovalCase

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestApprovalPortal(HttpCase, ApprovalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule()
        cls.buyer = new_test_user(
            cls.env,
            "sf_buyer",
            "base.group_portal",
            partner_id=cls.env["res.partner"]
            .create({"name": "Buyer", "parent_id": cls.partner.id})
            .id,
        )
        cls.order = cls._quotation(
            30, require_signature=True, require_payment=False, note="SECRETNOTE"
        )
        cls.order.order_line.name = "SECRETTHING"
        cls.token = cls.order._portal_ensure_token()
        cls.url = f"/my/orders/{cls.order.id}"

    def _accept(self):
        return self.make_jsonrpc_request(
            f"{self.url}/accept",
            {"access_token": self.token, "name": "Buyer", "signature": PIXEL},
        )

    def test_never_sent(self):
        for login in (None, "sf_buyer"):
            self.authenticate(login, login)
            for suffix in ("", "&report_type=pdf", "&report_type=html"):
                page = self.url_open(f"{self.url}?access_token={self.token}{suffix}")
                self.assertEqual(page.status_code, 200)
                self.assertNotIn("SECRETTHING", page.text)
        self.assertTrue(self._accept().get("force_refresh"))
        self.assertEqual(self.order.state, "draft")
        self.assertFalse(self.order.signature)

    def test_approved(self):
        self._approve(self._ask(self.order), "leader")
        self.order.action_quotation_sent()
        page = self.url_open(f"{self.url}?access_token={self.token}")
        self.assertIn("SECRETTHING", page.text)
        self.assertIn("Sign", page.text)
        self._accept()
        self.order.invalidate_recordset()
        self.assertEqual(self.order.state, "sale")

    def test_revised_after_it_was_sent(self):
        self._approve(self._ask(self.order), "leader")
        self.order.action_quotation_sent()
        self.order.order_line.discount = 40
        for login in (None, "sf_buyer"):
            self.authenticate(login, login)
            page = self.url_open(f"{self.url}?access_token={self.token}")
            self.assertEqual(page.status_code, 200)
            self.assertIn("is being prepared", page.text)
            self.assertNotIn("SECRETTHING", page.text)
        self.assertTrue(self._accept().get("force_refresh"))
        self.order.invalidate_recordset()
        self.assertEqual(self.order.state, "sent")
        with (
            mute_logger("odoo.http"),
            self.assertRaisesRegex(JsonRpcException, "ValidationError"),
        ):
            self.make_jsonrpc_request(
                f"{self.url}/transaction", {"access_token": self.token}
            )
        self._approve(self._ask(self.order), "leader")
        page = self.url_open(f"{self.url}?access_token={self.token}")
        self.assertIn("SECRETTHING", page.text)

    def test_of_others(self):
        """A stranger learns nothing, not even that it is being prepared."""
        other = new_test_user(self.env, "sf_other", "base.group_portal")
        self._approve(self._ask(self.order), "leader")
        self.order.action_quotation_sent()
        self.order.order_line.discount = 40
        self.authenticate(other.login, other.login)
        for query in ("", "?access_token=wrong"):
            page = self.url_open(self.url + query)
            self.assertNotIn("is being prepared", page.text)
            self.assertNotIn(self.order.name, page.text)

    def test_plain_rules_do_not_matter(self):
        """Without a finding the portal is as it was."""
        order = self._quotation(5, require_signature=True)
        order.action_quotation_sent()
        page = self.url_open(
            f"/my/orders/{order.id}?access_token={order._portal_ensure_token()}"
        )
        self.assertIn(order.name, page.text)

    def test_lists(self):
        """Only what was sent is listed, as Odoo does."""
        self.authenticate("sf_buyer", "sf_buyer")
        self.assertNotIn(self.order.name, self.url_open("/my/quotes").text)

    def test_several_lines(self):
        """Odoo's own options on the portal are closed, too."""
        self.order.order_line = [Command.create({"product_id": self.second.id})]
        self.authenticate("sf_buyer", "sf_buyer")
        page = self.url_open(f"{self.url}/document/1?access_token={self.token}")
        self.assertNotIn("SECRETTHING", page.text)

    def test_option_on_an_old_page(self):
        """Who still has the page open finds the news, no error."""
        self._approve(self._ask(self.order), "leader")
        self.order.action_quotation_sent()
        self.order.order_line.discount = 40
        answer = self.make_jsonrpc_request(
            f"{self.url}/update_line_dict",
            {"line_id": self.order.order_line.id, "access_token": self.token},
        )
        self.assertFalse(answer)
