"""What each role may do with tickets and what hangs on them, as real users."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..tickets.states import STEPS
from .common import ServiceCase

OPERATIONS = ("read", "write", "create", "unlink")
EVERYTHING = {"own", "queue", "team", "other"}
# role: operation: whose tickets. What is not named is refused; those of another company
# always are. "own" is the agent's, "queue" nobody's of the team, "team" a colleague's,
# "other" of another team and another customer.
TICKETS = {
    "agent": {"read": {"own", "queue"}, "write": {"own", "queue"}},
    "dispatcher": {"read": {"own", "queue", "team"}, "write": {"own", "queue", "team"}},
    "service_manager": {"read": EVERYTHING, "write": EVERYTHING},
    "rep": {"read": {"own", "queue", "team"}},
    "peer": {"read": {"other"}},
    "leader": {"read": {"own", "queue", "team"}},
    "manager": {"read": {"own", "queue", "team"}},
    "director": {"read": EVERYTHING},
    "operations": {"read": EVERYTHING},
    "finance": {},
}


@tagged("post_install", "-at_install")
class TestServiceAccess(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.user_id = cls.users["rep"]
        cls.other_partner = cls.env["res.partner"].create(
            {"name": "Other", "is_company": True, "user_id": cls.users["peer"].id}
        )
        cls.env["sales.service.sla"].create(
            {"name": "All", "company_id": cls.company.id, "resolution_hours": 8}
        )
        cls.team_b = cls.env["sales.service.team"].create(
            {"name": "B", "company_id": cls.company_b.id}
        )
        cls.tickets = {
            "own": cls._ticket("agent"),
            "queue": cls._ticket(),
            "team": cls._ticket("colleague"),
            "other": cls._ticket(
                "stranger",
                team_id=cls.other_team.id,
                category_id=False,
                partner_id=cls.other_partner.id,
            ),
            "foreign": cls._ticket(
                company_id=cls.company_b.id, team_id=cls.team_b.id, category_id=False
            ),
        }

    def _may(self, records, operation):
        return records.has_access(operation)

    def test_tickets(self):
        for role, allowed in TICKETS.items():
            for kind, ticket in self.tickets.items():
                for operation in ("read", "write"):
                    with self.subTest(role=role, kind=kind, operation=operation):
                        self.assertEqual(
                            self._may(self._as(role, ticket), operation),
                            kind in allowed.get(operation, ()),
                        )

    def test_what_hangs_on_them(self):
        """Times and limits are seen with their ticket, and are nobody's to write."""
        for role, allowed in TICKETS.items():
            for kind, ticket in self.tickets.items():
                for records in (ticket.interval_ids, ticket.clock_ids):
                    if not records:
                        self.assertEqual(kind, "foreign")
                        continue
                    records = self._as(role, records)
                    with self.subTest(role=role, kind=kind, model=records._name):
                        readable = kind in allowed.get("read", ())
                        if records._name == "sales.service.interval":
                            readable &= role in (
                                "agent",
                                "dispatcher",
                                "service_manager",
                            )
                        self.assertEqual(self._may(records, "read"), readable)
                        for operation in ("write", "create", "unlink"):
                            self.assertFalse(self._may(records, operation))

    def test_ratings(self):
        """Seen by who was rated, by who leads, and by the customer's salespeople."""
        rating = self.env["sales.service.rating"].create(
            [
                {"ticket_id": ticket.id, "user_id": ticket.user_id.id}
                for ticket in self.tickets.values()
            ]
        )
        of = dict(zip(self.tickets, rating, strict=True))
        readers = {
            **{role: allowed.get("read", set()) for role, allowed in TICKETS.items()},
            "agent": {"own"},
            "colleague": {"team"},
        }
        for role, kinds in readers.items():
            for kind, one in of.items():
                one = self._as(role, one)
                with self.subTest(role=role, kind=kind):
                    self.assertEqual(self._may(one, "read"), kind in kinds)
                    for operation in ("write", "create", "unlink"):
                        self.assertFalse(self._may(one, operation))

    def test_create_and_unlink(self):
        vals = {"name": "Call", "partner_id": self.partner.id}
        for role in TICKETS:
            make = self.env["sales.service.ticket"].with_user(self.users[role]).create
            if role in ("operations", "finance"):
                with self.assertRaises(AccessError, msg=role):
                    make(vals)
                continue
            ticket = make(vals)
            ticket.read(["name"])
            if role == "service_manager":
                ticket.unlink()
                continue
            with self.assertRaises(AccessError, msg=role):
                ticket.unlink()

    def test_configuration(self):
        """Managers configure; everybody else reads."""
        policy = self.env["sales.service.sla"].search([], limit=1)
        stage = self.env.ref("sales_service.stage_new")
        reason = self.env.ref("sales_service.rating_reason_speed")
        for records in (self.team, self.category, policy, stage, reason):
            for role in TICKETS:
                records = self._as(role, records)
                with self.subTest(role=role, model=records._name):
                    self.assertEqual(self._may(records, "read"), role != "finance")
                    for operation in ("write", "create", "unlink"):
                        self.assertEqual(
                            self._may(records, operation), role == "service_manager"
                        )
        self.assertFalse(self._may(self._as("agent", self.team_b), "read"))

    def test_portal(self):
        """A customer sees the tickets of the own company, and nothing else."""
        contact = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.partner.id}
        )
        user = new_test_user(
            self.env, "sf_portal", "base.group_portal", partner_id=contact.id
        )
        tickets = self.env["sales.service.ticket"].with_user(user)
        found = tickets.search([])
        self.assertEqual(
            set(found.ids),
            {self.tickets[kind].id for kind in ("own", "queue", "team")},
        )
        for operation in ("write", "create", "unlink"):
            self.assertFalse(self._may(found, operation))
        for model in (
            *("interval", "clock", "sla", "team", "stage", "category", "rating"),
            "rating.reason",
        ):
            self.assertFalse(
                self.env[f"sales.service.{model}"].with_user(user).has_access("read")
            )

    def test_in_another_name(self):
        """Who only reads a ticket does not reopen it in the customer's name."""
        ticket = self.tickets["own"]
        ticket.resolution = "<p>Done</p>"
        ticket.action_resolve()
        for role, state in (("rep", "resolved"), ("agent", "reopened")):
            self._as(role, ticket).message_post(
                body="It drips",
                author_id=self.partner.id,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
            self.assertEqual(ticket.state, state, role)

    def test_refuse_dialog(self):
        """Nobody opens the dialog of another."""
        wizard = (
            self.env["sales.service.refuse"]
            .with_user(self.users["agent"])
            .create(
                {
                    "reason": "Ill",
                    "ticket_ids": [Command.set(self.tickets["own"].ids)],
                }
            )
        )
        self.assertFalse(self._may(self._as("colleague", wizard), "read"))

    def test_steps(self):
        """Nobody takes a step with a ticket that is not theirs to work on."""
        for kind, ticket in self.tickets.items():
            ticket.resolution = "<p>Done</p>"
            for role, allowed in TICKETS.items():
                if kind in allowed.get("write", ()):
                    continue
                for step in STEPS:
                    args = ("Ill",) if step == "refuse" else ()
                    with (
                        self.subTest(role=role, kind=kind, step=step),
                        self.assertRaises(AccessError),
                    ):
                        getattr(self._as(role, ticket), f"action_{step}")(*args)
