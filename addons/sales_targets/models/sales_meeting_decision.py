from odoo import api, fields, models

_TASK = {"name": "summary", "user_id": "user_id", "date_deadline": "date_deadline"}


class SalesMeetingDecision(models.Model):
    """Who does what by when: a task of its owner, as long as it is not done."""

    _name = "sales.meeting.decision"
    _description = "Decision of a Team Meeting"
    _inherit = ["sales.stamped.mixin"]
    _order = "date_deadline, id"
    _sales_stamped = frozenset({"activity_id"})

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
    activity_id = fields.Many2one(
        "mail.activity",
        "Task",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    state = fields.Selection(
        [("open", "Open"), ("done", "Done"), ("dropped", "Dropped")],
        "Status",
        compute="_compute_state",
        help="As its task says; dropped: the task was deleted.",
    )
    is_late = fields.Boolean(compute="_compute_state")

    @api.depends("activity_id.active", "date_deadline")
    def _compute_state(self):
        today = self.env.company._get_sales_today()
        for decision in self:
            # sudo: who sees a decision sees whether it is done
            task = decision.sudo().activity_id
            decision.state = "open" if task.active else "done" if task else "dropped"
            decision.is_late = (
                decision.state == "open" and decision.date_deadline < today
            )

    @api.model_create_multi
    def create(self, vals_list):
        decisions = super().create(vals_list)
        for decision in decisions:
            task = decision.meeting_id.activity_schedule(
                "mail.mail_activity_data_todo",
                decision.date_deadline,
                summary=decision.name,
                user_id=decision.user_id.id,
            )
            decision.sudo().activity_id = task  # sudo: stamped by the system
        return decisions

    def write(self, vals):
        result = super().write(vals)
        if "meeting_id" in vals:
            # Not into the meeting of somebody else.
            self.check_access("write")
        changed = {_TASK[name]: vals[name] for name in _TASK.keys() & vals.keys()}
        if changed:
            for decision in self:
                if decision.state == "open":
                    decision.activity_id.write(changed)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_task(self):
        """Who takes a decision back takes the task back, too; what is done stays."""
        self.filtered(lambda decision: decision.state == "open").activity_id.unlink()

    def action_done(self):
        """The task is done: by its owner, or by who leads the meeting."""
        for decision in self:
            if decision.state == "open":
                decision.activity_id.action_done()
        return True
