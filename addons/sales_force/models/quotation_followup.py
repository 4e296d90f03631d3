"""Quotations by what became of them: sent, opened on the portal, about to expire."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

# How long an extended quotation is valid where the company sets no validity.
_DAYS = 30
_STAMPED = frozenset(("sales_viewed_on", "sales_viewed_last_on", "sales_viewed_count"))


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_expiring_days = fields.Integer(
        "Quotations Expire Soon",
        default=7,
        help="A quotation that ends within so many days is shown as expiring.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_expiring_days = fields.Integer(
        related="company_id.sales_expiring_days", readonly=False
    )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    sales_viewed_on = fields.Datetime("First Opened", readonly=True, copy=False)
    sales_viewed_last_on = fields.Datetime("Last Opened", readonly=True, copy=False)
    sales_viewed_count = fields.Integer(
        "Opened",
        readonly=True,
        copy=False,
        help="On how many days the customer opened it on the portal, by device.",
    )
    sales_followup = fields.Selection(
        [
            ("unsent", "Not sent"),
            ("sent", "Sent, not opened"),
            ("viewed", "Opened by the customer"),
            ("expiring", "Expires soon"),
            ("expired", "Expired"),
        ],
        "Follow-up",
        compute="_compute_sales_followup",
        search="_search_sales_followup",
        group_expand=True,
        help="Of quotations; what was sent and expires comes first.",
    )

    @api.depends("state", "validity_date", "sales_viewed_on")
    @api.depends_context("company")
    def _compute_sales_followup(self):
        last, soon = self._get_sales_expiry()
        for order in self:
            if order.state not in ("draft", "sent"):
                order.sales_followup = False
            # A link may have been sent by other means.
            elif order.state == "draft" and not order.sales_viewed_on:
                order.sales_followup = "unsent"
            elif order.validity_date and order.validity_date <= last:
                order.sales_followup = "expired"
            elif order.validity_date and order.validity_date <= soon:
                order.sales_followup = "expiring"
            else:
                order.sales_followup = "viewed" if order.sales_viewed_on else "sent"

    @api.model
    def _search_sales_followup(self, operator, value):
        if operator != "in":
            return NotImplemented

        def to_sql(model, alias, query):
            state = model._field_to_sql(alias, "sales_followup", query)
            found = SQL("%s = ANY(%s)", state, [code for code in value if code])
            if False in value:
                return SQL("(%s OR %s IS NULL)", found, state)
            return found

        return Domain.custom(to_sql=to_sql)

    def _field_to_sql(self, alias, field_expr, query=None):
        """The follow-up depends on today: it is derived wherever it is asked for."""
        if field_expr != "sales_followup":
            return super()._field_to_sql(alias, field_expr, query)
        last, soon = self._get_sales_expiry()
        columns = {
            name: self._field_to_sql(alias, name, query)
            for name in ("state", "validity_date", "sales_viewed_on")
        }
        return SQL(
            """CASE WHEN %(state)s NOT IN ('draft', 'sent') THEN NULL
                WHEN %(state)s = 'draft' AND %(sales_viewed_on)s IS NULL THEN 'unsent'
                WHEN %(validity_date)s <= %(last)s THEN 'expired'
                WHEN %(validity_date)s <= %(soon)s THEN 'expiring'
                WHEN %(sales_viewed_on)s IS NULL THEN 'sent' ELSE 'viewed' END""",
            **columns,
            last=last,
            soon=soon,
        )

    @api.model
    def _get_sales_expiry(self):
        """The last day on which what ended has expired, and on which what ends expires
        soon."""
        today = self.env.company._get_sales_today()
        days = self.env.company.sales_expiring_days
        return today - timedelta(days=1), today + timedelta(days=days)

    # Opened on the portal

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_viewed(vals)
        if not self.env.su:
            # Neither by a default in the context.
            vals_list = [{**vals, **dict.fromkeys(_STAMPED)} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_viewed(vals)
        return super().write(vals)

    def _refuse_viewed(self, vals):
        if not _STAMPED.isdisjoint(vals) and not self.env.su:
            raise UserError(
                self.env._("When a customer opened a quotation is set by the system.")
            )

    def _message_post_after_hook(self, message, msg_values):
        """Odoo notes once a day and browser that a customer opened the quotation."""
        result = super()._message_post_after_hook(message, msg_values)
        viewed = self.env["ir.model.data"]._xmlid_to_res_id("sale.mt_order_viewed")
        if viewed and msg_values.get("subtype_id") == viewed:
            self._stamp_viewed(fields.Datetime.now())
        return result

    def _stamp_viewed(self, now):
        """Counted where it is kept: two who open it at once are both counted."""
        self.flush_recordset(list(_STAMPED))
        self.env.cr.execute(
            SQL(
                """UPDATE sale_order SET sales_viewed_last_on = %(now)s,
                    sales_viewed_on = COALESCE(sales_viewed_on, %(now)s),
                    sales_viewed_count = COALESCE(sales_viewed_count, 0) + 1
                WHERE id = ANY(%(ids)s)""",
                now=now,
                ids=self.ids,
            )
        )
        self.invalidate_recordset([*_STAMPED, "sales_followup"])

    # Actions

    def action_sales_call(self):
        """Plan a call for today."""
        self._plan_sales_activity("mail.mail_activity_data_call")

    def action_sales_email(self):
        """Plan an e-mail for today."""
        self._plan_sales_activity("mail.mail_activity_data_email")

    def _plan_sales_activity(self, xmlid):
        """For the salesperson; where one is planned already it is left."""
        self.check_access("write")
        kind = self.env.ref(xmlid)
        for order in self._filter_sales_open():
            if kind not in order.activity_ids.activity_type_id:
                order.activity_schedule(
                    xmlid,
                    date_deadline=order.company_id._get_sales_today(),
                    summary=self.env._("Follow up the quotation"),
                    user_id=(order.user_id or self.env.user).id,
                )

    def action_sales_extend(self):
        """Let quotations be valid from today for as long as new ones are.

        :raise UserError: where none of them is a quotation
        """
        self.check_access("write")
        for company, orders in self._filter_sales_open().grouped("company_id").items():
            days = company.quotation_validity_days or _DAYS
            until = company._get_sales_today() + timedelta(days=days)
            shorter = orders.filtered(
                lambda order, until=until: (
                    order.validity_date and order.validity_date < until
                )
            )
            shorter.validity_date = until
            body = self.env._("Valid until %(day)s.", day=format_date(self.env, until))
            shorter._message_log_batch(bodies=dict.fromkeys(shorter.ids, body))

    def _filter_sales_open(self):
        orders = self.filtered("sales_followup")
        if not orders:
            raise UserError(self.env._("Only quotations are followed up."))
        return orders
