"""One case after the other that a credit ledger gets wrong.

Each is checked three ways: by hand-written numbers, by the oracle, and by a rebuild
that finds nothing to change.
"""

from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from ..hooks import post_init_hook
from .ledger_common import Books, LedgerCase, new_company


class CreditCase(LedgerCase):
    def setUp(self):
        super().setUp()
        self.ann_user, self.bo_user = self.ann.user_id, self.bo.user_id

    def two_lines(self, **values):
        """An invoice of 100.01 and 49.99, with tax 165.00, of Ann."""
        return self.invoice(
            [100.01, 49.99], partner=self.customer, user=self.ann_user, **values
        )

    def one_line(self, amount=100.0, day="2026-02-02", **values):
        values = {"partner": self.customer, "user": self.ann_user, **values}
        return self.invoice([amount], day, **values)

    def terms(self, *parts, **values):
        """Payment terms of ``(percent, days)``."""
        return self.env["account.payment.term"].create(
            {
                "name": "Terms",
                "company_id": self.company.id,
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": percent, "nb_days": days}
                    )
                    for percent, days in parts
                ],
                **values,
            }
        )

    def by_line(self, metric, document, **where):
        """Values by line of a document, in their order."""
        lines = document.invoice_line_ids.sorted("id").ids
        found = {line: 0.0 for line in lines}
        for credit in self.credits(metric, overlay=False, **where):
            line = credit.part if credit.res_id not in found else credit.res_id
            if line in found:
                found[line] = round(found[line] + credit.value, 6)
        return list(found.values())

    def by_day(self, metric, **where):
        found = {}
        for credit in self.credits(metric, overlay=False, **where):
            day = str(credit.date)
            found[day] = round(found.get(day, 0.0) + credit.value, 6)
        return found


