"""What is an answer to a question, without a database."""

import doctest
import unittest
from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tickets import forms

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
OPTIONS = ["Red", "Blue"]


@tagged("post_install", "-at_install")
class TestFormPure(BaseCase):
    def test_examples(self):
        suite = doctest.DocTestSuite(forms)
        self.assertGreater(suite.countTestCases(), 3)
        result = unittest.TextTestRunner(verbosity=0).run(suite)
        self.assertTrue(result.wasSuccessful())

    def test_checked(self):
        for kind, value, stored in (
            ("char", " x ", "x"),
            ("char", "", None),
            ("text", "a\nb", "a\nb"),
            ("integer", 0, 0),
            ("integer", 3.0, 3),
            ("float", 1.5, 1.5),
            ("boolean", True, True),
            ("boolean", False, None),
            ("date", "2026-11-29", "2026-11-29"),
            ("date", date(2026, 11, 29), "2026-11-29"),
            ("date", "", None),
            ("datetime", datetime(2026, 11, 29, 1), "2026-11-29 01:00:00"),
            ("selection", "Red", "Red"),
            ("tags", ["Blue", "Red", "Red"], OPTIONS),
            ("tags", [], None),
        ):
            with self.subTest(kind=kind, value=value):
                self.assertEqual(forms.checked(kind, value, OPTIONS), stored)
        for kind, value in (
            ("char", 1),
            ("char", "a\nb"),
            ("char", "x" * 251),
            ("integer", "1"),
            ("integer", 1.5),
            ("integer", True),
            ("integer", 2**60),
            ("float", float("nan")),
            ("boolean", "on"),
            ("date", "tomorrow"),
            ("datetime", 5),
            ("selection", "Green"),
            ("selection", ["Red"]),
            ("tags", ["Green"]),
            ("tags", "Red"),
            ("photo", "x"),
        ):
            with (
                self.subTest(kind=kind, value=value),
                self.assertRaises(forms.WrongAnswer),
            ):
                forms.checked(kind, value, OPTIONS)

    @given(st.sampled_from([kind for kind, _label in forms.KINDS]), ANYTHING)
    def test_anything(self, kind, value):
        """Whatever is given is refused, or stored as what is an answer itself."""
        try:
            stored = forms.checked(kind, value, OPTIONS)
        except forms.WrongAnswer:
            return
        self.assertEqual(forms.checked(kind, stored, OPTIONS), stored)

    @given(st.sampled_from([kind for kind, _label in forms.KINDS]), st.text())
    def test_parsed(self, kind, text):
        try:
            stored = forms.parsed(kind, [text], OPTIONS)
        except forms.WrongAnswer:
            return
        self.assertEqual(forms.checked(kind, stored, OPTIONS), stored)

    def test_parsed_local(self):
        self.assertEqual(
            forms.parsed("datetime", ["2026-11-29T09:30"], (), "Asia/Shanghai"),
            "2026-11-29 01:30:00",
        )
        self.assertEqual(forms.parsed("float", ["1,5"]), 1.5)
        self.assertEqual(forms.parsed("boolean", ["on"]), True)
        self.assertIsNone(forms.parsed("boolean", []))

    @given(st.text(), st.sets(st.text()))
    def test_key(self, name, taken):
        key = forms.make_key(name, taken)
        self.assertNotIn(key, taken)
        self.assertRegex(key, r"\A[a-z0-9_]{1,60}\Z")
        self.assertEqual(forms.make_key(key, ()), key)
