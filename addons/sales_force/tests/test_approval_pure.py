"""What rules find, and what an approval covers, beside plain oracles."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..deals.approval import CONDITIONS, Facts, Line, Rule, covers, evaluate, left

tenths = st.integers(0, 2000).map(lambda number: number / 10)
lines = st.lists(
    st.builds(
        Line,
        key=st.sampled_from("abcd"),
        product=st.integers(1, 2),
        unit=st.sampled_from(("", "dozen")),
        categories=st.frozensets(st.integers(1, 3)),
        quantity=st.sampled_from((0.0, 1.0, 2.0, 10.0)),
        net=tenths,
        list=tenths,
        amount=tenths,
        cost=tenths,
        price=tenths,
        floor=tenths,
    ),
    max_size=4,
    unique_by=lambda line: line.key,
).map(tuple)
documents = st.builds(
    Facts,
    partner=st.integers(1, 2),
    currency=st.just(1),
    term=st.sampled_from((0, 30, 60)),
    customer_term=st.sampled_from((0, 30)),
    amount=tenths,
    over_credit=tenths,
    over_rep_credit=tenths,
    overdue_days=st.integers(0, 99),
    overdue_amount=tenths,
    special=st.booleans(),
    lines=lines,
)
rules = st.builds(
    Rule,
    id=st.just(1),
    condition=st.sampled_from(sorted(CONDITIONS)),
    threshold=st.sampled_from((0.0, 10.0, 50.0)),
    categories=st.frozensets(st.integers(1, 3), max_size=1),
)


def exact(value):
    return Fraction(value).limit_denominator(1000)


def rate(part, whole):
    return (1 - part / whole) * 100 if whole > 0 else Fraction(0)


def breaks(rule, facts):
    """Which lines break the rule, or whether the whole does; in fractions."""
    limit = exact(rule.threshold)
    measured = [
        line
        for line in facts.lines
        if not rule.categories or rule.categories & line.categories
    ]
    line_breaks = {
        "discount": lambda one: rate(exact(one.net), exact(one.list)) > limit,
        "line_margin": lambda one: (
            rate(exact(one.cost), exact(one.amount)) < limit
            if one.amount > 0
            else one.cost > 0 and -100 < limit
        ),
        "floor": lambda one: one.price < one.floor,
        "product": lambda _one: True,
    }.get(rule.condition)
    if line_breaks:
        return {one.key for one in measured if one.quantity and line_breaks(one)}
    if rule.categories and not measured:
        return False
    amount = sum(exact(one.amount) for one in facts.lines)
    cost = sum(exact(one.cost) for one in facts.lines)
    net = sum(exact(one.net) * exact(one.quantity) for one in facts.lines)
    full = sum(exact(one.list) * exact(one.quantity) for one in facts.lines)
    margin = rate(cost, amount) if amount > 0 else (-100 if cost > 0 else 0)
    return {
        "order_discount": max(rate(net, full), Fraction(0)) > limit,
        "margin": margin < limit,
        "amount": facts.amount > rule.threshold,
        "credit": facts.over_credit > rule.threshold,
        "rep_credit": facts.over_rep_credit > rule.threshold,
        "overdue_days": facts.overdue_days > rule.threshold,
        "overdue_amount": facts.overdue_amount > rule.threshold,
        "term": facts.term - facts.customer_term > rule.threshold,
        "special": facts.special,
        "always": True,
    }[rule.condition]


@tagged("post_install", "-at_install")
class TestApprovalPure(BaseCase):
    @settings(deadline=None, max_examples=300)
    @given(rules, documents)
    def test_what_is_found(self, rule, facts):
        finding = evaluate(rule, facts)
        expected = breaks(rule, facts)
        if isinstance(expected, set):
            found = {line.key for line, _v, _l in finding.items} if finding else set()
            self.assertEqual(found, expected)
        else:
            self.assertEqual(bool(finding), expected)

    @settings(deadline=None, max_examples=300)
    @given(rules, documents)
    def test_covers_itself(self, rule, facts):
        if finding := evaluate(rule, facts):
            self.assertTrue(covers(finding.snapshot, finding.snapshot))

    @settings(deadline=None, max_examples=300)
    @given(rules, documents, documents)
    def test_what_is_covered(self, rule, before, after):
        """Beside a comparison by hand: customer, term, amount, each line."""
        was, now = evaluate(rule, before), evaluate(rule, after)
        if not was or not now:
            return
        shape = CONDITIONS[rule.condition].shape
        fine = after.partner == before.partner and after.term <= before.term
        if shape == "amount":
            fine = fine and after.amount <= before.amount
        else:
            old = {one.key: one for one in before.lines}
            new = {one.key: one for one in after.lines}
            if shape == "line":
                old = {one.key: one for one, _v, _l in was.items}
                new = {one.key: one for one, _v, _l in now.items}
            same = all(
                key in old
                and one.product == old[key].product
                and one.unit == old[key].unit
                and one.quantity == old[key].quantity
                and one.net >= old[key].net
                for key, one in new.items()
            ) and (shape == "line" or set(old) == set(new))
            if shape == "rate" and not same:
                sign = CONDITIONS[rule.condition].worse
                dearer = after.amount > before.amount
                same = sign * now.value <= sign * was.value and not dearer
            fine = fine and same
        self.assertEqual(covers(was.snapshot, now.snapshot), fine)

    @settings(deadline=None, max_examples=200)
    @given(documents, st.sampled_from(("discount", "floor", "always")))
    def test_a_lower_price_leaves(self, facts, condition):
        finding = evaluate(Rule(1, condition), facts)
        if not finding or not finding.snapshot["lines"]:
            return
        key = next(iter(finding.snapshot["lines"]))
        lower = replace(
            facts,
            lines=tuple(
                replace(one, net=one.net - 1, price=one.price - 1)
                if one.key == key
                else one
                for one in facts.lines
            ),
        )
        again = evaluate(Rule(1, condition), lower)
        self.assertIn(key, left(again.snapshot, finding.snapshot)[1])
