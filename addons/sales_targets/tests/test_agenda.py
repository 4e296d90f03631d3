"""The choice of a day's work: against all choices, and what always holds."""

from datetime import date
from fractions import Fraction as F
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..planning.agenda import Candidate, choose, rank, unique

DAY = date(2031, 3, 4)


@st.composite
def days(draw, most=8):
    """Candidates of a day and its minutes."""
    count = draw(st.integers(0, most))
    candidates = [
        Candidate(
            key=("kind", number),
            minutes=draw(st.integers(1, 60)),
            value=draw(st.fractions(0, 500, max_denominator=4)),
            must=draw(st.sampled_from((False, False, False, True))),
            due=date(2031, 3, draw(st.integers(1, 5))),
            document=draw(st.sampled_from((None, None, "a", "b"))),
            kind=draw(st.sampled_from(("visit", "quote"))),
        )
        for number in range(count)
    ]
    return candidates, draw(st.integers(-20, 200))


def best(candidates, minutes):
    """The most that candidates can be worth in so many minutes, of all choices."""
    return max(
        (
            sum((c.value for c in some), F(0))
            for size in range(len(candidates) + 1)
            for some in combinations(candidates, size)
            if sum(c.minutes for c in some) <= minutes
        ),
        default=F(0),
    )


class TestAgenda(BaseCase):
    def test_by_the_hour(self):
        visit = Candidate(("visit",), 30, 800)
        quote = Candidate(("quote",), 20, 1600)
        call = Candidate(("call",), 10, 100)
        task = Candidate(("task",), 45, must=True)
        found = choose([visit, call, task, quote], 100)
        self.assertEqual(found, [task, quote, visit])
        self.assertEqual(choose([visit, task], 20), [task])

    def test_one_that_outweighs(self):
        """By value per minute the small one came first, and left no room."""
        small, large = Candidate(("s",), 1, 2), Candidate(("l",), 60, 100)
        self.assertEqual(choose([small, large], 60), [large])

    def test_ties(self):
        old = Candidate(("b",), 10, 5, due=date(2031, 1, 1))
        new = Candidate(("a",), 10, 5, due=DAY)
        newer = Candidate(("c",), 10, 5, due=DAY)
        self.assertEqual(rank([newer, new, old]), [old, new, newer])

    @given(days())
    @settings(deadline=None)
    def test_against_all_choices(self, day):
        candidates, minutes = day
        found = choose(candidates, minutes)
        musts = [c for c in found if c.must]
        room = minutes - sum(c.minutes for c in musts)
        others = [c for c in unique(rank(candidates)) if not c.must]
        chosen = [c for c in found if not c.must]
        worth = sum((c.value for c in chosen), F(0))
        self.assertGreaterEqual(2 * worth, best(others, room))
        self.assertLessEqual(worth, best(others, room))
        # What must be done is there, whether or not there is room.
        self.assertEqual(
            {c.key for c in musts}, {c.key for c in unique(rank(candidates)) if c.must}
        )
        used = sum(c.minutes for c in chosen)
        self.assertTrue(used <= room or not chosen)
        # Maximal: so proposing again adds nothing.
        taken = {c.key for c in found}
        documents = {c.document: c.kind for c in found if c.document}
        again = choose(candidates, room - used, taken, documents)
        self.assertFalse([c for c in again if not c.must])

    @given(days(), st.randoms())
    @settings(deadline=None)
    def test_same_input_same_plan(self, day, random):
        candidates, minutes = day
        shuffled = list(candidates)
        random.shuffle(shuffled)
        found = choose(candidates, minutes)
        self.assertEqual(choose(shuffled, minutes), found)
        self.assertEqual(len({c.key for c in found}), len(found))
        kinds = {(c.document, c.kind) for c in found if c.document}
        self.assertEqual(len({document for document, _kind in kinds}), len(kinds))
