from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import format_date

from ..scoring import spans

PERIODS = [
    ("day", "One Day"),
    ("week", "Week"),
    ("month", "Month"),
    ("quarter", "Quarter"),
    ("half", "Half-year"),
    ("year", "Year"),
]


class SalesLeaderboard(models.Model):
    """Who is ahead in a period, among peers, and how places moved."""

    _name = "sales.leaderboard"
    _description = "Leaderboard"
    _inherit = ["sales.standing.mixin"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    period = fields.Selection(PERIODS, default="month", required=True)
    movement = fields.Selection(
        [
            ("day", "The evening before"),
            ("period", "The same days of the period before"),
        ],
        "Places Moved Since",
        default="day",
        required=True,
    )

    @api.constrains("audience")
    def _check_audience(self):
        hidden = self.filtered(lambda board: board.audience == "managers")
        if (
            self.env["sales.screen"]
            # sudo: whether everybody sees the board on a screen
            .sudo()
            .search_count([("board_ids", "in", hidden.ids)], limit=1)
        ):
            raise ValidationError(
                self.env._("A big screen shows this board to everybody.")
            )

    @api.constrains("measure", "period")
    def _check_period(self):
        if any(b.measure == "score" and b.period in ("day", "week") for b in self):
            raise ValidationError(
                self.env._("Scorecards are of a month or longer: choose such a period.")
            )

    def get_standings(self, day=None):
        """The board of a day, as far as the user may see it.

        :param day: ``YYYY-MM-DD``, today when empty; the period to that day counts
        :return: see ``_prepare_standings``
        :raise AccessError: for who may not read the board
        :raise UserError: for what is no day
        """
        self.ensure_one()
        self.check_access("read")
        try:
            day = fields.Date.to_date(day or None)
        except ValueError as error:
            raise UserError(self.env._("%(day)s is no day.", day=day)) from error
        return self._prepare_standings(day)

    def _prepare_standings(self, day=None):
        """:return: ``day start stop label unit currency_id groups previous next``; the
        days to turn to are the last ones of the periods beside it
        """
        self.ensure_one()
        today = self.company_id._get_sales_today()
        day = min(day or today, today)
        found = self._get_spans(day)
        groups = self._rank(found)
        whole = self._get_bounds(found.current.stop)
        following = self._get_bounds(whole.stop + spans.DAY)
        # Of scores only periods that are over are shown.
        has_next = (
            following.stop <= today if self.measure == "score" else whole.stop < today
        )
        return {
            "day": str(day),
            "start": str(found.current.start),
            "stop": str(found.current.stop),
            "label": self._get_label(found.current),
            "unit": self._get_unit(),
            "currency_id": self.company_id.currency_id.id,
            "previous": str(whole.start - timedelta(days=1)),
            "next": has_next and str(min(today, following.stop)),
            "groups": self._show(groups, self._get_viewer()),
        }

    def _prepare_days(self):
        found = self._get_spans(self.company_id._get_sales_today())
        return self._get_label(found.current), self._rank(found)

    def _get_year_end(self):
        return self.company_id._get_scorecard_year_end()

    def _get_bounds(self, day):
        """The period of a day, as scorecards have it."""
        return spans.bounds(self.period, day, self._get_year_end())

    def _get_over(self, day):
        """The last period that is over on a day."""
        whole = self._get_bounds(day)
        return whole if day >= whole.stop else self._get_bounds(whole.start - spans.DAY)

    def _get_spans(self, day):
        """The days to a day. Scores are of the last period that is over."""
        self.ensure_one()
        last = self._get_year_end()
        if self.measure == "score":
            day = self._get_over(day).stop
            return spans.to_date(self.period, day, movement="period", last=last)
        return spans.to_date(self.period, day, self.against, self.movement, last)

    def _get_label(self, span):
        start, stop = (format_date(self.env, day) for day in span)
        return start if span.start == span.stop else f"{start} – {stop}"

    def _get_places(self, day):
        """The place of each rep or team among its peers: ``{id: place}``."""
        self.ensure_one()
        return {
            row.key: row.place
            for peers in self._rank(self._get_spans(day)).values()
            for row in peers
            if row.place
        }
