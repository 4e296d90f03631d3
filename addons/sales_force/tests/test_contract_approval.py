"""What a contract agrees needs approval as what a quotation offers does."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, new_test_user, tagged

from .contract_common import make_contract
from .test_approval import ApprovalCase
from .test_contract_portal import PIXEL


class ContractApprovalCase(ApprovalCase):
    @classmethod
    def _rule(cls, *args, **values):
        return super()._rule(*args, **{"model": "sales.contract", **values})

    @classmethod
    def _contract(cls, *lines, by="rep", **values):
        """By default of the first product, at 70 of 100."""
        line = {"product_id": cls.product.id, "quantity": 10, "price_unit": 70}
        values = {"user_id": cls.users[by].id, **values}
        contract = make_contract(cls, *(lines or [line]), **values)
        return contract.with_user(cls.users[by])

    def _ask(self, contract):
        contract.action_sales_approval_request()
        return self.env["sales.approval.request"].search(
            [("res_model", "=", contract._name), ("res_id", "=", contract.id)], limit=1
        )

    def _assert_closed(self, contract):
        for method in ("action_send", "action_mark_sent", "action_start"):
            with self.assertRaisesRegex(UserError, "needs approval"):
                getattr(contract, method)()


@tagged("post_install", "-at_install")
class TestContractApproval(ContractApprovalCase):
    def test_without_rules(self):
        contract = self._contract()
        self.assertEqual(contract.sales_approval_state, "none")
        contract.action_mark_sent()
        contract.action_start()
        self.assertFalse(contract.sales_approval_step_ids)

    def test_rules_of_quotations(self):
        self._rule(model="sale.order")
        self.assertEqual(self._contract().sales_approval_state, "none")

    def test_before_it_is_sent(self):
        self._rule()
        contract = self._contract()
        self.assertEqual(contract.sales_approval_state, "needed")
        self.assertIn("Thing", contract.sales_approval_why)
        self.assertIn("90.00", contract.sales_approval_why)
        self.assertEqual(contract.sales_approval_next, "Leader")
        self._assert_closed(contract)
        report = self.env["ir.actions.report"].with_user(self.users["rep"])
        with self.assertRaisesRegex(UserError, "needs approval"):
            report._render_qweb_html("sales_force.sales_contract_report", contract.ids)
        share = self.env["portal.share"].with_user(self.users["rep"])
        with self.assertRaisesRegex(UserError, "needs approval"):
            share.with_context(
                active_model=contract._name, active_id=contract.id
            ).default_get(["res_model", "res_id"])
        request = self._ask(contract)
        self.assertEqual(contract.sales_approval_state, "waiting")
        self.assertEqual(request.amount, 700)
        self._assert_closed(contract)
        self._approve(request, "leader")
        self.assertEqual(contract.sales_approval_state, "approved")
        contract.action_send()
        contract.action_mark_sent()
        contract.action_start()
        self.assertEqual(contract.state, "running")
        self.assertEqual(contract.sales_approval_state, "none")

    def test_sent_by_mail(self):
        """The composer does not go past the door."""
        self._rule()
        contract = self._contract().with_context(mark_sales_contract_sent=True)
        with self.assertRaisesRegex(UserError, "needs approval"):
            contract.message_post(body="Here")
        self.assertEqual(contract.state, "draft")

    def test_within_authority(self):
        """What the rep's own grade may decide passes, and is put on file."""
        self._rule()
        self.reps["rep"].grade_id = self.env["sales.grade"].create(
            {"name": "Senior", "approval_discount": 30}
        )
        contract = self._contract()
        self.assertEqual(contract.sales_approval_state, "none")
        contract.action_mark_sent()
        self.assertEqual(contract.sales_approval_step_ids.state, "auto")

    def test_nobody_approves_the_own(self):
        self._rule()
        request = self._ask(self._contract())
        for name in ("rep", "peer_leader"):
            with self.assertRaises(AccessError):
                self._approve(request, name)
        self._rule("always", approvers=[{"kind": "user", "user_id": self.leader.id}])
        request = self._ask(self._contract(by="leader"))
        self.assertNotIn(self.leader, self._waiting(request))

    @property
    def leader(self):
        return self.users["leader"]

    # What an approval covers

    def _approved(self, *lines, **values):
        contract = self._contract(*lines, **values)
        self._approve(self._ask(contract), "leader")
        self.assertEqual(contract.sales_approval_state, "approved")
        return contract

    def test_prices(self):
        self._rule()
        contract = self._approved()
        contract.line_ids.price_unit = 80
        contract.title = "Pumps"
        contract.date_end = "2099-12-31"
        self.assertEqual(contract.sales_approval_state, "approved")
        contract.line_ids.price_unit = 60
        self.assertEqual(contract.sales_approval_state, "needed")
        self.assertEqual(contract.sales_approval_step_ids.state, "void")
        self._assert_closed(contract)

    def test_added_and_removed_lines(self):
        self._rule()
        contract = self._approved()
        contract.line_ids = [
            Command.create({"product_id": self.second.id, "discount": 5})
        ]
        self.assertEqual(contract.sales_approval_state, "approved")
        self.env["sales.contract.line"].with_user(self.users["rep"]).create(
            {
                "contract_id": contract.id,
                "categ_id": self.group.id,
                "discount": 20,
            }
        )
        self.assertEqual(contract.sales_approval_state, "needed")
        contract.line_ids.filtered("categ_id").unlink()
        contract.line_ids.filtered("price_unit").unlink()
        self.assertEqual(contract.sales_approval_state, "none")

    def test_the_whole(self):
        """Who approved a special agreement approved all that is promised in it."""
        self._rule("special")
        self.assertEqual(self._contract().sales_approval_state, "none")
        for values in (
            {"rebate_percent": 7},
            {"amount": 5000},
            {"date_end": "2099-12-31"},
            {"note": "<p>And a gift</p>"},
            {"line_ids": [Command.create({"categ_id": self.group.id})]},
        ):
            with self.subTest(values=values):
                contract = self._approved(kind="special", rebate_percent=5)
                contract.title = "Pumps"
                self.assertEqual(contract.sales_approval_state, "approved")
                contract.write(values)
                self.assertEqual(contract.sales_approval_state, "needed")
        contract = self._approved(kind="special")
        contract.line_ids.date_to = "2020-12-31"
        self.assertEqual(contract.sales_approval_state, "needed")

    def test_back_to_draft(self):
        self._rule()
        contract = self._approved()
        contract.action_mark_sent()
        contract.action_draft()
        self.assertEqual(contract.sales_approval_state, "approved")
        contract.line_ids.discount = 50
        self._assert_closed(contract)

    def test_anew(self):
        """A copy, an amendment and a renewal are approved by themselves."""
        self._rule()
        contract = self._approved(date_end="2099-12-31")
        contract.action_start()
        amendment = contract.browse(contract.action_amend()["res_id"])
        renewal = contract.browse(contract.action_renew()["res_id"])
        for other in (contract.copy(), amendment, renewal):
            self.assertEqual(other.sales_approval_state, "needed")
            self.assertFalse(other.sales_approval_step_ids)
        amendment.signed_document = contract.signed_document
        self._assert_closed(amendment)
        self._approve(self._ask(amendment), "leader")
        amendment.action_start()
        self.assertEqual(contract.state, "replaced")

    def test_deleted(self):
        self._rule()
        contract = self._contract()
        request = self._ask(contract)
        contract.unlink()
        self.assertEqual(request.state, "void")

    # What is measured

    def _term(self, days):
        part = {"value": "percent", "value_amount": 100, "nb_days": days}
        return self.env["account.payment.term"].create(
            {"name": "Late", "line_ids": [Command.create(part)]}
        )

    def test_each_condition(self):
        self.product.categ_id = self.group
        self.product.sales_floor_price = 75
        self._invoice(
            self.users["rep"], invoice_date="2020-01-01", invoice_date_due="2020-01-01"
        ).action_post()
        contract = self._contract(kind="special", payment_term_id=self._term(90).id)
        self.env.flush_all()
        # Net 70, list 100, cost 60: 14.29 % margin.
        for condition, threshold, below in (
            ("discount", 29, 30),
            ("line_margin", 15, 14),
            ("floor", 0, None),
            ("product", 0, None),
            ("amount", 699, 700),
            ("overdue_days", 30, 1_000_000),
            ("overdue_amount", 99, 1_000_000),
            ("term", 60, 90),
            ("special", 0, None),
            ("always", 0, None),
        ):
            with self.subTest(condition=condition):
                rule = self._rule(condition, threshold, categ_ids=self.group.ids)
                self.env.invalidate_all()
                self.assertEqual(contract.sales_approval_state, "needed")
                self.assertTrue(contract.sales_approval_why)
                if below is not None:
                    rule.threshold = below
                    self.env.invalidate_all()
                    self.assertEqual(contract.sales_approval_state, "none")
                rule.active = False

    def test_without_a_price(self):
        """A discount alone is measured as it is, of a product or a category."""
        rule = self._rule(threshold=15)
        for subject in ({"product_id": self.product.id}, {"categ_id": self.group.id}):
            contract = self._contract({**subject, "discount": 20, "amount": 900})
            self.assertEqual(contract.sales_approval_state, "needed")
            # No price that would pass is named: none was agreed.
            self.assertNotIn("price of", contract.sales_approval_why)
            contract.line_ids.discount = 15
            self.assertEqual(contract.sales_approval_state, "none")
        # The discount holds for the categories below, too.
        below = self.group.create({"name": "Below", "parent_id": self.group.id})
        contract.line_ids.discount = 20
        rule.categ_ids = below
        self.env.invalidate_all()
        self.assertEqual(contract.sales_approval_state, "needed")
        # What a category costs is not known.
        rule.active = False
        self._rule("line_margin", 90)
        self.env.invalidate_all()
        self.assertEqual(contract.sales_approval_state, "none")

    def test_what_time_changes(self):
        """List prices void nothing."""
        self._rule()
        contract = self._approved()
        self.product.list_price = 500
        contract.line_ids.sequence = 20
        contract.title = "Pumps"
        contract.date_end = "2099-12-31"
        self.assertEqual(contract.sales_approval_state, "approved")

    def test_flat(self):
        """As many queries for forty lines, each of another quantity, as for four."""
        for condition in ("discount", "line_margin", "floor"):
            self._rule(condition, 5, approvers=[{"kind": "manager"}])
        self._list_prices()
        dozen = self.env.ref("uom.product_uom_dozen")
        counts = []
        for number in (4, 40):
            products = self.env["product.product"].create(
                [
                    {"name": f"P {number}.{n}", "list_price": 100 + n}
                    for n in range(number)
                ]
            )
            contract = self._contract(
                *(
                    {
                        "product_id": product.id,
                        "quantity": 1 + place,
                        "uom_id": (product.uom_id, dozen)[place % 2].id,
                        "price_unit": 50 * (place % 3),
                        "discount": 10,
                    }
                    for place, product in enumerate(products)
                )
            )
            self.env.flush_all()
            self.env.invalidate_all()
            contract.mapped("line_ids.display_name")
            before = self.env.cr.sql_log_count
            self.assertEqual(contract.sales_approval_state, "needed")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    def test_list_prices(self):
        """Of the price list, by quantity and unit, as Odoo has them one by one."""
        pricelist = self._list_prices()
        third = self.second.create({"name": "Third", "list_price": 7})
        dozen = self.env.ref("uom.product_uom_dozen")
        contract = self._contract(
            {"product_id": self.product.id, "quantity": 4, "price_unit": 1},
            {"product_id": self.second.id, "quantity": 1, "uom_id": dozen.id},
            {"product_id": third.id, "discount": 5},
            {"categ_id": self.group.id, "discount": 5},
            currency_id=self.env.ref("base.EUR").id,
        )
        lines = contract.line_ids.sudo()
        prices = lines._get_sales_list_prices({"list", "floor"})
        self.assertEqual(list(prices), list(lines.filtered("product_id")))
        for line, price in prices.items():
            self.assertEqual(
                price,
                pricelist._get_product_price(
                    line.product_id,
                    line.quantity or 1.0,
                    currency=contract.currency_id,
                    uom=line.uom_id,
                    date=self.company._get_sales_today(),
                ),
            )
        self.assertEqual(len(set(prices.values())), 3)
        self.assertEqual(len(lines._get_sales_list_prices({"list"})), 1)

    def _list_prices(self):
        """The customer's price list: less from three, and from twelve on."""
        self.env.ref("base.group_user").implied_ids += self.env.ref(
            "product.group_product_pricelist"
        )
        euro = self.env.ref("base.EUR")
        euro.active = True
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Less for more",
                "company_id": self.company.id,
                "item_ids": [
                    Command.create(
                        {
                            "compute_price": "percentage",
                            "percent_price": percent,
                            "min_quantity": quantity,
                        }
                    )
                    for quantity, percent in ((3, 10), (12, 20))
                ],
            }
        )
        self.partner.with_company(self.company).property_product_pricelist = pricelist
        return pricelist

    def test_offered(self):
        rules = self.env["sales.approval.rule"].with_user(self.users["operations"])
        self.assertIn("sales.contract", dict(rules._selection_model()))
        for condition in ("credit", "rep_credit", "order_discount", "margin"):
            with self.assertRaisesRegex(ValidationError, "cannot be measured"):
                self._rule(condition)

    def test_order_under_a_special_agreement(self):
        """As long as it holds."""
        self._rule("special", model="sale.order")
        contract = self._contract(kind="special")
        contract.action_start()
        order = self._quotation(sales_contract_id=contract.id)
        self.assertEqual(order.sales_approval_state, "needed")
        yesterday = self.company._get_sales_today() - timedelta(days=1)
        contract.sudo().date_end = yesterday
        self.env.invalidate_all()
        self.assertEqual(order.sales_approval_state, "none")

    def _call_off(self, contract, price=70, **values):
        order = self._quotation(sales_contract_id=contract.id, **values)
        order.order_line.write({"price_unit": price, "discount": 0})
        return order

    def test_order_at_agreed_prices(self):
        """What was approved with the contract is not asked for again."""
        self._rule(model="sale.order")
        order = self._call_off(self._agreed())
        self.assertEqual(order.sales_approval_state, "none")
        order.order_line.price_unit = 60
        self.assertEqual(order.sales_approval_state, "needed")
        self.assertIn("63.00", order.sales_approval_why)
        order.order_line.price_unit = 70
        order.order_line.product_id = self.second
        order.order_line.price_unit = 70
        self.assertEqual(order.sales_approval_state, "needed")

    def _agreed(self, *lines, **rule):
        """Approved, where the rule looks at it, and signed."""
        self._rule(**rule)
        contract = self._contract(*lines)
        if contract.sales_approval_state == "needed":
            self._approve(self._ask(contract), "leader")
        contract.action_start()
        return contract

    def test_order_at_prices_that_nobody_looked_at(self):
        self._rule(model="sale.order")
        old = self._contract()
        old.action_start()
        self.assertEqual(self._call_off(old).sales_approval_state, "needed")
        # Now there is such a rule, of which it knew nothing.
        old.sudo().signed_on -= timedelta(days=1)
        contract = self._agreed()
        self.assertEqual(self._call_off(old).sales_approval_state, "needed")
        self.assertEqual(self._call_off(contract).sales_approval_state, "none")
        for rule in (
            {"categ_ids": self.group.ids},
            {"domain": "[('kind', '=', 'framework')]"},
        ):
            with self.subTest(rule=rule):
                self.env["sales.approval.rule"].search(
                    [("model", "=", "sales.contract")]
                ).active = False
                contract = self._agreed(**rule)
                self.assertFalse(contract.sales_approval_step_ids)
                order = self._call_off(contract)
                self.assertEqual(order.sales_approval_state, "needed")

    def test_order_of_more_than_is_agreed(self):
        """A price for ten is none for a thousand."""
        self._rule(model="sale.order")
        contract = self._agreed()
        order = self._call_off(contract)
        order.order_line.product_uom_qty = 11
        self.assertEqual(order.sales_approval_state, "needed")
        order.order_line.product_uom_qty = 10
        self.assertEqual(order.sales_approval_state, "none")
        order.action_confirm()
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 11

    def test_order_of_another_day(self):
        """Nobody goes back to what was cheaper."""
        self._rule(model="sale.order")
        line = {"product_id": self.product.id}
        contract = self._agreed(
            {**line, "price_unit": 40, "date_to": "2019-12-31"},
            {**line, "price_unit": 80, "date_from": "2020-01-01"},
        )
        for price, state in ((80, "none"), (40, "needed")):
            order = self._call_off(contract, price, date_order="2019-06-01")
            self.assertEqual(order.sales_approval_state, state)

    def test_put_under_a_contract(self):
        """The prices of a contract are not taken past the rules."""
        self._rule(model="sale.order")
        contract = self._contract()
        contract.action_start()
        lines = [Command.create({"product_id": self.product.id})]
        values = {"partner_id": self.partner.id, "order_line": lines}
        rep, orders = self.users["rep"], self.env["sale.order"]
        values["user_id"] = rep.id
        agreed = orders.with_user(rep).create(values)
        agreed.action_confirm()
        with self.assertRaises(UserError):
            agreed.order_line.sales_contract_line_id = contract.line_ids
        with patch.object(type(orders), "_is_ordered_online", lambda _order: True):
            order = orders.create(values).with_user(rep)
            self.assertEqual(order.sales_approval_state, "none")
            order.sales_contract_id = contract
            self.assertEqual(order.order_line.price_unit, 70)
            self.assertEqual(order.sales_approval_state, "needed")

    def test_order_at_prices_that_do_not_hold(self):
        self._rule(model="sale.order")
        self._rule()
        contract = self._contract()
        self.assertEqual(self._call_off(contract).sales_approval_state, "needed")
        self._ask(contract).with_user(self.users["leader"]).action_approve()
        contract.action_start()
        order = self._call_off(contract)
        self.assertEqual(order.sales_approval_state, "none")
        contract.sudo().date_end = self.company._get_sales_today() - timedelta(days=1)
        self.env.invalidate_all()
        self.assertEqual(order.sales_approval_state, "needed")

    def test_order_at_an_agreed_discount(self):
        self._rule(model="sale.order")
        contract = self._agreed({"product_id": self.product.id, "discount": 30})
        self.assertEqual(self._call_off(contract).sales_approval_state, "none")
        self.assertEqual(self._call_off(contract, 60).sales_approval_state, "needed")

    def test_order_at_agreed_terms(self):
        self._rule("term", threshold=0, model="sale.order")
        term = self._term(60)
        for state in ("needed", "none"):
            contract = self._contract(payment_term_id=term.id)
            contract.action_start()
            values = {"sales_contract_id": contract.id, "payment_term_id": term.id}
            order = self._quotation(**values)
            self.assertEqual(order.sales_approval_state, state)
            self._rule("term", threshold=90)

    def test_form_follows(self):
        """The reasons are there while the contract is written."""
        self._rule()
        form = Form(self._contract({"product_id": self.product.id, "price_unit": 100}))
        self.assertEqual(form.sales_approval_state, "none")
        with form.line_ids.edit(0) as line:
            line.price_unit = 50
        self.assertEqual(form.sales_approval_state, "needed")
        with form.line_ids.new() as line:
            line.categ_id = self.group
            line.discount = 50
        self.assertIn("Dear", form.sales_approval_why)