@tagged("post_install", "-at_install")
class TestCreditMoney(CreditCase):
    """What is due, what is collected, and what only looks like cash."""

    def test_instalments_due(self):
        invoice = self.two_lines(
            invoice_payment_term_id=self.terms((30, 0), (70, 30)).id
        )
        self.assertEqual(
            self.by_day("DUE"), {"2026-02-02": 49.50, "2026-03-04": 115.50}
        )
        self.assertEqual(
            self.by_line("DUE", invoice, date="2026-02-02"), [33.00, 16.50]
        )
        self.assertEqual(
            self.by_line("DUE", invoice, date="2026-03-04"), [77.01, 38.49]
        )
        self.assertEqual(
            set(self.credits("DUE").mapped("part")), set(self.receivables(invoice).ids)
        )
        self.assertLedger()

    def test_instalments_paid(self):
        """Three payments: each line ends at its own total, to the cent."""
        invoice = self.two_lines(
            invoice_payment_term_id=self.terms((30, 0), (70, 30)).id
        )
        for amount, day in ((50, "2026-02-10"), (60, "2026-02-20"), (55, "2026-03-10")):
            self.pay(invoice, amount, day)
            self.assertLedger()
        self.assertEqual(
            self.by_day("COLLECTED"),
            {"2026-02-10": 50.0, "2026-02-20": 60.0, "2026-03-10": 55.0},
        )
        self.assertEqual(self.by_line("COLLECTED", invoice), [110.01, 54.99])
        self.assertEqual(self.by_line("COLLECTED_NET", invoice), [100.01, 49.99])

    def test_many_small_payments_sum_exactly(self):
        invoice = self.invoice(
            [0.33, 0.33, 0.34], partner=self.customer, user=self.ann_user
        )
        self.split(
            invoice, (self.ann, 33.33), (self.bo, 66.67), overlay=[(self.cy, 50)]
        )
        for day in range(10, 20):
            self.pay(invoice, 0.11, f"2026-02-{day}")
        self.assertEqual(self.total("COLLECTED"), 1.10)
        self.assertEqual(self.total("COLLECTED_NET"), 1.00)
        self.assertEqual(
            self.total("COLLECTED", self.ann), self.total("BILLED", self.ann)
        )
        self.assertEqual(
            self.total("COLLECTED", self.cy, overlay=True),
            self.total("BILLED", self.cy, overlay=True),
        )
        self.assertLedger()

    def test_one_payment_over_many_invoices(self):
        """Ann's 110 and Bo's 220 are paid with 200: oldest first."""
        mine = self.one_line(100, "2026-02-02")
        other = self.one_line(200, "2026-02-03", user=self.bo_user)
        self.pay(mine + other, 200)
        self.assertCredits("COLLECTED", {self.ann: 110.0, self.bo: 90.0})
        self.assertEqual(self.total("RECEIPTS"), 200.0)
        self.assertLedger()

    def test_overpayment(self):
        """Never more than the invoice; the rest is a receipt only."""
        invoice = self.one_line()
        self.pay(invoice, 150)
        self.assertCredits("COLLECTED", {self.ann: 110.0})
        self.assertCredits("RECEIPTS", {None: 150.0})
        self.assertLedger()

    def test_prepayment_counts_when_matched(self):
        payment = self.payment(110, self.customer, "2026-01-15")
        self.assertFalse(self.credits("COLLECTED"))
        self.assertEqual(self.by_day("RECEIPTS"), {"2026-01-15": 110.0})
        invoice = self.one_line()
        self.reconcile(invoice, payment)
        self.assertEqual(self.by_day("COLLECTED"), {"2026-02-02": 110.0})
        self.assertLedger()

    def test_invoice_eur_payment_cny_company_usd(self):
        """1 USD is 0.80 EUR when invoiced; 0.88 EUR and 7.70 CNY when paid.

        110.00 EUR are 137.50 USD and stay so, whatever the payments' own rates:
        962.50 CNY are 125.00 USD, by which Odoo settles 100.00 EUR.
        """
        euro = self.currency("EUR", {"2026-01-01": 0.80, "2026-02-05": 0.88})
        yuan = self.currency("CNY", {"2026-01-01": 8.00, "2026-02-05": 7.70})
        invoice = self.one_line(currency_id=euro.id)
        self.assertEqual(self.total("INVOICED"), 125.00)
        self.assertEqual(self.total("BILLED"), 137.50)
        payment = self.pay(invoice, 962.50, "2026-02-10", currency_id=yuan.id)
        self.assertEqual(payment.currency_id, yuan)
        self.assertEqual(invoice.amount_residual, 10.0)
        self.assertCredits("COLLECTED", {self.ann: 125.00})
        credit = self.credits("COLLECTED")
        self.assertEqual((credit.currency_id, credit.amount_currency), (euro, 100.00))
        receipt = self.credits("RECEIPTS")
        self.assertEqual(receipt.value, 125.00)
        self.assertEqual((receipt.currency_id, receipt.amount_currency), (yuan, 962.50))
        self.assertLedger()
        self.pay(invoice, None, "2026-02-20", currency_id=euro.id)
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertTrue(
            self.env["account.partial.reconcile"].search(
                [
                    ("company_id", "=", self.company.id),
                    ("exchange_move_id", "!=", False),
                ]
            ),
            "10 EUR at another rate: a loss on exchange, which is no cash",
        )
        self.assertCredits("COLLECTED", {self.ann: 137.50})
        self.assertCredits("COLLECTED_NET", {self.ann: 125.00})
        self.assertEqual(
            sum(self.credits("COLLECTED").mapped("amount_currency")), 110.0
        )
        self.assertEqual(len(self.credits("COLLECTED")), 2)
        self.assertLedger()

    def test_one_payment_over_invoices_of_two_currencies(self):
        """A payment of 275 USD settles 110 EUR (137.50 USD) and 137.50 USD."""
        euro = self.currency("EUR", {"2026-01-01": 0.80})
        foreign = self.one_line(100, currency_id=euro.id)
        own = self.one_line(125, user=self.bo_user)
        payment = self.payment(275, self.customer)
        self.reconcile(foreign, payment)
        self.reconcile(own, payment)
        self.assertCredits("COLLECTED", {self.ann: 137.50, self.bo: 137.50})
        self.assertLedger()

    def test_exchange_difference_is_no_cash(self):
        """Two payments in euro at other rates: the invoice's rate counts."""
        euro = self.currency(
            "EUR", {"2026-01-01": 0.80, "2026-02-05": 0.50, "2026-02-15": 0.93}
        )
        invoice = self.one_line(99.99, currency_id=euro.id)
        self.assertEqual(invoice.amount_total, 109.99)
        self.pay(invoice, 33.33, "2026-02-10")
        self.assertLedger()
        self.pay(invoice, 76.66, "2026-02-20")
        self.assertEqual(self.total("COLLECTED"), self.total("BILLED"))
        self.assertEqual(
            sum(self.credits("COLLECTED").mapped("amount_currency")), 109.99
        )
        self.assertEqual(len(self.credits("COLLECTED")), 2)
        self.assertLedger()

    def test_early_payment_discount(self):
        for computation, cash in (("included", 107.80), ("excluded", 108.00)):
            with self.subTest(computation):
                invoice = self.one_line(
                    invoice_payment_term_id=self.terms(
                        (100, 30),
                        early_discount=True,
                        discount_percentage=2,
                        discount_days=10,
                        early_pay_discount_computation=computation,
                    ).id
                )
                before = self.total("COLLECTED")
                self.pay(invoice, None, "2026-02-05")
                self.assertEqual(invoice.amount_residual, 0.0)
                self.assertAlmostEqual(self.total("COLLECTED") - before, cash)
                self.assertLedger()

    def test_early_payment_discount_mixed(self):
        """Belgian way: the tax is on the discounted amount from the start."""
        invoice = self.one_line(
            invoice_payment_term_id=self.terms(
                (100, 30),
                early_discount=True,
                discount_percentage=2,
                discount_days=10,
                early_pay_discount_computation="mixed",
            ).id
        )
        self.assertEqual(invoice.amount_total, 109.80)
        self.assertEqual(self.total("BILLED"), 109.80)
        self.assertEqual(self.total("INVOICED"), 100.00)
        self.pay(invoice, None, "2026-02-05")
        self.assertEqual(self.total("COLLECTED"), 107.80)
        self.assertLedger()

    def test_write_off(self):
        invoice = self.one_line()
        self.pay(
            invoice,
            105,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.account("expense").id,
        )
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertCredits("COLLECTED", {self.ann: 105.0})
        self.assertCredits("COLLECTED_NET", {self.ann: 95.45})
        self.assertEqual(self.total("RECEIPTS"), 105.0)
        self.assertLedger()

    def test_write_off_over_two_invoices(self):
        """A ratio of 1/3 that does not divide: the parts sum to the cash."""
        invoices = self.one_line(10, user=self.bo_user) + self.one_line(20.01)
        self.pay(
            invoices,
            11.01,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.account("expense").id,
        )
        self.assertEqual(sum(invoices.mapped("amount_residual")), 0.0)
        self.assertEqual(self.total("COLLECTED"), 11.01)
        self.assertEqual(self.total("RECEIPTS"), 11.01)
        self.assertLedger()

    def test_bad_debt_is_no_cash(self):
        """A miscellaneous entry clears the invoice."""
        invoice = self.one_line()
        receivable = self.receivables(invoice).account_id
        loss = self.entry(
            [
                (receivable, -110, self.customer),
                (self.account("expense"), 110, None),
            ],
            journal=self.journal("general"),
        )
        self.reconcile(invoice, loss)
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertFalse(self.credits("COLLECTED"))
        self.assertFalse(self.credits("RECEIPTS"))
        self.assertLedger()

    def test_receivable_in_a_sales_journal_is_no_cash(self):
        """The journal's default account is its income, not liquidity."""
        journal = self.journal("sale")
        invoice = self.one_line()
        receivable = self.receivables(invoice).account_id
        entry = self.entry(
            [
                (receivable, -110, self.customer),
                (journal.default_account_id, 110, None),
            ],
            journal=journal,
        )
        self.reconcile(invoice, entry)
        self.assertFalse(self.credits("COLLECTED"))
        self.assertFalse(self.credits("RECEIPTS"))
        self.assertLedger()

    def test_bank_entry_with_fee(self):
        """The bank keeps 3.30 of 110.00."""
        invoice = self.one_line()
        bank = self.journal("bank")
        entry = self.entry(
            [
                (bank.default_account_id, 106.70, None),
                (self.account("expense"), 3.30, None),
                (self.receivables(invoice).account_id, -110, self.customer),
            ]
        )
        self.reconcile(invoice, entry)
        self.assertCredits("COLLECTED", {self.ann: 106.70})
        self.assertCredits("COLLECTED_NET", {self.ann: 97.0})
        self.assertEqual(self.total("RECEIPTS"), 106.70)
        self.assertLedger()

    def test_statement_line(self):
        invoice = self.one_line()
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.journal("bank").id,
                "date": "2026-02-12",
                "payment_ref": "transfer",
                "partner_id": self.customer.id,
                "amount": 110.0,
            }
        )
        self.assertFalse(self.credits("COLLECTED"), "still in suspense")
        line = line.with_context(skip_account_move_synchronization=True)
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = self.receivables(invoice).account_id
        self.assertEqual(self.by_day("RECEIPTS"), {"2026-02-12": 110.0})
        (suspense + self.receivables(invoice)).reconcile()
        self.assertEqual(self.by_day("COLLECTED"), {"2026-02-12": 110.0})
        self.assertLedger()

    def test_credit_note_is_no_cash(self):
        invoice = self.one_line()
        note = self.refund(invoice)
        self.reconcile(invoice, note)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertFalse(self.credits("COLLECTED"))
        self.assertEqual(
            self.by_day("INVOICED"), {"2026-02-02": 100, "2026-02-15": -100}
        )
        self.assertEqual(self.total("BILLED"), 0.0)
        self.assertEqual(self.total("DUE"), 0.0)
        self.assertLedger()

    def test_refunded_cash_is_negative(self):
        """Paid, credited, and the money goes back: all signs turn."""
        invoice = self.two_lines()
        self.pay(invoice)
        note = self.refund(invoice)
        self.pay(note, 65, "2026-02-20")
        self.pay(note, None, "2026-02-25")
        self.assertEqual(
            self.by_day("COLLECTED"),
            {"2026-02-10": 165.0, "2026-02-20": -65.0, "2026-02-25": -100.0},
        )
        self.assertEqual(self.total("COLLECTED_NET"), 0.0)
        self.assertEqual(self.total("RECEIPTS"), 0.0)
        self.assertLedger()

    def test_unreconcile_and_reconcile_again(self):
        invoice = self.two_lines()
        payment = self.pay(invoice, 100)
        self.unreconcile(invoice)
        self.assertFalse(self.credits("COLLECTED"))
        self.assertLedger()
        self.reconcile(invoice, payment)
        self.assertEqual(self.by_day("COLLECTED"), {"2026-02-10": 100.0})
        self.assertLedger()

    def test_payment_cancelled(self):
        """Odoo keeps a draft payment matched; it is no cash all the same."""
        invoice = self.two_lines()
        payment = self.pay(invoice, 100)
        payment.action_draft()
        self.assertFalse(self.credits("COLLECTED"))
        self.assertFalse(self.credits("RECEIPTS"))
        self.assertLedger()
        payment.action_cancel()
        self.assertLedger()

    def test_cash_basis_taxes(self):
        """The entries that make the tax due are no cash."""
        self.company.tax_exigibility = True
        tax = self.tax_on_payment()
        invoice = self.invoice(
            [{"price_unit": 100, "tax_ids": [Command.set(tax.ids)]}],
            partner=self.customer,
            user=self.ann_user,
        )
        self.pay(invoice, 55)
        self.assertTrue(
            self.env["account.move"].search(
                [("tax_cash_basis_origin_move_id", "=", invoice.id)]
            )
        )
        self.assertCredits("COLLECTED", {self.ann: 55.0})
        self.assertCredits("COLLECTED_NET", {self.ann: 50.0})
        self.assertEqual(self.total("RECEIPTS"), 55.0)
        self.assertLedger()
        self.pay(invoice, 55, "2026-02-25")
        self.assertEqual(self.total("COLLECTED"), 110.0)
        self.assertEqual(self.total("COLLECTED_NET"), 100.0)
        self.assertLedger()

    def tax_on_payment(self):
        transition = self.env["account.account"].create(
            {
                "name": "Tax in transition",
                "code": "251999",
                "account_type": "liability_current",
                "reconcile": True,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        return self.new_tax(
            10.0,
            name="10 % on payment",
            tax_exigibility="on_payment",
            cash_basis_transition_account_id=transition.id,
        )

    def test_refund_for_money_never_received(self):
        """A customer is paid out without an invoice."""
        self.payment(30, self.customer, payment_type="outbound")
        self.assertCredits("RECEIPTS", {None: -30.0})
        self.assertLedger()


@tagged("post_install", "-at_install")
class TestCreditWithoutEntry(CreditCase):
    """Payments that have no journal entry, as with Odoo's full accounting."""

    def setUp(self):
        super().setUp()
        self.startPatcher(
            patch.object(
                type(self.env["account.move"]),
                "_get_invoice_in_payment_state",
                lambda move: "in_payment",
            )
        )
        methods = self.journal("bank").inbound_payment_method_line_ids
        methods.payment_account_id = False

    def bank_line(self, invoice, amount, day):
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.journal("bank").id,
                "date": day,
                "payment_ref": "transfer",
                "partner_id": self.customer.id,
                "amount": amount,
            }
        )
        line = line.with_context(skip_account_move_synchronization=True)
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = self.receivables(invoice).account_id
        (suspense + self.receivables(invoice)).reconcile()

    def test_counts_when_the_bank_line_is_matched(self):
        invoice = self.one_line()
        payment = self.pay(invoice, day="2026-02-10")
        self.assertFalse(payment.move_id)
        self.assertFalse(self.credits("COLLECTED"))
        self.assertFalse(self.credits("RECEIPTS"))
        self.bank_line(invoice, 110, "2026-02-12")
        self.assertEqual(self.by_day("COLLECTED"), {"2026-02-12": 110.0})
        self.assertEqual(self.by_day("RECEIPTS"), {"2026-02-12": 110.0})
        self.assertLedger()

    def test_counts_at_validation_and_never_twice(self):
        self.company.sales_collect_at_validation = True
        invoice = self.one_line()
        payment = self.pay(invoice, day="2026-02-10")
        self.assertEqual(self.by_day("COLLECTED"), {"2026-02-10": 110.0})
        self.assertEqual(self.by_day("RECEIPTS"), {"2026-02-10": 110.0})
        self.assertEqual(self.credits("COLLECTED").res_model, "account.payment")
        self.assertEqual(self.credits("COLLECTED").res_id, payment.id)
        self.assertLedger()
        self.bank_line(invoice, 110, "2026-02-12")
        self.assertEqual(self.by_day("COLLECTED"), {"2026-02-10": 110.0})
        self.assertEqual(self.total("RECEIPTS"), 110.0)
        self.assertEqual(
            self.env["sales.credit"].rebuild(), {"removed": 0, "changed": 0, "added": 0}
        )

    def test_bank_brings_more_than_validated(self):
        self.company.sales_collect_at_validation = True
        invoice = self.one_line()
        self.pay(invoice, 60, day="2026-02-10")
        self.bank_line(invoice, 100, "2026-02-12")
        self.assertEqual(
            self.by_day("COLLECTED"), {"2026-02-10": 60.0, "2026-02-12": 40.0}
        )

    def test_one_payment_over_two_invoices(self):
        self.company.sales_collect_at_validation = True
        invoices = self.one_line(100) + self.one_line(200)
        self.pay(invoices, 200, day="2026-02-10")
        self.assertEqual(self.total("COLLECTED"), 200.0)
        self.assertEqual(self.total("RECEIPTS"), 200.0)

    def test_setting_changed_later(self):
        invoice = self.one_line()
        self.pay(invoice, day="2026-02-10")
        self.company.sales_collect_at_validation = True
        self.assertEqual(self.total("COLLECTED"), 110.0)
        self.assertLedger()
        self.company.sales_collect_at_validation = False
        self.assertFalse(self.credits("COLLECTED"))
        self.assertLedger()

    def test_payment_cancelled(self):
        self.company.sales_collect_at_validation = True
        invoice = self.one_line()
        payment = self.pay(invoice, day="2026-02-10")
        payment.action_cancel()
        self.assertFalse(self.credits("COLLECTED"))
        self.assertFalse(self.credits("RECEIPTS"))
        self.assertLedger()


