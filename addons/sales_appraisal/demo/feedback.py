"""360° feedback: a round that is closed, with answers, and one that is running."""

from dateutil.relativedelta import relativedelta

ROUNDS = (("Customers and Colleagues", "客户与同事评价"), ("Next Round", "下一轮评价"))
KEEP = (
    "Always prepared, and keeps what was agreed.",
    "准备充分，答应的事都能做到。",
    "Answers within the hour.",
    "响应快，一小时内必有回复。",
    "Knows our business better than we do.",
    "比我们自己还了解我们的业务。",
)
CHANGE = (
    "Should tell us earlier when a delivery is late.",
    "交货延迟时应更早通知我们。",
    "More visits, fewer calls.",
    "多上门拜访，少打电话。",
    "Could share more of what the team needs to know.",
    "多与团队分享信息。",
)


class Feedback:
    """:param env: superuser's, of the company"""

    def __init__(self, env, company):
        self.env, self.company = env, company
        self.today = company._get_sales_today()
        self.chinese = "zh_CN" in dict(env["res.lang"].get_installed())
        # Odoo's own demo users are not appraised.
        self.teams = (
            env["sales.rep"]
            .search([("company_id", "=", company.id), ("grade_id", "!=", False)])
            .team_id
        )

    def load(self):
        customers = self.env["res.partner"].search(
            [
                ("is_company", "=", True),
                ("user_id", "!=", False),
                ("email", "=", False),
            ],
            limit=80,
        )
        for number, customer in enumerate(customers, 1):
            customer.email = f"buyer{number}@customers.example.com"
        first = self.today.replace(day=1) - relativedelta(months=1)
        closed, running = (
            self.make_round(pair[self.chinese], first, number)
            for number, pair in enumerate(ROUNDS)
        )
        for subject in closed.subject_ids:
            for number, person in enumerate(subject.participant_ids):
                # Of one in seven there is no answer; some are asked and too few answer.
                if (subject.id + number) % 7 and (subject.id % 9 or number < 2):
                    self.answer(person, subject.id + number)
        closed.action_close()
        for number, person in enumerate(running.subject_ids.participant_ids):
            if number % 3 == 0:
                self.answer(person, number)

    def make_round(self, name, first, number):
        feedback = self.env["sales.feedback.round"].create(
            {
                "name": name,
                "company_id": self.company.id,
                "date_from": first + relativedelta(months=number),
                "date_to": first + relativedelta(months=number + 1, days=-1),
                "deadline": self.today + relativedelta(weeks=2),
                "team_ids": self.teams.ids,
                "with_manager": True,
                "peer_limit": 6,
                "customer_limit": 4,
            }
        )
        feedback.action_propose()
        feedback.subject_ids.filtered(lambda one: len(one.participant_ids) < 3).unlink()
        mails = self.env["mail.mail"].search([])
        feedback.action_send()
        # Nobody of the demo data gets real mail.
        (self.env["mail.mail"].search([]) - mails).unlink()
        return feedback

    def answer(self, person, seed):
        answer = self.env["survey.user_input"].search(
            [("sales_participant_id", "=", person.id)]
        )
        for number, question in enumerate(answer.survey_id.question_ids):
            if question.question_type == "scale":
                value = (
                    2 + (seed + number) % 2 + (person.subject_id.id + number // 2) % 3
                )
                answer._save_lines(question, str(min(value, 5)))
            else:
                words = (KEEP, CHANGE)[number % 2]
                answer._save_lines(
                    question, words[seed % 3 * 2 + self.chinese] if seed % 2 else ""
                )
        answer._mark_done()
