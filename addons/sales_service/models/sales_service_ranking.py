from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tickets.shrink import PRIOR

# Who has fewer tickets has no place.
LEAST = 5
# How far back, in days.
PERIODS = {"quarter": 90, "year": 365}
# What is ranked: the model behind its ids.
KINDS = {
    "agent": "res.users",
    "team": "sales.service.team",
    "product": "product.product",
    "supplier": "res.partner",
    "customer": "res.partner",
}
# The same in the analysis of tickets, and which closed tickets have a measure.
_DIMENSIONS = {
    "agent": "user_id",
    "team": "team_id",
    "product": "product_id",
    "supplier": "supplier_id",
    "customer": "partner_id",
}
_MEASURED = {
    "limits_kept": [("limit_count", ">", 0)],
    "rating": [("rating", ">", 0)],
}


class SalesServiceRanking(models.Model):
    """Agents, teams, products, suppliers and customers by what closed tickets say.

    Places are by means that are drawn towards the mean of all (see ``tickets/shrink``),
    of those with ``LEAST`` tickets at least; more is better in every measure.
    """

    _name = "sales.service.ranking"
    _description = "Ranking by Tickets"
    _auto = False
    _order = "kind, measure, period, place, id"
    _rec_name = "name"

    company_id = fields.Many2one("res.company", "Company", readonly=True)
    period = fields.Selection(
        [("quarter", "Last 90 days"), ("year", "Last 365 days")], readonly=True
    )
    kind = fields.Selection(
        [
            ("agent", "Agent"),
            ("team", "Team"),
            ("product", "Product"),
            ("supplier", "Supplier"),
            ("customer", "Customer"),
        ],
        "Ranked",
        readonly=True,
    )
    res_id = fields.Integer("Record", readonly=True, aggregator=None)
    name = fields.Char(compute="_compute_name")
    measure = fields.Selection(
        [
            ("first_fix", "First-time fix (%)"),
            ("limits_kept", "Tickets within SLA (%)"),
            ("stayed", "Without repeat in 30 days (%)"),
            ("rating", "Rating"),
        ],
        readonly=True,
    )
    count = fields.Integer("Tickets", readonly=True, aggregator=None)
    mean = fields.Float(digits=(16, 2), readonly=True, aggregator=None)
    told = fields.Float(
        "Adjusted Mean",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="The mean as if ten tickets of the common mean had been seen besides: of "
        "few tickets it is near the common mean, of many it is their own.",
    )
    place = fields.Integer(
        readonly=True,
        aggregator=None,
        help="By the adjusted mean. Empty: too few tickets.",
    )

    @api.depends("kind", "res_id")
    def _compute_name(self):
        for kind, lines in self.grouped("kind").items():
            # sudo: who may read the ranking may read whose it is
            records = self.env[KINDS[kind]].sudo().browse(lines.mapped("res_id"))
            names = dict(zip(records.ids, records.mapped("display_name"), strict=True))
            for line in lines:
                line.name = names[line.res_id]

    @property
    def _table_query(self):
        return SQL(
            """
            WITH seen AS MATERIALIZED (
                SELECT r.company_id, p.period, d.kind, d.res_id, m.measure, m.value
                FROM (%(report)s) r
                JOIN (VALUES
                    ('quarter', %(now)s - interval '1 day' * %(quarter)s),
                    ('year', %(now)s - interval '1 day' * %(year)s)
                ) p(period, since) ON r.closed_at >= p.since
                CROSS JOIN LATERAL (VALUES
                    ('agent', r.user_id), ('team', r.team_id),
                    ('product', r.product_id), ('supplier', r.supplier_id),
                    ('customer', r.partner_id)
                ) d(kind, res_id)
                CROSS JOIN LATERAL (VALUES
                    ('first_fix', 100 * r.first_fix::numeric),
                    ('limits_kept', 100 * r.limits_kept::numeric),
                    ('stayed', 100 - 100 * r.repeated::numeric),
                    ('rating', r.rating::numeric)
                ) m(measure, value)
                WHERE r.state = 'closed' AND d.res_id IS NOT NULL
                  AND m.value IS NOT NULL
            ), common AS (
                SELECT company_id, period, kind, measure, avg(value) AS mean
                FROM seen GROUP BY company_id, period, kind, measure
            ), line AS (
                SELECT s.company_id, s.period, s.kind, s.res_id, s.measure,
                    count(*)::integer AS count, avg(s.value) AS mean,
                    (sum(s.value) + %(prior)s * c.mean) / (count(*) + %(prior)s) AS told
                FROM seen s
                JOIN common c USING (company_id, period, kind, measure)
                GROUP BY s.company_id, s.period, s.kind, s.res_id, s.measure, c.mean
            )
            SELECT row_number() OVER (
                    ORDER BY company_id, period, kind, measure, res_id
                ) AS id,
                line.*,
                CASE WHEN count >= %(least)s THEN rank() OVER (
                    PARTITION BY company_id, period, kind, measure, count >= %(least)s
                    ORDER BY told DESC
                )::integer END AS place
            FROM line
            """,
            report=self.env["sales.service.report"]._table_query,
            now=self.env["sales.service.ticket"]._get_now(),
            prior=PRIOR,
            least=LEAST,
            **PERIODS,
        )

    def _search(self, *args, **kwargs):
        # What the analysis is made of.
        for model in (
            *("sales.service.ticket", "sales.service.clock", "sales.service.rating"),
            *("product.supplierinfo", "product.product"),
        ):
            self.env[model].flush_model()
        return super()._search(*args, **kwargs)

    def action_open_tickets(self):
        """The closed tickets that the line is the mean of."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_report_action"
        )
        # The path is that of all tickets.
        action.pop("path", None)
        since = self.env["sales.service.ticket"]._get_now() - timedelta(
            PERIODS[self.period]
        )
        return {
            **action,
            "views": [(False, "list"), (False, "pivot"), (False, "graph")],
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("state", "=", "closed"),
                ("closed_at", ">=", fields.Datetime.to_string(since)),
                (_DIMENSIONS[self.kind], "=", self.res_id),
                *_MEASURED.get(self.measure, ()),
            ],
            "display_name": self.name,
        }
