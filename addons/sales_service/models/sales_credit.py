from odoo import api, models

from ..ledger.ticket import TICKET


class SalesCredit(models.Model):
    _inherit = "sales.credit"

    @api.model
    def _get_sources(self):
        return {**super()._get_sources(), TICKET.code: TICKET}


class SalesSourcedMixin(models.AbstractModel):
    _inherit = "sales.sourced.mixin"

    def _get_documents(self, model, part_model):
        """Of a rating the ticket is the document."""
        documents = super()._get_documents(model, part_model)
        if model == "sales.service.rating":
            documents = {
                record: rating.ticket_id for record, rating in documents.items()
            }
        return documents
