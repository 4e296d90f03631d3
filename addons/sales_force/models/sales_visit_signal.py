from odoo import api, fields, models

from ..visits.integrity import POINTS


class SalesVisitSignal(models.Model):
    """Something unusual that was measured at a visit."""

    _name = "sales.visit.signal"
    _description = "Signal of a Visit"
    _order = "visit_id, id"

    visit_id = fields.Many2one(
        "sales.visit", required=True, readonly=True, ondelete="cascade", index=True
    )
    rep_id = fields.Many2one(related="visit_id.rep_id", store=True, index=True)
    company_id = fields.Many2one(related="visit_id.company_id", store=True)
    kind = fields.Selection(
        [
            ("no_position", "No position"),
            ("inaccurate", "Inaccurate position"),
            ("far", "Far from the customer"),
            ("speed", "Impossible speed"),
            ("repeated", "Same position to the metre"),
            ("photo", "Photo used before"),
            ("short", "Short visit"),
        ],
        "Signal",
        required=True,
        readonly=True,
    )
    figure = fields.Float(readonly=True, aggregator=None)
    points = fields.Integer(compute="_compute_points")

    @api.depends("kind")
    def _compute_points(self):
        for signal in self:
            signal.points = POINTS.get(signal.kind, 0)

    @api.depends("kind", "figure")
    @api.depends_context("lang")
    def _compute_display_name(self):
        _ = self.env._
        for signal in self:
            figure = f"{signal.figure:,.0f}"
            signal.display_name = {
                "no_position": _("%(count)s times without a position", count=figure),
                "inaccurate": _("Position accurate to %(metres)s m", metres=figure),
                "far": _("At least %(metres)s m from the customer", metres=figure),
                "speed": _("%(speed)s km/h since the visit before", speed=figure),
                "repeated": _(
                    "Same position to the metre on %(days)s other days", days=figure
                ),
                "photo": _("%(count)s photos that were used before", count=figure),
                "short": _("Lasted %(minutes)s minutes", minutes=figure),
            }.get(signal.kind)
