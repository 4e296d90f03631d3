"""The tree of targets as a spreadsheet, and back: pure, no environment.

The sheet *Targets* has a row for each node: months as values, totals and what is left
of the node above as formulas. The sheet *Locks* has the same rows and columns, with an
``x`` where a target stays. A value that was typed is fixed, as on the board. A hidden
sheet keeps what was downloaded: what somebody else changes meanwhile is no change of
who uploads an older file.
"""

import io
from dataclasses import dataclass, field

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils import get_column_letter

from odoo.addons.sales_force.workbook import plain, save, write_head

FIRST_ROW = 2
# Columns: id, level, name, year before, total, rest, then the months.
ID, LEVEL, NAME, BEFORE, TOTAL, REST = range(1, 7)
FIRST_MONTH = 7
_LOCKED = PatternFill("solid", fgColor="FFE0B2")
_MARK = "x"


@dataclass
class Line:
    """A row of the sheet.

    :param int id: of the node's total
    :param int parent: of the node above; None at the top
    :param list months: ``[(id, value, locked)]``
    """

    id: int
    parent: int | None
    level: str
    name: str
    depth: int
    before: float | None
    value: float
    locked: bool
    assigned: float
    months: list = field(default_factory=list)

    @property
    def cells(self):
        """``[(column, id, value, locked)]``: the total, then the months."""
        months = enumerate(self.months, FIRST_MONTH)
        return [(TOTAL, self.id, self.value, bool(self.locked))] + [
            (column, id_, value, bool(locked))
            for column, (id_, value, locked) in months
        ]


@dataclass
class Change:
    """:param int id: of the row; ``value`` None: the lock is taken away
    :param float known: what it was when the file was downloaded
    """

    id: int
    value: float | None
    known: float


class Bad(Exception):
    """:ivar cells: ``[(address, what it says)]`` of all that cannot be read"""

    def __init__(self, cells):
        super().__init__(cells)
        self.cells = cells


def write(lines, headings, titles):
    """The workbook.

    :param list lines: ``Line`` in the order of the tree
    :param list headings: of the columns, months included
    :param titles: of the two sheets
    :return: bytes
    """
    book = Workbook()
    sheet, locks = book.active, book.create_sheet()
    sheet.title, locks.title = titles
    numbers = {line.id: FIRST_ROW + index for index, line in enumerate(lines)}
    below = {}
    for line in lines:
        below.setdefault(line.parent, []).append(numbers[line.id])
    for page in (sheet, locks):
        write_head(page, headings, f"{get_column_letter(FIRST_MONTH)}{FIRST_ROW}")
        page.column_dimensions["A"].hidden = True
        page.column_dimensions["C"].width = 34
        for number in range(BEFORE, FIRST_MONTH + len(headings) - REST):
            page.column_dimensions[get_column_letter(number)].width = 14
    for line in lines:
        _write_line(sheet, locks, line, numbers[line.id], below.get(line.id))
    _write_known(book.create_sheet(), lines)
    return save(book)


def _write_line(sheet, locks, line, row, below):
    last = get_column_letter(FIRST_MONTH + len(line.months) - 1)
    first = get_column_letter(FIRST_MONTH)
    total = get_column_letter(TOTAL)
    for page in (sheet, locks):
        page.cell(row, ID, line.id)
        page.cell(row, LEVEL, line.level)
        name = page.cell(row, NAME, plain(line.name))
        name.alignment = Alignment(indent=line.depth)
    sheet.cell(row, BEFORE, line.before)
    cell = sheet.cell(row, TOTAL, f"=SUM({first}{row}:{last}{row})")
    if line.locked:
        cell.fill = _LOCKED
        locks.cell(row, TOTAL, _MARK)
    if below:
        # What is assigned to those below and not with them.
        parts = "+".join(f"{total}{number}" for number in below)
        sheet.cell(row, REST, f"={line.assigned}-({parts})")
    for index, (_id, value, locked) in enumerate(line.months):
        cell = sheet.cell(row, FIRST_MONTH + index, value)
        if locked:
            cell.fill = _LOCKED
            locks.cell(row, FIRST_MONTH + index, _MARK)
    for index in range(BEFORE, FIRST_MONTH + len(line.months)):
        sheet.cell(row, index).number_format = "#,##0.00"


