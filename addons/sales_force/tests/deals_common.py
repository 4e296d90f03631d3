"""Goods in stock, with lots, vendors and receipts, around a quotation."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command

from .common import SalesForceCase


class DealsCase(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._get_sales_today()
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.vendor = cls.env["res.partner"].create({"name": "Secret Vendor"})
        cls.buyer = cls._user("buyer", "purchase.group_purchase_user")
        cls.company.write(
            {
                "sales_supply_user_id": cls.buyer.id,
                "sales_supply_mode": "activity",
                "sales_min_life": 0,
                "sales_min_life_unit": "day",
                "sales_margin_access": "manager",
                "days_to_purchase": 0,
            }
        )
        cls.partner.user_id = cls.users["rep"]
        cls.goods = cls._goods("Goods")

    @classmethod
    def _goods(cls, name, vendor=True, **values):
        """A product that is kept in stock; 7 days from the vendor, ten at least."""
        return cls.env["product.product"].create(
            {
                "name": name,
                "is_storable": True,
                "list_price": 100.0,
                "standard_price": 60.0,
                "taxes_id": False,
                "sale_delay": 0,
                "seller_ids": [
                    Command.create(
                        {
                            "partner_id": cls.vendor.id,
                            "delay": 7,
                            "min_qty": 10,
                            "price": 50,
                        }
                    )
                ]
                if vendor
                else False,
                **values,
            }
        )

    @classmethod
    def _stock(cls, product, quantity, lot=None):
        cls.env["stock.quant"]._update_available_quantity(
            product, cls.warehouse.lot_stock_id, quantity, lot_id=lot
        )

    @classmethod
    def _lot(cls, product, name, days):
        """Expires so many days from today, and is removed then."""
        moment = fields.Datetime.to_datetime(cls.today + timedelta(days=days))
        moment += timedelta(hours=12)
        return cls.env["stock.lot"].create(
            {
                "product_id": product.id,
                "name": name,
                "expiration_date": moment,
                "removal_date": moment,
            }
        )

    @classmethod
    def _purchase(cls, product, quantity, days, confirm=True):
        """Bought, to be received in so many days."""
        order = cls.env["purchase.order"].create(
            {
                "partner_id": cls.vendor.id,
                "picking_type_id": cls.warehouse.in_type_id.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_qty": quantity,
                            "price_unit": 50,
                            "date_planned": cls._noon(days),
                        }
                    )
                ],
            }
        )
        order.order_line.date_planned = cls._noon(days)
        if confirm:
            order.button_confirm()
        return order

    @classmethod
    def _noon(cls, days):
        moment = fields.Datetime.to_datetime(cls.today + timedelta(days=days))
        return moment + timedelta(hours=12)

    @classmethod
    def _quotation(cls, *lines, user="rep", days=3, confirm=False, **values):
        """Of ``(product, quantity)``, to be delivered in so many days."""
        return cls._order(
            cls.users[user],
            confirm=confirm,
            warehouse_id=cls.warehouse.id,
            commitment_date=cls._noon(days),
            order_line=[
                Command.create({"product_id": product.id, "product_uom_qty": quantity})
                for product, quantity in lines
            ],
            **values,
        )

    def _promise(self, order, user="rep"):
        self.env.flush_all()
        return order.with_user(self.users[user]).get_sales_promise()
