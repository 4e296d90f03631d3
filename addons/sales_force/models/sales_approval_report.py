from odoo import fields, models
from odoo.tools import SQL


class SalesApprovalReport(models.Model):
    """Each step that was asked for, or passed by the rep's own authority."""

    _name = "sales.approval.report"
    _description = "Approval Analysis"
    _auto = False
    _rec_name = "rule_id"
    _order = "date desc"

    rule_id = fields.Many2one("sales.approval.rule", readonly=True)
    condition = fields.Selection(
        lambda self: self.env["sales.approval.rule"]
        ._fields["condition"]
        ._description_selection(self.env),
        readonly=True,
    )
    request_id = fields.Many2one("sales.approval.request", "Document", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", "Owner", readonly=True)
    rep_id = fields.Many2one("sales.rep", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True)
    state = fields.Selection(
        lambda self: self.env["sales.approval.step"]
        ._fields["state"]
        ._description_selection(self.env),
        "Status",
        readonly=True,
    )
    date = fields.Datetime("Asked", readonly=True)
    hours = fields.Float("Hours to Decide", readonly=True, aggregator="avg")
    auto_share = fields.Float(
        "Passed by Authority (%)",
        readonly=True,
        aggregator="avg",
        help="Of what broke a rule, the share that the reps' own grades could decide "
        "about.",
    )
    discount = fields.Float(
        "Discount (%)",
        readonly=True,
        aggregator="avg",
        help="The worst that broke a rule about discounts.",
    )
    authority = fields.Float(
        "Authority (%)",
        readonly=True,
        aggregator="avg",
        help="The discount that the rep's own grade could decide about.",
    )
    excess = fields.Float(
        "Discount above Authority (%)", readonly=True, aggregator="avg"
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT s.id, s.rule_id, u.condition, s.request_id, r.company_id, r.user_id,
                r.rep_id, r.partner_id, s.decided_by_id, s.state,
                COALESCE(s.asked_on, s.create_date) AS date,
                CASE WHEN s.decided_on IS NOT NULL THEN s.hours END AS hours,
                CASE s.state WHEN 'auto' THEN 100.0 ELSE 0.0 END AS auto_share,
                CASE WHEN d.about_discount THEN s.value END AS discount,
                CASE WHEN d.about_discount THEN s.authority END AS authority,
                CASE WHEN d.about_discount
                    THEN GREATEST(s.value - s.authority, 0) END AS excess
            FROM sales_approval_step s
            JOIN sales_approval_request r ON r.id = s.request_id
            LEFT JOIN sales_approval_rule u ON u.id = s.rule_id
            CROSS JOIN LATERAL (
                SELECT u.condition IN ('discount', 'order_discount') AS about_discount
            ) d
            """
        )
