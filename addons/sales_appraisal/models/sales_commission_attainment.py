from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..commission import booking, schedule
from .sales_commission_rule import exact


class SalesCommissionRule(models.Model):
    """A table by the attainment of something else, and a minimum."""

    _inherit = "sales.commission.rule"

    attained_metric_id = fields.Many2one(
        "sales.metric",
        "Attainment Of",
        ondelete="restrict",
        domain="[('kind', '=', 'additive')]",
        help="Whose target is attained; empty: that of the base. Of another metric "
        "everything counts that the rep is credited with, whatever the filters. Slices "
        "at their own rate always go by the base.",
    )
    floor = fields.Float(
        "At Least",
        digits=(16, 2),
        help="What the rule pays at least in a period; of a rep who is there for a "
        "part of the period in proportion to its days. It is paid at once: nothing of "
        "it is held back, and nothing is taken back of it later; what is taken back in "
        "the period of what was paid in others is not made up for. 0: no minimum.",
    )

    _floor_range = models.Constraint(
        "CHECK (floor >= 0 AND (COALESCE(cap, 0) = 0 OR floor <= cap))",
        "A minimum is not negative, and not above what the rule pays at most.",
    )

    @api.constrains("attained_metric_id")
    def _check_attained(self):
        for rule in self:
            if rule.attained_metric_id.kind == "ratio":
                raise ValidationError(
                    self.env._(
                        "%(metric)s is a ratio: there is no target of it to attain.",
                        metric=rule.attained_metric_id.name,
                    )
                )

    def _get_attained(self):
        if self.table == "attainment" and self._needs_reached():
            return self.attained_metric_id or self.metric_id
        return self.metric_id

    def _get_followed(self):
        return super()._get_followed() | self.attained_metric_id

    def _needs_total(self):
        return bool(self.floor) or super()._needs_total()

    def _select_more(self, standing, start, stop, members):
        more = super()._select_more(standing, start, stop, members)
        if self.floor:
            shares = self._get_shares(start, stop, members)
            missing = {
                rep: max(shares[rep] - self._get_total(one), Decimal(0))
                for rep, one in standing.items()
            }
            totals = {rep: one.total for rep, one in standing.items()}
            more["floor"] = booking.rewards(self, stop, "floor", missing, totals)
        return more

    def _get_total(self, standing):
        """What the rule pays a rep for a period, before the minimum."""
        if self.kind == "bonus":
            return self._get_bonus(standing)
        made = self._get_schedule(standing)
        if not made:
            return Decimal(0)
        return made.hold(made.total(standing.total), self._get_unit())

    def _get_shares(self, start, stop, members):
        """The minimum of each rep, by the days of the period on which he is there."""
        reps = self.env["sales.rep"].browse({rep for rep, _first, _last in members})
        last_days = {rep.id: rep.date_end or stop for rep in reps}
        days = dict.fromkeys(last_days, 0)
        for rep, first, last in members:
            there = min(last, last_days[rep]) - first + timedelta(days=1)
            days[rep] += max(there.days, 0)
        whole = (stop - start).days + 1
        return {
            rep: schedule.round_to(exact(self.floor) * count / whole, self._get_unit())
            for rep, count in days.items()
        }
