from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.sales_force.locking import write_lock

# Who ends the chain, by the rule's setting.
LAST = {
    "manager": "sales_force.group_sales_manager",
    "director": "sales_force.group_sales_director",
}


class SalesConsequenceStep(models.Model):
    """Whose approval a proposal needs, in order, and what each one said."""

    _name = "sales.consequence.step"
    _description = "Approval of a Proposal"
    _inherit = ["sales.stamped.mixin"]
    _order = "consequence_id, sequence, id"
    _rec_name = "user_id"

    consequence_id = fields.Many2one(
        "sales.consequence",
        "Proposal",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="consequence_id.company_id", store=True)
    sequence = fields.Integer(readonly=True)
    rep_id = fields.Many2one("sales.rep", readonly=True, ondelete="restrict")
    user_id = fields.Many2one(
        "res.users", "Approver", readonly=True, help="Empty: any director."
    )
    state = fields.Selection(
        [("waiting", "Waiting"), ("approved", "Approved"), ("refused", "Refused")],
        "Status",
        default="waiting",
        required=True,
        readonly=True,
    )
    decided_by_id = fields.Many2one(
        "res.users", "By", readonly=True, help="The approver, or who stood in."
    )
    decided_on = fields.Datetime("On", readonly=True)
    comment = fields.Text(readonly=True)

    @api.depends("user_id")
    def _compute_display_name(self):
        for step in self:
            step.display_name = step.user_id.name or self.env._("Any director")

    def _is_stamped(self, name):
        return True