@tagged("post_install", "-at_install")
class TestCreditDocuments(CreditCase):
    """Lines of all kinds, on orders, deliveries and invoices."""

    def test_down_payment(self):
        """Invoiced when invoiced, ordered once."""
        order = self.order([1000], partner=self.customer, user=self.ann_user)
        advance = (
            self.env["sale.advance.payment.inv"]
            .create(
                {
                    "sale_order_ids": [Command.set(order.ids)],
                    "advance_payment_method": "percentage",
                    "amount": 20,
                }
            )
            ._create_invoices(order)
        )
        advance.invoice_date = "2026-02-02"
        advance.action_post()
        self.assertCredits("ORDERED", {self.ann: 1000.0})
        self.assertCredits("INVOICED", {self.ann: 200.0})
        self.assertFalse(self.credits("QUANTITY"))
        self.pay(advance)
        self.assertCredits("COLLECTED", {self.ann: 220.0})
        rest = order._create_invoices(final=True)
        rest.invoice_date = "2026-02-20"
        rest.action_post()
        self.assertEqual(rest.amount_untaxed, 800.0)
        self.assertEqual(
            self.by_day("INVOICED"), {"2026-02-02": 200, "2026-02-20": 800}
        )
        self.assertEqual(self.by_line("INVOICED", rest)[0], 1000.0)
        self.assertCredits("ORDERED", {self.ann: 1000.0})
        self.assertCredits("QUANTITY", {self.ann: 1.0})
        self.assertEqual(self.total("BILLED"), 1100.0)
        self.assertLedger()

    def test_down_payment_of_a_split_order(self):
        order = self.order([100], partner=self.customer, user=self.ann_user)
        self.split(order, (self.ann, 50), (self.bo, 50))
        advance = (
            self.env["sale.advance.payment.inv"]
            .create(
                {
                    "sale_order_ids": [Command.set(order.ids)],
                    "advance_payment_method": "fixed",
                    "fixed_amount": 11,
                }
            )
            ._create_invoices(order)
        )
        advance.action_post()
        self.assertCredits("INVOICED", {self.ann: 5.0, self.bo: 5.0})
        self.assertLedger()

    def test_line_without_product(self):
        self.invoice(
            [{"product_id": False, "name": "Work", "price_unit": 50}],
            partner=self.customer,
            user=self.ann_user,
        )
        self.assertCredits("INVOICED", {self.ann: 50.0})
        self.assertCredits("BILLED", {self.ann: 55.0})
        self.assertCredits("MARGIN", {self.ann: 50.0})
        self.assertFalse(self.credits("QUANTITY"))
        self.assertFalse(self.credits("INVOICED").product_id)
        self.assertLedger()

    def test_discount_line(self):
        """10 % on the order: money counts, no quantity of a discount."""
        order = self.order(
            [100], partner=self.customer, user=self.ann_user, confirm=False
        )
        self.env["sale.order.discount"].create(
            {
                "sale_order_id": order.id,
                "discount_type": "so_discount",
                "discount_percentage": 0.1,
            }
        ).action_apply_discount()
        self.confirm(order)
        self.assertCredits("ORDERED", {self.ann: 90.0})
        self.invoice(order)
        self.assertCredits("INVOICED", {self.ann: 90.0})
        self.assertCredits("BILLED", {self.ann: 99.0})
        self.assertCredits("QUANTITY", {self.ann: 1.0})
        self.assertLedger()

    def test_discounted_price(self):
        order = self.order(
            [{"price_unit": 19.99, "product_uom_qty": 3, "discount": 15}],
            partner=self.customer,
            user=self.ann_user,
        )
        self.assertCredits("ORDERED", {self.ann: 50.97})
        self.invoice(order)
        self.assertCredits("INVOICED", {self.ann: 50.97})
        self.assertLedger()

    def test_negative_line(self):
        """Cash is shared by tax-included amounts, of any sign."""
        invoice = self.invoice([100, -30], partner=self.customer, user=self.ann_user)
        self.assertEqual(self.by_line("INVOICED", invoice), [100.0, -30.0])
        self.assertEqual(self.by_line("BILLED", invoice), [110.0, -33.0])
        self.pay(invoice, 40)
        self.assertEqual(self.by_line("COLLECTED", invoice), [57.14, -17.14])
        self.pay(invoice)
        self.assertEqual(self.by_line("COLLECTED", invoice), [110.0, -33.0])
        self.assertLedger()

    def test_lines_that_cancel_each_other(self):
        self.invoice([100, -100], partner=self.customer, user=self.ann_user)
        self.assertEqual(self.total("INVOICED"), 0.0)
        self.assertEqual(len(self.credits("INVOICED")), 2)
        self.assertLedger()

    def test_free_line(self):
        order = self.order([0.0], partner=self.customer, user=self.ann_user)
        self.assertFalse(self.credits("ORDERED"))
        self.assertCredits("ORDERS", {self.ann: 1.0})
        self.invoice(order)
        self.assertFalse(self.credits("INVOICED"))
        self.assertCredits("QUANTITY", {self.ann: 1.0})
        self.assertLedger()

    def test_combo(self):
        """The combo's line is a heading; its items are sold."""
        burger, side = self.new_product("Burger"), self.new_product("Side")
        combos = self.env["product.combo"].create(
            [
                {
                    "name": product.name,
                    "combo_item_ids": [Command.create({"product_id": product.id})],
                }
                for product in burger + side
            ]
        )
        menu = self.new_product(
            "Menu", type="combo", list_price=10.0, combo_ids=[Command.set(combos.ids)]
        )
        order = self.order([], partner=self.customer, user=self.ann_user, confirm=False)
        heading = self.env["sale.order.line"].create(
            {"order_id": order.id, "product_id": menu.id}
        )
        items = self.env["sale.order.line"].create(
            [
                {
                    "order_id": order.id,
                    "product_id": combo.combo_item_ids.product_id.id,
                    "combo_item_id": combo.combo_item_ids.id,
                    "linked_line_id": heading.id,
                    "tax_ids": [Command.set(self.sale_tax.ids)],
                }
                for combo in combos
            ]
        )
        self.confirm(order)
        self.assertEqual(sum(items.mapped("price_subtotal")), 10.0)
        self.assertCredits("ORDERED", {self.ann: 10.0})
        self.assertEqual(self.credits("ORDERED").product_id, burger + side)
        invoice = self.invoice(order)
        self.assertCredits("INVOICED", {self.ann: 10.0})
        self.assertCredits("BILLED", {self.ann: 11.0})
        self.assertEqual(self.credits("QUANTITY").product_id, burger + side)
        self.pay(invoice, 5)
        self.assertLedger()

    def test_sections_and_notes(self):
        section = {"display_type": "line_section", "name": "Part"}
        note = {"display_type": "line_note", "name": "Note"}
        order = self.order(
            [section, 10, note, 20], partner=self.customer, user=self.ann_user
        )
        self.invoice(order)
        self.invoice([section, 5, note], partner=self.customer, user=self.ann_user)
        self.assertEqual(len(self.credits("ORDERED")), 2)
        self.assertCredits("ORDERED", {self.ann: 30.0})
        self.assertCredits("INVOICED", {self.ann: 35.0})
        self.assertLedger()

    def test_invoice_without_order(self):
        self.one_line(100)
        self.assertCredits("INVOICED", {self.ann: 100.0})
        self.assertFalse(self.credits("ORDERED"))
        self.assertFalse(self.credits("NEW_CUSTOMERS"))
        self.assertLedger()

    def test_sales_receipt(self):
        receipt = self.one_line(100, move_type="out_receipt")
        self.assertCredits("INVOICED", {self.ann: 100.0})
        self.pay(receipt)
        self.assertCredits("COLLECTED", {self.ann: 110.0})
        self.assertLedger()

    def test_vendor_bill_is_not_ours(self):
        self.one_line(100, move_type="in_invoice")
        self.assertFalse(
            self.env["sales.credit"].search([("company_id", "=", self.company.id)])
        )
        self.assertLedger()

    def test_other_unit(self):
        """Two dozens at 120.00 of a product kept in pieces that cost 7.00 each."""
        product = self.new_product("Egg", cost=7.0, type="consu", is_storable=True)
        order = self.order(
            [
                {
                    "product_id": product.id,
                    "product_uom_id": self.env.ref("uom.product_uom_dozen").id,
                    "product_uom_qty": 2,
                    "price_unit": 120,
                }
            ],
            partner=self.customer,
            user=self.ann_user,
        )
        self.assertCredits("ORDERED", {self.ann: 240.0})
        self.deliver(order, "2026-02-01", {order.order_line: 12})
        self.assertEqual(self.by_day("DELIVERED"), {"2026-02-01": 120.0})
        self.deliver(order, "2026-02-03")
        self.assertEqual(self.total("DELIVERED"), 240.0)
        self.invoice(order)
        self.assertCredits("QUANTITY", {self.ann: 24.0})
        self.assertCredits("MARGIN", {self.ann: 72.0})
        self.assertLedger()

    def test_part_deliveries_sum_exactly(self):
        """Three pieces for 10.00, delivered one by one, one comes back."""
        product = self.new_product("Egg", type="consu", is_storable=True)
        order = self.order(
            [{"product_id": product.id, "product_uom_qty": 3, "price_unit": 10 / 3}],
            partner=self.customer,
            user=self.ann_user,
        )
        self.split(order, (self.ann, 50), (self.bo, 50))
        self.assertEqual(order.amount_untaxed, 10.0)
        line = order.order_line
        first = self.deliver(order, "2026-02-01", {line: 1})
        self.assertEqual(self.total("DELIVERED"), 3.33)
        self.deliver(order, "2026-02-02", {line: 1})
        self.assertEqual(self.total("DELIVERED"), 6.67)
        self.deliver(order, "2026-02-03", {line: 1})
        self.assertEqual(self.total("DELIVERED"), 10.0)
        self.assertCredits("DELIVERED", {self.ann: 5.0, self.bo: 5.0})
        self.assertLedger()
        self.return_(first, 1, "2026-02-20")
        self.assertEqual(self.total("DELIVERED"), 6.67)
        self.assertEqual(self.by_day("DELIVERED")["2026-02-20"], -3.33)
        self.assertLedger()

    def test_delivered_of_a_cancelled_order(self):
        """What left the house has left it."""
        product = self.new_product("Egg", type="consu", is_storable=True)
        order = self.order(
            [{"product_id": product.id, "product_uom_qty": 2, "price_unit": 10}],
            partner=self.customer,
            user=self.ann_user,
        )
        self.deliver(order, "2026-02-01", {order.order_line: 1})
        order._action_cancel()
        self.assertFalse(self.credits("ORDERED"))
        self.assertEqual(self.total("DELIVERED"), 10.0)
        self.assertLedger()

    def test_price_changed_after_delivery(self):
        product = self.new_product("Egg", type="consu", is_storable=True)
        order = self.order(
            [{"product_id": product.id, "product_uom_qty": 2, "price_unit": 10}],
            partner=self.customer,
            user=self.ann_user,
        )
        self.deliver(order, "2026-02-01")
        order.order_line.price_unit = 12
        self.assertEqual(self.total("ORDERED"), 24.0)
        self.assertEqual(self.total("DELIVERED"), 24.0)
        self.assertLedger()

    def test_order_in_euro(self):
        """The order's rate is that of its date."""
        euro = self.currency("EUR", {"2026-01-01": 0.80})
        pricelist = self.env["product.pricelist"].create(
            {"name": "EUR", "currency_id": euro.id, "company_id": self.company.id}
        )
        order = self.order(
            [99.99],
            partner=self.customer,
            user=self.ann_user,
            pricelist_id=pricelist.id,
        )
        self.assertEqual(order.currency_id, euro)
        credit = self.credits("ORDERED")
        self.assertEqual(credit.value, 124.99)
        self.assertEqual((credit.currency_id, credit.amount_currency), (euro, 99.99))
        self.assertLedger()

    def test_cash_rounding_is_billed(self):
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "5 cents",
                "rounding": 0.05,
                "strategy": "add_invoice_line",
                "rounding_method": "UP",
                "profit_account_id": self.account("income").id,
                "loss_account_id": self.account("expense").id,
            }
        )
        invoice = self.invoice(
            [10.01, 20.02],
            partner=self.customer,
            user=self.ann_user,
            invoice_cash_rounding_id=rounding.id,
        )
        self.assertEqual(invoice.amount_total, 33.05)
        self.assertEqual(self.total("INVOICED"), 30.03)
        self.assertEqual(self.total("BILLED"), 33.05)
        self.assertEqual(self.total("DUE"), 33.05)
        self.pay(invoice)
        self.assertEqual(self.total("COLLECTED"), 33.05)
        self.assertLedger()

    def test_margin_of_a_credit_note(self):
        """A return gives back the margin; a later cost changes nothing."""
        product = self.new_product("Chair", cost=60.0)
        invoice = self.invoice(
            [{"product_id": product.id, "price_unit": 100, "quantity": 3}],
            partner=self.customer,
            user=self.ann_user,
        )
        self.assertEqual(self.total("MARGIN"), 120.0)
        product.standard_price = 90.0
        self.assertEqual(self.total("MARGIN"), 120.0)
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual(self.total("INVOICED"), 300.0)
        self.assertLedger()

    def test_credit_note_gives_back_the_margin(self):
        """Refunds are symmetrical to what they undo, whatever it costs by then."""
        product = self.new_product("Chair", cost=60.0)
        invoice = self.invoice(
            [{"product_id": product.id, "price_unit": 100, "quantity": 3}],
            partner=self.customer,
            user=self.ann_user,
        )
        self.env.cr.flush()
        product.standard_price = 90.0
        self.refund(invoice)
        self.assertEqual(self.by_day("MARGIN"), {"2026-02-02": 120, "2026-02-15": -120})
        self.assertLedger()

    def test_margin_after_another_product_is_entered(self):
        chair, table = (self.new_product(n, cost=c) for n, c in (("C", 60), ("T", 10)))
        invoice = self.invoice(
            [{"product_id": chair.id, "price_unit": 100}],
            partner=self.customer,
            user=self.ann_user,
        )
        self.assertEqual(self.total("MARGIN"), 40.0)
        invoice.button_draft()
        invoice.invoice_line_ids.write({"product_id": table.id, "price_unit": 100})
        invoice.action_post()
        self.assertEqual(self.total("MARGIN"), 90.0)
        self.assertLedger()

    def test_cost_of_the_invoices_company(self):
        """Costs are kept per company; who posts may work in another one."""
        other = new_company(self.env, "Other Co", "USD")
        product = self.new_product("Chair", cost=60.0)
        product.with_company(other).standard_price = 90.0
        invoice = self.invoice(
            [{"product_id": product.id, "price_unit": 100}],
            partner=self.customer,
            user=self.ann_user,
            post=False,
        )
        both = self.env(context={"allowed_company_ids": (other + self.company).ids})
        invoice.with_env(both).action_post()
        self.assertEqual(self.total("MARGIN"), 40.0)
        self.assertLedger()

    def test_one_invoice_of_two_orders(self):
        """Each line follows its own order's split."""
        orders = self.env["sale.order"]
        for rep in (self.ann, self.bo):
            order = self.order([100], partner=self.customer, user=self.cy.user_id)
            self.split(order, (rep, 100))
            orders += order
        invoice = orders._create_invoices()
        self.assertEqual(len(invoice), 1)
        invoice.action_post()
        self.pay(invoice, 110)
        self.assertCredits("INVOICED", {self.ann: 100.0, self.bo: 100.0})
        self.assertCredits("COLLECTED", {self.ann: 55.0, self.bo: 55.0})
        self.assertLedger()

    def test_delivered_without_having_been_ordered(self):
        """A product added to the delivery: its line's price counts per piece."""
        egg, extra = (
            self.new_product(
                name,
                type="consu",
                is_storable=True,
                list_price=7.0,
                invoice_policy="delivery",
            )
            for name in ("Egg", "Extra")
        )
        order = self.order(
            [{"product_id": egg.id, "price_unit": 10}],
            partner=self.customer,
            user=self.ann_user,
        )
        picking = order.picking_ids
        self.env["stock.move"].create(
            {
                "picking_id": picking.id,
                "product_id": extra.id,
                "product_uom_qty": 2,
                "location_id": picking.location_id.id,
                "location_dest_id": picking.location_dest_id.id,
            }
        )
        picking.move_ids.quantity = 2
        picking.move_ids.picked = True
        picking._action_done()
        added = order.order_line.filtered(lambda line: line.product_id == extra)
        self.assertEqual((added.product_uom_qty, added.qty_delivered), (0, 2))
        self.assertEqual(added.price_unit, 7.0)
        self.assertEqual(self.total("DELIVERED", product_id=egg.id), 20.0)
        self.assertEqual(self.total("DELIVERED", product_id=extra.id), 14.0)
        self.assertLedger()

    def test_quotation_sent_once(self):
        order = self.order(
            [10], partner=self.customer, user=self.ann_user, confirm=False
        )
        self.assertFalse(self.credits("QUOTATIONS"))
        order.action_quotation_sent()
        self.assertCredits("QUOTATIONS", {self.ann: 1.0})
        day = self.credits("QUOTATIONS").date
        self.confirm(order)
        order._action_cancel()
        order.action_draft()
        self.assertEqual(self.credits("QUOTATIONS").date, day)
        self.assertLedger()
        order._action_cancel()
        order.unlink()
        self.assertFalse(self.credits("QUOTATIONS"))
        self.assertLedger()

    def test_opportunities(self):
        won = self.lead("Won", user=self.ann_user, partner_id=self.customer.id)
        lost = self.lead("Lost", user=self.bo_user)
        nobody = self.lead("Nobody")
        only_lead = self.lead("Lead", user=self.ann_user, type="lead")
        self.assertFalse(self.credits("WON"))
        (won + nobody).action_set_won()
        lost.action_set_lost()
        only_lead.action_set_lost()
        self.assertCredits("WON", {self.ann: 1.0, None: 1.0})
        self.assertCredits("LOST", {self.bo: 1.0})
        self.assertLedger()
        won.action_archive()  # Odoo overwrites the closing date
        self.assertCredits("WON", {self.ann: 1.0, None: 1.0})
        lost.action_unarchive()
        self.assertFalse(self.credits("LOST"))
        self.assertLedger()
        lost.action_set_lost()
        self.assertCredits("LOST", {self.bo: 1.0})
        (won + lost + nobody + only_lead).unlink()
        self.assertFalse(self.credits("WON") + self.credits("LOST"))
        self.assertLedger()


