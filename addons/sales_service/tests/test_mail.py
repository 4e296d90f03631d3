"""Letters that become tickets and answers that find theirs; none lost, none twice."""

from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy
from unittest.mock import patch

from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import html2plaintext, mute_logger

from ..tickets.mail import automatic, make_readable, subject_line, words
from .common import ServiceCase, TicketRaceCase
from .letters import AUTOMATIC, HARMLESS, NUMBER, Post

OURS = "ours.example.net"


@tagged("post_install", "-at_install")
class TestLetters(BaseCase):
    """What a letter says about itself."""

    def test_automatic(self):
        for headers, expected in ((AUTOMATIC, True), (HARMLESS, False)):
            for header in headers:
                letter = message_from_bytes(header + b"\r\n\r\n", policy=policy.SMTP)
                with self.subTest(header=header):
                    self.assertEqual(bool(automatic(letter)), expected)

    def test_readable(self):
        """A name that no codec has, and bytes that are not in what is named."""
        text = "水泵漏水"
        for named, really in (
            ("x-unknown", "utf-8"),
            ("unknown-8bit", "gb18030"),
            ("gb2312", "gb18030"),
            ("us-ascii", "utf-8"),
            ("utf-8", "utf-8"),
        ):
            letter = message_from_bytes(
                b"Content-Type: text/plain; charset=%s\r\n" % named.encode()
                + b"Content-Transfer-Encoding: 8bit\r\n\r\n"
                + text.encode(really),
                policy=policy.SMTP,
            )
            make_readable(letter)
            with self.subTest(named=named):
                self.assertEqual(letter.get_content(), text)

    def test_subject(self):
        self.assertEqual(subject_line("a\r\n\tb\0 c"), "a b c")
        self.assertEqual(len(subject_line("pump " * 1000)), 250)
        self.assertEqual(subject_line(None), "")
        self.assertIn("T00012", words("回复：[T00012]水泵"))
        self.assertIn("T00012", words("回复T00012水泵"))


