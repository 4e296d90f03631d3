"""The rows of a plan's tree: read and written in one way, whoever changes them."""

import json
from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import SQL

from odoo.addons.sales_force.locking import write_lock

from ..planning import tree

# What a row is written with, and as which type; the rest of it is answered or derived.
COLUMNS = {
    "key": "varchar",
    "period": "varchar",
    "date_from": "date",
    "date_to": "date",
    "level": "varchar",
    "rep_id": "integer",
    "team_id": "integer",
    "territory_id": "integer",
    "value": "numeric",
    "assigned_value": "numeric",
    "locked": "boolean",
    "share": "numeric",
    "held": "varchar",
    "basis": "jsonb",
    "baseline": "numeric",
    "baseline_known": "boolean",
}
# Of the total only, and only where something is said of it.
DETAILS = ("share", "held", "basis", "baseline", "baseline_known")


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    def _lock_plan(self):
        """Two who plan at once: the second is run again on what the first left."""
        self.env.flush_all()
        write_lock(self)

    def _read_rows(self):
        """The rows as they are: ``{key: {None or first day of a month: row}}``."""
        rows = defaultdict(dict)
        for row in self.env.execute_query_dict(
            SQL(
                """SELECT id, key, period, date_from, date_to, level, rep_id, team_id,
                    territory_id, value::float8, assigned_value::float8, locked,
                    share::float8, held, basis, baseline::float8, baseline_known,
                    manual_weight::float8, answer, active_to
                FROM sales_target WHERE plan_id = %s ORDER BY id""",
                self.id,
            )
        ):
            rows[row["key"]][row["period"] == "month" and row["date_from"] or None] = (
                row
            )
        return dict(rows)

    def _write_rows(
        self, nodes, after, before, reason, *, current, day=None, whose=None, locks=None
    ):
        """Write targets: the one way, of who divides, changes cells, transfers, undoes.

        - *Inserted*: the total and the months of each node that was not there.
        - *Updated*: of the others the rows that differ, and nothing else: the same
          result twice writes nothing. What ``after`` does not name stays.
        - *Deleted*: the rows of nodes that are in the tree no more, with their days.
        - *Dated*: from when to when a rep's credits count in a leaf.
        - *Versioned*: what has changed, where the plan is published.
        - *Days*: of the reps whose months have changed they are spread again; days that
          are over keep what they had.

        :param dict nodes: ``{key: tree.Node}`` of all that stay
        :param dict after: ``{key: {"months": units, "assigned": units}}``, both by
            month of the plan; also ``share``, ``held``, ``basis`` and ``baseline``
            where they are said anew
        :param dict before: the rows as they are, see ``_read_rows``
        :param reason: of the version
        :param set current: the keys of nodes that get a target today
        :param date day: from when on leaves that are new count; None: today
        :param dict whose: ``{key: rep's id}`` who is responsible; None: who was
        :param dict locks: ``{(key, None or first day): whether it stays}``
        :return: the version; none where nothing has changed
        """
        self.ensure_one()
        months = self._get_months()
        written = [
            (old, new)
            for key, values in after.items()
            for old, new in self._prepare_rows(
                nodes[key], months, values, before.get(key, {}), whose, locks or {}
            )
            if old is None or any(old[name] != value for name, value in new.items())
        ]
        self._delete_rows(before.keys() - nodes.keys())
        self._merge_rows([new for _old, new in written], before)
        self.env["sales.target"].invalidate_model(flush=False)
        self._date_leaves(current, day)
        versions = self.env["sales.target.version"]
        if self.state == "draft":
            return versions
        version = versions._open(self, reason, before)
        changed = {
            new["rep_id"]
            for old, new in written
            if new["level"] == "rep"
            and new["period"] == "month"
            and new["value"] != (old["value"] if old else 0)
        }
        self.env["sales.target.day"]._derive(
            self, self.env["sales.rep"].browse(changed)
        )
        return version.exists()

    def _prepare_rows(self, node, months, values, there, whose, locks):
        """The rows of a node: ``[(row as it is or None, row as it shall be)]``."""
        cells = [(None, sum(values["months"]), sum(values["assigned"]))]
        cells += zip(months, values["months"], values["assigned"], strict=True)
        details = {name: values[name] for name in ("share", "basis") if name in values}
        if "held" in values:
            details["held"] = values["held"] or None
        if "baseline" in values:
            details["baseline"] = float(values["baseline"] or 0)
            details["baseline_known"] = values["baseline"] is not None
        prepared = []
        for first, units, assigned in cells:
            old = there.get(first)
            new = (
                {name: old[name] for name in COLUMNS}
                if old
                else self._prepare_new_row(node, first)
            )
            if whose is not None:
                new["rep_id"] = whose.get(node.key)
            new["value"] = self._to_amount(units)
            new["assigned_value"] = self._to_amount(assigned)
            new["locked"] = locks.get((node.key, first), new["locked"])
            if first is None:
                new.update(details)
            prepared.append((old, new))
        return prepared

    def _prepare_new_row(self, node, first):
        stop = first and first + relativedelta(months=1, days=-1)
        return {
            **dict.fromkeys(COLUMNS),
            "key": node.key,
            "period": "month" if first else "total",
            "date_from": first or self.date_from,
            "date_to": stop or self.date_to,
            "level": node.level,
            "team_id": node.res_id if node.level == "team" else None,
            "territory_id": node.res_id if node.level == "territory" else None,
            "locked": False,
            "basis": None if first else {},
            "baseline": 0.0,
            "baseline_known": False,
        }

    def _delete_rows(self, keys):
        if not keys:
            return
        self.env.cr.execute(
            SQL(
                """
                WITH gone AS (
                    DELETE FROM sales_target WHERE plan_id = %s AND key = ANY(%s)
                    RETURNING id
                )
                DELETE FROM sales_target_day d USING gone WHERE d.target_id = gone.id
                """,
                self.id,
                sorted(keys),
            )
        )
        self.env["sales.target.day"].invalidate_model(flush=False)

    def _merge_rows(self, rows, before):
        """Insert rows, or update them, in one statement; new ones are linked."""
        if not rows:
            return
        columns = {name: [row[name] for row in rows] for name in COLUMNS}
        columns["basis"] = [
            None if basis is None else json.dumps(basis) for basis in columns["basis"]
        ]
        names = SQL(", ").join(map(SQL.identifier, COLUMNS))
        found = self.env.execute_query(
            SQL(
                """
                INSERT INTO sales_target (plan_id, company_id, answer, %(names)s)
                SELECT %(plan)s, %(company)s,
                    CASE WHEN period = 'total' AND level = 'rep' THEN 'none' END,
                    %(names)s
                FROM unnest(%(arrays)s) AS r(%(names)s)
                ON CONFLICT (plan_id, key, period, date_from) DO UPDATE SET
                    (%(names)s) = ROW(%(new)s)
                RETURNING id, key, period, date_from
                """,
                arrays=SQL(", ").join(
                    SQL("%s::%s[]", values, SQL(COLUMNS[name]))
                    for name, values in columns.items()
                ),
                names=names,
                plan=self.id,
                company=self.company_id.id,
                new=SQL(", ").join(
                    SQL("EXCLUDED.%s", SQL.identifier(name)) for name in COLUMNS
                ),
            )
        )
        self._link_rows([row for row in found if row[1] not in before], before)

    def _link_rows(self, rows, before):
        """Say of new rows whose is above, and which is the total of a month."""
        if not rows:
            return
        ids = {
            (key, row["period"], row["date_from"]): row["id"]
            for key, periods in before.items()
            for row in periods.values()
        }
        ids.update({(key, period, first): id_ for id_, key, period, first in rows})
        self.env.cr.execute(
            SQL(
                """UPDATE sales_target t
                SET parent_id = v.parent_id, total_id = v.total_id
                FROM unnest(%s::integer[], %s::integer[], %s::integer[])
                    AS v(id, parent_id, total_id)
                WHERE t.id = v.id""",
                [id_ for id_, *_ in rows],
                [
                    ids.get((key.rpartition("/")[0], period, first))
                    for _id, key, period, first in rows
                ],
                [
                    ids[key, "total", self.date_from] if period == "month" else None
                    for _id, key, period, _first in rows
                ],
            )
        )

    def _date_leaves(self, current, day=None):
        """From when to when the credits of a rep count in a node.

        Who moves within a plan that holds counts in the new node from a day on; the
        change of a plan that nobody has committed to counts from its beginning.

        :param date day: of the change; None: today
        """
        day = day or self.company_id._get_sales_today()
        moving = self.state in ("committed", "running") and day > self.date_from
        self.env.cr.execute(
            SQL(
                """UPDATE sales_target SET
                    active_from = COALESCE(active_from, %(start)s),
                    active_to = CASE WHEN key = ANY(%(current)s) THEN NULL
                        ELSE COALESCE(active_to, %(stop)s) END
                WHERE plan_id = %(plan)s AND level = 'rep' AND period = 'total'
                  AND (active_from IS NULL
                    OR (key = ANY(%(current)s)) <> (active_to IS NULL))""",
                start=day if moving else self.date_from,
                stop=day - timedelta(days=1),
                current=sorted(current),
                plan=self.id,
            )
        )

    def _get_responsible(self, nodes):
        """Whose each node is: the rep's own, else the manager of all reps below; a
        holding line is whose the node above it is."""
        leaves = {
            key: node.res_id for key, node in nodes.items() if node.level == "rep"
        }
        # sudo: the organisation of the plan's unit
        reps = self.env["sales.rep"].sudo().browse(set(leaves.values()))
        paths = {rep.id: rep.parent_path for rep in reps}
        responsible, below = dict(leaves), defaultdict(list)
        for key, rep_id in leaves.items():
            # Whoever is above: a rep does not lead the own team.
            path = paths[rep_id].rstrip("/").rpartition("/")[0]
            above = nodes[key].parent
            while above is not None:
                below[above].append(path)
                above = nodes[above].parent
        for key, found in below.items():
            responsible[key] = tree.lowest_common(found) if all(found) else None
        responsible[tree.ROOT] = self.top_rep_id.id or responsible.get(tree.ROOT)
        for key, node in nodes.items():
            if node.level == "holding":
                responsible[key] = responsible.get(node.parent)
        return responsible
