from odoo import api, fields, models


class SalesMeetingDecision(models.Model):
    """Who does what by when: a task of its owner, as long as it is not done."""

    _name = "sales.meeting.decision"
    _description = "Decision of a Team Meeting"
    _inherit = ["sales.agreed.task.mixin"]
    _order = "date_deadline, id"

    meeting_id = fields.Many2one(
        "sales.meeting", "Meeting", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="meeting_id.company_id", store=True)
    week = fields.Date(related="meeting_id.week", store=True)
    name = fields.Char("What", required=True)
    user_id = fields.Many2one(
        "res.users",
        "Owner",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    date_deadline = fields.Date(
        "Due",
        required=True,
        default=lambda self: fields.Date.add(
            self.env.company._get_sales_today(), days=7
        ),
    )

    @api.model_create_multi
    def create(self, vals_list):
        decisions = super().create(vals_list)
        decisions._make_tasks()
        return decisions

    def write(self, vals):
        result = super().write(vals)
        if "meeting_id" in vals:
            # Not into the meeting of somebody else.
            self.check_access("write")
        self._change_tasks(vals)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_task(self):
        """Who takes a decision back takes the task back, too; what is done stays."""
        self._get_open_tasks().unlink()

    def action_done(self):
        """The task is done: by its owner, or by who leads the meeting."""
        for decision in self:
            if decision.state == "open":
                decision.activity_id.action_done()
        return True
