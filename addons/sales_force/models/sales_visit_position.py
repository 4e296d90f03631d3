from odoo import api, fields, models

from ..visits.integrity import Fix


class SalesVisitPosition(models.Model):
    """Where a device said that it was at a check-in or check-out, and only then.

    Degrees in WGS 84, accuracy in metres, moments in UTC. Deleted in time; what was
    found by them stays with the visit.
    """

    _name = "sales.visit.position"
    _description = "Position at a Visit"
    _inherit = ["sales.visit.trace.mixin"]
    _order = "moment desc, id desc"
    _rec_name = "visit_id"
    _sales_days = "sales_position_days"

    kind = fields.Selection(
        [("in", "Check-in"), ("out", "Check-out")], "At", required=True, readonly=True
    )
    latitude = fields.Float(digits=(10, 7), required=True, readonly=True)
    longitude = fields.Float(digits=(10, 7), required=True, readonly=True)
    accuracy = fields.Float("Accuracy (m)", readonly=True, aggregator=None)

    _visit_kind_uniq = models.UniqueIndex("(visit_id, kind)")

    def _get_fix(self):
        self.ensure_one()
        day = self.company_id._get_sales_date(self.moment)
        return Fix(self.latitude, self.longitude, self.accuracy, self.moment, day)

    @api.autovacuum
    def _gc_positions(self):
        self._delete_old()
