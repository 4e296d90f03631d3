"""Approval: what needs it, who decides, what a change leaves, and the doors."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import ConcurrentCase, SalesForceCase
from .contract_common import make_contract


class ApprovalCase(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.approval.rule"].search([]).active = False
        cls.company.resource_calendar_id.tz = "UTC"
        cls.product.standard_price = 60.0
        cls.second = cls.env["product.product"].create(
            {
                "name": "Second",
                "type": "service",
                "list_price": 100.0,
                "standard_price": 60.0,
                "taxes_id": [],
            }
        )
        cls.group = cls.env["product.category"].create({"name": "Dear"})

    @classmethod
    def _rule(cls, condition="discount", threshold=10, approvers=None, **values):
        return cls.env["sales.approval.rule"].create(
            {
                "name": f"Rule {condition}",
                "condition": condition,
                "threshold": threshold,
                "approver_ids": [
                    Command.create(vals) for vals in approvers or [{"kind": "manager"}]
                ],
                **values,
            }
        )

    @classmethod
    def _quotation(cls, discount=0, by="rep", products=None, **values):
        user = cls.users[by]
        order = (
            cls.env["sale.order"]
            .with_user(user)
            .create(
                {
                    "partner_id": cls.partner.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": 2,
                                "price_unit": 100.0,
                                "discount": discount if not number else 0,
                                "tax_ids": False,
                            }
                        )
                        for number, product in enumerate(products or [cls.product])
                    ],
                    **values,
                }
            )
        )
        order.user_id = user
        return order

    def _ask(self, order):
        order.action_sales_approval_request()
        return self.env["sales.approval.request"].search(
            [("res_model", "=", "sale.order"), ("res_id", "=", order.id)], limit=1
        )

    def _approve(self, request, *names):
        for name in names:
            request.with_user(self.users[name]).action_approve()

    def _waiting(self, request):
        steps = request.step_ids.filtered(lambda step: step.state == "waiting")
        return steps.user_ids

    def _cover(self, absent, deputy):
        today = self.company._get_sales_today()
        cover = self.env["sales.cover"].create(
            {
                "rep_id": self.reps[absent].id,
                "deputy_id": self.reps[deputy].id,
                "date_from": today,
                "date_to": today + timedelta(days=3),
            }
        )
        cover.with_user(self.users["operations"]).action_approve()
        return cover


@tagged("post_install", "-at_install")
class TestApproval(ApprovalCase):
    def test_without_rules(self):
        order = self._quotation(90)
        self.assertEqual(order.sales_approval_state, "none")
        order.action_confirm()
        self.assertFalse(order.sales_approval_step_ids)

    def test_why_before_it_is_asked(self):
        self._rule()
        order = self._quotation(30, products=[self.product, self.second])
        self.assertEqual(order.sales_approval_state, "needed")
        self.assertIn("Thing", order.sales_approval_why)
        self.assertNotIn("Second", order.sales_approval_why)
        # What would pass: 90.
        self.assertIn("90.00", order.sales_approval_why)
        self.assertEqual(order.sales_approval_next, "Leader")
        order.order_line[0].discount = 10
        self.assertEqual(order.sales_approval_state, "none")

    def test_reasons_on_the_request(self):
        """Who approves from the list or the card reads why."""
        self._rule()
        request = self._ask(self._quotation(30, products=[self.product, self.second]))
        self.assertIn("Thing", request.reasons)
        self.assertNotIn("Second", request.reasons)

    def test_form_follows(self):
        """The reasons are there while the quotation is written."""
        self._rule()
        form = Form(self._quotation())
        with form.order_line.edit(0) as line:
            line.price_unit = 50
        self.assertEqual(form.sales_approval_state, "needed")

    def test_price_is_a_discount(self):
        """A lower price is measured as a discount is, whatever else is said."""
        self._rule()
        order = self._quotation()
        order.order_line.write({"price_unit": 80, "technical_price_unit": 80})
        self.assertEqual(order.sales_approval_state, "needed")

    def test_chosen_price_list(self):
        """The customer's own price list is what is agreed; another one is not."""
        self._rule()
        own, cheap = self.env["product.pricelist"].create(
            [
                {"name": "Own", "sequence": 1},
                {
                    "name": "Cheap",
                    "sequence": 2,
                    "item_ids": [
                        Command.create(
                            {"compute_price": "percentage", "percent_price": 50.0}
                        )
                    ],
                },
            ]
        )
        self.partner.property_product_pricelist = own
        order = self._quotation(50)
        order.pricelist_id = cheap
        order.order_line.write({"price_unit": 50, "discount": 0})
        self.assertEqual(order.sales_approval_state, "needed")
        self.partner.property_product_pricelist = cheap
        order.invalidate_recordset()
        self.assertEqual(order.sales_approval_state, "none")

    def test_each_condition(self):
        order = self._quotation(30)
        self.product.categ_id = self.group
        self.product.sales_floor_price = 75
        rep = self.reps["rep"]
        rep.credit_limit = 1
        self.company.account_use_credit_limit = True
        self.partner.credit_limit = 1
        late = self._invoice(
            self.users["rep"], invoice_date="2020-01-01", invoice_date_due="2020-01-01"
        )
        late.action_post()
        order.payment_term_id = self.env["account.payment.term"].create(
            {
                "name": "Late",
                "line_ids": [
                    Command.create(
                        {
                            "value": "percent",
                            "value_amount": 100,
                            "nb_days": 90,
                        }
                    )
                ],
            }
        )
        self.partner.user_id = self.users["rep"]
        make_contract(self, kind="special", start=True)
        self.env.flush_all()
        # Net 70, list 100, cost 60: 14.29 % margin.
        for condition, threshold, below in (
            ("discount", 29, 30),
            ("order_discount", 29, 30),
            ("line_margin", 15, 14),
            ("margin", 15, 14),
            ("floor", 0, None),
            ("product", 0, None),
            ("amount", 139, 140),
            ("credit", 0, 1_000_000),
            ("rep_credit", 0, 1_000_000),
            ("overdue_days", 30, 1_000_000),
            ("overdue_amount", 99, 1_000_000),
            ("term", 60, 90),
            ("special", 0, None),
            ("always", 0, None),
        ):
            with self.subTest(condition=condition):
                rule = self._rule(condition, threshold, categ_ids=self.group.ids)
                self.env.invalidate_all()
                self.assertEqual(order.sales_approval_state, "needed", condition)
                self.assertTrue(order.sales_approval_why)
                if below is not None:
                    rule.threshold = below
                    self.env.invalidate_all()
                    self.assertEqual(order.sales_approval_state, "none", condition)
                rule.active = False

    def test_which_documents(self):
        self._rule(domain="[('partner_id.name', '=', 'Somebody')]")
        self.assertEqual(self._quotation(30).sales_approval_state, "none")
        self._rule(categ_ids=self.group.ids)
        self.assertEqual(self._quotation(30).sales_approval_state, "none")
        self._rule(company_id=self.company_b.id)
        self.assertEqual(self._quotation(30).sales_approval_state, "none")

    def test_rule_is_complete(self):
        for values in (
            {"approver_ids": []},
            {"condition": "product"},
            {"domain": "[('nothing', '=', 1)]"},
            {"domain": "nonsense("},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self._rule(**values)

    # Who decides

    def test_manager_by_authority(self):
        self._rule(threshold=5)
        grades = self.env["sales.grade"].create(
            [
                {"name": "Junior", "approval_discount": 10},
                {"name": "Senior", "approval_discount": 20},
                {"name": "Head", "approval_discount": 40},
            ]
        )
        for name, grade in zip(("rep", "leader", "manager"), grades, strict=True):
            self.reps[name].grade_id = grade
        for discount, name in ((15, "leader"), (30, "manager"), (60, "director")):
            request = self._ask(self._quotation(discount))
            self.assertEqual(self._waiting(request), self.users[name])
            self.assertEqual(request.step_ids.authority, 10)
            self.assertEqual(request.step_ids.value, discount)
        # What the rep's own grade decides about passes, and is on file once.
        order = self._quotation(8)
        self.assertEqual(order.sales_approval_state, "none")
        order.action_quotation_sent()
        order.action_confirm()
        self.assertEqual(order.sales_approval_step_ids.mapped("state"), ["auto"])

    def test_role_and_person(self):
        self._rule(
            approvers=[
                {
                    "kind": "role",
                    "group_id": self.env.ref("sales_force.group_sales_finance").id,
                },
                {"kind": "user", "user_id": self.users["peer"].id, "stage": 2},
            ]
        )
        request = self._ask(self._quotation(30))
        self.assertIn(self.users["finance"], self._waiting(request))
        self.assertNotIn(self.users["peer"], self._waiting(request))
        with self.assertRaises(AccessError):
            self._approve(request, "leader")
        self._approve(request, "finance")
        self.assertEqual(self._waiting(request), self.users["peer"])
        self.assertEqual(request.state, "waiting")
        self._approve(request, "peer")
        self.assertEqual(request.state, "approved")

    def test_parallel(self):
        self._rule(
            approvers=[
                {"kind": "user", "user_id": self.users[name].id}
                for name in ("peer", "finance")
            ]
        )
        request = self._ask(self._quotation(30))
        self._approve(request, "finance")
        self.assertEqual(request.state, "waiting")
        self._approve(request, "peer")
        self.assertEqual(request.state, "approved")

    def test_nobody_approves_the_own(self):
        """Not as owner, as who asks, as who made it, nor as somebody's deputy."""
        self._rule(approvers=[{"kind": "user", "user_id": self.users["leader"].id}])
        # The leader's own goes to the directors.
        request = self._ask(self._quotation(30, by="leader"))
        self.assertNotIn(self.users["leader"], self._waiting(request))
        self.assertIn(self.users["director"], self._waiting(request))
        # The leader asks for the rep's.
        order = self._quotation(30)
        order.with_user(self.users["leader"]).action_sales_approval_request()
        request = self.env["sales.approval.request"].search([], limit=1)
        self.assertNotIn(self.users["leader"], self._waiting(request))
        # The leader makes it for the rep.
        order = self._quotation(30, by="leader")
        order.user_id = self.users["rep"]
        request = self._ask(order.with_user(self.users["rep"]))
        self.assertNotIn(self.users["leader"], self._waiting(request))
        # The rep stands in for the leader.
        self._cover("leader", "rep")
        request = self._ask(self._quotation(30))
        self.assertEqual(self._waiting(request), self.users["leader"])
        with self.assertRaises(AccessError):
            self._approve(request, "rep")

    def test_nobody_approves_by_confirming(self):
        self._rule()
        order = self._quotation(30)
        self._ask(order)
        for name in ("leader", "director"):
            with self.assertRaises(UserError):
                order.with_user(self.users[name]).action_confirm()
        self.assertEqual(order.state, "draft")

    def test_director_alone(self):
        """Where nobody else could approve, it says so."""
        self._rule()
        group = self.env.ref("sales_force.group_sales_director")
        (group.all_user_ids - self.users["director"]).active = False
        order = self._quotation(30, by="director")
        with self.assertRaisesRegex(UserError, "nobody but you"):
            order.action_sales_approval_request()

    def test_deputy(self):
        self._rule()
        self._cover("leader", "peer")
        request = self._ask(self._quotation(30))
        self.assertEqual(
            self._waiting(request), self.users["leader"] + self.users["peer"]
        )
        self._approve(request, "peer")
        self.assertEqual(request.state, "approved")

    def test_deputy_of_the_owner(self):
        """Who works for the owner does not approve for the manager."""
        self._rule(approvers=[{"kind": "user", "user_id": self.users["peer"].id}])
        self._cover("rep", "peer")
        request = self._ask(self._quotation(30))
        with self.assertRaises(AccessError):
            self._approve(request, "peer")

    def test_deputy_from_today(self):
        self._rule()
        request = self._ask(self._quotation(30))
        cover = self._cover("leader", "peer")
        self.env["sales.approval.step"]._cron_remind()
        self.assertIn(self.users["peer"], self._waiting(request))
        self.assertIn(self.users["peer"], request.activity_ids.user_id)
        cover.action_cancel()
        with self.assertRaises(AccessError):
            self._approve(request, "peer")

    def test_buttons(self):
        """Whose turn it is not is offered no decision, of one or of many."""
        self._rule()
        request = self._ask(self._quotation(30))
        for name, may in (("rep", False), ("leader", True), ("manager", False)):
            self.assertEqual(request.with_user(self.users[name]).may_decide, may)
        model = self.env["sales.approval.request"].with_user(self.users["rep"])
        for suffix in ("", "_mine", "_all"):
            action = self.env.ref(f"sales_force.sales_approval_request_action{suffix}")
            for view_id, mode in action.views:
                if mode == "activity":
                    continue
                arch = etree.fromstring(model.get_view(view_id, mode)["arch"])
                buttons = arch.xpath(
                    "//button[@name='action_approve' or @name='action_refuse']"
                )
                self.assertGreaterEqual(len(buttons), 2)
                for button in buttons:
                    if mode == "list" and button.getparent().tag == "header":
                        self.assertIn("may_decide", action.domain or "", suffix)
                        continue
                    asked = button.get("invisible") == "not may_decide" or any(
                        parent.get("t-if") == "record.may_decide.raw_value"
                        for parent in button.iterancestors()
                    )
                    self.assertTrue(asked, (suffix, mode))
        self.assertEqual(len(self._headers("")), 2)

    def _headers(self, suffix):
        """The buttons for many, of the list of an action."""
        action = self.env.ref(f"sales_force.sales_approval_request_action{suffix}")
        view_id = dict(map(reversed, action.views))["list"]
        view = self.env["sales.approval.request"].get_view(view_id, "list")
        return etree.fromstring(view["arch"]).xpath("/list/header/button")

    def test_activity(self):
        """One for each who may decide; done is approved."""
        self._rule()
        request = self._ask(self._quotation(30))
        self.assertEqual(request.activity_ids.user_id, self.users["leader"])
        activity = request.activity_ids.with_user(self.users["leader"])
        activity.action_feedback("Strategic customer")
        self.assertEqual(request.state, "approved")
        self.assertEqual(request.step_ids.comment, "Strategic customer")
        self.assertFalse(request.activity_ids)

    def test_bulk(self):
        self._rule()
        requests = self._ask(self._quotation(30)) + self._ask(self._quotation(40))
        mine = (
            self.env["sales.approval.request"]
            .with_user(self.users["leader"])
            .search([("may_decide", "=", True)])
        )
        self.assertEqual(mine.with_env(self.env), requests.sorted("id", reverse=True))
        mine.action_approve()
        self.assertEqual(set(requests.mapped("state")), {"approved"})

    def test_refuse(self):
        self._rule()
        order = self._quotation(30)
        request = self._ask(order).with_user(self.users["leader"])
        action = request.action_refuse()
        self.assertEqual(action["res_model"], "sales.approval.refuse")
        with self.assertRaises(UserError):
            request.action_refuse("  ")
        wizard = (
            self.env["sales.approval.refuse"]
            .with_user(self.users["leader"])
            .with_context(**action["context"])
            .create({"comment": "Too much"})
        )
        wizard.action_apply()
        self.assertEqual(order.sales_approval_state, "refused")
        self.assertIn("Too much", str(order.message_ids.mapped("body")))
        with self.assertRaises(UserError):
            order.action_confirm()
        order.order_line.discount = 20
        self.assertEqual(order.sales_approval_state, "needed")
        self._approve(self._ask(order), "leader")
        self.assertEqual(order.sales_approval_state, "approved")
        order.action_confirm()

    def test_refusal_ends_the_rest(self):
        self._rule(
            approvers=[
                {"kind": "user", "user_id": self.users["peer"].id},
                {"kind": "user", "user_id": self.users["finance"].id, "stage": 2},
            ]
        )
        request = self._ask(self._quotation(30))
        request.with_user(self.users["peer"]).action_refuse("No")
        self.assertEqual(request.step_ids.mapped("state"), ["refused", "void"])
        self.assertFalse(request.activity_ids)

    def test_same_twice(self):
        self._rule()
        request = self._ask(self._quotation(30))
        self._approve(request, "leader", "leader")
        with self.assertRaises(UserError):
            request.with_user(self.users["leader"]).action_refuse("No")
        with self.assertRaises(UserError):
            self._approve(request, "director")

    def test_withdraw(self):
        self._rule()
        order = self._quotation(30)
        request = self._ask(order)
        with self.assertRaises(AccessError):
            request.with_user(self.users["leader"]).action_withdraw()
        request.with_user(self.users["rep"]).action_withdraw()
        self.assertEqual(request.state, "void")
        self.assertEqual(order.sales_approval_state, "needed")
        self.assertFalse(request.activity_ids)
        with self.assertRaises(UserError):
            self._approve(request, "leader")

    def test_never_deleted(self):
        self._rule()
        order = self._quotation(30)
        request = self._ask(order)
        for records in (request, request.step_ids):
            with self.assertRaises(UserError):
                records.unlink()
        order.sudo().unlink()
        self.assertEqual(request.state, "void")

    def test_nothing_to_ask(self):
        self._rule()
        with self.assertRaises(UserError):
            self._quotation(5).action_sales_approval_request()
        order = self._quotation(30)
        self._ask(order)
        with self.assertRaises(UserError):
            order.action_sales_approval_request()

    def test_stamped(self):
        """Nobody writes what was decided, or asks for others."""
        self._rule()
        request = self._ask(self._quotation(30))
        for name in ("leader", "director", "operations"):
            user = self.users[name]
            with self.assertRaises(UserError):
                request.with_user(user).write({"note": "x"})
            with self.assertRaises(UserError):
                request.step_ids.with_user(user).write({"state": "approved"})
        order = self._quotation(30, by="peer")
        with self.assertRaises(AccessError):
            order.with_user(self.users["rep"]).action_sales_approval_request()

    def test_remind_and_escalate(self):
        self._rule(remind_hours=2, escalate_hours=8)
        with freeze_time("2031-05-12 08:00:00"):
            request = self._ask(self._quotation(30))
        step = self.env["sales.approval.step"]
        step._cron_remind()
        self.assertEqual(self._waiting(request), self.users["leader"])
        with freeze_time("2031-05-12 14:00:00"):
            step._cron_remind()
            self.assertIn("waits", self._last_message(request).subject)
            self.assertEqual(self._waiting(request), self.users["leader"])
            count = len(request.message_ids)
            step._cron_remind()
            self.assertEqual(len(request.message_ids), count)
        with freeze_time("2031-05-14 14:00:00"):
            step._cron_remind()
        self.assertEqual(
            self._waiting(request), self.users["leader"] + self.users["manager"]
        )
        with freeze_time("2031-05-14 15:00:00"):
            self._approve(request, "manager")
        self.assertGreater(request.step_ids.hours, 8)

    # Changes

    def test_inside_keeps(self):
        self._rule()
        order = self._quotation(30, products=[self.product, self.second])
        self._approve(self._ask(order), "leader")
        line, other = order.order_line
        for record, vals in (
            (line, {"discount": 25}),
            (line, {"price_unit": 110}),
            (other, {"product_uom_qty": 9}),
            (order, {"note": "Hello"}),
            (order, {"payment_term_id": False}),
        ):
            record.write(vals)
            self.assertEqual(order.sales_approval_state, "approved", vals)
        order.order_line = [
            Command.create({"product_id": self.second.id, "price_unit": 100})
        ]
        order.action_quotation_sent()
        order.action_confirm()

    def test_outside_voids(self):
        for vals in (
            {"discount": 31},
            {"price_unit": 99},
            {"product_uom_qty": 1},
            {"product_uom_qty": 3},
            {"product_id": self.second.id, "price_unit": 100, "discount": 30},
        ):
            with self.subTest(vals=vals):
                rule = self._rule()
                order = self._quotation(30)
                request = self._ask(order)
                self._approve(request, "leader")
                order.order_line.write(vals)
                self.assertEqual(order.sales_approval_state, "needed")
                self.assertEqual(request.state, "void")
                self.assertIn("Rule discount", order.message_ids[0].body)
                with self.assertRaises(UserError):
                    order.action_confirm()
                rule.active = False

    def test_another_customer_voids(self):
        self._rule()
        order = self._quotation(30)
        self._approve(self._ask(order), "leader")
        order.partner_id = self.env["res.partner"].create({"name": "Other"})
        self.assertEqual(order.sales_approval_state, "needed")

    def test_only_affected_steps(self):
        self._rule()
        self._rule("amount", 100)
        order = self._quotation(30, products=[self.product, self.second])
        request = self._ask(order)
        self._approve(request, "leader")
        order.order_line[1].product_uom_qty = 5
        states = {step.name: step.state for step in request.step_ids}
        self.assertEqual(states, {"Rule discount": "approved", "Rule amount": "void"})
        again = self._ask(order)
        self.assertEqual(again.step_ids.mapped("name"), ["Rule amount"])
        self._approve(again, "leader")
        order.action_confirm()

    def test_while_it_waits(self):
        self._rule()
        order = self._quotation(30)
        request = self._ask(order)
        order.order_line.discount = 20
        self.assertEqual(request.state, "waiting")
        order.order_line.discount = 35
        self.assertEqual(request.state, "void")
        request = self._ask(order)
        order.order_line.discount = 0
        self.assertEqual(request.state, "void")

    def test_one_write_is_one_change(self):
        """What is written together is looked at together."""
        self._rule("amount", 100)
        order = self._quotation(0, products=[self.product, self.second])
        request = self._ask(order)
        self._approve(request, "leader")
        first, second = order.order_line
        order.write(
            {
                "order_line": [
                    Command.update(first.id, {"product_uom_qty": 3}),
                    Command.update(second.id, {"product_uom_qty": 1}),
                ]
            }
        )
        self.assertEqual(order.sales_approval_state, "approved")

    def test_copy_cancel_and_back(self):
        self._rule()
        order = self._quotation(30)
        request = self._ask(order)
        self._approve(request, "leader")
        copy = order.copy()
        self.assertEqual(copy.sales_approval_state, "needed")
        order._action_cancel()
        self.assertEqual(request.state, "void")
        order.action_draft()
        self.assertEqual(order.sales_approval_state, "needed")

    def test_template(self):
        """A template's discount needs approval as any other."""
        self._rule()
        order = self._quotation()
        template = self.env["sale.order.template"].create(
            {
                "name": "T",
                "sale_order_template_line_ids": [
                    Command.create({"product_id": self.product.id})
                ],
            }
        )
        order.sale_order_template_id = template
        order._onchange_sale_order_template_id()
        self.assertEqual(order.sales_approval_state, "none")
        order.order_line.discount = 30
        self.assertEqual(order.sales_approval_state, "needed")

    def test_import(self):
        """An import passes the doors, too."""
        self._rule()
        for state in ("sent", "sale"):
            with self.assertRaises(UserError):
                self._quotation(30, state=state)
        self.assertEqual(self._quotation(5, state="sale").state, "sale")

    def test_online_order(self):
        """What customers order themselves has the prices that they were shown."""
        self._rule()
        self.assertFalse(self._quotation(30)._is_sales_approval_exempt())
        orders = self.env["sale.order"]
        self.startPatcher(
            patch.object(
                type(orders),
                "_is_ordered_online",
                lambda order: order.origin == "online",
            )
        )
        term = self.env["account.payment.term"].create({"name": "Later"})
        cheap = self.env["product.pricelist"].create({"name": "Cheap"})
        other = self.env["res.partner"].create({"name": "Other"})

        def change(name):
            return lambda order, value: order.write({name: value})

        more = [Command.create({"product_id": self.second.id})]

        def online():
            order = self._order(self.users["rep"], confirm=False, origin="online")
            # As the shop does, for the customer.
            order.order_line = [
                Command.update(order.order_line.id, {"discount": 30}),
                Command.create({"product_id": self.second.id, "tax_ids": False}),
            ]
            self.assertEqual(order.sales_approval_state, "none")
            return order.with_user(self.users["rep"])

        for leaves, work, *args in (
            (False, change("note"), "Hello"),
            (False, change("user_id"), self.users["rep"].id),
            (False, change("payment_term_id"), online().payment_term_id.id),
            (True, change("payment_term_id"), term.id),
            (True, change("pricelist_id"), cheap.id),
            (True, change("partner_id"), other.id),
            (True, lambda order: order.order_line[0].write({"product_uom_qty": 9})),
            (True, lambda order: order.order_line[1].unlink()),
            (True, change("order_line"), more),
        ):
            order = online()
            with self.subTest(args=args):
                work(order, *args)
                state = order.sales_approval_state
                self.assertEqual(state, "needed" if leaves else "none")
                if leaves:
                    with self.assertRaises(UserError):
                        order.action_confirm()
                else:
                    order.action_confirm()
                with self.assertRaises(AccessError):
                    order.write({"sales_is_changed": False})
        # What the system has made is not the customer's own afterwards.
        order = self._order(self.users["rep"], confirm=False)
        order = order.with_user(self.users["rep"])
        order.order_line.discount = 30
        order.origin = "online"
        self.env.invalidate_all()
        self.assertEqual(order.sales_approval_state, "needed")

    def test_online_order_agreed(self):
        """Inside what the customer has bought it may change, and not beyond."""
        self._rule()
        orders = self.env["sale.order"]
        order = self._order(self.users["rep"], origin="online")
        with patch.object(type(orders), "_is_ordered_online", lambda _order: True):
            order.order_line.discount = 30
            order = order.with_user(self.users["rep"])
            order.order_line.discount = 20
            order.payment_term_id = False
            with self.assertRaises(UserError):
                order.order_line.discount = 40

    def test_upsell(self):
        """What is agreed may grow inside the rules, and not be made cheaper."""
        self._rule()
        self._rule("amount", 1000)
        order = self._quotation()
        order.action_confirm()
        order.order_line.product_uom_qty = 4
        order.order_line.discount = 10
        for vals in ({"discount": 50}, {"price_unit": 10}, {"product_uom_qty": 100}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                order.order_line.write(vals)
        with self.assertRaises(UserError):
            order.order_line = [
                Command.create(
                    {"product_id": self.second.id, "price_unit": 1, "tax_ids": False}
                )
            ]
        with self.assertRaises(UserError):
            self.env["sale.order.line"].with_user(self.users["rep"]).with_context(
                default_order_id=order.id
            ).create({"product_id": self.second.id, "price_unit": 1})

    def test_agreed_before_the_rule(self):
        """Who breaks a new rule already may still be delivered less."""
        order = self._quotation(30, products=[self.product, self.second])
        order.action_confirm()
        self._rule()
        order.order_line[1].product_uom_qty = 1
        with self.assertRaises(UserError):
            order.order_line[0].discount = 40

    def test_approved_is_agreed(self):
        self._rule()
        order = self._quotation(30)
        self._approve(self._ask(order), "leader")
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        # A down payment is no change of what was agreed.
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_ids=order.ids, active_model="sale.order")
            .create({"advance_payment_method": "percentage", "amount": 10})
        )
        wizard.create_invoices()

    # Doors

    def test_doors_inside(self):
        self._rule()
        order = self._quotation(30)
        report = self.env["ir.actions.report"].with_user(self.users["rep"])
        share = self.env["portal.share"].with_user(self.users["rep"])
        context = {"active_model": "sale.order", "active_id": order.id}
        link = self.env["payment.link.wizard"].with_user(self.users["rep"])
        doors = {
            "send": order.action_quotation_send,
            "mark as sent": order.action_quotation_sent,
            "preview": order.action_preview_sale_order,
            "print": lambda: report._render_qweb_html(
                "sale.report_saleorder", order.ids
            ),
            "share": lambda: share.with_context(**context).default_get(["share_link"]),
            "pay": lambda: link.with_context(**context).default_get(["amount"]),
            "confirm": order.action_confirm,
            "state": lambda: order.write({"state": "sale"}),
            "with terms": lambda: order.write(
                {"state": "sale", "payment_term_id": False}
            ),
        }
        for name, door in doors.items():
            with self.subTest(door=name):
                with self.assertRaises(UserError) as refused:
                    door()
                self.assertIn("needs approval", str(refused.exception))
        self.assertFalse(order._has_to_be_signed() or order._has_to_be_paid())
        self._approve(self._ask(order), "leader")
        order.require_signature = True
        self.assertTrue(order._has_to_be_signed())
        del doors["with terms"], doors["state"]
        for door in doors.values():
            door()
        self.assertEqual(order.state, "sale")

    def test_paid_but_closed(self):
        """A payment that comes late confirms nothing, and is no error."""
        self._rule()
        order = self._quotation(30)
        self._approve(self._ask(order), "leader")
        order.action_quotation_sent()
        order.order_line.discount = 31
        transaction = self._paid(order)
        confirmed = transaction._check_amount_and_confirm_order()
        self.assertFalse(confirmed)
        self.assertEqual(order.state, "sent")
        self.assertEqual(order.activity_ids.user_id, self.users["rep"])
        order.activity_ids.unlink()
        self._approve(self._ask(order), "leader")
        self.assertTrue(order.activity_ids)

    def test_appendix(self):
        rule = self._rule()
        order = self._quotation(30)
        self._approve(self._ask(order), "leader")
        report = self.env["ir.actions.report"].with_user(self.users["rep"])
        for wanted in (False, True):
            self.company.sales_approval_appendix = wanted
            html = report._render_qweb_html("sale.report_saleorder", order.ids)[0]
            self.assertEqual(b"Rule discount" in html, wanted)
        # In the customer's language.
        self.env["res.lang"]._activate_lang("fr_FR")
        rule.with_context(lang="fr_FR").name = "Remise"
        self.partner.lang = "fr_FR"
        html = report._render_qweb_html("sale.report_saleorder", order.ids)[0]
        self.assertIn(b"Remise", html)
        self.assertNotIn(b"Rule discount", html)

    # Whose it is, figures, speed

    def test_who_sees(self):
        self._rule(approvers=[{"kind": "user", "user_id": self.users["finance"].id}])
        request = self._ask(self._quotation(30))
        for name, sees in (
            ("rep", True),
            ("leader", True),
            ("director", True),
            ("operations", True),
            ("finance", True),
            ("peer", False),
            ("peer_leader", False),
            ("foreigner", False),
        ):
            for record in (request, request.step_ids):
                self.assertEqual(
                    record.with_user(self.users[name]).has_access("read"), sees, name
                )

    def test_report(self):
        self.reps["rep"].grade_id = self.env["sales.grade"].create(
            {"name": "G", "approval_discount": 15}
        )
        rule = self._rule()
        self._quotation(12).action_confirm()
        self._approve(self._ask(self._quotation(35)), "leader")
        self.env.flush_all()
        [row] = (
            self.env["sales.approval.report"]
            .with_user(self.users["leader"])
            .formatted_read_group(
                [("rule_id", "=", rule.id)],
                ["rule_id"],
                ["__count", "auto_share:avg", "discount:avg", "excess:avg"],
            )
        )
        self.assertEqual(row["__count"], 2)
        self.assertEqual(row["auto_share:avg"], 50)
        self.assertEqual(row["discount:avg"], 23.5)
        self.assertEqual(row["excess:avg"], 10)

    def _count_confirm(self, size):
        orders = self.env["sale.order"].browse(
            [self._quotation(5).id for _number in range(size)]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        orders._pass_sales_door("confirm")
        return self.env.cr.sql_log_count - before

    def test_queries(self):
        """Ten quotations ask no more than one; without rules none is asked."""
        self.assertEqual(self._count_confirm(3), 0)
        for condition in ("discount", "order_discount", "amount", "floor", "margin"):
            self._rule(condition, 1 if condition == "margin" else 10_000)
        for condition in ("overdue_days", "rep_credit", "term"):
            self._rule(condition, 10_000)
        self._rule("special")
        self._count_confirm(1)
        self.assertEqual(self._count_confirm(10), self._count_confirm(1))

    def test_queries_of_the_state(self):
        """A list of quotations asks no more than one of them."""
        self._rule()
        self._rule("amount", 1)

        def count(size):
            orders = self.env["sale.order"].browse(
                [self._quotation(30).id for _number in range(size)]
            )
            self._ask(orders[:1])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            states = orders.mapped("sales_approval_state")
            self.assertEqual(set(states) - {"needed"}, {"waiting"})
            return self.env.cr.sql_log_count - before

        count(2)
        self.assertEqual(count(12), count(2))


@tagged("post_install", "-at_install")
class TestApprovalConcurrency(ConcurrentCase):
    """Two at once: the second meets what the first has decided."""

    def setUp(self):
        super().setUp()
        self._remove()
        self.addCleanup(self._remove)
        with self._environment() as env:
            self._make(env)

    def _make(self, env):
        users = env["res.users"].with_context(no_reset_password=True)
        self.people = [
            users.create(
                {
                    "name": f"Race {name}",
                    "login": f"approval_race_{name}",
                    "group_ids": [
                        Command.set(env.ref("sales_force.group_sales_rep").ids)
                    ],
                }
            ).id
            for name in ("ann", "bo", "cy")
        ]
        rule = env["sales.approval.rule"].create(
            {
                "name": "approval race",
                "condition": "always",
                "domain": "[('client_order_ref', '=', 'approval race')]",
                "approver_ids": [
                    Command.create({"kind": "user", "user_id": user, "stage": 1})
                    for user in self.people[:1]
                ],
            }
        )
        partner = env["res.partner"].create({"name": "approval race"})
        order = env["sale.order"].create(
            {
                "partner_id": partner.id,
                "user_id": self.people[2],
                "client_order_ref": "approval race",
            }
        )
        order.action_sales_approval_request()
        self.order = order.id
        self.request = order.sales_approval_step_ids.request_id.id
        # Both may decide.
        step = order.sales_approval_step_ids
        step.principal_ids = [Command.set(self.people[:2])]
        step._sync_users()
        self.rule = rule.id

    def _remove(self):
        with self._environment() as env:
            orders = env["sale.order"].search(
                [("client_order_ref", "=", "approval race")]
            )
            requests = env["sales.approval.request"].search(
                [("partner_id.name", "=", "approval race")]
            )
            mine = [("res_model", "=", requests._name), ("res_id", "in", requests.ids)]
            for model in ("mail.activity", "mail.followers"):
                records = env[model].with_context(active_test=False)
                records.search(mine).unlink()
            env["mail.message"].search(
                [("model", "=", requests._name), ("res_id", "in", requests.ids)]
            ).unlink()
            env.cr.execute(
                "DELETE FROM sales_approval_request WHERE id = ANY(%s)", [requests.ids]
            )
            orders.unlink()
            env["sales.approval.rule"].with_context(active_test=False).search(
                [("name", "=", "approval race")]
            ).unlink()
            env["res.partner"].search([("name", "=", "approval race")]).unlink()
            users = env["res.users"].with_context(active_test=False)
            users = users.search([("login", "=like", "approval_race_%")])
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def _act(self, number, verdict):
        def act(env):
            request = env["sales.approval.request"].browse(self.request)
            request = request.with_user(self.people[number])
            if verdict == "approved":
                request.action_approve()
            else:
                request.action_refuse("No")

        return act

    def _state(self):
        with self._environment() as env:
            request = env["sales.approval.request"].browse(self.request)
            return request.state, request.step_ids.decided_by_id.id

    def test_two_approvers(self):
        """One refuses while the other approves: the first counts, the second hears."""
        with self.assertRaises(UserError):
            self._race(self._act(0, "refused"), self._act(1, "approved"))
        self.assertEqual(self._state(), ("refused", self.people[0]))

    def test_same_action_twice(self):
        runs = self._race(self._act(0, "approved"), self._act(0, "approved"))
        self.assertGreater(runs, 1)
        self.assertEqual(self._state(), ("approved", self.people[0]))

    def test_asked_twice(self):
        """Two who ask at once have one request."""
        with self._environment() as env:
            env["sales.approval.step"].search(
                [("request_id", "=", self.request)]
            )._void("again")

        def ask(env):
            env["sale.order"].browse(self.order).action_sales_approval_request()

        with self.assertRaises(UserError):
            self._race(ask, ask)
        with self._environment() as env:
            states = env["sale.order"].browse(self.order).sales_approval_step_ids
            self.assertEqual(sorted(states.mapped("state")), ["void", "waiting"])

    def test_asked_before_it_is_seen(self):
        """A rule holds for all once it is saved, whoever has looked meanwhile."""

        def threshold(env):
            rules = env["sales.approval.rule"]
            found = rules._get_rules("sale.order", env.company.id)
            return {rule.id: rule.threshold for rule in found}[self.rule]

        with self._environment() as env:
            env["sales.approval.rule"].browse(self.rule).threshold = 7
            env.flush_all()
            with self._environment() as other:
                self.assertEqual(threshold(other), 0)
        with self._environment() as env:
            self.assertEqual(threshold(env), 7)
