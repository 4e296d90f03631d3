from odoo import api, fields, models
from odoo.tools import SQL

from ..conduct import counted


class SalesConduct(models.Model):
    """What of a case counts in scorecards, within the company's limits."""

    _inherit = "sales.conduct"

    counted = fields.Integer(
        "Counts in Scorecards",
        compute="_compute_counted",
        help="Of the points, within the company's limit for the rep and period.",
    )
    counted_text = fields.Char(compute="_compute_counted")

    @api.depends("score", "date", "rep_id")
    def _compute_counted(self):
        """By all cases of the reps: also those that the reader does not see."""
        self.env.flush_all()
        rows = self.env.execute_query(
            counted(self.env, SQL("k.rep_id = ANY(%s)", self.rep_id.ids))
        )
        parts = {id_: part for id_, _rep, _day, _score, part in rows}
        periods = self._sum_periods(rows)
        for case in self:
            case.counted = parts.get(case.id, 0)
            case.counted_text = case._describe_counted(periods)

    def _sum_periods(self, rows):
        """``{(rep's id, sign, first day of the limit's period): [points, counted]}``"""
        companies = {rep.id: rep.company_id for rep in self.rep_id}
        sums = {}
        for _id, rep, day, score, part in rows:
            key = (rep, score > 0, companies[rep]._get_points_bounds(day)[0])
            one = sums.setdefault(key, [0, 0])
            one[0] += abs(score)
            one[1] += abs(part)
        return sums

    def _describe_counted(self, periods):
        """In words, where the limit takes something away; else nothing."""
        company = self.company_id.sudo()  # sudo: only settings
        if not self.score or self.counted == self.score:
            return False
        first, _last = company._get_points_bounds(self.date)
        points, part = periods[self.rep_id.id, self.score > 0, first]
        return self.env._(
            "Of its %(own)s points %(mine)s count: %(counted)s of %(points)s points "
            "count, the limit of the %(period)s is %(counted)s.",
            own=abs(self.score),
            mine=abs(self.counted),
            counted=part,
            points=points,
            period=company._describe_points_period(company.sales_points_period),
        )
