"""Open items: what they are, whose they are, by age, and the customer's page."""

import random

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..deals.aging import open_items
from .collection_common import CollectionCase

FIELDS = (
    "partner_id",
    "user_id",
    "kind",
    "date_due",
    "days_overdue",
    "bucket",
    "amount",
    "residual",
    "overdue",
    "residual_currency",
)


def bucket(residual, days):
    """The bucket of an item so many days after its due date, by its last day."""
    if residual < 0:
        return "credit"
    last = {0: "0_not_due", 30: "1_30", 60: "31_60", 90: "61_90"}
    return next((name for day, name in last.items() if days <= day), "91_more")


@tagged("post_install", "-at_install")
class TestReceivable(CollectionCase):
    def expected(self):
        """The open items of our customers, one by one, by what Odoo says of lines."""
        found = {}
        lines = self.env["account.move.line"].search(
            [
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("company_id", "=", self.company.id),
                (
                    "partner_id.commercial_partner_id",
                    "in",
                    [customer.id for customer in self.customers.values()],
                ),
            ]
        )
        for line in lines:
            if not line.amount_residual and not line.amount_residual_currency:
                continue
            customer = line.partner_id.commercial_partner_id
            due = line.date_maturity or line.date
            late = (self.today - due).days
            owed = line.amount_residual > 0
            kind = {"out_invoice": "invoice", "out_refund": "refund"}.get(
                line.move_id.move_type
            )
            if not kind:
                kind = "payment" if line.payment_id else "entry"
            found[line.id] = (
                customer,
                customer.user_id,
                kind,
                due,
                max(late, 0) if owed else 0,
                bucket(line.amount_residual, late),
                line.balance,
                line.amount_residual,
                line.amount_residual if owed and late > 0 else 0,
                line.amount_residual_currency,
            )
        return found

    def test_like_the_books(self):
        """Any mix of invoices, payments in part, credit notes and other entries."""
        chance = random.Random(7)
        euro = self.books.currency("EUR", {self.day(400): 0.8})
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.own.id}
        )
        term = self.env["account.payment.term"].create(
            {
                "name": "Thirds",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": part, "nb_days": days}
                    )
                    for part, days in ((33.33, 0), (33.33, 30), (33.34, 60))
                ],
            }
        )
        partners = [*self.customers.values(), contact]
        for number in range(24):
            partner = partners[number % len(partners)]
            invoice = self.bill(
                chance.choice((-30, -1, 0, 1, 30, 31, 60, 61, 90, 91, 200)),
                partner,
                chance.randint(100, 99999) / 100,
                currency_id=(euro if number % 3 == 0 else self.company.currency_id).id,
            )
            if number % 4 == 0:
                invoice.button_draft()
                invoice.invoice_payment_term_id = term
                invoice.action_post()
            if number % 5 == 1:
                self.pay(invoice, round(invoice.amount_total / 3, 2), 10)
            elif number % 5 == 2:
                self.pay(invoice)
            elif number % 5 == 3:
                self.books.refund(invoice, self.day(3))
        self.books.payment(77, self.own, self.day(50))
        self.books.invoice(
            [12.34], self.day(9), partner=self.own, move_type="out_refund"
        )
        account = self.books.receivables(self.bill(5)).account_id
        income = self.books.account("income")
        self.books.entry(
            [(account, 55, self.own), (income, -55, None)],
            day=self.day(100),
            journal=self.books.journal("general"),
        )
        expected = self.expected()
        self.assertGreater(len(expected), 20)
        items = self.items.search(
            [("partner_id", "in", [one.id for one in self.customers.values()])]
        )
        self.assertEqual(set(items.ids), expected.keys())
        for item in items:
            for name, value in zip(FIELDS, expected[item.id], strict=True):
                if isinstance(value, float):
                    self.assertAlmostEqual(item[name], value, 2, (name, item))
                else:
                    self.assertEqual(item[name], value, (name, item))
        self.assertEqual(
            set(items.mapped("kind")), {"invoice", "refund", "payment", "entry"}
        )
        self.assertEqual(len(set(items.mapped("bucket"))), 6)

    def test_whose(self):
        """Reps read their customers' items, whoever sold; leaders those below."""
        for customer in self.customers.values():
            self.bill(10, customer, user=self.users["peer"])
        for role, expected in (
            ("rep", {"rep"}),
            ("leader", {"rep", "leader"}),
            ("manager", {"rep", "leader"}),
            ("peer", {"peer"}),
            ("director", {"rep", "leader", "peer", "nobody"}),
            ("operations", {"rep", "leader", "peer", "nobody"}),
            ("finance", {"rep", "leader", "peer", "nobody"}),
            ("foreigner", set()),
        ):
            found = self.items.with_user(self.users[role]).search([])
            names = {
                name
                for name, customer in self.customers.items()
                if customer.id in found.partner_id.ids
            }
            self.assertEqual(names, expected, role)

    def test_of_another_salesperson(self):
        """The customer's salesperson knows what is owed, without the invoice."""
        invoice = self.bill(10, user=self.users["peer"])
        item = self.item(invoice).with_user(self.users["rep"])
        self.assertFalse(invoice.with_user(self.users["rep"]).has_access("read"))
        self.assertEqual((item.document_name, item.residual), (invoice.name, 100))
        with self.assertRaises(AccessError):
            item.action_open_document()
        item = item.with_user(self.users["director"])
        self.assertEqual(item.action_open_document()["res_id"], invoice.id)
        for operation in ("write", "create", "unlink"):
            self.assertFalse(item.has_access(operation))

    def test_follows_the_owner(self):
        item = self.item(self.bill(10))
        self.own.user_id = self.users["peer"]
        self.env.invalidate_all()
        self.assertFalse(item.with_user(self.users["rep"]).has_access("read"))
        self.assertTrue(item.with_user(self.users["peer"]).has_access("read"))

    def test_strangers(self):
        """Customers on the portal, and colleagues without a role, reach nothing."""
        self.bill(10)
        for groups in ("base.group_portal", "base.group_user"):
            user = self._user(groups.replace(".", "_"), groups)
            for model in (
                "sales.receivable",
                "sales.payment.promise",
                "sales.payment.promise.line",
                "sales.payment.promise.report",
                "sales.dispute",
                "sales.dispute.line",
                "sales.dunning",
                "sales.dunning.line",
                "sales.collection.report",
            ):
                with self.subTest(groups=groups, model=model):
                    self.assertFalse(self.env[model].with_user(user).has_access("read"))

    def _third_company(self):
        company = self.env["res.company"].create({"name": "Third"})
        self.env.user.company_ids += company
        self.env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
        return company

    def test_deputy(self):
        """Who stands in for a rep collects what is his."""
        item = self.item(self.bill(10))
        peer = self.users["peer"]
        self.assertFalse(item.with_user(peer).has_access("read"))
        self.env["sales.cover"].create(
            {
                "rep_id": self.reps["rep"].id,
                "deputy_id": self.reps["peer"].id,
                "date_from": self.day(1),
                "date_to": self.day(-1),
            }
        ).with_user(self.users["leader"]).action_approve()
        self.assertTrue(item.with_user(peer).has_access("read"))
        # But not what the same salesperson's customer owes another company.
        company = self._third_company()
        users = self.users["rep"] + peer
        users.company_ids += company
        self.env["sales.rep"].create(
            [{"user_id": user.id, "company_id": company.id} for user in users]
        )
        invoice = self._invoice(partner=self.own, company=company)
        invoice.action_post()
        companies = [self.company.id, company.id]
        for name, expected in (
            ("rep", self.company + company),
            ("peer", self.company),
        ):
            items = self.items.with_user(self.users[name]).with_context(
                allowed_company_ids=companies
            )
            found = items.search([("partner_id", "=", self.own.id)])
            self.assertEqual(found.company_id, expected)

    def test_other_company(self):
        """What a shared customer owes another company is not in this one."""
        company = self._third_company()
        invoice = self._invoice(partner=self.own, company=company)
        invoice.action_post()
        self.bill(10)
        mine = self.items.with_user(self.users["rep"])
        found = mine.search([("partner_id", "=", self.own.id)])
        self.assertEqual(found.company_id, self.company)
        both = self.items.with_context(
            allowed_company_ids=[self.company.id, company.id]
        )
        found = both.search([("partner_id", "=", self.own.id)])
        self.assertEqual(found.company_id, self.company + company)

    def test_groups(self):
        """What the list's headers ask for, and the pivot."""
        self.bill(10)
        self.bill(45, amount=50)
        items = self.items.with_user(self.users["rep"])
        rows = items._read_group([], ["partner_id", "bucket"], ["residual:sum"])
        self.assertEqual(
            {(partner.id, age): amount for partner, age, amount in rows},
            {(self.own.id, "1_30"): 100, (self.own.id, "31_60"): 50},
        )
        found = items.web_read_group(
            [],
            ["partner_id"],
            ["residual:sum", "company_currency_id:array_agg_distinct"],
        )
        self.assertEqual(found["groups"][0]["residual:sum"], 150)

    def test_export(self):
        self.bill(10)
        user = self.users["rep"]
        user.group_ids += self.env.ref("base.group_allow_export")
        names = ["document_name", "partner_id/name", "bucket", "residual"]
        items = self.items.with_user(user).search([])
        [[name, partner, age, residual]] = items.export_data(names)["datas"]
        self.assertEqual((name, partner), (items.document_name, self.own.name))
        self.assertEqual((age, residual), ("1–30 days", 100))

    def test_cards(self):
        """By customer with all cards at once, as a phone reads them."""
        self.env.ref("sales_force.sales_dunning_plan_standard").action_put_in_force()
        for days in (10, 40):
            self.dispute(self.bill(days))
        self.bill(20)
        self.env.flush_all()
        self.env.invalidate_all()
        names = ("disputed", "next_step_name", "residual", "date_due")
        [group] = self.items.with_user(self.users["rep"]).web_read_group(
            [],
            ["partner_id"],
            ["residual:sum"],
            auto_unfold=True,
            unfold_read_specification={name: {} for name in names},
        )["groups"]
        cards = group["__records"]
        self.assertEqual([card["disputed"] for card in cards], [True, False, True])
        self.assertTrue(cards[1]["next_step_name"])

    def test_flat_queries(self):
        """The page of a list asks as much for many items as for one."""
        user = self.users["rep"]
        fields = self.env["sales.receivable"].get_view(
            self.env.ref("sales_force.sales_receivable_view_list").id, "list"
        )
        names = [name for name in fields["models"]["sales.receivable"] if name != "id"]
        spec = {
            name: {"fields": {"display_name": {}}}
            if self.items._fields[name].relational
            else {}
            for name in names
        }
        counts = []
        invoice = self.bill(10)
        self.promise(invoice)
        self.dispute(self.bill(40))
        self.env.flush_all()
        for more in (0, 20):
            for number in range(more):
                self.bill(10 + number)
            items = self.items.with_user(user)
            items.web_search_read([], spec)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = items.web_search_read([], spec)
            counts.append((self.env.cr.sql_log_count - before, found["length"]))
        self.assertEqual([length for _count, length in counts], [2, 22])
        self.assertEqual(counts[0][0], counts[1][0])


