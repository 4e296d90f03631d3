"""Asked once a contact and period; the score as a whole number."""

import random
from contextlib import suppress
from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import AccessError
from odoo.tests import BaseCase, HttpCase, tagged

from ..tickets.nps import value
from .common import ServiceCase

NOW = "2031-04-02 09:00:00"


class TestValue(BaseCase):
    @given(st.lists(st.integers(0, 10), min_size=1))
    def test_mean(self, scores):
        """The mean of the values is promoters less detractors, in percent."""
        promoters = sum(score in (9, 10) for score in scores)
        detractors = sum(score <= 6 for score in scores)
        self.assertEqual(sum(map(value, scores)), 100 * (promoters - detractors))


class NpsCase(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.service.team"].search([]).nps_period = False
        cls.team.nps_period = "quarter"
        cls.company.resource_calendar_id.tz = "UTC"
        cls.contacts = cls.env["res.partner"].create(
            [
                {
                    "name": f"Contact {number}",
                    "parent_id": cls.partner.id,
                    "email": f"contact{number}@example.com",
                }
                for number in range(8)
            ]
        )

    @classmethod
    def _resolved(cls, contact, moment, **values):
        ticket = cls._ticket("agent", partner_id=contact.id, **values)
        ticket.write({"state": "closed", "resolved_at": moment, "closed_at": moment})
        return ticket

    def _run(self, now=NOW):
        at = datetime.fromisoformat(now)
        with (
            freeze_time(now),
            patch.object(
                type(self.env["sales.service.ticket"]), "_get_now", lambda _self: at
            ),
            patch.object(type(self.env["ir.cron"]), "_commit_progress"),
        ):
            self.env["sales.service.nps"]._cron_ask()
        return self.env["sales.service.nps"].search([], order="id")

    def _answer(self, asked, score, why=None):
        """As the survey's page does."""
        answer = asked.user_input_id
        questions = answer.survey_id.question_ids
        answer._save_lines(questions[0], str(score))
        if why:
            answer._save_lines(questions[1], why)
        answer._mark_done()


@tagged("post_install", "-at_install")
class TestNps(NpsCase):
    def test_asked_once(self):
        """Who had a ticket resolved in the quarter, whatever how many."""
        first, second, third, fourth = self.contacts[:4]
        self._resolved(first, "2031-03-31 23:59:59")
        self._resolved(first, "2031-01-01 00:00:00")
        self._resolved(second, "2031-04-01 00:00:00")
        self._resolved(second, "2030-12-31 23:59:59")
        self._resolved(third, "2031-02-01 00:00:00")
        third.sales_nps_opt_out = True
        fourth.email = False
        self._resolved(fourth, "2031-02-01 00:00:00")
        asked = self._run()
        self.assertEqual(asked.partner_id, first)
        self.assertTrue(asked.asked_at)
        mail = self.env["mail.mail"].search([("recipient_ids", "in", first.ids)])
        self.assertEqual(len(mail), 1)
        self.assertIn(asked.user_input_id.access_token, mail.body_html)
        self.assertIn("/service/nps/", mail.body_html)
        # Not again, also by a team with another period.
        self.team.nps_period = "month"
        self.assertEqual(self._run(), asked)
        self.assertEqual(self._run("2031-04-20 09:00:00"), asked)
        self.team.nps_period = "quarter"
        later = self._run("2031-07-01 09:00:00") - asked
        self.assertEqual(later.partner_id, second)

    def test_killed(self):
        """What a run did before it was killed the next does not do again."""
        for contact in self.contacts:
            self._resolved(contact, "2031-02-01 00:00:00")
        asked, calls = self.env["sales.service.nps"], []
        ask = type(asked)._ask

        def dies(self):
            calls.append(self)
            if len(calls) == 3:
                raise KeyboardInterrupt
            ask(self)

        module = "odoo.addons.sales_service.models.sales_service_nps.BATCH"
        with patch(module, 2), patch.object(type(asked), "_ask", dies):
            # Not ``assertRaises``, which would roll back.
            with suppress(KeyboardInterrupt):
                self._run()
        self.assertEqual(len(asked.search([("asked_at", "!=", False)])), 4)
        self._run()
        self.assertFalse(asked.search([("asked_at", "=", False)]))
        mails = self.env["mail.mail"].search(
            [("recipient_ids", "in", self.contacts.ids)]
        )
        self.assertEqual(len(mails), len(self.contacts))

    def test_off_and_late(self):
        self._resolved(self.contacts[0], "2031-02-01 00:00:00")
        self.team.nps_period = False
        self.assertFalse(self._run())
        self.team.nps_period = "quarter"
        # Two months after the quarter nobody knows what it is about.
        self.assertFalse(self._run("2031-06-01 09:00:00"))

    def test_not_wanted(self):
        """Who is on Odoo's blacklist, or archived; one letter to one address."""
        blocked, gone, first, second = self.contacts[:4]
        for contact in self.contacts[:5]:
            self._resolved(contact, "2031-02-01 00:00:00")
        self.env["mail.blacklist"].create({"email": blocked.email})
        gone.active = False
        second.email = first.email.upper()
        asked = self._run()
        self.assertEqual(len(asked), 2)
        self.assertEqual(len(asked.partner_id & (first + second)), 1)
        self.assertEqual(asked.partner_id - first - second, self.contacts[4])
        # Who says stop says it for the address.
        (asked.partner_id & (first + second))._stop_surveys()
        self.assertTrue(first.sales_nps_opt_out and second.sales_nps_opt_out)
        self.assertFalse(self.contacts[4].sales_nps_opt_out)

    def test_changed_his_mind(self):
        """Who is planned and stopped in between is not asked, and not counted."""
        for contact in self.contacts[:2]:
            self._resolved(contact, "2031-02-01 00:00:00")
        planned = self.env["sales.service.nps"]
        with freeze_time(NOW):
            self.team._plan_nps()
        planned = planned.search([])
        self.assertEqual(len(planned), 2)
        [(rate,)] = planned._read_group([], [], ["answered:avg"])
        self.assertFalse(rate)
        self.contacts[0]._stop_surveys()
        asked = self._run()
        self.assertEqual(asked.partner_id, self.contacts[1])
        self._answer(asked, 10)
        [(rate,)] = asked._read_group([], [], ["answered:avg"])
        self.assertEqual(rate, 1)

    def test_killed_for_long(self):
        """Planned and not asked in time: taken back, no share of those asked."""
        self._resolved(self.contacts[0], "2031-02-01 00:00:00")
        with freeze_time(NOW):
            self.team._plan_nps()
        self.assertFalse(self._run("2031-06-01 09:00:00"))

    def test_answer(self):
        self._resolved(self.contacts[0], "2031-02-01 00:00:00")
        asked = self._run()
        self._answer(asked, 9, "Quick")
        self.assertEqual(
            (asked.score, asked.nps, asked.answered, asked.comment),
            (9, 100, 1, "Quick"),
        )
        self.assertTrue(asked.answered_at)
        # Once.
        self._answer(asked, 0)
        self.assertEqual(asked.score, 9)

    def test_score(self):
        """As counted by hand, by any group; with too few answers there is none."""
        draw = random.Random(7)
        vals = []
        for _number in range(200):
            score = draw.randrange(11) if draw.random() < 0.6 else None
            contact = self.env["res.partner"].create({"name": "C"})
            vals.append(
                {
                    "company_id": self.company.id,
                    "team_id": draw.choice((self.team, self.other_team)).id,
                    "partner_id": contact.id,
                    "date_from": "2031-01-01",
                    "date_to": draw.choice(("2031-03-31", "2030-12-31")),
                    "asked_at": NOW,
                    "answered": 0,
                    **(
                        {
                            "score": score,
                            "nps": value(score),
                            "answered": 1,
                            "answered_at": NOW,
                        }
                        if score is not None
                        else {}
                    ),
                }
            )
        asked = self.env["sales.service.nps"].create(vals)
        self.env.flush_all()
        rows = asked._read_group(
            [("id", "in", asked.ids)],
            ["team_id", "date_to:quarter"],
            ["nps:avg", "answered:avg", "score:avg", "__count"],
        )
        self.assertEqual(len(rows), 4)
        for team, start, score, rate, mean, count in rows:
            some = asked.filtered(
                lambda one, team=team, start=start: (
                    one.team_id == team
                    and (one.date_to.year == 2031) == (start.year == 2031)
                )
            )
            given_ = some.filtered("answered_at").mapped("score")
            self.assertEqual(count, len(some))
            self.assertAlmostEqual(rate, len(given_) / len(some))
            self.assertAlmostEqual(float(mean), sum(given_) / len(given_))
            promoters = sum(one >= 9 for one in given_)
            detractors = sum(one <= 6 for one in given_)
            exact = 100 * (promoters - detractors) / len(given_)
            self.assertEqual(score, int(score))
            self.assertLessEqual(abs(float(score) - exact), 0.5)
        few = asked.filtered("answered_at")[:4]
        [(none,)] = asked._read_group([("id", "in", few.ids)], [], ["nps:avg"])
        self.assertIs(none, False)

    def test_access(self):
        self.partner.user_id = self.users["rep"]
        self._resolved(self.contacts[0], "2031-02-01 00:00:00")
        asked = self._run()
        for role, seen in (
            *(("agent", False), ("dispatcher", True), ("service_manager", True)),
            *(("rep", True), ("peer", False), ("leader", True), ("director", True)),
            *(("operations", True), ("finance", False)),
        ):
            one = self._as(role, asked)
            with self.subTest(role=role):
                self.assertEqual(one.has_access("read"), seen)
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(one.has_access(operation))
        with self.assertRaises(AccessError):
            self._as("service_manager", asked).write({"score": 10})
        with self.assertRaises(AccessError):
            self._as("rep", asked).user_input_id.read()


@tagged("post_install", "-at_install")
class TestNpsPages(HttpCase, NpsCase):
    def test_pages(self):
        """Answered and stopped without login; a link that is none opens nothing."""
        self._resolved(self.contacts[0], "2031-02-01 00:00:00")
        asked = self._run()
        page = self.url_open(asked._get_url().removeprefix(asked.get_base_url()))
        self.assertEqual(page.status_code, 200)
        path = asked._get_stop_url().removeprefix(asked.get_base_url())
        page = self.url_open(path).text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        self.assertFalse(self.contacts[0].sales_nps_opt_out)
        page = self.url_open(path, data={"csrf_token": token})
        self.assertEqual(page.status_code, 200)
        self.assertTrue(self.contacts[0].sales_nps_opt_out)
        self.assertEqual(self.url_open("/service/nps/none").status_code, 404)
