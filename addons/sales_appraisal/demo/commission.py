"""Commission plans in force in two versions, and statements of months in each state.

What is known late is corrected in the statements of the current month.
"""

from datetime import datetime, time

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

from .draws import Draws

# So many months ago the plans began; with the last month the second version did.
BACK = 5
CHANGED = 1
# External agents sell in this team; each bills as an agency.
AGENTS = ("sam", "julia")
# What was sold together, and what the second has sold alone.
TOGETHER = ("rep", "omar")
INSTEAD = ("julia", "sam")

INVOICED = (
    ("Commission on Invoiced", "开票提成"),
    {
        "metric": "INVOICED",
        "table": "amount",
        "mode": "progressive",
        "tiers": ((0, 2), (1, 3), (1.5, 5)),
        "hold_percent": 30,
        "refund": "paid",
        "decelerator": "discount",
        "line": ((5, 0.9), (10, 0.75)),
    },
)
COLLECTED = (
    ("Collected, by Appraisal", "回款提成（按评级）"),
    {
        "metric": "COLLECTED_NET",
        "rate": 0.5,
        "floor": 200,
        "multiplier": "grade",
        "card": (("s", 1.3), ("a", 1.15), ("b", 1), ("c", 0.8), ("d", 0.5)),
    },
)
CUSTOMERS = (
    ("New Customers", "新客户奖"),
    {"metric": "NEW_CUSTOMERS", "rate_unit": "amount", "rate": 50},
)
TARGET = (
    ("Target Reached", "目标达成奖"),
    {
        "metric": "COLLECTED",
        "kind": "bonus",
        "table": "attainment",
        "amounts": ((100, 300), (120, 600)),
    },
)
OVERRIDE = (
    ("Override on the Team", "团队管理提成"),
    {"metric": "INVOICED", "credited": "override", "level_to": 3, "rate": 0.5},
)
AGENCY = (
    ("Agency Commission", "代理提成"),
    {"metric": "INVOICED", "rate": 4, "refund": "paid", "unpaid": "back"},
)
PLANS = (
    (("Commission of Reps", "业务员提成方案"), {"role": "seller"}),
    (("Commission of Leaders", "销售主管提成方案"), {"role": "leader"}),
    (("Commission of External Agents", "外部代理提成方案"), {"role": "seller"}),
)
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
        self.users = {
            user.login: user
            for user in env["res.users"].search([("company_ids", "in", company.ids)])
        }

    def load(self):
        people = self.env["sales.rep"].search(
            [("company_id", "=", self.company.id), ("grade_id", "!=", False)]
        )
        agents = people.filtered(lambda rep: rep.user_id.login in AGENTS)
        self.make_agencies(agents)
        self.usual = self.get_usual(people)
        self.draws = Draws(self.env, self.first)
        reps = self.make_plans(people, agents.team_id)
        self.draws.load(self.word)
        for back in range(BACK, -1, -1):
            if back == CHANGED:
                self.change(reps)
            day = self.first - relativedelta(months=back)
            statements = self.env["sales.commission.statement"]._run(self.company, day)
            self.take_steps(statements.sorted("id"), back)
        self.split(TOGETHER, 60)
        # More is taken back than was earned.
        negative = self.split(INSTEAD, 0, until=0)
        negative.with_user(self.users["operations"]).action_submit()

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

    def make_agencies(self, agents):
        for agent in agents:
            agent.commission_partner_id = self.env["res.partner"].create(
                {
                    "name": self.word(("%s Agency", "%s代理行")) % agent.name,
                    "is_company": True,
                    "company_id": self.company.id,
                }
            )

    # Plans

    def make_plans(self, people, outside):
        """:return: the plan of reps"""
        sellers = {"grade_ids": people.grade_id.ids}
        reps, leaders, agents = PLANS
        inside = people.filtered(lambda rep: rep.team_id not in outside)
        made = self.make_plan(
            *reps,
            (
                *(INVOICED, COLLECTED, CUSTOMERS, TARGET),
                *self.draws.get_rules(inside),
            ),
            team_ids=(people.team_id - outside).ids,
            **sellers,
        )
        self.make_plan(*leaders, (OVERRIDE,), pay_by="entry")
        self.make_plan(
            *agents, (AGENCY,), team_ids=outside.ids, pay_by="bill", **sellers
        )
        return made

    def make_plan(self, name, population, rules, **values):
        plan = self.env["sales.commission.plan"].create(
            {
                "name": name[0],
                "company_id": self.company.id,
                "date_from": self.first - relativedelta(months=BACK),
                "rule_ids": [
                    Command.create(self.prepare_rule(*rule)) for rule in rules
                ],
                **population,
                **values,
            }
        )
        if "zh_CN" in dict(self.env["res.lang"].get_installed()):
            plan.with_context(lang="zh_CN").name = name[1]
            for rule, (pair, _values) in zip(plan.rule_ids, rules, strict=True):
                rule.with_context(lang="zh_CN").name = pair[1]
        plan.with_user(self.users["operations"]).action_publish()
        return plan

    def prepare_rule(self, name, values):
        values = dict(values)
        code = values.pop("metric", None)
        tiers = [
            {"start": start * self.usual, "rate": rate}
            for start, rate in values.pop("tiers", ())
        ]
        tiers += [
            {"start": start, "amount": amount}
            for start, amount in values.pop("amounts", ())
        ]
        return {
            "name": name[0],
            "metric_id": self.env["sales.metric"].search([("code", "=", code)]).id,
            "tier_ids": [Command.create(tier) for tier in tiers],
            "line_factor_ids": [
                Command.create({"use": "line", "start": start, "factor": factor})
                for start, factor in values.pop("line", ())
            ],
            "card_factor_ids": [
                Command.create(
                    {
                        "use": "card",
                        "grade_id": self.env.ref(
                            f"sales_appraisal.sales_scorecard_grade_{grade}"
                        ).id,
                        "factor": factor,
                    }
                )
                for grade, factor in values.pop("card", ())
            ],
            **values,
        }

    def change(self, plan):
        """The second version pays more on what is invoiced, and limits the prize."""
        plan = plan.with_user(self.users["operations"])
        later = plan.browse(plan.action_new_version()["res_id"])
        later.date_from = self.first - relativedelta(months=CHANGED)
        invoiced, _collected, customers, *_others = later.rule_ids
        invoiced.tier_ids[0].rate, invoiced.tier_ids[1].rate = 2.5, 3.5
        customers.cap = 500
        later.action_publish()

    # Steps: the farther back, the farther the statements are.

    def take_steps(self, statements, back):
        if not back:
            return
        # Of the last month not everybody has submitted yet.
        sent = statements[::2] if back == 1 else statements
        mine = sent.filtered(lambda one: one.user_id == self.users["rep"])
        mine.with_user(self.users["rep"]).action_submit()
        (sent - mine).with_user(self.users["operations"]).action_submit()
        if back == 1:
            sent[:1].with_user(sent[:1]._get_approver())._return(self.word(REASON))
        else:
            for user, waiting in sent.grouped(lambda one: one._get_approver()).items():
                waiting.with_user(user).action_approve()
            # Of the month before finance has approved a part.
            approved = sent[::2] if back == 2 else sent
            approved.with_user(self.users["finance"]).action_validate()
        self.date_steps(statements, back)

    def date_steps(self, statements, back):
        """The days on which these steps would have been taken."""
        start = self.first - relativedelta(months=back - 1)
        for day, step in enumerate(("submitted", "approved", "validated"), 1):
            done = statements.filtered(lambda one, step=step: one[f"{step}_on"])
            moment = datetime.combine(start + relativedelta(days=day), time(9))
            done[f"{step}_on"] = min(moment, self.env.cr.now().replace(tzinfo=None))

    # What is known late

    def split(self, logins, share, until=None):
        """Operations credits invoices of closed months to a colleague of the first.

        :param share: what the first keeps, in percent
        :param until: as many invoices as it takes until an open statement of the
            first is below; None: one
        :return: those statements whose period is over
        """
        operations = self.users["operations"]
        reps = self.env["sales.rep"].search([("user_id.login", "in", logins)])
        one, other = reps.sorted(lambda rep: logins.index(rep.user_id.login))
        statements = self.env["sales.commission.statement"].search(
            [("rep_id", "in", reps.ids), ("state", "=", "open")]
        )
        first = statements.filtered(lambda statement: statement.rep_id == one)
        for invoice in self.find_invoices(one):
            self.env["sales.split"].with_user(operations).create(
                [
                    {"move_id": invoice.id, "rep_id": rep.id, "share": part}
                    for rep, part in ((one, share), (other, 100 - share))
                    if part
                ]
            )
            statements.with_user(operations).action_compute()
            if until is None or min(first.mapped("amount"), default=until) < until:
                break
        return first.filtered(
            lambda one: one.date_to < self.today and one.amount < (until or 0)
        )

    def find_invoices(self, rep):
        """What a rep has sold alone in closed months, the largest first."""
        invoices = self.env["account.move"].search(
            [
                ("company_id", "=", self.company.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("reversal_move_ids", "=", False),
                ("invoice_user_id", "=", rep.user_id.id),
                ("invoice_date", ">=", self.first - relativedelta(months=BACK)),
                ("invoice_date", "<", self.first - relativedelta(months=2)),
            ]
        )
        alone = invoices.filtered(
            lambda one: (
                not one.sales_split_ids
                and not one.invoice_line_ids.sale_line_ids.order_id.sales_split_ids
            )
        )
        return alone.sorted(lambda one: (-one.amount_untaxed_signed, one.id))
