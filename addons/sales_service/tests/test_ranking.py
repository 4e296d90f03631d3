"""Who is best at tickets, of few and of many."""

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.sales_service_ranking import LEAST
from ..tickets.shrink import shrunk
from .test_facts import MONDAY, FactsCase
from .test_weakness import WeaknessCase


@tagged("post_install", "-at_install")
class TestRanking(WeaknessCase):
    def _lines(self, **values):
        return self.env["sales.service.ranking"].search(
            [
                ("company_id", "=", self.company.id),
                *((name, "=", value) for name, value in values.items()),
            ]
        )

    def test_against_plain_sums(self):
        """Means, adjusted means and places of agents are those added up by hand."""
        other = self.users["stranger"]
        self._closed("agent", 30, 3)
        self._closed("colleague", 6, 0)
        self._closed("stranger", 2, 0, team_id=self.other_team.id, category_id=False)
        seen = defaultdict(list)
        for line in self.env["sales.service.report"].search(
            [("company_id", "=", self.company.id), ("state", "=", "closed")]
        ):
            seen[line.user_id].append(Fraction(line.first_fix) * 100)
        every = [value for values in seen.values() for value in values]
        common = Fraction(sum(every)) / len(every)
        lines = self._lines(kind="agent", measure="first_fix", period="quarter")
        self.assertEqual(set(lines.mapped("res_id")), {user.id for user in seen})
        told = {
            user.id: shrunk(sum(values), len(values), common)
            for user, values in seen.items()
        }
        placed = sorted(
            (told[user.id] for user, values in seen.items() if len(values) >= LEAST),
            reverse=True,
        )
        for line in lines:
            values = seen[self.env["res.users"].browse(line.res_id)]
            action = line.action_open_tickets()
            opened = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(len(opened), line.count)
            self.assertEqual(opened.user_id.id, line.res_id)
            self.assertEqual(line.count, len(values))
            self.assertAlmostEqual(line.mean, float(sum(values)) / len(values), 2)
            self.assertAlmostEqual(line.adjusted_mean, float(told[line.res_id]), 2)
            if len(values) < LEAST:
                self.assertFalse(line.place)
            else:
                self.assertEqual(line.place, 1 + placed.index(told[line.res_id]))
        # Of limits kept those tickets that had limits, of ratings those rated.
        tickets = self.env["sales.service.ticket"].search(
            [("user_id", "=", self.users["agent"].id)], limit=2
        )
        now = tickets._get_now()
        policy = self.env["sales.service.sla"].create(
            {"name": "P", "company_id": self.company.id, "response_hours": 1}
        )
        self.env["sales.service.clock"].create(
            [
                {
                    "ticket_id": ticket.id,
                    "sla_id": policy.id,
                    "kind": "response",
                    "minutes": 60,
                    "start": ticket.opened_at,
                    moment: now,
                }
                for ticket, moment in zip(
                    tickets, ("breached_at", "dropped_at"), strict=True
                )
            ]
        )
        [line] = self._lines(measure="limits_kept", kind="agent", period="year")
        action = line.action_open_tickets()
        opened = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual((opened.ticket_id, line.count), (tickets[0], 1))
        of = {line.res_id: line for line in lines}
        self.assertEqual(of[self.users["agent"].id].name, self.users["agent"].name)
        self.assertFalse(of[other.id].place)

    def test_kinds(self):
        """By team, product and customer as well; never those of another company."""
        self._closed("agent", 6, 3, product_id=self.product.id)
        for kind, record in (
            ("team", self.team),
            ("product", self.product),
            ("customer", self.partner.commercial_partner_id),
        ):
            [line] = self._lines(
                kind=kind, measure="first_fix", period="year", res_id=record.id
            )
            self.assertEqual((line.count, line.mean), (6, 50))
            self.assertEqual(line.name, record.display_name)

    def test_rights(self):
        self._closed("agent", 6, 3)
        lines = self._lines()
        for role in ("service_manager", "director", "operations"):
            self.assertTrue(self._as(role, lines).search([]).mapped("name"), role)
        for role in ("agent", "dispatcher", "rep", "finance"):
            with self.assertRaises(AccessError, msg=role):
                self._as(role, lines).search([])


@tagged("post_install", "-at_install")
class TestRankingOpens(FactsCase):
    def test_tickets(self):
        """A figure opens the tickets that it is the mean of, and no others."""
        self.policy.priority = "2"
        with self._at(MONDAY):
            kept, late, free = (
                self._ticket("agent", priority=priority) for priority in "220"
            )
        self._close(kept, MONDAY + timedelta(hours=1))
        self._close(late, MONDAY + timedelta(hours=5))
        self._close(free, MONDAY + timedelta(hours=5))
        kept.service_rating_ids._give(4)
        with self._at(MONDAY + timedelta(days=3)):
            lines = self.env["sales.service.ranking"].search(
                [
                    ("company_id", "=", self.company.id),
                    ("kind", "=", "agent"),
                    ("period", "=", "quarter"),
                ]
            )
            opened = {}
            for line in self._as("service_manager", lines):
                action = line.action_open_tickets()
                report = self._as("service_manager", self.env[action["res_model"]])
                opened[line.measure] = report.search(action["domain"]).ticket_id
                self.assertEqual(len(opened[line.measure]), line.count, line.measure)
        self.assertEqual(
            opened,
            {
                "first_fix": kept + late + free,
                "stayed": kept + late + free,
                "limits_kept": kept + late,
                "rating": kept,
            },
        )
