"""Decisions on disputes amid random histories, against plain Python."""

from collections import defaultdict
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase
from odoo.tools import SQL

from ..commission.disputed import outstanding
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


class TestDecisions(histories.TestOracle):
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

    def _decide(self, entry, cents):
        if not entry:
            return
        user = entry.rep_id.user_id
        dispute = (
            self.env["sales.commission.dispute"]
            .with_user(user)
            ._open(entry.with_user(user), "calculation", "It is another amount")
        )
        dispute.sudo()._settle_again()
        about = dispute.sudo()._get_about()
        self._add_decision(dispute.sudo(), sum(map(self._cents, about)) + cents)

    def _add_decision(self, dispute, to):
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

    def setUp(self):
        super().setUp()
        self.decided = {}

    def _assert_paid(self, rules, plan, what):
        super()._assert_paid(rules, plan, what)
        disputes = self._get_disputes(plan)
        self.assertGreater(len(disputes), 3)
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
            due = left(paid, *self.decided[mine[-1].id])
            self.assertEqual(sum(found[one.id] for one in mine), due, f"{what}: {mine}")
