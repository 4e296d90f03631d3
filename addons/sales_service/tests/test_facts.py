"""What tickets enter into the credit ledger."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ServiceCase

MONDAY = datetime(2031, 3, 3, 9)
CODES = (
    *("TICKETS_CLOSED", "SLA_DUE", "SLA_MET", "FIRST_FIX", "REPEATS"),
    *("RESPONSE_HOURS_SUM", "RATINGS", "RATING_SUM", "RESOLUTION_HOURS_SUM"),
    *("CALENDAR_HOURS_SUM", "RATINGS_ASKED", "RATINGS_ANSWERED"),
)

RATIOS = (
    *("SLA_RATE", "FIRST_TIME_FIX", "REPEAT_RATE", "CSAT", "RESPONSE_HOURS"),
    *("RESOLUTION_HOURS", "CALENDAR_HOURS", "RATING_RESPONSE"),
)


class FactsCase(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id.tz = "Asia/Shanghai"
        cls.team.is_always_open = True
        cls.policy = cls.env["sales.service.sla"].create(
            {
                "name": "Standard",
                "company_id": cls.company.id,
                "response_hours": 2,
                "resolution_hours": 30,
            }
        )
        cls.other_product = cls.env["product.product"].create({"name": "Other"})
        cls.agent_rep = cls._rep(cls.users["agent"])

    def _at(self, moment):
        """What is done within happens at this moment."""
        return patch.object(
            self.registry["sales.service.ticket"], "_get_now", lambda _self: moment
        )

    def _answer(self, ticket):
        ticket.message_post(
            body="Words",
            author_id=ticket.user_id.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _close(self, ticket, moment):
        """Resolved at a moment and closed a day later."""
        ticket.resolution = "<p>Done</p>"
        with self._at(moment):
            ticket.action_resolve()
        with self._at(moment + timedelta(days=1)):
            ticket.action_close()

    def _rate(self, ticket, points, moment):
        rating = self.env["sales.service.rating"].create(
            {
                "ticket_id": ticket.id,
                "user_id": ticket.user_id.id,
                "partner_id": ticket.partner_id.id,
                "points": points,
                "rated_at": moment,
            }
        )
        return rating

    def _sums(self, tickets):
        """``{(code, user, date): sum}`` of what the ledger has of tickets."""
        sums = defaultdict(Fraction)
        for credit in self.env["sales.credit"].search(
            [("source", "=", "ticket"), ("scope_id", "in", tickets.ids)]
        ):
            key = credit.metric_id.code, credit.user_id, credit.date
            sums[key] += Fraction(str(credit.value))
        return {key: value for key, value in sums.items() if value}


@tagged("post_install", "-at_install")
class TestFacts(FactsCase):
    def _of(self, ticket):
        """``{code: value}`` of a ticket."""
        return {
            code: float(value)
            for (code, _user, _day), value in self._sums(ticket).items()
        }

    def test_closed(self):
        """On the day of the closing where the company works, for the agent."""
        with self._at(MONDAY):
            ticket = self._ticket("agent")
        with self._at(MONDAY + timedelta(hours=3)):
            self._answer(ticket)
        ticket.resolution = "<p>Done</p>"
        with self._at(MONDAY + timedelta(hours=5)):
            ticket.action_resolve()
        self.assertFalse(self._sums(ticket))
        # In Shanghai it is the next day.
        with self._at(datetime(2031, 3, 4, 17)):
            ticket.action_close()
        self.assertEqual(
            self._of(ticket),
            {
                "TICKETS_CLOSED": 1,
                "SLA_DUE": 2,
                "SLA_MET": 1,
                "FIRST_FIX": 1,
                "RESPONSE_HOURS_SUM": 3,
                "RESOLUTION_HOURS_SUM": 5,
                "CALENDAR_HOURS_SUM": 5,
                "RATINGS_ASKED": 1,
            },
        )
        credits = self.env["sales.credit"].search(
            [("source", "=", "ticket"), ("scope_id", "=", ticket.id)]
        )
        self.assertEqual(credits.rep_id, self.agent_rep)
        self.assertEqual(set(credits.mapped("date")), {datetime(2031, 3, 5).date()})
        self.assertEqual(credits.partner_id, self.partner)
        self.assertEqual(set(credits.mapped("document_name")), {ticket.display_name})
        self.assertEqual((ticket.work_hours, ticket.calendar_hours), (5, 5))

    def test_hours(self):
        """Without an answer until it was resolved; the customer's time is his."""
        with self._at(MONDAY):
            ticket = self._ticket("agent")
        with self._at(MONDAY + timedelta(hours=1)):
            ticket.action_wait_customer()
        with self._at(MONDAY + timedelta(hours=11)):
            ticket.action_start()
        ticket.resolution = "<p>Done</p>"
        with self._at(MONDAY + timedelta(hours=12)):
            ticket.action_resolve()
        self.assertEqual(
            (ticket.response_hours, ticket.work_hours, ticket.calendar_hours),
            (12, 2, 12),
        )
        with self.assertRaises(UserError):
            self._as("agent", ticket).response_hours = 1

    def test_reopened(self):
        """It counts for nothing until it is closed again, then by who closed it."""
        with self._at(MONDAY):
            ticket = self._ticket("agent")
        self._close(ticket, MONDAY + timedelta(hours=1))
        self.assertTrue(self._sums(ticket))
        with self._at(MONDAY + timedelta(days=3)):
            ticket.action_reopen()
            self.assertFalse(self._sums(ticket))
            ticket.action_assign(self.users["colleague"].id)
        self._close(ticket, MONDAY + timedelta(days=3, hours=1))
        found = self._sums(ticket)
        self.assertEqual({user for _c, user, _d in found}, {self.users["colleague"]})
        self.assertNotIn("FIRST_FIX", self._of(ticket))
        self.assertEqual(self._of(ticket)["TICKETS_CLOSED"], 1)

    def test_repeat(self):
        """The same product within 30 days takes the first fix back."""
        with self._at(MONDAY):
            first = self._ticket("agent", product_id=self.product.id)
        self._close(first, MONDAY + timedelta(hours=1))
        self.assertEqual(self._of(first)["FIRST_FIX"], 1)
        other = self.other_product
        contact = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.partner.id}
        )
        cases = (
            ({"product_id": self.product.id, "partner_id": contact.id}, 30, True),
            ({"product_id": self.product.id}, 31, False),
            ({"product_id": other.id}, 3, False),
            ({}, 3, True),
            ({"category_id": False}, 3, False),
        )
        for vals, days, repeats in cases:
            with self.subTest(vals=vals, days=days):
                with self._at(MONDAY + timedelta(days=days)):
                    again = self._ticket("colleague", **vals)
                self.assertEqual(again.repeat_of_id, first if repeats else first[:0])
                self.assertEqual("REPEATS" in self._of(first), repeats)
                self.assertEqual("FIRST_FIX" in self._of(first), not repeats)
                with self._at(MONDAY + timedelta(days=days, hours=1)):
                    again.action_cancel()
                self.assertNotIn("REPEATS", self._of(first))
        with self._at(MONDAY + timedelta(days=4)):
            again = self._ticket("colleague", product_id=self.product.id)
        self.assertIn("REPEATS", self._of(first))
        again.product_id = other
        self.assertFalse(again.repeat_of_id)
        self.assertNotIn("REPEATS", self._of(first))

    def test_repeat_of_what_is_corrected(self):
        """What the earlier one was about is found out later."""
        with self._at(MONDAY):
            first = self._ticket("agent", product_id=self.other_product.id)
        self._close(first, MONDAY + timedelta(hours=1))
        with self._at(MONDAY + timedelta(days=3)):
            again = self._ticket("colleague", product_id=self.product.id)
        self.assertFalse(again.repeat_of_id)
        first.product_id = self.product
        self.assertEqual(again.repeat_of_id, first)
        self.assertIn("REPEATS", self._of(first))
        first.partner_id = self.env["res.partner"].create({"name": "Another"})
        self.assertFalse(again.repeat_of_id)
        self.assertNotIn("REPEATS", self._of(first))
        first.partner_id = self.partner
        self.assertEqual(again.repeat_of_id, first)
        (first + again).product_id = False
        self.assertEqual(again.repeat_of_id, first)
        again.category_id = False
        self.assertFalse(again.repeat_of_id)

    def test_open_is_no_repeat(self):
        """While the first is open, the second is about the same."""
        with self._at(MONDAY):
            self._ticket("agent", product_id=self.product.id)
        with self._at(MONDAY + timedelta(days=1)):
            again = self._ticket("agent", product_id=self.product.id)
        self.assertFalse(again.repeat_of_id)

    def test_rating(self):
        """For who was rated, on the day of the rating; it stays, whatever follows."""
        with self._at(MONDAY):
            ticket = self._ticket("agent")
        self._close(ticket, MONDAY + timedelta(hours=1))
        rating = self._rate(ticket, 4, MONDAY + timedelta(days=2))
        day = (MONDAY + timedelta(days=2)).date()
        agent = self.users["agent"]
        # One was asked for when it was resolved, and this one.
        self.assertEqual(self._of(ticket)["RATINGS_ASKED"], 2)
        self.assertEqual(self._of(ticket)["RATINGS_ANSWERED"], 1)
        self.assertEqual(self._sums(ticket)["RATINGS", agent, day], 1)
        self.assertEqual(self._sums(ticket)["RATING_SUM", agent, day], 4)
        with self._at(MONDAY + timedelta(days=3)):
            ticket.action_reopen()
            ticket.action_assign(self.users["colleague"].id)
        self.assertEqual(
            self._sums(ticket),
            {("RATINGS", agent, day): 1, ("RATING_SUM", agent, day): 4},
        )
        credit = self.env["sales.credit"].search(
            [("source", "=", "ticket"), ("res_id", "=", rating.id)], limit=1
        )
        self.assertEqual(credit.document_name, ticket.display_name)
        rating.unlink()
        self.assertFalse(self._sums(ticket))

    def test_ratios(self):
        ratios = self.env["sales.metric"].search([("code", "in", RATIOS)])
        self.assertEqual(set(ratios.mapped("kind")), {"ratio"})
        ids = self.env["sales.metric"]._ids_by_code()
        values = {ids[code]: number for number, code in enumerate(CODES, 1)}
        self.assertEqual(
            {ratio.code: ratio._evaluate(values) for ratio in ratios},
            {
                "SLA_RATE": 3 / 2,
                "FIRST_TIME_FIX": 4,
                "REPEAT_RATE": 5,
                "CSAT": 8 / 7,
                "RESPONSE_HOURS": 6,
                "RESOLUTION_HOURS": 9,
                "CALENDAR_HOURS": 10,
                "RATING_RESPONSE": 12 / 11,
            },
        )


