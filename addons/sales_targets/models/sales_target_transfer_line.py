"""What a transfer changes, shown before and kept after."""

from odoo import api, fields, models
from odoo.tools.misc import format_date

from .sales_target import LEVEL_NAMES

ROLES = [
    ("gives", "Gives"),
    ("takes", "Takes over"),
    ("converted", "Takes over, with another hedge"),
    ("above", "Answers for them"),
    ("rounding", "Rounding"),
]


class SalesTargetTransfer(models.Model):
    _inherit = "sales.target.transfer"

    explanation = fields.Text("Why Others Change", compute="_compute_explanation")

    @api.depends("line_ids.role", "line_ids.value", "line_ids.value_before")
    def _compute_explanation(self):
        """Why the targets of others change as well, and why no more than these."""
        _ = self.env._
        number = self.env["ir.qweb.field.float"].value_to_html
        for transfer in self:
            by_role = transfer.line_ids.grouped("role")
            moved = {
                role: sum(lines.mapped("difference")) for role, lines in by_role.items()
            }
            taken = moved.get("takes", 0) + moved.get("converted", 0)
            parts = []
            if "converted" in moved:
                parts.append(
                    _(
                        "%(given)s given are %(taken)s taken over: what a team is "
                        "assigned on top of its target stays with the team, and it is "
                        "another where the target goes.",
                        given=number(-moved.get("gives", 0), {"precision": 2}),
                        taken=number(taken, {"precision": 2}),
                    )
                )
            if "above" in moved:
                parts.append(
                    _(
                        "Teams and territories answer for what their people carry, so "
                        "that theirs changes with it, by what is assigned on top less."
                    )
                )
            if "rounding" in moved:
                parts.append(
                    _(
                        "Rounding: everybody has whole units, and those below a node "
                        "together just what is assigned to them; somebody beside gets "
                        "a unit more or less for it in a month."
                    )
                )
            if parts:
                parts.append(
                    _(
                        "The company's target stays, and so does that of everybody who "
                        "is not listed."
                    )
                )
            transfer.explanation = "\n".join(parts)

    def _write_lines(self, cells, asked, changes):
        """:param asked: the keys of those that give or take"""
        plan = self.plan_id
        whose = plan._get_responsible(cells.nodes)
        names = dict(
            zip(changes, plan._get_names(list(changes), cells.nodes), strict=True)
        )
        lines = []
        for key, (units, _assigned) in changes.items():
            before, value = sum(cells.get(key)), sum(units)
            if key in cells.rehedged:
                role = "converted"
            elif key in asked:
                role = "takes" if value > before else "gives"
            elif any(other.startswith(f"{key}/") for other in asked):
                role = "above"
            else:
                role = "rounding"
            lines.append(
                {
                    "transfer_id": self.id,
                    "key": key,
                    "name": names[key],
                    "rep_id": whose.get(key),
                    "level": cells.nodes[key].level,
                    "role": role,
                    "value_before": plan._to_amount(before),
                    "value": plan._to_amount(value),
                }
            )
        # sudo: lines are written by the system only
        self.sudo().line_ids.unlink()
        self.env["sales.target.transfer.line"].sudo().create(lines)


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
    role = fields.Selection(ROLES, "Why", readonly=True)
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
