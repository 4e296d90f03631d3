from odoo import fields, models
from odoo.tools import SQL

from ..deals import analysis


class SalesDeal(models.Model):
    """Opportunities as deals, for departments: read only, never stored."""

    _name = "sales.deal"
    _description = "Deal"
    _inherit = ["sales.median.mixin", "sales.owned.mixin"]
    _auto = False
    _order = "opened desc, id desc"
    _rec_name = "lead_id"
    _depends = {
        "crm.lead": [
            "active",
            "company_id",
            "date_closed",
            "date_conversion",
            "expected_revenue",
            "partner_id",
            "source_id",
            "stage_id",
            "team_id",
            "type",
            "user_id",
            "won_status",
        ],
        "sale.order": ["currency_rate", "opportunity_id", "state"],
        "sale.order.line": [
            "discount",
            "display_type",
            "is_downpayment",
            "order_id",
            "price_unit",
            "product_uom_qty",
        ],
        "sales.rep": ["company_id", "parent_id", "user_id"],
    }

    lead_id = fields.Many2one("crm.lead", "Opportunity", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    manager_id = fields.Many2one(
        "sales.rep", "Department", readonly=True, help="By the manager of the rep."
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    stage_id = fields.Many2one("crm.stage", readonly=True)
    source_id = fields.Many2one("utm.source", readonly=True)
    won_status = fields.Selection(
        [("won", "Won"), ("lost", "Lost"), ("pending", "Pending")],
        "Status",
        readonly=True,
    )
    opened = fields.Datetime("Opened On", readonly=True)
    closed = fields.Datetime("Closed On", readonly=True)
    expected_revenue = fields.Monetary("Size", readonly=True)
    cycle = fields.Float(
        "Cycle (mean days)",
        readonly=True,
        aggregator="avg",
        help="From the first day to won or lost.",
    )
    cycle_median = fields.Float(
        "Cycle (median days)", readonly=True, aggregator="median"
    )
    win_rate = fields.Float(
        readonly=True, aggregator="avg", help="Won, of won and lost."
    )
    listed = fields.Monetary(
        "Ordered before Discount",
        readonly=True,
        help="Confirmed orders at the prices of their lines.",
    )
    discount = fields.Monetary("Discount Given", readonly=True)
    discount_rate = fields.Float(
        "Discount",
        readonly=True,
        aggregator="ratio",
        help="Of a group: what is given away, of the orders before discount.",
    )

    @property
    def _table_query(self):
        return analysis.deals()

    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec != "discount_rate:ratio":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, "discount", query),
            self._field_to_sql(self._table, "listed", query),
        )

    def action_open_lead(self):
        self.ensure_one()
        return self.lead_id.get_formview_action()
