"""Where targets stand: from the ledger, read when it is asked for, so always fresh."""

from collections import defaultdict
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..planning.pace import pace
from ..planning.tree import ROOT


class SalesTarget(models.Model):
    _inherit = "sales.target"

    achieved = fields.Float(
        compute="_compute_pace",
        digits=(16, 2),
        help="Credited to the reps below, without overlays; of a company's whole plan "
        "also what is credited to nobody.",
    )
    attainment = fields.Float(
        compute="_compute_pace",
        aggregator=None,
        help="Achieved by the target of the whole period, 1 is all of it.",
    )
    expected = fields.Float(
        "Expected by Now",
        compute="_compute_pace",
        digits=(16, 2),
        help="Of the target, by the end of today, as the working days weigh.",
    )
    pace_index = fields.Float(
        "Pace",
        compute="_compute_pace",
        digits=(16, 2),
        aggregator=None,
        help="Achieved by expected; 1 is on track.",
    )
    gap = fields.Float(
        compute="_compute_pace",
        digits=(16, 2),
        help="Missing to the target; negative: exceeded.",
    )
    required = fields.Float(
        "Needed a Day",
        compute="_compute_pace",
        digits=(16, 2),
        aggregator=None,
        help="Of each remaining working day, to reach the target.",
    )
    landing = fields.Float(
        compute="_compute_pace",
        digits=(16, 2),
        help="Where it ends if it goes on like this.",
    )
    closed_achieved = fields.Float(
        "Achieved at Closing",
        digits=(16, 2),
        readonly=True,
        help="As it was when the plan was closed; what has changed since is shown "
        "beside it.",
    )

    @api.depends_context("company")
    @api.depends("value", "date_from", "date_to", "plan_id")
    def _compute_pace(self):
        """With a constant number of queries for each plan."""
        for plan, targets in self.grouped("plan_id").items():
            today = plan.company_id._get_sales_today()
            achieved = targets._get_achieved(plan)
            passed = targets._get_passed(plan, today)
            for target in targets:
                target._set_pace(plan, today, achieved, passed)

    def _set_pace(self, plan, today, achieved, passed):
        done = sum(
            (
                value
                for first, value in achieved[self.key].items()
                if self.date_from <= first <= self.date_to
            ),
            Fraction(0),
        )
        values = self._get_month_values(passed)
        found = pace(
            Fraction(str(self.value)),
            done,
            self._get_expected(values, passed, today),
            self._get_days_left(passed, today),
        )
        self.achieved = float(done)
        self.attainment = float(found.attainment or 0)
        self.expected = float(round(found.expected, 2))
        self.pace_index = float(found.index or 0)
        self.gap = float(found.gap)
        self.required = float(round(found.required or 0, 2))
        self.landing = float(round(found.landing or 0, 2))

    def _get_month_values(self, passed):
        """``{first day: target}`` of the months of this row."""
        return {
            first: value
            for first, value in passed["months"].get(self.key, {}).items()
            if self.date_from <= first <= self.date_to
        }

    def _get_expected(self, values, passed, today):
        current = today.replace(day=1)
        expected = Fraction(0)
        for first, value in values.items():
            if first < current:
                expected += value
            elif first == current:
                done, whole = passed["current"].get(self.key, (0, 0))
                if whole:
                    expected += value * Fraction(done) / Fraction(whole)
                else:
                    after = first + relativedelta(months=1)
                    expected += value * Fraction(today.day, (after - first).days)
        return expected

    def _get_days_left(self, passed, today):
        """Working days after today until the end of the row, on average of the reps."""
        days, reps = Fraction(0), set()
        for (first, rep), left in passed["left"].get(self.key, {}).items():
            if self.date_from <= first <= self.date_to:
                days += left
                reps.add(rep)
        return days / len(reps) if reps else 0

    # Reading

    def _get_branch(self):
        """A condition on leaves ``l``: below one of these nodes."""
        keys = {target.key for target in self}
        if ROOT in keys or len(keys) > 50:
            return SQL("TRUE")
        return SQL(
            "(%s)",
            SQL(" OR ").join(
                SQL("(l.key = %s OR l.key LIKE %s)", key, f"{key}/%") for key in keys
            ),
        )

    def _get_achieved(self, plan):
        """What the ledger holds: ``{key: {first day of a month: Fraction}}``."""
        self.env["sales.credit"]._process_pending()
        sums = defaultdict(lambda: defaultdict(Fraction))
        for key, first, value in self.env.execute_query(
            SQL(
                """
                SELECT l.key, date_trunc('month', c.date)::date, sum(c.value)
                FROM sales_target l
                JOIN sales_credit c ON c.rep_id = l.rep_id AND c.metric_id = %(metric)s
                    AND c.date >= GREATEST(l.date_from, l.active_from)
                    AND c.date <= LEAST(l.date_to, l.active_to)
                    AND c.company_id = l.company_id AND NOT c.overlay
                WHERE l.plan_id = %(plan)s AND l.level = 'rep' AND l.period = 'total'
                  AND %(branch)s
                GROUP BY 1, 2
                """,
                metric=plan.metric_id.id,
                plan=plan.id,
                branch=self._get_branch(),
            )
        ):
            self._add_above(sums, key, first, Fraction(str(value)))
        if ROOT in self.mapped("key"):
            sums[ROOT] = self._get_achieved_in_all(plan)
        return sums

    @staticmethod
    def _add_above(sums, key, name, value):
        while key:
            sums[key][name] += value
            key = key.rpartition("/")[0]

    def _get_achieved_in_all(self, plan, start=None, stop=None):
        """Of the unit as a whole, whoever carries a target: by month.

        :param start, stop: days of the plan; all of it when None
        """
        people = SQL("TRUE")
        if plan.top_rep_id:
            people = SQL(
                """c.rep_id IN (SELECT id FROM sales_rep
                    WHERE parent_path LIKE %s)""",
                # sudo: the unit's place in the organisation
                f"{plan.sudo().top_rep_id.parent_path}%",
            )
        return defaultdict(
            Fraction,
            {
                first: Fraction(str(value))
                for first, value in self.env.execute_query(
                    SQL(
                        """SELECT date_trunc('month', c.date)::date, sum(c.value)
                        FROM sales_credit c
                        WHERE c.metric_id = %s AND c.date >= %s AND c.date <= %s
                          AND c.company_id = %s AND NOT c.overlay AND %s
                        GROUP BY 1""",
                        plan.metric_id.id,
                        start or plan.date_from,
                        stop or plan.date_to,
                        plan.company_id.id,
                        people,
                    )
                )
            },
        )

    def _get_passed(self, plan, today):
        """What months are made of, and how much of this one has passed.

        :return: ``months``: ``{key: {first day: Fraction}}``; ``current``: ``{key:
            (target to today, of the whole month)}`` of the reps below; ``left``:
            ``{key: {(first day, rep's id): working days after today}}``
        """
        keys = sorted({target.key for target in self})
        months = defaultdict(dict)
        for key, first, value in self.env.execute_query(
            SQL(
                """SELECT key, date_from, value FROM sales_target
                WHERE plan_id = %s AND period = 'month' AND key = ANY(%s)""",
                plan.id,
                keys,
            )
        ):
            months[key][first] = Fraction(str(value))
        current = defaultdict(lambda: [Fraction(0), Fraction(0)])
        left = defaultdict(dict)
        for key, rep, first, done, whole, days in self.env.execute_query(
            SQL(
                """
                SELECT l.key, l.rep_id, date_trunc('month', d.date)::date,
                    COALESCE(sum(d.value) FILTER (WHERE d.date <= %(today)s), 0),
                    sum(d.value),
                    count(*) FILTER (WHERE d.date > %(today)s AND d.hours > 0)
                FROM sales_target l
                JOIN sales_target m ON m.total_id = l.id
                JOIN sales_target_day d ON d.target_id = m.id
                WHERE l.plan_id = %(plan)s AND l.level = 'rep' AND l.period = 'total'
                  AND d.date >= date_trunc('month', %(today)s::date) AND %(branch)s
                GROUP BY 1, 2, 3
                """,
                plan=plan.id,
                today=today,
                branch=self._get_branch(),
            )
        ):
            above = key
            while above:
                if first == today.replace(day=1):
                    current[above][0] += Fraction(str(done))
                    current[above][1] += Fraction(str(whole))
                left[above][first, rep] = days
                above = above.rpartition("/")[0]
        return {"months": months, "current": current, "left": left}

    def _keep_achieved(self):
        """What was achieved when the plan was closed."""
        for plan, targets in self.grouped("plan_id").items():
            achieved = targets._get_achieved(plan)
            rows = [
                (
                    target.id,
                    float(
                        sum(
                            value
                            for first, value in achieved[target.key].items()
                            if target.date_from <= first <= target.date_to
                        )
                    ),
                )
                for target in targets
            ]
            self.env.cr.execute(
                SQL(
                    """UPDATE sales_target t SET closed_achieved = v.value
                    FROM unnest(%s::integer[], %s::numeric[]) AS v(id, value)
                    WHERE t.id = v.id""",
                    [row[0] for row in rows],
                    [row[1] for row in rows],
                )
            )
        self.invalidate_recordset(["closed_achieved"], flush=False)
