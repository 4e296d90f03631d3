"""Who reads feedback: all roles, all models; and nobody reads who said what."""

from itertools import product

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .feedback_common import FeedbackCase

OPERATIONS = ("read", "write", "create", "unlink")
READ, ALL = {"read"}, set(OPERATIONS)
ROLES = ("rep", "leader", "manager", "director", "operations", "finance", "foreigner")
# What of a closed round about the rep and of a running one about the peer is read.
SEES = {
    "rep": {"rep"},
    "leader": {"rep"},
    "manager": {"rep"},
    "director": {"rep", "peer"},
    "operations": {"rep", "peer"},
    "finance": set(),
    "foreigner": set(),
}
SECRET = "Only I say this"
SURVEY = (
    "survey.survey",
    "survey.question",
    "survey.question.answer",
    "survey.user_input",
    "survey.user_input.line",
)


class Rounds(FeedbackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The most that people are given besides: surveys, and everything of mail.
        cls.users["surveyor"] = cls._user(
            "surveyor",
            "base.group_user,survey.group_survey_manager,base.group_partner_manager",
        )
        cls.users["admin"] = cls._user(
            "admin",
            "base.group_system,survey.group_survey_manager,"
            "sales_force.group_sales_director,sales_force.group_sales_operations",
        )
        cls.closed = cls._subject("rep")
        cls.round.with_user(cls.users["operations"]).action_send()
        cls.closed_round = cls.round
        cls.round = cls.closed_round.copy({"name": "Running"})
        cls.running = cls._subject("peer")
        cls.round.with_user(cls.users["operations"]).action_send()

    def setUp(self):
        super().setUp()
        for person in self._of(self.closed, "peer"):
            self._answer(person, 4, "Same")
        self.loner = self._of(self.closed, "manager")
        self._answer(self.loner, 1)
        for person in self._of(self.closed, "customer"):
            self._answer(person, 3)
        self.closed_round.with_user(self.users["operations"]).action_close()
        self.begun = self._fill(self.running.participant_ids[0], 2, SECRET)
        self._answer(self.running.participant_ids[1], 1, SECRET)
        self.env.flush_all()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestFeedbackAccess(Rounds):
    def _found(self, record, name):
        user = self.users[name]
        record = record.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        return {one for one in OPERATIONS if record.has_access(one)}

    def test_matrix(self):
        wrong = []
        subjects = {"rep": self.closed, "peer": self.running}
        for role, (whose, subject) in product(ROLES, subjects.items()):
            office = role in ("director", "operations")
            sees = whose in SEES[role]
            expected = {
                subject: (ALL if office else READ) if sees else set(),
                subject.round_id: ALL if office else set(),
                subject.participant_ids[0]: ALL if office else set(),
            }
            for record in (*subject.result_ids[:1], *subject.comment_ids[:1]):
                expected[record] = READ if sees else set()
            for record, allowed in expected.items():
                found = self._found(record, role)
                if found != allowed:
                    wrong.append((role, whose, record._name, found))
        self.assertFalse(wrong)

    def test_asked(self):
        """Who is asked reads that, and nothing about the others who are."""
        person = self._of(self.running, "peer")[0]
        user = person.partner_id.user_ids
        found = self.env["sales.feedback.participant"].with_user(user).search([])
        self.assertEqual(
            found,
            (self.running | self.closed).participant_ids.filtered(
                lambda one: one.partner_id == user.partner_id
            ),
        )
        read = person.with_user(user).read()[0]
        self.assertEqual((read["rep_name"], read["is_open"]), ("Peer", True))
        self.assertFalse(self.env["sales.feedback.subject"].with_user(user).search([]))

    def test_subject_does_not_read_who_was_asked(self):
        for name in ("rep", "leader"):
            people = self.env["sales.feedback.participant"].with_user(self.users[name])
            self.assertFalse(
                people.search([("subject_id", "=", self.closed.id)]) - self.loner
            )

    def test_nothing_of_the_survey(self):
        """Nobody reads, counts, groups, exports or changes answers or their survey."""
        everybody = (*ROLES, "surveyor", "admin", "colleague_1")
        rounds = self.closed_round | self.round
        surveys = rounds.survey_id
        records = {
            "survey.survey": surveys,
            "survey.question": surveys.question_and_page_ids,
            "survey.question.answer": surveys.question_ids.suggested_answer_ids,
            "survey.user_input": rounds._get_inputs(),
            "survey.user_input.line": self.begun.user_input_line_ids,
        }
        users = self.users
        self.assertTrue(records["survey.user_input.line"])
        for name, model in product(everybody, SURVEY):
            mine = self.env[model].with_user(users[name])
            with self.subTest(name=name, model=model):
                try:
                    found = mine.with_context(active_test=False).search([])
                    counted = mine._read_group([], [], ["__count"])[0][0]
                except AccessError:
                    continue
                self.assertFalse(set(found.ids) & set(records[model].ids))
                self.assertLessEqual(counted, len(found))
                for record in records[model][:3].with_user(users[name]):
                    for operation in OPERATIONS:
                        self.assertFalse(record.has_access(operation), operation)
                    with self.assertRaises(UserError):
                        record.export_data(["create_date"])

    def test_box_is_nobodys(self):
        box = self.env["sales.feedback.answer"].search([])
        self.assertTrue(box)
        for name in (*ROLES, "surveyor", "admin"):
            mine = box.with_user(self.users[name])
            for operation in OPERATIONS:
                self.assertFalse(mine.has_access(operation), (name, operation))
            with self.assertRaises(AccessError):
                mine.search([])
            with self.assertRaises(AccessError):
                mine.search_read([], ["text"])

    def test_box_knows_nobody(self):
        """No maker, no time, no link; nor does the order of ids follow the answers."""
        fields = set(self.env["sales.feedback.answer"]._fields) - {"display_name", "id"}
        self.assertEqual(
            fields, {"subject_id", "audience", "question_id", "value", "text"}
        )
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_name = 'sales_feedback_answer'"
        )
        columns = {name for (name,) in self.env.cr.fetchall()}
        self.assertEqual(columns, fields | {"id"})
        orders = set()
        section = self.env["survey.question"].search([], limit=1)
        box = self.env["sales.feedback.answer"]
        for _turn in range(6):
            box.search([("subject_id", "=", self.running.id)]).unlink()
            for value in "abcdef":
                box._put(self.running, [("peer", section.id, value, None)])
            found = box.search([("subject_id", "=", self.running.id)], order="id")
            orders.add("".join(found.mapped("value")))
        self.assertTrue(all(sorted(one) == list("abcdef") for one in orders))
        self.assertGreater(len(orders), 1)

    def test_sent_answer_is_empty(self):
        """Nobody with the whole database reads what a person said once it is sent."""
        answer = self._input(self.running.participant_ids[1])
        self.assertEqual(answer.state, "done")
        self.assertFalse(answer.user_input_line_ids)
        self.assertFalse(answer.partner_id or answer.email or answer.end_datetime)
        self.assertFalse(answer.message_ids)
        self.assertFalse(answer.survey_id.message_ids.filtered("body"))

    def test_closed_round_forgets(self):
        inputs = self.closed_round._get_inputs()
        self.assertEqual(set(inputs.mapped("state")), {"new"})
        self.assertFalse(inputs.user_input_line_ids)
        self.assertEqual(len(set(inputs.mapped("write_date"))), 1)
        self.assertEqual(len(set(inputs.mapped("create_uid"))), 1)

    def _refused(self, attack):
        """It is no field, or one without access, or there are no records at all."""
        try:
            found = attack()
        except (AccessError, ValueError, UserError):
            return
        self.assertFalse(found)

    def test_not_searched_through(self):
        """The link between people and answers is in no domain, group or order."""
        inputs = self.env["survey.user_input"]
        for name in ("operations", "director", "surveyor", "admin"):
            mine = inputs.with_user(self.users[name])
            self.assertNotIn("sales_participant_id", mine.fields_get())
            for attack in (
                lambda mine=mine: mine.search([("sales_participant_id", "!=", False)]),
                lambda mine=mine: mine.search(
                    [("sales_participant_id.audience", "=", "peer")]
                ),
                lambda mine=mine: mine.search([], order="sales_participant_id"),
                lambda mine=mine: mine._read_group([], ["sales_participant_id"]),
                lambda mine=mine: mine.create(
                    {
                        "survey_id": self.env.ref(
                            "sales_appraisal.sales_feedback_survey"
                        ).id,
                        "sales_participant_id": self.loner.id,
                    }
                ),
            ):
                self._refused(attack)
        people = self.env["sales.feedback.participant"]
        for name in ("operations", "director"):
            mine = people.with_user(self.users[name])
            self._refused(lambda mine=mine: mine.search([("is_open", "=", True)]))
            self.assertEqual(
                {row["is_open"] for row in mine.search_read([], ["is_open"])}, {False}
            )

    def test_participants_do_not_change(self):
        """Answering writes nothing on who was asked."""
        person = self.running.participant_ids[2]
        before = person.read()
        self._answer(person)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(person.read(), before)

    def test_mails(self):
        """Invitations and reminders are nobody's: no author, document or notice."""
        self.round.with_user(self.users["operations"]).action_remind()
        mails = self.env["mail.mail"].search([("subject", "like", "feedback about")])
        self.assertTrue(mails)
        messages = mails.mail_message_id
        for name in (*ROLES, "surveyor", "colleague_1"):
            user = self.users.get(name) or self.reps[name].user_id
            mine = self.env["mail.message"].with_user(user)
            self.assertFalse(mine.search([("id", "in", messages.ids)]), name)
            for message in messages[:2].with_user(user):
                with self.assertRaises(AccessError):
                    message.read(["body"])
        self.assertEqual(mails.create_uid, self.env.ref("base.user_root"))
        self.assertFalse(messages.notification_ids)
        self.assertFalse(messages.partner_ids)

    def test_stamped(self):
        for name, vals in product(
            ("operations", "director"),
            (
                {"score": 100},
                {"is_shown": True},
                {"answer_count": 9},
                {"state": "closed"},
                {"user_id": 2},
                {"result_ids": [Command.clear()]},
                {"comment_ids": [Command.clear()]},
            ),
        ):
            with self.assertRaises(UserError, msg=vals):
                self.closed.with_user(self.users[name]).write(vals)
        for name in ("rep", "leader", "manager", "finance"):
            for action in ("action_send", "action_remind", "action_close"):
                with self.assertRaises(AccessError, msg=(name, action)):
                    getattr(self.round.with_user(self.users[name]), action)()

    def test_results_hide_the_loner(self):
        """The manager answered alone: of nothing shown he is what is left."""
        shown = self.closed.result_ids.filtered(
            lambda one: one.section == "Reliability"
        )
        counts = {one.audience: one.answer_count for one in shown}
        self.assertEqual(counts, {"all": 8, "peer": 4, "rest": 4})

    def test_comments_in_no_order(self):
        self.assertEqual(self.closed.comment_ids.mapped("text"), ["Same"] * 4)
        columns = set(self.env["sales.feedback.comment"]._fields)
        self.assertFalse(columns & {"create_uid", "create_date", "audience"})

    def test_surveyors_as_before(self):
        """Who works with surveys reads all others, with their rows and choices."""
        survey = self.env["survey.survey"].create(
            {
                "title": "Other",
                "access_mode": "public",
                "question_and_page_ids": [
                    (
                        0,
                        0,
                        {
                            "title": "M",
                            "question_type": "matrix",
                            "suggested_answer_ids": [(0, 0, {"value": "1"})],
                            "matrix_row_ids": [(0, 0, {"value": "a"})],
                        },
                    )
                ],
            }
        )
        question = survey.question_ids
        answer = self.env["survey.user_input"].create({"survey_id": survey.id})
        answer._save_lines(
            question,
            {str(question.matrix_row_ids.id): [str(question.suggested_answer_ids.id)]},
        )
        answer._mark_done()
        records = (
            survey,
            question,
            question.matrix_row_ids | question.suggested_answer_ids,
            answer,
            answer.user_input_line_ids,
        )
        self.assertTrue(answer.user_input_line_ids)
        surveyor, operations = self.users["surveyor"], self.users["operations"]
        for record in records:
            self.assertTrue(record.with_user(surveyor).has_access("read"), record)
            self.assertFalse(record.with_user(operations).has_access("read"), record)
            self.assertEqual(
                record.with_user(surveyor).search([("id", "in", record.ids)]), record
            )

    def test_questionnaires(self):
        """Operations and directors write them; their own right to answers is none."""
        survey = self.env.ref("sales_appraisal.sales_feedback_survey")
        for name in ("operations", "director"):
            mine = survey.with_user(self.users[name])
            mine.title = "Ours"
            mine.question_and_page_ids[1].title = "Reliable"
            mine.web_read({"title": {}, "question_count": {}, "answer_count": {}})
            copied = mine.copy()
            self.assertEqual(copied.survey_type, "sales_feedback")
        for name in ("rep", "leader", "finance"):
            with self.assertRaises(AccessError):
                survey.with_user(self.users[name]).read(["title"])


