from odoo import fields, models

# The fields that say it.
POPULATION = frozenset(("role", "group_ids", "grade_ids", "team_ids", "territory_ids"))


class SalesPopulationMixin(models.AbstractModel):
    """What is for some reps of its company, by what they were in a period."""

    _name = "sales.population.mixin"
    _description = "For Some Reps"

    role = fields.Selection(
        [
            ("all", "Everybody"),
            ("seller", "Reps without anybody below"),
            ("leader", "Who leads others"),
        ],
        "For",
        default="all",
        required=True,
        tracking=True,
    )
    group_ids = fields.Many2many(
        "res.groups",
        string="User Roles",
        help="Who has one of them today, as service agents do. Empty: whatever they "
        "may do in the system.",
    )
    grade_ids = fields.Many2many(
        "sales.grade", string="Career Grades", help="Empty: of every grade."
    )
    team_ids = fields.Many2many(
        "crm.team",
        string="Teams",
        check_company=True,
        help="Empty: of every team.",
    )
    territory_ids = fields.Many2many(
        "sales.territory",
        string="Territories",
        check_company=True,
        help="With all that is below them. Empty: of every territory.",
    )

    def _fits(self, role):
        """Whether it is for a role: see ``sales.scorecard._get_roles``."""
        self.ensure_one()
        if self.role != "all" and (self.role == "leader") != role.leads:
            return False
        # sudo: which rights somebody has decides, whoever asks
        if self.group_ids and not self.group_ids & role.user.sudo().all_group_ids:
            return False
        if self.grade_ids and role.grade_id not in self.grade_ids.ids:
            return False
        if self.team_ids and role.team_id not in self.team_ids.ids:
            return False
        return not self.territory_ids or any(
            path.startswith(covered.parent_path)
            for path in role.territory_paths
            for covered in self.territory_ids
        )
