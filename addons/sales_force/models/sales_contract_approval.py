from odoo import api, models

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
                lines=tuple(line._get_sales_facts(needs, categories) for line in lines),
            )
        return result

    def _name_lines(self, keys):
        lines = self.env["sales.contract.line"].browse(map(int, keys)).exists()
        names = lines.mapped("display_name")
        if len(lines) < len(keys):
            names.append(self.env._("removed ones"))
        return names

    def _holds_approved(self, condition):
        """Whether it is in force, and rules ask for approval of such terms of it."""
        rules = self.env["sales.approval.rule"]._get_rules(
            self._name, self.company_id.id
        )
        return any(rule.condition == condition for rule in rules) and (
            self._is_in_force(self.company_id._get_sales_today())
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

    def _get_sales_facts(self, needs, categories):
        """A price per unit; without one, what is left of a hundred after the discount.

        :param categories: those of all lines, with the ones below
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
            asks = {"list"} if self.price_unit else {"cost", "floor"}
            unit = self._get_sales_list_price() if needs & asks else 0.0
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

    def _get_sales_list_price(self):
        """Of the customer's own price list, in the contract's currency and unit."""
        contract = self.contract_id
        company = contract.company_id
        customer = contract.partner_id.with_company(company)
        pricelist = customer.property_product_pricelist
        return pricelist._get_product_price(
            self.product_id.with_company(company),
            self.quantity or 1.0,
            currency=contract.currency_id,
            uom=self.uom_id,
            date=company._get_sales_today(),
        )


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
        """Or the lower one that the contract has agreed with approval."""
        price = super()._get_sales_undiscounted_price()
        order = self.order_id
        contract = order.sales_contract_id.sudo()  # sudo: prices hold whoever sells
        if not contract or not contract._holds_approved("discount"):
            return price
        day = order.company_id._get_sales_date(order.date_order)
        agreed = contract._get_line(self.product_id, day)
        own = price
        if agreed.price_unit:
            own = agreed.uom_id._compute_price(agreed.price_unit, self.product_uom_id)
        return min(price, own * (1 - agreed.discount / 100))
