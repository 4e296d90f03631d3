"""Versions, draws and decisions on disputes: what one changes, the others follow."""

from datetime import date

from odoo.exceptions import UserError

from .test_commission_draws import FEBRUARY, JANUARY, MARCH, DrawCase
from .test_commission_loss import LossCase

APRIL = date(2031, 4, 10)


class TestInterplay(DrawCase, LossCase):
    def _next(self, plan, day, publish=True, **values):
        later = self.env["sales.commission.plan"].browse(
            plan.action_new_version()["res_id"]
        )
        later.date_from = day
        later.rule_ids.write(values)
        if publish:
            later.action_publish()
        return later

    def _dispute(self, entry):
        return (
            self.env["sales.commission.dispute"]
            .with_user(self.users["rep"])
            ._open(entry.with_user(self.users["rep"]), "calculation", "Too little")
            .sudo()
        )

    def _grant(self, entry, amount):
        dispute = self._dispute(entry)
        dispute.with_user(self.users["manager"])._correct(amount, "So it is")
        self.env.invalidate_all()

    def _entry(self, month, subject):
        entries = self._statement(month=month).entry_ids
        return entries.filtered(lambda one: one.subject == subject)

    def test_release_of_former_version(self):
        """A line of a rule of the version before, in a period of the next one: that
        period is not paid by both."""
        self.plan = self._plan(
            {"hold_percent": 50, "hold_release": "days", "hold_days": 30}
        )
        self._sell("rep", 1000)
        self._settle(JANUARY)
        later = self._next(self.plan, "2031-02-01", hold_percent=0)
        self._sell("rep", 3000, "2031-02-08")
        self._settle(FEBRUARY)
        self.assertEqual(self._by_subject(2), {"earning": 300, "release": 50})
        dispute = self._dispute(self._entry(2, "release"))
        self.assertEqual(dispute.plan_id, later)
        dispute._settle_again()
        self.assertEqual(self._by_subject(2), {"earning": 300, "release": 50})
        self._settle()
        self.assertEqual(self._paid(), 400)

    def test_release_before_next_version(self):
        """The same, where the period passes to the next version after the dispute."""
        self.plan = self._plan(
            {"hold_percent": 50, "hold_release": "days", "hold_days": 30}
        )
        self._sell("rep", 1000)
        self._settle(JANUARY, FEBRUARY)
        dispute = self._dispute(self._entry(2, "release"))
        later = self._next(self.plan, "2031-02-01", hold_percent=0)
        self._settle(JANUARY, FEBRUARY)
        self.assertEqual(dispute.plan_id, later)
        self.assertEqual(dispute._get_about(), self._entry(2, "release"))

    def test_held_is_paid_once(self):
        """What is held is released by itself: no decision pays it before."""
        self.plan = self._plan(
            {"hold_percent": 50, "hold_release": "days", "hold_days": 30}
        )
        self._sell("rep", 1000)
        self._settle(JANUARY)
        with self.assertRaisesRegex(UserError, "by itself"):
            self._grant(self._entry(1, "hold"), 0)
        self._settle()
        self.assertEqual(self._paid(), 100)

    def test_draw_follows_decision(self):
        """What a decision gives is earned: so much less is advanced, at once."""
        self.plan = self._plan()
        self._agree(date_to="2031-01-31")
        self._sell("rep", 2000)
        self._settle(JANUARY)
        self._grant(self._entry(1, "earning"), 300)
        self.assertEqual(
            self._by_subject(1), {"earning": 200, "dispute": 100, "draw": 700}
        )

    def test_draw_follows_decision_on_closed(self):
        self.plan = self._plan()
        self._agree(date_to="2031-01-31")
        self._sell("rep", 2000)
        self._settle(JANUARY)
        self._close(self._statement())
        self._settle(FEBRUARY)
        self._grant(self._entry(1, "earning"), 300)
        self.assertEqual(self._by_subject(2), {"dispute": 100, "draw": -100})
        self.assertEqual(self._statement(month=2).owed, 700)
        before = self._paid()
        self._settle(JANUARY, FEBRUARY, MARCH)
        self.assertEqual(self._paid(), before)

    def _lose(self, amount):
        """Nothing is paid for a customer who is lost, whatever was decided; and what
        was decided is paid again when the customer returns."""
        self._today(JANUARY)
        self.env["sales.customer"]._refresh(self.company, self.partner.ids)
        self._today(MARCH)
        self.plan = self._plan({"lost_months": 6})
        self._agree(date_to="2031-01-31")
        self._sell("rep", 2000)
        self._settle()
        self._grant(self._entry(1, "earning"), amount)
        self._close(self._statement())
        self.assertEqual(self._paid(), 1000)
        self._reach("lost", "2031-02-05")
        self._settle(FEBRUARY)
        gone = {"lost": -200, "dispute": 200 - amount, "draw": amount - 200}
        self.assertEqual(self._by_subject(2), gone)
        self._settle()
        self.assertEqual(self._by_subject(2), gone)
        self._reach("customer", "2031-02-09")
        self._settle(FEBRUARY)
        self.assertEqual(self._paid(), 1000)

    def test_more_was_decided_of_lost(self):
        self._lose(260)

    def test_less_was_decided_of_lost(self):
        self._lose(140)

    def test_draw_is_not_decided(self):
        """What is advanced or given back follows from what is earned and agreed."""
        self.plan = self._plan()
        self._agree(date_to="2031-01-31")
        self._sell("rep", 2000)
        self._settle(JANUARY)
        with self.assertRaisesRegex(UserError, "agreement"):
            self._grant(self._entry(1, "draw"), 900)

    def test_correction_in_force(self):
        """A correction is never of a version that is still a draft."""
        self.plan = self._plan()
        self._sell("rep", 1000)
        self._settle(JANUARY)
        later = self._next(self.plan, "2031-02-01")
        self._settle(FEBRUARY, MARCH)
        self._close(
            self.statements.search([("plan_id", "in", (self.plan | later).ids)])
        )
        self._next(later, "2031-04-01", publish=False)
        self._today(APRIL)
        self._sell("rep", 500, "2031-01-11")
        self._settle(JANUARY)
        [april] = self._statement(month=4)
        self.assertEqual((april.plan_id, april.amount), (later, 50))
