"""The panel of a quotation in a browser, at a desk and on a phone."""

from datetime import timedelta

from odoo import Command
from odoo.tests import HttpCase, tagged

from .deals_common import DealsCase


class PromiseScreensCase(HttpCase, DealsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        dated = cls._goods("Dated", tracking="lot", use_expiration_date=True)
        cls._stock(dated, 20, cls._lot(dated, "LOT-1", 100))
        cls._stock(cls.goods, 4)
        cls._purchase(cls.goods, 5, 9)
        invoice = cls._invoice(
            cls.users["rep"],
            invoice_date=cls.today - timedelta(days=40),
            invoice_date_due=cls.today - timedelta(days=40),
            invoice_payment_term_id=False,
            invoice_line_ids=[
                Command.create({"name": "Due", "price_unit": 50, "tax_ids": False})
            ],
        )
        invoice.action_post()
        cls.order = cls._quotation((cls.goods, 6), (dated, 5))

    def _tour(self, name):
        self.start_tour(
            f"/odoo/sales/{self.order.id}", name, login=self.users["rep"].login
        )
        request = self.env["sales.supply.request"].search(
            [("order_line_id", "in", self.order.order_line.ids)]
        )
        self.assertEqual((request.product_id, request.quantity), (self.goods, 2))


@tagged("post_install", "-at_install")
class TestPromiseScreens(PromiseScreensCase):
    def test_promise(self):
        self._tour("sales_force_promise")


@tagged("post_install", "-at_install")
class TestPromiseOnPhone(PromiseScreensCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_promise(self):
        self._tour("sales_force_promise_phone")
