"""Forms of categories: made without code, kept by tickets, answered when needed."""

import base64
import struct
from datetime import datetime
from io import BytesIO
from zlib import crc32

from PIL import Image
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..tickets import forms
from .common import ServiceCase


def picture(colour="red", size=(20, 10), kind="PNG"):
    stream = BytesIO()
    Image.new("RGB", size, colour).save(stream, kind)
    return stream.getvalue()


def resized(content, side):
    """A PNG whose header says that it is a square of so many points."""
    header = b"IHDR" + struct.pack(">II", side, side) + content[24:29]
    return content[:12] + header + struct.pack(">I", crc32(header)) + content[33:]


PICTURE = base64.b64encode(picture())
QUESTIONS = [
    {"name": "Serial number", "kind": "char", "required_from": "intake"},
    {
        "name": "Fault",
        "kind": "selection",
        "options": "No power\nNoise",
        "required_from": "start",
    },
    {"name": "Where", "kind": "tags", "options": "Left\nRight"},
    {"name": "How often", "kind": "integer", "help": "In a week"},
    {"name": "Power is off", "kind": "boolean", "required_from": "start"},
    {"name": "Plate", "kind": "photo", "required_from": "start"},
    {"name": "Signature", "kind": "signature", "required_from": "resolve"},
    {"name": "Our guess", "kind": "text", "is_internal": True},
]


