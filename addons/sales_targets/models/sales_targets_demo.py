from odoo import api, models

from ..demo.generator import Demo


class SalesTargetsDemo(models.AbstractModel):
    """Makes the demo data; called by the demo data file only."""

    _name = "sales.targets.demo"
    _description = "Demo Data of Sales Targets"

    @api.model
    def _load(self):
        """Targets for the organisation that Sales Force's demo data has made."""
        # sudo: data of all roles
        demo = Demo(self.sudo().env, self.env.ref("base.main_company"))
        demo.load()
        return demo
