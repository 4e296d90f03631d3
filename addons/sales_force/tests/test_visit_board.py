"""The board of visits: who sees which reps and visits, in which span of time."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .test_visit import MONDAY, MORNING, VisitCase

DAY = (f"{MONDAY} 00:00:00", f"{MONDAY + timedelta(days=1)} 00:00:00")
TREE = ["Leader", "Rep"]


@tagged("post_install", "-at_install")
@freeze_time(MORNING)
class TestVisitBoard(VisitCase):
    def _board(self, who="leader", span=DAY, **options):
        visits = self.env["sales.visit"].with_user(self.users[who])
        return visits.get_board(*span, **options)

    def _names(self, board):
        return [rep["name"] for rep in board["reps"]]

    def _shown(self, board):
        return {visit["id"]: visit["kind"] for visit in board["visits"]}

    # Who sees what

    def test_leader(self):
        """The own part of the tree, and nothing of the colleague's."""
        visit = self._visit()
        self._visit("peer")
        board = self._board()
        self.assertEqual(self._names(board), TREE)
        self.assertEqual([rep["depth"] for rep in board["reps"]], [0, 1])
        self.assertEqual(self._shown(board), {visit.id: "planned"})
        self.assertEqual(board["total"], 2)
        self.assertTrue(board["may_plan"])

    def test_rep(self):
        visit = self._visit()
        self._visit("leader")
        board = self._board("rep")
        self.assertEqual(self._names(board), ["Rep"])
        self.assertEqual(self._shown(board), {visit.id: "planned"})

    def test_tree(self):
        """Each below the manager, by name; also only a part of it."""
        board = self._board("director", rep_id=self.reps["director"].id)
        self.assertEqual(
            [(rep["name"], rep["depth"]) for rep in board["reps"]],
            [
                ("Director", 0),
                ("Manager", 1),
                ("Leader", 2),
                ("Rep", 3),
                ("Peer Manager", 1),
                ("Peer Leader", 2),
                ("Peer", 3),
            ],
        )
        board = self._board("director", rep_id=self.reps["leader"].id)
        self.assertEqual(self._names(board), TREE)
        board = self._board("leader", rep_id=self.reps["peer_leader"].id)
        self.assertEqual((board["reps"], board["visits"]), ([], []))

    def test_other_company(self):
        visit = self._visit("foreigner", partner=self.partner)
        self.assertNotIn(visit.id, self._shown(self._board("director")))
        self.assertEqual(self._names(self._board("foreigner")), ["Foreigner"])
        self.assertIn(visit.id, self._shown(self._board("foreigner")))

    def test_operations_read_only(self):
        visit = self._visit()
        board = self._board("operations")
        self.assertIn(visit.id, self._shown(board))
        self.assertIn("Peer", self._names(board))
        self.assertFalse(board["may_plan"])

    def test_others(self):
        plain = self._user("plain", "base.group_user")
        for user in (self.users["finance"], plain):
            with self.assertRaises(AccessError):
                self.env["sales.visit"].with_user(user).get_board(*DAY)

    def test_who_has_left(self):
        """There as long as there are visits to give to somebody else."""
        visit = self._visit()
        self.reps["rep"].action_leave()
        self.reps["rep"].active = False
        self.assertEqual(self._names(self._board()), TREE)
        visit.rep_id = self.reps["leader"]
        self.assertEqual(self._names(self._board()), ["Leader"])

    def test_manager_passed_over(self):
        """Whose manager is not shown stands below the next one above."""
        self._visit("rep")
        board = self._board("manager")
        self.assertEqual([rep["depth"] for rep in board["reps"]], [0, 1, 2])
        self.env.cr.execute(
            "UPDATE sales_rep SET state = 'left' WHERE id = %s",
            [self.reps["leader"].id],
        )
        self.reps["leader"].invalidate_recordset()
        board = self._board("manager")
        self.assertEqual(
            [(rep["name"], rep["depth"]) for rep in board["reps"]],
            [("Manager", 0), ("Rep", 1)],
        )

    # What is shown

    def test_kinds(self):
        with freeze_time(f"{MONDAY - timedelta(days=1)} 09:00:00"):
            missed = self._visit()
            short = self._visited(2)
            effective = self._visited(30)
        cancelled = self._visit()
        cancelled.action_cancel()
        closed = self._visit().with_user(self.users["rep"])
        closed.action_check_in()
        closed.action_found_closed()
        started = self._visit().with_user(self.users["rep"])
        started.action_check_in()
        planned = self._visit()
        week = (f"{MONDAY - timedelta(days=6)} 00:00:00", DAY[1])
        board = self._board(span=week)
        self.assertEqual(
            self._shown(board),
            {
                missed.id: "missed",
                short.id: "short",
                effective.id: "effective",
                cancelled.id: "cancelled",
                closed.id: "closed",
                started.id: "started",
                planned.id: "planned",
            },
        )
        # Cancelled and closed are not due, one of the five was effective.
        rep = board["reps"][1]
        self.assertEqual((rep["done"], rep["due"]), (1, 5))
        signals = {visit["id"]: visit["signals"] for visit in board["visits"]}
        self.assertIn("Lasted 2 minutes", signals[short.id])
        self.assertFalse(signals[planned.id])

    def test_begun_on_another_day(self):
        """On the board of both days; due on the day it was planned for."""
        visit = self._visit(date_planned=f"{MONDAY - timedelta(days=1)} 09:00:00")
        visit.with_user(self.users["rep"]).action_check_in()
        board = self._board()
        self.assertEqual(self._shown(board), {visit.id: "started"})
        self.assertEqual(board["reps"][1]["due"], 0)
        before = (f"{MONDAY - timedelta(days=1)} 00:00:00", DAY[0])
        board = self._board(span=before)
        self.assertEqual(self._shown(board), {visit.id: "started"})
        self.assertEqual(board["reps"][1]["due"], 1)

    def test_borders_of_the_day(self):
        """The day in Shanghai, as the browser asks for it, to the second."""
        zone = ZoneInfo("Asia/Shanghai")
        midnight = datetime(MONDAY.year, MONDAY.month, MONDAY.day, tzinfo=zone)

        def utc(**after):
            moment = midnight + timedelta(**after)
            return moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

        self._visit(date_planned=utc(seconds=-1))
        first = self._visit(date_planned=utc())
        last = self._visit(date_planned=utc(days=1, seconds=-1))
        self._visit(date_planned=utc(days=1))
        span = [fields.Datetime.to_string(moment) for moment in (utc(), utc(days=1))]
        board = self._board(span=span)
        self.assertEqual(set(self._shown(board)), {first.id, last.id})
        self.assertEqual(board["reps"][1]["due"], 2)

    def test_protected_customer(self):
        """A visit is shown with its customer's name, as in any list of visits."""
        self.company.sales_customer_protection = True
        self.shop.user_id = self.users["peer"]
        self._visit()
        with self.assertRaises(AccessError):
            self.shop.with_user(self.users["rep"]).check_access("read")
        self.assertEqual(self._board("rep")["visits"][0]["customer"], "Shop")

    # Dragging is an ordinary write

    def test_replan(self):
        visit = self._visit().with_user(self.users["leader"])
        moment = datetime(MONDAY.year, MONDAY.month, MONDAY.day, 15)
        visit.write({"date_planned": moment, "rep_id": self.reps["leader"].id})
        self.assertEqual(
            (visit.rep_id, visit.date_planned.hour), (self.reps["leader"], 15)
        )
        with self.assertRaises(AccessError):
            visit.write({"rep_id": self.reps["peer"].id})
        begun = self._visited(30).with_user(self.users["leader"])
        with self.assertRaises(UserError):
            begun.write({"date_planned": moment})
        with self.assertRaises(AccessError):
            visit.with_user(self.users["operations"]).write({"date_planned": moment})

    # Size

    def test_pages_and_queries(self):
        """As many queries for a full page of reps as for two."""
        self._visited(2, who="leader")
        self._board()  # fills the caches of rules and metadata
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._board()
        needed = self.env.cr.sql_log_count - before
        for number in range(60):
            name = f"extra_{number:02}"
            self.users[name] = self._user(name, "sales_force.group_sales_rep")
            self.reps[name] = self._rep(self.users[name], self.reps["leader"])
            self._visit(name, partner=self.shop.copy({"name": name}))
        self._visited(2, who="extra_00")
        self._board()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(needed):
            board = self._board()
        self.assertEqual((len(board["reps"]), board["total"]), (50, 62))
        self.assertEqual(len(board["visits"]), 51)
        rest = self._board(offset=50)
        self.assertEqual(len(rest["reps"]), 12)
        self.assertFalse(
            {rep["id"] for rep in rest["reps"]} & {rep["id"] for rep in board["reps"]}
        )


