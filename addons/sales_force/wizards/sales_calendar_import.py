import base64
import binascii
import io
from datetime import date, datetime, time
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import workbook

COLUMNS = ("date", "kind", "name", "calendar_id", "hour_from", "hour_to")
WIDTHS = (12, 22, 28, 24, 10, 10)
MAX_ROWS = 5000


class SalesCalendarImport(models.TransientModel):
    """Imports the make-up days and extra holidays of a year, all of them or none."""

    _name = "sales.calendar.import"
    _description = "Import of a Year's Calendar Exceptions"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    year = fields.Integer(
        required=True,
        default=lambda self: self.env.company._get_sales_today().year,
        help="All dates of the file must be in this year.",
    )
    file = fields.Binary("Spreadsheet", attachment=False)
    file_name = fields.Char()
    template = fields.Binary(compute="_compute_template")

    @api.depends("year")
    def _compute_template(self):
        for wizard in self:
            book = Workbook()
            kinds = self._get_kinds()
            year = wizard.year or date.today().year
            workbook.write_table(
                book.active,
                [
                    (heading, width, None)
                    for heading, width in zip(
                        wizard._get_headings(), WIDTHS, strict=True
                    )
                ],
                [
                    [date(year, 1, 1), kinds["holiday"], self.env._("New Year's Day")],
                    [date(year, 1, 4), kinds["workday"], self.env._("Make-up day")],
                ],
                freeze="A2",
            )
            wizard.template = base64.b64encode(workbook.save(book))

    @api.model
    def _get_headings(self):
        labels = self.env["sales.calendar.day"].fields_get(COLUMNS, ["string"])
        return [labels[name]["string"] for name in COLUMNS]

    @api.model
    def _get_kinds(self):
        field = self.env["sales.calendar.day"]._fields["kind"]
        return dict(field._description_selection(self.env))

    def action_template(self):
        """Download an example of the spreadsheet that is expected."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/template"
            f"?download=true&filename=calendar-{self.year}.xlsx",
            "target": "download",
        }

    def action_import(self):
        """Import the file; days that are listed already are changed.

        :raise UserError: lists every bad row, and nothing is imported
        """
        self.ensure_one()
        days, errors = [], []
        for number, cells in self._read_rows():
            try:
                days.append((number, self._parse_row(cells)))
            except ValueError as error:
                errors.append(
                    self.env._("Row %(row)s: %(error)s", row=number, error=error)
                )
        seen = {}
        for number, vals in days:
            first = seen.setdefault((vals["date"], vals["calendar_id"]), number)
            if first != number:
                errors.append(
                    self.env._(
                        "Row %(row)s: the same day as in row %(first)s.",
                        row=number,
                        first=first,
                    )
                )
        if errors:
            raise UserError(
                self.env._("Nothing was imported. Please correct:")
                + "\n"
                + "\n".join(errors)
            )
        if not days:
            raise UserError(self.env._("The file has no rows below its headings."))
        self._import_days([vals for _number, vals in days])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Calendar Exceptions of %(year)s", year=self.year),
            "res_model": "sales.calendar.day",
            "view_mode": "list,form",
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("date", ">=", date(self.year, 1, 1)),
                ("date", "<=", date(self.year, 12, 31)),
            ],
        }

    def _read_rows(self):
        """``[(row number, cells)]`` of the first sheet, without headings and blanks."""
        if not self.file:
            raise UserError(self.env._("Choose a spreadsheet first."))
        try:
            book = load_workbook(
                io.BytesIO(base64.b64decode(self.file)), read_only=True, data_only=True
            )
            sheet = book.worksheets[0]
            rows = list(
                sheet.iter_rows(
                    max_row=MAX_ROWS + 1, max_col=len(COLUMNS), values_only=True
                )
            )
        except (
            BadZipFile,
            InvalidFileException,
            KeyError,
            IndexError,
            OSError,
            ValueError,
            binascii.Error,
        ) as error:
            raise UserError(
                self.env._(
                    "This is not a spreadsheet in the format .xlsx. Download the "
                    "template and fill it in."
                )
            ) from error
        return [
            (number, [*row, *[None] * (len(COLUMNS) - len(row))])
            for number, row in enumerate(rows, 1)
            if number > 1 and any(cell not in (None, "") for cell in row)
        ]

    def _parse_row(self, cells):
        """The values of a day.

        :raise ValueError: says what is wrong with the row
        """
        cells = [cell.strip() if isinstance(cell, str) else cell for cell in cells]
        day, kind, name, calendar, opening, closing = cells
        vals = {
            "date": self._parse_date(day),
            "kind": self._parse_kind(kind),
            "name": str(name or ""),
            "calendar_id": self._parse_calendar(calendar),
            "hour_from": self._parse_hour(opening),
            "hour_to": self._parse_hour(closing),
        }
        if not vals["name"]:
            raise ValueError(self.env._("the name is missing."))
        if vals["hour_from"] or vals["hour_to"]:
            if vals["kind"] == "holiday":
                raise ValueError(self.env._("a holiday has no hours."))
            if not vals["hour_from"] < vals["hour_to"]:
                raise ValueError(self.env._("the hours end before they begin."))
        return vals

    def _parse_date(self, cell):
        if isinstance(cell, datetime):
            day = cell.date()
        elif isinstance(cell, date):
            day = cell
        else:
            try:
                day = date.fromisoformat(str(cell or ""))
            except ValueError as error:
                raise ValueError(
                    self.env._(
                        "“%(cell)s” is not a date as %(year)s-01-31.",
                        cell=cell or "",
                        year=self.year,
                    )
                ) from error
        if day.year != self.year:
            raise ValueError(
                self.env._("%(date)s is not in %(year)s.", date=day, year=self.year)
            )
        return day

    def _parse_kind(self, cell):
        kinds = self._get_kinds()
        by_name = {label.casefold(): key for key, label in kinds.items()}
        kind = str(cell or "").casefold()
        kind = kind if kind in kinds else by_name.get(kind)
        if not kind:
            raise ValueError(
                self.env._(
                    "“%(cell)s” is neither “%(workday)s” nor “%(holiday)s”.",
                    cell=cell or "",
                    **kinds,
                )
            )
        return kind

    def _parse_calendar(self, cell):
        if not cell:
            return False
        calendars = self.env["resource.calendar"].search(
            [
                ("name", "=", str(cell)),
                ("company_id", "in", [False, self.company_id.id]),
            ]
        )
        if len(calendars) != 1:
            raise ValueError(
                self.env._("there is not one calendar named “%(name)s”.", name=cell)
            )
        return calendars.id

    def _parse_hour(self, cell):
        if cell in (None, ""):
            return 0.0
        if isinstance(cell, datetime | time):
            return cell.hour + cell.minute / 60
        try:
            hour, _colon, minute = str(cell).partition(":")
            value = float(hour) + (float(minute) / 60 if minute else 0.0)
        except ValueError as error:
            raise ValueError(
                self.env._("“%(cell)s” is not a time as 9:30.", cell=cell)
            ) from error
        if not 0 <= value <= 24:
            raise ValueError(
                self.env._("%(cell)s is not between 0:00 and 24:00.", cell=cell)
            )
        return value

    def _import_days(self, days):
        model = self.env["sales.calendar.day"]
        listed = {
            (day.date, day.calendar_id.id): day
            for day in model.search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("date", "in", [vals["date"] for vals in days]),
                ]
            )
        }
        new = []
        for vals in days:
            day = listed.get((vals["date"], vals["calendar_id"]))
            if day:
                day.write(vals)
            else:
                new.append({**vals, "company_id": self.company_id.id})
        model.create(new)
