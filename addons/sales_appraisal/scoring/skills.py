"""Skills of a rep against what the grade needs. Pure, in whole percent of a level."""

from fractions import Fraction
from typing import NamedTuple


class Cell(NamedTuple):
    """:param level: in percent, None where nobody has assessed it
    :param required: in percent, None where the grade does not need it
    :param earlier: the level on the day since which the change counts, or None
    """

    level: int | None = None
    required: int | None = None
    earlier: int | None = None


def gap(cell):
    """What is missing to what is required; not assessed is nothing of it.

    >>> gap(Cell(level=40, required=60)), gap(Cell(level=80, required=60))
    (20, 0)
    """
    return max(0, (cell.required or 0) - (cell.level or 0))


def change(cell):
    """Since the day; None where there is nothing to compare.

    >>> change(Cell(level=60, earlier=40)), change(Cell(level=60))
    (20, None)
    """
    if cell.level is None or cell.earlier is None:
        return None
    return cell.level - cell.earlier


def fulfilled(cells):
    """How much of what is required is there: a Fraction of 1; None: nothing is.

    What is more than required of one skill does not make up for another.

    >>> fulfilled([Cell(100, 50), Cell(None, 50)])
    Fraction(1, 2)
    """
    required = sum(cell.required or 0 for cell in cells)
    if not required:
        return None
    return 1 - Fraction(sum(gap(cell) for cell in cells), required)
