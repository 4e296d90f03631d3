from odoo.addons.sales_force.tests.common import SalesForceCase

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
