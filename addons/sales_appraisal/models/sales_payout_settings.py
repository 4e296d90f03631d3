from odoo import fields, models
from odoo.exceptions import UserError

from ..commission.payroll import DATES

EXPENSES = (
    "[('account_type', 'in', ('expense', 'expense_direct_cost', 'expense_other'))]"
)
LIABILITIES = (
    "[('account_type', 'in', ('liability_payable', 'liability_current', "
    "'liability_non_current'))]"
)


class ResCompany(models.Model):
    """How commission is paid and booked."""

    _inherit = "res.company"

    sales_commission_journal_id = fields.Many2one(
        "account.journal",
        "Journal",
        check_company=True,
        domain="[('type', '=', 'general')]",
        help="Empty: the first journal for miscellaneous entries.",
    )
    sales_commission_expense_account_id = fields.Many2one(
        "account.account",
        "Commission Expense",
        check_company=True,
        domain=EXPENSES,
        help="A plan may have another one.",
    )
    sales_commission_liability_account_id = fields.Many2one(
        "account.account",
        "Commission Owed",
        check_company=True,
        domain=LIABILITIES,
        help="What is owed to reps who are paid by journal entries.",
    )
    sales_commission_post_entries = fields.Boolean(
        "Post Entries",
        default=True,
        help="Off: journal entries stay drafts, for accounting to post.",
    )
    sales_commission_product_id = fields.Many2one(
        "product.product",
        "Product on Bills",
        check_company=True,
        domain="[('type', '=', 'service')]",
        help="A service: its account and its vendor taxes are on the bills of external "
        "agents.",
    )
    sales_commission_post_bills = fields.Boolean(
        "Post Bills",
        help="Off: bills stay drafts, for accounting to check and post.",
    )
    sales_commission_accrual_account_id = fields.Many2one(
        "account.account",
        "Accrued Commission",
        check_company=True,
        domain=LIABILITIES,
        help="What is earned and not paid at the end of a month is booked here, and "
        "reversed on the first. Empty: nothing is accrued.",
    )
    sales_payroll_format = fields.Selection(
        [("xlsx", "Spreadsheet (xlsx)"), ("csv", "Text (csv)")],
        "Payroll File",
        default="xlsx",
        required=True,
    )
    sales_payroll_dates = fields.Selection(
        [(name, name) for name in DATES],
        "Date Format",
        default="YYYY-MM-DD",
        required=True,
    )

    def _get_commission_journal(self):
        """:raise UserError: when there is none"""
        self.ensure_one()
        journal = self.sales_commission_journal_id
        if not journal:
            journals = self.env["account.journal"]
            journal = journals.search(
                [*journals._check_company_domain(self), ("type", "=", "general")],
                limit=1,
            )
        return journal or self._refuse_missing("sales_commission_journal_id")

    def _get_commission_liability(self):
        """:raise UserError: when there is none"""
        name = "sales_commission_liability_account_id"
        return self[name] or self._refuse_missing(name)

    def _refuse_missing(self, name):
        raise UserError(
            self.env._(
                "“%(setting)s” is not set for %(company)s: choose it in the settings "
                "of Sales Force.",
                setting=self.fields_get([name], ["string"])[name]["string"],
                company=self.name,
            )
        )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_commission_journal_id = fields.Many2one(
        related="company_id.sales_commission_journal_id", readonly=False
    )
    sales_commission_expense_account_id = fields.Many2one(
        related="company_id.sales_commission_expense_account_id", readonly=False
    )
    sales_commission_liability_account_id = fields.Many2one(
        related="company_id.sales_commission_liability_account_id", readonly=False
    )
    sales_commission_post_entries = fields.Boolean(
        related="company_id.sales_commission_post_entries", readonly=False
    )
    sales_commission_product_id = fields.Many2one(
        related="company_id.sales_commission_product_id", readonly=False
    )
    sales_commission_post_bills = fields.Boolean(
        related="company_id.sales_commission_post_bills", readonly=False
    )
    sales_commission_accrual_account_id = fields.Many2one(
        related="company_id.sales_commission_accrual_account_id", readonly=False
    )
    sales_payroll_format = fields.Selection(
        related="company_id.sales_payroll_format", readonly=False
    )
    sales_payroll_dates = fields.Selection(
        related="company_id.sales_payroll_dates", readonly=False
    )

    def action_payroll_columns(self):
        return self.env["sales.payroll.column"].action_edit()
