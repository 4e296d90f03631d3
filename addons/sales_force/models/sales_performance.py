from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ..periods import MONTHS, compare, months_back

TREND_MONTHS = 12
SPANS = ("current", "previous", "last_year")


class SalesPerformance(models.AbstractModel):
    """The figures of *My Performance*: one call, as many queries for any ledger."""

    _name = "sales.performance"
    _description = "Performance of a Rep"

    @api.model
    @api.readonly
    def get_cards(self, rep_id=None, period="month"):
        """Every metric of a rep: to date, before, a year before, and twelve months.

        :param int rep_id: empty for the user's own rep in the current company
        :param str period: ``month``, ``quarter`` or ``year``, each to this day
        :return: ``rep`` (``{"id", "name", "user_id"}``, or False where there is none),
            ``can_choose`` (whether other reps may be shown), ``currency_id`` of the
            amounts, ``period``, ``spans`` (first and last day by name), ``months``
            (first days of the trend) and ``cards``, one per metric that has figures:
            ``metric_id name description unit higher_is_better``, ``current previous
            last_year`` and ``trend`` (floats, ratios as fractions, None without
            denominator), ``overlay`` (credited on top, in no other figure), ``rank``
            and ``rank_count``. Overlays are excluded as they are from company totals.
        :raise AccessError: for a rep whose credits the user may not read
        :raise UserError: for another period
        """
        rep = self._get_rep(rep_id)
        company = rep.company_id or self.env.company
        today = company._get_sales_today()
        found = self._compare(period, today)
        months = months_back(today, TREND_MONTHS)
        spans = {name: getattr(found, name) for name in SPANS}
        return {
            "rep": rep.id
            and {"id": rep.id, "name": rep.name, "user_id": rep.user_id.id},
            "can_choose": self.env.user.has_groups(
                "sales_force.group_sales_leader,sales_force.group_sales_operations,"
                "sales_force.group_sales_finance"
            ),
            "currency_id": company.currency_id.id,
            "period": period,
            "spans": spans,
            "months": months,
            "cards": rep and self._get_cards(rep, period, spans, months) or [],
        }

    @api.model
    def action_open_credits(self, rep_id, metric_id, period):
        """The credits behind a card."""
        rep = self._get_rep(rep_id)
        today = rep.company_id._get_sales_today()
        return self.env["sales.credit"]._prepare_action_behind(
            self.env["sales.metric"].browse(metric_id),
            self._compare(period, today).current,
            rep,
        )

    def _compare(self, period, today):
        if period not in MONTHS:
            raise UserError(
                self.env._("There is no period named %(period)s.", period=period)
            )
        return compare(period, today)

    def _get_rep(self, rep_id):
        reps = self.env["sales.rep"]
        own = reps.search(
            [("user_id", "=", self.env.uid), ("company_id", "=", self.env.company.id)]
        )
        if not rep_id or rep_id == own.id:
            return own
        rep = reps.browse(rep_id)
        rep.check_access("read")
        everybody = self.env.user.has_groups(
            "sales_force.group_sales_director,sales_force.group_sales_operations,"
            "sales_force.group_sales_finance"
        )
        below = self.env.user.has_group("sales_force.group_sales_leader")
        if not everybody and not (
            below
            and reps.search_count([("id", "=", rep.id), ("id", "child_of", own.id)])
        ):
            raise AccessError(
                self.env._(
                    "You may see your own performance and that of the reps below you."
                )
            )
        return rep

    def _get_cards(self, rep, period, spans, months):
        trend = self._read_trend(rep, months, spans["current"].stop)
        sums = {name: self._read_span(rep, span) for name, span in spans.items()}
        overlays = self._read_span(rep, spans["current"], overlay=True)
        ranks = {
            line.metric_id.id: line
            # Found and read at once: by id alone every metric and period is ranked.
            for line in self.env["sales.ranking"].search_fetch(
                [("rep_id", "=", rep.id), ("period", "=", period)],
                ["metric_id", "rank", "rank_count"],
            )
        }
        cards = []
        # A market share is a territory's, not a rep's.
        for metric in self.env["sales.metric"].search(
            [("denominator_kind", "=", "metric")]
        ):
            figures = {name: metric._evaluate(values) for name, values in sums.items()}
            series = [metric._evaluate(trend[month]) for month in months]
            overlay = metric.kind == "additive" and overlays.get(metric.id, 0.0)
            if not any([*figures.values(), *series, overlay]):
                continue
            line = ranks.get(metric.id)
            cards.append(
                {
                    "metric_id": metric.id,
                    "name": metric.name,
                    "description": metric.description or "",
                    "unit": metric.unit,
                    "higher_is_better": metric.higher_is_better,
                    **figures,
                    "trend": series,
                    "overlay": overlay or 0.0,
                    "rank": line and line.rank or False,
                    "rank_count": line and line.rank_count or False,
                }
            )
        return cards

    def _read_span(self, rep, span, overlay=False):
        """``{metric id: sum}`` of a rep's credits between two days."""
        rows = self.env["sales.credit"]._read_group(
            self._get_domain(rep, span, overlay), ["metric_id"], ["value:sum"]
        )
        return {metric.id: value for metric, value in rows}

    def _read_trend(self, rep, months, last):
        """``{first of month: {metric id: sum}}`` up to a last day."""
        trend = defaultdict(dict)
        for metric, month, value in self.env["sales.credit"]._read_group(
            self._get_domain(rep, (months[0], last)),
            ["metric_id", "date:month"],
            ["value:sum"],
        ):
            trend[month][metric.id] = value
        return trend

    def _get_domain(self, rep, span, overlay=False):
        return [
            ("rep_id", "=", rep.id),
            ("overlay", "=", overlay),
            ("date", ">=", span[0]),
            ("date", "<=", span[1]),
        ]