@tagged("post_install", "-at_install")
class TestCustomerPage(CollectionCase):
    def customer(self, partner=None, user="rep"):
        self.env.flush_all()
        self.env["sales.customer"]._refresh(self.company)
        customer = self.env["sales.customer"].search(
            [
                ("partner_id", "=", (partner or self.own).id),
                ("company_id", "=", self.company.id),
            ]
        )
        return customer.with_user(self.users[user])

    def test_ages(self):
        for days, amount in ((-5, 1), (1, 2), (31, 4), (61, 8), (91, 16), (200, 32)):
            self.bill(days, amount=amount)
        self.books.payment(3, self.own, self.day(1))
        customer = self.customer()
        self.assertEqual(
            [
                customer.not_due_amount,
                customer.overdue_30_amount,
                customer.overdue_60_amount,
                customer.overdue_90_amount,
                customer.overdue_more_amount,
                customer.credit_amount,
                customer.balance_amount,
            ],
            [1, 2, 4, 8, 48, -3, 60],
        )
        self.assertEqual(len(customer.receivable_ids), 7)

    def test_in_the_pool(self):
        """Who reads a customer of the pool does not read what it owes."""
        self.bill(10, self.customers["nobody"])
        customer = self.customer(self.customers["nobody"])
        self.assertTrue(customer.has_access("read"))
        self.assertFalse(customer.receivable_ids or customer.balance_amount)
        with self.assertRaises(AccessError):
            customer._get_statement()
        with self.assertRaises(AccessError):
            customer.action_send_statement()

    def test_open_customer(self):
        customer = self.customer()
        item = self.item(self.bill(10)).with_user(self.users["rep"])
        action = item.action_open_customer()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("sales.customer", customer.id)
        )
        self.assertEqual(
            self.items.search(customer.action_open_receivables()["domain"]), item
        )

    def test_statement(self):
        """By currency, whole, with each age."""
        euro = self.books.currency("EUR", {self.day(400): 0.5})
        self.bill(10)
        self.bill(40, amount=30)
        self.bill(100, amount=7, currency_id=euro.id)
        self.books.payment(20, self.own, self.day(1))
        statement = {
            part["currency"].name: part for part in self.customer()._get_statement()
        }
        self.assertEqual(statement.keys(), {"USD", "EUR"})
        usd = statement["USD"]
        self.assertEqual(usd["total"], 110)
        self.assertEqual(
            {age: amount for age, _name, amount in usd["ages"] if amount},
            {"1_30": 100, "31_60": 30, "credit": -20},
        )
        self.assertEqual(statement["EUR"]["total"], 7)
        self.assertEqual(len(usd["items"]), 3)

    def test_print(self):
        """In the customer's language, as the rep."""
        self.env["res.lang"]._activate_lang("fr_FR")
        invoice = self.bill(10)
        customer = self.customer()
        reports = self.env["ir.actions.report"].with_user(self.users["rep"])
        for lang, pattern in (("en_US", "%m/%d/%Y"), ("fr_FR", "%d/%m/%Y")):
            self.own.lang = lang
            html, _kind = reports._render_qweb_html(
                "sales_force.report_statement", customer.ids
            )
            text = html.decode()
            self.assertIn(invoice.name, text)
            self.assertIn(self.day(10).strftime(pattern), text)

    def test_send(self):
        """Queued once to each who owes something; who has no address is named."""
        self.bill(10)
        rep = self.users["rep"].id
        other, third = self.env["res.partner"].create(
            [
                {"name": "Mute", "is_company": True, "user_id": rep},
                {
                    "name": "Owes nothing",
                    "is_company": True,
                    "user_id": rep,
                    "email": "none@example.com",
                },
            ]
        )
        self.bill(10, other)
        customers = self.customer() + self.customer(other) + self.customer(third)
        before = self.env["mail.mail"].search([])
        params = customers.action_send_statement()["params"]
        self.assertEqual(params["type"], "warning")
        self.assertIn("Mute", params["message"])
        mail = self.env["mail.mail"].search([]) - before
        mail = mail.filtered(lambda one: one.model == "sales.customer")
        self.assertEqual(mail.recipient_ids, self.own)
        self.assertEqual(len(mail.attachment_ids), 1)
        note = self._last_message(self.own)
        self.assertIn("rep@example.com", note.body)
        with self.assertRaises(UserError):
            self.customer(other).action_send_statement()

    def test_flat_queries(self):
        names = ["balance_amount", "overdue_30_amount", "receivable_ids"]
        customer = self.customer()
        counts = []
        for more in (1, 1, 10):
            for number in range(more):
                self.bill(10 + number)
            customer.read(names)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            customer.read(names)
            counts.append(self.env.cr.sql_log_count - before)
        # The first one also reads what is cached for good.
        self.assertEqual(counts[1], counts[2])


