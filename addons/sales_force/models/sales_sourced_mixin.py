from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# The document that holds a line, by the line's model: (model, field of the line).
LINE_DOCUMENTS = {
    "sale.order.line": ("sale.order", "order_id"),
    "account.move.line": ("account.move", "move_id"),
    "stock.move": ("stock.picking", "picking_id"),
}


class SalesSourcedMixin(models.AbstractModel):
    """What a part of a document has caused, with the key of that part.

    Credits have it, and what copies the key of a credit.
    """

    _name = "sales.sourced.mixin"
    _description = "Caused by a Document"

    res_model = fields.Char("Source Model", required=True, readonly=True)
    res_id = fields.Integer("Source Record", required=True, readonly=True)
    part = fields.Integer(
        readonly=True,
        help="The part of the source record: the instalment of an amount due, the "
        "invoice line of a payment; else 0.",
    )
    document_model = fields.Char("Document Model", compute="_compute_document")
    document_id = fields.Integer("Document ID", compute="_compute_document")
    document_name = fields.Char("Document", compute="_compute_document")

    @api.depends("res_model", "res_id", "part")
    def _compute_document(self):
        """The document that it stands on, named whether or not it may be read."""
        documents = {}
        for (model, part_model), records in self.grouped(
            lambda one: (one.res_model, "account.move.line" if one.part else None)
        ).items():
            documents.update(records._get_documents(model, part_model))
        for record in self:
            document = documents.get(record)
            record.document_model = document._name if document else False
            record.document_id = document.id if document else False
            record.document_name = document.display_name if document else False

    def _get_documents(self, model, part_model):
        """``{record: document}``; of a payment's credit the invoice is the document."""
        # sudo: who is credited may know the document's number, without its content
        env = self.sudo().env
        documents = {}
        ids = {record: record.res_id for record in self}
        if part_model and model != part_model:
            model, ids = part_model, {record: record.part for record in self}
        existing = env[model].browse(set(ids.values())).exists()
        by_id = {source.id: source for source in existing}
        line_of = LINE_DOCUMENTS.get(model)
        for record, res_id in ids.items():
            source = by_id.get(res_id)
            if not source:
                continue
            documents[record] = (line_of and source[line_of[1]]) or source
        return documents

    def action_open_document(self):
        """Open the document behind it, where Odoo's own rights allow."""
        self.ensure_one()
        self.check_access("read")
        if not self.document_id:
            raise UserError(self.env._("The document no longer exists."))
        document = self.env[self.document_model].browse(self.document_id)
        if not document.has_access("read"):
            raise AccessError(
                self.env._(
                    "The credit comes from %(document)s, and you have no access to the "
                    "document itself.",
                    document=self.document_name,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "views": [(False, "form")],
        }
