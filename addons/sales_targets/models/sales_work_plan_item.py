from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from odoo.tools.misc import format_amount

from .. import asked
from ..work import sources
from ..work.kind import WorkKind


class SalesWorkPlanItem(models.Model):
    """Something to do on a day, about a customer or document: a name, not a number.

    Rows are written by their actions only. What a document proves ticks itself, see
    ``sales.work.plan._tick``; tasks and standard work are ticked by hand.
    """

    _name = "sales.work.plan.item"
    _description = "Item of a Work Plan"
    _order = "plan_id, sequence, id"
    _log_access = False

    plan_id = fields.Many2one(
        "sales.work.plan", required=True, readonly=True, ondelete="cascade"
    )
    rep_id = fields.Many2one(related="plan_id.rep_id", string="Rep")
    date = fields.Date(related="plan_id.date")
    company_id = fields.Many2one(related="plan_id.company_id")
    sequence = fields.Integer(readonly=True)
    kind = fields.Selection("_selection_kind", required=True, readonly=True)
    key = fields.Char(
        readonly=True, help="Names what is proposed: once a day. Empty: a task."
    )
    document = fields.Char(
        "About", readonly=True, help="Of several items about the same one is enough."
    )
    partner_id = fields.Many2one(
        "res.partner", "Customer", readonly=True, ondelete="set null"
    )
    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        "Document", model_field="res_model", readonly=True
    )
    name = fields.Char(
        "What",
        readonly=True,
        help="The document when it was proposed, or what is to be done; in the rep's "
        "language.",
    )
    title = fields.Char(compute="_compute_title", help="What it is about.")
    cause = fields.Char(readonly=True)
    amount = fields.Float(digits=(16, 2), readonly=True, aggregator=None)
    since = fields.Date(readonly=True)
    why = fields.Char("Why", compute="_compute_why")
    minutes = fields.Integer(readonly=True)
    value = fields.Float(
        "Expected Contribution",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="To the core plan, by the rep's own rates.",
    )
    origin = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("rep", "By the rep"),
            ("leader", "By the leader"),
        ],
        "Added",
        required=True,
        readonly=True,
        default="proposed",
    )
    asked_by_id = fields.Many2one("res.users", "Given By", readonly=True)
    must = fields.Boolean(
        readonly=True, help="A task or standard work: it cannot be dropped by the rep."
    )
    by_hand = fields.Boolean(
        compute="_compute_by_hand",
        store=True,
        precompute=True,
        help="Ticked by hand: no document proves it.",
    )
    carries = fields.Integer(
        "Carried Over", readonly=True, aggregator=None, help="How often, until now."
    )
    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("accepted", "Accepted"),
            ("done", "Done"),
            ("missed", "Not done"),
            ("dropped", "Dropped"),
        ],
        "Status",
        required=True,
        readonly=True,
        default="proposed",
    )
    done_on = fields.Datetime("Done At", readonly=True)
    reason_id = fields.Many2one(
        "sales.miss.reason", "Why Not", readonly=True, ondelete="restrict"
    )
    note = fields.Char(readonly=True)
    agreed_by_id = fields.Many2one(
        "res.users",
        "Agreed By",
        readonly=True,
        help="Who leads the rep and agrees that it was dropped: it does not count as "
        "planned.",
    )
    is_counted = fields.Boolean(
        "Counts as Planned",
        compute="_compute_is_counted",
        help="What was accepted counts, also when it is dropped afterwards, unless who "
        "leads the rep agrees or its document is gone.",
    )
    carry = fields.Boolean(
        "Carry Over", readonly=True, help="On the plan of the next working day."
    )

    _key_uniq = models.UniqueIndex("(plan_id, key) WHERE key IS NOT NULL")
    _plan_idx = models.Index("(plan_id, state)")
    _reason_idx = models.Index("(reason_id) WHERE reason_id IS NOT NULL")
    _partner_idx = models.Index("(partner_id) WHERE partner_id IS NOT NULL")

    @api.model
    def _get_kinds(self):
        """The kinds of work by code, in the order in which they are listed.

        Other addons add theirs, see ``work.kind.WorkKind``.
        """
        _ = self.env._
        asked = {
            "asked": _("Given by your leader"),
            "added": _("Added by yourself"),
        }
        return {
            "visit": WorkKind(
                _("Visit"),
                icon="fa-map-marker",
                minutes=30,
                metric="VISITS",
                candidates=sources.visits,
                done=sources.visits_done,
                causes={
                    "planned": _("The visit is planned"),
                    "class": _("A visit is due for %(days)s days"),
                    "never_visited": _("Never visited yet"),
                    "pool": _("Goes back to the pool in %(days)s days"),
                    **asked,
                },
                addable=True,
            ),
            "quote": WorkKind(
                _("Quotation"),
                icon="fa-file-text-o",
                minutes=30,
                metric="QUOTATIONS",
                candidates=sources.quotations,
                done=sources.quotations_done,
                gone=sources.quotations_gone,
                causes={
                    "expected": _("No quotation yet; %(amount)s expected"),
                    "no_quotation": _("No quotation yet"),
                    "draft": _("The draft of %(amount)s is not sent"),
                    "visited": _("Visited %(days)s days ago, no quotation since"),
                    **asked,
                },
                addable=True,
            ),
            "follow": WorkKind(
                _("Follow a quotation"),
                icon="fa-phone",
                minutes=15,
                metric="QUOTATIONS",
                candidates=sources.open_quotations,
                done=sources.open_quotations_done,
                gone=sources.open_quotations_gone,
                causes={
                    "sent": _("%(amount)s, sent %(days)s days ago"),
                    "expires": _("%(amount)s, expires in %(days)s days"),
                    "expired": _("%(amount)s, expired %(days)s days ago"),
                },
            ),
            "collect": WorkKind(
                _("Collect"),
                icon="fa-money",
                minutes=15,
                metric="COLLECTED",
                candidates=sources.overdue,
                done=sources.overdue_done,
                gone=sources.overdue_gone,
                causes={"overdue": _("%(days)s days overdue, %(amount)s")},
            ),
            "lead": WorkKind(
                _("Answer a lead"),
                icon="fa-reply",
                minutes=15,
                metric="QUOTATIONS",
                candidates=sources.leads,
                done=sources.leads_done,
                gone=sources.leads_gone,
                causes={
                    "new": _("New today"),
                    "unanswered": _("Waits for an answer for %(days)s days"),
                },
            ),
            "activity": WorkKind(
                _("Activity"),
                icon="fa-clock-o",
                candidates=sources.activities,
                done=sources.activities_done,
                gone=sources.activities_gone,
                causes={
                    "late": _("Due for %(days)s days"),
                    "today": _("Due today"),
                },
            ),
            "task": WorkKind(
                _("Task"), icon="fa-thumb-tack", addable=True, causes=asked
            ),
            "standard": WorkKind(
                _("Standard work"),
                icon="fa-list-alt",
                candidates=sources.standard,
                causes={"standard": _("Always on this day")},
            ),
        }

    @api.model
    def _selection_kind(self):
        return [(code, kind.label) for code, kind in self._get_kinds().items()]

    @api.depends("kind")
    def _compute_by_hand(self):
        kinds = self._get_kinds()
        for item in self:
            item.by_hand = item.kind in kinds and kinds[item.kind].done is None

    @api.depends("state", "reason_id", "agreed_by_id")
    def _compute_is_counted(self):
        for item in self:
            item.is_counted = item.state != "dropped" or bool(
                item.reason_id and not item.agreed_by_id
            )

    @api.depends("name", "partner_id")
    def _compute_title(self):
        """The customer, and the document or what is to be done.

        Whoever is to do it may know the names, whether or not the document opens.
        """
        for item in self:
            # sudo: see above
            parts = item.sudo().partner_id.display_name, item.name
            item.title = " · ".join(filter(None, parts)) or False

    @api.depends("kind", "cause", "amount", "since", "date")
    def _compute_why(self):
        kinds = self._get_kinds()
        for item in self:
            causes = kinds[item.kind].causes if item.kind in kinds else {}
            words = causes.get(item.cause)
            item.why = words and item._fill_in(words)

    def _fill_in(self, words):
        """The words of a cause, with what they may name."""
        days = abs((self.date - self.since).days) if self.since and self.date else 0
        amount = ""
        if "%(amount)s" in words:
            # sudo: only the company's currency
            currency = self.sudo().company_id.currency_id
            amount = format_amount(self.env, self.amount, currency)
        return words % {"days": days, "amount": amount}

    @api.model
    def _get_done_and_gone(self, company):
        """The ids of the relation ``work`` that are done, and those that are gone.

        :return: two SELECTs over the kinds
        """
        timezone = company._get_sales_timezone()
        selects = []
        for name in ("done", "gone"):
            parts = [
                SQL(
                    """SELECT id FROM (WITH work AS (SELECT * FROM work WHERE kind = %s)
                    %s) of_kind""",
                    code,
                    getattr(kind, name)(timezone),
                )
                for code, kind in self._get_kinds().items()
                if getattr(kind, name)
            ]
            selects.append(SQL(" UNION ").join(parts))
        return selects

    # The rep

    def _check_own_open(self):
        self.plan_id._check_own()
        self.plan_id._check_open()

    def _set_state(self, state, reason=None, note=None):
        # sudo: stamped by the item's own actions, which check who may
        self.sudo().write(
            {
                "state": state,
                "done_on": fields.Datetime.now() if state == "done" else False,
                "reason_id": reason and reason.id,
                "note": (note or "").strip() or False,
                "agreed_by_id": False,
            }
        )

    def action_accept(self):
        """Accept what is proposed, or take back what was dropped.

        :raise AccessError: for the plan of somebody else
        :raise UserError: when it is closed or its day is over
        """
        self._check_own_open()
        self.filtered(lambda i: i.state in ("proposed", "dropped"))._set_state(
            "accepted"
        )
        self.plan_id._begin()
        return True

    def action_drop(self, reason_id=None, note=None):
        """Leave work out, for this day.

        What is only proposed is left out freely. What was accepted was promised: it
        counts as planned and not done, see ``action_agree``.

        :param int reason_id: of a ``sales.miss.reason``; needed for what was accepted
        :param str note: about it
        :raise AccessError: for the plan of somebody else
        :raise UserError: when it is closed or its day is over, for tasks and standard
            work, for what is done, and for what was accepted without a reason
        """
        self._check_own_open()
        for item in self:
            if item.must:
                raise UserError(
                    self.env._(
                        "“%(item)s” always applies: tick it, or say in the evening why "
                        "it was not done.",
                        item=item.title,
                    )
                )
            if item.state == "done":
                raise UserError(
                    self.env._("“%(item)s” is done already.", item=item.title)
                )
        self.filtered(lambda i: i.state == "proposed")._set_state("dropped")
        promised = self.filtered(lambda i: i.state == "accepted")
        if promised:
            promised._set_state("dropped", promised._get_reason(reason_id), note)
        self.plan_id._begin()
        return True

    def _get_reason(self, reason_id):
        """:raise UserError: naming these, for no reason that is used"""
        reasons = self.env["sales.miss.reason"].search([])
        reason = reasons.filtered(lambda reason: reason.id == reason_id)
        if not reason:
            raise UserError(
                self.env._(
                    "You have accepted “%(items)s”: say why you drop it.",
                    items=", ".join(item.title or item.kind for item in self),
                )
            )
        return reason

    def action_agree(self):
        """Agree that work was dropped after it was accepted: it does not count.

        :raise AccessError: for who does not lead the rep
        :raise UserError: for what was not dropped for a reason, and once the plan was
            reviewed
        """
        plans = self.plan_id
        plans.check_access("read")
        if any(plan.user_id == self.env.user for plan in plans) or not (
            plans._is_above()
        ):
            raise AccessError(
                self.env._("Who leads the rep agrees that work is dropped.")
            )
        plans._lock_plan()
        for item in self:
            if item.state != "dropped" or not item.reason_id:
                raise UserError(
                    self.env._(
                        "“%(item)s” was not dropped after it was accepted: there is "
                        "nothing to agree to.",
                        item=item.title,
                    )
                )
            if item.plan_id.state in ("reviewed", "void"):
                raise UserError(
                    self.env._(
                        "%(plan)s was reviewed: it stays as it was.",
                        plan=item.plan_id.display_name,
                    )
                )
        # sudo: stamped by the item's own action
        self.sudo().agreed_by_id = self.env.user
        plans._mark_credits()
        return True

    def action_done(self, done=True):
        """Tick tasks and standard work, or take the tick back.

        :raise AccessError: for the plan of somebody else
        :raise UserError: when it is closed or its day is over, and for what its
            document proves
        """
        self._check_own_open()
        for item in self:
            if not item.by_hand:
                raise UserError(
                    self.env._(
                        "“%(item)s” ticks itself when it has happened: open it and do "
                        "it there.",
                        item=item.title,
                    )
                )
        self._set_state("done" if done else "accepted")
        self.plan_id._begin()
        return True

    def action_open(self):
        """Open the real document; of a visit, the visit itself, made if there is none.

        :raise AccessError: when the user may not read the document
        :raise UserError: where there is none any more
        """
        asked.one(self)
        self.check_access("read")
        if self.kind == "visit" and self.rep_id.user_id == self.env.user:
            return self._open_visit()
        model, id_ = self._get_document()
        if model not in self.env or not self.env[model].browse(id_).exists():
            raise UserError(self.env._("The document no longer exists."))
        self.env[model].browse(id_).check_access("read")
        if self.kind == "quote" and model == "res.partner":
            return self._new_quotation()
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "res_id": id_,
            "views": [(False, "form")],
        }

    def _get_document(self):
        """``(model, id)`` of what opens; of an activity the document it is about."""
        if self.res_model == "mail.activity":
            # sudo: only which document; that one is checked
            activity = self.env["mail.activity"].sudo()
            activity = activity.with_context(active_test=False).browse(self.res_id)
            return (
                (activity.res_model, activity.res_id) if activity.exists() else ("", 0)
            )
        return self.res_model or "", self.res_id

    def _open_visit(self):
        """The visit that lasts, is planned for today or ended, else a new one."""
        today = self.company_id._get_sales_today()
        visits = self.env["sales.visit"].with_company(self.company_id)
        self.partner_id.check_access("read")
        found = visits.search(
            [
                ("rep_id", "=", self.rep_id.id),
                ("commercial_partner_id", "=", self.partner_id.id),
                "|",
                ("state", "=", "started"),
                "&",
                ("state", "in", ("planned", "done", "closed")),
                ("date", "=", today),
            ],
            order="state desc, date_planned",
            limit=1,
        )
        if not found:
            self._check_own_open()
            found = visits.create(
                {
                    "partner_id": self.partner_id.id,
                    "rep_id": self.rep_id.id,
                    "is_appointment": False,
                }
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "sales.visit",
            "res_id": found.id,
            "views": [(False, "form")],
        }

    def _new_quotation(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Quotation"),
            "res_model": "sale.order",
            "views": [(False, "form")],
            "context": {"default_partner_id": self.partner_id.id},
        }

    # The evening

    def _explain(self, answers):
        """Note why these were not done.

        :raise UserError: naming those without a reason, and for no reason that is used
        """
        reasons = self.env["sales.miss.reason"].search([])
        missing, found = [], []
        for item in self:
            answer = answers.get(str(item.id)) or answers.get(item.id) or {}
            reason_id = asked.record_id(self.env, answer.get("reason_id"))
            reason = reasons.browse(reason_id or ()) & reasons
            if not reason:
                missing.append(item.title or item.kind)
                continue
            carry = answer.get("carry", item.kind != "standard")
            note = asked.words(self.env, answer.get("note"))
            found.append((item, reason, note, carry))
        if missing:
            raise UserError(
                self.env._(
                    "Say why it was not done: %(items)s", items=", ".join(missing)
                )
            )
        for item, reason, note, carry in found:
            item.sudo().write(  # sudo: stamped by the review of the rep's own plan
                {
                    "state": "missed",
                    "reason_id": reason.id,
                    "note": note or False,
                    "carry": bool(carry) and item.kind != "standard",
                }
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_plan(self):
        if not self.env.su:
            raise AccessError(self.env._("Items of a work plan are not deleted."))