@tagged("post_install", "-at_install")
class TestCollectionReport(CollectionCase):
    def test_figures(self):
        """DSO and collection rate, of sums by rep and territory, by hand."""
        self.company.sales_dso_days = 60
        north = self.env["sales.territory"].create({"name": "North"})
        self.own.sales_territory_id = north
        rep = self.users["rep"]
        second = self.env["res.partner"].create(
            {"name": "Second", "is_company": True, "user_id": rep.id}
        )
        self.bill(0, amount=100, user=rep)
        paid = self.bill(20, second, amount=300, user=rep)
        # Before the period: receivable, but not billed in it; due in it or not.
        self.bill(45, amount=50, user=rep)
        self.bill(200, amount=30, user=rep)
        self.pay(paid, 200, 5)
        self.env.flush_all()
        report = self.env["sales.collection.report"].with_user(rep)
        [figures] = report._read_group(
            [],
            [],
            [
                "receivable:sum",
                "billed:sum",
                "due:sum",
                "collected:sum",
                "dso:avg",
                "collection_rate:avg",
            ],
        )
        receivable = 100 + 100 + 50 + 30
        billed = 100 + 300
        due = 100 + 300 + 50
        self.assertEqual(figures[:4], (receivable, billed, due, 200))
        self.assertAlmostEqual(figures[4], receivable / billed * 60)
        self.assertAlmostEqual(figures[5], 200 / due * 100)
        by_territory = dict(report._read_group([], ["territory_id"], ["dso:avg"]))
        self.assertAlmostEqual(by_territory[north], 180 / 100 * 60)
        rate = self.env["sales.metric"].search([("code", "=", "COLLECTION_RATE")])
        credits = self.env["sales.credit"].with_user(rep)
        sums = {
            metric.id: value
            for metric, value in credits._read_group(
                [("date", ">=", self.day(59)), ("date", "<=", self.today)],
                ["metric_id"],
                ["value:sum"],
            )
        }
        self.assertAlmostEqual(
            sums[rate.numerator_id.id] / sums[rate.denominator_id.id] * 100, figures[5]
        )

    def test_at_once(self):
        """A payment shows where it is posted, whatever was read before."""
        self.company.sales_dso_days = 60
        rep = self.users["rep"]
        invoice = self.bill(20, amount=300, user=rep)
        report = self.env["sales.collection.report"].with_user(rep)
        items = self.items.with_user(rep)
        asked = ["receivable:sum", "collected:sum"]

        def read():
            domain = [("partner_id", "=", self.own.id)]
            rows = report.search(domain)
            return (
                sum(rows.mapped("receivable")),
                sum(rows.mapped("collected")),
                *report._read_group(domain, [], asked)[0],
                sum(items.search(domain).mapped("residual")),
            )

        self.assertEqual(read(), (300, 0, 300, 0, 300))
        self.books.pay(invoice.with_env(self.books.env), 100, day=self.day(0))
        self.assertEqual(read(), (200, 100, 200, 100, 200))
        # Whose it is follows the customer.
        self.own.user_id = self.users["peer"]
        self.assertEqual(read(), (0, 100, 0, 100, 0))

    def test_nothing_billed(self):
        self.bill(200)
        report = self.env["sales.collection.report"].with_user(self.users["rep"])
        [(dso, rate)] = report._read_group([], [], ["dso:avg", "collection_rate:avg"])
        self.assertFalse(dso or rate)

    def test_open_items(self):
        invoice = self.bill(10)
        report = self.env["sales.collection.report"].with_user(self.users["rep"])
        row = report.search([("receivable", ">", 0)])
        items = self.items.search(row.action_open_items()["domain"])
        self.assertEqual(items, self.item(invoice))

    def test_days_of_companies(self):
        """Each company has its own day."""
        invoice = self.bill(1)
        self.env.flush_all()
        for days, late in ((0, 1), (1, 0)):
            todays = {self.company.id: self.day(days), self.company_b.id: self.today}
            rows = self.env.execute_query_dict(open_items(todays))
            [row] = [row for row in rows if row["move_id"] == invoice.id]
            self.assertEqual(row["days_overdue"], late)
