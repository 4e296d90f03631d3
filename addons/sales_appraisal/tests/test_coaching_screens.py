from datetime import timedelta

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.sales_targets.tests.test_screens import ScreensCase

from .common import AppraisalCase


@tagged("post_install", "-at_install")
class TestScreens(HttpCase, AppraisalCase):
    def setUp(self):
        super().setUp()
        self.today = self.company._get_sales_today()

    def test_coaching(self):
        plan = self.env["sales.coaching"].create(
            {
                "name": "Visits a day",
                "rep_id": self.reps["rep"].id,
                "coach_id": self.users["leader"].id,
                "metric_id": self._metric("VISITS").id,
                "goal_value": 8,
                "exercise_ids": [
                    Command.create({"name": "Plan the route", "kind": "other"})
                ],
            }
        )
        self.start_tour(
            "/odoo/coaching",
            "sales_appraisal_coaching",
            login=self.users["rep"].login,
        )
        self.assertEqual(plan.state, "running")

    def test_joint_visit(self):
        visit = self.env["sales.visit"].create(
            {"rep_id": self.reps["rep"].id, "partner_id": self.partner.id}
        )
        self.start_tour(
            f"/odoo/sales.visit/{visit.id}",
            "sales_appraisal_joint_visit",
            login=self.users["leader"].login,
        )
        form = visit.observation_ids
        self.assertEqual((form.score, form.advice), (4, "Ask for the order"))

    def test_skills(self):
        self.start_tour(
            "/odoo/skills",
            "sales_appraisal_skills",
            login=self.users["leader"].login,
        )
        row = self.env["sales.skill.assessment"].search(
            [("rep_id", "=", self.reps["rep"].id)]
        )
        self.assertEqual((row.progress, row.kind), (80, "coach"))

    def test_wall(self):
        post = (
            self.env["sales.practice"]
            .with_user(self.users["rep"])
            .create({"name": "Just ask", "story": "<p>For the order</p>"})
        )
        self.start_tour(
            "/odoo/best-practices",
            "sales_appraisal_wall",
            login=self.users["peer"].login,
        )
        self.assertEqual((post.like_count, post.use_count), (1, 1))

    def test_one_on_one(self):
        talks = self.env["sales.one.on.one"].with_user(self.users["leader"])
        talk = talks.create(
            {
                "rep_id": self.reps["rep"].id,
                "start": f"{self.today + timedelta(days=1)} 09:00:00",
            }
        )
        self.start_tour(
            "/odoo/one-to-ones",
            "sales_appraisal_one_on_one",
            login=self.users["leader"].login,
        )
        talk.invalidate_recordset()
        self.assertEqual(talk.state, "held")
        self.assertIn("holidays", str(talk.private_note))


@tagged("post_install", "-at_install")
class TestDeviationScreen(ScreensCase):
    browser_size = "1400x900"

    def test_coach(self):
        self.start_tour(
            "/odoo/cockpit",
            "sales_appraisal_deviation",
            login=self.users["leader"].login,
        )
        plan = self.env["sales.coaching"].search(
            [("rep_id", "=", self.reps["second"].id)]
        )
        self.assertEqual((plan.origin, plan.state), ("deviation", "draft"))
