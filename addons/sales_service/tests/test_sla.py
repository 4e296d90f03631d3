"""Policies and limits of real tickets."""

from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import ServiceCase

# A Monday at nine, in working hours of every calendar of Odoo's.
MONDAY = datetime(2031, 3, 3, 9)


@tagged("post_install", "-at_install")
class TestSla(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.env["resource.calendar"].create(
            {
                "name": "Nine to five",
                "tz": "UTC",
                "company_id": cls.company.id,
                "attendance_ids": [(5, 0, 0)]
                + [
                    (
                        0,
                        0,
                        {
                            "name": f"Day {day}",
                            "dayofweek": str(day),
                            "hour_from": 9,
                            "hour_to": 17,
                            "day_period": "morning",
                        },
                    )
                    for day in range(5)
                ],
            }
        )
        cls.team.calendar_id = cls.calendar
        cls.policy = cls.env["sales.service.sla"].create(
            {
                "name": "Standard",
                "company_id": cls.company.id,
                "response_hours": 2,
                "reply_hours": 1,
                "resolution_hours": 10,
            }
        )

    def _at(self, moment):
        """What is done within happens at this moment."""
        return patch.object(
            self.registry["sales.service.ticket"], "_get_now", lambda _self: moment
        )

    def _begin(self, **values):
        with self._at(MONDAY):
            return self._ticket(**values)

    def _of(self, ticket, kind):
        return ticket.clock_ids.filtered(lambda one: one.kind == kind)[-1:]

    def _say(self, ticket, user):
        author = self.users[user].partner_id if user else self.partner
        ticket.message_post(
            body="Words",
            author_id=author.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def test_deadlines(self):
        ticket = self._begin()
        self.assertEqual(
            self._of(ticket, "response").deadline, MONDAY + timedelta(hours=2)
        )
        self.assertEqual(
            self._of(ticket, "resolution").deadline, datetime(2031, 3, 4, 11)
        )
        self.assertEqual(ticket.deadline, MONDAY + timedelta(hours=2))
        for hours, status in ((1, "running"), (1.7, "warning"), (2, "overdue")):
            with self._at(MONDAY + timedelta(hours=hours)):
                ticket.invalidate_recordset(["sla_status", "is_overdue"])
                self.assertEqual(ticket.sla_status, status)
                found = self.env["sales.service.ticket"].search(
                    [("is_overdue", "=", True), ("id", "=", ticket.id)]
                )
                self.assertEqual(bool(found), status == "overdue")

    def test_response(self):
        ticket = self._begin()
        with self._at(MONDAY + timedelta(hours=1)):
            self._say(ticket, None)
            self.assertFalse(ticket.responded_at)
            self._say(ticket, "agent")
        response = self._of(ticket, "response")
        self.assertEqual(
            (response.status, response.met_at), ("met", MONDAY + timedelta(hours=1))
        )
        self.assertEqual(ticket.deadline, datetime(2031, 3, 4, 11))
        with self._at(MONDAY + timedelta(hours=3)):
            self._say(ticket, None)
        reply = self._of(ticket, "reply")
        self.assertEqual(reply.deadline, MONDAY + timedelta(hours=4))
        with self._at(MONDAY + timedelta(hours=5)):
            self._say(ticket, "agent")
        self.assertEqual(
            (reply.status, reply.breached_at), ("late", MONDAY + timedelta(hours=4))
        )
        self.assertTrue(ticket.sla_breached)

    def test_note_is_no_response(self):
        ticket = self._begin()
        ticket.message_post(
            body="Internal", author_id=self.users["agent"].partner_id.id
        )
        self.assertFalse(ticket.responded_at)

    def test_waiting(self):
        """Time that the customer takes does not count; parts do, by this policy."""
        ticket = self._begin()
        with self._at(MONDAY + timedelta(hours=1)):
            ticket.action_assign(self.users["agent"].id)
            ticket.action_wait_customer()
            self.assertFalse(self._of(ticket, "resolution").deadline)
            self.assertEqual(ticket.sla_status, "paused")
        with self._at(datetime(2031, 3, 5, 10)):
            self._say(ticket, None)
            self.assertEqual(ticket.state, "in_progress")
            self.assertEqual(
                self._of(ticket, "resolution").deadline, datetime(2031, 3, 6, 11)
            )
            ticket.action_wait_customer()
            self.policy.resolution_hours = 11
            self.policy.resolution_hours = 10
            # It waited before and after: there is nothing to say.
            self.assertNotIn("Resolution", self._last_message(ticket).body)
            ticket.action_start()
            ticket.action_wait_parts()
            self.assertEqual(
                self._of(ticket, "resolution").deadline, datetime(2031, 3, 6, 11)
            )

    def test_resolved_and_reopened(self):
        """The time while it was resolved does not count; a breach stays."""
        ticket = self._begin()
        ticket.resolution = "<p>Done</p>"
        with self._at(datetime(2031, 3, 4, 10)):
            ticket.action_resolve()
        self.assertEqual(self._of(ticket, "resolution").status, "met")
        self.assertEqual(self._of(ticket, "response").status, "late")
        with self._at(datetime(2031, 3, 10, 9)):
            self._say(ticket, None)
            self.assertEqual((ticket.state, ticket.reopen_count), ("reopened", 1))
            self.assertEqual(
                self._of(ticket, "resolution").deadline, datetime(2031, 3, 10, 10)
            )
        with self._at(datetime(2031, 3, 10, 12)):
            ticket.action_assign(self.users["agent"].id)
            ticket.action_resolve()
        resolution = self._of(ticket, "resolution")
        self.assertEqual(
            (resolution.status, resolution.breached_at),
            ("late", datetime(2031, 3, 10, 10)),
        )

    def test_policy_changes(self):
        """Limits move with an audit line; what was breached stays breached."""
        ticket = self._begin()
        with self._at(MONDAY + timedelta(hours=3)):
            self.policy.response_hours = 4
            response = self._of(ticket, "response")
            self.assertEqual(response.breached_at, MONDAY + timedelta(hours=2))
            self.assertEqual(response.deadline, MONDAY + timedelta(hours=4))
            self.assertIn("a policy was changed", self._last_message(ticket).body)
        with self._at(MONDAY + timedelta(hours=3, minutes=30)):
            self._say(ticket, "agent")
        self.assertEqual(response.status, "late")

    def test_priority_changes(self):
        urgent = self.env["sales.service.sla"].create(
            {
                "name": "Urgent",
                "company_id": self.company.id,
                "sequence": 1,
                "priority": "3",
                "resolution_hours": 4,
            }
        )
        ticket = self._begin()
        self.assertEqual(ticket.sla_id, self.policy)
        with self._at(MONDAY + timedelta(hours=1)):
            ticket.priority = "3"
        self.assertEqual(ticket.sla_id, urgent)
        self.assertEqual(
            self._of(ticket, "resolution").deadline, MONDAY + timedelta(hours=4)
        )
        self.assertEqual(self._of(ticket, "response").status, "dropped")

    def test_hours_change(self):
        """A holiday that is entered moves what runs, before the commit."""
        ticket = self._begin()
        with self._at(MONDAY + timedelta(hours=1)):
            self.env["resource.calendar.leaves"].create(
                {
                    "name": "Holiday",
                    "calendar_id": self.calendar.id,
                    "company_id": self.company.id,
                    "date_from": datetime(2031, 3, 4),
                    "date_to": datetime(2031, 3, 5),
                }
            )
            self.env.cr.precommit.run()
            self.assertEqual(
                self._of(ticket, "resolution").deadline, datetime(2031, 3, 5, 11)
            )
            self.assertIn("working hours changed", self._last_message(ticket).body)
            self.team.is_always_open = True
            self.env.cr.precommit.run()
        self.assertEqual(
            self._of(ticket, "resolution").deadline, MONDAY + timedelta(hours=10)
        )
        self.assertEqual(ticket.interval_ids.mapped("is_always_open"), [False, True])

    def test_which_policy(self):
        """The first that a ticket meets: by team, category, priority, class."""
        below = self.env["sales.service.category"].create(
            {
                "name": "Deep",
                "parent_id": self.category.id,
                "company_id": self.company.id,
            }
        )
        class_ = self.env["sales.customer.class"].create(
            {"name": "Z", "share_upto": 100, "company_id": self.company_b.id}
        )
        first = self.env["sales.service.sla"].create(
            [
                {
                    "name": name,
                    "company_id": self.company.id,
                    "sequence": 1,
                    "resolution_hours": 1,
                    **vals,
                }
                for name, vals in (
                    ("class", {"class_ids": class_.ids}),
                    ("team", {"team_ids": self.other_team.ids}),
                    ("priority", {"priority": "2", "category_ids": self.category.ids}),
                )
            ]
        )
        self.assertEqual(self._ticket().sla_id, self.policy)
        self.assertEqual(
            self._ticket(team_id=self.other_team.id, category_id=False).sla_id, first[1]
        )
        self.assertEqual(
            self._ticket(category_id=below.id, priority="3").sla_id, first[2]
        )
        self.assertEqual(
            self._ticket(category_id=below.id, priority="1").sla_id, self.policy
        )
        with self.assertRaises(ValidationError):
            first[0].resolution_hours = 0

    def test_cancelled(self):
        ticket = self._begin()
        with self._at(MONDAY + timedelta(hours=1)):
            ticket.action_cancel()
        self.assertEqual(set(ticket.clock_ids.mapped("status")), {"dropped"})
        self.assertFalse(ticket.deadline)

    def test_cancelled_and_reopened(self):
        """A breach that happened stays; what begins again has its limits again."""
        ticket = self._begin()
        with self._at(MONDAY + timedelta(hours=3)):
            ticket.action_cancel()
        self.assertTrue(ticket.sla_breached)
        with self._at(datetime(2031, 3, 10, 9)):
            ticket.action_reopen()
        # Three hours had run; the answer was due long ago.
        self.assertEqual(
            self._of(ticket, "resolution").deadline, datetime(2031, 3, 10, 16)
        )
        self.assertEqual(
            self._of(ticket, "response").deadline, MONDAY + timedelta(hours=2)
        )
        self.assertTrue(self._of(ticket, "response").breached_at)

    def test_resolving_is_a_response(self):
        """No second answer is due after a ticket was resolved without words."""
        ticket = self._begin(resolution="<p>Done</p>")
        with self._at(MONDAY + timedelta(hours=1)):
            ticket.action_resolve()
        self.assertEqual(ticket.responded_at, MONDAY + timedelta(hours=1))
        self.assertEqual(
            self._of(ticket, "response").deadline, MONDAY + timedelta(hours=2)
        )
        with self._at(datetime(2031, 3, 10, 9)):
            ticket.action_reopen()
            ticket.priority = "3"
        self.assertEqual(
            sorted(ticket.clock_ids.mapped("kind")), ["resolution", "response"]
        )
        self.assertFalse(ticket.sla_breached)

    def test_policy_changes_while_resolved(self):
        """What begins again does so by the policy of that day."""
        ticket = self._begin(resolution="<p>Done</p>")
        with self._at(MONDAY + timedelta(hours=1)):
            ticket.action_resolve()
            self.policy.active = False
            later = self.policy.copy({"active": True, "resolution_hours": 4})
        with self._at(datetime(2031, 3, 10, 9)):
            ticket.action_reopen()
        self.assertEqual(ticket.sla_id, later)
        self.assertEqual(
            self._of(ticket, "resolution").deadline, datetime(2031, 3, 10, 12)
        )

    def test_dropped_breach_stays(self):
        self.env["sales.service.sla"].create(
            {
                "name": "Urgent",
                "company_id": self.company.id,
                "sequence": 1,
                "priority": "3",
                "resolution_hours": 4,
            }
        )
        ticket = self._begin()
        with self._at(MONDAY + timedelta(hours=3)):
            ticket.priority = "3"
        self.assertEqual(self._of(ticket, "response").status, "dropped")
        self.assertTrue(ticket.sla_breached)

    def test_company_changes(self):
        """Another company has other teams and other policies."""
        team = self.env["sales.service.team"].create(
            {"name": "B", "company_id": self.company_b.id, "is_always_open": True}
        )
        theirs = self.policy.copy(
            {"company_id": self.company_b.id, "resolution_hours": 3}
        )
        ticket = self._begin(category_id=False)
        with self._at(MONDAY + timedelta(hours=1)):
            ticket.company_id = self.company_b
        self.assertEqual((ticket.team_id, ticket.sla_id), (team, theirs))
        self.assertEqual(
            self._of(ticket, "resolution").deadline, MONDAY + timedelta(hours=3)
        )

    def test_sales_is_no_response(self):
        """A salesperson who asks how it goes has answered nobody."""
        ticket = self._begin()
        with self._at(MONDAY + timedelta(hours=1)):
            self._say(ticket, "rep")
        self.assertFalse(ticket.responded_at)
        self.assertFalse(self._of(ticket, "response").met_at)

    def test_archived_category(self):
        """A policy is of the tickets of a category that is not used any more, too."""
        self.policy.category_ids = self.category
        ticket = self._begin()
        self.category.active = False
        with self._at(MONDAY + timedelta(hours=1)):
            ticket.priority = "3"
        self.assertEqual(ticket.sla_id, self.policy)

    def test_personal_leaves(self):
        """Somebody's day off moves no limits: nothing is computed for it."""
        pending = self.env.cr.precommit.data
        pending.pop("sales_service.hours", None)
        leave = {
            "name": "Day off",
            "company_id": self.company.id,
            "date_from": datetime(2031, 3, 4),
            "date_to": datetime(2031, 3, 5),
        }
        employee = self.env["resource.resource"].create({"name": "Somebody"})
        leaves = self.env["resource.calendar.leaves"]
        personal = leaves.create({**leave, "resource_id": employee.id})
        self.assertNotIn("sales_service.hours", pending)
        personal.resource_id = False
        self.assertIn("sales_service.hours", pending)

    def test_not_overdue(self):
        """Neither is what has no limit."""
        free = self._ticket(priority="0")
        free.clock_ids.unlink()
        free.deadline = False
        self.assertIn(
            free, self.env["sales.service.ticket"].search([("is_overdue", "=", False)])
        )

    def test_sets(self):
        """What is done to many tickets takes as many queries as to a few."""
        agent = self.users["agent"].id
        steps = {
            "assign": lambda some: some.action_assign(agent),
            "start": lambda some: some.action_start(),
            "priority": lambda some: some.write({"priority": "3"}),
            "hours": lambda some: some._follow_hours(),
            "resolve": lambda some: some.action_resolve(),
            "reopen": lambda some: some.action_reopen(),
            "cancel": lambda some: some.action_cancel(),
        }
        counts = {}
        for number in (5, 20):
            tickets = self.env["sales.service.ticket"].create(
                [
                    {
                        "name": f"Ticket {one}",
                        "category_id": self.category.id,
                        "resolution": "<p>Done</p>",
                    }
                    for one in range(number)
                ]
            )
            for name, step in steps.items():
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                step(tickets)
                self.env.flush_all()
                counts.setdefault(name, []).append(self.cr.sql_log_count - before)
        for name, (few, many) in counts.items():
            with self.subTest(name):
                self.assertLessEqual(many, few + 3, counts)
