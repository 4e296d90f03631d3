"""Class, scores and stage of life of customers, against an oracle in plain Python."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..models.res_company import ResCompany
from .common import SalesForceCase
from .ledger_common import LedgerCase

TODAY = date(2026, 6, 15)
START = TODAY - relativedelta(years=1)


def band(values, key):
    """The fifth in which a value is, by the share of values that are smaller."""
    smaller = sum(value < values[key] for value in values.values())
    if len(values) == 1:
        return 1
    return 1 + min(4, int(Fraction(5 * smaller, len(values) - 1)))


@tagged("post_install", "-at_install")
class TestCustomerClass(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(
            patch.object(ResCompany, "_get_sales_today", lambda self: TODAY)
        )

    def customers(self, count):
        return self.env["res.partner"].create(
            [{"name": f"Buyer {i}", "user_id": False} for i in range(count)]
        )

    def invoice(self, partner, amount, day):
        line = self._invoice_line(abs(amount))
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_refund" if amount < 0 else "out_invoice",
                "partner_id": partner.id,
                "invoice_user_id": self.ann.user_id.id,
                "invoice_date": day,
                "invoice_line_ids": [(0, 0, line)],
            }
        )
        invoice.action_post()
        return invoice

    def card(self, partner):
        return self.env["sales.customer"].search(
            [("partner_id", "=", partner.id), ("company_id", "=", self.company.id)]
        )

    def refresh(self):
        return self.env["sales.customer"]._refresh(self.company)

    def test_abc_by_hand(self):
        """50, 30, 15 and 5 percent: A takes 80, B what fills 95, C the rest."""
        partners = self.customers(5)
        for partner, amount in zip(partners, (500, 300, 150, 50, 0), strict=True):
            if amount:
                self.invoice(partner, amount, TODAY - timedelta(days=10))
        self.refresh()
        cards = [self.card(partner) for partner in partners]
        self.assertEqual(
            [card.class_id.name for card in cards], ["A", "A", "B", "C", False]
        )
        self.assertEqual([card.larger_share for card in cards[:4]], [0, 50, 80, 95])
        self.assertEqual([card.turnover for card in cards], [500, 300, 150, 50, 0])
        self.assertIn("150.00", cards[2].class_reason)
        self.assertIn("80.0%", cards[2].class_reason)
        self.assertIn("No turnover", cards[4].class_reason)

    def test_former_class(self):
        """The class before is kept with the day on which it ends; the first is not."""
        partners = self.customers(2)
        self.invoice(partners[0], 900, TODAY)
        self.invoice(partners[1], 100, TODAY)
        self.refresh()
        kept = self.env["sales.kept.class"]
        self.assertFalse(kept.search([("partner_id", "in", partners.ids)]))
        former = self.card(partners[1]).class_id
        self.invoice(partners[1], 1000, TODAY)
        self.refresh()
        self.refresh()
        [row] = kept.search([("partner_id", "=", partners[1].id)])
        self.assertEqual((row.class_id, row.date), (former, TODAY))
        self.assertNotEqual(self.card(partners[1]).class_id, former)

    def test_the_largest_is_always_first(self):
        [whole] = self.customers(1)
        self.invoice(whole, 100, TODAY)
        self.refresh()
        self.assertEqual(self.card(whole).class_id.name, "A")

    def test_equals_are_equal(self):
        partners = self.customers(7)
        for partner in partners:
            self.invoice(partner, 100, TODAY)
        self.refresh()
        cards = self.env["sales.customer"].search([("partner_id", "in", partners.ids)])
        self.assertEqual(cards.class_id.mapped("name"), ["A"])
        self.assertEqual(set(cards.mapped("rfm")), {cards[0].rfm})

    def test_own_classes_of_a_company(self):
        self.env["sales.customer.class"].create(
            [
                {"name": "Key", "share_upto": 50, "company_id": self.company.id},
                {"name": "Rest", "share_upto": 60, "company_id": self.company.id},
            ]
        )
        partners = self.customers(3)
        for partner, amount in zip(partners, (60, 30, 10), strict=True):
            self.invoice(partner, amount, TODAY)
        self.refresh()
        self.assertEqual(
            [self.card(partner).class_id.name for partner in partners],
            ["Key", "Rest", "Rest"],
        )

    def test_outside_of_the_year(self):
        """The day a year ago is not within twelve months, today is."""
        partners = self.customers(3)
        days = START, START + timedelta(days=1), TODAY + timedelta(days=1)
        for partner, day in zip(partners, days, strict=True):
            self.invoice(partner, 100, day)
        self.refresh()
        self.assertEqual(
            [self.card(partner).turnover for partner in partners], [0, 100, 0]
        )

    def test_who_buys_by_invoice_only(self):
        """Dormant, then lost, as who orders; a credit note is no purchase."""
        buyer, returning = self.customers(2)
        self.invoice(buyer, 100, TODAY - timedelta(days=400))
        self.invoice(returning, -100, TODAY - timedelta(days=5))
        self.refresh()
        self.assertEqual(self.card(buyer).stage, "lost")
        self.assertEqual(self.card(buyer).last_date, TODAY - timedelta(days=400))
        self.assertEqual(self.card(returning).stage, "target")
        self.assertFalse(self.card(returning).last_date)

    def test_random_against_the_oracle(self):
        random = Random(19)
        partners = self.customers(25)
        turnover = defaultdict(Fraction)
        last, counts = {}, defaultdict(int)
        for _ in range(60):
            partner = random.choice(partners[:22])
            day = TODAY - timedelta(days=random.randrange(0, 500))
            amount = random.choice((10, 20, 20, 50, 100, 400, -20))
            if random.random() < 0.5:
                self.invoice(partner, amount, day)
                if START < day:
                    turnover[partner] += amount
                if amount > 0:
                    last[partner] = max(last.get(partner, day), day)
            else:
                order = self.env["sale.order"].create(
                    {
                        "partner_id": partner.id,
                        "user_id": self.ann.user_id.id,
                        "order_line": [(0, 0, self._order_line(10))],
                    }
                )
                order.action_confirm()
                order.date_order = f"{day} 12:00:00"
                last[partner] = max(last.get(partner, day), day)
                counts[partner] += START < day
        self.refresh()
        whole = sum(value for value in turnover.values() if value > 0)
        classes = [("A", 80), ("B", 95), ("C", 100)]
        buyers = [p for p in partners if turnover[p] or counts[p]]
        by = {
            "recency": {p: last[p] for p in buyers},
            "frequency": {p: counts[p] for p in buyers},
            "monetary": {p: turnover[p] for p in buyers},
        }
        self.assertGreater(len(buyers), 10)
        for partner in partners:
            card = self.card(partner)
            with self.subTest(partner=partner.name):
                self.assertEqual(card.turnover, float(turnover[partner]))
                self.assertEqual(card.order_count, counts[partner])
                self.assertEqual(card.last_date or None, last.get(partner))
                name = False
                if turnover[partner] > 0:
                    larger = sum(v for v in turnover.values() if v > turnover[partner])
                    name = next(
                        (n for n, upto in classes if larger * 100 < upto * whole), "C"
                    )
                self.assertEqual(card.class_id.name, name)
                for field, values in by.items():
                    expected = band(values, partner) if partner in buyers else 0
                    self.assertEqual(card[field], expected, field)

    def test_again_changes_nothing(self):
        for partner in self.customers(3):
            self.invoice(partner, 100, TODAY)
        self.refresh()
        self.assertEqual(self.refresh(), (0, 0))

    def test_flat_queries(self):
        """One statement, however many customers."""
        counts = []
        for size in (2, 20):
            self.customers(size)
            self.env.flush_all()
            self.refresh()
            before = self.env.cr.sql_log_count
            self.refresh()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    # Stage of life

    def history(self, partner):
        rows = self.env["sales.customer.stage"].search(
            [("partner_id", "=", partner.id), ("company_id", "=", self.company.id)],
            order="id",
        )
        return [(row.previous_stage or None, row.stage, row.days) for row in rows]

    def refresh_on(self, day):
        with patch.object(ResCompany, "_get_sales_today", lambda self: day):
            self.refresh()

    def test_a_whole_life(self):
        [partner] = self.customers(1)
        self.refresh_on(TODAY)
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "user_id": self.ann.user_id.id,
                "validity_date": TODAY + timedelta(days=30),
                "order_line": [(0, 0, self._order_line(10))],
            }
        )
        self.refresh_on(TODAY + timedelta(days=4))
        order.action_confirm()
        order.date_order = f"{TODAY + timedelta(days=10)} 12:00:00"
        self.refresh_on(TODAY + timedelta(days=10))
        self.refresh_on(TODAY + timedelta(days=100))
        self.refresh_on(TODAY + timedelta(days=101))
        self.refresh_on(TODAY + timedelta(days=376))
        self.assertEqual(
            self.history(partner),
            [
                (None, "target", 0),
                ("target", "interested", 4),
                ("interested", "customer", 6),
                ("customer", "dormant", 91),
                ("dormant", "lost", 275),
            ],
        )

    def test_opportunity_makes_interested(self):
        [partner] = self.customers(1)
        lead = self.env["crm.lead"].create(
            {"name": "Deal", "partner_id": partner.id, "type": "opportunity"}
        )
        self.refresh()
        self.assertEqual(self.card(partner).stage, "interested")
        lead.action_set_lost()
        self.refresh()
        self.assertEqual(self.card(partner).stage, "target")

    def test_silence_by_class(self):
        [partner] = self.customers(1)
        self.invoice(partner, 100, TODAY - timedelta(days=40))
        self.refresh()
        self.assertEqual(self.card(partner).stage, "customer")
        self.env.ref("sales_force.sales_customer_class_a").dormant_days = 30
        self.refresh()
        self.assertEqual(self.card(partner).stage, "dormant")

    def test_by_hand(self):
        [partner] = self.customers(1)
        self.invoice(partner, 100, TODAY)
        self.refresh()
        card = self.card(partner)
        with self.assertRaises(ValidationError):
            card._set_stage("lost", " ", TODAY)
        with self.assertRaisesRegex(ValidationError, "until which day"):
            card._set_stage("lost", "Closed down", False)
        with self.assertRaises(ValidationError):
            card._set_stage("lost", "Closed down", TODAY - timedelta(days=1))
        wizard = self.env["sales.customer.stage.set"].create(
            {
                "customer_ids": card.ids,
                "stage": "lost",
                "reason": "Closed down",
                "until": TODAY + timedelta(days=5),
            }
        )
        wizard.action_set()
        self.assertEqual((card.stage, card.stage_derived), ("lost", "customer"))
        self.assertEqual(card.stage_ids[0].reason, "Closed down")
        self.refresh_on(TODAY + timedelta(days=5))
        self.assertEqual(card.stage, "lost")
        self.refresh_on(TODAY + timedelta(days=6))
        self.assertEqual(card.stage, "customer")
        card._set_stage("lost", "Closed down", TODAY)
        self.assertEqual(card.stage, "lost")
        card.action_derive_stage()
        self.assertEqual(card.stage, "customer")
        self.assertFalse(card.stage_manual)


@tagged("post_install", "-at_install")
class TestCustomerAccess(SalesForceCase):
    def test_written_by_the_system_only(self):
        self.partner.user_id = self.users["rep"]
        self.env.flush_all()
        card = self.env["sales.customer"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(len(card), 1)
        for user in ("rep", "director", "operations"):
            own = card.with_user(self.users[user])
            with self.assertRaises(AccessError):
                own.write({"turnover": 5})
            with self.assertRaises(AccessError):
                own.unlink()
            with self.assertRaises(AccessError):
                own.create({"partner_id": self.partner.id})

    def test_who_derives(self):
        customers = self.env["sales.customer"]
        customers.with_user(self.users["operations"]).action_refresh()
        for role in ("rep", "leader", "manager", "director"):
            with self.assertRaises(AccessError):
                customers.with_user(self.users[role]).action_refresh()

    def test_stage_of_a_strange_customer(self):
        self.partner.user_id = self.users["peer"]
        self.env.flush_all()
        card = self.env["sales.customer"].search([("partner_id", "=", self.partner.id)])
        with self.assertRaises(AccessError):
            card.with_user(self.users["rep"])._set_stage("lost", "No", TODAY)

    def test_refused_classes(self):
        classes = self.env["sales.customer.class"]
        with self.assertRaises(ValidationError):
            classes.create(
                {"name": "X", "share_upto": 10, "dormant_days": 9, "lost_days": 8}
            )
