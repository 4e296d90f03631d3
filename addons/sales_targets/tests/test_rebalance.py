"""Leaves change, the whole does not: exact on random trees, months and hedges."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..planning.decompose import Child, assign, split
from ..planning.transfer import joining, rebalance
from ..planning.tree import ROOT, build


def divided(paths, units, hedges, weights):
    nodes = build(paths)
    values, assigned = {ROOT: units}, {}
    for key, node in nodes.items():
        if not node.children:
            assigned[key] = [0] * len(units)
            continue
        assigned[key] = assign(values[key], hedges.get(node.level, Fraction(0)))
        children = [
            Child(child, Fraction(weights[number % len(weights)]))
            for number, child in enumerate(node.children)
        ]
        for child, part in split(assigned[key], children).items():
            values[child] = part.months
    return nodes, values, assigned


@st.composite
def trees(draw):
    teams = draw(st.integers(1, 4))
    paths, rep = [], 0
    for team in range(1, teams + 1):
        for _number in range(draw(st.integers(1, 4))):
            rep += 1
            paths.append((rep, team, [team % 2 + 1]))
    paths.sort(key=lambda path: path[2])
    size = draw(st.integers(1, 4))
    units = draw(st.lists(st.integers(0, 5000), min_size=size, max_size=size))
    hedges = {
        level: Fraction(draw(st.integers(0, 20)), 100)
        for level in ("company", "territory", "team")
    }
    weights = draw(st.lists(st.integers(1, 9), min_size=1, max_size=5))
    nodes, values, assigned = divided(paths, units, hedges, weights)
    leaves = [key for key, node in nodes.items() if node.level == "rep"]
    giver, taker = draw(st.sampled_from(leaves)), draw(st.sampled_from(leaves))
    given_ = [draw(st.integers(0, value)) for value in values[giver]]
    return nodes, values, assigned, hedges, giver, taker, given_


class TestRebalance(BaseCase):
    @settings(max_examples=300, deadline=None)
    @given(trees())
    def test_exact(self, tree):
        nodes, values, assigned, hedges, giver, taker, given_ = tree
        changed = {giver: [v - g for v, g in zip(values[giver], given_, strict=True)]}
        if taker != giver:
            changed[taker] = [v + g for v, g in zip(values[taker], given_, strict=True)]
        found = rebalance(nodes, values, assigned, changed, hedges, {giver})
        after = {**values, **{key: cells for key, (cells, _below) in found.items()}}
        below = {**assigned, **{key: sums for key, (_cells, sums) in found.items()}}
        self.assertEqual(after[ROOT], values[ROOT])
        for key, node in nodes.items():
            self.assertTrue(all(value >= 0 for value in after[key]))
            if node.children:
                columns = zip(*(after[child] for child in node.children), strict=True)
                self.assertEqual([sum(column) for column in columns], below[key])
                hedge = hedges[node.level]
                self.assertLessEqual(
                    abs(sum(below[key]) - sum(after[key]) * (1 + hedge)), 1
                )
        if nodes[giver].parent == nodes[taker].parent and giver != taker:
            # Siblings: nobody else notices.
            self.assertEqual(
                {key for key in after if after[key] != values[key]},
                {giver, taker} if any(given_) else set(),
            )
            self.assertEqual(after[taker], changed[taker])
        if any(child != giver for child in nodes[nodes[giver].parent].children):
            siblings = [c for c in nodes[nodes[giver].parent].children if c != giver]
            if any(any(after[c]) for c in siblings):
                self.assertEqual(after[giver], changed[giver])

    def test_across_teams(self):
        """A target goes along from team 1 to team 2, in a company without hedges."""
        nodes, values, assigned = divided(
            [(1, 1, []), (2, 1, []), (3, 2, []), (4, 2, [])], [4000], {}, [1]
        )
        found = rebalance(
            nodes,
            values,
            assigned,
            {"c/m1/r1": [0], "c/m2/r3": [2000]},
            {},
            {"c/m1/r1"},
        )
        self.assertEqual(
            {key: cells for key, (cells, _below) in found.items()},
            {"c/m1": [1000], "c/m2": [3000], "c/m1/r1": [0], "c/m2/r3": [2000]},
        )

    def test_joining(self):
        full, half = Fraction(1), Fraction(1, 2)
        self.assertEqual(joining([[300, 300], [300, 300]], [full, half]), [200, 120])
        self.assertEqual(joining([], [full]), [0])
        self.assertEqual(joining([[100]], [Fraction(0)]), [0])
