from datetime import timedelta

from odoo import models
from odoo.tools import is_html_empty

from odoo.addons.sales_force.locking import write_lock

from ..tickets.states import OPEN, STEP_TO, STEPS, WAITING, column

# The moment that reaching a state stamps.
_STAMPS = {
    "assigned": "assigned_at",
    "accepted": "accepted_at",
    "in_progress": "started_at",
    "resolved": "resolved_at",
    "closed": "closed_at",
    "reopened": "reopened_at",
}
# What a ticket is in by somebody's work only.
_OF_AN_AGENT = {"accepted", "in_progress", *WAITING}
# The steps that are counted.
_COUNTS = {"refuse": "refuse_count", "reopen": "reopen_count"}


class SalesServiceTicket(models.Model):
    """How a ticket goes from state to state, and who has it."""

    _inherit = "sales.service.ticket"

    # Steps, as buttons and over RPC

    def action_assign(self, user_id=None):
        """Hand tickets to an agent; by default take them oneself.

        :param int user_id: of an agent
        :raise AccessError: for agents, of what somebody else has or is to get
        """
        user = self.env["res.users"].browse(user_id or self.env.uid)
        self._check_state(*OPEN)
        self.write({"user_id": user.id})
        return True

    def action_accept(self):
        """The agent takes the work on."""
        return self._step("accept")

    def action_refuse(self, reason=None):
        """The agent cannot take the work on; the ticket goes back to the queue.

        :param str reason: asked for in a dialog where it is not given
        """
        if not (reason or "").strip():
            self.check_access("write")
            self._check_state(*STEPS["refuse"][0])
            action = self.env["ir.actions.actions"]._for_xml_id(
                "sales_service.sales_service_refuse_action"
            )
            return {**action, "context": {"default_ticket_ids": self.ids}}
        for ticket in self:
            ticket._message_log(
                body=self.env._(
                    "%(user)s refused the assignment: %(reason)s",
                    user=self.env.user.name,
                    reason=reason.strip(),
                )
            )
        return self._step("refuse", user_id=False)

    def action_release(self):
        """Back to the queue, by a dispatcher or by who has it."""
        return self._step("release", user_id=False)

    def action_start(self):
        """The work begins, or goes on after waiting."""
        return self._step("start")

    def action_wait_customer(self):
        return self._step("wait_customer")

    def action_wait_parts(self):
        return self._step("wait_parts")

    def action_wait_other(self):
        return self._step("wait_other")

    def action_resolve(self):
        """The work is done, with it that of all tickets that it was the cause of.

        :raise UserError: without a word on what was done
        """
        self._refuse(
            [
                self.env._(
                    "%(ticket)s: write down what was done first.",
                    ticket=ticket.display_name,
                )
                for ticket in self
                if is_html_empty(ticket.resolution)
            ]
        )
        self._step("resolve")
        # sudo: who resolves the cause resolves what it caused, whoever has that
        for ticket in self.sudo():
            caused = ticket.child_ids.filtered("is_open")
            caused.filtered(lambda one: is_html_empty(one.resolution)).write(
                {"resolution": ticket.resolution}
            )
            if caused:
                caused.action_resolve()
        return True

    def action_close(self):
        """The customer is content, or has not said otherwise in time."""
        return self._step("close")

    def action_reopen(self):
        """It was not done after all; who had it has it again."""
        return self._step("reopen")

    def action_cancel(self):
        """It was none: a mistake, a duplicate, advertising."""
        return self._step("cancel")

    def _is_reopenable(self):
        """Whether the customer's word is enough to begin again."""
        self.ensure_one()
        return self.state == "resolved" or (
            self.state == "closed"
            and self.closed_at
            >= self._get_now() - timedelta(days=self.team_id.reopen_days)
        )

    def _step(self, step, **vals):
        """Take a step of the way, all tickets or none.

        :raise UserError: naming the tickets that are in another state
        """
        states, state = STEPS[step]
        self.check_access("write")
        # The second of two at once sees what the first has done.
        write_lock(self)
        self._check_state(*states)
        if state in _OF_AN_AGENT:
            self._refuse(
                [
                    self.env._(
                        "%(ticket)s: nobody has it. Take it first.",
                        ticket=ticket.display_name,
                    )
                    for ticket in self
                    if not ticket.user_id
                ]
            )
        if state in _STAMPS:
            vals[_STAMPS[state]] = self._get_now()
        # sudo: states and moments are stamped; who may take the step was checked
        tickets = self.sudo()
        tickets._put(state, **vals)
        if step in _COUNTS:
            for ticket in tickets:
                ticket[_COUNTS[step]] += 1
        return True

    def _put(self, state, **vals):
        """Into a state and the stage of it, with one write. Called as superuser."""
        for stage, tickets in self.grouped(lambda one: one._get_stage(state)).items():
            tickets.write({**vals, "state": state, "stage_id": stage.id})

    def _follow_agent(self, before):
        """A ticket that somebody else gets is assigned, and anew to accept.

        :param before: ``{ticket: agent}`` before it was written
        :return: the tickets whose state was written
        """
        moved = self.filtered(lambda one: one.user_id != before[one] and one.is_open)
        got = moved.filtered("user_id")
        left = (moved - got).filtered(lambda one: one.state != "new")
        # sudo: the state is stamped
        got.sudo()._put("assigned", assigned_at=self._get_now())
        # sudo: the state is stamped
        left.sudo()._put("new")
        return got + left

    def _creation_subtype(self):
        return self.env.ref("sales_service.mt_ticket_new")

    def _track_subtype(self, init_values):
        self.ensure_one()
        if "state" in init_values and self.state in ("resolved", "reopened"):
            xml_id = f"sales_service.mt_ticket_{self.state}"
            return self.env["mail.message.subtype"].browse(
                self.env["ir.model.data"]._xmlid_to_res_id(xml_id)
            )
        return super()._track_subtype(init_values)

    # Stages

    def _follow_stage(self):
        """A ticket that was put into another stage takes the stage's step."""
        moved = self.filtered(
            lambda one: (
                one.stage_id and one.stage_id.state != one._get_stage(one.state).state
            )
        )
        for state, tickets in moved.grouped(lambda one: one.stage_id.state).items():
            if state == "new":
                tickets.action_release()
            elif state == "assigned":
                nobodys = tickets.filtered(lambda one: not one.user_id)
                nobodys.action_assign()
                (tickets - nobodys)._step("assign")
            elif state == "resolved":
                tickets.action_resolve()
            else:
                tickets._step(STEP_TO[state])
        # sudo: another team's column of the same state is not theirs
        self.sudo()._place()

    def _get_stage(self, state):
        """The stage for a state: that which it is in, if that is one of the state."""
        columns = self.team_id._get_columns()
        return self.stage_id.browse(column(columns, state, self.stage_id.id) or ())

    def _place(self):
        """Put tickets into the stage of their state, unless they are in one of it."""
        for stage, tickets in self.grouped(
            lambda one: one._get_stage(one.state)
        ).items():
            if tickets.stage_id != stage:
                tickets.stage_id = stage
