"""What tests of collections share: customers, invoices that are due, payments."""

from datetime import timedelta

from .common import SalesForceCase
from .ledger_common import Books


class CollectionCase(SalesForceCase):
    """Customers of the rep, the leader, a peer and nobody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id.tz = "UTC"
        cls.today = cls.company._get_sales_today()
        cls.books = Books(
            cls.env, cls.company, sale_tax=cls.env["account.tax"], things=cls.product
        )
        # Nobody else's items, and no plan of the demo's.
        cls.env["sales.dunning.plan"].search([]).in_force = False
        cls.customers = {
            name: cls.env["res.partner"].create(
                {
                    "name": f"Customer of {name}",
                    "is_company": True,
                    "email": f"{name}@example.com",
                    "user_id": cls.users[name].id if name in cls.users else False,
                }
            )
            for name in ("rep", "leader", "peer", "nobody")
        }
        cls.own = cls.customers["rep"]
        cls.items = cls.env["sales.receivable"]

    @classmethod
    def day(cls, days):
        """So many days ago; negative: to come."""
        return cls.today - timedelta(days=days)

    @classmethod
    def bill(cls, days, partner=None, amount=100.0, user=None, **values):
        """An invoice that was due so many days ago, of any salesperson."""
        invoice = cls._invoice(
            user,
            partner=partner or cls.own,
            invoice_date=cls.day(days + 30),
            invoice_line_ids=[
                (
                    0,
                    0,
                    {
                        "product_id": cls.product.id,
                        "price_unit": amount,
                        "tax_ids": False,
                    },
                )
            ],
            **values,
        )
        invoice.invoice_payment_term_id = False
        invoice.invoice_date_due = cls.day(days)
        invoice.action_post()
        cls.env.cr.flush()
        # What is new in a transaction was not dunned in it; tests have but one.
        cls.env.cr.cache.pop(("sales_force.new", "account.move.line"), None)
        return invoice

    @classmethod
    def pay(cls, invoice, amount=None, days=0):
        payment = cls.books.pay(
            invoice.with_env(cls.books.env), amount, day=cls.day(days)
        )
        cls.env.cr.flush()
        cls.env.invalidate_all()
        return payment

    @classmethod
    def unmatch(cls, invoice):
        cls.books.unreconcile(invoice)
        cls.env.cr.flush()
        cls.env.invalidate_all()

    @classmethod
    def item(cls, *invoices):
        """The open items of invoices."""
        ids = [
            line.id
            for invoice in invoices
            for line in invoice.line_ids
            if line.account_id.account_type == "asset_receivable"
        ]
        return cls.items.search([("id", "in", ids)])

    @classmethod
    def promise(cls, invoice, amount=100.0, days=-5, user=None, **values):
        """The customer promises to pay in five days."""
        promises = cls.env["sales.payment.promise"].with_user(user or cls.users["rep"])
        return promises.create(
            {
                "partner_id": invoice.commercial_partner_id.id,
                "company_id": invoice.company_id.id,
                "item_ids": [(6, 0, cls.item(invoice).ids)],
                "amount": amount,
                "date": cls.day(days),
                **values,
            }
        )

    @classmethod
    def dispute(cls, invoice, user=None):
        return (
            cls.env["sales.dispute"]
            .with_user(user or cls.users["rep"])
            .create(
                {
                    "partner_id": invoice.commercial_partner_id.id,
                    "company_id": invoice.company_id.id,
                    "item_ids": [(6, 0, cls.item(invoice).ids)],
                    "reason_id": cls.env.ref(
                        "sales_force.sales_dispute_reason_quality"
                    ).id,
                    "description": "Two of ten leak.",
                }
            )
        )
