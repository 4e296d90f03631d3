from odoo import api, fields, models
from odoo.tools import ormcache


class SalesPlaybook(models.Model):
    """How a team works its opportunities from stage to stage.

    A team's own playbook replaces the company's, which replaces the one of all
    companies. Where there is none nothing is asked, and nothing is looked up.
    """

    _name = "sales.playbook"
    _description = "Playbook"
    _inherit = ["sales.cached.mixin"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        ondelete="cascade",
        help="Empty: for all teams that have no playbook of their own.",
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Empty: for all companies.",
    )
    stage_ids = fields.One2many(
        "sales.playbook.stage", "playbook_id", "Stages", copy=True
    )

    _team_uniq = models.UniqueIndex(
        "(team_id) WHERE active AND team_id IS NOT NULL",
        "This team has a playbook already.",
    )
    _default_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0)) WHERE active AND team_id IS NULL",
        "There is a playbook for all teams already.",
    )

    @api.depends("team_id")
    def _compute_company_id(self):
        for playbook in self:
            team = playbook.team_id
            playbook.company_id = team.company_id if team else playbook.company_id

    def copy_data(self, default=None):
        """A copy waits in the archive: two cannot be for the same team."""
        default = {"active": False, **(default or {})}
        return [
            {**vals, "name": self.env._("%(name)s (copy)", name=playbook.name)}
            for playbook, vals in zip(self, super().copy_data(default), strict=True)
        ]

    @api.model
    @ormcache()
    def _get_parts(self):
        """``{("team" or "company", id): {stage id: id of the part for it}}``"""
        return {
            ("team", playbook.team_id.id)
            if playbook.team_id
            else ("company", playbook.company_id.id): {
                part.stage_id.id: part.id for part in playbook.stage_ids
            }
            # sudo: how to work is no secret, and the same for all
            for playbook in self.sudo().search([])
        }

    @api.model
    def _find_parts(self, leads):
        """``{lead: sales.playbook.stage}`` of those whose stage is in a playbook."""
        books = self._get_parts()
        if not books:
            return {}
        found = {}
        # sudo: of the salesperson only the company is looked at
        for lead in leads.sudo():
            company = (
                lead.company_id or lead.team_id.company_id or lead.user_id.company_id
            )
            keys = (("team", lead.team_id.id), ("company", company.id))
            book = next(
                (books[key] for key in (*keys, ("company", False)) if key in books), {}
            )
            if part := book.get(lead.stage_id.id):
                found[lead.id] = part
        parts = self.env["sales.playbook.stage"].sudo()  # sudo: see above
        return {
            lead: parts.browse(found[lead.id]) for lead in leads if lead.id in found
        }
