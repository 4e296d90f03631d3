"""Reps join, leave, move and are away: what becomes of their targets."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import asked
from ..planning.transfer import shares
from .sales_target_decomposition import SHARE_DIGITS
from .sales_target_plan import HEDGE_GROUPS

KINDS = [
    ("join", "Joins"),
    ("leave", "Leaves"),
    ("move", "Moves"),
    ("absence", "Is away"),
]


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
        self._propose(self.plan_id._read_rows())
        return True

    def action_apply(self):
        """Change the targets, as a version of the plan.

        :raise AccessError: for who does not plan above all of those
        :raise UserError: when there is nothing to transfer, or nobody to take it
        """
        asked.one(self)
        self.check_access("write")
        self.plan_id._lock_plan()
        self._check_draft()
        before = self.plan_id._read_rows()
        cells, changes = self._propose(before)
        former = {
            key: {
                fields.Date.to_string(first): [row["value"], row["assigned_value"]]
                for first, row in before.get(key, {}).items()
                if first
            }
            for key in changes
        }
        reason = ": ".join(filter(None, (self.display_name, self.note)))
        version = self._change(before, cells, changes, reason, self.date_from)
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
        self._check_undone(plan)
        before = plan._read_rows()
        cells = self._read_cells(before)
        # sudo: restored, not shown; who may is checked below
        former = self.sudo().former
        self._check_may_transfer(former)
        gone = [key for key, values in former.items() if not values]
        if any(map(self._has_past, gone)):
            raise UserError(
                self.env._("Days of the new target are over: transfer it back instead.")
            )
        for key in gone:
            cells.drop(key)
        restored = {
            key: tuple(
                [
                    plan._to_units(values[fields.Date.to_string(first)][column])
                    for first in cells.months
                ]
                for column in (0, 1)
            )
            for key, values in former.items()
            if values
        }
        undone = self.env._("Undone: %(what)s", what=self.display_name)
        self._change(before, cells, restored, undone)
        self.sudo().state = "undone"  # sudo: stamped by the system
        return True

    def _check_undone(self, plan):
        if self.state != "done":
            raise UserError(self.env._("This was not done, or is undone already."))
        if plan.state == "closed" or plan.date_to < self.company_id._get_sales_today():
            raise UserError(
                self.env._("%(plan)s is over: its targets stay.", plan=plan.name)
            )
        if plan.version_ids.sorted("number")[-1:] != self.version_id:
            raise UserError(
                self.env._(
                    "%(plan)s was changed since: targets are changed on the board now.",
                    plan=plan.name,
                )
            )

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

    def _propose(self, rows):
        """What would change, and show it: ``(Cells, changes)``, see ``_compute``."""
        cells, asked, changes = self._compute(rows)
        self._check_may_transfer(changes)
        self._write_lines(cells, asked, changes)
        return cells, changes

    def _change(self, before, cells, changes, reason, day=None):
        """Write the months that are not over, and what siblings weigh now.

        What is changed by hand later is divided as the targets are then: by the months
        after this one, since in this one who goes keeps the days that are over.

        :return: the version of the plan
        """
        plan = self.plan_id
        months = plan._get_months()
        over = months[: len(months) - len(cells.months)]
        today = self.company_id._get_sales_today()
        later = [number for number, first in enumerate(cells.months) if first > today]
        after, weights = {}, {}
        for parent in {cells.nodes[key].parent for key in changes} - {None}:
            siblings = {
                key: changes[key][0] if key in changes else cells.values[key]
                for key in cells.nodes[parent].children
                if key in changes or key in before
            }
            left = {
                key: sum(units[n] for n in later) for key, units in siblings.items()
            }
            weights.update(shares(left))
        for key in {**changes, **weights}:
            rows, after[key] = before.get(key, {}), {}
            new = changes.get(key) or (cells.values[key], cells.assigned[key])
            for name, column, units in zip(
                ("months", "assigned"), ("value", "assigned_value"), new, strict=True
            ):
                past = [plan._to_units(rows[m][column]) if rows else 0 for m in over]
                after[key][name] = past + units
            if key in weights:
                after[key]["share"] = float(round(weights[key], SHARE_DIGITS))
        return plan._write_rows(
            cells.nodes,
            after,
            before,
            reason,
            current={key for key, node in cells.nodes.items() if not node.former},
            day=day,
            whose=plan._get_responsible(cells.nodes),
        )
