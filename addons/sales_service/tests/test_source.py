"""Tickets from the order, delivery, invoice, lot, visit and customer."""

from datetime import datetime

from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import ServiceCase


@tagged("post_install", "-at_install")
class TestSource(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.goods = cls.env["product.product"].create(
            {"name": "Pump", "type": "consu", "is_storable": True, "tracking": "serial"}
        )
        cls.lot = cls.env["stock.lot"].create(
            {"name": "P-1", "product_id": cls.goods.id}
        )
        warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.env["stock.quant"]._update_available_quantity(
            cls.goods, warehouse.lot_stock_id, 1, lot_id=cls.lot
        )
        cls.order = cls._order(
            order_line=[Command.create({"product_id": cls.goods.id, "tax_ids": False})]
        )
        cls.picking = cls.order.picking_ids
        cls.picking.action_assign()
        cls.picking.move_ids.picked = True
        cls.picking.button_validate()
        cls.invoice = cls.order._create_invoices()
        cls.visit = cls.env["sales.visit"].create(
            {
                "rep_id": cls.reps["rep"].id,
                "partner_id": cls.partner.id,
                "date_planned": datetime(2026, 11, 2, 9),
            }
        )
        cls.sources = {
            "partner_id": cls.partner,
            "sale_order_id": cls.order,
            "picking_id": cls.picking,
            "invoice_id": cls.invoice,
            "lot_id": cls.lot,
            "visit_id": cls.visit,
        }

    def _new(self, source):
        """The ticket that the source's button begins."""
        action = source.action_sales_tickets()
        self.assertEqual(action["views"], [(False, "form")])
        form = Form(self.env["sales.service.ticket"].with_context(**action["context"]))
        form.name = "Loud"
        return form.save()

    def test_new(self):
        """What is known is on it, and the source counts it."""
        for name, source in self.sources.items():
            with self.subTest(source=name):
                self.env["sales.service.ticket"].search([]).unlink()
                source.invalidate_recordset(["sales_ticket_count"])
                self.assertEqual(source.sales_ticket_count, 0)
                ticket = self._new(source)
                self.assertEqual(ticket[name], source)
                self.assertEqual(ticket.partner_id, self.partner)
                self.assertEqual(ticket.company_id, self.company)
                source.invalidate_recordset(["sales_ticket_count"])
                self.assertEqual(source.sales_ticket_count, 1)
                action = source.action_sales_tickets()
                found = self.env["sales.service.ticket"].search(action["domain"])
                self.assertEqual(found, ticket)
                if name not in ("partner_id", "visit_id"):
                    self.assertEqual(ticket.product_id, self.goods)
                    self.assertEqual(ticket.sale_order_id, self.order)
                if name in ("lot_id", "picking_id"):
                    self.assertEqual(ticket.lot_id, self.lot)

    def test_contacts(self):
        """A company counts what its contacts ask, a contact their own."""
        contacts = self.env["res.partner"].create(
            [{"name": name, "parent_id": self.partner.id} for name in ("A", "B")]
        )
        self._ticket()
        for contact in contacts:
            self._ticket(partner_id=contact.id)
        partners = self.partner + contacts
        self.assertEqual(partners.mapped("sales_ticket_count"), [3, 1, 1])

    def test_only_whose_rights(self):
        """Each counts what they may see; others have no button and no query."""
        self.partner.user_id = self.users["rep"]
        self._ticket("colleague", sale_order_id=self.order.id)
        for name, count in (("rep", 1), ("agent", 0), ("service_manager", 1)):
            order = self.order.with_user(self.users[name]).sudo(False)
            partner = self.partner.with_user(self.users[name])
            self.assertEqual(partner.sales_ticket_count, count, name)
            self.assertTrue(order)
        plain = new_test_user(
            self.env, "sf_plain", "sales_team.group_sale_salesman_all_leads"
        )
        views = {
            "sale.order": "sale.view_order_form",
            "res.partner": "base.view_partner_form",
        }
        for model, xmlid in views.items():
            view = self.env.ref(xmlid)
            for user, seen in ((plain, False), (self.users["rep"], True)):
                arch = self.env[model].with_user(user).get_view(view.id)["arch"]
                self.assertEqual("sales_ticket_count" in arch, seen, model)

    def test_queries(self):
        """As many for 2 customers as for 20."""
        partners = self.env["res.partner"].create(
            [{"name": f"C{number}", "is_company": True} for number in range(20)]
        )
        counts = []
        for some in (partners[:2], partners):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            some.mapped("sales_ticket_count")
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
