import base64

from openpyxl import Workbook

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.sales_force import workbook

# A column of the spreadsheet, its width, and how its figures look.
COLUMNS = (
    ("period_label", 18, None),
    ("rep_id", 24, None),
    ("team_id", 20, None),
    ("from_grade_id", 18, None),
    ("grade_history", 18, None),
    ("score", 10, "0.00"),
    ("score_change", 10, "+0.00;-0.00;0.00"),
    ("percent", 10, "0.00"),
    ("reason", 60, None),
    ("state", 12, None),
    ("decided_by_id", 20, None),
    ("decided_on", 12, "yyyy-mm-dd"),
    ("decision", 40, None),
)


class SalesSalaryExport(models.TransientModel):
    """The list of the salary review as a spreadsheet. Wages are not in it: they are
    kept elsewhere, and never read here."""

    _name = "sales.salary.export"
    _description = "Salary Review as a Spreadsheet"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date_from = fields.Date(
        "Periods From",
        required=True,
        default=lambda self: self.env.company._get_sales_today().replace(
            month=1, day=1
        ),
    )
    date_to = fields.Date(
        "Until",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    file = fields.Binary(compute="_compute_file")

    def _compute_file(self):
        for wizard in self:
            wizard.file = base64.b64encode(wizard._get_workbook())

    def _get_proposals(self):
        """By period and rep; those that the user may read."""
        return self.env["sales.consequence"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", "salary"),
                ("state", "!=", "withdrawn"),
                ("period_from", ">=", self.date_from),
                ("period_from", "<=", self.date_to),
            ],
            order="period_from desc, rep_id, id",
        )

    def _get_workbook(self):
        book = Workbook()
        sheet = book.active
        sheet.title = self.env._("Salary Review")
        proposals = self._get_proposals()
        labels = proposals.fields_get([name for name, *_shown in COLUMNS], ["string"])
        states = dict(proposals._fields["state"]._description_selection(self.env))
        workbook.write_table(
            sheet,
            [(labels[name]["string"], *shown) for name, *shown in COLUMNS],
            (
                [self._get_cell(proposal, name, states) for name, *_shown in COLUMNS]
                for proposal in proposals
            ),
            freeze="C2",
        )
        return workbook.save(book)

    @api.model
    def _get_cell(self, proposal, name, states):
        """A value as a spreadsheet takes it."""
        value = proposal[name]
        if name == "state":
            return states[value]
        if isinstance(value, models.BaseModel):
            value = value.display_name or None
        return None if value is False else value

    def action_export(self):
        """Download the spreadsheet.

        :raise UserError: where there is nothing in these periods
        """
        self.ensure_one()
        if not self._get_proposals():
            raise UserError(
                self.env._("No salary review was proposed in these periods.")
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file"
            f"?download=true&filename=salary-review-{self.date_to}.xlsx",
            "target": "download",
        }
