from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_team_score_shown = fields.Boolean(
        "Reps See Their Team's Score",
        help="On the own card, once the team's card is confirmed; only the score. The "
        "card itself is for the team's leader and for who is above.",
    )

    def _get_scorecard_year_end(self):
        """Month and day on which the fiscal year ends, by which periods are counted."""
        # sudo: only a setting
        company = self.sudo()
        if not company:
            return 12, 31
        return int(company.fiscalyear_last_month), company.fiscalyear_last_day


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_team_score_shown = fields.Boolean(
        related="company_id.sales_team_score_shown", readonly=False
    )
