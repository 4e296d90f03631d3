"""The ledger by month and rep, so that a tree of targets need not add up its credits.

A trigger on the ledger adds what each statement changes as rows of its own, within the
same transaction: nothing is ever updated, so that two who post at once do not wait for
each other. What is credited is the sum of these rows; a nightly job joins them.
"""

import logging

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.sales_force.models.sales_credit import LedgerMany2one

_logger = logging.getLogger(__name__)

_COLUMNS = SQL("company_id, metric_id, rep_id, date, overlay")
_NEW = SQL("SELECT %s, value FROM new_rows", _COLUMNS)
_OLD = SQL("SELECT %s, -value AS value FROM old_rows", _COLUMNS)
_ALL = SQL("SELECT %s, value FROM sales_credit", _COLUMNS)


def _add(rows):
    """Add what rows like those of the ledger are by month."""
    return SQL(
        """INSERT INTO sales_credit_month (company_id, metric_id, rep_id, month, value)
        SELECT company_id, metric_id, rep_id, date_trunc('month', date)::date,
            sum(value)
        FROM (%s) changed WHERE NOT overlay
        GROUP BY 1, 2, 3, 4 HAVING sum(value) <> 0""",
        rows,
    )


# What follows a statement that changes the ledger: its transition tables, and what is
# done with them.
_EVENTS = {
    "insert": (SQL("REFERENCING NEW TABLE AS new_rows"), _add(_NEW)),
    "delete": (SQL("REFERENCING OLD TABLE AS old_rows"), _add(_OLD)),
    "update": (
        SQL("REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows"),
        _add(SQL("%s UNION ALL %s", _NEW, _OLD)),
    ),
    "truncate": (SQL(), SQL("DELETE FROM sales_credit_month")),
}


class SalesCreditMonth(models.Model):
    """Part of what a rep is credited with of a metric in a month, without overlays.

    The rows of the same rep, metric and month add up to the ledger's.
    """

    _name = "sales.credit.month"
    _description = "Credits of a Month"
    _log_access = False
    _order = "month desc, id"
    _rec_name = "month"

    company_id = LedgerMany2one("res.company", required=True, readonly=True)
    metric_id = LedgerMany2one("sales.metric", required=True, readonly=True)
    rep_id = LedgerMany2one(
        "sales.rep", readonly=True, help="Empty: credited to nobody."
    )
    month = fields.Date(required=True, readonly=True, help="Its first day.")
    value = fields.Float(digits=(16, 2), required=True, readonly=True)

    _sums_idx = models.Index(
        "(metric_id, month) INCLUDE (company_id, rep_id, value, id)"
    )
    _rep_idx = models.Index("(rep_id, metric_id, month)")

    def init(self):
        """Follow the ledger from now on, and begin with what it holds."""
        for event, (tables, body) in _EVENTS.items():
            name = SQL.identifier(f"sales_credit_month_{event}")
            self.env.cr.execute(
                SQL(
                    """
                    CREATE OR REPLACE FUNCTION %(name)s() RETURNS trigger AS $$
                    BEGIN
                        %(body)s;
                        RETURN NULL;
                    END $$ LANGUAGE plpgsql;
                    DROP TRIGGER IF EXISTS %(name)s ON sales_credit;
                    CREATE TRIGGER %(name)s AFTER %(event)s ON sales_credit
                    %(tables)s FOR EACH STATEMENT EXECUTE FUNCTION %(name)s()
                    """,
                    name=name,
                    body=body,
                    event=SQL(event),
                    tables=tables,
                )
            )
        self.env.cr.execute("SELECT FROM sales_credit_month LIMIT 1")
        if not self.env.cr.rowcount:
            self._rebuild()

    @api.model
    def _uninstall(self):
        """Leave the ledger alone."""
        for event in _EVENTS:
            name = SQL.identifier(f"sales_credit_month_{event}")
            self.env.cr.execute(SQL("DROP FUNCTION %s CASCADE", name))

    def _rebuild(self):
        self.env.cr.execute("DELETE FROM sales_credit_month")
        self.env.cr.execute(_add(_ALL))

    @api.model
    def _cron_join(self):
        """Join the rows of the same month, and prove that they are the ledger's."""
        self.env.cr.execute(
            """
            WITH several AS (
                SELECT company_id, metric_id, rep_id, month FROM sales_credit_month
                GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
            ), gone AS (
                DELETE FROM sales_credit_month m USING several s
                WHERE m.company_id = s.company_id AND m.metric_id = s.metric_id
                  AND m.rep_id IS NOT DISTINCT FROM s.rep_id AND m.month = s.month
                RETURNING m.*
            )
            INSERT INTO sales_credit_month
                (company_id, metric_id, rep_id, month, value)
            SELECT company_id, metric_id, rep_id, month, sum(value)
            FROM gone GROUP BY 1, 2, 3, 4 HAVING sum(value) <> 0
            """
        )
        self.env.cr.execute(
            """
            SELECT company_id, metric_id, rep_id, month, sum(value) FROM (
                SELECT company_id, metric_id, rep_id, month, value
                FROM sales_credit_month
                UNION ALL
                SELECT company_id, metric_id, rep_id, date_trunc('month', date)::date,
                    -value
                FROM sales_credit WHERE NOT overlay
            ) both_sides
            GROUP BY 1, 2, 3, 4 HAVING sum(value) <> 0
            """
        )
        if wrong := self.env.cr.rowcount:
            _logger.error("%s months of reps differed from the ledger.", wrong)
            self._rebuild()
        self.invalidate_model(flush=False)

    @api.model
    def _read_sums(self, plan, rep_ids):
        """What reps have in a plan's months: ``[(rep's id, first day, cents)]``."""
        self.env["sales.credit"]._process_pending()
        return self.env.execute_query(
            SQL(
                """SELECT rep_id, month, round(100 * sum(value))::bigint
                FROM sales_credit_month
                WHERE metric_id = %s AND company_id = %s
                  AND month BETWEEN %s AND %s AND rep_id = ANY(%s)
                GROUP BY 1, 2""",
                plan.metric_id.id,
                plan.company_id.id,
                plan.date_from,
                plan.date_to,
                list(rep_ids),
            )
        )

    @api.model
    def _get_stamp(self, company_id, metric_id, start, stop):
        """What changes whenever credits of these months do: for what is kept of them.

        Rows are only added and joined, and no id comes twice.
        """
        self.env["sales.credit"]._process_pending()
        [stamp] = self.env.execute_query(
            SQL(
                """SELECT count(*), COALESCE(sum(id), 0)::text
                FROM sales_credit_month
                WHERE metric_id = %s AND company_id = %s AND month BETWEEN %s AND %s""",
                metric_id,
                company_id,
                start,
                stop,
            )
        )
        return stamp

    @api.model
    def _read_total(self, plan):
        """What everybody and nobody in a plan's unit has: ``{first day: cents}``."""
        self.env["sales.credit"]._process_pending()
        people = SQL("TRUE")
        if plan.top_rep_id:
            people = SQL("rep_id = ANY(%s)", plan._get_unit_ids())
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT month, round(100 * sum(value))::bigint
                    FROM sales_credit_month
                    WHERE metric_id = %s AND company_id = %s
                      AND month BETWEEN %s AND %s AND %s
                    GROUP BY 1""",
                    plan.metric_id.id,
                    plan.company_id.id,
                    plan.date_from,
                    plan.date_to,
                    people,
                )
            )
        )
