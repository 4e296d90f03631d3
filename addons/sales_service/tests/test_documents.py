"""Returns, exchanges, replacements, repairs and quotations from a ticket."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .documents import DocumentsCase


@tagged("post_install", "-at_install")
class TestDocuments(DocumentsCase):
    def test_return(self):
        """An agent without a right to stock sends for the ticket's lot, once."""
        action = self._remedy("agent", "return").action_make()
        self.assertEqual(action["type"], "ir.actions.act_window_close")
        back = self.env["stock.picking"].search(
            [("service_ticket_id", "=", self.ticket.id)]
        )
        self.assertEqual(back.return_id, self.delivery)
        self.assertEqual(back.picking_type_code, "incoming")
        self.assertNotEqual(back.state, "done")
        self.assertEqual(back.move_ids.product_uom_qty, 1)
        self.assertEqual(back.move_line_ids.lot_id, self.lot)
        self.assertEqual(back.sale_id, self.order)
        [line] = self._lines("return")
        self.assertEqual((line.name, line.detail), (back.name, "1 Units Pump"))
        self.assertEqual(self._as("agent", self.ticket).return_count, 1)
        self.assertIn(back.name, self._last_message(self.ticket).body)
        # Clicked twice: the lot was delivered once.
        with self.assertRaises(UserError):
            self._remedy("agent", "return").action_make()
        # Without a lot all that was delivered may come back, no more.
        self.ticket.lot_id = False
        self._remedy("agent", "return", quantity=2).action_make()
        with self.assertRaises(UserError):
            self._remedy("agent", "return").action_make()
        self.assertEqual(len(self._lines("return")), 2)

    def test_return_of_lots(self):
        """Of one line of two lots as much as was delivered of the ticket's."""
        oil = self.env["product.product"].create(
            {"name": "Oil", "type": "consu", "is_storable": True, "tracking": "lot"}
        )
        first, second = self.env["stock.lot"].create(
            [{"name": name, "product_id": oil.id} for name in ("A", "B")]
        )
        for lot, quantity in ((first, 2), (second, 3)):
            self.env["stock.quant"]._update_available_quantity(
                oil, self.warehouse.lot_stock_id, quantity, lot_id=lot
            )
        order = self._order(
            order_line=[Command.create({"product_id": oil.id, "product_uom_qty": 5})]
        )
        delivery = order.picking_ids
        delivery.action_assign()
        delivery.move_ids.picked = True
        delivery.button_validate()
        self.ticket.write(
            {"product_id": oil.id, "lot_id": second.id, "sale_order_id": order.id}
        )
        with self.assertRaises(UserError):
            self._remedy("agent", "return", quantity=4).action_make()
        self._remedy("agent", "return", quantity=3).action_make()
        back = self.env["stock.picking"].browse(self._lines("return").res_id)
        self.assertEqual(back.move_line_ids.lot_id, second)
        with self.assertRaises(UserError):
            self._remedy("agent", "return").action_make()
        self.ticket.lot_id = first
        self._remedy("agent", "return", quantity=2).action_make()
        before, back = self.env["stock.picking"].browse(
            self._lines("return").mapped("res_id")
        )
        self.assertEqual(back.move_line_ids.lot_id, first)
        self.assertEqual(before.move_line_ids.lot_id, second)
        self.assertEqual(sum(before.move_line_ids.mapped("quantity")), 3)

    def test_too_many(self):
        for quantity in (0, -1, 4):
            with self.assertRaises(UserError):
                self._remedy("agent", "return", quantity=quantity).action_make()

    def test_return_in_odoo(self):
        """Who works with stock gets Odoo's own dialog, with the product chosen."""
        self.ticket.user_id = self.users["stock"]
        action = self._remedy("stock", "return", quantity=2).action_make()
        self.assertEqual(action["res_model"], "stock.return.picking")
        wizard = Form(
            self.env["stock.return.picking"]
            .with_user(self.users["stock"])
            .with_context(**action["context"])
        ).save()
        # Proposed is the ticket's lot; who has the goods in hand may take more.
        self.assertEqual(wizard.product_return_moves.quantity, 1)
        wizard.product_return_moves.quantity = 2
        back = self.env["stock.picking"].browse(
            wizard.action_create_returns()["res_id"]
        )
        self.assertEqual(back.service_ticket_id, self.ticket)
        lots = back.move_line_ids.mapped("lot_id")
        self.assertEqual(len(lots), 2)
        self.assertIn(self.lot, lots)
        # In that dialog, too, nothing comes back twice.
        wizard = self.env["stock.return.picking"].create(
            {"picking_id": self.delivery.id, "service_ticket_id": self.ticket.id}
        )
        wizard.product_return_moves.quantity = 2
        with self.assertRaises(UserError):
            wizard.action_create_returns()

    def test_exchange(self):
        """One comes back and one goes out; both know the ticket."""
        self._remedy("agent", "exchange").action_make()
        [back], [out] = self._lines("return"), self._lines("delivery")
        out = self.env["stock.picking"].browse(out.res_id)
        self.assertEqual(out.picking_type_code, "outgoing")
        self.assertEqual(out.move_ids.product_uom_qty, 1)
        self.assertEqual(out.partner_id, self.delivery.partner_id)
        self.assertNotEqual(out.state, "done")
        self.assertEqual(
            self.env["stock.picking"].browse(back.res_id).service_ticket_id, self.ticket
        )

    def test_of_the_customer_only(self):
        """A ticket sends for nothing that somebody else got."""
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        strange = self._ticket(
            "agent",
            partner_id=other.id,
            product_id=self.goods.id,
            picking_id=self.delivery.id,
        )
        for kind in ("return", "exchange"):
            with self.assertRaises(UserError):
                self._remedy("agent", kind, strange).action_make()
        strange.picking_id = False
        strange.lot_id = self.lot
        with self.assertRaises(UserError):
            self._remedy("agent", "return", strange).action_make()

    def test_replacement(self):
        """Asked for in draft, without an order and without a price."""
        self._remedy("agent", "delivery", quantity=2).action_make()
        [line] = self._lines("delivery")
        out = self.env["stock.picking"].browse(line.res_id)
        self.assertEqual(out.state, "draft")
        self.assertFalse(out.sale_id)
        self.assertEqual(out.partner_id, self.partner)
        self.assertEqual(
            (out.move_ids.product_id, out.move_ids.product_uom_qty), (self.goods, 2)
        )
        with self.assertRaises(UserError):
            self._remedy("agent", "delivery", quantity=2).action_make()
        # The warehouse sends it: what the customer owes does not change.
        orders = self.env["sale.order"].search_count([])
        out.action_confirm()
        out.action_assign()
        out.move_ids.picked = True
        out.button_validate()
        self.assertEqual(out.state, "done")
        self.assertEqual(self.env["sale.order"].search_count([]), orders)
        self.assertEqual(self.order.order_line.qty_delivered, 3)

    def test_replaced_in_parts(self):
        """What is sent later is for the ticket as well; half a piece is told so."""
        oil = self.env["product.product"].create({"name": "Oil", "type": "consu"})
        self._remedy("agent", "delivery", product_id=oil.id, quantity=1.5).action_make()
        [line] = self._lines("delivery")
        self.assertEqual(line.detail, "1.50 Units Oil")
        out = self.env["stock.picking"].browse(line.res_id)
        out.action_confirm()
        out.move_ids.quantity = 1
        out.move_ids.picked = True
        out.with_context(skip_backorder=True).button_validate()
        self.assertEqual(self._lines("delivery").mapped("status"), ["Done", "Ready"])

    def test_replaced_at_the_customer(self):
        """Not sent to the vendor, where the ticket's document is a receipt."""
        kind = self.warehouse.in_type_id
        self.ticket.picking_id = self.env["stock.picking"].create(
            {
                "picking_type_id": kind.id,
                "partner_id": self.env["res.partner"].create({"name": "Vendor"}).id,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": kind.default_location_dest_id.id,
            }
        )
        out = self.ticket._make_replacement(self.goods, 1)
        self.assertEqual(out.partner_id, self.partner)

    def test_cancelled(self):
        """Nothing is made from a ticket that is none."""
        remedy = self._remedy("agent", "delivery")
        self.ticket._step("cancel")
        with self.assertRaises(UserError):
            remedy.action_make()

    def test_customer_corrected(self):
        """What was asked for the wrong customer does not become the right one's."""
        self.ticket._make_quotation()
        self.ticket._make_repair()
        right = self.env["res.partner"].create({"name": "Right", "is_company": True})
        self.ticket.write({"partner_id": right.id, "lot_id": False})
        self.assertEqual(self.ticket._get_service_order().partner_id, right)
        self.assertEqual(self.ticket._make_repair().partner_id, right)

    def test_repair(self):
        """With customer, product, lot and what came back; its parts are seen."""
        self._remedy("agent", "return").action_make()
        self._remedy("agent", "repair", reason="Seal leaks").action_make()
        [line] = self._lines("repair")
        repair = self.env["repair.order"].browse(line.res_id)
        self.assertEqual(
            (repair.partner_id, repair.product_id, repair.lot_id),
            (self.partner, self.goods, self.lot),
        )
        self.assertEqual(repair.picking_id.service_ticket_id, self.ticket)
        self.assertEqual((repair.state, line.status), ("draft", "New"))
        seal = self.env["product.product"].create({"name": "Seal", "type": "consu"})
        repair.move_ids = [
            Command.create(
                {
                    "product_id": seal.id,
                    "product_uom_qty": 2,
                    "repair_line_type": "add",
                }
            )
        ]
        self.assertEqual(self._lines("repair").detail, "2 Units Seal")
        # A second click opens the first.
        self._remedy("agent", "repair").action_make()
        self.assertEqual(len(self._lines("repair")), 1)
        # What the workshop charges is a quotation of the ticket.
        repair.action_create_sale_order()
        self.assertEqual(self._lines("quotation").name, repair.sale_order_id.name)
        self.ticket.lot_id = self.ticket.product_id = False
        repair.unlink()
        with self.assertRaises(UserError):
            self._remedy("agent", "repair").action_make()

    def test_delivery_opened_by_its_salesperson(self):
        """Who may not see repairs opens a delivery all the same."""
        delivery = self._as("rep", self.delivery)
        self.assertFalse(self._as("rep", self.env["repair.order"]).has_access("read"))
        self.assertEqual(Form(delivery).name, delivery.name)

    def test_opened_as_far_as_shown(self):
        """A form that shows what the user may not read is no form to open."""
        self._remedy("agent", "return").action_make()
        back = self.env["stock.picking"].browse(self._lines("return").res_id)
        rep = self._as("rep", self.ticket)
        self.assertEqual(rep.action_open_returns()["res_model"], back._name)
        self.assertEqual(Form(self._as("rep", back)).name, back.name)
        # An agent who sells as well, of a colleague's order.
        salesman = self.env.ref("sales_team.group_sale_salesman")
        self.users["agent"].group_ids += salesman
        self.assertTrue(self._as("agent", back).has_access("read"))
        with self.assertRaises(AccessError):
            Form(self._as("agent", back))
        agent, line = self._as("agent", self.ticket), self._lines("return")
        self.assertEqual(agent.action_open_returns()["res_model"], line._name)
        with self.assertRaises(AccessError):
            line.action_open_document()
        remedy = self._remedy("agent", "exchange", quantity=1)
        remedy.ticket_id.sudo().lot_id = False
        self.assertEqual(remedy.action_make()["type"], "ir.actions.act_window_close")

    def test_quotation(self):
        """The customer's salesperson gets a draft to price."""
        self._remedy("agent", "quotation", reason="Worn out, no warranty").action_make()
        self._remedy("agent", "quotation").action_make()
        [line] = self._lines("quotation")
        order = self.env["sale.order"].browse(line.res_id)
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.user_id, self.users["rep"])
        self.assertEqual(order.partner_id, self.partner)
        self.assertEqual(order.amount_total, 0)
        self.assertEqual(order.order_line.name, "Worn out, no warranty")
        self.assertEqual(order.activity_ids.user_id, self.users["rep"])
        # What is added is on it, once; the salesperson hears of it once.
        for _time in range(2):
            self._remedy("agent", "quotation", reason="Seal too").action_make()
        self.assertEqual(
            order.order_line.mapped("name"), ["Worn out, no warranty", "Seal too"]
        )
        self.assertEqual(len(order.activity_ids), 1)
        action = self._as("rep", self.ticket).action_open_quotations()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("sale.order", order.id)
        )
        action = self._as("rep", order).action_open_service_ticket()
        self.assertEqual(action["res_id"], self.ticket.id)

    def test_quotation_with_parts(self):
        """Where parts were put on it before, the salesperson hears all the same."""
        order = self.ticket._get_service_order()
        self._remedy("agent", "quotation", reason="Worn out").action_make()
        self.assertEqual(self.ticket.service_order_ids, order)
        self.assertEqual(order.order_line.name, "Worn out")
        self.assertEqual(order.activity_ids.user_id, self.users["rep"])

    def test_who(self):
        """Only who works on the ticket; documents open as far as Odoo's rights go."""
        for user in ("colleague", "stranger", "rep"):
            with self.assertRaises(AccessError, msg=user):
                self._as(user, self.ticket).action_remedy()
            with self.assertRaises(AccessError, msg=user):
                self._remedy_over_rpc(user).action_make()
            for method, args in (
                ("_make_return", (1,)),
                ("_make_replacement", (self.goods, 1)),
                ("_make_repair", ()),
                ("_make_quotation", ()),
            ):
                with self.assertRaises(AccessError, msg=(user, method)):
                    getattr(self._as(user, self.ticket), method)(*args)
        self._remedy("agent", "return").action_make()
        action = self._as("agent", self.ticket).action_open_returns()
        self.assertEqual(action["res_model"], "sales.service.document")
        line = self._lines("return")
        with self.assertRaises(AccessError):
            line.action_open_document()
        self.assertEqual(
            self._as("rep", line).action_open_document()["res_model"], "stock.picking"
        )
        self.assertEqual(self._as("rep", self.ticket).return_count, 1)
        self.assertEqual(self._as("peer", line).search([]), line.browse())

    def test_dialog(self):
        """As the agent sees it, who may read neither deliveries nor invoices."""
        ticket = self._as("agent", self.ticket)
        context = ticket.action_remedy()["context"]
        form = Form(ticket.env["sales.service.remedy"].with_context(**context))
        self.assertEqual(form.product_id, self.goods)
        # Of the ticket's lot.
        self.assertIn(": 1 may still come back", form.hint)
        for kind, words in (
            ("delivery", "the warehouse confirms"),
            ("repair", "the workshop confirms"),
            ("quotation", "salesperson"),
            ("credit", "may still be credited"),
        ):
            form.kind = kind
            self.assertIn(words, form.hint)
        self.assertEqual(form.amount, 300)
        # By the delivery of the lot where the ticket names no order.
        self.ticket.sale_order_id = False
        self.assertEqual(self.ticket._get_invoice(), self.invoice)
        with form.line_ids.edit(0) as line:
            line.is_chosen = False
        self.assertEqual(form.amount, 0)
        form.amount = 12
        form.reason = "Scratched"
        form.save().action_make()
        self.assertEqual(self._lines("credit").status, "Asked")

    def test_without_rights_to_tickets(self):
        """The warehouse sees which ticket a delivery is for, and goes no further."""
        self.users["warehouse"] = self._user("warehouse", "stock.group_stock_user")
        self._remedy("agent", "return").action_make()
        back = self.env["stock.picking"].browse(self._lines("return").res_id)
        back = self._as("warehouse", back)
        self.assertEqual(
            back.read(["service_ticket_id"])[0]["service_ticket_id"],
            (self.ticket.id, self.ticket.display_name),
        )
        arch = back.get_view(self.env.ref("stock.view_picking_form").id)["arch"]
        self.assertIn("service_ticket_id", arch)
        self.assertNotIn("action_open_service_ticket", arch)
        with self.assertRaises(AccessError):
            back.action_open_service_ticket()
        # A return of somebody's own, without a ticket, is Odoo's alone.
        wizard = Form(
            back.env["stock.return.picking"].with_context(
                active_model="stock.picking", active_id=self.delivery.id
            )
        ).save()
        wizard.product_return_moves.quantity = 1
        made = back.browse(wizard.action_create_returns()["res_id"])
        self.assertFalse(made.service_ticket_id)

    def test_merged(self):
        """What was made from a merged ticket is the other's."""
        self._remedy("agent", "return").action_make()
        self._remedy("agent", "repair").action_make()
        self._remedy("agent", "quotation").action_make()
        self._remedy("agent", "credit", reason="Scratched").action_make()
        merged, self.ticket = self.ticket, self._ticket("agent")
        self._as("agent", merged)._merge_into(self._as("agent", self.ticket))
        for kind in ("return", "repair", "quotation", "credit"):
            self.assertEqual(len(self._lines(kind)), 1, kind)

    def _remedy_over_rpc(self, user):
        """Made for a ticket out of sight: it tells nothing of it."""
        remedy = self.env["sales.service.remedy"]
        if user == "rep":
            with self.assertRaises(AccessError):
                self._as(user, remedy).create({"ticket_id": self.ticket.id})
            return self._as(user, remedy.create({"ticket_id": self.ticket.id}))
        remedy = self._as(user, remedy).create(
            {"ticket_id": self.ticket.id, "kind": "return"}
        )
        self.assertFalse(remedy.hint)
        self.assertFalse(remedy.line_ids)
        return remedy

    def test_other_company(self):
        """A document is linked to a ticket of its company."""
        team = self.env["sales.service.team"].create(
            {"name": "B", "company_id": self.company_b.id}
        )
        foreign = self._ticket(
            company_id=self.company_b.id, team_id=team.id, category_id=False
        )
        with self.assertRaises(UserError):
            self.delivery.service_ticket_id = foreign

    def test_queries(self):
        """As many for 2 tickets as for 20, whatever hangs on them."""
        tickets = self._ticket("agent")
        for _number in range(19):
            tickets |= self._ticket("agent")
        for ticket in tickets[:6]:
            ticket._make_quotation()
        tickets = self._as("agent", tickets)
        counts = []
        for some in (tickets[:1], tickets[:2], tickets):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            some.mapped("quotation_count")
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertEqual(sum(tickets.mapped("quotation_count")), 6)


