from odoo import fields, models


class SalesCreditRebuild(models.TransientModel):
    """Derive credits from the documents again, and say what was wrong."""

    _name = "sales.credit.rebuild"
    _description = "Rebuild Credits"

    date_from = fields.Date("From", help="Empty: from the first document on.")
    date_to = fields.Date("Until", help="Empty: until the last document.")
    state = fields.Selection(
        [("ask", "Ask"), ("done", "Done")], "Status", default="ask"
    )
    removed = fields.Integer(readonly=True)
    changed = fields.Integer(readonly=True)
    added = fields.Integer(readonly=True)

    def action_rebuild(self):
        self.ensure_one()
        counts = self.env["sales.credit"].rebuild(self.date_from, self.date_to)
        self.write({"state": "done", **counts})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Rebuild Credits"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }
