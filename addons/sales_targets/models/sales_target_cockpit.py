"""The cockpit: where targets stand in a period, day by day and by those below."""

from collections import defaultdict
from fractions import Fraction

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import asked
from ..planning import landing
from ..planning.curve import add, daily
from ..planning.pace import pace
from ..planning.periods import Period, choose, periods

# So many of those below who are furthest behind are named.
HELPED = 5


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    @api.model
    @api.readonly
    def get_cockpit(self, target_id=None, period="month", plan_id=None):
        """Where a target, or all that the user sees of a plan, stands in a period.

        Amounts are of the metric's unit (money: company currency); days are those of
        the company's calendar. What cannot be said is None. What was put on top for
        those below is never told.

        :param int target_id: a node; empty: the user's own target or people
        :param str period: a key of ``periods``; ``month`` or ``quarter``: today's
        :param int plan_id: which plan without a target; empty: the core goal of today
        :return: ``status``: ``ok``, or why there is nothing to show (``no_plan``,
            ``no_rep``, ``nothing``) with ``can_create`` and ``leader``; ``plans`` and
            ``periods`` to choose from, ``plan``, ``period``, ``today``, ``target``
            (``ids id name level path``), ``figures`` (see ``_stand``, ``_forecast``),
            ``days`` (``[date, target, achieved, off]``), ``children`` (figures of
            each), ``others`` (achieved by nobody of them), ``help`` (ids of children,
            the furthest behind first), ``goals`` (the figures of other plans) and
            ``can_meet`` (whether the user leads a team)
        :raise AccessError: for a target that the user does not see
        :raise UserError: for one that is no more, or a period that the plan has not
        """
        targets = self.env["sales.target"]
        plans = self._get_cockpit_plans()
        target_id = asked.record_id(self.env, target_id)
        if target_id:
            nodes = targets.browse(target_id)
            if not nodes.exists():
                raise UserError(self.env._("This target is no more: open it again."))
            nodes.check_access("read")
            nodes = nodes.total_id or nodes
        else:
            chosen = plans.filtered(lambda plan: plan.id == plan_id) or plans[:1]
            nodes = chosen._get_tops()
        if not nodes:
            return self._explain_empty_cockpit()
        plan = nodes.plan_id
        today = plan.company_id._get_sales_today()
        found = periods(plan._get_months())
        span = choose(found, period, today)
        if not span:
            raise UserError(
                self.env._("There is no period named %(period)s.", period=period)
            )
        return {
            "status": "ok",
            "plans": [
                {"id": other.id, "name": other.name, "kind": other.kind}
                for other in plans | plan
            ],
            "plan": plan._describe_plan(),
            "periods": [choice._asdict() for choice in found],
            "period": span._asdict(),
            "today": today,
            "target": nodes._describe_nodes(),
            "goals": plan._get_other_goals(plans, nodes, span, today),
            "can_meet": bool(self.env["sales.meeting"]._get_leader()),
            **nodes._get_cockpit(plan, span, today),
        }

    def _get_cockpit_plans(self):
        """Published plans with a target that the user sees, the core goal of today
        first."""
        company = self.env.company
        today = company._get_sales_today()
        found = self.env["sales.target"]._read_group(
            [
                ("company_id", "=", company.id),
                ("period", "=", "total"),
                ("plan_id.state", "!=", "draft"),
            ],
            ["plan_id"],
        )
        plans = self.browse([plan.id for [plan] in found])
        return plans.sorted(
            lambda plan: (
                plan.kind != "core",
                not plan.date_from <= today <= plan.date_to,
                abs((plan.date_from - today).days),
                plan.id,
            )
        )

    def _get_tops(self):
        """The nodes of a plan above which the user sees none."""
        totals = [("plan_id", "in", self.ids), ("period", "=", "total")]
        targets = self.env["sales.target"]
        root = targets.search([*totals, ("parent_id", "=", False)])
        if root or not self:
            return root
        seen = targets.search(totals, order="id")
        return seen.filtered(lambda target: target.parent_id not in seen)

    def _describe_plan(self):
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "state": self.state,
            "metric_id": self.metric_id.id,
            "metric": self.metric_id.name,
            "unit": self.metric_id.unit,
            "currency_id": self.company_id.currency_id.id,
            "date_from": self.date_from,
            "date_to": self.date_to,
        }

    def _explain_empty_cockpit(self):
        """Why there is nothing to show, and who can help."""
        user = self.env.user
        rep = self.env["sales.rep"].search(
            [("user_id", "=", user.id), ("company_id", "=", self.env.company.id)]
        )
        can_create = self.has_access("create")
        if can_create:
            status = "no_plan"
        else:
            status = "nothing" if rep else "no_rep"
        return {
            "status": status,
            "can_create": can_create,
            # sudo: everybody may know the own manager
            "leader": rep.sudo().parent_id.name or False,
        }

    def _get_other_goals(self, plans, nodes, span, today):
        """The same people in other plans that run in the period."""
        goals = []
        for plan in plans - self:
            start, stop = max(span.start, plan.date_from), min(span.stop, plan.date_to)
            if start > stop:
                continue
            same = plan._get_same(nodes)
            if not same:
                continue
            part = Period(span.key, span.kind, start, stop)
            stand = same._stand(*same._read_stand(plan, today), part, today)
            goals.append(
                {
                    **plan._describe_plan(),
                    "target_id": same.id if len(same) == 1 else False,
                    "figures": stand,
                }
            )
        return goals

    def _get_same(self, nodes):
        """These people's nodes in this plan."""
        if len(nodes) > 1:
            return self._get_tops()
        if not nodes.parent_id and self.top_rep_id != nodes.plan_id.top_rep_id:
            return nodes.browse()
        steps = nodes.search(
            [
                ("plan_id", "=", self.id),
                ("period", "=", "total"),
                ("level", "=", nodes.level),
                ("rep_id", "=", nodes.rep_id.id),
                ("team_id", "=", nodes.team_id.id),
                ("territory_id", "=", nodes.territory_id.id),
            ],
            order="id",
        )
        return steps.filtered(lambda step: not step.active_to)[-1:] or steps[-1:]


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def action_open_cockpit(self):
        """This target in the cockpit."""
        asked.one(self)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_targets.sales_cockpit_action"
        )
        total = self.total_id or self
        return {**action, "params": {"target_id": total.id}}

    def _describe_nodes(self):
        one = self if len(self) == 1 else self.browse()
        return {
            "ids": self.ids,
            "id": one.id,
            "name": self._name_together(),
            "level": one.level or "people",
            "path": self._get_path(),
        }

    def _get_path(self):
        """The nodes above that the user sees, from the top."""
        if len(self) > 1:
            return []
        above = self.search(
            [
                ("plan_id", "=", self.plan_id.id),
                ("period", "=", "total"),
                ("key", "in", list(self._above())),
            ]
        ).sorted(lambda target: len(target.key))
        path = [{"id": target.id, "name": target.name} for target in above]
        if above[:1].parent_id or (not above and self.parent_id):
            tops = self.plan_id._get_tops()
            if len(tops) > 1:
                path.insert(0, {"id": False, "name": tops._name_together()})
        return path

    def _get_cockpit(self, plan, span, today):
        below = self._get_nodes_below()
        read = (self | below)._read_stand(plan, today)
        figures = self._stand(*read, span, today)
        children = [
            {
                "id": child.id,
                "name": child.name,
                "level": child.level,
                "here": not child.active_to or child.active_to >= today,
                **child._stand(*read, span, today),
            }
            for child in below
        ]
        children.sort(key=lambda child: (-child["achieved"], child["id"]))
        behind = [
            child
            for child in children
            if child["here"] and child["pace"] is not None and child["pace"] < 1
        ]
        behind.sort(key=lambda child: (child["pace"], -child["behind"]))
        others = figures["achieved"] - sum(child["achieved"] for child in children)
        forecast = self._forecast(plan, span, today, figures["achieved"])
        return {
            "figures": {**figures, **forecast},
            "days": self._get_days(plan, span, read[1]["months"]),
            "children": children,
            "others": round(others, 2) if children else 0.0,
            "help": [child["id"] for child in behind[:HELPED]],
        }

    def _read_stand(self, plan, today):
        """What ``_stand`` needs, with as many queries for any number of targets."""
        return self._get_achieved(plan), self._get_passed(plan, today)

    def _stand(self, achieved, passed, span, today):
        """How these targets stand together in a period.

        :return: ``target achieved expected attainment pace gap behind required
            days_left landing``; ``behind`` is what is missing of what is expected
        """
        target = done = due = days = Fraction(0)
        reps = set()
        for node in self:
            values = {
                first: value
                for first, value in passed["months"].get(node.key, {}).items()
                if span.start <= first <= span.stop
            }
            target += sum(values.values())
            due += node._get_expected(values, passed, today)
            done += sum(
                value
                for first, value in achieved[node.key].items()
                if span.start <= first <= span.stop
            )
            for (first, rep), left in passed["left"].get(node.key, {}).items():
                if span.start <= first <= span.stop:
                    days += left
                    reps.add(rep)
        left = days / len(reps) if reps else Fraction(0)
        found = pace(target, done, due, left)
        return {
            "target": float(target),
            "achieved": float(done),
            "expected": _rounded(due),
            "attainment": _rounded(found.attainment, 6),
            "pace": _rounded(found.index, 6),
            "gap": float(found.gap),
            "behind": _rounded(due - done),
            "required": _rounded(found.required),
            "days_left": _rounded(left, 1),
            "landing": _rounded(found.landing),
        }

    def _forecast(self, plan, span, today, achieved):
        """Where these targets will land together; None where nothing tells.

        :return: ``landing_p10 landing_p50 landing_p90``, see ``planning/landing.py``
        """
        names = ("landing_p10", "landing_p50", "landing_p90")
        if span.stop < today:
            return dict.fromkeys(names, achieved)
        model = plan._learn_landing(plan.company_id.id, plan.metric_id.id, today)
        if not model:
            return dict.fromkeys(names)
        coming = self._get_coming(plan, model, today)
        rests = [
            rest
            for node in self
            for first, rest in coming.get(node.key, {}).items()
            if span.start <= first <= span.stop
        ]
        found = landing.quantiles(model, achieved, sum(rests, landing.Rest()))
        return dict(zip(names, map(_rounded, found), strict=True))

    def _get_days(self, plan, span, months):
        """Target and achieved of each day of a period; nobody works on one that is off.

        :return: ``[[date, target, achieved, off]]``
        """
        planned, worked = self._read_planned_days(plan, span)
        curve = add(
            daily(
                {
                    first: value
                    for first, value in months.get(node.key, {}).items()
                    if span.start <= first <= span.stop
                },
                planned[node.key],
            )
            for node in self
        )
        achieved = dict(
            self.env["sales.credit"]
            # sudo: who sees a target sees what it achieved, whose credits they are
            .sudo()
            ._read_group(
                self._get_credit_domain(span.start, span.stop),
                ["date:day"],
                ["value:sum"],
            )
        )
        return [
            [
                day,
                _rounded(target),
                round(achieved.get(day, 0.0), 2),
                bool(worked) and day not in worked,
            ]
            for day, target in sorted(curve.items())
        ]

    def _read_planned_days(self, plan, span):
        """``({key: {date: Fraction}}, {date})``: targets of the reps below each node,
        and the days on which anybody works."""
        planned, worked = defaultdict(dict), set()
        for key, day, value, hours in self.env.execute_query(
            SQL(
                """
                SELECT n.key, d.date, sum(d.value), max(d.hours)
                FROM unnest(%(keys)s::varchar[]) AS n(key)
                JOIN sales_target l ON l.plan_id = %(plan)s AND l.level = 'rep'
                    AND l.period = 'total'
                    AND (l.key = n.key OR l.key LIKE n.key || '/%%')
                JOIN sales_target m ON m.total_id = l.id
                    AND m.date_from BETWEEN %(start)s AND %(stop)s
                JOIN sales_target_day d ON d.target_id = m.id
                GROUP BY 1, 2
                """,
                keys=self.mapped("key"),
                plan=plan.id,
                start=span.start,
                stop=span.stop,
            )
        ):
            planned[key][day] = Fraction(str(value))
            if hours:
                worked.add(day)
        return planned, worked


def _rounded(value, digits=2):
    return None if value is None else float(round(value, digits))
