from odoo import api, fields, models
from odoo.exceptions import UserError

from ..jobs import go_on


class SalesContractMilestone(models.Model):
    """What has to be done or handed in under a contract, by when; its documents."""

    _name = "sales.contract.milestone"
    _description = "Contract Milestone or Document"
    _inherit = ["sales.stamped.mixin"]
    _order = "date_due, id"
    _sales_stamped = frozenset({"reminded_on", "activity_id"})

    contract_id = fields.Many2one(
        "sales.contract", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(required=True)
    kind = fields.Selection(
        [
            ("milestone", "Milestone"),
            ("acceptance", "Acceptance report"),
            ("certificate", "Certificate"),
            ("guarantee", "Guarantee"),
            ("appendix", "Appendix"),
            ("other", "Other document"),
        ],
        "Type",
        default="milestone",
        required=True,
    )
    file = fields.Binary(attachment=True)
    file_name = fields.Char("Name of the Document")
    date_due = fields.Date(
        "Due", index="btree_not_null", help="Empty: nobody is reminded."
    )
    remind_days = fields.Integer(
        "Remind (days before)",
        default=7,
        help="The contract's owner gets an activity so many days before it is due.",
    )
    done_on = fields.Date("Done")
    is_shared = fields.Boolean("Shown to the Customer", help="On the portal.")
    reminded_on = fields.Date("Reminded", readonly=True, copy=False)
    activity_id = fields.Many2one(
        "mail.activity",
        "Reminder",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    phase = fields.Selection(related="contract_id.phase")
    partner_id = fields.Many2one(related="contract_id.partner_id")
    user_id = fields.Many2one(related="contract_id.user_id", store=True)

    _days_positive = models.Constraint(
        "CHECK (remind_days >= 0)", "Days before a date are not negative."
    )

    def write(self, vals):
        if "contract_id" in vals and not self.env.su:
            raise UserError(
                self.env._("A milestone stays with the contract it was agreed in.")
            )
        result = super().write(vals)
        if "date_due" in vals:
            self.sudo().reminded_on = False  # sudo: stamped by the system
        if vals.get("done_on") or "date_due" in vals:
            self._forget_reminder()
        return result

    def unlink(self):
        self._forget_reminder()
        return super().unlink()

    def action_done(self):
        """It is done, or handed in, today."""
        for milestone in self.filtered(lambda one: not one.done_on):
            milestone.done_on = milestone.contract_id.company_id._get_sales_today()

    def _forget_reminder(self):
        """It is not asked for any more; what was done about it is kept."""
        # sudo: also that of whoever owned the contract
        self.sudo().activity_id.filtered("active").unlink()

    @api.model
    def _cron_remind(self):
        """An activity of the owner, once, for each that is due soon."""
        # sudo: only where companies work
        for company in self.env["res.company"].sudo().search([]):
            today = company._get_sales_today()
            contracts = self.env["sales.contract"]
            waiting = self.search(
                [
                    ("contract_id", "any", contracts._domain_in_force(company, today)),
                    ("date_due", "!=", False),
                    ("done_on", "=", False),
                    ("reminded_on", "=", False),
                ]
            )
            near = waiting.filtered(
                lambda one, today=today: (
                    # No date is before the first of the calendar.
                    (one.date_due - today).days <= one.remind_days
                )
            )
            for milestone in near:
                with go_on(self.env, f"Milestone {milestone.id}"):
                    milestone._remind(today)

    def _remind(self, today):
        contract = self.contract_id
        # sudo: stamped by the system
        milestone = self.sudo()
        milestone.reminded_on = today
        milestone.activity_id = contract.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=self.date_due,
            summary=self.name,
            user_id=contract.user_id.id or self.env.uid,
        )
