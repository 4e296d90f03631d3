"""Why a target was missed: the gap of a node split over the drivers of its metric.

Of each rep below, the gap of the period is split exactly (``planning/deviation.py``);
a team's causes are the sums of its reps'. What the sums leave is named: the hedge that
reps carry on top of the node's own target, and credits outside the plan.

The planned rates are those of the plan's time: when a plan is committed, each rep's
rates and working days are kept with the target. Who has come since has the rates before
the period, and the days that carry the target.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import format_date

from .. import asked
from ..planning.deviation import causes, joined, planned_counts
from ..planning.tree import ROOT

# The steps that no driver counts.
DAYS, RATE = "days", "rate"
# The step that is split off another one.
MIX = "mix"
HEDGE, OUTSIDE = "hedge", "outside"


@dataclass
class Leaf:
    """A rep's place in the plan and what came of it; amounts in cents.

    :param list counts: planned and actual counts of each step, see ``planned_counts``
    :param mix: what the product mix makes of the step that it splits
    :param list parts: cents of the gap by step
    """

    id: int
    key: str
    rep_id: int
    start: object
    stop: object
    kept: dict | None
    planned: int = 0
    actual: int = 0
    days: Fraction = Fraction(0)
    counts: tuple = ()
    mix: Fraction = Fraction(1)
    parts: list = field(default_factory=list)


class SalesTarget(models.Model):
    _inherit = "sales.target"

    planned_rates = fields.Json(
        readonly=True,
        help="Of a rep's total: the rates by which the target was to be reached.",
    )
    planned_days = fields.Json(
        readonly=True, help="Of a rep's month: the working days when it was planned."
    )

    def get_deviation(self, date_from=None, date_to=None):
        """What made the gap between a target and what came, by driver.

        The period ends today at the latest; of a month that has begun the target is
        that of the days until then. All amounts are in company currency or as the
        metric counts, exact to 0.01.

        :param date_from, date_to: within the plan; those of the row when empty
        :return: a dict: ``target`` (id, name, level), ``metric`` (name, code, unit),
            ``currency_id``, ``date_from``, ``date_to``, ``planned``, ``actual``,
            ``gap``;
            ``rows`` of a waterfall: ``key name kind (total or effect) value start stop
            driver_id planned_rate actual_rate joined``, where joined names steps that
            could not be told apart from this one;
            ``residual``, always 0;
            ``children``: ``id name level planned actual gap effects {key: value}``;
            ``largest``: ``key name value driver_id kind measure url`` of the cause that
            costs most, or False; ``reasons``: ``name count`` of what reps say about
            misses, as far as the user sees them; ``tasks``: measures
            that were taken and are open: ``id key user date summary``
        :raise AccessError: for targets that one may not read
        :raise UserError: for several targets, what is no date, and a period that has
            not begun or is none
        """
        asked.one(self)
        self.check_access("read")
        start, stop = self._get_period(date_from, date_to)
        # sudo: a node's causes are the sums of its reps', whoever sees the node
        leaves = self.sudo()._read_leaves(start, stop)
        total = self.total_id or self
        # Rules decide which children are shown.
        children = self.search([("parent_id", "=", total.id)], order="key, id")
        return {
            "target": {"id": self.id, "name": self.name, "level": self.level},
            **self._describe_deviation(leaves, children, start, stop),
        }

    def _describe_deviation(self, leaves, children, start, stop):
        """What ``get_deviation`` tells of targets of one plan, as their sum.

        :param leaves: the reps below them
        """
        first = self[:1]
        chain = self.env["sales.driver"]._get_chain(first.metric_id, first.company_id)
        mixed = chain._get_mix()
        steps = first._get_steps(chain, mixed)
        # sudo: a node's causes are the sums of its reps', whoever sees the node
        node = first.sudo()
        node._read_planned(leaves, start, stop)
        node._read_actual(leaves, chain)
        node._read_mixes(leaves, chain, mixed, start)
        node._explain_leaves(leaves, chain, mixed, start, stop)
        names = [key for key, _name, _driver in steps]
        # sudo: as above
        figures = (self | children).sudo()._get_figures(leaves, names, start, stop)
        planned, actual, effects = 0, 0, defaultdict(int)
        for key in self.mapped("key"):
            planned += figures[key][0]
            actual += figures[key][1]
            for cause, part in figures[key][2].items():
                effects[cause] += part
        return {
            "metric": first.metric_id.read(["name", "code", "unit"])[0],
            "currency_id": first.currency_id.id,
            "date_from": start,
            "date_to": stop,
            "planned": planned / 100,
            "actual": actual / 100,
            "gap": (actual - planned) / 100,
            "rows": first._prepare_waterfall(steps, leaves, (planned, actual, effects)),
            "residual": (actual - planned - sum(effects.values())) / 100,
            "children": [
                child._prepare_child(figures[child.key]) for child in children
            ],
            "largest": first._get_largest(steps, effects),
            "reasons": self.env["sales.work.plan"]._count_reasons(
                self.env["sales.rep"].browse({leaf.rep_id for leaf in leaves}),
                start,
                stop,
            ),
            "tasks": self._get_tasks(),
        }

    def _get_period(self, date_from, date_to):
        today = self.company_id._get_sales_today()
        plan = self.plan_id
        start = asked.day(self.env, date_from) or self.date_from
        stop = asked.day(self.env, date_to) or self.date_to
        start, stop = max(start, plan.date_from), min(stop, plan.date_to)
        if stop < start:
            raise UserError(
                self.env._("This is no period of %(plan)s.", plan=plan.name)
            )
        if start > today:
            raise UserError(
                self.env._(
                    "Nothing to explain yet: the period begins on %(date)s.",
                    date=format_date(self.env, start),
                )
            )
        return start, min(stop, today)

    def _get_steps(self, chain, mixed):
        """``[(key, name, driver)]`` in the order of the counts."""
        steps = [(DAYS, self.env._("Working Days"), chain.browse())]
        if not chain:
            return [*steps, (RATE, self.env._("Achieved a Day"), chain)]
        # In the user's language: the chain is read as superuser.
        for driver in chain:
            steps.append((driver.metric_id.code, driver.name, driver))
            if driver.metric_id == mixed.metric_id:
                steps.append((MIX, mixed.name, mixed))
        return steps

    # Reading

    def _read_leaves(self, start, stop):
        """The reps of the node with a day in the period."""
        return [
            Leaf(*row)
            for row in self.env.execute_query(
                SQL(
                    """
                    SELECT id, key, rep_id,
                        GREATEST(active_from, date_from, %(start)s::date),
                        LEAST(active_to, date_to, %(stop)s::date), planned_rates
                    FROM sales_target
                    WHERE plan_id = %(plan)s AND level = 'rep' AND period = 'total'
                      AND (key = %(key)s OR key LIKE %(below)s)
                      AND COALESCE(active_from, date_from) <= %(stop)s
                      AND COALESCE(active_to, date_to) >= %(start)s
                    ORDER BY key, id
                    """,
                    plan=self.plan_id.id,
                    key=self.key,
                    below=f"{self.key}/%",
                    start=start,
                    stop=stop,
                )
            )
        ]

    def _read_planned(self, leaves, start, stop):
        """Target and working days of the period, as they were planned."""
        by_id = {leaf.id: leaf for leaf in leaves}
        for leaf_id, first, value, kept, passed, whole, days in self.env.execute_query(
            SQL(
                """
                SELECT m.total_id, m.date_from, m.value, m.planned_days,
                    sum(d.value) FILTER (WHERE d.date BETWEEN %(start)s AND %(stop)s),
                    sum(d.value),
                    count(*) FILTER (WHERE d.date BETWEEN l.start AND l.stop
                        AND (d.hours > 0 OR d.value <> 0))
                FROM unnest(%(ids)s::integer[], %(starts)s::date[], %(stops)s::date[])
                    AS l(id, start, stop)
                JOIN sales_target m ON m.total_id = l.id
                    AND m.date_from <= %(stop)s AND m.date_to >= %(start)s
                LEFT JOIN sales_target_day d ON d.target_id = m.id
                GROUP BY m.id
                """,
                start=start,
                stop=stop,
                ids=list(by_id),
                starts=[leaf.start for leaf in leaves],
                stops=[leaf.stop for leaf in leaves],
            )
        ):
            leaf = by_id[leaf_id]
            leaf.planned += _part(value, passed, whole, first, start, stop)
            if kept is not None:
                dates = (first + timedelta(days=number - 1) for number in kept)
                days = sum(leaf.start <= day <= leaf.stop for day in dates)
            leaf.days += days

    def _read_actual(self, leaves, chain):
        """What the ledger holds of each step."""
        self.env["sales.credit"]._process_pending()
        metrics = chain.metric_id | self.metric_id
        found = defaultdict(Fraction)
        for leaf_id, metric, value in self.env.execute_query(
            SQL(
                """
                SELECT l.id, c.metric_id, sum(c.value)
                FROM unnest(%(ids)s::integer[], %(reps)s::integer[],
                    %(starts)s::date[], %(stops)s::date[]) AS l(id, rep_id, start, stop)
                JOIN sales_credit c ON c.rep_id = l.rep_id
                    AND c.metric_id = ANY(%(metrics)s)
                    AND c.date BETWEEN l.start AND l.stop
                    AND c.company_id = %(company)s AND NOT c.overlay
                GROUP BY 1, 2
                """,
                ids=[leaf.id for leaf in leaves],
                reps=[leaf.rep_id for leaf in leaves],
                starts=[leaf.start for leaf in leaves],
                stops=[leaf.stop for leaf in leaves],
                metrics=metrics.ids,
                company=self.company_id.id,
            )
        ):
            found[leaf_id, metric] = Fraction(str(value))
        steps = [driver.metric_id.id for driver in chain] or [self.metric_id.id]
        for leaf in leaves:
            leaf.counts = ([], [found[leaf.id, metric] for metric in steps])
            leaf.actual = round(100 * found[leaf.id, self.metric_id.id])

    def _explain_leaves(self, leaves, chain, mixed, start, stop):
        """The parts of each step in each rep's gap.

        The mix is a step between the two counts of the step that it splits: what would
        have come at the planned mix, and what came.
        """
        reps = self.env["sales.rep"].browse({leaf.rep_id for leaf in leaves})
        worked = self.env["sales.working.time"].working_days(reps, start, stop)
        codes = [driver.metric_id.code for driver in chain]
        kept = {
            leaf.id: [rate and Fraction(rate) for rate in leaf.kept["rates"]]
            for leaf in leaves
            if leaf.kept and leaf.kept["codes"] == codes
        }
        others = reps.browse({leaf.rep_id for leaf in leaves if leaf.id not in kept})
        rates = self.env["sales.driver"]._get_rates(self.metric_id, others, start)
        place = mixed and 1 + codes.index(mixed.metric_id.code)
        for leaf in leaves:
            rep = reps.browse(leaf.rep_id)
            first = max(leaf.start, rep.date_start or leaf.start)
            last = min(leaf.stop, rep.date_end or leaf.stop)
            days = Fraction(sum(first <= day <= last for day in worked[rep]))
            # Money is counted in cents, so that what sums are whole units.
            planned = planned_counts(
                Fraction(leaf.planned, 100),
                leaf.days,
                kept.get(leaf.id) or rates.get(rep) or [None],
            )
            actual = [days, *leaf.counts[1]]
            if place:
                planned.insert(place, planned[place])
                actual.insert(place, actual[place] / leaf.mix)
            leaf.counts = (planned, actual)
            leaf.parts = causes(
                [*planned[:-1], planned[-1] * 100],
                [*actual[:-1], actual[-1] * 100],
                leaf.actual - leaf.planned,
            )

    def _get_figures(self, leaves, names, start, stop):
        """Planned and actual of these nodes and what lies between.

        :param list names: the steps' keys
        :return: ``{key: (planned, actual, {step's key: part})}`` in cents
        """
        planned = self._get_planned(start, stop)
        figures = {}
        for key in {target.key for target in self}:
            below = [
                leaf
                for leaf in leaves
                if leaf.key == key or leaf.key.startswith(f"{key}/")
            ]
            assigned = sum(leaf.planned for leaf in below)
            credited = sum(leaf.actual for leaf in below)
            actual = self._get_all(start, stop) if key == ROOT else credited
            parts = zip(*(leaf.parts for leaf in below), strict=True)
            sums = [sum(part) for part in parts] or [0] * len(names)
            effects = {
                HEDGE: assigned - planned[key],
                **dict(zip(names, sums, strict=True)),
                OUTSIDE: actual - credited,
            }
            figures[key] = planned[key], actual, effects
        return figures

    def _get_planned(self, start, stop):
        """The targets of these nodes in the period: ``{key: cents}``."""
        found = defaultdict(int)
        for key, first, value, passed, whole in self.env.execute_query(
            SQL(
                """
                SELECT n.key, n.date_from, n.value, sum(d.passed), sum(d.whole)
                FROM sales_target n
                LEFT JOIN LATERAL (
                    SELECT sum(d.value) FILTER (
                            WHERE d.date BETWEEN %(start)s AND %(stop)s) AS passed,
                        sum(d.value) AS whole
                    FROM sales_target m JOIN sales_target_day d ON d.target_id = m.id
                    WHERE m.plan_id = n.plan_id AND m.level = 'rep'
                      AND m.period = 'month' AND m.date_from = n.date_from
                      AND (m.key = n.key OR m.key LIKE n.key || '/%%')
                      AND NOT (n.date_from >= %(start)s AND n.date_to <= %(stop)s)
                ) d ON TRUE
                WHERE n.plan_id = %(plan)s AND n.key = ANY(%(keys)s)
                  AND n.period = 'month' AND n.date_from <= %(stop)s
                  AND n.date_to >= %(start)s
                GROUP BY n.id
                """,
                start=start,
                stop=stop,
                plan=self.plan_id[:1].id,
                keys=sorted({target.key for target in self}),
            )
        ):
            found[key] += _part(value, passed, whole, first, start, stop)
        return found

    def _get_all(self, start, stop):
        """Cents credited in the plan's unit, whoever carries a target."""
        plan = self.plan_id[:1]
        people = SQL("TRUE")
        if plan.top_rep_id:
            people = SQL("rep_id = ANY(%s)", plan._get_unit_ids())
        [[cents]] = self.env.execute_query(
            SQL(
                """SELECT COALESCE(round(100 * sum(value)), 0)::bigint
                FROM sales_credit
                WHERE metric_id = %s AND company_id = %s AND NOT overlay
                  AND date BETWEEN %s AND %s AND %s""",
                plan.metric_id.id,
                plan.company_id.id,
                start,
                stop,
                people,
            )
        )
        return cents

    # Preparing

    def _prepare_waterfall(self, steps, leaves, figures):
        planned, actual, effects = figures
        rows, level = [], planned
        rows.append(self._prepare_total("planned", self.env._("Target"), planned))
        names = {
            HEDGE: self.env._("Hedge, carried below on top"),
            OUTSIDE: self.env._("Credited outside the plan"),
        }
        rates = self._get_mean_rates(leaves)
        known = {key: number for number, (key, *_rest) in enumerate(steps)}
        together = self._get_joined(steps, leaves)
        for key, value in effects.items():
            if key in (HEDGE, OUTSIDE) and not value:
                continue
            number = known.get(key)
            told = number is not None
            rows.append(
                {
                    "key": key,
                    "name": steps[number][1] if told else names[key],
                    "kind": "effect",
                    "value": value / 100,
                    "start": level / 100,
                    "stop": (level + value) / 100,
                    "driver_id": steps[number][2].id if told else False,
                    "planned_rate": rates[0][number] if told else None,
                    "actual_rate": rates[1][number] if told else None,
                    "joined": together[number] if told else [],
                }
            )
            level += value
        rows.append(self._prepare_total("actual", self.env._("Achieved"), actual))
        return rows

    @staticmethod
    def _prepare_total(key, name, cents):
        return {
            "key": key,
            "name": name,
            "kind": "total",
            "value": cents / 100,
            "start": 0.0,
            "stop": cents / 100,
            "driver_id": False,
            "planned_rate": None,
            "actual_rate": None,
            "joined": [],
        }

    @staticmethod
    def _get_mean_rates(leaves):
        """Planned and actual rates of all reps together; None where there is none."""
        found = []
        for side in (0, 1):
            counts = zip(*(leaf.counts[side] for leaf in leaves), strict=True)
            sums = [sum(count) for count in counts]
            found.append(
                defaultdict(
                    lambda: None,
                    {
                        number: float(count / sums[number - 1])
                        for number, count in enumerate(sums)
                        if number and sums[number - 1]
                    },
                )
            )
            if sums:
                found[-1][0] = float(sums[0])
        return found

    @staticmethod
    def _get_joined(steps, leaves):
        """Names of the steps that are in a later one for one of the reps: by step."""
        found = [set() for _step in steps]
        for merged in {frozenset(joined(*leaf.counts)) for leaf in leaves}:
            for number in merged:
                after = number + 1
                while after in merged:
                    after += 1
                if after < len(steps):
                    found[after].add(number)
        return [[steps[number][1] for number in sorted(some)] for some in found]

    def _prepare_child(self, figures):
        planned, actual, effects = figures
        return {
            "id": self.id,
            "name": self.name,
            "level": self.level,
            "planned": planned / 100,
            "actual": actual / 100,
            "gap": (actual - planned) / 100,
            "effects": {key: value / 100 for key, value in effects.items()},
        }

    def _get_largest(self, steps, effects):
        """The step that costs most, and what helps; False where none costs."""
        key, name, driver = min(steps, key=lambda step: effects[step[0]])
        if effects[key] >= 0:
            return False
        kind, measure = driver.measure_kind, driver.measure
        if key == DAYS:
            kind = "cover"
            measure = self.env._(
                "Arrange cover for absences, and give their customers a visit by "
                "somebody else."
            )
        return {
            "key": key,
            "name": name,
            "value": effects[key] / 100,
            "driver_id": driver.id,
            "kind": kind or False,
            "measure": measure or False,
            "url": driver.measure_url or False,
        }


def _part(value, passed, whole, first, start, stop):
    """Cents of a month's target in a period: by its days, else by calendar days."""
    last = first + relativedelta(months=1, days=-1)
    value = Fraction(str(value or 0))
    if start <= first and last <= stop:
        share = Fraction(1)
    elif whole:
        share = Fraction(str(passed or 0)) / Fraction(str(whole))
    else:
        days = (min(stop, last) - max(start, first)).days + 1
        share = Fraction(days, last.day)
    return round(100 * value * share)
