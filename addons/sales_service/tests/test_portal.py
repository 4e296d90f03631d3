"""What a customer does on the portal, and that nothing of another's is reached."""

import json
import re
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import HttpCase, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .common import ServiceCase

SECRET = "SECRETOFALPHA"


@tagged("post_install", "-at_install")
class PortalCase(HttpCase, ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = {}
        for name in ("alpha", "beta"):
            company = cls.env["res.partner"].create(
                {"name": name.title(), "is_company": True}
            )
            contact = cls.env["res.partner"].create(
                {
                    "name": f"{name.title()} Buyer",
                    "parent_id": company.id,
                    "email": f"{name}@example.com",
                }
            )
            cls.customers[name] = new_test_user(
                cls.env, f"sf_{name}", "base.group_portal", partner_id=contact.id
            )
        cls.alpha = cls.customers["alpha"].partner_id
        cls.ticket = cls._ticket(
            name=f"Pump {SECRET}",
            description=f"<p>{SECRET}</p>",
            partner_id=cls.alpha.id,
        )
        cls.message = cls.ticket.message_post(
            body=SECRET,
            attachments=[("secret.txt", SECRET.encode())],
            author_id=cls.alpha.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        cls.file = cls.message.attachment_ids
        cls.token = cls.ticket._portal_ensure_token()
        cls.other = cls._ticket(
            name="Valve", partner_id=cls.customers["beta"].partner_id.id
        )
        cls.other_token = cls.other._portal_ensure_token()

    def _login(self, name):
        login = f"sf_{name}" if name else None
        self.authenticate(login, login)

    def _post(self, url, **data):
        return self.url_open(url, data={"csrf_token": Request.csrf_token(self), **data})

    def _said(self, text):
        return self.ticket.message_ids.filtered(lambda one: text in one.body)

    def _resolved(self):
        self.ticket.resolution = "<p>Tightened</p>"
        self.ticket.action_resolve()


@tagged("post_install", "-at_install")
class TestPortal(PortalCase):
    def test_pages(self):
        self._login("alpha")
        self.assertIn("/my/tickets", self.url_open("/my/home").text)
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["ticket_count"]}
        )
        self.assertEqual(counters["ticket_count"], 1)
        page = self.url_open("/my/tickets").text
        self.assertIn(SECRET, page)
        self.assertNotIn("Valve", page)
        self.assertIn("Received", page)
        for query, found in (
            ("filterby=open", True),
            ("filterby=done", False),
            ("filterby=nonsense&sortby=nonsense", True),
            ("sortby=state&search=pump", True),
            (f"search={self.ticket.number}&search_in=number", True),
            (f"search={self.ticket.number}&search_in=name", False),
        ):
            page = self.url_open(f"/my/tickets?{query}").text
            self.assertEqual(SECRET in page, found, query)
        page = self.url_open(f"/my/tickets/{self.ticket.id}").text
        self.assertIn(SECRET, page)
        self.assertNotIn("It Is Solved", page)

    def test_new(self):
        """By the form, with a file; the second click makes no second."""
        self._login("alpha")
        page = self.url_open("/my/tickets/new").text
        key = re.search(r'name="form_key" value="(\w+)"', page)[1]
        self.assertIn("Leak", page)
        self.assertIn('name="text"', page)
        form = {
            "csrf_token": Request.csrf_token(self),
            "form_key": key,
            "category_id": str(self.category.id),
            "subject": "No water",
            "text": "It runs <dry>\nsince Monday",
        }
        answers = [
            self.url_open(
                "/my/tickets/new",
                data=form,
                files=[("files", ("photo.txt", b"photo")), ("files", ("b.txt", b"b"))],
            )
            for _time in range(2)
        ]
        ticket = self.env["sales.service.ticket"].search([("name", "=", "No water")])
        self.assertEqual(len(ticket), 1)
        for answer in answers:
            self.assertIn(f"/my/tickets/{ticket.id}", answer.url)
            self.assertIn("we have received your request", answer.text)
        self.assertEqual(
            (ticket.partner_id, ticket.channel, ticket.team_id, ticket.state),
            (self.alpha, "portal", self.team, "new"),
        )
        self.assertIn("&lt;dry&gt;<br", ticket.description)
        files = ticket.message_ids.attachment_ids
        self.assertEqual(set(files.mapped("name")), {"photo.txt", "b.txt"})
        self.assertEqual(files.mapped("res_id"), ticket.ids * 2)

    def test_new_wrong(self):
        """What is missing is told, and what was written stays."""
        self._login("alpha")
        count = self.env["sales.service.ticket"].search_count([])
        hidden = self.env["sales.service.category"].create(
            {"name": "Inner", "is_portal": False}
        )
        page = self._post("/my/tickets/new", subject=" ", text="My story").text
        self.assertIn("few words", page)
        self.assertIn("My story", page)
        self.assertNotIn("choose your photos and files again", page)
        page = self.url_open(
            "/my/tickets/new",
            data={
                "csrf_token": Request.csrf_token(self),
                "subject": " ",
                "text": "My story",
            },
            files=[("files", ("photo.txt", b"photo"))],
        ).text
        self.assertIn("choose your photos and files again", page)
        for category in (str(hidden.id), "999999"):
            page = self._post(
                "/my/tickets/new", subject="A", text="B", category_id=category
            ).text
            self.assertIn("category of the list", page)
        self.assertEqual(self.env["sales.service.ticket"].search_count([]), count)

    def test_confirm(self):
        self._resolved()
        self._login("alpha")
        page = self.url_open(f"/my/tickets/{self.ticket.id}").text
        self.assertIn("It Is Solved", page)
        self.assertIn("Tightened", page)
        for _time in range(2):
            self._post(f"/my/tickets/{self.ticket.id}/confirm")
        self.assertEqual(self.ticket.state, "closed")

    def test_internal(self):
        """Another's ticket is not told by its link, nor what is said about us."""
        self.other.name = SECRET
        mine = self._ticket("agent", partner_id=self.alpha.id, parent_id=self.other.id)
        mine.with_user(self.customers["alpha"]).read(["name", "sla_status"])
        for name in (
            *("parent_id", "child_ids", "previous_id", "visit_id", "sla_id"),
            "breach_reason_id",
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                mine.with_user(self.customers["alpha"]).read([name])

    def test_reopen(self):
        self._resolved()
        self._login("alpha")
        page = self._post(f"/my/tickets/{self.ticket.id}/reopen").text
        self.assertIn("still to be done", page)
        self.assertEqual(self.ticket.state, "resolved")
        for _time in range(2):
            self._post(f"/my/tickets/{self.ticket.id}/reopen", text="Drips")
        self.assertEqual((self.ticket.state, self.ticket.reopen_count), ("reopened", 1))
        self.assertEqual(self._said("Drips").author_id, self.alpha)

    def test_reopen_late(self):
        self._resolved()
        self.ticket.action_close()
        self._login("alpha")
        later = self.ticket.closed_at + timedelta(days=self.team.reopen_days, hours=1)
        with patch.object(type(self.ticket), "_get_now", lambda self: later):
            page = self._post(f"/my/tickets/{self.ticket.id}/reopen", text="Old").text
            self.assertIn("too long ago", page)
        self.assertEqual(self.ticket.state, "closed")

    def test_token(self):
        """Who has the link needs no login, and speaks for the customer."""
        self._resolved()
        self._login(None)
        url = f"/my/tickets/{self.ticket.id}"
        self.assertIn(SECRET, self.url_open(f"{url}?access_token={self.token}").text)
        self._post(f"{url}/confirm", access_token=self.token)
        self.assertEqual(self.ticket.state, "closed")
        self._post(f"{url}/reopen", access_token=self.token, text="Again")
        self.assertEqual(self.ticket.state, "reopened")
        self.assertEqual(self._said("Again").author_id, self.alpha)

    def test_token_is_the_customers(self):
        """Who could act by it in the customer's name does not get to know it."""
        self.users["agent"].group_ids += self.env.ref("base.group_system")
        self.ticket.user_id = self.users["agent"]
        self.ticket.commercial_partner_id.user_id = self.users["rep"]
        for name in ("agent", "dispatcher", "rep"):
            ticket = self._as(name, self.ticket)
            self.assertTrue(ticket.has_access("read"))
            for read in (
                lambda ticket=ticket: ticket.read(["access_token"]),
                lambda ticket=ticket: ticket.search(
                    [("access_token", "=", self.token)]
                ),
            ):
                with self.subTest(name=name), self.assertRaises(AccessError):
                    read()
            for url in (
                ticket.get_portal_url(),
                ticket.get_portal_url(report_type="pdf", download=True),
                ticket._get_share_url(redirect=True, pid=self.alpha.id),
            ):
                self.assertIn(str(self.ticket.id), url)
                self.assertNotIn(self.token, url)
            self._login(name)
            page = self.url_open(f"/my/tickets/{self.ticket.id}")
            self.assertIn(SECRET, page.text)
            self.assertNotIn(self.token, page.text + page.url)
            page = self.url_open(f"/my/tickets/{self.ticket.id}/reports/0")
            self.assertNotIn(self.token, page.text + page.url)
        # The customer's mail opens the page without login, and his page the PDF.
        self._login(None)
        page = self.url_open(self.ticket.get_portal_url())
        self.assertIn(f"access_token={self.token}", page.text)
        self.ticket.message_subscribe(self.alpha.ids)
        self._as("agent", self.ticket).message_post(
            body="Hello",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        mail = self.env["mail.mail"].search([], order="id desc", limit=1)
        self.assertIn(self.token, mail.body_html)

    def test_own_people(self):
        """A salesperson who reads a customer's ticket does not close it by this."""
        self._resolved()
        self.alpha.commercial_partner_id.user_id = self.users["rep"]
        self._login("rep")
        url = f"/my/tickets/{self.ticket.id}"
        page = self.url_open(url).text
        self.assertIn(SECRET, page)
        self.assertNotIn("It Is Solved", page)
        for word in ("confirm", "reopen"):
            self._post(f"{url}/{word}", access_token=self.token, text="Me")
        self.assertEqual(self.ticket.state, "resolved")


@tagged("post_install", "-at_install")
class TestPortalSwept(PortalCase):
    """Every door that there is, tried by another customer and by nobody."""

    def _rpc(self, route, **params):
        """What is said, also where it is refused."""
        try:
            return json.dumps(self.make_jsonrpc_request(route, params))
        except JsonRpcException as error:
            return str(error)

    def _call(self, method, *args, model="sales.service.ticket", **kwargs):
        return self._rpc(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=args,
            kwargs=kwargs,
        )

    def _pages(self):
        """Texts of what is read at each door, by its name."""
        ticket, file, message = self.ticket.id, self.file.id, self.message.id
        for token in ("", "nonsense", self.other_token):
            end = f"?access_token={token}" if token else ""
            for url in (
                f"/my/tickets/{ticket}",
                f"/web/content/{file}",
                f"/web/image/{file}",
                f"/web/content/sales.service.ticket/{ticket}/description",
                f"/mail/attachment/pdf_first_page/{file}",
                f"/mail/view?model=sales.service.ticket&res_id={ticket}"
                + (f"&access_token={token}" if token else ""),
            ):
                door = url if "?" in url else f"{url}{end}"
                yield door, self.url_open(door).text
            for route in (
                "/mail/chatter_fetch",
                "/portal/chatter_init",
                "/mail/thread/messages",
                "/mail/data",
            ):
                more = {"token": token} if token else {}
                yield (
                    f"{route} {token}",
                    self._rpc(
                        route,
                        thread_model="sales.service.ticket",
                        thread_id=ticket,
                        **more,
                    ),
                )
        yield (
            "zip",
            self._post("/mail/attachment/zip", file_ids=file, zip_name="a").text,
        )
        yield "list", self.url_open("/my/tickets?search=SECRET").text
        for name, call in (
            ("read", ("read", [ticket], ["name", "description"])),
            ("web_read", ("web_read", [ticket], {"name": {}})),
            ("search", ("search_read", [["name", "like", "SECRET"]], ["name"])),
            ("name", ("name_search", "SECRET")),
            ("group", ("formatted_read_group", [], ["name"], ["__count"])),
        ):
            yield name, self._call(*call)
        yield "message", self._call("read", [message], ["body"], model="mail.message")
        yield "file", self._call("read", [file], ["raw"], model="ir.attachment")
        yield (
            "interval",
            self._call("search_read", [], ["state"], model="sales.service.interval"),
        )
        yield (
            "letter",
            self._call("search_read", [], ["subject"], model="sales.service.letter"),
        )

    def _deeds(self):
        """Everything that would change something."""
        ticket = self.ticket.id
        for token in ("", "nonsense", self.other_token):
            for word in ("confirm", "reopen"):
                self._post(
                    f"/my/tickets/{ticket}/{word}", access_token=token, text="Mine"
                )
            more = {"token": token} if token else {}
            self._rpc(
                "/mail/message/post",
                thread_model="sales.service.ticket",
                thread_id=ticket,
                post_data={"body": "Mine", "message_type": "comment"},
                **more,
            )
            self._rpc(
                "/mail/message/update_content",
                message_id=self.message.id,
                update_data={"body": "Mine", "attachment_ids": []},
                **more,
            )
            self._rpc(
                "/mail/attachment/delete",
                attachment_id=self.file.id,
                access_token=token,
            )
            self._rpc(
                "/portal/attachment/remove",
                attachment_id=self.file.id,
                access_token=token,
            )
            self.url_open(
                "/mail/attachment/upload",
                data={
                    "csrf_token": Request.csrf_token(self),
                    "thread_model": "sales.service.ticket",
                    "thread_id": ticket,
                    **more,
                },
                files={"ufile": ("mine.txt", b"Mine")},
            )
        for call in (
            ("write", [ticket], {"name": "Mine"}),
            ("unlink", [ticket]),
            ("copy", [ticket]),
            ("create", {"name": "Mine", "partner_id": self.alpha.id}),
            ("message_post", [ticket]),
            ("message_subscribe", [ticket], self.customers["beta"].partner_id.ids),
            *(
                (f"action_{step}", [ticket])
                for step in ("assign", "start", "resolve", "close", "reopen", "cancel")
            ),
        ):
            self._call(*call)

    def _state(self):
        self.env.invalidate_all()
        ticket = self.ticket
        return (
            ticket.name,
            ticket.state,
            ticket.message_ids.ids,
            self.message.body,
            ticket.message_partner_ids.ids,
            self.env["ir.attachment"]
            .search([("res_model", "=", ticket._name), ("res_id", "=", ticket.id)])
            .ids,
            self.env["sales.service.ticket"].search([("name", "=", "Mine")]).ids,
        )

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule", "odoo.sql_db")
    @mute_logger(
        "odoo.addons.base.models.ir_model", "odoo.addons.mail.models.mail_thread"
    )
    def test_swept(self):
        self._resolved()
        for name in ("beta", None):
            self._login(name)
            for door, text in self._pages():
                with self.subTest(who=name, door=door):
                    self.assertNotIn(SECRET, text)
            before = self._state()
            self._deeds()
            self.assertEqual(self._state(), before)

    def test_messages_by_link(self):
        """The link of a mail shows the messages, with a login as without."""
        for name in ("alpha", None):
            self._login(name)
            text = self._rpc(
                "/mail/chatter_fetch",
                thread_model="sales.service.ticket",
                thread_id=self.ticket.id,
                token=self.token,
            )
            with self.subTest(who=name):
                self.assertIn(SECRET, text)

    def test_doors(self):
        """The doors lead somewhere: the customer themselves gets in."""
        self._login("alpha")
        open_doors = {door for door, text in self._pages() if SECRET in text}
        for door in (
            f"/my/tickets/{self.ticket.id}",
            "/mail/chatter_fetch ",
            "list",
            "read",
            "search",
            "message",
        ):
            self.assertIn(door, open_doors)
        key = self.file.generate_access_token()[0]
        url = f"/web/content/{self.file.id}"
        self.assertIn(SECRET, self.url_open(f"{url}?access_token={key}").text)
        before = self._state()
        self._deeds()
        self.assertNotEqual(self._state()[2], before[2])
