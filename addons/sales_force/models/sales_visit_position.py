from datetime import timedelta

from odoo import api, fields, models

from ..visits.integrity import Fix


class SalesVisitPosition(models.Model):
    """Where a device said that it was at a check-in or check-out, and only then.

    Degrees in WGS 84, accuracy in metres, moments in UTC. Deleted after the days that
    the company sets; what was found by them stays with the visit.
    """

    _name = "sales.visit.position"
    _description = "Position at a Visit"
    _order = "moment desc, id desc"
    _rec_name = "visit_id"

    visit_id = fields.Many2one(
        "sales.visit", required=True, readonly=True, ondelete="cascade", index=True
    )
    rep_id = fields.Many2one(related="visit_id.rep_id", store=True, index=True)
    user_id = fields.Many2one(related="visit_id.user_id", store=True)
    company_id = fields.Many2one(related="visit_id.company_id", store=True)
    kind = fields.Selection(
        [("in", "Check-in"), ("out", "Check-out")], "At", required=True, readonly=True
    )
    moment = fields.Datetime(
        required=True, readonly=True, default=lambda self: fields.Datetime.now()
    )
    latitude = fields.Float(digits=(10, 7), required=True, readonly=True)
    longitude = fields.Float(digits=(10, 7), required=True, readonly=True)
    accuracy = fields.Float("Accuracy (m)", readonly=True, aggregator=None)

    _visit_kind_uniq = models.UniqueIndex("(visit_id, kind)")

    def _get_fix(self):
        self.ensure_one()
        return Fix(self.latitude, self.longitude, self.accuracy, self.moment)

    @api.autovacuum
    def _gc_positions(self):
        companies = self.env["res.company"].search([("sales_position_days", ">", 0)])
        for company in companies:
            last = fields.Datetime.now() - timedelta(days=company.sales_position_days)
            self.search(
                [("company_id", "=", company.id), ("moment", "<", last)]
            ).unlink()
