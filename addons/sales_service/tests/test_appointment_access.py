"""What each role may do with appointments, as real users, also over RPC."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..tickets.appointments import STEPS
from .test_appointment import DAY, MONDAY, AppointmentCase

EVERYTHING = {"own", "team", "other"}
# role: operation: whose appointments. What is not named is refused; those of another
# company always are. "own" is the agent's, "team" a colleague's, "other" of another
# team and another customer.
APPOINTMENTS = {
    "agent": {"read": {"own"}, "write": {"own"}},
    "colleague": {"read": {"team"}, "write": {"team"}},
    "dispatcher": {"read": {"own", "team"}, "write": {"own", "team"}},
    "service_manager": {
        "read": EVERYTHING,
        "write": EVERYTHING,
        "unlink": EVERYTHING,
    },
    "rep": {"read": {"own", "team"}},
    "peer": {"read": {"other"}},
    "leader": {"read": {"own", "team"}},
    "manager": {"read": {"own", "team"}},
    "director": {"read": EVERYTHING},
    "operations": {"read": EVERYTHING},
    "finance": {},
}
WINDOWS = ("agent", "colleague", "dispatcher", "service_manager")


@tagged("post_install", "-at_install")
class TestAppointmentAccess(AppointmentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.user_id = cls.users["rep"]
        cls.other_partner = cls.env["res.partner"].create(
            {"name": "Other", "is_company": True, "user_id": cls.users["peer"].id}
        )
        cls.team_b = cls.env["sales.service.team"].create(
            {"name": "B", "company_id": cls.company_b.id}
        )
        other = cls._ticket(
            "stranger",
            team_id=cls.other_team.id,
            category_id=False,
            partner_id=cls.other_partner.id,
        )
        foreign = cls._ticket(
            company_id=cls.company_b.id, team_id=cls.team_b.id, category_id=False
        )
        admin = cls.env.ref("base.user_admin")
        admin.company_ids += cls.company_b
        cls.appointments = {
            "own": cls._appointment(),
            "team": cls._appointment("colleague"),
            "other": cls._appointment("stranger", ticket=other),
            "foreign": cls.env["sales.service.appointment"].create(
                {
                    "ticket_id": foreign.id,
                    "user_id": admin.id,
                    "start": MONDAY,
                }
            ),
        }
        for one in cls.appointments.values():
            one._offer([(MONDAY + DAY, MONDAY + 2 * DAY)], cls.env["res.users"])

    def test_matrix(self):
        for role, allowed in APPOINTMENTS.items():
            for kind, one in self.appointments.items():
                one = self._as(role, one)
                for operation in ("read", "write", "unlink"):
                    with self.subTest(role=role, kind=kind, operation=operation):
                        self.assertEqual(
                            one.has_access(operation),
                            kind in allowed.get(operation, ()),
                        )
                windows = self._as(role, one.sudo().window_ids)
                with self.subTest(role=role, kind=kind, model="window"):
                    self.assertEqual(
                        windows.has_access("read"),
                        role in WINDOWS and kind in allowed.get("read", ()),
                    )
                    for operation in ("write", "create", "unlink"):
                        self.assertFalse(windows.has_access(operation))

    def test_create(self):
        """Of tickets that one may write only, whatever agent is named."""
        holders = {"own": "agent", "team": "colleague", "other": "stranger"}
        tickets = {
            kind: self._ticket(
                holders.get(kind),
                team_id=one.team_id.id,
                category_id=False,
                company_id=one.company_id.id,
            )
            for kind, one in self.appointments.items()
        }
        for role, allowed in APPOINTMENTS.items():
            for number, (kind, ticket) in enumerate(tickets.items()):
                if kind in allowed.get("write", ()):
                    continue
                user = self.users[role]
                with (
                    self.subTest(role=role, kind=kind),
                    self.assertRaises(UserError),
                ):
                    self.env["sales.service.appointment"].with_user(user).create(
                        {
                            "ticket_id": ticket.id,
                            "user_id": user.id,
                            "start": MONDAY + timedelta(days=7 + number),
                        }
                    )
                with (
                    self.subTest(role=role, kind=kind, method="action_plan"),
                    self.assertRaises(AccessError),
                ):
                    self._as(role, ticket).action_plan(user.id, MONDAY + 7 * DAY)

    def test_steps(self):
        """Nobody takes a step with, or moves, what is not theirs to write."""
        for kind, one in self.appointments.items():
            for role, allowed in APPOINTMENTS.items():
                if kind in allowed.get("write", ()):
                    continue
                mine = self._as(role, one)
                calls = [getattr(mine, f"action_{step}") for step in (*STEPS, "offer")]
                calls.append(lambda mine=mine: mine.action_move(MONDAY + 3 * DAY))
                for call in calls:
                    with (
                        self.subTest(role=role, kind=kind, call=str(call)),
                        self.assertRaises(AccessError),
                    ):
                        call()
        self.assertEqual({one.state for one in self.appointments.values()}, {"offered"})

    def test_offers(self):
        """Dispatchers offer, of their teams' tickets, and nobody opens another's."""
        ticket = self.appointments["own"].ticket_id
        wizard = self.env["sales.service.offer"]
        for role in APPOINTMENTS:
            may = role in ("dispatcher", "service_manager")
            with self.subTest(role=role):
                self.assertEqual(
                    wizard.with_user(self.users[role]).has_access("create"), may
                )
        mine = wizard.with_user(self.users["dispatcher"]).create(
            {"ticket_id": ticket.id}
        )
        self.assertTrue(mine.line_ids)
        for records in (mine, mine.line_ids):
            self.assertFalse(self._as("service_manager", records).has_access("read"))
        with self.assertRaises(AccessError):
            wizard.with_user(self.users["dispatcher"]).create(
                {"ticket_id": self.appointments["other"].ticket_id.id}
            ).action_offer()

    def test_portal(self):
        contact = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.partner.id}
        )
        user = new_test_user(
            self.env, "sf_portal", "base.group_portal", partner_id=contact.id
        )
        for model in ("appointment", "window", "offer", "offer.line"):
            records = self.env[f"sales.service.{model}"].with_user(user)
            for operation in ("read", "write", "create", "unlink"):
                self.assertFalse(records.has_access(operation))
        with self.assertRaises(AccessError):
            records.env["sales.service.appointment"].get_board(MONDAY, MONDAY + DAY)
        ticket = self.appointments["own"].ticket_id.with_user(user)
        ticket.read(["name"])
        for call in (
            lambda: ticket.action_plan(self.users["agent"].id, MONDAY + 3 * DAY),
            lambda: ticket.action_offer_times(),
        ):
            with self.assertRaises(AccessError):
                call()
