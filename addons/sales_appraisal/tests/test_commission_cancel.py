from odoo.exceptions import ValidationError

from .test_commission_hold import FEBRUARY, MARCH, HoldCase

ORDERED = {"metric": "ORDERED"}
PAID = {**ORDERED, "cancelled": "paid"}
KEPT = {**ORDERED, "cancelled": "kept"}


class CancelCase(HoldCase):
    def _book(self, name, amount, day="2031-01-10", **values):
        order = self._order(self.users[name], confirm=False, **values)
        order.order_line.write({"price_unit": amount / 10, "product_uom_qty": 10})
        order.action_confirm()
        order.date_order = f"{day} 12:00:00"
        return order


class TestCancel(CancelCase):
    def _close_january(self, *rules):
        """Two orders of January that reach the second tier, closed; the first one."""
        tiers = {
            "table": "amount",
            "mode": "whole",
            "tier_ids": self._tiers((0, 10), (1500, 20)),
        }
        self._plan(*({**rule, **tiers} for rule in rules))
        order = self._book("rep", 1000)
        self._book("rep", 500)
        self._run()
        self.assertEqual(self._paid(), 300)
        self._close(self._statement())
        return order

    def test_base(self):
        """As if it had never been: also the other order has not reached the tier."""
        self._close_january(ORDERED)._action_cancel()
        self._run()
        self.assertEqual(sorted(self._february()), [-200, -50])
        self._run()
        self.assertEqual(self._paid(), 50)

    def _february(self):
        return self._statement(month=2).entry_ids.mapped("amount")

    def test_paid(self):
        """Taken back at the rate at which it was paid; the tier stays reached."""
        self._close_january(PAID)._action_cancel()
        self._run()
        self.assertEqual(self._february(), [-200])
        [back] = self._statement(month=2).entry_ids
        self.assertEqual((back.kind, back.base), ("adjustment", 0))
        self.assertTrue(back.corrects_id)
        self.assertIn("cancelled", back.explanation)
        self._run()
        self._run(FEBRUARY)
        self.assertEqual(self._statement(month=2).entry_ids, back)
        self._close(self._statement(month=2))
        self._sell("rep", 1, "2031-03-01")
        for day in (FEBRUARY, MARCH):
            self._run(day)
        self._run()
        self.assertEqual(self._paid(), 100)

    def test_less(self):
        """Less of it, less of that, and more again."""
        order = self._close_january(PAID)
        order.order_line.product_uom_qty = 7
        self._run()
        self.assertEqual(self._february(), [-60])
        self.assertIn("1,000", self._statement(month=2).entry_ids.explanation)
        self._close(self._statement(month=2))
        order.order_line.price_unit = 50
        self._run()
        self.assertEqual(self._subjects(month=3), {"earning": -70})
        self._close(self._statement(month=3))
        order.order_line.write({"price_unit": 100, "product_uom_qty": 10})
        self._run()
        self.assertEqual(self._subjects(month=4), {"earning": 130})
        self.assertEqual(self._paid(), 300)

    def test_more(self):
        """More is as it would have been, and is taken back from there."""
        order = self._close_january(PAID)
        order.order_line.product_uom_qty = 20
        self._run()
        self.assertEqual(self._paid(), 500)
        self._close(self._statement(month=2))
        order._action_cancel()
        self._run()
        self.assertEqual(self._subjects(month=3), {"earning": -400})
        self.assertEqual(self._paid(), 100)

    def test_kept(self):
        order = self._close_january(KEPT)
        order.order_line.product_uom_qty = 5
        self._run()
        self.assertEqual(self._paid(), 300)
        order._action_cancel()
        self._run()
        self.assertEqual(self._paid(), 300)
        self.assertFalse(self._statement(month=2).entry_ids)

    def test_open(self):
        """Until its statement is submitted an order counts as it is."""
        for rule in (PAID, KEPT):
            self._plan(dict(rule), name=rule["cancelled"])
        order = self._book("rep", 1000)
        self._run()
        self.assertEqual(self._paid(), 200)
        order._action_cancel()
        self._run()
        self.assertEqual(self._paid(), 0)

    def test_capped(self):
        """Nothing was paid above the limit, so nothing is taken back for it."""
        self._plan({**PAID, "cap": 120})
        first = self._book("rep", 1000, "2031-01-05")
        second = self._book("rep", 1000, "2031-01-12")
        self._run()
        self._close(self._statement())
        second._action_cancel()
        self._run()
        self.assertEqual(self._paid(), 100)
        first._action_cancel()
        self._run()
        self.assertEqual(self._paid(), 0)

    def test_passed_on(self):
        """What passes to a colleague is no cancellation: it is paid once."""
        for rule in (PAID, KEPT):
            self._plan(dict(rule), name=rule["cancelled"])
        order = self._book("rep", 1000)
        self._run()
        self._close(self._statement())
        order.user_id = self.users["peer"]
        self._run()
        self.assertEqual(self._paid(), 0)
        self.assertEqual(self._paid("peer"), 200)

    def test_split(self):
        """Nor is what is split with one."""
        self._plan(dict(KEPT))
        order = self._book("rep", 1000)
        self._run()
        self._close(self._statement())
        self.env["sales.split"].create(
            [
                {"order_id": order.id, "rep_id": self.reps["rep"].id, "share": 60},
                {"order_id": order.id, "rep_id": self.reps["peer"].id, "share": 40},
            ]
        )
        self._run()
        self.assertEqual(self._paid(), 60)
        self.assertEqual(self._paid("peer"), 40)

    def test_confirmed_again(self):
        """Cancelled, and confirmed in another month: earned there, once."""
        self._plan(dict(PAID), name="paid")
        order = self._book("rep", 1000)
        self._run()
        self._close(self._statement())
        order._action_cancel()
        self._run()
        self.assertEqual(self._paid(), 0)
        self._close(self._statement(month=2))
        order.action_draft()
        order.action_confirm()
        order.date_order = "2031-03-10 12:00:00"
        self._run()
        self._run(MARCH)
        self.assertEqual(self._paid(), 100)
        self.assertEqual(self._statement(month=3).amount, 100)

    def test_orders(self):
        """Also where orders are counted; and an override follows."""
        self._plan({**PAID, "metric": "ORDERS", "rate_unit": "amount"}, name="orders")
        self._plan({**PAID, "credited": "override"}, name="override")
        order = self._book("rep", 1000)
        self._run()
        self.assertEqual((self._paid(), self._paid("leader")), (10, 100))
        self._close(self._statement() | self._statement("leader"))
        order._action_cancel()
        self._run()
        self.assertEqual((self._paid(), self._paid("leader")), (0, 0))

    def test_held(self):
        """What is held back of it is held no longer."""
        self._plan(
            {**PAID, "hold_percent": 50, "hold_release": "days", "hold_days": 45}
        )
        order = self._book("rep", 1000)
        self._run()
        self._close(self._statement())
        self.assertEqual(self._paid(), 50)
        order._action_cancel()
        self._run()
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"earning": -100, "hold": 50})
        self.assertEqual(self._paid(), 0)

    def test_refused(self):
        for rule in (
            {"cancelled": "paid"},
            {
                **KEPT,
                "kind": "bonus",
                "table": "amount",
                "tier_ids": self._tiers((0, 1)),
            },
        ):
            with self.subTest(rule), self.assertRaises(ValidationError):
                self._plan(dict(rule), publish=False)

    def test_summary(self):
        plan = self._plan(dict(PAID), dict(KEPT), dict(ORDERED))
        paid, kept, base = plan.rule_ids.mapped("summary")
        self.assertIn("taken back", paid)
        self.assertIn("stay paid", kept)
        self.assertNotIn("cancelled", base)

    def test_queries(self):
        """What is looked for does not depend on how many orders there are."""
        plan = self._plan(dict(PAID))
        bounds = plan._get_bounds(FEBRUARY.replace(month=1))

        def count():
            self.statements._settle(plan, *bounds)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.statements._settle(plan, *bounds)
            return self.env.cr.sql_log_count - before

        self._book("rep", 1000)
        self._run()
        self._close(self._statement())
        self._book("rep", 10)._action_cancel()
        few = count()
        for _number in range(5):
            self._book("rep", 10)
        self.assertLessEqual(count(), few)
