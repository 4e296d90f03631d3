"""Workbooks to download: their head, and words that stay words. No environment."""

import io

from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

_HEAD = PatternFill("solid", fgColor="714B67")
_TOP = Alignment(wrap_text=True, vertical="top")
# What makes a formula of a cell, here or where it is copied to.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain(value):
    """A value for a cell: words that begin like a formula are none.

    >>> plain("=1+1"), plain(-1), plain("A-1")
    ("'=1+1", -1, 'A-1')
    """
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def write_head(sheet, headings, freeze):
    """The first row of an empty sheet.

    :param str freeze: address of the first cell that scrolls
    """
    sheet.append([plain(heading) for heading in headings])
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = _HEAD
        cell.alignment = _TOP
    sheet.freeze_panes = freeze


def write_table(sheet, columns, rows, freeze="B2"):
    """A whole sheet.

    :param list columns: ``(heading, width, number format or None)``
    :param rows: iterable of lists of values, None where there is none
    """
    write_head(sheet, [heading for heading, _width, _format in columns], freeze)
    for row in rows:
        sheet.append([plain(value) for value in row])
    for number, (_heading, width, pattern) in enumerate(columns, 1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = width
        for cell in sheet[letter][1:]:
            cell.alignment = _TOP
            if pattern:
                cell.number_format = pattern


def save(book):
    """:return: the workbook as bytes"""
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
