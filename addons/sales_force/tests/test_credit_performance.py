"""Keeping the ledger costs a few queries per transaction, however much it holds."""

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from ..models.sales_credit import FEW
from .ledger_common import LedgerCase

# Extra queries per transaction.
BUDGET = 4
# One document, a few, and a set.
SIZES = (1, FEW, 2 * FEW)
WATCHED = (
    "sale.order",
    "sale.order.line",
    "stock.move",
    "account.move",
    "account.move.line",
    "account.partial.reconcile",
    "account.payment",
    "crm.lead",
    "res.partner",
)


@tagged("post_install", "-at_install")
class TestCreditPerformance(LedgerCase):
    @contextmanager
    def without_ledger(self):
        """Documents say nothing to the ledger."""
        with ExitStack() as stack:
            for model in WATCHED:
                stack.enter_context(
                    patch.object(
                        self.registry[model],
                        "_mark_credits",
                        lambda self, changed=None: None,
                    )
                )
            yield

    def queries(self, records, change):
        """How many queries one transaction needs for a change of records."""
        self.env.cr.flush()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        change(records)
        self.env.cr.flush()
        return self.env.cr.sql_log_count - before

    def assertCheap(self, prepare, change, model, metric, sizes=SIZES):
        """A change costs at most the budget more, for one document and for many.

        :param prepare: makes a number of documents
        :param metric: what the change is credited as
        """
        # Warm what is cached for good: rights, fields, the ledger's plans.
        change(prepare(2))
        self.env.cr.flush()
        extra = {}
        for size in sizes:
            plain, kept = prepare(size), prepare(size)
            with self.without_ledger():
                without = self.queries(plain, change)
            credited = self.total(metric)
            with_ledger = self.queries(kept, change)
            extra[size] = with_ledger - without
            self.assertGreater(self.total(metric), credited, "the ledger was kept")
        self.assertLessEqual(max(extra.values()), BUDGET, f"{model}: {extra}")

    def quotations(self, count):
        lines = [self._order_line(price) for price in (100.01, 49.99, 10.00)]
        return self.env["sale.order"].create(
            [
                {
                    "partner_id": self.customer.id,
                    "user_id": self.ann.user_id.id,
                    "order_line": [Command.create(line) for line in lines],
                }
                for _ in range(count)
            ]
        )

    def drafts(self, count):
        lines = [self._invoice_line(price) for price in (100.01, 49.99, 10.00)]
        return self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_user_id": self.ann.user_id.id,
                    "invoice_date": "2026-02-02",
                    "invoice_line_ids": [Command.create(line) for line in lines],
                }
                for _ in range(count)
            ]
        )

    def posted(self, count):
        invoices = self.drafts(count)
        invoices.action_post()
        return invoices

    def test_confirm(self):
        self.assertCheap(
            self.quotations,
            lambda orders: orders.action_confirm(),
            "sale.order",
            "ORDERED",
        )

    def test_confirm_split_orders(self):
        def prepare(count):
            orders = self.quotations(count)
            for order in orders:
                self.split(
                    order, (self.ann, 60), (self.bo, 40), overlay=[(self.cy, 10)]
                )
            return orders

        self.assertCheap(
            prepare,
            lambda orders: orders.action_confirm(),
            "sale.order",
            "ORDERED",
            sizes=(1, FEW),
        )

    def test_post(self):
        self.assertCheap(
            self.drafts,
            lambda invoices: invoices.action_post(),
            "account.move",
            "INVOICED",
        )

    def test_pay(self):
        self.assertCheap(
            self.posted,
            lambda invoices: self.pay(invoices, group_payment=False),
            "account.payment",
            "COLLECTED",
        )

    def test_pay_together(self):
        self.assertCheap(
            self.posted,
            lambda invoices: self.pay(invoices),
            "account.payment",
            "COLLECTED",
        )

    def test_nothing_for_what_is_not_credited(self):
        """A change that no credit depends on costs nothing at all."""
        orders = self.quotations(3)
        orders.action_confirm()
        self.env.cr.flush()
        orders.mapped("client_order_ref")
        with self.assertQueryCount(1):
            orders.write({"client_order_ref": "X"})
            self.env.cr.flush()

    def test_quotation(self):
        """A quotation costs nothing extra until it is confirmed."""
        extra = []
        for _round in range(2):
            counts = []
            for ledger in (False, True):
                with ExitStack() as stack:
                    if not ledger:
                        stack.enter_context(self.without_ledger())
                    self.env.cr.flush()
                    self.env.invalidate_all()
                    before = self.env.cr.sql_log_count
                    self.quotations(5)
                    self.env.cr.flush()
                    counts.append(self.env.cr.sql_log_count - before)
            extra.append(counts[1] - counts[0])
        self.assertLessEqual(extra[-1], 1)
