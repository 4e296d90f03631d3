import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..commission import payroll
from .sales_commission_entry_text import exact

VALUES = [
    ("number", "Employee Number"),
    ("name", "Name"),
    ("amount", "Amount"),
    ("currency", "Currency"),
    ("date_from", "Period From"),
    ("date_to", "Period To"),
    ("plan", "Plan"),
    ("paid_on", "Paid On"),
    ("payout", "Payout"),
    ("company", "Company"),
    ("text", "Fixed Text"),
]
# What a company begins with.
USUAL = ("number", "name", "amount", "currency", "date_from", "date_to")


class SalesPayrollColumn(models.Model):
    """The layout of the file for payroll: what is in it, and in which order."""

    _name = "sales.payroll.column"
    _description = "Column of the Payroll File"
    _order = "sequence, id"
    _rec_name = "value"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    sequence = fields.Integer(default=10)
    value = fields.Selection(VALUES, required=True)
    heading = fields.Char(help="Empty: the name of the value.")
    text = fields.Char(
        "Fixed Text", help="The same in each row: a wage type, for example."
    )

    @api.model
    def _get_layout(self, company):
        """``[(value, heading, text)]``; the usual columns where none are set."""
        labels = dict(self._fields["value"]._description_selection(self.env))
        return [
            (column.value, column.heading or labels[column.value], column.text)
            for column in self.search([("company_id", "=", company.id)])
        ] or [(value, labels[value], False) for value in USUAL]

    @api.model
    def action_edit(self):
        """The company's columns, the usual ones to begin with."""
        company = self.env.company
        if not self.search_count([("company_id", "=", company.id)], limit=1):
            self.create(
                [
                    {"company_id": company.id, "value": value, "sequence": number}
                    for number, value in enumerate(USUAL)
                ]
            )
        return self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_payroll_column_action"
        )


class SalesCommissionPayout(models.Model):
    """The file for payroll: a row for each statement that stands."""

    _inherit = "sales.commission.payout"

    xlsx_file = fields.Binary(compute="_compute_files")
    csv_file = fields.Binary(compute="_compute_files")

    def _compute_files(self):
        for payout in self:
            payout.xlsx_file = base64.b64encode(payout._get_payroll("xlsx"))
            payout.csv_file = base64.b64encode(payout._get_payroll("csv"))

    def _attach_file(self):
        """Keep what is made for payroll today."""
        kind = self.company_id.sales_payroll_format
        self.file_id = self.env["ir.attachment"].create(
            {
                "name": f"{self._get_file_name()}.{kind}",
                "raw": self._get_payroll(kind),
                "res_model": self._name,
                "res_id": self.id,
            }
        )

    def _get_file_name(self):
        return self.name.replace("/", "-")

    def _get_payroll(self, kind):
        """:return: the file as bytes, the same each time"""
        self.ensure_one()
        company = self.company_id
        layout = self.env["sales.payroll.column"]._get_layout(company)
        headings = [heading for _value, heading, _text in layout]
        rows = self._get_payroll_rows(layout)
        shown = (company.sales_payroll_dates, self.currency_id.decimal_places)
        if kind == "csv":
            return payroll.write_csv(headings, rows, *shown)
        title = self._get_file_name()[:31]
        return payroll.write_xlsx(title, headings, rows, *shown)

    def _get_payroll_rows(self, layout):
        """By employee number, name and period."""
        rows = []
        for payment in self.payment_ids._get_standing():
            statement, rep = payment.statement_id, payment.rep_id
            values = {
                # sudo: payroll needs the number of employees; finance sees no more
                "number": rep.payroll_number or rep.sudo().employee_id.barcode or None,
                "name": rep.name,
                "amount": exact(payment.amount),
                "currency": self.currency_id.name,
                "date_from": statement.date_from,
                "date_to": statement.date_to,
                "plan": statement.plan_id.name,
                "paid_on": self.date,
                "payout": self.name,
                "company": self.company_id.name,
            }
            key = (
                values["number"] or "",
                rep.name or "",
                statement.date_from,
                statement.id,
            )
            rows.append(
                (key, [values.get(value, text or None) for value, _h, text in layout])
            )
        return [row for _key, row in sorted(rows, key=lambda pair: pair[0])]

    def action_export_xlsx(self):
        return self._download("xlsx")

    def action_export_csv(self):
        return self._download("csv")

    def _download(self, kind):
        """:raise UserError: where nothing was paid by payroll"""
        self.ensure_one()
        if self.kind != "payroll":
            raise UserError(
                self.env._("%(payout)s was not paid by payroll.", payout=self.name)
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{kind}_file"
            f"?download=true&filename={self._get_file_name()}.{kind}",
            "target": "download",
        }
