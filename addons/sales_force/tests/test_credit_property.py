"""Whatever happens to the documents, the ledger is what the documents say.

Random but repeatable sequences of what people do in a company. After each step the
ledger is compared with the oracle, key by key and value by value, and a rebuild must
find nothing to change. A sequence that fails is made shorter and printed.

``SALES_SEED`` and ``SALES_STEPS`` in the environment choose another sequence.
"""

import logging
import os
import time
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .ledger_common import Books, LedgerCase, new_company
from .oracle import SALE_TYPES, Oracle, fraction

_logger = logging.getLogger(__name__)

# Seconds that may be spent on making a failing sequence shorter.
SHRINK_SECONDS = 120


class Actors:
    """People and things of one company, and what can happen with them.

    Every method is a step. It draws what it needs from ``self.rng`` and returns a
    word about what it did, or None when there is nothing to do it with.
    """

    def __init__(self, books):
        self.books, self.env, self.company = books, books.env, books.company

    def use(self, rng):
        self.rng = rng
        return self

    @classmethod
    def steps(cls):
        return [name for name in vars(cls) if name.startswith("do_")]

    # What to draw from

    def day(self):
        return str(date(2026, 1, 1) + timedelta(days=self.rng.randrange(120)))

    def price(self):
        return self.rng.choice(
            [self.rng.randrange(1, 20000) / 100, 0.01, 33.33, 100.0, 0.0, 99.99]
        )

    def one(self, records):
        records = records.sorted("id")
        return records[self.rng.randrange(len(records))] if records else records

    def some(self, model, *domain):
        domain = [("company_id", "=", self.company.id), *domain]
        return self.one(self.env[model].search(domain))

    def reps(self):
        """Archived ones too."""
        reps = self.env["sales.rep"].with_context(active_test=False)
        return reps.search([("company_id", "=", self.company.id)])

    def salesperson(self):
        users = self.env["res.users"].search([("login", "like", "@ledger.test")])
        return self.one(users) if self.rng.random() < 0.9 else self.env["res.users"]

    def partner(self):
        return self.one(self.env["res.partner"].search([("ref", "=", "ledger")]))

    def product(self):
        return self.one(
            self.env["product.product"].search([("default_code", "=", "ledger")])
        )

    def currency(self):
        return self.one(
            self.env["res.currency"].search([("name", "in", ("USD", "EUR", "JPY"))])
        )

    def order(self, *states):
        return self.some("sale.order", ("state", "in", states))

    def invoice(self, *domain, types=("out_invoice", "out_refund", "out_receipt")):
        return self.some("account.move", ("move_type", "in", types), *domain)

    def open_invoice(self):
        return self.invoice(
            ("state", "=", "posted"), ("payment_state", "in", ("not_paid", "partial"))
        )

    # Orders

    def _order_line(self):
        product = self.product()
        units = product.uom_id + self.env.ref("uom.product_uom_dozen")
        return {
            "product_id": product.id,
            "product_uom_qty": self.rng.choice([1, 1, 2, 3, 7, 0.5, 2.75]),
            "product_uom_id": self.rng.choice(units.ids),
            "price_unit": self.price(),
            "discount": self.rng.choice([0, 0, 0, 10, 33.33]),
            "tax_ids": [Command.set(self.books.sale_tax.ids)],
        }

    def do_order(self):
        pricelist = self.one(
            self.env["product.pricelist"].search([("company_id", "=", self.company.id)])
        )
        order = self.books.order(
            [self._order_line() for _ in range(self.rng.randrange(1, 5))],
            self.day(),
            partner=self.partner(),
            user=self.salesperson(),
            confirm=self.rng.random() < 0.7,
            pricelist_id=self.rng.choice([pricelist.id, False]),
        )
        return order.state

    def do_send(self):
        order = self.order("draft")
        if order:
            order.action_quotation_sent()
            return "sent"

    def do_confirm(self):
        order = self.order("draft", "sent")
        if order:
            self.books.confirm(order, self.day())
            return "confirmed"

    def do_split_order(self):
        order = self.order("draft", "sent", "sale")
        return order and self._split(order)

    def _split(self, document, line=None):
        reps = self.rng.sample(list(self.reps().sorted("id")), k=3)
        shares = self.rng.choice(
            [
                [(reps[0], 60), (reps[1], 40)],
                [(reps[0], 33.33), (reps[1], 33.33), (reps[2], 33.34)],
                [(reps[0], 0.01), (reps[1], 99.99)],
                [(reps[0], 100)],
                [],
            ]
        )
        overlay = self.rng.choice([[], [], [(reps[2], 10)], [(reps[0], 33.33)]])
        self.books.split(document, *shares, overlay=overlay, line=line)
        return f"{[share for _rep, share in shares]} + {len(overlay)}"

    def do_change_order_line(self):
        order = self.order("draft", "sale")
        line = self.one(order.order_line.filtered(lambda line: not line.is_downpayment))
        if line:
            line.write(
                self.rng.choice(
                    [
                        {"price_unit": self.price()},
                        {"product_uom_qty": self.rng.choice([1, 4, 6.25])},
                        {"discount": 12.5},
                    ]
                )
            )
            return "changed"

    def do_add_order_line(self):
        order = self.order("draft", "sale")
        if order:
            order.order_line = [Command.create(self._order_line())]
            return "added"

    def do_change_order(self):
        order = self.order("draft", "sent", "sale")
        if order:
            order.write(
                self.rng.choice(
                    [
                        {"user_id": self.salesperson().id},
                        {"date_order": f"{self.day()} 23:30:00"},
                        {"sales_channel_id": self.channel().id},
                    ]
                )
            )
            return "changed"

    def do_cancel_order(self):
        order = self.order("sent", "sale")
        if order:
            order._action_cancel()
            return "cancelled"

    def do_reopen_order(self):
        order = self.order("cancel")
        if order:
            order.action_draft()
            return "draft"

    def do_delete_order(self):
        order = self.order("draft", "cancel")
        if order:
            order.unlink()
            return "deleted"

    # Deliveries

    def do_deliver(self):
        picking = self.some(
            "stock.picking",
            ("state", "not in", ("done", "cancel")),
            ("sale_id", "!=", False),
        )
        if picking:
            order = picking.sale_id
            self.books.deliver(
                order,
                self.day(),
                {
                    move.sale_line_id: self.rng.choice([1, move.product_uom_qty])
                    for move in order.picking_ids.move_ids
                },
            )
            return "delivered"

    def do_return(self):
        picking = self.some(
            "stock.picking",
            ("state", "=", "done"),
            ("picking_type_code", "=", "outgoing"),
        )
        if picking:
            self.books.return_(picking, 1, self.day())
            return "returned"

    # Invoices

    def _post(self, invoice):
        if not invoice.invoice_date:
            invoice.invoice_date = self.day()
        if self.rng.random() < 0.8:
            invoice.action_post()
        return invoice.state

    def do_invoice_order(self):
        order = self.order("sale")
        if not order:
            return None
        invoice = order._create_invoices(final=self.rng.random() < 0.5)
        if self.rng.random() < 0.4:
            line = self.one(
                invoice.invoice_line_ids.filtered(
                    lambda li: li.display_type == "product"
                )
            )
            line.quantity = line.quantity / 2
        return self._post(invoice)

    def do_down_payment(self):
        order = self.order("sale")
        if order:
            wizard = self.env["sale.advance.payment.inv"].create(
                {
                    "sale_order_ids": [Command.set(order.ids)],
                    "advance_payment_method": "percentage",
                    "amount": self.rng.choice([10, 33.33]),
                }
            )
            return self._post(wizard._create_invoices(order))

    def do_invoice(self):
        lines = [
            {
                "product_id": self.product().id,
                "quantity": self.rng.choice([1, 2, 0.75]),
                "price_unit": self.price() * self.rng.choice([1, 1, 1, -0.1]),
                "tax_ids": [Command.set(self.books.sale_tax.ids)],
            }
            for _ in range(self.rng.randrange(1, 5))
        ]
        invoice = self.books.invoice(
            lines,
            self.day(),
            partner=self.partner(),
            user=self.salesperson(),
            post=False,
            move_type=self.rng.choice(["out_invoice", "out_invoice", "out_refund"]),
            currency_id=self.currency().id,
            invoice_payment_term_id=self.one(
                self.env["account.payment.term"].search([("name", "=", "ledger")])
            ).id,
        )
        return self._post(invoice)

    def do_post(self):
        invoice = self.invoice(("state", "=", "draft"))
        if invoice:
            if not invoice.invoice_date:
                invoice.invoice_date = self.day()
            invoice.action_post()
            return "posted"

    def do_reset(self):
        invoice = self.invoice(("state", "in", ("posted", "cancel")))
        if invoice:
            invoice.button_draft()
            return "draft"

    def do_change_draft(self):
        invoice = self.invoice(("state", "=", "draft"))
        line = self.one(
            invoice.invoice_line_ids.filtered(lambda li: li.display_type == "product")
        )
        if line:
            if self.rng.random() < 0.5:
                line.price_unit = self.price()
            else:
                invoice.invoice_date = self.day()
            return "changed"

    def do_change_posted(self):
        invoice = self.invoice(("state", "=", "posted"))
        if invoice:
            invoice.invoice_user_id = self.salesperson()
            return "other salesperson"

    def do_change_due_date(self):
        line = self.books.receivables(self.open_invoice() or self.env["account.move"])
        if line:
            line[:1].date_maturity = self.day()
            return "due another day"

    def do_cancel_invoice(self):
        invoice = self.invoice(("state", "=", "draft"))
        if invoice:
            invoice.button_cancel()
            return "cancelled"

    def do_delete_invoice(self):
        invoice = self.invoice(("state", "in", ("draft", "cancel")))
        if invoice:
            invoice.with_context(force_delete=True).unlink()
            return "deleted"

    def do_split_invoice(self):
        invoice = self.invoice(("state", "in", ("draft", "posted")))
        if invoice:
            line = self.one(
                invoice.invoice_line_ids.filtered(
                    lambda li: li.display_type == "product"
                )
            )
            return self._split(invoice, line if self.rng.random() < 0.5 else None)

    def do_refund(self):
        invoice = self.invoice(("state", "=", "posted"), types=("out_invoice",))
        if invoice:
            note = self.books.refund(invoice, self.day(), post=False)
            line = self.one(note.invoice_line_ids)
            if self.rng.random() < 0.5 and len(note.invoice_line_ids) > 1:
                line.unlink()
            note.action_post()
            if self.rng.random() < 0.7:
                self.books.reconcile(invoice, note)
            return "credited"

    # Money

    def do_pay(self):
        invoice = self.open_invoice()
        if invoice:
            part = self.rng.choice([0.1, 0.3333, 0.5, 1, 1, 1.2])
            amount = invoice.currency_id.round(invoice.amount_residual * part)
            values = {}
            if self.rng.random() < 0.2 and part < 1:
                values = {
                    "payment_difference_handling": "reconcile",
                    "writeoff_account_id": self.books.account("expense").id,
                }
            if not amount:
                return None
            self.books.pay(invoice, amount, self.day(), **values)
            return f"{part}"

    def do_pay_in_other_currency(self):
        invoice = self.open_invoice()
        if invoice:
            self.books.pay(invoice, None, self.day(), currency_id=self.currency().id)
            return "paid"

    def do_pay_several(self):
        first = self.open_invoice()
        same = self.env["account.move"].search(
            [
                ("company_id", "=", self.company.id),
                ("move_type", "=", "out_invoice"),
                ("partner_id", "=", first.partner_id.id),
                ("currency_id", "=", first.currency_id.id),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
            ]
        )
        if len(same) > 1:
            total = sum(same.mapped("amount_residual"))
            part = self.rng.choice([0.5, 0.9, 1])
            self.books.pay(same, first.currency_id.round(total * part), self.day())
            return f"{part} of {len(same)}"

    def do_receive(self):
        payment = self.books.payment(
            self.price() or 1,
            self.partner(),
            self.day(),
            currency_id=self.currency().id,
            payment_type=self.rng.choice(["inbound", "inbound", "outbound"]),
        )
        return payment.payment_type

    def do_bank_entry(self):
        amount = self.price() or 1
        fee = self.company.currency_id.round(amount * 0.03)
        bank = self.books.journal("bank")
        invoice = self.open_invoice()
        partner = invoice.commercial_partner_id or self.partner()
        account = partner.with_company(self.company).property_account_receivable_id
        entry = self.books.entry(
            [
                (
                    bank.default_account_id,
                    self.company.currency_id.round(amount) - fee,
                    None,
                ),
                (self.books.account("expense"), fee, None),
                (account, -self.company.currency_id.round(amount), partner),
            ],
            self.day(),
        )
        if invoice and self.rng.random() < 0.7:
            self.books.reconcile(invoice, entry)
        return "entered"

    def do_reconcile(self):
        invoice = self.open_invoice()
        payment = self.some("account.payment", ("state", "=", "in_process"))
        if invoice and payment:
            self.books.reconcile(invoice, payment)
            return "matched"

    def do_unreconcile(self):
        invoice = self.invoice(
            ("payment_state", "in", ("partial", "in_payment", "paid", "reversed"))
        )
        if invoice:
            self.books.unreconcile(invoice)
            return "un-reconciled"

    def do_payment_draft(self):
        payment = self.some("account.payment", ("state", "in", ("in_process", "paid")))
        if payment:
            payment.action_draft()
            if self.rng.random() < 0.6:
                payment.action_post()
            elif self.rng.random() < 0.5:
                payment.action_cancel()
            return payment.state

    # Opportunities

    def do_lead(self):
        self.books.lead(
            user=self.salesperson(), partner_id=self.partner().id, team_id=False
        )
        return "new"

    def do_close_lead(self):
        lead = self.some("crm.lead", ("won_status", "=", "pending"))
        if lead:
            won = self.rng.random() < 0.5
            lead.action_set_won() if won else lead.action_set_lost()
            return lead.won_status

    def do_change_lead(self):
        lead = self.one(
            self.env["crm.lead"]
            .with_context(active_test=False)
            .search([("company_id", "=", self.company.id)])
        )
        if lead:
            step = self.rng.randrange(4)
            if step == 0:
                lead.user_id = self.salesperson()
            elif step == 1:
                lead.unlink()
                return "deleted"
            elif step == 2:
                lead.action_unarchive()
            else:
                lead.partner_id = self.partner()
            return "changed"

    # Customers and people

    def channel(self):
        return self.one(self.env["sales.channel"].search([]))

    def territory(self):
        return self.one(self.env["sales.territory"].search([("code", "=", "ledger")]))

    def do_customer(self):
        self.books.new_customer(
            ref="ledger",
            user_id=self.salesperson().id,
            sales_territory_id=self.territory().id,
            sales_channel_id=self.channel().id,
        )
        return "new"

    def do_change_customer(self):
        self.partner().write(
            self.rng.choice(
                [
                    {"user_id": self.salesperson().id},
                    {"sales_territory_id": self.territory().id},
                    {"sales_territory_id": False},
                    {"sales_channel_id": self.channel().id},
                ]
            )
        )
        return "changed"

    def do_change_parent(self):
        child, parent = self.partner(), self.partner()
        if child != parent:
            child.write(
                {
                    "is_company": False,
                    "parent_id": self.rng.choice([parent.id, False]),
                }
            )
            return "moved"

    def do_merge_customers(self):
        one, other = self.partner(), self.partner()
        if one != other and self.rng.random() < 0.5:
            self.env["base.partner.merge.automatic.wizard"]._merge(
                (one + other).ids, one
            )
            return "merged"

    def do_move_territory(self):
        territory, parent = self.territory(), self.territory()
        if territory != parent:
            territory.parent_id = parent
            return "moved"

    def do_move_rep(self):
        territories = self.territory() | self.territory()
        others = self.reps()
        rep = self.one(others)
        self.books.assign(
            rep,
            self.day(),
            team_id=self.some("crm.team"),
            manager_id=self.rng.choice([self.one(others - rep), others.browse()]),
            territory_ids=self.rng.choice([territories, territories.browse()]),
        )
        return "moved"

    def do_take_back_move(self):
        assignment = self.some(
            "sales.rep.assignment", ("date_from", ">", date(2020, 1, 1))
        )
        if assignment:
            assignment.unlink()
            return "taken back"

    def do_archive_rep(self):
        rep = self.one(self.reps())
        rep.active = not rep.active
        return f"active: {rep.active}"


