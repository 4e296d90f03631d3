from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.sales_force.locking import write_lock

# Who approves is reminded after so many days.
APPROVAL_DAYS = 5
TO_DECIDE = "mail.mail_activity_data_todo"


class SalesCommissionStatement(models.Model):
    """Open, submitted, approved by the manager, approved by finance, paid.

    Who may take a step is checked on the server; nobody takes one that approves of the
    own pay. Until finance has approved, a statement can be sent back.
    """

    _inherit = "sales.commission.statement"

    may_submit = fields.Boolean(compute="_compute_may")
    may_approve = fields.Boolean(compute="_compute_may")
    may_validate = fields.Boolean(compute="_compute_may")
    may_return = fields.Boolean(compute="_compute_may")

    @api.depends("state", "user_id", "date_to", "rep_id")
    @api.depends_context("uid")
    def _compute_may(self):
        for statement in self:
            state = statement.state
            over = not statement._is_running()
            approves = statement._is_approver()
            validates = statement._is_finance()
            statement.may_submit = state == "open" and over and statement._is_sender()
            statement.may_approve = state == "submitted" and approves
            statement.may_validate = state == "approved" and validates
            statement.may_return = statement._is_returner()

    # Steps

    def action_compute(self):
        """Make open statements what the facts say now; whoever reads one may.

        :raise UserError: for a closed one
        """
        self.check_access("read")
        self._check_state("open")
        self.sudo()._refresh()  # sudo: entries are written by runs only
        return True

    def action_submit(self):
        """Close statements with what the facts say at this moment.

        :raise AccessError: unless the rep submits the own one, or sales operations
        :raise UserError: while the period runs
        """
        self._begin("open")
        self._refuse(
            [
                self.env._(
                    "%(statement)s: the rep or sales operations submits it.",
                    statement=statement.display_name,
                )
                for statement in self
                if not statement._is_sender()
            ],
            AccessError,
        )
        self._refuse(
            [
                self.env._(
                    "%(statement)s: the period is not over yet.",
                    statement=statement.display_name,
                )
                for statement in self
                if statement._is_running()
            ]
        )
        # sudo: stamped by the system; who may was checked above
        statements = self.sudo()
        statements._refresh()
        statements._stamp_step("submitted")
        statements.returned_reason = False
        for user, waiting in statements.grouped(
            lambda statement: statement._get_approver()
        ).items():
            if user:
                waiting.activity_schedule(
                    TO_DECIDE,
                    fields.Date.context_today(self) + timedelta(days=APPROVAL_DAYS),
                    summary=self.env._("Approve the commission"),
                    user_id=user.id,
                )
        return True

    def action_approve(self):
        """The manager approves.

        :raise AccessError: for the own pay, and for who is not above the rep
        """
        self._begin("submitted")
        self._refuse(
            [
                self.env._(
                    "%(statement)s: nobody approves the own pay.",
                    statement=statement.display_name,
                )
                if statement.is_mine
                else self.env._(
                    "%(statement)s: a manager above the rep approves.",
                    statement=statement.display_name,
                )
                for statement in self
                if not statement._is_approver()
            ],
            AccessError,
        )
        # sudo: stamped by the system; who may was checked above
        statements = self.sudo()
        statements._stamp_step("approved")
        statements.activity_unlink([TO_DECIDE])
        return True

    def action_validate(self):
        """Finance approves: from here on a statement is to be paid. Where there is
        nothing to pay, it is settled with that.

        :raise AccessError: for the own pay, and for everybody but finance
        """
        self._begin("approved")
        self._refuse(
            [
                self.env._(
                    "%(statement)s: nobody approves the own pay.",
                    statement=statement.display_name,
                )
                if statement.is_mine
                else self.env._(
                    "%(statement)s: finance approves.",
                    statement=statement.display_name,
                )
                for statement in self
                if not statement._is_finance()
            ],
            AccessError,
        )
        # sudo: stamped by the system; who may was checked above
        statements = self.sudo()
        statements._stamp_step("validated")
        statements._close_empty()
        return True

    def action_return(self):
        """Ask for the reason of sending statements back."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Back"),
            "res_model": "sales.commission.return",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_statement_ids": self.ids},
        }

    def _return(self, reason):
        """Open statements again, that follow the facts as before.

        :raise AccessError: for who neither approves them nor has submitted the own one
        :raise UserError: once finance has approved
        """
        self._begin("submitted", "approved")
        self._refuse(
            [
                self.env._(
                    "%(statement)s: who approves it sends it back.",
                    statement=statement.display_name,
                )
                for statement in self
                if not statement._is_returner()
            ],
            AccessError,
        )
        # sudo: stamped by the system; who may was checked above
        statements = self.sudo()
        statements.write(
            {
                "state": "open",
                "returned_reason": reason,
                **dict.fromkeys(
                    (
                        *("submitted_by_id", "submitted_on"),
                        *("approved_by_id", "approved_on"),
                    ),
                    False,
                ),
            }
        )
        statements.activity_unlink([TO_DECIDE])
        statements._refresh()
        for statement in statements:
            statement.message_post(
                body=self.env._("Sent back: %(reason)s", reason=reason),
                partner_ids=statement.user_id.partner_id.ids
                if statement.user_id != self.env.user
                else [],
            )

    def _begin(self, *states):
        """One after the other: the second finds what the first has left."""
        self.check_access("write")
        self.env.flush_all()
        write_lock(self)
        self._check_state(*states)

    def _stamp_step(self, state):
        self.write(
            {
                "state": state,
                f"{state}_by_id": self.env.uid,
                f"{state}_on": fields.Datetime.now(),
            }
        )

    # Who

    def _is_running(self):
        self.ensure_one()
        return self.date_to >= self.company_id._get_sales_today()

    def _is_sender(self):
        return (
            self.env.su
            or self.is_mine
            or self.env.user.has_group("sales_force.group_sales_operations")
        )

    def _is_approver(self):
        """Whether the user approves as a manager: not the own pay in any case."""
        self.ensure_one()
        if self.user_id == self.env.user:
            return False
        return self.env.su or self._approves(self.env.user)

    def _approves(self, user):
        """Whether the pay of the rep is for a user to approve.

        For who is above: regional managers, and team leaders where the company lets
        them see pay. For directors, all in the company; where nobody is above the rep,
        for sales operations as well.
        """
        if user.has_group("sales_force.group_sales_director"):
            return True
        # sudo: who is above whom
        rep = self.sudo().rep_id
        if not rep.parent_id and user.has_group("sales_force.group_sales_operations"):
            return True
        # sudo: only a setting
        role = "leader" if self.company_id.sudo().sales_leaders_see_pay else "manager"
        return user.has_group(f"sales_force.group_sales_{role}") and any(
            rep.parent_path.startswith(mine.parent_path)
            # sudo: who is above whom
            for mine in user.sudo().sales_rep_ids
            if mine.company_id == rep.company_id
        )

    def _is_finance(self):
        self.ensure_one()
        return self.user_id != self.env.user and (
            self.env.su or self.env.user.has_group("sales_force.group_sales_finance")
        )

    def _is_returner(self):
        """Who approves, sends back; who has submitted the own one, until then."""
        self.ensure_one()
        if self.is_mine:
            return self.state == "submitted"
        return self.state in ("submitted", "approved") and (
            self._is_approver()
            or self._is_finance()
            or self.env.user.has_group("sales_force.group_sales_operations")
        )

    def _get_approver(self):
        """The nearest above who approves; above all a director."""
        return self._get_approvers()[:1]

    def _get_approvers(self):
        """Those above who approve, the nearest first, and after them a director."""
        self.ensure_one()
        users = self.env["res.users"]
        rep = self.rep_id.parent_id
        while rep:
            user = rep.user_id
            if user != self.user_id and user.active and rep.state != "left":
                if self._approves(user):
                    users |= user
            rep = rep.parent_id
        directors = self.env.ref("sales_force.group_sales_director").all_user_ids
        return (
            users
            | directors.filtered(
                lambda user: user.active
                and user != self.user_id
                and self.company_id in user.company_ids
            ).sorted("id")[:1]
        )
