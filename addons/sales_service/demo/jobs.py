"""Jobs at customers: checklists, parts out of a van, signatures and reports."""

import base64
import io
from datetime import timedelta

from PIL import Image, ImageDraw

from odoo.fields import Command

# Name, Chinese, cost, price, pieces in the van.
PARTS = (
    ("Fuse 10 A", "10 A 保险丝", 1.2, 4.5, 40),
    ("Bearing 6204", "轴承 6204", 8.0, 24.0, 12),
    ("Mains cable", "电源线", 3.5, 12.0, 20),
)
# Name, Chinese, what else.
POINTS = (
    ("Mains switched off and locked", "已断电并上锁", {}),
    (
        *("Insulation resistance", "绝缘电阻"),
        {
            **{"kind": "measure", "unit": "MΩ", "is_limited": True},
            **{"minimum": 1.0, "maximum": 100.0},
        },
    ),
    ("Counter reading", "计数器读数", {"kind": "text", "required": False}),
    ("Tested together with the customer", "与客户共同试机", {}),
)
# What is asked for at the visits of today, Chinese.
REQUESTS = (
    ("Trips the fuse when switched on", "一开机就跳闸"),
    ("Yearly inspection", "年度检查"),
    ("Smells of burning", "有焦味"),
)
# What the customers wrote, Chinese.
TEXTS = (
    (
        "Each time we switch it on the fuse of the whole floor goes. We have "
        "unplugged it now.",
        "每次一开机整层就跳闸，现在已经拔掉电源。",
    ),
    (
        "The inspection of this year is due. Please call the gatekeeper before you "
        "come.",
        "今年的年检到期，来之前请先给门卫打电话。",
    ),
    (
        "It smells of burning after ten minutes, we do not dare to use it.",
        "运行十分钟后有焦味，不敢再用。",
    ),
)
# So many jobs are over, and so many visits planned for today.
DONE, PLANNED = 8, len(REQUESTS)


def png(draw, size):
    image = Image.new("RGB", size, "white")
    draw(ImageDraw.Draw(image), size)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue())


def signature(draw, size):
    width, height = size
    draw.line(
        [
            (10 + step * (width - 20) / 12, height * (0.25 if step % 2 else 0.75))
            for step in range(13)
        ],
        fill="navy",
        width=4,
    )


def photo(colour):
    def paint(draw, size):
        width, height = size
        draw.rectangle((0, 0, width, height), fill="#dddddd")
        draw.rectangle((60, 60, width - 60, height - 60), fill="#666666")
        draw.ellipse((150, 90, width - 150, height - 90), fill=colour)

    return paint


