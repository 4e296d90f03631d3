from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.misc import format_date

from odoo.addons.sales_force.models.sales_credit import LedgerMany2one
from odoo.addons.sales_force.models.sales_stamped_mixin import TOOLS

from .sales_commission_entry import KINDS

REASONS = [
    ("calculation", "Calculation"),
    ("data", "Data"),
    ("credit", "Credit or Split"),
    ("rule", "Rule"),
]
STATES = [
    ("open", "Open"),
    ("corrected", "Corrected"),
    ("facts", "Facts corrected"),
    ("refused", "Refused"),
    ("withdrawn", "Withdrawn"),
]


def line_of(record):
    """Which line of a document it is: of cash the one that is paid; 0 of a reward."""
    return record.scope_id and (record.part or record.res_id)


class SalesCommissionDispute(models.Model):
    """Why a line of pay is not accepted, the evidence, and what was decided above.

    What it is about is copied: an entry of an open statement may vanish, what was said
    about it does not.
    """

    _name = "sales.commission.dispute"
    _description = "Commission Dispute"
    _inherit = [
        *("sales.stamped.mixin", "sales.sourced.mixin"),
        *("mail.thread", "mail.activity.mixin"),
    ]
    _order = "opened_on desc, id desc"
    _rec_name = "rep_id"

    entry_id = LedgerMany2one(
        "sales.commission.entry",
        "Disputed Line",
        required=True,
        readonly=True,
        index=True,
    )
    statement_id = fields.Many2one(
        "sales.commission.statement",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    rep_id = fields.Many2one(
        "sales.rep", required=True, readonly=True, ondelete="restrict", index=True
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        readonly=True,
        ondelete="set null",
        help="The rep's on the day of the fact.",
    )
    plan_id = fields.Many2one(
        "sales.commission.plan", required=True, readonly=True, ondelete="restrict"
    )
    rule_id = fields.Many2one(
        "sales.commission.rule", required=True, readonly=True, ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", "Customer", readonly=True, ondelete="set null"
    )
    period_from = fields.Date(required=True, readonly=True)
    subject = fields.Selection(KINDS, "About", required=True, readonly=True)
    scope_id = fields.Integer(readonly=True, aggregator=None)

    reason = fields.Selection(REASONS, required=True, readonly=True, tracking=True)
    text = fields.Text("What Is Wrong", required=True, readonly=True)
    evidence_ids = fields.Many2many(
        "ir.attachment",
        "sales_commission_dispute_attachment_rel",
        "dispute_id",
        "attachment_id",
        "Evidence",
        readonly=True,
    )
    amount_before = fields.Monetary(
        "Paid When Disputed",
        readonly=True,
        aggregator=None,
        help="For what the line is about, corrections put together.",
    )
    opened_by_id = fields.Many2one("res.users", readonly=True)
    opened_on = fields.Datetime("Disputed On", readonly=True)
    due_on = fields.Date(
        "Due", readonly=True, help="To be decided until then, in working days."
    )
    judge_id = fields.Many2one(
        "res.users",
        "Waits For",
        readonly=True,
        index="btree_not_null",
        help="The nearest above who approves the rep's pay; the next above when it is "
        "not decided in time.",
    )
    judge_due_on = fields.Date(
        "Waits Until", readonly=True, help="After this day it goes to the next above."
    )
    escalations = fields.Integer(
        readonly=True, help="How often it went to the next above."
    )

    state = fields.Selection(
        STATES,
        "Outcome",
        default="open",
        required=True,
        readonly=True,
        tracking=True,
        group_expand=True,
    )
    decided_by_id = fields.Many2one("res.users", readonly=True)
    decided_on = fields.Datetime(readonly=True)
    decision = fields.Text(readonly=True)
    amount = fields.Monetary(
        "Difference",
        readonly=True,
        aggregator="sum",
        help="What is paid more, or less, since it was disputed.",
    )
    amount_after = fields.Monetary(
        "To Be Paid",
        readonly=True,
        aggregator=None,
        help="What the documents bring later counts towards it.",
    )
    amount_ruled = fields.Monetary(
        "By the Rules",
        readonly=True,
        aggregator=None,
        help="What the rules paid for it when it was decided.",
    )
    correction_ids = fields.Many2many(
        "sales.commission.entry",
        string="Correcting Entries",
        compute="_compute_correction_ids",
        help="Those of the decision, or what followed from the corrected documents.",
    )
    days = fields.Integer(
        "Working Days",
        readonly=True,
        aggregator="avg",
        help="From the dispute to its decision.",
    )
    decided_late = fields.Boolean(readonly=True, help="After the day it was due.")

    may_decide = fields.Boolean(compute="_compute_may")
    may_withdraw = fields.Boolean(compute="_compute_may")

    _open_uniq = models.UniqueIndex(
        "(entry_id) WHERE state = 'open'", "There is an open dispute of it already."
    )

    def _is_stamped(self, name):
        return not name.startswith(TOOLS)

    @api.depends("rep_id", "rule_id", "opened_on")
    def _compute_display_name(self):
        for dispute in self:
            # sudo: who may read a dispute may know whose and about what it is
            known = dispute.sudo()
            day = format_date(self.env, dispute.opened_on)
            dispute.display_name = " · ".join(
                filter(None, (known.rep_id.name, known.rule_id.name, day))
            )

    @api.depends("state", "statement_id", "opened_by_id", "user_id")
    @api.depends_context("uid")
    def _compute_may(self):
        for dispute in self:
            is_open = dispute.state == "open"
            dispute.may_decide = is_open and dispute._is_judge()
            dispute.may_withdraw = is_open and dispute._is_side()

    def _compute_correction_ids(self):
        for dispute in self:
            about = dispute._get_about()
            adjusted = about.filtered(lambda entry: entry.kind == "adjustment")
            corrections = {
                "corrected": about._get_decisions(dispute),
                "facts": adjusted.filtered(lambda entry: entry.subject != "dispute"),
            }
            dispute.correction_ids = corrections.get(dispute.state)

    def _is_judge(self):
        """Whether the user approves the pay that it is about, and has not disputed."""
        self.ensure_one()
        statement = self.statement_id
        return self.opened_by_id != self.env.user and (
            statement._is_approver() or statement._is_finance()
        )

    def _is_side(self):
        self.ensure_one()
        return self.env.user in (self.opened_by_id, self.user_id)

    # What it is about

    def _get_same(self, model, domain, order=None):
        """Records of a model that are about the same line or reward."""
        for name in ("period_from", "subject", "scope_id"):
            domain &= Domain(name, "=", self[name])
        for name in ("rep_id", "rule_id"):
            domain &= Domain(name, "=", self[name].id)
        # sudo: what was paid for it, and decided by others, is what it is about
        found = self.env[model].sudo().search(domain, order=order)
        return found.filtered(lambda one: line_of(one) == line_of(self))

    def _get_ruled(self):
        """What a rule gives in a period for the same line or reward."""
        return self._get_same("sales.commission.entry", Domain.TRUE)

    def _get_decided_same(self):
        """The decisions about the same, in their order."""
        corrected = Domain("state", "=", "corrected")
        return self._get_same(self._name, corrected, "decided_on, id")

    def _get_about(self):
        """What a rule gives for the same, and what decisions on disputes of it give."""
        self.ensure_one()
        entries = self._get_ruled()
        return entries | entries._get_decisions(self._get_decided_same())

    def _get_paid(self):
        """What is paid for it today, exact, in the plan's currency.

        What is taken back of it besides, for credit notes, unpaid bills or customers
        who are lost, are lines of their own.
        """
        self.ensure_one()
        ruled = self._get_ruled()._get_total()
        return ruled + sum(self._get_decided_same()._get_outstanding(ruled))

    def action_open_entries(self):
        """The disputed line, and what has corrected it since."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_commission_entry_action"
        )
        return {**action, "domain": [("id", "in", self._get_about().ids)]}
