from odoo import api, fields, models


class SalesObservationChecklist(models.Model):
    """What a coach watches on a joint visit."""

    _name = "sales.observation.checklist"
    _description = "Observation Checklist"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="The first one is taken.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Empty: in all companies.")
    item_ids = fields.One2many(
        "sales.observation.item", "checklist_id", "Items", copy=True
    )

    @api.model
    def _get_default(self, company):
        """The company's own, else the common one."""
        found = self.search([("company_id", "in", (False, company.id))])
        own = found.filtered(lambda checklist: checklist.company_id == company)
        return (own or found)[:1]


class SalesObservationItem(models.Model):
    _name = "sales.observation.item"
    _description = "Item of an Observation Checklist"
    _order = "sequence, id"

    checklist_id = fields.Many2one(
        "sales.observation.checklist", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="checklist_id.company_id")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    name = fields.Char("What", required=True, translate=True)
    description = fields.Char("What Good Looks Like", translate=True)
