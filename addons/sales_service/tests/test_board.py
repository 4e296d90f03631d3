"""The board of dispatchers: who sees which agents, appointments and tickets."""

from datetime import datetime, time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .common import ServiceCase
from .test_appointment import DAY, HOUR, MONDAY, AppointmentCase


@tagged("post_install", "-at_install")
class TestBoard(AppointmentCase):
    def _board(self, who="dispatcher", first=1, days=1, **options):
        start = MONDAY - 9 * HOUR + first * DAY
        return (
            self.env["sales.service.appointment"]
            .with_user(self.users[who])
            .get_board(str(start), str(start + days * DAY), **options)
        )

    def _names(self, board):
        return [agent["name"] for agent in board["agents"]]

    def _of(self, board, name):
        return next(one for one in board["agents"] if one["name"] == name)

    def test_who(self):
        """The agents of the teams that one dispatches; managers see all."""
        self.assertEqual(self._names(self._board()), ["Agent", "Colleague"])
        board = self._board("service_manager", team_id=self.other_team.id)
        self.assertEqual(self._names(board), ["Stranger"])
        self.assertEqual(self._names(self._board(team_id=self.other_team.id)), [])
        for name in ("agent", "rep", "director", "operations", "finance"):
            with self.assertRaises(AccessError, msg=name):
                self._board(name)

    def test_shown(self):
        """Of a span; of what one may not read only that the time is taken."""
        mine = self._appointment(start=MONDAY + DAY)
        self._appointment(start=MONDAY + 2 * DAY)
        cancelled = self._appointment(start=MONDAY + DAY + 2 * HOUR)
        cancelled.action_cancel()
        self.other_team.member_ids = [Command.link(self.users["agent"].id)]
        theirs = self._ticket(
            "agent", team_id=self.other_team.id, category_id=False, name="Secret"
        )
        self._appointment(start=MONDAY + DAY + 4 * HOUR, ticket=theirs)
        shown = {one["id"]: one for one in self._board()["appointments"]}
        self.assertEqual(set(shown), {mine.id, None})
        self.assertEqual(shown[mine.id]["kind"], "proposed")
        self.assertEqual(
            shown[None],
            {
                "id": None,
                "kind": "busy",
                "user_id": self.users["agent"].id,
                "start": MONDAY + DAY + 4 * HOUR,
                "stop": MONDAY + DAY + 5 * HOUR,
            },
        )
        mine.action_confirm()
        self.moment = MONDAY + DAY + 3 * HOUR
        [kind] = [one["kind"] for one in self._board()["appointments"] if one["id"]]
        self.assertEqual(kind, "late")

    def test_load(self):
        """Hours planned and worked by day, with what is not the own team's."""
        self._appointment(start=MONDAY + DAY, minutes=300)
        agent = self._of(self._board(days=2), "Agent")
        self.assertEqual(
            [(day["planned"], day["working"]) for day in agent["days"]],
            [(300, 480), (0, 480)],
        )
        self.assertEqual(agent["working"][0], (MONDAY + DAY, MONDAY + DAY + 8 * HOUR))
        self._appointment(start=MONDAY + DAY + 6 * HOUR, minutes=240)
        [day] = self._of(self._board(), "Agent")["days"]
        self.assertGreater(day["planned"], day["working"])
        profile = self.env["sales.service.agent"].search(
            [
                ("user_id", "=", self.users["agent"].id),
                ("company_id", "=", self.company.id),
            ]
        )
        profile.write({"away_until": MONDAY + DAY + 4 * HOUR, "max_open": 5})
        agent = self._of(self._board(), "Agent")
        self.assertEqual(agent["absent"][0][1], MONDAY + DAY + 4 * HOUR)
        self.assertEqual(agent["days"][0]["working"], 240)
        self.assertEqual((agent["open"], agent["most"]), (2, 5))

    def test_load_elsewhere(self):
        """The dispatcher's day is not the agents': its hours count once."""
        self._appointment(start=MONDAY + DAY, minutes=300)
        for hours in (-3, 1):
            days = self._of(self._board(first=1 + hours / 24), "Agent")["days"]
            self.assertEqual(
                [(day["planned"], day["working"]) for day in days], [(300, 480)], hours
            )

    def test_way(self):
        """As the crow flies, from the start over the stops; unknown is passed over."""
        home, first, nowhere, last = self.env["res.partner"].create(
            [
                {"name": "Home", "partner_latitude": 48.0, "partner_longitude": 11.0},
                {"name": "First", "partner_latitude": 48.1, "partner_longitude": 11.0},
                {"name": "Nowhere"},
                {"name": "Last", "partner_latitude": 48.3, "partner_longitude": 11.0},
            ]
        )
        self.env["sales.service.agent"].search(
            [("user_id", "=", self.users["agent"].id)]
        ).start_id = home
        made = [
            self._appointment(
                start=MONDAY + DAY + number * 2 * HOUR, partner_id=partner.id
            )
            for number, partner in enumerate((first, nowhere, last))
        ]
        board = self._board()
        metres = {one["id"]: one["metres"] for one in board["appointments"]}
        self.assertEqual(
            [metres[one.id] and round(metres[one.id], -3) for one in made],
            [11000, None, 22000],
        )
        [day] = self._of(board, "Agent")["days"]
        self.assertEqual(day["metres"], sum(filter(None, metres.values())))
        self.assertIsNone(self._of(board, "Colleague")["days"][0]["metres"])

    def test_waiting(self):
        """Tickets that nobody has, the urgent first; on request also of agents."""
        calm, urgent = self._ticket(), self._ticket(priority="3")
        held = self._ticket("agent")
        self._appointment(start=MONDAY + DAY)
        self._ticket(team_id=self.other_team.id, category_id=False)
        board = self._board()
        self.assertEqual([one["id"] for one in board["waiting"]], (urgent + calm).ids)
        self.assertEqual(board["waiting_total"], 2)
        board = self._board(unplanned=True)
        self.assertIn(held.id, [one["id"] for one in board["waiting"]])
        self.assertEqual(board["waiting_total"], 3)
        # Offered: there is no time yet.
        calm._offer_windows(
            [(MONDAY + DAY, MONDAY + DAY + 4 * HOUR)], self.env["res.users"]
        )
        calm._get_live_appointment()._wish_other(self.partner, "Noon")
        [last] = [one for one in self._board()["waiting"] if one["id"] == calm.id]
        self.assertEqual((last["state"], last["wish"]), ("offered", "Noon"))

    def test_queries(self):
        """As many for a full page of agents, each with appointments, as for two."""
        self._appointment()
        self._ticket()
        for _time in range(2):
            self._board()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._board()
        needed = self.env.cr.sql_log_count - before
        for number in range(60):
            name = f"extra_{number:02}"
            self.users[name] = self._user(name, "sales_service.group_service_agent")
            self.team.member_ids = [Command.link(self.users[name].id)]
            for hour in (0, 2, 4):
                self._appointment(name, MONDAY + DAY + hour * HOUR)
            self._ticket()
        self._board()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(needed + 2):
            board = self._board()
        self.assertEqual((len(board["agents"]), board["total"]), (50, 62))
        self.assertEqual(len(board["appointments"]), 1 + 48 * 3)
        self.assertEqual((len(board["waiting"]), board["waiting_total"]), (50, 61))
        rest = self._board(offset=50)
        self.assertEqual(len(rest["agents"]), 12)
        self.assertFalse(
            {one["id"] for one in rest["agents"]}
            & {one["id"] for one in board["agents"]}
        )


