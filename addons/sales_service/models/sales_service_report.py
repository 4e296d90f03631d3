from odoo import api, fields, models
from odoo.tools import SQL

from ..ledger.ticket import REPEATED
from ..tickets.states import DONE, STATES
from .sales_service_ticket import PRIORITIES

# Of a product ``t.product_id`` the vendor that comes first.
SUPPLIER = SQL(
    """
    SELECT s.partner_id FROM product_product v
    JOIN product_supplierinfo s ON s.product_tmpl_id = v.product_tmpl_id
        AND (s.product_id IS NULL OR s.product_id = v.id)
        AND (s.company_id IS NULL OR s.company_id = t.company_id)
    WHERE v.id = t.product_id
    ORDER BY s.sequence, s.id LIMIT 1
    """
)

# Who has delivered its lot ``t.lot_id``, which need not be the first vendor.
DELIVERED_BY = SQL(
    """
    SELECT p.partner_id FROM stock_move_line l
    JOIN stock_location o ON o.id = l.location_id AND o.usage = 'supplier'
    JOIN stock_move m ON m.id = l.move_id
    JOIN stock_picking p ON p.id = m.picking_id
    WHERE l.lot_id = t.lot_id AND l.state = 'done'
    ORDER BY l.date, l.id LIMIT 1
    """
)

# Which closed tickets have a measure, where not all have it.
_MEASURED = {
    "rating": [("rating", ">", 0)],
    "limits_kept": [
        (
            "ticket_id.clock_ids",
            "any",
            [
                "|",
                ("breached_at", "!=", False),
                *("&", ("met_at", "!=", False), ("dropped_at", "=", False)),
            ],
        )
    ],
}


