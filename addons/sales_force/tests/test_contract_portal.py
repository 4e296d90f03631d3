"""Customers read, follow and sign their contracts, and reach nobody else's."""

from base64 import b64encode
from html import unescape

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SalesForceCase
from .contract_common import SCAN, make_contract

# A picture of one pixel.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestContractPortal(HttpCase, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = {}
        for name in ("alpha", "beta"):
            company = cls.env["res.partner"].create(
                {"name": name.title(), "is_company": True}
            )
            contact = cls.env["res.partner"].create(
                {"name": f"{name.title()} Buyer", "parent_id": company.id}
            )
            cls.customers[name] = new_test_user(
                cls.env, f"sf_{name}", "base.group_portal", partner_id=contact.id
            )
        cls.contract = make_contract(
            cls,
            {"product_id": cls.product.id, "quantity": 10, "price_unit": 7},
            title="SECRETOFALPHA",
            partner_id=cls.customers["alpha"].partner_id.id,
            milestone_ids=[
                Command.create(
                    {
                        "name": name,
                        "file": b64encode(b"text"),
                        "file_name": "text.txt",
                        "is_shared": shared,
                    }
                )
                for name, shared in (("Shared Plan", True), ("Hidden Plan", False))
            ],
        )
        cls.token = cls.contract._portal_ensure_token()
        cls.url = f"/my/contracts/{cls.contract.id}"

    def _login(self, name):
        login = f"sf_{name}" if name else None
        self.authenticate(login, login)

    def _sign(self, url=None, **values):
        return self.make_jsonrpc_request(
            f"{url or self.url}/sign",
            {"name": "Al Buyer", "signature": PIXEL, **values},
        )

    def test_pages(self):
        self._login("alpha")
        self.assertNotIn("SECRETOFALPHA", self.url_open("/my/contracts").text)
        # A draft is not there, not even by its link.
        for query in ("", f"?access_token={self.token}"):
            page = self.url_open(self.url + query)
            self.assertNotIn("SECRETOFALPHA", page.text)
        self.contract.action_mark_sent()
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["sales_contract_count"]}
        )
        self.assertEqual(counters["sales_contract_count"], 1)
        self.assertIn("/my/contracts", self.url_open("/my/home").text)
        self.assertIn("SECRETOFALPHA", self.url_open("/my/contracts").text)
        page = self.url_open(f"{self.url}?values=x&document=1").text
        self.assertIn("Thing", page)
        self.assertIn("Shared Plan", page)
        self.assertNotIn("Hidden Plan", page)
        self.assertIn("sign_contract", page)
        self.contract.partner_id = self.contract.commercial_partner_id
        # Who signs is a person, also where the contract is with the company.
        signer = self.customers["alpha"].name
        self.assertIn(f'"{signer}"', unescape(self.url_open(self.url).text))
        self.contract.action_start()
        page = self.url_open(self.url).text
        self.assertIn("Fulfilment", page)
        self.assertNotIn("sign_contract", page)
        report = self.url_open(f"{self.url}?report_type=html").text
        self.assertIn("SECRETOFALPHA", report)

    def test_sign(self):
        self.contract.action_mark_sent()
        self._login("alpha")
        for values in ({"name": " "}, {"signature": ""}, {"signature": "no picture"}):
            self.assertIn("error", self._sign(**values))
        self.assertEqual(self.contract.state, "sent")
        self.assertIn("redirect_url", self._sign())
        self.assertEqual(self.contract.state, "running")
        self.assertEqual(self.contract.signed_by, "Al Buyer")
        self.assertTrue(self.contract.signature)
        self.assertTrue(self.contract.signed_on)
        self.assertIn("error", self._sign())
        self.assertIn("Al Buyer", self.url_open(self.url).text)

    def test_rebate(self):
        """Agreed by signing, and shown on the contract and among the rebates."""
        self.contract.write({"kind": "special", "rebate_percent": 5})
        self.contract.action_mark_sent()
        self._login(None)
        self.assertIn("redirect_url", self._sign(access_token=self.token))
        agreements = self.env["sales.rebate.agreement"].search(
            [("contract_id", "=", self.contract.id)]
        )
        self.assertEqual(agreements.tier_ids.rate, 5)
        self._login("alpha")
        self.assertIn("Rebate accrued", self.url_open(self.url).text)
        self.assertIn(agreements.name, self.url_open("/my/rebates").text)
        page = self.url_open(f"/my/rebates/{agreements.id}").text
        self.assertIn(f'href="{self.url}"', page)
        self._login("beta")
        self.assertNotIn(agreements.name, self.url_open("/my/rebates").text)
        # Whose contract it is, follows it also with a customer of nobody.
        agreements.action_accrue()
        records = agreements, agreements.tier_ids, agreements.period_ids[:1]
        for record in records:
            for name, sees in (("rep", True), ("leader", True), ("peer", False)):
                found = record.with_user(self.users[name]).has_access("read")
                self.assertEqual(found, sees, (record, name))

    def test_sign_by_link(self):
        """Who got the link signs without an account."""
        self.contract.action_mark_sent()
        self._login(None)
        self.assertIn("error", self._sign())
        self.assertIn("error", self._sign(access_token="guess"))
        self.assertIn("redirect_url", self._sign(access_token=self.token))

    def test_own_people_do_not_sign(self):
        self.contract.action_mark_sent()
        self._login("rep")
        self.assertIn("error", self._sign(access_token=self.token))
        self.assertEqual(self.contract.state, "sent")

    def test_over(self):
        """What cannot be signed any more shows no button and answers in words."""
        self.contract.action_mark_sent()
        self.contract.sudo().date_end = "2019-12-31"
        self._login("alpha")
        self.assertNotIn("sign_contract", self.url_open(self.url).text)
        self.assertIn("error", self._sign())

    def test_documents(self):
        self.contract.action_mark_sent()
        shared, hidden = self.contract.milestone_ids
        other = make_contract(
            self, milestone_ids=[Command.create({"name": "X", "is_shared": True})]
        )
        self._login("alpha")
        with mute_logger("odoo.http"):
            for document, status in (
                (shared, 200),
                (hidden, 404),
                (other.milestone_ids, 404),
            ):
                page = self.url_open(f"{self.url}/documents/{document.id}")
                self.assertEqual(page.status_code, status, document.name)
        self.assertEqual(self.url_open(f"{self.url}/signed").status_code, 200)

    def test_another_customer(self):
        """By no page, link, number or method."""
        self.contract.action_mark_sent()
        shared = self.contract.milestone_ids[0]
        other = make_contract(
            self, partner_id=self.customers["beta"].partner_id.id, title="Beta's"
        )
        other.action_mark_sent()
        token = other._portal_ensure_token()
        self._login("beta")
        self.assertNotIn("SECRETOFALPHA", self.url_open("/my/contracts").text)
        for path in (
            self.url,
            f"{self.url}?access_token={token}",
            f"{self.url}?report_type=html",
            f"{self.url}/signed",
            f"{self.url}/documents/{shared.id}",
            f"/my/contracts/{other.id}/documents/{shared.id}",
        ):
            with mute_logger("odoo.http"):
                page = self.url_open(path)
            self.assertNotIn("SECRETOFALPHA", page.text, path)
            self.assertNotIn("attachment", page.headers.get("Content-Disposition", ""))
        self.assertIn("error", self._sign())
        self.assertIn("error", self._sign(access_token=token))
        self.assertEqual(self.contract.state, "sent")

    def test_models(self):
        """A customer's user reads what is the customer's, and writes nothing."""
        alpha, beta = self.customers["alpha"], self.customers["beta"]
        records = (
            self.contract,
            self.contract.line_ids,
            self.contract.milestone_ids.filtered("is_shared"),
        )
        for record in records:
            # Not as long as it is a draft.
            self.assertFalse(record.with_user(alpha).has_access("read"))
        self.contract.action_mark_sent()
        for record in records:
            self.assertTrue(record.with_user(alpha).has_access("read"))
            self.assertFalse(record.with_user(beta).has_access("read"))
            for operation in ("write", "create", "unlink"):
                self.assertFalse(record.with_user(alpha).has_access(operation))
        hidden = self.contract.milestone_ids.filtered(lambda one: not one.is_shared)
        self.assertFalse(hidden.with_user(alpha).has_access("read"))
        mine = self.contract.with_user(alpha)
        for name in ("expected_amount", "projected_end", "end_reason"):
            with self.assertRaises(AccessError):
                mine.read([name])
        for method in ("action_start", "action_draft", "action_amend", "action_send"):
            with self.assertRaises(AccessError):
                getattr(mine, method)()
        self.assertEqual(SCAN, self.contract.signed_document)

    def test_context_of_a_message(self):
        """Who has an old link does not send what is worked on again."""
        self.contract.action_mark_sent()
        self.contract.action_draft()
        for name in (None, "alpha"):
            self._login(name)
            self.make_jsonrpc_request(
                "/mail/message/post",
                {
                    "thread_model": "sales.contract",
                    "thread_id": self.contract.id,
                    "post_data": {"body": "Sign it?"},
                    "context": {"mark_sales_contract_sent": True},
                    "token": self.token,
                },
            )
            self.contract.invalidate_recordset()
            self.assertIn("Sign it?", self.contract.message_ids[0].body)
            self.assertEqual(self.contract.state, "draft")
