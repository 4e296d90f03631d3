from odoo.tests import TransactionCase

from ..wording import clauses, listed, sentences


class TestWording(TransactionCase):
    def test_joined(self):
        for join, three in (
            (listed, "a, b, c"),
            (clauses, "a; b; c"),
            (sentences, "a. b. c."),
        ):
            self.assertEqual(join(self.env, ["a", "", "b", None, "c"]), three)
        self.assertEqual(listed(self.env, (name for name in "a")), "a")
        self.assertEqual(listed(self.env, []), "")
        # What is put in holds no placeholders that are taken for those of the texts.
        self.assertEqual(clauses(self.env, ["%(after)s", "50 %"]), "%(after)s; 50 %")
