"""Shares of one basis, and several blended; what nobody said is not zero."""

from fractions import Fraction as F

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..planning.weights import blend, shares


class TestWeights(BaseCase):
    def test_unknown_is_the_average(self):
        found = shares({"old": F(300), "small": F(100), "new": None})
        self.assertEqual(found["new"].share, F(200, 600))
        self.assertTrue(found["new"].assumed)
        self.assertEqual(shares({"old": F(300), "none": F(0)})["none"].share, 0)

    def test_nobody_knows(self):
        self.assertEqual(shares({"a": None, "b": None}), {})
        self.assertEqual(shares({"a": F(0), "b": None}), {})

    def test_blend(self):
        weights, details = blend(
            {
                "history": {"a": F(3), "b": F(1)},
                "capacity": {"a": F(1), "b": F(1)},
                "pipeline": {"a": None, "b": None},
            },
            {"history": F(50), "capacity": F(50), "pipeline": F(100)},
        )
        self.assertEqual(weights, {"a": F(5, 8), "b": F(3, 8)})
        self.assertEqual(set(details), {"history", "capacity"})

    def test_no_basis(self):
        weights, details = blend({"history": {"a": None, "b": None}}, {"history": F(1)})
        self.assertEqual(weights, {"a": F(1, 2), "b": F(1, 2)})
        self.assertFalse(details)

    @given(
        st.dictionaries(
            st.integers(), st.none() | st.integers(-5, 99), min_size=1, max_size=9
        )
    )
    def test_shares_are_one(self, values):
        found = shares({k: None if v is None else F(v) for k, v in values.items()})
        if found:
            self.assertEqual(sum(share.share for share in found.values()), 1)
            self.assertTrue(all(share.share >= 0 for share in found.values()))
        else:
            self.assertFalse([v for v in values.values() if v and v > 0])
