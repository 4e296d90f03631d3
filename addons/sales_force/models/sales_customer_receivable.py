from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..deals.aging import BUCKETS
from ..wording import listed

# The field by the age of what it sums.
TOTALS = {
    "0_not_due": "not_due_amount",
    "1_30": "overdue_30_amount",
    "31_60": "overdue_60_amount",
    "61_90": "overdue_90_amount",
    "91_more": "overdue_more_amount",
    "credit": "credit_amount",
}


class SalesCustomer(models.Model):
    """What a customer owes, by age, of what the user may read."""

    _inherit = "sales.customer"

    not_due_amount = fields.Monetary("Not Due", compute="_compute_receivable")
    overdue_30_amount = fields.Monetary("1–30 Days", compute="_compute_receivable")
    overdue_60_amount = fields.Monetary("31–60 Days", compute="_compute_receivable")
    overdue_90_amount = fields.Monetary("61–90 Days", compute="_compute_receivable")
    overdue_more_amount = fields.Monetary("Over 90 Days", compute="_compute_receivable")
    credit_amount = fields.Monetary(
        "Unmatched Credits",
        compute="_compute_receivable",
        help="Credit notes and payments that are not matched; negative.",
    )
    balance_amount = fields.Monetary("Balance", compute="_compute_receivable")
    receivable_ids = fields.One2many(
        "sales.receivable", string="Open Items", compute="_compute_receivable_ids"
    )
    promise_ids = fields.One2many(
        "sales.payment.promise", string="Promises", compute="_compute_receivable_ids"
    )
    dispute_ids = fields.One2many(
        "sales.dispute", string="Disputes", compute="_compute_receivable_ids"
    )
    dunning_ids = fields.One2many(
        "sales.dunning", string="Dunning", compute="_compute_receivable_ids"
    )
    statement_contact_id = fields.Many2one(
        "res.partner", "Statement To", compute="_compute_statement_contact_id"
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_receivable(self):
        totals = {}
        if self.env["sales.receivable"].has_access("read"):
            totals = self.env["sales.receivable"]._get_totals(self)
        for customer in self:
            ages = totals.get((customer.partner_id.id, customer.company_id.id), {})
            for age, name in TOTALS.items():
                customer[name] = ages.get(age, 0.0)
            customer.balance_amount = sum(ages.values())

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_receivable_ids(self):
        for name, model in (
            ("receivable_ids", "sales.receivable"),
            ("promise_ids", "sales.payment.promise"),
            ("dispute_ids", "sales.dispute"),
            ("dunning_ids", "sales.dunning"),
        ):
            found = defaultdict(self.env[model].browse)
            if self.env[model].has_access("read"):
                records = self.env[model].search(
                    [
                        ("partner_id", "in", self.partner_id.ids),
                        ("company_id", "in", self.company_id.ids),
                    ]
                )
                found.update(
                    records.grouped(lambda one: (one.partner_id, one.company_id))
                )
            for customer in self:
                customer[name] = found[customer.partner_id, customer.company_id]

    @api.depends("partner_id")
    def _compute_statement_contact_id(self):
        for customer in self:
            # sudo: the address for invoices of a customer who may be read
            customer.statement_contact_id = customer.partner_id.sudo().address_get(
                ["invoice"]
            )["invoice"]

    def action_open_receivables(self):
        """The open items of these customers."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_receivable_action"
        )
        return {
            **action,
            "domain": [
                ("partner_id", "in", self.partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ],
            "context": {"search_default_by_age": 1},
        }

    def action_promise(self):
        """Ask for what the customer has promised to pay of what is overdue."""
        return self._get_owed().action_promise()

    def action_dispute(self):
        """Ask why the customer does not agree with what is overdue."""
        return self._get_owed().action_dispute()

    def _get_owed(self):
        """What is overdue, else what is owed at all.

        :raise UserError: where nothing is
        """
        self.ensure_one()
        owed = self.receivable_ids.filtered(lambda item: item.residual > 0)
        if not owed:
            raise UserError(
                self.env._(
                    "%(customer)s has no open items.",
                    customer=self.partner_id.display_name,
                )
            )
        return owed.filtered("overdue") or owed

    # Statement of account

    def _get_statement(self):
        """What a statement of account says: open items and ages by currency.

        :return: ``[{currency, items, total, ages: [(age, name, amount)]}]``, amounts in
            the documents' currency
        :raise AccessError: where the user does not read all of it
        """
        self.ensure_one()
        self.check_access("read")
        self._check_statement()
        items = self.receivable_ids.sorted(lambda item: (item.date_due, item.id))
        names = dict(items._fields["bucket"]._description_selection(self.env))
        statement = []
        for currency, found in items.grouped("currency_id").items():
            ages = dict.fromkeys(BUCKETS, 0.0)
            for item in found:
                ages[item.bucket] += item.residual_currency
            statement.append(
                {
                    "currency": currency,
                    "items": found,
                    "total": currency.round(sum(ages.values())),
                    "ages": [
                        (age, names[age], currency.round(amount))
                        for age, amount in ages.items()
                    ],
                }
            )
        return statement

    def action_send_statement(self):
        """Queue the statement of account to each customer, in the customer's language.

        Who has nothing open gets none, nor who has no address: they are named.

        :raise AccessError: for a customer whose items are not the user's to read
        :raise UserError: where nobody gets one
        """
        self.check_access("read")
        self._check_statement()
        open_ = self.filtered("receivable_ids")
        reached = open_.filtered("statement_contact_id.email")
        if not reached:
            raise UserError(
                self.env._(
                    "Nobody here has both open items and an e-mail address for them."
                )
            )
        template = self.env.ref("sales_force.mail_template_statement")
        template.send_mail_batch(
            reached.ids, email_layout_xmlid="mail.mail_notification_light"
        )
        for customer in reached:
            # sudo: a note of what was sent, without any amount
            customer.partner_id.sudo().message_post(
                body=self.env._(
                    "A statement of account was sent to %(address)s.",
                    address=customer.statement_contact_id.email,
                ),
                author_id=self.env.user.partner_id.id,
            )
        missing = open_ - reached
        message = self.env._("Statements sent: %(count)s.", count=len(reached))
        if missing:
            message += " " + self.env._(
                "Without an address: %(customers)s.",
                customers=listed(self.env, missing.mapped("partner_id.display_name")),
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if missing else "success",
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _check_statement(self):
        """A statement is whole, or there is none."""
        # sudo: only whether there is more than the user may read
        totals = self.env["sales.receivable"].sudo()._get_totals(self)
        mine = self.env["sales.receivable"]._get_totals(self)
        if totals != mine:
            raise AccessError(
                self.env._("You do not read all that these customers owe.")
            )
