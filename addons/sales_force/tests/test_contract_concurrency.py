"""Two orders at once do not overdraw a contract together."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ConcurrentCase
from .contract_common import SCAN

NAME = "contract concurrency"


@tagged("post_install", "-at_install")
class TestContractConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            self.before = company.sales_contract_overdraw
            company.sales_contract_overdraw = "block"
            partner = env["res.partner"].create({"name": NAME})
            product = env["product.product"].create(
                {"name": NAME, "type": "service", "taxes_id": False}
            )
            contract = env["sales.contract"].create(
                {
                    "title": NAME,
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "signed_document": SCAN,
                    "line_ids": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "quantity": 10,
                                "price_unit": 1,
                            }
                        )
                    ],
                }
            )
            contract.action_start()
            self.contract = contract.id
            self.orders = [
                env["sale.order"]
                .create(
                    {
                        "partner_id": partner.id,
                        "company_id": company.id,
                        "sales_contract_id": contract.id,
                        "order_line": [
                            Command.create(
                                {"product_id": product.id, "product_uom_qty": 6}
                            )
                        ],
                    }
                )
                .id
                for _number in range(2)
            ]

    def _remove(self):
        with self._environment() as env, mute_logger("odoo.models.unlink"):
            company = env.ref("base.main_company")
            company.sales_contract_overdraw = getattr(self, "before", "warn")
            orders = env["sale.order"].search([("partner_id.name", "=", NAME)])
            orders.filtered(lambda one: one.state == "sale")._action_cancel()
            orders.unlink()
            contracts = env["sales.contract"].search([("title", "=", NAME)])
            contracts.sudo().write({"state": "draft", "former_id": False})
            contracts.root_id = False
            contracts.unlink()
            products = env["product.product"].search([("name", "=", NAME)])
            products.product_tmpl_id.unlink()
            env["res.partner"].search([("name", "=", NAME)]).unlink()

    def _confirm(self, number):
        def transaction(env):
            order = env["sale.order"].browse(self.orders[number])
            # The room is there for each of the two alone.
            order.action_confirm()

        return transaction

    def test_confirmed_at_once(self):
        with self.assertRaises(UserError):
            self._race(self._confirm(0), self._confirm(1))
        with self._environment() as env:
            orders = env["sale.order"].browse(self.orders)
            self.assertEqual(orders.mapped("state"), ["sale", "draft"])

    def test_more_at_once(self):
        """One that grows meets one that is confirmed."""
        with self._environment() as env:
            env["sale.order"].browse(self.orders[0]).action_confirm()
            env["sale.order"].browse(self.orders[1]).order_line.product_uom_qty = 4

        def grow(env):
            env["sale.order"].browse(self.orders[0]).order_line.product_uom_qty = 7

        with self.assertRaises(UserError):
            self._race(self._confirm(1), grow)
        with self._environment() as env:
            contract = env["sales.contract"].browse(self.contract)
            self.assertEqual(contract.line_ids.ordered_quantity, 10)

    def test_amended_at_once(self):
        """A contract is amended once at a time."""

        def amend(env):
            env["sales.contract"].browse(self.contract).action_amend()

        with self.assertRaises(UserError):
            self._race(amend, amend)
        with self._environment() as env:
            contract = env["sales.contract"].browse(self.contract)
            self.assertEqual(len(contract.amendment_ids), 1)
