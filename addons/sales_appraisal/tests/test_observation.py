"""Joint visits: written by the coach, read by the rep when handed over."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_coaching import CoachingCase


@tagged("post_install", "-at_install")
class TestObservation(CoachingCase):
    def _visit(self, name="rep", day="2031-03-10"):
        return self.env["sales.visit"].create(
            {
                "rep_id": self.reps[name].id,
                "partner_id": self.partner.id,
                "date_planned": f"{day} 09:00:00",
            }
        )

    def _observe(self, visit, role="leader", **ratings):
        action = visit.with_user(self.users[role]).action_observe()
        form = self.env["sales.observation"].browse(action["res_id"])
        form = form.with_user(self.users[role])
        for name, rating in ratings.items():
            line = form.line_ids.filtered(lambda line, n=name: line.name == n)
            line.rating = rating
        return form

    def test_form(self):
        visit = self._visit()
        form = self._observe(visit, Opening="4", Needs="2")
        self.assertEqual(form, self._observe(visit))
        self.assertEqual(len(form.line_ids), 7)
        mine = form.with_user(self.users["rep"])
        self.assertFalse(mine.has_access("read"))
        self.assertFalse(mine.line_ids.browse(form.line_ids.ids).has_access("read"))
        form.action_submit()
        mine.invalidate_recordset()
        self.assertEqual(mine.score, 3)
        self.assertEqual(mine.read(["partner_name"])[0]["partner_name"], "Customer")
        for write in (
            lambda: mine.write({"advice": "None"}),
            lambda: mine.line_ids[0].write({"rating": "5"}),
        ):
            with self.assertRaises(AccessError):
                write()
        for write in (
            lambda: form.write({"advice": "Late"}),
            lambda: form.line_ids[0].write({"rating": "5"}),
            form.unlink,
            form.line_ids.unlink,
        ):
            with self.assertRaises(UserError):
                write()

    def test_refused(self):
        visit = self._visit()
        for role in ("rep", "peer_leader", "second", "finance"):
            with self.assertRaises(AccessError, msg=role):
                self._observe(visit, role)
        leaders = self._visit("leader")
        with self.assertRaises(AccessError):
            self._observe(leaders, "leader")
        form = self._observe(leaders, "manager", Opening="3")
        # Not even who leads others reads the own one before.
        self.assertFalse(form.with_user(self.users["leader"]).has_access("read"))
        with self.assertRaises(AccessError):
            form.with_user(self.users["director"]).advice = "Mine"
        with self.assertRaises(UserError):
            self._observe(self._visit()).action_submit()
        for vals in ({"score": 5}, {"state": "submitted"}, {"coach_id": 1}):
            with self.assertRaises(UserError):
                form.write(vals)

    def test_exercise(self):
        """What was to be done together is done: of this visit, else the next one."""
        plan = self._agreed()
        first, second = self.env["sales.coaching.exercise"].create(
            [
                {
                    "coaching_id": plan.id,
                    "name": "Joint Visit",
                    "kind": "visit",
                    "date_deadline": f"2031-03-{day}",
                }
                for day in (12, 20)
            ]
        )
        visit = self._visit()
        self._observe(visit, Opening="4").action_submit()
        self.assertEqual((first.state, second.state), ("done", "open"))
        self.assertEqual(first.visit_id, visit)
        with self.assertRaises(UserError):
            visit.unlink()

    def test_trend(self):
        """Each item beside what it was the time before; one query for all lines."""
        for day, rating in (("2031-02-03", "2"), ("2031-02-10", "3")):
            form = self._observe(self._visit(day=day), Opening=rating)
            form.action_submit()
        self._observe(self._visit(day="2031-02-12"), Opening="5")
        form = self._observe(self._visit(), Opening="4", Needs="1")
        previous = {line.name: line.previous for line in form.line_ids}
        self.assertEqual((previous["Opening"], previous["Needs"]), (3, 0))
        action = form.action_open_trend()
        lines = self.env["sales.observation.line"].search(action["domain"])
        self.assertEqual(len(lines), 5)
