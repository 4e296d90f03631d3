"""Orders under contracts: their prices, and what is left of what was committed."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..locking import write_lock


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_contract_overdraw = fields.Selection(
        [("warn", "Warn"), ("block", "Block")],
        "More Than Is Committed",
        default="warn",
        required=True,
        help="What happens to an order that draws more on a contract than is left. "
        "Warn: it is said on the order. Block: it cannot be sent, signed or confirmed.",
    )
    sales_contract_tolerance = fields.Float(
        "Behind Plan From (%)",
        default=10.0,
        help="A contract is behind plan when the straight line is ahead of what is "
        "ordered by more than this share of what is committed.",
    )

    _sales_contract_tolerance = models.Constraint(
        "CHECK (sales_contract_tolerance BETWEEN 0 AND 100)",
        "Contracts are behind plan from 0 to 100 %.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_contract_overdraw = fields.Selection(
        related="company_id.sales_contract_overdraw", readonly=False
    )
    sales_contract_tolerance = fields.Float(
        related="company_id.sales_contract_tolerance", readonly=False
    )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    sales_contract_id = fields.Many2one(
        "sales.contract",
        "Contract",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Its prices and terms hold, and the order counts for what it commits.",
    )
    sales_contract_overdrawn = fields.Text(
        "Overdrawn", compute="_compute_sales_contract_overdrawn"
    )

    @api.depends("sales_contract_id")
    def _compute_payment_term_id(self):
        result = super()._compute_payment_term_id()
        for order in self:
            # sudo: the terms hold whoever sells
            if term := order.sales_contract_id.sudo().payment_term_id:
                order.payment_term_id = term
        return result

    @api.depends("sales_contract_id", "order_line.price_subtotal", "state")
    def _compute_sales_contract_overdrawn(self):
        for order in self:
            order.sales_contract_overdrawn = "\n".join(order._describe_overdraw())

    @api.onchange("partner_id", "company_id")
    def _onchange_propose_contract(self):
        """The customer's contract that was signed last and says something of prices."""
        contracts = self.env["sales.contract"]
        if self.state not in ("draft", "sent") or not contracts.has_access("read"):
            return
        customer = self.partner_id.commercial_partner_id
        # sudo: prices hold whichever rep of the company has agreed them
        contracts = contracts.sudo()
        chosen = self.sales_contract_id.sudo()  # sudo: as above
        if chosen and chosen.commercial_partner_id == customer:
            return
        if customer and self.company_id:
            contracts = contracts.search(
                contracts._domain_in_force(
                    self.company_id, self.company_id._get_sales_today()
                )
                & Domain("commercial_partner_id", "=", customer.id)
                & Domain("kind", "!=", "service"),
                limit=1,
            )
        self.sales_contract_id = contracts.sudo(self.env.su)

    @api.constrains("sales_contract_id", "partner_id", "company_id", "pricelist_id")
    def _check_contract(self):
        for order in self.filtered("sales_contract_id"):
            contract = order.sales_contract_id.sudo()  # sudo: only to compare
            customer = order.partner_id.commercial_partner_id
            if contract.commercial_partner_id != customer:
                raise ValidationError(
                    self.env._(
                        "%(contract)s is with another customer than %(order)s.",
                        contract=contract.display_name,
                        order=order.display_name,
                    )
                )
            if contract.currency_id != order.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(contract)s is in %(currency)s: choose a pricelist in "
                        "%(currency)s for its orders.",
                        contract=contract.display_name,
                        currency=contract.currency_id.name,
                    )
                )

    @api.constrains("state", "sales_contract_id")
    def _check_contract_room(self):
        """Two orders at once do not draw on the same room.

        :raise UserError: where an order draws more than is left, and this is blocked
        """
        orders = self.filtered(lambda o: o.sales_contract_id and o.state == "sale")
        # sudo: what is left is counted whoever sells
        write_lock(orders.sales_contract_id.sudo().root_id)
        for order in orders:
            if not (text := order._explain_overdraw()):
                continue
            if order.company_id.sales_contract_overdraw == "block":
                raise UserError(text)
            order.message_post(body=text, subtype_xmlid="mail.mt_note")

    def write(self, vals):
        if "sales_contract_id" in vals and not self.env.su:
            for order in self:
                if (
                    order.state == "sale"
                    and order.sales_contract_id.id != vals["sales_contract_id"]
                ):
                    raise UserError(
                        self.env._(
                            "%(order)s is confirmed: it stays under its contract.",
                            order=order.display_name,
                        )
                    )
        return super().write(vals)

    def _put_under_contract(self, contract):
        """Orders count for a contract, at the prices that they have."""
        lines = self.order_line
        prices = ("price_unit", "technical_price_unit", "discount")
        kept = [
            ([lines._fields[name] for name in prices], lines),
            ([self._fields["payment_term_id"]], self),
        ]
        with self.env.protecting(kept):
            self.sales_contract_id = contract
            self.env.flush_all()

    # The doors: sending, signing, paying and confirming

    def _describe_contract_problem(self):
        """What forbids this quotation under its contract, or nothing."""
        self.ensure_one()
        if not self.sales_contract_id:
            return ""
        contract = self.sales_contract_id.sudo()  # sudo: only whether it holds
        today = self.company_id._get_sales_today()
        if not contract._is_in_force(today):
            return self.env._(
                "%(contract)s is not in force on %(day)s: choose another contract, or "
                "none.",
                contract=contract.display_name,
                day=format_date(self.env, today),
            )
        if self.company_id.sales_contract_overdraw == "block":
            return self._explain_overdraw()
        return ""

    def _confirmation_error_message(self):
        return super()._confirmation_error_message() or (
            self._describe_contract_problem() or False
        )

    def action_quotation_send(self):
        for order in self:
            if order.state in ("draft", "sent") and (
                problem := order._describe_contract_problem()
            ):
                raise UserError(problem)
        return super().action_quotation_send()

    def _has_to_be_signed(self):
        return super()._has_to_be_signed() and not self._describe_contract_problem()

    def _has_to_be_paid(self):
        return super()._has_to_be_paid() and not self._describe_contract_problem()

    # What is left

    def _get_contract_room(self):
        """What other orders have left: ``{line: (agreed, quantity, amount)}``.

        By the line in the first version of the contract that is agreed now, for each
        that commits something; under an empty one the contract's own amount.
        """
        self.ensure_one()
        # sudo: whoever sells sees the room
        contract = self.sales_contract_id.sudo()._get_current()
        ordered = contract._read_ordered(self._origin)
        room = {}
        for line in contract.line_ids:
            if line.quantity or line.amount:
                quantity, amount = ordered.get(line.id, (0, 0))
                room[line.origin_id] = (
                    line,
                    line.quantity - float(quantity),
                    line.amount - float(amount),
                )
        if contract.amount:
            total = float(sum(amount for _quantity, amount in ordered.values()))
            none = contract.line_ids.browse()
            room[none] = (contract, 0, contract.amount - total)
        return room

    def _explain_overdraw(self):
        """What is too much of which contract, or nothing."""
        lines = self._describe_overdraw()
        if not lines:
            return ""
        return self.env._(
            "More than is left of contract %(contract)s:\n%(lines)s",
            # sudo: which contract it is shows on the order
            contract=self.sales_contract_id.sudo().display_name,
            lines="\n".join(lines),
        )

    def _describe_overdraw(self):
        """In words, by line, what this order draws beyond what others have left."""
        if not self.sales_contract_id:
            return []
        drawn = self.order_line.filtered(
            lambda line: not line.display_type and not line.is_downpayment
        )
        messages = []
        for origin, (agreed, *left) in self._get_contract_room().items():
            lines = drawn.filtered(
                lambda line, origin=origin: (
                    # sudo: only which line it is
                    not origin or line.sales_contract_line_id.sudo().origin_id == origin
                )
            )
            wanted = lines._sum_drawn(agreed)
            if lines and agreed._is_beyond(*wanted, *left):
                messages.append(
                    self.env._(
                        "%(subject)s: %(left)s left, %(wanted)s ordered.",
                        subject=agreed.display_name,
                        left=agreed._describe_room(*left),
                        wanted=agreed._describe_room(*wanted),
                    )
                )
        return messages


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    sales_contract_line_id = fields.Many2one(
        "sales.contract.line",
        "Contract Line",
        compute="_compute_sales_contract_line_id",
        store=True,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The line of the contract that sets the price.",
    )
    sales_contract_left = fields.Char(
        "Remaining",
        compute="_compute_sales_contract_left",
        help="What other orders leave of what the contract commits.",
    )

    @api.depends("product_id", "order_id.sales_contract_id")
    def _compute_sales_contract_line_id(self):
        for line in self:
            agreed = False
            # sudo: prices hold whoever sells
            contract = line.order_id.sales_contract_id.sudo()
            if contract and line.product_id:
                day = line.company_id._get_sales_date(line.order_id.date_order)
                agreed = contract._get_line(line.product_id, day)
            line.sales_contract_line_id = agreed

    @api.depends("sales_contract_line_id", "order_id.order_line")
    def _compute_sales_contract_left(self):
        self.sales_contract_left = False
        if not self.order_id.sales_contract_id:
            return
        agreed = self.filtered("sales_contract_line_id")
        for order, lines in agreed.grouped("order_id").items():
            room = order._get_contract_room()
            for line in lines:
                # sudo: only which line it is
                origin = line.sales_contract_line_id.sudo().origin_id
                if origin in room:
                    committed, *left = room[origin]
                    line.sales_contract_left = committed._describe_room(*left)

    def _sum_drawn(self, agreed):
        """What these lines draw on what is agreed: the quantity, in its unit, and the
        amount."""
        amount = sum(self.mapped("price_subtotal"))
        if agreed._name != "sales.contract.line" or not agreed.quantity:
            return 0.0, amount
        return (
            sum(
                line.product_uom_id._compute_quantity(
                    line.product_uom_qty, agreed.uom_id, round=False
                )
                for line in self
            ),
            amount,
        )

    @api.depends("sales_contract_line_id")
    def _compute_price_unit(self):
        return super()._compute_price_unit()

    @api.depends("sales_contract_line_id")
    def _compute_discount(self):
        result = super()._compute_discount()
        for line in self:
            # sudo: prices hold whoever sells
            if agreed := line.sales_contract_line_id.sudo():
                if agreed.price_unit or agreed.discount:
                    line.discount = agreed.discount
        return result

    def _get_display_price_ignore_combo(self):
        # sudo: prices hold whoever sells
        agreed = self.sales_contract_line_id.sudo()
        if agreed.price_unit:
            return agreed.uom_id._compute_price(agreed.price_unit, self.product_uom_id)
        if agreed.discount:
            # The agreed discount comes on top of the pricelist.
            return self._get_pricelist_price()
        return super()._get_display_price_ignore_combo()

    @api.constrains(
        *("product_uom_qty", "product_uom_id", "price_unit", "discount"),
        *("product_id", "order_id"),
    )
    def _check_contract_room(self):
        """More on a confirmed order draws on its contract as well."""
        orders = self.order_id.filtered(lambda order: order.state == "sale")
        orders._check_contract_room()


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """What its contract forbids is not confirmed by the customer's payment."""
        closed = self.browse()
        for transaction in self:
            for order in transaction.sale_order_ids:
                if order.state not in ("draft", "sent"):
                    continue
                if problem := order._describe_contract_problem():
                    closed |= transaction
                    order._ask_to_confirm(
                        self.env._(
                            "The customer has paid, but it cannot be confirmed as it "
                            "is now. %(problem)s",
                            problem=problem,
                        )
                    )
        others = self - closed
        return super(PaymentTransaction, others)._check_amount_and_confirm_order()
