"""What was made from a ticket, in one list for everybody who sees the ticket."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, formatLang

from odoo.addons.sales_force.wording import listed

from .sales_service_made import may_open, pieces

KINDS = [
    ("return", "Return"),
    ("delivery", "Replacement"),
    ("repair", "Repair"),
    ("credit", "Credit Note Request"),
    ("quotation", "Quotation"),
]
# By kind: the model.
_MODELS = {
    "return": "stock.picking",
    "delivery": "stock.picking",
    "repair": "repair.order",
    "credit": "sales.service.credit",
    "quotation": "sale.order",
}


# By model: the field that leads to the ticket.
_LINKS = {
    "stock.picking": "service_ticket_id",
    "repair.order": "service_ticket_id",
    "account.move": "service_ticket_id",
    "sale.order": "service_ticket_id",
    "sales.service.credit": "ticket_id",
}


class SalesServiceDocument(models.Model):
    """A line a document: what it is, how far it got and what it holds.

    Agents need no right to stock, sales or accounting to see what became of what they
    asked for; the document itself opens as far as Odoo's own rights go.
    """

    _name = "sales.service.document"
    _description = "Document of a Ticket"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "name"
    _depends = {
        "stock.picking": [
            *("service_ticket_id", "picking_type_id", "company_id", "create_date"),
        ],
        "stock.picking.type": ["code"],
        "repair.order": ["service_ticket_id", "company_id", "create_date"],
        "sales.service.credit": ["ticket_id", "company_id", "create_date"],
        "sale.order": ["service_ticket_id", "company_id", "create_date"],
    }

    ticket_id = fields.Many2one("sales.service.ticket", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        "Document Id", model_field="res_model", readonly=True
    )
    date = fields.Datetime("Made On", readonly=True)
    name = fields.Char("Document", compute="_compute_document")
    status = fields.Char(compute="_compute_document")
    detail = fields.Char(
        compute="_compute_document", help="What moves, is built in, or is credited."
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT 4 * p.id AS id, p.service_ticket_id AS ticket_id, p.company_id,
                CASE t.code WHEN 'incoming' THEN 'return' ELSE 'delivery' END AS kind,
                'stock.picking' AS res_model, p.id AS res_id, p.create_date AS date
            FROM stock_picking p JOIN stock_picking_type t ON t.id = p.picking_type_id
            WHERE p.service_ticket_id IS NOT NULL AND t.code IN ('incoming', 'outgoing')
            UNION ALL
            SELECT 4 * id + 1, service_ticket_id, company_id, 'repair', 'repair.order',
                id, create_date
            FROM repair_order WHERE service_ticket_id IS NOT NULL
            UNION ALL
            SELECT 4 * id + 2, ticket_id, company_id, 'credit', 'sales.service.credit',
                id, create_date
            FROM sales_service_credit
            UNION ALL
            SELECT 4 * id + 3, service_ticket_id, company_id, 'quotation', 'sale.order',
                id, create_date
            FROM sale_order WHERE service_ticket_id IS NOT NULL
            """
        )

    @api.depends_context("lang")
    def _compute_document(self):
        """Computed with ``sudo``: see the class."""
        for model, lines in self.grouped("res_model").items():
            # sudo: see the class
            records = self.env[model].sudo().browse(lines.mapped("res_id"))
            for line, record in zip(lines, records, strict=True):
                line.name = record.display_name
                line.status = line._get_status(record)
                line.detail = line._describe(record)

    def _get_status(self, record):
        """How far it got; of a credit note that was asked for, what it is itself."""
        if self.kind == "credit" and record.state == "made":
            record = record.move_id or record
        states = record._fields["state"]._description_selection(self.env)
        return dict(states).get(record.state)

    def _describe(self, record):
        if self.kind == "quotation":
            return formatLang(
                self.env, record.amount_untaxed, currency_obj=record.currency_id
            )
        if self.kind == "credit":
            return formatLang(self.env, record.amount, currency_obj=record.currency_id)
        return listed(
            self.env,
            (
                f"{pieces(self.env, move.product_uom_qty)} "
                f"{move.product_uom.name} {move.product_id.display_name}"
                for move in record.move_ids
                if move.state != "cancel"
            ),
        )

    def action_open_document(self):
        """:raise AccessError: where Odoo's own rights do not open it"""
        self.ensure_one()
        document = self.env[self.res_model].browse(self.res_id)
        document.check_access("read")
        if not may_open(document):
            raise AccessError(
                self.env._(
                    "%(document)s is of a colleague's order and does not open for "
                    "you. What it holds is written on the ticket.",
                    document=self.name,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    document_ids = fields.One2many(
        "sales.service.document", "ticket_id", "Documents", readonly=True
    )
    return_count = fields.Integer("Returns", compute="_compute_document_counts")
    delivery_count = fields.Integer("Replacements", compute="_compute_document_counts")
    repair_count = fields.Integer("Repairs", compute="_compute_document_counts")
    credit_count = fields.Integer("Credits", compute="_compute_document_counts")
    quotation_count = fields.Integer("Quotations", compute="_compute_document_counts")

    def _compute_document_counts(self):
        """Of those that the user sees, with one query."""
        counts = {
            (ticket, kind): count
            for ticket, kind, count in self.env["sales.service.document"]._read_group(
                [("ticket_id", "in", self.ids)], ["ticket_id", "kind"], ["__count"]
            )
        }
        for ticket in self:
            for kind, _label in KINDS:
                ticket[f"{kind}_count"] = counts.get((ticket._origin, kind), 0)

    def _move_thread(self, target):
        """What was made from a merged ticket is the other's."""
        for model, name in _LINKS.items():
            self.env[model].search([(name, "=", self.id)])[name] = target
        return super()._move_thread(target)

    def action_open_returns(self):
        return self._open_documents("return")

    def action_open_deliveries(self):
        return self._open_documents("delivery")

    def action_open_repairs(self):
        return self._open_documents("repair")

    def action_open_credits(self):
        return self._open_documents("credit")

    def action_open_quotations(self):
        return self._open_documents("quotation")

    def _open_documents(self, kind):
        """The documents, where the user may read them; else their lines."""
        self.ensure_one()
        lines = self.env["sales.service.document"].search(
            [("ticket_id", "=", self.id), ("kind", "=", kind)]
        )
        documents = self.env[_MODELS[kind]].browse(lines.mapped("res_id"))
        action = {
            "type": "ir.actions.act_window",
            "name": dict(lines._fields["kind"]._description_selection(self.env))[kind],
            "views": [(False, "list"), (False, "form")],
        }
        if not may_open(documents):
            return {
                **action,
                "res_model": lines._name,
                "domain": [("id", "in", lines.ids)],
                "views": [(False, "list")],
            }
        action["res_model"] = documents._name
        if len(documents) == 1:
            return {**action, "res_id": documents.id, "views": [(False, "form")]}
        return {**action, "domain": [("id", "in", documents.ids)]}
