from datetime import date
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Command

from ..commission import explaining
from .commission_common import CommissionCase
from .test_commission import STEPS


def exact(value):
    return Decimal(str(value))


class TestCommissionExplained(CommissionCase):
    """What is said of an entry gives its amount."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.name = "X"

    def _explained(self, name="rep", **domain):
        entries = self.entries.search(
            [
                ("rep_id", "=", self.reps[name].id),
                *((field, "=", value) for field, value in domain.items()),
            ],
            order="position",
        )
        self._assert_true(entries)
        return [
            text.replace("\N{NO-BREAK SPACE}", " ").replace("$ ", "$")
            for text in entries.mapped("explanation")
        ]

    def _assert_true(self, entries):
        """The parts sum to what counts, and pay the amount."""
        former = entries._get_former()
        for entry in entries.filtered(lambda entry: entry.subject != "bonus"):
            basis = self.env["sales.commission.basis"].search(
                [
                    ("statement_id", "=", entry.statement_id.id),
                    ("rule_id", "=", entry.rule_id.id),
                    ("period_from", "=", entry.period_from),
                ]
            )
            value, amount = (
                exact(entry[name]) + (former[entry][index] if entry in former else 0)
                for index, name in enumerate(("base", "amount"))
            )
            before = exact(entry.position)
            plan = basis._get_schedule()
            parts = explaining.slices(plan, before, before + value)
            self.assertEqual(sum(part.value for part in parts), value)
            self.assertEqual(
                explaining.paid(plan, before, before + value, Decimal("0.01")), amount
            )

    def test_progressive(self):
        self._plan(
            {"table": "amount", "mode": "progressive", "tier_ids": self._tiers(*STEPS)}
        )
        self._sell("rep", 130_000)
        self._sell("rep", 50_000)
        self._run()
        first, second = self._explained()
        self.assertEqual(
            second,
            "$50,000.00 (Invoiced, X), in the table from $130,000.00 to $180,000.00: "
            "$20,000.00 at 3 %, $30,000.00 at 5 %.",
        )
        self.assertIn("$100,000.00 at 2 %, $30,000.00 at 3 %", first)

    def test_flat(self):
        self._plan({"rate": 2.5})
        self._sell("rep", 33.33)
        self._sell("rep", 33.33)
        self._run()
        self.assertEqual(
            self._explained(),
            [
                "2.5 % of $33.33 (Invoiced, X).",
                # 1.67 of both
                "2.5 % of $33.33 (Invoiced, X). Rounded on the running total.",
            ],
        )
        self.assertEqual(self._paid(), Decimal("1.67"))

    def test_whole(self):
        self._plan(
            {"table": "amount", "mode": "whole", "tier_ids": self._tiers(*STEPS)}
        )
        self._sell("rep", 90_000)
        self._sell("rep", 90_000)
        self._run()
        self.assertEqual(
            self._explained()[0],
            "5 % of $90,000.00 (Invoiced, X). Reached in the period: $180,000.00.",
        )

    def test_interpolated(self):
        self._plan(
            {"table": "amount", "mode": "interpolated", "tier_ids": self._tiers(*STEPS)}
        )
        self._sell("rep", 125_000)
        self._run()
        self.assertEqual(
            self._explained(),
            ["4 % of $125,000.00 (Invoiced, X). Reached in the period: $125,000.00."],
        )

    def test_capped(self):
        self._plan({"cap": 12})
        self._sell("rep", 100)
        self._sell("rep", 100)
        self._run()
        self.assertEqual(
            self._explained()[1],
            "10 % of $100.00 (Invoiced, X). The rule pays $12.00 at most.",
        )

    def test_counted_less(self):
        factors = [
            Command.create({"use": "line", "start": start, "factor": factor})
            for start, factor in ((10, 0.5),)
        ]
        self._plan({"decelerator": "discount", "line_factor_ids": factors})
        invoice = self._invoice(self.users["rep"], invoice_date="2031-01-11")
        invoice.invoice_line_ids.write({"price_unit": 1000, "discount": 20})
        invoice.action_post()
        self._run()
        self.assertEqual(
            self._explained(),
            ["10 % of $400.00 (Invoiced, X). Counted times 0.5."],
        )

    def test_multiplied(self):
        plan = self._plan()
        self._sell("rep", 1000)
        factors = {self.reps["rep"].id: Decimal("1.2")}
        with patch.object(type(plan.rule_ids), "_read_factors", lambda *_args: factors):
            self._run()
        self.assertEqual(self._statement().amount, 120)
        self.assertEqual(
            self._explained(),
            ["10 % of $1,000.00 (Invoiced, X). Paid times 1.2, by the appraisal."],
        )

    def test_override(self):
        self._plan({"credited": "override", "rate": 1})
        self._sell("rep", 1000)
        self._run()
        self.assertEqual(
            self._explained("leader"),
            ["1 % of $1,000.00 (Invoiced, X, level 1 below)."],
        )

    def test_pieces(self):
        self._plan({"metric": "ORDERS", "rate_unit": "amount", "rate": 3})
        order = self._order(self.users["rep"])
        order.date_order = "2031-01-20 10:00:00"
        self._run()
        self.assertEqual(self._explained(), ["$3.00 for each of 1 (Orders, X)."])

    def test_bonus(self):
        tiers = self._tiers((100, 50), (200, 80), value="amount")
        self._plan(
            {"kind": "bonus", "table": "amount", "tier_ids": tiers, "each": True},
        )
        self._sell("rep", 250)
        self._run()
        self.assertEqual(
            self._explained(),
            ["Bonus on $250.00 (Invoiced): $50.00 from $100.00, $80.00 from $200.00."],
        )

    def test_correction(self):
        self._plan()
        invoice = self._sell("rep", 1000)
        self._run()
        self._close(self._statement())
        self._sell("rep", 500, "2031-01-20")
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 1500
        invoice.action_post()
        self._run()
        self.assertEqual(
            sorted(self._explained(kind="adjustment")),
            [
                "Correction of Jan 2031: $150.00 instead of $100.00. 10 % of $1,500.00 "
                "(Invoiced, X).",
                "Known after Jan 2031 was closed. 10 % of $500.00 (Invoiced, X).",
            ],
        )
        self._close(self._statement(month=2) or self._late())
        invoice.button_draft()
        self._run()
        [text] = self._explained(kind="adjustment", amount=-150)
        self.assertEqual(
            text,
            "Correction of Jan 2031: $0.00 instead of $150.00. What it was paid for "
            "does not count any more.",
        )

    def _late(self):
        return self.statements.search(
            [
                ("rep_id", "=", self.reps["rep"].id),
                ("state", "=", "open"),
                ("date_from", ">", date(2031, 1, 31)),
            ]
        )

    def test_kept(self):
        """The explanation is the one of the time of the closing."""
        self._plan(
            {"table": "amount", "mode": "whole", "tier_ids": self._tiers(*STEPS)}
        )
        self._sell("rep", 90_000)
        self._run()
        self._close(self._statement())
        said = self._explained()
        self._sell("rep", 90_000)
        self._run()
        statement = self._statement().id
        self.assertEqual(self._explained(statement_id=statement), said)
        self.assertIn("2 % of $90,000.00", said[0])
        self._explained(kind="adjustment")

    def test_document(self):
        """Named to who is paid for it; opened where Odoo's own rights allow."""
        self._plan({"credited": "override", "rate": 1})
        invoice = self._sell("rep", 1000)
        self._run()
        entry = self._statement("leader").entry_ids
        mine = entry.with_user(self.users["leader"])
        self.assertEqual(mine.document_name, invoice.display_name)
        self.assertEqual(mine.action_open_document()["res_id"], invoice.id)
        with self.assertRaises(AccessError):
            entry.with_user(self.users["finance"]).action_open_document()

    def test_queries(self):
        """As many queries for one entry as for all."""
        self._plan()
        for _each in range(6):
            self._sell("rep", 100)
        self._run()
        entries = self.entries.browse(self._statement().entry_ids.ids)

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.mapped("explanation")
            some.mapped("document_name")
            return self.env.cr.sql_log_count - before

        count(entries)
        self.assertEqual(count(entries), count(entries[:2]))
