from odoo import models
from odoo.tools.misc import formatLang


class SalesCommissionEntry(models.Model):
    """What is held, released and taken back, as a sentence."""

    _inherit = "sales.commission.entry"

    def _explain_subject(self, basis, value, amount):
        if self.subject not in ("hold", "release", "clawback", "unpaid"):
            return super()._explain_subject(basis, value, amount)
        return getattr(self, f"_explain_{self.subject}")(
            value, self._format_amount(abs(amount)), amount
        )

    def _explain_hold(self, value, shown, amount):
        if amount > 0:
            return self.env._(
                "%(amount)s is held back no longer: what it was held of is taken back.",
                amount=shown,
            )
        return self.env._("%(amount)s is held back.", amount=shown)

    def _explain_release(self, value, shown, amount):
        if self.rule_id.hold_release == "days":
            return self.env._(
                "%(amount)s that was held back is released after %(days)s days.",
                amount=shown,
                days=self.rule_id.hold_days,
            )
        if amount < 0:
            return self.env._(
                "%(cash)s was paid back to the customer: %(amount)s is released no "
                "longer.",
                cash=self._format_cash(value),
                amount=shown,
            )
        return self.env._(
            "%(cash)s was collected: %(amount)s that was held back is released.",
            cash=self._format_cash(value),
            amount=shown,
        )

    def _explain_clawback(self, value, shown, amount):
        return self.env._(
            "%(value)s of an earlier invoice was credited: %(amount)s is taken back, "
            "as it was paid then. It lowers nothing else in this period.",
            value=self.rule_id._format_base(float(abs(value))),
            amount=shown,
        )

    def _explain_unpaid(self, value, shown, amount):
        if self.source != "cash":
            return self.env._(
                "%(value)s is not paid %(days)s days after the due date: %(amount)s is "
                "taken back until it is.",
                value=self._format_cash(value),
                days=self.rule_id.unpaid_days,
                amount=shown,
            )
        return self.env._(
            "%(cash)s was collected late: %(amount)s that was taken back is given "
            "again.",
            cash=self._format_cash(value),
            amount=shown,
        )

    def _format_counted(self, value):
        """Of what was earned, or of the cash of the customer."""
        if self.subject == "hold":
            return self._format_amount(value)
        if self.subject in ("release", "unpaid"):
            return self._format_cash(value)
        return super()._format_counted(value)

    def _format_cash(self, value):
        """Cash is counted in the company's currency."""
        currency = self.company_id.currency_id
        return formatLang(self.env, float(abs(value)), currency_obj=currency)
