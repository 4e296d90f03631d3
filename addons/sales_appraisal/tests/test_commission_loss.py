from datetime import date

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tools import SQL

from .test_commission_hold import BACK, FEBRUARY, HALF, MARCH, HoldCase

LOST = {"lost_months": 6}
TIERS = {"table": "amount", "mode": "whole"}


class LossCase(HoldCase):
    def _reach(self, stage, day, partner=None):
        """A customer reaches a stage of its life, as the nightly run writes it."""
        partner = partner or self.partner
        customers = self.env["sales.customer"]
        mine = [("partner_id", "=", partner.id), ("company_id", "=", self.company.id)]
        if not customers.search(mine):
            customers._refresh(self.company, partner.ids)
        self.env.cr.execute(
            SQL(
                """INSERT INTO sales_customer_stage (customer_id, partner_id,
                company_id, stage, date) VALUES (%s, %s, %s, %s, %s)""",
                customers.search(mine).id,
                partner.id,
                self.company.id,
                stage,
                day,
            )
        )


class TestLoss(LossCase):
    def test_tier(self):
        """Taken back as it was paid, in the period of the loss; given again."""
        self._plan({**LOST, **TIERS, "tier_ids": self._tiers((0, 10), (1500, 20))})
        self._sell("rep", 1000)
        other = self.env["res.partner"].create({"name": "Other"})
        invoice = self._invoice(
            self.users["rep"], partner=other, invoice_date="2031-01-12"
        )
        invoice.invoice_line_ids.price_unit = 500
        invoice.action_post()
        self._run()
        self.assertEqual(self._paid(), 300)
        self._close(self._statement())
        self._reach("lost", "2031-02-10")
        self._run(FEBRUARY)
        [back] = self._statement(month=2).entry_ids
        self.assertEqual((back.kind, back.amount), ("lost", -200))
        self.assertEqual((back.date, back.base), (date(2031, 2, 10), -200))
        self.assertEqual(back.partner_id, self.partner)
        self.assertIn("within 6 months", back.explanation)
        self._run(FEBRUARY)
        self.assertEqual(self._statement(month=2).entry_ids, back)
        self._close(self._statement(month=2))
        self._reach("customer", "2031-03-05")
        self._run(MARCH)
        [again] = self._statement(month=3).entry_ids
        self.assertEqual((again.kind, again.amount), ("lost", 200))
        self.assertIn("lost no longer", again.explanation)
        self.assertEqual(self._statement(month=2).amount, -200)
        self.assertEqual(self._paid(), 300)

    def test_capped(self):
        """Nothing was paid above the limit, so nothing is taken back for it."""
        self._plan({**LOST, "cap": 120})
        self._sell("rep", 1000, "2031-01-05")
        self._sell("rep", 1000, "2031-01-10")
        self._run()
        self._reach("lost", "2031-02-10")
        self._run(FEBRUARY)
        amounts = sorted(self._statement(month=2).entry_ids.mapped("amount"))
        self.assertEqual(amounts, [-100, -20])

    def test_window(self):
        """Only documents of so many months before, and of no other customer."""
        self._plan({"lost_months": 1})
        self._sell("rep", 1000, "2031-01-10")
        self._sell("rep", 500, "2031-01-11")
        self._run()
        self._reach("dormant", "2031-01-20")
        self._reach("lost", "2031-02-10")
        self._reach("lost", "2031-02-10", self.env["res.partner"].create({"name": "O"}))
        self._run(FEBRUARY)
        self.assertEqual(self._statement(month=2).amount, -50)

    def test_same_day(self):
        """Who is lost by mistake for a day has lost nothing."""
        self._plan(LOST)
        self._sell("rep", 1000)
        self._reach("lost", "2031-01-20")
        self._reach("customer", "2031-01-20")
        self._reach("lost", "2031-01-21")
        self._reach("customer", "2031-01-25")
        self._run()
        self.assertEqual(self._subjects(), {"earning": 100})

    def test_off(self):
        """By default nothing is taken back, and nothing is read."""
        plan = self._plan()
        self._sell("rep", 1000)
        self._run()
        self._reach("lost", "2031-02-10")
        self._run(FEBRUARY)
        self.assertEqual(self._paid(), 100)
        self.assertFalse(plan.rule_ids._follows_entries())

    def test_refund(self):
        """A credit note before the loss leaves less to be taken back, one after it
        takes nothing back twice, and who returns has what remains."""
        self._plan({**LOST, **BACK})
        invoice = self._sell("rep", 1000)
        self._run()
        self._refund(invoice, "2031-02-05", 300)
        self._reach("lost", "2031-02-10")
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"clawback": -30, "lost": -70})
        self._refund(invoice, "2031-03-05", 200)
        self._run(MARCH)
        self.assertEqual(self._subjects(month=3), {"clawback": -20, "lost": 20})
        [twice] = self._statement(month=3).entry_ids.filtered(
            lambda entry: entry.kind == "lost"
        )
        self.assertIn("not taken back twice", twice.explanation)
        self.assertEqual(self._paid(), 0)
        self._reach("customer", "2031-03-20")
        self._run(MARCH)
        self.assertEqual(self._paid(), 50)

    def test_held(self):
        """What is held back is not taken back, and released for nothing."""
        self._plan({**LOST, **HALF})
        invoice = self._sell("rep", 1000)
        self._run()
        self._reach("lost", "2031-02-10")
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"lost": -50})
        self._pay(invoice, 1000, "2031-03-05")
        self._run(MARCH)
        self.assertEqual(self._subjects(month=3), {"release": 50, "lost": -50})
        self.assertEqual(self._paid(), 0)
        [late] = self._statement(month=3).entry_ids.filtered(
            lambda entry: entry.kind == "lost"
        )
        self.assertIn("at once", late.explanation)

    def test_unpaid(self):
        """What is taken back until it is paid is not taken back again."""
        self._plan({**LOST, "unpaid": "back", "unpaid_days": 30})
        invoice = self._owe("2031-01-20")
        self._run()
        self._reach("lost", "2031-01-20")
        self._run()
        self.assertEqual(self._paid(), 0)
        for day in (FEBRUARY, MARCH):
            self._run(day)
        self.assertEqual(self._subjects(), {"earning": 100, "lost": 0, "unpaid": -100})
        self._pay(invoice, 1000, "2031-03-20")
        self._run(MARCH)
        self.assertEqual(self._subjects(), {"earning": 100, "lost": -100, "unpaid": 0})

    def test_override(self):
        self._plan({**LOST, "credited": "override"})
        self._sell("rep", 1000)
        self._run()
        self._reach("lost", "2031-02-10")
        self._run(FEBRUARY)
        self.assertEqual(self._subjects("leader", 2), {"lost": -100})

    def test_orders(self):
        """Also of orders, of cash and of new customers."""
        for number, code in enumerate(("ORDERED", "NEW_CUSTOMERS", "COLLECTED")):
            amount = {"rate_unit": "amount"} if code == "NEW_CUSTOMERS" else {}
            self._plan({**LOST, "metric": code, **amount}, name=f"{number}")
        order = self._order(
            self.users["rep"], date_order="2031-01-10 12:00:00", confirm=False
        )
        order.order_line.price_unit = 1000
        order.action_confirm()
        order.date_order = "2031-01-10 12:00:00"
        self._pay(self._sell("rep", 200), 200, "2031-01-20")
        self._run()
        self.assertEqual(self._paid(), 130)
        self._reach("lost", "2031-02-10")
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"lost": -130})

    def test_late_correction(self):
        """The documents of then change: what is taken back changes with them."""
        self._plan(LOST)
        invoice = self._sell("rep", 1000)
        self._run()
        self._reach("lost", "2031-02-10")
        self._run(FEBRUARY)
        self._close(self._statement() | self._statement(month=2))
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 400
        invoice.action_post()
        self._run()
        self.assertEqual(self._subjects(month=3), {"earning": -60, "lost": 60})
        self.assertEqual(self._paid(), 0)

    def test_version(self):
        """The rule that has paid decides, whatever later versions say."""
        plan = self._plan({**LOST, **BACK})
        invoice = self._sell("rep", 1000)
        self._run()
        later = self.env["sales.commission.plan"].browse(
            plan.action_new_version()["res_id"]
        )
        later.date_from = "2031-02-01"
        later.rule_ids.lost_months = 0
        later.action_publish()
        self._sell("rep", 70, "2031-02-01")
        self._reach("lost", "2031-02-10")
        self._refund(invoice, "2031-02-20", 400)
        self._run(FEBRUARY)
        self.assertEqual(
            self._subjects(month=2), {"earning": 7, "clawback": -40, "lost": -60}
        )

    def test_by_hand(self):
        """Set by a person, and taken back by the same."""
        self._plan(LOST)
        self._sell("rep", 1000)
        self.env["sales.customer"]._refresh(
            self.company, self.partner.ids, date(2031, 1, 15)
        )
        customer = self.env["sales.customer"].search(
            [("partner_id", "=", self.partner.id)]
        )
        with freeze_time("2031-02-10 12:00:00"):
            customer._set_stage("lost", "Gone to a competitor", date(2031, 12, 31))
        self._run()
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"lost": -100})
        with freeze_time("2031-02-20 12:00:00"):
            customer.action_derive_stage()
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {})

    def test_followed(self):
        """A loss makes a period stale of whose plan it takes something back."""
        plan = self._plan(LOST) | self._plan(name="Nothing is taken back")
        self._sell("rep", 1000)
        stamps = self.env["sales.commission.stamp"]
        for name in ("credits", "facts"):
            with self.subTest(name), freeze_time("2031-02-25 12:00:00"):
                stale = stamps._get_stale(stamps._get_periods(plan), name)
                for (one, start, _stop), mark in stale.items():
                    stamps._settled(one, start, **{name: mark})
                self._reach("lost", "2031-02-10")
                self._reach("customer", "2031-02-11")
                stale = stamps._get_stale(stamps._get_periods(plan), name)
                self.assertEqual(
                    [(one, start) for one, start, _stop in stale],
                    [(plan[0], date(2031, 2, 1))],
                )

    def test_summary(self):
        rule = self._plan({**LOST}).rule_ids
        self.assertIn("lost within 6 months", rule.summary)

    def test_note(self):
        """Fewer months than the silence that makes a customer lost."""
        plan = self._plan({"lost_months": 6}, {"lost_months": 13}, {})
        few, enough, off = plan.rule_ids
        self.assertIn(str(self.company.sales_lost_days), few.lost_note)
        self.assertFalse(enough.lost_note or off.lost_note)

    def test_bonus(self):
        with self.assertRaises(ValidationError):
            self._plan(
                {**LOST, "kind": "bonus", **TIERS, "tier_ids": self._tiers((0, 1))},
                publish=False,
            )
