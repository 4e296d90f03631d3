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
        compute="_compute_achieved",
        digits=(16, 2),
        help="Credited to the reps below, without overlays; of a company's whole plan "
        "also what is credited to nobody.",
    )
    attainment = fields.Float(
        compute="_compute_achieved",
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
        compute="_compute_achieved",
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
    def _compute_achieved(self):
        """With a constant number of queries for each plan."""
        for plan, targets in self.grouped("plan_id").items():
            achieved = targets._get_achieved_cents(plan)
            for target in targets:
                done = sum(
                    value
                    for first, value in achieved[target.key].items()
                    if target.date_from <= first <= target.date_to
                )
                target.achieved = done / 100
                target.attainment = (
                    target.achieved / target.value if target.value else 0
                )
                target.gap = (round(100 * target.value) - done) / 100

    @api.depends_context("company")
    @api.depends("value", "date_from", "date_to", "plan_id", "achieved")
    def _compute_pace(self):
        """With a constant number of queries for each plan."""
        for plan, targets in self.grouped("plan_id").items():
            today = plan.company_id._get_sales_today()
            passed = targets._get_passed(plan, today)
            for target in targets:
                target._set_pace(today, passed)

    def _set_pace(self, today, passed):
        values = self._get_month_values(passed)
        found = pace(
            Fraction(str(self.value)),
            Fraction(str(self.achieved)),
            self._get_expected(values, passed, today),
            self._get_days_left(passed, today),
        )
        self.expected = float(round(found.expected, 2))
        self.pace_index = float(found.index or 0)
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
        found = defaultdict(lambda: defaultdict(Fraction))
        for key, months in self._get_achieved_cents(plan).items():
            for first, value in months.items():
                found[key][first] = Fraction(value, 100)
        return found

    def _get_achieved_cents(self, plan):
        """What the ledger holds: ``{key: {first day of a month: cents}}``.

        By month and rep; of who came or went within the plan, by the ledger's days.
        """
        keys = set(self.mapped("key"))
        whole, parted = self._read_places(plan, keys)
        cents = defaultdict(lambda: defaultdict(int))
        months = self.env["sales.credit.month"]
        if whole:
            for rep, first, value in months._read_sums(plan, whole):
                for key in whole[rep]:
                    cents[key][first] += value
        for key, first, value in self._read_parted(plan, parted):
            for above in self._get_wanted(key, keys):
                cents[above][first] += value
        if ROOT in keys:
            # Of the unit as a whole, whoever carries a target.
            cents[ROOT] = months._read_total(plan)
        return cents

    def _read_places(self, plan, keys):
        """Where the reps are who are below some of the nodes.

        :return: ``{rep's id: [keys of these nodes]}`` of who is there from the first to
            the last day, and the ids of the totals of the others
        """
        whole, parted = {}, []
        below = [key for key in keys if key != ROOT]
        condition = SQL("TRUE")
        if len(below) <= 50:
            condition = SQL(
                "(l.key = ANY(%s) OR l.key LIKE ANY(%s))",
                below,
                [f"{key}/%" for key in below],
            )
        for id_, key, rep, always in self.env.execute_query(
            SQL(
                """SELECT l.id, l.key, l.rep_id,
                    COALESCE(l.active_from <= l.date_from, TRUE)
                        AND COALESCE(l.active_to >= l.date_to, TRUE)
                FROM sales_target l
                WHERE l.plan_id = %s AND l.level = 'rep' AND l.period = 'total'
                  AND %s""",
                plan.id,
                condition,
            )
        ):
            if always:
                whole.setdefault(rep, []).extend(self._get_wanted(key, keys))
            else:
                parted.append(id_)
        return whole, parted

    @staticmethod
    def _get_wanted(key, keys):
        """Which of some nodes a node is, or is below of; not the company."""
        found = []
        while key != ROOT:
            if key in keys:
                found.append(key)
            key = key.rpartition("/")[0]
        return found

    def _read_parted(self, plan, total_ids):
        """``[(key, first day, cents)]`` of reps on the days on which they count."""
        if not total_ids:
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT l.key, date_trunc('month', c.date)::date,
                    round(100 * sum(c.value))::bigint
                FROM sales_target l
                JOIN sales_credit c ON c.rep_id = l.rep_id AND c.metric_id = %(metric)s
                    AND c.date >= GREATEST(l.date_from, l.active_from)
                    AND c.date <= LEAST(l.date_to, l.active_to)
                    AND c.company_id = l.company_id AND NOT c.overlay
                WHERE l.id = ANY(%(ids)s)
                GROUP BY 1, 2
                """,
                metric=plan.metric_id.id,
                ids=total_ids,
            )
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


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    def _get_unit_ids(self):
        """The ids of all reps of the plan's unit, those who have left included."""
        # sudo: the unit's place in the organisation
        reps = self.env["sales.rep"].sudo().with_context(active_test=False)
        return reps.search([("id", "child_of", self.sudo().top_rep_id.ids)]).ids
