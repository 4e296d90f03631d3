from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

from ..deals.approval import Facts, Line

# Of the customer's knowledge.
_OUT = ("sent", "sale")
# Changes of these may leave what was approved.
_ORDER_FIELDS = frozenset(
    (
        "partner_id",
        "pricelist_id",
        "currency_id",
        "company_id",
        "payment_term_id",
        "fiscal_position_id",
        "sales_contract_id",
        "order_line",
    )
)
_LINE_FIELDS = frozenset(
    (
        "order_id",
        "product_id",
        "product_uom_id",
        "product_uom_qty",
        "price_unit",
        "discount",
        "tax_ids",
        "sales_contract_line_id",
    )
)


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "sales.approval.mixin"]

    sales_is_changed = fields.Boolean(
        "Changed by an Employee",
        copy=False,
        groups=fields.NO_ACCESS,
        help="An employee has changed what the customer has ordered online.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        # An import may bring them as sent or confirmed.
        orders.filtered(lambda order: order.state in _OUT)._pass_state()
        return orders

    def write(self, vals):
        out = self.browse()
        if vals.get("state") in _OUT:
            out = self.filtered(lambda order: order.state != vals["state"])
        elif vals.get("state") == "cancel":
            self._void_all(self.env._("cancelled"))
        if _ORDER_FIELDS.isdisjoint(vals):
            out._pass_state()
            return super().write(vals)
        with self._watch_sales_approval():
            result = super().write(vals)
        out._pass_state()
        return result

    def unlink(self):
        self._void_all(self.env._("deleted"))
        return super().unlink()

    def _pass_state(self):
        """The door to being sent or confirmed, by whichever way and from any state."""
        if self and self.env["sales.approval.rule"]._is_used(self._name):
            self._refuse_gaps()

    # Doors

    def action_quotation_send(self):
        self._pass_sales_door("send")
        return super().action_quotation_send()

    def action_preview_sale_order(self):
        self._pass_sales_door("link")
        return super().action_preview_sale_order()

    def action_quotation_sent(self):
        """What a customer's payment marks as sent stays as it is where it is closed."""
        if self.env.su:
            self = self.filtered(lambda order: order._is_sales_door_open())
        return super().action_quotation_sent()

    def _get_default_payment_link_values(self):
        self._pass_sales_door("pay")
        return super()._get_default_payment_link_values()

    def _has_to_be_signed(self):
        return super()._has_to_be_signed() and self._is_sales_door_open()

    def _has_to_be_paid(self):
        return super()._has_to_be_paid() and self._is_sales_door_open()

    # Facts

    def _is_sales_approval_open(self):
        return self.state in ("draft", "sent")

    def _is_sales_approval_agreed(self):
        return self.state == "sale"

    def _is_sales_approval_exempt(self):
        """What a customer ordered online, as long as no employee has changed it."""
        # sudo: stamped by the system
        return self._is_ordered_online() and not self.sudo().sales_is_changed

    def _is_ordered_online(self):
        online = "website_id" in self._fields and self.website_id
        return bool(online) and not self._is_employee(self.create_uid)

    @api.model
    def _is_employee(self, user):
        """Neither a customer nor the system."""
        return not user.share and user.id != SUPERUSER_ID

    @contextmanager
    def _watch_sales_approval(self):
        others = self.browse()
        if self._is_employee(self.env.user):
            # sudo: whoever changes the order. Whether it is of a shop can be written.
            others = self.sudo().filtered(
                lambda o: not o.sales_is_changed and not o._is_employee(o.create_uid)
            )
        before = {order: order._get_ordered() for order in others}
        with super()._watch_sales_approval():
            yield
            changed = others.filtered(lambda o: o._get_ordered() != before[o])
            if changed:
                changed.sales_is_changed = True

    def _get_ordered(self):
        """What a customer has ordered, and on which terms."""
        header = sorted(_ORDER_FIELDS - {"order_line"})
        line = sorted(_LINE_FIELDS)
        return (
            [self[name] for name in header],
            {one: [one[name] for name in line] for one in self.order_line},
        )

    def _get_sales_approval_fields(self):
        return [
            "state",
            "partner_id",
            "payment_term_id",
            "user_id",
            "sales_approval_step_ids.state",
            *(f"order_line.{name}" for name in sorted(_LINE_FIELDS - {"order_id"})),
        ]

    def _get_sales_approval_facts(self, needs):
        company = self.company_id[:1]
        customers = self.partner_id.commercial_partner_id.with_company(company)
        late = self._read_sales_overdue(customers) if "overdue" in needs else {}
        special, exposure = set(), {}
        if "special" in needs:
            contracts = self.env["sales.contract"]
            contracts = contracts.search(
                contracts._domain_in_force(company, company._get_sales_today())
                & Domain("commercial_partner_id", "in", customers.ids)
                & Domain("kind", "=", "special")
            )
            special = set(contracts.commercial_partner_id.ids)
        if "rep_credit" in needs:
            limited = self.sales_rep_id.filtered("credit_limit")
            exposure = limited._get_exposure() if limited else {}
        result = {}
        for order in self:
            customer = order.partner_id.commercial_partner_id.with_company(company)
            rate = order.currency_rate or 1.0
            new = 0 if order.state == "sale" else order.amount_total / rate
            days, amount = late.get(customer.id, (0, 0.0))
            rep = order.sales_rep_id
            over_credit = over_rep_credit = 0.0
            if "credit" in needs and customer.credit_limit:
                owed = customer.credit + customer.credit_to_invoice
                over_credit = owed + new - customer.credit_limit
            if rep in exposure:
                over_rep_credit = exposure[rep] + new - rep.credit_limit
            result[order] = Facts(
                partner=customer.id,
                currency=order.currency_id.id,
                term=order.payment_term_id._get_sales_days(),
                customer_term=order._get_sales_term_days() if "term" in needs else 0,
                amount=order.amount_untaxed / rate,
                over_credit=over_credit,
                over_rep_credit=over_rep_credit,
                overdue_days=days,
                overdue_amount=amount,
                special=customer.id in special,
                lines=tuple(
                    line._get_sales_facts(needs, rate)
                    for line in order.order_line
                    # Down payments and expenses have no quantity.
                    if not line.display_type and line.product_uom_qty
                ),
            )
        return result

    def _get_sales_term_days(self):
        """Within how many days the customer pays as a rule."""
        customer = self.partner_id.commercial_partner_id.with_company(self.company_id)
        return customer.property_payment_term_id._get_sales_days()

    def _name_lines(self, keys):
        lines = self.env["sale.order.line"].browse(map(int, keys)).exists()
        names = [line.name.splitlines()[0] for line in lines]
        if len(lines) < len(keys):
            names.append(self.env._("removed ones"))
        return names

    def _after_sales_approval(self):
        """What the customer has signed or paid in the meantime is not left lying."""
        for order in self:
            if order.state in ("draft", "sent") and (
                order.signature or order.amount_paid
            ):
                order._ask_to_confirm(
                    self.env._("It is approved, signed or paid: please confirm it.")
                )

    def _ask_to_confirm(self, note):
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=(self.user_id or self.create_uid).id,
            summary=self.env._("Confirm %(order)s", order=self.name),
            note=note,
        )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_order_id")
        ids = {vals.get("order_id", default) for vals in vals_list} - {None, False}
        with self.env["sale.order"].browse(ids)._watch_sales_approval():
            return super().create(vals_list)

    def write(self, vals):
        if _LINE_FIELDS.isdisjoint(vals):
            return super().write(vals)
        orders = self.order_id | self.order_id.browse(vals.get("order_id") or [])
        with orders._watch_sales_approval():
            return super().write(vals)

    def unlink(self):
        with self.order_id._watch_sales_approval():
            return super().unlink()

    def _get_sales_facts(self, needs, rate):
        """:param rate: what the company's currency is worth in the order's"""
        product = self.product_id.with_company(self.company_id)
        amount = self.price_subtotal / rate
        quantity = self.product_uom_qty
        if product and self.product_uom_id and {"cost", "floor"} & needs:
            quantity = self.product_uom_id._compute_quantity(
                quantity, product.uom_id, round=False
            )
        cost = 0.0
        if "cost" in needs and product:
            if "purchase_price" in self._fields and self.purchase_price:
                cost = self.purchase_price / rate * self.product_uom_qty
            else:
                cost = product.standard_price * quantity
        floor = "floor" in needs and product.sales_floor_price
        path = product.categ_id.parent_path or ""
        included = self.tax_ids._get_sales_included()
        return Line(
            key=str(self._origin.id or self.id),
            name=self.name or product.display_name or "",
            product=product.id,
            unit=",".join(map(str, (self.product_uom_id.id, *included.ids))),
            categories=frozenset(map(int, path.split("/")[:-1])),
            quantity=self.product_uom_qty,
            net=self.price_unit * (1 - (self.discount or 0.0) / 100),
            list=self._get_sales_list_price(included)
            if "list" in needs or amount < 0
            else 0.0,
            amount=amount,
            cost=cost,
            price=amount / quantity if quantity else 0.0,
            floor=floor or float("-inf"),
        )

    def _get_sales_list_price(self, included):
        """The unit price without anything that a rep gives, in the order's currency.

        That of the customer's own price list; of another one that somebody has chosen,
        the product's. Without a price there, the one that was entered. What a contract
        has agreed with approval is no gift of the rep's any more.

        Goods that come back have a price; of services, and what has none, nothing does.

        :param included: the taxes that the line's price includes
        """
        entered = max(self.price_unit, 0.0)
        if self.product_uom_qty < 0:
            entered = 0.0
            if self.product_id.type == "service":
                return entered
        order = self.order_id
        line = self.with_company(order.company_id)
        # The price of a combo is that of its items.
        if (
            not line.product_id
            or not line.product_uom_id
            or line.product_type == "combo"
        ):
            return entered
        price = line._get_sales_undiscounted_price()
        taxes = line.product_id.taxes_id._filter_taxes_by_company(order.company_id)
        price = line.product_id._get_tax_included_unit_price_from_price(
            price, product_taxes=taxes, fiscal_position=order.fiscal_position_id
        )
        # Whoever chose the line's taxes.
        own = order.fiscal_position_id.map_tax(taxes)._get_sales_included()
        price = own._adapt_price_unit_to_another_taxes(
            price_unit=price,
            product=line.product_id,
            original_taxes=own,
            new_taxes=included,
        )
        return price if price > 0 else entered

    def _get_sales_undiscounted_price(self):
        """The same before taxes are mapped, see ``_get_sales_list_price``."""
        if self.combo_item_id:
            return self._get_combo_item_display_price()
        order, item = self.order_id, self.pricelist_item_id
        customer = order.partner_id.with_company(order.company_id)
        if item and item.pricelist_id != customer.property_product_pricelist:
            item = item.browse()
        return item._compute_price(
            product=self.product_id.with_context(**self._get_product_price_context()),
            **self._get_pricelist_kwargs(),
        )


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _get_sales_included(self):
        """Those that prices include."""
        return self.flatten_taxes_hierarchy().filtered("price_include")


