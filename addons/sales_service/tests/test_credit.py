"""An agent asks for a credit note, an accountant makes it."""

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .documents import DocumentsCase


@tagged("post_install", "-at_install")
class TestCredit(DocumentsCase):
    def _ask(self, amount, user="agent", lines=(), invoice=None):
        return (
            self.env["sales.service.credit"]
            .with_user(self.users[user])
            ._ask(
                self._as(user, self.ticket),
                invoice or self.invoice,
                amount,
                "Scratched",
                lines,
            )
        )

    def _make(self, credit, user="accountant"):
        action = self._as(user, credit).action_make()
        return self.env["account.move"].browse(action["res_id"])

    def test_amount(self):
        """A lower price: exactly so much, no goods, nothing to invoice again."""
        remedy = self._remedy("agent", "credit", amount=33.34, reason="Scratched")
        remedy.line_ids.is_chosen = False
        remedy.amount = 33.34
        remedy.action_make()
        credit = self.env["sales.service.credit"].search([])
        self.assertEqual(
            (credit.user_id, credit.state, credit.invoice_id),
            (self.users["agent"], "asked", self.invoice),
        )
        self.assertEqual(self._as("agent", self.ticket).credit_count, 1)
        note = self._make(credit)
        self.assertEqual(note.move_type, "out_refund")
        self.assertEqual((note.state, note.amount_untaxed), ("draft", 33.34))
        self.assertEqual(note.reversed_entry_id, self.invoice)
        self.assertFalse(note.invoice_line_ids.product_id)
        self.assertEqual(note.service_ticket_id, self.ticket)
        self.assertEqual((credit.state, credit.move_id), ("made", note))
        self.assertEqual(credit.decided_by_id, self.users["accountant"])
        note.action_post()
        self.assertEqual(self.order.order_line.qty_to_invoice, 0)
        message = self._last_message(self.ticket)
        self.assertIn(self.users["agent"].partner_id, message.notified_partner_ids)

    def test_whole_line(self):
        """Odoo's own reversal: the line with product and quantity."""
        remedy = self._remedy("agent", "credit", reason="Taken back")
        self.assertEqual(remedy.line_ids.mapped("is_chosen"), [True])
        self.assertEqual(remedy.amount, 300)
        remedy.action_make()
        credit = self.env["sales.service.credit"].search([])
        self.assertEqual(
            self._as("agent", credit).line_names, self.invoice.invoice_line_ids.name
        )
        line = self._make(credit).invoice_line_ids
        self.assertEqual((line.product_id, line.quantity), (self.goods, 3))
        self.assertEqual(line.price_subtotal, 300)

    def test_spread(self):
        """Over lines with taxes in the price, a discount and a section."""
        tax = self.env["account.tax"].create(
            {
                "name": "19 in",
                "amount": 19,
                "price_include_override": "tax_included",
            }
        )
        invoice = self._invoice(
            invoice_line_ids=[
                Command.create({"display_type": "line_section", "name": "Goods"}),
                *(
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "quantity": quantity,
                            "price_unit": price,
                            "tax_ids": [Command.set(taxes)],
                        }
                    )
                    for quantity, price, taxes in (
                        (3, 33.33, tax.ids),
                        (1, 7.01, []),
                        (1, -5, []),
                        (7, 1.11, tax.ids),
                    )
                ),
            ]
        )
        invoice.action_post()
        for amount in (0.01, 0.02, 17.77, 50):
            note = self._make(self._ask(amount, invoice=invoice))
            self.assertEqual(note.amount_untaxed, amount)
            self.assertEqual(note.invoice_line_ids.mapped("display_type")[0], "product")
        left = self.env["sales.service.credit"]._get_left(
            invoice, invoice.invoice_line_ids.browse()
        )
        with self.assertRaises(UserError):
            self._ask(left + 0.01, invoice=invoice)

    def test_not_more_than_invoiced(self):
        self._ask(200)
        with self.assertRaises(UserError):
            self._ask(100.01)
        credit = self._ask(100)
        # What accounting credits besides is counted when it is made.
        self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        ).create({"journal_id": self.invoice.journal_id.id}).refund_moves()
        with self.assertRaises(UserError):
            self._make(credit)

    def test_line_once(self):
        """A line is not credited twice, whatever else is on the invoice."""
        tax = self.env["account.tax"].create({"name": "19", "amount": 19})
        invoice = self._invoice(
            invoice_line_ids=[
                Command.create(
                    {
                        "product_id": self.product.id,
                        "price_unit": price,
                        "sequence": number,
                        "tax_ids": tax.ids,
                    }
                )
                for number, price in ((20, 100), (10, 60))
            ]
        )
        invoice.action_post()
        line = invoice.invoice_line_ids.filtered(lambda one: one.price_unit == 60)
        self._ask(50, lines=line.ids, invoice=invoice)
        credit = self._ask(10, lines=line.ids, invoice=invoice)
        with self.assertRaises(UserError):
            self._ask(0.01, lines=line.ids, invoice=invoice)
        self.assertEqual(self._make(credit).amount_untaxed, 10)
        with self.assertRaises(UserError):
            self._ask(0.01, lines=line.ids, invoice=invoice)
        taxes = invoice.line_ids - invoice.invoice_line_ids
        with self.assertRaises(UserError):
            self._ask(1, lines=taxes[:1].ids, invoice=invoice)
        self._ask(100, lines=(invoice.invoice_line_ids - line).ids, invoice=invoice)

    def test_note_gone(self):
        """Who deletes the credit note has decided nothing; a cancelled one is told."""
        credit = self._ask(300)
        note = self._make(credit)
        self.assertEqual(self._lines("credit").status, "Draft")
        self._as("accountant", note).unlink()
        self.assertEqual((credit.state, bool(credit.decided_by_id)), ("asked", False))
        self.assertEqual(self._lines("credit").status, "Asked")
        self.assertIn("to be decided again", self._last_message(self.ticket).body)
        note = self._make(credit)
        note.button_cancel()
        self.assertEqual(self._lines("credit").status, "Cancelled")
        # And may be asked for again.
        self._ask(300)

    def test_invoice_taken_back(self):
        credit = self._ask(10)
        self.invoice.button_draft()
        with self.assertRaises(UserError):
            self._make(credit)

    def test_other_currency(self):
        """In the invoice's money, whole yen; the ticket's cost in the company's."""
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": yen.id,
                "rate": 100,
                "company_id": self.company.id,
                "name": "2020-01-01",
            }
        )
        invoice = self._invoice(
            currency_id=yen.id,
            invoice_line_ids=[
                Command.create(
                    {
                        "product_id": self.product.id,
                        "price_unit": price,
                        "tax_ids": False,
                    }
                )
                for price in (1001, 333)
            ],
        )
        invoice.action_post()
        note = self._make(self._ask(101, invoice=invoice))
        self.assertEqual((note.currency_id, note.amount_untaxed), (yen, 101))
        note.action_post()
        self.assertEqual(self.ticket.cost_credit, 1.01)

    def test_refused(self):
        credit = self._as("accountant", self._ask(10))
        action = credit.action_refuse()
        self.assertEqual(action["res_model"], "sales.service.credit.refuse")
        wizard = credit.env["sales.service.credit.refuse"].create(
            {"credit_id": credit.id, "reason": "Agreed so"}
        )
        wizard.action_refuse()
        self.assertEqual((credit.state, credit.refusal), ("refused", "Agreed so"))
        for act in (credit.action_make, wizard.action_refuse):
            with self.assertRaises(UserError):
                act()
        # It does not stand in the way of the next.
        self._ask(300)

    def test_nobody_approves_the_own(self):
        self.ticket.user_id = self.users["accountant2"]
        credit = self._as("accountant2", self._ask(10, "accountant2"))
        with self.assertRaises(AccessError):
            credit.action_make()
        with self.assertRaises(AccessError):
            credit.action_refuse("No")
        self.assertTrue(self._make(credit))

    def test_money_over_rpc(self):
        """An agent raises no money: not by state, amount, invoice or name."""
        credits = self._as("agent", self.env["sales.service.credit"])
        vals = {
            "ticket_id": self.ticket.id,
            "invoice_id": self.invoice.id,
            "amount": 10,
            "reason": "x",
        }
        for name, value in (
            ("state", "made"),
            ("user_id", self.users["colleague"].id),
            ("decided_by_id", self.users["accountant"].id),
            ("move_id", self.invoice.id),
        ):
            with self.assertRaises(UserError, msg=name):
                credits.create({**vals, name: value})
        with self.assertRaises(AccessError):
            credits.create(
                {**vals, "invoice_line_ids": self.invoice.invoice_line_ids.ids}
            )
        for amount in (0, -5):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation, msg=amount),
            ):
                credits.create({**vals, "amount": amount})
        credit = credits.create(vals)
        for values in ({"amount": 300}, {"state": "made"}, {"reason": "y"}):
            with self.assertRaises(UserError):
                credit.write(values)
        for act in (credit.action_make, lambda: credit.action_refuse("x")):
            with self.assertRaises(AccessError):
                act()
        with self.assertRaises(AccessError):
            credit.unlink()
        # Somebody else's invoice, a draft, and a ticket of a colleague.
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        strange = self._invoice(partner=other)
        strange.action_post()
        for invoice in (strange, self._invoice()):
            with self.assertRaises(UserError):
                credits.create({**vals, "invoice_id": invoice.id})
        ticket = self._ticket("colleague")
        with self.assertRaises(AccessError):
            credits.create({**vals, "ticket_id": ticket.id})
        with self.assertRaises(UserError):
            self._ask(10, lines=strange.invoice_line_ids.ids)

    def test_access(self):
        """Seen with the ticket, by who has asked, and by accounting."""
        credit = self._ask(10)
        for role, seen in (
            *(("agent", True), ("colleague", False), ("stranger", False)),
            *(("dispatcher", True), ("service_manager", True), ("rep", True)),
            *(("peer", False), ("leader", True), ("director", True)),
            *(("operations", True), ("accountant", True), ("finance", False)),
        ):
            one = self._as(role, credit)
            with self.subTest(role=role):
                self.assertEqual(one.has_access("read"), seen)
                for operation in ("write", "unlink"):
                    self.assertFalse(one.has_access(operation))
        self.ticket.user_id = self.users["colleague"]
        self.assertTrue(self._as("agent", credit).has_access("read"))
        self._as("accountant", credit).read()
        self._as("agent", credit).read(["line_names", "display_name", "currency_id"])
