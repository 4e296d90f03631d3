"""Files for payroll: the same rows give the same bytes. No environment."""

import csv
import io
import re
import zipfile
from datetime import date

from openpyxl import Workbook

from odoo.addons.sales_force import workbook

# How dates are written: for strftime, and for a cell.
DATES = {
    "YYYY-MM-DD": ("%Y-%m-%d", "yyyy-mm-dd"),
    "YYYYMMDD": ("%Y%m%d", "yyyymmdd"),
    "DD.MM.YYYY": ("%d.%m.%Y", "dd.mm.yyyy"),
    "DD/MM/YYYY": ("%d/%m/%Y", "dd/mm/yyyy"),
    "MM/DD/YYYY": ("%m/%d/%Y", "mm/dd/yyyy"),
}
_WIDTH = 18
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CLOCK = re.compile(rb"(<dcterms:\w+[^>]*>)[^<]*(</dcterms:\w+>)")


def write_csv(headings, rows, dates, places):
    """Text that spreadsheets read as UTF-8.

    :param rows: lists of words, dates and decimals
    :param str dates: of ``DATES``
    :param int places: of the currency's amounts
    :return: bytes
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([workbook.plain(heading) for heading in headings])
    for row in rows:
        writer.writerow([_word(value, dates, places) for value in row])
    return stream.getvalue().encode("utf-8-sig")


def write_xlsx(title, headings, rows, dates, places):
    """A spreadsheet with real dates and numbers; see ``write_csv``."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    rows = list(rows)
    columns = [
        (heading, _WIDTH, _pattern(rows, number, dates, places))
        for number, heading in enumerate(headings)
    ]
    workbook.write_table(sheet, columns, rows)
    return _without_clock(workbook.save(book))


def _word(value, dates, places):
    if value is None:
        return ""
    if isinstance(value, date):
        return value.strftime(DATES[dates][0])
    if isinstance(value, str):
        return workbook.plain(value)
    return f"{value:.{places}f}"


def _pattern(rows, number, dates, places):
    value = next((row[number] for row in rows if row[number] is not None), "")
    if isinstance(value, date):
        return DATES[dates][1]
    if isinstance(value, str):
        return None
    return f"0.{'0' * places}" if places else "0"


def _without_clock(data):
    """The same archive, without the time at which it was written."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _CLOCK.sub(rb"\g<1>1980-01-01T00:00:00Z\g<2>", content)
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, content)
    return stream.getvalue()
