"""The months of a plan that are not over, and what of them can still change hands."""

from dataclasses import dataclass, field
from fractions import Fraction

from .tree import Node


@dataclass
class Cells:
    """:param dict nodes: ``{key: tree.Node}``, those above first
    :param list months: first days of the months that are not over
    :param dict values: ``{key: [units by month]}``; nothing for new nodes
    :param dict assigned: likewise, what those below a node are assigned
    :param dict hedges: ``{level: Fraction}``
    :param dict leaves: ``{rep's id: key}`` of who carries a target today
    :param dict past: ``{(key, first day): units}`` of days that are over today
    :param dict before: likewise, of days before the change
    :param set rehedged: keys of who takes over with another hedge than the giver's
    """

    nodes: dict
    months: list
    values: dict
    assigned: dict
    hedges: dict
    leaves: dict
    past: dict = field(default_factory=dict)
    before: dict = field(default_factory=dict)
    rehedged: set = field(default_factory=set)

    def get(self, key):
        """A node's units by month."""
        return self.values.get(key, [0] * len(self.months))

    def find_former(self, rep_id):
        """The node where a rep was, and still has a target; None: there is none."""
        return next(
            (
                key
                for key, node in self.nodes.items()
                if node.level == "rep"
                and node.res_id == rep_id
                and key != self.leaves.get(rep_id)
                and any(self.get(key))
            ),
            None,
        )

    def get_siblings(self, key):
        """The reps beside a node who carry a target today."""
        carried = set(self.leaves.values())
        return [
            child
            for child in self.nodes[self.nodes[key].parent].children
            if child != key and child in carried and child in self.values
        ]

    def add_holding(self, above):
        """The line below a node that keeps what nobody carries; made where missing."""
        key = f"{above}/h"
        if key not in self.nodes:
            self.nodes[key] = Node(key, former=True)
            self.nodes[above].children.append(key)
        return key

    def drop(self, key):
        """Take a node, which is nobody's, out of the tree."""
        node = self.nodes.pop(key)
        if node.parent in self.nodes:
            self.nodes[node.parent].children.remove(key)

    def get_rest(self, key, first, kept):
        """What of a month is not over.

        :param dict kept: ``past`` or ``before``
        """
        value = self.values[key][self.months.index(first)]
        return max(value - kept.get((key, first), 0), 0)

    def get_rests(self, key, date, changed):
        """What a node can give from a date on, by month.

        :param dict changed: what nodes are to have instead, as far as it is known
        """
        units = changed.get(key) or self.values[key]
        month = date.replace(day=1)
        return [
            0
            if first < month
            else min(value, self.get_rest(key, first, self.before))
            if first == month
            else value
            for first, value in zip(self.months, units, strict=True)
        ]

    def get_rate(self, source, target):
        """What a unit of one leaf is at another, so that nobody else's target changes.

        A hedge belongs to the node on which it is put: who leaves a team at 105 of
        which it answers for 100 is 100 to the company, and 110 in a team with 10 %.
        """
        return self._on_top(target, source) / self._on_top(source, target)

    def _on_top(self, key, other):
        """The hedges on the way to a leaf that are not on the way to the other one."""
        rate = Fraction(1)
        above = self.nodes[key].parent
        while above is not None and not other.startswith(f"{above}/"):
            rate *= 1 + self.hedges.get(self.nodes[above].level, Fraction(0))
            above = self.nodes[above].parent
        return rate
