from odoo import fields, models

from ..deals import process


class SalesStagePassage(models.Model):
    """Each time that an opportunity was, or is, in a stage: read only, never stored."""

    _name = "sales.stage.passage"
    _description = "Time in a Stage"
    _inherit = ["sales.median.mixin", "sales.owned.mixin"]
    _auto = False
    _order = "entered desc, id desc"
    _rec_name = "lead_id"
    _depends = {
        "crm.lead": [
            "active",
            "company_id",
            "date_closed",
            "date_conversion",
            "date_last_stage_update",
            "partner_id",
            "stage_id",
            "team_id",
            "type",
            "user_id",
            "won_status",
        ],
        "mail.tracking.value": ["field_id", "mail_message_id", "old_value_integer"],
        "sales.playbook": ["active", "company_id", "team_id"],
        "sales.playbook.stage": ["days", "playbook_id", "stage_id"],
    }

    lead_id = fields.Many2one("crm.lead", "Opportunity", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    stage_id = fields.Many2one("crm.stage", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    entered = fields.Datetime("Entered On", readonly=True)
    left_on = fields.Datetime("Left On", readonly=True)
    allowed = fields.Integer(
        "Days Allowed", readonly=True, aggregator=None, help="By today's playbook."
    )
    days = fields.Float(
        "Days (mean)", readonly=True, aggregator="avg", help="Calendar days."
    )
    days_median = fields.Float(
        "Days (median)",
        readonly=True,
        aggregator="median",
        help="Half of the opportunities took less, half more.",
    )
    is_over = fields.Integer("Over the Allowed Days", readonly=True)
    is_open = fields.Integer("In the Stage Now", readonly=True)
    is_stuck = fields.Integer(
        "Stuck Now", readonly=True, help="In the stage now, and over the allowed days."
    )

    @property
    def _table_query(self):
        field = self.env["ir.model.fields"]._get("crm.lead", "stage_id")
        return process.passages(field.id, fields.Datetime.now())

    def action_open_lead(self):
        self.ensure_one()
        return self.lead_id.get_formview_action()
