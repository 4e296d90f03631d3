"""The ledger by month is the ledger, whatever changes it."""

from datetime import date, timedelta
from random import Random

from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_drivers import DriverCase

BY_MONTH = """
    SELECT company_id, metric_id, rep_id, month, sum(value) FROM sales_credit_month
    GROUP BY 1, 2, 3, 4 HAVING sum(value) <> 0 ORDER BY 1, 2, 3, 4
"""
BY_HAND = """
    SELECT company_id, metric_id, rep_id, date_trunc('month', date)::date, sum(value)
    FROM sales_credit WHERE NOT overlay
    GROUP BY 1, 2, 3, 4 HAVING sum(value) <> 0 ORDER BY 1, 2, 3, 4
"""


@tagged("post_install", "-at_install")
class TestMonths(DriverCase):
    def assertFollowed(self):
        self.env["sales.credit"]._process_pending()
        self.env.cr.execute(BY_MONTH)
        months = self.env.cr.fetchall()
        self.env.cr.execute(BY_HAND)
        self.assertEqual(months, self.env.cr.fetchall())
        return months

    def test_documents(self):
        """Posted, split, reset, cancelled, rebuilt: it follows at once."""
        before = self.assertFollowed()
        order = self._order(self.users["rep"])
        invoice = self._invoice(self.users["rep"], invoice_date="2031-01-10")
        invoice.action_post()
        self.assertNotEqual(self.assertFollowed(), before)
        invoice.invoice_user_id = self.users["peer"]
        self.assertFollowed()
        invoice.button_draft()
        order._action_cancel()
        self.assertFollowed()
        self.env["sales.credit"].rebuild()
        self.assertFollowed()

    def test_statements(self):
        """Any statement, of many rows or none; joined, it is the same in fewer rows."""
        random = Random(1)
        people = [*self.reps.values(), None]
        for _round in range(3):
            self._credit(
                [
                    (
                        random.choice(people),
                        random.choice(("VISITS", "ORDERED")),
                        date(2031, 1, 1) + timedelta(days=random.randint(0, 90)),
                        random.randint(-(10**6), 10**6) / 100,
                    )
                    for _row in range(100)
                ]
            )
            self.assertFollowed()
        for statement in (
            "UPDATE sales_credit SET value = value + 1 WHERE source = 'test'",
            "UPDATE sales_credit SET date = date + 15 WHERE source = 'test'",
            "UPDATE sales_credit SET overlay = TRUE WHERE source = 'test' AND id % 3=0",
            "UPDATE sales_credit SET rep_id = NULL WHERE source = 'test' AND id % 5=0",
            "DELETE FROM sales_credit WHERE source = 'test' AND id % 2 = 0",
            "DELETE FROM sales_credit WHERE FALSE",
        ):
            self.env.cr.execute(statement)
            self.assertFollowed()
        months = self.env["sales.credit.month"]
        several = months.search_count([])
        months._cron_join()
        self.assertEqual(months.search_count([]), len(self.assertFollowed()))
        self.assertLess(months.search_count([]), several)
        self.env.cr.execute("TRUNCATE sales_credit CASCADE")
        self.assertEqual(self.assertFollowed(), [])

    def test_repaired(self):
        """What differs is said and put right."""
        self._credit([(self.reps["rep"], "VISITS", date(2031, 1, 2), 5)])
        self.env.cr.execute("UPDATE sales_credit_month SET value = value + 1")
        months = self.env["sales.credit.month"]
        with mute_logger("odoo.addons.sales_targets.models.sales_credit_month"):
            months._cron_join()
        self.assertFollowed()

    def test_attainment(self):
        """The same for who was always there and for who came within the plan."""
        self.plan.action_publish()
        self._credit(
            [
                (self.reps["rep"], "INVOICED", date(2031, 2, 10), 700.25),
                (self.reps["rep"], "INVOICED", date(2031, 3, 10), 20),
                (self.reps["peer"], "INVOICED", date(2031, 2, 10), 5),
                (None, "INVOICED", date(2031, 2, 10), 3),
            ]
        )
        rows = self.plan.target_ids

        def achieved(rep=None, **values):
            found = rows.filtered(
                lambda row: (row.rep_id == rep and row.level == "rep")
                if rep
                else row.level == "company"
            ).filtered_domain([(name, "=", value) for name, value in values.items()])
            return found.achieved

        rep = self.reps["rep"]
        self.assertEqual(achieved(rep, period="total"), 720.25)
        self.assertEqual(achieved(period="total"), 728.25)
        self.assertEqual(achieved(rep, period="month", date_from="2031-02-01"), 700.25)
        self.env.cr.execute(
            """UPDATE sales_target SET active_from = '2031-02-11'
            WHERE plan_id = %s AND rep_id = %s AND level = 'rep'""",
            [self.plan.id, rep.id],
        )
        rows.invalidate_recordset()
        self.assertEqual(achieved(rep, period="total"), 20)
        self.assertEqual(achieved(period="total"), 728.25)