class BoardScreenCase(HttpCase, ServiceCase):
    """Today: an appointment of the agent, and a ticket that waits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        corner, big = cls.env["res.partner"].create(
            [{"name": "Corner Shop"}, {"name": "Big Shop"}]
        )
        noon = datetime.combine(fields.Date.today(), time(12))
        cls.planned = cls.env["sales.service.appointment"].create(
            {
                "ticket_id": cls._ticket("agent", partner_id=corner.id).id,
                "user_id": cls.users["agent"].id,
                "start": noon,
            }
        )
        cls.waits = cls._ticket(name="Waits", partner_id=big.id)
        cls.users["dispatcher"].tz = "UTC"


@tagged("post_install", "-at_install")
class TestBoardScreen(BoardScreenCase):
    def test_board(self):
        """An appointment dragged to another row is the other agent's."""
        self.start_tour(
            "/odoo/dispatch-board",
            "sales_service_dispatch_board",
            login=self.users["dispatcher"].login,
        )
        self.assertEqual(self.planned.user_id, self.users["colleague"])
        self.assertEqual(self.planned.ticket_id.user_id, self.users["colleague"])
        self.assertEqual(self.waits.user_id, self.users["agent"])

    def test_menu(self):
        menu = self.env.ref("sales_service.menu_service_board")
        seen = {
            name
            for name, user in self.users.items()
            if menu.id in self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
        }
        self.assertEqual(seen, {"dispatcher", "service_manager"})


@tagged("post_install", "-at_install")
class TestBoardOnPhone(BoardScreenCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_board(self):
        self.start_tour(
            "/odoo/dispatch-board",
            "sales_service_dispatch_board_phone",
            login=self.users["dispatcher"].login,
        )
