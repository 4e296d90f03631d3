"""Guarantees, draws and forgiveness against plain Python: random histories."""

import os
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from odoo.fields import Command
from odoo.tools import SQL

from ..commission.owed import ADVANCES
from . import test_commission_oracle as base
from .test_commission_oracle import MONTHS, PEOPLE, Oracle, cents

HISTORIES = int(os.environ.get("SALES_HISTORIES", 5))
LEAVERS = ("rep", "peer")
VERSION = 3  # the month in which the next version begins


class Owing:
    """What becomes of the months of a rep, day by day and month by month."""

    def __init__(self, facts, who):
        self.facts, self.who = facts, who
        self.hired, self.left = facts.hired[who], facts.left.get(who)

    def _promised(self, kind, month, terms):
        first = date(2031, month, 1)
        last = first + relativedelta(months=1, days=-1)
        total, day = Fraction(0), first
        while day <= last:
            if not self.left or day <= self.left:
                total += Fraction(self._amount(kind, day, terms))
            day += timedelta(days=1)
        return cents(total / last.day)

    def _amount(self, kind, day, terms):
        for one in self.facts.agreements:
            if (one["who"], one["kind"]) == (self.who, kind):
                if one["from"] <= day <= one["to"]:
                    return one["amount"]
        amount = 0
        for month, value in sorted(terms[kind]):
            if self.hired + relativedelta(months=month - 1) <= day:
                amount = value
        return amount

    def settle(self, earned):
        """``{(month, subject): amount}``; of forgiveness what is forgiven.

        :param dict earned: ``{month: Fraction}``
        """
        found, balance = defaultdict(Fraction), Fraction(0)
        for month in sorted(earned):
            terms = self.facts.get_terms(month)
            last = date(2031, month, 1) + relativedelta(months=1, days=-1)
            gone = self.left and self.left <= last
            minimum = self._promised("guarantee", month, terms)
            draw = self._promised("draw", month, terms)
            percent = terms["percent"]
            if gone and terms["leaver"] == "taken":
                draw, percent = Fraction(0), 100
            there = max(earned[month], Fraction(0))
            found[month, "guarantee"] = max(minimum - there, 0)
            with_minimum = there + found[month, "guarantee"]
            found[month, "draw"] = max(draw - with_minimum, 0)
            balance += found[month, "draw"]
            for one in self.facts.forgiven:
                if (one["who"], one["month"]) == (self.who, month):
                    amount = min(Fraction(one["amount"]), balance)
                    found[month, "forgiveness"] += amount
                    balance -= amount
            above = max(there - max(minimum, draw), 0)
            back = min(cents(above * Fraction(percent) / 100), balance)
            found[month, "recovery"] = -back
            balance -= back
            if gone and terms["leaver"] == "forgiven":
                if self.left + relativedelta(months=terms["months"]) <= last:
                    found[month, "forgiveness"] += balance
                    balance = Fraction(0)
        return {key: amount for key, amount in found.items() if amount}


class Facts:
    """What was agreed and happened besides credits."""

    def __init__(self, chance):
        self.chance = chance
        self.hired, self.left = {}, {}
        self.agreements, self.forgiven = [], []
        self.terms = [self._random_terms(), self._random_terms()]
        self.published = False

    def _random_terms(self):
        chance = self.chance

        def steps():
            months = chance.sample(range(1, 7), chance.randint(0, 3))
            return [(month, self.random_amount()) for month in months]

        return {
            "guarantee": steps(),
            "draw": steps(),
            "percent": Decimal(chance.choice((100, 100, 50, "33.33"))),
            "leaver": chance.choice(("owed", "taken", "forgiven")),
            "months": chance.choice((0, 1)),
        }

    def random_amount(self):
        return Decimal(self.chance.randint(0, 60_000)) / 100

    def get_terms(self, month):
        return self.terms[self.published and month >= VERSION]


