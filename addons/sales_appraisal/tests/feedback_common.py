from .common import AppraisalCase


class FeedbackCase(AppraisalCase):
    """A draft round about the rep and the peer; six colleagues and three customers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team = cls.env["crm.team"].create({"name": "Feedback"})
        for number in range(1, 6):
            name = f"colleague_{number}"
            cls.users[name] = cls._user(name, "sales_force.group_sales_rep")
            cls.reps[name] = cls._rep(cls.users[name], cls.reps["leader"])
        for name, user in cls.users.items():
            user.partner_id.email = f"{name}@example.com"
        cls.customers = cls.env["res.partner"].create(
            [
                {
                    "name": f"Customer {number}",
                    "is_company": True,
                    "user_id": cls.users["rep"].id,
                    "email": f"customer{number}@example.org",
                }
                for number in range(1, 5)
            ]
        )
        cls.round = cls.env["sales.feedback.round"].create(
            {
                "name": "Half",
                "company_id": cls.company.id,
                "date_from": "2031-01-01",
                "date_to": "2031-03-31",
                "deadline": "2035-12-31",
            }
        )

    def setUp(self):
        super().setUp()
        # Each round in its own transaction: a test has only one.
        self.patch(self.registry["ir.cron"], "_commit_progress", lambda *_, **__: 0)

    @classmethod
    def _subject(
        cls, rep="rep", peers=4, reports=0, customers=3, manager=True, of=None
    ):
        """
        :param reports: so many of the colleagues are asked as reports
        :param of: another round
        """
        people = [cls.reps[f"colleague_{n}"].user_id.partner_id for n in range(1, 6)]
        rows = [("peer", one) for one in people[:peers]]
        rows += [("report", one) for one in people[peers : peers + reports]]
        rows += [("customer", one) for one in cls.customers[:customers]]
        if manager:
            rows.append(("manager", cls.users["leader"].partner_id))
        return cls.env["sales.feedback.subject"].create(
            {
                "round_id": (of or cls.round).id,
                "rep_id": cls.reps[rep].id,
                "participant_ids": [
                    (0, 0, {"audience": audience, "partner_id": one.id})
                    for audience, one in rows
                ],
            }
        )

    def _input(self, person):
        return self.env["survey.user_input"].search(
            [("sales_participant_id", "=", person.id)]
        )

    def _fill(self, person, value=4, text=None):
        """:param value: of every scale, or one for each; None is left out"""
        answer = self._input(person)
        scales = answer.survey_id.question_ids.filtered(
            lambda one: one.question_type == "scale"
        )
        if not isinstance(value, list):
            value = [value] * len(scales)
        for question, one in zip(scales, value, strict=True):
            answer._save_lines(question, "" if one is None else str(one))
        if text:
            words = answer.survey_id.question_ids.filtered(
                lambda one: one.question_type == "text_box"
            )
            answer._save_lines(words[0], text)
        return answer

    def _answer(self, person, value=4, text=None):
        answer = self._fill(person, value, text)
        answer._mark_done()
        return answer

    def _of(self, subject, audience):
        return subject.participant_ids.filtered(lambda one: one.audience == audience)

    def _whole(self, subject):
        return {
            result.audience: (result.score, result.answer_count)
            for result in subject.result_ids
            if result.is_whole
        }
