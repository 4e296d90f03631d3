"""What is open today: some of each state, most of it in time."""

from datetime import timedelta
from itertools import cycle

from odoo.addons.sales_force import working_time as wt

# Which request, how far it has got, and how much of its next time limit has passed, in
# percent. Two have missed it, and three are near.
TICKETS = (
    *((1, "new", 10), (3, "new", 35), (0, "new", 5), (6, "new", 85)),
    *((4, "new", 20), (2, "assigned", 15), (5, "assigned", 40), (7, "assigned", 25)),
    *((1, "assigned", 88), (3, "accepted", 30), (6, "accepted", 10)),
    *((5, "accepted", 45), (0, "in_progress", 20), (2, "in_progress", 55)),
    *((4, "in_progress", 30), (5, "in_progress", 84), (1, "in_progress", 12)),
    *((7, "waiting_customer", 15), (3, "waiting_customer", 40)),
    *((1, "waiting_parts", 50), (5, "waiting_parts", 25), (4, "waiting_other", 35)),
    *((6, "reopened", 10), (0, "in_progress", 115), (2, "accepted", 130)),
)
PRIORITIES = ("1", "1", "2", "1", "1", "2", "1", "3")
# What is answered has the limit of the resolution before it, else of the response.
_ANSWERED = {
    *("in_progress", "waiting_customer", "waiting_parts", "waiting_other"),
    "reopened",
}
_FAR = timedelta(days=40)


def load(demo, orders, requests):
    """:param demo: see ``generator.Demo``; what is made after it is made now"""
    now = demo.env.cr.now().replace(microsecond=0)
    agents = {}
    for number, (request, state, percent) in enumerate(TICKETS):
        priority = PRIORITIES[number % len(PRIORITIES)]
        category = demo.env.ref(f"sales_service.{requests[request][2]}")
        team = category._get_team() or demo.teams[0]
        policy = demo.env["sales.service.sla"].search(
            [
                ("company_id", "in", (demo.company.id, False)),
                ("priority", "in", (priority, False)),
            ],
            limit=1,
        )
        kind = "resolution" if state in _ANSWERED else "response"
        used = policy._minutes(kind) * percent / 100
        demo.at(_get_moment(demo, team, now, used))
        order = orders[-1 - 7 * number % len(orders)]
        ticket = demo.ask(requests[request], order, priority=priority)
        if team not in agents:
            agents[team] = cycle(team.member_ids.sorted("id"))
        _go(demo, ticket, state, agents[team])
    demo.at(None)


def _get_moment(demo, team, now, minutes):
    """So many minutes of the team's working time ago."""
    calendar, _always = team._get_hours()
    subject = calendar or demo.company
    schedule = (
        demo.env["sales.working.time"]
        .with_company(demo.company)
        .schedules(subject, now - _FAR, now)[subject]
    )
    left = timedelta(minutes=minutes)
    for start, stop in reversed(wt.working(schedule, now - _FAR, now)):
        if stop - start >= left:
            return stop - left
        left -= stop - start
    return now - _FAR


def _go(demo, ticket, state, agents):
    """To a state, all of it in the minute in which it came in."""
    if state == "new":
        return
    ticket.action_assign(next(agents).id)
    if state == "assigned":
        return
    ticket.action_accept()
    if state == "accepted":
        return
    demo.answer(ticket)
    ticket.action_start()
    if state == "reopened":
        demo.resolve(ticket, demo.word(("Sent on.", "已补发。")))
        ticket.action_reopen()
    elif state != "in_progress":
        getattr(ticket, f"action_wait_{state.removeprefix('waiting_')}")()
