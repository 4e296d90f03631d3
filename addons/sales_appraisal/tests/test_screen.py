"""The big screen shows what everybody may see, also by its link; and celebrates."""

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .test_contest import ContestCase


class ScreenCase(ContestCase):
    def setUp(self):
        super().setUp()
        self._sell_all()
        self.board = self._board(name="Collected on screen")
        self.screen = self.env["sales.screen"].create(
            {"name": "Floor", "board_ids": [Command.set(self.board.ids)]}
        )

    def _names(self, found):
        return [[row["name"] for row in slide["rows"]] for slide in found["slides"]]


@tagged("post_install", "-at_install")
@freeze_time("2031-05-20")
class TestScreen(ScreenCase):
    def test_for_everybodys_eyes(self):
        """Also the director's screen names the upper half only."""
        found = self.screen.with_user(self.users["director"]).get_slides()
        self.assertEqual(self._names(found), [list("ABCD")])
        self.board.amounts = False
        [slide] = self.screen.get_slides()["slides"]
        self.assertEqual({(r["text"], r["part"]) for r in slide["rows"]}, {("", 0)})
        self.assertFalse(
            [e for e in self.screen.get_slides()["events"] if "lead/" in e["key"]]
        )
        self.board.amounts = True
        with self.assertRaises(ValidationError):
            self.screen.board_ids = self._board(audience="managers")
        with self.assertRaises(ValidationError):
            self.board.audience = "managers"

    def test_contests(self):
        contest = self._contest(names="all")
        self.assertEqual(len(self.screen.get_slides()["slides"]), 1)
        contest.action_announce()
        found = self.screen.get_slides()
        self.assertEqual(self._names(found)[1], list("ABCDEFGH"))
        self.screen.with_contests = False
        self.assertEqual(len(self.screen.get_slides()["slides"]), 1)

    def test_events(self):
        def keys():
            return {event["key"] for event in self.screen.get_slides()["events"]}

        before = keys()
        self.assertTrue(any(key.endswith(f"/{self.sellers['a'].id}") for key in before))
        self._credit(
            "INVOICED", self.sellers["g"], 9000, "2031-05-20", team_id=self.teams[1]
        )
        [new] = keys() - before
        self.assertTrue(new.endswith(f"/{self.sellers['g'].id}"))
        self.assertEqual(self._names(self.screen.get_slides())[0][0], "G")
        self.screen.order_from = 5000
        self._credit("ORDERED", self.sellers["a"], 4999, "2031-05-20")
        self.assertFalse([key for key in keys() if key.startswith("order/")])
        self._credit("ORDERED", self.sellers["b"], 5000, "2031-05-20")
        self._credit("ORDERED", self.sellers["b"], 6000, "2031-05-19")
        [order] = [
            event
            for event in self.screen.get_slides()["events"]
            if event["key"].startswith("order/")
        ]
        self.assertIn("5,000", order["title"])
        self.assertEqual(order["text"], "B")

    def test_link(self):
        operations = self.screen.with_user(self.users["operations"])
        for who in ("a", "leader", "finance"):
            screen = self.screen.with_user(self.users[who])
            for action in ("action_make_link", "action_revoke_link"):
                with self.assertRaises(AccessError, msg=(who, action)):
                    getattr(screen, action)()
            with self.assertRaises(AccessError):
                screen.read(["token"])
        with self.assertRaises(UserError):
            operations.write({"token": "guessed"})
        operations.action_make_link()
        first = self.screen.token
        self.assertGreaterEqual(len(first), 40)
        self.assertEqual(self.env["sales.screen"]._by_token(first), self.screen)
        operations.action_make_link()
        self.assertFalse(self.env["sales.screen"]._by_token(first))
        operations.action_revoke_link()
        for wrong in (first, "", False, None):
            self.assertFalse(self.env["sales.screen"]._by_token(wrong))

    def test_access(self):
        may = {"director", "operations"}
        rule = self.env["sales.badge.rule"].search([], limit=1)
        for role in ("a", "leader", "manager", "director", "operations", "finance"):
            screen = self.screen.with_user(self.users[role])
            self.assertEqual(screen.has_access("read"), role != "a", role)
            for name in ("write", "create", "unlink"):
                self.assertEqual(screen.has_access(name), role in may, (role, name))
                self.assertEqual(
                    rule.with_user(self.users[role]).has_access(name), role in may
                )
        with self.assertRaises(AccessError):
            self.screen.with_user(self.users["a"]).get_slides()
        foreign = self.env["sales.screen"].create(
            {"name": "B", "company_id": self.company_b.id}
        )
        self.assertFalse(foreign.with_user(self.users["director"]).has_access("read"))


@tagged("post_install", "-at_install")
class TestScreenPage(HttpCase, ScreenCase):
    def _data(self, token):
        return self.make_jsonrpc_request(f"/sales/screen/{token}/data")

    def test_without_login(self):
        self.screen.action_make_link()
        token = self.screen.token
        page = self.url_open(f"/sales/screen/{token}")
        self.assertEqual(page.status_code, 200)
        self.assertIn("sales_appraisal.screen", page.text)
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(self._data(token)["name"], "Floor")
        self.screen.action_revoke_link()
        self.assertEqual(self.url_open(f"/sales/screen/{token}").status_code, 404)
        with mute_logger("odoo.http"), self.assertRaises(Exception):  # noqa: B017
            self._data(token)

    def test_shown_and_celebrated(self):
        """A television by its link: the places, and whoever takes the lead."""
        self._credit("INVOICED", self.sellers["b"], 70, 0)
        self._credit("INVOICED", self.sellers["a"], 80, 0)
        self.screen.action_make_link()
        self.start_tour(f"/sales/screen/{self.screen.token}", "sales_appraisal_screen")
