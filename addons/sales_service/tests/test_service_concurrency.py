"""Two who act on a ticket at once: nothing twice, nothing lost."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import TicketRaceCase


@tagged("post_install", "-at_install")
class TestServiceConcurrency(TicketRaceCase):
    def setUp(self):
        super().setUp()
        with self._environment() as env:
            ticket = self._ticket(env)
            env["sales.service.sla"].create(
                {
                    "name": self.NAME,
                    "company_id": ticket.company_id.id,
                    "team_ids": ticket.team_id.ids,
                    "sequence": 0,
                    "response_hours": 1,
                    "reply_hours": 1,
                    "resolution_hours": 2,
                }
            )

    def _act(self, name, user):
        return lambda env: getattr(self._ticket(env, user), name)()

    def _say(self, env):
        """The customer writes."""
        ticket = self._ticket(env)
        ticket.message_post(
            body="Words",
            author_id=ticket.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _check_times(self, *states):
        """One time after the other, and one that goes on."""
        with self._environment() as env:
            rows = self._ticket(env).interval_ids
            self.assertEqual(tuple(rows.mapped("state")), states)
            self.assertEqual(rows.mapped("stop")[:-1], rows.mapped("start")[1:])
            self.assertFalse(rows[-1].stop)

    def test_taken_by_two(self):
        """One has it, and the other is told."""
        with self.assertRaises(AccessError):
            self._race(self._act("action_assign", 0), self._act("action_assign", 1))
        with self._environment() as env:
            self.assertEqual(self._ticket(env).user_id.id, self.users[0])
        self._check_times("new", "assigned")

    def test_resolved_while_the_customer_writes(self):
        """What the customer wrote meanwhile reopens it, and an answer is due."""
        with self._environment() as env:
            self._act("action_assign", 0)(env)
            self._act("action_resolve", 0)(env)
            self._act("action_reopen", 0)(env)
        self._race(self._act("action_resolve", 0), self._say)
        with self._environment() as env:
            ticket = self._ticket(env)
            self.assertEqual((ticket.state, ticket.reopen_count), ("reopened", 2))
            running = env["sales.service.clock"]._get_running(ticket)
            self.assertEqual(set(running.mapped("kind")), {"resolution", "reply"})

    def test_customer_writes_twice(self):
        with self._environment() as env:
            self._act("action_assign", 0)(env)
            self._act("action_wait_customer", 0)(env)
        self._race(self._say, self._say)
        self._check_times("new", "assigned", "waiting_customer", "in_progress")
