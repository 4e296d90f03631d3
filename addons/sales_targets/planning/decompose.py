"""From one node of a target tree to its children, exact in every month and in the year.

All amounts are whole units (cents, yuan, hundreds, pieces). A node answers for its
value; its children are assigned the value and the hedge on top. Each child gets its
share of what is assigned in every month, unless it is locked or a guardrail holds.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor

from odoo.addons.sales_force.ledger.apportion import apportion

from .rounding import Infeasible, fit, round_table


@dataclass
class Child:
    """A part of a node.

    :param key: whatever names it
    :param Fraction weight: its share, in proportion to its siblings' weights
    :param int least, most: guardrails of its year, in units; None: none
    :param int year: its year, where it is locked
    :param dict months: ``{number of a month: units}`` that are locked
    :param dict passed: ``{number of a month: units}`` of days that are over: the month
        cannot be less
    """

    key: object
    weight: Fraction = Fraction(1)
    least: int | None = None
    most: int | None = None
    year: int | None = None
    months: dict = field(default_factory=dict)
    passed: dict = field(default_factory=dict)


class Conflict(Exception):
    """Locks and guardrails cannot be met together.

    :ivar reason: ``month`` (locked cells exceed a month, or are all of it and less),
        ``year`` (a locked year is less than its locked months, or they are all of it),
        ``least`` and ``most`` (a guardrail against locks, or the guardrails of all
        children together), or ``cells``
    :ivar missing: units that cannot be placed (positive) or that are too many
    :ivar keys: the children that are in the way
    :ivar months: numbers of the months that are in the way
    """

    def __init__(self, reason, missing, keys=(), months=()):
        super().__init__(reason, missing, keys, months)
        self.reason = reason
        self.missing = missing
        self.keys = list(keys)
        self.months = list(months)


@dataclass
class Part:
    """What a child gets.

    :param list months: units by month; they sum to the year
    :param list exact: the exact share of each month before rounding, as Fractions
    :param str held: ``least``, ``most``, ``year`` when a guardrail or lock decided
    """

    months: list
    exact: list
    held: str = ""


def assign(months, hedge):
    """What is assigned to the children: the value and the hedge, by month.

    The year is rounded to the nearest unit (half up) and apportioned over the months.

    :param list months: the node's own units by month
    :param Fraction hedge: 0.05 for 5 %
    :return: units by month

    >>> sum(assign([1_000_000], Fraction(1, 10)))
    1100000
    """
    whole = sum(months)
    year = floor(whole * (1 + hedge) + Fraction(1, 2))
    return apportion(year, months) if whole else [0] * len(months)


def split(months, children):
    """Divide what is assigned over children, exactly in each month and in the year.

    :param list months: assigned units by month
    :param list children: at least one ``Child``
    :return: ``{key: Part}``
    :raise Conflict: when locks and guardrails cannot be met together
    """
    children = [replace(child, months=dict(child.months)) for child in children]
    while True:
        parts = _split(months, children)
        below = [
            (child, month)
            for child in children
            for month, units in child.passed.items()
            if month not in child.months and parts[child.key].months[month] < units
        ]
        if not below:
            return parts
        for child, month in below:
            child.months[month] = child.passed[month]


def _split(months, children):
    _check(months, children)
    held = {
        number: child.year
        for number, child in enumerate(children)
        if child.year is not None
    }
    reasons = dict.fromkeys(held, "year")
    while True:
        exact = _spread(months, children, held)
        clipped = exact and _clip(children, exact, held, months)
        if not clipped:
            break
        for number, (year, reason) in clipped.items():
            held[number], reasons[number] = year, reason
    cells = _round(months, children, held, exact)
    return {
        child.key: Part(
            cells[number],
            exact[number] if exact else [Fraction(value) for value in cells[number]],
            reasons.get(number, ""),
        )
        for number, child in enumerate(children)
    }


def _check(months, children):
    """What can be said at once: months and years that are locked to too much."""
    for month, whole in enumerate(months):
        locked = [child for child in children if month in child.months]
        rest = whole - sum(child.months[month] for child in locked)
        if rest < 0 or (rest and len(locked) == len(children)):
            raise Conflict("month", rest, [child.key for child in locked], [month])
    for child in children:
        locked = sum(child.months.values())
        complete = len(child.months) == len(months)
        if child.year is not None:
            rest = child.year - locked
            if rest < 0 or (rest and complete):
                raise Conflict("year", rest, [child.key], sorted(child.months))
        fixed = child.year if child.year is not None else locked
        if child.most is not None and fixed > child.most:
            raise Conflict("most", child.most - fixed, [child.key])
        if child.least is not None and fixed < child.least:
            if child.year is not None or complete:
                raise Conflict("least", child.least - fixed, [child.key])
    total = sum(months)
    least = sum(_floor_of(child) for child in children)
    if least > total:
        raise Conflict(
            "least",
            total - least,
            [child.key for child in children if _floor_of(child)],
        )
    ceilings = [_ceiling_of(child, months) for child in children]
    if None not in ceilings and sum(ceilings) < total:
        raise Conflict("most", total - sum(ceilings), [child.key for child in children])


def _floor_of(child):
    """The least that a child's year can be."""
    if child.year is not None:
        return child.year
    return max(child.least or 0, sum(child.months.values()))


