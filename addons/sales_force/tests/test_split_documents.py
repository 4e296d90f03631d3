from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import SalesForceCase


@tagged("post_install", "-at_install")
class TestSplitDocuments(SalesForceCase):
    def _form(self, document, who):
        return Form(document.with_user(self.users[who]))

    def test_editor_on_the_order(self):
        order = self._order(self.users["rep"])
        form = self._form(order, "director")
        with form.sales_split_ids.new() as line:
            line.rep_id = self.reps["rep"]
            line.share = 60
        self.assertEqual(form.sales_split_share, 60)
        with form.sales_split_ids.new() as line:
            self.assertEqual(line.share, 40, "What is missing is proposed")
            line.rep_id = self.reps["leader"]
        self.assertEqual(form.sales_split_share, 100)
        with form.sales_split_ids.new() as line:
            line.rep_id = self.reps["peer"]
            line.share = 10
            line.overlay = True
        self.assertEqual(form.sales_split_share, 100, "Overlays come on top")
        form.save()
        action = order.action_open_sales_credits()
        credits = self.env["sales.credit"].search(
            [*action["domain"], ("metric_id.code", "=", "ORDERED")]
        )
        self.assertEqual(
            {credit.rep_id: credit.value for credit in credits},
            {self.reps["rep"]: 60, self.reps["leader"]: 40, self.reps["peer"]: 10},
        )

    def test_wrong_sum_is_named(self):
        order = self._order(self.users["rep"])
        order.sales_split_ids = [
            Command.create({"rep_id": self.reps["rep"].id, "share": 90})
        ]
        self.assertEqual(order.sales_split_share, 90)
        with self.assertRaisesRegex(ValidationError, f"{order.name}.*90.*100"):
            self.env.cr.precommit.run()

    def _change(self, invoice, who):
        return Form(
            self.env["sales.split.change"]
            .with_user(self.users[who])
            .with_context(default_move_id=invoice.id)
        )

    def _credited(self, invoice):
        credits = self.env["sales.credit"].search(
            [
                *invoice.action_open_sales_credits()["domain"],
                ("metric_id.code", "=", "INVOICED"),
            ]
        )
        return {credit.rep_id: credit.value for credit in credits}

    def test_leader_splits_a_posted_invoice(self):
        invoice = self._order(self.users["rep"])._create_invoices()
        invoice.action_post()
        form = self._change(invoice, "leader")
        with form.share_ids.new() as line:
            line.rep_id = self.reps["rep"]
            line.share = 75
        with form.share_ids.new() as line:
            self.assertEqual(line.share, 25)
            line.rep_id = self.reps["leader"]
        form.save().action_apply()
        self.assertEqual(
            self._credited(invoice), {self.reps["rep"]: 75, self.reps["leader"]: 25}
        )
        form = self._change(invoice, "leader")
        self.assertEqual((len(form.share_ids), form.total), (2, 100))
        form.move_line_id = invoice.invoice_line_ids[0]
        self.assertFalse(len(form.share_ids))
        with form.share_ids.new() as line:
            line.rep_id = self.reps["leader"]
        form.save().action_apply()
        self.assertEqual(self._credited(invoice), {self.reps["leader"]: 100})
        form = self._change(invoice, "leader")
        form.move_line_id = invoice.invoice_line_ids[0]
        form.share_ids.remove(0)
        form.save().action_apply()
        self.assertEqual(len(self._credited(invoice)), 2)

    def test_split_of_an_invoice_is_checked(self):
        invoice = self._invoice(self.users["rep"])
        form = self._change(invoice, "leader")
        with form.share_ids.new() as line:
            line.rep_id = self.reps["rep"]
            line.share = 75
        change = form.save()
        with self.assertRaisesRegex(ValidationError, "75.*100"):
            change.action_apply()

    def test_leader_splits_only_what_is_below(self):
        invoice = self._invoice(self.users["peer"])
        change = self.env["sales.split.change"].create({"move_id": invoice.id})
        change.share_ids = [Command.create({"rep_id": self.reps["peer"].id})]
        with self.assertRaises(AccessError):
            change.with_user(self.users["leader"]).action_apply()
        with self.assertRaises(AccessError):
            self.env["sales.split.change"].with_user(self.users["rep"]).create(
                {"move_id": self._invoice(self.users["rep"]).id}
            )

    def test_salespeople_open_posted_invoices(self):
        """A credit's document opens although payments are not for salespeople."""
        invoice = self._order(self.users["rep"])._create_invoices()
        invoice.action_post()
        self.env.invalidate_all()
        form = self._form(invoice, "rep")
        self.assertEqual(form.payment_count, 0)

    def test_order_shows_its_invoices_credits(self):
        order = self._order(self.users["rep"])
        invoice = order._create_invoices()
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        credit = self.env["sales.credit"]
        for document, codes in (
            (order, {"ORDERED", "ORDERS", "NEW_CUSTOMERS", "INVOICED", "COLLECTED"}),
            (invoice, {"INVOICED", "DUE", "COLLECTED"}),
        ):
            credits = credit.search(document.action_open_sales_credits()["domain"])
            self.assertLessEqual(codes, set(credits.metric_id.mapped("code")))

    def test_reps_read_the_split(self):
        order = self._order(self.users["rep"])
        order.sales_split_ids = [
            Command.create({"rep_id": self.reps["rep"].id, "share": 100})
        ]
        form = self._form(order, "rep")
        self.assertEqual(len(form.sales_split_ids), 1)

    def test_hidden_without_a_role(self):
        plain = self._user("salesman", "sales_team.group_sale_salesman_all_leads")
        arch = (
            self.env["sale.order"].with_user(plain).get_view(view_type="form")["arch"]
        )
        self.assertNotIn("sales_split_ids", arch)
        arch = (
            self.env["sale.order"]
            .with_user(self.users["rep"])
            .get_view(view_type="form")["arch"]
        )
        self.assertIn("sales_split_ids", arch)
