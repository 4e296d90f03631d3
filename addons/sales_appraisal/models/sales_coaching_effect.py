"""What a plan is measured by: the rate before and after, and the team's beside it.

The team are the reps who had the same manager on the first day, the same people in both
windows; of one other alone nothing is shown.
"""

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_date, formatLang

from ..scoring.coaching import CHANCE, Window, compare, effect

SIDES = ("before", "after")
LEAST_PEERS = 2


class SalesCoaching(models.Model):
    _inherit = "sales.coaching"

    result = fields.Json(
        readonly=True,
        copy=False,
        help="What was counted, as it was when the plan was closed.",
    )
    before = fields.Float(
        "Rate Before", compute="_compute_effect", digits=(16, 2), aggregator=None
    )
    after = fields.Float(
        "Rate After", compute="_compute_effect", digits=(16, 2), aggregator=None
    )
    change = fields.Float(
        compute="_compute_effect", digits=(16, 2), aggregator=None, help="Of the rep."
    )
    team_change = fields.Float(
        "Change of the Team",
        compute="_compute_effect",
        digits=(16, 2),
        aggregator=None,
        help="Of the others with the same manager, in the same windows.",
    )
    beyond = fields.Float(
        "Beyond the Team",
        compute="_compute_effect",
        digits=(16, 2),
        aggregator=None,
        help="The change of the rep less that of the team.",
    )
    has_change = fields.Boolean(compute="_compute_effect")
    has_before = fields.Boolean(compute="_compute_effect")
    has_after = fields.Boolean(compute="_compute_effect")
    has_team = fields.Boolean(compute="_compute_effect")
    is_reached = fields.Boolean("Goal Reached", compute="_compute_effect")
    observations = fields.Integer(compute="_compute_effect")
    p_value = fields.Float(
        "By Chance",
        compute="_compute_effect",
        digits=(16, 3),
        aggregator=None,
        help="In how many of 1 such a change comes about by chance alone.",
    )
    effect_text = fields.Text("Effect", compute="_compute_effect")

    @api.depends("result", *"state metric_id base_metric_id goal_value".split())
    @api.depends("rep_id", "date_from", "date_to", "window_days")
    @api.depends_context("lang")
    def _compute_effect(self):
        open_plans = self.filtered(lambda plan: not plan.result)
        # sudo: the rep's own figures and the sums of the team, whoever reads the plan
        found = open_plans.sudo()._measure()
        for plan in self:
            plan._show(plan.result or found.get(plan.id))

    def _show(self, result):
        """Fields and words of what was counted."""
        values = read_result(result)
        percent = 100 if self.metric_id.unit == "percent" else 1
        for name in ("before", "after", "change", "team_change", "beyond"):
            value = values and getattr(values, name)
            self[name] = 0.0 if value is None else float(value * percent)
        self.has_before = bool(values) and values.before is not None
        self.has_after = bool(values) and values.after is not None
        self.has_change = bool(values) and values.change is not None
        self.has_team = bool(values) and values.beyond is not None
        self.observations = (result or {}).get("observations") or 0
        self.p_value = (result or {}).get("p") or 0.0
        self.is_reached = self._reaches(values, percent)
        self.effect_text = "\n".join(self._describe(result, values))

    def _reaches(self, values, percent):
        if not values or values.after is None or not self.goal_value:
            return False
        goal, after = Fraction(str(self.goal_value)), values.after * percent
        lower = values.before is not None and goal < values.before * percent
        return after <= goal if lower else after >= goal

    # In words

    def _describe(self, result, values):
        _ = self.env._
        if not self.metric_id:
            return [_("No figure was chosen: the effect is not measured.")]
        if not values or values.before is None:
            return [_("Nothing to compare: nothing was counted before.")]
        if values.after is None:
            return [
                _(
                    "Before: %(before)s (%(measured)s). There is nothing after yet.",
                    before=self._number(values.before),
                    measured=self.measured,
                )
            ]
        return [
            _(
                "%(measured)s: %(before)s from %(first)s to %(last)s, %(after)s from "
                "%(start)s to %(stop)s, a change of %(change)s.",
                measured=self.measured,
                before=self._number(values.before),
                after=self._number(values.after),
                change=self._number(values.change, sign=True),
                **{
                    name: format_date(self.env, day)
                    for name, day in zip(
                        ("first", "last", "start", "stop"),
                        result["days"],
                        strict=True,
                    )
                },
            ),
            self._describe_team(result, values),
            self._describe_chance(result),
        ]

    def _describe_team(self, result, values):
        _ = self.env._
        if values.beyond is None:
            return _(
                "There is no team to compare with: it takes two others with the same "
                "manager."
            )
        return _(
            "The %(count)s others of the team changed by %(change)s in the same days: "
            "%(beyond)s beyond the team.",
            count=result["peers"],
            change=self._number(values.team_change, sign=True),
            beyond=self._number(values.beyond, sign=True),
        )

    def _describe_chance(self, result):
        _ = self.env._
        method, p = result["method"], result["p"]
        if method is None or p is None:
            return _("Too little was observed to tell it from chance.")
        count = result["observations"]
        methods = {
            "parts": _("Fisher's exact test, %(count)s observations", count=count),
            "events": _("exact test of two rates, %(count)s observations", count=count),
            "days": _("normal interval over %(count)s days", count=count),
        }
        said = (
            _("This can be told from chance")
            if p < CHANCE
            else _("This cannot be told from chance")
        )
        return _(
            "%(said)s: such a change comes about by chance in %(cases)s of 100 cases "
            "(%(method)s).",
            said=said,
            cases=formatLang(self.env, 100 * p, digits=1),
            method=methods[method],
        )

    def _number(self, value, sign=False):
        percent = self.metric_id.unit == "percent"
        text = formatLang(self.env, float(value * (100 if percent else 1)), digits=2)
        plus = "+" if sign and value > 0 else ""
        return f"{plus}{text}{' %' if percent else ''}"

    # Counting

    def _get_windows(self):
        """First and last days before and after; None where there is none yet."""
        self.ensure_one()
        start, span = self.date_from, timedelta(days=self.window_days - 1)
        last = self.company_id._get_sales_today() - timedelta(days=1)
        stop = min(self.date_to, last)
        before = (start - span - timedelta(days=1), start - timedelta(days=1))
        after = (max(start, stop - span), stop) if stop >= start else None
        return before, after

    def _measure(self):
        """What was counted in the windows of plans: with a constant number of queries.

        :return: ``{plan's id: result}``, as ``result`` keeps it
        """
        plans = self.filtered(
            lambda plan: plan.id and plan.metric_id and plan.rep_id and plan.date_from
        )
        if not plans:
            return {}
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        windows = {plan: plan._get_windows() for plan in plans}
        peers = plans._read_peers()
        counted = plans._read_counts(windows, peers)
        worked = plans._count_days(windows, peers)
        return {
            plan.id: plan._prepare_result(
                windows[plan], len(peers[plan.id]), counted, worked
            )
            for plan in plans
        }

    def _prepare_result(self, windows, peers, counted, worked):
        metric = self.metric_id
        parts, base = metric, self.base_metric_id
        if metric.kind == "ratio":
            parts, base = metric.numerator_id, metric.denominator_id
        both = metric.denominator_includes_numerator
        read = {}
        for side in SIDES:
            for own in (True, False):
                counts = counted[self.id, side, own, parts.id]
                bases = (
                    counted[self.id, side, own, base.id]
                    if base
                    else worked[self.id, side, own]
                )
                days = sorted(counts.keys() | bases.keys(), key=str)
                rows = [
                    (
                        counts.get(day, Fraction(0)),
                        bases.get(day, Fraction(0)) + both * counts.get(day, 0),
                    )
                    for day in days
                ]
                read[side, own] = Window(
                    sum((count for count, _base in rows), Fraction(0)),
                    sum((base for _count, base in rows), Fraction(0)),
                    tuple(rows),
                )
        verdict = compare(read["before", True], read["after", True], self._get_kind())
        return {
            "days": [str(day) for window in windows if window for day in window],
            "counts": [
                [str(window.count), str(window.base)]
                for own in (True, False)
                for window in (read["before", own], read["after", own])
            ],
            "peers": peers,
            "method": verdict.method,
            "observations": verdict.observations,
            "p": verdict.p,
        }

    def _get_kind(self):
        """How the metric is compared, see ``scoring/coaching.py``."""
        metric = self.metric_id
        counted = metric.numerator_id if metric.kind == "ratio" else metric
        if counted.unit != "count":
            return "amounts"
        return "parts" if metric.denominator_includes_numerator else "events"

    def _read_peers(self):
        """Ids of those with the same manager on the first day: ``{plan's id: ids}``."""
        found = defaultdict(list)
        for plan, rep in self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT p.id, other.rep_id
                FROM sales_coaching p
                JOIN sales_rep_assignment mine ON mine.rep_id = p.rep_id
                    AND mine.date_from <= p.date_from
                    AND COALESCE(mine.date_to, 'infinity') >= p.date_from
                JOIN sales_rep_assignment other ON other.manager_id = mine.manager_id
                    AND other.rep_id <> p.rep_id AND other.date_from <= p.date_from
                    AND COALESCE(other.date_to, 'infinity') >= p.date_from
                JOIN sales_rep r ON r.id = other.rep_id
                    AND r.company_id = p.company_id
                WHERE p.id = ANY(%s)
                """,
                self.ids,
            )
        ):
            found[plan].append(rep)
        return defaultdict(
            list, {k: ids for k, ids in found.items() if len(ids) >= LEAST_PEERS}
        )

    def _read_counts(self, windows, peers):
        """``{(plan's id, side, own, metric's id): {day: Fraction}}``.

        Of the others the sum only, on no day.
        """
        rows = [
            (plan.id, side, rep == plan.rep_id.id, rep, *window, plan.company_id.id)
            for plan in self
            for side, window in zip(SIDES, windows[plan], strict=True)
            if window
            for rep in [plan.rep_id.id, *peers[plan.id]]
        ]
        counted = defaultdict(dict)
        for plan, side, own, metric, day, value in self.env.execute_query(
            SQL(
                """
                SELECT w.plan, w.side, w.own, c.metric_id,
                    CASE WHEN w.own THEN c.date END AS day, sum(c.value)
                FROM unnest(%s::integer[], %s::varchar[], %s::boolean[], %s::integer[],
                    %s::date[], %s::date[], %s::integer[])
                    AS w(plan, side, own, rep, start, stop, company)
                JOIN sales_credit c ON c.rep_id = w.rep
                    AND c.metric_id = ANY(%s)
                    AND c.date BETWEEN w.start AND w.stop
                    AND c.company_id = w.company AND NOT c.overlay
                GROUP BY 1, 2, 3, 4, 5
                """,
                *(list(column) for column in zip(*rows, strict=True)),
                self._get_counted().ids,
            )
        ):
            counted[plan, side, own, metric][day] = Fraction(str(value))
        return counted

    def _count_days(self, windows, peers):
        """Working days in the same form, of plans that are measured by them."""
        plans = self.filtered(
            lambda plan: plan.metric_id.kind == "additive" and not plan.base_metric_id
        )
        found = defaultdict(dict)
        if not plans:
            return found
        spans = [span for plan in plans for span in windows[plan] if span]
        others = {rep for plan in plans for rep in peers[plan.id]}
        reps = plans.rep_id | self.env["sales.rep"].browse(sorted(others))
        worked = self.env["sales.working.time"].working_days(
            reps, min(span[0] for span in spans), max(span[1] for span in spans)
        )
        for plan in plans:
            for side, window in zip(SIDES, windows[plan], strict=True):
                if not window:
                    continue
                team = reps.browse(peers[plan.id])
                found[plan.id, side, True] = dict.fromkeys(
                    _days(plan.rep_id, worked, window), Fraction(1)
                )
                found[plan.id, side, False] = {
                    None: Fraction(sum(len(_days(rep, worked, window)) for rep in team))
                }
        return found

    def action_open_credits(self):
        """The credits behind the rate, from before to after."""
        self.ensure_one()
        self.check_access("read")
        days = (self.result or {}).get("days") or [
            day for window in self._get_windows() if window for day in window
        ]
        return self.env["sales.credit"]._prepare_action(
            "sales_credit_action_documents",
            self.display_name,
            [
                ("metric_id", "in", self._get_counted().ids),
                ("rep_id", "=", self.rep_id.id),
                ("overlay", "=", False),
                ("date", ">=", days[0]),
                ("date", "<=", days[-1]),
            ],
            ["by_metric"],
        )

    def _get_counted(self):
        """The metrics whose credits are read."""
        return self.metric_id._get_parts() | self.base_metric_id


def _days(rep, worked, window):
    """The working days of a rep's service in a window."""
    first = max(window[0], rep.date_start or window[0])
    last = min(window[1], rep.date_end or window[1])
    return [day for day in worked[rep] if first <= day <= last]


def read_result(result):
    """The rates of what was kept; None where nothing was measured."""
    if not result:
        return None
    windows = [
        Window(Fraction(count), Fraction(base)) for count, base in result["counts"]
    ]
    return effect(*windows)
