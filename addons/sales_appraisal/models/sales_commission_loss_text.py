from odoo import models


class SalesCommissionEntry(models.Model):
    """What is taken back for a customer who is lost, as a sentence."""

    _inherit = "sales.commission.entry"

    def _explain_subject(self, basis, value, amount):
        if self.subject != "lost":
            return super()._explain_subject(basis, value, amount)
        return self._explain_lost(value, amount)

    def _explain_lost(self, value, amount):
        """``value`` is what the loss or the return itself has done to it."""
        _, shown = self.env._, self._format_amount(abs(amount))
        customer = self.partner_id.display_name or ""
        months = self.rule_id.lost_months
        if value < 0:
            return _(
                "%(customer)s was lost within %(months)s months: %(amount)s that was "
                "paid is taken back, as it was paid.",
                customer=customer,
                months=months,
                amount=shown,
            )
        if value > 0:
            return _(
                "%(customer)s is lost no longer: %(amount)s that was taken back is "
                "given again.",
                customer=customer,
                amount=shown,
            )
        if amount < 0:
            return _(
                "%(customer)s is lost: %(amount)s that would be paid after that is "
                "taken back at once.",
                customer=customer,
                amount=shown,
            )
        return _(
            "%(amount)s was taken back when %(customer)s was lost, and is not taken "
            "back twice.",
            customer=customer,
            amount=shown,
        )
