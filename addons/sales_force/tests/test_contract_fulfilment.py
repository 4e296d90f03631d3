"""What is fulfilled of contracts, against a plain count of the documents."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from .contract_common import SCAN
from .ledger_common import Books, LedgerCase

TODAY = date(2026, 7, 2)
FIGURES = ("ordered", "delivered", "invoiced", "collected", "overdue")


def cents(amount):
    return Decimal(str(amount)).quantize(Decimal("0.01"), ROUND_HALF_UP)


class FulfilmentCase(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(f"{TODAY} 12:00:00"))
        books = Books(cls.env, cls.company, sale_tax=cls.sale_tax, things=cls.things)
        cls.tool = books.new_product("Tool", list_price=20)
        cls.goods = books.new_product("Goods", list_price=30)
        cls.category = cls.env["product.category"].create({"name": "Odds"})
        cls.odds = [
            books.new_product(f"Odd {n}", categ_id=cls.category.id, list_price=5 + n)
            for n in range(2)
        ]

    @classmethod
    def contract(cls, *lines, start=True, **values):
        contract = cls.env["sales.contract"].create(
            {
                "partner_id": cls.customer.id,
                "company_id": cls.company.id,
                "user_id": cls.ann.user_id.id,
                "date_start": "2026-01-01",
                "date_end": "2026-12-31",
                "signed_document": SCAN,
                "line_ids": [Command.create(line) for line in lines],
                **values,
            }
        )
        if start:
            contract.action_start()
        return contract

    def call_off(self, contract, *lines, day="2026-02-01", **values):
        """An order under a contract; a line is ``(product, quantity[, unit])``."""
        return self.order(
            [
                {
                    "product_id": product.id,
                    "product_uom_qty": quantity,
                    "product_uom_id": (*unit, product.uom_id)[0].id,
                }
                for product, quantity, *unit in lines
            ],
            day,
            partner=self.customer,
            sales_contract_id=contract.id,
            **values,
        )

    def figures(self, records):
        records.invalidate_recordset()
        return [
            {name: cents(record[f"{name}_amount"]) for name in FIGURES}
            for record in records
        ]


@tagged("post_install", "-at_install")
class TestFulfilment(FulfilmentCase):
    def test_chain(self):
        """Ordered, delivered, invoiced, collected, overdue: less what comes back."""
        contract = self.contract(
            {"product_id": self.tool.id, "quantity": 100, "price_unit": 10}
        )
        order = self.call_off(contract, (self.tool, 40))
        line = contract.line_ids
        self.assertEqual(order.order_line.price_unit, 10)
        order.order_line.qty_delivered = 30
        invoice = self.invoice(order, "2026-03-01", invoice_date_due="2026-03-31")
        self.pay(invoice, 220, "2026-03-20")
        expected = {
            "ordered": 400,
            "delivered": 300,
            "invoiced": 400,
            "collected": 200,
            "overdue": 200,
        }
        self.assertEqual(self.figures(line), [expected])
        self.assertEqual(self.figures(contract), [expected])
        self.assertEqual(
            (line.ordered_quantity, line.delivered_quantity, line.invoiced_quantity),
            (40, 30, 40),
        )
        # Ten come back, and are credited.
        order.order_line.qty_delivered = 20
        note = self.refund(invoice, "2026-04-01")
        note_line = note.invoice_line_ids
        self.assertEqual(note_line.quantity, 40)
        self.assertEqual(
            self.figures(line)[0] | {"overdue": None},
            {**expected, "delivered": 200, "invoiced": 0, "overdue": None},
        )
        order._action_cancel()
        self.assertEqual(self.figures(contract)[0]["ordered"], 0)

    def test_plan(self):
        """A straight line through the year, what it means for the end, and the rest."""
        contract = self.contract(
            {"product_id": self.tool.id, "quantity": 365, "price_unit": 1},
            {"product_id": self.goods.id, "amount": 730, "date_to": "2026-07-01"},
        )
        self.call_off(contract, (self.tool, 61), (self.things, 1))
        tools, goods = contract.line_ids
        # Of 365 days 183 are gone.
        self.assertEqual(tools.expected_quantity, 183)
        self.assertEqual(tools.expected_amount, 183)
        self.assertEqual(goods.expected_amount, 730)
        self.assertEqual(tools.progress, 16.7)
        self.assertEqual(contract.committed_amount, 1095)
        self.assertEqual(tools.projected_end, date(2026, 1, 1) + timedelta(days=1094))
        self.assertFalse(goods.projected_end)
        self.assertEqual(tools.ordered_amount, 61)
        self.assertTrue(tools.is_behind)
        # What is over is not behind any more.
        self.assertFalse(goods.is_behind)
        self.assertTrue(contract.is_behind)
        found = self.env["sales.contract"].search([("is_behind", "=", True)])
        self.assertIn(contract, found)
        self.company.sales_contract_tolerance = 40
        self.env.invalidate_all()
        self.assertFalse(tools.is_behind)

    def test_not_behind(self):
        """What has no last day, or commits nothing, has no plan."""
        line = {"product_id": self.tool.id, "quantity": 100}
        contracts = (
            self.contract(line, date_end=False)
            + self.contract({"product_id": self.tool.id})
            + self.contract(line, start=False)
        )
        self.assertFalse(contracts.filtered("is_behind"))
        found = self.env["sales.contract"].search([("is_behind", "=", False)])
        self.assertLessEqual(contracts, found)

    def test_versions(self):
        """What was ordered before an amendment counts for it."""
        first = self.contract(
            {"product_id": self.tool.id, "quantity": 100, "price_unit": 10},
            {"product_id": self.goods.id, "quantity": 10, "price_unit": 10},
        )
        self.call_off(first, (self.tool, 40), (self.goods, 1))
        second = first.browse(first.action_amend()["res_id"])
        second.line_ids[0].write({"quantity": 200, "price_unit": 9})
        second.line_ids[1].unlink()
        second.signed_document = SCAN
        quotation = self.call_off(first, (self.tool, 5), confirm=False)
        second.action_start()
        self.assertEqual(quotation.sales_contract_id, second)
        self.assertEqual(quotation.order_line.sales_contract_line_id, second.line_ids)
        self.assertEqual(quotation.order_line.price_unit, 10)
        self.confirm(quotation, "2026-06-01")
        line = second.line_ids
        self.assertEqual(line.ordered_quantity, 45)
        self.assertEqual(line.ordered_amount, 450)
        self.assertEqual(second.ordered_amount, 460)
        self.assertEqual(first.line_ids[0].ordered_quantity, 45)
        self.assertEqual(second.order_count, 2)

    def test_terminated(self):
        """Nothing is expected after the end."""
        contract = self.contract({"product_id": self.tool.id, "amount": 365})
        contract.write({"state": "terminated", "terminated_on": "2026-01-31"})
        self.assertEqual(contract.line_ids.expected_amount, 31)
        self.assertFalse(contract.is_behind)

    def test_totals_of_versions(self):
        """Orders, and what is committed, count once in a list of all versions."""
        first = self.contract(
            {"product_id": self.tool.id, "quantity": 100, "price_unit": 10}
        )
        self.call_off(first, (self.tool, 40))
        second = first.browse(first.action_amend()["res_id"])
        both = first + second
        for state in ("draft", "sent", "running", "terminated"):
            with self.subTest(state=state):
                second.signed_document = SCAN
                if state == "sent":
                    second.action_mark_sent()
                elif state == "running":
                    second.action_start()
                elif state == "terminated":
                    second.end_reason = "Moved"
                    second.action_terminate()
                both.invalidate_recordset()
                self.assertEqual(sum(both.mapped("ordered_amount")), 400)
                self.assertEqual(sum(both.mapped("committed_amount")), 1000)

    def test_foreign_currency(self):
        """In the contract's currency, whatever the company's."""
        self.currency("EUR", {"2026-01-01": 2.0, "2026-03-01": 4.0})
        euro = self.env.ref("base.EUR")
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id, "company_id": self.company.id}
        )
        contract = self.contract(
            {"product_id": self.tool.id, "quantity": 100, "price_unit": 10},
            currency_id=euro.id,
        )
        order = self.call_off(contract, (self.tool, 10), pricelist_id=pricelist.id)
        invoice = self.invoice(order, "2026-03-01", invoice_date_due="2026-03-31")
        self.pay(invoice, 55, "2026-03-20", currency_id=euro.id)
        self.assertEqual(
            self.figures(contract),
            [
                {
                    "ordered": 100,
                    "delivered": 0,
                    "invoiced": 100,
                    "collected": 50,
                    "overdue": 50,
                }
            ],
        )

    def test_by_hand(self):
        """In euros, partly by the dozen, with a return and a partial credit note."""
        self.currency("EUR", {"2026-01-01": 2.0, "2026-03-15": 4.0})
        euro, dozen = self.env.ref("base.EUR"), self.env.ref("uom.product_uom_dozen")
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id, "company_id": self.company.id}
        )
        self.tool.write({"type": "consu", "is_storable": True})
        contract = self.contract(
            {"product_id": self.tool.id, "quantity": 100, "price_unit": 10},
            currency_id=euro.id,
        )
        first, second = (
            self.call_off(contract, line, pricelist_id=pricelist.id)
            for line in ((self.tool, 3, dozen), (self.tool, 14))
        )
        self.assertEqual(first.order_line.price_unit, 120)
        # 36 are delivered and 6 come back; 4 of 14.
        self.return_(self.deliver(first), 6)
        self.deliver(second, quantities={second.order_line: 4})
        # 396 with tax, of which 66 are credited and 110 are paid; 154 not due yet.
        invoice = self.invoice(first, "2026-03-01", invoice_date_due="2026-03-31")
        note = self.refund(invoice, "2026-03-10", post=False)
        note.invoice_line_ids.quantity = 0.5
        note.action_post()
        self.pay(invoice, 110, "2026-03-20", currency_id=euro.id)
        self.invoice(second, "2026-06-01", invoice_date_due="2026-09-01")
        expected = {
            "ordered": 360 + 140,
            "delivered": 300 + 40,
            "invoiced": 360 - 60 + 140,
            "collected": 100,
            "overdue": 260 - 60,
        }
        line = contract.line_ids
        self.assertEqual(self.figures(line), [expected])
        self.assertEqual(self.figures(contract), [expected])
        self.assertEqual(
            (line.ordered_quantity, line.delivered_quantity, line.invoiced_quantity),
            (36 + 14, 30 + 4, 30 + 14),
        )
        # 183 of 365 days are gone; half is ordered, so the other half takes as long.
        self.assertEqual(cents(contract.expected_amount), cents(1000 * 183 / 365))
        self.assertEqual(line.expected_quantity, 50.14)
        self.assertEqual((contract.progress, line.progress), (50, 50))
        self.assertEqual(contract.projected_end, date(2027, 1, 1))
        self.assertEqual(line.projected_end, date(2027, 1, 1))
        self.assertFalse(contract.is_behind)

    def test_one_statement(self):
        """As many queries for ten contracts with their lines as for one."""
        contracts = self.env["sales.contract"]
        for _number in range(10):
            contracts += self.contract(
                {"product_id": self.tool.id, "quantity": 10, "price_unit": 1},
                {"product_id": self.goods.id, "amount": 10},
            )
            self.call_off(contracts[-1], (self.tool, 3), (self.goods, 1))
        counts = []
        contracts.mapped("line_ids.progress")  # what is cached for good
        for some in (contracts[:1], contracts):
            self.env.cr.flush()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.mapped("progress")
            some.line_ids.mapped("progress")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_oracle(self):
        """Random contracts and documents, counted one by one."""
        for seed in range(4):
            with self.subTest(seed=seed):
                self._compare(random.Random(seed))

    def _compare(self, chance):
        contracts = self.env["sales.contract"]
        for _number in range(3):
            contracts += self.contract(
                {
                    "product_id": self.tool.id,
                    "quantity": chance.randint(0, 60),
                    "price_unit": chance.choice((7.77, 12.5)),
                    "discount": chance.choice((0, 12.5)),
                },
                {
                    "categ_id": self.category.id,
                    "amount": chance.randint(0, 400),
                    "discount": chance.choice((0, 3)),
                },
                date_end=chance.choice((False, "2026-08-31")),
                amount=chance.choice((0, 999.99)),
            )
        orders = self.env["sale.order"]
        for _number in range(8):
            products = [*self.odds, self.tool, self.goods]
            units = [self.tool.uom_id, self.env.ref("uom.product_uom_dozen")]
            order = self.call_off(
                chance.choice(contracts),
                *(
                    (
                        chance.choice(products),
                        chance.randint(1, 9),
                        chance.choice(units),
                    )
                    for _line in range(chance.randint(1, 4))
                ),
                confirm=chance.random() < 0.9,
            )
            orders += order
            if order.state != "sale":
                continue
            for line in order.order_line:
                line.qty_delivered = chance.randint(0, int(line.product_uom_qty))
            if chance.random() < 0.7:
                due = date(2026, 6, chance.choice((1, 30)))
                due = chance.choice((due, date(2026, 9, 1)))
                invoice = self.invoice(order, "2026-05-01", invoice_date_due=due)
                if chance.random() < 0.6:
                    part = chance.choice((1, 0.37))
                    self.pay(invoice, round(invoice.amount_total * part, 2))
                elif chance.random() < 0.7:
                    note = self.refund(invoice, "2026-05-20", post=False)
                    for line in note.invoice_line_ids:
                        line.quantity = chance.choice((1, line.quantity))
                    note.action_post()
        expected = self._count(contracts, orders)
        for contract in contracts:
            lines = contract.line_ids
            for line, figures in zip(lines, self.figures(lines), strict=True):
                self.assertEqual(figures, expected[line])
                if line.product_id:
                    found = orders.order_line.filtered(
                        lambda one, line=line: (
                            one.sales_contract_line_id == line and one.state == "sale"
                        )
                    )
                    each = [
                        one.product_uom_qty * round(one.product_uom_id.factor)
                        for one in found
                    ]
                    self.assertEqual(line.ordered_quantity, sum(each))
            whole = {
                name: sum(expected[key][name] for key in (*lines, contract))
                for name in FIGURES
            }
            self.assertEqual(self.figures(contract), [whole])
            self._check_plan(contract, whole["ordered"])

    def _check_plan(self, contract, ordered):
        end = contract.date_end
        amount = Decimal(str(contract.amount))
        committed = amount or sum(
            cents(line.committed_amount) for line in contract.line_ids
        )
        self.assertEqual(cents(contract.committed_amount), committed)
        if not end:
            self.assertFalse(contract.expected_amount)
            self.assertFalse(contract.is_behind)
            return
        gone, days = 183, (end - contract.date_start).days + 1
        self.assertEqual(
            cents(contract.expected_amount), cents(committed * gone / days)
        )
        tolerance = Decimal("0.1")
        behind = ordered < committed * (Decimal(gone) / days - tolerance)
        for line in contract.line_ids:
            whole = Decimal(str(line.quantity or line.amount))
            reached = Decimal(
                str(line.ordered_quantity if line.quantity else line.ordered_amount)
            )
            late = reached < whole * (Decimal(gone) / days - tolerance)
            self.assertEqual(line.is_behind, late)
            behind |= late
        self.assertEqual(contract.is_behind, behind)

    def _count(self, contracts, orders):
        """What each line, and each contract beside its lines, comes to."""
        sums = defaultdict(lambda: dict.fromkeys(FIGURES, Decimal(0)))
        for order in orders.filtered(lambda one: one.state == "sale"):
            for line in order.order_line:
                found = sums[line.sales_contract_line_id or order.sales_contract_id]
                price = Decimal(str(line.price_subtotal)) / Decimal(
                    str(line.product_uom_qty)
                )
                found["ordered"] += Decimal(str(line.price_subtotal))
                found["delivered"] += price * Decimal(str(line.qty_delivered))
                for bill in line.invoice_lines:
                    move = bill.move_id
                    net = Decimal(str(bill.price_subtotal))
                    sign = -1 if move.move_type == "out_refund" else 1
                    found["invoiced"] += net * sign
                    for credit in self.credits("COLLECTED_NET", part=bill.id):
                        found["collected"] += Decimal(str(credit.value))
                    for term in move.line_ids:
                        if term.display_type == "payment_term" and (
                            term.date_maturity < TODAY or term.amount_residual < 0
                        ):
                            open_ = Decimal(str(term.amount_residual))
                            total = Decimal(str(move.amount_total))
                            found["overdue"] += open_ * net / total
        return defaultdict(
            lambda: dict.fromkeys(FIGURES, Decimal(0)),
            {
                key: {name: cents(value) for name, value in found.items()}
                for key, found in sums.items()
            },
        )
