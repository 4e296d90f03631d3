"""Standards of service: rules that the agents of service teams acknowledge."""

from odoo import fields, models


class SalesPolicy(models.Model):
    _inherit = "sales.policy"

    service_team_ids = fields.Many2many(
        "sales.service.team",
        "sales_policy_service_team_rel",
        "policy_id",
        "team_id",
        "Service Teams",
        help="Standards of service: the agents of these teams acknowledge them, and "
        "nobody else.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "service_team_ids" in vals:
            # A service manager makes no rules of selling of a standard.
            self.check_access("write")
        return result

    def _get_reps(self):
        reps = super()._get_reps()
        if not self.service_team_ids:
            return reps
        agents = self.service_team_ids.member_ids
        return reps.filtered(lambda one: one.user_id in agents)

    def _get_others(self):
        """Agents of the teams who have no rep profile in the team's company."""
        others = super()._get_others()
        for team in self.service_team_ids:
            others |= team.member_ids.filtered(
                lambda user, team=team: (
                    user.active
                    and not any(
                        rep.company_id == team.company_id and rep.state != "left"
                        for rep in user.sales_rep_ids
                    )
                )
            )
        return others
