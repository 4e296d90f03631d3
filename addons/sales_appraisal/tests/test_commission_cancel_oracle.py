"""Orders that are cancelled, become less or more, come back and pass to others, against
plain Python, while statements are closed."""

import os
import random
from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

from odoo.tools import SQL

from .test_commission_oracle import MONTHS, cents
from .test_commission_sandbox import SandboxCase

HISTORIES = int(os.environ.get("SALES_HISTORIES", 12))
PEOPLE = ("rep", "peer", "leader")
FIRST = 930_000_000


def random_rule(chance):
    return {
        "mode": chance.choice(("whole", "progressive")),
        "step": chance.choice((200, 500, 1500)),
        "low": Fraction(chance.randint(0, 1500), 100),
        "high": Fraction(chance.randint(0, 3000), 100),
        "cap": chance.choice((0, 0, 40, 150)),
        "cancelled": chance.choice(("base", "paid", "paid", "kept", "kept")),
    }


def pays(rule, total, everything):
    """What is paid of a running total."""
    if rule["mode"] == "whole":
        paid = total * (rule["low"] if everything < rule["step"] else rule["high"])
    else:
        paid = min(total, rule["step"]) * rule["low"]
        paid += max(total - rule["step"], 0) * rule["high"]
    paid = cents(paid / 100)
    return min(paid, Fraction(rule["cap"])) if rule["cap"] else paid


def paid(rule, orders, was, who, month):
    """What a rep has of a month's orders.

    :param orders: ``{number: order}`` as they are now
    :param dict was: what closed statements have counted of the rep's month
    """
    counted = []
    for number in {*orders, *was}:
        order = orders.get(number)
        mine = order and (order["who"], order["day"].month) == (who, month)
        now = Fraction(order["value"]) if mine else Fraction(0)
        before = was.get(number, 0)
        gone_or_less = before > 0 and now < before and (mine or not order)
        if rule["cancelled"] != "base" and gone_or_less:
            counted.append((number, before, now))
        elif mine:
            counted.append((number, now, now))
    everything = sum(value for _number, value, _now in counted)
    total = found = Fraction(0)
    for _number, value, now in sorted(
        counted, key=lambda one: (one[0] not in was, DAYS[one[0]], one[0])
    ):
        amount = pays(rule, total + value, everything) - pays(rule, total, everything)
        total += value
        if now != value and rule["cancelled"] == "paid":
            amount = cents(amount * now / value)
        found += amount
    return found


# By number, whatever becomes of an order.
DAYS = {}


