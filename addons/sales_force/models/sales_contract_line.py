from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare, format_amount
from odoo.tools.misc import formatLang


class SalesContractLine(models.Model):
    """What is agreed about a product or a category: how much of it, at which price."""

    _name = "sales.contract.line"
    _description = "Contract Line"
    _inherit = ["sales.stamped.mixin", "sales.contract.figures"]
    _order = "contract_id, sequence, id"
    _check_company_auto = True
    _sales_stamped = frozenset({"origin_id"})
    _fulfilment_key = "line_id"

    contract_id = fields.Many2one(
        "sales.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        ondelete="restrict",
        domain="[('sale_ok', '=', True)]",
    )
    categ_id = fields.Many2one(
        "product.category",
        "Category",
        ondelete="restrict",
        help="All products of this category and those below, unless they have a line "
        "of their own.",
    )
    quantity = fields.Float(
        "Agreed Quantity",
        digits="Product Unit",
        help="Committed; 0: no quantity is committed.",
    )
    uom_id = fields.Many2one(
        "uom.uom",
        "Unit",
        compute="_compute_uom_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
    )
    amount = fields.Monetary(help="Committed, untaxed; 0: no amount is committed.")
    price_unit = fields.Float(
        "Price",
        digits="Product Price",
        help="In the contract's currency, per unit. 0: that of the pricelist.",
    )
    discount = fields.Float(
        "Discount (%)", digits="Discount", help="On the price, or the pricelist's."
    )
    date_from = fields.Date("From", help="Empty: from the contract's first day on.")
    date_to = fields.Date("To", help="Empty: to the contract's last day.")
    committed_amount = fields.Monetary(
        "Committed Amount",
        compute="_compute_committed_amount",
        store=True,
        help="The amount, or the quantity at the agreed price.",
    )
    origin_id = fields.Many2one(
        "sales.contract.line",
        "In the First Version",
        readonly=True,
        copy=False,
        index=True,
        ondelete="set null",
    )
    ordered_quantity = fields.Float(
        "Ordered Quantity", digits="Product Unit", compute="_compute_fulfilment"
    )
    delivered_quantity = fields.Float(
        "Delivered Quantity", digits="Product Unit", compute="_compute_fulfilment"
    )
    invoiced_quantity = fields.Float(
        "Invoiced Quantity", digits="Product Unit", compute="_compute_fulfilment"
    )
    expected_quantity = fields.Float(
        "Expected Quantity",
        digits="Product Unit",
        compute="_compute_fulfilment",
        groups="base.group_user",
    )

    _one_subject = models.Constraint(
        "CHECK ((product_id IS NULL) <> (categ_id IS NULL))",
        "A line is about a product or about a category.",
    )
    _one_measure = models.Constraint(
        "CHECK (quantity >= 0 AND amount >= 0 AND (quantity = 0 OR amount = 0))",
        "A line commits a quantity or an amount, and nothing below zero.",
    )
    _of_products = models.Constraint(
        "CHECK (product_id IS NOT NULL OR (quantity = 0 AND price_unit = 0))",
        "A category has no price and no quantity: agree a discount and an amount.",
    )
    _fair = models.Constraint(
        "CHECK (price_unit >= 0 AND discount BETWEEN 0 AND 100)",
        "A price is not negative, and a discount is from 0 to 100 %.",
    )
    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "A line ends after it begins."
    )

    @api.constrains("contract_id", "product_id", "categ_id", "date_from", "date_to")
    def _check_periods(self):
        for contract in self.contract_id:
            lines = contract.line_ids.sorted(
                lambda one: (one.product_id.id, one.categ_id.id, one._get_period())
            )
            for line, after in zip(lines, lines[1:], strict=False):
                if (
                    (line.product_id, line.categ_id)
                    == (after.product_id, after.categ_id)
                ) and after._get_period()[0] <= line._get_period()[1]:
                    raise ValidationError(
                        self.env._(
                            "%(subject)s is agreed twice for the same days.",
                            subject=line.display_name,
                        )
                    )

    @api.depends("product_id")
    def _compute_uom_id(self):
        for line in self:
            line.uom_id = line.product_id.uom_id

    @api.depends("amount", "quantity", "price_unit", "discount", "currency_id")
    def _compute_committed_amount(self):
        for line in self:
            price = line.price_unit * (1 - line.discount / 100)
            line.committed_amount = line.currency_id.round(
                line.amount or line.quantity * price
            )

    @api.depends("product_id", "categ_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = (line.product_id or line.categ_id).display_name

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_draft()
        for line in lines.sudo():  # sudo: stamped by the system
            line.origin_id = line
        return lines

    def write(self, vals):
        self._check_draft()
        result = super().write(vals)
        self._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_agreed(self):
        self._check_draft()

    def _check_draft(self):
        """:raise UserError: for lines of a contract that the customer has"""
        if self.env.su:
            return
        for contract in self.contract_id:
            if contract.state != "draft":
                raise UserError(
                    self.env._(
                        "%(contract)s is agreed and stays as it is: amend it.",
                        contract=contract.display_name,
                    )
                )

    # Fulfilment

    def _get_fulfilled(self):
        names = ("ordered", "delivered", "invoiced", "expected")
        quantities = {f"{name}_quantity": f"{name}_quantity" for name in names}
        return {**super()._get_fulfilled(), **quantities}

    def _get_fulfilled_contracts(self):
        return self.contract_id

    # Prices and what is left

    def _get_period(self):
        return (
            self.date_from or self.contract_id.date_start or date.min,
            self.date_to or self.contract_id.date_end or date.max,
        )

    def _is_on(self, day):
        start, end = self._get_period()
        return start <= day <= end

    def _describe_room(self, quantity, amount):
        """A quantity of what commits a quantity, else an amount, in words."""
        if not self.quantity:
            return format_amount(self.env, amount, self.currency_id)
        number = formatLang(self.env, quantity, dp="Product Unit")
        return f"{number} {self.uom_id.display_name}"

    def _is_beyond(self, quantity, amount, left, left_amount):
        """Whether this is more than what is left of what is committed."""
        if not self.quantity:
            return self.currency_id.compare_amounts(amount, left_amount) > 0
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return float_compare(quantity, left, precision_digits=digits) > 0
