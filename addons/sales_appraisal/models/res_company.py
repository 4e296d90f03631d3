from odoo import api, fields, models

from odoo.addons.sales_targets.wording import format_month

from ..scoring.periods import bounds, place, years
from .sales_version_mixin import PERIODS


class ResCompany(models.Model):
    _inherit = "res.company"

    # Scorecards
    sales_points_period = fields.Selection(
        PERIODS,
        "Limits Are For A",
        default="month",
        required=True,
        help="As scorecards have it: parts of the fiscal year.",
    )
    sales_reward_limit = fields.Integer(
        "Reward Points at Most",
        default=10,
        help="So many points of commendations count in scorecards for a rep and "
        "period, the earliest first; the rest stays on file. 0: all.",
    )
    sales_penalty_limit = fields.Integer(
        "Penalty Points at Most",
        default=10,
        help="So many points of violations count in scorecards for a rep and period, "
        "the earliest first; the rest stays on file. 0: all.",
    )
    sales_team_score_shown = fields.Boolean(
        "Reps See Their Team's Score",
        help="On the own card, once the team's card is confirmed; only the score. The "
        "card itself is for the team's leader and for who is above.",
    )

    # Feedback
    sales_feedback_minimum = fields.Integer(
        "Answers Until Feedback Is Shown",
        default=3,
        help="Averages and comments are of so many people at least. It counts for "
        "rounds that are sent from now on.",
    )

    # Coaching
    sales_notes_above = fields.Boolean(
        "Managers Above Read Private Notes",
        help="What a manager notes for themselves on a one-to-one is read by who is "
        "above the manager, too. The rep never reads it.",
    )
    sales_one_on_one_days = fields.Integer(
        "One-to-one Every (days)",
        default=14,
        help="The next one-to-one is proposed so many days later; 0: not at all.",
    )

    # Commission
    sales_leaders_see_pay = fields.Boolean(
        "Team Leaders See Pay",
        help="Commission of everybody below. Regional managers, the director, sales "
        "operations and finance see it anyway.",
    )

    _sales_points_positive = models.Constraint(
        "CHECK (sales_reward_limit >= 0 AND sales_penalty_limit >= 0)",
        "Limits of points are not negative.",
    )
    _sales_feedback_minimum = models.Constraint(
        "CHECK (sales_feedback_minimum >= 3)",
        "With fewer than three answers people could be recognised.",
    )
    _sales_one_on_one_days = models.Constraint(
        "CHECK (sales_one_on_one_days >= 0)",
        "Days between one-to-ones are not negative.",
    )

    def _get_points_bounds(self, day):
        """The first and last day of the period of the limits that holds a day."""
        company = self.sudo()  # sudo: only settings
        return bounds(
            company.sales_points_period, day, company._get_scorecard_year_end()
        )

    @api.model
    def _describe_points_period(self, period):
        """The period of the limits, within a sentence."""
        return {
            "month": self.env._("month"),
            "quarter": self.env._("quarter"),
            "half": self.env._("half-year"),
            "year": self.env._("year"),
        }[period]

    def _label_period(self, period, day):
        """The name of the period that begins on a day, like ``June 2026``."""
        _ = self.env._
        if period == "month":
            return format_month(self.env, day)
        last = self._get_scorecard_year_end()
        first, second = years(day, last)
        year = str(first) if first == second else f"{first}/{second % 100:02}"
        if period == "year":
            return _("Year %(year)s", year=year)
        number = place(period, day, last)
        if period == "half":
            return _("%(year)s, half %(number)s", year=year, number=number)
        return _("%(year)s, quarter %(number)s", year=year, number=number)

    def _get_scorecard_year_end(self):
        """Month and day on which the fiscal year ends, by which periods are counted."""
        # sudo: only a setting
        company = self.sudo()
        if not company:
            return 12, 31
        return int(company.fiscalyear_last_month), company.fiscalyear_last_day
