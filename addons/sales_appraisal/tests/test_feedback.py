"""A round of 360° feedback: proposed, sent, answered, closed, counted on a card."""

from datetime import date

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .feedback_common import FeedbackCase


@tagged("post_install", "-at_install")
class TestFeedback(FeedbackCase):
    def test_closed(self):
        """Four colleagues 100, 75, 75, 50; three customers 50; the manager 0.

        All: 450 of eight. The manager alone is too few, and the smallest shown group
        joins him.
        """
        subject = self._subject()
        self.round.action_send()
        for person, value in zip(self._of(subject, "peer"), (5, 4, 4, 3), strict=True):
            self._answer(person, value, "Good")
        for person in self._of(subject, "customer"):
            self._answer(person, 3, None)
        self._answer(self._of(subject, "manager"), 1, "Hm")
        self.assertEqual(
            (self.round.participant_count, self.round.answer_count), (8, 8)
        )
        self.assertFalse(subject.result_ids)
        self.round.action_close()
        self.assertEqual((subject.is_shown, subject.answer_count), (True, 8))
        self.assertEqual(subject.score, 56.25)
        self.assertEqual(self._whole(subject), {"all": (56.25, 8), "peer": (75, 4)})
        section = subject.result_ids.filtered(lambda one: not one.is_whole)[:3]
        self.assertEqual(
            [(one.section, one.audience, one.score) for one in section],
            [
                ("Reliability", "all", 56.25),
                ("Reliability", "peer", 75),
                ("Reliability", "rest", 37.5),
            ],
        )
        self.assertEqual(
            sorted(subject.comment_ids.mapped("text")), ["Good"] * 4 + ["Hm"]
        )
        self.assertEqual(self.round.answer_count, 8)
        self.assertFalse(self.env["sales.feedback.answer"].search([]))

    def test_left_out(self):
        """What one cannot judge does not count; a section needs the minimum itself."""
        subject = self._subject(customers=0, manager=False)
        self.round.action_send()
        for person, values in zip(
            self._of(subject, "peer"),
            (
                [5, 4, 3, *[None] * 7],
                [5, 5, 3, *[None] * 7],
                [1, None, None, *[None] * 6, 1],
                [None] * 10,
            ),
            strict=True,
        ):
            self._answer(person, values)
        self.round.action_close()
        # (87.5 + 100 + 0) / 3; of knowledge and care for customers two and one: hidden
        self.assertEqual(
            [(one.section, one.score, one.answer_count) for one in subject.result_ids],
            [
                ("All Sections", 62.5, 3),
                ("All Sections", 62.5, 3),
                ("Reliability", 62.5, 3),
                ("Reliability", 62.5, 3),
            ],
        )

    def test_too_few(self):
        subject = self._subject()
        self.round.action_send()
        for person in self._of(subject, "peer")[:2]:
            self._answer(person, 5, "Only two")
        self.round.action_close()
        self.assertFalse(subject.is_shown)
        self.assertEqual((subject.score, subject.answer_count), (0, 0))
        self.assertFalse(subject.result_ids | subject.comment_ids.subject_id.result_ids)
        self.assertFalse(subject.comment_ids)

    def test_minimum(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.company.sales_feedback_minimum = 2
        self.company.invalidate_recordset()
        self.company.sales_feedback_minimum = 5
        subject = self._subject(customers=0)
        self.round.action_send()
        self.company.sales_feedback_minimum = 3
        for person in self._of(subject, "peer"):
            self._answer(person)
        self.round.action_close()
        self.assertFalse(subject.is_shown, "as people were told when they were asked")

    def test_kinds_of_questions(self):
        """Scales from 0, matrices by column, choices by their points."""
        survey = self.env["survey.survey"].create(
            {
                "title": "Own",
                "survey_type": "sales_feedback",
                "question_and_page_ids": [
                    (0, 0, {"title": "Page", "is_page": True, "question_type": False}),
                    (
                        0,
                        0,
                        {
                            "title": "Matrix",
                            "question_type": "matrix",
                            "suggested_answer_ids": [
                                (0, 0, {"value": str(n), "sequence": n})
                                for n in range(4)
                            ],
                            "matrix_row_ids": [
                                (0, 0, {"value": "a"}),
                                (0, 0, {"value": "b"}),
                            ],
                        },
                    ),
                    (
                        0,
                        0,
                        {
                            "title": "Choice",
                            "question_type": "simple_choice",
                            "suggested_answer_ids": [
                                (0, 0, {"value": "x", "answer_score": 4}),
                                (0, 0, {"value": "y", "answer_score": 1}),
                            ],
                        },
                    ),
                    (0, 0, {"title": "From 0", "question_type": "scale"}),
                ],
            }
        )
        self.round.questionnaire_id = survey
        subject = self._subject(peers=3, customers=0, manager=False)
        self.round.action_send()
        asked = self.round.survey_id.question_ids
        for person in subject.participant_ids:
            answer = self._input(person)
            columns, rows = asked[0].suggested_answer_ids, asked[0].matrix_row_ids
            answer._save_lines(
                asked[0],
                {
                    str(rows[0].id): [str(columns[1].id)],
                    str(rows[1].id): [str(columns[3].id)],
                },
            )
            answer._save_lines(asked[1], str(asked[1].suggested_answer_ids[1].id))
            answer._save_lines(asked[2], "0")
            answer._mark_done()
        self.round.action_close()
        # (100/3 + 100 + 25 + 0) / 4
        self.assertEqual(subject.score, 39.58)

    def test_not_scored(self):
        self.round.questionnaire_id = self.env["survey.survey"].create(
            {
                "title": "Words",
                "survey_type": "sales_feedback",
                "question_and_page_ids": [
                    (0, 0, {"title": "Say", "question_type": "text_box"})
                ],
            }
        )
        self._subject()
        with self.assertRaises(UserError):
            self.round.action_send()

    def test_proposed(self):
        """Colleagues of the same manager, reports, customers served last first."""
        self.customers[3].email = False
        for number, partner in enumerate(self.customers):
            invoice = self._invoice(
                self.users["rep"], partner=partner, invoice_date=f"2030-01-1{number}"
            )
            invoice.action_post()
        self.round.write({"peer_limit": 3, "customer_limit": 2, "with_manager": True})
        subjects = self.env["sales.feedback.subject"].create(
            [
                {"round_id": self.round.id, "rep_id": self.reps[name].id}
                for name in ("rep", "leader")
            ]
        )
        operations = self.round.with_user(self.users["operations"])
        operations.action_propose()
        rep, leader = subjects
        self.assertEqual(len(self._of(rep, "peer")), 3)
        self.assertEqual(
            self._of(rep, "customer").partner_id, self.customers[2] | self.customers[1]
        )
        self.assertEqual(
            self._of(rep, "manager").partner_id, self.users["leader"].partner_id
        )
        self.assertEqual(len(self._of(leader, "report")), 6)
        self.assertFalse(self._of(leader, "peer"))
        before = subjects.participant_ids
        operations.action_propose()
        self.assertEqual(subjects.participant_ids, before)
        # Who left is not asked, nor asked about.
        self.round.subject_ids.unlink()
        self.reps["colleague_1"].state = "left"
        operations.action_propose()
        self.assertEqual(len(self.round.subject_ids), 11)
        partners = self.round.subject_ids.participant_ids.partner_id
        self.assertNotIn(self.reps["colleague_1"].user_id.partner_id, partners)

    def test_proposed_by_template(self):
        self.template.copy({"name": "Leaders", "role": "leader", "sequence": 1})
        leaders = self._template(self._lines(), role="leader")
        leaders.action_publish()
        self.round.template_id = leaders
        self.round.action_propose()
        self.assertEqual(
            {rep.name for rep in self.round.subject_ids.rep_id},
            {"Director", "Manager", "Peer Manager", "Leader", "Peer Leader"},
        )

    def test_refused(self):
        """Too few, twice the same person or mailbox, no address, oneself, too late."""
        with self.assertRaises(UserError):
            self.round.action_send()
        subject = self._subject(peers=1, customers=1, manager=False)
        with self.assertRaises(UserError):
            self.round.action_send()
        add = self.env["sales.feedback.participant"].create
        person = self._of(subject, "peer").partner_id
        for audience, partner, error in (
            ("report", person, IntegrityError),
            ("customer", self.users["peer"].partner_id, ValidationError),
            ("peer", self.customers[1], ValidationError),
            ("peer", self.users["rep"].partner_id, ValidationError),
        ):
            with self.assertRaises(error), mute_logger("odoo.sql_db"):
                add(
                    {
                        "subject_id": subject.id,
                        "audience": audience,
                        "partner_id": partner.id,
                    }
                )
        add(
            [
                {
                    "subject_id": subject.id,
                    "audience": "customer",
                    "partner_id": partner.id,
                }
                for partner in self.customers[1:3]
            ]
        )
        self.customers[1].email = False
        with self.assertRaises(UserError):
            self.round.action_send()
        self.customers[1].email = " Customer1@Example.org"
        with self.assertRaises(UserError):
            self.round.action_send()
        self.customers[1].email = "other@example.org"
        with freeze_time("2036-01-01"), self.assertRaises(UserError):
            self.round.action_send()
        self.round.action_send()
        with self.assertRaises(ValidationError):
            self.env["sales.feedback.subject"].create(
                {"round_id": self.round.id, "rep_id": self.reps["foreigner"].id}
            )

    def test_sent_once(self):
        subject = self._subject()
        before = self.env["mail.mail"].search([])
        self.round.action_send()
        mails = self.env["mail.mail"].search([]) - before
        self.assertEqual(len(mails), 8)
        for mail in mails:
            self.assertTrue(mail.auto_delete)
            self.assertFalse(mail.model or mail.res_id or mail.recipient_ids)
            self.assertEqual(mail.author_id, self.env.ref("base.partner_root"))
            self.assertIn("/survey/start/", mail.body_html)
            self.assertIn("Rep", mail.subject)
        with self.assertRaises(UserError):
            self.round.action_send()
        with self.assertRaises(UserError):
            self.round.action_propose()
        operations = self.users["operations"]
        person = subject.participant_ids[0].with_user(operations)
        for record, vals in (
            (person, {"partner_id": self.customers[3].id}),
            (person, {"email": "me@example.com"}),
            (subject.with_user(operations), {"rep_id": self.reps["peer"].id}),
            (self.round.with_user(operations), {"date_to": "2031-06-30"}),
            (self.round.with_user(operations), {"minimum": 1}),
            (self.round.with_user(operations), {"state": "draft"}),
        ):
            with self.assertRaises(UserError, msg=vals):
                record.write(vals)
        for record in (person, subject, self.round):
            with self.assertRaises(UserError):
                record.with_user(operations).unlink()
        with self.assertRaises(UserError):
            person.copy({"partner_id": self.customers[3].id})

    def test_address_kept(self):
        """The link goes where it went first, whatever becomes of the contact."""
        subject = self._subject()
        self.round.action_send()
        self._of(subject, "customer").partner_id.write({"email": "spy@example.com"})
        before = self.env["mail.mail"].search([])
        self.round.action_remind()
        mails = self.env["mail.mail"].search([]) - before
        self.assertEqual(len(mails), 8)
        self.assertFalse(
            mails.filtered(lambda one: "spy@example.com" in (one.email_to or ""))
        )

    def test_reminded(self):
        """By hand and in time; only who has not answered, once a day."""
        subject = self._subject()
        self.round.deadline = "2031-04-20"
        with freeze_time("2031-04-10 12:00:00"):
            self.round.action_send()
            self._answer(subject.participant_ids[0])
            mail = self.env["mail.mail"]
            before = mail.search_count([])
            self.round._cron_feedback()
            self.assertEqual(mail.search_count([]), before)
            self.round.action_remind()
            self.assertEqual(mail.search_count([]), before + 7)
            with self.assertRaises(UserError):
                self.round.action_remind()
        with freeze_time("2031-04-18 12:00:00"):
            self.round._cron_feedback()
            self.round._cron_feedback()
            self.assertEqual(mail.search_count([]), before + 14)

    def test_closed_by_deadline(self):
        subject = self._subject()
        self.round.deadline = "2031-04-20"
        with freeze_time("2031-04-10 12:00:00"):
            self.round.action_send()
        answers = self.round._get_inputs()
        self.assertEqual({one.deadline.hour for one in answers}, {23})
        with freeze_time("2031-04-20 20:00:00"):
            self.round._cron_feedback()
            self.assertEqual(self.round.state, "running")
            self.round.with_user(self.users["operations"]).deadline = "2031-04-21"
            self.assertEqual({one.deadline.day for one in answers}, {21})
            with self.assertRaises(UserError):
                self.round.deadline = "2031-04-01"
            self.round.deadline = "2031-04-21"
        with freeze_time("2031-04-22 12:00:00"):
            begun = self._fill(subject.participant_ids[0])
            self.round._cron_feedback()
            self.assertEqual(self.round.state, "closed")
            self.assertFalse(begun.user_input_line_ids, "what was not sent is gone")
            with self.assertRaises(UserError):
                self.round.action_close()
            with self.assertRaises(UserError):
                self.round.action_remind()
            with self.assertRaises(UserError):
                self._answer(subject.participant_ids[1])

    def test_sent_twice_by_one(self):
        subject = self._subject()
        self.round.action_send()
        person = subject.participant_ids[0]
        answer = self._answer(person, 5)
        self._fill(person, 1)
        answer._mark_done()
        box = self.env["sales.feedback.answer"].search([])
        self.assertEqual(set(box.mapped("value")), {"100"})
        self.assertEqual(len(box), 5)

    def test_rep_leaves(self):
        """What was asked about them is still closed and shown."""
        subject = self._subject()
        self.round.action_send()
        for person in self._of(subject, "peer"):
            self._answer(person)
        self.reps["rep"].state = "left"
        self.users["colleague_1"].active = False
        self.round.action_remind()
        self.round.action_close()
        self.assertEqual(subject.score, 75)

    def test_own_link(self):
        subject = self._subject()
        self.round.action_send()
        person = self._of(subject, "peer")[0]
        asked = person.partner_id.user_ids
        mine = person.with_user(asked)
        self.assertTrue(mine.is_open)
        self.assertIn(self._input(person).access_token, mine.action_answer()["url"])
        for name in ("rep", "leader", "operations", "director"):
            with self.assertRaises(AccessError, msg=name):
                person.with_user(self.users[name]).action_answer()
        self._answer(person)
        mine.invalidate_recordset(["is_open"])
        self.assertFalse(mine.is_open)
        with self.assertRaises(UserError):
            mine.action_answer()

    def test_on_the_card(self):
        """Not applicable with the reason; then scored; the line opens the result."""
        template = self._template(
            [
                {
                    "name": "360°",
                    "kind": "survey",
                    "function": "linear",
                    "weight": 40,
                    "point_ids": [
                        (0, 0, {"x": 50, "y": 0}),
                        (0, 0, {"x": 90, "y": 120}),
                    ],
                },
                {"name": "Judgement", "kind": "judgement", "weight": 60, "cap": 100},
            ],
            sequence=1,
        )
        template.action_publish()
        self._open(date(2031, 2, 1))
        card = self._card()
        line = self._line(card, "360°")
        self._line(card, "Judgement").manager_value = 50
        self.assertEqual((line.applies, line.missing), (False, "survey"))
        self.assertEqual((card.score, line.weight_used), (50, 0))
        subject = self._subject(customers=0, manager=False)
        self.round.action_send()
        for person in self._of(subject, "peer"):
            self._answer(person, 4)
        card.action_compute()
        self.assertEqual(line.missing, "survey", "not while the round is running")
        self.round.action_close()
        # 75 between 50 → 0 and 90 → 120 is 75; 0.4 · 75 + 0.6 · 50
        self.assertEqual((line.x, line.score, card.score), (75, 75, 60))
        self.assertIn("4 people answered", line.explanation)
        self.assertNotIn("360", card.best_lift or "")
        action = line.with_user(self.users["rep"]).action_open_source()
        found = (
            self.env[action["res_model"]]
            .with_user(self.users["rep"])
            .search(action["domain"])
        )
        self.assertEqual(found, subject)
        self._open(date(2031, 5, 1))
        later = self._card(period_from=date(2031, 5, 1))
        self.assertEqual(self._line(later, "360°").missing, "survey")

    def test_few_on_the_card(self):
        template = self._template(
            [{"name": "360°", "kind": "survey", "weight": 100}], sequence=1
        )
        template.action_publish()
        self._open(date(2031, 2, 1))
        self._subject()
        self.round.action_send()
        self.round.action_close()
        line = self._card().line_ids
        self.assertEqual((line.applies, line.missing), (False, "answers"))
        self.assertFalse(self._card().has_score)

    def test_questions_kept(self):
        """A round asks what it asked, also when the questionnaire changes; in words of
        all languages."""
        self._subject()
        self.round.action_send()
        survey = self.round.survey_id
        self.assertNotEqual(survey, self.round.questionnaire_id)
        self.assertEqual(survey.title, self.round.questionnaire_id.title)
        self.assertEqual(survey.access_mode, "token")
        self.round.questionnaire_id.question_and_page_ids[1].title = "Changed"
        self.assertNotIn("Changed", survey.question_ids.mapped("title"))

    def _count_queries(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def test_queries(self):
        """Cards read feedback, and rounds close, as sets."""
        template = self._template(
            [{"name": "360°", "kind": "survey", "weight": 100}], sequence=1
        )
        template.action_publish()
        self._open(date(2031, 2, 1))
        self._open(date(2031, 3, 1))
        names = ("rep", "peer", "director", "manager", "peer_leader")
        subjects = [self._subject(name) for name in names]
        self.round.action_send()
        for subject in subjects:
            for person in self._of(subject, "peer"):
                self._answer(person)
        self.round.action_close()
        cards = self.env["sales.scorecard"].search([])
        few = self._count_queries(cards[:2]._compute_results)
        many = self._count_queries(cards._compute_results)
        self.assertGreater(len(cards), 20)
        self.assertEqual(few, many)
        self.assertEqual(
            len(cards.line_ids.filtered("applies")), 2 * len(names), "of every month"
        )
