import json
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.sales_force.models.sales_credit import LedgerMany2one

from ..commission import explaining


class SalesCommissionBasis(models.Model):
    """By what the entries of a rule and period in a statement were paid.

    Written with the entries; of a closed statement it stays as they do, so that an
    explanation is the one of that time.
    """

    _name = "sales.commission.basis"
    _description = "What Commission Is Paid By"
    _log_access = False
    _rec_name = "period_from"

    statement_id = fields.Many2one(
        "sales.commission.statement", required=True, readonly=True, ondelete="cascade"
    )
    rule_id = LedgerMany2one("sales.commission.rule", required=True, readonly=True)
    period_from = fields.Date(required=True, readonly=True)
    total = fields.Float("Reached", digits=(16, 2), readonly=True)
    goal = fields.Float("Target", digits=(16, 2), readonly=True)
    factor = fields.Float("Multiplied By", digits=(16, 8), readonly=True)
    schedule = fields.Json(readonly=True)

    _place_uniq = models.UniqueIndex("(statement_id, rule_id, period_from)")

    @api.model
    def _keep(self, rule, start, books, standing):
        """Keep what those entries are paid by that a run has just written.

        :param dict books: ``{rep's id: statement's id}``
        :param dict standing: ``{rep's id: Standing}``
        """
        reps = [rep for rep in books if rep in standing]
        rates = {}
        if rule.kind == "rate":
            rates = {rep: rule._get_schedule(standing[rep]) for rep in reps}
        kept = [
            json.dumps(explaining.dump(plan)) if plan else None
            for plan in map(rates.get, reps)
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sales_commission_basis AS b
                    (statement_id, rule_id, period_from, total, goal, factor, schedule)
                SELECT k.statement_id, %(rule)s, %(start)s, k.total, k.goal, k.factor,
                    k.schedule
                FROM unnest(%(reps)s::integer[], %(statements)s::integer[],
                    %(totals)s::numeric[], %(goals)s::numeric[],
                    %(factors)s::numeric[], %(kept)s::jsonb[]
                ) k(rep_id, statement_id, total, goal, factor, schedule)
                CROSS JOIN LATERAL (
                    SELECT FROM sales_commission_entry e
                    WHERE e.rep_id = k.rep_id AND e.rule_id = %(rule)s
                        AND e.period_from = %(start)s
                        AND e.statement_id = k.statement_id
                    LIMIT 1
                ) there
                ON CONFLICT (statement_id, rule_id, period_from) DO UPDATE
                SET (total, goal, factor, schedule) = ROW(EXCLUDED.total,
                    EXCLUDED.goal, EXCLUDED.factor, EXCLUDED.schedule)
                WHERE (b.total, b.goal, b.factor, b.schedule) IS DISTINCT FROM
                    (EXCLUDED.total, EXCLUDED.goal, EXCLUDED.factor, EXCLUDED.schedule)
                """,
                rule=rule.id,
                start=start,
                reps=reps,
                statements=[books[rep] for rep in reps],
                totals=[standing[rep].reached for rep in reps],
                goals=[standing[rep].goal for rep in reps],
                factors=[standing[rep].factor for rep in reps],
                kept=kept,
            )
        )
        self.invalidate_model(flush=False)

    def _get_schedule(self):
        """The ``schedule.Schedule``, or None of a bonus."""
        return explaining.load(self.schedule) if self.schedule else None

    def _get_unit(self):
        """The smallest unit of what is paid."""
        return Decimal(str(self.statement_id.currency_id.rounding))
