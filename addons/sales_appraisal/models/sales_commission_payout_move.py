from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

# What accounting says of a bill for which money has moved.
SETTLED = ("in_payment", "partial", "paid")


class SalesCommissionPayout(models.Model):
    """What a payout leaves in the books: an entry for each statement, or bills."""

    _inherit = "sales.commission.payout"

    # Journal entries

    def _make_entries(self, statements, amounts):
        """An entry for each statement, in company currency at the rate of the day.

        :raise UserError: naming the account that is missing
        """
        company = self.company_id
        journal = company._get_commission_journal()
        booked = statements.filtered(lambda one: amounts[one])
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "company_id": company.id,
                    "date": self.date,
                    "ref": self._get_label(statement),
                    "line_ids": self._prepare_lines(statement, amounts[statement]),
                }
                for statement in booked
            ]
        )
        if company.sales_commission_post_entries:
            moves._post(soft=False)
        return dict(zip(booked, moves, strict=True))

    def _prepare_lines(self, statement, amount):
        company, currency = self.company_id, self.currency_id
        balance = currency._convert(
            float(amount), company.currency_id, company, self.date
        )
        plan = statement.plan_id
        common = {
            "name": self._get_label(statement),
            "partner_id": statement.rep_id._get_commission_partner().id,
            "currency_id": currency.id,
        }
        return [
            Command.create(
                {
                    **common,
                    "account_id": plan._get_expense_account().id,
                    "analytic_distribution": plan.analytic_distribution,
                    "balance": balance,
                    "amount_currency": float(amount),
                }
            ),
            Command.create(
                {
                    **common,
                    "account_id": company._get_commission_liability().id,
                    "balance": -balance,
                    "amount_currency": -float(amount),
                }
            ),
        ]

    def _get_label(self, statement):
        return f"{self.name} {statement.display_name}"

    # Bills of agents

    def _make_bills(self, statements, amounts):
        """A bill for each agent with a line for each statement; a credit note where
        their sum is negative. Fiscal position, taxes and terms are as Odoo has them.

        :raise UserError: when the product is missing
        """
        company = self.company_id
        product = company.sales_commission_product_id
        if not product:
            raise UserError(
                self.env._(
                    "No product is set for bills of commission in %(company)s: "
                    "choose one in the settings of Sales Force.",
                    company=company.name,
                )
            )
        by_agent = statements.grouped(
            lambda statement: statement.rep_id._get_commission_partner()
        )
        found = {}
        for partner, mine in by_agent.items():
            due = {}
            if not partner.with_company(company).property_supplier_payment_term_id:
                due["invoice_date_due"] = max(self.date, *mine.mapped("pay_date"))
            sign = -1 if sum(amounts[one] for one in mine) < 0 else 1
            bill = self.env["account.move"].create(
                {
                    "move_type": "in_invoice" if sign > 0 else "in_refund",
                    "company_id": company.id,
                    "partner_id": partner.id,
                    "currency_id": self.currency_id.id,
                    "invoice_date": self.date,
                    "date": self.date,
                    "ref": self.name,
                    **due,
                    "invoice_line_ids": [
                        Command.create(
                            self._prepare_bill_line(one, product, sign * amounts[one])
                        )
                        for one in mine
                    ],
                }
            )
            self._book_lines(bill, mine)
            found.update(dict.fromkeys(mine, bill))
        if company.sales_commission_post_bills:
            self.env["account.move"].union(*found.values())._post(soft=False)
        return found

    def _prepare_bill_line(self, statement, product, price):
        return {
            "product_id": product.id,
            "name": statement.display_name,
            "quantity": 1,
            "price_unit": float(price),
        }

    def _book_lines(self, bill, statements):
        """Account and analytic of the plans that have their own."""
        for line, statement in zip(bill.invoice_line_ids, statements, strict=True):
            plan = statement.plan_id
            if plan.expense_account_id:
                line.account_id = bill.fiscal_position_id.map_account(
                    plan.expense_account_id
                )
            if plan.analytic_distribution:
                line.analytic_distribution = plan.analytic_distribution

    # Taking back

    def _undo_moves(self, moves):
        """Drafts are cancelled, what is posted is reversed today.

        :raise UserError: where money has moved for one already
        """
        self.env["sales.commission.statement"]._refuse(
            [
                self.env._(
                    "%(move)s is paid or reconciled: undo that in accounting first.",
                    move=move.display_name,
                )
                for move in moves
                if self._is_settled(move)
            ]
        )
        moves.filtered(lambda move: move.state == "draft").button_cancel()
        for company, posted in (
            moves.filtered(
                lambda move: move.state == "posted" and move.payment_state != "reversed"
            )
            .grouped("company_id")
            .items()
        ):
            today = company._get_sales_today()
            posted.with_company(company)._reverse_moves(
                [
                    {
                        "date": today,
                        "invoice_date": today if move.is_invoice() else False,
                        "ref": self.env._("Taken back: %(move)s", move=move.name),
                    }
                    for move in posted
                ],
                cancel=True,
            )

    def _is_settled(self, move):
        """Whether money has moved for an entry or a bill."""
        if move.payment_state == "reversed":
            return False
        if move.is_invoice() and not move.currency_id.is_zero(move.amount_total):
            if move.payment_state in SETTLED:
                return True
        return bool(move.line_ids.matched_debit_ids | move.line_ids.matched_credit_ids)
