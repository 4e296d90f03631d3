"""Leaves change, the whole does not: exact on random trees, months and hedges."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..planning.cells import Cells
from ..planning.decompose import Child, assign, split
from ..planning.transfer import converted, joining, rebalance, shares
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


def divided_by_chance(draw, paths, units, least):
    """:param least: of the weights, up to nine"""
    hedges = {
        level: Fraction(draw(st.integers(0, 300)), 1000)
        for level in ("company", "territory", "team")
    }
    weights = draw(st.lists(st.integers(least, 9), min_size=1, max_size=5))
    nodes, values, assigned = divided(paths, units, hedges, weights)
    leaves = [key for key, node in nodes.items() if node.level == "rep"]
    return nodes, values, assigned, hedges, leaves


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
    nodes, values, assigned, hedges, leaves = divided_by_chance(draw, paths, units, 1)
    giver, taker = draw(st.sampled_from(leaves)), draw(st.sampled_from(leaves))
    given_ = [draw(st.integers(0, value)) for value in values[giver]]
    return nodes, values, assigned, hedges, giver, taker, given_


@st.composite
def uneven(draw):
    """Reps in teams and in none, whose hedges differ; nobody gives all there is."""
    paths = [
        (rep, draw(st.sampled_from([1, 2, 3, None])), draw(st.sampled_from([[], [1]])))
        for rep in range(1, draw(st.integers(3, 12)))
    ]
    paths.sort(key=lambda path: path[2])
    size = draw(st.integers(1, 12))
    least = 500 * len(paths)
    units = draw(st.lists(st.integers(least, 10**6), min_size=size, max_size=size))
    nodes, values, assigned, hedges, leaves = divided_by_chance(draw, paths, units, 5)
    giver = draw(st.sampled_from(leaves))
    taker = draw(st.sampled_from([key for key in leaves if key != giver]))
    given_ = [draw(st.integers(1, value // 2)) for value in values[giver]]
    cells = Cells(nodes, list(range(size)), values, assigned, hedges, {})
    return cells, giver, taker, given_


class TestRebalance(BaseCase):
    def assertExact(self, cells, found):
        """Children sum to what is assigned, which is the target and the hedge.

        :return: the units after, by key and month
        """
        values = {key: units for key, (units, _below) in found.items()}
        after = {**cells.values, **values}
        below = {**cells.assigned, **{key: sums for key, (_u, sums) in found.items()}}
        self.assertEqual(after[ROOT], cells.values[ROOT])
        for key, node in cells.nodes.items():
            self.assertTrue(all(value >= 0 for value in after[key]))
            if node.children:
                columns = zip(*(after[child] for child in node.children), strict=True)
                self.assertEqual([sum(column) for column in columns], below[key])
                whole = sum(after[key]) * (1 + cells.hedges[node.level])
                self.assertLessEqual(abs(sum(below[key]) - whole), 1)
        return after

    @settings(max_examples=150, deadline=None)
    @given(uneven())
    def test_other_hedges(self, case):
        """Who is in no branch of those that change keeps the target, to the unit."""
        cells, giver, taker, given_ = case
        values, nodes = cells.values, cells.nodes
        taken = converted(given_, cells.get_rate(giver, taker))
        changed = {
            giver: [v - g for v, g in zip(values[giver], given_, strict=True)],
            taker: [v + t for v, t in zip(values[taker], taken, strict=True)],
        }
        found = rebalance(nodes, values, cells.assigned, changed, cells.hedges, {giver})
        after = self.assertExact(cells, found)
        # Both branches below the lowest node that is above the two.
        common = nodes[giver].parent
        while not taker.startswith(f"{common}/"):
            common = nodes[common].parent
        branches = [
            f"{common}/{key[len(common) + 1 :].partition('/')[0]}"
            for key in (giver, taker)
        ]
        for key in nodes:
            if not any(f"{key}/".startswith(f"{branch}/") for branch in branches):
                self.assertEqual(after[key], values[key], key)
        moved = sum(values[giver]) - sum(after[giver])
        if len(nodes[nodes[giver].parent].children) > 1:
            self.assertEqual(after[giver], changed[giver])
            self.assertEqual(moved, sum(given_))
        # In whole units: those between may be a unit apart on each of the ways.
        wanted = moved * cells.get_rate(giver, taker)
        levels = giver.count("/") + taker.count("/")
        self.assertLessEqual(
            abs(sum(after[taker]) - sum(values[taker]) - wanted), 3 * levels
        )

    def test_rate(self):
        nodes = build([(1, 1, []), (2, None, []), (3, 2, [])])
        hedges = {"company": Fraction(1, 10), "team": Fraction(1, 20)}
        cells = Cells(nodes, [0], {}, {}, hedges, {})
        self.assertEqual(cells.get_rate("c/m1/r1", "c/r2"), Fraction(100, 105))
        self.assertEqual(cells.get_rate("c/r2", "c/m1/r1"), Fraction(105, 100))
        self.assertEqual(cells.get_rate("c/m1/r1", "c/m2/r3"), 1)
        self.assertEqual(converted([105, 210], Fraction(100, 105)), [100, 200])
        self.assertEqual(converted([1, 1, 1], Fraction(1, 2)), [1, 1, 0])
        self.assertEqual(sum(shares({"a": 1, "b": 2}).values()), 100)
        self.assertEqual(shares({"a": 0, "b": 0}), {})

    @settings(max_examples=300, deadline=None)
    @given(trees())
    def test_exact(self, tree):
        nodes, values, assigned, hedges, giver, taker, given_ = tree
        changed = {giver: [v - g for v, g in zip(values[giver], given_, strict=True)]}
        if taker != giver:
            changed[taker] = [v + g for v, g in zip(values[taker], given_, strict=True)]
        found = rebalance(nodes, values, assigned, changed, hedges, {giver})
        cells = Cells(nodes, [], values, assigned, hedges, {})
        after = self.assertExact(cells, found)
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
