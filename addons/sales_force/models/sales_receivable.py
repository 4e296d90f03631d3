from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from ..deals.aging import open_items
from ..deals.dunning import held

BUCKETS = [
    ("0_not_due", "Not due"),
    ("1_30", "1–30 days"),
    ("31_60", "31–60 days"),
    ("61_90", "61–90 days"),
    ("91_more", "Over 90 days"),
    ("credit", "Unmatched credits"),
]


class SalesReceivable(models.Model):
    """What customers owe, item by item: read only, never stored.

    An item is an instalment that is not paid, or a credit that is not matched; see
    ``sales_force/deals/aging``. Whose the customer is, its items are: a rep reads them
    without any right to journal items or invoices.
    """

    _name = "sales.receivable"
    _description = "Open Item of a Customer"
    _inherit = ["sales.owned.mixin"]
    _auto = False
    _order = "date_due, id"
    _rec_name = "document_name"
    _depends = {
        "account.move.line": [
            "account_id",
            "amount_currency",
            "amount_residual",
            "amount_residual_currency",
            "balance",
            "company_id",
            "currency_id",
            "date",
            "date_maturity",
            "move_id",
            "parent_state",
            "partner_id",
            "reconciled",
        ],
        "account.move": ["invoice_date", "move_type", "name"],
        "res.partner": ["commercial_partner_id", "sales_territory_id", "user_id"],
    }

    document_name = fields.Char("Document", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    territory_id = fields.Many2one("sales.territory", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(
        "res.currency", "Company Currency", readonly=True
    )
    currency_id = fields.Many2one("res.currency", "Currency", readonly=True)
    move_id = fields.Integer("Journal Entry", readonly=True, aggregator=None)
    kind = fields.Selection(
        [
            ("invoice", "Invoice"),
            ("refund", "Credit note"),
            ("payment", "Payment"),
            ("entry", "Other"),
        ],
        readonly=True,
    )
    date = fields.Date(readonly=True)
    date_due = fields.Date("Due", readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max")
    bucket = fields.Selection(BUCKETS, "Age", readonly=True)
    amount = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="In company currency; credits are negative.",
    )
    residual = fields.Monetary(
        "Open Amount",
        currency_field="company_currency_id",
        readonly=True,
        help="In company currency; credits are negative.",
    )
    overdue = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="What is open and past its due date, in company currency.",
    )
    amount_currency = fields.Monetary(
        "Amount in Currency", readonly=True, aggregator=None
    )
    residual_currency = fields.Monetary(
        "Open in Currency", readonly=True, aggregator=None
    )
    disputed = fields.Boolean(
        "In Dispute",
        compute="_compute_standing",
        search="_search_disputed",
        help="Not dunned until it is decided.",
    )
    promised_on = fields.Date(
        "Promised For",
        compute="_compute_standing",
        help="By when the customer has promised to pay. Not dunned until then.",
    )
    step_name = fields.Char("Last Dunned", compute="_compute_standing")
    step_on = fields.Date("Last Dunned On", compute="_compute_standing")
    next_step_name = fields.Char("Next Step", compute="_compute_standing")
    next_step_on = fields.Date("Next Step On", compute="_compute_standing")

    @property
    def _table_query(self):
        days = self._get_days()
        return open_items({company.id: day for company, day in days.items()})

    @api.model
    def search_fetch(self, *args, **kwargs):
        # What was read before may have been paid meanwhile. Not in _search: a fetch
        # amid a computation searches too, and would forget what is computed.
        self.invalidate_model(flush=False)
        return super().search_fetch(*args, **kwargs)

    @api.model
    def _get_days(self):
        """Today in the companies that are looked at: ``{company: day}``."""
        # sudo: the day of a company is no secret
        companies = self.env.companies.sudo()
        if self.env.su:
            companies = companies.search([])
        return {company: company._get_sales_today() for company in companies}

    def _compute_standing(self):
        """In one query for all items."""
        for model in ("sales.dispute", "sales.dunning"):
            self.env[model].flush_model()
        promise = self.env["sales.payment.promise"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id, %(held)s, promised.date, step.name, step.date
                FROM unnest(%(ids)s) line(id)
                LEFT JOIN (
                    SELECT item.line_id, min(promise.date) AS date
                    FROM (%(judged)s) j
                    JOIN sales_payment_promise promise ON promise.id = j.id
                    JOIN sales_payment_promise_line item ON item.promise_id = j.id
                    WHERE j.status = 'open' GROUP BY item.line_id
                ) promised ON promised.line_id = line.id
                LEFT JOIN LATERAL (
                    SELECT n.name, n.date
                    FROM sales_dunning_line x
                    JOIN sales_dunning n ON n.id = x.dunning_id
                    WHERE x.line_id = line.id ORDER BY n.date DESC, n.id DESC LIMIT 1
                ) step ON TRUE
                """,
                held=held(SQL("line.id")),
                judged=promise._get_judged(
                    SQL(
                        """promise.id IN (SELECT promise_id
                        FROM sales_payment_promise_line WHERE line_id = ANY(%s))""",
                        self.ids,
                    )
                ),
                ids=self.ids,
            )
        )
        known = {id_: values for id_, *values in rows}
        # sudo: what comes next is no secret to whoever reads the item
        plans = self.env["sales.dunning.plan"].sudo()._get_in_force(self.company_id)
        today = {company: company._get_sales_today() for company in plans}
        for item in self:
            disputed, promised_on, name, on = known.get(item.id, (False,) * 4)
            item.disputed = disputed
            item.promised_on = promised_on
            item.step_name = name
            item.step_on = on
            item.next_step_name = item.next_step_on = False
            company = item.company_id
            if company in plans and item.residual > 0 and not disputed:
                item.next_step_name, item.next_step_on = plans[company]._get_next(
                    item.date_due, promised_on, today[company]
                )

    def _search_disputed(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env["sales.dispute"].flush_model()

        def to_sql(model, alias, _query):
            return held(model._field_to_sql(alias, "id"))

        domain = Domain.custom(to_sql=to_sql)
        return Domain.OR(domain if one else ~domain for one in value)

    # Actions

    def action_open_document(self):
        """The invoice or payment, for those who may read it.

        :raise AccessError: naming the document
        """
        self.ensure_one()
        self.check_access("read")
        document = self.env["account.move"].browse(self.move_id)
        if not document.has_access("read"):
            raise AccessError(
                self.env._(
                    "%(document)s itself is for its salesperson and for finance.",
                    document=self.document_name,
                )
            )
        return self._prepare_form("account.move", document.id)

    def action_open_customer(self):
        """The customer's page; the contact, where there is none yet."""
        self.ensure_one()
        customer = self.env["sales.customer"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
            ]
        )
        record = customer or self.partner_id
        return self._prepare_form(record._name, record.id)

    def _prepare_form(self, model, id_):
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "res_id": id_,
            "views": [(False, "form")],
        }

    def action_promise(self):
        """Ask for what the customer has promised to pay of these items.

        :raise UserError: for items of several customers, or credits
        """
        total = sum(self.mapped("residual"))
        currency = self.currency_id
        if len(currency) == 1:
            total = sum(self.mapped("residual_currency"))
        return self._prepare_new(
            "sales.payment.promise",
            self.env._("Promise to Pay"),
            {"default_amount": total},
        )

    def action_dispute(self):
        """Ask why the customer does not agree with these items.

        :raise UserError: for items of several customers, or credits
        """
        return self._prepare_new("sales.dispute", self.env._("Dispute"), {})

    def _prepare_new(self, model, name, context):
        self.check_access("read")
        if len(self.partner_id) != 1 or len(self.company_id) != 1:
            raise UserError(self.env._("Choose items of one customer and company."))
        if any(item.residual <= 0 for item in self):
            raise UserError(self.env._("Choose what is owed, and no credits."))
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_company_id": self.company_id.id,
                "default_item_ids": [Command.set(self.ids)],
                **context,
            },
        }

    @api.model
    def _get_totals(self, customers):
        """What is open by customer, company and age, of what the user may read.

        :param customers: ``sales.customer``
        :return: ``{(partner id, company id): {bucket: amount in company currency}}``
        """
        totals = {}
        for partner, company, bucket, amount in self._read_group(
            [
                ("partner_id", "in", customers.partner_id.ids),
                ("company_id", "in", customers.company_id.ids),
            ],
            ["partner_id", "company_id", "bucket"],
            ["residual:sum"],
        ):
            totals.setdefault((partner.id, company.id), {})[bucket] = amount
        return totals
