from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

_FACTS = frozenset(("reason_id", "description", "decision", "line_ids"))


class SalesDispute(models.Model):
    """A customer does not agree with items: they are not dunned until it is decided.

    Somebody above the salesperson decides, or finance, never who opened the dispute.
    Where the customer is right the items stay undunned, for a credit note is to come.
    """

    _name = "sales.dispute"
    _description = "Dispute"
    _inherit = ["sales.owed.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "opened_on desc, id desc"
    _mail_post_access = "read"
    _sales_stamped = frozenset(
        ("state", "opened_by_id", "opened_on", "decided_by_id", "decided_on")
    )

    line_ids = fields.One2many("sales.dispute.line", "dispute_id", "Items")
    reason_id = fields.Many2one(
        "sales.dispute.reason", required=True, ondelete="restrict", tracking=True
    )
    description = fields.Text("What Is Wrong", required=True)
    amount = fields.Monetary(
        currency_field="company_currency_id",
        compute="_compute_amount",
        store=True,
        help="What was open of the items when the dispute was opened.",
    )
    opened_by_id = fields.Many2one(
        "res.users", "Opened By", readonly=True, default=lambda self: self.env.user
    )
    opened_on = fields.Date(
        "Raised",
        compute="_compute_opened_on",
        store=True,
        readonly=False,
        precompute=True,
    )
    state = fields.Selection(
        [
            ("open", "Open"),
            ("accepted", "Customer is right"),
            ("rejected", "Items stand"),
            ("withdrawn", "Withdrawn"),
        ],
        "Status",
        required=True,
        readonly=True,
        default="open",
        copy=False,
        tracking=True,
    )
    decision = fields.Text("Reason of the Decision", copy=False)
    decided_by_id = fields.Many2one(
        "res.users", "Decided By", readonly=True, copy=False
    )
    decided_on = fields.Date("Decided", readonly=True, copy=False)
    days_open = fields.Integer(
        compute="_compute_days_open",
        store=True,
        aggregator="avg",
        help="From the opening to the decision; 0 while it is open.",
    )
    may_decide = fields.Boolean(compute="_compute_may_decide")

    @api.depends("company_id")
    def _compute_opened_on(self):
        """The day in the company when it is opened."""
        for dispute in self:
            company = dispute.company_id or self.env.company
            dispute.opened_on = company._get_sales_today()

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for dispute in self:
            dispute.amount = sum(dispute.line_ids.mapped("amount"))

    @api.depends("opened_on", "decided_on")
    def _compute_days_open(self):
        for dispute in self:
            decided = dispute.decided_on
            dispute.days_open = decided and (decided - dispute.opened_on).days

    @api.depends("reason_id", "partner_id")
    def _compute_display_name(self):
        for dispute in self:
            dispute.display_name = self.env._(
                "%(customer)s: %(reason)s",
                customer=dispute.partner_id.display_name,
                reason=dispute.reason_id.name,
            )

    @api.depends("state", "opened_by_id", "partner_id")
    @api.depends_context("uid")
    def _compute_may_decide(self):
        user = self.env.user
        judge = user.has_groups(
            "sales_force.group_sales_leader,sales_force.group_sales_finance"
        )
        for dispute in self:
            dispute.may_decide = (
                judge
                and dispute.state == "open"
                and user not in (dispute.opened_by_id, dispute.user_id)
            )

    @api.model_create_multi
    def create(self, vals_list):
        disputes = super().create(vals_list)
        disputes._check_doubles()
        disputes._ask()
        disputes._settle()
        return disputes

    def write(self, vals):
        if not self.env.su and not _FACTS.isdisjoint(vals):
            self._check_state("open")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_opened(self):
        if not self.env.su:
            raise UserError(self.env._("A dispute is withdrawn, not deleted."))

    def _check_doubles(self):
        # sudo: whoever opened the other one
        known = self.sudo()
        lines = known.line_ids.line_id
        others = known.line_ids.search(
            [
                ("line_id", "in", lines.ids),
                ("dispute_id.state", "=", "open"),
                ("dispute_id", "not in", self.ids),
            ]
        )
        if others:
            raise ValidationError(
                self.env._(
                    "%(document)s is in dispute already.",
                    document=others[0].document_name,
                )
            )

    def _ask(self):
        """Plan the decision for the salesperson's manager."""
        for dispute in self.sudo():  # sudo: the manager's place is known to the system
            manager = dispute.sales_rep_id.parent_id.user_id
            if manager and manager != dispute.opened_by_id:
                words = dispute.with_context(lang=manager.lang).env
                dispute.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=words._("Decide on the dispute"),
                    user_id=manager.id,
                )

    def _settle(self):
        # sudo: what is dunned does not depend on who decides
        known = self.sudo()
        known.env["sales.dunning"]._turn(known.line_ids.line_id.ids)

    def action_accept(self):
        """The customer is right; finance is asked for a credit note."""
        self._decide("accepted")
        for dispute in self.sudo():  # sudo: finance is asked by the system
            if collector := dispute.company_id.sales_collection_user_id:
                words = dispute.with_context(lang=collector.lang).env
                dispute.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=words._("Make the credit note"),
                    user_id=collector.id,
                )

    def action_reject(self):
        """The items stand, and are dunned again."""
        self._decide("rejected")

    def _decide(self, state):
        """:raise AccessError: for the one who opened it, and for the salesperson"""
        self.check_access("write")
        self._check_state("open")
        if not all(self.mapped("may_decide")):
            raise AccessError(
                self.env._(
                    "A manager above the salesperson decides, or finance, and never "
                    "who opened the dispute."
                )
            )
        if not all(self.mapped("decision")):
            raise ValidationError(self.env._("Give the reason of the decision."))
        self._end(state, decided_by_id=self.env.uid)

    def action_withdraw(self):
        """The customer agrees after all."""
        self.check_access("write")
        self._check_state("open")
        self._end("withdrawn")

    def _end(self, state, **values):
        for dispute in self.sudo():  # sudo: stamped by the system
            today = dispute.company_id._get_sales_today()
            dispute.write({"state": state, "decided_on": today, **values})
        # sudo: what was asked for is done
        self.sudo().activity_ids.unlink()
        self._settle()


class SalesDisputeLine(models.Model):
    """An item in dispute."""

    _name = "sales.dispute.line"
    _description = "Disputed Item"
    _inherit = ["sales.owed.line.mixin"]

    dispute_id = fields.Many2one(
        "sales.dispute", required=True, readonly=True, index=True, ondelete="cascade"
    )

    _item_uniq = models.UniqueIndex("(dispute_id, line_id)")
