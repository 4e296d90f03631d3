"""One-to-ones: agenda from facts, agreements, and notes that nobody else reads."""

from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .test_coaching import CoachingCase

SECRET = "Thinks of leaving us"


@tagged("post_install", "-at_install")
class TestOneOnOne(CoachingCase):
    def _talk(self, name="rep", by="leader", **values):
        talks = self.env["sales.one.on.one"].with_user(self.users[by])
        return talks.create(
            {
                "rep_id": self.reps[name].id,
                "start": "2031-03-12 09:00:00",
                **values,
            }
        )

    def test_agenda(self):
        """What is known of the rep, kept when they have met."""
        self._sell("rep", 400)
        self._open()
        self._judge(self._card(), 90)
        self._agreed()
        # The rep reads the agenda, and not yet how the judgement is.
        self.assertFalse(self._talk(start="2031-03-11 09:00:00").agenda["card"])
        self._card().with_user(self.users["director"]).action_confirm()
        invoice = self._sell("rep", 70, "2031-01-20")
        invoice.invoice_date_due = "2031-02-01"
        self.env.flush_all()
        talk = self._talk()
        agenda = talk.agenda
        self.assertEqual(agenda["card"]["lines"][0]["name"], "Invoiced")
        self.assertEqual(agenda["card"]["lines"][0]["lost"], 36)
        self.assertEqual(agenda["coaching"][0]["name"], "Visits a day")
        self.assertEqual(agenda["overdue"][0]["customer"], "Customer")
        text = str(talk.agenda_html)
        for words in ("Visits a day", "36.00", "Customer", "No core goal"):
            self.assertIn(words, text)
        talk.action_hold()
        self._plan()
        for action in (talk.action_refresh, talk.action_hold, talk.action_cancel):
            with self.assertRaises(UserError):
                action()
        self.assertEqual(talk.agenda, agenda)
        with self.assertRaises(UserError):
            talk.unlink()

    def test_two(self):
        """Each writes what is theirs."""
        talk = self._talk()
        mine = talk.with_user(self.users["rep"])
        mine.rep_topics = "The new price list"
        for vals in ({"note": "<p>I said</p>"}, {"start": "2031-03-13 09:00:00"}):
            with self.assertRaises(AccessError, msg=vals):
                mine.write(vals)
        with self.assertRaises(AccessError):
            talk.rep_topics = "Mine"
        with self.assertRaises(AccessError):
            talk.with_user(self.users["manager"]).note = "From above"
        for action in ("action_hold", "action_cancel", "action_next", "action_refresh"):
            with self.assertRaises(AccessError, msg=action):
                getattr(mine, action)()
        for values in ({"name": "peer"}, {"name": "second", "by": "rep"}):
            with self.assertRaises(AccessError, msg=values):
                self._talk(**values)
        with self.assertRaises(ValidationError):
            self._talk("leader")
        for vals in ({"agenda": {}}, {"state": "held"}, {"manager_id": 1}):
            with self.assertRaises(UserError):
                talk.write(vals)

    def test_calendar(self):
        talk = self._talk()
        talk.action_schedule()
        talk.action_schedule()
        event = talk.event_id
        self.assertEqual(event.privacy, "private")
        self.assertEqual(
            event.partner_ids,
            (self.users["rep"] | self.users["leader"]).partner_id,
        )
        talk.start = "2031-03-13 10:00:00"
        self.assertEqual(str(event.start), "2031-03-13 10:00:00")
        talk.action_cancel()
        self.assertFalse(event.exists())

    def test_next(self):
        """By the company's rhythm, on a working day, once."""
        self.company.sales_one_on_one_days = 10
        talk = self._talk()
        # The 22nd is a Saturday.
        self.assertEqual(talk.next_on, date(2031, 3, 24))
        talk.action_hold()
        following = talk.action_next()["res_id"]
        self.assertEqual(talk.action_next()["res_id"], following)
        after = talk.browse(following)
        self.assertEqual(str(after.start), "2031-03-24 09:00:00")
        self.assertTrue(after.event_id)
        self.company.sales_one_on_one_days = 0
        talk.invalidate_recordset()
        self.assertFalse(talk.next_on)

    def test_agreements(self):
        """Tasks of one of the two, which the next talk shows."""
        talk = self._talk()
        talk.agreement_ids = [
            Command.create({"name": "Call Acme", "user_id": self.users["rep"].id}),
            Command.create({"name": "Get prices", "user_id": self.users["leader"].id}),
        ]
        first, second = talk.agreement_ids.sorted("id")
        self.assertEqual(first.activity_id.user_id, self.users["rep"])
        with self.assertRaises(ValidationError):
            first.user_id = self.users["second"]
        with self.assertRaises(AccessError):
            first.with_user(self.users["rep"]).name = "Less"
        with self.assertRaises(AccessError):
            second.with_user(self.users["rep"]).action_done()
        first.with_user(self.users["rep"]).action_done()
        self.assertEqual((first.state, second.state), ("done", "open"))
        later = self._talk(start="2031-03-20 09:00:00")
        self.assertEqual(later.former_ids, first | second)
        self.assertEqual(
            {one["name"]: one["state"] for one in later.agenda["agreements"]},
            {"Call Acme": "done", "Get prices": "open"},
        )
        last = self._talk(start="2031-03-27 09:00:00")
        self.assertEqual(last.former_ids, second)
        task = second.activity_id
        second.unlink()
        self.assertFalse(task.exists())

    def test_private(self):
        """Every role, on every way: only the author, and above if the company says."""
        talk = self._talk()
        talk.private_note = f"<p>{SECRET}</p>"
        self.assertIn(SECRET, talk.private_note)
        talk.message_post(body="We met")
        self.env.flush_all()
        above = {"manager", "director"}
        for is_open in (False, True):
            self.company.sales_notes_above = is_open
            for role, user in self.users.items():
                reads = role == "leader" or (is_open and role in above)
                found = self._sweep(talk.id, user)
                self.assertEqual(bool(found), reads, (role, is_open, found))
        # The rep's own form opens, without it.
        names = ["private_note", "notes_above", "agenda_html", "former_ids", "next_on"]
        [row] = talk.with_user(self.users["rep"]).read(names)
        self.assertFalse(row["private_note"] or row["notes_above"])
        # Moved under somebody else, and above the author: never the rep.
        self.company.sales_notes_above = True
        self.reps["leader"].parent_id = self.reps["rep"].browse()
        self.reps["rep"].parent_id = False
        self.reps["leader"].parent_id = self.reps["rep"]
        self.users["rep"].group_ids |= self.env.ref("sales_force.group_sales_leader")
        self.assertFalse(self._sweep(talk.id, self.users["rep"]))

    def _sweep(self, talk_id, user):
        """On which ways a user comes to the secret."""
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        env = self.env(user=user.id, su=False)
        notes, talks = env["sales.one.on.one.note"], env["sales.one.on.one"]
        ids = self.env["sales.one.on.one.note"].search([]).ids
        domain = [("note", "ilike", SECRET)]
        ways = {
            "search": lambda: notes.search(domain).ids,
            "count": lambda: notes.search_count(domain),
            "search_read": lambda: notes.search_read(domain, ["note"]),
            "web": lambda: notes.web_search_read(domain, {"note": {}})["records"],
            "name": lambda: notes.name_search("", domain),
            "read": lambda: notes.browse(ids).read(["note"]),
            "export": lambda: notes.browse(ids).export_data(["note"])["datas"],
            "group": lambda: [
                row
                for row in notes.formatted_read_group([], ["meeting_id"], ["__count"])
                if row["__count"]
            ],
            "talk": lambda: [
                html
                for row in talks.browse(talk_id).read(["private_note", "notes_above"])
                for html in row.values()
                if SECRET in str(html)
            ],
            "talk_export": lambda: [
                html
                for row in talks.browse(talk_id).export_data(
                    ["private_note", "notes_above"]
                )["datas"]
                for html in row
                if SECRET in str(html)
            ],
            "talk_search": lambda: talks.search([("private_note", "ilike", SECRET)]),
            "messages": lambda: env["mail.message"].search([("body", "ilike", SECRET)]),
            "tracking": lambda: env["mail.tracking.value"]
            .sudo()
            .search([("new_value_text", "ilike", SECRET)]),
            "events": lambda: env["calendar.event"].search(
                [("description", "ilike", SECRET)]
            ),
        }
        found = []
        for name, way in ways.items():
            try:
                if way():
                    found.append(name)
            except (AccessError, UserError, ValueError):
                continue
        return found

    def test_notes(self):
        """Nobody writes into the notes of others, or on talks of others."""
        talk = self._talk()
        talk.private_note = "<p>Mine</p>"
        note = self.env["sales.one.on.one.note"].search([])
        notes = self.env["sales.one.on.one.note"]
        self.company.sales_notes_above = True
        with self.assertRaises(AccessError):
            note.with_user(self.users["manager"]).note = "Ours"
        with self.assertRaises(AccessError):
            notes.with_user(self.users["manager"]).create(
                {"meeting_id": talk.id, "note": "Also"}
            )
        with self.assertRaises(UserError):
            note.with_user(self.users["leader"]).author_id = self.users["manager"]
        talk.private_note = "<p>Changed</p>"
        self.assertEqual(notes.search_count([]), 1)
        self.assertIn("Changed", str(note.note))
        self.assertEqual(note.author_rep_id, self.reps["leader"])
