from odoo import models


class SalesSourcedMixin(models.AbstractModel):
    """What a rule or an agreement gives as a whole stands on no document; what was
    decided on a dispute on that of the disputed line."""

    _inherit = "sales.sourced.mixin"

    def _get_documents(self, model, part_model):
        if not model.startswith("sales.commission."):
            return super()._get_documents(model, part_model)
        if model != "sales.commission.dispute":
            return {}
        # sudo: who is paid may know the document's number, without its content
        env = self.sudo().env
        disputes = {one.id: one for one in env[model].browse(self.mapped("res_id"))}
        documents = {record: disputes[record.res_id] for record in self}
        return {
            record: env[one.document_model].browse(one.document_id)
            for record, one in documents.items()
            if one.document_id
        }
