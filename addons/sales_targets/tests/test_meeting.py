"""The weekly meeting: facts, invitation, decisions as tasks, and who sees what."""

from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_cockpit import TODAY, CockpitCase

NEXT_WEEK = "2031-02-19 09:10:00"
# role: rights on the leader's meeting, rights on its decisions
MATRIX = {
    "rep": ({"read"}, {"read"}),
    "peer": (set(), set()),
    "peer_leader": (set(), set()),
    "leader": ({"read", "write"}, {"read", "write", "create", "unlink"}),
    "manager": ({"read", "write"}, {"read", "write", "create", "unlink"}),
    "director": ({"read", "write"}, {"read", "write", "create", "unlink"}),
    "operations": ({"read"}, {"read"}),
    "finance": ({"read"}, {"read"}),
    "foreigner": (set(), set()),
}
OPERATIONS = ("read", "write", "create", "unlink")


@tagged("post_install", "-at_install")
class TestMeeting(CockpitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.meetings = cls.env["sales.meeting"].with_user(cls.users["leader"])

    def _open(self, moment=TODAY):
        with freeze_time(moment):
            action = self.meetings.action_open_week()
        return self.meetings.browse(action["res_id"])

    def _decide(self, meeting, owner="rep", name="Call the ten largest"):
        return self.env["sales.meeting.decision"].create(
            {
                "meeting_id": meeting.id,
                "name": name,
                "user_id": self.users[owner].id,
                "date_deadline": "2031-02-18",
            }
        )

    def test_twice_is_once(self):
        meeting = self._open()
        event = meeting.event_id
        self.assertEqual(self._open("2031-02-14 08:00:00"), meeting)
        self.assertEqual(meeting.event_id, event)
        self.assertEqual(meeting.week, date(2031, 2, 10))
        self.assertNotEqual(self._open(NEXT_WEEK), meeting)
        with freeze_time(TODAY):
            meeting.action_schedule()
        self.assertEqual(meeting.event_id, event)

    def test_invitation(self):
        meeting = self._open()
        event = meeting.event_id
        team = ("leader", "rep", "second", "third")
        self.assertEqual(
            event.partner_ids,
            self.env["res.users"]
            .union(*(self.users[name] for name in team))
            .partner_id,
        )
        self.assertEqual(event.user_id, self.users["leader"])
        self.assertEqual(fields.Datetime.to_string(event.start), "2031-02-12 13:00:00")
        self.assertIn("Second", event.description)
        # Attendees see how much of a target was achieved, not the target.
        self.assertNotIn("25,000", event.description)
        meeting.attendee_ids -= self.reps["third"]
        self.assertNotIn(self.users["third"].partner_id, event.partner_ids)
        # Who is not invited sees that they are busy only.
        for who, seen in (("rep", True), ("peer", False)):
            theirs = event.with_user(self.users[who])
            theirs.invalidate_recordset()
            self.assertEqual("Second" in (theirs.description or ""), seen)

    def test_agenda(self):
        meeting = self._open()
        agenda = meeting.agenda
        with freeze_time(TODAY):
            cockpit = (
                self.env["sales.target.plan"]
                .with_user(self.users["leader"])
                .get_cockpit()
            )
        expected = {
            child["name"]: (child["achieved"], child["attainment"])
            for child in cockpit["children"]
        }
        self.assertEqual(
            {
                line["name"]: (line["achieved"], line["attainment"])
                for line in agenda["attainment"]
            },
            expected,
        )
        self.assertEqual(agenda["attainment"][0]["name"], "Third")
        self.assertFalse(agenda["wins"])
        self.assertIn("Achieved", meeting.agenda_html)

    def test_misses(self):
        """Why the attendees did not do what was planned in the seven days."""
        plan = self.env["sales.work.plan"]._make(self.reps["rep"], date(2031, 2, 10))
        reason = self.env["sales.miss.reason"].search([], limit=1)
        plan.item_ids.create(
            {
                "plan_id": plan.id,
                "kind": "task",
                "name": "Call",
                "state": "missed",
                "reason_id": reason.id,
            }
        )
        meeting = self._open()
        self.assertEqual(meeting.agenda["misses"], [{"name": reason.name, "count": 1}])
        self.assertIn(reason.name, meeting.event_id.description)

    def test_entry_is_the_meetings(self):
        """Not an entry of somebody else's, whose time it would tell."""
        meeting = self._open()
        other = meeting.event_id.copy()
        with self.assertRaises(UserError):
            meeting.event_id = other

    def test_wins(self):
        """The largest orders of the last seven days, of the own people."""
        for user, price, day in (
            ("rep", 700, "2031-02-06"),
            ("second", 900, "2031-02-12"),
            ("second", 5000, "2031-02-05"),
            ("peer", 8000, "2031-02-11"),
        ):
            order = self._order(self.users[user], confirm=False)
            order.order_line.price_unit = price
            order.action_confirm()
            order.date_order = f"{day} 10:00:00"
        agenda = self._open().agenda
        self.assertEqual(
            [(win["rep"], win["value"]) for win in agenda["wins"]],
            [("Second", 900), ("Rep", 700)],
        )

    def test_decisions_are_tasks(self):
        """Due next week, done by the owner, and shown in the next meeting."""
        meeting = self._open()
        with freeze_time(TODAY):
            first = self._decide(meeting)
            second = self._decide(meeting, "second", "Visit Alpha")
            third = self._decide(meeting, "third", "Nothing")
        self.assertEqual(first.activity_id.user_id, self.users["rep"])
        self.assertEqual(first.activity_id.date_deadline, date(2031, 2, 18))
        second.write({"name": "Visit Beta", "user_id": self.users["third"].id})
        self.assertEqual(second.activity_id.summary, "Visit Beta")
        self.assertEqual(second.activity_id.user_id, self.users["third"])
        third.activity_id.unlink()
        self.assertEqual(third.state, "dropped")
        with freeze_time(TODAY):
            first.with_user(self.users["rep"]).action_done()
            first.with_user(self.users["rep"]).action_done()
        self.assertEqual((first.state, second.state), ("done", "open"))
        following = self._open(NEXT_WEEK)
        self.assertEqual(following.former_ids, first + second + third)
        states = {line["name"]: line["state"] for line in following.agenda["decisions"]}
        self.assertEqual(
            states,
            {
                "Call the ten largest": "done",
                "Visit Beta": "open",
                "Nothing": "dropped",
            },
        )
        with freeze_time(NEXT_WEEK):
            self.env.invalidate_all()
            self.assertTrue(second.is_late)
        # What is still open is shown until it is done, what is done once.
        later = self._open("2031-02-26 09:10:00")
        self.assertEqual(later.former_ids, second)
        task = second.activity_id
        second.unlink()
        self.assertFalse(task.exists())

    def test_same_time_next_week(self):
        meeting = self._open()
        self.users["leader"].tz = "Europe/Berlin"
        meeting.event_id.write(
            {"start": "2031-02-14 07:00:00", "stop": "2031-02-14 08:00:00"}
        )
        following = self._open(NEXT_WEEK)
        self.assertEqual(
            following.start - meeting.start, timedelta(days=7), "the same hour"
        )

    def test_held_stays(self):
        meeting = self._open()
        agenda = meeting.agenda
        self._credit("INVOICED", self.reps["third"], 10000, date(2031, 2, 12))
        with freeze_time(TODAY):
            meeting.action_refresh()
            self.assertNotEqual(meeting.agenda, agenda)
            agenda = meeting.agenda
            meeting.action_hold()
            for action in ("action_refresh", "action_hold", "action_schedule"):
                with self.assertRaisesRegex(UserError, "was held"):
                    getattr(meeting, action)()
        self.assertEqual(meeting.agenda, agenda)

    def test_event_deleted(self):
        """Nothing is lost with it, and it can be put back."""
        meeting = self._open()
        meeting.event_id.unlink()
        self.assertTrue(meeting.exists() and meeting.agenda)
        with freeze_time(TODAY):
            meeting.action_schedule()
        self.assertTrue(meeting.event_id)

    def test_rights(self):
        meeting = self._open()
        with freeze_time(TODAY):
            decision = self._decide(meeting, "second")
        wrong = []
        for role, expected in MATRIX.items():
            user = self.users[role]
            for record, allowed in zip((meeting, decision), expected, strict=True):
                mine = record.with_user(user)
                found = {name for name in OPERATIONS if mine.has_access(name)}
                if found != allowed:
                    wrong.append((role, record._name, found, allowed))
        self.assertFalse(wrong)
        rep = meeting.with_user(self.users["rep"])
        with self.assertRaises(AccessError):
            rep.read(["agenda"])
        with self.assertRaises(AccessError):
            rep.read(["agenda_html"])
        with self.assertRaises(AccessError):
            rep.action_hold()
        with self.assertRaises(AccessError):
            decision.with_user(self.users["rep"]).action_done()
        for who in ("rep", "operations", "finance"):
            with self.assertRaises(AccessError):
                self.meetings.with_user(self.users[who]).action_open_week()
        for vals in ({"state": "held"}, {"agenda": {}}, {"week": "2031-01-06"}):
            with self.assertRaises(UserError):
                meeting.write(vals)

    def test_foreign_meeting(self):
        """A decision does not get into the meeting of others."""
        meeting = self._open()
        with freeze_time(TODAY):
            decision = self._decide(meeting).with_user(self.users["leader"])
            peers = self.meetings.with_user(self.users["peer_leader"])
            other = peers.action_open_week()["res_id"]
        with self.assertRaises(AccessError):
            decision.meeting_id = other

    def test_owner_from_elsewhere_reads_it(self):
        meeting = self._open()
        with freeze_time(TODAY):
            decision = self._decide(meeting, "peer")
        self.assertTrue(meeting.with_user(self.users["peer"]).has_access("read"))
        with freeze_time(TODAY):
            decision.with_user(self.users["peer"]).action_done()
        self.assertEqual(decision.state, "done")

    def test_without_a_plan(self):
        (self.plan | self.visits).state = "draft"
        meeting = self._open()
        self.assertFalse(meeting.agenda["plan"])
        self.assertIn("No core goal runs today", meeting.agenda_html)
