"""A small company in a real Odoo: what is done there is told to the story as well."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from . import oracle
from .facts import Cash, Document, Line, Story

TAX = Decimal(15)
START = date(2026, 1, 1)


@dataclass
class Check:
    """What was paid in total when a month was settled, and what was due.

    :param due_entered: what was due where money counts when it is entered
    """

    day: date
    paid: dict
    due: dict
    due_entered: dict

    @property
    def right(self):
        return self.paid in (self.due, self.due_entered)


class Stage:
    """The verbs of the scenarios.

    :param env: a superuser's, in the company
    :param engine: makes the adapter of an engine from a stage
    :param clock: freezegun's
    """

    def __init__(self, env, engine, clock):
        self.env, self.clock = env, clock
        self.story = Story(TAX)
        self.checks, self.notes = [], []
        self.reps, self.served, self.taxes, self.rates = {}, {}, {}, {}
        self.today = START
        self.on(START)
        self.product = self.new_product(0)
        self.engine = engine(self)

    def on(self, day):
        """What follows happens on a day."""
        self.today = date.fromisoformat(day) if isinstance(day, str) else day
        self.clock.move_to(f"{self.today} 12:00:00")
        return self

    # Masters

    @property
    def company(self):
        return self.env.company

    @contextmanager
    def inside(self, company):
        """What follows happens in another company."""
        before, self.env = (
            self.env,
            self.env(context={**self.env.context, "allowed_company_ids": company.ids}),
        )
        yield
        self.env = before

    def new_company(self, name):
        # With a country Odoo would install its localization, and commit.
        company = self.env["res.company"].create(
            {
                "name": name,
                "currency_id": self.company.currency_id.id,
                "account_fiscal_country_id": self.company.account_fiscal_country_id.id,
            }
        )
        self.env.user.company_ids += company
        self.env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
        return company

    def new_rep(self, name, terms, companies=()):
        """Somebody who sells, with a login of their own."""
        user = self.env["res.users"].create(
            {
                "name": name,
                "login": name.lower(),
                "company_id": self.company.id,
                "company_ids": [Command.set((companies or self.company).ids)],
                "group_ids": [
                    Command.set(self.env.ref("sales_team.group_sale_salesman").ids)
                ],
            }
        )
        self.reps[name] = user
        self.engine.hire(user, companies or self.company)
        self.promise(name, terms)
        return user

    def promise(self, name, terms):
        """From today on these are the terms of a rep."""
        self.story.promises.append((name, self.today, terms))
        self.engine.promise(self.reps[name], terms)

    def new_customer(self, rep):
        customer = self.env["res.partner"].create(
            {"name": f"Customer of {rep.name}", "is_company": True}
        )
        self.serve(customer, rep)
        return customer

    def serve(self, customer, rep):
        """From today on the rep serves the customer."""
        customer.user_id = rep
        self.served[customer] = rep.name
        self.engine.serve(customer, rep)

    def new_product(self, cost):
        return self.env["product.product"].create(
            {
                "name": "Thing",
                "type": "service",
                "invoice_policy": "order",
                "standard_price": float(cost),
                "taxes_id": False,
            }
        )

    def tax(self):
        if self.company not in self.taxes:
            self.taxes[self.company] = self.env["account.tax"].create(
                {
                    "name": f"{TAX} %",
                    "amount": float(TAX),
                    "type_tax_use": "sale",
                    "company_id": self.company.id,
                    "country_id": self.company.account_fiscal_country_id.id,
                }
            )
        return self.taxes[self.company]

    def journal(self, kind):
        return self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", kind)], limit=1
        )

    def account(self, kind):
        return self.env["account.account"].search(
            [("company_ids", "in", self.company.ids), ("account_type", "=", kind)],
            limit=1,
        )

    def rate(self, name, rate):
        """From today on so many units of a currency are one of the company's."""
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", name)])
        )
        currency.active = True
        self.rates[currency] = Decimal(rate)
        self.env["res.currency.rate"].create(
            {
                "name": self.today,
                "rate": float(rate),
                "currency_id": currency.id,
                "company_id": self.company.id,
            }
        )
        return currency

    # Documents

    def invoice(self, customer, *lines, currency=None, post=True):
        """An invoice of today, of lines or prices."""
        lines = [
            line if isinstance(line, Line) else Line(Decimal(line)) for line in lines
        ]
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_user_id": customer.user_id.id,
                "invoice_date": self.today,
                "currency_id": (currency or self.company.currency_id).id,
                "invoice_line_ids": [
                    Command.create(self._line(line)) for line in lines
                ],
            }
        )
        if post:
            invoice.action_post()
        self._tell(invoice, lines)
        return invoice

    def _line(self, line):
        product = self.new_product(line.cost) if line.cost else self.product
        uom = self.env.ref("uom.product_uom_dozen") if line.holds == 12 else None
        return {
            "product_id": product.id,
            "product_uom_id": (uom or product.uom_id).id,
            "quantity": float(line.quantity),
            "price_unit": float(line.price),
            "tax_ids": [Command.set(self.tax().ids)],
        }

    def _tell(self, document, lines, sign=1):
        self.story.documents.append(
            Document(
                name=str(document.id),
                rep=self.served[document.partner_id],
                day=self.today,
                lines=tuple(lines),
                company=self.company.name,
                rate=self.rates.get(document.currency_id, Decimal(1)),
                sign=sign,
            )
        )

    def fact(self, document):
        return next(
            fact
            for fact in reversed(self.story.documents)
            if fact.name == str(document.id)
        )

    def change(self, invoice, price):
        """An invoice is reset to draft, another price entered, and posted again."""
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = float(price)
        invoice.action_post()
        fact = self.fact(invoice)
        lines = (replace(fact.lines[0], price=Decimal(price)),)
        self.story.documents.append(replace(fact, lines=lines))

    def refund(self, invoice, price=None, again=None):
        """A credit note of today, matched with what of the invoice is unpaid.

        :param price: of the one line, where not all is credited
        :param again: a new invoice takes its place, with this price
        :return: the credit note, or the new invoice
        """
        fact = self.fact(invoice)
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"date": self.today, "journal_id": invoice.journal_id.id})
        )
        action = wizard.modify_moves() if again else wizard.refund_moves()
        note = invoice.reversal_move_ids
        lines = fact.lines
        if price is not None:
            note.invoice_line_ids.price_unit = float(price)
            lines = (replace(lines[0], price=Decimal(price)),)
        if note.state == "draft":
            note.action_post()
        self._tell(note, lines, sign=-1)
        if again:
            new = self.env["account.move"].browse(action["res_id"])
            new.write({"invoice_date": self.today})
            new.invoice_line_ids.price_unit = float(again)
            new.action_post()
            self._tell(new, [replace(lines[0], price=Decimal(again))])
            return new
        lines = self.receivable(invoice) + self.receivable(note)
        open_ = lines.filtered(lambda line: not line.reconciled)
        if len(open_.move_id) == 2:
            open_.reconcile()
        return note

    def down_payment(self, customer, price, percent):
        """An order, and an invoice of a part of it in advance."""
        order = self.env["sale.order"].create(
            {
                "partner_id": customer.id,
                "user_id": customer.user_id.id,
                "date_order": f"{self.today} 12:00:00",
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "price_unit": float(price),
                            "tax_ids": [Command.set(self.tax().ids)],
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [Command.set(order.ids)],
                "advance_payment_method": "percentage",
                "amount": float(percent),
            }
        )
        advance = wizard._create_invoices(order)
        advance.invoice_date = self.today
        advance.action_post()
        part = Decimal(price) * Decimal(percent) / 100
        self._tell(advance, [Line(part)])
        return order, advance, Decimal(price) - part

    def final_invoice(self, order, rest):
        """:param rest: what is left to invoice"""
        invoice = order._create_invoices(final=True)
        invoice.invoice_date = self.today
        invoice.action_post()
        self._tell(invoice, [Line(rest)])
        return invoice

    # Money

    def receive(self, document, amount=None, **values):
        """A payment of today is registered, of an invoice or (back) a credit note.

        :param amount: None: of all of it
        :param values: fields of Odoo's wizard that are set after the amount
        """
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=document.ids)
            .create({"payment_date": self.today, "journal_id": self.journal("bank").id})
        )
        fact = self.fact(document)
        if amount is None:
            net = sum(line.quantity * line.price for line in fact.lines)
            amount = net * (1 + TAX / 100)
        wizard.amount = float(amount)
        wizard.write(values)
        payment = wizard._create_payments()
        self._cash(document, fact.sign * Decimal(amount))
        return payment

    def _cash(self, document, amount):
        cash = Cash(str(document.id), self.today, amount, self.today)
        self.story.cash.append(cash)

    def write_off(self, document, amount):
        """So much is received today, and the rest given up."""
        return self.receive(
            document,
            amount,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.account("expense").id,
        )

    def bounce(self, document, payment):
        """The bank takes the last payment back."""
        payment.action_draft()
        payment.action_cancel()
        self._cash(document, -self.story.cash[-1].amount)

    @contextmanager
    def without_entry(self):
        """Payments get no journal entry, as with an accounting that reconciles."""
        methods = self.journal("bank").inbound_payment_method_line_ids
        methods.payment_account_id = False
        with patch.object(
            type(self.env["account.move"]),
            "_get_invoice_in_payment_state",
            lambda move: "in_payment",
        ):
            yield

    def enter(self, invoice, amount):
        """A payment is entered that the bank has not shown yet."""
        payment = self.receive(invoice, amount)
        if payment.move_id:
            raise ValueError("the payment has a journal entry")
        self.story.cash[-1] = replace(self.story.cash[-1], banked=None)
        return payment

    def bank(self, invoice, amount):
        """The bank shows a payment that was entered; it is matched."""
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.journal("bank").id,
                "date": self.today,
                "payment_ref": "transfer",
                "partner_id": invoice.partner_id.id,
                "amount": float(amount),
            }
        )
        line = line.with_context(skip_account_move_synchronization=True)
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = self.receivable(invoice).account_id
        (suspense + self.receivable(invoice)).reconcile()
        self.story.cash[-1] = replace(self.story.cash[-1], banked=self.today)

    def receivable(self, document):
        return document.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    # People

    def leave(self, rep):
        """Today is the rep's last day."""
        self.story.leavers[rep.name] = self.today
        self.engine.leave(rep)

    def sees(self, rep):
        """The rep must see their own pay and nobody else's."""
        seen = self.engine.read(rep)
        self.checks.append(Check(self.today, seen, {rep.name}, {rep.name}))

    def try_all(self, attempts):
        """What somebody tries, each for itself; what is refused leaves nothing.

        :param attempts: ``{what: function}``
        :return: what was not refused
        """
        done = []
        for what, attempt in attempts.items():
            try:
                with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                    attempt()
                    self.env.flush_all()
                    done.append(what)
            except (AccessError, UserError):
                self.env.invalidate_all()
        return done

    # Pay

    def settle(self, day):
        """Everything before a day, the first of a month, is settled and paid."""
        self.on(day)
        self.engine.settle(self.today)
        paid = {key: amount for key, amount in self.engine.paid().items() if amount}
        due, entered = (
            {
                key: amount
                for key, amount in oracle.due(self.story, self.today, flag).items()
                if amount
            }
            for flag in (False, True)
        )
        self.checks.append(Check(self.today, paid, due, entered))
