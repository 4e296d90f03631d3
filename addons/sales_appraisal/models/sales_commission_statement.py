from collections import defaultdict

from odoo import api, fields, models
from odoo.tools.misc import formatLang

STATES = [
    ("open", "Open"),
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("validated", "Approved by Finance"),
    ("paid", "Paid"),
]


class SalesCommissionStatement(models.Model):
    """What a plan pays a rep for a period. Open it follows the facts; then it stays."""

    _name = "sales.commission.statement"
    _description = "Commission Statement"
    _inherit = ["sales.stamped.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, rep_id, plan_id, id"
    _check_company_auto = True
    _sales_stamped = frozenset(
        (
            *("state", "amount", "returned_reason"),
            *("submitted_by_id", "submitted_on", "approved_by_id", "approved_on"),
            *("validated_by_id", "validated_on"),
            *("rep_id", "plan_id", "company_id", "date_from", "date_to"),
        )
    )

    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        readonly=True,
        ondelete="restrict",
        check_company=True,
        index=True,
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    plan_id = fields.Many2one(
        "sales.commission.plan",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
        help="The version that the period is paid with.",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    date_from = fields.Date("Period From", required=True, readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    state = fields.Selection(
        STATES,
        "Status",
        default="open",
        required=True,
        readonly=True,
        tracking=True,
        group_expand=True,
    )
    amount = fields.Monetary("Commission", readonly=True, aggregator="sum")
    period_label = fields.Char("Period", compute="_compute_period_label")
    is_mine = fields.Boolean(compute="_compute_is_mine", search="_search_is_mine")
    by_rule = fields.Html("By Rule", compute="_compute_by_rule", sanitize=False)
    entry_count = fields.Integer(compute="_compute_entry_count")
    entry_ids = fields.One2many(
        "sales.commission.entry", "statement_id", "Entries", readonly=True
    )

    submitted_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    submitted_on = fields.Datetime(readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_on = fields.Datetime(readonly=True, copy=False)
    validated_by_id = fields.Many2one(
        "res.users", "Approved for Finance By", readonly=True, copy=False
    )
    validated_on = fields.Datetime("Approved by Finance On", readonly=True, copy=False)
    returned_reason = fields.Text("Sent Back Because", readonly=True, copy=False)

    _period_uniq = models.UniqueIndex("(rep_id, plan_id, date_from)")

    @api.depends("plan_id", "date_from", "company_id")
    @api.depends_context("lang")
    def _compute_period_label(self):
        for statement in self:
            statement.period_label = (
                # sudo: only the name of a period
                statement.company_id.sudo()._label_period(
                    # sudo: how long a period is
                    statement.plan_id.sudo().period,
                    statement.date_from,
                )
                if statement.date_from
                else ""
            )

    @api.depends("rep_id", "period_label")
    def _compute_display_name(self):
        for statement in self:
            # sudo: who may read a statement may know whose it is
            name = statement.rep_id.sudo().name or ""
            statement.display_name = f"{name} · {statement.period_label}"

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for statement in self:
            statement.is_mine = statement.user_id == self.env.user

    @api.model
    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = fields.Domain("user_id", "=", self.env.uid)
        return mine if True in value else ~mine

    @api.depends("amount")
    def _compute_entry_count(self):
        counts = dict(
            self.env["sales.commission.entry"]._read_group(
                [("statement_id", "in", self.ids)], ["statement_id"], ["__count"]
            )
        )
        for statement in self:
            statement.entry_count = counts.get(statement._origin, 0)

    @api.depends("amount")
    @api.depends_context("lang")
    def _compute_by_rule(self):
        """What each rule gives, of which how much corrects other periods."""
        rows = defaultdict(list)
        for statement, rule, kind, count, amount in self.env[
            "sales.commission.entry"
        ]._read_group(
            [("statement_id", "in", self.ids)],
            ["statement_id", "rule_id", "kind"],
            ["__count", "amount:sum"],
        ):
            rows[statement.id].append((rule, kind, count, amount))
        kinds = dict(
            self.env["sales.commission.entry"]
            ._fields["kind"]
            ._description_selection(self.env)
        )
        for statement in self:
            statement.by_rule = statement._render_by_rule(rows[statement.id], kinds)

    def _render_by_rule(self, rows, kinds):
        if not rows:
            return False
        order = list(kinds)
        return self.env["ir.qweb"]._render(
            "sales_appraisal.sales_commission_by_rule",
            {
                "rows": [
                    {
                        "rule": self._name_rule(rule),
                        "kind": kinds[kind],
                        "count": count,
                        "amount": formatLang(
                            self.env, amount, currency_obj=self.currency_id
                        ),
                    }
                    for rule, kind, count, amount in sorted(
                        rows,
                        key=lambda row: (
                            # sudo: only the order of rules
                            *(row[0].sudo().sequence, row[0].id),
                            order.index(row[1]),
                        ),
                    )
                ],
                "total": formatLang(
                    self.env, self.amount, currency_obj=self.currency_id
                ),
            },
        )

    def _name_rule(self, rule):
        """With the plan or version, where it is another one than the statement's."""
        # sudo: who may read an entry may know its rule
        rule = rule.sudo()
        if rule.plan_id == self.plan_id:
            return rule.name
        # sudo: which versions are of one plan
        if rule.plan_id._get_family() != self.plan_id.sudo()._get_family():
            return self.env._(
                "%(rule)s (%(plan)s)", rule=rule.name, plan=rule.plan_id.name
            )
        return self.env._(
            "%(rule)s (version %(number)s)",
            rule=rule.name,
            number=rule.plan_id.version,
        )

    def action_open_entries(self):
        """The entries of statements, by rule."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_commission_entry_action"
        )
        return {
            **action,
            "domain": [("statement_id", "in", self.ids)],
            "context": {"search_default_by_rule": 1},
        }