class BoardScreenCase(VisitCase, HttpCase):
    """Today: a planned visit of the leader, and one of the rep that took place."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        now = fields.Datetime.now()
        corner, big = cls.env["res.partner"].create(
            [{"name": "Corner Shop"}, {"name": "Big Shop"}]
        )
        cls.planned, cls.done = cls.env["sales.visit"].create(
            [
                {
                    "rep_id": cls.reps["leader"].id,
                    "partner_id": corner.id,
                    "date_planned": now,
                    "planned_minutes": 60,
                },
                {
                    "rep_id": cls.reps["rep"].id,
                    "partner_id": big.id,
                    "date_planned": now,
                    "planned_minutes": 60,
                    "state": "done",
                    "check_in": now,
                    "check_out": now + timedelta(minutes=30),
                    "effective": 1,
                    "signal_ids": [Command.create({"kind": "far", "figure": 900})],
                },
            ]
        )


@tagged("post_install", "-at_install")
class TestVisitBoardScreen(BoardScreenCase):
    def test_board(self):
        """A visit dragged to another row is the other rep's."""
        self.start_tour(
            "/odoo/visit-board",
            "sales_force_visit_board",
            login=self.users["leader"].login,
        )
        self.assertEqual(self.planned.rep_id, self.reps["rep"])
        self.assertEqual(self.done.rep_id, self.reps["rep"])

    def test_menu(self):
        """For leaders and above, and sales operations."""
        menu = self.env.ref("sales_force.sales_visit_board_menu")
        seen = {
            name
            for name, user in self.users.items()
            if menu.id in self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
        }
        leaders = {"leader", "peer_leader", "manager", "peer_manager", "director"}
        self.assertEqual(seen, leaders | {"operations"})


@tagged("post_install", "-at_install")
class TestVisitBoardOnPhone(BoardScreenCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_board(self):
        self.start_tour(
            "/odoo/visit-board",
            "sales_force_visit_board_phone",
            login=self.users["leader"].login,
        )
