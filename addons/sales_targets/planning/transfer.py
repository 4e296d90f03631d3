"""Targets change hands during the period: some leaves change, the company's does not.

Who changes is said by leaf. What that makes of the nodes above follows the hedges; from
the company down each node's cells are then its new share of what is assigned to it,
rounded as everywhere. Who has nothing to do with it keeps the target, but for what
rounding leaves; where siblings only give to each other, for nothing.
"""

from fractions import Fraction

from .decompose import assign
from .rounding import round_table
from .tree import ROOT


def rebalance(nodes, values, assigned, changed, hedges, fixed=()):
    """The nodes that change, when leaves do.

    :param dict nodes: ``{key: tree.Node}``, those above first
    :param dict values: ``{key: [units by month]}`` as they are; nothing for new nodes
    :param dict assigned: likewise, what those below a node are assigned
    :param dict changed: ``{leaf's key: [units by month]}`` that leaves are to have
    :param dict hedges: ``{level: Fraction}``
    :param fixed: keys of leaves that get just this: others take the rounding, those
        that change first, if there are any who can
    :return: ``{key: ([units], [assigned units])}`` where something is different
    """
    nothing = [0] * len(values[ROOT])
    moved = _add_up(nodes, values, changed, hedges, nothing)
    result = {ROOT: values[ROOT]}
    for key, node in nodes.items():
        before = values.get(key, nothing)
        units = result.get(key, before)
        if not node.children or (
            units == before and not any(child in moved for child in node.children)
        ):
            continue
        whole = assigned.get(key, nothing)
        if units != before:
            whole = assign(units, hedges.get(node.level, Fraction(0)))
        wanted = [
            [
                max(value + change, Fraction(0))
                for value, change in zip(
                    values.get(child, nothing), moved.get(child, nothing), strict=True
                )
            ]
            for child in node.children
        ]
        table = _scale(
            wanted,
            whole,
            [child in moved and child not in fixed for child in node.children],
            [child not in fixed for child in node.children],
        )
        cells = round_table(table, whole)
        result.update(zip(node.children, cells, strict=True))
    return _differences(nodes, values, assigned, result, hedges, nothing)


def _add_up(nodes, values, changed, hedges, nothing):
    """By how much nodes are to change, exactly: ``{key: [Fraction by month]}``."""
    moved = {
        key: [
            Fraction(new - old)
            for new, old in zip(units, values.get(key, nothing), strict=True)
        ]
        for key, units in changed.items()
    }
    for key in reversed(list(nodes)):
        below = [moved[child] for child in nodes[key].children if child in moved]
        if below and key != ROOT:
            sums = [sum(column) for column in zip(*below, strict=True)]
            if any(sums):
                hedge = hedges.get(nodes[key].level, Fraction(0))
                moved[key] = [
                    # Where nobody below has anything left, nor has the node.
                    Fraction(-old)
                    if was and was + change == 0
                    else change / (1 + hedge)
                    for old, was, change in zip(
                        values.get(key, nothing),
                        _sum_up(nodes[key].children, values, nothing),
                        sums,
                        strict=True,
                    )
                ]
    return moved


def _sum_up(keys, values, nothing):
    return [
        sum(column)
        for column in zip(*(values.get(key, nothing) for key in keys), strict=True)
    ]


def _scale(wanted, whole, *free):
    """Rows that sum to the columns: who is free shares what is left in proportion.

    :param free: who may take what is left, by row: the first of these that can does
    """
    table = [list(row) for row in wanted]
    for month, total in enumerate(whole):
        column = [row[month] for row in wanted]
        for choice in (*free, [True] * len(column)):
            numbers = [number for number, is_free in enumerate(choice) if is_free]
            base = sum(column[number] for number in numbers)
            left = total - sum(column) + base
            if left == base or (left >= 0 and base):
                break
        for number in numbers:
            table[number][month] = (
                column[number] * left / base if base else Fraction(left, len(numbers))
            )
    return table


def _differences(nodes, values, assigned, result, hedges, nothing):
    found = {}
    for key, units in result.items():
        if units == values.get(key):
            continue
        node = nodes[key]
        below = nothing
        if node.children:
            below = assign(units, hedges.get(node.level, Fraction(0)))
        found[key] = (units, below)
    return found


def joining(siblings, ramps):
    """What somebody who comes gets of the siblings: an equal share, by the ramp-up.

    Of S units and n siblings, who is at full performance gets S / (n + 1), and who is
    at a part p of it S · p / (n + p); rounded down, so that nobody gives too much.

    :param siblings: ``[[units by month]]`` that siblings can give of
    :param ramps: Fractions by month, 0 where there is nobody yet
    :return: units by month

    >>> joining([[100], [100]], [Fraction(1, 2)])
    [40]
    """
    number = len(siblings)
    return [
        int(sum(row[month] for row in siblings) * part // (number + part))
        if number
        else 0
        for month, part in enumerate(ramps)
    ]


def converted(units, rate):
    """Units by month at another rate: the whole to the nearest unit, over the months.

    >>> converted([105, 210], Fraction(100, 105))
    [100, 200]
    """
    return units if rate == 1 else assign(units, rate - 1)


def shares(left):
    """What siblings weigh by what they have left, in percent; nothing without any.

    >>> shares({"a": 1, "b": 3})
    {'a': Fraction(25, 1), 'b': Fraction(75, 1)}
    """
    whole = sum(left.values())
    return {key: Fraction(100 * part, whole) for key, part in left.items() if whole}
