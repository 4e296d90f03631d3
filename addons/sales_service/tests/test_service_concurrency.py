"""Two who act on a ticket at once: nothing twice, nothing lost."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "ticket_race"


@tagged("post_install", "-at_install")
class TestServiceConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            users = [
                new_test_user(
                    env,
                    f"{NAME}_{number}",
                    "sales_service.group_service_agent",
                    company_id=company.id,
                    company_ids=[Command.set(company.ids)],
                )
                for number in range(2)
            ]
            team = env["sales.service.team"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "is_always_open": True,
                    "member_ids": [Command.set([user.id for user in users])],
                }
            )
            env["sales.service.sla"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "team_ids": team.ids,
                    "sequence": 0,
                    "response_hours": 1,
                    "reply_hours": 1,
                    "resolution_hours": 2,
                }
            )
            customer = env["res.partner"].create({"name": NAME})
            ticket = env["sales.service.ticket"].create(
                {
                    "name": NAME,
                    "team_id": team.id,
                    "partner_id": customer.id,
                    "resolution": "<p>Done</p>",
                }
            )
            self.ticket, self.users = ticket.id, [user.id for user in users]

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            tickets = env["sales.service.ticket"].search([("name", "=", NAME)])
            env.cr.execute(
                "DELETE FROM sales_service_ticket WHERE id = ANY(%s)", (tickets.ids,)
            )
            env["mail.message"].search(
                [("model", "=", tickets._name), ("res_id", "in", tickets.ids)]
            ).unlink()
            env.invalidate_all(flush=False)
            env["sales.service.sla"].search([("name", "=", NAME)]).unlink()
            env["sales.service.team"].search([("name", "=", NAME)]).unlink()
            users = env["res.users"].search([("login", "like", f"{NAME}%")])
            partners = users.partner_id
            users.unlink()
            partners |= env["res.partner"].search([("name", "=", NAME)])
            partners.unlink()

    def _ticket(self, env, user=None):
        ticket = env["sales.service.ticket"].browse(self.ticket)
        return ticket if user is None else ticket.with_user(self.users[user])

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
