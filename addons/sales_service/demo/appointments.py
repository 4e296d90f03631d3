"""Appointments of this week and the next, of tickets that agents have."""

from datetime import datetime, time, timedelta

from odoo.addons.sales_force.visits.days import days_between

# So many of each agent.
_EACH = 5
# Work begins so many minutes after the day, and takes so long.
_SLOTS = ((0, 60), (120, 90), (300, 60), (420, 120))


def make_appointments(demo):
    """Plan, confirm and offer; what lies in the past was done.

    :param demo: see ``generator.Demo``
    """
    env, company = demo.env, demo.company
    facts = env["sales.service.facts"]
    now = env["sales.service.ticket"]._get_now()
    monday = demo.today - timedelta(days=demo.today.weekday())
    bounds = [
        datetime.combine(monday + timedelta(days=days), time()) for days in (0, 14)
    ]
    for team in demo.teams:
        schedules = facts._get_schedules_of(team.member_ids, company, *bounds)
        for number, user in enumerate(team.member_ids.sorted("id")):
            tickets = env["sales.service.ticket"].search(
                [
                    ("user_id", "=", user.id),
                    ("team_id", "=", team.id),
                    ("is_open", "=", True),
                ],
                order="id desc",
                limit=_EACH,
            )
            days = [
                day
                for day in days_between(
                    schedules[user], monday, monday + timedelta(days=11)
                ).values()
                if day.hours
            ]
            # From yesterday on, so that the board of today has some of each kind.
            days = [day for day in days if day.stop > now - timedelta(days=1)]
            _plan(demo, user, tickets, days[:4], number, now)
    queue = env["sales.service.ticket"].search(
        [("team_id", "in", [team.id for team in demo.teams]), ("is_open", "=", True)],
        order="id desc",
    )
    offered = queue.filtered(
        lambda one: one.partner_id and not one._get_live_appointment()
    )[:2]
    # Nobody is mailed about what the demo data says.
    demo.at(now)
    for ticket in offered:
        windows = facts._get_windows(ticket, since=now + timedelta(hours=12))
        if windows:
            ticket._offer_windows(list(windows)[:3], env["res.users"])
    demo.at(None)


def _plan(demo, user, tickets, days, number, now):
    slots = [(day, slot) for day in days for slot in _SLOTS]
    demo.at(now)
    for index, ticket in enumerate(tickets):
        place = index * len(slots) // _EACH + number % 3
        day, (minute, minutes) = slots[min(place, len(slots) - _EACH + index)]
        start = day.start + timedelta(minutes=day.hours[0][0] + minute)
        appointment = demo.env["sales.service.appointment"].create(
            {
                "ticket_id": ticket.id,
                "user_id": user.id,
                "start": start,
                "minutes": minutes,
            }
        )
        if index % 3 != 2:
            appointment.action_confirm()
            if start < now:
                appointment.action_done()
    demo.at(None)
