"""Many periods are settled at once: what follows from them once, in their order."""

from contextlib import suppress
from datetime import date
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from .test_commission_draws import DrawCase
from .test_commission_hold import BACK, HALF, HoldCase

MONTHS = range(1, 9)
END = date(2031, 8, 31)


class TestSettling(HoldCase, DrawCase):
    """Eight months of which all that follows from earnings changes something."""

    def setUp(self):
        super().setUp()
        self._today(END)
        self.startPatcher(freeze_time(f"{END} 12:00:00"))
        self.startPatcher(patch.object(type(self.env["ir.cron"]), "_commit_progress"))
        self.plan = self._plan({**HALF, **BACK}, self._advance("draw", (1, 60)))
        for month in MONTHS:
            first, second = (
                self._sell(name, 700 + 100 * month, f"2031-0{month}-05")
                for name in ("rep", "peer")
            )
            after = min(date(2031, month, 20) + relativedelta(months=1), END)
            self._pay(first, 300, after)
            self._refund(second, after, 50 * month)

    def _get_periods(self, months=MONTHS):
        return [
            (self.plan, *self.plan._get_bounds(date(2031, month, 1)))
            for month in months
        ]

    def _read(self):
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT e.rep_id, e.rule_id, e.period_from, s.date_from, e.kind,
                e.subject, e.source, e.res_id, e.part, e.base, e.position, e.amount
            FROM sales_commission_entry e
            JOIN sales_commission_statement s ON s.id = e.statement_id
            ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9"""
        )
        return self.env.cr.fetchall()

    def _forget(self):
        self.env.cr.execute("DELETE FROM sales_commission_entry")

    def test_same(self):
        """As period by period; also when the run is stopped before what follows."""
        self.statements._settle_periods(dict.fromkeys(self._get_periods()))
        found = self._read()
        self.assertEqual(
            {subject for *_row, subject, _s, _i, _p, _b, _at, _a in found},
            {"earning", "hold", "release", "clawback", "draw", "recovery"},
        )
        self._forget()
        for period in self._get_periods():
            self.statements._settle(*period)
        self.assertEqual(self._read(), found)
        self._forget()
        with (
            # Not assertRaises, which would take back what the run has done.
            suppress(KeyboardInterrupt),
            patch.object(
                type(self.statements),
                "_settle_following",
                side_effect=KeyboardInterrupt,
            ),
        ):
            self.statements._cron_follow()
        before = self._read()
        self.assertEqual(
            {subject for *_row, subject, _s, _i, _p, _b, _at, _a in before}, {"earning"}
        )
        self.statements._cron_follow()
        self.assertEqual(self._read(), found)

    def test_queries(self):
        """So many for each period, however many there are."""

        def count(months):
            periods = dict.fromkeys(self._get_periods(months))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.statements._settle_periods(periods)
            return self.env.cr.sql_log_count - before

        self.statements._settle_periods(dict.fromkeys(self._get_periods()))
        counts = [count(MONTHS[8 - number :]) for number in (2, 2, 4, 8)]
        _warm, two, four, eight = counts
        self.assertEqual(eight - four, 2 * (four - two))
        self.assertLess(eight, 5 * two)
