from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..commission import owed

# What is owed before a statement, and what the statement does to it.
_FIGURES = {
    "draw": "advanced",
    "recovery": "given_back",
    "forgiveness": "forgiven",
}


class SalesCommissionEntry(models.Model):
    _inherit = "sales.commission.entry"

    _owed_idx = models.Index(
        "(rep_id) WHERE subject IN ('draw', 'recovery', 'forgiveness')"
    )


class SalesCommissionStatement(models.Model):
    """What is owed before and after a statement, as far as it was settled then.

    By its entries: with the corrections that it holds of earlier periods, so that what
    a closed statement says stays.
    """

    _inherit = "sales.commission.statement"

    owed_before = fields.Monetary(
        compute="_compute_owed",
        help="What was advanced by earlier statements, and not given back or forgiven.",
    )
    advanced = fields.Monetary(compute="_compute_owed")
    given_back = fields.Monetary(compute="_compute_owed")
    forgiven = fields.Monetary(
        compute="_compute_owed", help="Nothing is paid or taken for it."
    )
    owed = fields.Monetary("Owed After", compute="_compute_owed")
    may_forgive = fields.Boolean(compute="_compute_owed")

    @api.depends("amount", "state")
    @api.depends_context("uid")
    def _compute_owed(self):
        finance = self.env.user.has_group("sales_force.group_sales_finance")
        rows = self._read_owed_changes()
        for statement in self:
            # sudo: which versions are of one plan
            family = statement.plan_id.sudo()._get_family().id
            before, figures = Decimal(0), defaultdict(Decimal)
            changes = rows[statement.rep_id.id, family]
            for start, subject, amount in changes:
                if start < statement.date_from:
                    before += amount
                elif start == statement.date_from:
                    figures[_FIGURES[subject]] += amount
            after = before + sum(figures.values())
            statement.owed_before, statement.owed = before, after
            statement.advanced = figures["advanced"]
            statement.given_back = -figures["given_back"]
            statement.forgiven = -figures["forgiven"]
            owes = sum(amount for _start, _subject, amount in changes) > 0
            statement.may_forgive = owes and finance and not statement.is_mine

    def _read_owed_changes(self):
        """``{(rep's id, first version's id): [(statement's first day, subject,
        amount)]}``, in one query whatever the number of statements."""
        found = defaultdict(list)
        self.flush_model()
        for rep, family, start, subject, amount in self.env.execute_query(
            SQL(
                """SELECT e.rep_id, COALESCE(p.first_id, p.id), s.date_from, e.subject,
                    sum(%s)::text
                FROM sales_commission_entry e
                JOIN sales_commission_statement s ON s.id = e.statement_id
                JOIN sales_commission_plan p ON p.id = s.plan_id
                WHERE e.rep_id = ANY(%s) AND %s
                GROUP BY 1, 2, 3, 4""",
                owed.OWED,
                self.rep_id.ids,
                owed.CHANGES_OWED,
            )
        ):
            found[rep, family].append((start, subject, Decimal(amount)))
        return found

    def action_forgive(self):
        """Ask how much finance forgives of what is owed after all statements."""
        self.ensure_one()
        self.check_access("read")
        # sudo: what is owed; who reads the statement may know it
        plan = self.plan_id.sudo()
        amount = plan._read_owed(self.rep_id.ids).get(self.rep_id.id, 0)
        return self.env["sales.commission.forgiveness"]._ask(
            self.rep_id, self.plan_id, float(amount)
        )


class SalesCommissionStamp(models.Model):
    """Periods are settled again when what is agreed with reps changes."""

    _inherit = "sales.commission.stamp"

    @api.model
    def _select_facts(self, periods):
        first = self._get_first(periods)
        last = max(stop for _plan, _start, stop in periods)
        return [
            *super()._select_facts(periods),
            SQL(
                """SELECT d.company_id, NULL, m.month::date,
                    'draws ' || sum(hashtextextended(concat_ws(' ', d.plan_id, d.rep_id,
                        d.kind, d.amount, GREATEST(d.date_from, m.month::date),
                        LEAST(d.date_to, (m.month + interval '1 month - 1 day')::date)),
                        0))
                FROM sales_commission_draw d
                JOIN generate_series(%s::timestamp, %s::timestamp, '1 month') m(month)
                    ON d.date_from < m.month + interval '1 month'
                    AND (d.date_to IS NULL OR d.date_to >= m.month::date)
                GROUP BY 1, 2, 3""",
                first,
                last,
            ),
            SQL(
                """SELECT company_id, NULL, date_trunc('month', date)::date,
                    'forgiven ' || sum(hashtextextended(
                        concat_ws(' ', plan_id, rep_id, amount, id), 0))
                FROM sales_commission_forgiveness
                WHERE revoked_on IS NULL AND date >= %s
                GROUP BY 1, 2, 3""",
                first,
            ),
            # Since when somebody is there decides about the steps of all later months.
            SQL(
                """SELECT r.company_id, NULL, m.month::date,
                    'hired ' || sum(hashtextextended(concat_ws(' ', r.id, r.date_start),
                        0))
                FROM sales_rep r
                JOIN generate_series(%s::timestamp, %s::timestamp, '1 month') m(month)
                    ON r.date_start < m.month + interval '1 month'
                WHERE EXISTS (
                    SELECT FROM sales_commission_rule u
                    WHERE u.company_id = r.company_id
                        AND u.kind IN ('guarantee', 'draw')
                )
                GROUP BY 1, 2, 3""",
                first,
                last,
            ),
        ]
