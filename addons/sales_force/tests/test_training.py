"""Training: who needs what, who has it, who is reminded."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import SalesForceCase


@tagged("post_install", "-at_install")
class TestTraining(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.course"].search([]).active = False
        cls.env["sales.followup.rule"].search([]).active = False
        cls.today = cls.company._get_sales_today()
        cls.course = cls.env["sales.course"].create(
            {
                "name": "Pumps",
                "company_id": cls.company.id,
                "required": "all",
                "validity_months": 12,
                "within_days": 30,
                "required_from": cls.today,
            }
        )
        cls.rep = cls.reps["rep"]

    def _session(self, by="leader", **values):
        return (
            self.env["sales.course.session"]
            .with_user(self.users[by])
            .create(
                {
                    "course_id": self.course.id,
                    "company_id": self.company.id,
                    "date_start": fields.Datetime.now() + timedelta(days=1),
                    "date_stop": fields.Datetime.now() + timedelta(days=1, hours=4),
                    **values,
                }
            )
        )

    def test_trainer(self):
        """The trainer sees and judges everybody in the room."""
        trainer = self.users["peer_leader"]
        session = self._session("operations", trainer_id=trainer.partner_id.id)
        self.env["sales.course.attendee"].create(
            {"session_id": session.id, "rep_id": self.rep.id}
        )
        mine = session.with_user(trainer)
        self.assertEqual(mine.attendee_ids.rep_id, self.rep)
        mine.attendee_ids.result = "passed"
        with self.assertRaises(AccessError):
            mine.attendee_ids.unlink()

    def test_unseen_participant(self):
        """Whose outcome is missing is named, also to who does not see the rep."""
        session = self._session("peer_leader")
        self.env["sales.course.attendee"].create(
            {"session_id": session.id, "rep_id": self.rep.id}
        )
        with freeze_time(session.date_stop + timedelta(hours=1)):
            with self.assertRaisesRegex(UserError, "Say who passed: Rep"):
                session.with_user(self.users["peer_leader"]).action_hold()

    def _certificate(self, day, who="rep", **values):
        return self.env["sales.certificate"].create(
            {
                "rep_id": self.reps[who].id,
                "course_id": self.course.id,
                "date": day,
                **values,
            }
        )

    def _status(self, who="rep"):
        self.env.flush_all()
        need = self.env["sales.training.need"].search(
            [("rep_id", "=", self.reps[who].id), ("course_id", "=", self.course.id)]
        )
        need.invalidate_recordset()
        return need.status

    def test_how_it_stands(self):
        self.assertEqual(self._status(), "lacking")
        self.course.required_from = self.today - timedelta(days=31)
        self.assertEqual(self._status(), "overdue")
        old = self._certificate(self.today - timedelta(days=500))
        self.assertFalse(old.is_valid)
        self.assertEqual(self._status(), "expired")
        session = self._session()
        session.attendee_ids.create({"session_id": session.id, "rep_id": self.rep.id})
        self.assertEqual(self._status(), "booked")
        soon = self._certificate(self.today - timedelta(days=350))
        self.assertEqual(self._status(), "expiring")
        new = self._certificate(self.today)
        self.assertEqual(new.date_end, fields.Date.add(self.today, years=1, days=-1))
        self.assertEqual(self._status(), "valid")
        valid = self.env["sales.certificate"].search(
            [("is_valid", "=", True), ("rep_id", "=", self.rep.id)]
        )
        self.assertEqual(valid, soon + new)

    def test_requested(self):
        """Who was asked to take a course needs it until passing it since."""
        self.course.required = "none"
        self.assertFalse(self._status())
        self._certificate(self.today - timedelta(days=400))
        asked = self.env["sales.training.request"].create(
            {
                "rep_id": self.rep.id,
                "course_id": self.course.id,
                "date": self.today - timedelta(days=2),
                "reason": "Pumps came back",
            }
        )
        self.assertEqual(self._status(), "expired")
        self.assertFalse(self._status("peer"))
        need = self.env["sales.training.need"].search([("rep_id", "=", self.rep.id)])
        self.assertEqual(
            (need.reason, need.due_on),
            ("Pumps came back", self.today + timedelta(days=28)),
        )
        session = self._session()
        session.with_user(self.users["leader"]).action_invite_lacking()
        self.assertEqual(session.attendee_ids.rep_id, self.rep)
        self._certificate(self.today)
        self.assertFalse(self._status())
        for role, seen in {
            "rep": True,
            "peer": False,
            "leader": True,
            "peer_leader": False,
            "director": True,
            "operations": True,
            "finance": False,
        }.items():
            one = asked.with_user(self.users[role])
            self.assertEqual(one.has_access("read"), seen, role)
            self.assertFalse(one.has_access("write"), role)
            self.assertFalse(one.has_access("create"), role)

    def test_of_some_grades(self):
        senior = self.env["sales.grade"].create({"name": "Senior"})
        self.course.write({"required": "grade", "grade_ids": senior.ids})
        self.assertFalse(self._status())
        self.rep.grade_id = senior
        self.assertEqual(self._status(), "lacking")
        self.assertFalse(self._status("peer"))
        missing = (self.rep + self.reps["peer"])._get_missing_courses()
        self.assertEqual(missing[self.rep], self.course)
        self.assertFalse(missing[self.reps["peer"]])
        self.rep.state = "suspended"
        self.assertFalse(self._status())

    def test_held(self):
        """Who passed gets a certificate, once."""
        session = self._session()
        session.action_invite_lacking()
        invited = session.attendee_ids.rep_id
        self.assertEqual(invited, self.rep, "those below the leader")
        session.attendee_ids.result = "passed"
        with self.assertRaisesRegex(UserError, "ends on"):
            session.action_hold()
        self._pass_time(session)
        session.attendee_ids.result = "invited"
        with self.assertRaisesRegex(UserError, "Say who passed: Rep"):
            session.action_hold()
        session.attendee_ids.result = "passed"
        session.action_hold()
        certificate = self.env["sales.certificate"].search(
            [("session_id", "=", session.id)]
        )
        self.assertEqual(certificate.rep_id, self.rep)
        self.assertEqual(self._status(), "valid")
        for again in (session.action_hold, session.action_cancel):
            with self.assertRaisesRegex(UserError, "over"):
                again()
        with self.assertRaises(UserError):
            session.attendee_ids.result = "failed"
        with self.assertRaises(UserError):
            session.state = "planned"
        with self.assertRaisesRegex(UserError, "over"):
            session.date_stop = fields.Datetime.now()

    def _pass_time(self, session):
        session.sudo().write(
            {
                "date_start": fields.Datetime.now() - timedelta(hours=4),
                "date_stop": fields.Datetime.now() - timedelta(minutes=1),
            }
        )

    def test_whose_session(self):
        """Trainer, who planned it and operations say when it was, and that it was."""
        session = self._session()
        for who in ("peer_leader", "manager", "director"):
            strange = session.with_user(self.users[who])
            for way in (strange.action_hold, strange.action_cancel):
                with self.assertRaisesRegex(AccessError, "by its trainer"):
                    way()
            for vals in (
                {"date_stop": fields.Datetime.now()},
                {"trainer_id": self.users[who].partner_id.id},
            ):
                with self.assertRaisesRegex(AccessError, "by its trainer"):
                    strange.write(vals)
        # Whoever leads somebody invites.
        peer_leader = self.users["peer_leader"]
        session.with_user(peer_leader).action_invite_lacking()
        self.assertEqual(session.attendee_ids.rep_id, self.reps["peer"])
        session.attendee_ids.with_user(peer_leader).result = "passed"
        self._pass_time(session)
        session.trainer_id = self.users["manager"].partner_id
        session.with_user(self.users["manager"]).action_hold()
        self.assertEqual(session.state, "held")
        other = self._session()
        other.with_user(self.users["operations"]).action_cancel()
        self.assertEqual(other.state, "cancelled")

    def test_not_before_its_day(self):
        """A certificate of a later day does not count yet."""
        certificate = self._certificate(self.today + timedelta(days=1))
        self.assertEqual(self._status(), "lacking")
        self.assertEqual(self.rep._get_missing_courses()[self.rep], self.course)
        self.assertFalse(certificate.is_valid)
        self.assertNotIn(certificate, certificate.search([("is_valid", "=", True)]))

    def test_places(self):
        session = self._session("operations", capacity=2)
        session.action_invite_lacking()
        self.assertEqual(len(session.attendee_ids), 2)
        with self.assertRaisesRegex(UserError, "2 places"):
            session.attendee_ids.create(
                {"session_id": session.id, "rep_id": self.reps["peer"].id}
            )

    def test_nobody_certifies_oneself(self):
        session = self._session()
        with self.assertRaises(AccessError):
            session.attendee_ids.create(
                {"session_id": session.id, "rep_id": self.reps["leader"].id}
            )
        certificates = self.env["sales.certificate"].with_user(self.users["leader"])
        vals = {"course_id": self.course.id, "rep_id": self.rep.id}
        certificate = certificates.create(vals)
        for who in ("leader", "peer"):
            with self.assertRaises(AccessError):
                certificates.create({**vals, "rep_id": self.reps[who].id})
        with self.assertRaises(AccessError):
            certificate.rep_id = self.reps["leader"]

    def test_who_sees_the_matrix(self):
        needs = self.env["sales.training.need"]
        seen = {
            "rep": {"rep"},
            "leader": {"rep", "leader"},
            "director": set(self.reps) - {"foreigner"},
            "operations": set(self.reps) - {"foreigner"},
        }
        ours = {rep.id: name for name, rep in self.reps.items()}
        for role, names in seen.items():
            found = needs.with_user(self.users[role]).search(
                [("course_id", "=", self.course.id)]
            )
            self.assertEqual(
                {ours[n.rep_id.id] for n in found if n.rep_id.id in ours}, names
            )
        with self.assertRaises(AccessError):
            needs.with_user(self.users["finance"]).search([])

    def test_reminders(self):
        """By the follow-up rules: once, escalated, gone with the certificate."""
        rule = self.env["sales.followup.rule"].create(
            {
                "name": "Lacking",
                "kind": "course_lacking",
                "days": 14,
                "day_kind": "calendar",
                "company_id": self.company.id,
                "date_from": self.today - timedelta(days=100),
                "domain": str([("id", "=", self.rep.id)]),
            }
        )
        followups = self.env["sales.followup"]
        rule._run(self.company)
        self.assertFalse(followups.search([("rule_id", "=", rule.id)]))
        self.course.required_from = self.today - timedelta(days=14)
        for _again in range(2):
            rule._run(self.company)
            followup = followups.search([("rule_id", "=", rule.id)])
            self.assertEqual(followup.activity_id.user_id, self.users["rep"])
        self._certificate(self.today)
        rule._run(self.company)
        self.assertEqual(followup.state, "gone")
        self.assertFalse(self.rep.activity_ids)

    def test_reminder_of_an_end(self):
        rule = self.env["sales.followup.rule"].create(
            {
                "name": "Ends",
                "kind": "certificate_expires",
                "days": 30,
                "day_kind": "calendar",
                "company_id": self.company.id,
                "date_from": self.today - timedelta(days=100),
            }
        )
        certificate = self._certificate(self.today - timedelta(days=350))
        rule._run(self.company)
        self.assertEqual(certificate.activity_ids.user_id, self.users["rep"])
        self._certificate(self.today)
        rule._run(self.company)
        self.assertFalse(certificate.activity_ids)

    def test_queries(self):
        """As many for all reps as for one."""
        reps = self.env["sales.rep"].browse([rep.id for rep in self.reps.values()])
        reps[:1]._get_missing_courses()

        def count(reps):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            reps._get_missing_courses()
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(reps[:1]), count(reps))
