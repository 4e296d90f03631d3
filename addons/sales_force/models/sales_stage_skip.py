from odoo import fields, models


class SalesStageSkip(models.Model):
    """That a stage was left with required items open, and why; written once."""

    _name = "sales.stage.skip"
    _description = "Stage Left Unfinished"
    _inherit = ["sales.owned.mixin"]
    _order = "moment desc, id desc"
    _log_access = False
    _rec_name = "lead_id"

    lead_id = fields.Many2one(
        "crm.lead",
        "Opportunity",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    partner_id = fields.Many2one(
        related="lead_id.partner_id", string="Customer", help="Of the opportunity."
    )
    user_id = fields.Many2one(
        "res.users", "Salesperson", readonly=True, help="Of the opportunity that day."
    )
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    by_id = fields.Many2one("res.users", "Reason Given By", readonly=True)
    moment = fields.Datetime("Left On", required=True, readonly=True)
    stage_id = fields.Many2one(
        "crm.stage", "Stage Left", required=True, readonly=True, ondelete="cascade"
    )
    to_stage_id = fields.Many2one(
        "crm.stage", "Next Stage", readonly=True, ondelete="set null"
    )
    missing = fields.Char("Left Open", required=True, readonly=True)
    missing_count = fields.Integer("Items Left Open", required=True, readonly=True)
    reason = fields.Text(required=True, readonly=True)

    def action_open_lead(self):
        self.ensure_one()
        return self.lead_id.get_formview_action()