@tagged("post_install", "-at_install")
class TestCreditChanges(CreditCase):
    """What happens to documents after they were credited."""

    def test_reset_to_draft_and_posted_again(self):
        invoice = self.two_lines()
        ids = self.credits("INVOICED").ids
        invoice.button_draft()
        self.assertFalse(self.credits("INVOICED"))
        self.assertLedger()
        invoice.invoice_line_ids[0].price_unit = 200
        invoice.action_post()
        self.assertEqual(self.by_line("INVOICED", invoice), [200.0, 49.99])
        self.assertEqual(len(ids), 2)
        self.assertLedger()

    def test_ids_are_kept(self):
        """What others built on a credit stays valid when it changes."""
        self.two_lines()
        before = self.credits("INVOICED").ids
        self.assign(self.ann, "2026-01-01", team_id=self.south)
        self.assertEqual(self.credits("INVOICED").team_id, self.south)
        self.assertEqual(self.credits("INVOICED").ids, before)
        with self.assertUnchanged():
            self.env["sales.credit"].rebuild()

    def test_salesperson_changed_after_posting(self):
        invoice = self.one_line()
        self.pay(invoice)
        invoice.invoice_user_id = self.bo_user
        for metric, value in (
            ("INVOICED", 100.0),
            ("BILLED", 110.0),
            ("DUE", 110.0),
            ("COLLECTED", 110.0),
            ("COLLECTED_NET", 100.0),
            ("QUANTITY", 1.0),
        ):
            self.assertCredits(metric, {self.bo: value})
        self.assertLedger()
        invoice.invoice_user_id = False
        self.assertCredits("COLLECTED", {None: 110.0})
        self.assertLedger()

    def test_salesperson_of_an_order_changed(self):
        order = self.order([10], partner=self.customer, user=self.ann_user)
        order.user_id = self.bo_user
        for metric in ("ORDERED", "ORDERS", "NEW_CUSTOMERS"):
            self.assertCredits(metric, {self.bo: 10.0 if metric == "ORDERED" else 1.0})
        self.assertLedger()

    def test_posting_date_moved(self):
        invoice = self.one_line(day="2026-01-31")
        invoice.button_draft()
        invoice.invoice_date = "2026-03-01"
        invoice.action_post()
        self.assertEqual(self.by_day("INVOICED"), {"2026-03-01": 100.0})
        self.assertLedger()

    def test_due_date_moved(self):
        invoice = self.one_line()
        self.receivables(invoice).date_maturity = "2026-05-05"
        self.assertEqual(self.by_day("DUE"), {"2026-05-05": 110.0})
        self.assertLedger()

    def test_order_date_moved(self):
        """The first order is another one now."""
        first = self.order(
            [10], "2026-01-10", partner=self.customer, user=self.ann_user
        )
        second = self.order(
            [10], "2026-01-20", partner=self.customer, user=self.bo_user
        )
        self.assertCredits("NEW_CUSTOMERS", {self.ann: 1.0})
        first.date_order = "2026-01-25 12:00:00"
        self.assertEqual(self.by_day("NEW_CUSTOMERS"), {"2026-01-20": 1.0})
        self.assertEqual(self.credits("NEW_CUSTOMERS").res_id, second.id)
        self.assertLedger()

    def test_customer_of_an_order_changed(self):
        other = self.new_customer("Other")
        first = self.order(
            [10], "2026-01-10", partner=self.customer, user=self.ann_user
        )
        second = self.order(
            [10], "2026-01-20", partner=self.customer, user=self.bo_user
        )
        first._action_cancel()
        first.action_draft()
        first.partner_id = other
        self.confirm(first, "2026-01-10")
        self.assertEqual(
            self.credits("NEW_CUSTOMERS").sorted("res_id").mapped("res_id"),
            (first + second).ids,
        )
        self.assertLedger()

    def test_order_deleted(self):
        self.order([10], "2026-01-10", partner=self.customer, user=self.ann_user)
        order = self.order(
            [20], "2026-01-20", partner=self.customer, user=self.ann_user
        )
        order._action_cancel()
        order.unlink()
        self.assertEqual(self.total("ORDERED"), 10.0)
        self.assertLedger()

    def test_order_deleted_under_its_invoice(self):
        """The split goes with the order: the invoice is its salesperson's again."""
        channel = self.env["sales.channel"].search([], limit=1)
        order = self.order(
            [100],
            partner=self.customer,
            user=self.cy.user_id,
            sales_channel_id=channel.id,
        )
        self.split(order, (self.ann, 60), (self.bo, 40))
        invoice = self.invoice(order)
        self.pay(invoice, 11)
        self.assertCredits("INVOICED", {self.ann: 60.0, self.bo: 40.0})
        order._action_cancel()
        self.assertCredits("INVOICED", {self.ann: 60.0, self.bo: 40.0})
        order.unlink()
        self.assertCredits("INVOICED", {self.cy: 100.0})
        self.assertCredits("COLLECTED", {self.cy: 11.0})
        self.assertFalse(self.credits("INVOICED").channel_id)
        self.assertLedger()

    def test_order_line_removed(self):
        order = self.order([10, 20], partner=self.customer, user=self.ann_user)
        order.order_line[1].product_uom_qty = 0
        self.assertEqual(self.total("ORDERED"), 10.0)
        self.assertLedger()
        order.order_line = [Command.create(self._order_line(5.55))]
        self.assertEqual(self.total("ORDERED"), 15.55)
        self.assertLedger()

    def test_drafts_deleted(self):
        draft = self.one_line(post=False)
        quotation = self.order([5], partner=self.customer, confirm=False)
        self.assertFalse(self.credits("INVOICED"))
        draft.unlink()
        quotation.unlink()
        posted = self.one_line()
        posted.button_draft()
        posted.with_context(force_delete=True).unlink()
        self.assertFalse(self.credits("INVOICED"))
        self.assertLedger()

    def test_invoice_cancelled(self):
        invoice = self.one_line()
        invoice.button_cancel()
        self.assertFalse(self.credits("INVOICED"))
        self.assertLedger()

    def test_split_changed_after_the_fact(self):
        """The order's current split counts for all that follows from it."""
        order = self.order([100.01, 49.99], partner=self.customer, user=self.ann_user)
        invoice = self.invoice(order)
        self.pay(invoice, 100)
        self.split(order, (self.ann, 60), (self.bo, 40), overlay=[(self.cy, 10)])
        self.assertCredits("ORDERED", {self.ann: 90.0, self.bo: 60.0})
        self.assertCredits("COLLECTED", {self.ann: 60.0, self.bo: 40.0})
        self.assertLedger()
        self.env["sales.split"].search([("order_id", "=", order.id)]).unlink()
        self.assertCredits("COLLECTED", {self.ann: 100.0})
        self.assertLedger()

    def test_split_precedence(self):
        """A line's own split, else the invoice's, else the order's, else the person."""
        order = self.order([100, 100], partner=self.customer, user=self.cy.user_id)
        invoice = self.invoice(order)
        first = invoice.invoice_line_ids.sorted("id")[0]
        self.assertCredits("INVOICED", {self.cy: 200.0})
        self.split(order, (self.ann, 100))
        self.assertCredits("INVOICED", {self.ann: 200.0})
        self.split(invoice, (self.bo, 100))
        self.assertCredits("INVOICED", {self.bo: 200.0})
        self.split(invoice, (self.ann, 30), (self.cy, 70), line=first)
        self.assertCredits("INVOICED", {self.ann: 30.0, self.cy: 70.0, self.bo: 100.0})
        self.assertCredits("ORDERED", {self.ann: 200.0})
        self.assertLedger()
        note = self.refund(invoice)
        self.reconcile(invoice, note)
        self.assertEqual(self.total("INVOICED", self.ann), 0.0)
        self.assertEqual(self.total("INVOICED", self.cy), 0.0)
        self.assertEqual(self.total("INVOICED", self.bo), 0.0)
        self.assertLedger()

    def test_overlay_only(self):
        """Who helps is credited on top of whoever sold."""
        order = self.order([100], partner=self.customer, user=self.ann_user)
        self.split(order, overlay=[(self.cy, 25)])
        self.assertCredits("ORDERED", {self.ann: 100.0})
        self.assertCredits("ORDERED", {self.cy: 25.0}, overlay=True)
        self.invoice(order)
        self.assertCredits("INVOICED", {self.ann: 100.0})
        self.assertCredits("INVOICED", {self.cy: 25.0}, overlay=True)
        self.assertLedger()

    def test_share_and_overlay_of_one_rep(self):
        order = self.order([100], partner=self.customer, user=self.ann_user)
        self.split(order, (self.ann, 100), overlay=[(self.ann, 10)])
        self.assertCredits("ORDERED", {self.ann: 100.0})
        self.assertCredits("ORDERED", {self.ann: 10.0}, overlay=True)
        self.assertLedger()

    def test_shares_of_a_third(self):
        """33.33, 33.33 and 33.34 percent of 0.01, 0.02, 100.00 and of a count."""
        order = self.order(
            [0.01, 0.02, 100.00], partner=self.customer, user=self.ann_user
        )
        self.split(order, (self.ann, 33.33), (self.bo, 33.33), (self.cy, 33.34))
        self.assertEqual(self.total("ORDERED"), 100.03)
        self.assertEqual(self.total("ORDERS"), 1.0)
        self.assertCredits("ORDERS", {self.ann: 0.33, self.bo: 0.33, self.cy: 0.34})
        self.assertLedger()

    def test_shares_must_sum(self):
        order = self.order([100], partner=self.customer, user=self.ann_user)
        self.env.cr.flush()
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.split(order, (self.ann, 60), (self.bo, 41))
            self.env.cr.flush()

    def test_merged_customers(self):
        """Two new customers become one, who was new once."""
        other = self.new_customer("Other")
        self.order([10], "2026-01-10", partner=other, user=self.ann_user)
        self.order([20], "2026-01-20", partner=self.customer, user=self.bo_user)
        invoice = self.one_line(partner=other)
        self.pay(invoice)
        self.assertEqual(self.total("NEW_CUSTOMERS"), 2.0)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (other + self.customer).ids, self.customer
        )
        self.assertFalse(other.exists())
        self.assertCredits("NEW_CUSTOMERS", {self.ann: 1.0})
        self.assertEqual(self.credits("ORDERED").partner_id, self.customer)
        self.assertEqual(self.credits("COLLECTED").partner_id, self.customer)
        self.assertEqual(self.credits("RECEIPTS").partner_id, self.customer)
        self.assertLedger()

    def test_contact_of_a_company(self):
        """Credits name the commercial partner; it is new once."""
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.customer.id}
        )
        self.order([10], "2026-01-10", partner=contact, user=self.ann_user)
        self.order([10], "2026-01-20", partner=self.customer, user=self.bo_user)
        self.assertCredits("NEW_CUSTOMERS", {self.ann: 1.0})
        self.assertEqual(self.credits("ORDERED").partner_id, self.customer)
        self.assertLedger()
        contact.parent_id = False
        self.assertEqual(self.credits("ORDERED").partner_id, self.customer + contact)
        self.assertEqual(self.total("NEW_CUSTOMERS"), 2.0)
        self.assertLedger()

    def test_existing_documents(self):
        """Installed on a company with history, the ledger is complete at once."""
        order = self.order([100.01, 49.99], partner=self.customer, user=self.ann_user)
        invoice = self.invoice(order)
        self.pay(invoice, 100)
        self.lead(user=self.bo_user).action_set_won()
        self.env.cr.flush()
        metrics = (
            "ORDERED",
            "INVOICED",
            "BILLED",
            "DUE",
            "COLLECTED",
            "COLLECTED_NET",
            "RECEIPTS",
            "MARGIN",
            "QUANTITY",
            "ORDERS",
            "NEW_CUSTOMERS",
            "WON",
        )
        before = {metric: self.total(metric) for metric in metrics}
        for table in (
            "sales_credit",
            "sales_kept_cost",
            "sales_kept_date",
            "sales_ownership",
        ):
            self.env.cr.execute(f"DELETE FROM {table}")  # pylint: disable=sql-injection
        self.env.invalidate_all()
        post_init_hook(self.env)
        self.assertEqual({metric: self.total(metric) for metric in metrics}, before)
        self.assertTrue(all(before.values()), before)
        costs = self.env["sales.kept.cost"].search(
            [("move_line_id", "in", invoice.invoice_line_ids.ids)]
        )
        self.assertTrue(all(costs.mapped("estimated")))
        self.assertLedger()

    def test_imported(self):
        """Orders and invoices that come in through the import screen."""
        self.env["ir.model.data"]._update_xmlids(
            [
                {"xml_id": "__test__.customer", "record": self.customer},
                {"xml_id": "__test__.things", "record": self.things},
                {"xml_id": "__test__.ann", "record": self.ann_user},
            ]
        )
        result = self.env["sale.order"].load(
            [
                "id",
                "partner_id/id",
                "date_order",
                "user_id/id",
                "state",
                "order_line/product_id/id",
                "order_line/name",
                "order_line/product_uom_qty",
                "order_line/price_unit",
            ],
            [
                [
                    "__test__.o1",
                    "__test__.customer",
                    "2026-01-05 10:00:00",
                    "__test__.ann",
                    "sale",
                    "__test__.things",
                    "x",
                    "2",
                    "10.50",
                ],
                ["", "", "", "", "", "__test__.things", "y", "1", "3.33"],
            ],
        )
        self.assertFalse(result["messages"])
        self.assertCredits("ORDERED", {self.ann: 24.33}, date="2026-01-05")
        result = self.env["account.move"].load(
            [
                "id",
                "move_type",
                "partner_id/id",
                "invoice_date",
                "invoice_user_id/id",
                "invoice_line_ids/name",
                "invoice_line_ids/price_unit",
                "invoice_line_ids/tax_ids",
            ],
            [
                [
                    "__test__.i1",
                    "out_invoice",
                    "__test__.customer",
                    "2026-01-06",
                    "__test__.ann",
                    "Work",
                    "77.77",
                    "",
                ]
            ],
        )
        self.assertFalse(result["messages"])
        invoice = self.env["account.move"].browse(result["ids"])
        self.assertFalse(self.credits("INVOICED"))
        invoice.action_post()
        self.assertCredits("INVOICED", {self.ann: 77.77}, date="2026-01-06")
        self.assertLedger()


