from odoo import fields, models


class SalesVisitTraceMixin(models.AbstractModel):
    """What a visit leaves."""

    _name = "sales.visit.trace.mixin"
    _description = "Trace of a Visit"
    _inherit = ["sales.trace.mixin"]
    _sales_left_by = "visit_id"

    visit_id = fields.Many2one(
        "sales.visit", required=True, readonly=True, ondelete="cascade", index=True
    )
    rep_id = fields.Many2one(related="visit_id.rep_id", store=True, index=True)
    user_id = fields.Many2one(related="visit_id.user_id", store=True)
    company_id = fields.Many2one(related="visit_id.company_id", store=True)
