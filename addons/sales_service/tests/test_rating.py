"""Customers are asked, rate once, and close what they are content with by waiting."""

from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .common import TicketRaceCase
from .test_facts import MONDAY, FactsCase


class RatingCase(FactsCase):
    def setUp(self):
        super().setUp()
        self.team.is_always_open = False

    def _resolve(self, moment=MONDAY, user="agent", **values):
        with self._at(moment):
            ticket = self._ticket(user, **values)
            ticket.resolution = "<p>New seal</p>"
            self._as(user, ticket).action_resolve()
        return ticket

    def _run(self, model, cron, moment):
        with (
            self._at(moment),
            patch.object(type(self.env["ir.cron"]), "_commit_progress"),
        ):
            getattr(self.env[model], cron)()

    def _close_at(self, moment):
        self._run("sales.service.ticket", "_cron_close", moment)

    def _remind_at(self, moment):
        self._run("sales.service.rating", "_cron_remind", moment)

    def _mails(self, ticket):
        """What was written to the customer, the latest first."""
        return ticket.message_ids.filtered(
            lambda one: self.partner in one.notified_partner_ids
        )


@tagged("post_install", "-at_install")
class TestRating(RatingCase):
    def test_asked(self):
        """One mail says what was done, until when to answer, and asks."""
        ticket = self._resolve()
        rating = ticket.service_rating_ids
        self.assertEqual(rating.user_id, self.users["agent"])
        self.assertFalse(rating.rated_at)
        mail = self._mails(ticket)
        self.assertEqual(len(mail), 1)
        self.assertIn("New seal", mail.body)
        self.assertIn(f"{rating._get_sealed_url()}?points=5", mail.body)
        self.assertIn("03/10/2031", mail.body)
        self.team.rating_request = False
        other = self._resolve()
        self.assertFalse(other.service_rating_ids)
        self.assertIn("New seal", self._mails(other).body)
        self.assertNotIn("/service/rate/", self._mails(other).body)
        nobody = self._resolve(partner_id=False)
        self.assertFalse(nobody.service_rating_ids or self._mails(nobody))

    def test_secret(self):
        """The customer's copy opens the page; what agents read does not."""
        ticket = self._resolve()
        ticket.message_subscribe(self.users["agent"].partner_id.ids)
        note = self.env.ref("mail.mt_note")
        ticket.message_follower_ids.subtype_ids = note
        self._remind_at(datetime(2031, 3, 20))
        rating = ticket.service_rating_ids
        for message in self._mails(ticket):
            copies = self.env["mail.mail"].search(
                [("mail_message_id", "=", message.id)]
            )
            self.assertNotIn(rating.token, message.body)
            self.assertTrue(copies)
            for copy in copies:
                self.assertEqual(
                    rating._get_url() in copy.body_html,
                    self.partner in copy.recipient_ids,
                )
                self.assertLessEqual(len(copy.recipient_ids), 1)

    def test_words(self):
        """The page is in the customer's language, the ticket in the agent's."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.users["agent"].lang = "zh_CN"
        reason = self.env.ref("sales_service.rating_reason_speed")
        reason.with_context(lang="zh_CN").name = "快慢"
        ticket = self._resolve()
        ticket.service_rating_ids.with_context(lang="en_US")._give(4, reason.ids)
        self.assertIn("快慢", self._last_message(ticket).body)

    def test_given_once(self):
        ticket = self._resolve()
        rating = ticket.service_rating_ids
        reason = self.env.ref("sales_service.rating_reason_speed")
        for points in (0, 6):
            with self.assertRaises(UserError):
                rating._give(points)
        with self._at(MONDAY + timedelta(days=1)):
            self.assertTrue(rating._give(4, [reason.id, 0], " Fast. "))
            self.assertFalse(rating._give(1))
        self.assertEqual(
            (rating.points, rating.comment, rating.reason_ids), (4, "Fast.", reason)
        )
        message = self._last_message(ticket)
        self.assertIn("4 of 5", message.body)
        self.assertEqual(message.author_id, self.partner)
        self.assertEqual(ticket.state, "resolved")
        self.assertFalse(ticket.activity_ids)
        self.assertFalse(ticket._get_open_rating())

    def test_each_resolution(self):
        """After it was reopened it is asked anew, and not in between."""
        ticket = self._resolve()
        rating = ticket.service_rating_ids
        with self._at(MONDAY + timedelta(days=1)):
            ticket.action_reopen()
            with self.assertRaises(UserError):
                rating._give(1)
            ticket.action_assign(self.users["colleague"].id)
            ticket.action_resolve()
        self.assertEqual(ticket.service_rating_ids, rating)
        self.assertEqual(rating.user_id, self.users["colleague"])
        rating._give(5)
        with self._at(MONDAY + timedelta(days=2)):
            ticket.action_reopen()
            ticket.action_resolve()
        self.assertEqual(len(ticket.service_rating_ids), 2)
        self.assertEqual(len(ticket._get_open_rating()), 1)

    def test_low(self):
        """Somebody above the agent talks with the customer; once at a time."""
        self.agent_rep.parent_id = self._rep(self.users["service_manager"])
        tickets = [self._resolve() for _number in range(2)]
        tickets[0].service_rating_ids._give(2, comment="Slow")
        talk = tickets[0].activity_ids
        self.assertEqual(talk.user_id, self.users["service_manager"])
        self.assertIn("Slow", talk.note)
        with self._at(MONDAY + timedelta(days=2)):
            tickets[0].action_reopen()
            tickets[0].action_resolve()
        tickets[0]._get_open_rating()._give(1)
        self.assertEqual(tickets[0].activity_ids, talk)
        tickets[1].service_rating_ids._give(3)
        self.assertFalse(tickets[1].activity_ids)

    def test_chief(self):
        """The nearest above who may read the ticket, else a dispatcher of the team."""
        ticket = self._resolve()
        team = self.users["agent"] + self.users["dispatcher"]
        self.assertEqual(ticket._get_chief(team), self.users["dispatcher"])
        self.agent_rep.parent_id = self.reps["peer"]
        self.assertEqual(ticket._get_chief(team), self.users["director"])
        self.agent_rep.parent_id = False
        self.assertTrue(
            ticket._get_chief(team[0]).has_group("sales_service.group_service_manager")
        )

    def test_nobodys_to_write(self):
        ticket = self._resolve()
        for role in ("agent", "dispatcher", "service_manager"):
            rating = self._as(role, ticket.service_rating_ids)
            rating.read(["points"])
            with self.assertRaises(AccessError):
                rating.points = 5
            with self.assertRaises(AccessError):
                rating.create({"ticket_id": ticket.id, "points": 5})
            with self.assertRaises(AccessError):
                rating.unlink()
            with self.assertRaises(AccessError):
                rating.read(["token"])
            with self.assertRaises(AccessError):
                rating.search([("token", "like", "a")])

    def test_reminded_once(self):
        """After three working days: Thursday is the third, and a Friday the day."""
        ticket = self._resolve()
        self._remind_at(datetime(2031, 3, 6, 15, 59))
        self.assertEqual(len(self._mails(ticket)), 1)
        # In Shanghai it is Friday.
        for _time in range(2):
            self._remind_at(datetime(2031, 3, 6, 16))
            self.assertEqual(len(self._mails(ticket)), 2)
        rated = self._resolve()
        rated.service_rating_ids._give(5)
        self._remind_at(datetime(2031, 3, 20))
        self.assertEqual(len(self._mails(rated)), 1)
        self.assertEqual(len(self._mails(ticket)), 2)


@tagged("post_install", "-at_install")
class TestClosing(RatingCase):
    def test_working_days(self):
        """Five working days from Monday end with the next one, where the team works."""
        ticket = self._resolve()
        self.assertEqual(ticket.last_day, date(2031, 3, 10))
        self._close_at(datetime(2031, 3, 10, 15, 59))
        self.assertEqual(ticket.state, "resolved")
        for _time in range(2):
            self._close_at(datetime(2031, 3, 10, 16))
            self.assertEqual(ticket.state, "closed")
        self.assertEqual(ticket.closed_at, datetime(2031, 3, 10, 16))
        self.assertFalse(ticket.last_day)

    def test_holiday(self):
        """A holiday gives the customer a day more, a made-up Saturday one less."""
        ticket = self._resolve()
        self.env["sales.calendar.day"].create(
            [
                {
                    "name": "Holiday",
                    "company_id": self.company.id,
                    "date": day,
                    "kind": kind,
                }
                for day, kind in (
                    ("2031-03-05", "holiday"),
                    ("2031-03-06", "holiday"),
                    ("2031-03-08", "workday"),
                )
            ]
        )
        ticket.invalidate_recordset(["last_day"])
        self.assertEqual(ticket.last_day, date(2031, 3, 11))
        self.team.is_always_open = True
        self.assertEqual(ticket.last_day, date(2031, 3, 8))

    def test_not_closed(self):
        """A team that closes by hand, and a customer who has answered."""
        ticket = self._resolve()
        by_hand = self._resolve(
            user="stranger", team_id=self.other_team.id, category_id=False
        )
        self.other_team.close_days = 0
        self.assertFalse(by_hand.last_day)
        with self._at(datetime(2031, 3, 5, 9)):
            ticket.message_post(
                body="It leaks again",
                author_id=self.partner.id,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        self._close_at(datetime(2031, 4, 1))
        self.assertEqual((ticket.state, by_hand.state), ("reopened", "resolved"))

    def test_many(self):
        """In bundles, each committed."""
        tickets = self.env["sales.service.ticket"].union(
            *(self._resolve() for _number in range(5))
        )
        with (
            self._at(datetime(2031, 4, 1)),
            patch.object(type(self.env["ir.cron"]), "_commit_progress") as commit,
            patch("odoo.addons.sales_service.models.sales_service_closing.BATCH", 2),
        ):
            self.env["sales.service.ticket"]._cron_close()
        self.assertEqual(set(tickets.mapped("state")), {"closed"})
        self.assertEqual(commit.call_args_list[0].kwargs, {"remaining": 5})
        self.assertEqual(
            [call.args for call in commit.call_args_list[1:]], [(2,), (2,), (1,)]
        )

    def test_queries(self):
        """Closing forty takes hardly more queries than ten, their credits included."""
        counts = []
        for number in (10, 40):
            for _ticket in range(number):
                self._resolve()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._close_at(datetime(2031, 4, 1))
            self.env["sales.credit"]._process_pending()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 5, counts)


@tagged("post_install", "-at_install")
class TestRatingPage(RatingCase, HttpCase):
    def _post(self, url, **data):
        page = self.url_open(url).text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        return self.url_open(url, data={"csrf_token": token, **data}).text

    def test_page(self):
        """Looking rates nothing; the button does, without login, once."""
        ticket = self._resolve()
        rating = ticket.service_rating_ids
        url = f"/service/rate/{rating.token}"
        reason = self.env.ref("sales_service.rating_reason_result")
        page = self.url_open(f"{url}?points=5")
        self.assertEqual(page.status_code, 200)
        self.assertIn(ticket.number, page.text)
        self.assertIn('name="comment"', page.text)
        self.assertFalse(rating.rated_at)
        self.assertIn("Choose one", self._post(url, points="9"))
        page = self._post(url, points="1", reason=str(reason.id), comment="<b>Bad</b>")
        self.assertIn("Thank you", page)
        rating.invalidate_recordset()
        self.assertEqual((rating.points, rating.reason_ids), (1, reason))
        self.assertNotIn("<b>", self._last_message(ticket).body)
        self.assertIn("Thank you", self.url_open(f"{url}?points=5").text)
        self.assertEqual(rating.points, 1)
        for wrong in ("x", rating.token[:-1], f"{rating.token}0"):
            self.assertEqual(
                self.url_open(f"/service/rate/{wrong}").status_code, 404, wrong
            )


@tagged("post_install", "-at_install")
class TestRatingTwice(TicketRaceCase):
    """Two clicks at once."""

    NAME = "rating_race"

    def setUp(self):
        super().setUp()
        with self._environment() as env:
            self._ticket(env).action_resolve()

    def test_one_counts(self):
        def give(points):
            return lambda env: self._ticket(env).service_rating_ids._give(points)

        self.assertEqual(self._race(give(1), give(5)), 2)
        with self._environment() as env:
            ticket = self._ticket(env)
            self.assertEqual(ticket.service_rating_ids.points, 1)
            self.assertEqual(len(ticket.activity_ids), 1)
            credits = env["sales.credit"].search(
                [("source", "=", "ticket"), ("scope_id", "=", self.ticket)]
            )
            self.assertEqual(sorted(credits.mapped("value")), [1, 1])