def _ceiling_of(child, months):
    """The most that a child's year can be; None: no limit."""
    if child.year is not None:
        return child.year
    if len(child.months) == len(months):
        return sum(child.months.values())
    return child.most


def _spread(months, children, held):
    """Exact shares by row; None where shares do not fit the locks.

    :param dict held: ``{number of a child: its year}``, which goes over the months that
        are not locked as what is left of them
    """
    rest = [
        whole - sum(child.months.get(month, 0) for child in children)
        for month, whole in enumerate(months)
    ]
    table = [
        [Fraction(child.months.get(month, 0)) for month in range(len(months))]
        for child in children
    ]
    left = [Fraction(value) for value in rest]
    for number, year in held.items():
        child = children[number]
        open_months = [m for m in range(len(months)) if m not in child.months]
        room = sum(rest[month] for month in open_months)
        units = year - sum(child.months.values())
        if not units:
            continue
        if not room:
            return None
        for month in open_months:
            table[number][month] = Fraction(units * rest[month], room)
            left[month] -= table[number][month]
    for month, value in enumerate(left):
        free = [
            number
            for number, child in enumerate(children)
            if number not in held and month not in child.months
        ]
        weights = [children[number].weight for number in free]
        whole = sum(weights)
        if value < 0 or (value and not whole):
            return None
        for number, weight in zip(free, weights, strict=True):
            table[number][month] = value * weight / whole if whole else Fraction(0)
    return table


def _clip(children, table, held, months):
    """The guardrails that hold now: of those on one side, where more is out of them.

    What is clipped is spread over the rest, which may push others out: this goes on
    until it holds. Clipping the heavier side first never has to be taken back.
    """
    below, above = {}, {}
    for number, child in enumerate(children):
        if number in held or len(child.months) == len(months):
            continue
        year = sum(table[number])
        least, most = _floor_of(child), _ceiling_of(child, months)
        if year < least:
            below[number] = least - year
        elif most is not None and year > most:
            above[number] = year - most
    if sum(below.values()) >= sum(above.values()):
        return {number: (_floor_of(children[number]), "least") for number in below}
    return {number: (_ceiling_of(children[number], months), "most") for number in above}


def _round(months, children, held, exact):
    if exact:
        try:
            return round_table(exact, months, held)
        except Infeasible:
            # Held years and locked months leave no table of shares: any other one.
            pass
    low = [
        [child.months.get(month, 0) for month in range(len(months))]
        for child in children
    ]
    high = [
        [child.months.get(month) for month in range(len(months))] for child in children
    ]
    bounds = [(_floor_of(child), _ceiling_of(child, months)) for child in children]
    try:
        return fit(low, high, bounds, months)
    except Infeasible as error:
        raise Conflict(
            "cells",
            error.missing,
            [children[number].key for number in error.rows],
            error.columns,
        ) from error
