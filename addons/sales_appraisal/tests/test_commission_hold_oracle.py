"""Holds, releases, credit notes and losses of customers against plain Python, over
random histories."""

import os
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo.tools import SQL

from .commission_common import CommissionCase
from .test_commission_oracle import ABOVE, MONTHS, PEOPLE, cents

HISTORIES = int(os.environ.get("SALES_HISTORIES", 6))
BILLS = 5
CUSTOMERS = 2


class Books:
    """What a rule pays, holds, releases and takes back, from a list of bills.

    A bill is an invoice or a credit note of one line: ``who``, ``customer``, ``day``,
    ``due``, ``value``, ``tax``, ``cash`` (a list of days and amounts), and ``of``, the
    bill that it credits. Losses are ``[(customer, first day, day of the return)]``.
    """

    def __init__(self, bills, rule, last, losses):
        self.bills, self.rule, self.losses = bills, rule, losses
        # What ends after it is of no statement yet.
        self.last = last.toordinal()
        self.percent = Fraction(rule["hold_percent"]) / 100

    def _taken_back(self, bill):
        return (
            self.rule["refund"] == "paid"
            and bill["of"]
            and bill["of"]["day"].month < bill["day"].month
        )

    def earned(self, who, month):
        """``{(bill, whose): amount}`` in the order in which the total rises."""
        mine = [who]
        if self.rule["credited"] == "override":
            mine = [name for name, above in ABOVE.items() if above == who]
        counted = sorted(
            (
                bill
                for bill in self.bills
                if bill["who"] in mine
                and bill["day"].month == month
                and not self._taken_back(bill)
            ),
            key=lambda bill: (bill["day"], bill["line"]),
        )
        everything = sum((Fraction(bill["value"]) for bill in counted), Fraction(0))
        total, found = Fraction(0), {}
        for bill in counted:
            before = self._pays(total, everything)
            total += Fraction(bill["value"])
            found[bill["line"]] = self._pays(total, everything) - before
        return found

    def _pays(self, total, everything):
        """What is paid of a running total."""
        rule = self.rule
        if rule["mode"] == "whole":
            rate = rule["low"] if everything < rule["step"] else rule["high"]
            paid = total * rate / 100
        else:
            paid = min(total, rule["step"]) * rule["low"] / 100
            paid += max(total - rule["step"], 0) * rule["high"] / 100
        paid = cents(paid)
        return min(paid, Fraction(rule["cap"])) if rule["cap"] else paid

    def settle(self, who, paid_for=None):
        """What a rep has of everything, by subject.

        :param paid_for: what each line has earned, of which only the sum is sure where
            some were known earlier: ``{(month, line): amount}``
        """
        found = defaultdict(Fraction)
        paid, held = defaultdict(Fraction), defaultdict(Fraction)
        earned = {
            (month, line): amount
            for month in MONTHS
            for line, amount in self.earned(who, month).items()
        }
        found["earning"] = sum(earned.values())
        for (_month, line), amount in (paid_for or earned).items():
            paid[line] += amount
            held[line] -= cents(amount * self.percent)
        for origin in self.bills:
            back = sorted(
                (bill for bill in self.bills if bill["of"] is origin),
                key=lambda bill: (bill["day"], bill["line"]),
            )
            share = Fraction(0)
            for bill in back:
                before = share
                share += Fraction(bill["value"]) / Fraction(origin["value"])
                if not self._taken_back(bill):
                    continue
                for of in (paid, held):
                    amount = of[origin["line"]]
                    of[bill["line"]] = cents(amount * share) - cents(amount * before)
                found["clawback"] += paid[bill["line"]]
        found["hold"] = sum(held.values())
        kept_of = {}
        for bill in self.bills:
            owed = Fraction(bill["value"]) * (1 + Fraction(bill["tax"]) / 100)
            collected = sum(Fraction(amount) for _day, amount, _id in bill["cash"])
            share = collected / owed
            over = bill["due"].toordinal() + self.rule["unpaid_days"]
            kept = paid[bill["line"]] + held[bill["line"]]
            unpaid = Fraction(0)
            if self.rule["unpaid"] == "back" and over <= self.last:
                unpaid = cents(kept * share) - kept
            found["unpaid"] += unpaid
            if self.rule["hold_release"] == "days":
                ends = bill["day"].toordinal() + self.rule["hold_days"]
                share = Fraction(ends <= self.last)
            release = cents(-held[bill["line"]] * share)
            found["release"] += release
            kept_of[bill["line"]] = kept + unpaid + release
        found["lost"] = -self._get_lost(paid, kept_of)
        return {
            "override" if subject == "earning" and self._is_override() else subject: x
            for subject, x in found.items()
            if x
        }

    def _get_lost(self, paid, kept_of):
        """What there is of all documents of customers who are lost in the end.

        :param dict paid: what each line has earned, or is taken back by its own credit
        :param dict kept_of: what a rep has of each line by all entries
        """
        months = relativedelta(months=self.rule["lost_months"])
        lost = Fraction(0)
        for customer, first, last in self.losses:
            if last or first.toordinal() > self.last:
                continue
            bills = [
                bill
                for bill in self.bills
                if bill["customer"] == customer
                and (bill["of"] or bill)["day"] <= first
                and first < (bill["of"] or bill)["day"] + months
            ]
            if sum(paid[bill["line"]] for bill in bills if bill["day"] <= first) > 0:
                lost += sum(kept_of[bill["line"]] for bill in bills)
        return lost

    def _is_override(self):
        return self.rule["credited"] == "override"


