"""Reps join, leave, move and are away: what becomes of their targets."""

from collections import defaultdict
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL
from odoo.tools.misc import format_date

from odoo.addons.sales_force.customers.assignment import ramped

from .. import asked
from ..planning.decompose import Child, split
from ..planning.transfer import joining, rebalance
from ..planning.tree import Node
from .sales_target import LEVEL_NAMES
from .sales_target_board import COMPANY_PLANNERS
from .sales_target_decomposition import SHARE_DIGITS
from .sales_target_plan import HEDGE_GROUPS

KINDS = [
    ("join", "Joins"),
    ("leave", "Leaves"),
    ("move", "Moves"),
    ("absence", "Is away"),
]
# For how long before a rep goes customers may have been handed over.
HANDED_OVER = relativedelta(days=180)


class SalesTargetTransfer(models.Model):
    """What becomes of a target when who carries it changes; the whole stays.

    Days that are over, and months, keep what they had.
    """

    _name = "sales.target.transfer"
    _description = "Transfer of Targets"
    _inherit = ["sales.stamped.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _sales_stamped = frozenset({"state", "version_id", "former", "line_ids"})

    plan_id = fields.Many2one(
        "sales.target.plan",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('state', 'in', ('committed', 'running'))]",
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    rep_id = fields.Many2one(
        "sales.rep", required=True, check_company=True, ondelete="cascade", index=True
    )
    kind = fields.Selection(KINDS, "What Happens", required=True, default="leave")
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
        help="The first day on which the target is another's. Not in the past.",
    )
    date_to = fields.Date("Until", help="The last day away.")
    destination = fields.Selection(
        [
            ("heirs", "To who takes over the customers"),
            ("successor", "To a successor"),
            ("holding", "To the holding line of the team"),
            ("along", "Goes along with the rep"),
        ],
        "Target So Far",
        default="heirs",
        required=True,
        help="Heirs are who own the rep's former customers now, by what these bought "
        "in a year; for customers without a new owner, the siblings in proportion to "
        "their targets. The holding line keeps a target that nobody carries yet.",
    )
    successor_id = fields.Many2one("sales.rep", check_company=True, ondelete="restrict")
    source = fields.Selection(
        [
            ("colleagues", "A share of the colleagues'"),
            ("holding", "The holding line of the team"),
            ("none", "None yet"),
        ],
        "New Target",
        default="colleagues",
        required=True,
        help="Of the colleagues in the same team: an equal share, less while the "
        "ramp-up lasts.",
    )
    note = fields.Char("Reason")
    state = fields.Selection(
        [("draft", "Draft"), ("done", "Done"), ("undone", "Undone")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    line_ids = fields.One2many(
        "sales.target.transfer.line", "transfer_id", "What Changes", readonly=True
    )
    version_id = fields.Many2one(
        "sales.target.version", readonly=True, copy=False, ondelete="set null"
    )
    former = fields.Json(
        readonly=True,
        copy=False,
        groups=HEDGE_GROUPS,
        help="The cells before, hedges included: what undoing restores.",
    )

    @api.depends("kind", "rep_id.name", "date_from")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for transfer in self:
            transfer.display_name = f"{transfer.rep_id.name}: {kinds[transfer.kind]}"

    @api.constrains("kind", "date_from", "date_to", "destination", "successor_id")
    def _check_asked(self):
        _ = self.env._
        for transfer in self:
            if transfer.kind == "absence" and (
                not transfer.date_to or transfer.date_to < transfer.date_from
            ):
                raise ValidationError(_("Say from when until when the rep is away."))
            if transfer.destination == "successor" and transfer._gives():
                if not transfer.successor_id:
                    raise ValidationError(_("Choose the successor."))
                if transfer.successor_id == transfer.rep_id:
                    raise ValidationError(_("Nobody succeeds himself."))
            if transfer.destination == "along" and transfer.kind != "move":
                raise ValidationError(_("A target goes along with who moves only."))

    def write(self, vals):
        if any(transfer.state != "draft" for transfer in self) and not self.env.su:
            raise UserError(self.env._("What is done stays as it is: undo it."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(transfer.state != "draft" for transfer in self):
            raise UserError(self.env._("What is done stays as it is: undo it."))

    def _gives(self):
        return self.kind in ("leave", "move", "absence")

    def _takes(self):
        return self.kind in ("join", "move") and self.destination != "along"

    # Actions

    def action_preview(self):
        """Show whose targets would change, and by how much.

        :raise AccessError: for who does not plan above all of those
        :raise UserError: when there is nothing to transfer, or nobody to take it
        """
        asked.one(self)
        self.check_access("write")
        self._check_draft()
        cells, changes = self._compute()
        self._check_may_transfer(changes)
        self._write_lines(cells, changes)
        return True

    def action_apply(self):
        """Change the targets, as a version of the plan.

        :raise AccessError: for who does not plan above all of those
        :raise UserError: when there is nothing to transfer, or nobody to take it
        """
        asked.one(self)
        self.check_access("write")
        plan = self.plan_id
        plan._lock_plan()
        self._check_draft()
        cells, changes = self._compute()
        self._check_may_transfer(changes)
        self._write_lines(cells, changes)
        before = plan._read_rows()
        former = {
            key: {
                first and fields.Date.to_string(first): [
                    float(row["value"]),
                    float(row["assigned_value"]),
                ]
                for first, row in before.get(key, {}).items()
                if first
            }
            for key in changes
        }
        plan._write_cells(cells.nodes, cells.months, changes, day=self.date_from)
        version = self._record(before, changes)
        # sudo: stamped by the system
        self.sudo().write({"state": "done", "former": former, "version_id": version.id})
        return True

    def action_undo(self):
        """Give everybody back what they had; days that are over since stay.

        :raise UserError: when the plan was changed after it, or is over
        """
        asked.one(self)
        self.check_access("write")
        plan = self.plan_id
        plan._lock_plan()
        if self.state != "done":
            raise UserError(self.env._("This was not done, or is undone already."))
        if plan.state == "closed" or plan.date_to < self.company_id._get_sales_today():
            raise UserError(
                self.env._("%(plan)s is over: its targets stay.", plan=plan.name)
            )
        if plan.version_ids[:1] != self.version_id:
            raise UserError(
                self.env._(
                    "%(plan)s was changed since: targets are changed on the board now.",
                    plan=plan.name,
                )
            )
        before = plan._read_rows()
        months = plan._get_months()
        cells = self._read_cells(before, months)
        restored, gone = {}, []
        # sudo: restored, not shown; who may is checked below
        for key, values in self.sudo().former.items():
            if not values:
                gone.append(key)
            pairs = [values.get(fields.Date.to_string(m), [0, 0]) for m in months]
            restored[key] = tuple(
                [plan._to_units(pair[column]) for pair in pairs[cells.frozen :]]
                for column in (0, 1)
            )
        self._check_may_transfer(restored)
        started = [key for key in gone if self._has_past(key)]
        if started:
            raise UserError(
                self.env._("Days of the new target are over: transfer it back instead.")
            )
        plan._write_cells(cells.nodes, cells.months, restored, gone)
        undone = self.env._("Undone: %(what)s", what=self.display_name)
        self._record(before, restored, undone)
        self.sudo().state = "undone"  # sudo: stamped by the system
        return True

    def _has_past(self, key):
        return bool(
            self.env["sales.target.day"]
            .sudo()
            .search_count(  # sudo: only whether
                [
                    ("target_id.plan_id", "=", self.plan_id.id),
                    ("target_id.key", "=", key),
                    ("date", "<", self.company_id._get_sales_today()),
                ],
                limit=1,
            )
        )

    def _check_draft(self):
        plan = self.plan_id
        if self.state != "draft":
            raise UserError(self.env._("This is done already."))
        if plan.state not in ("committed", "running"):
            raise UserError(
                self.env._(
                    "%(plan)s is not committed: divide it again instead.",
                    plan=plan.name,
                )
            )
        today = self.company_id._get_sales_today()
        if self.date_from < today:
            raise UserError(self.env._("The past stays: begin today or later."))
        if self.date_from > plan.date_to:
            raise UserError(self.env._("%(plan)s ends before that.", plan=plan.name))

    def _check_may_transfer(self, changes):
        rows = self.env["sales.target"].search(
            [
                ("plan_id", "=", self.plan_id.id),
                ("key", "in", list(changes)),
                ("period", "=", "total"),
            ]
        )
        # sudo: what one does not see, one does not plan
        hidden = rows.sudo().search_count(
            [
                ("plan_id", "=", self.plan_id.id),
                ("key", "in", list(changes)),
                ("period", "=", "total"),
                ("id", "not in", rows.ids),
            ]
        )
        if hidden:
            raise UserError(
                self.env._("This changes targets of others: ask who plans above.")
            )
        rows._check_may_plan()

    def _record(self, before, changes, reason=None):
        """Keep the change as a version, and spread the changed months over days."""
        plan = self.plan_id
        reason = reason or ": ".join(filter(None, (self.display_name, self.note)))
        version = self.env["sales.target.version"]._open(plan, reason, before)
        reps = {int(key.rpartition("/r")[2]) for key in changes if "/r" in key}
        self.env["sales.target.day"]._derive(plan, self.env["sales.rep"].browse(reps))
        return version.exists()

    # What changes

    def _compute(self):
        """The cells as they are, and those that change.

        :return: ``(cells, {key: ([units], [assigned units])})`` of the months that are
            not over
        """
        plan = self.plan_id
        months = plan._get_months()
        rows = plan._read_rows()
        cells = self._read_cells(rows, months)
        changed = {}
        if self._gives():
            self._give(cells, changed)
        if self._takes():
            self._take(cells, changed)
        if not any(
            units != cells.values.get(key, cells.nothing)
            for key, units in changed.items()
        ):
            raise UserError(
                self.env._("%(rep)s has nothing to transfer.", rep=self.rep_id.name)
            )
        fixed = {key for key in (cells.former, cells.current) if key}
        hedges = {
            level: Fraction(str(plan._get_hedge(level))) / 100
            for level in ("company", "territory", "team")
        }
        return cells, rebalance(
            cells.nodes, cells.values, cells.assigned, changed, hedges, fixed
        )

    def _read_cells(self, rows, months):
        return _Cells(self, rows, months)

    def _give(self, cells, changed):
        """The rep's node keeps what is over; the rest goes to the destination."""
        key = cells.former or cells.current
        if not key or key not in cells.values:
            raise UserError(
                self.env._("%(rep)s has no target here.", rep=self.rep_id.name)
            )
        amounts = self._get_given(cells, key)
        changed[key] = [
            value - given
            for value, given in zip(cells.values[key], amounts, strict=True)
        ]
        for to, units in self._get_heirs(cells, key, amounts).items():
            before = changed.get(to) or cells.values.get(to, cells.nothing)
            changed[to] = [a + b for a, b in zip(before, units, strict=True)]

    def _get_given(self, cells, key):
        """Of each month that is not over, what is left from the date on."""
        month = self.date_from.replace(day=1)
        amounts = []
        for first, value in zip(cells.months, cells.values[key], strict=True):
            if first < month:
                amounts.append(0)
            elif self.kind == "absence":
                share = self._get_absent_share(first)
                amounts.append(min(int(value * share), cells.get_rest(key, first)))
            elif first == month:
                amounts.append(cells.get_rest(key, first, self.date_from))
            else:
                amounts.append(value)
        return amounts

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

    def _get_heirs(self, cells, key, amounts):
        """Who gets what is given: ``{key: [units by month]}``."""
        above = key.rpartition("/")[0]
        if self.destination == "along":
            return {cells.current: amounts}
        if self.destination == "holding":
            return {cells.get_holding(above): amounts}
        if self.destination == "successor":
            heir = cells.get_key(self.successor_id)
            if not heir:
                raise UserError(
                    self.env._(
                        "%(rep)s carries no target in this plan.",
                        rep=self.successor_id.name,
                    )
                )
            return {heir: amounts}
        weights = self._get_heirs_weights(cells, key, above)
        if not weights:
            raise UserError(
                self.env._(
                    "Nobody else in the team carries a target: choose a successor or "
                    "the holding line."
                )
            )
        parts = split(amounts, [Child(heir, part) for heir, part in weights.items()])
        return {heir: part.months for heir, part in parts.items()}

    def _get_heirs_weights(self, cells, key, above):
        """``{key: Fraction}``: by customers taken over, the rest by the siblings."""
        taken, open_part = self._get_taken_over(cells)
        siblings = {
            sibling: Fraction(sum(cells.values.get(sibling, cells.nothing)))
            for sibling in cells.get_siblings(above, key)
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
            heir = rep_id and cells.get_key(self.env["sales.rep"].browse(rep_id))
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
        key = cells.current
        if not key:
            raise UserError(
                self.env._("%(rep)s carries no target.", rep=self.rep_id.name)
            )
        if self.kind == "join" and any(cells.values.get(key, ())):
            raise UserError(
                self.env._("%(rep)s has a target already.", rep=self.rep_id.name)
            )
        above = key.rpartition("/")[0]
        if self.source == "holding":
            givers = [cells.get_holding(above)]
            if givers[0] not in cells.values:
                raise UserError(self.env._("The team has no holding line."))
            taken = cells.get_rests(givers[0], self.date_from, changed)
        elif self.source == "colleagues":
            givers = cells.get_siblings(above, key)
            rests = [cells.get_rests(one, self.date_from, changed) for one in givers]
            taken = joining(rests, self._get_ramps(cells.months))
        else:
            return
        before = changed.get(key) or cells.values.get(key, cells.nothing)
        changed[key] = [a + b for a, b in zip(before, taken, strict=True)]
        for giver, given in self._share_out(cells, givers, taken, changed).items():
            left = changed.get(giver) or cells.values[giver]
            changed[giver] = [a - b for a, b in zip(left, given, strict=True)]

    def _share_out(self, cells, givers, taken, changed):
        """What each gives, in proportion to what he has left in each month."""
        rests = [cells.get_rests(giver, self.date_from, changed) for giver in givers]
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

    def _write_lines(self, cells, changes):
        plan = self.plan_id
        total = plan._to_amount
        responsible = plan._get_responsible(cells.nodes)
        names = dict(
            zip(changes, plan._get_names(list(changes), cells.nodes), strict=True)
        )
        lines = [
            {
                "transfer_id": self.id,
                "key": key,
                "name": names[key],
                "rep_id": responsible.get(key)
                or responsible.get(key.rpartition("/")[0]),
                "level": cells.nodes[key].level,
                "value_before": total(sum(cells.values.get(key, cells.nothing))),
                "value": total(sum(units)),
            }
            for key, (units, _assigned) in changes.items()
        ]
        # sudo: lines are written by the system only
        self.sudo().line_ids.unlink()
        self.env["sales.target.transfer.line"].sudo().create(lines)


class _Cells:
    """The months of a plan that are not over, and where the rep is in them."""

    def __init__(self, transfer, rows, months):
        self.plan = plan = transfer.plan_id
        self.frozen = plan._count_frozen(months)
        self.months = months[self.frozen :]
        self.nothing = [0] * len(self.months)
        self.nodes = plan._build_tree(rows)
        self.rows = rows
        self.values, self.assigned = (
            {
                key: [
                    plan._to_units(periods[first][column]) if first in periods else 0
                    for first in self.months
                ]
                for key, periods in rows.items()
            }
            for column in ("value", "assigned_value")
        )
        self.leaves = {
            node.res_id: key
            for key, node in self.nodes.items()
            if node.level == "rep" and not node.former
        }
        rep = transfer.rep_id
        self.current = self.leaves.get(rep.id)
        self.former = self._find_former(rep)
        today = transfer.company_id._get_sales_today()
        self.past = transfer.env["sales.target.day"]._read_kept(plan, today)
        self.before_date = transfer.env["sales.target.day"]._read_kept(
            plan, transfer.date_from
        )

    def _find_former(self, rep):
        """The node where the rep was, and still has a target."""
        return next(
            (
                key
                for key, node in self.nodes.items()
                if node.level == "rep"
                and node.res_id == rep.id
                and key != self.current
                and any(self.values.get(key, ()))
            ),
            None,
        )

    def get_key(self, rep):
        """The node of a rep who carries a target today."""
        return self.leaves.get(rep.id)

    def get_siblings(self, above, key):
        """The reps beside a node who carry a target today."""
        carried = set(self.leaves.values())
        return [
            child
            for child in self.nodes[above].children
            if child != key and child in carried and child in self.values
        ]

    def get_holding(self, above):
        """The line below a node that keeps what nobody carries; made where missing."""
        key = f"{above}/h"
        if key not in self.nodes:
            self.nodes[key] = Node(key, former=True)
            self.nodes[above].children.append(key)
        return key

    def get_rest(self, key, first, date=None):
        """What of a month is not over at a date, or today."""
        row = self.rows.get(key, {}).get(first)
        kept = (
            (self.before_date if date else self.past).get(row["id"], {}) if row else {}
        )
        value = self.values[key][self.months.index(first)]
        return max(value - sum(kept.values()), 0)

    def get_rests(self, key, date, changed):
        """What a node can give from a date on, by month."""
        units = changed.get(key) or self.values[key]
        month = date.replace(day=1)
        return [
            0
            if first < month
            else min(value, self.get_rest(key, first, date))
            if first == month
            else value
            for first, value in zip(self.months, units, strict=True)
        ]


class SalesTargetTransferLine(models.Model):
    """A target that a transfer changes, over the plan's remaining months."""

    _name = "sales.target.transfer.line"
    _description = "Changed Target of a Transfer"
    _order = "transfer_id, key"
    _log_access = False

    transfer_id = fields.Many2one(
        "sales.target.transfer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="transfer_id.company_id", store=True)
    key = fields.Char(readonly=True)
    name = fields.Char(readonly=True)
    rep_id = fields.Many2one(
        "sales.rep", "Responsible", readonly=True, ondelete="cascade"
    )
    level = fields.Selection(LEVEL_NAMES, readonly=True)
    value_before = fields.Float("Before", digits=(16, 2), readonly=True)
    value = fields.Float("After", digits=(16, 2), readonly=True)
    difference = fields.Float(digits=(16, 2), compute="_compute_difference")

    @api.depends("value", "value_before")
    def _compute_difference(self):
        for line in self:
            line.difference = round(line.value - line.value_before, 2)


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def _compute_why(self):
        """Also what was transferred since the target was divided."""
        super()._compute_why()
        totals = self.filtered(lambda target: target.period == "total")
        # sudo: who reads a target may know why it is so
        lines = (
            self.env["sales.target.transfer.line"]
            .sudo()
            .search(
                [
                    ("transfer_id.state", "=", "done"),
                    ("transfer_id.plan_id", "in", totals.plan_id.ids),
                    ("key", "in", totals.mapped("key")),
                ],
                order="id",
            )
        )
        found = lines.grouped(lambda line: (line.transfer_id.plan_id.id, line.key))
        number = self.env["ir.qweb.field.float"].value_to_html
        for target in totals:
            for line in found.get((target.plan_id.id, target.key), ()):
                target.why += "\n" + self.env._(
                    "%(amount)s since %(date)s: %(what)s.",
                    amount=("+" if line.difference > 0 else "")
                    + number(line.difference, {"precision": 0}),
                    date=format_date(self.env, line.transfer_id.date_from),
                    what=line.transfer_id.display_name,
                )


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    unsettled_count = fields.Integer(
        "Staff Changes",
        compute="_compute_unsettled_count",
        help="Reps who left, moved or came, whose targets nobody has transferred.",
    )

    def _compute_unsettled_count(self):
        for plan in self:
            plan.unsettled_count = len(plan._get_unsettled())

    def _get_unsettled(self):
        """Reps whose place has changed: ``[(kind, rep's id)]``.

        With as many queries for any number of them.
        """
        self.ensure_one()
        if self.state not in ("committed", "running"):
            return []
        today = self.company_id._get_sales_today()
        # Who left this month keeps it: what is after it, or after the first one.
        later = max(today, self.date_from) + relativedelta(day=1, months=1)
        placed = {
            key: (rep, carries)
            for key, rep, carries in self.env.execute_query(
                SQL(
                    """SELECT key, rep_id, bool_or(value <> 0 AND date_from >= %s
                        AND period = 'month')
                    FROM sales_target WHERE plan_id = %s AND level = 'rep'
                    GROUP BY key, rep_id""",
                    later,
                    self.id,
                )
            )
        }
        here = {
            key: node.res_id
            for key, node in self._build_current().items()
            if node.level == "rep"
        }
        came = {rep for key, rep in here.items() if key not in placed}
        left = {
            rep for key, (rep, carries) in placed.items() if carries and key not in here
        }
        return [
            ("move" if rep in left and rep in came else kind, rep)
            for kind, reps in (("leave", left), ("join", came - left))
            for rep in sorted(reps)
        ]

    def _get_planned_reps(self):
        """The ids of the reps for whom the user plans: all, or who is below."""
        reps = self.env["sales.rep"].with_context(active_test=False)
        domain = [("company_id", "=", self.company_id.id)]
        if not self.env.su and not any(map(self.env.user.has_group, COMPANY_PLANNERS)):
            domain.append(("id", "child_of", self.env.user.sales_rep_ids.ids))
        return set(reps.search(domain)._ids)

    def action_open_transfers(self):
        """Staff changes: a draft for each that nobody has settled."""
        asked.one(self)
        self.check_access("read")
        # Two clicks at once: the second finds what the first has made.
        self._lock_plan()
        transfers = self.env["sales.target.transfer"]
        drafts = transfers.search([("plan_id", "=", self.id), ("state", "=", "draft")])
        if transfers.has_access("create"):
            planned = self._get_planned_reps()
            transfers.create(
                [
                    {
                        "plan_id": self.id,
                        "rep_id": rep,
                        "kind": kind,
                        "destination": "along" if kind == "move" else "heirs",
                        "date_from": self.company_id._get_sales_today(),
                    }
                    for kind, rep in self._get_unsettled()
                    if rep in planned and rep not in drafts.rep_id.ids
                ]
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_targets.sales_target_transfer_action"
        )
        return {
            **action,
            "domain": [("plan_id", "=", self.id)],
            "context": {"default_plan_id": self.id},
        }

    def _write_cells(self, nodes, months, changes, gone=(), day=None):
        """Write the months that changed, as a set, and the totals.

        :param dict changes: ``{key: ([units], [assigned units])}`` of these months
        :param gone: keys whose rows go altogether
        :param date day: from which on credits count in new nodes; None: today
        """
        self.env.cr.execute(
            SQL(
                "DELETE FROM sales_target WHERE plan_id = %s AND key = ANY(%s)",
                self.id,
                list(gone),
            )
        )
        written = {key: cells for key, cells in changes.items() if key not in gone}
        self._add_rows(nodes, set(written) - set(self._read_rows()))
        rows = [
            (key, first, self._to_amount(value), self._to_amount(below))
            for key, (units, assigned) in written.items()
            for first, value, below in zip(months, units, assigned, strict=True)
        ]
        keys, dates, values, assigned = map(list, zip(*rows, strict=True))
        self.env.cr.execute(
            SQL(
                """
                UPDATE sales_target t
                SET value = v.value, assigned_value = v.assigned
                FROM unnest(%s::varchar[], %s::date[], %s::numeric[], %s::numeric[])
                    AS v(key, date, value, assigned)
                WHERE t.plan_id = %s AND t.period = 'month' AND t.key = v.key
                  AND t.date_from = v.date
                """,
                keys,
                dates,
                values,
                assigned,
                self.id,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE sales_target t
                SET value = m.value, assigned_value = m.assigned
                FROM (
                    SELECT total_id, sum(value) AS value,
                        sum(assigned_value) AS assigned
                    FROM sales_target WHERE plan_id = %s AND key = ANY(%s)
                    GROUP BY total_id
                ) m
                WHERE t.id = m.total_id
                """,
                self.id,
                list(written),
            )
        )
        self._share_anew({key.rpartition("/")[0] for key in written})
        self.env["sales.target"].invalidate_model(flush=False)
        present = {key for key, node in nodes.items() if not node.former}
        self._date_leaves(present, day)

    def _share_anew(self, parents):
        """What is changed by hand later is divided as the targets are now.

        Of the months after this one, where there are any: in this one who goes keeps
        the days that are over.
        """
        today = self.company_id._get_sales_today()
        self.env.cr.execute(
            SQL(
                """
                WITH left_over AS (
                    SELECT total_id, regexp_replace(key, '/[^/]*$', '') AS parent,
                        COALESCE(sum(value) FILTER (
                            WHERE date_from > %(today)s), 0) AS value
                    FROM sales_target
                    WHERE plan_id = %(plan)s AND period = 'month'
                    GROUP BY total_id, key
                ), whole AS (
                    SELECT *, sum(value) OVER (PARTITION BY parent) AS all_of_it
                    FROM left_over WHERE parent = ANY(%(parents)s)
                )
                UPDATE sales_target t
                SET share = round(100 * w.value / w.all_of_it, %(digits)s)
                FROM whole w
                WHERE t.id = w.total_id AND w.all_of_it > 0
                """,
                today=today,
                plan=self.id,
                parents=sorted(parents),
                digits=SHARE_DIGITS,
            )
        )

    def _add_rows(self, nodes, keys):
        """Rows of new nodes, empty."""
        if not keys:
            return
        responsible = self._get_responsible(nodes)
        months = self._get_months()
        periods = [("total", self.date_from, self.date_to)]
        periods += [
            ("month", first, first + relativedelta(months=1, days=-1))
            for first in months
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sales_target (plan_id, company_id, key, level, rep_id,
                    team_id, territory_id, answer, value, assigned_value, locked,
                    baseline, baseline_known, period, date_from, date_to)
                SELECT %(plan)s, %(company)s, n.key, n.level, n.rep_id, n.team_id,
                    n.territory_id, CASE WHEN p.period = 'total' AND n.level = 'rep'
                        THEN 'none' END, 0, 0, FALSE, 0, FALSE,
                    p.period, p.date_from, p.date_to
                FROM unnest(%(keys)s::varchar[], %(levels)s::varchar[],
                    %(reps)s::integer[], %(teams)s::integer[],
                    %(territories)s::integer[])
                    AS n(key, level, rep_id, team_id, territory_id)
                CROSS JOIN unnest(%(periods)s::varchar[], %(starts)s::date[],
                    %(stops)s::date[]) AS p(period, date_from, date_to)
                """,
                plan=self.id,
                company=self.company_id.id,
                keys=sorted(keys),
                levels=[nodes[key].level for key in sorted(keys)],
                reps=[
                    responsible.get(key) or responsible.get(key.rpartition("/")[0])
                    for key in sorted(keys)
                ],
                teams=[
                    nodes[key].res_id if nodes[key].level == "team" else None
                    for key in sorted(keys)
                ],
                territories=[
                    nodes[key].res_id if nodes[key].level == "territory" else None
                    for key in sorted(keys)
                ],
                periods=[period for period, _start, _stop in periods],
                starts=[start for _period, start, _stop in periods],
                stops=[stop for _period, _start, stop in periods],
            )
        )
        self._link_rows(
            [
                (row["id"], key, "month" if first else "total", row["date_from"])
                for key, found in self._read_rows().items()
                for first, row in found.items()
            ]
        )
