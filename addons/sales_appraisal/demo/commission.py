"""A commission plan in force, and the statements of the last months in each state."""

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

from .draws import Draws

BACK = 3
REPS = ("Commission of Reps", "销售代表提成方案")
LEADERS = ("Commission of Leaders", "销售主管提成方案")
INVOICED = ("Commission on Invoiced", "开票提成")
CUSTOMERS = ("New Customers", "新客户奖")
OVERRIDE = ("Override on the Team", "团队管理提成")
REASON = (
    "The split of the large order is not agreed yet.",
    "大单的分成尚未确认。",
)


class Commission:
    """:param env: superuser's, of the company; :param word: picks the language"""

    def __init__(self, env, company, word):
        self.env, self.company, self.word = env, company, word
        self.today = company._get_sales_today()
        self.first = self.today.replace(day=1)

    def load(self):
        people = self.env["sales.rep"].search(
            [("company_id", "=", self.company.id), ("grade_id", "!=", False)]
        )
        usual = self.get_usual(people)
        draws = Draws(self.env, self.first)
        self.make_plan(
            REPS,
            "seller",
            people,
            (
                INVOICED,
                {
                    "metric": "INVOICED",
                    "table": "amount",
                    "mode": "progressive",
                    "tiers": ((0, 2), (usual, 3), (usual * 1.5, 5)),
                },
            ),
            (CUSTOMERS, {"metric": "NEW_CUSTOMERS", "rate_unit": "amount", "rate": 50}),
            *draws.get_rules(people),
        )
        self.make_plan(
            LEADERS,
            "leader",
            people,
            (
                OVERRIDE,
                {
                    "metric": "INVOICED",
                    "credited": "override",
                    "level_to": 3,
                    "rate": 0.5,
                },
            ),
        )
        draws.load(self.word)
        for back in range(BACK, -1, -1):
            day = self.first - relativedelta(months=back)
            statements = self.env["sales.commission.statement"]._run(self.company, day)
            self.take_steps(statements.sorted("id"), back)

    def get_usual(self, people):
        """What a rep is credited with in a month, on average of last year; round."""
        ((value,),) = self.env["sales.credit"]._read_group(
            [
                ("metric_id.code", "=", "INVOICED"),
                ("rep_id", "in", people.ids),
                ("date", ">=", self.first - relativedelta(months=12)),
                ("date", "<", self.first),
            ],
            [],
            ["value:sum"],
        )
        return max(1000, round((value or 0) / 12 / (len(people) or 1), -3))

    def make_plan(self, name, role, people, *rules):
        plan = self.env["sales.commission.plan"].create(
            {
                "name": name[0],
                "company_id": self.company.id,
                "role": role,
                "grade_ids": people.grade_id.ids if role == "seller" else False,
                "date_from": self.first - relativedelta(months=BACK),
                "rule_ids": [
                    Command.create(self.prepare_rule(*rule)) for rule in rules
                ],
            }
        )
        if "zh_CN" in dict(self.env["res.lang"].get_installed()):
            plan.with_context(lang="zh_CN").name = name[1]
            for rule, (pair, _values) in zip(plan.rule_ids, rules, strict=True):
                rule.with_context(lang="zh_CN").name = pair[1]
        plan.action_publish()

    def prepare_rule(self, name, values):
        values = dict(values)
        code = values.pop("metric", None)
        return {
            "name": name[0],
            "metric_id": self.env["sales.metric"].search([("code", "=", code)]).id,
            "tier_ids": [
                Command.create({"start": start, value: number})
                for key, value in (("tiers", "rate"), ("amounts", "amount"))
                for start, number in values.pop(key, ())
            ],
            **values,
        }

    # Steps: the farther back, the farther the statements are.

    def take_steps(self, statements, back):
        if not back:
            return
        users = {
            login: self.env["res.users"].search([("login", "=", login)])
            for login in ("director", "operations", "finance")
        }
        # Of the last month not everybody has submitted yet.
        sent = statements[::2] if back == 1 else statements
        sent.with_user(users["operations"]).action_submit()
        if back == 1:
            sent[:1].with_user(users["director"])._return(self.word(REASON))
            return
        own = sent.filtered(lambda one: one.user_id == users["director"])
        (sent - own).with_user(users["director"]).action_approve()
        own.with_user(users["operations"]).action_approve()
        if back == BACK:
            sent.with_user(users["finance"]).action_validate()
