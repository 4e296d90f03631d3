"""Onboarding: planned when a rep is hired, done before the rep is active."""

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import SalesForceCase


@tagged("post_install", "-at_install")
class TestOnboarding(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._get_sales_today()
        cls.plan = cls.env.ref("sales_force.mail_activity_plan_onboarding")
        cls.user = cls._user("novice", "sales_force.group_sales_rep")
        cls.novice = cls._hire(cls.user)

    @classmethod
    def _hire(cls, user, **values):
        return cls.env["sales.rep"].create(
            {
                "user_id": user.id,
                "company_id": cls.company.id,
                "parent_id": cls.reps["leader"].id,
                "date_start": cls.today,
                **values,
            }
        )

    def test_planned(self):
        """Steps for rep and manager within a week or so, on working days."""
        steps = self.novice.activity_ids
        self.assertEqual(len(steps), len(self.plan.template_ids))
        self.assertEqual(steps.user_id, self.user + self.users["leader"])
        days = self.novice._get_visit_days(
            self.today, fields.Date.add(self.today, days=20)
        )[self.novice]
        for step in steps:
            self.assertIn(step.date_deadline, days)
        self.assertEqual(self.novice.onboarding_count, len(steps))
        self.assertEqual(self.novice.onboarding_progress, 0)

    def test_done_before_active(self):
        steps = self.novice.activity_ids.sorted("date_deadline")
        with self.assertRaisesRegex(UserError, "Learn the products"):
            self.novice.with_user(self.users["manager"]).state = "active"
        for step in steps[:-1]:
            step.with_user(step.user_id).action_feedback("Done")
        self.novice.invalidate_recordset()
        self.assertEqual(self.novice.state, "onboarding")
        self.assertGreater(self.novice.onboarding_progress, 80)
        steps[-1].with_user(steps[-1].user_id).action_feedback("Done")
        self.assertEqual(self.novice.state, "active")

    def test_not_skipped(self):
        """Neither the rep nor who is above takes a step away, only operations."""
        steps = self.novice.activity_ids
        mine = steps.filtered(lambda a: a.user_id == self.user)[0]
        for user in (self.user, self.users["manager"], self.users["director"]):
            step = mine.with_user(user)
            for vals in (
                {"active": False},
                {"sales_onboarding": False},
                {"res_id": self.reps["rep"].id},
                {"res_model_id": self.env["ir.model"]._get_id("res.partner")},
                {"res_model": "res.partner"},
            ):
                with self.assertRaisesRegex(UserError, "not taken away"):
                    step.write(vals)
            for way in (step.unlink, step.action_archive, step.action_cancel):
                with self.assertRaisesRegex(UserError, "not taken away"):
                    way()
            with self.assertRaisesRegex(UserError, "not taken away"):
                step.with_context(sales_onboarding_doing=True).action_archive()
        mine.with_user(self.user).summary = "Read it all"
        mine.with_user(self.users["operations"]).unlink()
        self.assertEqual(self.novice.activity_ids, steps.exists())

    def test_only_the_plan_makes_steps(self):
        with self.assertRaisesRegex(UserError, "Only the plan"):
            self.env["mail.activity"].with_user(self.users["rep"]).with_context(
                default_sales_onboarding=True
            ).create(
                {
                    "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                    "res_id": self.partner.id,
                }
            )

    def test_not_around_another_state(self):
        rep = self.novice.with_user(self.users["manager"])
        rep.state = "suspended"
        with self.assertRaisesRegex(UserError, "Learn the products"):
            rep.action_activate()
        for step in self.novice.activity_ids:
            step.with_user(step.user_id).action_feedback("Done")
        self.assertEqual(rep.state, "suspended")
        rep.action_activate()

    def test_hired_in_another_state(self):
        """Only the system takes over who is at work; others say why."""
        reps = self.env["sales.rep"].with_user(self.users["operations"])

        def hire(login, **values):
            user = self._user(login, "sales_force.group_sales_rep")
            return reps.create({"user_id": user.id, **values})

        with self.assertRaisesRegex(UserError, "Learn the products"):
            hire("at_work", state="active")
        away = hire("away", state="suspended")
        self.assertEqual(len(away.activity_ids), len(self.plan.template_ids))
        known = hire("known", state="active", onboarding_waiver="Merger")
        self.assertFalse(known.activity_ids)

    def test_released(self):
        with self.assertRaises(UserError):
            self.novice.with_user(self.users["manager"]).onboarding_waiver = "Mine"
        rep = self.novice.with_user(self.users["operations"])
        rep.write({"state": "active", "onboarding_waiver": "Came from a partner"})
        self.assertEqual(rep.state, "active")

    def test_who_is_not_asked(self):
        """Reps who are active, or of a company without a plan."""
        self.assertFalse(self.reps["rep"].activity_ids)
        self.plan.active = False
        other = self._hire(self._user("other", "sales_force.group_sales_rep"))
        self.assertFalse(other.activity_ids)
        other.state = "active"

    def test_own_plan(self):
        plan = self.env["mail.activity.plan"].create(
            {
                "name": "Ours",
                "res_model": "sales.rep",
                "template_ids": [
                    (0, 0, {"summary": "Read", "responsible_type": "sales_rep"})
                ],
            }
        )
        self.company.sales_onboarding_plan_id = plan
        other = self._hire(self._user("other", "sales_force.group_sales_rep"))
        self.assertEqual(other.activity_ids.mapped("summary"), ["Read"])
        with self.assertRaises(UserError):
            plan.res_model = "res.partner"
            plan.template_ids._check_responsible_sales()

    def test_hired_again(self):
        self.novice.activity_ids.sudo().unlink()
        self.novice.write({"state": "active", "onboarding_waiver": "Knows it all"})
        self.novice.write({"state": "left"})
        self.assertFalse(self.novice.activity_ids)
        self.novice.with_user(self.users["manager"]).action_rehire()
        self.assertFalse(self.novice.onboarding_waiver)
        self.assertEqual(len(self.novice.activity_ids), len(self.plan.template_ids))