class FormCase(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.version = cls._publish(cls.category, QUESTIONS)
        cls.other_category = cls.env["sales.service.category"].create(
            {
                "name": "Noise",
                "company_id": cls.company.id,
                "team_id": cls.team.id,
            }
        )

    @classmethod
    def _publish(cls, category, questions=None):
        """The next version, of these questions or with the same ones."""
        manager = cls._as("service_manager", category)
        version = cls.env["sales.service.form.version"].browse(
            manager.action_change_form()["res_id"]
        )
        version = cls._as("service_manager", version)
        if questions is not None:
            version.question_ids = [
                Command.clear(),
                *(
                    Command.create({"sequence": number, **values})
                    for number, values in enumerate(questions)
                ),
            ]
        version.action_publish()
        return version.sudo()

    def _question(self, key):
        return self.version.question_ids.filtered(lambda one: one.key == key)

    def _send(self, ticket, key, content=PICTURE, **values):
        return ticket.env["sales.service.form.file"].create(
            {
                "ticket_id": ticket.id,
                "question_id": self._question(key).id,
                "content": content,
                **values,
            }
        )

    def _ready(self, ticket):
        ticket.write(
            {
                "properties": {
                    "serial_number": "A1",
                    "fault": "Noise",
                    "power_is_off": True,
                }
            }
        )
        self._send(ticket, "plate")


@tagged("post_install", "-at_install")
class TestFormVersions(FormCase):
    def test_made(self):
        self.assertEqual(self.category.form_version_id, self.version)
        self.assertEqual(
            self.version.question_ids.mapped("key"),
            [
                *("serial_number", "fault", "where", "how_often", "power_is_off"),
                *("plate", "signature", "our_guess"),
            ],
        )
        self.assertEqual(len(self.version.definition), 6)
        self.assertEqual(
            self.version.definition[1],
            {
                "name": "fault",
                "string": "Fault",
                "type": "selection",
                "selection": [["No power", "No power"], ["Noise", "Noise"]],
            },
        )

    def test_fixed(self):
        """What was in force stays, whoever tries, and however."""
        manager = self._as("service_manager", self.version)
        question = manager.question_ids[0]
        for change in (
            lambda: manager.write({"question_ids": [Command.clear()]}),
            lambda: manager.write({"definition": []}),
            lambda: manager.write({"state": "draft"}),
            lambda: manager.unlink(),
            lambda: manager.copy(),
            lambda: manager.action_publish(),
            lambda: question.write({"name": "Other"}),
            lambda: question.unlink(),
            lambda: question.copy(),
            lambda: question.sudo().write({"name": "Other"}),
            lambda: question.sudo().unlink(),
            lambda: self.version.write({"category_id": self.other_category.id}),
        ):
            with self.assertRaises(UserError):
                change()
        self.assertFalse(manager.has_access("write"))

    def test_kept(self):
        """A ticket keeps its version; the next has what was not changed."""
        ticket = self._ticket(properties={"serial_number": "A1", "fault": "Noise"})
        later = self._publish(self.category)
        self.assertEqual(self.version.state, "replaced")
        self.assertEqual(
            later.question_ids.mapped("key"), self.version.question_ids.mapped("key")
        )
        last = self._publish(self.category, [{"name": "Colour"}])
        self.assertEqual(
            self.category.form_version_ids.mapped("state"),
            ["replaced", "replaced", "published"],
        )
        self.env.invalidate_all()
        self.assertEqual(ticket.form_version_id, self.version)
        self.assertEqual(
            ticket._get_answers(), {"serial_number": "A1", "fault": "Noise"}
        )
        ticket.write({"properties": {"how_often": 3}})
        self.assertEqual(len(ticket._get_answers()), 3)
        self.assertEqual(self._ticket().form_version_id, last)
        # As imports do: the category that it has, or one below with the same form.
        below = self.env["sales.service.category"].create(
            {
                "name": "Drop",
                "parent_id": self.category.id,
                "company_id": self.company.id,
            }
        )
        for category in (self.category, below):
            self._as("dispatcher", ticket).write({"category_id": category.id})
            self.assertEqual(ticket.form_version_id, self.version)
            self.assertEqual(len(ticket._get_answers()), 3)

    def test_category_deleted(self):
        """Only with drafts: what was answered to its form is read by it."""
        ticket = self._ticket(properties={"serial_number": "A1", "fault": "Noise"})
        ticket.category_id = False
        with self.assertRaises(UserError):
            self._as("service_manager", self.category).unlink()
        self.assertIn("A1", ticket.former_hint)
        manager = self._as("service_manager", self.other_category)
        manager.action_change_form()
        manager.unlink()
        self.assertFalse(self.other_category.exists())

    def test_one_draft(self):
        category = self._as("service_manager", self.category)
        first = category.action_change_form()["res_id"]
        self.assertEqual(category.action_change_form()["res_id"], first)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
        ):
            category.form_version_ids.create({"category_id": category.id})

    def test_above(self):
        """A category has the form of that above, unless it has one of its own."""
        below = self.env["sales.service.category"].create(
            {
                "name": "Drip",
                "parent_id": self.category.id,
                "company_id": self.company.id,
            }
        )
        self.assertEqual(below.form_version_id, self.version)
        ticket = self._ticket(category_id=below.id, properties={"serial_number": "A1"})
        ticket.category_id = self.category
        self.assertEqual(ticket._get_answers(), {"serial_number": "A1"})
        own = self._publish(below)
        self.assertEqual(below.form_version_id, own)
        self.assertFalse(
            set(own.question_ids.mapped("key"))
            & set(self.version.question_ids.mapped("key"))
        )

    def test_empty(self):
        """An empty form asks nothing."""
        empty = self._publish(self.category, [])
        ticket = self._ticket("agent")
        self.assertEqual(ticket.form_version_id, empty)
        self._as("agent", ticket).action_accept()
        self._as("agent", ticket).action_start()

    def test_wrong_questions(self):
        category = self._as("service_manager", self.other_category)
        version = category.form_version_ids.browse(
            category.action_change_form()["res_id"]
        )
        for values in (
            {"name": "A", "kind": "selection"},
            {"name": "A", "key": "A B"},
            {"name": "A", "key": "serial_number"},
            {"name": "A", "key": "a_html"},
        ):
            with self.assertRaises(ValidationError):
                version.question_ids.create({"version_id": version.id, **values})
        question = version.question_ids.create(
            [{"version_id": version.id, "name": "Serial number"}] * 2
        )
        self.assertEqual(question.mapped("key"), ["serial_number_2", "serial_number_3"])


