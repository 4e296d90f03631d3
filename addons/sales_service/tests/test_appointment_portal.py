"""What a customer does with an appointment, and that nobody else does."""

import re
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .test_appointment import DAY, MONDAY, AppointmentCase
from .test_portal import PortalCase

WORDS = ("choose", "wish", "change", "cancel")


@tagged("post_install", "-at_install")
class TestAppointmentPortal(AppointmentCase, PortalCase):
    def setUp(self):
        super().setUp()
        self.alpha.tz = "Asia/Shanghai"
        self.ticket.partner_id = self.alpha
        self.ticket._offer_windows(
            [
                (start, start + timedelta(hours=4))
                for start in (MONDAY + DAY, MONDAY + 2 * DAY)
            ],
            self.env["res.users"],
        )
        self.appointment = self.ticket._get_live_appointment()

    def _word(self, word, token=None, **values):
        more = {"access_token": token} if token else {}
        return self._post(
            f"/my/tickets/{self.ticket.id}/appointment/{word}", **more, **values
        )

    def _page(self, token=None):
        end = f"?access_token={token}" if token else ""
        return self.url_open(f"/my/tickets/{self.ticket.id}{end}").text

    def test_choose(self):
        """In the own timezone, once; then it can be changed."""
        self._login("alpha")
        page = self._page()
        self.assertIn("Tuesday, March 4, 2031, 5:00", page)
        numbers = re.findall(r'name="window_id" value="(\d+)"', page)
        self.assertEqual(numbers, [str(one) for one in self.appointment.window_ids.ids])
        self._word("choose", window_id=numbers[0])
        self.env.invalidate_all()
        self.assertEqual(
            (self.appointment.state, self.appointment.window_start),
            ("confirmed", MONDAY + DAY),
        )
        page = self._page()
        self.assertIn("arrives in this time", page)
        self.assertIn("Change", page)
        self.assertIn("Add to Calendar", page)
        url = f"/my/tickets/{self.ticket.id}/appointment.ics"
        answer = self.url_open(url)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/calendar"))
        self.assertIn("DTSTART:20310304T", answer.text)
        self._login("beta")
        self.assertEqual(self.url_open(url).status_code, 404)
        self._login("alpha")
        # A second click finds that it is done.
        self.assertIn(
            "one of the times", self._word("choose", window_id=numbers[0]).text
        )
        for nonsense in ("x", "", "99999999"):
            self.assertIn(
                "one of the times", self._word("choose", window_id=nonsense).text
            )
        self.assertIn("Choose a time", self._word("change").text)

    def test_token(self):
        """Who has the link needs no login."""
        self._login(None)
        page = self._page(self.token)
        self.assertIn("Tuesday, March 4, 2031", page)
        self.assertNotIn("Add to Calendar", page)
        url = f"/my/tickets/{self.ticket.id}/appointment.ics?access_token={self.token}"
        self.assertEqual(self.url_open(url).status_code, 404)
        self._word("choose", self.token, window_id=self.appointment.window_ids[0].id)
        self.env.invalidate_all()
        self.assertEqual(self.appointment.state, "confirmed")
        self._word("cancel", self.token)
        self.env.invalidate_all()
        self.assertEqual(self.appointment.state, "cancelled")

    def test_taken(self):
        """A clear word, and other times."""
        self.team.member_ids = self.users["agent"]
        self._appointment("agent", MONDAY + DAY, minutes=480)
        self._login("alpha")
        page = self._word("choose", window_id=self.appointment.window_ids[0].id).text
        self.assertIn("has just been taken", page)
        self.assertNotIn("Tuesday, March 4, 2031", page)
        self.env.invalidate_all()
        self.assertEqual(self.appointment.state, "offered")
        self.assertEqual(len(self.appointment.window_ids), 2)
        self.assertEqual(page.count('name="window_id"'), 2)

    def test_wish(self):
        self._login("alpha")
        self.assertIn("which times suit", self._word("wish", text=" ").text)
        for _time in range(2):
            self._word("wish", text="After <six>")
        self.env.invalidate_all()
        self.assertEqual(self.appointment.wish, "After <six>")
        self.assertEqual(len(self._said("six")), 1)
        self.assertIn("After &lt;six&gt;", self._page())

    def test_late(self):
        """Too late to change: it says what to do instead."""
        self.appointment._choose(self.appointment.window_ids[0].id)
        later = MONDAY + DAY - timedelta(hours=2)
        self._login("alpha")
        with patch.object(type(self.ticket), "_get_now", lambda self: later):
            page = self._page()
            self.assertNotIn("Cancel the Appointment", page)
            self.assertIn("please call us", page)
            for word in ("change", "cancel"):
                self.assertIn("too late", self._word(word).text)
        self.assertEqual(self.appointment.state, "confirmed")

    def test_proposed(self):
        """What nobody has told the customer is not shown."""
        self.appointment.action_cancel()
        self._appointment("agent", ticket=self.ticket, start=MONDAY + 5 * DAY)
        self._login("alpha")
        self.assertNotIn("March 8", self._page())

    def _try_all(self):
        """Every door of the appointment, with whatever token."""
        for token in ("", "nonsense", self.other_token):
            for word in WORDS:
                self._word(
                    word,
                    token,
                    window_id=self.appointment.window_ids[0].id,
                    text="Mine",
                )
        return self._try_methods()

    def _try_methods(self):
        """What RPC offers."""
        ticket, number = self.ticket.id, self.appointment.id
        texts = []
        for model, method, *args in (
            ("appointment", "read", [number], ["wish"]),
            ("appointment", "search_read", [], ["ticket_id"]),
            ("appointment", "write", [number], {"start": "2031-03-05 10:00:00"}),
            ("appointment", "unlink", [number]),
            ("appointment", "get_board", "2031-03-01", "2031-03-09"),
            ("appointment", "action_move", [number], "2031-03-05 10:00:00"),
            *(
                ("appointment", f"action_{step}", [number])
                for step in ("confirm", "go", "done", "miss", "cancel", "offer")
            ),
            ("window", "search_read", [], ["start"]),
            ("window", "unlink", self.appointment.window_ids.ids),
            ("offer", "create", {"ticket_id": ticket}),
            ("ticket", "action_plan", [ticket], 1, "2031-03-05 10:00:00"),
            ("ticket", "action_offer_times", [ticket]),
            ("ticket", "action_open_appointment", [ticket]),
        ):
            texts.append(self._call(method, *args, model=f"sales.service.{model}"))
        return texts

    def _call(self, method, *args, model):
        try:
            return str(
                self.make_jsonrpc_request(
                    f"/web/dataset/call_kw/{model}/{method}",
                    {"model": model, "method": method, "args": args, "kwargs": {}},
                )
            )
        except JsonRpcException as error:
            return str(error)

    def _state(self):
        self.env.invalidate_all()
        one = self.appointment
        return (
            one.exists(),
            one.state,
            one.start,
            one.wish,
            one.window_ids.ids,
            self.ticket.user_id,
            self.ticket.message_ids.ids,
            self.env["sales.service.offer"].search_count([]),
        )

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule", "odoo.sql_db")
    @mute_logger("odoo.addons.base.models.ir_model")
    def test_swept(self):
        """Another customer and nobody reach it by no URL, id, token or method."""
        self.appointment.wish = "SECRETWISH"
        for name in ("beta", None):
            self._login(name)
            before = self._state()
            texts = self._try_all()
            for text in (*texts, self._page(), self._page(self.other_token)):
                self.assertNotIn("SECRETWISH", text)
                self.assertNotIn("March 4, 2031", text)
            self.assertEqual(self._state(), before)
        # The customer themselves reaches no method but the page.
        self._login("alpha")
        for word in WORDS[1:3]:
            self._word(word, text="Mine")
        before = self._state()
        self._try_methods()
        self.assertEqual(self._state(), before)

    def test_own_people(self):
        """A salesperson who reads the ticket does not answer for the customer."""
        self.alpha.commercial_partner_id.user_id = self.users["rep"]
        self._login("rep")
        self.assertNotIn('name="window_id"', self._page())
        before = self._state()
        for word in WORDS:
            self._word(
                word,
                self.token,
                window_id=self.appointment.window_ids[0].id,
                text="Mine",
            )
        self.assertEqual(self._state(), before)
