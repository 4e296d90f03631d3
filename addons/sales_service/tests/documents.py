from odoo.fields import Command

from .common import ServiceCase


class DocumentsCase(ServiceCase):
    """Three pumps, each with its number, delivered and invoiced to the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["stock"] = cls._user(
            "stock", "stock.group_stock_user,sales_service.group_service_agent"
        )
        cls.users["accountant"] = cls._user(
            "accountant", "account.group_account_invoice"
        )
        cls.users["accountant2"] = cls._user(
            "accountant2",
            "account.group_account_invoice,sales_service.group_service_manager",
        )
        cls.team.member_ids += cls.users["stock"]
        cls.partner.user_id = cls.users["rep"]
        cls.goods = cls.env["product.product"].create(
            {
                "name": "Pump",
                "type": "consu",
                "is_storable": True,
                "tracking": "serial",
                "list_price": 100,
                "taxes_id": [],
                "invoice_policy": "delivery",
            }
        )
        cls.lots = cls.env["stock.lot"].create(
            [{"name": f"P-{n}", "product_id": cls.goods.id} for n in range(5)]
        )
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        for lot in cls.lots:
            cls.env["stock.quant"]._update_available_quantity(
                cls.goods, cls.warehouse.lot_stock_id, 1, lot_id=lot
            )
        cls.order = cls._order(
            cls.users["rep"],
            order_line=[
                Command.create(
                    {
                        "product_id": cls.goods.id,
                        "product_uom_qty": 3,
                        "price_unit": 100,
                        "tax_ids": False,
                    }
                )
            ],
        )
        cls.delivery = cls.order.picking_ids
        cls.delivery.action_assign()
        cls.delivery.move_ids.picked = True
        cls.delivery.button_validate()
        cls.invoice = cls.order._create_invoices()
        cls.invoice.action_post()
        cls.lot = cls.delivery.move_line_ids.lot_id.sorted("name")[1]
        cls.ticket = cls._ticket(
            "agent",
            product_id=cls.goods.id,
            lot_id=cls.lot.id,
            sale_order_id=cls.order.id,
        )

    @classmethod
    def _remedy(cls, user, kind, ticket=None, **values):
        """The dialog, as a user fills it in."""
        ticket = cls._as(user, ticket or cls.ticket)
        action = ticket.action_remedy()
        remedy = ticket.env["sales.service.remedy"].with_context(**action["context"])
        return remedy.create({"kind": kind, **values})

    def _lines(self, kind, user="agent"):
        self.env.invalidate_all()
        lines = self._as(user, self.env["sales.service.document"]).search(
            [("ticket_id", "=", self.ticket.id), ("kind", "=", kind)], order="id"
        )
        return lines
