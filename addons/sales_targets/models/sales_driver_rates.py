"""What drivers are worth: each rep's rates, and what a gap needs of them."""

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction

from odoo import api, fields, models
from odoo.tools import SQL

from ..planning.drivers import Needs, back_solve, draw, worths


class SalesDriver(models.Model):
    _inherit = "sales.driver"

    @api.model
    def _get_rates(self, metric, reps, date):
        """Each rep's rates on the way to a metric, before a date.

        Of the driver's window before the date, the date itself excluded, without
        overlays; drawn towards the team's and the company's, see
        ``planning/drivers.py``. Who carries a target counts for team and company.

        :param metric: the core metric
        :param reps: reps of one or several companies
        :param date date: in the timezone of the company's calendar
        :return: ``{rep: [Fraction or None]}`` in the order of the chain (``_get_chain``
            of the rep's company): the first one per working day, money in company
            currency; None where nobody knows. Empty lists where there is no chain
        """
        found = {}
        for company, some in reps.grouped("company_id").items():
            chain = self._get_chain(metric, company)
            found.update(chain._get_rates_of(company, some, date))
        return found

    @api.model
    def _get_worths(self, metric, reps, date):
        """What one of each step is expected to bring of the core metric, by rep.

        :return: ``{rep: {metric's code: Fraction}}``: of one visit, quotation, order,
            unit of money; without those that cannot be told. See ``_get_rates``
        """
        found = {}
        chains = {
            company: [
                driver.metric_id.code for driver in self._get_chain(metric, company)
            ]
            for company in reps.company_id
        }
        for rep, rates in self._get_rates(metric, reps, date).items():
            codes = chains[rep.company_id]
            found[rep] = {
                code: worth
                for code, worth in zip(codes, worths(rates), strict=True)
                if worth is not None
            }
        return found

    @api.model
    def _get_needs(self, plan, reps, date):
        """What each rep's gap of the month needs on the remaining working days.

        The gap is the month's target minus what the month's credits hold so far; the
        date itself is one of the days that are left.

        :param plan: a target plan
        :param date date: a day of the plan
        :return: ``{rep: planning.drivers.Needs}`` for the reps with a target in the
            month: gap, days, and ``steps``: ``{metric's code: Need}``
        """
        gaps = self._get_gaps(plan, reps, date)
        reps = reps.filtered(lambda rep: rep.id in gaps)
        rates = self._get_rates(plan.metric_id, reps, date)
        chain = self._get_chain(plan.metric_id, plan.company_id)
        codes = [driver.metric_id.code for driver in chain[:-1]][::-1]
        days = self.env["sales.working.time"].working_days(
            reps, date, fields.Date.end_of(date, "month")
        )
        found = {}
        for rep in reps:
            left = len(days[rep])
            # From the last rate back; the first one is per day.
            needs = back_solve(gaps[rep.id], rates[rep][:0:-1], left)
            steps = {
                code: need for code, need in zip(codes, needs, strict=True) if need
            }
            found[rep] = Needs(gaps[rep.id], left, steps)
        return found

    def _get_gaps(self, plan, reps, date):
        """``{rep's id: Fraction}``: missing of the month's target.

        Of who moved within the month also of the target before, whose credits count.
        """
        self.env["sales.credit"]._process_pending()
        return {
            rep: Fraction(str(target)) - Fraction(str(done))
            for rep, target, done in self.env.execute_query(
                SQL(
                    """
                    SELECT t.rep_id, sum(t.value), COALESCE((
                        SELECT sum(c.value) FROM sales_credit c
                        WHERE c.rep_id = t.rep_id AND c.metric_id = %(metric)s
                          AND c.company_id = %(company)s AND NOT c.overlay
                          AND c.date BETWEEN %(first)s AND %(date)s), 0)
                    FROM sales_target t
                    WHERE t.plan_id = %(plan)s AND t.level = 'rep'
                      AND t.period = 'month' AND t.date_from = %(first)s
                      AND t.rep_id = ANY(%(reps)s) AND EXISTS (
                        SELECT FROM sales_target l WHERE l.plan_id = t.plan_id
                        AND l.rep_id = t.rep_id AND l.level = 'rep'
                        AND l.period = 'total' AND l.active_to IS NULL)
                    GROUP BY t.rep_id
                    """,
                    metric=plan.metric_id.id,
                    company=plan.company_id.id,
                    plan=plan.id,
                    first=date.replace(day=1),
                    date=date,
                    reps=reps.ids,
                )
            )
        }

    def _get_rates_of(self, company, reps, date):
        """The rates of a chain, of reps of one company: ``{rep: [rate]}``."""
        if not self:
            return {rep: [] for rep in reps}
        people = self._get_observed(company, reps)
        counts = self._get_counts(company, people, date)
        teams = {rep.id: rep.team_id.id for rep in people}
        carrying = set(people.filtered("carries_target").ids)
        of_team, of_company = defaultdict(Fraction), defaultdict(Fraction)
        for (rep, *step), value in counts.items():
            if rep in carrying:
                of_company[tuple(step)] += value
                if teams[rep]:
                    of_team[teams[rep], *step] += value
        found = {rep: [] for rep in reps}
        for number, driver in enumerate(self):
            top = (driver.metric_id.id, driver.window_days)
            bottom = (number and self[number - 1].metric_id.id, driver.window_days)
            trial = self._get_trial(number, of_company)
            default = Fraction(str(driver.default_rate)) or None
            for rep in reps:
                team = teams[rep.id]
                rate = draw(
                    (counts[rep.id, *top], counts[rep.id, *bottom]),
                    (of_team[team, *top], of_team[team, *bottom]),
                    (of_company[top], of_company[bottom]),
                    default,
                    trial,
                )
                found[rep].append(rate)
        return found

    def _get_trial(self, number, of_company):
        """How much one trial of a driver is: one, or what a document is worth."""
        if not number or self[number - 1].metric_id.unit != "money":
            return 1
        window = self[number].window_days
        amount = of_company[self[number - 1].metric_id.id, window]
        for driver in reversed(self[: number - 1]):
            count = of_company[driver.metric_id.id, window]
            if driver.metric_id.unit != "money" and count > 0:
                return amount / count
        return amount

    def _get_observed(self, company, reps):
        """These reps, and all of the company from whom there is something to learn."""
        # sudo: averages of the company are learned from everybody
        people = self.env["sales.rep"].sudo().with_context(active_test=False)
        return people.search(
            [
                ("company_id", "=", company.id),
                "|",
                ("carries_target", "=", True),
                ("id", "in", reps.ids),
            ]
        )

    def _get_counts(self, company, people, date):
        """What was counted in the windows before a date.

        :return: ``{(rep's id, metric's id, window): Fraction}``; metric 0: working days
            of the rep's service
        """
        self.env["sales.credit"]._process_pending()
        counts = defaultdict(Fraction)
        for rep, metric, window, value in self.env.execute_query(
            SQL(
                """
                SELECT c.rep_id, c.metric_id, w.days, sum(c.value)
                FROM unnest(%(windows)s::integer[]) AS w(days)
                JOIN sales_credit c ON c.metric_id = ANY(%(metrics)s)
                    AND c.date >= %(date)s::date - w.days AND c.date < %(date)s::date
                WHERE c.company_id = %(company)s AND NOT c.overlay
                  AND c.rep_id = ANY(%(reps)s)
                GROUP BY 1, 2, 3
                """,
                windows=sorted(set(self.mapped("window_days"))),
                metrics=self.metric_id.ids,
                date=date,
                company=company.id,
                reps=people.ids,
            )
        ):
            counts[rep, metric, window] = Fraction(str(value))
        for (rep, window), days in self._count_days(people, date).items():
            counts[rep, 0, window] = Fraction(days)
        return counts

    def _count_days(self, people, date):
        """Working days in the windows before a date: ``{(rep's id, window): int}``."""
        windows = set(self.mapped("window_days"))
        worked = self.env["sales.working.time"].working_days(
            people, date - timedelta(days=max(windows)), date - timedelta(days=1)
        )
        found = {}
        for rep, days in worked.items():
            for window in windows:
                start = max(date - timedelta(days=window), rep.date_start or date.min)
                stop = rep.date_end or date
                found[rep.id, window] = sum(start <= day <= stop for day in days)
        return found
