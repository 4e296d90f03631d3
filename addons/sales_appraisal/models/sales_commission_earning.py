from datetime import date
from decimal import Decimal
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools.misc import formatLang

from odoo.addons.sales_force.models.credited_documents import SPLIT_GROUPS

from ..commission import schedule
from .sales_commission_condition import FIRST
from .sales_commission_rule import exact

# What a quotation leads to, and when it counts.
ORDERED = ("ORDERED", "ORDERS", "NEW_CUSTOMERS")
INVOICED = ("INVOICED", "BILLED", "MARGIN", "QUANTITY")
COLLECTED = ("COLLECTED", "COLLECTED_NET")
# Who reads the pay of the whole company.
_ALL_PAY = (
    "sales_force.group_sales_director,sales_force.group_sales_operations,"
    "sales_force.group_sales_finance"
)
_HUNDRED = Decimal(100)


class Quoted(NamedTuple):
    """A line of a quotation, as a rule asks about it."""

    product: models.Model
    untaxed: Decimal  # in the order's currency
    total: Decimal
    quantity: Decimal  # in the product's unit
    discount: Decimal
    cost: Decimal


class SaleOrder(models.Model):
    """What a quotation would earn who sells it, from where the rep is in the period."""

    _inherit = "sale.order"

    sales_earning = fields.Text(
        "Would Earn",
        compute="_compute_sales_earning",
        compute_sudo=False,
        groups=SPLIT_GROUPS,
        help="What this quotation would earn in commission as things stand today: on "
        "top of what counts in the current period. Minimums and limits are respected; "
        "guarantees and draws are not part of it: this is what is earned.",
    )

    @api.depends(
        *("state", "user_id", "company_id", "partner_id", "currency_id"),
        *("order_line.price_subtotal", "order_line.price_total"),
        *("order_line.discount", "order_line.product_id"),
        *("sales_split_ids.share", "sales_split_ids.overlay"),
    )
    @api.depends_context("uid", "lang")
    def _compute_sales_earning(self):
        self.sales_earning = False
        for order in self:
            if order.state in ("draft", "sent"):
                order.sales_earning = order._describe_earning()

    def _describe_earning(self):
        """A sentence for each rule that would pay; False for who may not know."""
        # sudo: whose order it is; what is said of pay is checked below
        order = self.sudo()
        rep = order._get_earning_rep(self.env.user)
        if not rep or not rep._shows_pay_to(self.env.user):
            return False
        today = order.company_id._get_sales_today()
        plans = order.env["sales.commission.plan"]
        lines = []
        for plan in plans._get_in_force(order.company_id, today):
            start, stop = plan._get_bounds(today)
            members = plan._get_members(start, stop, rep)
            if not any(first <= today <= last for _rep, first, last in members):
                continue
            for rule in plan.rule_ids:
                share = order._get_earning_share(rep, rule.credited)
                earned = share and rule._get_earning(
                    order, share, (start, stop, members), rep
                )
                if earned:
                    lines.append(rule._describe_earning(earned))
        return "\n".join(lines)

    def _get_earning_rep(self, user):
        """Of whom it is told: the reader, if credited with it, else the salesperson."""
        split = self.sales_split_ids.rep_id
        sellers = self.user_id.sales_rep_ids.filtered(
            lambda rep: rep.company_id == self.company_id
        )
        credited = split | sellers
        return (credited.filtered(lambda rep: rep.user_id == user) or sellers)[:1]

    def _get_earning_share(self, rep, credited):
        """Which part of the order a rule counts for a rep, as a fraction."""
        if credited == "override":
            return Decimal(0)
        splits = self.sales_split_ids
        if not splits.filtered(lambda split: not split.overlay):
            own = _HUNDRED if self.user_id == rep.user_id else Decimal(0)
        else:
            own = Decimal(0)
        found = {False: own, True: Decimal(0)}
        for split in splits.filtered(lambda split: split.rep_id == rep):
            found[split.overlay] += exact(split.share)
        wanted = {"own": (False,), "overlay": (True,), "both": (False, True)}[credited]
        return sum((found[overlay] for overlay in wanted), Decimal(0)) / _HUNDRED

    def _get_quoted(self):
        """The lines that are sold, as ``Quoted``."""
        currency, company = self.currency_id, self.company_id
        day = company._get_sales_today()
        for line in self.order_line:
            if line.display_type or line.is_downpayment:
                continue
            product = line.product_id.with_company(company)
            quantity = line.product_uom_qty
            if line.product_uom_id and product.uom_id:
                quantity = line.product_uom_id._compute_quantity(
                    quantity, product.uom_id, round=False
                )
            if product == company.sale_discount_product_id:
                quantity = 0.0
            cost = company.currency_id._convert(
                product.standard_price * quantity, currency, company, day
            )
            yield Quoted(
                product,
                exact(line.price_subtotal, 6),
                exact(line.price_total, 6),
                exact(quantity, 6),
                exact(line.discount),
                exact(cost, 6),
            )


