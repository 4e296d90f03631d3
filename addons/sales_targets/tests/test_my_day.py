"""My Day on a phone, the team's day on a screen, and how many queries they take."""

from odoo.tests import HttpCase, tagged

from .work_common import WorkCase


@tagged("post_install", "-at_install")
class TestMyDay(HttpCase, WorkCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_day_and_evening(self):
        self._customer("Alpha", turnover=300)
        self._customer("Beta", turnover=200)
        self._customer("Gamma", turnover=100)
        self.start_tour("/odoo/my-day", "sales_targets_my_day", login=self.user.login)
        plan = self._plan()
        states = {item.title: item.state for item in plan.item_ids}
        self.assertEqual(states["Beta"], "dropped")
        self.assertEqual(states["Tidy the car"], "done")
        visit = self.env["sales.visit"].search(
            [("rep_id", "=", self.rep.id), ("state", "=", "done")]
        )
        self.assertEqual(visit.partner_id.name, "Alpha")
        self.start_tour(
            "/odoo/my-day", "sales_targets_my_day_evening", login=self.user.login
        )
        self.assertEqual(plan.state, "submitted")
        missed = plan.item_ids.filtered(lambda item: item.state == "missed")
        self.assertEqual(missed.title, "Gamma")
        self.assertEqual(missed.reason_id, self.reasons["ABSENT"])
        self.assertTrue(missed.carry)


@tagged("post_install", "-at_install")
class TestTeamDay(HttpCase, WorkCase):
    def test_leader(self):
        self._customer("Alpha", turnover=2)
        self._customer("Delta", turnover=1)
        plan = self._propose().with_user(self.user)
        plan.action_accept()
        plan.item_ids[1].action_drop(self.reasons["PRICE"].id)
        plan.action_submit(self._answers(plan, "ABSENT"))
        self.start_tour(
            "/odoo/team-day",
            "sales_targets_team_day",
            login=self.users["leader"].login,
        )
        self.assertEqual(plan.item_ids[1].agreed_by_id, self.users["leader"])
        self.assertEqual(plan.comment, "Call first next time")
        self.assertEqual(plan.state, "reviewed")
