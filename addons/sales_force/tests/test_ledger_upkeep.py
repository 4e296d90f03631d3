"""The ledger is kept with little work, and what refers to it stays."""

from datetime import date
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ..ledger import few
from .ledger_common import LedgerCase


@tagged("post_install", "-at_install")
class TestLedgerUpkeep(LedgerCase):
    @property
    def user(self):
        return self.ann.user_id

    def _derived(self):
        """The sources that are derived at the next processing, with their scopes."""
        seen = {}
        merge, derive = few.merge, type(self.env["sales.credit"])._derive

        def merge_few(env, scopes, metrics):
            for source, scope in scopes:
                rows = env.execute_query(scope)
                seen.setdefault(source.code, ["few", 0])[1] += len(rows)
            return merge(env, scopes, metrics)

        def derive_set(credit, source, scope):
            rows = credit.env.execute_query(scope)
            seen.setdefault(source.code, ["set", 0])[1] += len(rows)
            return derive(credit, source, scope)

        with (
            patch.object(few, "merge", merge_few),
            patch.object(type(self.env["sales.credit"]), "_derive", derive_set),
        ):
            self.env["sales.credit"]._process_pending()
        return seen

    def test_links_to_credits_stay(self):
        """A changed credit is the same row, however many documents change."""
        order = self.order([100], partner=self.customer, user=self.user)
        credit = self.credits("ORDERED")
        self.env.cr.execute(
            SQL(
                """CREATE TABLE sales_credit_link (credit_id integer
                REFERENCES sales_credit ON DELETE SET NULL);
                INSERT INTO sales_credit_link VALUES (%s)""",
                credit.id,
            )
        )
        order.order_line.price_unit = 300
        self.assertEqual(self.credits("ORDERED").mapped("value"), [300.0])
        linked = self.env.execute_query(SQL("SELECT credit_id FROM sales_credit_link"))
        self.assertEqual(linked, [(credit.id,)])

    def test_delivered_goes_with_its_order(self):
        product = self.new_product("Egg", type="consu", is_storable=True)
        line = {"product_id": product.id, "product_uom_qty": 2, "price_unit": 10}
        order = self.order([line], partner=self.customer, user=self.user)
        self.deliver(order)
        self.assertEqual(self.total("DELIVERED"), 20.0)
        order._action_cancel()
        order.unlink()
        self.assertEqual(self.total("DELIVERED"), 0.0)
        self.assertLedger()

    def test_delivery_of_another_order(self):
        product = self.new_product("Egg", type="consu", is_storable=True)
        line = {"product_id": product.id, "product_uom_qty": 2, "price_unit": 10}
        orders = [
            self.order([line], partner=self.customer, user=rep.user_id)
            for rep in (self.ann, self.bo)
        ]
        self.deliver(orders[0])
        orders[0].picking_ids.move_ids.sale_line_id = orders[1].order_line
        self.assertCredits("DELIVERED", {self.bo: 20.0})
        self.assertLedger()

    def test_netted_bill_is_no_cash(self):
        """The bank pays 60: 100 of the customer less 40 for a bill of theirs."""
        invoice = self.invoice(
            [{"price_unit": 100, "tax_ids": False}],
            partner=self.customer,
            user=self.user,
        )
        bank = self.journal("bank")
        entry = self.entry(
            [
                (bank.default_account_id, 60, self.customer),
                (self.account("liability_payable"), 40, self.customer),
                (self.receivables(invoice).account_id, -100, self.customer),
            ]
        )
        self.reconcile(invoice, entry)
        self.assertEqual(self.total("COLLECTED"), 60.0)
        self.assertEqual(self.total("RECEIPTS"), 60.0)
        self.assertLedger()

    def test_new_owner(self):
        """Only receipts depend on whose the customer is."""
        self.order([100], partner=self.customer, user=self.user)
        invoice = self.invoice([100], partner=self.customer, user=self.user)
        self.pay(invoice)
        self.env["sales.credit"]._process_pending()
        self.customer.user_id = self.bo.user_id
        self.assertEqual(set(self._derived()), {"receipt"})
        self.assertLedger()

    def test_all_of_a_customer(self):
        """What may be any number of documents is derived as a set."""
        for _ in range(3):
            self.order([100], partner=self.customer, user=self.user)
        self.env["sales.credit"]._process_pending()
        self.env["sales.credit"]._mark_partners(self.customer.ids)
        derived = self._derived()
        self.assertEqual(derived["order"], ["set", 3])

    def test_names_of_documents(self):
        """As many queries for the credits of twenty documents as for five."""

        def count(number):
            orders = [
                self.order([1], partner=self.customer, user=self.user)
                for _ in range(number)
            ]
            lines = [order.order_line.id for order in orders]
            credits = self.credits("ORDERED").filtered(lambda c: c.res_id in lines)
            self.assertEqual(len(credits), number)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            credits.mapped("document_name")
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertEqual(count(5), count(20))

    def test_read_in_a_savepoint_that_is_rolled_back(self):
        """What was derived for a reader is derived again for the commit."""
        order = self.order([100], partner=self.customer, user=self.user, confirm=False)
        self.env.cr.flush()
        order.action_confirm()
        self.env.flush_all()
        savepoint = self.env.cr.savepoint(flush=False)
        with savepoint:
            self.assertEqual(self.total("ORDERED"), 100.0)
            savepoint.rollback()
        self.env.invalidate_all()
        self.assertFalse(self.credits("ORDERED"))
        self.env.cr.flush()
        self.assertEqual(self.total("ORDERED"), 100.0)

    def test_which_metrics(self):
        """Not who asks first decides, and a ratio is not credited."""
        lost = self.env.ref("sales_force.sales_metric_lost")
        lost.active = False
        metrics = self.env["sales.metric"].with_context(active_test=False)
        self.assertNotIn("LOST", metrics._ids_by_code())
        margin = self.env.ref("sales_force.sales_metric_margin")
        self.assertIn("MARGIN", metrics._ids_by_code())
        margin.write(
            {
                "kind": "ratio",
                "numerator_id": self.env.ref("sales_force.sales_metric_invoiced").id,
                "denominator_id": self.env.ref("sales_force.sales_metric_ordered").id,
            }
        )
        self.assertNotIn("MARGIN", metrics._ids_by_code())

    def test_copy_without_lines(self):
        """A debit note takes what it can of a split."""
        invoice = self.invoice([100], partner=self.customer, user=self.user)
        self.split(invoice, (self.bo, 100), line=invoice.invoice_line_ids)
        copy = invoice.copy({"line_ids": [Command.clear()], "date": date.today()})
        self.assertFalse(copy.sales_split_ids)

    def test_same_timezone(self):
        """Another calendar in the same timezone moves no date."""
        calendar = self.company.resource_calendar_id.copy()
        self.env["sales.credit"]._process_pending()
        self.company.resource_calendar_id = calendar
        pending = self.env["sales.credit"]._pending()
        self.assertFalse(pending["*"]["id"])
        calendar.tz = "Pacific/Auckland"
        self.assertTrue(pending["*"]["id"])