class TestDrawOracle(base.TestOracle):
    # What is inherited is tested where it is.
    test_once = None
    test_over_time = None
    test_late = None

    def setUp(self):
        super().setUp()
        self.now = date(2031, 3, 31)
        self.seen = set()
        today = patch.object(
            type(self.company), "_get_sales_today", lambda company: self.now
        )
        today.start()
        self.addCleanup(today.stop)

    def _prepare_terms(self, terms):
        """The rules of a guarantee and a draw, as values."""
        return [
            {
                "name": kind,
                "kind": kind,
                "recovery_percent": float(terms["percent"]),
                "leaver_owed": terms["leaver"],
                "leaver_owed_months": terms["months"],
                "tier_ids": self._tiers(
                    *((month, float(amount)) for month, amount in terms[kind]),
                    value="amount",
                ),
            }
            for kind in ("guarantee", "draw")
        ]

    def _start(self, chance, seed):
        """A plan of some rates, a guarantee and a draw; reps hired at any time."""
        self.facts = facts = Facts(chance)
        rules = [
            {
                **base.random_rule(chance),
                **{"credited": chance.choice(("own", "both")), "multiplier": "none"},
                # It is paid in proportion to days, too: tested where it is.
                "floor": Decimal(0),
            }
            for _n in range(2)
        ]
        self.rates = rules
        plan = self._make_plan(rules, f"draws {seed}")
        plan.sudo().state = "draft"
        plan.leaver_days = 3660
        plan.rule_ids = [
            Command.create(values) for values in self._prepare_terms(facts.terms[0])
        ]
        plan.action_publish()
        for name in PEOPLE:
            facts.hired[name] = date(2031, 1, 1) - timedelta(chance.randint(0, 150))
            self._come_back(name)
            self.reps[name].date_start = facts.hired[name]
        action = plan.action_new_version()
        later = self.env["sales.commission.plan"].browse(action["res_id"])
        later.date_from = date(2031, VERSION, 1)
        later.rule_ids._get_advances().unlink()
        later.rule_ids = [
            Command.create(values) for values in self._prepare_terms(facts.terms[1])
        ]
        self.versions = plan | later
        for credit in list(self.credits):
            self._remove(credit)
        self._add([self._random_credit(chance) for _n in range(30)])
        return plan

    def _settle(self, month, reps=None):
        self._settle_at_once([month], reps)

    def _settle_at_once(self, months, reps=None):
        days = [date(2031, month, 1) for month in months]
        self.statements._settle_periods(
            {
                (plan, *plan._get_bounds(day)): reps
                for day in days
                for plan in self.versions
                if plan.state != "draft" and plan._pays(day)
            }
        )

    # What happens

    def _publish(self):
        closed = self.statements.search_count(
            [
                ("plan_id", "in", self.versions.ids),
                ("date_from", ">=", date(2031, VERSION, 1)),
                ("state", "!=", "open"),
            ]
        )
        if not closed and not self.facts.published:
            self.versions[1].action_publish()
            self.facts.published = True

    def _agree(self, chance):
        who, kind = chance.choice(PEOPLE), chance.choice(("guarantee", "draw"))
        first = date(2031, chance.choice(MONTHS), chance.randint(1, 28))
        last = first + timedelta(chance.randint(0, 50))
        for one in self.facts.agreements:
            if (one["who"], one["kind"]) == (who, kind):
                if one["from"] <= last and first <= one["to"]:
                    one["amount"] = self.facts.random_amount()
                    one["record"].amount = float(one["amount"])
                    return
        amount = self.facts.random_amount()
        record = self.env["sales.commission.draw"].create(
            {
                "rep_id": self.reps[who].id,
                "plan_id": self.versions[chance.randint(0, self.facts.published)].id,
                "kind": kind,
                "amount": float(amount),
                "date_from": first,
                "date_to": last,
            }
        )
        self.facts.agreements.append(
            {
                **{"who": who, "kind": kind, "from": first, "to": last},
                **{"amount": amount, "record": record},
            }
        )

    def _forgive(self, chance):
        who, month = chance.choice(PEOPLE), chance.choice(MONTHS)
        rep, plan = self.reps[who], self.versions[0]
        owed = plan._read_owed(rep.ids).get(rep.id, 0)
        if owed <= 0:
            return
        self.now = date(2031, month, 28)
        amount = Decimal(chance.randint(1, int(owed * 100))) / 100
        record = self.env["sales.commission.forgiveness"].create(
            {
                "rep_id": rep.id,
                "plan_id": plan.id,
                "amount": float(amount),
                "reason": "Why not",
            }
        )
        self.now = date(2031, 3, 31)
        self.facts.forgiven.append(
            {"who": who, "month": month, "amount": amount, "record": record}
        )

    def _revoke(self, chance):
        if self.facts.forgiven:
            one = chance.choice(self.facts.forgiven)
            self.facts.forgiven.remove(one)
            # As finance does, whose right is checked elsewhere.
            one["record"].with_user(self.users["finance"]).action_revoke()

    def _leave(self, chance):
        who = chance.choice(LEAVERS)
        day = date(2031, chance.choice(MONTHS), chance.randint(1, 28))
        if chance.random() < 0.5:
            self.facts.left.pop(who, None)
            self._come_back(who)
        else:
            self.facts.left[who] = day
            self.reps[who].write({"state": "left", "date_end": day})

    def _come_back(self, who):
        if self.reps[who].state == "left":
            self.reps[who].write({"state": "onboarding", "date_end": False})

    def _happen(self, chance, plan, kept):
        for _change in range(chance.randint(0, 2)):
            if self.credits and chance.random() < 0.5:
                credit = chance.choice(self.credits)
                self._change(credit, self._random_credit(chance)["value"])
            else:
                self._add([self._random_credit(chance)])
        what = chance.random()
        if what < 0.3:
            self._agree(chance)
        elif what < 0.5:
            self._forgive(chance)
        elif what < 0.6:
            self._revoke(chance)
        elif what < 0.7:
            self._leave(chance)
        elif what < 0.8:
            self._publish()
        reps = self.env["sales.rep"].concat(
            *(self.reps[name] for name in chance.sample(PEOPLE, 4))
        )
        self._settle(chance.choice(MONTHS), chance.choice((None, reps)))
        statements = self.statements.search(
            [("plan_id", "in", self.versions.ids), ("state", "=", "open")],
            order="date_from, id",
        )
        for statement in statements[: chance.randint(0, 3)]:
            self._close(statement, chance.choice(("submitted", "approved", "paid")))
            kept[statement] = self._read(statement)

    # What should be

    def _assert_owed(self, what):
        found = defaultdict(dict)
        for rep, period, subject, amount in self.env.execute_query(
            SQL(
                """SELECT rep_id, period_from, subject,
                    sum(CASE subject WHEN 'forgiveness' THEN base ELSE amount END)
                FROM sales_commission_entry WHERE rule_id = ANY(%s)
                    AND subject IN ('guarantee', 'draw', 'recovery', 'forgiveness')
                GROUP BY 1, 2, 3
                HAVING sum(CASE subject WHEN 'forgiveness' THEN base ELSE amount END)
                    <> 0""",
                self.versions.rule_ids.ids,
            )
        ):
            found[rep][period.month, subject] = Fraction(str(amount))
        self.seen |= {subject for rows in found.values() for _month, subject in rows}
        oracle, statements = Oracle(self.credits, {}), self._get_statements()
        for name in PEOPLE:
            mine = statements.filtered(lambda one, n=name: one.rep_id == self.reps[n])
            earned = {
                month: sum(oracle.paid(rule, name, month) for rule in self.rates)
                for month in {*MONTHS, *(one.date_from.month for one in mine)}
            }
            due = Owing(self.facts, name).settle(earned)
            self.assertEqual(
                found[self.reps[name].id],
                due,
                f"{what}: {name} earned {earned} by {vars(self.facts)}",
            )

    def test_draws_once(self):
        for seed in range(HISTORIES):
            chance = random.Random(seed)
            self._start(chance, seed)
            if chance.random() < 0.5:
                self._publish()
            for _n in range(4):
                self._agree(chance)
            self._leave(chance)
            months = list(MONTHS)
            chance.shuffle(months)
            for month in months:
                self._settle(month)
            self._assert_owed(seed)

    def test_draws_over_time(self):
        """Whatever changes while statements are closed: the sum over time is what is
        paid and owed if everything is known at once, and what is closed stays."""
        for seed in range(HISTORIES):
            chance = random.Random(2000 + seed)
            plan = self._start(chance, f"over time {seed}")
            kept = {}
            for _step in range(12):
                self._happen(chance, plan, kept)
            self._settle_at_once(chance.sample(MONTHS, len(MONTHS)))
            # Where all is closed corrections have opened the month after.
            months = sorted(
                {one.month for one in self._get_statements().mapped("date_from")}
            )
            for month in months:
                self._settle(month)
            self._assert_owed(seed)
            for statement, entries in kept.items():
                self.assertEqual(self._read(statement), entries)
            before = self._read_all()
            for month in reversed(months):
                self._settle(month)
            self.assertEqual(self._read_all(), before)
            for statement in self._get_statements():
                self.assertAlmostEqual(
                    statement.amount, sum(statement.entry_ids.mapped("amount")), 2
                )
        self.assertEqual(self.seen, set(ADVANCES) - {"carried"})

    def _get_statements(self):
        return self.statements.search([("plan_id", "in", self.versions.ids)])

    def _read_all(self):
        return self.env.execute_query(
            SQL(
                "SELECT * FROM sales_commission_entry WHERE rule_id = ANY(%s) "
                "ORDER BY id",
                self.versions.rule_ids.ids,
            )
        )
