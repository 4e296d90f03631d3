from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from ..commission import owed

# What is owed before a statement, and what the statement does to it.
_FIGURES = {
    "draw": "advanced",
    "recovery": "given_back",
    "carried": "given_back",
    "forgiveness": "forgiven",
}


class SalesCommissionEntry(models.Model):
    _inherit = "sales.commission.entry"

    _owed_idx = models.Index(
        "(rep_id) WHERE subject IN ('draw', 'recovery', 'carried', 'forgiveness')"
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
    owed_note = fields.Char(compute="_compute_owed")
    may_forgive = fields.Boolean(compute="_compute_owed")

    @api.depends("amount", "state")
    @api.depends_context("uid", "lang")
    def _compute_owed(self):
        finance = self.env.user.has_group("sales_force.group_sales_finance")
        rows = self._read_owed_changes()
        for statement in self:
            before, figures, notes, owes = Decimal(0), defaultdict(Decimal), [], False
            for plan, changes in statement._get_owed_changes(rows).items():
                was = Decimal(0)
                for start, subject, amount in changes:
                    if start < statement.date_from:
                        was += amount
                    elif start == statement.date_from:
                        figures[_FIGURES[subject]] += amount
                before += was
                owes |= sum(amount for _start, _subject, amount in changes) > 0
                # sudo: which versions are of one plan
                if was and plan != statement.plan_id.sudo()._get_family():
                    # sudo: what the former plan is called
                    notes.append(statement._note_owed(plan.sudo(), was))
            statement.owed_before = before
            statement.owed = before + sum(figures.values())
            statement.advanced = figures["advanced"]
            statement.given_back = -figures["given_back"]
            statement.forgiven = -figures["forgiven"]
            statement.owed_note = " ".join(notes)
            statement.may_forgive = owes and finance and not statement.is_mine

    def _note_owed(self, plan, amount):
        return self.env._(
            "%(amount)s of it was advanced by %(plan)s.",
            amount=formatLang(self.env, float(amount), currency_obj=self.currency_id),
            plan=plan.name,
        )

    def _get_owed_changes(self, rows):
        """What is owed to the plan, and to former ones that do not pay the rep any
        more: ``{first version: changes}``."""
        # sudo: which versions are of one plan
        family = self.plan_id.sudo()._get_family()
        found = {}
        for plan, (last, changes) in rows[self.rep_id.id].items():
            gone = (plan.company_id, plan.currency_id) == (
                family.company_id,
                family.currency_id,
            ) and (
                last < self.date_from
                or (self.date_from, "carried") in {change[:2] for change in changes}
            )
            if plan == family or gone:
                found[plan] = changes
        return found

    def _read_owed_changes(self):
        """``{rep's id: {first version: (last day that it pays the rep, [(statement's
        first day, subject, amount)])}}``, in one query whatever the number of
        statements."""
        found = defaultdict(dict)
        self.flush_model()
        # sudo: which versions are of one plan
        plans = self.env["sales.commission.plan"].sudo()
        for rep, family, last, start, subject, amount in self.env.execute_query(
            owed.changes(self.rep_id.ids)
        ):
            changes = found[rep].setdefault(plans.browse(family), (last, []))[1]
            changes.append((start, subject, Decimal(amount)))
        return found

    def action_forgive(self):
        """Ask how much finance forgives of what is owed after all statements: to the
        plan, else to a former one."""
        self.ensure_one()
        self.check_access("read")
        changes = self._get_owed_changes(self._read_owed_changes())
        owes = {
            plan: sum(amount for _start, _subject, amount in changed)
            for plan, changed in changes.items()
        }
        # sudo: which versions are of one plan
        mine = self.plan_id.sudo()._get_family()
        plan = max(owes, key=lambda one: (owes[one] > 0, one == mine), default=mine)
        return self.env["sales.commission.forgiveness"]._ask(
            self.rep_id, plan, float(owes.get(plan, 0))
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
