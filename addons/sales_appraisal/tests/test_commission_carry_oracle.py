"""Draws of reps who change between plans, against plain Python: random histories."""

import os
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo.tools import SQL

from .test_commission_carry import CarryCase
from .test_commission_oracle import cents

HISTORIES = int(os.environ.get("SALES_HISTORIES", 4))
MONTHS = range(1, 6)
PEOPLE = ("rep", "peer")
# Who stays, so that each plan has statements of each month.
OTHERS = ("leader", "peer_leader", "manager")
FIRST = 960_000_000


def bounds(month):
    first = date(2031, month, 1)
    return first, first + relativedelta(months=1, days=-1)


class Rep:
    """What becomes of a rep, plan by plan and month by month."""

    def __init__(self, terms, moves, credits, forgiven, left=None):
        self.terms, self.moves, self.credits = terms, moves, credits
        self.forgiven, self.left = forgiven, left

    def _on(self, day):
        """The plan that pays a day."""
        if self.left and day > self.left:
            return None
        return self.moves[max(start for start in self.moves if start <= day)]

    def _terms(self, plan, month):
        """``(draw of a day, percent, whether the rest is forgiven)`` of a month."""
        terms = self.terms[plan]
        if terms["draw"] is None:
            return None
        draw, percent = (Fraction(str(terms[name])) for name in ("draw", "percent"))
        gone = self.left and self.left <= bounds(month)[1]
        if gone and terms["leaver"] == "taken":
            return Fraction(0), Fraction(100), False
        return draw, percent, gone and terms["leaver"] == "forgiven"

    def settle(self):
        """``{(month, plan, subject): amount}``; of forgiveness what is forgiven."""
        found, owed = defaultdict(Fraction), defaultdict(Fraction)
        for month in MONTHS:
            first, last = bounds(month)
            days = defaultdict(int)
            for number in range(last.day):
                days[self._on(first + timedelta(number))] += 1
            left = {}
            for plan in range(len(self.terms)):
                counted = sum(
                    value
                    for day, value in self.credits
                    if day.month == month and self._on(day) == plan
                )
                earned = max(cents(Fraction(counted) / 10), Fraction(0))
                terms = self._terms(plan, month)
                left[plan] = earned, Fraction(0), Fraction(0)
                if terms:
                    daily, percent, forgives = terms
                    draw = cents(daily * days[plan] / last.day)
                    advanced = max(draw - earned, 0)
                    owed[plan] += advanced
                    for one in self.forgiven:
                        if (one["plan"], one["month"]) == (plan, month):
                            amount = min(Fraction(one["amount"]), owed[plan])
                            found[month, plan, "forgiveness"] += amount
                            owed[plan] -= amount
                    share = cents(max(earned - draw, 0) * percent / 100)
                    back = min(share, owed[plan])
                    owed[plan] -= back
                    found[month, plan, "draw"] += advanced
                    found[month, plan, "recovery"] -= back
                    left[plan] = earned, draw, back
                    if forgives:
                        found[month, plan, "forgiveness"] += owed[plan]
                        owed[plan] = Fraction(0)
            member = [plan for plan in range(len(self.terms)) if days[plan]]
            for plan in member[:1]:
                earned, draw, given = left[plan]
                for former in sorted(owed):
                    if former in member or not owed[former]:
                        continue
                    terms = self._terms(plan, month) or self._terms(former, month)
                    share = cents(max(earned - draw, 0) * terms[1] / 100)
                    back = min(owed[former], max(share - given, 0))
                    found[month, former, "carried"] -= back
                    owed[former] -= back
                    given += back
        return {key: amount for key, amount in found.items() if amount}


