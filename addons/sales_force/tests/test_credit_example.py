"""The credit ledger's worked example, line by line: this is the specification.

Company currency USD, tax 10 %. On the order Ann has 60 %, Bo 40 %, and Cy overlays
with 10 %.
"""

from odoo.tests import tagged

from .ledger_common import LedgerCase


@tagged("post_install", "-at_install")
class TestCreditExample(LedgerCase):
    def setUp(self):
        super().setUp()
        self.first, self.second = self.new_product("First"), self.new_product("Second")
        self.sale = self.order(
            [
                {"product_id": self.first.id, "price_unit": 100.01},
                {"product_id": self.second.id, "price_unit": 49.99},
            ],
            "2026-01-30",
            partner=self.customer,
            confirm=False,
        )
        self.split(self.sale, (self.ann, 60), (self.bo, 40), overlay=[(self.cy, 10)])
        self.confirm(self.sale, "2026-01-30")

    def lines(self, metric, rep, **where):
        """A rep's credits, line by line."""
        return (
            self.credits(metric, rep_id=rep.id, **where)
            .sorted("res_id")
            .mapped("value")
        )

    def test_01_order_confirmed(self):
        """Confirmed on 30 January: lines of 100.01 and 49.99."""
        january = {"date": "2026-01-30"}
        self.assertEqual(self.lines("ORDERED", self.ann, **january), [60.01, 29.99])
        self.assertEqual(self.lines("ORDERED", self.bo, **january), [40.00, 20.00])
        self.assertEqual(self.lines("ORDERED", self.cy, **january), [10.00, 5.00])
        self.assertEqual(self.total("ORDERED", self.ann), 90.00)
        self.assertEqual(self.total("ORDERED", self.bo), 60.00)
        self.assertEqual(self.total("ORDERED", self.cy), 0.00)
        self.assertEqual(self.total("ORDERED", self.cy, overlay=True), 15.00)
        self.assertEqual(self.total("ORDERED"), 150.00, "of the company")
        self.assertCredits("ORDERS", {self.ann: 0.60, self.bo: 0.40})
        self.assertCredits("ORDERS", {self.cy: 0.10}, overlay=True)
        self.assertCredits("NEW_CUSTOMERS", {self.ann: 0.60, self.bo: 0.40})
        self.assertLedger()

    def test_02_invoice_posted(self):
        """Posted on 2 February for all."""
        self.invoice(self.sale, "2026-02-02")
        february = {"date": "2026-02-02"}
        self.assertEqual(self.lines("INVOICED", self.ann, **february), [60.01, 29.99])
        self.assertEqual(self.lines("INVOICED", self.bo, **february), [40.00, 20.00])
        self.assertCredits("INVOICED", {self.cy: 15.00}, overlay=True, **february)
        self.assertEqual(self.total("INVOICED"), 150.00)
        self.assertEqual(self.total("BILLED"), 165.00)
        self.assertEqual(self.total("DUE"), 165.00)
        self.assertEqual(self.total("COLLECTED"), 0.00)
        self.assertLedger()

    def test_03_payment_reconciled(self):
        """A payment of 100.00, reconciled on 10 February."""
        invoice = self.invoice(self.sale, "2026-02-02")
        self.pay(invoice, 100.00, "2026-02-10")
        paid = {"date": "2026-02-10"}
        self.assertCredits("COLLECTED", {self.ann: 60.00, self.bo: 40.00}, **paid)
        self.assertCredits("COLLECTED", {self.cy: 10.00}, overlay=True, **paid)
        self.assertEqual(self.total("COLLECTED", **paid), 100.00)
        self.assertEqual(self.total("COLLECTED_NET", **paid), 90.91)
        self.assertLedger()

    def test_04_credit_note(self):
        """Of the second line (49.99 and a tax of 5.00), on 15 February."""
        invoice = self.invoice(self.sale, "2026-02-02")
        self.pay(invoice, 100.00, "2026-02-10")
        note = self.refund(invoice, "2026-02-15", lines=invoice.invoice_line_ids[1])
        self.reconcile(invoice, note)
        self.assertEqual(note.amount_total, 54.99)
        self.assertEqual(self.total("INVOICED", date="2026-02-15"), -49.99)
        self.assertEqual(self.total("INVOICED"), 100.01)
        self.assertEqual(self.total("COLLECTED", date="2026-02-10"), 100.00)
        self.assertEqual(self.total("COLLECTED"), 100.00, "unchanged")
        self.assertLedger()

    def test_05_payment_unreconciled(self):
        invoice = self.invoice(self.sale, "2026-02-02")
        payment = self.pay(invoice, 100.00, "2026-02-10")
        self.assertEqual(self.total("COLLECTED"), 100.00)
        self.unreconcile(payment)
        self.assertEqual(self.total("COLLECTED"), 0.00)
        self.assertFalse(self.credits("COLLECTED"))
        self.assertFalse(self.credits("COLLECTED_NET"))
        self.assertLedger()

    def test_06_rep_moves_to_another_team(self):
        """On 1 February: January stays with the old team, February is the new one's."""
        self.invoice(self.sale, "2026-02-02")
        self.assign(self.ann, "2026-02-01", team_id=self.south)
        january = self.credits("ORDERED", rep_id=self.ann.id)
        february = self.credits("INVOICED", rep_id=self.ann.id)
        self.assertEqual(january.team_id, self.north)
        self.assertEqual(february.team_id, self.south)
        self.assertEqual(self.total("ORDERED", self.ann, team_id=self.north.id), 90.00)
        self.assertEqual(self.total("INVOICED", self.ann, team_id=self.south.id), 90.00)
        self.assertEqual(
            self.credits("INVOICED", rep_id=self.bo.id).team_id, self.north
        )
        self.assertLedger()

    def test_07_order_cancelled(self):
        """What was ordered is gone; the new customer moves to the next order."""
        later = self.order(
            [10.00], "2026-03-05", partner=self.customer, user=self.bo.user_id
        )
        self.assertEqual(
            self.credits("NEW_CUSTOMERS").mapped("res_id"), [self.sale.id] * 3
        )
        self.sale._action_cancel()
        self.assertEqual(self.total("ORDERED"), 10.00)
        self.assertCredits("ORDERS", {self.bo: 1.00})
        self.assertCredits("NEW_CUSTOMERS", {self.bo: 1.00}, date="2026-03-05")
        self.assertEqual(self.credits("NEW_CUSTOMERS").mapped("res_id"), later.ids)
        self.assertLedger()

    def test_08_only_order_cancelled(self):
        self.sale._action_cancel()
        for metric in ("ORDERED", "ORDERS", "NEW_CUSTOMERS"):
            self.assertFalse(self.credits(metric), metric)
        self.assertLedger()
