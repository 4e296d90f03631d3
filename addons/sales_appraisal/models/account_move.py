from odoo import api, models
from odoo.exceptions import UserError

_PENDING = "sales_appraisal.bills"


class AccountMove(models.Model):
    """Statements of external agents follow the payment of their bills."""

    _inherit = "account.move"

    def _write_multi(self, vals_list):
        super()._write_multi(vals_list)
        ids = [
            id_
            for id_, vals in zip(self._ids, vals_list, strict=True)
            if "payment_state" in vals
        ]
        if ids:
            self._mark_bills(ids)

    def _mark_bills(self, ids):
        """Once in a transaction, as in the ledger of credits."""
        precommit = self.env.cr.precommit
        pending = precommit.data.get(_PENDING)
        if pending is None:
            pending = precommit.data[_PENDING] = set()
            precommit.add(self._follow_marked_bills)
        pending.update(ids)

    def _follow_marked_bills(self):
        ids = self.env.cr.precommit.data.pop(_PENDING, ())
        # sudo: who registers a payment need not see what commission is paid
        statements = self.env["sales.commission.statement"].sudo()
        statements.search([("payment_move_id", "in", list(ids))])._follow_bills()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_commission(self):
        # sudo: whether something is paid by it, whoever deletes it
        payments = self.env["sales.commission.payment"].sudo()
        found = payments.search([("move_id", "in", self.ids)], limit=1)
        if found:
            raise UserError(
                self.env._(
                    "%(move)s belongs to %(payout)s: take the payment back there.",
                    move=found.move_id.display_name,
                    payout=found.payout_id.name,
                )
            )
