"""What tests of credits share: a company of its own, reps, and verbs for documents."""

from contextlib import contextmanager
from datetime import date, datetime

from odoo import SUPERUSER_ID, fields
from odoo.fields import Command
from odoo.tests import TransactionCase

from .oracle import Oracle, fraction


def new_company(env, name, currency_name):
    """A company with a chart of accounts."""
    currency = env.ref(f"base.{currency_name}")
    currency.active = True
    company = env["res.company"].create(
        {
            "name": name,
            "currency_id": currency.id,
            "country_id": env.ref("base.us").id,
        }
    )
    env.user.company_ids += company
    env["account.chart.template"].try_loading(
        "generic_coa", company=company, install_demo=False
    )
    company.currency_id = currency
    company.resource_calendar_id.tz = "UTC"
    return company


class Verbs:
    """Makes documents, in ``self.env`` and ``self.company``."""

    # Masters

    def new_user(self, name, *groups, company=None):
        company = company or self.company
        return self.env["res.users"].create(
            {
                "name": name,
                "login": f"{name.lower()}@ledger.test",
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [
                    Command.set(
                        [
                            self.env.ref(group).id
                            for group in groups or ("base.group_user",)
                        ]
                    )
                ],
            }
        )

    def new_rep(self, name, *, start="2020-01-01", company=None, user=None, **values):
        company = company or self.company
        user = user or self.new_user(name, company=company)
        return self.env["sales.rep"].create(
            {
                "user_id": user.id,
                "company_id": company.id,
                "date_start": start,
                "state": "active",
                **values,
            }
        )

    def assign(self, rep, day, **values):
        """From that day on the rep stands elsewhere."""
        for name in ("team_id", "manager_id"):
            if name in values:
                values[name] = values[name].id
        if "territory_ids" in values:
            values["territory_ids"] = [Command.set(values["territory_ids"].ids)]
        return self.env["sales.rep.assignment"].create(
            {"rep_id": rep.id, "date_from": day, **values}
        )

    def new_team(self, name, **values):
        return self.env["crm.team"].create(
            {"name": name, "company_id": self.company.id, **values}
        )

    def new_territory(self, name, parent=None):
        return self.env["sales.territory"].create(
            {"name": name, "parent_id": parent.id if parent else False}
        )

    def new_customer(self, name="Customer", **values):
        return self.env["res.partner"].create(
            {"name": name, "is_company": True, **values}
        )

    def new_product(self, name="Thing", cost=0.0, **values):
        return self.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "invoice_policy": "order",
                "standard_price": cost,
                "taxes_id": False,
                **values,
            }
        )

    def new_tax(self, percent, **values):
        return self.env["account.tax"].create(
            {
                "name": f"{percent} %",
                "amount": percent,
                "type_tax_use": "sale",
                "company_id": self.company.id,
                "country_id": self.company.account_fiscal_country_id.id,
                **values,
            }
        )

    def currency(self, name, rates):
        """:param dict rates: units per unit of company currency, by day"""
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", name)])
        )
        currency.active = True
        for day, rate in rates.items():
            self.env["res.currency.rate"].create(
                {
                    "name": day,
                    "rate": rate,
                    "currency_id": currency.id,
                    "company_id": self.company.id,
                }
            )
        return currency

    def account(self, account_type, **values):
        return (
            self.env["account.account"]
            .search(
                [
                    ("company_ids", "in", self.company.ids),
                    ("account_type", "=", account_type),
                ],
                limit=1,
            )
            .with_company(self.company)
        )

    def journal(self, journal_type):
        return self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", journal_type)], limit=1
        )

    # Orders

    def order(
        self, lines, day="2026-01-30", *, confirm=True, user=None, partner, **values
    ):
        """An order; a line is its price or the values of its fields."""
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "company_id": self.company.id,
                "user_id": user.id if user else False,
                "order_line": [
                    Command.create(self._order_line(line)) for line in lines
                ],
                "date_order": f"{day} 12:00:00",
                **values,
            }
        )
        if order.user_id.id != (user.id if user else False):
            order.user_id = user
        if confirm:
            self.confirm(order, day)
        return order

    def _order_line(self, line):
        if isinstance(line, dict) and line.get("display_type"):
            return line
        vals = line if isinstance(line, dict) else {"price_unit": line}
        return {
            "product_id": self.things.id,
            "product_uom_qty": 1,
            "tax_ids": [Command.set(self.sale_tax.ids)],
            **vals,
        }

    def confirm(self, order, day=None):
        order.action_confirm()
        if day:
            order.date_order = f"{day} 12:00:00"
        return order

    def split(self, document, *shares, overlay=(), line=None):
        """Share one: ``split(order, (ann, 60), (bo, 40), overlay=[(cy, 9)])``."""
        document.env["sales.split"].search(
            [
                (
                    "order_id" if document._name == "sale.order" else "move_id",
                    "=",
                    document.id,
                ),
                ("move_line_id", "=", line.id if line else False),
            ]
        ).unlink()
        field = "order_id" if document._name == "sale.order" else "move_id"
        return document.env["sales.split"].create(
            [
                {
                    field: document.id,
                    "move_line_id": line.id if line else False,
                    "rep_id": rep.id,
                    "share": share,
                    "overlay": over,
                }
                for over, parts in ((False, shares), (True, overlay))
                for rep, share in parts
            ]
        )

    # Invoices

    def invoice(
        self,
        source,
        day="2026-02-02",
        *,
        post=True,
        user=None,
        partner=None,
        move_type="out_invoice",
        **values,
    ):
        """An invoice of an order, or of lines given as prices or values of fields."""
        if getattr(source, "_name", None) == "sale.order":
            invoice = source._create_invoices()
            invoice.write({"invoice_date": day, **values})
        else:
            invoice = self.env["account.move"].create(
                {
                    "move_type": move_type,
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "invoice_date": day,
                    "invoice_line_ids": [
                        Command.create(self._invoice_line(line)) for line in source
                    ],
                    **values,
                }
            )
            invoice.invoice_user_id = user
        if post:
            invoice.action_post()
        return invoice

    def _invoice_line(self, line):
        if isinstance(line, dict) and line.get("display_type"):
            return line
        vals = line if isinstance(line, dict) else {"price_unit": line}
        return {
            "product_id": self.things.id,
            "quantity": 1,
            "tax_ids": [Command.set(self.sale_tax.ids)],
            **vals,
        }

    def refund(self, invoice, day="2026-02-15", *, lines=None, post=True, **values):
        """A credit note of an invoice; of some of its lines only, if given."""
        note = invoice._reverse_moves(
            [{"invoice_date": fields.Date.to_date(day), "date": day, **values}]
        )
        if lines is not None:
            kept = {(line.name, line.price_unit) for line in lines}
            note.invoice_line_ids.filtered(
                lambda line: (line.name, line.price_unit) not in kept
            ).unlink()
        if post:
            note.action_post()
        return note

    # Money

    def pay(self, invoices, amount=None, day="2026-02-10", **values):
        """Register a payment of invoices, and match it.

        What depends on the amount (write-off) is set after it, as on the screen.
        """
        first = {
            name: values.pop(name)
            for name in ("journal_id", "currency_id")
            if name in values
        }
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create(
                {
                    "payment_date": day,
                    "journal_id": self.journal("bank").id,
                    "group_payment": True,
                    **first,
                }
            )
        )
        if amount is not None:
            wizard.amount = amount
        if values:
            wizard.write(values)
        return wizard._create_payments()

    def payment(self, amount, partner, day="2026-02-10", **values):
        """A payment of a customer that is not matched with anything."""
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": partner.id,
                "amount": amount,
                "date": day,
                "journal_id": self.journal("bank").id,
                **values,
            }
        )
        payment.action_post()
        return payment

    def entry(self, lines, day="2026-02-10", journal=None, post=True):
        """A journal entry of ``(account, debit minus credit, partner)``."""
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": day,
                "journal_id": (journal or self.journal("bank")).id,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": partner.id if partner else False,
                            "balance": balance,
                        }
                    )
                    for account, balance, partner in lines
                ],
            }
        )
        if post:
            entry.action_post()
        return entry

    def receivables(self, *documents):
        lines = self.env["account.move.line"]
        for document in documents:
            move = document if document._name == "account.move" else document.move_id
            lines |= move.line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
        return lines

    def reconcile(self, *documents):
        return (
            self.receivables(*documents)
            .filtered(lambda line: not line.reconciled)
            .reconcile()
        )

    def unreconcile(self, *documents):
        self.receivables(*documents).remove_move_reconcile()

    # Deliveries

    def deliver(self, order, day="2026-02-01", quantities=None):
        """Deliver what is open, or so much of each line; the rest stays open."""
        picking = order.picking_ids.filtered(
            lambda p: p.state not in ("done", "cancel")
        )[:1]
        for move in picking.move_ids:
            move.quantity = (
                move.product_uom_qty
                if quantities is None
                else quantities.get(move.sale_line_id, 0)
            )
            move.picked = bool(move.quantity)
        self._done(picking, day)
        return picking

    def return_(self, picking, quantity, day="2026-02-20"):
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = quantity
        back = self.env["stock.picking"].browse(
            wizard.action_create_returns()["res_id"]
        )
        back.move_ids.quantity = quantity
        back.move_ids.picked = True
        self._done(back, day)
        return back

    def _done(self, picking, day):
        picking.with_context(skip_backorder=True)._action_done()
        done = picking.move_ids.filtered(lambda m: m.state == "done")
        done.date = datetime.combine(fields.Date.to_date(day), datetime.min.time())

    # Opportunities

    def lead(self, name="Opportunity", *, user=None, **values):
        lead = self.env["crm.lead"].create(
            {
                "name": name,
                "type": "opportunity",
                "company_id": self.company.id,
                "user_id": user.id if user else False,
                **values,
            }
        )
        return lead

    # Credits

    def credits(self, metric, **where):
        """Credits of a metric, by fields: ``credits("INVOICED", user_id=ann.id)``."""
        return self.env["sales.credit"].search(
            [
                ("metric_id.code", "=", metric),
                ("company_id", "=", self.company.id),
                *((name, "=", value) for name, value in where.items()),
            ]
        )

    def total(self, metric, rep=None, *, overlay=False, **where):
        """The sum of a metric; of a rep (or of nobody: False) and a day, if given."""
        if rep is not None:
            where["rep_id"] = rep.id if rep else False
        found = self.credits(metric, overlay=overlay, **where)
        return float(round(sum(map(fraction, found.mapped("value"))), 6))

    def differences(self):
        return Oracle(self.env, self.company).compare()


