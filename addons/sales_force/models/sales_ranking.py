from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, Query

from ..periods import compare

PERIODS = ("month", "last_month", "quarter", "year")
# What a rep and a metric count in the id of a line; the period counts one.
_METRIC = 10
_REP = 1_000_000


class SalesRanking(models.Model):
    """The place of each rep by a metric in a period, and in the one before.

    Places are counted among all reps of the company. Amounts are sums of the credits
    that the user may read, nothing else; a rep of whom nothing may be read has no line.
    What is credited to nobody has a line without a place. Overlays do not count. A
    running period is compared with the same days of the one before. A market is of a
    territory and of nobody who sells there: its shares rank no reps.
    """

    _name = "sales.ranking"
    _description = "Sales Ranking"
    _auto = False
    _order = "company_id, metric_id, period, rank, rep_id, id"
    _depends = {
        "sales.credit": [
            "metric_id",
            "date",
            "rep_id",
            "company_id",
            "value",
            "overlay",
        ],
        "sales.metric": [
            "kind",
            "numerator_id",
            "denominator_kind",
            "denominator_id",
        ],
        "sales.rep": ["team_id", "parent_id"],
    }

    metric_id = fields.Many2one("sales.metric", readonly=True)
    period = fields.Selection(
        [
            ("month", "This Month"),
            ("last_month", "Last Month"),
            ("quarter", "This Quarter"),
            ("year", "This Year"),
        ],
        readonly=True,
    )
    name = fields.Char("Rep", readonly=True)
    rep_id = fields.Many2one("sales.rep", "Rep Profile", readonly=True)
    user_id = fields.Many2one("res.users", "User", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    manager_id = fields.Many2one("sales.rep", "Manager", readonly=True)
    company_id = fields.Many2one("res.company", "Company", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    metric_unit = fields.Selection(related="metric_id.unit")
    metric_kind = fields.Selection(related="metric_id.kind")

    rank = fields.Integer(readonly=True, aggregator=None)
    rank_count = fields.Integer(
        "Of", readonly=True, aggregator=None, help="Reps with a place in the company."
    )
    previous_rank = fields.Integer(
        readonly=True,
        aggregator=None,
        help="By the same days of the period before. Empty: no place there.",
    )
    rank_change = fields.Integer(
        "Change",
        readonly=True,
        aggregator=None,
        help="Places won since the same days of the period before.",
    )
    value = fields.Float(
        "Result", digits=(16, 2), readonly=True, aggregator=None, help="To this day."
    )
    previous_value = fields.Float(
        "Same Days Before",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="The same days of the period before.",
    )
    whole_value = fields.Float(
        "Whole Period Before", digits=(16, 2), readonly=True, aggregator=None
    )
    difference = fields.Float(digits=(16, 2), readonly=True, aggregator=None)
    share = fields.Float(
        "Share (%)",
        digits=(5, 2),
        readonly=True,
        aggregator=None,
        help="Of the reps whose amounts you may read.",
    )

    @property
    def _table_query(self):
        """Sums of what the ranking needs, evaluated, then ranked."""
        return SQL(
            """
            SELECT r.id, r.metric_id, r.period, r.name, r.rep_id, r.user_id, r.team_id,
                r.manager_id, r.company_id, r.rank, r.rank_count, r.previous_rank,
                r.previous_rank - r.rank AS rank_change,
                r.value, r.previous_value, r.whole_value,
                r.value - r.previous_value AS difference,
                CASE WHEN r.kind = 'additive' THEN 100 * r.value / NULLIF(
                    sum(r.value) OVER (
                        PARTITION BY r.company_id, r.metric_id, r.period
                    ), 0
                ) END AS share
            FROM (
                SELECT e.*,
                    CASE WHEN e.rep_id IS NOT NULL THEN rank() OVER (
                        PARTITION BY e.company_id, e.metric_id, e.period,
                            e.rep_id IS NULL
                        ORDER BY e.sign * e.all_current DESC NULLS LAST
                    ) END AS rank,
                    CASE WHEN e.placed_before THEN rank() OVER (
                        PARTITION BY e.company_id, e.metric_id, e.period,
                            e.placed_before
                        ORDER BY e.sign * e.all_previous DESC NULLS LAST
                    ) END AS previous_rank,
                    count(e.rep_id) OVER (
                        PARTITION BY e.company_id, e.metric_id, e.period
                    ) AS rank_count
                FROM (%(evaluated)s) e
            ) r
            WHERE r.is_visible
            """,
            evaluated=self._get_evaluated(),
        )

    def _get_evaluated(self):
        """Each rep's value of each metric, of all and of visible credits."""
        return SQL(
            """
            SELECT COALESCE(s.rep_id, 0) * %(rep)s::bigint + s.metric_id * %(metric)s
                    + s.number AS id,
                s.metric_id, s.period, s.rep_id, s.company_id, s.kind, s.sign,
                s.is_visible, COALESCE(rep.name, %(nobody)s) AS name, rep.user_id,
                rep.team_id, rep.parent_id AS manager_id,
                s.rep_id IS NOT NULL
                    AND COALESCE(s.all_previous_top, s.all_previous_bottom) IS NOT NULL
                    AS placed_before,
                %(values)s
            FROM (%(sums)s) s
            LEFT JOIN sales_rep rep ON rep.id = s.rep_id
            """,
            values=SQL(", ").join(
                SQL("%s AS %s", self._get_value(span, seen), SQL.identifier(name))
                for span, seen, name in (
                    ("current", "all", "all_current"),
                    ("previous", "all", "all_previous"),
                    ("current", "own", "value"),
                    ("previous", "own", "previous_value"),
                    ("whole", "own", "whole_value"),
                )
            ),
            sums=self._get_sums(),
            nobody=self.env._("Credited to nobody"),
            rep=_REP,
            metric=_METRIC,
        )

    def _get_value(self, span, seen):
        """A metric's value; empty where there is something that may not be seen."""
        top, bottom, all_top = (
            SQL.identifier("s", name)
            for name in (
                f"{seen}_{span}_top",
                f"{seen}_{span}_bottom",
                f"all_{span}_top",
            )
        )
        return SQL(
            """CASE WHEN s.kind = 'ratio' THEN COALESCE(%(top)s, 0) / NULLIF(
                COALESCE(%(bottom)s, 0)
                    + CASE WHEN s.both THEN COALESCE(%(top)s, 0) ELSE 0 END, 0)
            WHEN %(all_top)s IS NULL THEN 0
            ELSE %(top)s END""",
            top=top,
            bottom=bottom,
            all_top=all_top,
        )

    def _get_sums(self):
        """The parts of each metric by rep, period and span.

        Lateral: each metric and period is one range of the ledger's index.
        """
        query = Query(self.env, "credit", SQL.identifier("sales_credit"))
        visible = self._get_visible(query)  # may join tables to the query
        sums = SQL(", ").join(
            SQL(
                "sum(credit.value) FILTER (WHERE credit.metric_id = %s"
                " AND credit.date BETWEEN %s AND %s AND %s) AS %s",
                SQL.identifier("metric", part),
                SQL.identifier("span", f"{span}_start"),
                SQL.identifier("span", f"{span}_stop"),
                condition,
                SQL.identifier(f"{seen}_{span}_{name}"),
            )
            for seen, condition in (
                ("all", SQL("TRUE")),
                ("own", SQL("credit.is_visible")),
            )
            for span in ("current", "previous", "whole")
            for name, part in (("top", "top_id"), ("bottom", "denominator_id"))
        )
        return SQL(
            """
            SELECT metric.id AS metric_id, metric.kind, metric.both, metric.sign,
                span.number, span.period, found.*
            FROM (
                SELECT id, kind, denominator_id, COALESCE(numerator_id, id) AS top_id,
                    COALESCE(denominator_includes_numerator, FALSE) AS both,
                    CASE WHEN higher_is_better THEN 1 ELSE -1 END AS sign
                FROM sales_metric WHERE active AND denominator_kind = 'metric'
            ) metric
            CROSS JOIN (VALUES %(spans)s) span(
                number, period, current_start, current_stop, previous_start,
                previous_stop, whole_start, whole_stop
            )
            CROSS JOIN LATERAL (
                SELECT credit.rep_id, credit.company_id,
                    bool_or(credit.is_visible) AS is_visible, %(sums)s
                FROM (%(credits)s) credit
                WHERE credit.metric_id
                        = ANY(ARRAY[metric.top_id, metric.denominator_id])
                    AND credit.date BETWEEN span.whole_start AND span.current_stop
                GROUP BY credit.rep_id, credit.company_id
            ) found
            """,
            sums=sums,
            spans=self._get_spans(),
            credits=SQL(
                """
                SELECT credit.metric_id, credit.date, credit.rep_id,
                    credit.company_id, credit.value, %s AS is_visible
                FROM %s
                WHERE NOT credit.overlay AND credit.company_id = ANY(%s)
                """,
                visible,
                query.from_clause,
                self.env.companies.ids,
            ),
        )

    def _get_visible(self, query):
        """What the rules let the user read of the credits in a query."""
        credit = self.env["sales.credit"]
        if self.env.su:
            return SQL("TRUE")
        domain = self.env["ir.rule"]._compute_domain(credit._name, "read")
        # sudo: the domain is the user's own rules; what it looks up needs no others
        credit = credit.sudo().with_context(active_test=False)
        return domain.optimize_full(credit)._to_sql(credit, "credit", query)

    def _get_spans(self):
        today = self.env.company._get_sales_today()
        spans = []
        for number, period in enumerate(PERIODS):
            found = compare(period, today)
            spans.append(
                SQL(
                    "(%s, %s, %s)",
                    number,
                    period,
                    SQL(", ").join(
                        SQL("%s::date", day)
                        for span in (
                            found.current,
                            found.previous,
                            found.whole_previous,
                        )
                        for day in span
                    ),
                )
            )
        return SQL(", ").join(spans)

    @api.model
    def _search(self, domain, *args, **kwargs):
        self.env["sales.credit"]._process_pending()
        # Amounts differ by user, the cache does not.
        self.invalidate_model(flush=False)
        return super()._search(domain, *args, **kwargs)

    def fetch(self, field_names=None):
        self.env["sales.credit"]._process_pending()
        return super().fetch(field_names)

    @api.model
    def search_panel_select_range(self, field_name, **kwargs):
        """Metrics by which reps are ranked."""
        if field_name == "metric_id":
            kwargs["comodel_domain"] = Domain(
                kwargs.get("comodel_domain", [])
            ) & Domain("denominator_kind", "=", "metric")
        return super().search_panel_select_range(field_name, **kwargs)

    def action_open_performance(self):
        """The credits behind a place, by customer."""
        self.ensure_one()
        # The id tells all: reading by id alone would rank every metric and period.
        rep_id, rest = divmod(self.id, _REP)
        metric_id, number = divmod(rest, _METRIC)
        today = self.env.company._get_sales_today()
        return self.env["sales.credit"]._prepare_action_behind(
            self.env["sales.metric"].browse(metric_id),
            compare(PERIODS[number], today).current,
            self.env["sales.rep"].browse(rep_id),
        )
