from odoo import api, fields, models


class SalesRep(models.Model):
    _inherit = "sales.rep"

    carries_target = fields.Boolean(
        compute="_compute_carries_target",
        store=True,
        readonly=False,
        precompute=True,
        help="Gets a target of the own, not only as the manager of others. Who has "
        "nobody below does, until it is set by hand.",
    )

    @api.depends("child_ids")
    def _compute_carries_target(self):
        for rep in self:
            rep.carries_target = not rep.child_ids