class SalesConsequence(models.Model):
    """From the manager upwards, one after the other; the last approval does it."""

    _inherit = "sales.consequence"

    # Who approves

    def _get_chain(self):
        """The managers above each rep, up to the level of the rule.

        Who has left is passed over. Where the tree ends below that level, any director
        comes last: an empty rep.

        :return: ``{proposal: [rep]}``
        """
        found = {}
        for proposal in self:
            last = LAST.get(proposal.rule_id.approval)
            chain, above, reached = [], proposal.rep_id.parent_id, False
            while above and not reached:
                user = above.user_id
                if user.active and above.state == "active" and user != proposal.user_id:
                    chain.append(above)
                    reached = not last or user.has_group(last)
                above = above.parent_id
            found[proposal] = chain if reached else [*chain, above.browse()]
        return found

    def _add_steps(self):
        """Begin with the first approver."""
        self._write_steps(self._get_chain())
        self._wait()

    def _write_steps(self, chains):
        self.env["sales.consequence.step"].create(
            [
                {
                    "consequence_id": proposal.id,
                    "sequence": number,
                    "rep_id": rep.id,
                    "user_id": rep.user_id.id,
                }
                for proposal, chain in chains.items()
                for number, rep in enumerate(chain, len(proposal.step_ids))
            ]
        )

    def _wait(self):
        """Give proposals to whoever decides next; it is told once, of all of them."""
        due, told = {}, defaultdict(self.browse)
        for proposal in self:
            key = (proposal.company_id, proposal.rule_id.days)
            if key not in due:
                due[key] = self.env["sales.scorecard"]._add_working_days(*key)
            step = proposal.step_ids.filtered(lambda one: one.state == "waiting")[:1]
            proposal.write(
                {
                    "waits_for_id": step.user_id.id,
                    "waits_for_rep_id": step.rep_id.id,
                    "due_on": due[key],
                    "reminded_on": False,
                }
            )
            for user in proposal._get_deciders():
                told[user] |= proposal
        for user, proposals in told.items():
            proposals._tell(
                user,
                self.env._("Please decide: %(count)s proposals.", count=len(proposals)),
            )

    def _get_deciders(self):
        """Who is asked: the approver and who stands in today, else the directors."""
        self.ensure_one()
        company, user = self.company_id, self.waits_for_id
        if not user:
            directors = self.env.ref("sales_force.group_sales_director").all_user_ids
            return directors.filtered(
                lambda one: one != self.user_id
                and company in one.company_ids
                and one.sales_rep_ids
            )
        found = self.env["sales.cover"]._find(company, user, company._get_sales_today())
        deputy = self.env["sales.rep"].browse(found[1] if found else ()).user_id
        return user | (deputy - self.user_id)

    def _tell(self, user, body):
        if user == self.env.user:
            return
        # sudo: who is told may not be somebody whom the user reads
        self[:1].sudo().message_notify(
            partner_ids=user.partner_id.ids,
            subject=self.env._("Proposals from Scores"),
            body=body,
        )

    def _renew_steps(self):
        """Who decides follows the tree of today; what was decided stays.

        :return: the proposals of which the approvers have changed
        """
        changed = self.browse()
        for proposal, chain in self._get_chain().items():
            waiting = proposal.step_ids.filtered(lambda one: one.state == "waiting")
            done = (proposal.step_ids - waiting).rep_id
            chain = [rep for rep in chain if rep not in done]
            if [rep.id for rep in chain] == [step.rep_id.id for step in waiting]:
                continue
            waiting.unlink()
            proposal._write_steps({proposal: chain})
            changed |= proposal
        for proposal in changed.filtered(lambda one: not one._get_waiting()):
            # Who is above now has decided already.
            proposal._conclude("approved", proposal.step_ids[-1:])
        changed.filtered(lambda one: one.state == "proposed")._wait()
        return changed

    def _get_waiting(self):
        return self.step_ids.filtered(lambda one: one.state == "waiting")[:1]

    # Deciding

    def action_approve(self):
        """Approve as the one whose turn it is; the last one's approval does it.

        :raise AccessError: for everybody else, and for oneself
        :raise UserError: for what is decided
        """
        self._decide("approved")
        return True

    def action_refuse(self):
        """Ask for the reason."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse"),
            "res_model": "sales.consequence.refuse",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_consequence_ids": self.ids},
        }

    def _decide(self, state, comment=None):
        """Take the step that waits.

        Two at once: the second one is run again, and finds it decided.

        :param str state: ``approved`` or ``refused``
        :raise UserError: without a reason of a refusal, and for what is decided
        :raise AccessError: when it is not the user's turn
        """
        self.check_access("read")
        if state == "refused" and not (comment and comment.strip()):
            raise UserError(self.env._("Say why."))
        self._lock()
        for proposal in self:
            proposal._check_turn()
        # sudo: stamped by the system; whose turn it is was checked above
        proposals = self.sudo()
        goes_on = proposals.browse()
        for proposal in proposals:
            step = proposal._get_waiting()
            step.write(
                {
                    "state": state,
                    "decided_by_id": self.env.uid,
                    "decided_on": fields.Datetime.now(),
                    "comment": comment,
                }
            )
            proposal._log_step(step)
            if state == "refused" or not proposal._get_waiting():
                proposal._conclude(state, step)
            else:
                goes_on |= proposal
        goes_on._wait()

    def _lock(self):
        self.env.flush_all()
        write_lock(self)
        self.invalidate_recordset(flush=False)

    def _check_turn(self):
        """:raise UserError: for what is decided; AccessError: for who must not"""
        if self.state != "proposed":
            raise UserError(
                self.env._(
                    "%(proposal)s: this is decided already.", proposal=self.display_name
                )
            )
        if self.user_id == self.env.user:
            raise AccessError(self.env._("Nobody decides for themselves."))
        if not self.may_decide:
            raise AccessError(
                self.env._(
                    "%(proposal)s waits for %(user)s.",
                    proposal=self.display_name,
                    user=self.waits_for_id.name or self.env._("a director"),
                )
            )

    def _log_step(self, step):
        labels = dict(step._fields["state"]._description_selection(self.env))
        text = self.env._(
            "%(state)s: %(comment)s",
            state=labels[step.state],
            comment=step.comment or "–",
        )
        if step.user_id and step.user_id != self.env.user:
            text += " " + self.env._("(In place of %(user)s.)", user=step.user_id.name)
        self.message_post(body=text)

    def _conclude(self, state, step):
        self.write(
            {
                "state": state,
                "decided_on": self.company_id._get_sales_today(),
                "decided_by_id": step.decided_by_id.id,
                "decision": step.comment,
                "waits_for_id": False,
                "waits_for_rep_id": False,
                "due_on": False,
            }
        )
        if state == "approved":
            self._apply()
            self._tell(
                self.user_id,
                self.env._("It was decided on you: please see your file."),
            )

    def _withdraw(self, reasons):
        """Not to be decided any more.

        :param dict reasons: ``{proposal: words}``
        """
        for proposal, reason in reasons.items():
            proposal.write(
                {
                    "state": "withdrawn",
                    "withdrawn_because": reason,
                    "waits_for_id": False,
                    "waits_for_rep_id": False,
                    "due_on": False,
                }
            )
            proposal.message_post(
                body=self.env._("Withdrawn: %(reason)s", reason=reason)
            )

    @api.model
    def _cron_remind(self):
        """Once a day, whoever is late is told of all that waits."""
        late = self.search([("is_late", "=", True)])
        for company, proposals in late.grouped("company_id").items():
            today = company._get_sales_today()
            waiting = defaultdict(self.browse)
            proposals = proposals.filtered(
                lambda one, today=today: one.due_on < today and one.reminded_on != today
            )
            for proposal in proposals:
                for user in proposal._get_deciders():
                    waiting[user] |= proposal
            for user, mine in waiting.items():
                mine._tell(
                    user,
                    self.env._(
                        "%(count)s proposals have waited for you since %(date)s.",
                        count=len(mine),
                        date=min(mine.mapped("due_on")),
                    ),
                )
            proposals.write({"reminded_on": today})
