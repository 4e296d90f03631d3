import logging
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL

from odoo.addons.sales_force.locking import write_lock

from .sales_commission_paying import FINANCE

_logger = logging.getLogger(__name__)


class SalesCommissionAccrual(models.Model):
    """What a company owed at the end of a month and had not paid, booked there and
    reversed on the first: once for a month."""

    _name = "sales.commission.accrual"
    _description = "Accrual of Commission"
    _order = "date desc, company_id, id"
    _rec_name = "date"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date("Month End", required=True, readonly=True)
    amount = fields.Monetary(readonly=True, help="In company currency.")
    move_id = fields.Many2one(
        "account.move",
        "Entry",
        readonly=True,
        ondelete="restrict",
        help="Empty: nothing was owed.",
    )
    reversal_id = fields.Many2one(
        "account.move", "Reversal", readonly=True, ondelete="restrict"
    )

    _month_uniq = models.UniqueIndex("(company_id, date)")

    @api.model
    def action_accrue(self):
        """The last month of the user's company; again it changes nothing.

        :raise AccessError: for who is not finance
        :raise UserError: where accounts are missing or the month is locked
        """
        if not self.env.user.has_group(FINANCE):
            raise AccessError(self.env._("Commission is accrued by finance."))
        company = self.env.company
        # sudo: who may was checked, and where; it writes what nobody may by hand
        self.sudo()._accrue(company.sudo())
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    @api.model
    def _cron_accrue(self):
        """The last month of all companies that accrue."""
        companies = (
            self.env["res.company"]
            .search([("sales_commission_accrual_account_id", "!=", False)])
            .sorted("id")
        )
        self.env["ir.cron"]._commit_progress(remaining=len(companies))
        for company in companies:
            try:
                with self.env.cr.savepoint():
                    self._accrue(company)
            except UserError as error:
                _logger.warning(
                    "Commission of %s is not accrued: %s", company.id, error
                )
            self.env["ir.cron"]._commit_progress(1)

    def _accrue(self, company):
        """Book what was owed at the end of the last month, unless it is booked.

        :return: the accrual of the month
        """
        first = company._get_sales_today().replace(day=1)
        last = first - timedelta(days=1)
        write_lock(company)
        accrual = self.search([("company_id", "=", company.id), ("date", "=", last)])
        if accrual:
            return accrual
        self = self.with_company(company)
        self.env["sales.commission.statement"]._run(company, last)
        self.env.flush_all()
        lines = self._prepare_lines(company, last)
        move = self.env["account.move"]
        reversal = move
        if lines:
            move, reversal = self._book(company, lines, last, first)
        return self.create(
            {
                "company_id": company.id,
                "date": last,
                "amount": sum(vals["balance"] for _c, _i, vals in lines[::2]),
                "move_id": move.id,
                "reversal_id": reversal.id,
            }
        )

    def _book(self, company, lines, last, first):
        """:return: the entry of a month and its reversal, posted"""
        journal = company._get_commission_journal()
        locks = company._get_violated_lock_dates(last, False, journal)
        if locks:
            raise UserError(
                self.env._(
                    "Entries of %(company)s are locked on %(date)s: the commission of "
                    "the month cannot be accrued.",
                    company=company.name,
                    date=last,
                )
            )
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "company_id": company.id,
                "date": last,
                "ref": self.env._("Accrued commission"),
                "line_ids": lines,
            }
        )
        move._post(soft=False)
        reversal = move._reverse_moves(
            [{"date": first, "ref": self.env._("Accrued commission, reversed")}],
            cancel=True,
        )
        return move, reversal

    def _prepare_lines(self, company, day):
        """Two lines for each plan and currency of which something is owed."""
        account = company.sales_commission_accrual_account_id
        if not account:
            company._refuse_missing("sales_commission_accrual_account_id")
        lines = []
        for plan, currency, amount in self._get_owed(company, day):
            balance = currency._convert(
                float(amount), company.currency_id, company, day
            )
            common = {"name": plan.display_name, "currency_id": currency.id}
            for sign, booked, analytic in (
                (1, plan._get_expense_account(), plan.analytic_distribution),
                (-1, account, False),
            ):
                lines.append(
                    Command.create(
                        {
                            **common,
                            "account_id": booked.id,
                            "analytic_distribution": analytic,
                            "balance": sign * balance,
                            "amount_currency": sign * float(amount),
                        }
                    )
                )
        return lines

    def _get_owed(self, company, day):
        """What was earned until a day, less what was paid until then.

        :return: ``[(plan, currency, Decimal)]`` without zeros
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT plan_id, currency_id, sum(amount) FROM (
                    SELECT s.plan_id, e.currency_id, e.amount
                    FROM sales_commission_entry e
                    JOIN sales_commission_statement s ON s.id = e.statement_id
                    WHERE e.company_id = %(company)s AND e.date <= %(day)s
                    UNION ALL
                    SELECT s.plan_id, p.currency_id, -p.amount
                    FROM sales_commission_payment p
                    JOIN sales_commission_statement s ON s.id = p.statement_id
                    WHERE p.company_id = %(company)s AND p.date <= %(day)s
                ) owed
                GROUP BY plan_id, currency_id HAVING sum(amount) <> 0
                ORDER BY plan_id, currency_id
                """,
                company=company.id,
                day=day,
            )
        )
        return [
            (
                self.env["sales.commission.plan"].browse(plan),
                self.env["res.currency"].browse(currency),
                Decimal(str(amount)),
            )
            for plan, currency, amount in rows
        ]
