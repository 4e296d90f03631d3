from odoo import api, fields, models


class SalesServiceMerge(models.TransientModel):
    """Merge tickets about the same matter."""

    _name = "sales.service.merge"
    _description = "Merge Tickets"

    ticket_ids = fields.Many2many("sales.service.ticket", required=True)
    target_id = fields.Many2one(
        "sales.service.ticket",
        "Merge Into",
        compute="_compute_target_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        domain="[('id', 'in', ticket_ids)]",
        help="It goes on; the others are cancelled.",
    )

    @api.depends("ticket_ids")
    def _compute_target_id(self):
        """By default the one that came in first."""
        for wizard in self:
            if wizard.target_id not in wizard.ticket_ids._origin:
                wizard.target_id = wizard.ticket_ids._origin.sorted("id")[:1]

    def action_merge(self):
        """See ``sales.service.ticket``; the ticket that goes on is opened."""
        self.ensure_one()
        self.ticket_ids._merge_into(self.target_id)
        return {
            "type": "ir.actions.act_window",
            "res_model": "sales.service.ticket",
            "res_id": self.target_id.id,
            "views": [(False, "form")],
        }
