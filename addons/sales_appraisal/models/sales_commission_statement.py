from odoo import api, fields, models

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
    _sales_stamped = frozenset(("state", "amount"))

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
    date_from = fields.Date("From", required=True, readonly=True)
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
    entry_ids = fields.One2many(
        "sales.commission.entry", "statement_id", "Entries", readonly=True
    )

    _period_uniq = models.UniqueIndex("(rep_id, plan_id, date_from)")

    @api.depends("rep_id", "plan_id", "date_from")
    def _compute_display_name(self):
        for statement in self:
            statement.display_name = self.env._(
                "%(rep)s, %(plan)s, %(period)s",
                rep=statement.rep_id.name or "",
                plan=statement.plan_id.name or "",
                period=statement.date_from or "",
            )
