"""Who is weaker than the team at what, and is asked to learn."""

from datetime import datetime, timedelta
from fractions import Fraction

from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tickets.shrink import shrunk, weak
from .common import ServiceCase

results = st.integers(0, 50).flatmap(
    lambda count: st.tuples(st.integers(0, count), st.just(count))
)


@tagged("post_install", "-at_install")
class TestShrink(BaseCase):
    @settings(deadline=None)
    @given(results, results)
    def test_law(self, own, others):
        """Between the own mean and that of all, nearer to the own the more there is."""
        everybody = (own[0] + others[0], own[1] + others[1])
        if not everybody[1]:
            self.assertFalse(weak(own, everybody, 0, 0))
            return
        mean = Fraction(*everybody)
        told = shrunk(*own, mean)
        if own[1]:
            raw = Fraction(*own)
            self.assertTrue(min(raw, mean) <= told <= max(raw, mean))
            more = shrunk(2 * own[0], 2 * own[1], mean)
            self.assertLessEqual(abs(raw - more), abs(raw - told))
            self.assertEqual(weak(own, everybody, 0, 0), raw < mean)
        else:
            self.assertEqual(told, mean)
        self.assertFalse(weak(own, everybody, own[1] + 1, 0))
        self.assertFalse(weak(own, everybody, 0, 1))


