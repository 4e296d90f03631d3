"""What *My Day* and the team's day show: one call each, with few queries."""

from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .. import asked
from ..work.source import COUNTED
from .sales_work_plan import OF_COUNTED, OPEN, WORKING

# A rep is asked for reviews of so many days back.
_OWED_DAYS = 14
_PERIODS = ("day", "week", "month")
# The figures of metrics that a day needs are shown for these, in this order.
_NEEDED = ("VISITS", "QUOTATIONS", "ORDERS")


class SalesWorkPlan(models.Model):
    _inherit = "sales.work.plan"

    @api.model
    def get_my_day(self, rep_id=None, date=None):
        """A rep's day: the plan, the target, and what is done of both.

        Of the user's own rep and today the plan is made if there is none yet.

        :param int rep_id: empty: the user's own in the current company
        :param date: a date; empty: today, where the company works
        :return: ``rep`` (``id name user_id``; False where there is none), ``date``
            ``today``, ``is_mine``, ``is_above`` (whether the user leads the rep),
            ``can_lead`` (whether the user has a team to look at), ``editable``,
            ``day_off``, ``currency_id``; ``plan``: False or ``id state minutes note
            comment reviewed_by is_late``; ``items``: see ``_prepare_items``; ``kinds``:
            ``code label icon addable``; ``reasons``: ``id name``; ``target``: see
            ``_get_day_target``; ``needs``: ``code name needed done`` of what the gap of
            the month needs today; ``streak``: days in a row submitted on time;
            ``owed``: ``id date`` of the plans of days before that are not submitted
        :raise AccessError: for a rep whose figures the user does not follow
        :raise UserError: for what is no date
        """
        rep = self._get_day_rep(asked.record_id(self.env, rep_id))
        company = rep.company_id or self.env.company
        today = company._get_sales_today()
        day = asked.day(self.env, date) or today
        values = {
            "rep": rep.id
            and {"id": rep.id, "name": rep.name, "user_id": rep.user_id.id},
            "date": fields.Date.to_string(day),
            "today": fields.Date.to_string(today),
            "can_lead": self.env.user.has_groups(
                "sales_force.group_sales_leader,sales_force.group_sales_operations"
            ),
            "currency_id": company.currency_id.id,
            "plan": False,
            "items": [],
            "is_mine": False,
            "is_above": False,
            "editable": False,
            "day_off": False,
            "target": False,
            "needs": [],
            "kinds": [],
            "reasons": [],
            "streak": 0,
            "owed": [],
        }
        if not rep:
            return values
        mine = rep.user_id == self.env.user
        plan, before = self._get_day_plans(rep, day, today, mine)
        kinds = self.env["sales.work.plan.item"]._get_kinds()
        reasons = self.env["sales.miss.reason"].search_fetch([], ["name"])
        values.update(
            is_mine=mine,
            is_above=self.env["sales.rep"]._leads(rep),
            editable=bool(mine and day >= today and plan.state in OPEN),
            day_off=not plan and self._is_day_off(rep, day),
            plan=plan._prepare_plan(),
            items=plan.item_ids._prepare_items(),
            kinds=[
                {
                    "code": code,
                    "label": kind.label,
                    "icon": kind.icon,
                    "addable": kind.addable,
                }
                for code, kind in kinds.items()
            ],
            reasons=[{"id": r.id, "name": r.name} for r in reasons],
            streak=self._get_streak(rep)[rep],
            owed=[
                {"id": owed.id, "date": fields.Date.to_string(owed.date)}
                for owed in before
            ],
            **self._get_figures(company, rep, day, plan.needs or {}),
        )
        return values

    def _get_day_rep(self, rep_id):
        """:raise AccessError: for a rep whom the user does not follow"""
        if not rep_id:
            return self._get_own_rep()
        rep = self.env["sales.rep"].browse(rep_id).exists()
        rep.check_access("read")
        if rep and not rep.is_followed:
            raise AccessError(
                self.env._("You do not follow the work of %(rep)s.", rep=rep.name)
            )
        return rep

    def _get_day_plans(self, rep, day, today, mine):
        """The plan of a day as it is now, and those before that are not submitted.

        One's own plan of today is made on the spot.
        """

        def read():
            plans = self.search_fetch(
                [
                    ("rep_id", "=", rep.id),
                    ("date", ">=", day - timedelta(days=_OWED_DAYS)),
                    ("date", "<=", day),
                ],
                order="date desc",
            )
            plan = plans.filtered(lambda plan: plan.date == day)
            return plan, (plans - plan).filtered(
                lambda plan: plan.state in (*OPEN, "missed")
            )

        plan, before = read()
        if mine and day == today:
            stale = before.filtered(lambda plan: plan.state in OPEN)
            if stale or not plan.proposed_on:
                self._close(rep.company_id, rep)
                self._propose(rep, day)
                plan, before = read()
        if day >= today:
            plan._tick()
        return plan, before

    def _is_day_off(self, rep, day):
        hours = self.env["sales.working.time"].working_days(rep, day, day)
        return not hours[rep].get(day)

    def _prepare_plan(self):
        if not self:
            return False
        return {
            "id": self.id,
            "state": self.state,
            "minutes": self.minutes,
            "note": self.note or "",
            "comment": self.comment or "",
            # sudo: whose comment it is
            "reviewed_by": self.sudo().reviewed_by_id.name or "",
            "is_late": self.is_late,
        }

    def _get_figures(self, company, rep, day, needs):
        """The day's target of the core plan that counts, and what the day needs."""
        plan = self._get_core_plans(company, rep, day)[rep]
        by_code = self.env["sales.metric"]._ids_by_code()
        needed = [
            by_code[code] for code in _NEEDED if code in needs and code in by_code
        ]
        # sudo: names of metrics, read together
        shown = self.env["sales.metric"].sudo().browse([*plan.metric_id.ids, *needed])
        core, metrics = shown[: len(plan.metric_id)], shown[len(plan.metric_id) :]
        done, target = self._get_day_sums(company, plan, rep, day, shown.ids)
        return {
            "target": self._prepare_target(core, done, target),
            "needs": [
                {
                    "code": metric.code,
                    "name": metric.name,
                    "needed": needs[metric.code],
                    "done": done[metric.id, "day"],
                }
                for metric in metrics
            ],
        }

    def _prepare_target(self, metric, done, target):
        """``metric unit value achieved month_value month_achieved``, company currency.

        False for who carries no target in the month.
        """
        value, month = target
        if not month:
            return False
        return {
            "metric": metric.name,
            "metric_id": metric.id,
            "unit": metric.unit,
            "value": value,
            "achieved": done[metric.id, "day"],
            "month_value": month,
            "month_achieved": done[metric.id, "month"],
        }

    def _get_day_sums(self, company, plan, rep, day, metric_ids):
        """What a rep got, and was to get by a plan, on a day and in its month.

        :return: ``{(metric's id, "day" or "month"): float}, (day, month)``
        """
        self.env["sales.credit"]._process_pending()
        done, target = defaultdict(float), (0.0, 0.0)
        for metric, of_day, of_month in self.env.execute_query(
            SQL(
                """SELECT metric_id,
                    COALESCE(sum(value) FILTER (WHERE date = %(day)s), 0), sum(value)
                FROM sales_credit
                WHERE rep_id = %(rep)s AND metric_id = ANY(%(metrics)s)
                  AND date BETWEEN %(first)s AND %(day)s
                  AND company_id = %(company)s AND NOT overlay
                GROUP BY 1
                UNION ALL
                SELECT NULL, COALESCE(sum(d.value) FILTER (WHERE d.date = %(day)s), 0),
                    COALESCE(sum(d.value), 0)
                FROM sales_target t JOIN sales_target_day d ON d.target_id = t.id
                WHERE t.plan_id = %(plan)s AND t.rep_id = %(rep)s AND t.level = 'rep'
                  AND t.period = 'month' AND t.date_from = %(first)s""",
                day=day,
                first=day.replace(day=1),
                plan=plan.id or None,
                rep=rep.id,
                metrics=metric_ids,
                company=company.id,
            )
        ):
            if metric:
                done[metric, "day"] = float(of_day)
                done[metric, "month"] = float(of_month)
            else:
                target = float(of_day), float(of_month)
        return done, target

    # The team

    @api.model
    def get_team(self, date=None, period="day"):
        """Plan against done of everybody below, on a day or in a week or month.

        :param date: a date in the period; empty: today, where the company works
        :param str period: ``day``, ``week`` (from Monday) or ``month``
        :return: ``date date_from date_to today period currency_id``, ``target`` (metric
            and unit, False without a core plan), ``reasons``: ``name count`` of the
            misses, the most frequent first, and ``reps``: ``id name user_id planned
            done dropped missed plans submitted late missing state plan_id target
            achieved``, in the order of their names; of a day ``state`` is the plan's
        :raise AccessError: for users who lead nobody
        :raise UserError: for another period, or what is no date
        """
        if period not in _PERIODS:
            raise UserError(
                self.env._("There is no period named %(period)s.", period=period)
            )
        if not self.env.user.has_groups(
            "sales_force.group_sales_leader,sales_force.group_sales_operations"
        ):
            raise AccessError(self.env._("You lead no team."))
        company = self.env.company
        today = company._get_sales_today()
        day = asked.day(self.env, date) or today
        first, last = day, day
        if period != "day":
            first = fields.Date.start_of(day, period)
            last = fields.Date.end_of(day, period)
        reps = self._get_team_reps(company)
        if first <= today <= last:
            self.search(
                [
                    ("rep_id", "in", reps.ids),
                    ("date", "=", today),
                    ("state", "in", OPEN),
                ]
            )._tick()
        counts = self._count_work(reps, first, last)
        cores = self._get_core_plans(company, reps, day)
        # Units may have goals that cannot be added: the first one's is shown.
        metric = next((plan.metric_id for plan in cores.values() if plan), None)
        figures = self._get_team_figures(cores, metric, reps, first, last)
        return {
            "date": fields.Date.to_string(day),
            "date_from": fields.Date.to_string(first),
            "date_to": fields.Date.to_string(last),
            "today": fields.Date.to_string(today),
            "period": period,
            "currency_id": company.currency_id.id,
            "target": bool(metric) and {"metric": metric.name, "unit": metric.unit},
            "reasons": self._count_reasons(reps, first, last),
            "reps": [
                {
                    "id": rep.id,
                    "name": rep.name,
                    "user_id": rep.user_id.id,
                    **counts.get(rep.id, self._count_nothing()),
                    **figures[rep.id],
                }
                for rep in reps
            ],
        }

    def _get_team_reps(self, company):
        """Who is followed and at work, without the user; in the order of the names."""
        domain = (
            Domain("is_followed", "=", True)
            & Domain("company_id", "=", company.id)
            & Domain("state", "in", WORKING)
            & Domain("user_id", "!=", self.env.uid)
        )
        return self.env["sales.rep"].search_fetch(domain, ["name", "user_id"])

    def _count_nothing(self):
        names = (
            *("planned", "done", "dropped", "missed"),
            *("plans", "submitted", "late", "missing"),
        )
        return {**dict.fromkeys(names, 0), "state": False, "plan_id": False}

    def _count_work(self, reps, first, last):
        """What was planned and done, and how plans were closed, by rep's id."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.rep_id, sum(n.planned)::integer, sum(n.done)::integer,
                    sum(n.dropped)::integer, sum(n.missed)::integer, count(*),
                    count(*) FILTER (WHERE p.submitted_on IS NOT NULL),
                    count(*) FILTER (WHERE p.is_late),
                    count(*) FILTER (WHERE p.submitted_on IS NULL
                        AND p.state IN ('missed', 'reviewed')),
                    CASE WHEN count(*) = 1 THEN min(p.state) END,
                    CASE WHEN count(*) = 1 THEN min(p.id) END
                FROM sales_work_plan p CROSS JOIN LATERAL (
                    SELECT count(*) FILTER (WHERE %s) AS planned,
                        count(*) FILTER (WHERE i.state = 'done') AS done,
                        count(*) FILTER (WHERE i.state = 'dropped') AS dropped,
                        count(*) FILTER (WHERE i.state = 'missed') AS missed
                    FROM sales_work_plan_item i WHERE i.plan_id = p.id
                ) n
                WHERE p.rep_id = ANY(%s) AND p.date BETWEEN %s AND %s
                  AND p.state <> 'void'
                GROUP BY p.rep_id
                """,
                COUNTED,
                reps.ids,
                first,
                last,
            )
        )
        names = list(self._count_nothing())
        return {rep: dict(zip(names, values, strict=True)) for rep, *values in rows}

    def _count_reasons(self, reps, first, last):
        """Why reps did not do what they had planned, as far as the user sees them.

        :return: ``[{"name": reason, "count": int}]``, the most frequent first
        """
        return [
            {"name": reason.name, "count": count}
            for reason, count in self.env["sales.work.plan.item"]._read_group(
                Domain("plan_id.rep_id", "in", reps.ids)
                & Domain("plan_id.date", ">=", first)
                & Domain("plan_id.date", "<=", last)
                & Domain("reason_id", "!=", False)
                & OF_COUNTED,
                ["reason_id"],
                ["__count"],
                order="__count desc, reason_id",
            )
        ]

    def _get_team_figures(self, cores, metric, reps, first, last):
        """``target`` and ``achieved`` of a metric between two days, by rep's id."""
        found = {rep.id: {"target": 0.0, "achieved": 0.0} for rep in reps}
        plans = {plan.id for plan in cores.values() if plan.metric_id == metric}
        if not metric:
            return found
        self.env["sales.credit"]._process_pending()
        for name, rep, value in self.env.execute_query(
            SQL(
                """
                SELECT 'target', t.rep_id, sum(d.value)
                FROM sales_target t JOIN sales_target_day d ON d.target_id = t.id
                WHERE t.plan_id = ANY(%(plans)s) AND t.level = 'rep'
                  AND t.period = 'month' AND t.rep_id = ANY(%(reps)s)
                  AND d.date BETWEEN %(first)s AND %(last)s
                GROUP BY 2
                UNION ALL
                SELECT 'achieved', rep_id, sum(value) FROM sales_credit
                WHERE rep_id = ANY(%(reps)s) AND metric_id = %(metric)s
                  AND date BETWEEN %(first)s AND %(last)s
                  AND company_id = %(company)s AND NOT overlay
                GROUP BY 2
                """,
                plans=sorted(plans),
                reps=[rep.id for rep in reps if cores[rep].metric_id == metric],
                first=first,
                last=last,
                metric=metric.id,
                company=reps.company_id.id,
            )
        ):
            found[rep][name] = float(value)
        return found