def _hours(length):
    """To 0.01."""
    return Fraction(str(round(length / timedelta(hours=1) + 1e-9, 2)))


@tagged("post_install", "-at_install")
class TestFactsOracle(FactsCase):
    """Random histories against a plain loop over what was done."""

    STEPS = (
        *("assign", "accept", "start", "wait_customer", "wait_parts", "resolve"),
        *("resolve", "close", "close", "reopen", "refuse", "cancel", "answer", "rate"),
        "move",
    )

    def _play(self, rng):
        """Do anything at any time; what is not allowed then is not done."""
        partners = self.env["res.partner"].create(
            [{"name": name} for name in ("First", "Second")]
        )
        products = self.product + self.other_product
        agents = (self.users["agent"] + self.users["colleague"]).ids
        tickets = self.env["sales.service.ticket"]
        answers = {}
        moment = MONDAY
        for _number in range(150):
            moment += timedelta(minutes=rng.randrange(1, 2500))
            with self._at(moment):
                if len(tickets) < 5 or rng.random() < 0.1:
                    tickets += self._ticket(
                        partner_id=rng.choice(partners).id,
                        product_id=rng.choice([*products.ids, False]),
                        category_id=rng.choice([self.category.id, False]),
                        team_id=self.team.id,
                    )
                    self._check_repeat(tickets[-1], tickets)
                    continue
                ticket = rng.choice(tickets)
                step = rng.choice(self.STEPS)
                if not ticket[
                    {"answer": "user_id", "rate": "resolved_at"}.get(step, "id")
                ]:
                    continue
                try:
                    with self.env.cr.savepoint():
                        self._do(rng, ticket, step, agents, partners, moment)
                except UserError:
                    continue
                if step == "answer":
                    answers.setdefault(ticket, moment)
                elif step == "move":
                    self._check_repeat(ticket, tickets)
            # Now and then somebody reads the ledger meanwhile.
            if rng.random() < 0.2:
                self._sums(tickets)
        return tickets, answers

    def _check_repeat(self, ticket, tickets):
        """It repeats the one for the same thing that was resolved last before it."""
        found = ticket.browse()
        for one in (tickets - ticket).sorted("id"):
            if (
                one.state in ("resolved", "closed")
                and one.partner_id == ticket.partner_id
                and timedelta()
                <= ticket.opened_at - one.resolved_at
                <= timedelta(days=30)
                and (
                    one.product_id == ticket.product_id
                    if one.product_id and ticket.product_id
                    else one.category_id == ticket.category_id != self.category.browse()
                )
                and (not found or one.resolved_at >= found.resolved_at)
            ):
                found = one
        self.assertEqual(ticket.repeat_of_id, found)

    def _do(self, rng, ticket, step, agents, partners, moment):
        if step == "assign":
            ticket.action_assign(rng.choice(agents))
        elif step == "refuse":
            ticket.action_refuse("No")
        elif step == "answer":
            self._answer(ticket)
        elif step == "rate":
            self._rate(ticket, rng.randrange(1, 6), moment)
        elif step == "move":
            ticket.partner_id = rng.choice(partners)
        else:
            if step == "resolve":
                ticket.resolution = "<p>Done</p>"
            getattr(ticket, f"action_{step}")()

    def _expect(self, tickets, answers):
        expected = defaultdict(Fraction)
        for ticket in tickets:
            if ticket.state == "closed":
                clocks = [one for one in ticket.clock_ids if one.status != "dropped"]
                back = [
                    one
                    for one in tickets
                    if one.repeat_of_id == ticket and one.state != "cancelled"
                ]
                first = not (back or ticket.reopen_count)
                waited = min(
                    answers.get(ticket, ticket.resolved_at), ticket.resolved_at
                )
                hours = self._hours(ticket, waited)
                took = ticket.resolved_at - ticket.opened_at
                rated = ticket.service_rating_ids.filtered("rated_at")
                day = self.company._get_sales_date(ticket.closed_at)
                for code, value in (
                    ("TICKETS_CLOSED", 1),
                    ("SLA_DUE", len(clocks)),
                    ("SLA_MET", sum(one.status == "met" for one in clocks)),
                    ("FIRST_FIX", int(first)),
                    ("REPEATS", int(bool(back))),
                    ("RESPONSE_HOURS_SUM", hours),
                    ("RESOLUTION_HOURS_SUM", self._work(ticket)),
                    ("CALENDAR_HOURS_SUM", _hours(took)),
                    ("RATINGS_ASKED", len(ticket.service_rating_ids)),
                    ("RATINGS_ANSWERED", len(rated)),
                ):
                    expected[code, ticket.user_id, day] += value
            for rating in ticket.service_rating_ids.filtered("rated_at"):
                day = self.company._get_sales_date(rating.rated_at)
                expected["RATINGS", rating.user_id, day] += 1
                expected["RATING_SUM", rating.user_id, day] += rating.points
        return {key: value for key, value in expected.items() if value}

    def _hours(self, ticket, stop):
        """Since it came in, without the time in which it was done; to 0.01."""
        return self._spent(ticket, stop, ("resolved", "closed", "cancelled"))

    def _work(self, ticket):
        """Likewise until it was resolved, nor the time of the customer."""
        others = ("resolved", "closed", "cancelled", "waiting_customer")
        return self._spent(ticket, ticket.resolved_at, others)

    def _spent(self, ticket, stop, others):
        total = timedelta()
        for row in ticket.interval_ids:
            if row.state not in others:
                total += max(min(row.stop or stop, stop) - row.start, timedelta())
        return _hours(total)

    def test_random_histories(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                tickets, answers = self._play(random.Random(seed))
                self.assertTrue(tickets.filtered(lambda one: one.state == "closed"))
                self.assertEqual(
                    self._sums(tickets), self._expect(tickets, answers), seed
                )
                counts = self.env["sales.credit"].rebuild()
                self.assertEqual(counts, {"removed": 0, "changed": 0, "added": 0}, seed)