@tagged("post_install", "-at_install")
class TestContractApprovalPortal(HttpCase, ContractApprovalCase):
    def test_not_there(self):
        """What was sent and is not approved any more, and never an error."""
        buyer = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.partner.id}
        )
        buyer = new_test_user(
            self.env, "sf_buyer", "base.group_portal", partner_id=buyer.id
        )
        contract = self._contract(title="SECRETTERMS")
        contract.action_mark_sent()
        self._rule()
        token = contract.sudo()._portal_ensure_token()
        url = f"/my/contracts/{contract.id}"

        def sign():
            return self.make_jsonrpc_request(
                f"{url}/sign",
                {"access_token": token, "name": "Buyer", "signature": PIXEL},
            )

        paths = (
            "/my/contracts",
            f"{url}?access_token={token}",
            f"{url}?access_token={token}&report_type=html",
            f"{url}?access_token={token}&report_type=pdf",
            f"{url}/signed?access_token={token}",
        )
        for login in (None, buyer.login):
            self.authenticate(login, login)
            for path in paths:
                page = self.url_open(path)
                self.assertEqual(page.status_code, 200, path)
                self.assertNotIn("SECRETTERMS", page.text, path)
            self.assertIn("error", sign())
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["sales_contract_count"]}
        )
        self.assertEqual(counters["sales_contract_count"], 0)
        contract.invalidate_recordset()
        self.assertEqual(contract.state, "sent")
        self.assertFalse(contract.signature)
        # The rules are not for customers.
        mine = contract.with_user(buyer)
        # Nor is it there for them by RPC.
        line = contract.line_ids

        def found():
            answers = [
                self.make_jsonrpc_request(
                    f"/web/dataset/call_kw/{model}/search_read",
                    {
                        "model": model,
                        "method": "search_read",
                        "args": [[], ["display_name"]],
                        "kwargs": {},
                    },
                )
                for model in ("sales.contract", "sales.contract.line")
            ]
            return [{row["id"] for row in rows} for rows in answers]

        self.assertEqual(found(), [set(), set()])
        for record in (contract, line):
            self.assertFalse(record.with_user(buyer).has_access("read"))
        self.assertEqual(mine.sales_approval_state, "none")
        self.assertFalse(mine.sales_approval_why)
        self._approve(self._ask(contract), "leader")
        self.assertEqual(found(), [{contract.id}, {line.id}])
        for path in paths[:2]:
            self.assertIn("SECRETTERMS", self.url_open(path).text)
        self.assertIn("redirect_url", sign())
        contract.invalidate_recordset()
        self.assertEqual(contract.state, "running")
