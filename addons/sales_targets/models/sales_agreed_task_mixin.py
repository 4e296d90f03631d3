from odoo import api, fields, models

_TASK = {"name": "summary", "user_id": "user_id", "date_deadline": "date_deadline"}


class SalesAgreedTaskMixin(models.AbstractModel):
    """Who does what by when, agreed in a meeting: a task of its owner.

    The model has ``meeting_id``, ``name``, ``user_id`` and ``date_deadline``.
    """

    _name = "sales.agreed.task.mixin"
    _description = "Agreed Task"
    _inherit = ["sales.stamped.mixin"]
    _sales_stamped = frozenset({"activity_id"})

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
        for agreed in self:
            # sudo: who sees what was agreed sees whether it is done
            task = agreed.sudo().activity_id
            agreed.state = "open" if task.active else "done" if task else "dropped"
            agreed.is_late = agreed.state == "open" and agreed.date_deadline < today

    def _make_tasks(self):
        """The task of each, on its meeting."""
        for agreed in self:
            task = agreed.meeting_id.activity_schedule(
                "mail.mail_activity_data_todo",
                agreed.date_deadline,
                summary=agreed.name,
                user_id=agreed.user_id.id,
            )
            agreed.sudo().activity_id = task  # sudo: stamped by the system

    def _change_tasks(self, vals):
        """What was written, in the tasks that are open."""
        changed = {_TASK[name]: vals[name] for name in _TASK.keys() & vals.keys()}
        if changed:
            self._get_open_tasks().write(changed)

    def _get_open_tasks(self):
        return self.filtered(lambda agreed: agreed.state == "open").activity_id
