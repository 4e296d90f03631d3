from odoo import api, models
from odoo.exceptions import AccessError


class SalesServiceRecordedMixin(models.AbstractModel):
    """What happened, written down with ``sudo`` and by nobody's hand.

    Whoever adds rights to such a model, or is an administrator, changes no history.
    """

    _name = "sales.service.recorded.mixin"
    _description = "Written Down by the System"

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_by_hand()
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_by_hand()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._refuse_by_hand()

    def _refuse_by_hand(self):
        """:raise AccessError: for everybody but the system"""
        if not self.env.su:
            raise AccessError(
                self.env._(
                    "%(document)s: it is written by the system, not by hand.",
                    # sudo: the name of the model, for the message
                    document=self.env["ir.model"]._get(self._name).sudo().name,
                )
            )
