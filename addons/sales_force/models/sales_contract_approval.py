from ast import literal_eval

from odoo import api, fields, models
from odoo.fields import Domain

from ..deals.approval import Facts, Line

# A contract owes nothing yet, and what it commits may be an amount, or nothing: its
# whole has no discount or margin to be measured.
_UNMEASURED = {"credit", "rep_credit", "order_discount", "margin"}
# Terms that are compared by themselves, or that nobody approves.
_OTHER_TERMS = {"partner_id", "company_id", "currency_id", "payment_term_id", "title"}
# Changes of these may leave what was approved.
_LINE_FIELDS = frozenset(
    (
        *("contract_id", "product_id", "categ_id", "quantity", "uom_id", "amount"),
        *("price_unit", "discount", "date_from", "date_to"),
    )
)


class SalesContract(models.Model):
    _name = "sales.contract"
    _inherit = ["sales.contract", "sales.approval.mixin"]

    is_shown = fields.Boolean(
        "Shown to the Customer",
        compute="_compute_is_shown",
        search="_search_is_shown",
        help="It was sent, and is approved as it is now.",
    )

    @api.depends(lambda self: ["state", *self._get_sales_approval_fields()])
    def _compute_is_shown(self):
        contracts = self.sudo()  # sudo: whether it is approved, whoever asks
        gaps = contracts.filtered(lambda one: one.state == "sent")._get_gaps()
        for contract in contracts:
            contract.is_shown = contract.state != "draft" and contract not in gaps

    @api.model
    def _search_is_shown(self, operator, value):
        if operator != "in":
            return NotImplemented
        sent = Domain("state", "=", "sent")
        user = self.env.user
        if user.share:
            # Who reaches only these needs no more.
            own = user.commercial_partner_id.id
            sent &= Domain("commercial_partner_id", "=", own)
        # sudo: whether they are approved, whoever asks
        gaps = self.sudo().search(sent)._get_gaps()
        shown = Domain("state", "!=", "draft") & Domain(
            "id", "not in", [contract.id for contract in gaps]
        )
        return shown if True in value else ~shown

    def write(self, vals):
        if (self._get_agreed() | {"line_ids"}).isdisjoint(vals):
            return super().write(vals)
        with self._watch_sales_approval():
            return super().write(vals)

    def unlink(self):
        self._void_all(self.env._("deleted"))
        return super().unlink()

    # Doors

    def _check_can_be_sent(self):
        super()._check_can_be_sent()
        self._pass_sales_door("send")

    def _has_to_be_signed(self):
        return super()._has_to_be_signed() and self._is_sales_door_open()

    # Facts

    @api.model
    def _sales_approval_kinds(self):
        return super()._sales_approval_kinds() - _UNMEASURED

    def _is_sales_approval_open(self):
        """What is signed stays as it is, see ``_check_agreed``."""
        return self.state in ("draft", "sent")

    def _get_sales_approval_fields(self):
        return [
            "state",
            "user_id",
            "sales_approval_step_ids.state",
            *sorted(self._get_agreed()),
            *(f"line_ids.{name}" for name in sorted(_LINE_FIELDS - {"contract_id"})),
        ]

    def _get_sales_approval_facts(self, needs):
        company = self.company_id[:1]
        customers = self.commercial_partner_id.with_company(company)
        late = self._read_sales_overdue(customers) if "overdue" in needs else {}
        # What the customer is promised beside the lines: part of the whole.
        promised = sorted(self._get_agreed() - _OTHER_TERMS)
        categories = self.line_ids.categ_id
        categories = categories.search([("id", "child_of", categories.ids)])
        prices = self.line_ids._get_sales_list_prices(needs)
        result = {}
        for contract in self:
            customer = contract.partner_id.commercial_partner_id.with_company(company)
            days, amount = late.get(customer.id, (0, 0.0))
            own_term = customer.property_payment_term_id
            lines = contract.line_ids.filtered(lambda k: k.product_id or k.categ_id)
            committed = contract.amount or sum(lines.mapped("committed_amount"))
            result[contract] = Facts(
                partner=customer.id,
                currency=contract.currency_id.id,
                term=(contract.payment_term_id or own_term)._get_sales_days(),
                customer_term=own_term._get_sales_days(),
                amount=contract._in_company_currency(committed),
                overdue_days=days,
                overdue_amount=amount,
                special=contract.kind == "special",
                promised=(
                    *((name, str(contract[name])) for name in promised),
                    ("line_ids", lines._describe_periods()),
                ),
                lines=tuple(
                    line._get_sales_facts(needs, categories, prices.get(line, 0.0))
                    for line in lines
                ),
            )
        return result

    def _name_lines(self, keys):
        lines = self.env["sales.contract.line"].browse(map(int, keys)).exists()
        names = lines.mapped("display_name")
        if len(lines) < len(keys):
            names.append(self.env._("removed ones"))
        return names

    def _holds_approved(self, condition, product=None):
        """Whether it is in force, and has passed a rule about such terms of it.

        :param product: of the line that it is about
        """
        today = self.company_id._get_sales_today()
        if not self.signed_on or not self._is_in_force(today):
            return False
        path = (product and product.categ_id.parent_path) or ""
        groups = set(map(int, path.split("/")[:-1]))
        rules = self.env["sales.approval.rule"]
        # sudo: rules hold for everybody
        records = rules.sudo()
        return any(
            rule.condition == condition
            and (not rule.categories or not rule.categories.isdisjoint(groups))
            # Later ones have not looked at it.
            and records.browse(rule.id).create_date.replace(microsecond=0)
            <= self.signed_on
            and self.filtered_domain(literal_eval(rule.domain))
            for rule in rules._get_rules(self._name, self.company_id.id)
        )

    def _in_company_currency(self, amount):
        """As of the day when it was written down, so that time changes nothing."""
        today = self.company_id._get_sales_today()
        day = self.create_date.date() if self.create_date else today
        return self.currency_id._convert(
            amount, self.company_id.currency_id, self.company_id, day, round=False
        )