class TestCancelOracle(SandboxCase):
    def setUp(self):
        super().setUp()
        self.env["sales.credit"]._process_pending()
        self.orders, self.number = {}, FIRST
        self.metric = self._metric("ORDERED").id

    def _make_plan(self, rule, name):
        tiers = [(0, float(rule["low"])), (rule["step"], float(rule["high"]))]
        return self._plan(
            {
                "metric": "ORDERED",
                "table": "amount",
                "tier_ids": self._tiers(*tiers),
                **{key: rule[key] for key in ("mode", "cap", "cancelled")},
            },
            name=name,
        )

    def _change(self, chance):
        what = chance.choice(("add", "add", "remove", "back", "value", "value", "pass"))
        if what == "back" and self.removed:
            number, order = self.removed.popitem()
            self.orders[number] = order
        elif what == "add" or not self.orders:
            self.number += 1
            day = date(2031, chance.choice(MONTHS), chance.randint(1, 28))
            DAYS[self.number] = day
            self.orders[self.number] = {
                "who": chance.choice(PEOPLE),
                "day": day,
                "value": self._random_value(chance),
            }
        else:
            number = chance.choice(sorted(self.orders))
            if what == "remove":
                self.removed[number] = self.orders.pop(number)
            elif what == "pass":
                self.orders[number]["who"] = chance.choice(PEOPLE)
            else:
                self.orders[number]["value"] = self._random_value(chance)

    @staticmethod
    def _random_value(chance):
        return Decimal(chance.randint(-9_000, 90_000) or 1) / 100

    def _write(self):
        self.env.cr.execute(SQL("DELETE FROM sales_credit WHERE scope_id > %s", FIRST))
        if not self.orders:
            return
        self.env.cr.execute(
            SQL(
                """INSERT INTO sales_credit (metric_id, date, rep_id, user_id,
                company_id, value, share, overlay, res_model, res_id, part, source,
                scope_id) VALUES %s""",
                SQL(", ").join(
                    SQL(
                        """(%s, %s, %s, %s, %s, %s, 100, FALSE, 'sale.order.line', %s,
                        0, 'order', %s)""",
                        self.metric,
                        order["day"],
                        self.reps[order["who"]].id,
                        self.users[order["who"]].id,
                        self.company.id,
                        order["value"],
                        number,
                        number,
                    )
                    for number, order in self.orders.items()
                ),
            )
        )

    def _read_closed(self, plan):
        """What closed statements have counted: ``{(rep, month): {number: value}}``."""
        was = defaultdict(dict)
        for rep, period, number, value in self.env.execute_query(
            SQL(
                """SELECT e.rep_id, e.period_from, e.res_id, sum(e.base)
                FROM sales_commission_entry e
                JOIN sales_commission_statement s ON s.id = e.statement_id
                WHERE e.rule_id = %s AND s.state <> 'open' GROUP BY 1, 2, 3""",
                plan.rule_ids.id,
            )
        ):
            was[rep, period.month][number] = Fraction(str(value))
        return was

    def _settle(self, plan, month):
        self.statements._settle(plan, *plan._get_bounds(date(2031, month, 1)))

    def _read(self, statements):
        return self.env.execute_query(
            SQL(
                "SELECT * FROM sales_commission_entry WHERE statement_id = ANY(%s) "
                "ORDER BY id",
                statements.ids,
            )
        )

    def test_over_time(self):
        """To the cent what the rule says of orders as they are and as they were; what
        is closed stays, and running again changes nothing."""
        for seed in range(HISTORIES):
            chance = random.Random(2000 + seed)
            rule = random_rule(chance)
            plan = self._make_plan(rule, f"Cancelled {seed}")
            self.orders, self.removed, kept = {}, {}, {}
            for _step in range(10):
                for _change in range(chance.randint(2, 6)):
                    self._change(chance)
                self._write()
                for month in chance.sample(MONTHS, 2):
                    self._settle(plan, month)
                statements = self.statements.search(
                    [("plan_id", "=", plan.id), ("state", "=", "open")],
                    order="date_from",
                )
                for statement in statements[: chance.randint(0, 4)]:
                    self._close(statement, chance.choice(("submitted", "paid")))
                    kept[statement] = self._read(statement)
            for month in MONTHS:
                self._settle(plan, month)
            self._assert_paid(rule, plan, seed)
            self._assert_compared(plan, seed)
            for statement, entries in kept.items():
                self.assertEqual(self._read(statement), entries)
            mine = self.statements.search([("plan_id", "=", plan.id)])
            entries = self._read(mine)
            for month in MONTHS:
                self._settle(plan, month)
            self.assertEqual(self._read(mine), entries)

    def _assert_compared(self, plan, what):
        """A draft of the same rules, next version or not, pays everybody the same."""
        action = plan.action_new_version()
        later = self.env["sales.commission.plan"].browse(action["res_id"])
        for draft in later, plan.copy():
            for left in self._version(plan), self._booked(plan):
                data = self._compare(left, self._version(draft))
                people = self._people(data)
                self.assertEqual(
                    {who: row for who, row in people.items() if row[2]},
                    {},
                    f"{what}: {plan.rule_ids.summary}, {left}",
                )
        # The next history has nothing of this one.
        plan.sudo().state = "draft"

    def _assert_paid(self, rule, plan, what):
        found = defaultdict(Fraction)
        for rep, period, amount in self.env.execute_query(
            SQL(
                """SELECT rep_id, period_from, sum(amount) FROM sales_commission_entry
                WHERE rule_id = %s GROUP BY 1, 2""",
                plan.rule_ids.id,
            )
        ):
            found[rep, period.month] = Fraction(str(amount))
        closed = self._read_closed(plan)
        for who in PEOPLE:
            for month in MONTHS:
                key = self.reps[who].id, month
                self.assertEqual(
                    found[key],
                    paid(rule, self.orders, closed[key], who, month),
                    f"{what}: {who} in {month} by {rule} of {self.orders}",
                )