@tagged("post_install", "-at_install")
class TestCreditPeople(CreditCase):
    """Who is credited, and where he stands."""

    def test_nobody(self):
        self.one_line(user=None)
        credit = self.credits("INVOICED")
        self.assertFalse(credit.user_id)
        self.assertFalse(credit.rep_id)
        self.assertEqual((credit.value, credit.share), (100.0, 100.0))
        self.assertLedger()

    def test_salesperson_who_is_no_rep(self):
        """The user is kept, the team is the document's."""
        dan = self.new_user("Dan")
        self.order([10], partner=self.customer, user=dan, team_id=self.south.id)
        credit = self.credits("ORDERED")
        self.assertEqual((credit.user_id, credit.team_id), (dan, self.south))
        self.assertFalse(credit.rep_id)
        self.assertLedger()
        dan_rep = self.new_rep("Dan", user=dan, team_id=self.north.id)
        credit = self.credits("ORDERED")
        self.assertEqual((credit.rep_id, credit.team_id), (dan_rep, self.north))
        self.assertLedger()

    def test_archived_salesperson(self):
        invoice = self.one_line()
        self.pay(invoice, 50)
        self.ann.active = False
        self.ann_user.active = False
        self.assertCredits("INVOICED", {self.ann: 100.0})
        self.pay(invoice, 60)
        self.assertCredits("COLLECTED", {self.ann: 110.0})
        self.assertLedger()

    def test_deleted_salesperson(self):
        dan = self.new_user("Dan")
        self.one_line(user=dan)
        self.order([10], partner=self.customer, user=dan)
        self.assertEqual(self.credits("INVOICED").user_id, dan)
        dan.unlink()
        self.assertFalse(self.credits("INVOICED").user_id)
        self.assertLedger()

    def test_deleted_team_and_customer(self):
        """What documents lose, their credits lose."""
        team, partner = self.new_team("Gone"), self.new_customer("Gone")
        dan = self.new_user("Dan")
        self.order([10], partner=self.customer, user=dan, team_id=team.id)
        lead = self.lead(user=dan, partner_id=partner.id, team_id=team.id)
        lead.action_set_won()
        self.assertEqual(self.credits("ORDERED").team_id, team)
        self.assertEqual(self.credits("WON").partner_id, partner)
        (team.unlink(), partner.unlink())
        self.env.invalidate_all()
        self.assertFalse(self.credits("WON").partner_id)
        self.assertFalse(self.credits("WON").team_id)
        self.assertFalse(self.credits("ORDERED").team_id == team)
        self.assertLedger()

    def test_lead_without_company(self):
        """Credited in the company of its team, else of its salesperson."""
        lead = self.lead(user=self.ann_user, team_id=False)
        lead.company_id = False
        lead.action_set_won()
        self.env.cr.flush()
        credit = self.env["sales.credit"].search(
            [("res_model", "=", "crm.lead"), ("res_id", "=", lead.id)]
        )
        self.assertEqual(len(credit), 1)
        self.assertEqual(credit.company_id, self.company)
        self.assertEqual(credit.rep_id, self.ann)

    def test_assignment_inserted_in_the_past(self):
        for day in ("2026-01-15", "2026-02-15", "2026-03-15"):
            self.one_line(10, day)
        self.assign(self.ann, "2026-03-01", team_id=self.south, manager_id=self.bo)
        february = self.assign(self.ann, "2026-02-01", manager_id=self.cy)
        teams = {
            str(c.date): (c.team_id, c.manager_id) for c in self.credits("INVOICED")
        }
        none = self.env["crm.team"]
        self.assertEqual(
            teams,
            {
                "2026-01-15": (self.north, self.env["sales.rep"]),
                "2026-02-15": (none, self.cy),
                "2026-03-15": (self.south, self.bo),
            },
        )
        self.assertLedger()
        february.unlink()
        self.assertEqual(
            self.credits("INVOICED", date="2026-02-15").team_id, self.north
        )
        self.assertLedger()

    def test_before_the_first_assignment(self):
        eve = self.new_rep("Eve", start="2026-02-10", team_id=self.south.id)
        self.one_line(10, "2026-02-01", user=eve.user_id)
        credit = self.credits("INVOICED")
        self.assertEqual(credit.rep_id, eve)
        self.assertFalse(credit.team_id)
        self.assertLedger()
        eve.assignment_ids.date_from = "2026-02-01"
        self.assertEqual(self.credits("INVOICED").team_id, self.south)
        self.assertLedger()

    def test_territories(self):
        """World > East > (City, Coast); world > West."""
        world = self.new_territory("World")
        east = self.new_territory("East", world)
        city, coast = (
            self.new_territory("City", east),
            self.new_territory("Coast", east),
        )
        west = self.new_territory("West", world)
        quarter = self.new_territory("Quarter", city)
        self.assign(self.ann, "2025-01-01", territory_ids=east + city)
        self.assign(self.bo, "2025-01-01", territory_ids=city + coast)

        def where(customer_territory, user):
            partner = self.new_customer(sales_territory_id=customer_territory.id)
            order = self.order([1], partner=partner, user=user)
            self.env.cr.flush()
            credit = self.credits("ORDERS", res_id=order.id)
            self.assertEqual(credit.territory_id, customer_territory)
            return credit.rep_territory_id

        self.assertEqual(where(quarter, self.ann_user), city, "the nearest")
        self.assertEqual(where(coast, self.ann_user), east)
        self.assertEqual(where(west, self.ann_user), east, "none: what holds them all")
        self.assertEqual(where(west, self.bo_user), east)
        self.assertEqual(where(east, self.bo_user), east)
        self.assertFalse(where(city, self.cy.user_id))
        self.assertLedger()
        quarter.parent_id = coast
        self.assertLedger()
        self.customer.sales_territory_id = west
        self.order([5], partner=self.customer, user=self.ann_user)
        self.customer.sales_territory_id = quarter
        self.assertLedger()

    def test_channel(self):
        channels = self.env["sales.channel"].search([], limit=2)
        self.customer.sales_channel_id = channels[0]
        order = self.order([10], partner=self.customer, user=self.ann_user)
        self.assertEqual(self.credits("ORDERED").channel_id, channels[0])
        invoice = self.invoice(order)
        order.sales_channel_id = channels[1]
        self.pay(invoice)
        self.assertEqual(self.credits("ORDERED").channel_id, channels[1])
        self.assertEqual(self.credits("COLLECTED").channel_id, channels[1])
        self.assertEqual(self.credits("RECEIPTS").channel_id, channels[0])
        self.one_line(5)
        self.assertLedger()
        self.customer.sales_channel_id = channels[1]
        self.assertLedger()

    def test_receipts_go_to_the_owner_of_the_day(self):
        partner = self.new_customer("Owned", user_id=self.ann_user.id)
        self.payment(10, partner, "2026-02-10")
        self.assertCredits("RECEIPTS", {self.ann: 10.0})
        partner.user_id = self.bo_user
        today = self.company._get_sales_today()
        self.payment(20, partner, today)
        self.assertCredits("RECEIPTS", {self.ann: 10.0, self.bo: 20.0})
        self.assertLedger()

    def test_days_are_the_company_calendars(self):
        """17:00 in London is the next day, and month, in Shanghai."""
        order = self.order([10], partner=self.customer, user=self.ann_user)
        order.date_order = "2026-01-31 17:00:00"
        self.assertEqual(self.by_day("ORDERED"), {"2026-01-31": 10.0})
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.assertEqual(self.by_day("ORDERED"), {"2026-02-01": 10.0})
        self.assertEqual(self.by_day("NEW_CUSTOMERS"), {"2026-02-01": 1.0})
        self.assertLedger()

    def test_two_companies(self):
        """Ann sells for both; each company credits its own rep, in its own money."""
        euro_company = new_company(self.env, "Euro Co", "EUR")
        other = Books(self.env, euro_company)
        team = other.new_team("Euro Team")
        self.ann_user.company_ids += euro_company
        ann_there = other.new_rep("Ann", user=self.ann_user, team_id=team.id)
        self.one_line(100)
        invoice = other.invoice([70], partner=self.customer, user=self.ann_user)
        other.order([7], partner=self.customer, user=self.ann_user)
        self.order([9], partner=self.customer, user=self.ann_user)
        other.pay(invoice, 7)
        self.assertCredits("INVOICED", {self.ann: 100.0})
        there = other.credits("INVOICED")
        self.assertEqual((there.rep_id, there.team_id), (ann_there, team))
        self.assertEqual((there.value, there.company_id), (70.0, euro_company))
        self.assertEqual(other.total("COLLECTED"), 7.0)
        self.assertEqual(self.total("NEW_CUSTOMERS"), 1.0, "new to each company")
        self.assertEqual(other.total("NEW_CUSTOMERS"), 1.0)
        self.assertFalse(other.differences())
        self.assertLedger()

    def test_with_company(self):
        """The document's company counts, not the one somebody works in."""
        euro_company = new_company(self.env, "Euro Co", "EUR")
        invoice = self.one_line(post=False)
        both = self.env(
            context={"allowed_company_ids": (euro_company + self.company).ids}
        )
        invoice.with_env(both).with_company(euro_company).action_post()
        self.assertCredits("INVOICED", {self.ann: 100.0})
        self.assertFalse(Books(self.env, euro_company).credits("INVOICED"))
        self.assertLedger()

    def test_branch(self):
        """An invoice of a branch is the branch's."""
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.env.user.company_ids += branch
        self.env.cr.flush()
        env = self.env(context={"allowed_company_ids": (branch + self.company).ids})
        invoice = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": branch.id,
                "partner_id": self.customer.id,
                "invoice_date": "2026-02-02",
                "invoice_line_ids": [Command.create(self._invoice_line(100))],
            }
        )
        invoice.action_post()
        self.assertFalse(self.credits("INVOICED"))
        books = Books(self.env, branch, sale_tax=self.sale_tax, things=self.things)
        self.assertEqual(books.total("INVOICED"), 100.0)
        self.assertFalse(books.differences())
        self.assertLedger()