@tagged("post_install", "-at_install")
class TestFeedbackPages(Rounds, HttpCase):
    """The pages behind a link."""

    def _rpc(self, route, answer, **values):
        url = f"/survey/{route}/{answer.survey_id.access_token}/{answer.access_token}"
        return self.make_jsonrpc_request(url, values)

    def test_answered_by_link(self):
        """By somebody without a user: the name of the rep, all pages, once."""
        person = self._of(self.running, "customer")[0]
        answer = self._input(person)
        page = self.url_open(answer.get_start_url())
        self.assertEqual(page.status_code, 200)
        self.assertIn("Peer", page.text)
        self._rpc("begin", answer)
        questions = answer.survey_id.question_ids
        for section in answer.survey_id.page_ids:
            values = {
                str(one.id): "5" if one.question_type == "scale" else "Fine"
                for one in questions.filtered(lambda q, s=section: q.page_id == s)
            }
            _correct, result = self._rpc("submit", answer, page_id=section.id, **values)
            self.assertNotIn("error", result)
        self.assertIn("without your name", result["survey_content"])
        self.assertNotIn("o_survey_review", result["survey_content"])
        answer.invalidate_recordset()
        self.assertEqual(answer.state, "done")
        self.assertFalse(answer.user_input_line_ids)
        self.assertIn(
            "100",
            self.env["sales.feedback.answer"]
            .search([("audience", "=", "customer")])
            .mapped("value"),
        )
        again = self._rpc("submit", answer, page_id=section.id)
        self.assertEqual(again[1].get("error"), "unauthorized")
        printed = self.url_open(answer.get_print_url())
        self.assertNotIn("Fine", printed.text)

    def test_by_a_user(self):
        """Logged in, one's own link works, though the answer does not name them."""
        user = self.reps["colleague_4"].user_id
        person = self.running.participant_ids.filtered(
            lambda one: one.partner_id == user.partner_id
        )
        self.authenticate(user.login, user.login)
        answer = self._input(person)
        self.assertNotIn("error", self._rpc("begin", answer)[1])
        answer.invalidate_recordset()
        self.assertFalse(answer.partner_id)

    def test_closed(self):
        person = self._of(self.closed, "customer")[0]
        answer = self._input(person)
        page = self.url_open(answer.get_start_url())
        self.assertNotIn("Start Survey", page.text)
        self.assertEqual(self._rpc("begin", answer)[1]["error"], "survey_closed")

    def test_no_way_round(self):
        """Neither results, nor a test, nor a second try, nor without a link."""
        survey = self.round.survey_id
        before = self.env["survey.user_input"].search_count([])
        for name in ("surveyor", "admin", "operations"):
            login = self.users[name].login
            self.authenticate(login, login)
            with mute_logger("odoo.http"):
                results = self.url_open(f"/survey/results/{survey.id}")
            self.assertNotIn(SECRET, results.text)
            self.assertNotEqual(results.status_code, 200)
            for route in ("test", "start", "print"):
                page = self.url_open(f"/survey/{route}/{survey.access_token}")
                self.assertNotIn(SECRET, page.text)
        answer = self._input(self.running.participant_ids[1])
        self.url_open(f"/survey/retry/{survey.access_token}/{answer.access_token}")
        self.assertEqual(self.env["survey.user_input"].search_count([]), before)
