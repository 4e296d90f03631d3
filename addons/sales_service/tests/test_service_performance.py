"""How many queries each step of a ticket takes, and that what is cached is true."""

from odoo.tests import tagged

from .common import ServiceCase


@tagged("post_install", "-at_install")
class TestServicePerformance(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As in use: cases of the tests make neither notes nor mail.
        context = {"tracking_disable": False, "mail_notrack": False}
        cls.env = cls.env(context={**cls.env.context, **context})
        for name in ("agent", "colleague"):
            cls.users[name].email = f"{name}@example.com"
        cls.policy = cls.env["sales.service.sla"].create(
            {
                "name": "Standard",
                "company_id": cls.company.id,
                "response_hours": 2,
                "resolution_hours": 10,
            }
        )
        # What a process caches from the first ticket on.
        cls._work(cls._as("dispatcher", cls._make(1)))

    @classmethod
    def _make(cls, count, **values):
        tickets = cls.env["sales.service.ticket"].create(
            [
                {
                    "name": f"Pump {number} leaks",
                    "partner_id": cls.partner.id,
                    "category_id": cls.category.id,
                    "resolution": "<p>New seal</p>",
                    **values,
                }
                for number in range(count)
            ]
        )
        cls.env.cr.flush()
        return tickets

    @classmethod
    def _work(cls, tickets):
        tickets.action_assign(cls.users["agent"].id)
        tickets.action_start()
        tickets.action_resolve()
        tickets.action_close()
        cls.env.cr.flush()

    def _count(self, work):
        """Queries of a request of its own, with what it does at the commit."""
        self.env.cr.flush()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        work()
        self.env.cr.flush()
        return self.cr.sql_log_count - before

    def test_budget(self):
        """Of one ticket: fewer than OCA's helpdesk takes, by far."""
        [ticket] = self._as("dispatcher", self._make(1))
        steps = {
            "create": (22, lambda: self._make(1)),
            "assign": (45, lambda: ticket.action_assign(self.users["agent"].id)),
            "start": (20, ticket.action_start),
            "resolve": (85, ticket.action_resolve),
            "close": (28, ticket.action_close),
        }
        for name, (budget, work) in steps.items():
            with self.subTest(name):
                self.assertLessEqual(self._count(work), budget, name)

    def test_problem(self):
        """Each further ticket that a problem has caused costs its mail and its note."""
        counts = []
        for number in (10, 40):
            problem = self._make(1)
            self._make(number, parent_id=problem.id)
            counts.append(self._count(problem.action_resolve))
        self.assertLessEqual((counts[1] - counts[0]) / 30, 18, counts)

    def test_waiting_only(self):
        """A step that neither stops nor starts limits does not compute them again."""
        ticket = self._make(1)
        clock = ticket.clock_ids[0]
        clock.deadline = "2031-01-01 00:00:00"
        ticket.action_assign(self.users["agent"].id)
        ticket.action_start()
        self.assertEqual(str(clock.deadline), "2031-01-01 00:00:00")
        ticket.action_wait_customer()
        self.assertFalse(clock.deadline)
        ticket.action_start()
        self.assertNotEqual(str(clock.deadline), "2031-01-01 00:00:00")

    def test_queue_is_started(self):
        """An agent's mail is queued, and the queue does not wait for its hour."""
        trigger = self.env["ir.cron.trigger"].sudo()
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
        ticket = self._make(1)
        trigger.search([("cron_id", "=", queue.id)]).unlink()
        ticket.action_assign(self.users["agent"].id)
        mail = self.env["mail.mail"].search(
            [("recipient_ids", "=", self.users["agent"].partner_id.id)], limit=1
        )
        self.assertEqual(mail.state, "outgoing")
        self.assertIn(ticket.number, mail.subject)
        self.assertEqual(len(trigger.search([("cron_id", "=", queue.id)])), 1)

    def test_link_of_agents(self):
        """An agent's mail opens the ticket, and makes no link for the customer."""
        ticket = self._make(1)
        ticket.action_assign(self.users["agent"].id)
        self.assertFalse(ticket.access_token)

    def test_cached_policies(self):
        """What a policy is of, and that it is, counts for the next ticket."""
        self.assertEqual(self._make(1).sla_id, self.policy)
        other = self.env["sales.service.category"].create(
            {"name": "Noise", "company_id": self.company.id, "team_id": self.team.id}
        )
        self.policy.category_ids = other
        self.assertFalse(self._make(1).sla_id)
        self.policy.category_ids = other + self.category
        self.assertEqual(self._make(1).sla_id, self.policy)
        self.policy.category_ids = other
        other.unlink()
        # It is of every category again.
        self.assertEqual(self._make(1).sla_id, self.policy)
        self.policy.active = False
        self.assertFalse(self._make(1).sla_id)

    def test_cached_stages(self):
        """A team's own stages count at once, and no longer when they are gone."""
        ticket = self._make(1)
        own = self.env["sales.service.stage"].create(
            {"name": "Inbox", "state": "new", "team_ids": self.team.ids}
        )
        self.assertEqual(self._make(1).stage_id, own)
        self.assertEqual(ticket.stage_id, own)
        own.team_ids = self.other_team
        self.assertEqual(ticket.stage_id.state, "new")
        self.assertNotIn(own, ticket.stage_id + self._make(1).stage_id)
        own.unlink()
        self.assertEqual(self._make(1).stage_id, ticket.stage_id)

    def test_cached_hours(self):
        """Working hours that change count for the next ticket."""
        self.team.is_always_open = False
        before = self._make(1).deadline
        calendar = self.env["resource.calendar"].create(
            {
                "name": "Never on weekdays",
                "tz": "UTC",
                "company_id": self.company.id,
                "attendance_ids": [
                    (5, 0, 0),
                    (
                        0,
                        0,
                        {
                            "name": "Sunday",
                            "dayofweek": "6",
                            "hour_from": 1,
                            "hour_to": 2,
                            "day_period": "morning",
                        },
                    ),
                ],
            }
        )
        self.team.calendar_id = calendar
        later = self._make(1).deadline
        self.assertGreater(later, before)
        calendar.attendance_ids.hour_to = 20
        self.assertLess(self._make(1).deadline, later)