class Jobs:
    """:param demo: what has made teams and tickets"""

    def __init__(self, demo):
        self.demo, self.env, self.company = demo, demo.env, demo.company
        self.team = demo.teams[1]

    def load(self):
        self.make_stock()
        self.make_checklist()
        tickets = self.env["sales.service.ticket"].search(
            [("team_id", "=", self.team.id), ("user_id", "!=", False)], order="id"
        )
        done = tickets.filtered(
            lambda one: one.state in ("resolved", "closed") and one.started_at
        )
        for number, ticket in enumerate(done[-DONE:]):
            self.make_job(ticket, number)
        self.demo.at(None)
        self.make_day(done)

    def make_day(self, known):
        """Visits that are planned for today, at customers who were there before."""
        facts = self.env["sales.service.facts"]
        user = self.team.member_ids[:1]
        now = self.env.cr.now().replace(microsecond=0)
        # Nobody is mailed about what the demo data says.
        self.demo.at(now)
        for number, before in enumerate(known[:PLANNED]):
            name, chinese = REQUESTS[number]
            ticket = self.env["sales.service.ticket"].create(
                {
                    "name": self.demo.word((name, chinese)),
                    "description": f"<p>{self.demo.word(TEXTS[number])}</p>",
                    "partner_id": before.partner_id.id,
                    "category_id": before.category_id.id,
                    "product_id": before.product_id.id,
                    "sale_order_id": before.sale_order_id.id,
                    "company_id": self.company.id,
                    "user_id": user.id,
                }
            )
            # The next that are free: today, as long as there is time.
            windows = facts._get_windows(ticket, user)
            if windows:
                [(_user, start), *_others] = next(iter(windows.values()))
                ticket.action_plan(user.id, start)
                ticket._get_live_appointment().action_confirm()
        self.demo.at(None)

    def make_stock(self):
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        van = self.env["stock.location"].create(
            {
                "name": self.demo.word(("Van 1", "服务车 1")),
                "location_id": warehouse.view_location_id.id,
                "usage": "internal",
                "company_id": self.company.id,
            }
        )
        self.parts = self.env["product.product"].create(
            [
                {
                    "name": self.demo.word(part[:2]),
                    "type": "consu",
                    "is_storable": True,
                    "standard_price": part[2],
                    "list_price": part[3],
                }
                for part in PARTS
            ]
        )
        quants = self.env["stock.quant"].with_context(inventory_mode=True)
        quants.create(
            [
                {
                    "product_id": product.id,
                    "location_id": van.id,
                    "inventory_quantity": part[4],
                }
                for product, part in zip(self.parts, PARTS, strict=True)
            ]
        ).action_apply_inventory()
        self.env["sales.service.agent"].search(
            [("user_id", "in", self.team.member_ids.ids)]
        ).write({"location_id": van.id, "hourly_cost": 38.0, "km_cost": 0.42})
        hour = self.env.ref("uom.product_uom_hour")
        self.team.hour_product_id = self.env["product.product"].create(
            {
                "name": self.demo.word(("Service Hour", "服务工时")),
                "type": "service",
                "list_price": 75.0,
                "uom_id": hour.id,
            }
        )

    def make_checklist(self):
        checklist = self.env["sales.service.checklist"].create(
            {
                "name": self.demo.word(("Electrical Check", "电气检查")),
                "item_ids": [
                    Command.create(
                        {
                            "sequence": 10 * number,
                            "name": self.demo.word(point[:2]),
                            **point[2],
                        }
                    )
                    for number, point in enumerate(POINTS, 1)
                ],
            }
        )
        for name in ("category_repair", "category_installation"):
            self.env.ref(f"sales_service.{name}").checklist_id = checklist

    def make_job(self, ticket, number):
        """What an agent did between the start of a ticket and its resolution."""
        start, end = ticket.started_at, ticket.resolved_at
        self.demo.at(start)
        user = ticket.user_id
        job = self.env["sales.service.job"].create(ticket._prepare_job(user))
        job.travel_minutes = job.measured_travel or 15 + 5 * number
        job.travel_km = 6.5 + 3 * number
        job.work_done = self.demo.word(
            (
                "Opened, cleaned and measured. The worn part was replaced.",
                "拆开、清洁并测量，已更换磨损件。",
            )
        )
        for check in job.check_ids:
            if check.kind == "measure":
                check.measure = 12.5 + number
            elif check.kind == "text":
                check.answer = str(10_000 + 137 * number)
            else:
                check.done = True
        job.part_ids = [
            Command.create(
                {
                    "product_id": self.parts[number % len(PARTS)].id,
                    "quantity": 1 + number % 2,
                }
            )
        ]
        job.photo_ids = [
            Command.create(
                {"kind": kind, "image": png(photo(colour), (640, 480)), "moment": start}
            )
            for kind, colour in (("1_before", "#aa3333"), ("2_after", "#33aa55"))
        ]
        self.demo.at(min(end, start + timedelta(minutes=40 + 10 * number)))
        job._finish()
        if number % 3:
            job.write(
                {
                    "signature": png(signature, (400, 140)),
                    "signed_by": ticket.partner_id.name,
                    "signed_at": ticket._get_now(),
                }
            )
        job._seal()