@tagged("post_install", "-at_install")
class TestOpenTickets(DocumentsCase):
    """The customer's open tickets on quotation, opportunity and customer."""

    def test_counts(self):
        contact = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.partner.id}
        )
        self._ticket("colleague", partner_id=contact.id)
        self._ticket("agent", resolution="<p>x</p>").sudo()._step("cancel")
        order = self._order(self.users["rep"], partner=contact, confirm=False)
        lead = self._lead(self.users["rep"], partner_id=self.partner.id)
        for record in (order, lead, self.partner, contact):
            record = self._as("rep", record)
            with self.subTest(model=record._name):
                self.assertEqual(record.sales_open_ticket_count, 2)
                action = record.action_sales_open_tickets()
                found = self._as("rep", self.ticket).search(
                    [*action["domain"], ("is_open", "=", True)]
                )
                self.assertEqual(len(found), 2)
        self.assertEqual(self._as("peer", self.partner).sales_open_ticket_count, 0)

    def test_worst_limit(self):
        now = self.ticket._get_now()
        partner = self._as("rep", self.partner)
        for hours, warns, status in (
            (-1, -2, "overdue"),
            (1, -1, "warning"),
            (2, 1, "running"),
        ):
            self.ticket.write(
                {
                    "deadline": now + timedelta(hours=hours),
                    "warn_at": now + timedelta(hours=warns),
                }
            )
            partner.invalidate_recordset()
            self.assertEqual(partner.sales_open_ticket_status, status)

    def test_small(self):
        """A company without tickets costs one query, of the rights once known."""
        other = self.env["res.partner"].create({"name": "No tickets"})
        order = self._as("rep", self._order(self.users["rep"], partner=other))
        order.mapped("sales_open_ticket_count")
        self.env.flush_all()
        order.invalidate_recordset(["sales_open_ticket_count"])
        with self.assertQueryCount(1):
            self.assertEqual(order.sales_open_ticket_count, 0)
            self.assertFalse(order.sales_open_ticket_status)

    def test_lists_get_nothing(self):
        for model in ("sale.order", "crm.lead", "res.partner"):
            for kind in ("list", "kanban"):
                arch = self._as("rep", self.env[model]).get_view(view_type=kind)["arch"]
                self.assertNotIn("sales_open_ticket", arch)
