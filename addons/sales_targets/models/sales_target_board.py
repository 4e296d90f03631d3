"""The board: the tree with its months, changed in place."""

from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..planning.tree import ROOT

COMPANY_PLANNERS = (
    "sales_force.group_sales_director",
    "sales_force.group_sales_operations",
)


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def _may_plan(self):
        """Which of these the user changes: directors and operations all of them,
        regional managers those below their own."""
        user = self.env.user
        if self.env.su or any(user.has_group(group) for group in COMPANY_PLANNERS):
            return self
        if not user.has_group("sales_force.group_sales_manager"):
            return self.browse()
        own = {
            (target.plan_id, target.key)
            for target in self.search(
                [
                    ("plan_id", "in", self.plan_id.ids),
                    ("rep_id", "child_of", user.sales_rep_ids.ids),
                    ("period", "=", "total"),
                ]
            )
        }
        return self.filtered(
            lambda target: any((target.plan_id, key) in own for key in target._above())
        )

    def _check_may_plan(self):
        """:raise AccessError: naming what the user does not plan above"""
        self.check_access("read")
        if strange := self - self._may_plan():
            raise AccessError(
                self.env._(
                    "%(names)s: only who plans above changes this target.",
                    names=", ".join(strange.mapped("name")),
                )
            )

    def _above(self):
        """The keys of the nodes above this one."""
        key = self.key.rpartition("/")[0]
        while key:
            yield key
            key = key.rpartition("/")[0]


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    @api.readonly
    def get_board(self, parent_id=None):
        """The tree below a node, as the board shows it.

        :param int parent_id: a total; its children are returned. Without it: the nodes
            at the top of what the user may see
        :return: ``plan``: name, state, unit, months (first days), whether it may be
            changed; ``rows``: ``id key name level depth has_children answer held share
            why value assigned baseline growth locked may_plan`` and ``months``: ``[{id
            value assigned locked frozen}]``
        """
        self.ensure_one()
        self.check_access("read")
        months = self._get_months()
        frozen = self._count_frozen(months)
        targets = self.env["sales.target"]
        domain = [("plan_id", "=", self.id), ("period", "=", "total")]
        if parent_id:
            rows = targets.search([*domain, ("parent_id", "=", parent_id)], order="id")
        else:
            seen = targets.search(domain, order="id")
            rows = seen.filtered(lambda row: row.parent_id not in seen)
        cells = defaultdict(dict)
        for cell in targets.search([("total_id", "in", rows.ids)]):
            cells[cell.total_id.id][cell.date_from] = cell
        parents = {
            parent.id
            for [parent] in targets._read_group(
                [("parent_id", "in", rows.ids)], ["parent_id"]
            )
        }
        mine = rows._may_plan()
        return {
            "plan": {
                "id": self.id,
                "name": self.name,
                "state": self.state,
                "metric": self.metric_id.name,
                "metric_unit": self.metric_unit,
                "currency_id": self.currency_id.id,
                "unit": float(self.unit),
                "months": months,
                "changeable": self.state != "closed",
            },
            "rows": [
                {
                    **self._prepare_board_row(row, cells[row.id], months, frozen),
                    "has_children": row.id in parents,
                    "may_plan": row in mine,
                }
                for row in rows
            ],
        }

    def _prepare_board_row(self, row, cells, months, frozen):
        return {
            "id": row.id,
            "parent_id": row.parent_id.id,
            "key": row.key,
            "name": row.name,
            "level": row.level,
            "depth": row.key.count("/"),
            "answer": row.answer,
            "proposed": row.proposed_value,
            "held": row.held,
            "share": row.share,
            "why": row.why,
            "value": row.value,
            "assigned": row.assigned_value,
            "baseline": row.baseline if row.baseline_known else False,
            "growth": row.growth,
            "locked": row.locked,
            "months": [
                {
                    "id": cells[first].id,
                    "value": cells[first].value,
                    "assigned": cells[first].assigned_value,
                    "locked": cells[first].locked,
                    "frozen": number < frozen,
                }
                for number, first in enumerate(months)
                if first in cells
            ],
        }

    def set_cells(self, changes, reason=None):
        """Fix targets and divide the rest again, all or nothing.

        :param changes: ``[{"id": a row's id, "value": amount}]`` locks a row, in total
            or in a month, at a value; ``{"id": id, "locked": False}`` lets it go
        :param str reason: of the version; needed once the plan is published
        :return: how many rows changed
        :raise UserError: when locks and guardrails cannot be met together
        :raise AccessError: for rows that one does not plan above
        """
        self.ensure_one()
        self.check_access("read")
        if self.state == "closed":
            raise UserError(self.env._("%(plan)s is closed.", plan=self.name))
        if self.state != "draft" and not (reason or "").strip():
            raise ValidationError(self.env._("Say why the targets change."))
        targets = self.env["sales.target"].browse(
            [int(change["id"]) for change in changes]
        )
        if targets.exists() != targets or targets.plan_id != self:
            raise UserError(self.env._("The board is not up to date: load it again."))
        targets._check_may_plan()
        values = {}
        for change, target in zip(changes, targets, strict=True):
            if change.get("locked") is False:
                values[target] = None
            else:
                values[target] = float(change["value"])
        return self._change_cells(values, reason)

    def _change_cells(self, values, reason):
        """:param dict values: ``{target: amount, or None to let it go}``"""
        self._lock_plan()
        months = self._get_months()
        over = set(months[: self._count_frozen(months)])
        for target, value in values.items():
            if target.period == "month" and target.date_from in over:
                raise UserError(
                    self.env._("%(month)s is over.", month=target.date_from)
                )
            if value is not None and (
                value < 0 or self._to_amount(self._to_units(value)) != round(value, 2)
            ):
                raise ValidationError(
                    self.env._(
                        "%(name)s: %(value)s is no multiple of %(unit)s, or negative.",
                        name=target.name,
                        value=value,
                        unit=self.unit,
                    )
                )
            if target.key == ROOT and target.period == "total" and value is not None:
                # sudo: who may plan for the company changes its target so
                self.sudo().value = value
        before = self._read_rows() if self.state != "draft" else None
        self.env.cr.execute(
            SQL(
                """UPDATE sales_target t SET locked = v.value IS NOT NULL,
                    value = COALESCE(v.value, t.value)
                FROM unnest(%s::integer[], %s::numeric[]) AS v(id, value)
                WHERE t.id = v.id""",
                [target.id for target in values],
                list(values.values()),
            )
        )
        self._decompose(reason, before)
        return len(values)

    def move_amount(self, source_id, target_id, amount, reason=None):
        """Move an amount from a row to its sibling: both are fixed then.

        :param float amount: more than zero, not more than the source has
        """
        self.ensure_one()
        rows = self.env["sales.target"].browse([source_id, target_id])
        source, target = rows
        if source.parent_id != target.parent_id or source == target:
            raise UserError(
                self.env._("Amounts move between siblings of the same month.")
            )
        if not 0 < amount <= source.value:
            raise UserError(
                self.env._(
                    "%(name)s has %(value)s to give.",
                    name=source.name,
                    value=source.value,
                )
            )
        return self.set_cells(
            [
                {"id": source.id, "value": round(source.value - amount, 2)},
                {"id": target.id, "value": round(target.value + amount, 2)},
            ],
            reason,
        )
