from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tickets.shrink import PRIOR

# Who has fewer tickets has no place.
LEAST = 5
# What is ranked: the field of the analysis that says which.
KINDS = {
    "agent": "user_id",
    "team": "team_id",
    "product": "product_id",
    "supplier": "supplier_id",
    "customer": "partner_id",
}
# By period: so many days up to now.
DAYS = {"quarter": 90, "year": 365}


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
    adjusted_mean = fields.Float(
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
            model = self.env["sales.service.report"]._fields[KINDS[kind]].comodel_name
            # sudo: who may read the ranking may read whose it is
            records = self.env[model].sudo().browse(lines.mapped("res_id"))
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
                    ('quarter', %(quarter)s), ('year', %(year)s)
                ) p(period, since) ON r.closed_at >= p.since
                CROSS JOIN LATERAL (VALUES %(kinds)s) d(kind, res_id)
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
                    (sum(s.value) + %(prior)s * c.mean) / (count(*) + %(prior)s)
                        AS adjusted_mean
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
                    ORDER BY adjusted_mean DESC
                )::integer END AS place
            FROM line
            """,
            report=self.env["sales.service.report"]._table_query,
            kinds=SQL(", ").join(
                SQL("(%s, %s)", kind, SQL.identifier("r", name))
                for kind, name in KINDS.items()
            ),
            **{period: self._get_since(period) for period in DAYS},
            prior=PRIOR,
            least=LEAST,
        )

    @api.model
    def _get_since(self, period):
        now = self.env["sales.service.ticket"]._get_now()
        return now - timedelta(days=DAYS[period])

    def _search(self, *args, **kwargs):
        # What the analysis is made of.
        for model, names in self.env["sales.service.report"]._depends.items():
            self.env[model].flush_model(names)
        return super()._search(*args, **kwargs)

    def action_open_tickets(self):
        """The tickets that the mean is of."""
        self.ensure_one()
        return self.env["sales.service.report"]._open(
            self.measure,
            [
                ("company_id", "=", self.company_id.id),
                (KINDS[self.kind], "=", self.res_id),
                ("closed_at", ">=", self._get_since(self.period)),
            ],
        )
