"""What was made from tickets, and what customers answered last quarter."""

import random
from datetime import datetime, time, timedelta

from odoo.exceptions import UserError

from odoo.addons.sales_force.periods import compare

from ..tickets.nps import value

# How many tickets of a category get what.
RETURNS, EXCHANGES, REPAIRS, QUOTATIONS, CREDITS = 4, 2, 5, 3, 6
CONTACTS = 60
# In how many of a hundred no answer comes.
SILENT = 0.45
# Answer, what is said, Chinese; and how often.
ANSWERS = (
    (10, "One call, and it worked again.", "打一个电话就修好了。"),
    (9, "", ""),
    (8, "Good, a little slow.", "不错，稍慢。"),
    (7, "", ""),
    (5, "I had to ask twice.", "问了两次才有答复。"),
    (2, "Three weeks for a spare part.", "一个配件等了三周。"),
)
OFTEN = (7, 6, 4, 3, 2, 1)
REASONS = (
    ("Delivered with a scratch, price lowered", "到货有划痕，降价处理"),
    ("Two days late, as agreed on the phone", "晚到两天，电话已商定"),
    ("Wrong colour, the customer keeps it", "颜色发错，客户同意留用"),
)


def load(demo):
    """:param demo: the ``Demo`` that has made the tickets"""
    draw = random.Random(23)
    tickets = demo.env["sales.service.ticket"].search(
        [("company_id", "=", demo.company.id), ("state", "!=", "cancelled")],
        order="id desc",
    )
    # Little is sold in a demo: the buyer hears of the worst alone.
    demo.env.ref("sales_service.quality_rule_product").threshold = 350
    _make_documents(demo, tickets)
    _ask_credits(demo, draw, tickets)
    _answer(demo, draw, tickets)


def _of(demo, tickets, *names):
    categories = [demo.env.ref(f"sales_service.{name}") for name in names]
    return tickets.filtered(
        lambda one: one.category_id in categories and one.product_id.type == "consu"
    )


def _make_documents(demo, tickets):
    back = _of(demo, tickets, "category_return", "category_complaint")
    repairs = _of(demo, tickets, "category_repair")
    for some, count, make in (
        (back, RETURNS, lambda one: one._make_return(1)),
        (back[RETURNS:], EXCHANGES, lambda one: one._make_return(1, exchange=True)),
        (back[-3:], 3, lambda one: one._make_replacement(one.product_id, 1)),
        (repairs, REPAIRS, lambda one: one._make_repair()),
        (repairs[REPAIRS:], QUOTATIONS, lambda one: one._make_quotation()),
    ):
        for ticket in some:
            if not count:
                break
            try:
                with demo.env.cr.savepoint():
                    make(ticket)
            except UserError:
                # Not yet delivered, or all of it is coming back already.
                continue
            count -= 1


def _ask_credits(demo, draw, tickets):
    """Some are made, one is refused, the rest wait."""
    accountant = demo.env.ref("base.user_admin")
    asked = demo.env["sales.service.credit"]
    for ticket in _of(demo, tickets, "category_complaint"):
        invoice = ticket._get_invoice()
        if len(asked) == CREDITS or not invoice or not ticket.user_id:
            continue
        left = asked._get_left(invoice, invoice.invoice_line_ids.browse())
        amount = invoice.currency_id.round(left * draw.choice((5, 8, 10)) / 100)
        if amount <= 0:
            continue
        asked |= (
            asked.with_user(ticket.user_id)
            # sudo: demo data, in the name of the ticket's agent
            .sudo()
            ._ask(ticket, invoice, amount, demo.word(draw.choice(REASONS)))
        )
    asked = asked.with_user(accountant)
    for credit in asked[:3]:
        credit.action_make()
    for credit in asked[3:4]:
        credit.action_refuse(
            demo.word(("The price was agreed in the contract", "价格已在合同中约定"))
        )


def _answer(demo, draw, tickets):
    """Contacts who were asked after last quarter, and a little of what they said."""
    for team in demo.teams:
        team.nps_period = "quarter"
    period = compare("quarter", demo.today).whole_previous
    partners = tickets.partner_id.sorted("id")[:CONTACTS]
    asked_at = datetime.combine(period.stop + timedelta(days=1), time(1))
    classes = {
        customer.partner_id: customer.class_id
        for customer in demo.env["sales.customer"].search(
            [("company_id", "=", demo.company.id)]
        )
    }
    values = []
    for number, partner in enumerate(partners):
        asked = {
            "company_id": demo.company.id,
            "team_id": demo.teams[number % len(demo.teams)].id,
            "partner_id": partner.id,
            "class_id": (
                partner.commercial_partner_id in classes
                and classes[partner.commercial_partner_id].id
            ),
            "date_from": period.start,
            "date_to": period.stop,
            "asked_at": asked_at,
            "answered": 0,
        }
        if draw.random() >= SILENT:
            [(score, words, chinese)] = draw.choices(ANSWERS, OFTEN)
            asked.update(
                score=score,
                nps=value(score),
                answered=1,
                comment=demo.word((words, chinese)),
                answered_at=asked_at + timedelta(hours=draw.randrange(5, 400)),
            )
        values.append(asked)
    demo.env["sales.service.nps"].create(values)
