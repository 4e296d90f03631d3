"""Decisions on disputes amid random histories, against plain Python."""

import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase
from odoo.tools import SQL

from ..commission.disputed import outstanding
from . import test_commission_hold_oracle as holds
from . import test_commission_oracle as histories

CENTS = st.integers(-500, 500)


def left(paid, ruled, to):
    """Cent by cent what is between the two and not brought by what is paid now."""
    if ruled and not paid:
        return 0
    if to >= ruled:
        return sum(paid < cent for cent in range(ruled + 1, to + 1))
    return -sum(paid >= cent for cent in range(to + 1, ruled + 1))


class TestOutstanding(BaseCase):
    @given(CENTS, st.lists(st.tuples(CENTS, CENTS), min_size=1, max_size=4))
    def test_by_hand(self, paid, decisions):
        """All together is as the last decision says, whatever was decided before."""
        found = outstanding(paid, decisions)
        for number, decision in enumerate(decisions, 1):
            self.assertEqual(sum(found[:number]), left(paid, *decision))

    @given(CENTS, CENTS)
    def test_at_once(self, ruled, to):
        self.assertEqual(outstanding(ruled, [(ruled, to)]), [to - ruled])


class Deciding:
    """Decisions on disputes about random entries, which a test keeps in mind."""

    def setUp(self):
        super().setUp()
        self.decided = {}

    def _decide(self, entry, cents):
        if not entry:
            return
        user = entry.rep_id.user_id
        dispute = (
            self.env["sales.commission.dispute"]
            .with_user(user)
            ._open(entry.with_user(user), "calculation", "It is another amount")
        ).sudo()
        dispute._settle_again()
        to = int(dispute._get_paid() * 100) + cents
        [ruled] = self._get_ruled([dispute.id])
        dispute.with_user(self.users["finance"])._correct(to / 100, "So it is")
        self.decided[dispute.id] = (ruled, to)

    def _get_disputes(self, plan):
        return self.env["sales.commission.dispute"].search(
            [("rule_id", "in", plan.rule_ids.ids)], order="id"
        )

    @staticmethod
    def _cents(entry):
        return round(entry.amount * 100)

    def _get_ruled(self, ids):
        """In cents, what rules pay now for what disputes are about."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT (
                    SELECT COALESCE(sum(e.amount) * 100, 0)::integer
                    FROM sales_commission_entry e
                    WHERE e.rep_id = d.rep_id AND e.rule_id = d.rule_id
                        AND e.period_from = d.period_from AND e.subject = d.subject
                        AND e.scope_id = d.scope_id
                )
                FROM unnest(%s) WITH ORDINALITY ids(id, number)
                JOIN sales_commission_dispute d USING (id) ORDER BY number
                """,
                ids,
            )
        )
        return [cents for (cents,) in rows]

    def _assert_decided(self, plan, what, kept=lambda _dispute, cents: cents):
        """To the cent what is between what rules pay and what was decided last.

        :param kept: what of it is not taken back, of a dispute and an amount in cents
        """
        disputes = self._get_disputes(plan)
        found = defaultdict(int)
        for entry in self.entries.search([("subject", "=", "dispute")]):
            found[entry.res_id] += self._cents(entry)
        for mine in disputes.grouped(
            lambda one: (
                *(one.rep_id, one.rule_id, one.period_from),
                *(one.subject, one.scope_id),
            )
        ).values():
            [paid] = self._get_ruled(mine[-1:].ids)
            due = kept(mine[-1], left(paid, *self.decided[mine[-1].id]))
            self.assertEqual(sum(found[one.id] for one in mine), due, f"{what}: {mine}")
        return disputes


class TestDecisions(Deciding, histories.TestOracle):
    """The sum over time is what would be paid if all had been known at once, and what
    was decided then, as far as the documents have not brought it."""

    histories = (histories.HISTORIES + 7) // 8
    test_once = None
    test_late = None

    def _happen(self, chance, plan, kept):
        disputed = {dispute.scope_id for dispute in self._get_disputes(plan)}
        for credit in [one for one in self.credits if one["id"] in disputed]:
            times = chance.choice((0, 1, 1, 1, 1, Decimal("1.05"), Decimal("1.5")))
            self._change(credit, round(credit["value"] * times, 2))
        super()._happen(chance, plan, kept)
        entries = self.entries.search([("rule_id", "in", plan.rule_ids.ids)])
        for entry in chance.sample(entries, min(len(entries), chance.randint(0, 2))):
            self._decide(
                entry.exists(), chance.choice((-1, 1)) * chance.randint(1, 3000)
            )

    def _assert_paid(self, rules, plan, what):
        super()._assert_paid(rules, plan, what)
        self.assertGreater(len(self._assert_decided(plan, what)), 3)


