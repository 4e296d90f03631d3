"""Promises to pay: what becomes of them by the payments alone, and whose they are."""

from contextlib import contextmanager
from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .collection_common import CollectionCase
from .ledger_common import new_company


@tagged("post_install", "-at_install")
class TestPaymentPromise(CollectionCase):
    @contextmanager
    def in_days(self, days):
        self.env.flush_all()
        self.env.invalidate_all()
        with freeze_time(f"{self.today + timedelta(days=days)} 09:00:00"):
            yield
        self.env.invalidate_all()

    def test_kept(self):
        promise = self.promise(self.bill(10))
        self.assertEqual((promise.status, promise.paid), ("open", 0))
        self.assertEqual(promise.grace_days, 3)
        self.pay(self.bill(10))
        self.assertEqual(promise.status, "open", "another item was paid")
        self.pay(promise.sudo().line_ids.line_id.move_id)
        self.assertEqual((promise.status, promise.paid), ("kept", 100))
        with self.in_days(100):
            self.assertEqual(promise.status, "kept")

    def test_broken(self):
        """The grace's last day counts, by the date of the payment."""
        invoice = self.bill(10)
        promise = self.promise(invoice)
        with self.in_days(8):
            self.assertEqual(promise.status, "open")
        with self.in_days(9):
            self.assertEqual(promise.status, "broken")
        with self.in_days(9):
            payment = self.pay(invoice, days=-8)
            self.assertEqual(promise.status, "kept", "money of the last day")
            payment.action_draft()
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(promise.status, "broken")
            payment.action_cancel()
            self.pay(invoice, days=-9)
            self.assertEqual((promise.status, promise.paid), ("broken", 0))

    def test_in_part(self):
        invoice = self.bill(10)
        promise = self.promise(invoice, 60)
        self.pay(invoice, 59.99)
        self.assertEqual((promise.status, promise.paid), ("open", 59.99))
        self.pay(invoice, 0.01)
        self.assertEqual(promise.status, "kept")

    def test_only_cash(self):
        """A credit note, and what was paid before, keep no promise."""
        invoice = self.bill(10)
        self.pay(invoice, 30)
        promise = self.promise(invoice, 50)
        self.assertEqual((promise.cash_before, promise.paid), (30, 0))
        note = self.books.refund(invoice.with_env(self.books.env), self.today)
        self.books.reconcile(invoice.with_env(self.books.env), note)
        self.env.invalidate_all()
        self.assertEqual((promise.status, promise.paid), ("open", 0))

    def test_matched_anew(self):
        """Unmatching and matching the same money changes nothing."""
        invoice = self.bill(10)
        before = self.pay(invoice, 30, days=3)
        promise = self.promise(invoice, 50)
        self.unmatch(invoice)
        books = self.books.env
        self.books.reconcile(invoice.with_env(books), before.with_env(books))
        self.env.invalidate_all()
        self.assertEqual(promise.paid, 0)

    def test_money_that_was_there(self):
        """A payment that waited to be matched keeps it."""
        invoice = self.bill(10)
        payment = self.books.payment(100, self.own, self.day(2))
        promise = self.promise(invoice)
        self.assertEqual(promise.status, "open")
        self.books.reconcile(invoice.with_env(self.books.env), payment)
        self.env.invalidate_all()
        self.assertEqual(promise.status, "kept")

    def test_currencies(self):
        """In the items' currency; of several, in the company's at their rates."""
        euro = self.books.currency("EUR", {self.day(400): 0.5, self.day(5): 0.8})
        foreign = self.bill(10, amount=80, currency_id=euro.id)
        promise = self.promise(foreign, 80)
        self.assertEqual(promise.currency_id, euro)
        both = self.env["sales.payment.promise"].create(
            {
                "partner_id": self.own.id,
                "item_ids": [(6, 0, self.item(foreign, self.bill(10)).ids)],
                "amount": 260,
                "date": self.day(-5),
            }
        )
        self.assertEqual(both.currency_id, self.company.currency_id)
        self.pay(foreign)
        self.assertEqual((promise.status, promise.paid), ("kept", 80))
        self.assertEqual((both.status, both.paid), ("open", 160))

    def test_search_and_rates(self):
        rep = self.users["rep"]
        paid = self.bill(10)
        kept, open_ = self.promise(paid), self.promise(self.bill(10))
        broken = self.promise(self.bill(10), days=0)
        taken = self.promise(self.bill(10), days=0, user=self.users["leader"])
        self.pay(paid)
        with self.in_days(4):
            promises = self.env["sales.payment.promise"].with_user(rep)
            for status, expected in (
                ("kept", kept),
                ("open", open_),
                ("broken", broken + taken.with_user(rep)),
                ("withdrawn", promises),
            ):
                found = promises.search([("status", "=", status)])
                self.assertEqual(found, expected, status)
            report = self.env["sales.payment.promise.report"].with_user(rep)
            rates = {
                user: values
                for user, *values in report._read_group(
                    [], ["taken_by_id"], ["kept_rate:avg", "broken_rate:avg"]
                )
            }
        self.assertEqual(rates[rep.with_user(rep)], [50, 50])
        self.assertEqual(rates[self.users["leader"].with_user(rep)], [0, 100])

    def test_stays_as_said(self):
        promise = self.promise(self.bill(10))
        for vals in (
            {"amount": 1},
            {"date": self.day(-50)},
            {"partner_id": self.customers["peer"].id},
            {"cash_before": -100},
            {"grace_days": 1000},
            {"made_on": self.day(100)},
            {"item_ids": [(6, 0, self.item(self.bill(5)).ids)]},
            {"line_ids": [(5,)]},
        ):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                promise.write(vals)
        with self.assertRaises(UserError):
            promise.unlink()
        promise.note = "Said Ms Li"

    def test_withdraw(self):
        invoice = self.bill(10)
        promise = self.promise(invoice)
        promise.action_withdraw()
        self.assertEqual(promise.status, "withdrawn")
        kept = self.promise(invoice)
        self.pay(invoice)
        with self.assertRaises(UserError):
            kept.action_withdraw()

    def test_refused(self):
        invoice, strange = self.bill(10), self.bill(10, self.customers["peer"])
        with self.assertRaises(ValidationError):
            self.promise(invoice, 100.01)
        with self.assertRaises(ValidationError):
            self.promise(invoice, days=1)
        with self.assertRaises(AccessError):
            self.promise(strange)
        # Another's item under the own customer's name.
        promises = self.env["sales.payment.promise"].with_user(self.users["rep"])
        values = {"partner_id": self.own.id, "amount": 1, "date": self.day(-1)}
        with self.assertRaises(AccessError):
            promises.create({**values, "item_ids": [(6, 0, self.item(strange).ids)]})
        with self.assertRaises(UserError):
            (self.item(invoice) + self.item(strange)).action_promise()
        self.pay(invoice)
        with self.assertRaises(UserError):
            promises.create(values)

    def test_without_items(self):
        """Who says nothing of the items means those that are overdue."""
        self.bill(10)
        self.bill(-10)
        promise = self.env["sales.payment.promise"].with_user(self.users["rep"])
        promise = promise.create(
            {"partner_id": self.own.id, "amount": 100, "date": self.day(-5)}
        )
        self.assertEqual(promise.line_ids.mapped("amount"), [100])

    def test_of_another_company(self):
        """It is made on the day of its company, and with the grace given there."""
        company = new_company(self.env, "Third", "EUR")
        company.resource_calendar_id.tz = "Pacific/Kiritimati"
        self.company.resource_calendar_id.tz = "Pacific/Pago_Pago"
        self.company.sales_promise_grace_days = 3
        company.sales_promise_grace_days = 9
        rep = self.users["rep"]
        rep.company_ids += company
        self._rep(rep, company=company)
        invoice = self._invoice(partner=self.own, company=company)
        invoice.action_post()
        both = {"allowed_company_ids": (self.company + company).ids}
        values = {
            "partner_id": self.own.id,
            "company_id": company.id,
            "item_ids": [
                (
                    6,
                    0,
                    self.items.with_context(**both)
                    .search(
                        [
                            ("company_id", "=", company.id),
                            ("partner_id", "=", self.own.id),
                        ]
                    )
                    .ids,
                )
            ],
        }
        reason = self.env.ref("sales_force.sales_dispute_reason_quality")
        today = company._get_sales_today()
        self.assertNotEqual(today, self.company._get_sales_today())
        promises = self.env["sales.payment.promise"].with_user(rep)
        promise = promises.with_context(**both).create(
            {**values, "amount": 1, "date": today}
        )
        self.assertEqual((promise.made_on, promise.grace_days), (today, 9))
        self.assertEqual(promise.deadline, today + timedelta(days=9))
        company.sales_promise_grace_days = 1
        self.assertEqual(promise.grace_days, 9)
        # What the system brings of the past was made then.
        past = promises.sudo().create(
            {**values, "amount": 1, "date": self.day(20), "made_on": self.day(25)}
        )
        self.assertEqual((past.made_on, past.grace_days), (self.day(25), 1))
        disputes = self.env["sales.dispute"].with_user(rep)
        dispute = disputes.with_context(**both).create(
            {**values, "reason_id": reason.id, "description": "Late"}
        )
        self.assertEqual(dispute.opened_on, today)

    def test_form(self):
        """From the list, as the rep."""
        item = self.item(self.bill(10)).with_user(self.users["rep"])
        action = item.action_promise()
        promises = self.env[action["res_model"]].with_user(self.users["rep"])
        with Form(promises.with_context(**action["context"])) as form:
            self.assertEqual(form.amount, 100)
            form.date = self.day(-2)
        promise = form.record
        self.assertEqual(promise.item_ids, item)
        self.assertEqual(promise.line_ids.document_name, item.document_name)
        self.assertEqual(item.promised_on, self.day(-2))
        self.assertIn(self.own.name, promise.display_name)

    def test_flat_queries(self):
        counts = []
        for more in (1, 10):
            for _number in range(more):
                self.promise(self.bill(10))
            promises = self.env["sales.payment.promise"].search(
                [("partner_id", "=", self.own.id)]
            )
            promises.mapped("status")
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            promises.mapped("status")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
