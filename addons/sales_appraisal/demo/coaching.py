"""Coaching: plans in every state, joint visits, one-to-ones, skills, and the wall."""

import random
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from odoo.fields import Command

# English and Chinese.
CLOSED = (
    ("More orders a day", "提高日均订单数"),
    (
        "Plan the route the evening before, and ask for the order on each visit.",
        "前一晚排好线路，每次拜访都主动促成下单。",
    ),
    (
        "The route is planned now; keep asking for the order.",
        "线路计划已成习惯；继续主动促成下单。",
    ),
)
RUNNING = (
    ("Value of an order", "提高客单价"),
    (
        "Offer what goes with it, in each quotation.",
        "每份报价都推荐搭配产品。",
    ),
)
EXERCISES = (
    ("visit", "coach", ("Two joint visits", "两次协同拜访")),
    ("script", "rep", ("Learn the opening questions", "练习开场提问话术")),
    ("other", "rep", ("Write three offers on site", "现场完成三份报价")),
)
CHECKINS = (
    (
        "The first week went well, the second was lost to stocktaking.",
        "第一周不错，第二周因盘点耽误。",
    ),
    (
        "Asks for the need first now; the offer comes too late still.",
        "已能先问需求；报价仍偏晚。",
    ),
)
STRENGTHS = ("Good preparation, knows the figures.", "准备充分，熟悉客户数据。")
ADVICE = (
    "Ask for the order before you show the catalogue.",
    "先争取下单意向，再展示目录。",
)
NOTE = (
    "Motivated; wants to take over a key account next year.",
    "积极性高；希望明年接手重点客户。",
)
SHARED = (
    "We talked about overdue customers and the plan for next month.",
    "讨论了逾期客户和下月计划。",
)
TOPICS = ("Delivery times of the new line.", "新品交期问题。")
AGREEMENTS = (
    ("Call the three overdue customers", "联系三家逾期客户"),
    ("Ask the warehouse for dates", "向仓库确认交期"),
)
PRACTICES = (
    (
        ("Reorder before the stock is out", "在断货前补货"),
        (
            "On each visit I count what is left on the shelf and write the reorder at "
            "once. The customer only signs. My orders per visit went up by a third.",
            "每次拜访先清点货架库存，当场写好补货单，客户只需签字。每次拜访的订单提高了三分之一。",
        ),
        "visit",
    ),
    (
        ("Price talks: ask what it is compared with", "谈价先问对比对象"),
        (
            "When a customer says “too expensive”, I ask: compared with what? Mostly "
            "it is another size or without delivery. Then price is no topic any more.",
            "客户说“太贵”时，先问：和什么比？往往规格不同或不含运费，价格就不再是问题。",
        ),
        "price",
    ),
    (
        ("Collect before the new order", "先收款再下单"),
        (
            "I open with the open items and leave with a payment date. Only then we "
            "talk about the new order: nobody is offended, and it gets paid.",
            "先对账、约定付款日，再谈新订单：客户不反感，回款也更快。",
        ),
        "collection",
    ),
    (
        ("Referrals from happy customers", "请满意客户转介绍"),
        (
            "After each good delivery I ask for one name. Two of my new customers this "
            "quarter came this way.",
            "每次顺利交付后请客户介绍一位同行。本季度两家新客户由此而来。",
        ),
        "new",
    ),
)
RESULT = (
    "Tried it at four customers, two ordered at once.",
    "在四家客户试用，两家当场下单。",
)


