"""Which credits a target counts: for its days, and to open them."""

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .. import asked
from ..planning.tree import ROOT
from .sales_target_deviation import MIX


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def action_open_credits(self, date_from, date_to, others=False, code=None):
        """The credits behind what these targets achieved, as the user may see them.

        :param date_from, date_to: the first and the last day
        :param bool others: only those that no target below counts, that the user sees
        :param str code: of the metric; ``mix``: the product mix, by category; empty:
            that of the plan
        :raise AccessError: for a target that the user does not see
        :raise UserError: without both days, for targets of several plans or none, and
            for what is no metric
        """
        self.check_access("read")
        start, stop = asked.day(self.env, date_from), asked.day(self.env, date_to)
        if not start or not stop:
            raise UserError(self.env._("Say from when to when."))
        if len(self.plan_id) != 1:
            raise UserError(self.env._("Targets of different plans have no sum."))
        metric, group = self._get_credited(asked.words(self.env, code))
        domain = self._get_credit_domain(start, stop, metric)
        if others:
            domain &= ~self._get_nodes_below()._get_reps_domain()
        return self.env["sales.credit"]._prepare_action(
            "sales_credit_action_behind",
            self.env._(
                "%(metric)s of %(reps)s",
                metric=metric.name,
                reps=self._name_together(),
            ),
            list(domain),
            [group],
        )

    def _get_credited(self, code):
        """The metric that counts for a step, and by what its credits are grouped."""
        metric = self.plan_id.metric_id
        if not code:
            return metric, "by_customer"
        if code == MIX:
            chain = self.env["sales.driver"]._get_chain(metric, self.plan_id.company_id)
            return chain._get_mix().metric_id or metric, "by_category"
        found = metric.search([("code", "=", code), ("kind", "=", "additive")])
        if not found:
            raise UserError(self.env._("There is no metric named %(code)s.", code=code))
        return found, "by_customer"

    def _get_nodes_below(self):
        """The children that the user sees; of several nodes, these themselves."""
        if len(self) > 1:
            return self
        return self.search(
            [("parent_id", "=", self.id), ("period", "=", self.period)], order="id"
        )

    def _name_together(self):
        names = list(dict.fromkeys(self.mapped("name")))
        return names[0] if len(names) == 1 else self.env._("My People")

    def _get_credit_domain(self, start, stop, metric=None):
        """What counts for these nodes of one plan between two days, without overlays.

        Of the plan's metric it is what ``_get_achieved`` sums.
        """
        plan = self.plan_id
        return (
            Domain("metric_id", "=", (metric or plan.metric_id).id)
            & Domain("company_id", "=", plan.company_id.id)
            & Domain("overlay", "=", False)
            & Domain("date", ">=", max(start, plan.date_from))
            & Domain("date", "<=", min(stop, plan.date_to))
            & self._get_reps_domain()
        )

    def _get_reps_domain(self):
        """Whose credits count, and from when to when of those who came or left."""
        if ROOT in self.mapped("key"):
            plan = self.plan_id
            # sudo: whether the plan is of a unit
            if not plan.sudo().top_rep_id:
                return Domain.TRUE
            return Domain("rep_id", "in", sorted(plan._get_unit_ids()))
        always, dated = [], []
        for leaf in self._get_leaves_below():
            if leaf.active_from or leaf.active_to:
                dated.append(leaf)
            else:
                always.append(leaf.rep_id.id)
        return Domain.OR(
            [
                Domain("rep_id", "in", always),
                *(
                    Domain("rep_id", "=", leaf.rep_id.id)
                    & Domain("date", ">=", leaf.active_from or leaf.date_from)
                    & Domain("date", "<=", leaf.active_to or leaf.date_to)
                    for leaf in dated
                ),
            ]
        )

    def _get_leaves_below(self):
        # sudo: who sees a node sees what counts for it
        return self.sudo().search(
            Domain("plan_id", "in", self.plan_id.ids)
            & Domain("level", "=", "rep")
            & Domain("period", "=", "total")
            & Domain.OR(
                Domain("key", "=", key) | Domain("key", "=like", f"{key}/%")
                for key in self.mapped("key")
            )
        )
