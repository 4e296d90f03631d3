"""Screens in a browser, as their users: reps on a phone, managers at a desk."""

from datetime import date

from odoo.tests import HttpCase, tagged

from odoo.addons.sales_force.tests.credit_rows import CreditRows

from .test_plan import TargetCase

TODAY = date(2031, 2, 12)


class ScreensCase(CreditRows, HttpCase, TargetCase):
    """On a day of the plan; of the leader's two reps one is behind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.classPatch(
            cls.env.registry["res.company"], "_get_sales_today", lambda company: TODAY
        )
        cls.users["second"] = cls._user("second", "sales_force.group_sales_rep")
        cls.reps["second"] = cls._rep(cls.users["second"], cls.reps["leader"])
        unit = {"top_rep_id": cls.reps["manager"].id, "profile": "even"}
        cls.plan.write({"value": 24000, **unit})
        cls.visits = cls._plan(
            name="Visits",
            kind="supporting",
            metric_id=cls.env.ref("sales_force.sales_metric_visits").id,
            value=1200,
            **unit,
        )
        (cls.plan | cls.visits).action_publish()
        cls._credit("INVOICED", cls.reps["rep"], 900, TODAY)
        cls._credit("INVOICED", cls.reps["second"], 300, TODAY.replace(day=3))
        cls._credit("INVOICED", cls.reps["second"], 40, TODAY.replace(month=1))
        cls._credit("VISITS", cls.reps["rep"], 7, TODAY)


@tagged("post_install", "-at_install")
class TestScreens(ScreensCase):
    browser_size = "1400x900"

    def test_cockpit_of_a_leader(self):
        self.start_tour(
            "/odoo/cockpit",
            "sales_targets_cockpit_leader",
            login=self.users["leader"].login,
        )

    def test_deviation(self):
        self.start_tour(
            "/odoo/cockpit",
            "sales_targets_deviation",
            login=self.users["leader"].login,
        )
        task = self.env["mail.activity"].search(
            [("sales_target_id.rep_id", "=", self.reps["second"].id)]
        )
        self.assertEqual(task.user_id, self.users["second"])
        self.assertIn("Visit the ten largest", task.note)

    def test_meeting(self):
        self.start_tour(
            "/odoo/cockpit",
            "sales_targets_meeting",
            login=self.users["leader"].login,
        )
        decision = self.env["sales.meeting.decision"].search(
            [("user_id", "=", self.users["second"].id)]
        )
        self.assertEqual(decision.activity_id.summary, "Call Alpha")

    def test_cockpit_without_a_plan(self):
        self.env["sales.target.plan"].search([]).state = "draft"
        self.start_tour(
            "/odoo/cockpit",
            "sales_targets_cockpit_empty",
            login=self.users["director"].login,
        )


@tagged("post_install", "-at_install")
class TestScreensOnPhone(ScreensCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_cockpit_of_a_rep(self):
        self.start_tour(
            "/odoo/cockpit",
            "sales_targets_cockpit_rep",
            login=self.users["rep"].login,
        )
