"""Two service teams, and the tickets of seven weeks of customers who bought."""

import random
from datetime import datetime, time, timedelta

from odoo.fields import Command

from odoo.addons.sales_force.demo.generator import QUIET

from ..models.sales_service_ticket import PAST
from . import current, documents, knowledge
from .appointments import make_appointments
from .forms import Forms
from .jobs import Jobs

DAYS = 49
# login: name, Chinese name, role, team. The password is the login.
PEOPLE = {
    "agent": ("Lena Frost", "冯莉娜", "agent", 0),
    "agent2": ("Omar Reyes", "欧阳睿", "agent", 0),
    "agent3": ("Yuki Tan", "谭雪", "agent", 1),
    "dispatcher": ("Piet Maas", "马沛", "dispatcher", 0),
    "service": ("Ruth Adler", "安如", "manager", 1),
}
TEAMS = (("Customer Service", "客户服务"), ("Field Service", "现场服务"))
# Subject, Chinese, category, what was done, Chinese, what the customer wrote, Chinese.
REQUESTS = (
    (
        *("Delivered with a dent", "到货有凹痕", "category_complaint"),
        *("A new one was sent, the old one comes back.", "已补发新品，旧品退回。"),
        *(
            (
                "The box looked fine, but the left side has a dent as long as a "
                "hand. Photos follow. We need it for the showroom on Friday."
            ),
            ("外箱完好，但机身左侧有一道手掌长的凹痕，照片稍后发送。周五展" "厅要用。"),
        ),
    ),
    (
        *("Does not switch on", "无法开机", "category_repair"),
        *("The fuse was replaced and tested.", "更换保险丝并已测试。"),
        *(
            (
                "It worked last week. Since this morning nothing happens when we "
                "press the switch, not even the light comes on. Other devices on "
                "the same socket work."
            ),
            (
                "上周还正常，今早按开关毫无反应，指示灯也不亮。同一插座上其他"
                "设备正常。"
            ),
        ),
    ),
    (
        *("Wrong colour in the box", "颜色发错", "category_return"),
        *("Exchanged at the customer's.", "已上门换货。"),
        *(
            (
                "We ordered grey and got black, although the label on the box says "
                "grey. Please pick them up and send the right ones."
            ),
            ("我们订的是灰色，箱子标签也写灰色，里面却是黑色。请上门取回并补发。"),
        ),
    ),
    (
        *("How is it cleaned?", "怎么清洁？", "category_question"),
        *("The manual was sent, page 12.", "已发送说明书第 12 页。"),
        *(
            (
                "Our cleaning staff ask which detergent they may use, and whether "
                "the cover comes off."
            ),
            ("保洁问可以用哪种清洁剂，外罩能不能拆下来。"),
        ),
    ),
    (
        *("Set up at the new office", "新办公室安装", "category_installation"),
        *("Set up, levelled and shown to the staff.", "已安装调平，并向员工演示。"),
        *(
            (
                "We move on the 1st. Fourth floor, there is a lift of 1.20 m. Could "
                "you set everything up in the week before?"
            ),
            ("我们 1 号搬迁，四楼，电梯净宽 1.2 米。能否在前一周来安装？"),
        ),
    ),
    (
        *("Makes a noise after an hour", "运行一小时后有异响", "category_repair"),
        *("The bearing was worn and was replaced.", "轴承磨损，已更换。"),
        *(
            (
                "When it has run for about an hour it begins to grind, louder and "
                "louder. Switched off for a while it is quiet again."
            ),
            ("运行约一小时后开始发出摩擦声，越来越响；停一会儿又安静了。"),
        ),
    ),
    (
        *("Two pieces are missing", "少了两件", "category_complaint"),
        *("Found at the warehouse and sent on.", "在仓库找到并补发。"),
        *(
            (
                "The delivery note says twelve, we counted ten, twice. The pallet "
                "was not open."
            ),
            ("送货单写十二件，我们清点两遍都只有十件，托盘没有拆封痕迹。"),
        ),
    ),
    (
        *("Invoice address has changed", "开票地址变更", "category_question"),
        *("Changed for the next invoice.", "已改，下张发票生效。"),
        *(
            (
                "Since this month our company has a new name and address, please "
                "use it from the next invoice on. The certificate is attached."
            ),
            ("本月起公司更名并迁址，请从下一张发票起使用新抬头，证明见附件。"),
        ),
    ),
)

