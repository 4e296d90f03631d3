"""The board: the tree with its months."""

from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .. import asked
from ..wording import format_month
from .sales_target import FOLLOWER_GROUPS

COMPANY_PLANNERS = (
    "sales_force.group_sales_director",
    "sales_force.group_sales_operations",
)
# Who follows others, and so what is assigned to those below.
FOLLOWERS = FOLLOWER_GROUPS.split(",")
# Who sees how the hedges compound.
HEDGE_READERS = (*COMPANY_PLANNERS, "sales_force.group_sales_finance")
IMPORTERS = ("sales_force.group_sales_manager", "sales_force.group_sales_operations")
SHOWN = (
    "plan_id",
    "company_id",
    "key",
    "parent_id",
    "level",
    "rep_id",
    "team_id",
    "territory_id",
    "period",
    "value",
    "assigned_value",
    "baseline",
    "baseline_known",
    "locked",
    "held",
    "answer",
    "proposed_value",
)


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def _may_plan(self):
        """Which of these the user changes: directors and operations all of them,
        regional managers those below a node of their own or of who is below them."""
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

    def _get_cell_name(self):
        """A row's name, with the month where it is one of a month."""
        if self.period == "total":
            return self.name
        month = format_month(self.env, self.date_from)
        return self.env._("%(name)s, %(month)s", name=self.name, month=month)

    def get_board_detail(self):
        """Why a total is what it is, for the board's side panel.

        :return: ``id name level responsible why``; ``basis``: ``[{name value share
            weight}]`` (value None: not known), shares and weights in percent; of a
            rep's target ``answer answer_date reason`` and whether the user may
            ``settle`` a counter-proposal; for who follows others ``held`` (words)
        :raise AccessError: for the target of somebody whom one does not follow
        """
        asked.one(self)
        self.check_access("read")
        # sudo: the weights of the plan explain the number, whoever reads it
        plan = self.plan_id.sudo()
        words = {
            name: dict(self._fields[name]._description_selection(self.env))
            for name in ("level", "held", "answer")
        }
        detail = {
            "id": self.id,
            "name": self.name,
            "level": words["level"][self.level],
            # sudo: who may read a target may know whose it is
            "responsible": self.rep_id.sudo().name or "",
            "why": self.why,
            "basis": [
                {
                    "name": plan._fields[f"weight_{name}"]._description_string(
                        self.env
                    ),
                    "value": value,
                    "share": share,
                    "weight": plan[f"weight_{name}"],
                }
                for name, (value, share) in (self.basis or {}).items()
            ],
            "answer": words["answer"].get(self.answer, ""),
            "answer_date": self.answer_date,
            "reason": self.answer_reason or "",
            "settle": self.answer == "countered"
            and plan.state != "closed"
            and bool(self._may_plan()),
        }
        if self._is_follower():
            detail["held"] = words["held"].get(self.held, "")
        return detail

    def _prepare_board(self, follows):
        row = {
            "id": self.id,
            "parent_id": self.parent_id.id,
            "key": self.key,
            "name": self.name,
            "level": self.level,
            "depth": self.key.count("/"),
            "value": self.value,
            "baseline": self.baseline if self.baseline_known else False,
            "growth": self.growth,
            "locked": self.locked,
            "answer": self.answer,
            "proposed": self.proposed_value,
        }
        if follows:
            row.update(assigned=self.assigned_value, held=self.held)
        return row

    @api.model
    def _is_follower(self):
        return any(map(self.env.user.has_group, FOLLOWERS))


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    @api.model
    @api.readonly
    def get_board_plan(self):
        """The id of the plan that the board opens with: the core goal that runs or
        comes; False where there is none."""
        return self.search(
            [("state", "!=", "closed")], order="kind, date_from, id", limit=1
        ).id

    def action_open_board(self):
        """The tree with its months, to be changed in place."""
        asked.one(self)
        action = self.env["ir.actions.client"]._for_xml_id(
            "sales_targets.sales_target_board_action"
        )
        return {**action, "context": {"active_id": self.id}}

    # Reading

    @api.readonly
    def get_board(self, parent_ids=None, version_id=None):
        """Parts of the tree, as the board shows them; with a constant number of
        queries, however many parents are asked for.

        :param parent_ids: of totals whose children are returned; False among them, or
            none at all: the nodes at the top of what the user may see
        :param int version_id: compare with the plan as it was after this version
        :return: ``plan``: see ``_prepare_board``; ``rows``: ``id parent_id key name
            level depth below`` (how many are below) ``value baseline growth locked
            may_plan answer proposed``, ``answers`` of the reps below and ``months``:
            ``[{id value locked}]`` in the order of the plan's months; ``then`` where it
            was another value at the version; for who follows others ``assigned`` and
            ``held``. Amounts are in company currency, or a count, as the metric says.
        :raise UserError: for a version of another plan
        """
        asked.one(self)
        self.check_access("read")
        version_id = asked.record_id(self.env, version_id)
        rows = self._search_board(parent_ids or [False])
        former = self._get_former(rows, version_id) if version_id else {}
        cells = self._get_board_cells(rows)
        below = dict(
            self.env["sales.target"]._read_group(
                [("parent_id", "in", rows.ids)], ["parent_id"], ["__count"]
            )
        )
        answers = self._get_board_answers(rows)
        mine = set(rows._may_plan()._ids) if self.state != "closed" else ()
        follows = rows._is_follower()
        return {
            "plan": self._prepare_board(),
            "rows": [
                {
                    **row._prepare_board(follows),
                    "months": [
                        {
                            **cell,
                            **self._get_then(former, row.key, first),
                        }
                        for first, cell in cells[row.id]
                    ],
                    **self._get_then(former, row.key, None),
                    "below": below.get(row, 0),
                    "answers": answers.get(row.key),
                    "may_plan": row.id in mine,
                }
                for row in rows
            ],
        }

    def _search_board(self, parent_ids):
        targets = self.env["sales.target"]
        shown = Domain("plan_id", "=", self.id) & Domain("period", "=", "total")
        ids = asked.ids(self.env, parent_ids)
        wanted = Domain("parent_id", "in", ids)
        if len(ids) < len(parent_ids):
            wanted |= Domain("parent_id", "not in", targets._search(shown))
        return targets.search_fetch(shown & wanted, SHOWN).sorted(
            lambda row: (row.key.count("/"), row.name, row.id)
        )

    def _prepare_board(self):
        """What the board has to know of a plan: its months (first days), how many of
        them are over (``frozen``), its versions, and what the user may do."""
        user = self.env.user
        may_write = self.has_access("write")
        versions = self.env["sales.target.version"]
        if versions.has_access("read"):
            versions = versions.search([("plan_id", "=", self.id)])
        months = self._get_months()
        hedges = [self._get_hedge(level) for level in ("company", "territory", "team")]
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "metric": self.metric_id.name,
            "metric_unit": self.metric_unit,
            "currency_id": self.currency_id.id,
            "unit": float(self.unit),
            "months": months,
            "frozen": self._count_frozen(months),
            "changeable": self.state != "closed",
            "needs_reason": self.state != "draft",
            "may_divide": self.state != "closed"
            and may_write
            and any(map(user.has_group, COMPANY_PLANNERS)),
            "may_import": any(map(user.has_group, IMPORTERS)),
            "shows_hedge": any(hedges) and any(map(user.has_group, HEDGE_READERS)),
            "versions": [
                {
                    "id": version.id,
                    "number": version.number,
                    "date": version.date,
                    # sudo: who may read a version may know whose it is
                    "author": version.user_id.sudo().name,
                    "reason": version.reason or "",
                }
                for version in versions
            ],
        }

    def _get_board_cells(self, rows):
        """``{id of a total: [(first day, {id, value, locked, ...})]}``, in order."""
        targets = self.env["sales.target"]
        query = targets._search(
            [("total_id", "in", rows.ids)], order="total_id, date_from"
        )
        follows = targets._is_follower()
        cells = defaultdict(list)
        for total_id, id_, first, value, assigned, locked in self.env.execute_query(
            query.select(
                *(
                    SQL.identifier(query.table, name)
                    for name in (
                        "total_id",
                        "id",
                        "date_from",
                        "value",
                        "assigned_value",
                        "locked",
                    )
                )
            )
        ):
            cell = {"id": id_, "value": float(value), "locked": bool(locked)}
            if follows:
                cell["assigned"] = float(assigned)
            cells[total_id].append((first, cell))
        return cells

    def _get_board_answers(self, rows):
        """How the reps below have answered: ``{key: {"asked", "answered", "countered",
        "gap"}}``; the gap is proposed minus target, of those who have countered."""
        above = {row.key for row in rows if row.level != "rep"}
        if self.state == "draft" or not above:
            return {}
        targets = self.env["sales.target"]
        query = targets._search(
            [
                ("plan_id", "=", self.id),
                ("period", "=", "total"),
                ("level", "=", "rep"),
            ]
        )
        found = defaultdict(
            lambda: {"asked": 0, "answered": 0, "countered": 0, "gap": 0.0}
        )
        for key, answer, value, proposed in self.env.execute_query(
            query.select(
                *(
                    SQL.identifier(query.table, name)
                    for name in ("key", "answer", "value", "proposed_value")
                )
            )
        ):
            while key := key.rpartition("/")[0]:
                if key in above:
                    node = found[key]
                    node["asked"] += 1
                    node["answered"] += answer not in (None, "none")
                    if answer == "countered":
                        node["countered"] += 1
                        node["gap"] = round(node["gap"] + float(proposed - value), 2)
        return dict(found)

    def _get_former(self, rows, version_id):
        """What has changed since a version: ``{(key, first day or None): value}``.

        The first change of a row after the version knows what it was before.
        """
        version = self.env["sales.target.version"].browse(version_id)
        version.check_access("read")
        if version.plan_id != self:
            raise UserError(self.env._("This is a version of another plan."))
        return {
            (key, period == "month" and first or None): float(value)
            for key, period, first, value in self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (c.key, c.period, c.date_from)
                        c.key, c.period, c.date_from, c.value_before
                    FROM sales_target_version v
                    JOIN sales_target_change c ON c.version_id = v.id
                    WHERE v.plan_id = %s AND v.number > %s AND c.key = ANY(%s)
                    ORDER BY c.key, c.period, c.date_from, v.number
                    """,
                    self.id,
                    version.number,
                    # Whoever may read a row may read what it was.
                    rows.mapped("key"),
                )
            )
        }

    @staticmethod
    def _get_then(former, key, first):
        return {"then": former[key, first]} if (key, first) in former else {}
