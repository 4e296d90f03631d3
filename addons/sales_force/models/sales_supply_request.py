from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..locking import write_lock

STATES = [
    ("asked", "Asked for"),
    ("rfq", "Asked of the vendor"),
    ("ordered", "Ordered"),
    ("received", "Received"),
    ("refused", "Refused"),
    ("cancelled", "Cancelled"),
]
# Nothing comes of these: it can be asked again.
_OVER = ("refused", "cancelled")


class SalesSupplyRequest(models.Model):
    """A rep needs goods for a line of an order; there is one for each line.

    How it stands follows the purchase order line that the buyer has made for it.
    """

    _name = "sales.supply.request"
    _description = "Request for Supply"
    _inherit = [
        "sales.stamped.mixin",
        "sales.owned.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "date_needed, id"
    _rec_name = "product_id"
    _check_company_auto = True
    _sales_stamped = frozenset(
        {
            "order_line_id",
            "origin",
            "product_id",
            "quantity",
            "warehouse_id",
            "company_id",
            "user_id",
            "date_needed",
            "refused",
        }
    )

    order_line_id = fields.Many2one(
        "sale.order.line", "Order Line", readonly=True, ondelete="set null"
    )
    order_id = fields.Many2one(related="order_line_id.order_id", string="Order")
    origin = fields.Char("For", readonly=True, help="The order's number.")
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="restrict", index=True
    )
    quantity = fields.Float("Quantity Needed", digits="Product Unit", readonly=True)
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    warehouse_id = fields.Many2one(
        "stock.warehouse", required=True, readonly=True, check_company=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True, index=True)
    date_needed = fields.Date("Needed On", readonly=True)
    purchase_line_id = fields.Many2one(
        "purchase.order.line",
        "Purchase Order Line",
        domain="[('product_id', '=', product_id), ('company_id', '=', company_id)]",
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        check_company=True,
        groups="purchase.group_purchase_user",
        help="What brings the goods. Reps do not learn of whom they are bought.",
    )
    refused = fields.Boolean(readonly=True, copy=False)
    reason = fields.Char(help="Why there is no supply; the rep reads it.")
    state = fields.Selection(
        STATES, "Status", compute="_compute_state", search="_search_state"
    )
    date_expected = fields.Date("Expected On", compute="_compute_state")

    _line_uniq = models.UniqueIndex(
        "(order_line_id) WHERE order_line_id IS NOT NULL",
        "For a line of an order supply is asked for once.",
    )

    @api.depends(
        "order_line_id.order_id.state",
        "purchase_line_id.order_id.state",
        "purchase_line_id.qty_received",
        "purchase_line_id.product_qty",
        "purchase_line_id.date_planned",
        "refused",
    )
    def _compute_state(self):
        of_state = {"purchase": "ordered", "cancel": "cancelled"}
        for request in self:
            # sudo: how far it is may be known to who reads the request
            line = request.sudo().purchase_line_id
            # sudo: the same of the order it is for
            order = request.sudo().order_line_id.order_id
            state = of_state.get(line.order_id.state, "rfq") if line else "asked"
            if state == "ordered" and line.qty_received >= line.product_qty:
                state = "received"
            if state == "asked" and (not order or order.state == "cancel"):
                state = "cancelled"
            request.state = "refused" if request.refused else state
            request.date_expected = (
                request.company_id._get_sales_date(line.date_planned)
                if line.date_planned and state in ("rfq", "ordered")
                else False
            )

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        for model, names in (
            (self._name, ["refused", "purchase_line_id", "order_line_id"]),
            ("purchase.order.line", ["qty_received", "product_qty"]),
            ("purchase.order", ["state"]),
            ("sale.order", ["state"]),
        ):
            self.env[model].flush_model(names)
        states = [state for state in value if state]

        def to_sql(model, alias, query):
            return SQL(
                """(SELECT CASE
                    WHEN r.refused THEN 'refused'
                    WHEN p.state = 'cancel' THEN 'cancelled'
                    WHEN p.state = 'purchase' AND pl.qty_received >= pl.product_qty
                        THEN 'received'
                    WHEN p.state = 'purchase' THEN 'ordered'
                    WHEN p.id IS NOT NULL THEN 'rfq'
                    WHEN o.id IS NULL OR o.state = 'cancel' THEN 'cancelled'
                    ELSE 'asked' END
                FROM sales_supply_request r
                LEFT JOIN purchase_order_line pl ON pl.id = r.purchase_line_id
                LEFT JOIN purchase_order p ON p.id = pl.order_id
                LEFT JOIN sale_order_line sl ON sl.id = r.order_line_id
                LEFT JOIN sale_order o ON o.id = sl.order_id
                WHERE r.id = %s) = ANY(%s)""",
                SQL.identifier(alias, "id"),
                states,
            )

        return Domain.custom(to_sql=to_sql)

    @api.constrains("purchase_line_id")
    def _check_purchase_line(self):
        for request in self:
            line = request.purchase_line_id
            if line and line.product_id != request.product_id:
                raise ValidationError(
                    self.env._(
                        "%(line)s is of another product than %(product)s.",
                        line=line.display_name,
                        product=request.product_id.display_name,
                    )
                )

    @api.model
    def _ask(self, lines):
        """Ask for what lines lack; what is asked for already stays as it is.

        :param lines: order lines of one company that the user may change
        :raise UserError: for what is not bought or where nobody would get to know
        """
        write_lock(lines)
        old = self.search([("order_line_id", "in", lines.ids)])
        requests = old.filtered(lambda request: request.state in _OVER)
        asked = old - requests
        by_line = {request.order_line_id: request for request in requests}
        lines -= asked.order_line_id
        short = {}
        for order in lines.order_id.filtered(lambda o: o.state in ("draft", "sent")):
            short |= order._get_promise_short()
        for line in lines:
            values = line._prepare_sales_supply(short.get(line.id))
            if line in by_line:
                by_line[line].write(values)
            else:
                requests |= self.create(values)
        requests._start()

    def _start(self):
        """As the company says: a request for quotation, or an activity."""
        direct = self.filtered(
            lambda request: request.company_id.sales_supply_mode == "rfq"
        )
        direct._make_rfqs()
        for request in self.filtered(lambda request: not request.purchase_line_id):
            request.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=request.company_id._get_sales_today(),
                summary=self.env._(
                    "%(origin)s: supply of %(quantity)g %(unit)s %(product)s",
                    origin=request.origin,
                    quantity=request.quantity,
                    unit=request.uom_id.name,
                    product=request.product_id.display_name,
                ),
                user_id=request._get_buyer().id,
            )

    def _get_buyer(self):
        """:raise UserError: where nobody buys"""
        responsible = self.product_id.with_company(self.company_id).responsible_id
        buyer = (self.company_id.sales_supply_user_id | responsible).filtered(
            lambda user: user.has_group("purchase.group_purchase_user")
        )[:1]
        if not buyer:
            raise UserError(
                self.env._(
                    "Nobody in purchasing is responsible for %(product)s: say in the "
                    "settings of Sales Force who gets requests for supply.",
                    product=self.product_id.display_name,
                )
            )
        return buyer

    def _make_rfqs(self):
        """Draft purchase orders; a request whose product has no vendor stays open."""
        origins = dict.fromkeys(self.mapped("origin"))
        link = "sale_line_id" in self.env["purchase.order.line"]._fields
        lines = self.env["purchase.order"]._make_sales_rfqs(
            [
                (
                    request.product_id,
                    request.warehouse_id,
                    request.quantity,
                    {"sale_line_id": request.order_line_id.id} if link else {},
                )
                for request in self
            ],
            ", ".join(origins),
        )
        for request, line in zip(self, lines, strict=True):
            request.purchase_line_id = line

    def action_make_rfq(self):
        """The buyer asks the vendors; what is asked of them already is not asked again.

        :raise UserError: for what is refused or needed no more, or without a vendor
        """
        self.check_access("write")
        write_lock(self)
        requests = self.filtered(lambda request: not request.purchase_line_id)
        requests._check_state("asked")
        requests._make_rfqs()
        self._refuse(
            [
                self.env._(
                    "%(product)s has no vendor: add one to the product.",
                    product=request.product_id.display_name,
                )
                for request in requests
                if not request.purchase_line_id
            ]
        )
        requests.activity_feedback(["mail.mail_activity_data_todo"])
        return self.purchase_line_id.order_id._get_records_action()

    def action_refuse(self):
        """There is no supply, for a reason that the rep reads.

        :raise ValidationError: without a reason
        """
        self.check_access("write")
        self._check_state("asked")
        self._refuse(
            [
                self.env._(
                    "Say why %(product)s cannot be supplied.",
                    product=request.product_id.display_name,
                )
                for request in self
                if not request.reason
            ],
            ValidationError,
        )
        self.sudo().refused = True  # sudo: stamped by the system
        self.activity_feedback(["mail.mail_activity_data_todo"])


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def action_ask_supply(self):
        """Ask for the supply of what the lines promise; once, however often it is done.

        :raise UserError: for services, kits, and what is not bought
        """
        self.check_access("write")
        # sudo: a rep asks, though the request and the purchase are not the rep's
        self.env["sales.supply.request"].sudo()._ask(self.sudo())
        return True

    def _is_bought(self):
        """Whether supply can be asked for: goods that are kept in stock, and no kit."""
        return (
            self.product_id.is_storable
            and self.order_id.state != "cancel"
            and not self._filter_kits()
        )

    def _prepare_sales_supply(self, short):
        """:param float short: what is missing, in the line's unit; 0: ask for all"""
        if not self._is_bought():
            raise UserError(
                self.env._(
                    "%(product)s: supply is asked for goods that are kept in stock.",
                    product=self.product_id.display_name or self.name,
                )
            )
        order, product = self.order_id, self.product_id
        quantity = short or (
            self.qty_to_deliver if order.state == "sale" else self.product_uom_qty
        )
        return {
            "order_line_id": self.id,
            "origin": order.name,
            "product_id": product.id,
            "quantity": self.product_uom_id._compute_quantity(quantity, product.uom_id),
            "warehouse_id": self._get_promise_warehouse().id,
            "company_id": self.company_id.id,
            "user_id": order.user_id.id or self.env.uid,
            "date_needed": self._get_promise_day(),
            "purchase_line_id": False,
            "refused": False,
            "reason": False,
        }

    def _get_sales_supply(self):
        """How what was asked for the lines stands, ``{line id: {...}}``."""
        requests = self.env["sales.supply.request"].search(
            [("order_line_id", "in", self.ids)]
        )
        labels = dict(requests._fields["state"]._description_selection(self.env))
        return {
            request.order_line_id.id: {
                "state": request.state,
                "label": labels[request.state],
                "again": request.state in _OVER,
                "reason": request.reason,
                "quantity": request.order_line_id._in_line_unit(request.quantity),
                "day": request.date_expected
                and fields.Date.to_string(request.date_expected),
            }
            for request in requests
        }
