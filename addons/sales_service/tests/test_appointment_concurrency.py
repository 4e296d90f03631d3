"""Two who want the same time of an agent at once: one gets it, the other is told."""

from datetime import datetime, timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "appointment_race"
START = datetime(2041, 3, 4, 9)
HOUR = timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestAppointmentConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            user = new_test_user(
                env,
                NAME,
                "sales_service.group_service_agent",
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            team = env["sales.service.team"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "is_always_open": True,
                    "member_ids": user.ids,
                    "travel_minutes": 0,
                }
            )
            env["sales.service.agent"].search(
                [("user_id", "=", user.id)]
            ).calendar_id = env["resource.calendar"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "tz": "UTC",
                    "attendance_ids": [Command.clear()]
                    + [
                        Command.create(
                            {
                                "name": "Day",
                                "dayofweek": str(day),
                                "hour_from": 0,
                                "hour_to": 24,
                                "day_period": "morning",
                            }
                        )
                        for day in range(7)
                    ],
                }
            )
            customer = env["res.partner"].create({"name": NAME})
            tickets = env["sales.service.ticket"].create(
                [
                    {"name": NAME, "team_id": team.id, "partner_id": customer.id}
                    for _number in range(2)
                ]
            )
            self.user, self.tickets = user.id, tickets.ids

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
            teams = env["sales.service.team"].search([("name", "=", NAME)])
            aliases = teams.alias_id
            teams.unlink()
            aliases.unlink()
            users = env["res.users"].search([("login", "=", NAME)])
            partners = users.partner_id
            users.unlink()
            env["resource.calendar"].search([("name", "=", NAME)]).unlink()
            partners |= env["res.partner"].search([("name", "=", NAME)])
            partners.unlink()

    def _plan(self, number, start):
        return lambda env: (
            env["sales.service.ticket"]
            .browse(self.tickets[number])
            .action_plan(self.user, start)
        )

    def _get_planned(self, env):
        return env["sales.service.appointment"].search(
            [("ticket_id", "in", self.tickets), ("start", "!=", False)]
        )

    def test_planned_by_two(self):
        """The second is told when the other appointment is."""
        with self.assertRaisesRegex(UserError, "another appointment then"):
            self._race(self._plan(0, START), self._plan(1, START + 0.5 * HOUR))
        with self._environment() as env:
            self.assertEqual(self._get_planned(env).ticket_id.ids, self.tickets[:1])

    def test_side_by_side(self):
        self._race(self._plan(0, START), self._plan(1, START + HOUR))
        with self._environment() as env:
            self.assertEqual(len(self._get_planned(env)), 2)

    def test_written_by_two(self):
        """Where nobody looks first the database itself refuses."""

        def make(number):
            return lambda env: env["sales.service.appointment"].create(
                {
                    "ticket_id": self.tickets[number],
                    "user_id": self.user,
                    "start": START,
                }
            )

        with self.assertRaisesRegex(ValidationError, "another appointment"):
            self._race(make(0), make(1))
        with self._environment() as env:
            self.assertEqual(len(self._get_planned(env)), 1)

    def test_one_ticket_by_two(self):
        """Of two who plan the same ticket the second moves it."""
        self._race(self._plan(0, START), self._plan(0, START + 3 * HOUR))
        with self._environment() as env:
            self.assertEqual(self._get_planned(env).start, START + 3 * HOUR)

    def test_chosen_by_two(self):
        """Two customers who choose the same hour: other hours for the second."""
        answers = []
        with self._environment() as env:
            for ticket in env["sales.service.ticket"].browse(self.tickets):
                appointment = env["sales.service.appointment"].create(
                    {"ticket_id": ticket.id, "state": "offered"}
                )
                appointment._offer([(START, START + 0.5 * HOUR)], env["res.users"])

        def choose(number):
            def act(env):
                appointment = (
                    env["sales.service.ticket"]
                    .browse(self.tickets[number])
                    ._get_live_appointment()
                )
                answers.append(appointment._choose(appointment.window_ids[0].id))

            return act

        self.assertEqual(self._race(choose(0), choose(1)), 2)
        self.assertEqual(answers, [True, False])
        with self._environment() as env:
            planned = self._get_planned(env)
            self.assertEqual(planned.ticket_id.ids, self.tickets[:1])
            second = env["sales.service.ticket"].browse(self.tickets[1])
            windows = second._get_live_appointment().window_ids
            self.assertEqual(len(windows), 1)
            self.assertNotEqual(windows.start, START)
