from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError


class SalesOneOnOneAgreement(models.Model):
    """Who of the two does what by when: a task, which the next talk shows."""

    _name = "sales.one.on.one.agreement"
    _description = "Agreement of a One-to-one"
    _inherit = ["sales.agreed.task.mixin"]
    _order = "date_deadline, id"

    meeting_id = fields.Many2one(
        "sales.one.on.one", "One-to-one", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="meeting_id.company_id", store=True)
    date = fields.Date(related="meeting_id.date", store=True, string="Agreed On")
    name = fields.Char("What", required=True)
    user_id = fields.Many2one(
        "res.users",
        "Who",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self._default_user_id(),
        domain="[('id', 'in', [parent.user_id, parent.manager_id])]",
    )
    date_deadline = fields.Date(
        "Due",
        required=True,
        default=lambda self: fields.Date.add(
            self.env.company._get_sales_today(), days=14
        ),
    )

    @api.model
    def _default_user_id(self):
        rep = self.env["sales.rep"].browse(self.env.context.get("agreement_rep_id"))
        return rep.user_id

    @api.constrains("user_id", "meeting_id")
    def _check_user(self):
        for agreement in self:
            talk = agreement.meeting_id
            if agreement.user_id not in talk.user_id | talk.manager_id:
                raise ValidationError(
                    self.env._("It is the rep or the manager who does it.")
                )

    def _check_lead(self):
        """:raise AccessError: for who does not lead the talk"""
        if not self.env.su:
            self.meeting_id._check_lead()

    @api.model_create_multi
    def create(self, vals_list):
        agreements = super().create(vals_list)
        agreements._check_lead()
        # sudo: an activity of one of the two, on their talk
        agreements.sudo()._make_tasks()
        return agreements

    def write(self, vals):
        self._check_lead()
        result = super().write(vals)
        if "meeting_id" in vals:
            # Not into the talk of somebody else.
            self._check_lead()
        self.sudo()._change_tasks(vals)  # sudo: the task follows the agreement
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_task(self):
        self._check_lead()
        # sudo: a task goes with its agreement; what is done stays
        self.sudo()._get_open_tasks().unlink()

    def action_done(self):
        """The task is done: by its owner, or by who leads the talk.

        :raise AccessError: for everybody else
        """
        self.check_access("read")
        for agreement in self:
            if self.env.user not in agreement.user_id | agreement.meeting_id.manager_id:
                raise AccessError(
                    self.env._("Who agreed to it says that it is done, or the manager.")
                )
            if agreement.state == "open":
                # sudo: a task of one of the two; who says so was checked
                agreement.sudo().activity_id.action_feedback()
        return True
