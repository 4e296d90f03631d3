"""A playbook, opportunities on their way through it, and quotations that wait."""

import base64
from datetime import timedelta

from odoo.fields import Command
from odoo.tools import SQL

from . import names


def make_playbook(demo):
    """:param Demo demo: with its orders; before its follow-ups"""
    stages = _get_stages(demo)
    playbook = demo.env["sales.playbook"].create(
        {
            "name": demo.word(names.PLAYBOOK),
            "company_id": demo.company.id,
            "stage_ids": [
                Command.create(
                    {
                        "stage_id": stage.id,
                        "days": days,
                        "item_ids": [Command.create(_item(demo, *i)) for i in items],
                    }
                )
                for stage, (days, items) in zip(stages, names.CHECKLISTS, strict=False)
            ],
        }
    )
    name, text = names.QUESTIONNAIRE
    playbook.stage_ids[:1].document_ids = [
        Command.create(
            {
                "name": demo.word(name),
                "datas": base64.b64encode(demo.word(text).encode()),
                "res_model": "sales.playbook.stage",
            }
        )
    ]
    sent = demo.orders.filtered(lambda order: order.state == "sent")
    for number, order in enumerate(sent):
        order.validity_date = demo.plan[order]["quoted"] + timedelta(days=30)
        for back in range(number % 4, 0, -1):
            order._stamp_viewed(demo.at(demo.today - timedelta(days=2 * back)))


def _get_stages(demo):
    return demo.env["crm.stage"].search([("is_won", "=", False)])


def _item(demo, name, required=True, field=None):
    return {
        "name": name and demo.word(name),
        "is_required": required,
        "field_name": field,
    }


def make_passages(demo):
    """How the opportunities came to where they are.

    :param Demo demo: with its playbook and follow-ups
    """
    stages = _get_stages(demo)
    created, messages = {}, []
    for number, (lead, (closed, fate)) in enumerate(demo.leads.items()):
        path = stages if fate == "won" else stages[: stages.ids.index(lead.stage_id.id)]
        day = closed if fate else lead.date_last_stage_update.date()
        if fate == "lost":
            day -= _spent(number, lead.stage_id)
            lead.date_last_stage_update = demo.at(day)
        moves = []
        after = lead.stage_id
        for stage in reversed(path):
            moves.append(_message(demo, lead, day, stage, after))
            day -= _spent(number, stage)
            after = stage
        messages += reversed(moves)
        created[lead.id] = demo.at(day - timedelta(days=1))
    kept = demo.env["mail.message"].create(messages)
    demo.env.flush_all()
    for statement in (
        SQL(
            """UPDATE mail_tracking_value v SET create_date = m.date
            FROM mail_message m WHERE m.id = v.mail_message_id AND m.id = ANY(%s)""",
            kept.ids,
        ),
        SQL(
            """UPDATE crm_lead l SET create_date = d.day
            FROM unnest(%s::integer[], %s::timestamp[]) AS d(id, day)
            WHERE l.id = d.id""",
            list(created),
            list(created.values()),
        ),
    ):
        demo.env.cr.execute(statement)
    demo.env.invalidate_all()
    _make_ticks(demo)
    _make_skips(demo)


def _spent(number, stage):
    return timedelta(days=2 + (number * 7 + stage.id * 5) % 17)


def _message(demo, lead, day, stage, after):
    field = demo.env["ir.model.fields"]._get("crm.lead", "stage_id")
    return {
        "model": "crm.lead",
        "res_id": lead.id,
        "date": demo.at(day),
        "author_id": lead.user_id.partner_id.id,
        "message_type": "notification",
        "subtype_id": demo.env.ref("mail.mt_note").id,
        "tracking_value_ids": [
            Command.create(
                {
                    "field_id": field.id,
                    "old_value_integer": stage.id,
                    "old_value_char": stage.name,
                    "new_value_integer": after.id,
                    "new_value_char": after.name,
                }
            )
        ],
    }


def _make_ticks(demo):
    ticks = []
    for number, (lead, (_closed, fate)) in enumerate(demo.leads.items()):
        part = not fate and lead._find_sales_parts().get(lead)
        items = part.item_ids.filtered(lambda i: not i.field_name) if part else ()
        ticks += [
            {
                "lead_id": lead.id,
                "item_id": item.id,
                "user_id": lead.user_id.id,
                "moment": lead.date_last_stage_update,
            }
            for item in items[: number % 3]
        ]
    demo.env["sales.playbook.tick"].create(ticks)


def _make_skips(demo):
    """Some went on without a budget that was confirmed."""
    item = demo.env["sales.playbook.item"].search(
        [("name", "=", demo.word(names.BUDGET))], limit=1
    )
    stage = item.playbook_stage_id.stage_id
    others = demo.env["crm.stage"].search([("sequence", ">", stage.sequence)])
    demo.env["sales.stage.skip"].create(
        [
            {
                "lead_id": lead.id,
                "user_id": lead.user_id.id,
                "team_id": lead.team_id.id,
                "company_id": demo.company.id,
                "by_id": lead.user_id.id,
                "moment": demo.at(min(closed, demo.today) - timedelta(days=5)),
                "stage_id": stage.id,
                "to_stage_id": others[:1].id,
                "missing": item.name,
                "missing_count": 1,
                "reason": demo.word(names.EXCUSES[number % len(names.EXCUSES)]),
            }
            for number, (lead, (closed, fate)) in enumerate(demo.leads.items())
            if fate and number % 4 == 0
        ]
    )
