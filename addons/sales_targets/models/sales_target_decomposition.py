"""A plan is divided: who there is, what they weigh, and what is fixed."""

from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.sales_force.ledger.apportion import apportion

from .. import facts
from ..planning import tree, weights
from ..planning.decompose import Child, Conflict, assign, split

# Of shares in percent: far below a cent of any company's target.
SHARE_DIGITS = 12


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    def _decompose(self, reason=None, asked=None):
        """Divide the target and write the tree, as a set.

        :param reason: of a new version, where the plan is published
        :param dict asked: ``{(key, None or first day of a month): amount, or None}`` of
            the cells that are fixed, or let go, by hand: who there is and what they
            weigh stays as it was, so that nobody else's target moves. None: all is
            looked at again
        """
        self.ensure_one()
        self._lock_plan()
        before = self._read_rows()
        rows = self._apply_asked(before, asked or {})
        months = self._get_months()
        frozen = self._count_frozen(months)
        if asked is None:
            self._check_carried()
            nodes = self._build_tree(rows)
            basis = self._get_basis(nodes, months)
            current = {key for key, node in nodes.items() if not node.former}
            whose = self._get_responsible(nodes)
        else:
            nodes = tree.from_keys(rows)
            basis = self._read_basis(rows, nodes, months, asked)
            current = self._read_current(rows)
            whose = None
        kept = self._get_kept()
        try:
            after = self._divide(nodes, rows, basis, frozen, current, kept)
        except Conflict as conflict:
            raise UserError(self._explain_conflict(conflict, nodes)) from conflict
        self._write_rows(
            nodes,
            after,
            before,
            reason,
            current=current,
            whose=whose,
            locks={cell: value is not None for cell, value in (asked or {}).items()},
        )

    @staticmethod
    def _apply_asked(rows, asked):
        """The rows with the cells that are asked for, fixed or let go."""
        found = dict(rows)
        for (key, first), value in asked.items():
            row = {**found[key][first], "locked": value is not None}
            if value is not None:
                row["value"] = value
            found[key] = {**found[key], first: row}
        return found

    # What there is

    def _build_tree(self, rows):
        """Who is in the plan today, and who was and keeps a past.

        :return: ``{key: tree.Node}``, those above first
        """
        nodes = self._build_current()
        if self.state in ("committed", "running"):
            self._keep_former(nodes, rows)
        return nodes

    def _build_current(self):
        """Who is in the plan today: ``{key: tree.Node}``, those above first."""
        reps = self._get_reps()
        chosen = self.territory_ids
        paths = []
        for rep in reps:
            common = rep.territory_ids._get_common()
            ids = [int(id_) for id_ in (common.parent_path or "").split("/") if id_]
            above = [id_ for id_ in ids if id_ in chosen.ids]
            paths.append((rep.id, self.by_team and rep.team_id.id or None, above))
        order = {id_: number for number, id_ in enumerate(chosen.sorted("name").ids)}
        paths.sort(key=lambda path: [order[id_] for id_ in path[2]])
        return tree.build(paths)

    def _keep_former(self, nodes, rows):
        """Who left or moved keeps the months that are over, and gets no more."""
        for key in sorted(rows, key=lambda key: key.count("/")):
            parts = key.split("/")
            for depth in range(1, len(parts)):
                above, below = "/".join(parts[:depth]), "/".join(parts[: depth + 1])
                if below not in nodes:
                    nodes[below] = tree.Node(below, former=True)
                    nodes[above].children.append(below)
        ordered = sorted(nodes, key=lambda key: key.count("/"))
        for key in ordered:
            nodes[key] = nodes.pop(key)

    def _get_reps(self):
        """Who carries a target, in the order that decides ties."""
        domain = [
            ("company_id", "=", self.company_id.id),
            ("carries_target", "=", True),
            ("state", "in", ("onboarding", "active", "suspended")),
        ]
        if self.top_rep_id:
            domain.append(("id", "child_of", self.top_rep_id.id))
        # sudo: the plan is for everybody in its unit, whom the planner may not see
        return self.env["sales.rep"].sudo().search(domain, order="name, id")

    def _check_carried(self):
        """:raise UserError: when there is nobody to whom to divide"""
        if not self._get_reps():
            raise UserError(
                self.env._(
                    "%(plan)s: there is nobody who carries a target. Tick it on the "
                    "reps' profiles.",
                    plan=self.name,
                )
            )

    def _count_frozen(self, months):
        """How many of the first months are over and stay as they are."""
        if self.state not in ("committed", "running"):
            return 0
        today = self.company_id._get_sales_today()
        return sum(first + relativedelta(months=1) <= today for first in months)

    def _get_kept(self):
        """What the days that are over had, of this month: ``{row's id: units}``."""
        if self.state not in ("committed", "running"):
            return {}
        today = self.company_id._get_sales_today()
        return self.env["sales.target.day"]._sum_kept(self, today)

    # What they weigh

    def _get_basis(self, nodes, months):
        """What the weights are based on, of each node the sum of the reps below.

        :return: ``{basis: {key: Fraction or None}}``; ``baseline`` and ``seasons``
            (``[Fraction]`` by month of the plan) as well
        """
        leaves = {
            key: node.res_id for key, node in nodes.items() if node.level == "rep"
        }
        # sudo: the ledger, leads and customers of everybody in the plan
        found = facts.collect(self.sudo(), set(leaves.values()), months)
        basis = {
            name: self._add_up(
                nodes, {key: values.get(rep) for key, rep in leaves.items()}
            )
            for name, values in found["reps"].items()
        }
        basis["seasons"] = found["seasons"]
        return basis

    def _read_basis(self, rows, nodes, months, asked):
        """What was known when the plan was divided, as ``_get_basis`` returns it, with
        ``shares`` in percent; ``seasons`` only where the months of the whole change."""
        totals = {key: periods[None] for key, periods in rows.items()}
        basis = {
            "shares": {key: row["share"] for key, row in totals.items()},
            "told": {key: row["basis"] or {} for key, row in totals.items()},
            "touched": {key.rpartition("/")[0] for key, _first in asked},
            "baseline": {
                key: Fraction(str(row["baseline"])) if row["baseline_known"] else None
                for key, row in totals.items()
            },
        }
        if any(key == tree.ROOT for key, _first in asked):
            basis["seasons"] = self._get_basis(nodes, months)["seasons"]
        return basis

    @staticmethod
    def _read_current(rows):
        """The nodes that get a target, as it was when the plan was divided."""
        current = set()
        for key, periods in rows.items():
            node, total = tree.Node(key), periods[None]
            if node.level in ("rep", "holding") and not total["active_to"]:
                while key:
                    current.add(key)
                    key = key.rpartition("/")[0]
        return current

    @staticmethod
    def _add_up(nodes, known):
        """Sums of what is known below; None where nobody said anything."""
        values = dict(known)
        for key in reversed(list(nodes)):
            parent = nodes[key].parent
            if parent is not None and values.get(key) is not None:
                values[parent] = (values.get(parent) or 0) + values[key]
        return {key: values.get(key) for key in nodes}

    def _get_profile(self, basis, months):
        """What the months weigh, as whole numbers."""
        seasons = basis["seasons"][self.profile]
        if not any(seasons):
            seasons = basis["seasons"]["working_days"]
        if not any(seasons):
            seasons = [Fraction(1)] * len(months)
        return [round(max(season, 0) * 10_000) for season in seasons]

    # Dividing

    def _divide(self, nodes, before, basis, frozen, current, kept):
        """The values of all nodes.

        :param frozen: how many of the first months are over
        :param set current: the nodes that get a target of the others
        :param dict kept: what days that are over had, by the id of their month
        :return: ``{key: {"months", "assigned", "share", "held", "basis", ...}}``, in
            units
        """
        months = self._get_months()
        root = self._divide_root(before.get(tree.ROOT, {}), basis, months, frozen)
        result = {tree.ROOT: {"months": root, "share": None, "held": None}}
        for key, node in nodes.items():
            if not node.children:
                result[key]["assigned"] = [0] * len(months)
                continue
            if self._is_as_before(node, before, basis, result[key]["months"]):
                result[key]["assigned"] = self._to_list(before[key], "assigned_value")
                for child in node.children:
                    result[child] = self._read_result(before[child])
                continue
            assigned = self._assign(
                result[key]["months"], node.level, before.get(key, {}), months, frozen
            )
            result[key]["assigned"] = assigned
            children, details = self._weigh(node, before, basis)
            for child in children:
                rows = before.get(child.key, {})
                if child.key not in current:
                    self._keep_past(child, nodes, rows, months, frozen, kept, current)
                else:
                    self._fix(child, rows, months, frozen, kept)
                if self.growth_limited and child.key in current:
                    self._guard(child, basis["baseline"].get(child.key))
            for child, part in split(assigned, children).items():
                result[child] = {
                    "months": part.months,
                    "share": details[child].pop("share"),
                    "held": part.held,
                    "basis": details[child],
                }
        for key, values in result.items():
            values["baseline"] = basis["baseline"].get(key)
        return result

    def _is_as_before(self, node, before, basis, units):
        """Whether nothing below a node changes, when some are changed by hand."""
        return (
            "touched" in basis
            and node.key not in basis["touched"]
            and node.parent is not None
            and units == self._to_list(before[node.key], "value")
        )

    def _to_list(self, periods, column):
        """A column of a node's rows in units, by month."""
        months = sorted(filter(None, periods))
        return [self._to_units(periods[first][column]) for first in months]

    def _read_result(self, periods):
        total = periods[None]
        return {
            "months": self._to_list(periods, "value"),
            "share": total["share"],
            "held": total["held"],
            "basis": total["basis"],
        }

    def _divide_root(self, rows, basis, months, frozen):
        """The plan's value over its months; locked and past months stay."""
        kept = {
            number: self._to_units(rows[first]["value"])
            for number, first in enumerate(months)
            if first in rows and (number < frozen or rows[first]["locked"])
        }
        if "seasons" not in basis:
            return [self._to_units(rows[first]["value"]) for first in months]
        left = self._to_units(self.value) - sum(kept.values())
        if left < 0 or (left and len(kept) == len(months)):
            raise Conflict("year", left, [tree.ROOT], sorted(kept))
        profile = self._get_profile(basis, months)
        open_months = [n for n in range(len(months)) if n not in kept]
        weighed = [profile[number] for number in open_months]
        if open_months and not any(weighed):
            weighed = [1] * len(open_months)
        parts = apportion(left, weighed) if open_months else []
        found = {**kept, **dict(zip(open_months, parts, strict=True))}
        return [found[number] for number in range(len(months))]

    def _assign(self, units, level, rows, months, frozen):
        """What those below get; of the months that are over what they had."""
        hedge = Fraction(str(self._get_hedge(level))) / 100
        past = [
            self._to_units(rows[first]["assigned_value"])
            for first in months[:frozen]
            if first in rows
        ]
        past += [0] * (frozen - len(past))
        return past + assign(units[frozen:], hedge)

    def _weigh(self, node, before, basis):
        """The children of a node with their weights, and what these are based on."""
        if "shares" in basis:
            told = {
                child: {"share": basis["shares"][child], **basis["told"][child]}
                for child in node.children
            }
            return self._prepare_children(told), told
        bases = {
            name: {child: basis[name].get(child) for child in node.children}
            for name in weights.BASES
            if name != "manual"
        }
        bases["manual"] = {
            child: Fraction(str(weight)) if weight else None
            for child in node.children
            for weight in [before.get(child, {}).get(None, {}).get("manual_weight")]
        }
        shares, details = weights.blend(
            bases,
            {
                name: Fraction(str(round(self[f"weight_{name}"], 2)))
                for name in weights.BASES
            },
        )
        told = {}
        for child in node.children:
            told[child] = {
                "share": float(round(shares[child] * 100, SHARE_DIGITS)),
                **{
                    name: [
                        None if found[child].assumed else float(found[child].value),
                        float(round(found[child].share * 100, 2)),
                    ]
                    for name, found in details.items()
                },
            }
        return self._prepare_children(told), told

    @staticmethod
    def _prepare_children(told):
        """With the weights as they are kept, so that what is changed by hand later is
        divided by the same ones."""
        return [
            Child(key, Fraction(str(details["share"]))) for key, details in told.items()
        ]

    def _fix(self, part, rows, months, frozen, kept):
        """What of a child stays: the past and locks; days that are over at least."""
        for number, first in enumerate(months):
            row = rows.get(first)
            if number < frozen:
                part.months[number] = self._to_units(row["value"]) if row else 0
            elif row and row["locked"]:
                part.months[number] = self._to_units(row["value"])
            elif row and row["id"] in kept:
                part.passed[number] = kept[row["id"]]
        total = rows.get(None)
        if total and total["locked"]:
            part.year = self._to_units(total["value"])

    def _keep_past(self, part, nodes, rows, months, frozen, kept, current):
        """Who is gone keeps the months and days that are over, and gets no more.

        Where nobody is left beside, to take the rest of this month, all of it stays.
        """
        node = nodes[part.key]
        alone = node.level != "rep" or node.parent not in current
        this = self.company_id._get_sales_today().replace(day=1)
        for number, first in enumerate(months):
            row = rows.get(first)
            if not row or first > this:
                part.months[number] = 0
            elif number < frozen or (alone and node.level != "holding"):
                part.months[number] = self._to_units(row["value"])
            else:
                part.months[number] = kept.get(row["id"], 0)

    def _guard(self, part, baseline):
        """Growth against the year before; nobody's is limited who was not there."""
        if baseline is None or baseline <= 0:
            return
        least, most = (
            Fraction(str(round(limit, 2))) / 100 + 1
            for limit in (self.growth_min, self.growth_max)
        )
        unit = Fraction(self.unit)
        part.least = -int(-baseline * least // unit)
        part.most = int(baseline * most // unit)
