"""Templates and the scorecards of a few months, in every state; one appeal."""

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

# name in English and Chinese, values; ``points`` are x and y of a function.
CORE = (
    ("Core goal", "核心目标"),
    {"kind": "attainment", "function": "ratio", "cap": 120, "weight": 30},
)
COLLECTION = (
    ("Collection Rate", "回款率"),
    {
        "metric": "COLLECTION_RATE",
        "function": "linear",
        "weight": 20,
        "points": ((40, 0), (70, 60), (90, 100)),
    },
)
TRAINING = (
    ("Training", "培训"),
    {"kind": "training", "function": "ratio", "cap": 100, "weight": 10},
)
JUDGEMENT = (
    ("Teamwork and Care for Customers", "团队协作与客户关怀"),
    {"kind": "judgement", "function": "ratio", "cap": 100, "weight": 10},
)
SURVEY = (
    ("360° Feedback", "360° 评价"),
    {"kind": "survey", "function": "ratio", "cap": 100, "weight": 10},
)
CONDUCT = (
    ("Conduct", "行为积分"),
    {"kind": "conduct", "function": "points", "floor": -10, "cap": 10, "rate": 2},
)
VETO = (
    ("Collection at Least", "回款底线"),
    {
        "metric": "COLLECTION_RATE",
        "function": "veto",
        "limit": 30,
        "cap": 75,
    },
)
INVOICED = (("Invoiced", "开票额"), {"metric": "INVOICED", "weight": 10, "cap": 120})
ORDERS = (
    ("Orders", "订单数"),
    {
        "metric": "ORDERS",
        "function": "bands",
        "weight": 10,
        "points": ((1, 60), (2, 80), (3, 100), (4, 120)),
    },
)
MARGIN_RATE = (
    ("Margin Rate", "毛利率"),
    {
        "metric": "MARGIN_RATE",
        "function": "linear",
        "weight": 10,
        "points": ((5, 0), (20, 80), (35, 120)),
    },
)
MEMBERS = (
    ("Scores of the Team", "团队得分"),
    {"kind": "members", "function": "ratio", "cap": 120, "weight": 10},
)
TEAM = (
    ("Card of the Team", "团队评分卡"),
    {"kind": "team", "function": "ratio", "cap": 120, "weight": 10},
)
SPREAD = (
    ("Spread in the Team", "团队离散度"),
    {
        "kind": "spread",
        "function": "linear",
        "weight": 10,
        "points": ((0, 100), (10, 80), (30, 0)),
    },
)


def _of_team(line):
    """The same of the rep and everybody below."""
    return line[0], {**line[1], "scope": "team"}


def _weighing(line, weight):
    return line[0], {**line[1], "weight": weight}


TEMPLATES = (
    (
        ("Monthly Scorecard: Reps", "业务员月度评分卡"),
        "seller",
        (
            *(CORE, INVOICED, COLLECTION, ORDERS),
            *(TRAINING, JUDGEMENT, SURVEY, CONDUCT, VETO),
        ),
    ),
    (
        ("Monthly Scorecard: Leaders", "销售主管月度评分卡"),
        "leader",
        (
            *(_of_team(line) for line in (CORE, COLLECTION, MARGIN_RATE, TRAINING)),
            MEMBERS,
            TEAM,
            JUDGEMENT,
            CONDUCT,
        ),
    ),
    (
        ("Monthly Scorecard: Teams", "团队月度评分卡"),
        "teams",
        (
            _weighing(CORE, 40),
            COLLECTION,
            _weighing(MEMBERS, 20),
            SPREAD,
            JUDGEMENT,
        ),
    ),
)
SELF = (
    "I have visited all my A customers; two large orders moved to next month.",
    "A 类客户已全部拜访；两笔大单推迟到下月。",
)
MANAGER = (
    "Good discipline. Next month: collect what is overdue first.",
    "执行到位。下月优先清收逾期货款。",
)
REASON = (
    "He took over a territory in the middle of the month.",
    "月中接手新的区域，情况特殊。",
)
APPEAL = (
    "The payment of the 30th was booked on the 2nd: it is missing from my collection.",
    "30 日到账的款项 2 日才入账，未计入我的回款。",
)
ANSWER = (
    "By the rules the day of the booking counts; it is in the next month.",
    "按规则以入账日为准，已计入下月。",
)
BACK = 3


