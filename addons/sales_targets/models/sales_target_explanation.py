"""The screen of a deviation: of one target, or of several as one."""

from odoo import models
from odoo.exceptions import UserError


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def get_explanation(self, date_from=None, date_to=None):
        """``get_deviation`` as its screen shows it: several targets of a plan are
        summed, and are the children; none are all that the user sees of today's core
        goal. What is below another one of them counts once, with that one.

        :return: as ``get_deviation``; ``target`` as of the cockpit (``ids id name level
            path``); ``largest`` also says whose the most of it is: ``target_id``;
            ``may_delegate``: whether the user gives tasks to others; ``actions``: what
            else is done about the largest cause, see ``_get_cause_actions``
        :raise UserError: when the user has no target, or for no period of the plan
        """
        self.check_access("read")
        nodes = (
            self._get_highest()
            or self.env["sales.target.plan"]._get_cockpit_plans()[:1]._get_tops()
        )
        if not nodes:
            raise UserError(self.env._("No target is assigned to you yet."))
        found = (
            nodes.get_deviation(date_from, date_to)
            if len(nodes) == 1
            else nodes._get_deviation_together(date_from, date_to)
        )
        largest = found["largest"]
        if largest:
            costs = {
                child["id"]: child["effects"][largest["key"]]
                for child in found["children"]
            }
            worst = nodes.id if len(nodes) == 1 else min(costs, key=costs.get)
            largest = {**largest, "target_id": worst}
        return {
            **found,
            "target": nodes._describe_nodes(),
            "largest": largest,
            "actions": nodes._get_cause_actions(largest),
            "may_delegate": self.env.user.has_group("sales_force.group_sales_leader")
            or self.env.user.has_group("sales_force.group_sales_operations"),
        }

    def _get_cause_actions(self, largest):
        """What the screen offers against the largest cause, besides a task.

        :param largest: see ``get_deviation``, or False
        :return: ``[{"method", "name"}]``: public methods of this model that take a
            cause and the period's first and last day, and return an action
        """
        return []

    def _get_highest(self):
        """These targets of one plan, without what is below another of them.

        A target and one of its months are of the same people: the first one counts.

        :raise UserError: for targets of several plans
        """
        if len(self.plan_id) > 1:
            raise UserError(self.env._("Targets of different plans have no sum."))
        by_key = {}
        for target in self:
            by_key.setdefault(target.key, target)
        return self.browse(
            target.id
            for key, target in by_key.items()
            if not any(key.startswith(f"{other}/") for other in by_key)
        )

    def _get_deviation_together(self, date_from, date_to):
        """Of several targets, none below another: with as many queries as of one."""
        start, stop = self[:1]._get_period(date_from, date_to)
        # sudo: a node's causes are the sums of its reps', whoever sees the node
        leaves = self.sudo()._read_leaves_together(start, stop)
        return self._describe_deviation(leaves, self, start, stop)

    def _read_leaves_together(self, start, stop):
        above = tuple(f"{key}/" for key in self.mapped("key"))
        return [
            leaf
            for leaf in self.plan_id._get_root()._read_leaves(start, stop)
            if f"{leaf.key}/".startswith(above)
        ]
