from base64 import b64encode
from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tools import SQL

from .commission_common import CommissionCase
from .test_commission_hold import BACK, FEBRUARY, HALF, HoldCase


class TestFloor(HoldCase):
    """A minimum is paid at once, and stays."""

    def test_not_held(self):
        self._plan({**HALF, "floor": 150})
        self._sell("rep", 1000)
        self._run()
        self.assertEqual(self._subjects(), {"earning": 100, "hold": -50, "floor": 50})

    def test_not_taken_back(self):
        """Neither the minimum is taken back, nor what is taken back made up for."""
        self._plan({**BACK, "floor": 150, "lost_months": 6})
        invoice = self._sell("rep", 1000)
        self._run()
        self._close(self._statement())
        self._sell("rep", 1600, "2031-02-05")
        self._refund(invoice, "2031-02-10")
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"earning": 160, "clawback": -100})
        self.assertEqual(self._subjects(month=1), {"earning": 100, "floor": 50})


class TestFacts(CommissionCase):
    """What a rule looks at behind its credits makes a closed period stale at night."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2031-02-05 12:00:00"))
        cls.startClassPatcher(
            patch.object(type(cls.env["ir.cron"]), "_commit_progress")
        )
        cls.stamps = cls.env["sales.commission.stamp"]
        cls.other = cls._plan(name="Asks for nothing")
        cls.invoice = cls._invoice(cls.users["rep"], invoice_date="2031-01-10")
        cls.invoice.action_post()
        cls.env["sales.credit"]._process_pending()

    def _stale(self):
        periods = self.stamps._get_periods(self.plan | self.other)
        stale = self.stamps._get_stale(periods, "facts")
        return {
            (one == self.plan, start.month): mark
            for (one, start, _stop), mark in stale.items()
        }

    def _watch(self, rule=None, **values):
        """From now on something else is stale."""
        self.plan = self._plan(rule or {}, name="Asks", **values)
        periods = self.stamps._get_periods(self.plan | self.other)
        for (plan, start, _stop), mark in self.stamps._get_stale(
            periods, "facts"
        ).items():
            self.stamps._settled(plan, start, facts=mark)
        self.assertEqual(self._stale(), {})

    def _assert_stale(self):
        self.assertEqual(list(self._stale()), [(True, 1)])

    def test_category(self):
        category = self.env["product.category"].create({"name": "A"})
        self._watch({"categ_ids": [Command.link(category.id)]})
        self.product.categ_id = category
        self._assert_stale()

    def test_category_tree(self):
        above = self.env["product.category"].create({"name": "A"})
        self.product.categ_id = self.env["product.category"].create({"name": "B"})
        self._watch({"categ_ids": [Command.link(above.id)]})
        self.product.categ_id.parent_id = above
        self._assert_stale()

    def test_territory_tree(self):
        above, below = self.env["sales.territory"].create(
            [{"name": name, "company_id": self.company.id} for name in "AB"]
        )
        self.env.cr.execute(
            SQL(
                "UPDATE sales_credit SET territory_id = %s WHERE scope_id = %s",
                below.id,
                self.invoice.id,
            )
        )
        self._watch({"territory_ids": [Command.link(above.id)]})
        below.parent_id = above
        self.assertIn((True, 1), self._stale())

    def test_class(self):
        """The first class of a customer holds for the days before as well."""
        self.env["sales.customer"]._refresh(self.company, self.partner.ids)
        class_ = self.env["sales.customer.class"].search([], limit=1)
        self._set_class(None)
        self._watch({"class_ids": [Command.link(class_.id)]})
        self._set_class(class_.id)
        self._assert_stale()

    def test_class_later(self):
        """A class that changes today was the former one in the closed period."""
        self.env["sales.customer"]._refresh(self.company, self.partner.ids)
        first, second = self.env["sales.customer.class"].search([], limit=2)
        self._set_class(first.id)
        self._watch({"class_ids": [Command.link(first.id)]})
        self.env.cr.execute(
            SQL(
                """INSERT INTO sales_kept_class (partner_id, company_id, date, class_id)
                VALUES (%s, %s, '2031-02-05', %s)""",
                self.partner.id,
                self.company.id,
                first.id,
            )
        )
        self._set_class(second.id)
        self.assertEqual(self._stale(), {})

    def _set_class(self, class_id):
        self.env.cr.execute(
            SQL(
                """UPDATE sales_customer SET class_id = %s
                WHERE partner_id = %s AND company_id = %s""",
                class_id,
                self.partner.id,
                self.company.id,
            )
        )

    def test_first_date(self):
        """An invoice of long ago: the customer was no new one."""
        self._watch({"customer_age": "new", "new_months": 3})
        self._sell("peer", 5, "2030-02-01")
        self._assert_stale()

    def test_contract(self):
        self._watch({"contract": "with"})
        contract = self.env["sales.contract"].create(
            {
                "partner_id": self.partner.id,
                "company_id": self.company.id,
                "date_start": "2031-01-01",
                "date_end": "2031-12-31",
                "signed_document": b64encode(b"scan"),
            }
        )
        contract.action_start()
        self._assert_stale()
        self.statements._cron_settle()
        self.assertEqual(self._statement(plan=self.plan).amount, 10)

    def test_discount(self):
        self._watch({"discount_bound": "below", "discount_below": 20})
        self.env.cr.execute(
            SQL(
                "UPDATE account_move_line SET discount = 30 WHERE id = %s",
                self.invoice.invoice_line_ids.id,
            )
        )
        self._assert_stale()

    def test_margin(self):
        factors = [Command.create({"start": 50, "factor": 0.5})]
        factors.append(Command.create({"start": 80, "factor": 1}))
        self._watch({"decelerator": "margin", "line_factor_ids": factors})
        self.env.cr.execute(
            SQL(
                "UPDATE sales_credit SET value = 60 WHERE scope_id = %s "
                "AND metric_id = %s",
                self.invoice.id,
                self._metric("MARGIN").id,
            )
        )
        self._assert_stale()

    def test_rate(self):
        """Of a plan in another currency, the rate of the day."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self._watch(currency_id=euro.id)
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2031-01-09", "rate": 3.7}
        )
        self.env.flush_all()
        self._assert_stale()

    def test_unasked(self):
        """What no rule asks for is not looked at."""
        periods = self.stamps._get_periods(self.other)
        for selects in (
            self.stamps._select_facts(periods),
            self.stamps._select_credits(periods),
        ):
            text = " ".join(select.code for select in selects)
            for name in ("counted", "losses"):
                self.assertNotIn(f"'{name}", text)


