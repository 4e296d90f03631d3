import io
from datetime import date

from openpyxl import Workbook, load_workbook

from odoo.tests import BaseCase, tagged

from ..workbook import plain, save, write_table


@tagged("post_install", "-at_install")
class TestWorkbook(BaseCase):
    def _read(self, columns, rows):
        book = Workbook()
        write_table(book.active, columns, rows)
        return load_workbook(io.BytesIO(save(book))).active

    def test_no_formula(self):
        """Whatever a customer is called, a spreadsheet does not run it."""
        bad = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "="]
        for word in bad:
            self.assertEqual(plain(word), f"'{word}")
        self.assertEqual(plain(""), "")
        sheet = self._read(
            [("=HYPERLINK()", 10, None), ("Name", 10, None)],
            [[word, "A-1 = @home"] for word in bad],
        )
        self.assertEqual({cell.data_type for row in sheet for cell in row}, {"s"})
        self.assertEqual(sheet["A1"].value, "'=HYPERLINK()")
        self.assertEqual(sheet["A2"].value, "'=1+1")
        self.assertEqual({cell.value for cell in sheet["B"][1:]}, {"A-1 = @home"})

    def test_figures_stay_figures(self):
        sheet = self._read(
            [("Rise", 12, "0.00"), ("Since", 14, "yyyy-mm-dd")],
            [[-1.5, date(2031, 1, 15)], [2, None]],
        )
        self.assertEqual([cell.value for cell in sheet["A"]], ["Rise", -1.5, 2])
        self.assertEqual(sheet["A2"].data_type, "n")
        self.assertEqual(sheet["A2"].number_format, "0.00")
        self.assertTrue(sheet["B2"].is_date)
        self.assertIsNone(sheet["B3"].value)
        self.assertEqual(sheet.freeze_panes, "B2")
        self.assertEqual(sheet.column_dimensions["B"].width, 14)
