"""The big screen shows what everybody may see, also by its link; and celebrates."""

from unittest.mock import Mock, patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.sql_db import Cursor
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.sales_force.tests.common import ConcurrentCase

from .test_contest import ContestCase


class ScreenCase(ContestCase):
    def setUp(self):
        super().setUp()
        self._sell_all()
        self.board = self._board(name="Collected on screen")
        self.screen = self.env["sales.screen"].create(
            {"name": "Floor", "board_ids": [Command.set(self.board.ids)]}
        )

    def _slides(self, who=None):
        """A minute later."""
        self.screen._forget()
        screen = self.screen.with_user(self.users[who]) if who else self.screen
        return screen.get_slides()

    def _names(self, found):
        return [[row["name"] for row in slide["rows"]] for slide in found["slides"]]


@tagged("post_install", "-at_install")
@freeze_time("2031-05-20")
class TestScreen(ScreenCase):
    def test_for_everybodys_eyes(self):
        """Also the director's screen names the upper half only."""
        found = self._slides("director")
        self.assertEqual(self._names(found), [list("ABCD")])
        self.board.amounts = False
        [slide] = self._slides()["slides"]
        self.assertEqual({(r["text"], r["part"]) for r in slide["rows"]}, {("", 0)})
        self.assertFalse([e for e in self._slides()["events"] if "lead/" in e["key"]])
        self.board.amounts = True
        with self.assertRaises(ValidationError):
            self.screen.board_ids = self._board(audience="managers")
        with self.assertRaises(ValidationError):
            self.board.audience = "managers"

    def test_contests(self):
        contest = self._contest(names="all")
        self.assertEqual(len(self._slides()["slides"]), 1)
        contest.action_announce()
        found = self._slides()
        self.assertEqual(self._names(found)[1], list("ABCDEFGH"))
        self.screen.with_contests = False
        self.assertEqual(len(self._slides()["slides"]), 1)

    def test_events(self):
        def keys():
            return {event["key"] for event in self._slides()["events"]}

        before = keys()
        self.assertTrue(any(key.endswith(f"/{self.sellers['a'].id}") for key in before))
        self._credit(
            "INVOICED", self.sellers["g"], 9000, "2031-05-20", team_id=self.teams[1]
        )
        [new] = keys() - before
        self.assertTrue(new.endswith(f"/{self.sellers['g'].id}"))
        self.assertEqual(self._names(self._slides())[0][0], "G")
        self.screen.order_from = 5000
        self._credit("ORDERED", self.sellers["a"], 4999, "2031-05-20")
        self.assertFalse([key for key in keys() if key.startswith("order/")])
        self._credit("ORDERED", self.sellers["b"], 5000, "2031-05-20")
        self._credit("ORDERED", self.sellers["b"], 6000, "2031-05-19")
        [order] = [
            event
            for event in self._slides()["events"]
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

    def _poll(self, times, lang="en_US"):
        """The statements of so many looks by the link, with nothing in the cache."""
        self.env.flush_all()
        public, found = self.env.ref("base.public_user"), []
        for _number in range(times):
            self.env.invalidate_all()
            statements = []
            with patch.object(
                Cursor, "execute", autospec=True, side_effect=self._note(statements)
            ):
                screens = self.env["sales.screen"].with_user(public)
                screen = screens.with_context(lang=lang)._by_token(self.screen.token)
                screen._get_shown()
            found.append(statements)
        return found

    def _note(self, statements):
        execute = Cursor.execute

        def note(cr, query, *args, **kwargs):
            statements.append(str(getattr(query, "code", query)))
            return execute(cr, query, *args, **kwargs)

        return note

    def test_polls_of_a_minute(self):
        """However many televisions: ranked once, then small reads and no write."""
        self.screen.board_ids |= self._board(name="Another", measure="attainment")
        self.screen.action_make_link()
        count = Mock(side_effect=type(self.screen)._prepare_slides)
        with (
            patch.object(
                type(self.screen), "_prepare_slides", lambda screen: count(screen)
            ),
            freeze_time("2031-05-20 10:00:00") as clock,
        ):
            first, *others = self._poll(8)
            self.assertEqual(count.call_count, 1)
            self.assertGreater(len(first), 20)
            # The languages that are installed are read at the first look of a worker.
            self.assertLessEqual(max(map(len, others)), 5)
            for statement in sum(others, []):
                self.assertNotRegex(statement, "(?i)INSERT|UPDATE|DELETE")
            # As late as that a change is seen, and once more it is ranked.
            self._credit(
                "INVOICED", self.sellers["g"], 9000, "2031-05-20", team_id=self.teams[1]
            )
            clock.move_to("2031-05-20 10:00:59")
            self._poll(2)
            self.assertEqual(self._names(self.screen.get_slides())[0][0], "A")
            clock.move_to("2031-05-20 10:01:00")
            self._poll(5)
            self.assertEqual(self._names(self.screen.get_slides())[0][0], "G")
            self.assertEqual(count.call_count, 2)
            # Who looks changes nothing but what was shown.
            self.assertNotEqual(self.screen.write_uid, self.env.ref("base.public_user"))
            clock.move_to("2031-05-20 09:00:00")
            self._poll(1)
            self.assertEqual(count.call_count, 3)

    def test_what_is_hidden_is_so_at_once(self):
        def shown():
            slides = self.screen.get_slides()["slides"]
            rows = [row for slide in slides for row in slide["rows"]]
            return str([(row["name"], row["text"]) for row in rows])

        self.assertIn("800", shown())
        self.board.amounts = False
        self.assertNotIn("800", shown())
        self.board.write({"amounts": True, "names": "all"})
        self.assertIn("'H'", shown())
        self.board.names = "upper"
        self.assertNotIn("'H'", shown())
        self.board.active = False
        self.assertFalse(self.screen.get_slides()["slides"])
        self.board.active = True
        self.assertIn("'A'", shown())
        self.screen.board_ids = False
        self.assertNotIn("'A'", shown())
        self.screen.active = False
        with self.assertRaises(UserError):
            self.screen.get_slides()

    def test_kept_for_nobody_to_read(self):
        self.screen.get_slides()
        self.assertTrue(self.screen.shown)
        self.assertFalse(self.screen.copy().shown)
        screen = self.screen.with_user(self.users["director"])
        with self.assertRaises(AccessError):
            screen.read(["shown"])
        for vals in ({"shown": {"en_US": []}}, {"token": "x"}):
            with self.assertRaises(UserError):
                screen.write(vals)

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
        for _poll in range(2):
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


@tagged("post_install", "-at_install")
class TestScreenConcurrency(ConcurrentCase):
    """Televisions that ask at the same time, in real transactions."""

    def setUp(self):
        super().setUp()
        with self._environment() as env:
            self.screen = (
                env["sales.screen"]
                .create(
                    {
                        "name": "screen concurrency",
                        "with_contests": False,
                        "celebrate_targets": False,
                    }
                )
                .id
            )
        self.addCleanup(self._remove)

    def _remove(self):
        with self._environment() as env:
            env["sales.screen"].browse(self.screen).unlink()

    def _look(self, env):
        return env["sales.screen"].browse(self.screen)._get_shown()

    def test_first_look_of_two(self):
        """The second is run again, and finds what the first has kept."""
        model = self.registry["sales.screen"]
        count = Mock(side_effect=model._prepare_slides)
        with patch.object(model, "_prepare_slides", lambda screen: count(screen)):
            runs = self._race(self._look, self._look)
        self.assertEqual((runs, count.call_count), (2, 1))

    def test_nobody_waits(self):
        """While another prepares, the former places are shown."""
        with freeze_time("2031-05-20 10:00:00"), self._environment() as env:
            self._look(env)
        model = self.registry["sales.screen"]
        with freeze_time("2031-05-20 10:05:00"), self._environment() as busy:
            self.assertTrue(busy["sales.screen"].browse(self.screen)._lock_shown(False))
            with (
                self._environment() as env,
                patch.object(model, "_prepare_slides", side_effect=AssertionError),
            ):
                self.assertEqual(self._look(env)["name"], "screen concurrency")
