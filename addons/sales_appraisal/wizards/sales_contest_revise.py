from odoo import fields, models


class SalesContestRevise(models.TransientModel):
    """Why the rules of a contest change after they were announced."""

    _name = "sales.contest.revise"
    _description = "Change the Rules of a Contest"

    contest_id = fields.Many2one("sales.contest", required=True, ondelete="cascade")
    reason = fields.Text(required=True, help="Told to those who take part.")

    def action_apply(self):
        """Back to a draft, as another version.

        :raise AccessError: for who may not run contests
        :raise UserError: when the contest has ended
        """
        self.ensure_one()
        self.contest_id._revise(self.reason)
        return {"type": "ir.actions.act_window_close"}