@tagged("post_install", "-at_install")
class TestMail(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].create({"name": OURS})
        for team, name in ((cls.team, "pumps"), (cls.other_team, "valves")):
            team.write({"alias_domain_id": cls.domain.id, "alias_name": name})
        cls.partner.email = "customer@example.com"
        cls.address = f"pumps@{OURS}"
        cls.sent = 0

    def setUp(self):
        super().setUp()
        # Nothing leaves the house.
        self.startPatcher(
            patch.object(
                type(self.env["ir.mail_server"]), "send_email", lambda *args, **kw: True
            )
        )

    def _receive(self, raw):
        self.env["mail.thread"].message_process(False, raw)
        self.env.flush_all()

    def _letter(
        self, sender="customer@example.com", text="Help", subject="Leak", **head
    ):
        type(self).sent += 1
        head = {
            "From": sender,
            "To": self.address,
            "Subject": subject,
            "Message-Id": f"<test-{self.sent}@example.com>",
            **{name.replace("_", "-"): value for name, value in head.items()},
        }
        lines = [f"{name}: {value}" for name, value in head.items()]
        self._receive("\r\n".join([*lines, "", text]).encode())
        return self._last()

    def _last(self):
        return self.env["sales.service.ticket"].search([], order="id desc", limit=1)

    def _texts(self, ticket):
        messages = self.env["mail.message"].search(
            [
                ("model", "=", ticket._name),
                ("res_id", "=", ticket.id),
                ("message_type", "=", "email"),
            ]
        )
        return [html2plaintext(body).strip() for body in messages.mapped("body")]

    def test_nobody_serves(self):
        """Where no team takes tickets who wrote is told so; a program is not."""
        teams = self.env["sales.service.team"].search(
            [("company_id", "=", self.env.company.id)]
        )
        teams.active = False
        before, told = self._last(), []
        for more in ("", "Auto-Submitted: auto-replied\r\n"):
            raw = (
                "From: customer@example.com\r\nTo: any@elsewhere.example.net\r\n"
                f"Subject: Leak\r\nMessage-Id: <unserved{len(more)}@example.com>\r\n"
                f"{more}\r\nHelp"
            )
            with patch.object(
                type(self.env["mail.mail"]),
                "send",
                lambda mails, *args, **kw: told.append(
                    (mails.email_to, mails.body_html)
                ),
            ):
                self.env["mail.thread"].message_process(before._name, raw.encode())
        [(address, text)] = told
        self.assertIn("customer@example.com", address)
        self.assertIn("takes no requests in this way", text)
        self.assertEqual(self._last(), before)

    def test_new(self):
        ticket = self._letter(Cc="boss@example.com")
        self.assertEqual(
            (ticket.name, ticket.channel, ticket.team_id, ticket.state),
            ("Leak", "email", self.team, "new"),
        )
        self.assertEqual(ticket.partner_id, self.partner)
        self.assertEqual(ticket.partner_email, "customer@example.com")
        self.assertEqual(ticket.company_id, self.company)
        self.assertIn("Help", ticket.description)
        self.assertIn("boss@example.com", ticket.email_cc)
        self.assertEqual(self._texts(ticket), ["Help"])
        letter = self.env["sales.service.letter"].search(
            [("ticket_id", "=", ticket.id)]
        )
        self.assertEqual((letter.fate, letter.team_id), ("new", self.team))
        self.assertEqual(self._letter(subject="").name, "No subject")

    def test_unknown_sender(self):
        """A contact is made of who is not known; by setting not."""
        ticket = self._letter(sender="New One <new@example.org>")
        self.assertEqual(
            (ticket.partner_id.name, ticket.partner_id.email),
            ("New One", "new@example.org"),
        )
        self.team.make_contacts = False
        ticket = self._letter(sender="Other One <other@example.org>")
        self.assertFalse(ticket.partner_id)
        self.assertEqual(ticket.partner_email, "other@example.org")
        self.assertFalse(
            self.env["res.partner"].search([("email", "=", "other@example.org")])
        )

    def test_sender_of_other_company(self):
        """A contact of another company is not this company's customer."""
        self.partner.company_id = self.company_b
        ticket = self._letter()
        self.assertNotEqual(ticket.partner_id, self.partner)
        self.assertEqual(ticket.partner_id.email, "customer@example.com")

    def test_team_of_other_company(self):
        team = self.env["sales.service.team"].create(
            {"name": "B", "company_id": self.company_b.id}
        )
        team.write({"alias_domain_id": self.domain.id, "alias_name": "b"})
        ticket = self._letter(To=f"b@{OURS}")
        self.assertEqual((ticket.team_id, ticket.company_id), (team, self.company_b))

    def test_reply(self):
        """By reference; the customer is heard, the agent has answered."""
        self.users["agent"].email = "agent@ours.example.net"
        ticket = self._letter(Message_Id="<first@example.com>")
        ticket.action_assign(self.users["agent"].id)
        ticket.action_start()
        ticket.action_wait_customer()
        self._letter(text="Thanks", subject="Re", In_Reply_To="<first@example.com>")
        self.assertEqual(self._last(), ticket)
        self.assertEqual(self._texts(ticket), ["Thanks", "Help"])
        self.assertEqual(ticket.state, "in_progress")
        self.assertFalse(ticket.responded_at)
        self._letter(
            sender=self.users["agent"].email,
            text="We come",
            References="<first@example.com>",
        )
        self.assertEqual(self._last(), ticket)
        self.assertTrue(ticket.responded_at)

    def test_reply_by_number(self):
        """Of the same customer, from any address of theirs; of nobody else."""
        ticket = self._letter()
        colleague = self.env["res.partner"].create(
            {"name": "C", "email": "c@example.com", "parent_id": self.partner.id}
        )
        for sender in (self.partner.email, colleague.email):
            self._letter(sender=sender, subject=f"Re: {ticket.number} Leak")
            self.assertEqual(self._last(), ticket, sender)
        other = self._letter(sender="x@example.org", subject=f"Re: {ticket.number}")
        self.assertNotEqual(other, ticket)
        self.assertEqual(len(self._texts(ticket)), 3)

    def test_closed(self):
        """Within the team's days it is reopened, later a new one names the old."""
        ticket = self._letter(Message_Id="<first@example.com>")
        ticket.resolution = "<p>Done</p>"
        ticket.action_resolve()
        ticket.action_close()
        closed = ticket.closed_at
        self._letter(References="<first@example.com>")
        self.assertEqual((self._last(), ticket.state), (ticket, "reopened"))
        ticket.action_resolve()
        ticket.action_close()
        later = closed + timedelta(days=self.team.reopen_days, hours=1)
        with patch.object(type(ticket), "_get_now", lambda self: later):
            for header in (
                {"References": "<first@example.com>"},
                {"subject": f"Re: {ticket.number}"},
            ):
                new = self._letter(text="Again", **header)
                self.assertNotEqual(new, ticket)
                self.assertEqual(
                    (new.previous_id, new.team_id, new.state),
                    (ticket, self.team, "new"),
                )
                self.assertEqual(ticket.state, "closed")
                self.assertEqual(self._texts(new), ["Again"])
                self.assertIn(ticket.number, "".join(new.message_ids.mapped("body")))
                self.assertIn(new.number, self._last_message(ticket).body)
            # An agent who adds something does not begin a new one.
            count = self.env["sales.service.ticket"].search_count([])
            self._letter(
                sender=self.users["agent"].email, References="<first@example.com>"
            )
            self.assertEqual(self.env["sales.service.ticket"].search_count([]), count)

    def test_ignored(self):
        """Each is written down, counted and answered by nobody."""
        ticket = self._letter(Message_Id="<first@example.com>")
        self.team.alias_contact = "partners"
        Mail = self.env["mail.mail"]
        mails = Mail.search_count([])
        for sender, header in (
            ("customer@example.com", {"Auto_Submitted": "auto-replied"}),
            ("robot@example.org", {"Precedence": "bulk"}),
            (f"valves@{OURS}", {}),
        ):
            self._letter(sender=sender, References="<first@example.com>", **header)
        self._letter(sender="robot@example.org", X_Autoreply="yes")
        self.assertEqual(self._last(), ticket)
        self.assertEqual(len(self._texts(ticket)), 1)
        self.assertEqual(Mail.search_count([]), mails)
        self.assertEqual(self.team.ignored_count, 4)
        letters = self.team.letter_ids.filtered("is_ignored")
        self.assertEqual(Counter(letters.mapped("fate")), {"automatic": 3, "own": 1})
        self.assertIn("Auto-Submitted: auto-replied", letters.mapped("detail"))

    def test_twice(self):
        """Also what left no message, and what a worker has just taken."""
        for _time in range(2):
            self._letter(Message_Id="<robot@example.com>", Precedence="bulk")
        letter = self.team.letter_ids
        self.assertEqual((letter.fate, letter.times), ("automatic", 2))
        self.assertEqual(self.team.ignored_count, 2)
        first = self._letter(Message_Id="<first@example.com>")
        first.message_ids.unlink()
        self._letter(Message_Id="<first@example.com>")
        self.assertEqual(self._last(), first)

    def test_trusted_program(self):
        """A program that is let in writes tickets."""
        self.env["mail.gateway.allowed"].create({"email": "robot@example.org"})
        ticket = self._letter(
            sender="robot@example.org",
            subject="Line 4 stopped",
            Auto_Submitted="auto-generated",
        )
        self.assertEqual(ticket.name, "Line 4 stopped")

    def test_too_many(self):
        """What core stops as a loop is counted too."""
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 2)
        for _number in range(4):
            self._letter()
        self.assertEqual(
            self.team.letter_ids.mapped("fate"), ["loop"] * 2 + ["new"] * 2
        )

    def test_access(self):
        """What came in is read by who is over the team, and written by nobody."""
        self._letter(Precedence="bulk")
        letter = self.team.letter_ids
        for name in (*self.users, "portal"):
            with self.subTest(user=name):
                user = self.users.get(name) or new_test_user(
                    self.env, "sf_letters", "base.group_portal"
                )
                mine = letter.with_user(user)
                self.assertEqual(
                    mine.has_access("read"), name in ("dispatcher", "service_manager")
                )
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(mine.has_access(operation))
        foreign = self.env["sales.service.team"].create(
            {"name": "B", "company_id": self.company_b.id}
        )
        # sudo: as the gateway writes
        letter.sudo().team_id = foreign
        self.env.invalidate_all()
        self.assertFalse(self._as("service_manager", letter).has_access("read"))

    def test_two_teams(self):
        """One letter to two teams is one ticket."""
        count = self.env["sales.service.ticket"].search_count([])
        ticket = self._letter(To=f"{self.address}, valves@{OURS}")
        self.assertEqual(self.env["sales.service.ticket"].search_count([]), count + 1)
        self.assertIn(ticket.team_id, self.team + self.other_team)

    def test_merged(self):
        """An answer to what was merged goes where it was merged into."""
        first = self._letter(Message_Id="<first@example.com>")
        second = self._letter()
        first.merged_into_id = second
        first.action_cancel()
        self._letter(text="More", References="<first@example.com>")
        self.assertEqual(self._texts(second), ["More", "Help"])

    def test_other_models(self):
        """Letters that are not for the service go where they went before."""
        partner = self.env["res.partner"].create({"name": "Somebody"})
        message = partner.message_post(body="Hello", message_type="comment")
        self._letter(
            To=f"nobody@{OURS}",
            References=message.message_id,
            text="Back",
            Auto_Submitted="auto-replied",
        )
        self.assertIn("Back", self._last_message(partner).body)
        self.assertFalse(
            self.env["sales.service.letter"].search([("subject", "=", "Leak")])
        )

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_unreadable(self):
        """What cannot be parsed at all is kept whole."""
        Thread = type(self.env["mail.thread"])
        extract = Thread._message_parse_extract_payload

        def fail(self, message, *args, **kwargs):
            if message["Subject"] == "Odd" and message.get_content_maintype() == "text":
                raise LookupError("unknown encoding")
            return extract(self, message, *args, **kwargs)

        with patch.object(Thread, "_message_parse_extract_payload", fail):
            ticket = self._letter(subject="Odd", text="\u6c34 inside")
        self.assertEqual((ticket.name, ticket.partner_id), ("Odd", self.partner))
        whole = ticket.message_ids.attachment_ids
        self.assertEqual(whole.name, "letter.eml")
        self.assertIn("\u6c34 inside".encode(), whole.raw)

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_corpus(self):
        """500 letters: none lost, none twice, each where it belongs."""
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 999)
        letters = Post(self.address, f"valves@{OURS}").compose(500)
        self.assertEqual(
            {letter.fate for letter in letters}, {"new", "reply", "ignored", "again"}
        )
        Message = self.env["mail.message"]
        before = self._last().id or 0
        tickets, wrong = {}, []
        for number, letter in enumerate(letters):
            raw = letter.raw
            if NUMBER in raw:
                raw = raw.replace(NUMBER, tickets[letter.about].number.encode())
            last = self._last()
            with self.env.cr.savepoint():
                self._receive(raw)
            message = Message.search([("body", "like", letter.mark)])
            if letter.fate == "new":
                made = self._last() - last
                tickets[number] = made
                if not made or message.res_id != made.id:
                    wrong.append((number, "no ticket", letter.raw[:300]))
                    continue
            elif letter.fate == "reply":
                if message.res_id != tickets[letter.about].id:
                    wrong.append((number, "elsewhere", letter.raw[:300]))
            elif letter.fate == "ignored" and message:
                wrong.append((number, "not ignored", letter.raw[:300]))
            if self._last() != last and letter.fate != "new":
                wrong.append((number, "a ticket", letter.raw[:300]))
            if letter.fate != "ignored" and len(message) != 1:
                wrong.append((number, "times", len(message), letter.raw[:300]))
            elif letter.fate in ("new", "reply"):
                names = Counter(message.attachment_ids.mapped("name"))
                if letter.text not in message.body or names != Counter(letter.files):
                    wrong.append((number, names, message.body, letter.raw[:500]))
        self.assertFalse(wrong, "\n".join(map(str, wrong[:20])))
        fates = Counter(letter.fate for letter in letters)
        kept = self.team.letter_ids
        self.assertEqual(
            self.env["sales.service.ticket"].search_count([("id", ">", before)]),
            fates["new"],
        )
        self.assertEqual(
            Counter("ignored" if one.is_ignored else one.fate for one in kept),
            {kind: fates[kind] for kind in ("new", "reply", "ignored")},
        )
        self.assertTrue(all(one.ticket_id for one in kept if not one.is_ignored))


@tagged("post_install", "-at_install")
class TestMailAtOnce(TicketRaceCase):
    """A letter that is fetched while somebody writes its ticket."""

    NAME = "mail_race"

    def setUp(self):
        super().setUp()
        with self._environment() as env:
            ticket = self._ticket(env)
            ticket.user_id = self.users[0]
            ticket.action_wait_customer()

    def test_not_lost(self):
        head = (
            f"From: {self.NAME}@example.com",
            "To: elsewhere@example.org",
            "Subject: Here you are",
            "Message-Id: <at-once@example.com>",
        )
        with self._environment() as env:
            env.cr.execute("SELECT 1")  # takes the snapshot
            with self._environment() as other:
                self._ticket(other).priority = "3"
            gateway = env["mail.thread"].with_context(default_fetchmail_server_id=False)
            with mute_logger("odoo.sql_db", "odoo.service.model"):
                gateway.message_process(
                    "sales.service.ticket",
                    "\r\n".join([*head, "", "Serial 7"]).encode(),
                    thread_id=self.ticket,
                )
        with self._environment() as env:
            ticket = self._ticket(env)
            self.assertEqual((ticket.state, ticket.priority), ("in_progress", "3"))
            texts = [html2plaintext(one.body).strip() for one in ticket.message_ids]
            self.assertEqual(texts.count("Serial 7"), 1)
