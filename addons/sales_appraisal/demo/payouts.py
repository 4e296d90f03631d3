"""Commission in the books: accounts, a product, and what is approved is paid."""

from dateutil.relativedelta import relativedelta

# What is not set up yet, and the type of the account that is taken for it.
ACCOUNTS = {
    "sales_commission_expense_account_id": "expense",
    "sales_commission_liability_account_id": "liability_current",
    "sales_commission_accrual_account_id": "liability_current",
}
PRODUCT = ("Sales Commission", "销售提成")
# Paid is what is older than so many months, on this day of the month after.
UNPAID = 2
PAYDAY = 10


class Payouts:
    """:param env: superuser's, of the company; :param word: picks the language"""

    def __init__(self, env, company, word):
        self.env, self.company, self.word = env, company, word
        self.today = company._get_sales_today()
        self.finance = env["res.users"].search([("login", "=", "finance")])

    def load(self):
        self.set_up()
        statements = self.env["sales.commission.statement"].search(
            [
                ("company_id", "=", self.company.id),
                ("state", "=", "validated"),
                (
                    "date_from",
                    "<",
                    self.today.replace(day=1) - relativedelta(months=UNPAID),
                ),
            ],
            order="date_from, id",
        )
        for start, of_month in statements.grouped("date_from").items():
            self.pay(of_month, start + relativedelta(months=1, day=PAYDAY))
        self.pay_bills()
        self.company.sales_commission_post_entries = True
        if self.company.sales_commission_accrual_account_id:
            self.env["sales.commission.accrual"]._accrue(self.company)

    def set_up(self):
        for name, kind in ACCOUNTS.items():
            accounts = self.env["account.account"]
            self.company[name] = self.company[name] or accounts.search(
                [
                    *accounts._check_company_domain(self.company),
                    ("account_type", "=", kind),
                ],
                limit=1,
            )
        # Until they have the day on which they would have been made.
        self.company.sales_commission_post_entries = False
        self.company.sales_commission_product_id = self.env["product.product"].create(
            {
                "name": self.word(PRODUCT),
                "type": "service",
                "sale_ok": False,
                "company_id": self.company.id,
            }
        )

    def pay(self, statements, day):
        """Finance pays, and posts what that has made; all of it on that day."""
        statements.with_user(self.finance).action_pay()
        payouts = statements.payout_id
        payouts.date = day
        payouts.payment_ids.date = day
        moves = statements.payment_move_id
        drafts = moves.filtered(lambda move: move.state == "draft")
        drafts.date = day
        drafts.filtered(lambda move: move.is_invoice()).invoice_date = day
        drafts.action_post()

    def pay_bills(self):
        """Bills of agents are paid, but for the last ones."""
        bills = self.env["account.move"].search(
            [
                ("move_type", "=", "in_invoice"),
                ("state", "=", "posted"),
                (
                    "invoice_line_ids.product_id",
                    "=",
                    self.company.sales_commission_product_id.id,
                ),
            ],
            order="invoice_date, id",
        )
        last = max(bills.mapped("invoice_date"), default=None)
        for day, due in bills.grouped("invoice_date").items():
            if day != last:
                self.env["account.payment.register"].with_user(
                    self.finance
                ).with_context(active_model="account.move", active_ids=due.ids).create(
                    {"payment_date": day}
                ).action_create_payments()