class SalesRep(models.Model):
    _inherit = "sales.rep"

    def _shows_pay_to(self, user):
        """Whether a user may read what the rep is paid."""
        self.ensure_one()
        if self.user_id == user or user.has_groups(_ALL_PAY):
            return True
        leads = user.has_group("sales_force.group_sales_manager") or (
            self.company_id.sales_leaders_see_pay
            and user.has_group("sales_force.group_sales_leader")
        )
        if not leads:
            return False
        above, rep = user.sales_rep_ids, self
        while rep and rep not in above:
            rep = rep.parent_id
        return bool(rep)


class SalesCommissionRule(models.Model):
    _inherit = "sales.commission.rule"

    def _get_earning(self, order, share, period, rep):
        """What an order would add to what the rule pays in the current period.

        :param share: the rep's part of the order, as a fraction
        :param period: first day, last day and members
        :return: in the plan's currency; 0 where the rule has nothing to do with it
        """
        value = self._count_quoted(order, self.metric_id, filtered=True) * share
        attained = self._get_attained()
        reached = value
        if attained != self.metric_id:
            reached = self._count_quoted(order, attained, filtered=False) * share
        if not value and not reached:
            return Decimal(0)
        start, stop, members = period
        counted = self._select_base(start, stop, members)
        standing = self._get_standing(counted, start, stop, members)[rep.id]
        if not self._needs_total():
            total = self._read_totals(counted).get(rep.id, Decimal(0))
            standing = standing._replace(total=total)
        after = standing._replace(
            total=standing.total + value, reached=standing.reached + reached
        )
        floor = Decimal(0)
        if self.floor:
            floor = self._get_shares(start, stop, members)[rep.id]
        return max(self._get_total(after), floor) - max(
            self._get_total(standing), floor
        )

    def _describe_earning(self, earned):
        amount = formatLang(self.env, float(earned), currency_obj=self.currency_id)
        code = self.metric_id.code
        values = {"amount": amount, "rule": self.name}
        if code in ORDERED:
            return self.env._("%(amount)s when confirmed (%(rule)s)", **values)
        if code in INVOICED:
            return self.env._("%(amount)s when invoiced (%(rule)s)", **values)
        return self.env._("%(amount)s when paid (%(rule)s)", **values)

    def _count_quoted(self, order, metric, filtered):
        """What an order would be credited with, as the rule counts it."""
        code = metric.code
        if code in ("ORDERS", "NEW_CUSTOMERS"):
            if filtered and not self._admits_order(order):
                return Decimal(0)
            is_new = code == "ORDERS" or not self._get_first_date(order)
            return Decimal(int(is_new and not (filtered and self._asks_for_product())))
        if code not in (*ORDERED, *INVOICED, *COLLECTED):
            return Decimal(0)
        if filtered and not self._admits_order(order):
            return Decimal(0)
        total = sum(
            (
                self._get_quoted_value(line, code)
                * (self._weigh_quoted(line) if filtered else 1)
                for line in order._get_quoted()
            ),
            Decimal(0),
        )
        currency = self.currency_id
        if metric != self.metric_id:
            currency = self.company_id.currency_id
        if metric.unit != "money" or currency == order.currency_id:
            return total
        day = order.company_id._get_sales_today()
        rate = order.currency_id._get_conversion_rate(
            order.currency_id, currency, order.company_id, day
        )
        return schedule.round_to(total * Decimal(str(rate)), self._get_unit())

    @staticmethod
    def _get_quoted_value(line, code):
        if code in ("BILLED", "COLLECTED"):
            return line.total
        if code == "QUANTITY":
            return line.quantity
        if code == "MARGIN":
            return line.untaxed - line.cost
        return line.untaxed

    def _asks_for_product(self):
        return bool(self.product_ids or self.categ_ids)

    def _weigh_quoted(self, line):
        """By how much a line would count; 0: not at all."""
        if self.product_ids and line.product not in self.product_ids:
            return Decimal(0)
        categories = (line.product.categ_id.parent_path or "").split("/")
        if self.categ_ids and not {str(id_) for id_ in self.categ_ids.ids} & set(
            categories
        ):
            return Decimal(0)
        figures = {"discount": line.discount, "margin": None}
        if line.untaxed:
            figures["margin"] = _HUNDRED * (line.untaxed - line.cost) / line.untaxed
        for name, figure in figures.items():
            if not self._admits_figure(name, figure):
                return Decimal(0)
        if not self._weighs() or figures[self.decelerator] is None:
            return Decimal(1)
        below, steps = self._get_line_factors()
        reached = [
            value for start, value in steps if start <= figures[self.decelerator]
        ]
        return Decimal((reached or [below])[-1])

    def _admits_figure(self, name, figure):
        bound = self[f"{name}_bound"]
        start, below = exact(self[f"{name}_from"]), exact(self[f"{name}_below"])
        if bound == "any":
            return True
        return (
            figure is not None
            and (bound == "below" or figure >= start)
            and (bound == "from" or figure < below)
        )

    def _admits_order(self, order):
        """Whether the customer, the channel and the territory are what counts."""
        customer = order.partner_id.commercial_partner_id
        path = customer.sales_territory_id.parent_path or ""
        if self.territory_ids and not any(
            path.startswith(territory.parent_path) for territory in self.territory_ids
        ):
            return False
        channel = order.sales_channel_id or customer.sales_channel_id
        if self.channel_ids and channel not in self.channel_ids:
            return False
        if self.class_ids:
            card = self.env["sales.customer"].search(
                [
                    ("partner_id", "=", customer.id),
                    ("company_id", "=", order.company_id.id),
                ]
            )
            if card.class_id not in self.class_ids:
                return False
        today = order.company_id._get_sales_today()
        if self.customer_age != "any":
            first = self._get_first_date(order)
            is_new = not first or today < first + relativedelta(months=self.new_months)
            if is_new != (self.customer_age == "new"):
                return False
        return self.contract == "any" or self._has_contract(customer, today) == (
            self.contract == "with"
        )

    def _get_first_date(self, order):
        """The first order or invoice of the customer."""
        [(first,)] = self.env["sales.credit"]._read_group(
            [
                ("partner_id", "=", order.partner_id.commercial_partner_id.id),
                ("company_id", "=", order.company_id.id),
                ("metric_id.code", "in", FIRST),
            ],
            aggregates=["date:min"],
        )
        return first or None

    def _has_contract(self, customer, day):
        contracts = self.env["sales.contract"].search(
            [
                ("commercial_partner_id", "=", customer.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("running", "terminated")),
                ("date_start", "<=", day),
            ]
        )
        return any(
            day <= min(one.date_end or date.max, one.terminated_on or date.max)
            for one in contracts
        )
