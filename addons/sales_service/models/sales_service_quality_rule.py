"""Products that cause too many tickets are told to who buys them."""

from datetime import timedelta
from fractions import Fraction

from odoo import api, fields, models
from odoo.tools import float_repr

from .sales_service_made import pieces

_TYPE = "sales_service.mail_activity_type_quality"


class SalesServiceQualityRule(models.Model):
    """From how many tickets per 1,000 pieces sold on the buyer hears of it."""

    _name = "sales.service.quality.rule"
    _description = "Quality Alert Rule"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: for all companies."
    )
    categ_id = fields.Many2one(
        "product.category", "Only Product Category", help="Empty: all products."
    )
    by_lot = fields.Boolean(
        "By Lot", help="Each lot for itself; otherwise the product as a whole."
    )
    days = fields.Integer(
        default=90, required=True, help="So many days back tickets and pieces count."
    )
    threshold = fields.Float(
        "Tickets per 1,000 Sold", digits=(16, 2), default=50, required=True
    )
    min_tickets = fields.Integer(
        "At Least Tickets",
        default=3,
        required=True,
        help="Fewer say nothing, however few were sold.",
    )
    min_sold = fields.Float(
        "At Least Sold",
        digits="Product Unit",
        default=10,
        required=True,
        help="Where fewer were sold in these days a rate says nothing: tickets are "
        "about pieces that were sold before.",
    )

    _positive = models.Constraint(
        "CHECK (days > 0 AND threshold > 0 AND min_tickets > 0 AND min_sold > 0)",
        "Days, threshold, tickets and pieces of a rule are more than 0.",
    )

    @api.model
    def _cron_run(self):
        """Each night: all rules, company by company."""
        todo = [
            (rule, company)
            for rule in self.search([])
            for company in rule.company_id or self.env["res.company"].search([])
        ]
        self.env["ir.cron"]._commit_progress(remaining=len(todo))
        for rule, company in todo:
            rule._run(company)
            self.env["ir.cron"]._commit_progress(1)

    def _run(self, company):
        """Tell of what is above the limit, unless it was told and is no worse.

        :return: the alerts raised
        """
        self.ensure_one()
        today = company._get_sales_today()
        since = today - timedelta(days=self.days)
        told = {}
        Alert = self.env["sales.service.quality.alert"]
        for alert in Alert.search(
            [
                ("rule_id", "=", self.id),
                ("company_id", "=", company.id),
                ("date", ">", since),
            ],
            order="id",
        ):
            told[alert.product_id, alert.lot_id] = alert
        values = []
        for product, lot, tickets, sold, suppliers in self._measure(company, since):
            last = told.get((product, lot))
            if not self._is_news(last, tickets, sold):
                continue
            known = [id_ for id_ in suppliers if id_]
            values.append(
                {
                    "rule_id": self.id,
                    "company_id": company.id,
                    "product_id": product.id,
                    "lot_id": lot.id,
                    # Of several nobody knows whose the bad ones are.
                    "supplier_id": known[0] if len(known) == 1 else False,
                    "date": today,
                    "tickets": tickets,
                    "sold": sold,
                }
            )
        alerts = Alert.create(values)
        alerts._tell()
        return alerts

    def _measure(self, company, since):
        """``(product, lot, tickets, sold, ids of suppliers)`` with enough tickets."""
        domain = [("company_id", "=", company.id), ("date", ">", since)]
        if self.categ_id:
            domain.append(("categ_id", "child_of", self.categ_id.id))
        if self.by_lot:
            domain.append(("lot_id", "!=", False))
        groups = ["product_id", "lot_id"] if self.by_lot else ["product_id"]
        rows = self.env["sales.service.quality"]._read_group(
            domain,
            groups,
            ["tickets:sum", "sold:sum", "supplier_id:array_agg_distinct"],
            having=[
                ("tickets:sum", ">=", self.min_tickets),
                ("sold:sum", ">=", self.min_sold),
            ],
        )
        for product, *rest in rows:
            lot = rest.pop(0) if self.by_lot else self.env["stock.lot"]
            yield product, lot, *rest

    def _is_news(self, last, tickets, sold):
        """Whether it is above the limit, and worse than what was told of it."""
        rate = 1000 * tickets / Fraction(sold)
        if rate < Fraction(str(self.threshold)):
            return False
        if not last:
            return True
        # More tickets, not only fewer sold.
        return tickets > last.tickets and rate > 1000 * last.tickets / Fraction(
            last.sold
        )

    def action_open_alerts(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_quality_alert_action"
        )
        return {**action, "domain": [("rule_id", "=", self.id)]}


