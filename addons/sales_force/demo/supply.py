"""Goods in stock, with lots that expire, receipts, and quotations that lack some."""

from datetime import timedelta

from odoo.fields import Command

from . import names

# How many days ago each of a rep's orders was, and days until what is bought arrives.
_SOLD = (12, 33, 61)
_ARRIVALS = (5, 16)
_SELLERS = ("rep", "leader", "kavi", "omar", "julia")


def make_supply(demo):
    """:param Demo demo: with its reps and customers"""
    _configure(demo)
    vendors = demo.env["res.partner"].create(
        [{"name": demo.word(pair), "is_company": True} for pair in names.VENDORS]
    )
    warehouse = demo.env["stock.warehouse"].search(
        [("company_id", "=", demo.company.id)], limit=1
    )
    products = _make_products(demo, vendors)
    _fill(demo, warehouse, products)
    _sell(demo, products)
    _buy(demo, warehouse, products)
    _quote(demo, products)


def _configure(demo):
    demo.company.write(
        {
            "sales_min_life": 60,
            "sales_supply_user_id": demo.env.ref("base.user_admin").id,
        }
    )
    for login in _SELLERS:
        demo.reps[login].credit_limit = 400_000
    demo.customers[0].write({"sales_min_life": 50, "sales_min_life_unit": "percent"})


def _make_products(demo, vendors):
    category = demo.env["product.category"].create(
        {"name": demo.word(("Consumables", "耗材"))}
    )
    return demo.create_translated(
        "product.product",
        [
            {
                "is_storable": True,
                "categ_id": category.id,
                "list_price": price,
                "standard_price": cost,
                "invoice_policy": "delivery",
                "tracking": "lot" if life else "none",
                "use_expiration_date": bool(life),
                "expiration_time": life,
                "seller_ids": [
                    Command.create(
                        {
                            "partner_id": vendors[number % 2].id,
                            "delay": 7 + number,
                            "price": cost,
                            "min_qty": 10,
                        }
                    )
                ]
                if number
                else False,
            }
            for number, (_name, _chinese, price, cost, life, _stock) in enumerate(
                names.CONSUMABLES
            )
        ],
        [row[:2] for row in names.CONSUMABLES],
    )


def _fill(demo, warehouse, products):
    """What is in stock; of what expires one lot soon and one late."""
    quants = demo.env["stock.quant"]
    for product, row in zip(products, names.CONSUMABLES, strict=True):
        life, stock = row[4:]
        if not life:
            quants._update_available_quantity(product, warehouse.lot_stock_id, stock)
            continue
        for number, days in enumerate((40, life - 20)):
            expires = demo.moment(demo.today + timedelta(days=days), 12)
            lot = demo.env["stock.lot"].create(
                {
                    "product_id": product.id,
                    "name": f"L{product.id}-{number + 1}",
                    "expiration_date": expires,
                    "removal_date": expires - timedelta(days=7),
                }
            )
            quants._update_available_quantity(
                product, warehouse.lot_stock_id, stock / 2, lot_id=lot
            )


def _sell(demo, products):
    """What each rep has sold and delivered of late."""
    for number, login in enumerate(_SELLERS):
        customers = demo.owned[demo.users[login]]
        for nth, days in enumerate(_SOLD):
            order = _make_order(
                demo,
                login,
                customers[nth % len(customers)],
                [
                    (product, 3 + (number + nth) % 4)
                    for product in products[(number + nth) % 2 :: 2]
                ],
            )
            order.action_confirm()
            day = demo.today - timedelta(days=days)
            order.date_order = demo.at(day)
            moves = order.picking_ids.move_ids
            for move in moves:
                move.picked = True
            order.picking_ids.with_context(skip_backorder=True)._action_done()
            moves.date = demo.at(day, 14)


def _buy(demo, warehouse, products):
    """On its way, and a rule by which it is reordered."""
    for days, bought in zip(_ARRIVALS, (products[1:3], products[3:5]), strict=True):
        arrival = demo.moment(demo.today + timedelta(days=days), 9)
        order = demo.env["purchase.order"].create(
            {
                "partner_id": bought[0].seller_ids.partner_id.id,
                "picking_type_id": warehouse.in_type_id.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_qty": 40,
                            "date_planned": arrival,
                        }
                    )
                    for product in bought
                ],
            }
        )
        order.button_confirm()
    demo.env["stock.warehouse.orderpoint"].create(
        {
            "product_id": products[1].id,
            "location_id": warehouse.lot_stock_id.id,
            "product_min_qty": 80,
            "product_max_qty": 200,
            "trigger": "manual",
        }
    )


def _quote(demo, products):
    """Quotations of what is short; for one of them supply has been asked for."""
    for login in ("rep", "leader"):
        customer = demo.owned[demo.users[login]][0]
        order = _make_order(
            demo, login, customer, [(product, 90) for product in products[:3]]
        )
    line = order.order_line[1]
    line.with_user(demo.users["leader"]).action_ask_supply()


def _make_order(demo, login, customer, lines):
    return demo.env["sale.order"].create(
        {
            "partner_id": customer.id,
            "company_id": demo.company.id,
            "user_id": demo.users[login].id,
            "order_line": [
                Command.create({"product_id": product.id, "product_uom_qty": quantity})
                for product, quantity in lines
            ],
        }
    )