class TestCarryOracle(CarryCase):
    def setUp(self):
        super().setUp()
        self._today(date(2031, 5, 31))
        self.env["sales.credit"]._process_pending()
        self.metric = self._metric("INVOICED").id
        self.seen = set()

    def _start(self, chance, seed):
        self.terms = [
            {
                "draw": chance.choice((None, chance.randint(0, 60_000) / 100)),
                "percent": chance.choice((100, 50, 33.33)),
                "leaver": chance.choice(("owed", "taken", "forgiven")),
            }
            for _team in self.teams
        ]
        if all(terms["draw"] is None for terms in self.terms):
            self.terms[0]["draw"] = 500
        self.plans = self.env["sales.commission.plan"]
        for team, terms in zip(self.teams, self.terms, strict=True):
            draw = self._advance(
                "draw",
                (1, terms["draw"]),
                recovery_percent=terms["percent"],
                leaver_owed=terms["leaver"],
            )
            self.plans |= self._of(
                team, {}, *([draw] if terms["draw"] is not None else [])
            )
            self.plans[-1:].name = f"{seed} {team.name}"
        self.moves, self.credits, self.left = {}, {}, {}
        self.forgiven = {name: [] for name in PEOPLE}
        for name in PEOPLE:
            if self.reps[name].state == "left":
                self.reps[name].write({"state": "onboarding", "date_end": False})
            self.credits[name], self.moves[name] = [], {}
            self.reps[name].assignment_ids.filtered(
                lambda one: one.date_from > date(2031, 1, 1)
            ).unlink()
            self._change_plan(chance, name, date(2031, 1, 1))
        for name, team in zip(OTHERS, self.teams, strict=True):
            self._move(name, team, date(2031, 1, 1))

    def _change_plan(self, chance, name, day):
        plan = chance.randrange(len(self.teams))
        self.moves[name][day] = plan
        self._move(name, self.teams[plan], day)

    def _happen(self, chance):
        name, month = chance.choice(PEOPLE), chance.choice(MONTHS)
        day = date(2031, month, chance.randint(1, 28))
        what = chance.random()
        if what < 0.4:
            self._change_plan(chance, name, chance.choice((day, day.replace(day=1))))
        elif what < 0.5:
            self._leave(chance, name, day)
        elif what < 0.6:
            self._forgive(chance, name, month)
        for _credit in range(chance.randint(1, 3)):
            if self.credits[name] and chance.random() < 0.3:
                self.credits[name].pop(chance.randrange(len(self.credits[name])))
            day = date(2031, chance.choice(MONTHS), chance.randint(1, 28))
            value = Decimal(chance.randint(-2000, 9000) or 1)
            self.credits[name].append((day, value))
        self._write()

    def _leave(self, chance, name, day):
        if self.reps[name].state == "left":
            self.left.pop(name)
            self.reps[name].write({"state": "onboarding", "date_end": False})
        else:
            self.left[name] = day
            self.reps[name].write({"state": "left", "date_end": day})

    def _forgive(self, chance, name, month):
        number = chance.randrange(len(self.plans))
        owed = self._owed(self.plans[number], name)
        if owed <= 0:
            return
        self._today(bounds(month)[1])
        amount = Decimal(chance.randint(1, int(owed * 100))) / 100
        self.env["sales.commission.forgiveness"].create(
            {
                "rep_id": self.reps[name].id,
                "plan_id": self.plans[number].id,
                "amount": float(amount),
                "reason": "Why not",
            }
        )
        self._today(date(2031, 5, 31))
        self.forgiven[name].append({"plan": number, "month": month, "amount": amount})

    def _write(self):
        self.env.cr.execute(SQL("DELETE FROM sales_credit WHERE scope_id > %s", FIRST))
        rows = [
            (name, day, value)
            for name, credits in self.credits.items()
            for day, value in credits
        ]
        if not rows:
            return
        self.env.cr.execute(
            SQL(
                """INSERT INTO sales_credit (metric_id, date, rep_id, user_id,
                company_id, value, share, overlay, res_model, res_id, part, source,
                scope_id) VALUES %s""",
                SQL(", ").join(
                    SQL(
                        """(%s, %s, %s, %s, %s, %s, 100, FALSE, 'account.move.line',
                        %s, 0, 'invoice', %s)""",
                        *(self.metric, day, self.reps[name].id, self.users[name].id),
                        *(self.company.id, value, FIRST + number, FIRST + number),
                    )
                    for number, (name, day, value) in enumerate(rows, 1)
                ),
            )
        )

    def _settle_at_once(self, months, reps=None):
        self.statements._settle_periods(
            {(plan, *bounds(month)): reps for month in months for plan in self.plans}
        )

    def _close_some(self, chance, kept):
        for statement in self.statements.search(
            [("plan_id", "in", self.plans.ids), ("state", "=", "open")],
            order="date_from, id",
        )[: chance.randint(0, 3)]:
            self._close(statement, chance.choice(("submitted", "paid")))
            kept[statement] = self._read(statement)

    def _read(self, statements):
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                "SELECT * FROM sales_commission_entry WHERE statement_id = ANY(%s) "
                "ORDER BY id",
                statements.ids,
            )
        )

    def _assert_owed(self, what):
        found = defaultdict(dict)
        for rep, period, plan, subject, amount in self.env.execute_query(
            SQL(
                """SELECT e.rep_id, e.period_from, r.plan_id, e.subject,
                    sum(CASE e.subject WHEN 'forgiveness' THEN e.base ELSE e.amount END)
                FROM sales_commission_entry e
                JOIN sales_commission_rule r ON r.id = e.rule_id
                WHERE r.plan_id = ANY(%s)
                    AND e.subject IN ('draw', 'recovery', 'carried', 'forgiveness')
                GROUP BY 1, 2, 3, 4
                HAVING sum(CASE e.subject
                    WHEN 'forgiveness' THEN e.base ELSE e.amount END) <> 0""",
                self.plans.ids,
            )
        ):
            if period.month in MONTHS:
                key = period.month, self.plans.ids.index(plan), subject
                found[rep][key] = Fraction(str(amount))
                self.seen.add(subject)
        for name in PEOPLE:
            rep = Rep(
                self.terms,
                self.moves[name],
                self.credits[name],
                self.forgiven[name],
                self.left.get(name),
            )
            self.assertEqual(
                found[self.reps[name].id], rep.settle(), f"{what}: {vars(rep)}"
            )

    def test_over_time(self):
        """Whoever changes to which plan, and whatever is closed: what is given back to
        each plan is what would be if everything was known at once; what is closed
        stays, and running again changes nothing."""
        for seed in range(HISTORIES):
            chance = random.Random(seed)
            self._start(chance, seed)
            kept = {}
            for _step in range(8):
                self._happen(chance)
                reps = self.reps[chance.choice(PEOPLE)]
                months = chance.sample(MONTHS, chance.randint(1, 3))
                self._settle_at_once(months, chance.choice((None, reps)))
                if chance.random() < 0.6:
                    self._close_some(chance, kept)
            self._settle_at_once(MONTHS)
            self._assert_owed(seed)
            for statement, entries in kept.items():
                self.assertEqual(self._read(statement), entries)
            mine = self.statements.search([("plan_id", "in", self.plans.ids)])
            entries = self._read(mine)
            self._settle_at_once(reversed(MONTHS))
            for month in MONTHS:
                for plan in self.plans:
                    self.statements._settle(plan, *bounds(month))
            self.assertEqual(self._read(mine), entries)
            self.plans.sudo().state = "draft"
        self.assertEqual(self.seen, {"draw", "recovery", "carried", "forgiveness"})
