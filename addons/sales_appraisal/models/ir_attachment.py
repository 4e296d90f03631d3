from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

_DISPUTE = "sales.commission.dispute"
# What a file is, and of what.
_FILE = frozenset(
    (
        *("name", "raw", "datas", "db_datas", "store_fname", "mimetype"),
        *("type", "url", "res_model", "res_id", "res_field"),
    )
)


class IrAttachment(models.Model):
    """What was shown for a dispute stays once it is decided, for everybody."""

    _inherit = "ir.attachment"

    def write(self, vals):
        if _FILE & vals.keys():
            self._check_evidence()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        self._check_evidence()

    def _check_evidence(self):
        """:raise UserError: for files that were there when a dispute was decided"""
        # sudo: only of what it is, whoever may read it
        files = self.sudo().filtered(lambda one: one.res_model == _DISPUTE)
        if not files:
            return
        # sudo: whether and when it was decided
        decided = {
            dispute.id: dispute.decided_on
            for dispute in self.env[_DISPUTE]
            .sudo()
            .search(
                Domain("id", "in", files.mapped("res_id"))
                & Domain("decided_on", "!=", False)
            )
        }
        kept = files.filtered(
            lambda one: (
                one.res_id in decided and one.create_date <= decided[one.res_id]
            )
        )
        if kept:
            raise UserError(
                self.env._(
                    "The dispute is decided, so its evidence stays: %(files)s.",
                    files=", ".join(kept.mapped("name")),
                )
            )
