"""Controlled rounding, against what it promises and against all tables there are."""

from fractions import Fraction
from itertools import product
from math import ceil, floor

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.sales_force.ledger.apportion import apportion

from ..planning.rounding import Infeasible, fit, round_table


@st.composite
def tables(draw):
    """Exact tables whose columns sum to whole numbers: shares of whole columns."""
    columns = draw(st.lists(st.integers(0, 5000), min_size=1, max_size=13))
    count = draw(st.integers(1, 9))
    weights = [
        draw(st.lists(st.integers(0, 50), min_size=len(columns), max_size=len(columns)))
        for _row in range(count)
    ]
    weights[0] = [weight + 1 for weight in weights[0]]
    table = [
        [
            Fraction(columns[number] * row[number], sum(w[number] for w in weights))
            for number in range(len(columns))
        ]
        for row in weights
    ]
    return table, columns


class TestRounding(BaseCase):
    def test_the_worked_example(self):
        table = [
            [Fraction(668, 3), Fraction(222), Fraction(222)],
            [Fraction(334, 3), Fraction(111), Fraction(111)],
        ]
        self.assertEqual(
            round_table(table, [334, 333, 333]), [[223, 222, 222], [111, 111, 111]]
        )

    @given(tables())
    @settings(max_examples=300, deadline=None)
    def test_promises(self, case):
        table, columns = case
        found = round_table(table, columns)
        for number, whole in enumerate(columns):
            self.assertEqual(sum(row[number] for row in found), whole)
        for row, exact in zip(found, table, strict=True):
            self.assertIn(sum(row), (floor(sum(exact)), ceil(sum(exact))))
            for value, share in zip(row, exact, strict=True):
                self.assertIn(value, (floor(share), ceil(share)))
        self.assertEqual(found, round_table(table, columns), "the same each time")

    @given(tables())
    @settings(max_examples=200, deadline=None)
    def test_one_column_is_the_largest_remainder(self, case):
        """A single month is apportioned as everything else is."""
        table, columns = case
        shares = [row[0] for row in table]
        scale = 1
        for share in shares:
            scale = scale * share.denominator
        if not columns[0]:
            return
        found = round_table([[share] for share in shares], columns[:1])
        self.assertEqual(
            [row[0] for row in found],
            apportion(columns[0], [int(share * scale) for share in shares]),
        )

    @given(
        st.lists(
            st.lists(
                st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=2
            ),
            min_size=1,
            max_size=3,
        ),
        st.lists(st.integers(0, 5), min_size=2, max_size=2),
        st.lists(
            st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=3
        ),
    )
    @settings(max_examples=400, deadline=None)
    def test_refused_only_when_there_is_none(self, cells, columns, spans):
        """Against every table within the bounds."""
        low = [[least for least, _more in row] for row in cells]
        high = [[least + more for least, more in row] for row in cells]
        bounds = [(least, least + more) for least, more in spans[: len(cells)]]
        numbers = [
            range(least, most + 1)
            for lows, highs in zip(low, high, strict=True)
            for least, most in zip(lows, highs, strict=True)
        ]

        def fits(values):
            rows = [values[n : n + 2] for n in range(0, len(values), 2)]
            return all(
                sum(row[n] for row in rows) == whole for n, whole in enumerate(columns)
            ) and all(
                least <= sum(row) <= most
                for row, (least, most) in zip(rows, bounds, strict=True)
            )

        exists = any(fits(values) for values in product(*numbers))
        try:
            found = fit(low, high, bounds, columns)
        except Infeasible as error:
            self.assertFalse(exists)
            self.assertTrue(error.missing)
        else:
            self.assertTrue(exists)
            self.assertTrue(fits([value for row in found for value in row]))
