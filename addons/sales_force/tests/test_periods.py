from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from ..periods import MONTHS, Span, compare, months_back


@tagged("post_install", "-at_install")
class TestPeriods(BaseCase):
    def test_running_month(self):
        found = compare("month", date(2026, 3, 17))
        self.assertEqual(found.current, (date(2026, 3, 1), date(2026, 3, 17)))
        self.assertEqual(found.previous, (date(2026, 2, 1), date(2026, 2, 17)))
        self.assertEqual(found.last_year, (date(2025, 3, 1), date(2025, 3, 17)))
        self.assertEqual(found.whole_previous, (date(2026, 2, 1), date(2026, 2, 28)))

    def test_last_day_stands_for_the_whole(self):
        self.assertEqual(
            compare("month", date(2026, 2, 28)).previous,
            (date(2026, 1, 1), date(2026, 1, 31)),
        )
        self.assertEqual(
            compare("month", date(2026, 3, 30)).previous,
            (date(2026, 2, 1), date(2026, 2, 28)),
        )
        self.assertEqual(
            compare("month", date(2025, 2, 28)).last_year,
            (date(2024, 2, 1), date(2024, 2, 29)),
        )

    def test_quarter_and_year(self):
        quarter = compare("quarter", date(2026, 11, 23))
        self.assertEqual(quarter.current.start, date(2026, 10, 1))
        self.assertEqual(quarter.previous, (date(2026, 7, 1), date(2026, 8, 23)))
        self.assertEqual(quarter.last_year, (date(2025, 10, 1), date(2025, 11, 23)))
        year = compare("year", date(2026, 11, 23))
        self.assertEqual(year.previous, (date(2025, 1, 1), date(2025, 11, 23)))
        self.assertEqual(year.last_year, year.previous)

    def test_last_month_is_whole(self):
        found = compare("last_month", date(2026, 3, 5))
        self.assertEqual(found.current, (date(2026, 2, 1), date(2026, 2, 28)))
        self.assertEqual(found.previous, found.whole_previous)

    def test_every_day_of_eight_years(self):
        """Whatever the day: nothing overlaps, nothing is longer than its period."""
        day = date(2019, 12, 30)
        while day < date(2028, 3, 3):
            for period in [*MONTHS, "last_month"]:
                found = compare(period, day)
                before = found.whole_previous
                self.assertEqual(before.stop, found.current.start - timedelta(days=1))
                self.assertEqual(found.previous.start, before.start)
                for span in found:
                    self.assertIsInstance(span, Span)
                    self.assertLessEqual(span.start, span.stop)
                    self.assertEqual(span.start.day, 1)
                self.assertLessEqual(found.previous.stop, before.stop)
                self.assertEqual(
                    found.last_year.start.year, found.current.start.year - 1
                )
                self.assertEqual(found.last_year.start.month, found.current.start.month)
            day += timedelta(days=1)

    def test_months_back(self):
        self.assertEqual(
            months_back(date(2026, 2, 14), 3),
            [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)],
        )
