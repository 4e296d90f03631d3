"""Two who ask for the same supply at once make one request and one purchase."""

from odoo import Command
from odoo.tests import new_test_user, tagged

from .common import ConcurrentCase

NAME = "supply concurrency"


@tagged("post_install", "-at_install")
class TestSupplyConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            self.kept = company.sales_supply_mode, company.sales_supply_user_id.id
            buyer = new_test_user(
                env,
                NAME.replace(" ", "_"),
                "purchase.group_purchase_user,sales_force.group_sales_director",
                name=NAME,
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            company.write(
                {"sales_supply_mode": "rfq", "sales_supply_user_id": buyer.id}
            )
            vendor, customer = env["res.partner"].create(
                [{"name": f"{NAME} {name}"} for name in ("vendor", "customer")]
            )
            product = env["product.product"].create(
                {
                    "name": NAME,
                    "is_storable": True,
                    "taxes_id": False,
                    "seller_ids": [
                        Command.create({"partner_id": vendor.id, "delay": 7})
                    ],
                }
            )
            order = env["sale.order"].create(
                {
                    "partner_id": customer.id,
                    "company_id": company.id,
                    "order_line": [
                        Command.create({"product_id": product.id, "product_uom_qty": 5})
                    ],
                }
            )
            self.line, self.product = order.order_line.id, product.id

    def _remove(self):
        with self._environment() as env:
            everything = env["product.product"].with_context(active_test=False)
            products = everything.search([("name", "=", NAME)])
            of_product = [("product_id", "in", products.ids)]
            env["sales.supply.request"].search(of_product).unlink()
            purchases = env["purchase.order.line"].search(of_product).order_id
            purchases.button_cancel()
            purchases.unlink()
            orders = env["sale.order.line"].search(of_product).order_id
            orders._action_cancel()
            orders.picking_ids.unlink()
            env["stock.move"].search(of_product).unlink()
            env["stock.quant"].search(of_product).unlink()
            env["stock.warehouse.orderpoint"].search(of_product).unlink()
            env.cr.execute(
                "DELETE FROM sales_credit WHERE product_id = ANY(%s)", [products.ids]
            )
            env.cr.execute(
                "DELETE FROM sale_order_line WHERE order_id = ANY(%s)", [orders.ids]
            )
            env.cr.execute("DELETE FROM sale_order WHERE id = ANY(%s)", [orders.ids])
            env.invalidate_all()
            products.product_tmpl_id.unlink()
            users = env["res.users"].with_context(active_test=False)
            users = users.search([("name", "=", NAME)])
            if hasattr(self, "kept"):
                mode, user_id = self.kept
                env.ref("base.main_company").write(
                    {"sales_supply_mode": mode, "sales_supply_user_id": user_id}
                )
            partners = users.partner_id
            partners += env["res.partner"].search([("name", "=like", f"{NAME} %")])
            env.cr.execute(
                "DELETE FROM sales_customer WHERE partner_id = ANY(%s)", [partners.ids]
            )
            users.unlink()
            partners.exists().unlink()

    def _ask(self, env):
        env["sale.order.line"].browse(self.line).action_ask_supply()

    def _counts(self):
        with self._environment() as env:
            of_product = [("product_id", "=", self.product)]
            return (
                env["sales.supply.request"].search_count(of_product),
                env["purchase.order.line"].search_count(of_product),
            )

    def test_ask(self):
        self.assertEqual(self._race(self._ask, self._ask), 2)
        self.assertEqual(self._counts(), (1, 1))

    def test_make_rfq(self):
        with self._environment() as env:
            env.ref("base.main_company").sales_supply_mode = "activity"
            self._ask(env)

        def make(env):
            env["sales.supply.request"].search(
                [("product_id", "=", self.product)]
            ).action_make_rfq()

        self.assertEqual(self._race(make, make), 2)
        self.assertEqual(self._counts(), (1, 1))

    def test_suggestions(self):
        """Two managers turn the same suggestion into requests."""
        with self._environment() as env:
            env["sale.order.line"].browse(self.line).order_id.action_confirm()

        def make(env):
            rows = env["sales.supply"].search([("product_id", "=", self.product)])
            if rows.filtered("suggested"):
                rows.action_make_rfqs()

        self.assertEqual(self._race(make, make), 2)
        self.assertEqual(self._counts(), (0, 1))
