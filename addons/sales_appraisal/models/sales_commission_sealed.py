from odoo import models


class SalesCommissionSealedMixin(models.AbstractModel):
    """What runs and actions write, who may write it or not: no screen edits it.

    Screens have records computed with the values that they send. Of pay these would be
    told whose it is not.
    """

    _name = "sales.commission.sealed.mixin"
    _description = "Not Edited on Screens"

    def onchange(self, values, field_names, fields_spec):
        """:raise AccessError: for who may not create such records"""
        self.browse().check_access("create")
        return super().onchange(values, field_names, fields_spec)


class SalesCommissionStatement(models.Model):
    _name = "sales.commission.statement"
    _inherit = ["sales.commission.statement", "sales.commission.sealed.mixin"]


class SalesCommissionDispute(models.Model):
    _name = "sales.commission.dispute"
    _inherit = ["sales.commission.dispute", "sales.commission.sealed.mixin"]
