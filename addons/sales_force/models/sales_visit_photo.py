from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..visits.photos import same


class SalesVisitPhoto(models.Model):
    """A photo of a visit, deleted in time."""

    _name = "sales.visit.photo"
    _description = "Photo of a Visit"
    _inherit = ["sales.visit.trace.mixin"]
    _order = "id"
    _rec_name = "visit_id"
    _sales_days = "sales_photo_days"

    image = fields.Image(
        max_width=1920, max_height=1920, required=True, readonly=True, attachment=True
    )
    image_256 = fields.Image(
        "Small Image", related="image", max_width=256, max_height=256, store=True
    )
    fingerprint = fields.Char(
        required=True,
        readonly=True,
        index=True,
        help="Finds photos that are used again.",
    )

    def _count_known(self, days):
        """How many of the photos the rep, or anybody exactly, used at other visits.

        :param int days: how far back
        """
        if not self:
            return 0
        known = self.search_fetch(
            [
                ("visit_id", "not in", self.visit_id.ids),
                ("company_id", "in", self.company_id.ids),
                ("moment", ">=", fields.Datetime.now() - timedelta(days=days)),
                "|",
                ("rep_id", "in", self.rep_id.ids),
                ("fingerprint", "in", self.mapped("fingerprint")),
            ],
            ["fingerprint"],
        )
        return sum(
            any(same(photo.fingerprint, other.fingerprint) for other in known)
            for photo in self
        )

    def action_remove(self):
        """Take back a photo as long as the visit lasts."""
        for photo in self:
            photo.visit_id._check_own()
            if photo.visit_id.state != "started":
                raise UserError(
                    self.env._("Photos of a visit that is over stay with it.")
                )
        self.sudo().unlink()  # sudo: of an own visit that lasts, as checked above

    @api.autovacuum
    def _gc_photos(self):
        self._delete_old()
