"""Contests in three states, a big screen, and the badges of the last months."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

FIRST_PRIZE = ("Weekend for two", "双人周末游")
SECOND_PRIZE = ("Dinner for two", "双人晚餐")
# name, what for, metric, how far back in months, values
CONTESTS = (
    (
        ("Collection Sprint", "回款冲刺赛"),
        (
            "Every payment that is matched counts, also of old invoices.",
            "凡核销到账的回款都算，旧账也算。",
        ),
        "COLLECTED",
        1,
        {},
    ),
    (
        ("Order Race", "签单竞赛"),
        (
            "The month's orders, each grade among its peers.",
            "当月订单，按职级分组排名。",
        ),
        "ORDERED",
        0,
        {"peer": "grade"},
    ),
    (
        ("Visit Challenge", "拜访挑战赛"),
        ("Who enters and visits most customers.", "自愿报名，比有效拜访数。"),
        "VISITS",
        -1,
        {"entry": "enrol"},
    ),
)
AMOUNTS = (3000, 1500, 800)
SCREEN = ("Sales Floor", "销售大厅")


class Rankings:
    """:param env: superuser's, of the company; :param word: picks the language"""

    def __init__(self, env, company, word):
        self.env, self.company, self.word = env, company, word
        self.today = company._get_sales_today()

    def load(self):
        territories = self.env["sales.territory"].search([("parent_id", "!=", False)])
        for territory, tier in zip(territories, "1223", strict=False):
            territory.tier = tier
        contests = [self.make_contest(*row) for row in CONTESTS]
        self.finish(contests[0])
        self.enter(contests[2])
        self.env["sales.screen"].create(
            {
                "name": self.word(SCREEN),
                "company_id": self.company.id,
                "board_ids": [
                    Command.set(
                        self.env["sales.leaderboard"]
                        .search(
                            [
                                ("company_id", "=", self.company.id),
                                ("audience", "!=", "managers"),
                            ]
                        )
                        .ids
                    )
                ],
                "order_from": 20000,
            }
        )
        first = self.today.replace(day=1)
        for rule in self.env["sales.badge.rule"].search([]):
            for back in (2, 1, 0):
                rule._award(first - relativedelta(months=back) - timedelta(days=1))

    def make_contest(self, name, what, code, back, values):
        start = self.today.replace(day=1) - relativedelta(months=back)
        operations = self.env["res.users"].search([("login", "=", "operations")])
        names = (FIRST_PRIZE, SECOND_PRIZE)
        metric = self.env["sales.metric"].search([("code", "=", code)])
        contest = self.env["sales.contest"].create(
            {
                "name": self.word(name),
                "description": self.word(what),
                "company_id": self.company.id,
                "user_id": operations.id,
                "metric_id": metric.id,
                "date_from": start,
                "date_to": start + relativedelta(months=1, days=-1),
                "cooling_days": 0,
                "prize_ids": [
                    Command.create(
                        {
                            "place": place,
                            "name": self.word(names[place - 1]) if place < 3 else False,
                            "amount": amount,
                        }
                    )
                    for place, amount in enumerate(AMOUNTS, 1)
                ],
                **values,
            }
        )
        contest.state = "running" if start <= self.today else "announced"
        return contest

    def finish(self, contest):
        operations = self.env["res.users"].search([("login", "=", "operations")])
        contest.state = "ended"
        contest.action_settle()
        winners = contest.entry_ids.filtered("amount")
        winners[:1].with_user(operations).action_hand_over()

    def enter(self, contest):
        for rep in self.env["sales.rep"].search(
            [("company_id", "=", self.company.id), ("carries_target", "=", True)]
        ):
            # The rep of the demo has still to enter.
            if rep.id % 2 and rep.user_id.login != "rep":
                contest.with_user(rep.user_id).action_enter()
