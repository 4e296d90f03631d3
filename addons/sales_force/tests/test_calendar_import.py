"""The yearly import of make-up days and holidays: all of it or nothing."""

import base64
import io
from datetime import date, datetime, time

from openpyxl import Workbook, load_workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import SalesForceCase


@tagged("post_install", "-at_install")
class TestCalendarImport(SalesForceCase):
    def _wizard(self, rows, headings=True, year=2026):
        book = Workbook()
        if headings:
            book.active.append(["Date", "Kind", "Name", "Working Hours", "From", "To"])
        for row in rows:
            book.active.append(row)
        stream = io.BytesIO()
        book.save(stream)
        return self._import(stream.getvalue(), year)

    def _import(self, content, year=2026):
        return (
            self.env["sales.calendar.import"]
            .with_user(self.users["operations"])
            .create({"year": year, "file": base64.b64encode(content)})
        )

    def _days(self):
        return self.env["sales.calendar.day"].search([("date", ">=", "2026-01-01")])

    def test_import(self):
        calendar = self.env["resource.calendar"].create({"name": "Night shift"})
        action = self._wizard(
            [
                [date(2026, 10, 1), "Extra Holiday", "National Day"],
                [datetime(2026, 10, 10), "workday", "Make-up day"],
                [],
                ["2026-10-11", "Make-up Working Day", "Half", None, "9:30", 12],
                ["2026-10-11", "workday", "Night", "Night shift", time(20), "23:15"],
            ]
        ).action_import()
        days = self._days()
        self.assertEqual(self.env["sales.calendar.day"].search(action["domain"]), days)
        self.assertEqual(len(days), 4)
        self.assertEqual(days.company_id, self.company)
        half = days.filtered(lambda d: d.name == "Half")
        self.assertEqual((half.hour_from, half.hour_to), (9.5, 12))
        night = days.filtered("calendar_id")
        self.assertEqual(night.calendar_id, calendar)
        self.assertEqual((night.hour_from, night.hour_to), (20, 23.25))

    def test_again_changes_what_is_listed(self):
        self._wizard([[date(2026, 10, 1), "holiday", "First"]]).action_import()
        self._wizard([[date(2026, 10, 1), "workday", "Second"]]).action_import()
        self.assertEqual(self._days().mapped("name"), ["Second"])
        self.assertEqual(self._days().kind, "workday")

    def test_bad_rows_are_named_and_nothing_is_imported(self):
        with self.assertRaises(UserError) as caught:
            self._wizard(
                [
                    [date(2026, 10, 1), "holiday", "Good"],
                    [date(2025, 10, 1), "holiday", "Other year"],
                    ["soon", "holiday", "No date"],
                    [date(2026, 10, 2), "party", "No kind"],
                    [date(2026, 10, 3), "holiday", None],
                    [date(2026, 10, 4), "workday", "Hours", None, "12", "9"],
                    [date(2026, 10, 5), "holiday", "Hours", None, "9", "12"],
                    [date(2026, 10, 6), "workday", "Calendar", "Unknown"],
                    [date(2026, 10, 7), "workday", "Time", None, "early", "12"],
                    [date(2026, 10, 1), "workday", "Twice"],
                ]
            ).action_import()
        message = str(caught.exception)
        for row in range(3, 12):
            self.assertIn(f"Row {row}: ", message)
        self.assertNotIn("Row 2: ", message)
        self.assertFalse(self._days())

    def test_not_a_spreadsheet(self):
        for content in (b"date,kind,name", b"PK\x03\x04", b""):
            with self.subTest(content=content), self.assertRaises(UserError):
                self._import(content).action_import()
        with self.assertRaises(UserError):
            self._wizard([]).action_import()

    def test_template(self):
        """The template itself can be imported."""
        wizard = self._wizard([])
        self.assertIn(str(wizard.id), wizard.action_template()["url"])
        content = base64.b64decode(wizard.template)
        sheet = load_workbook(io.BytesIO(content)).active
        self.assertEqual(sheet.max_row, 3)
        self._import(content).action_import()
        self.assertEqual(len(self._days()), 2)

    def test_only_operations(self):
        with self.assertRaises(AccessError):
            self.env["sales.calendar.import"].with_user(self.users["director"]).create(
                {"year": 2026}
            )

    def test_hours_of_a_day(self):
        day = self.env["sales.calendar.day"]
        for values in (
            {"kind": "holiday", "hour_from": 8, "hour_to": 12},
            {"kind": "workday", "hour_from": 12, "hour_to": 8},
            {"kind": "workday", "hour_from": 8, "hour_to": 25},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                day.create({"name": "D", "date": "2026-05-01", **values})