class TestCorrections(CommissionCase):
    """Where corrections go when no later statement is there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._plan()

    def _correct_january(self, today):
        self._sell("rep", 1000)
        self._run()
        self._close(self._statement())
        with freeze_time(today):
            self._sell("rep", 500, "2031-01-20")
            self._run()
        statements = self.statements.search(
            [("rep_id", "=", self.reps["rep"].id), ("state", "=", "open")]
        )
        self.assertEqual(statements.amount, 50)
        return statements

    def test_today(self):
        """Into the current period, whose statement is made."""
        statement = self._correct_january("2031-04-10 12:00:00")
        self.assertEqual(statement.date_from, date(2031, 4, 1))

    def test_not_begun(self):
        """Closed before its end: into the next one, which waits for its own end, and
        is the one that it takes its own entries into."""
        with freeze_time("2031-01-25 12:00:00"):
            statement = self._correct_january("2031-01-25 12:00:00")
            self.assertEqual(statement.date_from, date(2031, 2, 1))
            self.assertFalse(statement.with_user(self.users["rep"]).may_submit)
        self._sell("rep", 100, "2031-02-10")
        self._run(FEBRUARY)
        self.assertEqual(self._statement(month=2), statement)
        self.assertEqual(statement.amount, 60)

    def test_left(self):
        """Of who has left there is a statement, too, for what is corrected."""
        self.reps["rep"].write({"state": "left", "date_end": "2031-01-15"})
        self._sell("rep", 1000, "2031-01-05")
        self._run()
        self._close(self._statement())
        with freeze_time("2031-04-10 12:00:00"):
            self._sell("rep", 500, "2031-01-06")
            self._run()
        self.assertEqual(self._statement(month=4).amount, 50)

    def test_no_later_version(self):
        """Of a plan that has ended the last version has it."""
        self.plan.sudo().write({"state": "retired", "date_to": "2031-01-31"})
        self._sell("rep", 1000)
        self.statements._settle(self.plan, date(2031, 1, 1), date(2031, 1, 31))
        self._close(self._statement())
        self._sell("rep", 500, "2031-01-20")
        with freeze_time("2031-04-10 12:00:00"):
            self.statements._settle(self.plan, date(2031, 1, 1), date(2031, 1, 31))
        self.assertEqual(self._statement(month=4).amount, 50)
        self.assertEqual(self._statement(month=4).plan_id, self.plan)


class TestOpened(CommissionCase):
    """Who opens a statement sees the facts of now."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2031-02-05 12:00:00"))
        cls.startClassPatcher(
            patch.object(type(cls.env["ir.cron"]), "_commit_progress")
        )
        cls.plan = cls._plan()
        cls._spec = {"amount": {}, "entry_ids": {"fields": {"amount": {}}}}

    def _open(self, name, statement, spec=None):
        mine = statement.with_user(self.users[name])
        [values] = mine.web_read(spec or self._spec)
        return values

    def test_follows(self):
        self.statements._cron_follow()
        statement = self._statement(month=2)
        self._sell("rep", 1000, "2031-02-03")
        self.assertEqual(self._open("rep", statement, {"amount": {}})["amount"], 0)
        values = self._open("manager", statement)
        self.assertEqual(values["amount"], 100)
        self.assertEqual(len(values["entry_ids"]), 1)
        self.assertEqual(self._statement("peer", month=2).amount, 0)

    def test_closed(self):
        """What is closed stays, whoever looks."""
        self.statements._cron_follow()
        statement = self._statement()
        self._close(statement, "submitted")
        self._sell("rep", 1000)
        self.assertEqual(self._open("rep", statement)["amount"], 0)
        self.assertEqual(self._open("rep", self._statement(month=2))["amount"], 100)

    def test_unchanged(self):
        """Nothing is computed where nothing has changed."""
        self.statements._cron_follow()
        with patch.object(type(self.statements), "_settle_own") as settled:
            self._open("rep", self._statement(month=2))
        settled.assert_not_called()

    def test_writes(self):
        """It is not read on a cursor that only reads."""
        self.assertFalse(type(self.statements).web_read._readonly)

    def test_empty(self):
        """A statement of nothing is at its end once finance has approved it."""
        self.statements._cron_follow()
        statement = self._statement()
        statement.with_user(self.users["rep"]).action_submit()
        statement.with_user(self.users["manager"]).action_approve()
        statement.with_user(self.users["finance"]).action_validate()
        self.assertEqual(statement.state, "paid")
        self.assertFalse(statement.sudo().payout_id)
        self.assertEqual(statement.validated_by_id, self.users["finance"])


class TestRevealsCost(CommissionCase):
    def test_rule(self):
        margin = {"decelerator": "margin"}
        margin["line_factor_ids"] = [Command.create({"start": 10, "factor": 1})]
        plan = self._plan(
            {"metric": "MARGIN"},
            {"margin_bound": "from", "margin_from": 10},
            margin,
            {},
        )
        self.assertEqual(
            plan.rule_ids.mapped("reveals_cost"), [True, True, True, False]
        )
