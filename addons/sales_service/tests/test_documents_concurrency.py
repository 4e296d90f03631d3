"""Two at once make nothing twice: credit notes, and what comes back."""

from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "document_race"
# In this order: what hangs on what.
_MADE = (
    "DELETE FROM sales_service_credit WHERE ticket_id IN %(tickets)s",
    "DELETE FROM sale_order WHERE service_ticket_id IN %(tickets)s",
    "DELETE FROM repair_order WHERE service_ticket_id IN %(tickets)s",
    "DELETE FROM sales_credit WHERE partner_id IN %(partners)s",
    "DELETE FROM account_move WHERE partner_id IN %(partners)s",
    "DELETE FROM stock_move_line WHERE picking_id IN (%(pickings)s)",
    "DELETE FROM stock_move WHERE picking_id IN (%(pickings)s)",
    "DELETE FROM stock_picking WHERE partner_id IN %(partners)s",
    "DELETE FROM sales_service_ticket WHERE id IN %(tickets)s",
)
_PICKINGS = "SELECT id FROM stock_picking WHERE partner_id IN %(partners)s"


@tagged("post_install", "-at_install")
class TestDocumentsConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            self.users = [
                new_test_user(
                    env,
                    f"{NAME}_{number}",
                    groups,
                    company_id=company.id,
                    company_ids=[Command.set(company.ids)],
                ).id
                for number, groups in enumerate(
                    (
                        "sales_service.group_service_agent",
                        "account.group_account_invoice",
                        "account.group_account_invoice",
                    )
                )
            ]
            team = env["sales.service.team"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "member_ids": [Command.set(self.users[:1])],
                }
            )
            customer = env["res.partner"].create({"name": NAME, "is_company": True})
            product = env["product.product"].create({"name": NAME, "type": "consu"})
            kind = (
                env["stock.warehouse"]
                .search([("company_id", "=", company.id)], limit=1)
                .out_type_id
            )
            route = {
                "location_id": kind.default_location_src_id.id,
                "location_dest_id": customer.property_stock_customer.id,
            }
            delivery = env["stock.picking"].create(
                {
                    **route,
                    "picking_type_id": kind.id,
                    "partner_id": customer.id,
                    "move_ids": [
                        Command.create(
                            {
                                **route,
                                "product_id": product.id,
                                "product_uom_qty": 1,
                                "quantity": 1,
                                "picked": True,
                            }
                        )
                    ],
                }
            )
            delivery.button_validate()
            invoice = env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "invoice_date": date(2026, 11, 2),
                    "invoice_line_ids": [
                        Command.create(
                            {"name": NAME, "price_unit": 100, "tax_ids": False}
                        )
                    ],
                }
            )
            invoice.action_post()
            ticket = env["sales.service.ticket"].create(
                {
                    "name": NAME,
                    "team_id": team.id,
                    "partner_id": customer.id,
                    "product_id": product.id,
                    "picking_id": delivery.id,
                    "invoice_id": invoice.id,
                    "user_id": self.users[0],
                }
            )
            self.ticket, self.invoice = ticket.id, invoice.id

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            tickets = env["sales.service.ticket"].search([("name", "=", NAME)])
            partners = env["res.partner"].search([("name", "=", NAME)])
            values = {
                "tickets": (*tickets.ids, 0),
                "partners": (*partners.ids, 0),
            }
            for statement in _MADE:
                env.cr.execute(statement.replace("%(pickings)s", _PICKINGS), values)
            env["mail.message"].search(
                [("model", "=", tickets._name), ("res_id", "in", tickets.ids)]
            ).unlink()
            env.invalidate_all(flush=False)
            env["sales.service.team"].search([("name", "=", NAME)]).unlink()
            env["product.product"].search([("name", "=", NAME)]).unlink()
            users = env["res.users"].search([("login", "like", f"{NAME}%")])
            partners |= users.partner_id
            users.unlink()
            partners.unlink()

    def _ask(self, env, amount=60):
        agent = env(user=self.users[0])
        return agent["sales.service.credit"]._ask(
            agent["sales.service.ticket"].browse(self.ticket),
            agent["account.move"].browse(self.invoice),
            amount,
            "Scratched",
        )

    def _make(self, credit, user):
        return lambda env: (
            env["sales.service.credit"]
            .browse(credit)
            .with_user(self.users[user])
            .action_make()
        )

    def test_two_accountants(self):
        """One makes the credit note, and the other is told."""
        with self._environment() as env:
            credit = self._ask(env).id
        with self.assertRaises(UserError):
            self._race(self._make(credit, 1), self._make(credit, 2))
        with self._environment() as env:
            invoice = env["account.move"].browse(self.invoice)
            self.assertEqual(invoice.reversal_move_ids.mapped("amount_untaxed"), [60])
            credit = env["sales.service.credit"].browse(credit)
            self.assertEqual(credit.decided_by_id.id, self.users[1])
            self.assertEqual(credit.move_id, invoice.reversal_move_ids)

    def test_two_ask(self):
        """Not more than the invoice, whoever asks first."""
        with self.assertRaises(UserError):
            self._race(self._ask, self._ask)
        with self._environment() as env:
            asked = env["sales.service.credit"].search(
                [("ticket_id", "=", self.ticket)]
            )
            self.assertEqual(asked.mapped("amount"), [60])

    def test_clicked_twice(self):
        """What was delivered comes back once."""

        def click(env):
            ticket = env["sales.service.ticket"].browse(self.ticket)
            ticket.with_user(self.users[0])._make_return(1)

        with self.assertRaises(UserError):
            self._race(click, click)
        with self._environment() as env:
            back = env["stock.picking"].search(
                [("service_ticket_id", "=", self.ticket)]
            )
            self.assertEqual(back.move_ids.mapped("product_uom_qty"), [1])

    def test_asked_by_two(self):
        """One quotation and one repair, whoever of the agent and a manager is first."""
        for make, model in (
            ("_make_quotation", "sale.order"),
            ("_make_repair", "repair.order"),
        ):

            def click(env, make=make):
                getattr(env["sales.service.ticket"].browse(self.ticket), make)()

            with self.subTest(make=make):
                self.assertEqual(self._race(click, click), 2)
                with self._environment() as env:
                    self.assertEqual(
                        env[model].search_count(
                            [("service_ticket_id", "=", self.ticket)]
                        ),
                        1,
                    )
