"""Contracts with the customers who have bought for long, and what they bought."""

from base64 import b64encode
from collections import defaultdict
from datetime import timedelta

from odoo.fields import Command

from . import names

# Days from today to the last one; None: until further notice.
_ENDS = (25, 200, 50, None, 400, 90)
# What framework contracts commit, as a multiple of what was bought.
_COMMITTED = (1.2, 2, 3)


def make_contracts(demo):
    """:param Demo demo: with its customers"""
    owned = demo.customers.filtered("user_id")
    bought = demo.env["sale.order"].search(
        [("partner_id", "in", owned.ids), ("state", "=", "sale")]
    )
    bought = bought.grouped("partner_id")
    scan = b64encode(b"%PDF-1.4")
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
                # The first is sent, to be signed on the portal.
                "signed_document": number and scan,
                "signed_document_name": number and "scan.pdf",
                **_terms(demo, kind, number, bought.get(customer)),
            }
            for number, customer in enumerate(owned[::3])
            for title, kind in [names.CONTRACTS[number % len(names.CONTRACTS)]]
        ]
    )
    called = contracts[1:].filtered(lambda one: one.kind in ("framework", "special"))
    contracts[1:].action_start()
    contracts[:1].action_mark_sent()
    for contract in called:
        _call_off(contract, bought.get(contract.partner_id))
    demo.env["sales.rebate.agreement"]._cron_accrue()
    _make_milestones(demo, contracts[1:])


def _terms(demo, kind, number, orders):
    """What a contract of a kind agrees.

    :param orders: what the customer has bought, or None
    """
    if kind == "service":
        return {
            "response_hours": 4 + 4 * (number % 2),
            "visits_included": 4,
            "parts_included": bool(number % 2),
        }
    goods = demo.products.filtered(lambda product: product.type == "consu")
    if kind == "special":
        return {
            "rebate_percent": 2,
            "line_ids": [
                Command.create({"categ_id": category.id, "discount": 8 + number % 5})
                for category in goods.categ_id[:2]
            ],
        }
    if kind == "standard" or not orders:
        return {"amount": 20_000 * (1 + number % 5)}
    quantities = defaultdict(float)
    for line in orders.order_line:
        if line.product_id in goods:
            quantities[line.product_id] += line.product_uom_qty
    return {
        "line_ids": [
            Command.create(
                {
                    "product_id": product.id,
                    "quantity": round(quantity * _COMMITTED[number % 3]),
                    "price_unit": round(product.list_price * 0.95),
                }
            )
            for product, quantity in list(quantities.items())[:4]
        ]
    }


def _call_off(contract, orders):
    """What was bought since its first day counts for it, at the prices of then."""
    day = contract.date_start
    orders = orders and orders.filtered(lambda one: one.date_order.date() >= day)
    if orders:
        orders._put_under_contract(contract)


def _make_milestones(demo, contracts):
    demo.env["sales.contract.milestone"].create(
        [
            {
                "contract_id": contract.id,
                "name": demo.word(name),
                "kind": kind,
                "date_due": demo.today + timedelta(days=days + number % 20),
                "is_shared": kind != "guarantee",
            }
            for number, contract in enumerate(contracts)
            for name, kind, days in names.MILESTONES[: 1 + number % 3]
        ]
    )
