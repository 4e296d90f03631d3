"""Commission in the books: accounts, a product, and what is approved is paid."""

# What is not set up yet, and the type of the account that is taken for it.
ACCOUNTS = {
    "sales_commission_expense_account_id": "expense",
    "sales_commission_liability_account_id": "liability_current",
    "sales_commission_accrual_account_id": "liability_current",
}
PRODUCT = ("Sales Commission", "销售提成")


class Payouts:
    """:param env: superuser's, of the company; :param word: picks the language"""

    def __init__(self, env, company, word):
        self.env, self.company, self.word = env, company, word

    def load(self):
        self.set_up()
        statements = self.env["sales.commission.statement"].search(
            [("company_id", "=", self.company.id), ("state", "=", "validated")]
        )
        amounts = statements._get_payable()
        (statements - statements._get_skipped(amounts))._pay(amounts)
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
        self.company.sales_commission_product_id = self.env["product.product"].create(
            {
                "name": self.word(PRODUCT),
                "type": "service",
                "sale_ok": False,
                "company_id": self.company.id,
            }
        )
