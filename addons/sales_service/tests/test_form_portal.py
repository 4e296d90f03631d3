"""Forms on the portal, and over the API."""

import base64
import json
import re
from datetime import timedelta

from odoo.http import Request
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..tickets.forms import make_key
from .test_form import PICTURE, QUESTIONS, FormCase, picture
from .test_portal import PortalCase

NEW = "/my/tickets/new"


@tagged("post_install", "-at_install")
class TestFormPortal(PortalCase, FormCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.version = cls._publish(
            cls.category,
            [
                {
                    **one,
                    # That of a question which was dropped else stays with it.
                    "key": make_key(one["name"], ()),
                    "required_from": "intake"
                    if one["name"] in ("Plate", "Signature")
                    else one.get("required_from"),
                }
                for one in QUESTIONS
            ],
        )
        cls.ticket.category_id = False
        cls.ticket.category_id = cls.category

    def _send_form(self, files=(), url=NEW, **values):
        form = {
            "csrf_token": Request.csrf_token(self),
            "category_id": str(self.category.id),
            "subject": "Pump is loud",
            "text": "Since Monday",
            "a_serial_number": "A1",
            "a_fault": "Noise",
            "a_where": ["Left", "Right"],
            "a_how_often": "0",
            "a_power_is_off": "on",
            "a_signature": f"data:image/png;base64,{PICTURE.decode()}",
            **values,
        }
        return self.url_open(
            url,
            data={name: value for name, value in form.items() if value is not None},
            files=[("a_plate", ("plate.png", picture())), *files],
        )

    def _made(self):
        return self.env["sales.service.ticket"].search([("name", "=", "Pump is loud")])

    def test_new(self):
        self._login("alpha")
        page = self.url_open(f"{NEW}?category_id={self.category.id}").text
        self.assertIn('name="a_serial_number"', page)
        self.assertIn("In a week", page)
        self.assertIn('name="text"', page)
        self.assertNotIn("Our guess", page)
        self.assertNotIn("our_guess", page)
        self._send_form()
        ticket = self._made()
        self.assertEqual(
            ticket._get_answers(),
            {
                "serial_number": "A1",
                "fault": "Noise",
                "where": ["Left", "Right"],
                "how_often": 0,
                "power_is_off": True,
            },
        )
        self.assertEqual(
            ticket.form_file_ids.question_id.mapped("key"), ["plate", "signature"]
        )
        page = self.url_open(f"/my/tickets/{ticket.id}").text
        self.assertIn("Left, Right", page)
        self.assertIn(f"/files/{ticket.form_file_ids[0].id}", page)
        for file in ticket.form_file_ids:
            answer = self.url_open(f"/my/tickets/{ticket.id}/files/{file.id}")
            self.assertEqual(answer.content, base64.b64decode(file.content))
            self.assertEqual(answer.headers["Content-Type"], "image/png")

    def test_wrong(self):
        """What is wrong is named, what was written stays, and nothing is made."""
        self._login("alpha")
        svg = ("a_plate", ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"))
        for said, files, values in (
            ("answer “Serial number”", (), {"a_serial_number": " "}),
            ("answer “Signature”", (), {"a_signature": ""}),
            ("no answer to “Signature”", (), {"a_signature": "data:text/html,x"}),
            ("no answer to “How often”", (), {"a_how_often": "many"}),
            ("no answer to “Fault”", (), {"a_fault": "Colour"}),
            ("“Plate”: a file of this type", (svg,), {}),
            ("takes no more than 10", [("a_plate", ("p.png", picture()))] * 10, {}),
            ("x.html is not taken", [("files", ("x.html", b"<html>"))], {}),
        ):
            with self.subTest(said=said):
                page = self._send_form(files, text="My long story", **values).text
                self.assertIn(said, page)
                self.assertIn("My long story", page)
                self.assertIn('value="Pump is loud"', page)
                self.assertFalse(self._made())

    def test_internal_and_foreign(self):
        """What customers are not asked they do not answer."""
        self._login("alpha")
        self._send_form(
            [("a_our_guess", ("x.png", picture()))],
            a_our_guess="Mine",
            a_nonsense="1",
            a_properties="x",
        )
        self.assertNotIn("our_guess", self._made()._get_answers())

    def test_category_without_form(self):
        self._login("alpha")
        self._send_form(category_id=str(self.other_category.id))
        self.assertFalse(self._made()._get_answers())
        self.assertFalse(self._made().form_file_ids)

    def test_without_script(self):
        """Choosing a category shows its questions, with what was written."""
        self._login("alpha")
        page = self._send_form(choose="1", text="My long story").text
        self.assertIn("My long story", page)
        fieldset = re.search(
            rf'<fieldset[^>]*data-category="{self.category.id}"[^>]*>', page
        )[0]
        self.assertNotIn("disabled", fieldset)
        self.assertIn('value="A1"', page)
        page = self.url_open(NEW).text
        fieldset = re.search(
            rf'<fieldset[^>]*data-category="{self.category.id}"[^>]*>', page
        )[0]
        self.assertIn("disabled", fieldset)
        self.assertFalse(self._made())

    def test_form_changed(self):
        """What was filled in of a version before is not lost without a word."""
        self._login("alpha")
        asked = [one for one in QUESTIONS if one["name"] not in ("Where", "Our guess")]
        self._publish(
            self.category,
            [{**one, "key": make_key(one["name"], ())} for one in asked],
        )
        page = self._send_form().text
        self.assertIn("“Where” is not asked any more", page)
        self.assertFalse(self._made())
        page = self._send_form(a_where=None, a_our_guess="Mine").text
        self.assertNotIn("Our guess", page)
        self.assertEqual(self._made().form_version_id.state, "published")

    def test_odd_characters(self):
        """What the database cannot keep is left out."""
        self._login("alpha")
        note = ("files", ("note\0.txt", b"Some text"))
        self._send_form([note], form_key="a\0b")
        self.assertTrue(self._made().message_ids.attachment_ids)
        self.assertEqual(self.url_open("/my/tickets?search=a%00b").status_code, 200)

    def test_moment(self):
        """Where the customer is, with a login and without."""
        self._publish(self.other_category, [{"name": "Since", "kind": "datetime"}])
        self.ticket.category_id = self.other_category
        self.ticket.partner_id.tz = "Asia/Shanghai"
        token = self.ticket._portal_ensure_token()
        self._login(None)
        url = f"/my/tickets/{self.ticket.id}"
        page = self._post(
            f"{url}/answers", access_token=token, a_since="2031-03-03T14:00"
        ).text
        self.assertEqual(self.ticket._get_answers(), {"since": "2031-03-03 06:00:00"})
        self.assertIn("2:00", page)

    def test_form_key(self):
        self._login("alpha")
        urls = {self._send_form(form_key="abc").url.split("?")[0] for _time in "12"}
        self.assertEqual(len(urls), 1)
        self.assertEqual(len(self._made()), 1)
        # The key of another customer opens nothing.
        self._login("beta")
        self._send_form(form_key="abc")
        self.assertEqual(len(self._made()), 2)
        self.assertEqual(
            set(self._made().partner_id.ids),
            {user.partner_id.id for user in self.customers.values()},
        )

    def test_answered_later(self):
        """What is open of the form the customer answers on the ticket's page, once."""
        self._login("alpha")
        url = f"/my/tickets/{self.ticket.id}"
        page = self.url_open(url).text
        self.assertIn('name="a_serial_number"', page)
        self.assertNotIn("our_guess", page)
        answers = f"{url}/answers"
        page = self._post(answers, a_how_often="many").text
        self.assertIn("no answer to", page)
        self._post(answers, a_serial_number="A1", a_our_guess="Mine", a_fault="Noise")
        self.assertEqual(
            self.ticket._get_answers(), {"serial_number": "A1", "fault": "Noise"}
        )
        self.assertTrue(self._said("Answered: Serial number"))
        # Agents may have acted on it.
        self._post(answers, a_serial_number="A2", a_where="Left")
        self.assertEqual(self.ticket._get_answers()["serial_number"], "A1")
        self.ticket.action_cancel()
        self._post(answers, a_how_often="5")
        self.assertNotIn("how_often", self.ticket._get_answers())

    @mute_logger("odoo.http")
    def test_another_customer(self):
        """Another customer and nobody reach no answer and no file, nor add any."""
        self.ticket.write({"properties": {"fault": "Noise"}})
        photo = self._send(self.ticket, "plate", content=PICTURE)
        before = self.ticket._get_answers()
        for name in ("beta", None):
            self._login(name)
            for token in ("", "nonsense", self.other_token):
                end = f"?access_token={token}" if token else ""
                for url in (
                    f"/my/tickets/{self.ticket.id}/files/{photo.id}{end}",
                    f"/my/tickets/{self.other.id}/files/{photo.id}{end}",
                    f"/web/content/sales.service.form.file/{photo.id}/content{end}",
                    f"/web/image/sales.service.form.file/{photo.id}/content{end}",
                ):
                    answer = self.url_open(url)
                    self.assertNotEqual(
                        answer.content, base64.b64decode(photo.content), url
                    )
                page = self.url_open(
                    f"/my/tickets/{self.ticket.id}?report_type=html&"
                    f"access_token={token}"
                ).text
                self.assertNotIn("Noise", page)
                self._post(
                    f"/my/tickets/{self.ticket.id}/answers",
                    access_token=token,
                    a_serial_number="Mine",
                )
            self.env.invalidate_all()
            self.assertEqual(self.ticket._get_answers(), before)

    def test_internal_file(self):
        version = self._publish(
            self.other_category,
            [{"name": "Inside", "kind": "photo", "is_internal": True}],
        )
        self.ticket.category_id = self.other_category
        file = self.env["sales.service.form.file"].create(
            {
                "ticket_id": self.ticket.id,
                "question_id": version.question_ids.id,
                "content": PICTURE,
            }
        )
        self._login("alpha")
        self.assertNotIn("Inside", self.url_open(f"/my/tickets/{self.ticket.id}").text)
        with mute_logger("odoo.http"):
            answer = self.url_open(f"/my/tickets/{self.ticket.id}/files/{file.id}")
        self.assertEqual(answer.status_code, 404)

    def test_paper(self):
        self.ticket.write({"properties": {"serial_number": "A1", "our_guess": "INNER"}})
        self._login("alpha")
        page = self.url_open(f"/my/tickets/{self.ticket.id}?report_type=html").text
        self.assertIn("A1", page)
        self.assertNotIn("INNER", page)
        answer = self.url_open(f"/my/tickets/{self.ticket.id}?report_type=pdf")
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")
        self.assertIn(self.ticket.number, answer.headers["Content-Disposition"])

    def test_rating(self):
        """Who was asked finds where to rate, and who may see it what was said."""
        self.ticket.category_id = False
        self._resolved()
        rating = self.ticket.service_rating_ids
        self.assertEqual(rating.partner_id, self.alpha)
        self._login("alpha")
        url = f"/my/tickets/{self.ticket.id}"
        self.assertIn(f"/service/rate/{rating.token}", self.url_open(url).text)
        self._login(None)
        page = self.url_open(f"{url}?access_token={self.token}").text
        self.assertNotIn("/service/rate/", page)
        page = self.url_open(f"/service/rate/{rating.token}").text
        self.assertIn('name="comment"', page)
        self._login("alpha")
        self._post(f"/service/rate/{rating.token}", points="4", comment="Quick")
        page = self.url_open(url).text
        self.assertIn("🙂", page)
        self.assertIn("Quick", page)
        self.assertNotIn("/service/rate/", page)

    def test_nobody_serves(self):
        """A company without a team says so, in a page."""
        teams = self.env["sales.service.team"].search(
            [("company_id", "=", self.customers["alpha"].company_id.id)]
        )
        teams.active = False
        self._login("alpha")
        page = self.url_open(NEW).text
        self.assertIn("takes no requests in this way yet", page)
        self.assertNotIn('name="subject"', page)
        page = self._send_form(category_id=None).text
        self.assertIn("takes no requests in this way yet", page)


@tagged("post_install", "-at_install")
class TestFormApi(HttpCase, FormCase):
    """What another program does with a key of its own."""

    def _call(self, model, method, **body):
        answer = self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body),
            headers={
                "Authorization": f"bearer {self.key}",
                "Content-Type": "application/json",
            },
        )
        return answer.status_code, answer.json()

    def test_ticket(self):
        user = self.users["agent"]
        keys = self.env["res.users.apikeys"].with_user(user)
        self.key = keys._generate("rpc", "Shop", self.env.cr.now() + timedelta(hours=1))
        values = {
            "name": "Pump is loud",
            "partner_id": self.partner.id,
            "category_id": self.category.id,
            "user_id": user.id,
            "channel": "api",
            "properties": {"fault": "Noise", "where": ["Left"]},
        }
        with mute_logger("odoo.http"):
            status, problem = self._call(
                "sales.service.ticket", "create", vals_list=[values]
            )
        self.assertEqual(status, 422)
        self.assertIn("Serial number", problem["message"])
        values["properties"]["serial_number"] = "A1"
        status, ids = self._call("sales.service.ticket", "create", vals_list=[values])
        self.assertEqual((status, len(ids)), (200, 1))
        status, [ticket] = self._call(
            "sales.service.ticket",
            "read",
            ids=ids,
            fields=["number", "state", "properties"],
        )
        self.assertEqual((status, ticket["state"]), (200, "assigned"))
        answers = {one["name"]: one.get("value") for one in ticket["properties"]}
        self.assertEqual(answers["serial_number"], "A1")
        self.assertEqual((answers["fault"], answers["where"]), ("Noise", ["Left"]))
        status, found = self._call(
            "sales.service.ticket",
            "search_read",
            domain=[["properties.serial_number", "=", "A1"]],
            fields=["number"],
        )
        self.assertEqual([one["id"] for one in found], ids)
        status, _done = self._call(
            "sales.service.ticket",
            "write",
            ids=ids,
            vals={"properties": {"how_often": 3}},
        )
        self.assertEqual(status, 200)
        record = self.env["sales.service.ticket"].browse(ids)
        self.assertEqual(
            record._get_answers(),
            {
                "fault": "Noise",
                "where": ["Left"],
                "serial_number": "A1",
                "how_often": 3,
            },
        )
