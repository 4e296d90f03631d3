import base64

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_date

from .. import asked, spreadsheet


class SalesTargetImport(models.TransientModel):
    """A plan's spreadsheet, downloaded, edited and uploaded again: differences first,
    all of them or none."""

    _name = "sales.target.import"
    _description = "Import of Targets"

    plan_id = fields.Many2one("sales.target.plan", required=True, ondelete="cascade")
    file = fields.Binary("Spreadsheet", attachment=False)
    file_name = fields.Char()
    download = fields.Binary(compute="_compute_download")
    reason = fields.Char(help="Of the new version of the plan.")
    needs_reason = fields.Boolean(compute="_compute_needs_reason")
    line_ids = fields.One2many("sales.target.import.line", "import_id", "Differences")

    @api.depends("plan_id")
    def _compute_needs_reason(self):
        for wizard in self:
            wizard.needs_reason = wizard.plan_id.state != "draft"

    @api.depends("plan_id")
    def _compute_download(self):
        for wizard in self:
            plan = wizard.plan_id
            labels = dict(
                self.env["sales.target"]
                ._fields["level"]
                ._description_selection(self.env)
            )
            lines = wizard._get_lines()
            for line in lines:
                line.level = labels[line.level]
            _ = self.env._
            months = [
                format_date(self.env, first, date_format="MMM y")
                for first in plan._get_months()
            ]
            wizard.download = base64.b64encode(
                spreadsheet.write(
                    lines,
                    [
                        "ID",
                        _("Level"),
                        _("Name"),
                        _("Year Before"),
                        _("Target"),
                        _("Not With Those Below"),
                        *months,
                    ],
                    (_("Targets"), _("Locks")),
                )
            )

    def _get_lines(self):
        """The plan's tree as lines of the sheet, children below their parents."""
        rows = self.env["sales.target"].search(
            [("plan_id", "=", self.plan_id.id)], order="date_from"
        )
        totals = rows.filtered(lambda row: row.period == "total").sorted("id")
        months = (rows - totals).grouped("total_id")
        children = totals.grouped("parent_id")
        top = totals.filtered(lambda row: row.parent_id not in totals)
        lines, stack = [], list(reversed(top))
        while stack:
            row = stack.pop()
            lines.append(
                spreadsheet.Line(
                    id=row.id,
                    parent=row.parent_id.id or None,
                    level=row.level,
                    name=row.name,
                    depth=row.key.count("/"),
                    before=row.baseline if row.baseline_known else None,
                    value=row.value,
                    locked=row.locked,
                    assigned=row.assigned_value,
                    months=[
                        (cell.id, cell.value, cell.locked)
                        for cell in months.get(row, ())
                    ],
                )
            )
            stack += reversed(children.get(row, ()))
        return lines

    def action_download(self):
        """The tree with formulas and locks."""
        asked.one(self)
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/download"
            f"?download=true&filename={self.plan_id.name}.xlsx",
            "target": "download",
        }

    def action_compare(self):
        """Show what the file would change; nothing is changed yet.

        :raise UserError: naming every cell that cannot be read
        """
        asked.one(self)
        if not self.file:
            raise UserError(self.env._("Choose a spreadsheet first."))
        try:
            changes = spreadsheet.read(base64.b64decode(self.file), self._get_lines())
        except spreadsheet.Bad as error:
            raise UserError(self._describe_bad(error.cells)) from error
        if not changes:
            raise UserError(self.env._("The file changes nothing."))
        self.line_ids.unlink()
        self.line_ids = [
            fields.Command.create(
                {
                    "target_id": change.id,
                    "known": change.known,
                    "before": self.env["sales.target"].browse(change.id).value,
                    "value": change.value or 0,
                    "unlocks": change.value is None,
                }
            )
            for change in changes
        ]
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "name": self.env._("Differences"),
        }

    def action_apply(self):
        """Fix what differs and divide the rest again, all or nothing.

        :raise UserError: when locks and limits cannot be met together, or when somebody
            has changed one of the targets since they were compared
        :raise AccessError: for targets that one does not plan above
        """
        asked.one(self)
        if not self.line_ids:
            raise UserError(self.env._("Compare the file first."))
        self.plan_id.set_cells(
            [
                {
                    "id": line.target_id.id,
                    "before": line.before,
                    **({"locked": False} if line.unlocks else {"value": line.value}),
                }
                for line in self.line_ids
            ],
            self.reason,
        )
        return {"type": "ir.actions.act_window_close"}

    def _describe_bad(self, cells):
        _ = self.env._
        reasons = {
            "sheet": _("this is not the spreadsheet of a plan; download it first"),
            "row": _("no target of this plan"),
            "number": _("not a number"),
            "negative": _("less than zero"),
            "formula": _("a formula without a value; save the file in Excel first"),
        }
        return "\n".join(
            [
                _("Nothing was changed. Please correct:"),
                *(
                    _("%(cell)s: %(reason)s", cell=cell, reason=reasons[reason])
                    for cell, reason in cells
                ),
            ]
        )


class SalesTargetImportLine(models.TransientModel):
    _name = "sales.target.import.line"
    _description = "Difference of an Import of Targets"

    import_id = fields.Many2one(
        "sales.target.import", required=True, index=True, ondelete="cascade"
    )
    target_id = fields.Many2one("sales.target", required=True, ondelete="cascade")
    period = fields.Selection(related="target_id.period")
    date_from = fields.Date(related="target_id.date_from")
    known = fields.Float(
        "When Downloaded",
        digits=(16, 2),
        help="What the target was in the file before it was changed.",
    )
    before = fields.Float("Now", digits=(16, 2))
    changed_since = fields.Boolean(
        compute="_compute_changed_since",
        help="Somebody else has changed it since the file was downloaded.",
    )
    value = fields.Float("Then", digits=(16, 2))
    unlocks = fields.Boolean(help="The target is not fixed any more.")

    @api.depends("known", "before")
    def _compute_changed_since(self):
        for line in self:
            line.changed_since = round(line.known, 2) != round(line.before, 2)
