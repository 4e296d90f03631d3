from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..deals.approval import covers
from ..jobs import go_on
from ..locking import write_lock

ACTIVITY = "sales_force.mail_activity_type_approval"
OPEN = ("later", "waiting")


class SalesApprovalRequest(models.Model):
    """What was asked for a document, of whom, and what they decided.

    It is never deleted: what does not count any more is void. What is approved are its
    steps, each with the terms on which it was.
    """

    _name = "sales.approval.request"
    _description = "Approval Request"
    _inherit = ["sales.stamped.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char("Document", required=True, readonly=True)
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Record", model_field="res_model", required=True, readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Owner", readonly=True, index=True)
    rep_id = fields.Many2one("sales.rep", readonly=True, index="btree_not_null")
    requested_by_id = fields.Many2one("res.users", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    amount = fields.Monetary(
        readonly=True, help="Untaxed, in company currency, when it was asked."
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    note = fields.Text(readonly=True)
    step_ids = fields.One2many("sales.approval.step", "request_id", "Steps")
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("auto", "Within Authority"),
            ("void", "Void"),
        ],
        "Status",
        compute="_compute_state",
        store=True,
        index=True,
    )
    reasons = fields.Text("Why", compute="_compute_reasons")
    may_decide = fields.Boolean(
        compute="_compute_may_decide",
        search="_search_may_decide",
        help="It is the current user's turn.",
    )

    _document_index = models.Index("(res_model, res_id)")

    @api.depends("step_ids.state")
    def _compute_state(self):
        for request in self:
            states = set(request.step_ids.mapped("state"))
            for state in ("refused", "waiting", "later", "approved", "auto", "void"):
                if state in states:
                    request.state = "waiting" if state == "later" else state
                    break
            else:
                request.state = "waiting"

    @api.depends("step_ids.state", "step_ids.reason")
    def _compute_reasons(self):
        for request in self:
            steps = request.step_ids.filtered(lambda step: step.state != "void")
            reasons = (steps or request.step_ids).mapped("reason")
            request.reasons = "\n".join(filter(None, reasons))

    @api.depends("step_ids.state", "step_ids.user_ids")
    @api.depends_context("uid")
    def _compute_may_decide(self):
        for request in self:
            request.may_decide = any(
                step.state == "waiting" and self.env.user in step.user_ids
                for step in request.step_ids
            )

    @api.model
    def _search_may_decide(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain(
            "step_ids",
            "any",
            [("state", "=", "waiting"), ("user_ids", "in", self.env.uid)],
        )
        return domain if True in value else ~domain

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Approval requests stay on file: withdraw it."))

    # Deciding

    def action_approve(self):
        """Approve all own steps whose turn it is; of many requests at once."""
        self._decide("approved")

    def action_refuse(self, comment=None):
        """Refuse all own steps whose turn it is.

        :param comment: why; without one it is asked for
        """
        if comment:
            return self._decide("refused", comment)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse"),
            "res_model": "sales.approval.refuse",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_request_ids": [fields.Command.set(self.ids)]},
        }

    def action_withdraw(self):
        """The owner does not ask any longer.

        :raise AccessError: for everybody else
        """
        for request in self:
            if self.env.user not in request.user_id + request.requested_by_id:
                raise AccessError(
                    self.env._("Who asked for it withdraws an approval request.")
                )
        write_lock(self)
        self._get_steps().filtered(lambda step: step.state in OPEN)._void(
            self.env._("withdrawn")
        )

    def action_open_document(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def _decide(self, verdict, comment=None):
        """Two who decide at once come one by one; once more the same is no error.

        :raise AccessError: when it is not the user's to decide
        :raise UserError: when it is decided otherwise, or without a reason to refuse
        """
        self.check_access("read")
        if verdict == "refused" and not (comment and comment.strip()):
            raise UserError(self.env._("Say why it is refused."))
        write_lock(self)
        self.invalidate_recordset()
        for request in self:
            steps = request._get_steps()
            steps.filtered(lambda step: step.state == "waiting")._sync_users()
            mine = steps.filtered(
                lambda step: step.state == "waiting" and self.env.user in step.user_ids
            )
            if mine:
                mine._stamp(verdict, comment, self.env.user)
                request._follow(mine)
            elif not steps.filtered(
                lambda step: step.state == verdict
                and step.decided_by_id == self.env.user
            ):
                request._refuse_late(steps)

    def _refuse_late(self, steps):
        """:raise UserError: saying who was faster, or that it is not one's turn"""
        if self.state == "void":
            raise UserError(
                self.env._(
                    "%(document)s has changed or was withdrawn: there is nothing to "
                    "decide.",
                    document=self.name,
                )
            )
        decided = steps.filtered("decided_by_id")
        if self.state != "waiting" and decided:
            raise UserError(
                self.env._(
                    "%(document)s: %(user)s has decided already.",
                    document=self.name,
                    user=decided[-1].decided_by_id.name,
                )
            )
        raise AccessError(
            self.env._("%(document)s is not yours to decide now.", document=self.name)
        )

    def _follow(self, decided):
        """What comes of a decision: the next turn, or the end, and who hears of it."""
        request = self.sudo()  # sudo: approvers do not write what follows
        state = decided[:1].state
        if state == "refused":
            request.step_ids.filtered(lambda step: step.state in OPEN)._void(
                self.env._("refused by another approver"), tell=False
            )
        request._advance()
        values = {
            "document": request.name,
            "user": self.env.user.name,
            "rules": ", ".join(decided.mapped("name")),
        }
        if state == "approved":
            subject = self.env._("%(document)s: approved", **values)
            text = self.env._("%(user)s approved: %(rules)s", **values)
        else:
            subject = self.env._("%(document)s: refused", **values)
            text = self.env._("%(user)s refused: %(rules)s", **values)
        if comment := decided[:1].comment:
            text = self.env._("%(text)s — %(comment)s", text=text, comment=comment)
        document = request._get_document()
        if document:
            document.message_post(body=text, author_id=self.env.user.partner_id.id)
        if request.state == "waiting":
            return
        people = request.user_id | request.requested_by_id
        request._tell(people - self.env.user, subject, text)
        if document and request.state == "approved":
            document._after_sales_approval()

    def _tell(self, users, subject, body):
        if users:
            self.message_notify(
                partner_ids=users.partner_id.ids, subject=subject, body=body
            )

    def _get_document(self):
        return self.env[self.res_model].browse(self.res_id).exists()

    def _get_steps(self):
        """All steps, whose they are."""
        # sudo: whose turn it is decides, not who may read the steps of others
        return self.sudo().step_ids

    def _advance(self):
        """Ask those of the next turn, when all before have approved."""
        for request in self:
            steps = request.step_ids
            if not steps.filtered(lambda step: step.state == "waiting"):
                later = steps.filtered(lambda step: step.state == "later")
                stage = min(later.mapped("stage"), default=0)
                later.filtered(lambda step, s=stage: step.stage == s)._ask()
            steps._sync_activities()


class SalesApprovalStep(models.Model):
    """One approver's part of a request: one rule, one turn, one decision."""

    _name = "sales.approval.step"
    _description = "Approval Step"
    _inherit = "sales.stamped.mixin"
    _order = "request_id desc, stage, id"
    _sales_stamped = frozenset(("state", "user_ids", "snapshot", "decided_by_id"))

    request_id = fields.Many2one(
        "sales.approval.request",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Record", model_field="res_model", required=True, readonly=True
    )
    rule_id = fields.Many2one(
        "sales.approval.rule", readonly=True, index=True, ondelete="set null"
    )
    approver_id = fields.Many2one(
        "sales.approval.approver", readonly=True, ondelete="set null"
    )
    name = fields.Char("Approval Of", required=True, readonly=True)
    reason = fields.Text("Why", readonly=True)
    stage = fields.Integer("Turn", readonly=True, aggregator=None)
    snapshot = fields.Json(readonly=True)
    value = fields.Float("Measured", readonly=True, aggregator="avg")
    authority = fields.Float(
        "Authority",
        readonly=True,
        aggregator="avg",
        help="What the rep's own grade could decide about when it was asked.",
    )
    principal_ids = fields.Many2many(
        "res.users",
        "sales_approval_step_principal_rel",
        string="Approvers",
        readonly=True,
    )
    user_ids = fields.Many2many(
        "res.users",
        "sales_approval_step_user_rel",
        string="May Decide",
        readonly=True,
        help="The approvers, and who stands in for them today.",
    )
    state = fields.Selection(
        [
            ("later", "Later"),
            ("waiting", "Waiting"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("auto", "Within Authority"),
            ("void", "Void"),
        ],
        "Status",
        default="later",
        required=True,
        readonly=True,
        index=True,
    )
    asked_on = fields.Datetime("Asked", readonly=True)
    remind_on = fields.Datetime(readonly=True)
    escalate_on = fields.Datetime(readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True)
    decided_on = fields.Datetime("Decided", readonly=True)
    hours = fields.Float(
        "Hours to Decide", readonly=True, help="Working hours.", aggregator="avg"
    )
    comment = fields.Text(readonly=True)

    _document_index = models.Index("(res_model, res_id)")

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Approval requests stay on file: withdraw it."))

    def _covers(self, finding):
        """Whether what was approved, or is being asked, holds for what is found now."""
        return covers(self.snapshot, finding.snapshot)

    def _set_deadline(self, name):
        """When so many working hours of the company from now on have passed."""
        times = self.env["sales.working.time"]
        now = fields.Datetime.now()
        moments = {}
        for step in self:
            hours = step.rule_id[name]
            company = step.request_id.company_id
            if hours and (company, hours) not in moments:
                moments[company, hours] = times.add_hours(company, now, hours)[company]
            step[name.replace("_hours", "_on")] = moments.get((company, hours))

    def _ask(self):
        self.write({"state": "waiting", "asked_on": fields.Datetime.now()})
        self._set_deadline("remind_hours")
        self._set_deadline("escalate_hours")
        self._sync_users()
        for step in self.filtered(lambda step: not step.user_ids):
            step._escalate()

    def _sync_users(self):
        """The approvers and who stands in for them today, but nobody whose own it is.

        That is the owner, who asked, who made the document, and who stands in for the
        owner.
        """
        covers_model = self.env["sales.cover"]
        for step in self:
            request = step.request_id
            company = request.company_id
            today = company._get_sales_today()

            def deputies(users, company=company, today=today):
                found = [covers_model._find(company, user, today) for user in users]
                return (
                    self.env["sales.rep"]
                    .browse([cover[1] for cover in found if cover])
                    .user_id
                )

            document = request._get_document()
            own = request.user_id + request.requested_by_id
            if document:
                own += document._get_sales_approval_own()
            own |= deputies(request.user_id)
            users = step.principal_ids
            users = (users | deputies(users)).filtered("active") - own
            if users != step.user_ids:
                step.user_ids = users

    def _sync_activities(self):
        """Each who may decide a waiting step has one activity for the request."""
        for request in self.request_id:
            waiting = request.step_ids.filtered(lambda step: step.state == "waiting")
            users = waiting.user_ids
            kept = request.activity_search([ACTIVITY])
            kept.filtered_domain([("user_id", "not in", users.ids)]).unlink()
            for user in users - kept.exists().user_id:
                env = self.with_context(lang=user.lang).env
                request.activity_schedule(
                    ACTIVITY,
                    user_id=user.id,
                    summary=env._("Approve %(document)s", document=request.name),
                    note=env._(
                        "Mark as done to approve; open it to read why, or to refuse."
                    ),
                )

    def _stamp(self, state, comment, user):
        now = fields.Datetime.now()
        times = self.env["sales.working.time"]
        for step in self:
            company = step.request_id.company_id
            between = times.hours_between(company, step.asked_on, now)
            step.write(
                {
                    "state": state,
                    "comment": comment,
                    "decided_by_id": user.id,
                    "decided_on": now,
                    "hours": between[company],
                }
            )

    def _void(self, reason, tell=True):
        """They count no longer; the document says which, and why."""
        self.write({"state": "void"})
        for request in self.request_id:
            steps = self.filtered(lambda step, r=request: step.request_id == r)
            document = request._get_document()
            if tell and document:
                document.message_post(
                    body=self.env._(
                        "No longer approved or asked for: %(rules)s (%(reason)s)",
                        rules=", ".join(sorted(set(steps.mapped("name")))),
                        reason=reason,
                    )
                )
            request._advance()

    @api.model
    def _cron_remind(self):
        """Deputies of today, reminders, and escalation to the managers above.

        What nobody may decide any more, who has left or stands in for the owner, goes
        up at once.
        """
        steps = self.search([("state", "=", "waiting")])
        for request, waiting in steps.grouped("request_id").items():
            with go_on(self.env, f"Approval request {request.id}"):
                waiting._remind(request)

    def _remind(self, request):
        """:param request: whose steps they are"""
        now = fields.Datetime.now()
        self._sync_users()
        for step in self:
            if not step.user_ids or (step.escalate_on and step.escalate_on <= now):
                step._escalate()
        self._sync_activities()
        due = self.filtered(lambda step: step.remind_on and step.remind_on <= now)
        if due:
            request._tell(
                due.user_ids,
                self.env._("%(document)s waits", document=request.name),
                self.env._("Please approve or refuse: others wait for it."),
            )
            due._set_deadline("remind_hours")

    def _escalate(self):
        """The managers above may decide as well; above the topmost the directors."""
        company = self.request_id.company_id
        managers = self.principal_ids.sales_rep_ids.filtered(
            lambda rep: rep.company_id == company
        ).parent_id.user_id.filtered("active")
        directors = self.env.ref("sales_force.group_sales_director").all_user_ids
        self.principal_ids |= managers or directors.filtered(
            lambda user: user.active and company in user.company_ids
        )
        self.escalate_on = False
        self._sync_users()


class MailActivity(models.Model):
    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        """To mark the activity of an approval as done is to approve."""
        kind = self.env.ref(ACTIVITY, raise_if_not_found=False)
        own = self.filtered(
            lambda activity: activity.activity_type_id == kind
            and activity.res_model == "sales.approval.request"
        )
        requests = self.env["sales.approval.request"].browse(own.mapped("res_id"))
        result = super()._action_done(feedback, attachment_ids)
        requests._decide("approved", feedback or None)
        return result
