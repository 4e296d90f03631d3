from decimal import Decimal

from odoo import api, fields, models
from odoo.tools.misc import formatLang

from .sales_commission_rule import exact

# So many periods are shown beside each other, with the statement's own.
PERIODS = 6


class SalesCommissionStatement(models.Model):
    """Where a rep is in the tables of the running period, and what it was before."""

    _inherit = "sales.commission.statement"

    standing = fields.Json(compute="_compute_standing")
    history = fields.Json(compute="_compute_history")

    @api.depends("state", "amount")
    @api.depends_context("lang")
    def _compute_standing(self):
        """Of open statements for each rule with a table: the curve in what the rep has
        to reach, the place on it, and what is missing to the next tier; see
        ``sales.commission.rule._get_place``."""
        self.standing = False
        # sudo: who reads a statement may know where its rep is in the own tables, as
        # the explanations of its entries say as well
        opened = self.sudo().filtered(lambda one: one.state == "open")
        for (plan, start, stop), statements in opened.grouped(
            lambda one: (one.plan_id, one.date_from, one.date_to)
        ).items():
            # The rows of a guarantee or a draw are months, not what is reached.
            rules = plan.rule_ids.filtered(
                lambda rule: rule.tier_ids and rule.kind in ("rate", "bonus")
            )
            members = plan._get_members(start, stop, statements.rep_id)
            places = [(rule, rule._get_places(start, stop, members)) for rule in rules]
            over = stop < plan.company_id._get_sales_today()
            for statement in statements:
                found = [
                    rule._describe_place(*by_rep[statement.rep_id.id])
                    for rule, by_rep in places
                    if statement.rep_id.id in by_rep
                ]
                statement.standing = [
                    # What is missing is not made up for any more.
                    {**place, "next": ""} if over else place
                    for place in filter(None, found)
                ] or False

    @api.depends("amount", "rep_id", "plan_id", "date_from")
    @api.depends_context("lang")
    def _compute_history(self):
        """What the plan has paid the rep for the last periods, whatever its version."""
        plans = {plan: plan._get_versions() for plan in self.plan_id}
        found = self.search(
            [
                ("rep_id", "in", self.rep_id.ids),
                ("plan_id", "in", [id_ for plan in plans.values() for id_ in plan.ids]),
                ("date_from", "<=", max(self.mapped("date_from"), default=False)),
            ],
            order="date_from desc, id",
        ).grouped("rep_id")
        states = dict(self._fields["state"]._description_selection(self.env))
        for statement in self:
            mine = found.get(statement.rep_id, self.browse()).filtered(
                lambda one, statement=statement: (
                    one.plan_id in plans[statement.plan_id]
                    and one.date_from <= statement.date_from
                )
            )
            statement.history = [
                {
                    "id": one.id,
                    "label": one.period_label,
                    "amount": one.amount,
                    "shown": formatLang(
                        self.env, one.amount, currency_obj=one.currency_id
                    ),
                    "state": states[one.state],
                    "current": one == statement,
                }
                for one in mine[:PERIODS][::-1]
            ]


class SalesCommissionRule(models.Model):
    _inherit = "sales.commission.rule"

    def _get_places(self, start, stop, members):
        """Where reps are in the table, and what the rule pays them at least:
        ``{rep's id: (Standing, Decimal)}``."""
        counted = self._select_base(start, stop, members)
        standing = self._get_standing(counted, start, stop, members)
        if not self._needs_total():
            totals = self._read_totals(counted)
            for rep, one in standing.items():
                total = totals.get(rep, Decimal(0))
                standing[rep] = one._replace(total=total, reached=total)
        floors = self._get_shares(start, stop, members) if self.floor else {}
        return {
            rep: (one, floors.get(rep, Decimal(0))) for rep, one in standing.items()
        }

    def _describe_place(self, standing, floor):
        """A place in the table, in words and drawn; None where nothing can be said.

        :return: ``rule``, ``place`` and ``points`` of the curve, ``part`` of the way to
            the next tier in percent, ``reached``, ``earned`` and ``next`` as texts
        """
        if self.table == "attainment" and not standing.goal:
            return None
        part = standing.goal / 100 if self.table == "attainment" else 1
        tiers = [
            (exact(tier.start) * part, tier) for tier in self.tier_ids.sorted("start")
        ]
        before = [(start, tier) for start, tier in tiers if start <= standing.reached]
        after = [(start, tier) for start, tier in tiers if start > standing.reached]
        bottom = before[-1][0] if before else Decimal(0)
        top = after[0][0] if after else None
        share = (standing.reached - bottom) / (top - bottom) if top else 1
        return {
            "rule": self.name,
            "points": self._draw_place(standing, floor),
            "place": float(standing.reached),
            "part": float(max(0, min(100, 100 * share))),
            "reached": self._describe_reached(standing),
            "earned": self._format_money(float(max(self._get_total(standing), floor))),
            "next": self._describe_next(
                standing, floor, before and before[-1][1], *(after[0] if after else ())
            ),
        }

    def _draw_place(self, standing, floor):
        """The curve, as far as the place on it; what is earned by something else than
        the base is no line."""
        if self.kind == "rate" and self._get_attained() != self.metric_id:
            return []
        points = self._get_corners(standing.goal, standing.factor)
        if points[-1][0] < standing.reached:
            earned = max(self._get_total(standing), floor)
            points[-1] = (float(standing.reached), float(earned))
        return points

    def _describe_reached(self, standing):
        shown = self._format_reached(float(standing.reached))
        metric = self._get_attained().name
        if self.table != "attainment":
            return self.env._("%(reached)s %(metric)s", reached=shown, metric=metric)
        return self.env._(
            "%(reached)s %(metric)s: %(percent)s %% of the target of %(goal)s",
            reached=shown,
            metric=metric,
            percent=self._format_number(
                float(round(100 * standing.reached / standing.goal, 1))
            ),
            goal=self._format_reached(float(standing.goal)),
        )

    def _describe_next(self, standing, floor, tier, start=None, following=None):
        """What is missing to the next tier, and what it brings.

        :param tier: the one that is reached, if any
        :param start: where the following one begins; None: there is none
        """
        _ = self.env._
        earned = max(self._get_total(standing), floor)
        if self.cap and earned >= exact(self.cap):
            return _("The rule pays %(cap)s at most", cap=self._format_money(self.cap))
        if start is None:
            return _("The highest tier is reached")
        missing = start - standing.reached
        same = self._get_attained() == self.metric_id
        then = standing._replace(
            reached=start, total=standing.total + (missing if same else 0)
        )
        values = {
            "missing": self._format_reached(float(missing)),
            "gain": self._format_money(
                float(max(self._get_total(then), floor) - earned)
            ),
        }
        if self.kind == "bonus":
            return _("%(missing)s more bring %(gain)s", **values)
        values["rate"] = self._format_rate(following.rate)
        if self.mode == "progressive":
            return _(
                "%(missing)s more bring %(gain)s, and from there on %(rate)s is paid "
                "instead of %(now)s",
                now=self._format_rate(tier.rate if tier else 0),
                **values,
            )
        return _(
            "%(missing)s more bring %(gain)s: then %(rate)s is paid on everything",
            **values,
        )