class WeaknessCase(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Weakness = cls.env["sales.service.weakness"]
        cls.month = cls.company._get_sales_today().replace(day=1)
        cls.moment = datetime.combine(cls.month, datetime.min.time()) - timedelta(
            days=20
        )
        cls.course = cls.env["sales.course"].create(
            {"name": "Seals", "company_id": cls.company.id}
        )
        cls.category.course_ids = cls.course
        cls.rep = cls._rep(cls.users["agent"])

    def setUp(self):
        super().setUp()
        self.patch(self.registry["ir.cron"], "_commit_progress", lambda *_, **__: 0)

    def _closed(self, user, count, bad, moment=None, **values):
        """So many tickets of a user, of which some were reopened."""
        moment = moment or self.moment
        tickets = self.env["sales.service.ticket"].create(
            [
                {
                    "name": "Pump",
                    "partner_id": self.partner.id,
                    "category_id": self.category.id,
                    "user_id": self.users[user].id,
                    **values,
                }
                for _number in range(count)
            ]
        )
        tickets.write({"state": "closed", "resolved_at": moment, "closed_at": moment})
        tickets[:bad].reopen_count = 1
        tickets.repeat_of_id = False
        return tickets


@tagged("post_install", "-at_install")
class TestWeakness(WeaknessCase):
    def _found(self):
        return self.Weakness.search([("team_id", "=", self.team.id)])

    def test_found_once(self):
        """A rep is asked to take the course, once a month, and needs it from now on."""
        self._closed("agent", 20, 15)
        self._closed("colleague", 40, 2)
        self.Weakness._cron_find()
        found = self._found()
        self.assertEqual(
            (found.user_id, found.category_id, found.measure, found.count),
            (self.users["agent"], self.category, "first_fix", 20),
        )
        self.assertEqual((found.mean, found.course_ids), (0.25, self.course))
        self.assertEqual(found.team_mean, 0.72)
        action = self._as("service_manager", found).action_open_tickets()
        lines = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(len(lines), 20)
        self.assertEqual(lines.user_id, self.users["agent"])
        need = self.env["sales.training.need"].search(
            [("rep_id", "=", self.rep.id), ("course_id", "=", self.course.id)]
        )
        self.assertEqual(need.status, "lacking")
        self.assertEqual(need.reason, "Leak, first-time fix: 25 %, the team 72 %")
        self.assertFalse(found.activity_ids)
        for _time in range(2):
            self.Weakness._cron_find()
        self.assertEqual(self._found(), found)
        self.assertEqual(
            self.env["sales.training.request"].search_count(
                [("rep_id", "=", self.rep.id)]
            ),
            1,
        )

    def test_not_of_few(self):
        """Few tickets, what is long ago, other companies' teams, and what is equal."""
        self._closed("agent", 9, 9)
        self._closed("colleague", 40, 2)
        self._closed("agent", 20, 20, self.moment - relativedelta(months=4))
        self._closed("agent", 20, 20, datetime.now())
        self.Weakness._cron_find()
        self.assertFalse(self._found())
        self.team.training_tickets = 5
        self.team.training_gap = 60
        self.Weakness._cron_find()
        self.assertFalse(self._found())
        self.team.training_tickets = 0
        self.team.training_gap = 0
        self.Weakness._cron_find()
        self.assertFalse(self._found())

    def test_months_of_the_company(self):
        """Its first morning in Shanghai is no part of the month before, as in UTC."""
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self._closed("agent", 20, 15, self.company._get_sales_day(self.month)[0])
        self._closed("colleague", 40, 2)
        self.Weakness._cron_find()
        self.assertFalse(self._found())

    def test_gone(self):
        """Who has left is asked to learn nothing."""
        self._closed("agent", 20, 15)
        self._closed("colleague", 40, 2)
        self.users["agent"].active = False
        self.Weakness._cron_find()
        self.assertFalse(self._found())

    def test_one_course(self):
        """Weak by two measures at once: asked for the course once."""
        for user, bad, points in (("agent", 15, 1), ("colleague", 2, 5)):
            self.env["sales.service.rating"].create(
                [
                    {
                        "ticket_id": ticket.id,
                        "user_id": ticket.user_id.id,
                        "points": points,
                        "asked_at": self.moment,
                        "rated_at": self.moment,
                    }
                    for ticket in self._closed(user, 20, bad)
                ]
            )
        self.Weakness._cron_find()
        self.assertEqual(set(self._found().mapped("measure")), {"first_fix", "rating"})
        self.assertEqual(
            self.env["sales.training.request"].search_count(
                [("rep_id", "=", self.rep.id)]
            ),
            1,
        )

    def test_manager_told(self):
        """Who is no rep, has the certificate, or where no course is named."""
        manager = self.users["service_manager"]
        group = self.env.ref("sales_service.group_service_manager")
        (group.all_user_ids - manager).group_ids = [(3, group.id)]
        self._closed("colleague", 20, 18)
        self._closed("agent", 60, 2)
        self.Weakness._cron_find()
        found = self._found()
        self.assertEqual(found.user_id, self.users["colleague"])
        self.assertFalse(found.course_ids)
        self.assertEqual(found.activity_ids.user_id, manager)
        self.assertIn("Colleague", found.activity_ids.summary)
        found.unlink()
        rep = self._rep(self.users["colleague"])
        self.env["sales.certificate"].create(
            {"rep_id": rep.id, "course_id": self.course.id, "date": "2026-01-01"}
        )
        self.Weakness._cron_find()
        found = self._found()
        self.assertEqual((found.course_ids.ids, len(found.activity_ids)), ([], 1))

    def test_rating_and_course_above(self):
        above = self.env["sales.service.category"].create(
            {
                "name": "Water",
                "company_id": self.company.id,
                "course_ids": self.course.ids,
            }
        )
        self.category.write({"course_ids": False, "parent_id": above.id})
        for user, points in (("agent", 1), ("colleague", 5)):
            for ticket in self._closed(user, 12, 0):
                self.env["sales.service.rating"].create(
                    {
                        "ticket_id": ticket.id,
                        "user_id": ticket.user_id.id,
                        "points": points,
                        "rated_at": self.moment,
                    }
                )
        self.Weakness._cron_find()
        found = self._found()
        self.assertEqual((found.measure, found.mean, found.team_mean), ("rating", 1, 3))
        self.assertEqual(found.course_ids, self.course)

    def test_rights(self):
        self._closed("colleague", 20, 18)
        self._closed("agent", 60, 2)
        self.Weakness._cron_find()
        found = self._found()
        for role in ("agent", "colleague", "dispatcher", "rep", "leader", "finance"):
            self.assertFalse(self._as(role, found).has_access("read"), role)
        for role in ("service_manager", "director", "operations"):
            one = self._as(role, found)
            self.assertTrue(one.has_access("read"), role)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(one.has_access(operation), role)
