"""The screen of a deviation: of one target, or of several as one."""

from odoo import models
from odoo.exceptions import UserError

from ..planning.waterfall import together


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def get_explanation(self, date_from=None, date_to=None):
        """``get_deviation`` as its screen shows it: several targets of a plan are
        summed, and are the children; none are all that the user sees of today's core
        goal.

        :return: as ``get_deviation``; ``target`` as of the cockpit (``ids id name level
            path``); ``largest`` also says whose the most of it is: ``target_id``;
            ``may_delegate``: whether the user gives tasks to others
        :raise UserError: when the user has no target
        """
        if not self:
            plan = self.env["sales.target.plan"]._get_cockpit_plans()[:1]
            if not (tops := plan._get_tops()):
                raise UserError(self.env._("No target is assigned to you yet."))
            return tops.get_explanation(date_from, date_to)
        parts = [target.get_deviation(date_from, date_to) for target in self]
        found = parts[0] if len(parts) == 1 else self._sum_deviations(parts)
        return {
            **found,
            "target": self._describe_nodes(),
            "largest": found["largest"]
            and {**found["largest"], "target_id": self._get_worst(parts, found)},
            "may_delegate": self.env.user.has_group("sales_force.group_sales_leader")
            or self.env.user.has_group("sales_force.group_sales_operations"),
        }

    def _sum_deviations(self, parts):
        rows = together([part["rows"] for part in parts])
        values = {row["key"]: row["value"] for row in rows}
        effects = [row for row in rows if row["kind"] == "effect"]
        planned, actual = values["planned"], values["actual"]
        explained = sum(round(100 * row["value"]) for row in effects)
        counts = {}
        for part in parts:
            for reason in part["reasons"]:
                name = reason["name"]
                counts[name] = counts.get(name, 0) + reason["count"]
        return {
            **parts[0],
            "planned": planned,
            "actual": actual,
            "gap": round(actual - planned, 2),
            "rows": rows,
            "residual": (round(100 * actual) - round(100 * planned) - explained) / 100,
            "children": [
                {
                    **{name: part["target"][name] for name in ("id", "name", "level")},
                    **{name: part[name] for name in ("planned", "actual", "gap")},
                    "effects": {
                        row["key"]: row["value"]
                        for row in part["rows"]
                        if row["kind"] == "effect"
                    },
                }
                for part in parts
            ],
            "largest": self._sum_largest(parts, values),
            "reasons": [
                {"name": name, "count": count}
                for name, count in sorted(
                    counts.items(), key=lambda item: (-item[1], item[0])
                )
            ],
            "tasks": [task for part in parts for task in part["tasks"]],
        }

    def _sum_largest(self, parts, values):
        """Of the causes that cost most in one of them, the one that costs most in
        all."""
        known = {
            part["largest"]["key"]: part["largest"] for part in parts if part["largest"]
        }
        costly = [key for key in known if values[key] < 0]
        if not costly:
            return False
        key = min(costly, key=lambda name: values[name])
        return {**known[key], "value": values[key]}

    def _get_worst(self, parts, found):
        """Which of these targets the largest cause costs most."""
        key = found["largest"]["key"]
        costs = [
            next((row["value"] for row in part["rows"] if row["key"] == key), 0.0)
            for part in parts
        ]
        return self[costs.index(min(costs))].id
