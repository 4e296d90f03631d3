"""Grades as a ladder: what they ask for, who gets them when."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import SalesForceCase
from .credit_rows import CreditRows


@tagged("post_install", "-at_install")
class TestPromotion(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.course"].search([]).active = False
        cls.env["sales.grade"].search([]).active = False
        cls.junior, cls.senior = cls.env["sales.grade"].create(
            [{"name": "Junior", "sequence": 1}, {"name": "Senior", "sequence": 2}]
        )
        cls.today = cls.company._get_sales_today()
        cls.rep = cls.reps["rep"]
        cls.rep.grade_id = cls.junior

    def _promote(self, by="manager", who="rep", **values):
        return (
            self.env["sales.promotion"]
            .with_user(self.users[by])
            .create(
                {
                    "rep_id": self.reps[who].id,
                    "grade_id": self.senior.id,
                    "date": self.today,
                    **values,
                }
            )
        )

    def _gap(self):
        self.rep.invalidate_recordset()
        return self.rep.promotion_gap

    def test_ladder(self):
        self.assertEqual(self.rep.next_grade_id, self.senior)
        self.assertEqual(self.reps["peer"].next_grade_id, self.junior)
        self.assertTrue(self.rep.promotion_ready)
        promotion = self._promote(reason="Well done")
        self.assertEqual(promotion.state, "done")
        self.assertEqual(promotion.former_grade_id, self.junior)
        self.assertEqual(promotion.decided_by_id, self.users["manager"])
        self.assertEqual(self.rep.grade_id, self.senior)
        self.assertFalse(self.rep.next_grade_id)

    def test_given_directly(self):
        """The file knows it, too."""
        self.rep.with_user(self.users["operations"]).grade_id = self.senior
        promotions = self.rep.promotion_ids.sorted("id")
        self.assertEqual(promotions.grade_id, self.junior + self.senior)
        self.assertEqual(promotions[-1].decided_by_id, self.users["operations"])

    def test_entered_late(self):
        """The latest promotion by its day says the grade, whenever it was entered."""
        star = self.env["sales.grade"].create({"name": "Star", "sequence": 3})
        self._promote(grade_id=star.id)
        late = self._promote(date=fields.Date.subtract(self.today, years=1))
        self.assertEqual((late.state, self.rep.grade_id), ("done", star))
        promotions = self.rep.promotion_ids.sorted("date")
        self.assertEqual(
            promotions.mapped("grade_id"), self.junior + self.senior + star
        )
        self.assertEqual(
            [promotion.former_grade_id for promotion in promotions],
            [self.env["sales.grade"], self.junior, self.senior],
        )
        planned = self._promote(
            date=fields.Date.add(self.today, days=3), grade_id=self.junior.id
        )
        self.assertEqual(planned.former_grade_id, star)
        self._promote(grade_id=self.junior.id, reason="Lowered the same day")
        self.assertEqual(self.rep.grade_id, self.junior)
        form = self.env["sales.promotion"].new({"rep_id": self.rep.id})
        self.assertEqual(form.former_grade_id, self.junior)

    def test_before_the_first_day(self):
        """A grade changed before the hire date is the one of that day."""
        rep = self._rep(
            self._user("hired", "sales_force.group_sales_rep"),
            date_start=fields.Date.add(self.today, days=9),
            grade_id=self.junior.id,
        )
        rep.grade_id = self.senior
        self.assertEqual(set(rep.promotion_ids.mapped("date")), {rep.date_start})
        self._promote(
            "operations",
            rep_id=rep.id,
            grade_id=self.junior.id,
            date=fields.Date.subtract(self.today, days=9),
        )
        self.assertEqual(rep.grade_id, self.senior)

    def test_on_a_day(self):
        promotion = self._promote(date=fields.Date.add(self.today, days=3))
        self.assertEqual(promotion.state, "planned")
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            self.env["sales.promotion"]._cron_apply()
            self.assertEqual(self.rep.grade_id, self.junior)
            with patch.object(
                type(self.company),
                "_get_sales_today",
                lambda company: promotion.date,
            ):
                self.env["sales.promotion"]._cron_apply()
        self.assertEqual(self.rep.grade_id, self.senior)
        with self.assertRaises(UserError):
            promotion.date = self.today
        with self.assertRaises(UserError):
            promotion.unlink()
        other = self._promote(date=fields.Date.add(self.today, days=3))
        other.action_cancel()
        with self.assertRaises(UserError):
            other.action_cancel()

    def test_criteria(self):
        self.senior.write({"tenure_months": 12, "grade_months": 6})
        self.rep.date_start = fields.Date.subtract(self.today, months=11)
        self.assertIn("12 months with the company", self._gap())
        self.assertIn("6 months in the grade before", self._gap())
        self.rep.date_start = fields.Date.subtract(self.today, months=12)
        self.rep.promotion_ids.date = fields.Date.subtract(self.today, months=6)
        self.assertFalse(self._gap())
        metric = self.env.ref("sales_force.sales_metric_ordered")
        self.senior.write(
            {"metric_id": metric.id, "metric_value": 1000, "metric_months": 3}
        )
        first = self.today.replace(day=1)
        self._credit("ORDERED", self.rep, 999.99, fields.Date.subtract(first, days=1))
        self._credit("ORDERED", self.rep, 500, fields.Date.subtract(first, months=4))
        self._credit("ORDERED", self.rep, 500, first)
        self._credit(
            "ORDERED",
            self.rep,
            500,
            fields.Date.subtract(first, days=1),
            overlay=True,
        )
        self.assertIn("1,000", self._gap())
        self._credit("ORDERED", self.rep, 0.01, fields.Date.subtract(first, months=3))
        self.assertFalse(self._gap())
        self.senior.needs_training = True
        self.env["sales.course"].create({"name": "Pumps", "required": "all"})
        self.assertIn("Pumps", self._gap())
        ready = self.env["sales.rep"].search([("promotion_ready", "=", True)])
        self.assertNotIn(self.rep, ready)

    def test_who(self):
        for by, who in (("rep", "rep"), ("leader", "rep"), ("manager", "manager")):
            with self.assertRaises(AccessError):
                self._promote(by, who)
        with self.assertRaises(AccessError):
            self._promote("manager", "peer")
        promotion = self._promote(date=fields.Date.add(self.today, days=3))
        with self.assertRaises(AccessError):
            promotion.rep_id = self.reps["peer"]
        for vals in ({"state": "done"}, {"decided_by_id": self.users["rep"].id}):
            with self.assertRaises(UserError):
                promotion.write(vals)

    def test_queries(self):
        """As many for all reps as for two."""
        self.senior.write(
            {
                "tenure_months": 1,
                "grade_months": 1,
                "metric_id": self.env.ref("sales_force.sales_metric_ordered").id,
                "needs_training": True,
            }
        )
        everybody = self.env["sales.rep"].browse([rep.id for rep in self.reps.values()])
        everybody.grade_id = self.junior

        def count(reps):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            reps.mapped("promotion_gap")
            return self.env.cr.sql_log_count - before

        count(everybody)
        self.assertLessEqual(count(everybody), count(everybody[:2]) + 1)