@tagged("post_install", "-at_install")
class TestFormAnswers(FormCase):
    def test_typed(self):
        ticket = self._ticket(
            properties={
                "serial_number": " A1 ",
                "where": ["Right", "Left"],
                "how_often": 0,
                "power_is_off": False,
            }
        )
        self.assertEqual(
            ticket._get_answers(),
            {"serial_number": "A1", "where": ["Left", "Right"], "how_often": 0},
        )
        for answers in (
            {"nonsense": 1},
            {"serial_number": 5},
            {"fault": "Colour"},
            {"where": ["Up"]},
            {"how_often": "many"},
            {"plate": "x"},
        ):
            with self.assertRaises(UserError) as error:
                ticket.write({"properties": answers})
            self.assertIn(ticket.number, str(error.exception))
            with self.assertRaises(UserError):
                self._ticket(properties=answers)

    def test_definition_by_ticket(self):
        """Nobody changes the form by writing answers, as Odoo else allows."""
        ticket = self._ticket(properties={"serial_number": "A1"})
        definition = self.version.definition
        for user in ("agent", "service_manager"):
            mine = self._as(user, ticket)
            values = mine.read(["properties"])[0]["properties"]
            values[0].update(string="Changed", definition_changed=True, value="A2")
            mine.write({"properties": values})
            with self.assertRaises(UserError):
                mine.write(
                    {
                        "properties": [
                            *values,
                            {
                                "name": "more",
                                "string": "More",
                                "type": "char",
                                "value": "x",
                                "definition_changed": True,
                            },
                        ]
                    }
                )
        self.env.invalidate_all()
        self.assertEqual(self.version.definition, definition)
        self.assertEqual(ticket._get_answers(), {"serial_number": "A2"})

    def test_category_changed(self):
        """The new form is offered, and what was answered is kept, there and back."""
        ticket = self._ticket(properties={"serial_number": "A1", "fault": "Noise"})
        self._send(ticket, "plate", name="plate.png")
        other = self._publish(self.other_category, [{"name": "Decibel"}])
        ticket.write(
            {"category_id": self.other_category.id, "properties": {"decibel": "90"}}
        )
        self.assertEqual(ticket.form_version_id, other)
        self.assertEqual(ticket._get_answers(), {"decibel": "90"})
        self.assertIn("A1", ticket.former_hint)
        self.assertIn("plate.png", ticket.former_hint)
        ticket.category_id = self.category
        self.assertEqual(
            ticket._get_answers(), {"serial_number": "A1", "fault": "Noise"}
        )
        self.assertIn("90", ticket.former_hint)
        self.assertNotIn("A1", ticket.former_hint)
        self._publish(self.other_category, [{"name": "Pitch"}])
        ticket.category_id = self.other_category
        self.assertFalse(ticket._get_answers())
        self.assertIn("90", ticket.former_hint)
        self.assertIn("A1", ticket.former_hint)
        ticket.category_id = False
        self.assertFalse(ticket.form_version_id)
        self.assertIn("A1", ticket.former_hint)
        with self.assertRaises(UserError):
            self._as("service_manager", ticket).write({"former_answers": False})

    def test_form_view(self):
        """As an agent sees it: the questions follow the category before it is saved."""
        self._publish(self.other_category, [{"name": "Decibel"}])
        Ticket = self._as("agent", self.env["sales.service.ticket"])
        with Form(Ticket) as form:
            form.name = "Pump"
            form.partner_id = self.partner
            form.category_id = self.category
            self.assertEqual(
                [one["name"] for one in form.properties],
                [one["name"] for one in self.version.definition],
            )
            form.category_id = self.other_category
            [asked] = form.properties
            self.assertEqual(asked["name"], "decibel")
            form.properties = [{**asked, "value": "80"}]
        ticket = form.record
        self.assertEqual(ticket._get_answers(), {"decibel": "80"})

    def test_searched(self):
        tickets = self._ticket(properties={"fault": "Noise", "where": ["Left"]})
        tickets += self._ticket(properties={"fault": "No power"})
        self._publish(
            self.category,
            [
                {
                    "name": "Fault",
                    "key": "fault",
                    "kind": "selection",
                    "options": "Noise\nSmell",
                }
            ],
        )
        tickets += self._ticket(properties={"fault": "Smell"})
        mine = self._as("service_manager", tickets)
        self.assertEqual(mine.search([("properties.fault", "=", "Noise")]), mine[:1])
        self.assertEqual(mine.search([("properties.where", "in", ["Left"])]), mine[:1])
        groups = mine.formatted_read_group(
            [("id", "in", mine.ids)], ["properties.fault"], ["__count"]
        )
        self.assertEqual(
            {group["properties.fault"]: group["__count"] for group in groups},
            {"Noise": 1, "No power": 1, "Smell": 1},
        )

    def test_files(self):
        ticket = self._as("agent", self._ticket("agent"))
        large = base64.b64encode(picture(size=(3000, 30)))
        file = self._send(ticket, "plate", large)
        self.assertEqual((file.name, file.mimetype), ("plate.png", "image/png"))
        stored = Image.open(BytesIO(base64.b64decode(file.content)))
        self.assertEqual(stored.width, 1920)
        for content in (
            base64.b64encode(b"<html><script>alert(1)</script></html>"),
            base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            base64.b64encode(b"MZ" + b"\0" * 200),
            base64.b64encode(b"\x89PNG\r\n\x1a\n broken"),
            base64.b64encode(b"RIFF\x24\0\0\0WEBPVP8 " + b"x" * 90),
            # A picture of a few bytes that fills the memory.
            base64.b64encode(resized(picture(), 30_000)),
            base64.b64encode(resized(picture(), 8_000)),
            base64.b64encode(b"x" * (forms.LARGEST + 1)),
            b"",
        ):
            with self.assertRaises(UserError):
                self._send(ticket, "plate", content)
        with self.assertRaises(UserError):
            self._send(ticket, "fault")
        with self.assertRaises(AccessError):
            file.name = "other.png"
        self._send(ticket, "signature")
        with self.assertRaises(UserError):
            self._send(ticket, "signature")
        other = self._ticket("agent", category_id=self.other_category.id)
        with self.assertRaises(UserError):
            self._send(self._as("agent", other), "plate")

    def test_removed_with_ticket(self):
        ticket = self._ticket()
        file = self._send(ticket, "plate")
        contents = self.env["ir.attachment"].search(
            [
                ("res_model", "=", file._name),
                ("res_id", "=", file.id),
                ("res_field", "=", "content"),
            ]
        )
        self.assertTrue(contents)
        ticket.unlink()
        self.assertFalse(contents.exists())

    def test_batch(self):
        """Queries do not grow with the tickets."""
        counts = []
        for number in (2, 10, 40):
            self.env.invalidate_all()
            vals = [
                {
                    "name": "Pump",
                    "partner_id": self.partner.id,
                    "category_id": self.category.id,
                }
            ] * number
            before = self.env.cr.sql_log_count
            self.env["sales.service.ticket"].create(vals)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1] + 2)