def random_rule(chance):
    rule = {
        "credited": chance.choice(("own", "override")),
        "mode": chance.choice(("whole", "progressive")),
        "step": chance.choice((300, 900, 5000)),
        "low": Fraction(chance.randint(0, 1500), 100),
        "high": Fraction(chance.randint(0, 3000), 100),
        "cap": chance.choice((0, 0, 40, 150)),
        "hold_percent": chance.choice((0, 10, 33, 50, 100)),
        "hold_release": chance.choice(("cash", "cash", "days")),
        "hold_days": chance.choice((0, 20, 45)),
        "refund": chance.choice(("base", "paid", "paid")),
        "unpaid": chance.choice(("kept", "back")),
        "unpaid_days": chance.choice((0, 20, 40)),
        "lost_months": chance.choice((0, 1, 2, 12)),
    }
    if rule["hold_percent"] and rule["hold_release"] == "days":
        rule["unpaid"] = "kept"
    return rule


class TestHoldOracle(CommissionCase):
    def setUp(self):
        super().setUp()
        self.env["sales.credit"]._process_pending()
        self.number = 910_000_000
        # Drafts: what the ledger has of them is what the test writes.
        self.moves = self.env["account.move"].create(
            [{"move_type": "out_invoice", "partner_id": self.partner.id}] * BILLS
            + [{"move_type": "out_refund", "partner_id": self.partner.id}] * BILLS
        )
        self.env.flush_all()
        codes = ("INVOICED", "BILLED", "DUE", "COLLECTED")
        self.metrics = {code: self._metric(code).id for code in codes}
        self.customers = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(CUSTOMERS)]
        )
        self.env["sales.customer"]._refresh(
            self.company, self.customers.ids, date(2030, 1, 1)
        )

    def _make_plan(self, rule, number):
        tiers = [(0, float(rule["low"])), (rule["step"], float(rule["high"]))]
        return self._plan(
            {
                **{
                    key: rule[key] for key in rule if key not in ("step", "low", "high")
                },
                "table": "amount",
                "tier_ids": self._tiers(*tiers),
            },
            name=f"Held {number}",
        )

    def _random_bill(self, chance, move, invoices):
        origin = None
        day = date(2031, chance.choice(MONTHS), chance.randint(1, 28))
        value = Decimal(chance.randint(1, 90_000)) / 100
        if move.move_type == "out_refund":
            origin = chance.choice(invoices)
            part = chance.choice((1, 1, 2, 3))
            value = -round(origin["value"] / part, 2)
            day = max(day, origin["day"])
        self.number += 1
        bill = {
            "move": move.id,
            "line": self.number,
            "who": chance.choice(PEOPLE),
            "customer": origin["customer"] if origin else chance.randrange(CUSTOMERS),
            "day": day,
            "due": day + timedelta(days=chance.choice((0, 15, 30))),
            "value": value or Decimal("0.01"),
            "tax": chance.choice((0, 0, 100)),
            "of": origin,
            "cash": [],
        }
        self._random_cash(chance, bill)
        return bill

    def _random_cash(self, chance, bill):
        """Payments of all of it, of a part, or none."""
        owed = bill["value"] * (1 + bill["tax"] // 100)
        left, bill["cash"] = owed, []
        for _payment in range(chance.randint(0, 3)):
            amount = round(left / chance.choice((1, 2, 3)), 2)
            if amount:
                month = chance.randint(bill["day"].month, MONTHS[-1])
                day = date(2031, month, chance.randint(1, 28))
                self.number += 1
                bill["cash"].append((max(day, bill["day"]), amount, self.number))
            left -= amount

    def _lose(self, chance):
        """Customers are lost, and return or not, at any time."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM sales_customer_stage WHERE partner_id = ANY(%s)",
                self.customers.ids,
            )
        )
        losses = []
        for number, customer in enumerate(self.customers):
            days = sorted(
                date(2031, chance.choice(MONTHS), chance.randint(1, 28))
                for _day in range(chance.randint(0, 4))
            )
            for first, last in zip(days[::2], [*days[1::2], None], strict=False):
                losses.append((number, first, last))
            stages = ["lost", chance.choice(("customer", "dormant"))] * 2
            for day, stage in zip(days, stages, strict=False):
                self.env.cr.execute(
                    SQL(
                        """INSERT INTO sales_customer_stage (customer_id, partner_id,
                        company_id, stage, date)
                        SELECT id, partner_id, company_id, %s, %s FROM sales_customer
                        WHERE partner_id = %s AND company_id = %s""",
                        stage,
                        day,
                        customer.id,
                        self.company.id,
                    )
                )
        return losses

    def _write(self, bills):
        """The ledger, as if documents were behind it."""
        self.env.cr.execute(
            SQL("DELETE FROM sales_credit WHERE scope_id = ANY(%s)", self.moves.ids)
        )
        rows = []
        for bill in bills:
            origin = bill["of"]
            self.env.cr.execute(
                SQL(
                    """UPDATE account_move SET invoice_date = %s, reversed_entry_id = %s
                    WHERE id = %s""",
                    bill["day"],
                    origin and origin["move"],
                    bill["move"],
                )
            )
            billed = bill["value"] * (1 + bill["tax"] // 100)
            document = ("account.move.line", bill["line"], 0, "invoice")
            rows.append((bill, "INVOICED", bill["day"], bill["value"], *document))
            rows.append((bill, "BILLED", bill["day"], billed, *document))
            instalment = ("account.move.line", bill["line"], 1, "invoice")
            rows.append((bill, "DUE", bill["due"], billed, *instalment))
            for day, amount, number in bill["cash"]:
                paid = ("account.partial.reconcile", number, bill["line"], "cash")
                rows.append((bill, "COLLECTED", day, amount, *paid))
        self.env.cr.execute(
            SQL(
                """INSERT INTO sales_credit (metric_id, date, rep_id, user_id,
                company_id, value, share, overlay, product_id, scope_id, partner_id,
                res_model, res_id, part, source) VALUES %s""",
                SQL(", ").join(
                    SQL(
                        """(%s, %s, %s, %s, %s, %s, 100, FALSE, %s, %s, %s, %s, %s,
                        %s, %s)""",
                        self.metrics[code],
                        day,
                        self.reps[bill["who"]].id,
                        self.users[bill["who"]].id,
                        self.company.id,
                        value,
                        self.product.id,
                        bill["move"],
                        self.customers[bill["customer"]].id,
                        *document,
                    )
                    for bill, code, day, value, *document in rows
                ),
            )
        )

    def _read_earned(self, plan):
        """``{rep's id: {(month, line): amount}}``."""
        found = defaultdict(dict)
        for rep, period, line, amount in self.env.execute_query(
            SQL(
                """SELECT rep_id, period_from, res_id, sum(amount)
                FROM sales_commission_entry
                WHERE rule_id = %s AND subject IN ('earning', 'override')
                GROUP BY 1, 2, 3""",
                plan.rule_ids.id,
            )
        ):
            found[rep][period.month, line] = Fraction(str(amount))
        return found

    def _assert_settled(self, bills, losses, rule, plan, what, earned=None):
        found = defaultdict(dict)
        for rep, subject, amount in self.env.execute_query(
            SQL(
                """SELECT rep_id, subject, sum(amount) FROM sales_commission_entry
                WHERE rule_id = %s AND subject <> 'dispute'
                GROUP BY 1, 2 HAVING sum(amount) <> 0""",
                plan.rule_ids.id,
            )
        ):
            found[rep][subject] = Fraction(str(amount))
        last = max(
            self.statements.search([("plan_id", "=", plan.id)]).mapped("date_to")
        )
        books = Books(bills, rule, last, losses)
        for name in PEOPLE:
            due = {
                subject: amount
                for subject, amount in books.settle(
                    name, earned and earned[self.reps[name].id]
                ).items()
                if amount and not (subject == "release" and not rule["hold_percent"])
            }
            self.assertEqual(
                found[self.reps[name].id],
                due,
                f"{what}: {name} by {rule} of {bills}, {losses}",
            )

    def _make_bills(self, chance):
        invoices = [
            self._random_bill(chance, move, None) for move in self.moves[:BILLS]
        ]
        return invoices + [
            self._random_bill(chance, move, invoices) for move in self.moves[BILLS:]
        ]

    def test_once(self):
        for seed in range(HISTORIES):
            chance = random.Random(seed)
            rule = random_rule(chance)
            plan = self._make_plan(rule, seed)
            bills, losses = self._make_bills(chance), self._lose(chance)
            self._write(bills)
            months = list(MONTHS)
            chance.shuffle(months)
            for month in months:
                self._settle(plan, month)
            self._assert_settled(bills, losses, rule, plan, seed)

    def _settle(self, plan, month):
        self.statements._settle(plan, *plan._get_bounds(date(2031, month, 1)))

    def test_over_time(self):
        """Cash and customers come and go, and invoices change, while statements are
        closed: the sum over time is what is paid if everything is known at once, and
        what is closed stays."""
        for seed in range(HISTORIES):
            chance = random.Random(1000 + seed)
            rule = random_rule(chance)
            plan = self._make_plan(rule, f"over time {seed}")
            bills = self._make_bills(chance)
            kept = {}
            for _step in range(8):
                for bill in chance.sample(bills, 2):
                    self._random_cash(chance, bill)
                self._write(bills)
                losses = self._lose(chance)
                self._settle(plan, chance.choice(MONTHS))
                statements = self.statements.search(
                    [("plan_id", "=", plan.id), ("state", "=", "open")],
                    order="date_from",
                )
                for statement in statements[: chance.randint(0, 3)]:
                    self._close(statement, chance.choice(("submitted", "paid")))
                    kept[statement] = self._read(statement)
                bill = chance.choice(bills[:BILLS])
                bill["value"] = Decimal(chance.randint(1, 90_000)) / 100
                bill["who"] = chance.choice(PEOPLE)
                self._random_cash(chance, bill)
            self._write(bills)
            self.statements._settle_periods(
                {
                    (plan, *plan._get_bounds(date(2031, month, 1))): None
                    for month in chance.sample(MONTHS, len(MONTHS))
                }
            )
            earned = self._read_earned(plan)
            self._assert_settled(bills, losses, rule, plan, seed, earned)
            for statement, entries in kept.items():
                self.assertEqual(self._read(statement), entries)
            for statement in self.statements.search([("plan_id", "=", plan.id)]):
                self.assertAlmostEqual(
                    statement.amount, sum(statement.entry_ids.mapped("amount")), 2
                )

    def _read(self, statement):
        return self.env.execute_query(
            SQL(
                "SELECT * FROM sales_commission_entry WHERE statement_id = %s "
                "ORDER BY id",
                statement.id,
            )
        )
