"""Two who act on a round of feedback at once: nothing twice, nothing lost."""

from threading import Thread

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.service import model as service_model
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "feedback_race"
PEOPLE = 4


@tagged("post_install", "-at_install")
class TestFeedbackConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            self.before = env["mail.mail"].search([], order="id desc", limit=1).id or 0
            users = [
                new_test_user(
                    env,
                    f"{NAME}_{number}",
                    "sales_force.group_sales_director"
                    if number < 2
                    else "sales_force.group_sales_rep",
                    company_id=company.id,
                    company_ids=[Command.set(company.ids)],
                    email=f"{NAME}_{number}@example.com",
                )
                for number in range(PEOPLE + 1)
            ]
            rep = env["sales.rep"].create(
                {
                    "user_id": users[-1].id,
                    "company_id": company.id,
                    "state": "active",
                }
            )
            one = env["sales.feedback.round"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "deadline": "2099-12-31",
                    "subject_ids": [
                        Command.create(
                            {
                                "rep_id": rep.id,
                                "participant_ids": [
                                    Command.create({"partner_id": user.partner_id.id})
                                    for user in users[:-1]
                                ],
                            }
                        )
                    ],
                }
            )
            self.round, self.users = one.id, [user.id for user in users]
            self.people = one.subject_ids.participant_ids.ids

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            rounds = env["sales.feedback.round"].search([("name", "=", NAME)])
            surveys = rounds.survey_id
            env.cr.execute(
                "DELETE FROM sales_feedback_round WHERE id = ANY(%s)", (rounds.ids,)
            )
            env.invalidate_all(flush=False)
            surveys.unlink()
            if hasattr(self, "before"):
                env["mail.mail"].search(
                    [("id", ">", self.before), ("email_to", "like", NAME)]
                ).unlink()
            users = env["res.users"].search([("login", "like", f"{NAME}%")])
            users.sales_rep_ids.unlink()
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def _round(self, env, user=None):
        one = env["sales.feedback.round"].browse(self.round)
        return one if user is None else one.with_user(self.users[user])

    def _act(self, name, user):
        return lambda env: getattr(self._round(env, user), name)()

    def _input(self, env, number):
        return env["survey.user_input"].search(
            [("sales_participant_id", "=", self.people[number])]
        )

    def _send(self, *answered):
        """Send it; some have answered already, the others have begun."""
        with self._environment() as env:
            self._round(env).action_send()
            for number in range(PEOPLE):
                answer = self._input(env, number)
                for question in answer.survey_id.question_ids:
                    if question.question_type == "scale":
                        answer._save_lines(question, "5")
                if number in answered:
                    answer._mark_done()

    def _answer(self, number):
        return lambda env: self._input(env, number)._mark_done()

    def _mails(self, env):
        return env["mail.mail"].search(
            [("id", ">", self.before), ("email_to", "like", NAME)]
        )

    def _check_closed(self, answered):
        """The round is closed once, with so many answers, and knows nobody."""
        with self._environment() as env:
            one = self._round(env)
            self.assertEqual((one.state, one.answers_kept), ("closed", answered))
            subject = one.subject_ids
            self.assertEqual(subject.answer_count, answered)
            whole = subject.result_ids.filtered(lambda r: r.is_whole)
            self.assertEqual(
                whole.mapped(lambda r: (r.audience, r.answer_count, r.score)),
                [("all", answered, 100), ("peer", answered, 100)],
            )
            self.assertFalse(
                env["sales.feedback.answer"].search([("subject_id", "=", subject.id)])
            )
            inputs = one._get_inputs()
            self.assertEqual(set(inputs.mapped("state")), {"new"})
            self.assertFalse(inputs.user_input_line_ids)

    def test_sent_by_two(self):
        """Everybody is asked once; the second is told that it is sent."""
        with self.assertRaises(UserError) as caught:
            self._race(self._act("action_send", 0), self._act("action_send", 1))
        self.assertIn("Draft", str(caught.exception))
        with self._environment() as env:
            one = self._round(env)
            self.assertEqual(one.state, "running")
            self.assertEqual(len(one._get_inputs()), PEOPLE)
            self.assertEqual(len(self._mails(env)), PEOPLE)
            self.assertEqual(
                env["survey.survey"].search_count([("sales_round_ids", "in", one.ids)]),
                1,
            )

    def test_reminded_by_two(self):
        self._send()
        with self.assertRaises(UserError):
            self._race(self._act("action_remind", 0), self._act("action_remind", 1))
        with self._environment() as env:
            self.assertEqual(len(self._mails(env)), 2 * PEOPLE)

    def test_changed_while_sent(self):
        """Nobody is added to a round that is being sent."""
        with self._environment() as env:
            person = self._round(env).subject_ids.participant_ids[0]
            subject, partner = person.subject_id.id, person.partner_id.id
            person.unlink()
            self.people = self.people[1:]

        def add(env):
            env["sales.feedback.participant"].create(
                {"subject_id": subject, "partner_id": partner}
            )

        with self.assertRaises(UserError):
            self._race(self._act("action_send", 0), add)
        with self._environment() as env:
            one = self._round(env)
            self.assertEqual(len(one.subject_ids.participant_ids), PEOPLE - 1)
            self.assertEqual(len(one._get_inputs()), PEOPLE - 1)

    def test_closed_by_two(self):
        self._send(0, 1, 2)
        with self.assertRaises(UserError) as caught:
            self._race(self._act("action_close", 0), self._act("action_close", 1))
        self.assertIn("Running", str(caught.exception))
        self._check_closed(3)

    def test_closed_by_the_night_too(self):
        """The job of the night, which nobody runs again, finds it done."""
        self._send(0, 1, 2)
        with self._environment() as env:
            env.cr.execute(
                "UPDATE sales_feedback_round SET deadline = '2020-01-01' WHERE id = %s",
                (self.round,),
            )
        with self._environment() as env:
            env.cr.execute("SELECT 1")  # takes the snapshot
            with self._environment() as other:
                self._act("action_close", 0)(other)
            env["sales.feedback.round"]._cron_feedback()
        self._check_closed(3)

    def test_closed_while_somebody_sends(self):
        """Closing waits for who is sending, and counts the answer."""
        self._send(0, 1, 2)
        failed = []

        def close():
            try:
                with self._environment() as env, mute_logger("odoo.sql_db"):
                    service_model.retrying(
                        lambda: self._act("action_close", 0)(env), env
                    )
            except Exception as error:
                failed.append(error)

        thread = Thread(target=close)
        with self._environment() as env:
            self._answer(3)(env)
            env.flush_all()
            thread.start()
            thread.join(0.5)
            self.assertTrue(thread.is_alive(), failed)
        thread.join(20)
        self.assertFalse(failed or thread.is_alive())
        self._check_closed(PEOPLE)

    def test_answered_while_closed(self):
        """Whoever comes too late is told so, and nothing of it is kept."""
        self._send(0, 1, 2)
        with self.assertRaises(UserError) as caught:
            self._race(self._act("action_close", 0), self._answer(3))
        self.assertIn("The round is closed", str(caught.exception))
        self._check_closed(3)

    def test_closed_while_answered(self):
        """An answer that comes just before counts, also where it is the first."""
        for answered in ((0, 1, 2), (0, 1)):
            with self.subTest(answered=answered):
                self._send(*answered)
                late = len(answered)

                def answer(env, late=late):
                    for number in range(late, PEOPLE):
                        self._input(env, number)._mark_done()

                self._race(answer, self._act("action_close", 0))
                self._check_closed(PEOPLE)
            self.doCleanups()
            self.setUp()

    def test_two_answer(self):
        """Two in the box at once: both count, and one who clicks twice once."""
        self._send(0)
        self._race(self._answer(1), self._answer(2))
        self._race(self._answer(3), self._answer(3))
        with self._environment() as env:
            self._round(env).action_close()
        self._check_closed(PEOPLE)
