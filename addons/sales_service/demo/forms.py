"""Forms of two categories, and what the tickets of the demo have answered."""

import base64
import random
from datetime import datetime, time, timedelta
from io import BytesIO

from PIL import Image, ImageDraw

from odoo.fields import Command

from ..tickets.states import DONE

# Until so many days ago the first version was in force, for so long.
CHANGED, BEGUN = 21, 70
# Question, Chinese, technical name, answer, required, and more by field.
REPAIR = (
    ("Serial number", "序列号", "serial_number", "char", "intake", {}),
    (
        *("Fault", "故障现象", "fault", "selection", "start"),
        {"options": ("No power\nNoise\nLeak\nOther", "不通电\n异响\n漏水\n其他")},
    ),
    ("How often a week", "每周几次", "how_often", "integer", False, {}),
    (
        *("Photo of the type plate", "铭牌照片", "type_plate", "photo", "resolve"),
        {"help": ("On the back, below the plug.", "在背面插座下方。")},
    ),
)
# The second version asks more.
MORE = (
    ("Power is switched off", "已断电", "power_off", "boolean", "start", {}),
    (
        *("Cause", "原因", "cause", "selection", "resolve"),
        {
            "options": ("Wear\nWrong use\nMaterial", "磨损\n使用不当\n材料"),
            "is_internal": True,
        },
    ),
)
INSTALLATION = (
    ("Floor", "楼层", "floor", "integer", "start", {}),
    (
        *("There is", "现场条件", "site", "tags", False),
        {"options": ("Lift\nParking\nThree-phase power", "电梯\n停车位\n三相电")},
    ),
    ("Wanted on", "期望日期", "wanted_on", "date", False, {}),
    ("Customer's signature", "客户签名", "signature", "signature", "resolve", {}),
)


class Forms:
    """Makes the forms of the demo company.

    :param demo: what has made the tickets
    """

    def __init__(self, demo):
        self.demo = demo
        self.env = demo.env
        self.random = random.Random(23)

    def load(self):
        repair = self.env.ref("sales_service.category_repair")
        installation = self.env.ref("sales_service.category_installation")
        first = self.publish(repair, REPAIR, BEGUN)
        second = self.publish(repair, REPAIR[:3] + MORE + REPAIR[3:], CHANGED)
        setting_up = self.publish(installation, INSTALLATION, BEGUN)
        self.demo.at(None)
        for ticket in self.get_tickets(repair):
            old = ticket.opened_at < second.published_at
            self.answer(ticket, first if old else second)
        for ticket in self.get_tickets(installation):
            self.answer(ticket, setting_up)

    def get_tickets(self, category):
        return self.env["sales.service.ticket"].search(
            [("category_id", "=", category.id)], order="id"
        )

    def publish(self, category, questions, days):
        day = self.demo.today - timedelta(days=days)
        self.demo.at(datetime.combine(day, time(2)))
        version = self.env["sales.service.form.version"].create(
            {
                "category_id": category.id,
                "question_ids": [
                    Command.create(
                        {
                            "sequence": 10 * number,
                            "name": self.demo.word((name, chinese)),
                            "key": key,
                            "kind": kind,
                            "required_from": required,
                            **{
                                field: self.demo.word(value)
                                if isinstance(value, tuple)
                                else value
                                for field, value in more.items()
                            },
                        }
                    )
                    for number, (name, chinese, key, kind, required, more) in enumerate(
                        questions
                    )
                ],
            }
        )
        version.with_user(self.demo.users["service"]).action_publish()
        return version

    def answer(self, ticket, version):
        """As far as the ticket has got: what is needed by then, and some more."""
        ticket.form_version_id = version
        done = ticket.state in DONE and ticket.state != "cancelled"
        answers, files = {}, []
        for question in version.question_ids:
            if not done and (
                question.required_from == "resolve"
                or (not question.required_from and self.random.random() < 0.5)
            ):
                continue
            value = self.make_value(question)
            if question._is_file():
                files.append(
                    {
                        "ticket_id": ticket.id,
                        "question_id": question.id,
                        "content": base64.b64encode(value),
                    }
                )
            else:
                answers[question.key] = value
        ticket.properties = answers
        self.env["sales.service.form.file"].create(files)

    def make_value(self, question):
        options = question._get_options()
        serial = f"SN-{self.random.randrange(10**6):06d}"
        return {
            "char": lambda: serial,
            "integer": lambda: self.random.randrange(1, 9),
            "boolean": lambda: True,
            "date": lambda: str(
                self.demo.today + timedelta(days=self.random.randrange(-9, 9))
            ),
            "selection": lambda: self.random.choice(options),
            "tags": lambda: self.random.sample(options, 2),
            "photo": lambda: self.draw_plate(serial),
            "signature": self.draw_signature,
        }[question.kind]()

    def draw_plate(self, serial):
        image = Image.new("RGB", (480, 240), "#8a8d91")
        draw = ImageDraw.Draw(image)
        draw.rectangle((20, 20, 460, 220), fill="#d9dadc", outline="#444444", width=4)
        draw.text((60, 60), "TYPE  P-200", fill="#222222", font_size=36)
        draw.text((60, 130), serial, fill="#222222", font_size=48)
        return self.save(image)

    def draw_signature(self):
        image = Image.new("RGB", (400, 120), "white")
        height = 60
        points = []
        for left in range(30, 370, 12):
            height = min(105, max(15, height + self.random.randrange(-28, 29)))
            points.append((left, height))
        ImageDraw.Draw(image).line(points, fill="#1b2a5c", width=3, joint="curve")
        return self.save(image)

    def save(self, image):
        stream = BytesIO()
        image.save(stream, "PNG")
        return stream.getvalue()
