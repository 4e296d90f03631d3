"""Who hears of limits that run out, why they were missed, and who calls afterwards."""

from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_facts import MONDAY, FactsCase


@tagged("post_install", "-at_install")
class TestNotice(FactsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.resolution_hours = 0
        cls.agent_rep.parent_id = cls._rep(cls.users["service_manager"])

    def _begin(self, user="agent", **values):
        with self._at(MONDAY):
            return self._ticket(user, **values)

    def _run(self, hours):
        """The cron, so many hours after Monday morning."""
        with (
            self._at(MONDAY + timedelta(hours=hours)),
            patch.object(type(self.env["ir.cron"]), "_commit_progress"),
        ):
            self.env["sales.service.clock"]._cron_notice()

    def _heard(self, ticket):
        """Whose attention the ticket asks for, each as often as it does."""
        return sorted(one.user_id.login[3:] for one in ticket.activity_ids)

    def test_steps(self):
        """Agent, then dispatchers, then above the team; each once, whenever it runs."""
        ticket = self._begin()
        self._run(1.5)
        self.assertEqual(self._heard(ticket), [])
        expected = []
        for hours, more in (
            (1.6, ["agent"]),
            (2, ["agent", "dispatcher"]),
            (5.9, []),
            (6, ["service_manager"]),
            (50, []),
        ):
            for _time in range(2):
                self._run(hours)
            expected = sorted(expected + more)
            self.assertEqual(self._heard(ticket), expected, hours)
        self.assertEqual(ticket.clock_ids.notice, 3)

    def test_late_cron(self):
        """One that did not run for a while gives each notice once, of the last step."""
        ticket = self._begin()
        self._run(7)
        self.assertEqual(
            self._heard(ticket), ["agent", "dispatcher", "service_manager"]
        )
        self.assertEqual(
            set(ticket.activity_ids.mapped("summary")), {"First response was missed"}
        )

    def test_nobodys(self):
        """A ticket that nobody has is the dispatchers'."""
        ticket = self._begin(None)
        self._run(1.7)
        self.assertEqual(self._heard(ticket), ["dispatcher"])

    def test_no_escalation(self):
        self.team.escalate_hours = 0
        ticket = self._begin()
        self._run(100)
        self.assertEqual(self._heard(ticket), ["agent", "dispatcher"])

    def test_status_needs_no_cron(self):
        ticket = self._begin()
        with self._at(MONDAY + timedelta(hours=3)):
            self.assertEqual(ticket.sla_status, "overdue")
            self.assertEqual(ticket.clock_ids.status, "overdue")

    def test_ended(self):
        """What is answered needs nobody's attention; no notice comes afterwards."""
        ticket = self._begin()
        self._run(3)
        with self._at(MONDAY + timedelta(hours=3)):
            self._answer(ticket)
        self.assertFalse(ticket.activity_ids)
        self._run(30)
        self.assertFalse(ticket.activity_ids)

    def test_reopened(self):
        """It runs again: who heard of it before hears of it anew."""
        self.policy.write({"response_hours": 0, "resolution_hours": 10})
        ticket = self._begin()
        self._run(11)
        self.assertEqual(self._heard(ticket), ["agent", "dispatcher"])
        ticket.resolution = "<p>Done</p>"
        with self._at(MONDAY + timedelta(hours=12)):
            ticket.action_resolve()
        self.assertEqual(self._heard(ticket), [])
        with self._at(MONDAY + timedelta(hours=20)):
            ticket.action_reopen()
        self._run(21)
        self.assertEqual(self._heard(ticket), ["agent", "dispatcher"])
        self._run(21.5)
        self.assertEqual(self._heard(ticket), ["agent", "dispatcher"])

    def test_waiting(self):
        """While the customer is to answer no time runs, and nobody is called."""
        ticket = self._begin()
        with self._at(MONDAY + timedelta(hours=1)):
            ticket.action_wait_customer()
        self._run(30)
        self.assertFalse(ticket.activity_ids)

    def test_queries(self):
        """Forty take as many queries as ten, but for Odoo's mail of each activity."""
        counts, given = [], []
        for number in (10, 40):
            self.env["sales.service.ticket"].search([]).clock_ids.write({"notice": 3})
            with self._at(MONDAY):
                for _ticket in range(number):
                    self._ticket("agent")
            clocks = (
                self.env["sales.service.clock"]
                .with_context(mail_activity_quick_update=True)
                .search([("notice", "=", 0)])
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            steps = clocks._get_steps(MONDAY + timedelta(hours=7))
            counts.append(self.cr.sql_log_count - before)
            before = self.cr.sql_log_count
            clocks._give_notice(steps)
            self.env.flush_all()
            given.append(self.cr.sql_log_count - before)
            self.assertEqual(len(clocks.ticket_id.activity_ids), 3 * number)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
        self.assertLessEqual(given[1], given[0] + 10, given)


@tagged("post_install", "-at_install")
class TestBreachReason(FactsCase):
    def test_asked(self):
        """Of agents who resolve what is late, where the team asks."""
        reason = self.env.ref("sales_service.breach_reason_load")
        with self._at(MONDAY):
            tickets = [self._ticket("agent") for _number in range(3)]
        for ticket in tickets:
            ticket.resolution = "<p>Done</p>"
        mine = [self._as("agent", ticket) for ticket in tickets]
        with self._at(MONDAY + timedelta(hours=1)):
            mine[0].action_resolve()
        with self._at(MONDAY + timedelta(hours=3)):
            with self.assertRaisesRegex(UserError, "why it was late"):
                mine[1].action_resolve()
            mine[1].breach_reason_id = reason
            mine[1].action_resolve()
            self.team.ask_breach_reason = False
            mine[2].action_resolve()
        self.assertEqual({ticket.state for ticket in tickets}, {"resolved"})


@tagged("post_install", "-at_install")
class TestCallback(FactsCase):
    def test_planned_once(self):
        """For the customer's salesperson, by the end of the next working day."""
        self.partner.user_id = self.users["rep"]
        self.team.is_always_open = False
        self.category.is_complaint = True
        friday = datetime(2031, 3, 7, 3)
        with self._at(friday):
            ticket = self._ticket("agent")
            ticket.resolution = "<p>Sorry</p>"
            ticket.action_resolve()
        call = ticket.activity_ids
        self.assertEqual(call.user_id, self.users["rep"])
        self.assertEqual(call.date_deadline, date(2031, 3, 10))
        self._as("rep", call).action_feedback(feedback="All is well")
        with self._at(friday + timedelta(days=3)):
            ticket.action_reopen()
            ticket.action_resolve()
        self.assertFalse(ticket.activity_ids)

    def test_not_planned(self):
        """Of other categories, and of customers whom nobody owns."""
        ticket = self._ticket("agent")
        self._close(ticket, MONDAY)
        self.category.is_complaint = True
        other = self._ticket("agent")
        self._close(other, MONDAY)
        self.assertFalse((ticket + other).activity_ids)
