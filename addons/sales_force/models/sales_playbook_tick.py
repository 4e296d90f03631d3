from odoo import fields, models


class SalesPlaybookTick(models.Model):
    """An item of the checklist that is done: who, and when. Written by an action."""

    _name = "sales.playbook.tick"
    _description = "Item Done"
    _order = "moment desc, id desc"
    _log_access = False
    _rec_name = "item_id"

    lead_id = fields.Many2one(
        "crm.lead", "Opportunity", required=True, readonly=True, ondelete="cascade"
    )
    item_id = fields.Many2one(
        "sales.playbook.item",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    user_id = fields.Many2one("res.users", "Done By", readonly=True)
    moment = fields.Datetime("Done On", required=True, readonly=True)

    _lead_item_uniq = models.UniqueIndex("(lead_id, item_id)")
