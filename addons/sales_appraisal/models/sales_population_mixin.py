from odoo import models


class SalesPopulationMixin(models.AbstractModel):
    """For whom something is: by role, career grade, team and territory.

    For models with the fields ``role``, ``grade_ids``, ``team_ids``, ``territory_ids``.
    """

    _name = "sales.population.mixin"
    _description = "For Whom Something Is"

    def _fits(self, role):
        """Whether it is for a role: see ``sales.scorecard._get_roles``."""
        self.ensure_one()
        if self.role != "all" and (self.role == "leader") != role.leads:
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
