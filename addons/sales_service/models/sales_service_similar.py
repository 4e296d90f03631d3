"""Past tickets about the same, with what was done."""

from odoo import api, fields, models
from odoo.fields import Domain

from ..tickets.similar import shared, words

# So many of the newest are compared, and listed.
_LOOKED_AT = 500
_LISTED = 10


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    similar_count = fields.Integer("Similar Tickets", compute="_compute_similar_count")

    @api.depends("category_id", "product_id", "name")
    def _compute_similar_count(self):
        """Of one ticket that is looked at."""
        for ticket in self:
            ticket.similar_count = len(ticket._find_similar())

    def _find_similar(self):
        """Resolved tickets of the same product or category with words in common.

        Of those that the user may read: the most alike, of equals those of the same
        product, then the newest.
        """
        self.ensure_one()
        asked = {word for word in words(self.name) if len(word) > 1}
        about = Domain.OR(
            [
                Domain("product_id", "in", self.product_id.ids),
                Domain("category_id", "in", self.category_id.ids),
            ]
        )
        # Odoo's trigram index finds the words, where the database has it.
        alike = Domain.OR(Domain("name", "ilike", word) for word in sorted(asked))
        found = self.search_fetch(
            Domain("state", "in", ("resolved", "closed"))
            & Domain("company_id", "=", self.company_id.id)
            & Domain("id", "not in", self._origin.ids)
            & about
            & alike,
            ["name", "product_id"],
            order="id desc",
            limit=_LOOKED_AT,
        )
        worth = {
            one: (
                shared(one.name, self.name),
                bool(self.product_id) and one.product_id == self.product_id,
                one.id,
            )
            for one in found
        }
        # Part of a longer word is no word in common.
        like = found.filtered(lambda one: worth[one][0])
        return like.sorted(worth.get, reverse=True)[:_LISTED]

    def action_open_similar(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_ticket_similar_action"
        )
        return {**action, "domain": [("id", "in", self._find_similar().ids)]}
