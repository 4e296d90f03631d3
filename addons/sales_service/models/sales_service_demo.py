from odoo import api, models

from ..demo.generator import Demo


class SalesServiceDemo(models.AbstractModel):
    """Makes the demo data; called by the demo data file only."""

    _name = "sales.service.demo"
    _description = "Demo Data of Sales Service"

    @api.model
    def _load(self):
        """Tickets of the customers that Sales Force's demo data has made."""
        # sudo: data of all roles
        demo = Demo(self.sudo().env, self.env.ref("base.main_company"))
        demo.load()
        return demo
