"""What targets are based on: read as sets, of all reps of a plan at once.

Amounts are exact: numerics of the ledger become Fractions. A rep about whom nothing is
known is not in the result, which is not the same as zero.
"""

from collections import defaultdict
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo.tools import SQL

from odoo.addons.sales_force.customers.assignment import ramped


def collect(plan, rep_ids, months):
    """What is known of the reps.

    :param plan: a plan, as superuser
    :param set rep_ids: of the reps
    :param list months: first days of the plan's months
    :return: ``reps``: ``{basis: {rep's id: Fraction}}`` of history, potential,
        pipeline, capacity and baseline; ``seasons``: ``{profile: [Fraction by month]}``
    """
    past = _history(plan, rep_ids, months)
    known = _known_before(plan, rep_ids)
    capacity, working_days = _capacity(plan, rep_ids, months)
    history = {
        rep: sum(past[rep].values(), Fraction(0)) / plan.history_years for rep in known
    }
    baseline = {
        rep: sum(
            (value for (year, _month), value in past[rep].items() if year == 1),
            Fraction(0),
        )
        for rep in known
    }
    seasons = [Fraction(0)] * len(months)
    for values in past.values():
        for (_year, month), value in values.items():
            seasons[month] += value
    return {
        "reps": {
            "history": history,
            "potential": _potential(plan, rep_ids),
            "pipeline": _pipeline(plan, rep_ids),
            "capacity": capacity,
            "baseline": baseline,
        },
        "seasons": {
            "history": seasons,
            "working_days": working_days,
            "even": [Fraction(1)] * len(months),
        },
    }


def _history(plan, rep_ids, months):
    """Credits of the same months in past years, without overlays.

    :return: ``{rep's id: {(years ago, number of the month): Fraction}}``
    """
    found = defaultdict(lambda: defaultdict(Fraction))
    plan.env["sales.credit"]._process_pending()
    for years in range(1, plan.history_years + 1):
        start = plan.date_from - relativedelta(years=years)
        stop = plan.date_to + relativedelta(days=1) - relativedelta(years=years)
        number = {
            first - relativedelta(years=years): index
            for index, first in enumerate(months)
        }
        for rep, month, value in plan.env.execute_query(
            SQL(
                """SELECT rep_id, date_trunc('month', date)::date, sum(value)
                FROM sales_credit
                WHERE metric_id = %s AND company_id = %s AND NOT overlay
                  AND rep_id = ANY(%s) AND date >= %s AND date < %s
                GROUP BY 1, 2""",
                plan.metric_id.id,
                plan.company_id.id,
                list(rep_ids),
                start,
                stop,
            )
        ):
            found[rep][years, number[month]] += Fraction(str(value))
    return found


def _known_before(plan, rep_ids):
    """Reps who were there all the year before, so that it says something."""
    start = plan.date_from - relativedelta(years=1)
    reps = plan.env["sales.rep"].browse(rep_ids)
    return {rep.id for rep in reps if not rep.date_start or rep.date_start <= start}


def _potential(plan, rep_ids):
    """What the customers of a rep could buy in a year: as entered, else as the average
    customer of their class buys."""
    return {
        rep: Fraction(str(value))
        for rep, value in plan.env.execute_query(
            SQL(
                """
                WITH average AS (
                    SELECT class_id, avg(turnover) AS turnover FROM sales_customer
                    WHERE company_id = %(company)s AND class_id IS NOT NULL
                    GROUP BY class_id
                )
                SELECT v.rep_id, round(sum(v.value), 2) FROM (
                    SELECT r.id AS rep_id, COALESCE(
                        NULLIF((p.sales_potential ->> %(key)s)::numeric, 0),
                        a.turnover) AS value
                    FROM sales_rep r
                    JOIN res_partner p ON p.user_id = r.user_id AND p.active
                        AND p.commercial_partner_id = p.id
                    JOIN sales_customer c ON c.partner_id = p.id
                        AND c.company_id = r.company_id
                    LEFT JOIN average a ON a.class_id = c.class_id
                    WHERE r.id = ANY(%(reps)s)
                ) v
                WHERE v.value IS NOT NULL
                GROUP BY v.rep_id
                """,
                company=plan.company_id.id,
                key=str(plan.company_id.id),
                reps=list(rep_ids),
            )
        )
    }


def _pipeline(plan, rep_ids):
    """Expected revenue by probability of open leads that close before the plan ends."""
    return {
        rep: Fraction(str(value))
        for rep, value in plan.env.execute_query(
            SQL(
                """
                SELECT r.id, round(sum(
                    l.expected_revenue * l.probability::numeric / 100), 2)
                FROM sales_rep r
                JOIN crm_lead l ON l.user_id = r.user_id AND l.active
                    AND COALESCE(l.company_id, r.company_id) = r.company_id
                    AND COALESCE(l.won_status, 'pending') = 'pending'
                    AND COALESCE(l.date_deadline, %(stop)s) <= %(stop)s
                WHERE r.id = ANY(%(reps)s) AND l.expected_revenue IS NOT NULL
                GROUP BY r.id
                """,
                stop=plan.date_to,
                reps=list(rep_ids),
            )
        )
    }


def _capacity(plan, rep_ids, months):
    """Working hours of the period, of the part that the ramp-up allows.

    A full-time share is in the calendar; leave that is known is taken away.

    :return: ``({rep's id: Fraction}, [Fraction by month])``: hours
    """
    reps = plan.env["sales.rep"].browse(rep_ids)
    hours = plan.env["sales.working.time"].working_days(
        reps, plan.date_from, plan.date_to
    )
    capacity, seasons = {}, [Fraction(0)] * len(months)
    number = {(first.year, first.month): index for index, first in enumerate(months)}
    for rep, days in hours.items():
        by_month = [0.0] * len(months)
        for day, worked in days.items():
            by_month[number[day.year, day.month]] += worked
        total = Fraction(0)
        for index, first in enumerate(months):
            worked = Fraction(round(by_month[index] * 1000), 1000)
            seasons[index] += worked
            if rep.date_start and rep.date_start > first + relativedelta(months=1):
                continue
            total += (
                worked * ramped(1000, rep.date_start, rep.ramp_months, first) / 1000
            )
        capacity[rep.id] = total
    return capacity, seasons
