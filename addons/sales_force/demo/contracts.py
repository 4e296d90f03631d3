"""Contracts with the customers who have bought for long."""

from datetime import timedelta

from . import names

# Days from today to the last one; None: until further notice.
_ENDS = (25, 200, 50, None, 400, 90)


def make_contracts(demo):
    """:param Demo demo: with its customers"""
    owned = demo.customers.filtered("user_id")
    contracts = demo.env["sales.contract"].create(
        [
            {
                "partner_id": customer.id,
                "user_id": customer.user_id.id,
                "company_id": demo.company.id,
                "title": demo.word(title),
                "kind": kind,
                "date_start": demo.today - timedelta(days=365 - 30 * (number % 6)),
                "date_end": (days := _ENDS[number % len(_ENDS)])
                and demo.today + timedelta(days=days),
                "amount": 20_000 * (1 + number % 5),
            }
            for number, customer in enumerate(owned[::3])
            for title, kind in [names.CONTRACTS[number % len(names.CONTRACTS)]]
        ]
    )
    contracts[1:].action_start()
