from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.sales_force.tests.common import ConcurrentCase, SalesForceCase

SERVICE_ROLES = {
    "agent": "sales_service.group_service_agent",
    "colleague": "sales_service.group_service_agent",
    "stranger": "sales_service.group_service_agent",
    "dispatcher": "sales_service.group_service_dispatcher",
    "service_manager": "sales_service.group_service_manager",
}


class ServiceCase(SalesForceCase):
    """A team with two agents and a dispatcher, and a team of a stranger beside it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, group in SERVICE_ROLES.items():
            cls.users[name] = cls._user(name, group)
        cls.env["sales.service.sla"].search([]).active = False
        cls.team, cls.other_team = cls.env["sales.service.team"].create(
            [
                {
                    "name": "Pumps",
                    "company_id": cls.company.id,
                    "member_ids": (cls.users["agent"] + cls.users["colleague"]).ids,
                    "dispatcher_ids": cls.users["dispatcher"].ids,
                },
                {
                    "name": "Valves",
                    "company_id": cls.company.id,
                    "member_ids": cls.users["stranger"].ids,
                },
            ]
        )
        cls.category = cls.env["sales.service.category"].create(
            {
                "name": "Leak",
                "company_id": cls.company.id,
                "team_id": cls.team.id,
            }
        )
        cls.partner.email = "customer@example.com"

    @classmethod
    def _ticket(cls, user=None, **values):
        """Of a user; made by the superuser, whose writing nothing forbids."""
        return cls.env["sales.service.ticket"].create(
            {
                "name": "Pump leaks",
                "partner_id": cls.partner.id,
                "category_id": cls.category.id,
                "user_id": user and cls.users[user].id,
                **values,
            }
        )

    @classmethod
    def _as(cls, name, records):
        return records.with_user(cls.users[name])


class TicketRaceCase(ConcurrentCase):
    """A committed ticket of a customer's, in a team of two agents.

    All is found again by its name, also what a killed run has left behind.
    """

    NAME = "ticket_race"

    def setUp(self):
        super().setUp()
        self._remove()
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            self.users = [
                new_test_user(
                    env,
                    f"{self.NAME}_{number}",
                    "sales_service.group_service_agent",
                    company_id=company.id,
                    company_ids=[Command.set(company.ids)],
                ).id
                for number in range(2)
            ]
            team = env["sales.service.team"].create(
                {
                    "name": self.NAME,
                    "company_id": company.id,
                    "is_always_open": True,
                    "member_ids": [Command.set(self.users)],
                }
            )
            customer = env["res.partner"].create(
                {"name": self.NAME, "email": f"{self.NAME}@example.com"}
            )
            self.ticket = (
                env["sales.service.ticket"]
                .create(
                    {
                        "name": self.NAME,
                        "team_id": team.id,
                        "partner_id": customer.id,
                        "resolution": "<p>Done</p>",
                    }
                )
                .id
            )

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            tickets = env["sales.service.ticket"].search([("name", "=", self.NAME)])
            # What was worked on is nobody's to delete; what hangs on it goes with it.
            for statement in (
                """DELETE FROM sales_credit
                WHERE source = 'ticket' AND scope_id = ANY(%s)""",
                "DELETE FROM sales_service_letter WHERE ticket_id = ANY(%s)",
                "DELETE FROM sales_service_ticket WHERE id = ANY(%s)",
            ):
                env.cr.execute(statement, (tickets.ids,))
            for model, field in (
                ("mail.activity", "res_model"),
                ("mail.message", "model"),
                ("mail.followers", "res_model"),
            ):
                env[model].search(
                    [(field, "=", tickets._name), ("res_id", "in", tickets.ids)]
                ).unlink()
            env.invalidate_all(flush=False)
            for model in ("sales.service.sla", "sales.service.team"):
                env[model].search([("name", "=", self.NAME)]).unlink()
            users = env["res.users"].search([("login", "like", f"{self.NAME}%")])
            partners = users.partner_id
            users.unlink()
            partners |= env["res.partner"].search([("name", "=", self.NAME)])
            partners.unlink()

    def _ticket(self, env, user=None):
        ticket = env["sales.service.ticket"].browse(self.ticket)
        return ticket if user is None else ticket.with_user(self.users[user])