# How often what happens; else once.
WEIGHTS = {
    "do_order": 6,
    "do_confirm": 3,
    "do_split_order": 3,
    "do_invoice_order": 6,
    "do_invoice": 5,
    "do_post": 4,
    "do_pay": 8,
    "do_refund": 3,
    "do_deliver": 3,
    "do_bank_entry": 2,
    "do_reconcile": 3,
    "do_unreconcile": 2,
    "do_move_rep": 2,
}


@tagged("post_install", "-at_install")
class TestCreditProperty(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = new_company(cls.env, "Ledger Zwei", "EUR")
        cls.actors = []
        for company, shared in (
            (cls.company, {"sale_tax": cls.sale_tax, "things": cls.things}),
            (cls.second, {}),
        ):
            books = Books(cls.env, company, **shared)
            cls._prepare(books)
            cls.actors.append(Actors(books))
        books = cls.actors[0].books
        for name in ("World", "East", "West", "City"):
            books.new_territory(name).code = "ledger"
        for number in range(3):
            books.new_customer(f"Customer {number}", ref="ledger")
        for values in (
            {"cost": 7.77},
            {"cost": 0.01, "type": "consu", "is_storable": True},
            {"cost": 3.0, "type": "consu", "is_storable": True},
        ):
            books.new_product(default_code="ledger", company_id=False, **values)
        books.new_user("Dan")
        cls.env.cr.flush()

    @classmethod
    def _prepare(cls, books):
        """Reps, rates, terms and a pricelist in other money."""
        own = books.company.currency_id
        for name, rate in (("USD", 1.25), ("EUR", 0.80), ("JPY", 147.3)):
            if name != own.name:
                books.currency(
                    name,
                    {
                        "2026-01-01": rate,
                        "2026-02-10": rate * 1.1,
                        "2026-03-20": rate * 0.93,
                    },
                )
        books.env["product.pricelist"].create(
            {
                "name": "Other",
                "currency_id": books.env.ref(
                    "base.EUR" if own.name == "USD" else "base.USD"
                ).id,
                "company_id": books.company.id,
            }
        )
        books.env["account.payment.term"].create(
            {
                "name": "ledger",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": part, "nb_days": days}
                    )
                    for part, days in ((30, 0), (33.33, 20), (36.67, 45))
                ],
            }
        )
        if not books.env["sales.rep"].search([("company_id", "=", books.company.id)]):
            team = books.new_team("Drüben")
            for rep in (cls.ann, cls.bo, cls.cy):
                rep.user_id.company_ids += books.company
                books.new_rep(rep.name, user=rep.user_id, team_id=team.id)

    def test_random_sequence(self):
        """At least 200 steps, compared after each one."""
        seed = int(os.environ.get("SALES_SEED", "20260119"))
        count = int(os.environ.get("SALES_STEPS", "220"))
        rng = Random(seed)
        names = Actors.steps()
        weights = [WEIGHTS.get(name, 1) for name in names]
        steps = [
            (rng.choices(names, weights)[0], rng.randrange(2), rng.randrange(2**32))
            for _ in range(count)
        ]
        # Start with something to work on.
        steps[:4] = [("do_order", i % 2, rng.randrange(2**32)) for i in range(4)]
        started = time.monotonic()
        failed = self.play(steps, report=True)
        if failed:
            steps = self.shrink(steps[: failed[0] + 1])
            failed = self.play(steps, only_last=True) or failed
            self.fail(
                f"seed {seed}: ledger and documents differ after\n"
                + "\n".join(f"    {step!r}," for step in steps)
                + "\n"
                + failed[1]
            )
        _logger.info(
            "%s steps of seed %s in %.0f s", count, seed, time.monotonic() - started
        )

    def play(self, steps, report=False, only_last=False):
        """``(index of the step, what is wrong)`` or None; all is undone afterwards.

        :param only_last: compare once, after the last step
        """
        done = {}
        savepoint = self.env.cr.savepoint()
        try:
            for index, (name, which, seed) in enumerate(steps):
                word = self.step(name, which, seed)
                if word:
                    done[name] = done.get(name, 0) + 1
                if word is None or (only_last and index < len(steps) - 1):
                    continue
                wrong = self.wrong()
                if wrong:
                    return index, f"{name} ({word}):\n{wrong}"
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()
        if report:
            self.assertGreater(sum(done.values()), len(steps) // 2, done)
            _logger.info("steps done: %s", done)
        return None

    def step(self, name, which, seed):
        actors = self.actors[which].use(Random(seed))
        try:
            with self.env.cr.savepoint():
                word = getattr(actors, name)()
                self.env.cr.flush()
                return word or None
        except (UserError, ValidationError) as error:
            # Odoo does not allow it here.
            self.env.invalidate_all()
            _logger.debug("%s: %s", name, error)
            return None

    def wrong(self):
        """What differs, as text; empty when the ledger is right."""
        wrong = Oracle(self.env, self.company + self.second).compare()
        wrong += self.broken_promises()
        counts = self.env["sales.credit"].rebuild()
        if any(counts.values()):
            wrong.append(f"rebuild: {counts}")
        return "\n".join(wrong[:20])

    def broken_promises(self):
        """What must hold whoever works out the credits: parts sum to their wholes."""
        sums = defaultdict(Fraction)
        for credit in self.env["sales.credit"].search(
            [
                ("company_id", "in", (self.company + self.second).ids),
                ("overlay", "=", False),
                ("metric_id.unit", "=", "money"),
                ("res_model", "in", ("account.move.line", "account.partial.reconcile")),
            ]
        ):
            line = credit.part if "partial" in credit.res_model else credit.res_id
            sums[credit.metric_id.code, line] += fraction(credit.value)
        wrong = []
        for invoice in self.env["account.move"].search(
            [
                ("company_id", "in", (self.company + self.second).ids),
                ("move_type", "in", SALE_TYPES),
                ("state", "=", "posted"),
            ]
        ):
            lines = invoice.line_ids.filtered(lambda li: li.display_type == "product")
            total = fraction(invoice.amount_total_signed)

            def of_lines(metric, ids=tuple(lines.ids)):
                return sum(sums[metric, line] for line in ids)

            untaxed = -sum(fraction(line.balance) for line in lines)
            collected = of_lines("COLLECTED")
            if of_lines("INVOICED") != untaxed:
                wrong.append(f"INVOICED of {invoice.name} is not {float(untaxed)}")
            if sum(lines.mapped("price_total")):
                for metric in ("BILLED", "DUE"):
                    if of_lines(metric) != total:
                        wrong.append(f"{metric} of {invoice.name}: not {float(total)}")
            if abs(collected) > abs(total) or collected * total < 0:
                wrong.append(f"COLLECTED of {invoice.name} is {float(collected)}")
        return wrong

    def shrink(self, steps):
        """A shorter sequence that fails too: leave out ever smaller pieces."""
        until = time.monotonic() + SHRINK_SECONDS
        size = len(steps) // 2
        while size and time.monotonic() < until:
            start = 0
            while start < len(steps) and time.monotonic() < until:
                shorter = steps[:start] + steps[start + size :]
                # What fails stays last, as the comparison is.
                failed = shorter and self.play(shorter, only_last=True)
                if failed:
                    steps = shorter[: failed[0] + 1]
                else:
                    start += size
            size //= 2
        return steps
