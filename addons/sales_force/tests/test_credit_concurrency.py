"""Two transactions at once neither lose nor double a credit.

With real cursors and commits. Each pair of changes meets in three ways: either one
works on what it saw before the other committed, and both work side by side until both
have derived their credits. Odoo repeats what PostgreSQL refuses to serialize; after
that the ledger must be what the documents say.
"""

import threading
import time
from contextlib import contextmanager
from unittest.mock import patch

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.service import model as service_model
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from .ledger_common import Books

# How long the one that is first waits for one that may be blocked by it.
PATIENCE = 0.7
NAME = "ledger concurrency"


@tagged("post_install", "-at_install")
class TestCreditConcurrency(BaseCase):
    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.startPatcher(patch.object(service_model.time, "sleep"))
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self.books() as books:
            if not books.journal("sale") or not books.journal("bank"):
                self.skipTest("The first company has no chart of accounts.")
            books.sale_tax = books.new_tax(10.0, name=NAME)
            books.things = books.new_product(NAME)
            self.shared = {"sale_tax": books.sale_tax.id, "things": books.things.id}
            self.team = books.new_team(NAME).id
            self.reps = [
                books.new_rep(f"{NAME} {name}".replace(" ", "_")).id
                for name in ("ann", "bo")
            ]
            self.customer = books.new_customer(NAME).id
            # What others left behind in a kept database is not at issue.
            books.env["sales.credit"].rebuild()

    @contextmanager
    def books(self):
        """A transaction of its own, committed at the end."""
        with self.registry.cursor() as cr:
            yield self.books_of(cr)

    def books_of(self, cr):
        env = api.Environment(
            cr,
            SUPERUSER_ID,
            {"tracking_disable": True, "no_reset_password": True, "mail_notrack": True},
        )
        shared = getattr(self, "shared", {})
        books = Books(
            env,
            env.ref("base.main_company"),
            sale_tax=env["account.tax"].browse(shared.get("sale_tax"))
            or env["account.tax"].search([("name", "=", NAME)], limit=1),
            things=env["product.product"].browse(shared.get("things")),
        )
        books.ann, books.bo = (
            (env["sales.rep"].browse(id_) for id_ in self.reps)
            if hasattr(self, "reps")
            else (None, None)
        )
        books.customer = env["res.partner"].browse(getattr(self, "customer", False))
        return books

    def _remove(self):
        with self.books() as books, mute_logger("odoo.models.unlink"):
            env = books.env(context={**books.env.context, "active_test": False})
            customers = env["res.partner"].search([("name", "=", NAME)])
            for wizard in ("account.payment.register", "base.partner.merge.line"):
                env[wizard].search([]).unlink()
            payments = env["account.payment"].search(
                [("partner_id", "in", customers.ids)]
            )
            payments.action_draft()
            payments.unlink()
            moves = env["account.move"].search([("partner_id", "in", customers.ids)])
            moves.line_ids.remove_move_reconcile()
            moves.filtered(lambda m: m.state != "draft").button_draft()
            moves.with_context(force_delete=True).unlink()
            orders = env["sale.order"].search([("partner_id", "in", customers.ids)])
            orders.filtered(lambda o: o.state != "cancel")._action_cancel()
            orders.unlink()
            users = env["res.users"].search([("login", "like", "ledger_concurrency%")])
            env.cr.flush()
            reps = users.sales_rep_ids
            reps.unlink()
            people = users.partner_id
            customers.user_id = False
            users.unlink()
            (customers + people).unlink()
            products = env["product.product"].search([("name", "=", NAME)])
            products.product_tmpl_id.unlink()
            env["account.tax"].search([("name", "=", NAME)]).unlink()
            env["crm.team"].search([("name", "=", NAME)]).unlink()
            env["sales.territory"].search([("name", "=", NAME)]).unlink()

    # Two at once

    def run_one(self, change, before=None, after=None):
        """Run a change as a request does; hooks of its first attempt."""
        attempts = []
        with self.registry.cursor() as cr:
            books = self.books_of(cr)

            def attempt():
                attempts.append(1)
                cr.execute("SELECT 1")  # from here on it sees nothing newer
                first = len(attempts) == 1
                if first and before:
                    before()
                change(self.books_of(cr))
                cr.flush()
                if first and after:
                    after()

            with mute_logger("odoo.sql_db", "odoo.service.model"):
                retrying(attempt, books.env)
        return len(attempts)

    def late(self, first, second):
        """The second began before the first, and goes on after its commit."""
        self.run_one(second, before=lambda: self.run_one(first))

    def side_by_side(self, first, second):
        """Both have derived their credits when the first of them commits."""
        begin, meet = threading.Barrier(2), threading.Barrier(2)
        errors = []

        def wait():
            try:
                meet.wait(PATIENCE)
            except threading.BrokenBarrierError:
                pass  # the other one waits for this one's locks

        def run(change):
            try:
                self.run_one(change, before=lambda: begin.wait(10), after=wait)
            except Exception as error:  # noqa: BLE001 shown by the main thread
                errors.append(error)

        threads = [threading.Thread(target=run, args=(c,)) for c in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertFalse(any(thread.is_alive() for thread in threads), "deadlock")
        if errors:
            raise errors[0]

    def assertRight(self, message):
        with self.books() as books:
            wrong = books.differences()
            self.assertFalse(wrong, message + "\n" + "\n".join(wrong[:20]))
            counts = books.env["sales.credit"].rebuild()
            self.assertFalse(any(counts.values()), message)

    def assertSerializable(self, prepare, one, other, known=False):
        """However two changes of what was prepared meet, the ledger is right.

        :param prepare: makes documents; what it returns the changes get as well
        :param known: the ledger may be behind until it is rebuilt
        """
        for way, meeting in (
            ("the other late", lambda a, b: self.late(a, b)),
            ("the one late", lambda a, b: self.late(b, a)),
            ("side by side", lambda a, b: self.side_by_side(a, b)),
        ):
            with self.books() as books:
                document = prepare(books)
            with self.subTest(way):
                meeting(
                    lambda books, id_=document.id, model=document._name: one(
                        books, books.env[model].browse(id_)
                    ),
                    lambda books, id_=document.id, model=document._name: other(
                        books, books.env[model].browse(id_)
                    ),
                )
                if known:
                    with self.books() as books:
                        books.env["sales.credit"].rebuild()
                self.assertRight(way)

    # What can be prepared and changed

    @staticmethod
    def quotation(books):
        order = books.order(
            [100.01, 49.99],
            partner=books.customer,
            user=books.ann.user_id,
            confirm=False,
        )
        books.split(order, (books.ann, 60), (books.bo, 40))
        return order

    @classmethod
    def sale(cls, books):
        return books.confirm(cls.quotation(books), "2026-01-30")

    @staticmethod
    def bill(books):
        return books.invoice(
            [100.01, 49.99], partner=books.customer, user=books.ann.user_id
        )

    @staticmethod
    def resplit(books, order):
        books.split(order, (books.ann, 25), (books.bo, 75))

    # Orders

    def test_confirm_and_split(self):
        self.assertSerializable(
            self.quotation, lambda books, order: books.confirm(order), self.resplit
        )

    def test_confirm_and_salesperson(self):
        self.assertSerializable(
            self.quotation,
            lambda books, order: books.confirm(order),
            lambda books, order: order.write({"user_id": books.bo.user_id.id}),
        )

    def test_cancel_and_split(self):
        self.assertSerializable(
            self.sale, lambda books, order: order._action_cancel(), self.resplit
        )

    def test_line_and_split(self):
        self.assertSerializable(
            self.sale,
            lambda books, order: order.order_line[0].write({"price_unit": 77.77}),
            self.resplit,
        )

    def test_two_lines(self):
        self.assertSerializable(
            self.sale,
            lambda books, order: order.order_line[0].write({"price_unit": 77.77}),
            lambda books, order: order.order_line[1].write({"price_unit": 11.11}),
        )

    def test_two_splits(self):
        """The one who comes second sees the other's shares, and may be refused."""
        self.assertSerializable(
            self.sale,
            lambda books, order: books.split(order, (books.ann, 100)),
            lambda books, order: books.split(order, (books.bo, 100)),
        )

    def test_two_first_orders(self):
        """A customer is new once."""

        def orders(books):
            customer = books.new_customer("ledger concurrency")
            return customer

        def order(day, rep):
            return lambda books, customer: books.order(
                [10], day, partner=customer, user=getattr(books, rep).user_id
            )

        self.assertSerializable(
            orders, order("2026-01-10", "ann"), order("2026-01-05", "bo")
        )

    def test_first_order_cancelled_while_another_is_confirmed(self):
        def prepare(books):
            customer = books.new_customer("ledger concurrency")
            books.order([10], "2026-01-10", partner=customer, user=books.ann.user_id)
            books.order([10], "2026-01-20", partner=customer, confirm=False)
            return customer

        self.assertSerializable(
            prepare,
            lambda books, customer: customer.sale_order_ids.filtered(
                lambda o: o.state == "sale"
            )._action_cancel(),
            lambda books, customer: customer.sale_order_ids.filtered(
                lambda o: o.state == "draft"
            ).action_confirm(),
        )

    # Invoices

    def invoice_draft(self, books):
        return self.sale(books)._create_invoices()

    def invoice_posted(self, books):
        return books.invoice(self.sale(books))

    @staticmethod
    def order_of(invoice):
        return invoice.invoice_line_ids.sale_line_ids.order_id

    def test_post_and_split_of_the_order(self):
        self.assertSerializable(
            self.invoice_draft,
            lambda books, invoice: invoice.action_post(),
            lambda books, invoice: self.resplit(books, self.order_of(invoice)),
        )

    def test_create_invoice_and_split_of_the_order(self):
        self.assertSerializable(
            self.sale, lambda books, order: books.invoice(order), self.resplit
        )

    def test_post_and_split_of_the_invoice(self):
        self.assertSerializable(
            self.invoice_draft,
            lambda books, invoice: invoice.action_post(),
            self.resplit,
        )

    def test_post_and_channel_of_the_order(self):
        def channel(books, invoice):
            order = self.order_of(invoice)
            channels = books.env["sales.channel"].search([])
            order.sales_channel_id = (channels - order.sales_channel_id)[0]

        self.assertSerializable(
            self.invoice_draft, lambda books, invoice: invoice.action_post(), channel
        )

    def test_reset_and_split(self):
        self.assertSerializable(
            self.invoice_posted,
            lambda books, invoice: invoice.button_draft(),
            self.resplit,
        )

    # Money

    def test_pay_and_salesperson(self):
        self.assertSerializable(
            self.bill,
            lambda books, invoice: books.pay(invoice, 100),
            lambda books, invoice: invoice.write(
                {"invoice_user_id": books.bo.user_id.id}
            ),
        )

    def test_pay_and_split_of_the_order(self):
        self.assertSerializable(
            self.invoice_posted,
            lambda books, invoice: books.pay(invoice, 100),
            lambda books, invoice: self.resplit(books, self.order_of(invoice)),
        )

    def test_pay_and_split_of_the_invoice(self):
        self.assertSerializable(
            self.invoice_posted,
            lambda books, invoice: books.pay(invoice, 100),
            self.resplit,
        )

    def test_two_payments(self):
        self.assertSerializable(
            self.bill,
            lambda books, invoice: books.pay(invoice, 33.33, "2026-02-10"),
            lambda books, invoice: books.pay(invoice, 44.44, "2026-02-08"),
        )

    def test_unreconcile_and_pay(self):
        def prepare(books):
            invoice = self.bill(books)
            books.pay(invoice, 50)
            return invoice

        self.assertSerializable(
            prepare,
            lambda books, invoice: books.unreconcile(invoice),
            lambda books, invoice: books.pay(invoice, 44.44, "2026-02-08"),
        )

    def test_pay_and_owner_of_the_customer(self):
        self.assertSerializable(
            lambda books: books.new_customer("ledger concurrency"),
            lambda books, customer: books.payment(20, customer, "2026-02-10"),
            lambda books, customer: customer.write({"user_id": books.bo.user_id.id}),
        )

    # The organisation: documents do not wait for it. Who confirms while somebody else
    # changes it may be credited by what was before; rebuilding puts that right.

    def test_post_and_move_of_the_rep(self):
        """The rep goes to another team while an invoice of his is posted."""
        days = iter(range(1, 28))

        def prepare(books):
            self.moved_on = f"2025-12-{next(days):02}"
            return books.invoice(
                [100], partner=books.customer, user=books.ann.user_id, post=False
            )

        self.assertSerializable(
            prepare,
            lambda books, invoice: invoice.action_post(),
            lambda books, invoice: books.assign(
                books.ann,
                self.moved_on,
                team_id=books.env["crm.team"].browse(self.team),
            ),
            known=True,
        )

    def test_confirm_and_territory_of_the_customer(self):
        def prepare(books):
            return books.order(
                [10],
                partner=books.new_customer("ledger concurrency"),
                user=books.ann.user_id,
                confirm=False,
            )

        def territory(books, order):
            order.partner_id.sales_territory_id = books.new_territory(NAME)

        self.assertSerializable(
            prepare, lambda books, order: books.confirm(order), territory, known=True
        )

    def test_confirm_and_new_rep(self):
        """A salesperson becomes a rep while an order of his is confirmed."""
        numbers = iter(range(10))

        def prepare(books):
            user = books.new_user(f"ledger_concurrency_{next(numbers)}")
            return books.order([10], partner=books.customer, user=user, confirm=False)

        self.assertSerializable(
            prepare,
            lambda books, order: books.confirm(order),
            lambda books, order: books.new_rep("", user=order.user_id),
            known=True,
        )

    # Rebuilding

    def test_rebuild_and_post(self):
        self.assertSerializable(
            self.invoice_draft,
            lambda books, invoice: invoice.action_post(),
            lambda books, invoice: books.env["sales.credit"].rebuild(),
        )

    def test_rebuild_and_confirm(self):
        self.assertSerializable(
            self.quotation,
            lambda books, order: books.confirm(order),
            lambda books, order: books.env["sales.credit"].rebuild(),
        )

    def test_rebuild_and_pay(self):
        self.assertSerializable(
            self.bill,
            lambda books, invoice: books.pay(invoice, 100),
            lambda books, invoice: books.env["sales.credit"].rebuild(),
        )

    def test_rebuild_and_cancel(self):
        self.assertSerializable(
            self.sale,
            lambda books, order: order._action_cancel(),
            lambda books, order: books.env["sales.credit"].rebuild(),
        )

    def test_two_rebuilds(self):
        def spoil(books):
            order = self.sale(books)
            books.env.cr.flush()
            return order

        def rebuild(books, order):
            books.env.cr.execute(
                "DELETE FROM sales_credit WHERE source = 'order' AND scope_id = %s",
                [order.id],
            )
            books.env["sales.credit"].rebuild()

        self.assertSerializable(spoil, rebuild, rebuild)

    # Faults

    def snapshot(self):
        with self.registry.cursor() as cr:
            cr.execute("SELECT to_jsonb(c) FROM sales_credit c ORDER BY id")
            return cr.fetchall()

    def test_crash_half_way(self):
        """What does not commit leaves nothing, neither before nor after deriving."""
        with self.books() as books:
            order = self.quotation(books)
        before = self.snapshot()
        for derived in (False, True):
            with self.assertRaises(ZeroDivisionError), self.books() as books:
                books.confirm(books.env["sale.order"].browse(order.id))
                if derived:
                    books.env.cr.flush()
                    self.assertEqual(books.total("ORDERS", res_id=order.id), 1.0)
                raise ZeroDivisionError
            self.assertEqual(self.snapshot(), before)
        self.assertRight("after two crashes")

    def test_crash_while_deriving(self):
        """No credits, no confirmation: the transaction is one."""
        with self.books() as books:
            order = self.quotation(books)
        before = self.snapshot()
        credit = self.registry["sales.credit"]
        with (
            patch.object(credit, "_get_sources", side_effect=ZeroDivisionError),
            self.assertRaises(ZeroDivisionError),
            self.books() as books,
        ):
            books.confirm(books.env["sale.order"].browse(order.id))
        self.assertEqual(self.snapshot(), before)
        with self.books() as books:
            self.assertEqual(books.env["sale.order"].browse(order.id).state, "draft")
        self.assertRight("after a crash")

    def test_connection_lost(self):
        """The server ends the connection before the commit."""
        with self.books() as books:
            order = self.quotation(books)
        before = self.snapshot()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.Error),
            self.books() as books,
        ):
            books.confirm(books.env["sale.order"].browse(order.id))
            books.env.cr.flush()
            books.env.cr.execute("SELECT pg_backend_pid()")
            (pid,) = books.env.cr.fetchone()
            with self.registry.cursor() as cr:
                cr.execute("SELECT pg_terminate_backend(%s)", [pid])
            time.sleep(0.1)
            books.env.cr.execute("SELECT 1")
        self.assertEqual(self.snapshot(), before)
        self.assertRight("after a lost connection")

    def test_rollback_and_go_on(self):
        """Marks of what was rolled back are not processed with what follows."""
        with self.books() as books:
            order, other = self.quotation(books), self.quotation(books)
        with self.books() as books:
            books.confirm(books.env["sale.order"].browse(order.id))
            books.env.cr.rollback()
            books.env.invalidate_all()
            books.confirm(books.env["sale.order"].browse(other.id))
        with self.books() as books:
            self.assertEqual(books.total("ORDERS", res_id=other.id), 1.0)
            self.assertFalse(books.credits("ORDERS", res_id=order.id))
        self.assertRight("after a rollback")
