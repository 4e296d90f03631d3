from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .payout_common import PayoutCase


@tagged("post_install", "-at_install")
class TestPayoutEntry(PayoutCase):
    """A journal entry for each statement."""

    def test_entry(self):
        self._book()
        self._sell("rep", 100)
        self._sell("peer", 200)
        self._run()
        statements = self._validated()
        payout = self._pay(statements)
        self.assertEqual(len(payout.payment_ids.move_id), 2)
        for payment in payout.payment_ids:
            move = payment.move_id
            self.assertEqual((move.state, move.move_type), ("posted", "entry"))
            self.assertEqual(
                [
                    (line.account_id, line.balance, line.partner_id)
                    for line in move.line_ids.sorted("balance", reverse=True)
                ],
                [
                    (account, sign * payment.amount, payment.rep_id.partner_id)
                    for sign, account in (
                        (1, self.accounts["expense"]),
                        (-1, self.accounts["liability"]),
                    )
                ],
            )
        self.assertEqual(set(statements.mapped("state")), {"paid"})

    def test_plan_account(self):
        """The plan's own account and analytic distribution go first."""
        self._book(sales_commission_post_entries=False)
        analytic = self.env["account.analytic.account"].create(
            {
                "name": "Sales",
                "plan_id": self.env["account.analytic.plan"]
                .create({"name": "Departments"})
                .id,
            }
        )
        self.plan.write(
            {
                "expense_account_id": self.accounts["own"].id,
                "analytic_distribution": {str(analytic.id): 100},
            }
        )
        self._sell("rep", 100)
        self._run()
        move = self._pay(self._validated()).payment_ids.move_id
        self.assertEqual(move.state, "draft")
        expense = move.line_ids.filtered("debit")
        self.assertEqual(expense.account_id, self.accounts["own"])
        self.assertEqual(expense.analytic_distribution, {str(analytic.id): 100})

    def test_missing_account(self):
        self._book(sales_commission_liability_account_id=False)
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        with self.assertRaises(UserError) as caught:
            self._pay(statement)
        self.assertIn("Commission Owed", str(caught.exception))
        self.company.sales_commission_expense_account_id = False
        with self.assertRaises(UserError):
            self._pay(statement)
        self.assertEqual(statement.state, "validated")

    def test_currency(self):
        """In company currency, with what the plan's currency says beside it."""
        foreign = self._foreign(4)
        self.plan.action_archive()
        self.plan = self._plan(currency_id=foreign.id)
        self._book()
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        self.assertEqual(statement.amount, 40)
        move = self._pay(statement).payment_ids.move_id
        self.assertEqual(sorted(move.line_ids.mapped("amount_currency")), [-40, 40])
        self.assertEqual(sorted(move.line_ids.mapped("balance")), [-10, 10])
        self.assertEqual(move.line_ids.currency_id, foreign)

    def test_unpay(self):
        self._book()
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        move = self._pay(statement).payment_ids.move_id
        with self.assertRaises(UserError):
            move.button_draft()
            move.unlink()
        self._unpay(statement, "Wrong")
        back = move.reversal_move_ids
        self.assertEqual(back.state, "posted")
        total = (move | back).line_ids
        for account in (self.accounts["expense"], self.accounts["liability"]):
            mine = total.filtered(lambda line, a=account: line.account_id == a)
            self.assertEqual(sum(mine.mapped("balance")), 0)
        again = self._pay(statement).payment_ids.move_id
        self.assertNotIn(again, move | back)

    def test_unpay_draft(self):
        self._book(sales_commission_post_entries=False)
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        move = self._pay(statement).payment_ids.move_id
        self._unpay(statement, "Wrong")
        self.assertEqual(move.state, "cancel")
        self.assertFalse(move.reversal_move_ids)

    def test_unpay_reconciled(self):
        """What was transferred to the rep is undone in accounting first."""
        self.accounts["liability"].reconcile = True
        self._book()
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        move = self._pay(statement).payment_ids.move_id
        owed = move.line_ids.filtered("credit")
        transfer = move.copy()
        transfer.line_ids.filtered("debit").account_id = owed.account_id
        transfer.line_ids.filtered("credit").account_id = self.accounts["own"]
        transfer.action_post()
        lines = owed | transfer.line_ids.filtered("debit")
        lines.reconcile()
        with self.assertRaises(UserError) as caught:
            self._unpay(statement, "Wrong")
        self.assertIn(move.name, str(caught.exception))
        lines.remove_move_reconcile()
        self._unpay(statement, "Wrong")
        self.assertEqual(statement.state, "validated")


