"""Runs against plain Python: random plans over random histories."""

import os
import random
from base64 import b64encode
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from unittest.mock import patch

from odoo.fields import Command
from odoo.tools import SQL

from ..commission import credited
from .commission_common import CommissionCase
from .test_schedule import by_hand

MONTHS = (1, 2, 3)
PEOPLE = ("rep", "leader", "manager", "director", "peer", "peer_leader", "peer_manager")
ABOVE = {
    "rep": "leader",
    "leader": "manager",
    "manager": "director",
    "peer": "peer_leader",
    "peer_leader": "peer_manager",
    "peer_manager": "director",
}
METRICS = ("INVOICED", "COLLECTED_NET", "ORDERS")
# What random conditions and tables of factors are about: of lines, and of customers.
DISCOUNTS = (0, 5, 10, 20, 35)
BOUNDS = (0, 5, 10, 15, 30, 50)
CONTRACT = (date(2031, 1, 15), date(2031, 2, 10))
# Of histories that are closed month by month; of plans that are settled once.
HISTORIES = int(os.environ.get("SALES_HISTORIES", 25))


def cents(amount):
    """Half away from zero, of a Fraction."""
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return Fraction(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


def looked_up(rows, figure, below):
    """The value of the last row that a figure reaches."""
    reached = [value for start, value in sorted(rows) if start <= figure]
    return Fraction((reached or [below])[-1])


class Oracle:
    """What a rule pays, from a list of credits and the confirmed scores."""

    def __init__(self, credits, scores):
        self.credits, self.scores = credits, scores

    def _first(self, customer):
        """The first month's first day on which something was invoiced."""
        days = [
            credit["day"]
            for credit in self.credits
            if (credit["customer"], credit["metric"]) == (customer, "INVOICED")
        ]
        return min(days, default=None)

    def _weight(self, rule, credit):
        """By how much a credit counts; 0: it is filtered out."""
        first = self._first(credit["customer"]) or credit["day"]
        month = first.month + rule["new_months"]
        last = date(2031 + (month - 1) // 12, (month - 1) % 12 + 1, first.day)
        is_new = credit["day"] < last
        if rule["customer_age"] not in ("any", "new" if is_new else "existing"):
            return 0
        first, last = CONTRACT
        under = credit["customer"] == 0 and first <= credit["day"] <= last
        if rule["contract"] not in ("any", "with" if under else "without"):
            return 0
        for name in ("discount", "margin"):
            bound = rule[f"{name}_bound"]
            start, below = rule[f"{name}_from"], rule[f"{name}_below"]
            if bound in ("from", "between") and credit[name] < start:
                return 0
            if bound in ("below", "between") and credit[name] >= below:
                return 0
        if rule["decelerator"] == "none":
            return 1
        rows = rule["line_factors"]
        below = 1 if rule["decelerator"] == "discount" else min(rows)[1]
        return looked_up(rows, credit[rule["decelerator"]], below)

    def _factor(self, rule, who, month):
        score = self.scores.get((who, month))
        if rule["multiplier"] == "none" or score is None:
            return 1
        rows = rule["card_factors"]
        return looked_up(rows, score, min(rows)[1])

    def _levels(self, who):
        """``{person: how far below}``."""
        found, below = {who: 0}, [who]
        while below:
            boss = below.pop()
            for person, above in ABOVE.items():
                if above == boss:
                    found[person] = found[boss] + 1
                    below.append(person)
        return found

    def counted(self, rule, who, month):
        levels = self._levels(who)
        total = Fraction(0)
        for credit in self.credits:
            if (credit["metric"], credit["day"].month) != (rule["metric"], month):
                continue
            level = levels.get(credit["who"])
            if rule["credited"] == "override":
                counts = (
                    level is not None
                    and rule["level_from"] <= level <= rule["level_to"]
                    and not credit["overlay"]
                )
            else:
                counts = level == 0 and (
                    rule["credited"] == "both"
                    or credit["overlay"] == (rule["credited"] == "overlay")
                )
            if counts:
                total += Fraction(credit["value"]) * self._weight(rule, credit)
        return total

    def paid(self, rule, who, month):
        total = self.counted(rule, who, month)
        if rule["kind"] == "bonus":
            reached = [Fraction(x) for start, x in rule["tiers"] if start <= total]
            paid = (sum(reached) if rule["each"] else max(reached, default=0)) or 0
            by_start = sorted(rule["tiers"])
            if not rule["each"]:
                last = [x for start, x in by_start if start <= total]
                paid = Fraction(last[-1]) if last else Fraction(0)
            paid = cents(Fraction(paid) * self._factor(rule, who, month))
        else:
            times = 1 if rule["rate_unit"] == "percent" else 100
            tiers = [(start, times * rate) for start, rate in rule["tiers"]]
            mode = rule["mode"]
            if rule["table"] == "none":
                mode, tiers = "whole", [(Decimal(0), times * rule["rate"])]
            factor = self._factor(rule, who, month)
            paid = cents(by_hand(mode, tiers, total) * factor)
        paid = min(paid, Fraction(rule["cap"])) if rule["cap"] else paid
        return max(paid, Fraction(rule["floor"])) if rule["floor"] else paid


def random_factors(chance, starts):
    return [
        (start, Decimal(chance.randint(0, 20_000)) / 10_000)
        for start in chance.sample(starts, chance.randint(1, 3))
    ]


def random_modifiers(chance):
    """What most rules do not use."""

    def rarely(*values, default):
        return chance.choice(values) if chance.random() < 0.3 else default

    found = {
        "customer_age": rarely("new", "existing", default="any"),
        "new_months": chance.randint(1, 2),
        "contract": rarely("with", "without", default="any"),
        "decelerator": rarely("discount", "margin", default="none"),
        "multiplier": rarely("score", default="none"),
        "floor": rarely(Decimal(20), Decimal(40), default=Decimal(0)),
        "line_factors": random_factors(chance, BOUNDS),
        "card_factors": random_factors(chance, (0, 40, 60, 80, 100)),
    }
    for name in ("discount", "margin"):
        start, below = sorted(chance.sample(BOUNDS, 2))
        found |= {
            f"{name}_bound": rarely("from", "below", "between", default="any"),
            f"{name}_from": start,
            f"{name}_below": below,
        }
    return found


def random_rule(chance):
    metric = chance.choice(METRICS)
    kind = chance.choice(("rate", "rate", "rate", "bonus"))
    table = "amount" if kind == "bonus" else chance.choice(("none", "amount", "amount"))
    starts = chance.sample(range(0, 3000, 50), chance.randint(1, 4))
    if chance.random() < 0.5:
        starts[0] = 0
    value = "amount" if kind == "bonus" else "rate"
    tiers = [
        (Decimal(start), Decimal(chance.randint(0, 200_000)) / 10_000)
        for start in sorted(set(starts))
    ]
    if kind == "bonus":
        tiers = [
            (start, Decimal(chance.randint(0, 90_000)) / 100) for start, _x in tiers
        ]
    level = chance.randint(1, 3)
    modifiers = random_modifiers(chance)
    if metric == "ORDERS":
        # Nothing of the kind is known of orders as a whole.
        bounds = {f"{name}_bound": "any" for name in ("discount", "margin")}
        modifiers |= {**bounds, "decelerator": "none"}
    return {
        "metric": metric,
        "kind": kind,
        "credited": chance.choice(("own", "own", "overlay", "both", "override")),
        "level_from": chance.randint(1, level),
        "level_to": level,
        "rate_unit": "amount"
        if metric == "ORDERS"
        else chance.choice(("percent", "percent", "amount")),
        "table": table,
        "mode": chance.choice(("whole", "progressive", "interpolated")),
        "each": chance.random() < 0.5,
        "rate": Decimal(chance.randint(0, 150_000)) / 10_000,
        "cap": Decimal(chance.choice((0, 0, 0, 50, 300))),
        "tiers": tiers,
        "value": value,
        **modifiers,
    }


class TestOracle(CommissionCase):
    histories = HISTORIES

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.standard_price = 70
        cls.lines = cls._sold()
        cls.customers = cls.env["res.partner"].create(
            [{"name": f"Customer {n}", "is_company": True} for n in range(4)]
        )
        contract = cls.env["sales.contract"].create(
            {
                "partner_id": cls.customers[0].id,
                "company_id": cls.company.id,
                "date_start": CONTRACT[0],
                "date_end": CONTRACT[1],
                "signed_document": b64encode(b"scan"),
            }
        )
        contract.action_start()
        for month in MONTHS:
            cls.env["sales.scorecard"]._open_period(
                cls.company, "month", date(2031, month, 1)
            )
        cls.cards = cls.env["sales.scorecard"].search(
            [("period_from", ">=", "2031-01-01"), ("rep_id", "!=", False)]
        )

    @classmethod
    def _sold(cls):
        """Lines that random credits come from: ``[(id, discount, margin)]``."""
        invoice = cls._invoice(cls.users["rep"], invoice_date="2030-12-01")
        invoice.invoice_line_ids = [
            Command.create(
                {
                    "product_id": cls.product.id,
                    "price_unit": 100,
                    "discount": discount,
                    "tax_ids": False,
                }
            )
            for discount in DISCOUNTS[1:]
        ]
        invoice.action_post()
        cls.env["sales.credit"]._process_pending()
        return [
            (one.id, int(one.discount), 100 - Fraction(7000, 100 - int(one.discount)))
            for one in invoice.invoice_line_ids
        ]

    def setUp(self):
        super().setUp()
        self.env["sales.credit"]._process_pending()
        self.credits = []
        self.scores = {}
        self.number = 900_000_000

    def _judge_again(self, chance):
        """Cards are confirmed, at any time, with any score."""
        card = chance.choice(self.cards)
        score = Decimal(chance.randint(0, 12_000)) / 100
        card.sudo().write(
            {"state": "confirmed", "has_score": True, "score": float(score)}
        )
        [who] = [name for name, rep in self.reps.items() if rep == card.rep_id]
        self.scores[who, card.date_from.month] = score

    def _make_plan(self, rules, number):
        return self._plan(
            *(
                {
                    **{
                        key: float(value) if isinstance(value, Decimal) else value
                        for key, value in rule.items()
                        if key not in ("tiers", "value", "line_factors", "card_factors")
                    },
                    "line_factor_ids": self._factors(rule["line_factors"]),
                    "card_factor_ids": self._factors(rule["card_factors"]),
                    "tier_ids": self._tiers(
                        *((float(start), float(x)) for start, x in rule["tiers"]),
                        value=rule["value"],
                    ),
                }
                for rule in rules
            ),
            name=f"Plan {number}",
        )

    @staticmethod
    def _factors(rows):
        return [
            Command.create({"start": start, "factor": float(factor)})
            for start, factor in rows
        ]

    def _random_credit(self, chance, months=MONTHS):
        metric = chance.choice(METRICS)
        value = Decimal(chance.randint(-20_000, 90_000)) / 100
        if metric == "ORDERS":
            value = Decimal(chance.randint(-1, 4))
        return {
            "who": chance.choice(PEOPLE),
            "metric": metric,
            "day": date(2031, chance.choice(months), chance.randint(1, 28)),
            "value": value,
            "overlay": chance.random() < 0.2,
            "customer": chance.randrange(4),
            **dict(
                zip(
                    ("line", "discount", "margin"),
                    chance.choice(self.lines),
                    strict=True,
                )
            ),
        }

    def _add(self, credits):
        """Into the ledger, as if documents were behind them."""
        metrics = {code: self._metric(code).id for code in METRICS}
        for credit in credits:
            self.number += 1
            credit["id"] = self.number
            self.credits.append(credit)
        if credits:
            self.env.cr.execute(
                SQL(
                    """INSERT INTO sales_credit (metric_id, date, rep_id, user_id,
                    company_id, value, share, overlay, res_model, res_id, part, source,
                    scope_id, partner_id) VALUES %s""",
                    SQL(", ").join(
                        SQL(
                            "(%s, %s, %s, %s, %s, %s, 100, %s, %s, %s, %s, %s, %s, %s)",
                            metrics[one["metric"]],
                            one["day"],
                            self.reps[one["who"]].id,
                            self.users[one["who"]].id,
                            self.company.id,
                            one["value"],
                            one["overlay"],
                            "account.partial.reconcile",
                            one["id"],
                            one["line"],
                            "cash",
                            one["id"],
                            self.customers[one["customer"]].id,
                        )
                        for one in credits
                    ),
                )
            )

    def _remove(self, *credits):
        ids = [credit["id"] for credit in credits]
        self.credits = [one for one in self.credits if one["id"] not in ids]
        self.env.cr.execute(SQL("DELETE FROM sales_credit WHERE res_id = ANY(%s)", ids))

    def _change(self, credit, value):
        credit["value"] = value
        self.env.cr.execute(
            SQL(
                "UPDATE sales_credit SET value = %s WHERE res_id = %s",
                value,
                credit["id"],
            )
        )

    def _assert_paid(self, rules, plan, what):
        """To the cent what the whole history pays, per rep and rule, at once; what is
        decided on disputes is beside it."""
        oracle = Oracle(self.credits, self.scores)
        found = defaultdict(Fraction)
        for rep, rule, amount in self.env.execute_query(
            SQL(
                """SELECT rep_id, rule_id, sum(amount) FROM sales_commission_entry
                WHERE rule_id = ANY(%s) AND subject <> 'dispute' GROUP BY 1, 2""",
                plan.rule_ids.ids,
            )
        ):
            found[rep, rule] = Fraction(str(amount))
        for record, rule in zip(plan.rule_ids, rules, strict=True):
            for name in PEOPLE:
                due = sum(oracle.paid(rule, name, month) for month in MONTHS)
                self.assertEqual(
                    found[self.reps[name].id, record.id],
                    due,
                    f"{what}: {name} by {rule} of {self.credits}",
                )

    def _test_histories(self, history, first=0):
        """Histories that leave nothing behind for those after them."""
        for seed in range(self.histories):
            with self.env.cr.savepoint() as savepoint:
                history(seed, random.Random(first + seed))
                savepoint.rollback()
            self.credits, self.scores = [], {}

    def test_once(self):
        """Settled in one go, on three months."""

        def history(seed, chance):
            rules = [random_rule(chance) for _n in range(4)]
            plan = self._make_plan(rules, seed)
            self._add([self._random_credit(chance) for _n in range(60)])
            for _n in range(10):
                self._judge_again(chance)
            self._settle_months(plan)
            self._assert_paid(rules, plan, seed)

        self._test_histories(history)

    def test_over_time(self):
        """Closed month by month while documents change: the sum over time is what
        would be paid if everything had been known at once, and what is closed stays."""

        def history(seed, chance):
            rules = [random_rule(chance) for _n in range(3)]
            plan = self._make_plan(rules, f"over time {seed}")
            self._add([self._random_credit(chance) for _n in range(30)])
            kept = {}
            for _step in range(12):
                self._happen(chance, plan, kept)
            self._settle_months(plan)
            self._assert_paid(rules, plan, seed)
            for statement, entries in kept.items():
                self.assertEqual(self._read(statement), entries)
            for statement in self.statements.search([("plan_id", "=", plan.id)]):
                self.assertAlmostEqual(
                    statement.amount, sum(statement.entry_ids.mapped("amount")), 2
                )

        self._test_histories(history, 1000)

    def test_late(self):
        """What comes after everything is closed is computed on top of it, and pays to
        the cent what computing everything anew pays: of whom all stands nothing that is
        closed is touched, of everybody else the lines are the same."""
        alone = []
        nobody = SQL("SELECT 0 AS rep_id, 0 AS total, FALSE AS mixed WHERE FALSE")

        def history(seed, chance):
            rules = [random_rule(chance) for _n in range(3)]
            plan = self._make_plan(rules, f"late {seed}")
            self._add([self._random_credit(chance) for _n in range(30)])
            self._settle_months(plan)
            self._close(self.statements.search([("plan_id", "=", plan.id)]))
            self._add([self._random_credit(chance) for _n in range(3)])
            self._settle_months(plan)
            self._assert_paid(rules, plan, seed)
            found = self._read_open(plan)
            self._delete_open(plan)
            with patch.object(credited, "_standing", lambda *_by, **_parts: nobody):
                self._settle_months(plan)
            self._assert_paid(rules, plan, f"{seed} anew")
            anew = self._read_open(plan)
            for key in found.keys() | anew.keys():
                corrected = [row for row in found[key] if row["corrects_id"]]
                if corrected or found[key] == anew[key]:
                    self.assertEqual(found[key], anew[key], f"{seed}: {key}")
                else:
                    self.assertTrue([row for row in anew[key] if row["corrects_id"]])
                alone.extend([key] * (not corrected))

        self._test_histories(history, 2000)
        self.assertTrue(alone)

    def _settle_months(self, plan):
        for month in MONTHS:
            self.statements._settle(plan, *plan._get_bounds(date(2031, month, 1)))

    def _read_open(self, plan):
        """What open statements hold of closed periods, by rep, rule and period."""
        found = defaultdict(list)
        for row in self.env.execute_query_dict(
            SQL(
                """SELECT e.rep_id, e.rule_id, e.period_from, e.subject, e.res_id,
                    e.part, e.level, e.overlay, e.base, e.position, e.amount,
                    e.corrects_id
                FROM sales_commission_entry e
                JOIN sales_commission_statement s ON s.id = e.statement_id
                WHERE s.plan_id = %s AND s.state = 'open'
                ORDER BY e.res_id, e.part, e.level, e.overlay, e.subject""",
                plan.id,
            )
        ):
            key = row["rep_id"], row["rule_id"], row["period_from"], row["subject"]
            found[key].append(row)
        return found

    def _delete_open(self, plan):
        self.env.cr.execute(
            SQL(
                """DELETE FROM sales_commission_entry e
                USING sales_commission_statement s
                WHERE s.id = e.statement_id AND s.plan_id = %s AND s.state = 'open'""",
                plan.id,
            )
        )

    def _read(self, statement):
        return self.env.execute_query(
            SQL(
                """SELECT * FROM sales_commission_entry WHERE statement_id = %s
                ORDER BY id""",
                statement.id,
            )
        )

    def _happen(self, chance, plan, kept):
        """Something changes, somebody runs, somebody closes."""
        if chance.random() < 0.3:
            self._judge_again(chance)
        for _change in range(chance.randint(0, 3)):
            what = chance.choice(("add", "remove", "change"))
            if what == "add" or not self.credits:
                self._add([self._random_credit(chance)])
            elif what == "remove":
                self._remove(chance.choice(self.credits))
            else:
                credit = chance.choice(self.credits)
                self._change(credit, self._random_credit(chance)["value"])
        month = chance.choice(MONTHS)
        reps = self.env["sales.rep"].concat(
            *(self.reps[name] for name in chance.sample(PEOPLE, 4))
        )
        self.statements._settle(plan, *plan._get_bounds(date(2031, month, 1)), reps)
        statements = self.statements.search(
            [("plan_id", "=", plan.id), ("state", "=", "open")], order="date_from"
        )
        for statement in statements[: chance.randint(0, 3)]:
            self._close(statement, chance.choice(("submitted", "approved", "paid")))
            kept[statement] = self._read(statement)
