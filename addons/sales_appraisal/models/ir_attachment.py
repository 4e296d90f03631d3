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
        """:raise UserError: where it would change the evidence of a decided dispute"""
        names = _FILE & vals.keys()
        if names:
            # The same again is no change: a file that moves to another storage.
            changed = self._get_evidence().filtered(
                lambda one: any(one[name] != vals[name] for name in names)
            )
            if changed:
                # Who may not write it is told no more than that.
                self.check_access("write")
            changed._refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        self._get_evidence()._refuse_change()

    def _get_evidence(self):
        """The files that were there when the dispute was decided that they are of."""
        # sudo: only of what they are, whoever may read them
        files = self.sudo().filtered(lambda one: one.res_model == _DISPUTE)
        if not files:
            return files
        # sudo: whether and when it was decided
        disputes = self.env[_DISPUTE].sudo()
        decided = {
            dispute.id: dispute.decided_on
            for dispute in disputes.search(
                Domain("id", "in", files.mapped("res_id"))
                & Domain("decided_on", "!=", False)
            )
        }
        return files.filtered(
            lambda one: (
                one.res_id in decided and one.create_date <= decided[one.res_id]
            )
        )

    def _refuse_change(self):
        if self:
            raise UserError(
                self.env._(
                    "The dispute is decided, so its evidence stays: %(files)s.",
                    files=", ".join(self.mapped("name")),
                )
            )
