"""Routes and visits of the last weeks, of today and of the week to come."""

from datetime import timedelta

from odoo.fields import Command

from . import names

DAYS = 28
FREQUENCIES = ("weekly", "fortnightly", "monthly", "class")
# A shop is not exactly where its city is.
_APART = 0.021


def make_visits(demo):
    """:param Demo demo: with its reps and customers"""
    _locate(demo)
    results = demo.env["sales.visit.result"].search([])
    vals_list, positions = [], []
    for login, rep in demo.reps.items():
        customers = demo.customers.filtered(lambda c, rep=rep: c.user_id == rep.user_id)
        if not customers:
            continue
        _make_route(demo, rep, customers)
        if login == "rep":
            _consent(demo, rep)
        for back in range(-4, DAYS):
            day = demo.today - timedelta(days=back)
            if day.weekday() > 4:
                continue
            for number in range(1 if back % 2 else 2):
                customer = customers[(back * 2 + number) % len(customers)]
                vals, kept = _visit(demo, rep, customer, day, number, results)
                vals_list.append(vals)
                positions.append(kept)
    visits = demo.env["sales.visit"].create(vals_list)
    demo.env["sales.visit.position"].create(
        [
            {"visit_id": visit.id, **position}
            for visit, kept in zip(visits, positions, strict=True)
            for position in kept
        ]
    )
    visits.filtered("check_out")._find_signals()


def _locate(demo):
    for customer in demo.customers:
        city = customer.city
        for name, chinese, *_rest in names.CITIES:
            if city in (name, chinese):
                latitude, longitude = names.PLACES[name]
                customer.partner_latitude = latitude + _APART * (customer.id % 4)
                customer.partner_longitude = longitude + _APART * (customer.id % 3)


def _make_route(demo, rep, customers):
    demo.env["sales.route"].create(
        {
            "name": demo.word(("%s on Tuesdays", "%s周二路线")) % customers[0].city,
            "rep_id": rep.id,
            "weekday": "1",
            "stop_ids": [
                Command.create({"partner_id": customer.id, "frequency": frequency})
                for customer, frequency in zip(customers, FREQUENCIES, strict=False)
            ],
        }
    )


def _consent(demo, rep):
    consent = demo.env["sales.position.consent"].with_user(rep.user_id)
    consent.action_answer(demo.company.id, True)


def _visit(demo, rep, customer, day, number, results):
    """The values of a visit, and its positions; what is to come is planned."""
    planned = demo.moment(day, 9 + 2 * number)
    vals = {
        "rep_id": rep.id,
        "partner_id": customer.id,
        "date_planned": planned,
        "purpose": demo.word(names.PURPOSES[customer.id % len(names.PURPOSES)]),
        "is_appointment": False,
    }
    fate = demo.random.random()
    if day >= demo.today or fate < 0.06:
        return vals, []
    if fate < 0.1:
        return {**vals, "state": "cancelled"}, []
    check_in = planned + timedelta(minutes=demo.random.randrange(0, 25))
    minutes = 3 if fate < 0.14 else demo.random.randrange(15, 70)
    closed = fate > 0.95
    check_out = check_in + timedelta(minutes=minutes)
    least = demo.company.sales_visit_minutes
    vals.update(
        state="closed" if closed else "done",
        check_in=check_in,
        check_out=check_out,
        effective=not closed and minutes >= least,
        position_state="given",
    )
    if not closed:
        vals["result_id"] = results[demo.random.randrange(len(results))].id
        vals["note"] = demo.word(
            names.NOTES[(customer.id + day.day) % len(names.NOTES)]
        )
    # Some were far away, as their position says.
    away = 0.02 if fate > 0.9 else 0.0004
    kept = [
        {
            "kind": kind,
            "moment": moment,
            "latitude": customer.partner_latitude + away * demo.random.random(),
            "longitude": customer.partner_longitude + away * demo.random.random(),
            "accuracy": demo.random.randrange(8, 60),
        }
        for kind, moment in (("in", check_in), ("out", check_out))
    ]
    return vals, kept
