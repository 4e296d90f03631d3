"""What counts by the customer, the contract, the discount and the margin."""

from datetime import date

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import SQL, mute_logger

from .commission_common import CommissionCase

HALF_FROM_20 = ((0, 1), (20, 0.5))


class TestConditions(CommissionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.others = cls.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("First", "Second")]
        )

    def _sell_to(self, partner, amount, day="2031-01-10", name="rep", **line):
        invoice = self._invoice(self.users[name], partner=partner, invoice_date=day)
        invoice.invoice_line_ids.write({"price_unit": amount, **line})
        invoice.action_post()
        # Costs are kept when credits are derived.
        self.env["sales.credit"]._process_pending()
        return invoice

    def _amount(self, **rule):
        """What a rule at 10 % pays of January."""
        plan = self._plan(rule)
        self._run()
        return self._statement(plan=plan).amount

    @staticmethod
    def _factors(*rows):
        return [Command.create({"start": x, "factor": factor}) for x, factor in rows]

    def test_class(self):
        first, second = self.others
        classes = self.env["sales.customer.class"].search([], limit=2)
        for partner, class_ in zip(self.others, classes, strict=True):
            self.env.cr.execute(
                SQL(
                    """INSERT INTO sales_customer (partner_id, company_id, class_id,
                    stage) VALUES (%s, %s, %s, 'customer')""",
                    partner.id,
                    self.company.id,
                    class_.id,
                )
            )
        self._sell_to(first, 100)
        self._sell_to(second, 1000)
        self._sell_to(self.partner, 10_000)
        self.assertEqual(self._amount(class_ids=[Command.set(classes[0].ids)]), 10)
        # The class of its own day counts.
        self.env["sales.kept.class"].create(
            {
                "partner_id": second.id,
                "company_id": self.company.id,
                "date": "2031-01-11",
                "class_id": classes[0].id,
            }
        )
        self.assertEqual(self._amount(class_ids=[Command.set(classes[0].ids)]), 110)
        self._sell_to(second, 500, "2031-01-11")
        self.assertEqual(self._amount(class_ids=[Command.set(classes[1].ids)]), 50)

    def test_new(self):
        first, second = self.others
        self._sell_to(first, 7, "2030-10-11")
        self._sell_to(first, 100, "2031-01-10")
        self._sell_to(first, 200, "2031-01-11")
        self._sell_to(second, 1000, "2031-01-31")
        self.assertEqual(self._amount(customer_age="new", new_months=3), 110)
        self.assertEqual(self._amount(customer_age="existing", new_months=3), 20)
        self.assertEqual(self._amount(), 130)

    def test_contract(self):
        first, second = self.others
        contract = self.env["sales.contract"].create(
            {
                "partner_id": first.id,
                "company_id": self.company.id,
                "date_start": "2031-01-05",
                "date_end": "2031-01-20",
            }
        )
        for partner, amount, day in (
            (first, 1, 4),
            (first, 20, 5),
            (first, 300, 20),
            (first, 4000, 21),
            (second, 50_000, 10),
        ):
            self._sell_to(partner, amount, f"2031-01-{day:02}")
        self.assertEqual(self._amount(contract="with"), 0)
        contract.sudo().state = "running"
        self.assertEqual(self._amount(contract="with"), 32)
        self.assertEqual(self._amount(contract="without"), 5400.1)
        contract.sudo().write({"state": "terminated", "terminated_on": "2031-01-08"})
        self.assertEqual(self._amount(contract="with"), 2)

    def test_discount(self):
        for amount, discount in ((100, 0), (1000, 10), (10_000, 19.99), (100_000, 20)):
            self._sell_to(self.partner, amount, discount=discount)
        within = {"discount_bound": "between", "discount_from": 10}
        self.assertEqual(self._amount(**within, discount_below=20), 90 + 800.1)
        self.assertEqual(self._amount(discount_bound="from", discount_from=20), 8000)
        self.assertEqual(self._amount(discount_bound="below", discount_below=10), 10)

    def test_cash(self):
        """Of cash the discount and margin are those of the line that is paid."""
        self.product.standard_price = 60
        for discount in (0, 20):
            invoice = self._sell_to(self.partner, 100, discount=discount)
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            ).create({"payment_date": "2031-01-15"})._create_payments()
        paid = {"metric": "COLLECTED_NET"}
        self.assertEqual(
            self._amount(**paid, discount_bound="from", discount_from=1), 8
        )
        # 40 of 100, 20 of 80
        self.assertEqual(self._amount(**paid, margin_bound="from", margin_from=40), 10)
        self.assertEqual(
            self._amount(**paid, margin_bound="below", margin_below=25.01), 8
        )

    def test_margin(self):
        """Of the whole line, whoever shares it; of a refund that of what it undoes."""
        self.product.standard_price = 90
        invoice = self._sell_to(self.partner, 100)
        self.env["sales.split"].create(
            [
                {"move_id": invoice.id, "rep_id": self.reps[name].id, "share": 50}
                for name in ("rep", "peer")
            ]
        )
        self.product.standard_price = 0
        self._sell_to(self.partner, 1000)
        low = {"margin_bound": "below", "margin_below": 10.01}
        self.assertEqual(self._amount(**low), 5)
        self.assertEqual(self._amount(margin_bound="from", margin_from=100), 100)

    def test_order(self):
        order = self._order(self.users["rep"], confirm=False)
        order.order_line.write({"price_unit": 1000, "discount": 25})
        order.action_confirm()
        order.date_order = "2031-01-20 10:00:00"
        ordered = {"metric": "ORDERED"}
        self.assertEqual(
            self._amount(**ordered, discount_bound="from", discount_from=25), 75
        )
        self.assertEqual(
            self._amount(**ordered, discount_bound="below", discount_below=25), 0
        )

    def test_decelerator(self):
        """What counts is less, so the table is reached later."""
        for amount, discount in ((100, 0), (100, 20), (200, 50)):
            self._sell_to(self.partner, amount, discount=discount)
        plan = self._plan(
            {
                "decelerator": "discount",
                "line_factor_ids": self._factors((10, 0.75), (20, 0.5), (50, 0)),
                "table": "amount",
                "tier_ids": self._tiers((0, 10), (120, 20)),
            }
        )
        self._run()
        entries = self._statement(plan=plan).entry_ids.sorted("position")
        self.assertEqual(entries.mapped("base"), [100, 40])
        self.assertEqual(entries.mapped("factor"), [1, 0.5])
        self.assertEqual(sum(entries.mapped("amount")), 12 + 4)

    def test_decelerator_margin(self):
        self.product.standard_price = 90
        self._sell_to(self.partner, 100)  # 10 %
        self._sell_to(self.partner, 80)  # a loss
        self.product.standard_price = 10
        self._sell_to(self.partner, 100)  # 90 %
        self.assertEqual(
            self._amount(
                decelerator="margin", line_factor_ids=self._factors(*HALF_FROM_20[::-1])
            ),
            10 + 8 + 5,
        )

    def test_refused(self):
        for rule in (
            {"metric": "ORDERS", "rate_unit": "amount", "discount_bound": "from"},
            {"metric": "ORDERED", "margin_bound": "from"},
            {"metric": "ORDERED", "decelerator": "margin"},
            {"decelerator": "discount"},
        ):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self._plan(rule, publish=False)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self._plan({"discount_bound": "between"}, publish=False)

    def test_fixed(self):
        """In force factors do not change."""
        rule = {
            "decelerator": "discount",
            "line_factor_ids": self._factors((10, 0.75)),
        }
        plan = self._plan(rule)
        with self.assertRaises(UserError):
            plan.rule_ids.line_factor_ids.factor = 0.1
        later = self.env["sales.commission.plan"].browse(
            plan.action_new_version()["res_id"]
        )
        self.assertEqual(later.rule_ids.line_factor_ids.factor, 0.75)

    def test_who_reads_factors(self):
        """Whoever reads the rules in force; operations write those of drafts."""
        rule = {
            "decelerator": "discount",
            "line_factor_ids": self._factors((10, 0.75)),
        }
        draft, force = self._plan(rule, publish=False), self._plan(rule)
        self._run()
        factors = self.env["sales.commission.factor"]
        plans = [("rule_id.plan_id", "in", (draft + force).ids)]
        for name in ("rep", "leader", "manager", "finance"):
            seen = factors.with_user(self.users[name]).search(plans)
            self.assertEqual(seen, force.rule_ids.line_factor_ids)
            self.assertFalse(seen.has_access("write"))
        both = (draft + force).rule_ids.line_factor_ids
        self.assertFalse(
            factors.with_user(self.users["foreigner"]).search(plans),
            "another company's",
        )
        seen = factors.with_user(self.users["operations"]).search(plans)
        self.assertEqual(seen, both)
        (seen & draft.rule_ids.line_factor_ids).factor = 0.5
        self.assertEqual(draft.rule_ids.line_factor_ids.factor, 0.5)

    def test_unused(self):
        """What no rule asks for is in no statement."""
        rule = self._plan().rule_ids
        select = rule._select_base(date(2031, 1, 1), date(2031, 1, 31), []).code
        for table in ("account_move_line", "sales_contract", "sales_customer"):
            self.assertNotIn(table, select)
