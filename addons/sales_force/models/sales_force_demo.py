from odoo import api, models

from ..demo.generator import Demo


class SalesForceDemo(models.AbstractModel):
    """Makes the demo data; called by the demo data file only."""

    _name = "sales.force.demo"
    _description = "Demo Data of Sales Force"

    @api.model
    def _load(self, months=14):
        """An organisation with the documents of these months, up to today.

        :param int months: including the current one
        :return: what was made, for tests
        """
        # sudo: data of all roles
        demo = Demo(self.sudo().env, self.env.ref("base.main_company"), months)
        demo.load()
        return demo
