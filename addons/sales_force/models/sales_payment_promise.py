from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_amount, format_date

from ..deals.promises import judged, matched

STATUSES = [
    ("open", "Open"),
    ("kept", "Kept"),
    ("broken", "Broken"),
    ("withdrawn", "Withdrawn"),
]


class SalesPaymentPromise(models.Model):
    """A customer has promised to pay so much by a day; payments say what became of it.

    See ``sales_force/deals/promises``. What was promised is never changed: a promise
    that was entered by mistake is withdrawn while it is open.
    """

    _name = "sales.payment.promise"
    _description = "Promise to Pay"
    _inherit = ["sales.owed.mixin", "mail.thread"]
    _order = "date desc, id desc"
    _mail_post_access = "read"
    _sales_stamped = frozenset(
        ("taken_by_id", "made_on", "grace_days", "cash_before", "withdrawn_on")
    )

    line_ids = fields.One2many("sales.payment.promise.line", "promise_id", "Items")
    amount = fields.Monetary("Promised", required=True)
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        help="Of the items, where they have one; else the company's.",
    )
    date = fields.Date("Promised For", required=True)
    note = fields.Char(help="Who said it, and how it will be paid.")
    taken_by_id = fields.Many2one(
        "res.users", "Taken By", readonly=True, default=lambda self: self.env.user
    )
    made_on = fields.Date(
        compute="_compute_made_on", store=True, readonly=False, precompute=True
    )
    grace_days = fields.Integer(
        "Grace (days)",
        compute="_compute_grace_days",
        store=True,
        readonly=False,
        precompute=True,
        help="As the company's setting was when the promise was made.",
    )
    deadline = fields.Date(
        compute="_compute_deadline",
        store=True,
        index=True,
        help="Money that arrives later does not keep the promise.",
    )
    cash_before = fields.Monetary(
        readonly=True, copy=False, help="What was paid of the items already."
    )
    withdrawn_on = fields.Date(readonly=True, copy=False)
    paid = fields.Monetary(
        "Paid",
        compute="_compute_status",
        help="Cash matched with the items up to the deadline, since it was promised.",
    )
    status = fields.Selection(
        STATUSES, compute="_compute_status", search="_search_status"
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "A promise is about more than nothing."
    )

    @api.depends("company_id")
    def _compute_made_on(self):
        for promise in self:
            company = promise.company_id or self.env.company
            promise.made_on = company._get_sales_today()

    @api.depends("company_id")
    def _compute_grace_days(self):
        for promise in self:
            # sudo: only a setting
            company = (promise.company_id or self.env.company).sudo()
            promise.grace_days = company.sales_promise_grace_days

    @api.depends("line_ids", "item_ids", "company_id")
    def _compute_currency_id(self):
        for promise in self:
            # sudo: only the currency of items that the document names
            currency = promise.sudo().line_ids.line_id.currency_id
            currency = currency or promise.item_ids.currency_id
            own = promise.company_id.currency_id
            promise.currency_id = currency if len(currency) == 1 else own

    @api.depends("date", "grace_days")
    def _compute_deadline(self):
        for promise in self:
            promise.deadline = promise.date and promise.date + timedelta(
                days=promise.grace_days
            )

    @api.depends("amount", "date", "partner_id")
    def _compute_display_name(self):
        for promise in self:
            promise.display_name = self.env._(
                "%(customer)s: %(amount)s by %(date)s",
                customer=promise.partner_id.display_name,
                amount=format_amount(self.env, promise.amount, promise.currency_id),
                date=format_date(self.env, promise.date),
            )

    @api.depends("amount", "deadline", "withdrawn_on")
    def _compute_status(self):
        rows = self.env.execute_query(
            self._get_judged(SQL("promise.id = ANY(%s)", self._origin.ids))
        )
        known = {id_: values for id_, *values in rows}
        for promise in self:
            promise.paid, promise.status = known.get(promise._origin.id, (0, "open"))

    def _search_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        statuses = [status for status in value if status]
        judged = self._get_judged(SQL("TRUE"))

        def to_sql(model, alias, _query):
            return SQL(
                "%s IN (SELECT j.id FROM (%s) j WHERE j.status = ANY(%s))",
                model._field_to_sql(alias, "id"),
                judged,
                statuses,
            )

        return Domain.custom(to_sql=to_sql)

    def _get_judged(self, promises):
        """See ``deals.promises.judged``."""
        for model in (
            "sales.payment.promise",
            "sales.payment.promise.line",
            "account.partial.reconcile",
            "account.move.line",
        ):
            self.env[model].flush_model()
        return judged(self._sql_today(SQL("promise.company_id")), promises)

    @api.constrains("date", "made_on")
    def _check_date(self):
        for promise in self:
            if promise.date < promise.made_on:
                raise ValidationError(
                    self.env._("A payment is promised for a day that is to come.")
                )

    def write(self, vals):
        if {"amount", "date", "line_ids"} & vals.keys() and not self.env.su:
            raise UserError(
                self.env._(
                    "What was promised stays as it was said: withdraw it, and take a "
                    "new promise."
                )
            )
        return super().write(vals)

    def _take_items(self, items):
        super()._take_items(items)
        total = sum(
            item.residual_currency
            if item.currency_id == self.currency_id
            else item.residual
            for item in items
        )
        if self.currency_id.compare_amounts(self.amount, total) > 0:
            raise ValidationError(
                self.env._(
                    "%(customer)s owes %(amount)s in these items, and promises more.",
                    customer=self.partner_id.display_name,
                    amount=format_amount(self.env, total, self.currency_id),
                )
            )
        self.flush_recordset()
        [(cash,)] = self.env.execute_query(
            SQL(
                "SELECT COALESCE(sum(cash), 0) FROM (%s) m",
                matched(SQL("promise.id = %s", self.id)),
            )
        )
        # sudo: stamped by the system
        self.sudo().cash_before = self.currency_id.round(float(cash))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_made(self):
        if not self.env.su:
            raise UserError(self.env._("A promise is withdrawn, not deleted."))

    def action_withdraw(self):
        """It was never made, or another one takes its place.

        :raise UserError: for one of which is known what became of it
        """
        self.check_access("write")
        if any(promise.status != "open" for promise in self):
            raise UserError(self.env._("Only open promises are withdrawn."))
        for promise in self.sudo():  # sudo: stamped by the system
            promise.withdrawn_on = promise.company_id._get_sales_today()


