"""Between a period and what follows from it; between statements that open again."""

from contextlib import suppress
from unittest.mock import patch

from freezegun import freeze_time

from .test_commission_hold import HALF, HoldCase


class TestSeams(HoldCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(freeze_time("2031-03-25 12:00:00"))
        self.startPatcher(patch.object(type(self.env["ir.cron"]), "_commit_progress"))

    def _follow(self):
        self.statements._cron_follow()
        self.env.invalidate_all()

    def _stop_before_following(self):
        """A run of which somebody sees what it has committed so far."""
        with (
            suppress(KeyboardInterrupt),
            patch.object(
                type(self.statements),
                "_settle_following",
                side_effect=KeyboardInterrupt,
            ),
        ):
            self.statements._cron_follow()
        self.env.invalidate_all()

    def test_submitted_between(self):
        """What closes then has what is held of a late invoice as well."""
        self._plan({**HALF})
        self._sell("rep", 1000)
        self._sell("rep", 1000, "2031-02-05")
        self._follow()
        self._close(self._statement())
        self._sell("rep", 500)
        self._stop_before_following()
        february = self._statement(month=2)
        self.assertEqual(february.amount, 100)
        february.with_user(self.users["rep"]).action_submit()
        self.assertEqual(february.amount, 75)
        self._follow()
        self.assertEqual(february.amount, 75)
        self.assertEqual(self._statement(month=3).amount, 0)

    def test_read_between(self):
        self._plan({**HALF})
        self._sell("rep", 1000, "2031-03-05")
        self._stop_before_following()
        march = self._statement(month=3)
        self.assertEqual(march.amount, 100)
        march.with_user(self.users["rep"]).web_read({"entry_ids": {}})
        self.assertEqual(march.amount, 50)

    def test_changed_and_sent_back(self):
        """What was corrected elsewhere is one line again, whoever opens what."""
        self._plan()
        invoice = self._sell("rep", 1000)
        self._follow()
        january, february = self._statement(), self._statement(month=2)
        for statement, price, correction in (
            (january, 1200, {"earning": 20}),
            (february, 1500, {"earning": 30}),
        ):
            statement.with_user(self.users["rep"]).action_submit()
            invoice.button_draft()
            invoice.invoice_line_ids.price_unit = price
            invoice.action_post()
            self._follow()
            month = statement.date_from.month + 1
            self.assertEqual(self._subjects(month=month), correction)
        (january | february).with_user(self.users["operations"])._return("Again")
        self._follow()
        self.assertEqual((january.amount, february.amount), (150, 0))
        self.assertEqual(self._read_amounts(), [150])

    def test_free_tier(self):
        """What has earned nothing yet keeps its place when the statement is closed."""
        self._plan(
            {
                "table": "amount",
                "mode": "progressive",
                "tier_ids": self._tiers((0, 0), (1000, 10)),
            }
        )
        self._sell("rep", 1000, "2031-01-05")
        self._sell("rep", 500, "2031-01-06")
        self._follow()
        self._close(self._statement())
        self._run()
        self.assertEqual(self._read_amounts(), [50])
        self._sell("rep", 200, "2031-01-07")
        self._run()
        self.assertEqual(self._read_amounts(), [20, 50])

    def _read_amounts(self):
        entries = self.entries.search([("rep_id", "=", self.reps["rep"].id)])
        return sorted(entries.mapped("amount"))