class Books(Verbs):
    """The verbs outside of a test case.

    :param env: a superuser's
    :param company: whose books
    :param shared: ``sale_tax`` and ``things`` (the usual product), else new ones
    """

    def __init__(self, env, company, **shared):
        self.env = env(context={**env.context, "allowed_company_ids": company.ids})
        self.company = company.with_env(self.env)
        self.sale_tax = shared["sale_tax"] if shared else self.new_tax(10.0)
        self.things = shared["things"] if shared else self.new_product()


class LedgerCase(TransactionCase, Verbs):
    """A company in US dollars with a tax of 10 %, and three reps: Ann, Bo and Cy."""

    currency_name = "USD"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env(
            user=SUPERUSER_ID,
            context={
                "tracking_disable": True,
                "no_reset_password": True,
                "mail_create_nosubscribe": True,
                "mail_notrack": True,
            },
        )
        company = new_company(env, "Ledger Co", cls.currency_name)
        books = Books(env, company)
        cls.env, cls.company = books.env, books.company
        cls.sale_tax, cls.things = books.sale_tax, books.things
        cls.north, cls.south = books.new_team("North"), books.new_team("South")
        cls.ann, cls.bo, cls.cy = (
            books.new_rep(name, team_id=team.id)
            for name, team in (("Ann", cls.north), ("Bo", cls.north), ("Cy", cls.south))
        )
        cls.customer = books.new_customer()

    def assertLedger(self):
        """The ledger equals the oracle, and a rebuild finds nothing to change."""
        wrong = self.differences()
        self.assertFalse(wrong, "\n" + "\n".join(wrong[:40]))
        counts = self.env["sales.credit"].rebuild()
        self.assertEqual(counts, {"removed": 0, "changed": 0, "added": 0})

    def assertCredits(self, metric, expected, *, overlay=False, **where):
        """``assertCredits("ORDERED", {ann: 90, bo: 60})``; nobody is None."""
        sums = {}
        for credit in self.credits(metric, overlay=overlay, **where):
            sums.setdefault(credit.rep_id or None, []).append(fraction(credit.value))
        got = {
            rep.name if rep else None: float(round(sum(values), 6))
            for rep, values in sums.items()
        }
        want = {rep.name if rep else None: value for rep, value in expected.items()}
        self.assertEqual(got, want, metric)

    @contextmanager
    def assertUnchanged(self):
        """The ledger is the same afterwards, ids included."""

        def snapshot():
            self.env.cr.flush()
            self.env.cr.execute(
                "SELECT to_jsonb(c) FROM sales_credit c WHERE company_id = %s "
                "ORDER BY id",
                [self.company.id],
            )
            return self.env.cr.fetchall()

        before = snapshot()
        yield
        self.assertEqual(snapshot(), before)

    @staticmethod
    def day(text):
        return date.fromisoformat(text)
