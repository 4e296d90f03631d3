from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import formatLang

from ..models.sales_service_made import may_open, pieces


class SalesServiceRemedy(models.TransientModel):
    """What the customer gets: one dialog for all that is made from a ticket."""

    _name = "sales.service.remedy"
    _description = "Help the Customer"

    ticket_id = fields.Many2one("sales.service.ticket", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("return", "Return"),
            ("exchange", "Exchange"),
            ("delivery", "Replacement without charge"),
            ("repair", "Repair"),
            ("credit", "Credit note"),
            ("quotation", "Quotation for chargeable work"),
        ],
        "What",
        required=True,
        default="return",
    )
    hint = fields.Char(compute="_compute_hint")
    product_id = fields.Many2one(
        "product.product", "Product", domain="[('type', '=', 'consu')]"
    )
    quantity = fields.Float(default=1, digits="Product Unit")
    line_ids = fields.One2many("sales.service.remedy.line", "remedy_id", "Lines")
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="Without taxes. Choose lines, or write an amount.",
    )
    reason = fields.Char("Reason or Note")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        ticket = self.env["sales.service.ticket"].browse(values.get("ticket_id"))
        ticket.check_access("read")
        if ticket:
            # sudo: which product the ticket's lot is of
            product = (ticket.sudo().lot_id or ticket).product_id.sudo(False)
            invoice = ticket._get_invoice()
            values["product_id"] = product.id
            values["currency_id"] = (invoice or ticket.company_id).currency_id.id
            values["line_ids"] = [
                Command.create(
                    {
                        "line": line.id,
                        "name": line.name,
                        "amount": line.price_subtotal,
                        "currency_id": invoice.currency_id.id,
                        "is_chosen": bool(product) and line.product_id == product,
                    }
                )
                for line in invoice.invoice_line_ids
                if line.display_type == "product"
            ]
        return values

    @api.depends("line_ids.is_chosen")
    def _compute_amount(self):
        for remedy in self:
            remedy.amount = sum(remedy.line_ids.filtered("is_chosen").mapped("amount"))

    @api.depends("kind", "ticket_id")
    def _compute_hint(self):
        for remedy in self:
            remedy.hint = remedy._get_hint()

    def _get_hint(self):
        """What happens next, and with which document."""
        _, ticket = self.env._, self.ticket_id
        if not self.kind or not ticket.has_access("read"):
            return False
        if self.kind in ("return", "exchange"):
            delivery = ticket._get_delivery()
            if not delivery:
                return _("No delivery of it to this customer was found.")
            # sudo: what the customer got, whoever works for him
            own = ticket.sudo()._get_own_returnable(delivery)
            return _(
                "%(delivery)s: %(count)s may still come back. The warehouse takes it "
                "in.",
                delivery=delivery.name,
                count=pieces(self.env, sum(own.values())),
            )
        if self.kind == "credit":
            invoice = ticket._get_invoice()
            if not invoice:
                return _("No posted invoice of it to this customer was found.")
            # sudo: what is left of it, whoever has asked for the rest
            requests = self.env["sales.service.credit"].sudo()
            left = requests._get_left(invoice, invoice.invoice_line_ids.browse())
            return _(
                "%(invoice)s: %(amount)s may still be credited. Accounting decides.",
                invoice=invoice.name,
                amount=formatLang(self.env, left, currency_obj=invoice.currency_id),
            )
        return {
            "delivery": _("It is asked for; the warehouse confirms and sends it."),
            "repair": _("It is asked for; the workshop confirms it and takes parts."),
            "quotation": _("The customer's salesperson prices and sends it."),
        }[self.kind]

    def action_make(self):
        """Make the document, or ask for it; see the ticket's ``_make_…`` methods.

        :return: the action that opens it where the user may, else what is left to do
        :raise AccessError: for who may not work on the ticket
        :raise UserError: for one that is cancelled or merged
        """
        self.ensure_one()
        self.ticket_id.check_access("write")
        if self.ticket_id.state == "cancelled":
            raise UserError(
                self.env._(
                    "%(ticket)s is cancelled: nothing is made from it.",
                    ticket=self.ticket_id.display_name,
                )
            )
        return getattr(self, f"_make_{self.kind}")()

    def _make_return(self, exchange=False):
        ticket = self.ticket_id
        if self.env.user.has_group("stock.group_stock_user"):
            # Odoo's own dialog, where more than the ticket's product may be chosen.
            delivery = ticket._get_delivery()
            ticket.sudo()._check_delivery(delivery)  # sudo: a delivery is looked at
            action = self.env["ir.actions.actions"]._for_xml_id(
                "stock.act_stock_return_picking"
            )
            return {
                **action,
                "context": {
                    "active_model": "stock.picking",
                    "active_id": delivery.id,
                    "active_ids": delivery.ids,
                    "default_service_ticket_id": ticket.id,
                    "service_quantity": self.quantity,
                },
            }
        return self._show(ticket._make_return(self.quantity, exchange=exchange))

    def _make_exchange(self):
        return self._make_return(exchange=True)

    def _make_delivery(self):
        return self._show(
            self.ticket_id._make_replacement(self.product_id, self.quantity)
        )

    def _make_repair(self):
        return self._show(self.ticket_id._make_repair(self.reason))

    def _make_quotation(self):
        return self._show(self.ticket_id._make_quotation(self.reason))

    def _make_credit(self):
        ticket = self.ticket_id
        invoice = ticket._get_invoice()
        if not invoice:
            raise UserError(
                self.env._(
                    "%(ticket)s: no posted invoice of it to this customer was found. "
                    "Choose the product, and the order or lot that it belongs to.",
                    ticket=ticket.display_name,
                )
            )
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why it is credited."))
        chosen = self.line_ids.filtered("is_chosen").mapped("line")
        credit = self.env["sales.service.credit"]._ask(
            ticket, invoice, self.amount, self.reason.strip(), chosen
        )
        return self._show(credit)

    def _show(self, documents):
        """Open what was made where the user may read it."""
        documents = documents.sudo(False)[:1]
        if not may_open(documents):
            return {"type": "ir.actions.act_window_close"}
        return {
            "type": "ir.actions.act_window",
            "res_model": documents._name,
            "res_id": documents.id,
            "views": [(False, "form")],
        }


class SalesServiceRemedyLine(models.TransientModel):
    """A line of the invoice, for who may not read invoices."""

    _name = "sales.service.remedy.line"
    _description = "Invoice Line to Credit"

    remedy_id = fields.Many2one(
        "sales.service.remedy", required=True, ondelete="cascade"
    )
    # Not a link: who asks may not read what it leads to.
    line = fields.Integer(required=True)
    name = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True)
    is_chosen = fields.Boolean("Credit")


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    def action_remedy(self):
        """Return, exchange, replace, repair, credit or quote.

        :raise AccessError: for who may not work on the ticket
        """
        self.ensure_one()
        self.check_access("write")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_remedy_action"
        )
        return {**action, "context": {"default_ticket_id": self.id}}
