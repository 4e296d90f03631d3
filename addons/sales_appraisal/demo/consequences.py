"""What follows from the cards of the demo data: rules, proposals in every state, and
more points of conduct than count."""

from dateutil.relativedelta import relativedelta

from ..models.sales_scorecard import LIVE
from .scorecards import BACK, Cards

# Name in English and Chinese, values; words in both languages.
RULES = (
    (
        ("Promotion after Two Good Months", "连续两月良好晋升"),
        {
            "pattern": "score_min",
            "score": 75,
            "times": 2,
            "within": 2,
            "not_in_ramp": True,
            "kind": "promotion",
            "approval": "director",
        },
    ),
    (
        ("Salary Review for a Strong Month", "单月业绩突出调薪评审"),
        {
            "pattern": "score_min",
            "score": 80,
            "kind": "salary",
            "percent": 5,
            "approval": "director",
        },
    ),
    (
        ("Coaching after a Weak Month", "单月不达标辅导"),
        {
            "pattern": "score_max",
            "score": 65,
            "kind": "coaching",
            "approval": "leader",
            "days": 3,
        },
    ),
    (
        ("Reward for a Leap", "进步奖励"),
        {
            "pattern": "grade_up",
            "steps": 1,
            "kind": "reward",
            "category": "results",
            "points": 3,
            "approval": "leader",
            "letter": (
                "You have improved by a grade. Thank you for what stands behind it.",
                "您的考核等级有了提升，感谢您背后的付出。",
            ),
        },
    ),
    (
        ("Written Warning after an Insufficient Month", "单月不合格书面警告"),
        {
            "pattern": "score_max",
            "score": 45,
            "not_in_ramp": True,
            "kind": "warning",
            "category": "warning",
            "approval": "manager",
            "letter": (
                "Your results have not been sufficient. Your manager agrees with you "
                "on what has to change, and by when.",
                "您的业绩未达要求，请与主管约定改进事项和期限。",
            ),
        },
    ),
)
YES = ("Well deserved; agreed with the team.", "实至名归，团队一致同意。")
NO = (
    "Not now: the territory was new. See again in three months.",
    "暂不通过：该区域刚接手，三个月后再议。",
)
# For what, points and what happened, of last month: 14, of which 10 count.
PRAISE = (
    ("won", 5, "Won back a customer whom we had lost", "赢回了一位流失客户"),
    (
        "help",
        5,
        "Helped two new colleagues through their first visits",
        "带两位新同事完成首访",
    ),
    ("customer", 4, "A customer wrote to thank for quick help", "客户来信感谢快速响应"),
)


class Consequences(Cards):
    def load(self):
        first = self.today.replace(day=1) - relativedelta(months=BACK)
        self.env["sales.consequence.rule"].search(
            [("company_id", "=", self.company.id), ("state", "=", "draft")]
        ).action_archive()
        for name, values in RULES:
            self.make_rule(name, dict(values), first)
        reps = self.env["sales.rep"].search([("company_id", "=", self.company.id)])
        proposals = self.env["sales.consequence"]._propose(
            self.company, reps, "month", first
        )
        # Who is at the top waits for another director.
        below = proposals.filtered("waits_for_id")
        for some in below.grouped("kind").values():
            self.take_steps(some.sorted("id"))
        self.praise()

    def make_rule(self, name, values, first):
        letter, category = values.pop("letter", None), values.pop("category", None)
        if category:
            category = f"sales_appraisal.sales_conduct_category_{category}"
            values["category_id"] = self.env.ref(category).id
        rule = self.env["sales.consequence.rule"].create(
            {
                "name": name[0],
                "company_id": self.company.id,
                "date_from": first,
                "letter": letter and letter[0],
                **values,
            }
        )
        if self.chinese:
            translated = rule.with_context(lang="zh_CN")
            translated.name = name[1]
            translated.letter = letter and letter[1]
        rule.action_publish()

    def take_steps(self, proposals):
        """Of each kind: approved, refused, begun, and waiting."""
        for number, proposal in enumerate(proposals):
            if number % 4 == 0:
                while proposal.state == "proposed":
                    self.decide(proposal, "approved", self.word(YES))
            elif number % 4 == 1:
                self.decide(proposal, "refused", self.word(NO))
            elif number % 4 == 2 and len(proposal.step_ids) > 1:
                self.decide(proposal, "approved", None)

    def decide(self, proposal, state, comment):
        proposal.with_user(proposal.waits_for_id)._decide(state, comment)

    def praise(self):
        """More points than count, of the rep of the demo data."""
        rep = self.env["sales.rep"].search([("user_id.login", "=", "rep")], limit=1)
        day = self.today.replace(day=1) - relativedelta(days=10)
        cases = self.env["sales.conduct"].create(
            [
                {
                    "rep_id": rep.id,
                    "category_id": self.env.ref(
                        f"sales_force.sales_conduct_category_{category}"
                    ).id,
                    "points": points,
                    "date": day + relativedelta(days=number),
                    "description": self.word(words),
                }
                for number, (category, points, *words) in enumerate(PRAISE)
            ]
        )
        for case in cases:
            case.with_user(rep.parent_id.user_id)._decide("confirmed", case.description)
        self.env["sales.scorecard"].search(
            [("rep_id", "=", rep.id), ("state", "in", LIVE)]
        )._compute_results()
