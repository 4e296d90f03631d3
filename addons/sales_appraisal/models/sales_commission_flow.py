from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

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
    waits_for_me = fields.Boolean(
        compute="_compute_may",
        search="_search_waits_for_me",
        help="Whether the next step is for the one who looks.",
    )

    @api.depends("state", "user_id", "date_to", "rep_id")
    @api.depends_context("uid")
    def _compute_may(self):
        for statement in self:
            statement.may_submit = not statement._get_obstacle("submit")
            statement.may_approve = not statement._get_obstacle("approve")
            statement.may_validate = not statement._get_obstacle("validate")
            statement.may_return = not statement._get_obstacle("return")
            statement.waits_for_me = (
                statement.may_submit or statement.may_approve or statement.may_validate
            )

    @api.model
    def _search_waits_for_me(self, operator, value):
        if operator != "in":
            return NotImplemented
        waiting = self._get_waiting()
        return waiting if True in value else ~waiting

    @api.model
    def _get_waiting(self):
        """The domain of statements whose next step is for the user."""
        user = self.env.user
        mine = Domain("user_id", "=", user.id)
        over = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("date_to", "<", company._get_sales_today())
            for company in self.env.companies
        )
        sends = user.has_group("sales_force.group_sales_operations")
        validates = user.has_group("sales_force.group_sales_finance")
        return (
            (Domain("state", "=", "open") & over & (Domain(sends) | mine))
            | (Domain("state", "=", "submitted") & ~mine & self._get_approved(user))
            | (Domain("state", "=", "approved") & ~mine & Domain(validates))
        )

    @api.model
    def get_empty_list_help(self, help_message):
        """Where there are statements, what to do to see them."""
        if self.env.context.get("search_default_waiting") and self.search_count(
            [], limit=1
        ):
            help_message = Markup(
                '<p class="o_view_nocontent_smiling_face">%s</p><p>%s</p>'
            ) % (
                self.env._("Nothing waits for you"),
                self.env._(
                    "Take the filter “Waiting for Me” away to see the other statements."
                ),
            )
        return super().get_empty_list_help(help_message)

    # Steps

    def action_compute(self):
        """Make open statements what the facts say now; whoever reads one may.

        :return: what says which were left, and why
        :raise UserError: where none is open
        """
        self.check_access("read")
        able, left = self._split("compute")
        able.sudo()._refresh()  # sudo: entries are written by runs only
        return self._report(left)

    def action_submit(self):
        """Close statements with what the facts say at this moment.

        :return: what says which were left, and why
        :raise AccessError: unless the rep submits the own one, or sales operations
        :raise UserError: while the period runs
        """
        able, left = self._begin("submit")
        # sudo: stamped by the system; who may was checked above
        statements = able.sudo()
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
        return self._report(left)

    def action_approve(self):
        """The manager approves.

        :return: what says which were left, and why
        :raise AccessError: for the own pay, and for who is not above the rep
        """
        able, left = self._begin("approve")
        # sudo: stamped by the system; who may was checked above
        statements = able.sudo()
        statements._stamp_step("approved")
        statements.activity_unlink([TO_DECIDE])
        return self._report(left)

    def action_validate(self):
        """Finance approves: from here on a statement is to be paid. Where there is
        nothing to pay, it is settled with that.

        :return: what says which were left, and why
        :raise AccessError: for the own pay, and for everybody but finance
        """
        able, left = self._begin("validate")
        # sudo: stamped by the system; who may was checked above
        statements = able.sudo()
        statements._stamp_step("validated")
        statements._close_empty()
        return self._report(left)

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

        :return: what says which were left, and why
        :raise AccessError: for who neither approves them nor has submitted the own one
        :raise UserError: once finance has approved
        """
        able, left = self._begin("return")
        # sudo: stamped by the system; who may was checked above
        statements = able.sudo()
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
        return self._report(left)

    def _begin(self, step):
        """One after the other: the second finds what the first has left.

        See ``_split``.
        """
        self.check_access("write")
        self.env.flush_all()
        write_lock(self)
        return self._split(step)

    def _split(self, step):
        """What can be done is done, whatever else was selected.

        :return: the statements on which the user can take a step, and for each of the
            others a line that says why not
        :raise AccessError, UserError: where it can be done for none
        """
        obstacles = {one: one._get_obstacle(step) for one in self}
        able = self.filtered(lambda one: not obstacles[one])
        errors = list(filter(None, obstacles.values()))
        left = list(map(str, errors))
        if errors and not able:
            self._refuse(left, type(errors[0]))
        return able, left

    def _report(self, left, following=None):
        """Says what was left, then shows what is there now."""
        if not left:
            return following or True
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "className": "o_sales_statements_left",
                "message": self._join_reasons(left),
                "next": following or {"type": "ir.actions.act_window_close"},
            },
        }

    def _stamp_step(self, state):
        self.write(
            {
                "state": state,
                f"{state}_by_id": self.env.uid,
                f"{state}_on": fields.Datetime.now(),
            }
        )

    # Who

    def _get_obstacle(self, step):
        """Why the user cannot take a step on a statement: the error, if any."""
        self.ensure_one()
        return getattr(self, f"_get_obstacle_{step}")()

    def _get_obstacle_compute(self):
        return self._get_obstacle_state("open")

    def _get_obstacle_submit(self):
        if error := self._get_obstacle_state("open"):
            return error
        if not self._is_sender():
            return AccessError(
                self.env._(
                    "%(statement)s: the rep or sales operations submits it.",
                    statement=self.display_name,
                )
            )
        if self._is_running():
            return UserError(
                self.env._(
                    "%(statement)s: the period is not over yet.",
                    statement=self.display_name,
                )
            )
        return None

    def _get_obstacle_approve(self):
        if error := self._get_obstacle_state("submitted") or self._get_obstacle_own():
            return error
        if not self._is_approver():
            return AccessError(
                self.env._(
                    "%(statement)s: a manager above the rep approves.",
                    statement=self.display_name,
                )
            )
        return None

    def _get_obstacle_validate(self):
        if error := self._get_obstacle_state("approved") or self._get_obstacle_own():
            return error
        if not self._is_finance():
            return AccessError(
                self.env._(
                    "%(statement)s: finance approves.", statement=self.display_name
                )
            )
        return None

    def _get_obstacle_return(self):
        if error := self._get_obstacle_state("submitted", "approved"):
            return error
        if not self._is_returner():
            return AccessError(
                self.env._(
                    "%(statement)s: who approves it sends it back.",
                    statement=self.display_name,
                )
            )
        return None

    def _get_obstacle_state(self, *states):
        if self.state in states:
            return None
        return UserError(self._describe_state(*states))

    def _get_obstacle_own(self):
        if not self.is_mine:
            return None
        return AccessError(
            self.env._(
                "%(statement)s: nobody approves the own pay.",
                statement=self.display_name,
            )
        )

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
        if self.is_mine:
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

    @api.model
    def _get_approved(self, user):
        """The domain of whose pay is for a user to approve, see ``_approves``."""
        if user.has_group("sales_force.group_sales_director"):
            return Domain.TRUE
        approved = Domain(
            user.has_group("sales_force.group_sales_operations")
        ) & Domain("rep_id.parent_id", "=", False)
        # sudo: who is above whom, and a setting
        for company, reps in user.sudo().sales_rep_ids.grouped("company_id").items():
            role = "leader" if company.sales_leaders_see_pay else "manager"
            if user.has_group(f"sales_force.group_sales_{role}"):
                approved |= Domain("company_id", "=", company.id) & Domain(
                    "rep_id", "child_of", reps.ids
                )
        return approved

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