class SalesWorkPlanItem(models.Model):
    _inherit = "sales.work.plan.item"

    def _prepare_items(self):
        """``id kind title why minutes value state carries by_hand must origin asked_by
        reason_id reason note is_counted agreed_by phone can_open``, in their order."""
        labels = {code: kind for code, kind in self._get_kinds().items()}
        # sudo: names of people and customers whom the rep works for, see title
        rows = self.sudo()
        return [
            {
                "id": item.id,
                "kind": item.kind,
                "label": labels[item.kind].label if item.kind in labels else item.kind,
                "icon": labels[item.kind].icon if item.kind in labels else "fa-check",
                "title": item.title or "",
                "why": item.why or "",
                "minutes": item.minutes,
                "value": item.value,
                "state": item.state,
                "carries": item.carries,
                "by_hand": item.by_hand,
                "must": item.must,
                "asked_by": item.asked_by_id.name or "",
                "reason_id": item.reason_id.id,
                "reason": item.reason_id.name or "",
                "note": item.note or "",
                "carry": item.carry,
                "is_counted": item.is_counted,
                "agreed_by": item.agreed_by_id.name or "",
                "phone": item.partner_id.phone or "",
                "can_open": bool(item.res_model) and item.kind != "standard",
            }
            for item in rows.sorted(lambda item: (item.sequence, item.id))
        ]
