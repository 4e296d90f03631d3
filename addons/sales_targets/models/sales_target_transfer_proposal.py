"""What changes hands: how much of whose, and to whom."""

from collections import defaultdict
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.sales_force.customers.assignment import ramped

from ..planning.cells import Cells
from ..planning.decompose import Child, split
from ..planning.transfer import converted, joining, rebalance
from .sales_target_plan import HEDGES

# For how long before a rep goes customers may have been handed over.
HANDED_OVER = relativedelta(days=180)


class SalesTargetTransfer(models.Model):
    _inherit = "sales.target.transfer"

    def _compute(self, rows):
        """The cells as they are, and those that change.

        :return: ``(Cells, {key: [units]} of reps and holding lines that give or take,
            {key: ([units], [assigned units])} of all that change)``, by month that is
            not over
        """
        cells = self._read_cells(rows)
        rep_id = self.rep_id.id
        source = cells.find_former(rep_id) or cells.leaves.get(rep_id)
        changed = {}
        if self._gives():
            self._give(cells, source, changed)
        if self._takes():
            self._take(cells, changed)
        if all(units == cells.get(key) for key, units in changed.items()):
            raise UserError(
                self.env._("%(rep)s has nothing to transfer.", rep=self.rep_id.name)
            )
        changes = rebalance(
            cells.nodes, cells.values, cells.assigned, changed, cells.hedges, {source}
        )
        return cells, changed, changes

    def _read_cells(self, rows):
        plan = self.plan_id
        months = plan._get_months()
        months = months[plan._count_frozen(months) :]
        nodes = plan._build_tree(rows)
        units = plan._to_units
        values, assigned = (
            {
                key: [
                    units(periods[first][column]) if first in periods else 0
                    for first in months
                ]
                for key, periods in rows.items()
            }
            for column in ("value", "assigned_value")
        )
        today = self.company_id._get_sales_today()
        past, before = (self._read_kept(rows, day) for day in (today, self.date_from))
        return Cells(
            nodes,
            months,
            values,
            assigned,
            {level: Fraction(str(plan._get_hedge(level))) / 100 for level in HEDGES},
            {
                node.res_id: key
                for key, node in nodes.items()
                if node.level == "rep" and not node.former
            },
            past,
            before,
        )

    def _read_kept(self, rows, day):
        """What days before a day have: ``{(key, first day of the month): units}``."""
        cells = {
            row["id"]: (key, first)
            for key, periods in rows.items()
            for first, row in periods.items()
        }
        kept = self.env["sales.target.day"]._sum_kept(self.plan_id, day)
        return {cells[id_]: units for id_, units in kept.items()}

    def _give(self, cells, source, changed):
        """The rep's node keeps what is over; the rest goes to the destination."""
        if not source or source not in cells.values:
            raise UserError(
                self.env._("%(rep)s has no target here.", rep=self.rep_id.name)
            )
        amounts = self._get_given(cells, source)
        changed[source] = [
            value - given
            for value, given in zip(cells.values[source], amounts, strict=True)
        ]
        for to, units in self._get_heirs(cells, source, amounts).items():
            rate = cells.get_rate(source, to)
            if rate != 1:
                cells.rehedged.add(to)
            taken = converted(units, rate)
            before = changed.get(to) or cells.get(to)
            changed[to] = [a + b for a, b in zip(before, taken, strict=True)]

    def _get_given(self, cells, key):
        """Of each month that is not over, what is left from the date on."""
        if self.kind != "absence":
            return cells.get_rests(key, self.date_from, {})
        month = self.date_from.replace(day=1)
        return [
            0
            if first < month
            else min(
                int(value * self._get_absent_share(first)),
                cells.get_rest(key, first, cells.past),
            )
            for first, value in zip(cells.months, cells.values[key], strict=True)
        ]

    def _get_absent_share(self, first):
        """The part of a month's working days on which the rep is away.

        Of the company's days: a leave that is entered takes the rep's own away.
        """
        stop = first + relativedelta(months=1, days=-1)
        start, end = max(first, self.date_from), min(stop, self.date_to)
        if start > end:
            return Fraction(0)
        time = self.env["sales.working.time"]
        company = self.company_id
        away, whole = (
            Fraction(round(1000 * time.days_between(company, *span)[company]))
            for span in ((start, end), (first, stop))
        )
        return away / whole if whole else Fraction(0)

    def _get_heirs(self, cells, source, amounts):
        """Who gets what of what is given: ``{key: [units by month]}``."""
        if self.destination == "along":
            return {self._get_leaf(cells, self.rep_id): amounts}
        if self.destination == "holding":
            return {cells.add_holding(cells.nodes[source].parent): amounts}
        if self.destination == "successor":
            return {self._get_leaf(cells, self.successor_id): amounts}
        weights = self._get_heirs_weights(cells, source)
        if not weights:
            raise UserError(
                self.env._(
                    "Nobody else in the team carries a target: choose a successor or "
                    "the holding line."
                )
            )
        parts = split(amounts, [Child(heir, part) for heir, part in weights.items()])
        return {heir: part.months for heir, part in parts.items()}

    def _get_leaf(self, cells, rep):
        """The node of a rep who carries a target today."""
        if rep.id not in cells.leaves:
            raise UserError(
                self.env._("%(rep)s carries no target in this plan.", rep=rep.name)
            )
        return cells.leaves[rep.id]

    def _get_heirs_weights(self, cells, source):
        """``{key: Fraction}``: by customers taken over, the rest by the siblings."""
        taken, open_part = self._get_taken_over(cells)
        siblings = {
            sibling: Fraction(sum(cells.get(sibling)))
            for sibling in cells.get_siblings(source)
        }
        whole = sum(siblings.values())
        weights = defaultdict(Fraction, taken)
        if not taken:
            open_part = Fraction(1)
        for sibling, value in siblings.items():
            share = value / whole if whole else Fraction(1, len(siblings))
            weights[sibling] += open_part * share
        return {heir: weight for heir, weight in weights.items() if weight}

    def _get_taken_over(self, cells):
        """What the rep's former customers bought in a year, by who has them now.

        :return: ``({key: Fraction of all}, the part without an heir in this plan)``
        """
        self.env.flush_all()
        found = self.env.execute_query(
            SQL(
                """
                SELECT heir.id, sum(greatest(COALESCE(c.turnover, 0), 0) + 1)
                FROM (
                    SELECT DISTINCT partner_id FROM sales_ownership
                    WHERE previous_user_id = %(user)s AND partner_id IS NOT NULL
                      AND date >= %(since)s
                    UNION
                    SELECT id FROM res_partner WHERE user_id = %(user)s
                ) former
                JOIN res_partner p ON p.id = former.partner_id AND p.active
                    AND p.commercial_partner_id = p.id
                LEFT JOIN sales_customer c ON c.partner_id = p.id
                    AND c.company_id = %(company)s
                LEFT JOIN sales_rep heir ON heir.user_id = p.user_id
                    AND heir.company_id = %(company)s AND heir.id <> %(rep)s
                GROUP BY heir.id
                """,
                # sudo: who the heirs are depends on no rights of the planner
                user=self.sudo().rep_id.user_id.id,
                rep=self.rep_id.id,
                company=self.company_id.id,
                since=self.date_from - HANDED_OVER,
            )
        )
        taken, left = {}, Fraction(0)
        for rep_id, value in found:
            heir = cells.leaves.get(rep_id)
            if heir:
                taken[heir] = Fraction(str(value))
            else:
                left += Fraction(str(value))
        whole = left + sum(taken.values())
        if not whole:
            return {}, Fraction(1)
        return {heir: value / whole for heir, value in taken.items()}, left / whole

    def _take(self, cells, changed):
        """Who comes gets a target of the team."""
        key = self._get_leaf(cells, self.rep_id)
        if self.kind == "join" and any(cells.get(key)):
            raise UserError(
                self.env._("%(rep)s has a target already.", rep=self.rep_id.name)
            )
        if self.source == "none":
            return
        if self.source == "holding":
            givers = [cells.add_holding(cells.nodes[key].parent)]
            if givers[0] not in cells.values:
                raise UserError(self.env._("The team has no holding line."))
        else:
            givers = cells.get_siblings(key)
        rests = [cells.get_rests(giver, self.date_from, changed) for giver in givers]
        ramps = self._get_ramps(cells.months)
        taken = rests[0] if self.source == "holding" else joining(rests, ramps)
        before = changed.get(key) or cells.get(key)
        changed[key] = [a + b for a, b in zip(before, taken, strict=True)]
        for giver, given in self._share_out(givers, rests, taken).items():
            left = changed.get(giver) or cells.values[giver]
            changed[giver] = [a - b for a, b in zip(left, given, strict=True)]

    @staticmethod
    def _share_out(givers, rests, taken):
        """What each gives, in proportion to what he has left in each month."""
        given = {giver: [] for giver in givers}
        for month, units in enumerate(taken):
            children = [
                Child(giver, Fraction(rest[month]))
                for giver, rest in zip(givers, rests, strict=True)
            ]
            parts = split([units], children) if units else {}
            for giver in givers:
                given[giver].append(parts[giver].months[0] if parts else 0)
        return given

    def _get_ramps(self, months):
        """Which part of a full performance the rep brings, by month."""
        # sudo: the ramp-up of who joins
        rep = self.sudo().rep_id
        ramps = []
        for first in months:
            after = first + relativedelta(months=1)
            if after <= self.date_from:
                ramps.append(Fraction(0))
                continue
            there = max(first, self.date_from)
            part = Fraction((after - there).days, (after - first).days)
            step = ramped(1000, rep.date_start, rep.ramp_months, there)
            ramps.append(part * step / 1000)
        return ramps
