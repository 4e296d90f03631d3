"""In warranty, chargeable or refused, and why."""

import calendar
from datetime import date, datetime, timedelta
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import BaseCase, Form, tagged

from ..tickets.warranty import Delivery, claim
from .common import ServiceCase

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def later(day, months):
    """Some months later, counted one month after the other."""
    year, month = day.year, day.month
    for _month in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@tagged("post_install", "-at_install")
class TestClaim(BaseCase):
    @settings(max_examples=300, deadline=None)
    @given(
        st.integers(0, 60),
        st.lists(st.builds(Delivery, DAYS, st.integers(1, 3)), max_size=5),
        DAYS,
    )
    def test_oracle(self, months, deliveries, day):
        found = claim(months, deliveries, 1, day)
        mine = sorted(one.day for one in deliveries if one.customer == 1)
        if not mine:
            self.assertEqual(found.state, "refused")
            self.assertEqual(found.reason, "other" if deliveries else "undelivered")
            return
        self.assertEqual(found.start, mine[0])
        in_time = bool(months) and day <= later(mine[0], months)
        self.assertEqual(found.state, "warranty" if in_time else "chargeable")
        # Longer months never take a warranty away.
        if in_time:
            self.assertEqual(claim(months + 1, deliveries, 1, day).state, "warranty")


@tagged("post_install", "-at_install")
class TestWarranty(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Who sees lots on the form.
        cls.env.user.group_ids += cls.env.ref("stock.group_production_lot")
        cls.goods = cls.env["product.product"].create(
            {
                "name": "Pump",
                "type": "consu",
                "is_storable": True,
                "tracking": "serial",
                "sales_warranty_months": 12,
            }
        )
        cls.other_goods = cls.env["product.product"].create(
            {"name": "Hose", "type": "consu"}
        )
        cls.lots = cls.env["stock.lot"].create(
            [{"name": f"P-{n}", "product_id": cls.goods.id} for n in range(2)]
        )
        warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.env["stock.quant"]._update_available_quantity(
            cls.goods, warehouse.lot_stock_id, 1, lot_id=cls.lots[0]
        )
        cls.order = cls._order(
            order_line=[
                Command.create({"product_id": product.id, "tax_ids": False})
                for product in (cls.goods, cls.other_goods)
            ]
        )
        cls.picking = cls.order.picking_ids
        cls.picking.action_assign()
        cls.picking.move_ids.picked = True
        cls.picking.button_validate()
        cls.delivered = datetime(2026, 1, 31, 9)
        cls.picking.move_ids.date = cls.delivered
        cls.stranger = cls.env["res.partner"].create({"name": "S", "is_company": True})

    def _claim(self, moment=None, **values):
        """What a ticket that came in then is told."""
        moment = moment or self.delivered + timedelta(days=30)
        with patch.object(
            type(self.env["sales.service.ticket"]), "_get_now", lambda self: moment
        ):
            ticket = self._ticket(**values)
            return ticket.warranty, ticket.warranty_reason

    def test_sources(self):
        """By the lot, the delivery or the order."""
        product = {"product_id": self.goods.id}
        for values in (
            {"lot_id": self.lots[0].id, **product},
            {"picking_id": self.picking.id, **product},
            {"sale_order_id": self.order.id, **product},
        ):
            with self.subTest(values=values):
                self.assertEqual(self._claim(**values), ("warranty", "in"))
                self.assertEqual(
                    self._claim(datetime(2027, 1, 31, 12), **values),
                    ("warranty", "in"),
                )
                self.assertEqual(
                    self._claim(datetime(2027, 2, 1, 12), **values),
                    ("chargeable", "over"),
                )

    def test_reasons(self):
        order = {"sale_order_id": self.order.id}
        for values, expected in (
            ({"product_id": self.goods.id}, (False, False)),
            (order, (False, False)),
            ({**order, "product_id": self.other_goods.id}, ("chargeable", "none")),
            ({**order, "product_id": self.product.id}, ("refused", "undelivered")),
            (
                {"sale_order_id": self._order().id, "product_id": self.product.id},
                ("chargeable", "none"),
            ),
            (
                {"lot_id": self.lots[1].id, "product_id": self.goods.id},
                ("refused", "undelivered"),
            ),
            (
                {
                    "lot_id": self.lots[0].id,
                    "product_id": self.goods.id,
                    "partner_id": self.stranger.id,
                },
                ("refused", "other"),
            ),
        ):
            with self.subTest(values=values):
                self.assertEqual(self._claim(**values), expected)

    def test_by_hand(self):
        """A kindness is decided by hand; another product asks anew."""
        ticket = self._ticket(
            "agent", product_id=self.other_goods.id, sale_order_id=self.order.id
        )
        self.assertEqual(ticket.warranty, "chargeable")
        self._as("agent", ticket).warranty = "warranty"
        self.assertEqual(
            (ticket.warranty, ticket.warranty_reason), ("warranty", "by_hand")
        )
        ticket.product_id = self.product
        self.assertEqual(
            (ticket.warranty, ticket.warranty_reason), ("refused", "undelivered")
        )

    def test_form(self):
        """Told while the ticket is taken down, and so kept."""
        form = Form(self.env["sales.service.ticket"])
        form.name = "Loud"
        form.partner_id = self.partner
        form.product_id = self.goods
        self.assertFalse(form.warranty)
        form.lot_id = self.lots[1]
        self.assertEqual(
            (form.warranty, form.warranty_reason), ("refused", "undelivered")
        )
        form.lot_id = self.lots[0]
        self.assertEqual(form.warranty_start, self.delivered.date())
        ticket = form.save()
        self.assertEqual(ticket.warranty_reason, form.warranty_reason)
        self.assertNotEqual(ticket.warranty_reason, "by_hand")

    def test_queries(self):
        """As many for 5 tickets as for 40."""
        counts = []
        for number in (5, 40):
            tickets = self.env["sales.service.ticket"].create(
                [
                    {
                        "name": "Loud",
                        "partner_id": self.partner.id,
                        "category_id": self.category.id,
                        "product_id": self.goods.id,
                        "sale_order_id": self.order.id,
                    }
                ]
                * number
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            tickets._get_claims()
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts)