class Cards:
    """:param env: superuser's, of the company; :param word: picks the language"""

    def __init__(self, env, company):
        self.env, self.company = env, company
        self.today = company._get_sales_today()
        self.chinese = "zh_CN" in dict(env["res.lang"].get_installed())

    def word(self, pair):
        return pair[1] if self.chinese else pair[0]

    def load(self):
        drafts = self.env["sales.scorecard.template"].search(
            [("company_id", "=", self.company.id), ("state", "=", "draft")]
        )
        # What other addons have for people of their own is in force as it is.
        others = drafts.filtered("group_ids")
        (drafts - others).action_archive()
        others.date_from = self.today.replace(day=1) - relativedelta(months=BACK)
        others.action_publish()
        self.templates = [self.make_template(*row) for row in TEMPLATES]
        first = self.today.replace(day=1)
        for back in range(BACK, -1, -1):
            day = first - relativedelta(months=back)
            cards = self.env["sales.scorecard"]._open_period(self.company, "month", day)
            self.take_steps(cards.sorted("id"), back)

    def make_template(self, name, role, lines):
        """For who is in the organisation: Odoo's own demo users are not appraised."""
        people = self.env["sales.rep"].search(
            [("company_id", "=", self.company.id), ("grade_id", "!=", False)]
        )
        template = self.env["sales.scorecard.template"].create(
            {
                "name": name[0],
                "company_id": self.company.id,
                "subject": "teams" if role == "teams" else "reps",
                "role": "all" if role == "teams" else role,
                "grade_ids": people.grade_id.ids if role == "seller" else False,
                "team_ids": people.team_id.ids if role == "teams" else False,
                "date_from": self.today.replace(day=1) - relativedelta(months=BACK),
                "forced": role == "seller",
                "forced_minimum": 5,
                "line_ids": [
                    Command.create(self.prepare_line(number, *line))
                    for number, line in enumerate(lines)
                ],
            }
        )
        if self.chinese:
            template.with_context(lang="zh_CN").name = name[1]
            for line, (pair, _values) in zip(template.line_ids, lines, strict=True):
                line.with_context(lang="zh_CN").name = pair[1]
        template.action_publish()
        return template

    def prepare_line(self, number, name, values):
        values = {"name": name[0], "sequence": number, **values}
        points = values.pop("points", ())
        values["point_ids"] = [Command.create({"x": x, "y": y}) for x, y in points]
        code = values.pop("metric", None)
        if code:
            metric = self.env["sales.metric"].search([("code", "=", code)])
            values |= {"kind": "metric", "metric_id": metric.id}
        if code == "INVOICED":
            values |= {"against": "number", "number": self.usual(metric)}
        return values

    def usual(self, metric):
        """What a rep is credited with in a month, on average of last year; round."""
        stop = self.today.replace(day=1)
        start = stop - relativedelta(months=12)
        ((value, reps),) = self.env["sales.credit"]._read_group(
            [
                ("metric_id", "=", metric.id),
                ("company_id", "=", self.company.id),
                ("rep_id", "!=", False),
                ("date", ">=", start),
                ("date", "<", stop),
            ],
            [],
            ["value:sum", "rep_id:count_distinct"],
        )
        return max(1000, round((value or 0) / 12 / (reps or 1), -3))

    # Steps: the farther back, the farther the cards are.

    def take_steps(self, cards, back):
        if not back:
            return
        cards._start()
        for number, card in enumerate(cards):
            # Of the last month not everybody has begun.
            if back == 1 and number % 4 == 0:
                continue
            judged = card.line_ids.filtered(lambda line: line.kind == "judgement")
            judged.self_value = 70 + number * 7 % 30
            card.self_comment = self.word(SELF)
            card._hand_over()
            if back == 1 and number % 4 == 1:
                continue
            judged.manager_value = 60 + number * 7 % 40
            card.manager_comment = self.word(MANAGER)
            card._move("calibration")
        if back > 1:
            self.finish(cards, back)

    def finish(self, cards, back):
        director = self.env["res.users"].search([("login", "=", "director")])
        operations = self.env["res.users"].search([("login", "=", "operations")])
        grades = self.env["sales.scorecard.grade"].search([])
        first = cards.filtered(lambda card: card.user_id.login == "rep")[:1]
        better = (
            grades[max(0, list(grades).index(first.grade_id) - 1)] if first else None
        )
        if better and better != first.grade_id:
            first.with_user(director)._calibrate(better, self.word(REASON))
        own = cards.filtered(lambda card: card.user_id == director)
        (cards - own).with_user(director).action_confirm()
        own.with_user(operations).action_confirm()
        contested = cards.filtered(lambda card: card.user_id.login == "rep")[:1]
        if contested:
            appeal = contested.with_user(contested.user_id)._appeal(self.word(APPEAL))
            if back == BACK:
                appeal.with_user(operations)._decide("upheld", self.word(ANSWER))
        if back == BACK:
            for card in cards.filtered(lambda c: c.state == "confirmed" and c.user_id):
                card.with_user(card.user_id).action_acknowledge()
