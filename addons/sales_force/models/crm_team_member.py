from odoo import api, fields, models


class CrmTeamMember(models.Model):
    _inherit = "crm.team.member"

    sales_rep_id = fields.Many2one(
        "sales.rep", "Rep Profile", compute="_compute_sales_rep_id", compute_sudo=True
    )

    @api.depends("user_id", "crm_team_id.company_id")
    @api.depends_context("company")
    def _compute_sales_rep_id(self):
        reps = self.env["sales.rep"].search([("user_id", "in", self.user_id.ids)])
        by_key = {(rep.user_id, rep.company_id): rep for rep in reps}
        for member in self:
            company = member.crm_team_id.company_id or self.env.company
            member.sales_rep_id = by_key.get((member.user_id, company))

    def _get_assignment_quota(self, force_quota=False):
        """Less during the ramp-up."""
        full = int(super()._get_assignment_quota(force_quota=True))
        quota = super()._get_assignment_quota(force_quota=force_quota)
        return quota - full + self.sales_rep_id._get_ramped(full)