@tagged("post_install", "-at_install")
class TestFormNeeded(FormCase):
    def _refused(self, action, *names):
        with self.assertRaises(UserError) as error:
            action()
        for name in names:
            self.assertIn(name, str(error.exception))

    def test_intake(self):
        """Who takes a ticket down asks; a letter is none the worse."""
        Ticket = self._as("agent", self.env["sales.service.ticket"])
        values = {
            "name": "Pump",
            "partner_id": self.partner.id,
            "category_id": self.category.id,
        }
        self._refused(lambda: Ticket.create(values), "Serial number")
        ticket = Ticket.create({**values, "properties": {"serial_number": "A1"}})
        self.assertEqual(ticket._get_answers(), {"serial_number": "A1"})
        by_letter = {**values, "channel": "email"}
        self._refused(lambda: Ticket.create(by_letter), "Serial number")
        # As the gateway, whoever the letter is from.
        self.assertTrue(Ticket.sudo().create(by_letter))

    def test_steps(self):
        ticket = self._as("agent", self._ticket("agent"))
        ticket.action_accept()
        self._refused(
            ticket.action_start,
            *(ticket.number, "Serial number", "Fault", "Power is off", "Plate"),
        )
        self.assertIn("Plate", ticket.form_hint)
        self._ready(ticket)
        ticket.action_start()
        ticket.resolution = "<p>Done</p>"
        self._refused(ticket.action_resolve, ticket.number, "Signature")
        self._refused(
            lambda: ticket.write(
                {"stage_id": self.env.ref("sales_service.stage_resolved").id}
            ),
            "Signature",
        )
        self._send(ticket, "signature")
        ticket.action_resolve()
        self.assertEqual(ticket.state, "resolved")
        self.assertFalse(ticket.form_hint)

    def test_in_the_users_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        ticket = self._as("agent", self._ticket("agent")).with_context(lang="zh_CN")
        self._refused(ticket.action_start, ticket.number, "Serial number")

    def test_not_taken_away(self):
        """What is needed by now cannot be emptied; what is needed later can."""
        ticket = self._as("agent", self._ticket("agent"))
        self._ready(ticket)
        ticket.write({"properties": {"fault": False}})
        self._refused(
            lambda: ticket.write({"properties": {"serial_number": ""}}),
            *(ticket.number, "Serial number"),
        )
        ticket.write({"properties": {"fault": "Noise"}})
        ticket.action_start()
        for key in ("fault", "power_is_off"):
            self._refused(lambda key=key: ticket.write({"properties": {key: False}}))
        photo = ticket.form_file_ids
        self._refused(photo.unlink, ticket.number, "Plate")
        more = self._send(ticket, "plate")
        photo.unlink()
        self.assertEqual(ticket.form_file_ids, more)
        self.assertIn("plate.png", "".join(ticket.message_ids.mapped("body")))

    def test_category_changed_while_worked_on(self):
        """The new form is asked for at the next step, not at once."""
        self._publish(
            self.other_category,
            [{"name": "Decibel", "required_from": "intake"}],
        )
        ticket = self._as("agent", self._ticket("agent"))
        self._ready(ticket)
        ticket.action_start()
        ticket.category_id = self.other_category
        ticket.resolution = "<p>Done</p>"
        self._refused(ticket.action_resolve, "Decibel")
        ticket.write({"properties": {"decibel": "80"}})
        ticket.action_resolve()

    def test_category_changed_when_over(self):
        """No later step would ask: it is answered at once."""
        ticket = self._as(
            "agent", self._ticket("agent", category_id=self.other_category.id)
        )
        ticket.resolution = "<p>Done</p>"
        ticket.action_resolve()
        self._refused(lambda: ticket.write({"category_id": self.category.id}), "Plate")
        self._publish(self.category, [{**QUESTIONS[0], "key": "serial_number"}])
        ticket.write(
            {"category_id": self.category.id, "properties": {"serial_number": "A1"}}
        )
        self.assertEqual(ticket._get_answers(), {"serial_number": "A1"})

    def test_customer_writes(self):
        """His word does not begin work that lacks answers, and is not lost."""
        ticket = self._ticket("agent")
        self._as("agent", ticket).action_wait_customer()
        ticket.message_post(
            body="It is A1",
            author_id=self.partner.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertEqual(ticket.state, "assigned")
        self._ready(ticket)
        self._as("agent", ticket).action_wait_customer()
        ticket.message_post(
            body="And?",
            author_id=self.partner.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertEqual(ticket.state, "in_progress")

    def test_call(self):
        """By phone the same is asked, but for files."""
        Call = self._as("agent", self.env["sales.service.call"])
        with Form(Call) as form:
            form.partner_id = self.partner
            form.name = "Pump leaks"
            form.category_id = self.category
            self.assertEqual(len(form.properties), 6)
        call = form.record
        self._refused(call.action_open_ticket, "Serial number")
        call.properties = [
            {**one, "value": "A1" if one["name"] == "serial_number" else False}
            for one in call.read(["properties"])[0]["properties"]
        ]
        ticket = self.env["sales.service.ticket"].browse(
            call.action_open_ticket()["res_id"]
        )
        self.assertEqual(ticket._get_answers(), {"serial_number": "A1"})
        self.assertEqual(ticket.channel, "phone")


@tagged("post_install", "-at_install")
class TestFormShown(FormCase):
    def test_words(self):
        ticket = self._ticket(
            properties={
                "serial_number": "A1",
                "where": ["Left", "Right"],
                "how_often": 1200,
                "power_is_off": True,
                "our_guess": "INNER",
            }
        )
        self._send(ticket, "plate")
        said = {one["question"].key: one["text"] for one in ticket._get_form_answers()}
        self.assertEqual(
            said,
            {
                "serial_number": "A1",
                "where": "Left, Right",
                "how_often": "1,200",
                "power_is_off": "Yes",
                "plate": "plate.png",
            },
        )
        self.assertEqual(len(ticket._get_form_answers(internal=True)), 6)

    def test_moments(self):
        version = self._publish(
            self.other_category,
            [
                {"name": "Day", "kind": "date"},
                {"name": "Moment", "kind": "datetime"},
                {"name": "Bar", "kind": "float"},
            ],
        )
        day, moment, bar = version.question_ids.with_context(tz="Asia/Shanghai")
        self.assertEqual(day._say("2026-11-29"), "11/29/2026")
        self.assertIn("9:30", moment._say(datetime(2026, 11, 29, 1, 30).isoformat(" ")))
        self.assertEqual(bar._say(1234.5), "1,234.5")

    def test_paper(self):
        ticket = self._ticket(
            properties={"serial_number": "A<1>", "our_guess": "INNER"}
        )
        self._send(ticket, "plate")
        report = self.env["ir.actions.report"]._render_qweb_html(
            "sales_service.sales_service_ticket_report", ticket.ids
        )[0]
        page = report.decode()
        self.assertIn(ticket.number, page)
        self.assertIn("A&lt;1&gt;", page)
        self.assertIn("data:image/png;base64", page)
        self.assertNotIn("INNER", page)


@tagged("post_install", "-at_install")
class TestFormAccess(FormCase):
    def test_roles(self):
        """Managers make forms; who has the ticket sends files to it."""
        self.partner.user_id = self.users["rep"]
        draft = self.version.browse(
            self._as("service_manager", self.category).action_change_form()["res_id"]
        )
        own, team = self._ticket("agent"), self._ticket("colleague")
        files = [self._send(ticket, "plate") for ticket in (own, team)]
        # role: reads own and the team's files, adds and removes them
        expected = {
            "agent": ((True, False), (True, False)),
            "stranger": ((False, False), (False, False)),
            "dispatcher": ((True, True), (True, True)),
            "service_manager": ((True, True), (True, True)),
            "rep": ((True, True), (False, False)),
            "peer": ((False, False), (False, False)),
            "leader": ((True, True), (False, False)),
            "director": ((True, True), (False, False)),
            "operations": ((True, True), (False, False)),
            "finance": ((False, False), (False, False)),
        }
        for role, (reads, changes) in expected.items():
            for records in (draft, draft.question_ids):
                records = self._as(role, records)
                with self.subTest(role=role, model=records._name):
                    self.assertEqual(records.has_access("read"), role != "finance")
                    for operation in ("write", "create", "unlink"):
                        self.assertEqual(
                            records.has_access(operation), role == "service_manager"
                        )
            for file, read, change in zip(files, reads, changes, strict=True):
                file = self._as(role, file)
                with self.subTest(role=role, file=file):
                    self.assertEqual(file.has_access("read"), read)
                    self.assertEqual(file.has_access("create"), change)
                    self.assertEqual(file.has_access("unlink"), change)
                    self.assertFalse(file.has_access("write"))

    def test_companies(self):
        foreign = self.env["sales.service.category"].create(
            {"name": "B", "company_id": self.company_b.id}
        )
        draft = self.version.create({"category_id": foreign.id})
        self.assertFalse(self._as("service_manager", draft).has_access("read"))

    def test_portal(self):
        """Over RPC a customer reads none of it: not even the own, nor by a detour."""
        contact = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.partner.id}
        )
        user = new_test_user(
            self.env, "sf_portal", "base.group_portal", partner_id=contact.id
        )
        ticket = self._ticket(properties={"our_guess": "INNER"})
        self._send(ticket, "plate")
        mine = ticket.with_user(user)
        self.assertTrue(mine.has_access("read"))
        for attack in (
            lambda: mine.read(["properties"]),
            lambda: mine.read(["form_file_ids"]),
            lambda: mine.read(["former_answers", "former_hint", "form_hint"]),
            lambda: mine.search([("properties.our_guess", "ilike", "INN")]),
            lambda: mine.search([("form_version_id", "!=", False)]),
            lambda: mine.search([], order="properties.our_guess"),
            lambda: mine.formatted_read_group(
                [], ["properties.our_guess"], ["__count"]
            ),
            lambda: mine.get_property_definition("properties.our_guess"),
            lambda: mine.with_context(active_test=False).web_read({"properties": {}}),
            lambda: mine.write({"properties": {"serial_number": "X"}}),
            lambda: mine.create({"name": "X", "properties": {"serial_number": "X"}}),
        ):
            with self.assertRaises(AccessError):
                attack()
        for model in ("version", "question", "file"):
            records = self.env[f"sales.service.form.{model}"].with_user(user)
            for operation in ("read", "write", "create", "unlink"):
                self.assertFalse(records.has_access(operation))