@tagged("post_install", "-at_install")
class TestCreditYen(CreditCase):
    """A company whose currency has no cents."""

    currency_name = "JPY"

    def test_whole_yen(self):
        invoice = self.invoice([101, 50, 49], partner=self.customer, user=self.ann_user)
        self.split(invoice, (self.ann, 50), (self.bo, 50), overlay=[(self.cy, 10)])
        self.assertEqual(self.total("INVOICED"), 200.0)
        for credit in self.credits("INVOICED"):
            self.assertEqual(credit.value, int(credit.value))
        self.pay(invoice, 33)
        self.pay(invoice, 100)
        self.assertEqual(self.total("COLLECTED"), 133.0)
        self.assertLedger()

    def test_dollars_in_a_yen_company(self):
        dollar = self.currency("USD", {"2026-01-01": 0.0067})
        invoice = self.invoice(
            [0.01, 10.01],
            partner=self.customer,
            user=self.ann_user,
            currency_id=dollar.id,
        )
        self.split(invoice, (self.ann, 50), (self.bo, 50), overlay=[(self.cy, 10)])
        self.pay(invoice, 5.55)
        self.assertLedger()
        self.pay(invoice)
        self.assertEqual(self.total("COLLECTED"), self.total("BILLED"))
        self.assertLedger()


