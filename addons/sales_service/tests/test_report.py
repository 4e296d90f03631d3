"""What the analysis says of tickets, products, lots and suppliers."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_facts import MONDAY, FactsCase


@tagged("post_install", "-at_install")
class TestReport(FactsCase):
    def _line(self, ticket):
        return self.env["sales.service.report"].browse(ticket.id)

    def test_line(self):
        with self._at(MONDAY):
            ticket, late, open_ = (
                self._ticket("agent", product_id=product.id)
                for product in (self.product, self.other_product, self.product)
            )
        vendor = self.env["res.partner"].create({"name": "Vendor"})
        self.env["product.supplierinfo"].create(
            {
                "partner_id": vendor.id,
                "product_tmpl_id": self.product.product_tmpl_id.id,
            }
        )
        self._close(ticket, MONDAY + timedelta(hours=1))
        self._close(late, MONDAY + timedelta(hours=5))
        with self._at(MONDAY + timedelta(days=2)):
            late.action_reopen()
        self._close(late, MONDAY + timedelta(days=2, hours=1))
        ticket.service_rating_ids._give(4)
        with self._at(MONDAY + timedelta(days=3)):
            line, other, backlog = map(self._line, (ticket, late, open_))
            self.assertEqual(
                (line.response_hours, line.calendar_hours, line.supplier_id),
                (1, 1, vendor),
            )
            self.assertEqual((line.limits_kept, line.first_fix), (1, 1))
            self.assertEqual((line.rated, line.rating), (1, 4))
            self.assertEqual((other.limits_kept, other.first_fix), (0, 0))
            self.assertFalse(other.supplier_id)
            self.assertEqual((backlog.age_days, line.age_days), (3, 0))
            # What has been answered in time may still be resolved late.
            self._answer(open_)
            self.assertEqual(
                self.env["sales.service.report"]._read_group(
                    [("ticket_id", "in", (ticket + open_).ids)],
                    [],
                    ["limits_kept:avg", "limits_kept:count"],
                ),
                [(1, 1)],
            )
            [(user, count, fixed, rated, rating)] = self.env[
                "sales.service.report"
            ]._read_group(
                [("ticket_id", "in", (ticket + late + open_).ids)],
                ["user_id"],
                ["__count", "first_fix:avg", "rated:avg", "rating:avg"],
            )
        # Two were closed, two were asked, one has rated.
        self.assertEqual(
            (user, count, fixed, rated, rating),
            (self.users["agent"], 3, 0.5, 0.5, 4),
        )

    def test_access(self):
        """Own results; those of the team for who leads it; all above."""
        tickets = {
            "own": self._ticket("agent"),
            "team": self._ticket("colleague"),
            "other": self._ticket(
                "stranger", team_id=self.other_team.id, category_id=False
            ),
        }
        for role, kinds in {
            "agent": {"own"},
            "dispatcher": {"own", "team"},
            "service_manager": {"own", "team", "other"},
            "director": {"own", "team", "other"},
            "operations": {"own", "team", "other"},
        }.items():
            found = (
                self.env["sales.service.report"]
                .with_user(self.users[role])
                .search([("id", "in", [one.id for one in tickets.values()])])
            )
            self.assertEqual(set(found.ids), {tickets[kind].id for kind in kinds}, role)
        for role in ("rep", "leader", "finance"):
            for model in ("report", "quality"):
                with self.assertRaises(AccessError, msg=role):
                    self.env[f"sales.service.{model}"].with_user(
                        self.users[role]
                    ).search([])
        with self.assertRaises(AccessError):
            self._as("agent", self.env["sales.service.quality"]).search([])


@tagged("post_install", "-at_install")
class TestQuality(FactsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendors = cls.env["res.partner"].create(
            [{"name": name} for name in ("First", "Second")]
        )
        cls.pump = cls.env["product.product"].create(
            {
                "name": "Pump",
                "is_storable": True,
                "tracking": "lot",
                "seller_ids": [(0, 0, {"partner_id": cls.vendors[0].id})],
            }
        )
        cls.lots = cls.env["stock.lot"].create(
            [{"name": name, "product_id": cls.pump.id} for name in ("A", "B")]
        )
        cls.stock = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )

    def _move(self, lot, quantity, kind, partner):
        """A done receipt, delivery or return of a lot."""
        customers = self.env.ref("stock.stock_location_customers")
        places = {
            "in": (
                self.env.ref("stock.stock_location_suppliers"),
                self.stock.lot_stock_id,
            ),
            "out": (self.stock.lot_stock_id, customers),
            "back": (customers, self.stock.lot_stock_id),
        }[kind]
        type_ = self.stock.out_type_id if kind == "out" else self.stock.in_type_id
        picking = self.env["stock.picking"].create(
            {
                "partner_id": partner.id,
                "picking_type_id": type_.id,
                "location_id": places[0].id,
                "location_dest_id": places[1].id,
                "move_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": self.pump.id,
                            "product_uom_qty": quantity,
                            "location_id": places[0].id,
                            "location_dest_id": places[1].id,
                            "move_line_ids": [
                                (
                                    0,
                                    0,
                                    {
                                        "product_id": self.pump.id,
                                        "lot_id": lot.id,
                                        "quantity": quantity,
                                        "location_id": places[0].id,
                                        "location_dest_id": places[1].id,
                                    },
                                )
                            ],
                        },
                    )
                ],
            }
        )
        picking.move_ids.picked = True
        picking._action_done()

    def test_rate(self):
        """By product, lot and supplier: returns are not sold, cancelled are none."""
        self._move(self.lots[0], 500, "in", self.vendors[1])
        self._move(self.lots[0], 450, "out", self.partner)
        self._move(self.lots[0], 50, "back", self.partner)
        self._move(self.lots[1], 100, "out", self.partner)
        tickets = [
            self._ticket("agent", product_id=self.pump.id, lot_id=lot.id)
            for lot in (self.lots[0], self.lots[0], self.lots[1], self.lots[1])
        ]
        tickets[-1].action_cancel()

        def rates(by):
            return {
                key.name: (sold, count, rate)
                for key, sold, count, rate in self.env[
                    "sales.service.quality"
                ]._read_group(
                    [("product_id", "=", self.pump.id)],
                    [by],
                    ["sold:sum", "tickets:sum", "rate:sum"],
                )
            }

        self.assertEqual(rates("product_id"), {"Pump": (500, 3, 6)})
        self.assertEqual(rates("lot_id"), {"A": (400, 2, 5), "B": (100, 1, 10)})
        # Who delivered the lot; the other one's receipt is not known.
        self.assertEqual(
            rates("supplier_id"), {"Second": (400, 2, 5), "First": (100, 1, 10)}
        )
        # The analysis says the same of the tickets, the cancelled one with them.
        self.assertEqual(
            dict(
                self.env["sales.service.report"]._read_group(
                    [("product_id", "=", self.pump.id)], ["supplier_id"], ["__count"]
                )
            ),
            {self.vendors[1]: 2, self.vendors[0]: 2},
        )

    def test_day(self):
        """At midnight where the company works a new day begins."""
        with self._at(MONDAY.replace(hour=16)):
            self._ticket("agent", product_id=self.pump.id)
        line = self.env["sales.service.quality"].search(
            [("product_id", "=", self.pump.id)]
        )
        self.assertEqual(line.date, (MONDAY + timedelta(days=1)).date())

    def test_never_sold(self):
        ticket = self._ticket("agent", product_id=self.pump.id)
        line = self.env["sales.service.quality"].search(
            [("product_id", "=", self.pump.id)]
        )
        self.assertEqual((line.tickets, line.sold, line.rate), (1, 0, 0))
        with self._at(MONDAY):
            self._ticket("agent", product_id=self.pump.id)
            self._ticket("agent", product_id=self.pump.id, state="cancelled")
        # What is counted opens, not what came in on another day.
        self.assertEqual(
            self.env["sales.service.ticket"].search(
                line.action_open_tickets()["domain"]
            ),
            ticket,
        )
