"""Places, halves, prizes and spans against their definitions."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..scoring import ranking, spans

VALUES = st.dictionaries(
    st.integers(0, 60),
    st.one_of(st.none(), st.fractions(-5, 5, max_denominator=3)),
    max_size=40,
)
SAMPLES = st.dictionaries(
    st.integers(0, 20),
    st.builds(
        ranking.Sample, st.integers(-20, 50), st.integers(-2, 50), st.integers(0, 30)
    ),
    max_size=15,
)
DAYS = st.dates(date(2019, 1, 1), date(2032, 12, 31))


def _span(start, length):
    return spans.Span(start, start + timedelta(days=length))


def _ordinals(span):
    return span.start.toordinal(), span.stop.toordinal() + 1


class TestRanking(BaseCase):
    @settings(max_examples=200, deadline=None)
    @given(VALUES, st.booleans())
    def test_places(self, values, higher):
        found = ranking.places(values, higher)
        known = {key: value for key, value in values.items() if value is not None}
        expected = {
            key: 1
            + sum(
                (other > value) if higher else (other < value)
                for other in known.values()
            )
            for key, value in known.items()
        }
        self.assertEqual(found, expected)
        above = ranking.next_above(found)
        for key, place in found.items():
            better = {other for other in found.values() if other < place}
            nearest = max(better) if better else None
            self.assertEqual(
                set(above[key]), {k for k, p in found.items() if p == nearest}
            )

    @settings(max_examples=200, deadline=None)
    @given(VALUES)
    def test_upper_half(self, values):
        """Nobody of the lower half, no gap, equals alike, and never one or two left."""
        found = ranking.places(values)
        named = ranking.upper_half(found)
        last = max((found[key] for key in named), default=0)
        self.assertLessEqual(last, len(found) // 2)
        self.assertEqual(named, {key for key, place in found.items() if place <= last})
        if named:
            self.assertGreaterEqual(len(found) - len(named), ranking.UNNAMED)
        # As many as that allows.
        for limit in range(last + 1, len(found) // 2 + 1):
            more = [key for key, place in found.items() if place <= limit]
            if len(more) > len(named):
                self.assertLess(len(found) - len(more), ranking.UNNAMED)

    @settings(max_examples=200, deadline=None)
    @given(SAMPLES, st.integers(0, 5))
    def test_ratios(self, samples, minimum):
        sound = {k: s for k, s in samples.items() if s.bottom > 0}
        plain = ranking.ratios(samples, minimum=minimum)
        drawn = ranking.ratios(samples, is_shrunk=True, minimum=minimum)
        self.assertEqual(plain.keys(), samples.keys())
        for key, sample in samples.items():
            if key not in sound or sample.count < minimum:
                self.assertIsNone(plain[key])
                self.assertIsNone(drawn[key])
                continue
            own = Fraction(sample.top, sample.bottom)
            self.assertEqual(plain[key], own)
            mean = Fraction(
                sum(s.top for s in sound.values()),
                sum(s.bottom for s in sound.values()),
            )
            self.assertTrue(min(own, mean) <= drawn[key] <= max(own, mean))
            count = sum(s.count for s in sound.values())
            size = (
                Fraction(sum(s.bottom for s in sound.values()), count)
                if count
                else Fraction(1)
            )
            prior = 10 * size
            self.assertEqual(
                drawn[key],
                (sample.top + prior * mean) / (sample.bottom + prior),
            )

    def test_few_do_not_win(self):
        """One of one is behind eighty of a hundred, a hundred of a hundred is not."""
        found = ranking.ratios(
            {
                "lucky": ranking.Sample(1, 1, 1),
                "steady": ranking.Sample(80, 100, 100),
                "weak": ranking.Sample(20, 100, 100),
            },
            is_shrunk=True,
        )
        self.assertEqual(ranking.places(found), {"steady": 1, "lucky": 2, "weak": 3})

    @settings(max_examples=200, deadline=None)
    @given(
        st.dictionaries(st.integers(1, 8), st.integers(1, 10**7), max_size=6),
        st.lists(st.integers(0, 4), max_size=12),
        st.booleans(),
    )
    def test_prizes(self, prizes, values, is_split):
        found = ranking.places(dict(enumerate(values)))
        given_ = ranking.share_prizes(prizes, found, is_split)
        self.assertTrue(all(given_.values()))
        for key, place in found.items():
            equals = [k for k, p in found.items() if p == place]
            taken = range(place, place + len(equals))
            if is_split:
                pooled = sum(prizes.get(p, 0) for p in taken)
                self.assertEqual(sum(given_.get(k, 0) for k in equals), pooled)
                self.assertLess(
                    abs(given_.get(key, 0) - Fraction(pooled, len(equals))), 1
                )
            else:
                self.assertEqual(given_.get(key, 0), prizes.get(place, 0))
        if is_split:
            # No prize is left over for a place that somebody has, none is doubled.
            self.assertEqual(
                sum(given_.values()),
                sum(units for place, units in prizes.items() if place <= len(values)),
            )

    @settings(max_examples=200, deadline=None)
    @given(DAYS, st.sampled_from(["day", "week", "month", "quarter", "half", "year"]))
    def test_spans(self, day, period):
        span = spans.bounds(period, day)
        self.assertTrue(span.start <= day <= span.stop)
        for other in (span.start, span.stop):
            self.assertEqual(spans.bounds(period, other), span)
        found = spans.to_date(period, day)
        self.assertEqual(found.current, (span.start, day))
        self.assertEqual(found.earlier.stop, day - timedelta(days=1))
        self.assertEqual(
            found.base.start, spans.bounds(period, span.start - spans.DAY)[0]
        )
        self.assertLess(found.base.stop, span.start)
        if day == span.stop:
            self.assertEqual(found.base.stop, span.start - spans.DAY)
        else:
            self.assertLessEqual(found.base.stop - found.base.start, day - span.start)
        by_period = spans.to_date(period, day, movement="period")
        self.assertEqual(by_period.earlier, found.base)
        by_year = spans.to_date(period, day, "last_year")
        self.assertEqual(by_year.base.start.year, span.start.year - 1)

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.builds(_span, DAYS, st.integers(0, 400)), max_size=8))
    def test_own_days(self, found):
        """Each day belongs to the first that holds it."""
        expected = [0] * len(found)
        for number in {d for s in found for d in range(*_ordinals(s))}:
            first = next(
                n for n, span in enumerate(found) if number in range(*_ordinals(span))
            )
            expected[first] += 1
        self.assertEqual(spans.own_days(found), expected)

    def test_spans_of_a_contest(self):
        contest = spans.Span(date(2031, 5, 10), date(2031, 5, 19))
        found = spans.of_days(contest, date(2031, 5, 12))
        self.assertEqual(found.current, (date(2031, 5, 10), date(2031, 5, 12)))
        self.assertEqual(found.base, (date(2031, 4, 30), date(2031, 5, 2)))
        self.assertEqual(found.earlier.stop, date(2031, 5, 11))
        after = spans.of_days(contest, date(2031, 6, 1))
        self.assertEqual(after.current, contest)