@tagged("post_install", "-at_install")
class TestPayoutBill(PayoutCase):
    """Vendor bills of external agents."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.pay_by = "bill"
        cls.tax = cls._tax("Commission 20", 20)
        cls.company.sales_commission_product_id = cls.env["product.product"].create(
            {
                "name": "Commission",
                "type": "service",
                "supplier_taxes_id": [Command.set(cls.tax.ids)],
                "property_account_expense_id": cls.accounts["expense"].id,
            }
        )
        cls.company.sales_commission_post_bills = True
        cls.agency = cls.env["res.partner"].create({"name": "Agency"})

    @classmethod
    def _tax(cls, name, percent):
        return cls.env["account.tax"].create(
            {
                "name": name,
                "amount": percent,
                "type_tax_use": "purchase",
                "price_include_override": "tax_excluded",
            }
        )

    def test_bill(self):
        self._sell("rep", 100)
        self._sell("peer", 200)
        (self.reps["rep"] | self.reps["peer"]).commission_partner_id = self.agency
        self._sell("leader", 50)
        self._run()
        statements = self._validated()
        payout = self._pay(statements)
        bills = payout.payment_ids.move_id.sorted("amount_untaxed")
        self.assertEqual(set(bills.mapped("move_type")), {"in_invoice"})
        self.assertEqual(
            [(bill.partner_id, bill.amount_untaxed, bill.amount_tax) for bill in bills],
            [(self.reps["leader"].partner_id, 5, 1), (self.agency, 30, 6)],
        )
        self.assertEqual(
            bills[1].invoice_line_ids.mapped("price_subtotal"),
            statements.filtered(lambda one: one.rep_id.commission_partner_id).mapped(
                "amount"
            ),
        )
        # By the payout calendar where the agency has no terms, and not in the past.
        due = max(payout.date, *statements.mapped("pay_date"))
        self.assertEqual(set(bills.mapped("invoice_date_due")), {due})
        self.assertEqual(bills.invoice_line_ids.account_id, self.accounts["expense"])
        self.assertEqual(payout.state, "waiting")
        self.assertEqual(set(statements.mapped("state")), {"validated"})
        self.assertEqual(set(statements.mapped("bill_state")), {"not_paid"})
        self.assertEqual(self._pay(statements), payout)
        self.assertEqual(len(payout.payment_ids), 3)

    def test_fiscal_position(self):
        """Taxes and accounts as Odoo maps them, also the account of a plan."""
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "account_ids": [
                    Command.create(
                        {
                            "account_src_id": self.accounts["own"].id,
                            "account_dest_id": self.accounts["accrued"].id,
                        }
                    )
                ],
            }
        )
        withheld = self._tax("Withheld", -10)
        withheld.fiscal_position_ids = position
        withheld.original_tax_ids = self.tax
        self.reps["rep"].partner_id.property_account_position_id = position
        self.plan.expense_account_id = self.accounts["own"]
        self._sell("rep", 100)
        self._run()
        bill = self._pay(self._validated()).payment_ids.move_id
        self.assertEqual(bill.fiscal_position_id, position)
        self.assertEqual(bill.invoice_line_ids.tax_ids, withheld)
        self.assertEqual(bill.invoice_line_ids.account_id, self.accounts["accrued"])
        self.assertEqual((bill.amount_untaxed, bill.amount_total), (10, 9))

    def test_negative(self):
        """A credit note; of an agent's statements the sum decides."""
        invoice = self._sell("rep", 100)
        self._run()
        self._close(self._statement(), "paid")
        invoice.button_draft()
        self._run()
        back = self._validated()
        self.assertEqual(back.amount, -10)
        payout = self._pay(back)
        refund = payout.payment_ids.move_id
        self.assertEqual((refund.move_type, refund.amount_untaxed), ("in_refund", 10))
        self.assertEqual(payout.amount, -10)
        self._register(refund)
        self.assertEqual(back.state, "paid")

    def test_paid(self):
        """The bill's payment is the statement's, in both directions."""
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        payout = self._pay(statement)
        bill = payout.payment_ids.move_id
        self._register(bill)
        self.assertEqual((statement.state, payout.state), ("paid", "paid"))
        with self.assertRaises(UserError):
            self._unpay(statement, "Too late")
        bill.line_ids.remove_move_reconcile()
        self.env.cr.flush()
        self.assertEqual((statement.state, payout.state), ("validated", "waiting"))
        self._unpay(statement, "Now")
        self.assertEqual(bill.payment_state, "reversed")
        self.assertEqual(bill.reversal_move_ids.move_type, "in_refund")
        self.assertEqual((payout.state, statement.state), ("undone", "validated"))
        self.assertFalse(statement.bill_state)
        self._pay(statement)
        self.assertEqual(statement.bill_state, "not_paid")

    def test_whole(self):
        """A bill is taken back with all of its statements."""
        self._sell("rep", 100)
        self._sell("peer", 200)
        (self.reps["rep"] | self.reps["peer"]).commission_partner_id = self.agency
        self._run()
        statements = self._validated()
        payout = self._pay(statements)
        self._unpay(self._statement("rep"), "Wrong agency")
        self.assertEqual(payout.state, "undone")
        self.assertFalse(statements.sudo().payout_id)
        self.assertEqual(self._sum(payout.payment_ids), 0)

    def test_no_product(self):
        self.company.sales_commission_product_id = False
        self._sell("rep", 100)
        self._run()
        with self.assertRaises(UserError):
            self._pay(self._validated())

    def test_currency(self):
        foreign = self._foreign(4)
        self.plan.action_archive()
        self.plan = self._plan(currency_id=foreign.id, pay_by="bill")
        self._sell("rep", 100)
        self._run()
        bill = self._pay(self._validated()).payment_ids.move_id
        self.assertEqual(bill.currency_id, foreign)
        self.assertEqual(bill.amount_untaxed, 40)

    def _register(self, bill):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        ).create({})._create_payments()
        bill.matched_payment_ids.filtered(
            lambda one: one.state == "in_process"
        ).state = "paid"
        self.env.cr.flush()