# Points, what customers say, Chinese, and the reason.
VERDICTS = (
    (5, "Quick and friendly, thank you.", "又快又客气，谢谢。", "contact"),
    (5, "", "", "result"),
    (4, "", "", "speed"),
    (4, "All well, it took a little.", "都好，就是等了一会儿。", "speed"),
    (3, "Nobody told me when you come.", "没人告诉我什么时候来。", "words"),
    (2, "Had to call three times.", "打了三次电话。", "words"),
    (1, "It broke again after a day.", "第二天又坏了。", "result"),
)
# How often each is said, and in how many of a hundred no rating comes.
OFTEN = (6, 6, 5, 3, 2, 1, 1)
SILENT = 0.4


class Demo:
    """Makes the tickets of the demo company.

    :param env: superuser's
    """

    def __init__(self, env, company):
        self.chinese = "zh_CN" in dict(env["res.lang"].get_installed())
        self.company = company
        self.env = env(
            context={
                **env.context,
                **QUIET,
                "allowed_company_ids": company.ids,
                "lang": "zh_CN" if self.chinese else "en_US",
            }
        )
        self.random = random.Random(19)
        self.today = company._get_sales_today()

    def word(self, pair):
        return pair[1] if self.chinese else pair[0]

    def load(self):
        if self.chinese:
            # On installation Odoo does so after the demo data only.
            self.env["ir.module.module"]._load_module_terms(
                ["sales_service"], ["zh_CN"]
            )
        self.make_people()
        self.make_tickets()
        self.at(None)
        self.make_dispatching()
        make_appointments(self)
        Jobs(self).load()
        documents.load(self)
        knowledge.make(self)
        # Last: what is made after it in a category that asks needs answers.
        Forms(self).load()
        self.env.flush_all()

    def at(self, moment):
        """What is done from now on happens at a moment of the past."""
        self.env.cr.cache[PAST] = moment

    def make_people(self):
        groups = {
            login: self.env.ref(f"sales_service.group_service_{role}")
            for login, (*_names, role, _team) in PEOPLE.items()
        }
        users = self.env["res.users"].create(
            [
                {
                    "name": self.word(person[:2]),
                    "login": login,
                    "password": login,
                    "email": f"{login}@sales.example.com",
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [Command.set(groups[login].ids)],
                    "tz": self.company.resource_calendar_id.tz or "UTC",
                    "lang": "zh_CN" if self.chinese else "en_US",
                }
                for login, person in PEOPLE.items()
            ]
        )
        self.users = dict(zip(PEOPLE, users, strict=True))
        self.make_reps()
        first = self.env.ref("sales_service.team_service")
        first.member_ids = [Command.clear()]
        self.teams = [
            first,
            self.env["sales.service.team"].create(
                {"name": self.word(TEAMS[1]), "company_id": self.company.id}
            ),
        ]
        for number, team in enumerate(self.teams):
            team.member_ids = [
                Command.link(self.users[login].id)
                for login, person in PEOPLE.items()
                if person[3] == number and person[2] == "agent"
            ]
            team.dispatcher_ids = [Command.set(self.users["dispatcher"].ids)]
        for name in ("category_repair", "category_installation"):
            category = self.env.ref(f"sales_service.{name}")
            category.company_id = self.company
            category.team_id = self.teams[1]

    def make_reps(self):
        """They are credited with what they do, and appraised by who leads them."""
        chief = self.env["sales.rep"]
        for login in ("service", *PEOPLE):
            user = self.users[login]
            role = "leader" if login == "service" else "rep"
            user.group_ids += self.env.ref(f"sales_force.group_sales_{role}")
            if user != chief.user_id:
                rep = chief.create(
                    {
                        "user_id": user.id,
                        "company_id": self.company.id,
                        "parent_id": chief.id,
                        "date_start": self.today - timedelta(days=400),
                        "state": "active",
                    }
                )
                chief = chief or rep

    def make_tickets(self):
        orders = (
            self.env["sale.order"]
            .search(
                [("company_id", "=", self.company.id), ("state", "=", "sale")],
                order="id",
            )
            .filtered(self.get_delivered)
        )
        if not orders:
            return
        goods = orders.order_line.product_id.filtered(lambda one: one.type == "consu")
        goods.product_tmpl_id.sales_warranty_months = 12
        # What came in since is made in ``current``.
        for back in range(DAYS, 1, -1):
            day = self.today - timedelta(days=back)
            if day.weekday() > 4:
                continue
            for number in range(self.random.choice((2, 3, 4))):
                self.make_ticket(
                    datetime.combine(day, time(1 + 2 * number, 13 * number)),
                    orders[self.random.randrange(len(orders))],
                )
        current.load(self, orders, REQUESTS)

    def make_dispatching(self):
        """One team's tickets are proposed from now on, the other's handed out."""
        agents = self.env["sales.service.agent"].search(
            [("company_id", "=", self.company.id)]
        )
        agents.write({"max_open": 25, "start_id": self.company.partner_id.id})
        for team, mode in zip(self.teams, ("proposed", "automatic"), strict=True):
            team.dispatch_mode = mode
        self.env["sales.service.requirement"].create(
            {"team_id": self.teams[1].id, "on_site": True}
        )
        self.env["sales.service.ticket"].search(
            [("user_id", "=", False), ("is_open", "=", True)]
        )._dispatch()

    def make_ticket(self, moment, order):
        """A ticket that came in then, as far as it got until now."""
        now = self.env.cr.now()
        if moment >= now:
            return
        request = self.random.choice(REQUESTS)
        self.at(moment)
        ticket = self.ask(request, order)
        agents = ticket.team_id.member_ids
        steps = [
            (1, lambda: ticket.action_assign(self.random.choice(agents).id)),
            (1, ticket.action_accept),
            (2, lambda: self.answer(ticket)),
            (4, ticket.action_start),
            *self.random.choice(
                (
                    (),
                    (),
                    ((6, ticket.action_wait_customer), (20, ticket.action_start)),
                    ((3, ticket.action_wait_parts), (60, ticket.action_start)),
                )
            ),
            (8, lambda: self.resolve(ticket, self.word(request[3:5]))),
            (12, lambda: self.rate(ticket)),
        ]
        if self.random.random() < 0.06:
            steps += [
                (30, ticket.action_reopen),
                (30, ticket.action_start),
                (8, ticket.action_resolve),
            ]
        elif now - moment > timedelta(days=5):
            # Before, the customer has not said yet that all is well.
            steps.append((50, ticket.action_close))
        # What came in lately was done faster: what is open now comes afterwards.
        hours = [length * self.random.uniform(0.3, 2) for length, _step in steps]
        left = (now - moment) / timedelta(hours=1) - 1
        pace = min(1, left / sum(hours))
        for length, (_hours, step) in zip(hours, steps, strict=True):
            moment += timedelta(hours=length * pace)
            self.at(moment.replace(microsecond=0))
            step()

    def ask(self, request, order, **values):
        """What a customer asks about an order, now."""
        name, chinese, category, _done, _done_chinese, text, text_chinese = request
        return self.env["sales.service.ticket"].create(
            {
                "name": self.word((name, chinese)),
                "description": f"<p>{self.word((text, text_chinese))}</p>",
                "partner_id": order.partner_id.id,
                "category_id": self.env.ref(f"sales_service.{category}").id,
                "product_id": self.get_delivered(order)[:1].id,
                "sale_order_id": order.id,
                "channel": self.random.choice(("phone", "email", "portal")),
                "company_id": self.company.id,
                **values,
            }
        )

    def get_delivered(self, order):
        """Goods that the customer has got."""
        lines = order.order_line.filtered(lambda one: one.qty_delivered > 0)
        return lines.product_id.filtered(lambda one: one.type == "consu")

    def answer(self, ticket):
        ticket.message_post(
            body=self.word(
                ("We are on it and will call you.", "已在处理，稍后与您联系。")
            ),
            author_id=ticket.user_id.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            date=ticket._get_now(),
        )

    def resolve(self, ticket, done):
        ticket.resolution = f"<p>{done}</p>"
        ticket.invalidate_recordset(["is_overdue"])
        if ticket.sla_breached or ticket.is_overdue:
            reasons = self.env["sales.service.breach.reason"].search([])
            ticket.breach_reason_id = self.random.choice(reasons)
        ticket.action_resolve()

    def rate(self, ticket):
        """The customer rates, or is reminded in vain."""
        rating = ticket._get_open_rating()
        if self.random.random() < SILENT:
            rating.reminded_at = ticket._get_now()
            return
        [(points, words, chinese, reason)] = self.random.choices(VERDICTS, OFTEN)
        reason = self.env.ref(f"sales_service.rating_reason_{reason}")
        rating._give(points, reason.ids, self.word((words, chinese)))