class Coaching:
    """:param env: superuser's, of the company"""

    def __init__(self, env, company):
        # What is agreed here becomes activities.
        skip = {"mail_activity_automation_skip": False}
        self.env, self.company = env(context={**env.context, **skip}), company
        self.today = company._get_sales_today()
        self.chinese = "zh_CN" in dict(env["res.lang"].get_installed())
        self.random = random.Random(5)
        self.reps = {
            rep.user_id.login: rep
            for rep in env["sales.rep"].search(
                [("company_id", "=", company.id), ("state", "!=", "left")]
            )
        }
        self.rep, self.leader = self.reps["rep"], self.reps["leader"]
        self.team = self.leader.child_ids.filtered(lambda rep: rep.state != "left")
        self.others = self.team - self.rep

    def word(self, pair):
        return pair[1] if self.chinese else pair[0]

    def metric(self, code):
        return self.env["sales.metric"].search([("code", "=", code)])

    def day(self, back):
        return self.today - timedelta(days=back)

    def moment(self, day, clock):
        """A time of the company's clock, as it is stored."""
        zone = ZoneInfo(self.company._get_sales_timezone())
        local = datetime.combine(day, clock, tzinfo=zone)
        return local.astimezone(timezone.utc).replace(tzinfo=None)

    def load(self):
        self.make_closed()
        self.make_running()
        self.make_drafts()
        self.make_visits()
        self.make_talks()
        self.make_skills()
        self.make_practices()

    def make_plan(self, rep, texts, **values):
        return self.env["sales.coaching"].create(
            {
                "name": self.word(texts[0]),
                "goal": self.word(texts[1]),
                "rep_id": rep.id,
                "coach_id": self.leader.user_id.id,
                "window_days": 45,
                **values,
            }
        )

    def make_closed(self):
        """With its effect, as it was counted."""
        for rep in self.team[:2]:
            plan = self.make_plan(
                rep,
                CLOSED,
                metric_id=self.metric("ORDERS").id,
                date_from=self.day(75),
                date_to=self.day(20),
                conclusion=self.word(CLOSED[2]),
            )
            plan._set_goal(None)
            plan.write(
                {
                    "state": "closed",
                    "agreed_on": datetime.combine(self.day(76), time(9)),
                    "closed_on": datetime.combine(self.day(18), time(9)),
                    "closed_by_id": self.leader.user_id.id,
                    "result": plan._measure()[plan.id],
                }
            )

    def make_running(self):
        plan = self.make_plan(
            self.rep,
            RUNNING,
            metric_id=self.metric("ORDERED").id,
            base_metric_id=self.metric("ORDERS").id,
            date_from=self.day(32),
            date_to=self.day(-20),
            exercise_ids=[
                Command.create(
                    {
                        "kind": kind,
                        "owner": owner,
                        "name": self.word(name),
                        "date_deadline": self.day(10 - 12 * number),
                    }
                )
                for number, (kind, owner, name) in enumerate(EXERCISES)
            ],
        )
        plan._set_goal(None)
        rep = plan.with_user(plan.user_id)
        rep.action_agree()
        for number, note in enumerate(CHECKINS):
            plan.checkin_ids.create(
                {
                    "coaching_id": plan.id,
                    "note": self.word(note),
                    "date": self.day(20 - 12 * number),
                    "user_id": self.leader.user_id.id,
                }
            )
        scripts = plan.exercise_ids.filtered(lambda one: one.kind == "script")
        scripts.with_user(plan.user_id).action_done()

    def make_drafts(self):
        """From the weakest line of the last cards."""
        for rep in self.others[-2:]:
            card = self.env["sales.scorecard"].search(
                [
                    ("rep_id", "=", rep.id),
                    ("has_score", "=", True),
                    ("state", "not in", ("manager", "calibration")),
                ],
                limit=1,
            )
            if card:
                self.env["sales.coaching"]._open_from_card(card)

    def make_visits(self):
        """Handed over by the leader; the rep's rise from one to the next."""
        visits = self.env["sales.visit"].search(
            [
                ("rep_id", "in", self.team[:3].ids),
                ("state", "=", "done"),
                ("date", "<", self.day(1)),
            ],
            order="date desc",
        )
        for some in visits.grouped("rep_id").values():
            days = some.grouped("date")
            chosen = [days[day][:1] for day in sorted(days, reverse=True)][::6][:4]
            for number, visit in enumerate(reversed(chosen)):
                form = self.env["sales.observation"].create(
                    {
                        "visit_id": visit.id,
                        "coach_id": self.leader.user_id.id,
                        "strengths": self.word(STRENGTHS),
                        "advice": self.word(ADVICE),
                    }
                )
                for line in form.line_ids:
                    line.rating = str(
                        min(5, max(1, 2 + number // 2 + self.random.randrange(3)))
                    )
                form.with_user(form.coach_id).action_submit()

    def make_talks(self):
        """One that was held, with what was agreed, and the next one."""
        leader = self.leader.user_id
        talks = self.env["sales.one.on.one"].with_user(leader)
        for number, rep in enumerate(self.team[:4]):
            talk = talks.create(
                {
                    "rep_id": rep.id,
                    "start": self.moment(self.day(12 - number), time(10)),
                    "note": self.word(SHARED),
                }
            )
            if rep == self.rep:
                talk.private_note = self.word(NOTE)
                talk.with_user(rep.user_id).rep_topics = self.word(TOPICS)
                talk.agreement_ids = [
                    Command.create(
                        {
                            "name": self.word(name),
                            "user_id": user.id,
                            "date_deadline": self.day(-3),
                        }
                    )
                    for name, user in zip(
                        AGREEMENTS, (rep.user_id, leader), strict=True
                    )
                ]
                talk.agreement_ids[0].with_user(rep.user_id).action_done()
            talk.action_hold()
            talk.action_next()

    def make_skills(self):
        kind = self.env.ref("sales_appraisal.hr_skill_type_sales")
        levels = kind.skill_level_ids.sorted("level_progress")
        rows = []
        for rep in self.leader | self.team:
            for skill in kind.skill_ids:
                first = self.random.randrange(4)
                later = min(4, first + self.random.randrange(3))
                for level, back, by in ((first, 120, "coach"), (later, 10, "coach")):
                    rows.append((rep, skill, levels[level], back, by))
                rows.append((rep, skill, levels[min(4, later + 1)], 15, "self"))
        self.env["sales.skill.assessment"].create(
            [
                {
                    "rep_id": rep.id,
                    "skill_id": skill.id,
                    "level_id": level.id,
                    "date": self.day(back),
                    "kind": by,
                    "assessor_id": (
                        rep.user_id if by == "self" else rep.parent_id.user_id
                    ).id
                    or rep.user_id.id,
                }
                for rep, skill, level, back, by in rows
            ]
        )

    def make_practices(self):
        authors = (self.rep | self.others)[: len(PRACTICES)]
        fans = self.env["res.users"].union(*(rep.user_id for rep in self.reps.values()))
        for number, (title, story, tag) in enumerate(PRACTICES):
            author = authors[number % len(authors)].user_id
            visit = self.env["sales.visit"].search(
                [("user_id", "=", author.id), ("state", "=", "done")],
                offset=number,
                limit=1,
            )
            post = self.env["sales.practice"].create(
                {
                    "name": self.word(title),
                    "story": f"<p>{self.word(story)}</p>",
                    "author_id": author.id,
                    "company_id": self.company.id,
                    "tag_ids": self.env.ref(
                        f"sales_appraisal.sales_practice_tag_{tag}"
                    ).ids,
                    "source_ids": [Command.create({"visit_id": visit.id})]
                    if visit
                    else [],
                    "pinned": not number,
                }
            )
            others = (fans - author)[number::2]
            self.env["sales.practice.like"].create(
                [{"practice_id": post.id, "user_id": user.id} for user in others[:9]]
            )
            self.env["sales.practice.use"].create(
                [
                    {
                        "practice_id": post.id,
                        "user_id": user.id,
                        "result": self.word(RESULT),
                    }
                    for user in others[: 3 - number]
                ]
            )
            post._recount()
