from odoo import api, models

from odoo.addons.sales_force.wording import listed

from ..commission.owed import ADVANCES as SUBJECTS
from .sales_commission_advance import ADVANCES


class SalesCommissionRule(models.Model):
    """A guarantee or a draw as people read it."""

    _inherit = "sales.commission.rule"

    @api.depends("recovery_percent")
    def _compute_summary(self):
        return super()._compute_summary()

    def _summarize(self):
        if self.kind not in ADVANCES:
            return super()._summarize()
        _ = self.env._
        tiers = listed(
            self.env,
            (
                _(
                    "%(amount)s from month %(month)s",
                    amount=self._format_money(tier.amount),
                    month=int(tier.start),
                )
                for tier in self.tier_ids.sorted("start")
            ),
        )
        if self.kind == "guarantee":
            if not tiers:
                return _("Guaranteed as agreed with single reps")
            return _("Guaranteed after hiring: %(tiers)s", tiers=tiers)
        if not tiers:
            tiers = _("as agreed with single reps")
        return _(
            "Draw: %(tiers)s; at most %(percent)s %% of what is earned above it is "
            "given back",
            tiers=tiers,
            percent=self._format_number(self.recovery_percent),
        )


class SalesCommissionEntry(models.Model):
    """What is guaranteed, advanced, given back and forgiven, as a sentence."""

    _inherit = "sales.commission.entry"

    def _explain(self, basis, former):
        if self.subject != "forgiveness" or self.kind != "adjustment":
            return super()._explain(basis, former)
        was, _amount = former
        return self.env._(
            "Correction of %(period)s: %(now)s is forgiven instead of %(was)s.",
            period=self.company_id._label_period(self.plan_id.period, self.period_from),
            now=self._format_amount(float(was) + self.base),
            was=self._format_amount(was),
        )

    def _explain_subject(self, basis, value, amount):
        if self.subject not in SUBJECTS:
            return super()._explain_subject(basis, value, amount)
        return getattr(self, f"_explain_{self.subject}")(None, value, amount)

    def _explain_guarantee(self, _basis, value, amount):
        return self.env._(
            "%(earned)s is earned, and %(minimum)s is guaranteed: %(amount)s on top, "
            "that is not given back.",
            earned=self._format_amount(value),
            minimum=self._format_amount(value + amount),
            amount=self._format_amount(amount),
        )

    def _explain_draw(self, _basis, value, amount):
        return self.env._(
            "%(earned)s is earned, and the draw is %(draw)s: %(amount)s is advanced. "
            "%(owed)s is owed then.",
            earned=self._format_amount(value),
            draw=self._format_amount(value + amount),
            amount=self._format_amount(amount),
            owed=self._format_amount(float(amount) + self.position),
        )

    def _explain_recovery(self, _basis, value, amount):
        return self.env._(
            "%(earned)s is earned: %(amount)s of %(owed)s that was advanced is given "
            "back. %(left)s is owed then.",
            earned=self._format_amount(value),
            amount=self._format_amount(-amount),
            owed=self._format_amount(self.position),
            left=self._format_amount(float(amount) + self.position),
        )

    def _explain_carried(self, _basis, value, amount):
        return self.env._(
            "%(earned)s is earned: %(amount)s of %(owed)s that %(plan)s has advanced "
            "before is given back. %(left)s is owed to it then.",
            earned=self._format_amount(value),
            amount=self._format_amount(-amount),
            owed=self._format_amount(self.position),
            plan=self.plan_id.name,
            left=self._format_amount(float(amount) + self.position),
        )

    def _explain_forgiveness(self, _basis, value, _amount):
        values = {
            "amount": self._format_amount(value),
            "owed": self._format_amount(self.position),
        }
        if self.res_model != "sales.commission.forgiveness":
            return self.env._(
                "%(amount)s is not owed any more: the rep has left.", **values
            )
        return self.env._(
            "%(amount)s of %(owed)s that is owed is forgiven: %(reason)s. Nothing is "
            "paid for it.",
            reason=self.env[self.res_model].browse(self.res_id).reason or "",
            **values,
        )