class SalesServiceReport(models.Model):
    """One line a ticket: what it took, what was kept, and what the customer said.

    Each measure is of a ticket, or empty where the ticket has none, so that its mean
    over any tickets is right: the share of those that were fixed the first time is the
    mean of ones and zeros. Hours and shares are of resolved tickets, ages of open ones.
    """

    _name = "sales.service.report"
    _description = "Analysis of Tickets"
    _auto = False
    _order = "opened_at desc, id desc"
    _rec_name = "ticket_id"
    _depends = {
        "sales.service.ticket": [
            *("company_id", "team_id", "category_id", "user_id", "product_id"),
            *("commercial_partner_id", "state", "priority", "opened_at", "closed_at"),
            *("resolved_at", "response_hours", "work_hours", "calendar_hours"),
            *("reopen_count", "repeat_of_id", "breach_reason_id"),
            "lot_id",
        ],
        "sales.service.clock": ["ticket_id", "met_at", "breached_at", "dropped_at"],
        "sales.service.rating": ["ticket_id", "points", "rated_at"],
        "product.supplierinfo": [
            *("product_tmpl_id", "product_id", "partner_id", "company_id", "sequence"),
        ],
        "stock.move.line": ["lot_id", "state", "date", "location_id", "move_id"],
        "stock.move": ["picking_id"],
        "stock.picking": ["partner_id"],
        "stock.location": ["usage"],
    }

    ticket_id = fields.Many2one("sales.service.ticket", readonly=True)
    company_id = fields.Many2one("res.company", "Company", readonly=True)
    team_id = fields.Many2one("sales.service.team", "Team", readonly=True)
    category_id = fields.Many2one("sales.service.category", "Category", readonly=True)
    user_id = fields.Many2one("res.users", "Agent", readonly=True)
    product_id = fields.Many2one("product.product", "Product", readonly=True)
    lot_id = fields.Many2one("stock.lot", "Lot/Serial", readonly=True)
    supplier_id = fields.Many2one(
        "res.partner",
        "Supplier",
        readonly=True,
        help="Who delivered the lot, else the product's first vendor.",
    )
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    breach_reason_id = fields.Many2one(
        "sales.service.breach.reason", "Breach Reason", readonly=True
    )
    state = fields.Selection(STATES, "Status", readonly=True)
    priority = fields.Selection(PRIORITIES, readonly=True)
    opened_at = fields.Datetime("Received On", readonly=True)
    resolved_at = fields.Datetime("Resolved", readonly=True)
    closed_at = fields.Datetime("Closed", readonly=True)

    age_days = fields.Float(
        "Age (days)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="Of open tickets, since they came in.",
    )
    response_hours = fields.Float(
        "Response (working hours)", digits=(16, 2), readonly=True, aggregator="avg"
    )
    work_hours = fields.Float(
        "Resolution (working hours)", digits=(16, 2), readonly=True, aggregator="avg"
    )
    calendar_hours = fields.Float(
        "Resolution (calendar hours)", digits=(16, 2), readonly=True, aggregator="avg"
    )
    limits_kept = fields.Float(
        "Tickets Within SLA",
        readonly=True,
        aggregator="avg",
        help="Share of the resolved tickets that kept all of their time limits.",
    )
    limit_count = fields.Integer(
        "Limits Ended",
        readonly=True,
        help="How many limits of resolved tickets were met or missed.",
    )
    first_fix = fields.Float(
        "First-Time Fix",
        readonly=True,
        aggregator="avg",
        help="Share of the closed tickets that were not reopened "
        "and did not come back within 30 days.",
    )
    repeated = fields.Float(
        "Repeats (30 days)",
        readonly=True,
        aggregator="avg",
        help="Share of the closed tickets that came back within 30 days.",
    )
    rated = fields.Float(
        "Response Rate",
        readonly=True,
        aggregator="avg",
        help="Share of the customers who were asked and have rated.",
    )
    rating = fields.Float(
        digits=(16, 2), readonly=True, aggregator="avg", help="From 1 to 5."
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT t.id, t.id AS ticket_id, t.company_id, t.team_id, t.category_id,
                t.user_id, t.product_id, t.lot_id,
                COALESCE((%(delivered_by)s), (%(supplier)s)) AS supplier_id,
                t.commercial_partner_id AS partner_id, t.breach_reason_id, t.state,
                t.priority, t.opened_at, t.resolved_at, t.closed_at,
                CASE WHEN t.state NOT IN %(done)s THEN
                    extract(epoch FROM %(now)s - t.opened_at)::numeric / 86400
                END AS age_days,
                CASE WHEN t.is_done THEN t.response_hours END AS response_hours,
                CASE WHEN t.is_done THEN t.work_hours END AS work_hours,
                CASE WHEN t.is_done THEN t.calendar_hours END AS calendar_hours,
                CASE WHEN t.is_done THEN limits.kept END AS limits_kept,
                CASE WHEN t.is_done THEN limits.count END AS limit_count,
                CASE WHEN t.state = 'closed' THEN
                    (COALESCE(t.reopen_count, 0) = 0 AND NOT again.repeated)::integer
                END AS first_fix,
                CASE WHEN t.state = 'closed' THEN again.repeated::integer END
                    AS repeated,
                said.rated, said.rating
            FROM (
                SELECT *, state IN ('resolved', 'closed') AS is_done
                FROM sales_service_ticket
            ) t
            CROSS JOIN LATERAL (SELECT %(repeated)s AS repeated) again
            CROSS JOIN LATERAL (
                SELECT min((k.breached_at IS NULL)::integer) AS kept,
                    count(*)::integer AS count
                FROM sales_service_clock k
                WHERE k.ticket_id = t.id
                  AND (k.breached_at IS NOT NULL
                    OR k.met_at IS NOT NULL AND k.dropped_at IS NULL)
            ) limits
            CROSS JOIN LATERAL (
                SELECT max((r.rated_at IS NOT NULL)::integer) AS rated,
                    avg(r.points) FILTER (WHERE r.rated_at IS NOT NULL) AS rating
                FROM sales_service_rating r WHERE r.ticket_id = t.id
            ) said
            """,
            done=DONE,
            now=self.env["sales.service.ticket"]._get_now(),
            repeated=REPEATED,
            delivered_by=DELIVERED_BY,
            supplier=SUPPLIER,
        )

    @api.model
    def _open(self, measure, domain):
        """The closed tickets that a mean is of, each with what it counts."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_report_action"
        )
        # The path is that of all tickets.
        action.pop("path", None)
        return {
            **action,
            "views": [(False, "list"), (False, "pivot"), (False, "graph")],
            "domain": [
                ("state", "=", "closed"),
                *domain,
                *_MEASURED.get(measure, ()),
            ],
            "context": {},
        }

    def action_open_ticket(self):
        self.ensure_one()
        return self.ticket_id.get_formview_action()