class TestTakenBack(Deciding, holds.TestHoldOracle):
    """Amid credit notes, unpaid bills and lost customers: as much of what was decided
    is taken back as of what it is about, whatever comes first and is closed when."""

    def setUp(self):
        super().setUp()
        self.chance = random.Random(3)

    def _make_plan(self, rule, number):
        """Most rules take back, and what they do is mostly about credit notes."""
        rule["refund"] = self.chance.choice(("paid", "paid", "paid", "base"))
        rule["lost_months"] = self.chance.choice((0, 0, 2))
        return super()._make_plan(rule, number)

    def _settle(self, plan, month):
        super()._settle(plan, month)
        entries = self.entries.search(
            [
                ("rule_id", "=", plan.rule_ids.id),
                ("subject", "in", ("earning", "override", "clawback", "dispute")),
                ("scope_id", "in", self._get_credited()),
            ]
        )
        number = min(len(entries), self.chance.randint(0, 2))
        for entry in self.chance.sample(entries, number):
            cents = self.chance.choice((-1, 1)) * self.chance.randint(1, 3000)
            self._decide(entry.exists(), cents)

    def _get_credited(self):
        """Invoices with credit notes of later months, and these; else any."""
        self.moves.invalidate_recordset(flush=False)
        found = {
            move
            for move in self.moves
            if (origin := move.reversed_entry_id)
            and origin.invoice_date.month < move.invoice_date.month
        }
        ids = [one.id for move in found for one in (move, move.reversed_entry_id)]
        return ids or self.moves.ids

    def _assert_settled(self, bills, losses, rule, plan, what, earned=None):
        super()._assert_settled(bills, losses, rule, plan, what, earned)
        last = max(
            self.statements.search([("plan_id", "=", plan.id)]).mapped("date_to")
        )
        paid = self._read_paid(plan)
        self._assert_decided(
            plan,
            f"{what} by {rule} of {bills}, {losses}",
            lambda dispute, cents: Fate(bills, losses, rule, last).kept(
                dispute.scope_id, Fraction(cents), paid[dispute.rep_id.id]
            ),
        )

    def _read_paid(self, plan):
        """What rules pay: ``{rep's id: [(scope, subject, cents)]}``."""
        found = defaultdict(list)
        for rep, *row in self.env.execute_query(
            SQL(
                """SELECT rep_id, scope_id, subject, (sum(amount) * 100)::integer
                FROM sales_commission_entry
                WHERE rule_id = %s AND subject NOT IN ('dispute', 'lost')
                GROUP BY rep_id, scope_id, subject, period_from""",
                plan.rule_ids.id,
            )
        ):
            found[rep].append(row)
        return found


class Fate:
    """What becomes of an amount that is paid for a bill besides what rules pay."""

    def __init__(self, bills, losses, rule, last):
        self.bills, self.losses, self.rule, self.last = bills, losses, rule, last

    def kept(self, scope, cents, paid):
        """In cents.

        :param paid: what rules pay the rep: ``[(scope, subject, cents)]``
        """
        [bill] = [one for one in self.bills if one["move"] == scope]
        pieces = [(bill, cents), *self._taken_back(bill, cents)]
        if self._is_lost([one for one, _cents in pieces], paid):
            return 0
        return sum(self._collected(one, piece) for one, piece in pieces)

    def _taken_back(self, bill, cents):
        """By credit notes of later months, each a part of what is left of the bill."""
        notes = sorted(
            (one for one in self.bills if one["of"] is bill),
            key=lambda one: (one["day"], one["line"]),
        )
        credited = Fraction(0)
        for note in notes:
            before, credited = credited, credited - Fraction(note["value"])
            if self.rule["refund"] == "paid" and note["day"].month > bill["day"].month:
                value = Fraction(bill["value"])
                piece = whole(cents * before / value) - whole(cents * credited / value)
                yield note, piece

    def _collected(self, bill, cents):
        """Of what is due for long enough, the part that the customer has paid."""
        over = bill["due"] + timedelta(days=self.rule["unpaid_days"])
        if self.rule["unpaid"] == "kept" or over > self.last:
            return cents
        billed = Fraction(bill["value"]) * (1 + Fraction(bill["tax"]) / 100)
        cash = sum(
            (Fraction(amount) for _day, amount, _id in bill["cash"]), Fraction(0)
        )
        return whole(cents * cash / billed)

    def _is_lost(self, bills, paid):
        """Whether the customer is, for whose documents rules pay the rep anything."""
        document = (bills[0]["of"] or bills[0])["day"]
        if not any(cents for scope, _subject, cents in paid if self._of(scope, bills)):
            return False
        return any(
            customer == bills[0]["customer"]
            and not back
            and self._in_time(document, first)
            and sum(
                cents
                for scope, subject, cents in paid
                if subject in ("earning", "override", "clawback")
                and self._counts(scope, customer, first)
            )
            > 0
            for customer, first, back in self.losses
        )

    @staticmethod
    def _of(scope, bills):
        return scope in [one["move"] for one in bills]

    def _in_time(self, document, first):
        months = relativedelta(months=self.rule["lost_months"])
        return document <= first < document + months and first <= self.last

    def _counts(self, scope, customer, first):
        [bill] = [one for one in self.bills if one["move"] == scope]
        return (
            bill["customer"] == customer
            and bill["day"] <= first
            and self._in_time((bill["of"] or bill)["day"], first)
        )


def whole(cents):
    """Half away from zero."""
    return histories.cents(cents / 100) * 100