class AccountPaymentTerm(models.Model):
    _inherit = "account.payment.term"

    def _get_sales_days(self):
        """Days until the last instalment; at the end of a month counts as 30 more."""
        days = [
            line.nb_days + (30 if "end" in line.delay_type else 0)
            for line in self.line_ids
        ]
        return max(days, default=0)


class ProductTemplate(models.Model):
    _inherit = "product.template"

    sales_floor_price = fields.Float(
        "Lowest Price",
        digits="Product Price",
        help="Untaxed, after discounts, for the product's unit in company currency: "
        "below it rules may ask for approval. 0: none.",
    )


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """What left its approval while the customer paid is not confirmed by itself."""
        closed = self.filtered(
            lambda tx: not all(
                order._is_sales_door_open() for order in tx.sale_order_ids
            )
        )
        for order in closed.sale_order_ids:
            order._ask_to_confirm(
                self.env._(
                    "The customer has paid, but it is not approved as it is now: ask "
                    "for approval, then confirm it."
                )
            )
        others = self - closed
        return super(PaymentTransaction, others)._check_amount_and_confirm_order()


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.model
    def _render_qweb_html(self, report_ref, docids, data=None):
        """Documents are printed for the customer when they may go out.

        What the system prints has passed a door of its own.
        """
        model = self._get_report(report_ref).model
        rules = self.env["sales.approval.rule"]
        if docids and not self.env.su and rules._is_used(model):
            ids = [docids] if isinstance(docids, int) else docids
            self.env[model].browse(ids)._pass_sales_door("print")
        return super()._render_qweb_html(report_ref, docids, data=data)


class PortalShare(models.TransientModel):
    _inherit = "portal.share"

    @api.model
    def default_get(self, fields):
        result = super().default_get(fields)
        model = result.get("res_model")
        if model and self.env["sales.approval.rule"]._is_used(model):
            self.env[model].browse(result["res_id"])._pass_sales_door("link")
        return result
