"""Two clicks at once: one job, one delivery; the last piece goes out once."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

from .job_common import PIXEL

NAME = "job_race"


@tagged("post_install", "-at_install")
class TestJobConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            users = [
                new_test_user(
                    env,
                    f"{NAME}_{number}",
                    "sales_service.group_service_agent",
                    company_id=company.id,
                    company_ids=[Command.set(company.ids)],
                )
                for number in range(2)
            ]
            team = env["sales.service.team"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "member_ids": [Command.set([user.id for user in users])],
                }
            )
            warehouse = env["stock.warehouse"].search(
                [("company_id", "=", company.id)], limit=1
            )
            product = env["product.product"].create(
                {"name": NAME, "type": "consu", "is_storable": True, "list_price": 5}
            )
            env["stock.quant"]._update_available_quantity(
                product, warehouse.lot_stock_id, 1
            )
            tickets = env["sales.service.ticket"].create(
                [
                    {
                        "name": NAME,
                        "team_id": team.id,
                        "user_id": user.id,
                        "partner_id": env["res.partner"].create({"name": NAME}).id,
                    }
                    for user in users
                ]
            )
            self.product, self.tickets = product.id, tickets.ids
            self.users = [user.id for user in users]

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            tickets = env["sales.service.ticket"].search([("name", "=", NAME)])
            users = env["res.users"].search([("login", "like", f"{NAME}%")])
            products = env["product.product"].search([("name", "=", NAME)])
            orders = env["sale.order"].search(
                [("service_ticket_id", "in", tickets.ids)]
            )
            moves = env["stock.move"].search([("product_id", "in", products.ids)])
            pickings = moves.picking_id
            for table, column, ids in (
                ("sales_service_part", "product_id", products.ids),
                ("sales_service_job", "ticket_id", tickets.ids),
                ("stock_move_line", "product_id", products.ids),
                ("stock_move", "product_id", products.ids),
                ("stock_picking", "id", pickings.ids),
                ("stock_quant", "product_id", products.ids),
                ("sale_order_line", "order_id", orders.ids),
                ("sale_order", "id", orders.ids),
                ("sales_service_ticket", "id", tickets.ids),
            ):
                env.cr.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", (ids,))
            for model, ids in (
                ("sales.service.ticket", tickets.ids),
                ("sale.order", orders.ids),
                ("stock.picking", pickings.ids),
            ):
                env["mail.message"].search(
                    [("model", "=", model), ("res_id", "in", ids)]
                ).unlink()
            env.invalidate_all(flush=False)
            products.product_tmpl_id.unlink()
            env["sales.service.team"].search([("name", "=", NAME)]).unlink()
            partners = users.partner_id
            users.unlink()
            partners |= env["res.partner"].search([("name", "=", NAME)])
            partners.unlink()

    def _ticket(self, env, number=0):
        ticket = env["sales.service.ticket"].browse(self.tickets[number])
        return ticket.with_user(self.users[number])

    def _check_in(self, env, number=0):
        return self._ticket(env, number).action_check_in()

    def _job(self, env, number=0):
        ticket = env["sales.service.ticket"].browse(self.tickets[number])
        return ticket.job_ids.with_user(self.users[number])

    def _begin(self, *numbers):
        with self._environment() as env:
            for number in numbers:
                self._check_in(env, number)
                self._job(env, number).part_ids = [
                    Command.create({"product_id": self.product})
                ]

    def _book(self, number=0):
        return lambda env: self._job(env, number).action_book_parts()

    def _moves(self, env):
        return env["stock.move"].search(
            [
                ("product_id", "=", self.product),
                ("state", "=", "done"),
                ("location_dest_id.usage", "=", "customer"),
            ]
        )

    def test_checked_in_twice(self):
        self.assertGreater(self._race(self._check_in, self._check_in), 1)
        with self._environment() as env:
            self.assertEqual(len(self._job(env)), 1)

    def test_booked_twice(self):
        self._begin(0)
        self.assertGreater(self._race(self._book(), self._book()), 1)
        with self._environment() as env:
            self.assertEqual(self._moves(env).quantity, 1)
            orders = self._job(env).sudo().ticket_id.service_order_ids
            self.assertEqual((len(orders), len(orders.order_line)), (1, 1))

    def test_added_while_signed(self):
        """What is on the sealed report is booked, and nothing comes after it."""
        self._begin(0)

        def add(env):
            # Not by the form of the job, which is written with its lines.
            job = self._job(env)
            job.part_ids.create({"job_id": job.id, "product_id": self.product})

        try:
            self._race(add, lambda env: self._job(env).action_sign(PIXEL, "Customer"))
        except UserError:
            pass  # It came too late, or two were not there.
        with self._environment() as env:
            job = self._job(env)
            if job.state == "sealed":
                self.assertTrue(all(part.is_booked for part in job.part_ids))

    def test_last_piece(self):
        """Of two agents one has it, and the other is told."""
        self._begin(0, 1)
        with self.assertRaises(UserError):
            self._race(self._book(0), self._book(1))
        with self._environment() as env:
            self.assertEqual(self._moves(env).quantity, 1)
            self.assertTrue(self._job(env, 0).part_ids.is_booked)
            self.assertFalse(self._job(env, 1).part_ids.is_booked)

    def test_signed_while_booked(self):
        """Booking and signing at once: one delivery, and one report to send."""
        self._begin(0)
        self._race(
            self._book(), lambda env: self._job(env).action_sign(PIXEL, "Customer")
        )
        with self._environment() as env:
            self.assertEqual(self._moves(env).quantity, 1)
            self.assertEqual(self._job(env).state, "sealed")