@tagged("post_install", "-at_install")
class TestCreditDinar(CreditCase):
    """A company whose currency has three decimals."""

    currency_name = "KWD"

    def test_thousandths(self):
        invoice = self.invoice(
            [10.005, 0.333], partner=self.customer, user=self.ann_user
        )
        self.split(invoice, (self.ann, 50), (self.bo, 50))
        self.assertEqual(self.total("INVOICED"), 10.338)
        self.pay(invoice, 1.001)
        self.assertEqual(self.total("COLLECTED"), 1.001)
        self.assertLedger()


@tagged("post_install", "-at_install")
class TestCreditIsDerived(CreditCase):
    """Nobody writes the ledger, and nobody but operations rebuilds it."""

    def test_read_only(self):
        self.one_line()
        credit = self.credits("INVOICED")
        for change in (
            lambda: credit.write({"value": 1}),
            lambda: credit.unlink(),
            lambda: self.env["sales.credit"].create({"value": 1}),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_rebuild_is_for_operations(self):
        dan = self.new_user("Dan", "sales_force.group_sales_director")
        with self.assertRaises(AccessError):
            self.env["sales.credit"].with_user(dan).sudo(False).rebuild()
        eve = self.new_user("Eve", "sales_force.group_sales_operations")
        counts = self.env["sales.credit"].with_user(eve).rebuild()
        self.assertEqual(counts, {"removed": 0, "changed": 0, "added": 0})

    def test_rebuild_repairs(self):
        """What is wrong is counted and put right; the ids of the rest stay."""
        self.two_lines()
        credits = self.credits("INVOICED")
        self.env.cr.execute(
            "UPDATE sales_credit SET value = 1 WHERE id = %s", [credits[0].id]
        )
        self.env.cr.execute("DELETE FROM sales_credit WHERE id = %s", [credits[1].id])
        self.env.cr.execute(
            "UPDATE sales_credit SET user_id = %s WHERE id = %s",
            [self.bo_user.id, self.credits("BILLED")[0].id],
        )
        self.env.invalidate_all()
        counts = self.env["sales.credit"].rebuild("2026-02-01", "2026-02-28")
        self.assertEqual(counts, {"removed": 1, "changed": 1, "added": 2})
        self.assertLedger()

    def test_rebuild_of_other_days_leaves_the_rest(self):
        self.two_lines()
        self.env.cr.flush()
        self.env.cr.execute("UPDATE sales_credit SET value = value + 1")
        self.env.invalidate_all()
        counts = self.env["sales.credit"].rebuild("2025-01-01", "2025-12-31")
        self.assertEqual(counts, {"removed": 0, "changed": 0, "added": 0})
        self.assertTrue(self.differences())
        self.env["sales.credit"].rebuild()
        self.assertLedger()

    def test_metric_switched_off_and_on(self):
        self.two_lines()
        metric = self.env["sales.metric"].search([("code", "=", "INVOICED")])
        metric.active = False
        self.assertFalse(self.credits("INVOICED"))
        metric.active = True
        self.assertEqual(self.total("INVOICED"), 150.0)
        self.assertLedger()

    def test_nothing_left_of_what_failed(self):
        """A rolled-back savepoint takes its credits and its marks with it."""
        with self.assertUnchanged():
            try:
                with self.env.cr.savepoint():
                    self.two_lines()
                    self.env.cr.flush()
                    self.assertTrue(self.credits("INVOICED"))
                    raise ZeroDivisionError
            except ZeroDivisionError:
                self.env.invalidate_all()
        self.assertLedger()
