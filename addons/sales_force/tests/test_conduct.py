"""Conduct: who reports, who decides, who appeals, what counts."""

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import SalesForceCase

DAY = "2031-05-12"


@tagged("post_install", "-at_install")
@freeze_time(f"{DAY} 09:00:00")
class TestConduct(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id.tz = "UTC"
        cls.violation = cls.env.ref("sales_force.sales_conduct_category_discount")
        cls.praise = cls.env.ref("sales_force.sales_conduct_category_customer")

    def _report(self, who="rep", by="leader", category=None, **values):
        return (
            self.env["sales.conduct"]
            .with_user(self.users[by])
            .create(
                {
                    "rep_id": self.reps[who].id,
                    "category_id": (category or self.violation).id,
                    "description": "As it was",
                    "date": DAY,
                    **values,
                }
            )
        )

    def _decide(self, case, by, state, reason="Because"):
        action = getattr(
            case.with_user(self.users[by]),
            {
                "confirmed": "action_confirm",
                "dismissed": "action_dismiss",
                "appealed": "action_appeal",
                "upheld": "action_uphold",
                "granted": "action_grant",
            }[state],
        )()
        wizard = self.env["sales.conduct.decide"].with_user(self.users[by])
        wizard = wizard.with_context(**action["context"]).create({"reason": reason})
        wizard.action_apply()

    def test_without_working_days(self):
        """A case can be read where nobody works; the appeal is open for long."""
        self.company.resource_calendar_id = self.env["resource.calendar"].create(
            {"name": "Nothing", "tz": "UTC", "attendance_ids": [(5, 0, 0)]}
        )
        case = self._report()
        self._decide(case, "leader", "confirmed")
        self.assertGreater(str(case.appeal_until), DAY)

    def _told(self, case):
        """Who was told last."""
        return self._last_message(case).notified_partner_ids.user_ids

    def test_who_is_told(self):
        case = self._report()
        self.assertEqual(self._told(case), self.users["manager"])
        self._decide(case, "leader", "confirmed")
        self.assertEqual(self._told(case), self.users["rep"])
        self._decide(case, "rep", "appealed", "It was agreed")
        self.assertEqual(self._told(case), self.users["manager"])
        self._decide(case, "manager", "upheld")
        self.assertEqual(self._told(case), self.users["rep"])

    def test_appeals_go_up(self):
        """Whoever is below the one who decided does not overrule."""
        case = self._report(by="leader")
        self._decide(case, "manager", "confirmed")
        self._decide(case, "rep", "appealed")
        with self.assertRaisesRegex(AccessError, "who is above"):
            self._decide(case, "leader", "granted")
        self._decide(case, "director", "granted")
        self.assertEqual(case.state, "granted")

    def test_from_report_to_the_end(self):
        case = self._report()
        self.assertEqual((case.points, case.score, case.kind), (3, 0, "violation"))
        self.assertEqual(case.reported_by_id, self.users["leader"])
        self._decide(case, "leader", "confirmed")
        self.assertEqual((case.state, case.score), ("confirmed", -3))
        self.assertEqual(str(case.appeal_until), "2031-05-19")
        self._decide(case, "rep", "appealed", "It was agreed")
        self.assertEqual((case.state, case.score), ("appealed", -3))
        with self.assertRaisesRegex(AccessError, "Somebody else"):
            self._decide(case, "leader", "upheld")
        self._decide(case, "manager", "granted")
        self.assertEqual((case.state, case.score), ("granted", 0))
        self.assertEqual(case.appeal_decided_by_id, self.users["manager"])
        with self.assertRaises(UserError):
            self._decide(case, "director", "upheld")

    def test_upheld_and_dismissed(self):
        case, other = self._report(), self._report()
        self._decide(case, "manager", "confirmed")
        self._decide(case, "rep", "appealed")
        self._decide(case, "director", "upheld")
        self._decide(other, "leader", "dismissed")
        self.assertEqual((case.score, other.score), (-3, 0))

    def test_appeal_in_time(self):
        case = self._report()
        with self.assertRaises(AccessError):
            self._decide(case, "rep", "appealed")
        self._decide(case, "leader", "confirmed")
        with freeze_time("2031-05-20 09:00:00"):
            with self.assertRaises(UserError):
                self._decide(case, "rep", "appealed")
        for who in ("leader", "director"):
            with self.assertRaises(AccessError):
                self._decide(case, who, "appealed")
        with freeze_time("2031-05-19 09:00:00"):
            case.invalidate_recordset()
            self.assertTrue(case.with_user(self.users["rep"]).may_appeal)
            self._decide(case, "rep", "appealed")

    def test_nobody_decides_on_himself(self):
        """Nor reports, reads before the decision, or changes what is decided."""
        case = self._report("leader", "manager")
        own = case.with_user(self.users["leader"])
        self.assertFalse(own.has_access("read"))
        with self.assertRaises(AccessError):
            own._decide("confirmed", "No")
        with self.assertRaises(AccessError):
            self._report("leader", "leader")
        self._decide(case, "manager", "confirmed")
        self.assertTrue(own.has_access("read"))
        self.assertFalse(own.has_access("write"))
        with self.assertRaises(UserError):
            case.points = 1
        with self.assertRaises(UserError):
            case.unlink()
        with self.assertRaises(UserError):
            self._report(state="confirmed")
        with self.assertRaises(UserError):
            self._report().decision = "Mine"
        with self.assertRaises(UserError):
            self._decide(self._report(), "leader", "confirmed", "  ")

    def test_roles(self):
        case = self._report()
        seen = {
            role: case.with_user(self.users[role]).has_access("read")
            for role in self.users
        }
        expected = {"leader", "manager", "director", "operations"}
        self.assertEqual({role for role, sees in seen.items() if sees}, expected)
        self.assertFalse(case.with_user(self.users["operations"]).has_access("write"))
        for role in ("rep", "peer_leader", "operations", "finance"):
            with self.assertRaises(AccessError):
                self._report(by=role)
        with self.assertRaises(AccessError):
            case.with_user(self.users["peer_manager"])._decide("confirmed", "No")
        self._decide(case, "leader", "confirmed")
        self.assertTrue(case.with_user(self.users["rep"]).has_access("read"))
        self.assertFalse(case.with_user(self.users["peer"]).has_access("read"))

    def test_no_other_way(self):
        case = self._report()
        with self.assertRaises(AccessError):
            case.rep_id = self.reps["peer"]
        for state in ("reported", "anything"):
            with self.assertRaises(UserError):
                case._decide(state, "Because")

    def test_points(self):
        self._decide(self._report(), "leader", "confirmed")
        self._decide(self._report(category=self.praise), "leader", "confirmed")
        self._report(category=self.praise)
        old = self._report(date="2031-04-30")
        self._decide(old, "leader", "confirmed")
        reps = self.reps["rep"] + self.reps["peer"]
        conduct = self.env["sales.conduct"]
        self.assertEqual(
            conduct._get_points(reps, "2031-05-01", "2031-05-31"),
            {self.reps["rep"]: 0},
        )
        self.assertEqual(
            conduct._get_points(reps, "2031-04-01", "2031-05-31"),
            {self.reps["rep"]: -3},
        )
