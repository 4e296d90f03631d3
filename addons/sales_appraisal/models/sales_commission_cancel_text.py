from odoo import models


class SalesCommissionEntry(models.Model):
    """What is taken back of a cancelled order, as a sentence."""

    _inherit = "sales.commission.entry"

    def _explain_earning(self, basis, value, amount):
        if not self._remains_less():
            return super()._explain_earning(basis, value, amount)
        return self.env._(
            "The order was cancelled, or is less than it was: what is no more is taken "
            "back as it was paid. %(what)s counts on in the period, where nothing else "
            "changes.",
            what=self._describe(value),
        )

    def _explain_override(self, basis, value, amount):
        return self._explain_earning(basis, value, amount)

    def _remains_less(self):
        """Whether it corrects what was paid for an order, and not what counts."""
        return (
            self.kind == "adjustment"
            and not self.base
            and self.rule_id._has_remains()
            and bool(self.corrects_id)
        )
