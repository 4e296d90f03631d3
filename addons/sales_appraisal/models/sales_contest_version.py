from odoo import fields, models


class SalesContestVersion(models.Model):
    """Why the rules of an announced contest changed, and what they were before."""

    _name = "sales.contest.version"
    _description = "Change of a Contest's Rules"
    _inherit = ["sales.stamped.mixin"]
    _order = "contest_id, number desc"
    _rec_name = "number"

    contest_id = fields.Many2one(
        "sales.contest", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="contest_id.company_id", store=True)
    number = fields.Integer("Version", readonly=True, aggregator=None)
    user_id = fields.Many2one("res.users", "Changed By", readonly=True)
    reason = fields.Text(readonly=True)
    rules_before = fields.Text(readonly=True)

    def _is_stamped(self, name):
        return True
