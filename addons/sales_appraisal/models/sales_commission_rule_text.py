from odoo import api, fields, models
from odoo.tools.misc import formatLang

from ..commission import drawing, schedule
from .sales_commission_rule import exact


class SalesCommissionRule(models.Model):
    """A rule as people read it: in a sentence, and drawn."""

    _inherit = "sales.commission.rule"

    summary = fields.Char("In Short", compute="_compute_summary")
    curve = fields.Json(compute="_compute_curve")

    @api.depends("kind", "table", "mode", "rate_unit", "rate", "cap", "each")
    @api.depends("tier_ids.start", "tier_ids.rate", "tier_ids.amount", "metric_id")
    @api.depends_context("lang")
    def _compute_summary(self):
        for rule in self:
            text = rule._summarize()
            if rule.cap:
                text = self.env._(
                    "%(rule)s; at most %(cap)s",
                    rule=text,
                    cap=rule._format_money(rule.cap),
                )
            rule.summary = text

    def _summarize(self):
        _ = self.env._
        base = self.metric_id.name or ""
        if self.kind == "rate" and self.table == "none":
            return _(
                "%(rate)s of %(base)s", rate=self._format_rate(self.rate), base=base
            )
        tiers = ", ".join(
            _(
                "%(rate)s from %(start)s",
                rate=self._format_money(tier.amount)
                if self.kind == "bonus"
                else self._format_rate(tier.rate),
                start=self._format_start(tier.start),
            )
            for tier in self.tier_ids.sorted("start")
        )
        if self.kind == "bonus":
            return _("Bonus on %(base)s: %(tiers)s", base=base, tiers=tiers)
        modes = dict(self._fields["mode"]._description_selection(self.env))
        return _(
            "%(base)s, %(mode)s: %(tiers)s",
            base=base,
            mode=modes.get(self.mode, "").lower(),
            tiers=tiers,
        )

    def _format_money(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)

    def _format_rate(self, rate):
        """A rate of the rule: ``2.5 %``, or ``3.00 for each``."""
        if self.rate_unit == "percent":
            return self.env._("%(rate)s %%", rate=self._format_number(rate))
        return self.env._("%(amount)s for each", amount=self._format_money(rate))

    def _format_start(self, start):
        if self.table == "attainment":
            return self.env._("%(rate)s %%", rate=self._format_number(start))
        return self._format_base(start)

    def _format_reached(self, value):
        """What the table is about."""
        return self._format_base(value, self._get_attained())

    def _format_base(self, value, metric=None):
        """What is counted, as its metric has it."""
        if (metric or self.metric_id).unit == "money":
            return self._format_money(value)
        return self._format_number(value)

    def _format_number(self, value):
        """Without the zeros that say nothing."""
        digits = next(n for n in range(9) if n == 8 or round(value, n) == value)
        return formatLang(self.env, value, digits=digits)

    @api.depends("kind", "table", "mode", "rate_unit", "cap", "each")
    @api.depends("tier_ids.start", "tier_ids.rate", "tier_ids.amount")
    def _compute_curve(self):
        """What is earned by what is reached; by attainment for a target of 100."""
        for rule in self:
            points = rule._get_corners() if rule.tier_ids else []
            rule.curve = {"kind": "linear", "points": points} if points else False

    def _get_corners(self):
        if self.table == "none":
            return []
        if self.kind == "bonus":
            tiers = sorted((exact(t.start), exact(t.amount)) for t in self.tier_ids)
            if self.each:
                tiers = [
                    (start, schedule.bonus(tiers, start, True)) for start, _x in tiers
                ]
            return drawing.leaps(tiers, exact(self.cap))
        times = 1 if self.rate_unit == "percent" else 100
        return drawing.corners(
            self.mode,
            [(exact(t.start), times * exact(t.rate, 4)) for t in self.tier_ids],
        )