class SalesPaymentPromiseLine(models.Model):
    """An item that a customer has promised to pay."""

    _name = "sales.payment.promise.line"
    _description = "Promised Item"
    _inherit = ["sales.owed.line.mixin"]

    promise_id = fields.Many2one(
        "sales.payment.promise",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )

    _item_uniq = models.UniqueIndex("(promise_id, line_id)")


class SalesPaymentPromiseReport(models.Model):
    """Promises as they stand today, to be counted: which share was kept, by whom."""

    _name = "sales.payment.promise.report"
    _description = "Analysis of Promises to Pay"
    _inherit = ["sales.owned.mixin"]
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    taken_by_id = fields.Many2one("res.users", "Taken By", readonly=True)
    territory_id = fields.Many2one("sales.territory", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    date = fields.Date("Promised For", readonly=True)
    status = fields.Selection(STATUSES, readonly=True)
    kept_rate = fields.Float(
        "Kept (%)",
        readonly=True,
        aggregator="avg",
        help="Of the promises of which is known what became of them.",
    )
    broken_rate = fields.Float(
        "Broken (%)",
        readonly=True,
        aggregator="avg",
        help="Of the promises of which is known what became of them.",
    )

    @property
    def _table_query(self):
        decided = SQL("j.status IN ('kept', 'broken')")
        return SQL(
            """
            SELECT p.id, p.partner_id, c.user_id, p.taken_by_id,
                c.sales_territory_id AS territory_id, p.company_id, p.date, j.status,
                CASE WHEN %(decided)s THEN 100.0 * (j.status = 'kept')::integer END
                    AS kept_rate,
                CASE WHEN %(decided)s THEN 100.0 * (j.status = 'broken')::integer END
                    AS broken_rate
            FROM sales_payment_promise p
            JOIN res_partner c ON c.id = p.partner_id
            JOIN (%(judged)s) j ON j.id = p.id
            """,
            decided=decided,
            judged=self.env["sales.payment.promise"]._get_judged(SQL("TRUE")),
        )