def _write_known(page, lines):
    """A row for each node: its id, and of each cell the value and the mark."""
    page.sheet_state = "hidden"
    for line in lines:
        row = [line.id]
        for _column, _id, value, locked in line.cells:
            row += [value, _MARK if locked else "-"]
        page.append(row)


def _read_known(pages):
    """``{id: [(value, locked)]}`` as it was downloaded."""
    return {
        row[0].value: [
            (value.value, _is_marked(mark))
            for value, mark in zip(row[1::2], row[2::2], strict=False)
        ]
        for page in pages
        for row in page.iter_rows()
    }


def read(content, lines):
    """What was changed in a workbook that ``write`` made.

    :param bytes content: of the file
    :param list lines: as they are now
    :return: ``[Change]``
    :raise Bad: naming every cell that cannot be read; its reasons are ``sheet`` (not
        such a workbook), ``row`` (an unknown node), ``number``, ``negative``,
        ``formula`` (without a value: it was not calculated)
    """
    try:
        formulas = load_workbook(io.BytesIO(content))
        values = load_workbook(io.BytesIO(content), data_only=True)
        sheet, locks = formulas.worksheets[:2]
    except Exception as error:
        raise Bad([("A1", "sheet")]) from error
    known = {line.id: line for line in lines}
    marks = {
        row[ID - 1].value: [_is_marked(cell) for cell in row]
        for row in locks.iter_rows(min_row=FIRST_ROW)
    }
    downloaded = _read_known(formulas.worksheets[2:3])
    changes, bad = [], []
    for row, worked in zip(
        sheet.iter_rows(min_row=FIRST_ROW),
        values.worksheets[0].iter_rows(min_row=FIRST_ROW),
        strict=True,
    ):
        if all(cell.value in (None, "") for cell in row):
            continue
        line = known.get(row[ID - 1].value)
        if line is None:
            bad.append((row[ID - 1].coordinate, "row"))
            continue
        marked = marks.get(line.id) or [False] * len(row)
        then = downloaded.get(line.id, ())
        if len(then) != len(line.cells):
            then = [cell[2:] for cell in line.cells]
        _read_line(line, then, row, worked, marked, changes, bad)
    if bad:
        raise Bad(bad)
    return changes


def _is_marked(cell):
    return str(cell.value or "").strip().lower() == _MARK


def _read_line(line, then, row, worked, marked, changes, bad):
    for (column, id_, value, locked), (was, was_locked) in zip(
        line.cells, then, strict=True
    ):
        cell = row[column - 1]
        mark = marked[column - 1] if column <= len(marked) else False
        if column == TOTAL and isinstance(cell.value, str) and cell.value[:1] == "=":
            # The sum as it was written.
            found = was
        else:
            found = _read_number(cell, worked[column - 1], bad)
            if found is None:
                continue
        if found != was or (mark and not was_locked):
            if found != value or not locked:
                changes.append(Change(id_, found, was))
        elif was_locked and not mark and locked:
            changes.append(Change(id_, None, was))


def _read_number(cell, worked, bad):
    found = cell.value
    if isinstance(found, str) and found[:1] == "=":
        found = worked.value
        if found is None:
            bad.append((cell.coordinate, "formula"))
            return None
    if found in (None, ""):
        found = 0
    if isinstance(found, bool) or not isinstance(found, int | float):
        bad.append((cell.coordinate, "number"))
        return None
    if found < 0:
        bad.append((cell.coordinate, "negative"))
        return None
    return round(float(found), 2)