class SalesContractLine(models.Model):
    _inherit = "sales.contract.line"

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_contract_id")
        ids = {vals.get("contract_id", default) for vals in vals_list} - {None, False}
        with self.env["sales.contract"].browse(ids)._watch_sales_approval():
            return super().create(vals_list)

    def write(self, vals):
        if _LINE_FIELDS.isdisjoint(vals):
            return super().write(vals)
        contracts = self.contract_id.browse(vals.get("contract_id") or [])
        with (self.contract_id | contracts)._watch_sales_approval():
            return super().write(vals)

    def unlink(self):
        with self.contract_id._watch_sales_approval():
            return super().unlink()

    def _get_sales_facts(self, needs, categories, unit):
        """A price per unit; without one, what is left of a hundred after the discount.

        :param categories: those of all lines, with the ones below
        :param unit: the list price, where it is needed
        """
        contract = self.contract_id
        product = self.product_id.with_company(contract.company_id)
        quantity = self.quantity or 1.0
        left = 1 - self.discount / 100
        net, full = 100.0 * left, 100.0
        amount = self.committed_amount or 1.0
        cost = 0.0
        floor = price = float("-inf")
        path = (product or self).categ_id.parent_path or ""
        groups = set(map(int, path.split("/")[:-1]))
        if product:
            if self.price_unit:
                net, full = self.price_unit * left, unit
            amount = contract._in_company_currency(
                (self.price_unit or unit) * left * quantity
            )
            measured = self.uom_id._compute_quantity(
                quantity, product.uom_id, round=False
            )
            cost = product.standard_price * measured if "cost" in needs else 0.0
            if "floor" in needs and product.sales_floor_price:
                floor, price = product.sales_floor_price, amount / measured
        else:
            groups.update(
                categ.id for categ in categories if categ.parent_path.startswith(path)
            )
        return Line(
            key=str(self._origin.id or self.id),
            name=self.display_name,
            product=product.id or self.categ_id.id,
            unit=str(self.uom_id.id),
            categories=frozenset(groups),
            quantity=quantity,
            net=net,
            list=full,
            is_price=bool(self.price_unit),
            amount=amount,
            cost=cost,
            price=price,
            floor=floor,
        )

    def _describe_periods(self):
        """What is promised of lines beside prices and quantities, to be compared."""
        return str(
            [
                (line._origin.id, str(line.date_from), str(line.date_to), line.amount)
                for line in self.sorted(lambda line: line._origin.id)
            ]
        )

    def _get_sales_list_prices(self, needs):
        """``{line: price}`` of the customers' own price lists, where it is needed.

        In the contract's currency and the line's unit. The rules of a price list are
        read once, whatever the number of lines.
        """
        asking = self.filtered(
            lambda line: (
                line.product_id
                and needs & ({"list"} if line.price_unit else {"cost", "floor"})
            )
        )
        company = asking.company_id[:1]
        today = company._get_sales_today() if asking else None
        prices = {}
        for customer, lines in asking.grouped(
            lambda line: line.contract_id.partner_id
        ).items():
            pricelist = customer.with_company(company).property_product_pricelist
            products = lines.product_id.with_company(company)
            rules = pricelist._get_applicable_rules(products, today)
            for line in lines:
                product = line.product_id.with_company(company)
                quantity = line.quantity or 1.0
                measured = line.uom_id._compute_quantity(
                    quantity, product.uom_id, raise_if_failure=False
                )
                applicable = (
                    rule for rule in rules if rule._is_applicable_for(product, measured)
                )
                prices[line] = next(applicable, rules.browse())._compute_price(
                    product,
                    quantity,
                    line.uom_id,
                    date=today,
                    currency=line.currency_id,
                )
        return prices


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _get_sales_approval_fields(self):
        return [*super()._get_sales_approval_fields(), "sales_contract_id"]

    def _get_sales_term_days(self):
        """Or as the contract has agreed it with approval."""
        days = super()._get_sales_term_days()
        contract = self.sales_contract_id.sudo()  # sudo: its terms hold whoever sells
        if contract.payment_term_id and contract._holds_approved("term"):
            days = max(days, contract.payment_term_id._get_sales_days())
        return days


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _get_sales_undiscounted_price(self):
        """Or the lower one that the contract has agreed with approval, for so much."""
        price = super()._get_sales_undiscounted_price()
        order, product = self.order_id, self.product_id
        contract = order.sales_contract_id.sudo()  # sudo: prices hold whoever sells
        if (
            not contract
            or not contract._holds_approved("discount", product)
            or order.sales_contract_overdrawn
        ):
            return price
        # Whichever day somebody has written on the order.
        agreed = contract._get_line(product, order.company_id._get_sales_today())
        own = price
        if agreed.price_unit:
            own = agreed.uom_id._compute_price(agreed.price_unit, self.product_uom_id)
        return min(price, own * (1 - agreed.discount / 100))
