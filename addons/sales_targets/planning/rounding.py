"""Controlled rounding: whole numbers near a table whose rows and columns both sum.

Rounding each cell loses units, and rounding the rows first leaves columns that do not
sum. Here the columns' sums are met exactly, each row's sum is one of the two whole
numbers around its exact sum (or within bounds that are given), and each cell is one of
the two whole numbers around its exact value. Such a table always exists, since the
polytope of a two-way table has whole corners (Bacharach 1966; Causey, Cox, Ernst 1985).

It is a flow from rows to columns. The rows with the largest remainders are rounded up
first, as far as the columns allow: the sets of rows that can be rounded up form a
matroid, so that this greedy choice is the best one. Ties go to the first row.
"""

from collections import deque
from math import floor


class Infeasible(Exception):
    """No whole numbers within the bounds meet the columns.

    :ivar missing: how many units cannot be placed (positive) or are too many (negative)
    :ivar rows: numbers of the rows that are in the way
    :ivar columns: numbers of the columns that are in the way
    """

    def __init__(self, missing, rows, columns):
        super().__init__(missing, rows, columns)
        self.missing = missing
        self.rows = rows
        self.columns = columns


def round_table(table, columns, rows=None):
    """Round a table of exact values to whole numbers.

    :param list table: rows of Fractions; the columns sum to ``columns``
    :param list columns: whole sums of the columns
    :param dict rows: ``{number of a row: its whole sum}`` of those that are given
    :return: rows of integers

    >>> from fractions import Fraction as F
    >>> round_table([[F(668, 3), F(222), F(222)], [F(334, 3), F(111), F(111)]],
    ...     [334, 333, 333])
    [[223, 222, 222], [111, 111, 111]]
    """
    rows = rows or {}
    low = [[floor(value) for value in row] for row in table]
    high = [[-floor(-value) for value in row] for row in table]
    sums = [sum(row) for row in table]
    bounds = [
        (rows[number], rows[number])
        if number in rows
        else (floor(exact), -floor(-exact))
        for number, exact in enumerate(sums)
    ]
    order = sorted(
        range(len(table)), key=lambda number: (floor(sums[number]) - sums[number])
    )
    start = [
        [value - below for value, below in zip(row, lows, strict=True)]
        for row, lows in zip(table, low, strict=True)
    ]
    return fit(low, high, bounds, columns, order, start)


def fit(low, high, bounds, columns, order=None, wanted=None):
    """Whole numbers within bounds whose columns sum as given.

    :param list low, high: rows of whole numbers: the bounds of each cell; None as a
        high bound: none
    :param list bounds: ``(least, most)`` of each row's sum; most may be None
    :param list columns: whole sums of the columns
    :param order: numbers of the rows in the order in which they exceed their least sum
    :param wanted: rows of how much each cell wants a unit; the largest get it first
    :return: rows of integers
    :raise Infeasible: when there are none
    """
    flow = _Flow(low, high, columns)
    if wanted:
        flow.fill([bound[0] for bound in bounds], wanted)
    for number, (least, most) in enumerate(bounds):
        if most is not None and flow.row_sums[number] > most:
            raise Infeasible(most - flow.row_sums[number], [number], [])
        flow.push(number, least - flow.row_sums[number])
        if flow.row_sums[number] < least:
            raise Infeasible(least - flow.row_sums[number], *flow.cut)
    for number in order or range(len(bounds)):
        most = bounds[number][1]
        room = sum(flow.left) if most is None else most - flow.row_sums[number]
        flow.push(number, room)
    if any(flow.left):
        tight = [
            number
            for number, (_least, most) in enumerate(bounds)
            if most is not None and flow.row_sums[number] == most
        ]
        short = [number for number, left in enumerate(flow.left) if left]
        raise Infeasible(sum(flow.left), tight, short)
    return flow.cells


class _Flow:
    """Units in the cells of a table, from rows to columns that are not full yet."""

    def __init__(self, low, high, columns):
        self.low, self.high = low, high
        self.cells = [list(row) for row in low]
        self.left = [
            whole - sum(row[number] for row in low)
            for number, whole in enumerate(columns)
        ]
        if any(left < 0 for left in self.left):
            raise Infeasible(
                min(self.left), [], [n for n, left in enumerate(self.left) if left < 0]
            )
        self.row_sums = [sum(row) for row in low]
        self.unbounded = sum(map(abs, columns)) + 1
        # What could not be passed by the last push: rows and columns.
        self.cut = ([], [])

    def room(self, row, column):
        high = self.high[row][column]
        return self.unbounded if high is None else high - self.cells[row][column]

    def fill(self, targets, wanted):
        """Give each cell what it wants most, up to the rows' targets."""
        ranked = sorted(
            (
                (-want, row, column)
                for row, line in enumerate(wanted)
                for column, want in enumerate(line)
                if want > 0
            ),
            key=lambda cell: cell[0],
        )
        for _want, row, column in ranked:
            if (
                self.row_sums[row] < targets[row]
                and self.left[column] > 0
                and self.room(row, column) > 0
            ):
                self._add(row, column, 1)

    def _add(self, row, column, units):
        self.cells[row][column] += units
        self.row_sums[row] += units
        self.left[column] -= units

    def push(self, row, units):
        """Add units to a row, moving those of other rows aside; as many as can be."""
        while units > 0:
            path = self._find(row)
            if not path:
                return
            # A path alternates: more in a cell of a row, less in the same column of
            # another row, more in another column of that row, ...
            amount = min(
                units,
                self.left[path[-1][1]],
                *(self.room(r, c) for r, c in path[::2]),
                *(self.cells[r][c] - self.low[r][c] for r, c in path[1::2]),
            )
            for index, (r, c) in enumerate(path):
                self.cells[r][c] += amount if index % 2 == 0 else -amount
            self.row_sums[row] += amount
            self.left[path[-1][1]] -= amount
            units -= amount

    def _find(self, start):
        """The shortest path from a row to a column with units left."""
        came = {}
        seen_rows = {start}
        queue = deque([start])
        while queue:
            row = queue.popleft()
            for column in range(len(self.left)):
                if column in came or self.room(row, column) <= 0:
                    continue
                came[column] = row
                if self.left[column] > 0:
                    return self._trace(came, column, start)
                for other, line in enumerate(self.cells):
                    if (
                        other not in seen_rows
                        and line[column] > self.low[other][column]
                    ):
                        seen_rows.add(other)
                        came["row", other] = column
                        queue.append(other)
        self.cut = (
            sorted(seen_rows),
            sorted(column for column in came if not isinstance(column, tuple)),
        )
        return None

    @staticmethod
    def _trace(came, column, start):
        path = []
        while True:
            row = came[column]
            path.append((row, column))
            if row == start:
                break
            column = came["row", row]
            path.append((row, column))
        # Built backwards: more, less, more, ... and so it stays when reversed.
        return path[::-1]
