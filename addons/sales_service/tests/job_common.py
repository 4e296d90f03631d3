import base64
from datetime import date, datetime, time, timedelta
from unittest.mock import patch

from odoo.fields import Command

from .common import ServiceCase

# A picture of one pixel.
PIXEL = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
        "awAAAABJRU5ErkJggg=="
    )
).decode()
# After everything that came before.
NOON = datetime.combine(date.today() + timedelta(days=1), time(12))


class JobCase(ServiceCase):
    """An agent with a van, with parts in it, and a ticket with a checklist."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.write({"street": "Main Street 1", "city": "Town", "phone": "+1 23"})
        warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.van = cls.env["stock.location"].create(
            {"name": "Van", "location_id": warehouse.view_location_id.id}
        )
        cls.fuse, cls.meter = cls.env["product.product"].create(
            [
                {
                    "name": name,
                    "type": "consu",
                    "is_storable": True,
                    "tracking": tracking,
                    "list_price": price,
                    "standard_price": price / 2,
                    "taxes_id": [Command.clear()],
                }
                for name, tracking, price in (
                    ("Fuse", "none", 10),
                    ("Meter", "serial", 50),
                )
            ]
        )
        cls.lot = cls.env["stock.lot"].create(
            {"name": "M-1", "product_id": cls.meter.id}
        )
        cls._stock(cls.fuse, 5)
        cls._stock(cls.meter, 1, cls.lot)
        cls.profile = cls.env["sales.service.agent"].search(
            [
                ("user_id", "=", cls.users["agent"].id),
                ("company_id", "=", cls.company.id),
            ]
        )
        cls.profile.write(
            {"location_id": cls.van.id, "hourly_cost": 60, "km_cost": 0.5}
        )
        cls.checklist = cls.env["sales.service.checklist"].create(
            {
                "name": "Pump",
                "item_ids": [
                    Command.create(
                        {
                            "name": "Pressure",
                            "kind": "measure",
                            "unit": "bar",
                            "is_limited": True,
                            "minimum": 1,
                            "maximum": 3,
                        }
                    ),
                    Command.create({"name": "Tight", "sequence": 5}),
                    Command.create(
                        {"name": "Colour", "kind": "text", "required": False}
                    ),
                ],
            }
        )
        cls.category.checklist_id = cls.checklist
        cls.ticket = cls._ticket("agent")
        cls.agent = cls._as("agent", cls.ticket)

    @classmethod
    def _stock(cls, product, quantity, lot=None):
        cls.env["stock.quant"]._update_available_quantity(
            product, cls.van, quantity, lot_id=lot
        )

    @classmethod
    def _in_van(cls, product):
        return cls.env["stock.quant"]._get_available_quantity(product, cls.van)

    def _at(self, minutes):
        """What happens then happens so many minutes after noon."""
        moment = NOON + timedelta(minutes=minutes)
        return patch.object(type(self.ticket), "_get_now", lambda self: moment)

    def _check_in(self, ticket=None, minutes=0):
        with self._at(minutes):
            action = (ticket or self.agent).action_check_in()
        return (
            self.env[action["res_model"]]
            .browse(action["res_id"])
            .with_user(self.users["agent"])
        )

    def _fill(self, job):
        pressure = job.check_ids.filtered(lambda one: one.kind == "measure")
        pressure.measure = 2
        job.check_ids.filtered(lambda one: one.kind == "tick").done = True

    def _use(self, job, product=None, quantity=1, **values):
        job.part_ids = [
            Command.create(
                {
                    "product_id": (product or self.fuse).id,
                    "quantity": quantity,
                    **values,
                }
            )
        ]
        return job.part_ids[-1]
