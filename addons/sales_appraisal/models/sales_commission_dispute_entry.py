from odoo import api, fields, models
from odoo.tools.misc import format_date

from .sales_commission_entry_text import exact


class SalesCommissionEntry(models.Model):
    """A line can be disputed; of a correction, what was paid before and is now."""

    _inherit = "sales.commission.entry"

    dispute_ids = fields.One2many(
        "sales.commission.dispute", "entry_id", "Disputes", readonly=True
    )
    dispute_count = fields.Integer(compute="_compute_disputes")
    may_dispute = fields.Boolean(compute="_compute_disputes")
    amount_before = fields.Monetary(
        "Paid Before",
        compute="_compute_amount_before",
        help="For the same cause, by the statements that were closed before.",
    )
    amount_after = fields.Monetary("Paid Now", compute="_compute_amount_before")

    @api.depends("dispute_ids.state")
    @api.depends_context("uid")
    def _compute_disputes(self):
        counts, disputed = {}, set()
        for entry, state, count in self.env["sales.commission.dispute"]._read_group(
            [("entry_id", "in", self.ids)], ["entry_id", "state"], ["__count"]
        ):
            counts[entry.id] = counts.get(entry.id, 0) + count
            if state == "open":
                disputed.add(entry.id)
        for entry in self:
            entry.dispute_count = counts.get(entry.id, 0) + len(entry._get_dispute())
            entry.may_dispute = entry.id not in disputed and entry._is_disputant()

    def _is_disputant(self):
        """The rep; sales operations where too much is paid, or in the rep's name."""
        self.ensure_one()
        user = self.env.user
        # sudo: whose it is
        return self.sudo().rep_id.user_id == user or user.has_group(
            "sales_force.group_sales_operations"
        )

    @api.depends("kind", "amount")
    def _compute_amount_before(self):
        # sudo: of what corrects something, who reads it may know what was before
        former = self.sudo()._get_former()
        for entry in self:
            # sudo: as what was before is keyed, nothing is read
            _value, before = former.get(entry.sudo(), (0, 0))
            entry.amount_before = float(before)
            entry.amount_after = float(exact(before) + exact(entry.amount))

    def _get_dispute(self):
        """The dispute whose decision gives an entry; none for what rules give."""
        ids = [self.res_id] if self.subject == "dispute" else []
        return self.env["sales.commission.dispute"].browse(ids)

    @api.model
    def _get_decisions(self, disputes):
        """The entries that decisions on disputes give."""
        return self.search(
            [("subject", "=", "dispute"), ("res_id", "in", disputes.ids)]
        )

    def _get_total(self):
        return sum((exact(entry.amount) for entry in self), exact(0))

    def _explain(self, basis, former):
        if self.subject == "dispute":
            return self._explain_dispute(former)
        return super()._explain(basis, former)

    def _explain_dispute(self, former):
        """By whose decision, on which dispute, how much instead of what."""
        dispute = self._get_dispute()
        was = exact(dispute.amount_after) - exact(dispute.amount)
        reasons = dict(dispute._fields["reason"]._description_selection(self.env))
        text = self.env._(
            "Dispute of %(day)s about %(period)s (%(reason)s): %(now)s instead of "
            "%(was)s, decided by %(judge)s. %(decision)s",
            day=format_date(self.env, dispute.opened_on),
            period=self.company_id._label_period(self.plan_id.period, self.period_from),
            reason=reasons[dispute.reason],
            now=self._format_amount(dispute.amount_after),
            was=self._format_amount(was),
            judge=dispute.decided_by_id.name,
            decision=dispute.decision,
        )
        _value, given = former or (0, 0)
        left = exact(given) + exact(self.amount)
        if left == exact(dispute.amount):
            return text
        return self.env._(
            "%(dispute)s (The documents have changed since: of %(difference)s "
            "%(left)s is left to be paid by it.)",
            dispute=text,
            difference=self._format_amount(dispute.amount),
            left=self._format_amount(left),
        )

    def action_dispute(self):
        """Ask what is wrong with the line."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Dispute"),
            "res_model": "sales.commission.dispute.open",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_entry_id": self.id},
        }

    def action_open_disputes(self):
        """Those of the line, and the one whose decision gives it."""
        self.ensure_one()
        return self.env["sales.commission.statement"]._show_disputes(
            ["|", ("entry_id", "=", self.id), ("id", "in", self._get_dispute().ids)]
        )


class SalesCommissionStatement(models.Model):
    """What a statement corrects, beside what it was; and what is disputed of it."""

    _inherit = "sales.commission.statement"

    correction_ids = fields.One2many(
        "sales.commission.entry",
        "statement_id",
        "Corrections",
        domain=[("kind", "=", "adjustment")],
        readonly=True,
    )
    dispute_ids = fields.One2many(
        "sales.commission.dispute", "statement_id", "Disputes", readonly=True
    )
    dispute_count = fields.Integer(compute="_compute_dispute_count")

    @api.depends("dispute_ids")
    @api.depends_context("uid")
    def _compute_dispute_count(self):
        counts = dict(
            self.env["sales.commission.dispute"]._read_group(
                [("statement_id", "in", self.ids)], ["statement_id"], ["__count"]
            )
        )
        for statement in self:
            statement.dispute_count = counts.get(statement, 0)

    def action_open_disputes(self):
        return self._show_disputes([("statement_id", "in", self.ids)])

    @api.model
    def _show_disputes(self, domain):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_commission_dispute_action"
        )
        return {**action, "domain": domain, "context": {}}
