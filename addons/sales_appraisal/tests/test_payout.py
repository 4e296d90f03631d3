import base64
import csv
import io
from datetime import date
from decimal import Decimal
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .payout_common import PayoutCase


@tagged("post_install", "-at_install")
class TestPayout(PayoutCase):
    def test_sums(self):
        """Parts sum to statements, statements to payments, in the currency's unit."""
        for number, name in enumerate(("rep", "leader", "manager", "peer")):
            for piece in range(3):
                self._sell(name, 33.33 + number + piece / 7)
        self._run()
        statements = self._validated()
        payout = self._pay(statements)
        self.assertEqual(payout.state, "paid")
        self.assertEqual(set(statements.mapped("state")), {"paid"})
        for statement in statements:
            entries = self._sum(statement.entry_ids)
            self.assertEqual(entries, Decimal(str(statement.amount)))
            self.assertEqual(entries, self._sum(statement.sudo().payment_ids))
        self.assertEqual(self._sum(payout.payment_ids), self._sum(statements))
        self.assertEqual(Decimal(str(payout.amount)), self._sum(statements))

    def test_calendar(self):
        """Each period has its day, also after the plan's calendar has changed."""
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        plan = statement.plan_id
        self.assertEqual(statement.pay_date, date(2031, 2, 15))
        plan.with_user(self.users["operations"]).write({"pay_months": 0, "pay_day": 31})
        self.assertEqual(statement.pay_date, statement.date_to)
        plan.write({"pay_months": 1, "pay_day": 31})
        self.assertEqual(statement.pay_date, date(2031, 2, 28))
        statements = self.env["sales.commission.statement"].with_user(
            self.users["finance"]
        )
        for day, found in (("2031-02-27", []), ("2031-02-28", statement.ids)):
            due = [("state", "=", "validated"), ("pay_date", "<=", day)]
            self.assertEqual(statements.search(due).ids, found)
        for values in ({"pay_months": -1}, {"pay_day": 0}, {"pay_day": 32}):
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
                plan.write(values)
                plan.flush_recordset()
        with self.assertRaises(UserError):
            statement.with_user(self.users["finance"]).pay_date = "2031-01-01"

    def test_twice(self):
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        payout = self._pay(statement)
        self.assertEqual(self._pay(statement), payout)
        self.assertEqual(len(statement.sudo().payment_ids), 1)

    def test_state(self):
        self._sell("rep", 100)
        self._run()
        for state in ("open", "submitted", "approved"):
            statement = self._statement()
            statement.sudo().state = state
            with self.assertRaises(UserError):
                self._pay(statement)
        self.assertFalse(self.env["sales.commission.payout"].search([]))

    def test_bulk(self):
        """What can be paid is paid, and what was left is named with the reason."""
        self.users["leader"].group_ids += self.env.ref(
            "sales_force.group_sales_finance"
        )
        for name in ("rep", "peer", "leader", "manager"):
            self._sell(name, 100)
        self._run()
        statements = {
            name: self._statement(name) for name in ("rep", "peer", "leader", "manager")
        }
        for name in ("peer", "leader", "manager"):
            self._validated(name)
        self._pay(statements["manager"])
        everything = self.statements.union(*statements.values())
        mine = everything.with_user(self.users["leader"])
        self.assertEqual(mine.filtered("may_pay").rep_id, self.reps["peer"])
        action = mine.action_pay()
        told = action["params"]["message"].split("\n")
        self.assertEqual(
            [one.state for one in statements.values()],
            ["open", "paid", "validated", "paid"],
        )
        self.assertEqual(len(told), 3)
        for line, name in zip(told, ("rep", "leader", "manager"), strict=True):
            self.assertIn(statements[name].display_name, line)
        [(_field, _in, payouts)] = action["params"]["next"]["domain"]
        self.assertCountEqual(payouts, everything.sudo().payout_id.ids)
        self.assertEqual(len(payouts), 2)
        with self.assertRaises(UserError) as caught:
            (mine - statements["peer"]).action_pay()
        self.assertIn(statements["rep"].display_name, str(caught.exception))
        self.assertIn(statements["leader"].display_name, str(caught.exception))
        self.assertEqual(statements["leader"].state, "validated")

    def test_may(self):
        """Paying is offered to finance, of what is not the own and waits to be paid."""
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        finance = statement.with_user(self.users["finance"])
        self.assertTrue(finance.may_pay and finance.waits_for_me)
        self.assertFalse(finance.may_unpay)
        for name in ("rep", "manager", "director", "operations"):
            self.assertFalse(statement.with_user(self.users[name]).may_pay, name)
        self._pay(statement)
        self.assertFalse(finance.may_pay or finance.waits_for_me)
        self.assertTrue(finance.may_unpay)
        self._unpay(statement, "Wrong")
        statement.amount = -10
        self.assertFalse(finance.may_pay)
        self.plan.pay_by = "bill"
        self.assertTrue(finance.may_pay)

    def test_nothing_to_pay(self):
        """Less than nothing carries over, nothing is settled without a payout."""
        invoice = self._sell("rep", 100)
        self._sell("peer", 100)
        self._run()
        self._close(self._statement("rep"), "paid")
        invoice.button_draft()
        self._run()
        back = self.statements.search([("rep_id", "=", self.reps["rep"].id)])
        back -= self._statement("rep")
        self.assertEqual(back.amount, -10)
        nothing = self._statement("leader")
        self._close(back | nothing, "validated")
        with self.assertRaises(UserError) as caught:
            self._pay(back)
        self.assertIn(back.display_name, str(caught.exception))
        action = nothing.with_user(self.users["finance"]).action_pay()
        self.assertIn(nothing.display_name, action["params"]["message"])
        self.assertEqual(nothing.state, "paid")
        self.assertFalse(nothing.sudo().payout_id)
        self._close(self._statement("peer"), "validated")
        action = (
            (back | self._statement("peer"))
            .with_user(self.users["finance"])
            .action_pay()
        )
        self.assertIn(back.display_name, action["params"]["message"])
        self.assertEqual(back.state, "validated")
        self.assertEqual(self._statement("peer").state, "paid")

    def test_evened_out(self):
        """What comes to nothing with what was carried over is settled by it."""
        invoice = self._sell("rep", 100)
        self._run()
        self._pay(self._validated())
        invoice.button_draft()
        self._run()
        back = self._validated()
        statement = self.statements._make(
            self.plan, date(2032, 1, 1), date(2032, 1, 31), back.rep_id.ids
        )
        statement.amount = 10
        self._close(statement, "validated")
        payout = self._pay(statement)
        self.assertEqual(payout.statement_ids, back | statement)
        self.assertEqual((payout.amount, back.state), (0, "paid"))

    def test_carried(self):
        """What is negative is settled with the next that is more, and back with it."""
        invoice = self._sell("rep", 100)
        self._run()
        self._pay(self._validated())
        invoice.button_draft()
        self._run()
        back = self._validated()
        self._book()
        later = []
        for month, amount in ((2, 50), (3, 70)):
            statement = self.statements._make(
                self.plan, date(2032, month, 1), date(2032, month, 28), back.rep_id.ids
            )
            statement.amount = amount / 10
            self._close(statement, "validated")
            later.append(statement)
        with self.assertRaises(UserError):
            self._pay(later[0])
        self._pay(later[1] | later[0])
        payout = back.sudo().payout_id
        self.assertEqual(payout.statement_ids, back | later[0] | later[1])
        self.assertEqual(payout.amount, 2)
        owed = payout.payment_ids.move_id.line_ids.filtered(
            lambda line: line.account_id == self.accounts["liability"]
        )
        self.assertEqual(sum(owed.mapped("balance")), -2)
        self._unpay(later[0], "Wrong")
        self.assertEqual((payout.state, payout.amount), ("undone", 0))
        self.assertEqual(set((back | later[1]).mapped("state")), {"validated"})

    def test_own(self):
        """Nobody pays their own, nor takes it back."""
        self.users["rep"].group_ids += self.env.ref("sales_force.group_sales_finance")
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        with self.assertRaises(AccessError):
            statement.with_user(self.users["rep"]).action_pay()
        self._pay(statement)
        with self.assertRaises(AccessError):
            statement.with_user(self.users["rep"])._unpay("Mine")
        self.assertEqual(statement.state, "paid")

    def test_unpay(self):
        """It can be paid again; what was is kept."""
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        first = self._pay(statement)
        with self.assertRaises(UserError):
            statement.sudo().state = "approved"
        self._unpay(statement, "Wrong account")
        self.assertEqual(statement.state, "validated")
        self.assertEqual((first.state, first.amount), ("undone", 0))
        with self.assertRaises(UserError):
            self._unpay(statement, "Again")
        second = self._pay(statement)
        self.assertNotEqual(first, second)
        self.assertEqual(
            statement.sudo().payment_ids.mapped("amount"), [10.0, -10.0, 10.0]
        )
        self.assertEqual(statement.sudo().payment_ids[1].reason, "Wrong account")
        statement.sudo().state = "paid"

    def test_currencies(self):
        """A payout for each currency and way of paying."""
        foreign = self._foreign(2)
        self._plan(
            name="Foreign",
            sequence=1,
            currency_id=foreign.id,
            team_ids=[Command.set(self._team("peer").ids)],
        )
        self._sell("rep", 100)
        self._sell("peer", 100)
        self._run()
        statements = self._validated()
        self._pay(statements)
        payouts = self.env["sales.commission.payout"].search([])
        self.assertEqual(len(payouts), 2)
        for payout in payouts:
            self.assertEqual(payout.payment_ids.currency_id, payout.currency_id)
            self.assertEqual(payout.statement_ids.currency_id, payout.currency_id)

    # Payroll

    def test_payroll(self):
        self.reps["rep"].payroll_number = "=007"
        self.reps["peer"].employee_id = self.env["hr.employee"].create(
            {"name": "Peer", "barcode": "0042"}
        )
        self._sell("rep", 100)
        self._sell("peer", 12.34)
        self._run()
        payout = self._pay(self._validated()).with_user(self.users["finance"])
        rows = list(
            csv.reader(io.StringIO(self._file(payout, "csv").decode("utf-8-sig")))
        )
        currency = self.company.currency_id.name
        period = ["2031-01-01", "2031-01-31"]
        self.assertEqual(
            rows,
            [
                [
                    "Employee Number",
                    "Name",
                    "Amount",
                    "Currency",
                    "Period From",
                    "Period To",
                ],
                ["0042", self.reps["peer"].name, "1.23", currency, *period],
                ["'=007", self.reps["rep"].name, "10.00", currency, *period],
            ],
        )

    def test_layout(self):
        """Columns, their order and names, and dates are the company's."""
        self.company.sales_payroll_dates = "DD.MM.YYYY"
        columns = self.env["sales.payroll.column"].with_user(self.users["finance"])
        columns.create(
            [
                {"value": "text", "heading": "Wage Type", "text": "4711"},
                {"value": "date_to", "heading": "@Until"},
                {"value": "amount"},
            ]
        )
        self._sell("rep", 100)
        self._run()
        payout = self._pay(self._validated())
        expected = "Wage Type,'@Until,Amount\r\n4711,31.01.2031,10.00\r\n"
        self.assertEqual(self._file(payout, "csv").decode("utf-8-sig"), expected)
        sheet = self._sheet(payout)
        self.assertEqual(
            [[cell.value for cell in row] for row in sheet],
            [["Wage Type", "'@Until", "Amount"], ["4711", sheet["B2"].value, 10]],
        )
        self.assertEqual(sheet["B2"].value.date(), date(2031, 1, 31))
        self.assertEqual(sheet["B2"].number_format, "dd.mm.yyyy")

    def test_usual_columns(self):
        columns = self.env["sales.payroll.column"].with_user(self.users["finance"])
        columns.action_edit()
        columns.action_edit()
        self.assertEqual(
            columns.search([]).mapped("value"),
            ["number", "name", "amount", "currency", "date_from", "date_to"],
        )

    def test_same_file(self):
        """The same bytes each time, and what was made is kept."""
        self._sell("rep", 100)
        self._run()
        payout = self._pay(self._validated())
        self.assertEqual(self._file(payout, "xlsx"), payout.sudo().file_id.raw)
        payout.with_user(self.users["finance"]).file_id.check_access("read")
        with freeze_time("2040-01-01"):
            self.assertEqual(self._file(payout, "xlsx"), payout.sudo().file_id.raw)

    def test_payroll_budget(self):
        """Queries do not grow with statements."""
        self._sell("rep", 100)
        self._run()
        self._pay(self._validated())
        counts = []
        for month, names in (
            (2, ("rep", "peer")),
            (3, ("rep", "peer", "leader", "manager", "director")),
        ):
            for name in names:
                self._sell(name, 100, f"2031-0{month}-10")
            self._run(date(2031, month, 1))
            statements = self.statements.search(
                [("date_from", "=", date(2031, month, 1)), ("amount", ">", 0)]
            )
            self._close(statements, "validated")
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._pay(statements)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_failure(self):
        """A crash between the entry and the state leaves neither."""
        self._book()
        self._sell("rep", 100)
        self._run()
        statement = self._validated()
        moves = self.env["account.move"].search_count([])
        with (
            patch.object(
                type(statement), "_set_paid", side_effect=UserError("Power cut")
            ),
            self.assertRaises(UserError),
        ):
            self._pay(statement)
        self.env.invalidate_all()
        self.assertEqual(self.env["account.move"].search_count([]), moves)
        self.assertFalse(self.env["sales.commission.payment"].search([]))
        self.assertEqual(statement.state, "validated")
        self._pay(statement)
        self.assertEqual(statement.state, "paid")

    @staticmethod
    def _file(payout, kind):
        payout.invalidate_recordset([f"{kind}_file"])
        return base64.b64decode(payout[f"{kind}_file"])