class SalesServiceQualityAlert(models.Model):
    """What was told about a product or lot, and to whom: written by the system."""

    _name = "sales.service.quality.alert"
    _description = "Quality Alert"
    _inherit = ["sales.service.recorded.mixin"]
    _order = "id desc"
    _rec_name = "product_id"

    rule_id = fields.Many2one(
        "sales.service.quality.rule",
        "Rule",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    product_id = fields.Many2one(
        "product.product", "Product", required=True, readonly=True, ondelete="cascade"
    )
    lot_id = fields.Many2one(
        "stock.lot", "Lot/Serial", readonly=True, ondelete="cascade"
    )
    supplier_id = fields.Many2one("res.partner", "Supplier", readonly=True)
    user_id = fields.Many2one("res.users", "Buyer", readonly=True)
    date = fields.Date(required=True, readonly=True)
    tickets = fields.Integer(readonly=True)
    sold = fields.Float(digits="Product Unit", readonly=True)
    rate = fields.Float(
        "Tickets per 1,000 Sold",
        digits=(16, 2),
        compute="_compute_rate",
        store=True,
        aggregator=None,
    )

    @api.depends("tickets", "sold")
    def _compute_rate(self):
        for alert in self:
            alert.rate = 1000 * alert.tickets / alert.sold if alert.sold else 0

    def _tell(self):
        """An activity for the buyer, in one sentence; what is still open is renewed."""
        kind = self.env.ref(_TYPE)
        for alert in self:
            buyer = alert._get_buyer()
            if not buyer:
                continue
            alert.user_id = buyer
            alert = alert.with_context(lang=buyer.lang)
            summary, note = alert._get_summary(), alert._get_sentence()
            before = alert.product_id.activity_ids.filtered(
                lambda one, buyer=buyer, summary=summary: (
                    one.activity_type_id == kind
                    and one.user_id == buyer
                    and one.summary == summary
                )
            )
            if before:
                before[0].note = note
                continue
            alert.product_id.activity_schedule(
                _TYPE, summary=summary, note=note, user_id=buyer.id
            )

    def _get_buyer(self):
        """Who answers for the product, else for its vendor, else for purchases."""
        product = self.product_id.with_company(self.company_id)
        managers = self.env.ref("purchase.group_purchase_manager").all_user_ids
        for user in (
            product.responsible_id,
            self.supplier_id.buyer_id,
            *managers.sorted("id"),
        ):
            if user.active and not user.share and self.company_id in user.company_ids:
                return user
        return self.env["res.users"]

    def _get_summary(self):
        if self.lot_id:
            return self.env._("Too many tickets: lot %(lot)s", lot=self.lot_id.name)
        return self.env._("Too many tickets")

    def _get_sentence(self):
        product = self.product_id.display_name
        if self.lot_id:
            product = f"{product} {self.lot_id.name}"
        values = {
            "product": product,
            "tickets": self.tickets,
            "sold": pieces(self.env, self.sold),
            "days": self.rule_id.days,
            "rate": float_repr(self.rate, 1),
            "limit": float_repr(self.rule_id.threshold, 1),
        }
        if self.supplier_id:
            return self.env._(
                "%(product)s of %(supplier)s: %(tickets)s tickets on %(sold)s sold in "
                "%(days)s days, %(rate)s per 1,000; the limit is %(limit)s.",
                supplier=self.supplier_id.name,
                **values,
            )
        return self.env._(
            "%(product)s: %(tickets)s tickets on %(sold)s sold in %(days)s days, "
            "%(rate)s per 1,000; the limit is %(limit)s.",
            **values,
        )

    def action_open_tickets(self):
        """The tickets that were counted, of the lot where the alert is about one."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_ticket_action"
        )
        # The path is that of all tickets.
        action.pop("path", None)
        # sudo: the days of the rule are told in the note of the alert
        first = self.date - timedelta(days=self.sudo().rule_id.days - 1)
        start, _ = self.company_id._get_sales_day(first)
        _, stop = self.company_id._get_sales_day(self.date)
        domain = [
            ("company_id", "=", self.company_id.id),
            ("product_id", "=", self.product_id.id),
            ("state", "!=", "cancelled"),
            ("opened_at", ">=", start),
            ("opened_at", "<", stop),
        ]
        if self.lot_id:
            domain.append(("lot_id", "=", self.lot_id.id))
        return {**action, "domain": domain, "context": {}}
