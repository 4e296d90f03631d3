from odoo import api, fields, models
from odoo.tools.misc import formatLang

from odoo.addons.sales_force.wording import clauses, listed

from ..commission import drawing, schedule
from .sales_commission_rule import exact

LISTS = ("product_ids", "categ_ids", "territory_ids", "channel_ids", "class_ids")
CHOICES = ("customer_age", "contract")
RANGES = ("discount", "margin")
BOUND = ("bound", "from", "below")


class SalesCommissionRule(models.Model):
    """A rule as people read it: in a sentence, and drawn."""

    _inherit = "sales.commission.rule"

    summary = fields.Char("In Short", compute="_compute_summary")
    curve = fields.Json(compute="_compute_curve")

    @api.depends("kind", "table", "mode", "rate_unit", "rate", "each", "credited")
    @api.depends("tier_ids.start", "tier_ids.rate", "tier_ids.amount", "metric_id")
    @api.depends("cap", "floor", "multiplier", "decelerator", "level_from", "level_to")
    @api.depends("hold_percent", "hold_release", "hold_days")
    @api.depends("refund", "cancelled", "unpaid", "unpaid_days", "lost_months")
    @api.depends(*LISTS, *CHOICES)
    @api.depends(*(f"{name}_{part}" for name in RANGES for part in BOUND))
    @api.depends_context("lang")
    def _compute_summary(self):
        for rule in self:
            rule.summary = clauses(
                self.env, [rule._summarize(), *rule._summarize_more()]
            )

    def _summarize_more(self):
        """What besides base and rate decides, a clause each; what is not used is not
        said."""
        _ = self.env._
        for name, what in self._summarize_filter():
            label = self._fields[name]._description_string(self.env)
            yield _("only %(field)s: %(what)s", field=label, what=what)
        if self.credited == "override":
            if self.level_from == self.level_to:
                yield _("on level %(level)s below", level=self.level_from)
            else:
                yield _(
                    "on levels %(first)s to %(last)s below",
                    first=self.level_from,
                    last=self.level_to,
                )
        if self.decelerator == "discount":
            yield _("lines with a discount count less")
        elif self.decelerator == "margin":
            yield _("lines count by their margin")
        if self.multiplier == "grade":
            yield _("times a factor by the grade of the scorecard")
        elif self.multiplier == "score":
            yield _("times a factor by the score of the scorecard")
        if self.floor:
            yield _("at least %(floor)s", floor=self._format_money(self.floor))
        if self.cap:
            yield _("at most %(cap)s", cap=self._format_money(self.cap))
        yield from self._summarize_holding()

    def _summarize_filter(self):
        """Of what only it is paid, as ``(field, text)``."""
        rule = self.sudo()  # sudo: only names, of what decides about the reader's pay
        for name in LISTS:
            if rule[name]:
                yield name, listed(self.env, rule[name].mapped("display_name"))
        for name in CHOICES:
            if self[name] != "any":
                yield name, self._get_label(name)
        for name in RANGES:
            bound = self[f"{name}_bound"]
            if bound != "any":
                parts = {"from": ["from"], "below": ["below"]}.get(bound, BOUND[1:])
                limits = " – ".join(
                    self._format_number(self[f"{name}_{part}"]) for part in parts
                )
                label = self._get_label(f"{name}_bound")
                yield f"{name}_bound", f"{label} {limits} %"

    def _get_label(self, name):
        labels = dict(self._fields[name]._description_selection(self.env))
        return labels[self[name]]

    def _summarize_holding(self):
        """What is paid later, or taken back."""
        _ = self.env._
        if self.hold_percent:
            held = self._format_number(self.hold_percent)
            if self.hold_release == "cash":
                yield _(
                    "%(percent)s %% is held back until the customer pays", percent=held
                )
            else:
                yield _(
                    "%(percent)s %% is held back for %(days)s days",
                    percent=held,
                    days=self.hold_days,
                )
        if self.kind != "rate":
            return
        if self.refund == "paid":
            yield _("credit notes take back what was paid")
        if self.cancelled == "paid":
            yield _("cancelled orders are taken back")
        elif self.cancelled == "kept":
            yield _("cancelled orders stay paid")
        if self.unpaid == "back":
            yield _(
                "what is not paid %(days)s days after it is due is taken back",
                days=self.unpaid_days,
            )
        if self.lost_months:
            yield _(
                "taken back if the customer is lost within %(months)s months",
                months=self.lost_months,
            )

    def _summarize(self):
        _ = self.env._
        base = self.metric_id.name or ""
        if self.kind == "rate" and self.table == "none":
            return _(
                "%(rate)s of %(base)s", rate=self._format_rate(self.rate), base=base
            )
        tiers = listed(
            self.env,
            (
                _(
                    "%(rate)s from %(start)s",
                    rate=self._format_money(tier.amount)
                    if self.kind == "bonus"
                    else self._format_rate(tier.rate),
                    start=self._format_start(tier.start),
                )
                for tier in self.tier_ids.sorted("start")
            ),
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
        """What is counted, as its metric has it; of a draw it is commission."""
        metric = metric or self.metric_id
        if not metric or metric.unit == "money":
            return self._format_money(value)
        return self._format_number(value)

    def _format_number(self, value):
        """Without the zeros that say nothing."""
        digits = next(n for n in range(9) if n == 8 or round(value, n) == value)
        return formatLang(self.env, value, digits=digits)

    @api.depends("kind", "table", "mode", "rate_unit", "rate", "each", "cap", "floor")
    @api.depends("tier_ids.start", "tier_ids.rate", "tier_ids.amount")
    def _compute_curve(self):
        """What is earned by what is reached; by attainment for a target of 100."""
        for rule in self:
            points = rule._get_corners()
            rule.curve = {"kind": "linear", "points": points} if points else False

    def _get_corners(self, goal=None, factor=1):
        """What is earned by what is reached: ``[(reached, earned)]``.

        :param factor: by what all is multiplied that the rule pays
        :param goal: the target; None: of attainment 100, for which limits in money say
            nothing of what a rate earns
        """
        if self.table != "none" and not self.tier_ids:
            return []
        part = 1
        if self.table == "attainment":
            part = exact(goal or 100) / 100
        points = self._get_leaps(part) if self.kind == "bonus" else self._get_line(part)
        if self.kind == "rate" and self.table == "attainment" and not goal:
            return points
        return drawing.limited(
            [(x, y * float(factor)) for x, y in points],
            exact(self.floor) if self.floor else None,
            exact(self.cap) if self.cap else None,
        )

    def _get_leaps(self, part):
        tiers = sorted((exact(t.start) * part, exact(t.amount)) for t in self.tier_ids)
        if self.each:
            tiers = [(start, schedule.bonus(tiers, start, True)) for start, _x in tiers]
        return drawing.leaps(tiers)

    def _get_line(self, part):
        times = 1 if self.rate_unit == "percent" else 100
        if self.table == "none":
            rate = times * exact(self.rate, 4) / 100
            limit = exact(self.cap or self.floor)
            return drawing.line(rate, limit * 2 / rate) if rate and limit else []
        return drawing.corners(
            self.mode,
            [(exact(t.start) * part, times * exact(t.rate, 4)) for t in self.tier_ids],
        )
