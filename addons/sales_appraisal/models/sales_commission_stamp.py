"""What a period was settled by: it is settled again when that has changed."""

from collections import defaultdict
from hashlib import sha256

from odoo import api, fields, models
from odoo.tools import SQL

from ..commission import documents


class SalesCommissionStamp(models.Model):
    """What a version of a plan has settled a period by, in short.

    ``credits`` is cheap to look at and follows the sums of the ledger by month, and
    ``by_rep`` the same of each rep; ``facts`` is of everything that entries follow
    from, row by row. ``followed``: whether what follows from the period in later ones
    was settled as well.
    """

    _name = "sales.commission.stamp"
    _description = "Facts that a Period Is Settled By"
    _log_access = False
    _rec_name = "date_from"
    _order = "plan_id, date_from"

    plan_id = fields.Many2one(
        "sales.commission.plan", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id")
    date_from = fields.Date("From", required=True, readonly=True)
    credits = fields.Char(readonly=True)
    by_rep = fields.Json(readonly=True)
    facts = fields.Char(readonly=True)
    followed = fields.Boolean(default=True, readonly=True)

    _period_uniq = models.UniqueIndex("(plan_id, date_from)")

    @api.model
    def _get_periods(self, plans):
        """``[(plan, first day, last day)]`` until today, the earliest first."""
        periods = []
        for plan in plans:
            today = plan.company_id._get_sales_today()
            start, stop = plan._get_bounds(plan.date_from)
            while start <= today and (not plan.date_to or start <= plan.date_to):
                if plan._pays(start):
                    periods.append((plan, start, stop))
                start, stop = plan._get_bounds(fields.Date.add(stop, days=1))
        return sorted(periods, key=lambda period: (period[1], period[0].id))

    @api.model
    def _get_stale(self, periods, name="credits"):
        """Of periods those whose facts have changed since they were settled, and those
        of which what follows from them was not: a run is at it, or was stopped.

        As many queries whatever the number of plans, periods and documents.

        :param str name: the field that says by what
        :return: ``{(plan, first day, last day): mark of now}``
        """
        if not periods:
            return {}
        known = {
            (stamp.plan_id.id, stamp.date_from): stamp[name]
            for stamp in self.search_fetch(
                [
                    ("plan_id", "in", [plan.id for plan, _start, _stop in periods]),
                    ("followed", "=", True),
                ],
                ["plan_id", "date_from", name],
            )
        }
        marks = self._read_marks(
            self._select_credits(periods)
            if name == "credits"
            else self._select_facts(periods)
        )
        keys = {plan: self._get_keys(plan) for plan in self._get_plans(periods)}
        stale = {}
        for plan, start, stop in periods:
            company = plan.company_id.id
            mark = self._mark_period(marks[company], keys[plan], start, stop)
            if known.get((plan.id, start)) != mark:
                stale[plan, start, stop] = mark
        return stale

    @api.model
    def _get_concerned(self, plan, start, stop):
        """Whose entries follow credits that have changed since a period was settled:
        who is credited, who was above them, and who has entries about what was paid or
        credited.

        What they change for others, since a customer is not new any more, follows at
        night.

        :return: reps, None for everybody
        """
        stamp = self._get_stamp(plan, start)
        if not stamp.credits or any(
            rule._get_asked("credits") for rule in plan.rule_ids
        ):
            return None
        known, marks = stamp.by_rep or {}, self._read_by_rep(plan, start, stop)
        changed = [
            int(rep)
            for rep in known.keys() | marks.keys()
            if known.get(rep) != marks.get(rep)
        ]
        concerned = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE concerned AS (
                    SELECT unnest(%s::integer[]) AS rep_id
                    UNION
                    SELECT a.manager_id FROM concerned c
                    JOIN sales_rep_assignment a ON a.rep_id = c.rep_id
                        AND a.manager_id IS NOT NULL AND a.date_from <= %s
                        AND (a.date_to IS NULL OR a.date_to >= %s)
                )
                SELECT rep_id FROM concerned
                """,
                changed,
                stop,
                start,
            )
        )
        return self.env["sales.rep"].browse(rep for (rep,) in concerned)

    def _read_by_rep(self, plan, start, stop):
        """``{rep's id, as text: mark}`` of the credits of a period, and of what was
        paid and credited of documents that a rep has entries about."""
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        ledger = {
            "company": plan.company_id.id,
            "metrics": plan.rule_ids._get_followed().ids,
            # Of a period that begins within a month all of the month is looked at.
            "first": start.replace(day=1),
            "start": start,
            "stop": stop,
        }
        selects = [
            SQL(
                """SELECT rep_id, id AS mark FROM sales_credit_month
                WHERE company_id = %(company)s AND metric_id = ANY(%(metrics)s)
                    AND month BETWEEN %(first)s AND %(stop)s""",
                **ledger,
            ),
            SQL(
                """SELECT rep_id, hashtextextended(c::text, 0) FROM sales_credit c
                WHERE overlay AND company_id = %(company)s
                    AND metric_id = ANY(%(metrics)s)
                    AND date BETWEEN %(start)s AND %(stop)s""",
                **ledger,
            ),
        ]
        rules = plan._get_live_versions().rule_ids.filtered(
            lambda rule: rule._follows_entries()
        )
        if rules:
            followed = ledger["company"], ledger["metrics"], start, stop
            selects.append(documents.marks(rules.ids, *followed))
        return {
            str(rep): mark
            for rep, mark in self.env.execute_query(
                SQL(
                    """SELECT rep_id, count(*) || ' ' || sum(mark) FROM (%s) marks
                    WHERE rep_id IS NOT NULL GROUP BY rep_id""",
                    SQL(" UNION ALL ").join(selects),
                )
            )
        }

    def _get_stamp(self, plan, start):
        return self.search([("plan_id", "=", plan.id), ("date_from", "=", start)])

    def _settled(self, plan, start, **marks):
        """Remember what a period was settled by."""
        stamp = self._get_stamp(plan, start)
        if stamp:
            stamp.write(marks)
        else:
            self.create({"plan_id": plan.id, "date_from": start, **marks})

    @api.model
    def _mark_period(self, marks, keys, start, stop):
        """What is said of the months of a period, in short."""
        rows = sorted(
            (str(month), key or "", mark)
            for month, key, mark in marks
            if key in keys and start.replace(day=1) <= month <= stop
        )
        return sha256(repr(rows).encode()).hexdigest()

    @api.model
    def _read_marks(self, selects):
        """``{company's id: [(month, key, mark)]}``"""
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        marks = defaultdict(list)
        for company, key, month, mark in self.env.execute_query(
            SQL(" UNION ALL ").join(SQL("(%s)", select) for select in selects)
        ):
            marks[company].append((month, key, mark))
        return marks

    @api.model
    def _select_credits(self, periods):
        """Of the sums by month; overlays, which are few and not in them, by row."""
        first = self._get_first(periods)
        metrics = self._get_metrics(periods)
        return [
            SQL(
                """SELECT company_id, metric_id::text, month,
                    'sums ' || count(*) || ' ' || sum(id)
                FROM sales_credit_month WHERE metric_id = ANY(%s) AND month >= %s
                GROUP BY 1, 2, 3""",
                metrics,
                first,
            ),
            self._select_ledger("overlays", metrics, first, SQL("overlay")),
            *self._select_asked(periods, "credits"),
        ]

    def _select_ledger(self, name, metrics, first, condition):
        return SQL(
            """SELECT company_id, metric_id::text, date_trunc('month', date)::date,
                %s || ' ' || count(*) || ' ' || sum(hashtextextended(c::text, 0))
            FROM sales_credit c WHERE metric_id = ANY(%s) AND date >= %s AND %s
            GROUP BY 1, 2, 3""",
            name,
            metrics,
            first,
            condition,
        )

    @api.model
    def _select_facts(self, periods):
        """Of all that rules look at, by month: rows of company, key, first day, mark.

        The key is the id of a metric, of a fact that only some rules ask for
        (``_get_asked``) its name, and None of what is a fact for every plan. Who adds
        to what rules look at adds to these."""
        first = self._get_first(periods)
        metrics = self._get_metrics(periods)
        return [
            self._select_ledger("credits", metrics, first, SQL("TRUE")),
            SQL(
                """SELECT t.company_id, p.metric_id::text,
                    date_trunc('month', d.date)::date, 'targets ' || sum(
                        hashtextextended(concat_ws(' ', p.id, p.kind, t.rep_id, d.date,
                            d.value), 0))
                FROM sales_target_day d JOIN sales_target t ON t.id = d.target_id
                JOIN sales_target_plan p ON p.id = t.plan_id AND p.state <> 'draft'
                WHERE p.metric_id = ANY(%s) AND d.date >= %s
                GROUP BY 1, 2, 3""",
                metrics,
                first,
            ),
            SQL(
                """SELECT company_id, NULL, date_trunc('month',
                    period_from)::date, 'cards ' || sum(hashtextextended(concat_ws(' ',
                    id, state, score, grade_id, date_from, date_to), 0))
                FROM sales_scorecard WHERE rep_id IS NOT NULL AND period_to >= %s
                GROUP BY 1, 2, 3""",
                first,
            ),
            # What is after a month does not change it.
            SQL(
                """SELECT a.company_id, NULL, m.month::date,
                    'people ' || sum(hashtextextended(concat_ws(' ', a.rep_id,
                        a.manager_id, a.team_id, r.grade_id, r.user_id, (
                            SELECT string_agg(territory_id::text, ',' ORDER BY 1)
                            FROM sales_rep_assignment_territory_rel
                            WHERE assignment_id = a.id
                        ),
                        GREATEST(a.date_from, m.month::date),
                        LEAST(a.date_to, m.last), GREATEST(r.date_start, m.month::date),
                        CASE WHEN r.date_end < m.last THEN r.date_end END), 0))
                FROM sales_rep_assignment a JOIN sales_rep r ON r.id = a.rep_id
                JOIN (
                    SELECT month, (month + interval '1 month - 1 day')::date AS last
                    FROM generate_series(%s::timestamp, %s::timestamp, '1 month') month
                ) m ON a.date_from <= m.last AND (a.date_to IS NULL
                    OR a.date_to >= m.month::date)
                GROUP BY 1, 2, 3""",
                first,
                self._get_last(periods),
            ),
            *self._select_asked(periods, "facts"),
        ]

    def _select_asked(self, periods, name):
        """Of what only some rules look at: nothing where none does."""
        first, last = self._get_first(periods), self._get_last(periods)
        asked = {}
        for rule in self._get_plans(periods).rule_ids:
            asked |= rule._get_asked(name)
        return [select(first, last) for select in asked.values()]

    def _get_keys(self, plan):
        """By what the facts of a plan are told from those of others."""
        keys = {None, *map(str, plan.rule_ids._get_followed().ids)}
        for rule in plan.rule_ids:
            keys.update(*map(rule._get_asked, ("credits", "facts")))
        return keys

    def _get_first(self, periods):
        return min(start for _plan, start, _stop in periods).replace(day=1)

    def _get_last(self, periods):
        return max(stop for _plan, _start, stop in periods)

    def _get_plans(self, periods):
        return self.env["sales.commission.plan"].union(
            *(plan for plan, _start, _stop in periods)
        )

    def _get_metrics(self, periods):
        return self._get_plans(periods).rule_ids._get_followed().ids


class SalesCommissionRule(models.Model):
    """What a rule asks about the credits that it counts, besides their own fields."""

    _inherit = "sales.commission.rule"

    def _get_asked(self, name):
        """Facts that not every plan follows: ``{key: a function of the first and last
        day that gives a SELECT}``, see ``_select_facts``.

        What is behind credits (the category of a product, the class of a customer, a
        contract, the margin of a line, an exchange rate) is not looked for one by one:
        what the rule makes of each credit today says all of it.

        :param name: ``credits``: what is followed all day, or ``facts``
        """
        if name == "facts" and self._looks_behind():
            return {f"rule {self.id}": self._select_seen}
        return {}

    def _looks_behind(self):
        """Whether more than fields of credits decides about what counts."""
        company = self.company_id.currency_id
        return bool(
            self.categ_ids
            or self.territory_ids
            or (self.metric_id.unit == "money" and self.currency_id != company)
        )

    def _select_seen(self, first, last):
        """Of the credits that the rule counts, and as how much."""
        return SQL(
            """SELECT %s, %s, date_trunc('month', c.date)::date, 'counted '
                || count(*) || ' ' || sum(hashtextextended(concat_ws(' ', c.id, %s), 0))
            FROM %s c GROUP BY 3""",
            self.company_id.id,
            f"rule {self.id}",
            SQL("%s, c.factor", self._get_value())
            if self._weighs()
            else self._get_value(),
            self._get_credits(first, last),
        )


class SalesCredit(models.Model):
    _inherit = "sales.credit"

    _overlay_idx = models.Index("(metric_id, date) WHERE overlay")
