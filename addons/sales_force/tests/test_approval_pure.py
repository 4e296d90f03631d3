"""What rules find, and what an approval covers, beside plain oracles."""

from dataclasses import replace
from fractions import Fraction
from math import copysign

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..deals.approval import (
    CONDITIONS,
    Facts,
    Line,
    Rule,
    covers,
    evaluate,
    left,
    spread,
    taken,
)

tenths = st.integers(0, 2000).map(lambda number: number / 10)
prices = st.integers(-1000, 2000).map(lambda number: number / 10)
some_line = st.builds(
    Line,
    key=st.sampled_from("abcd"),
    product=st.integers(1, 2),
    unit=st.sampled_from(("", "dozen")),
    categories=st.frozensets(st.integers(1, 3)),
    quantity=st.sampled_from((0.0, 1.0, 2.0, 10.0, -1.0)),
    net=prices,
    list=tenths,
    cost=tenths,
    floor=tenths,
).map(lambda one: replace(one, amount=one.net * one.quantity, price=one.net))
lines = st.lists(some_line, max_size=4, unique_by=lambda line: line.key).map(tuple)
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


def rest(lines):
    """Which part is left of each line that is sold: 1 unless others take something off.

    None where nothing is sold.
    """
    sold = sum((exact(one.amount) for one in lines if one.amount > 0), Fraction(0))
    off = Fraction(0)
    for one in lines:
        given = -exact(one.amount)
        if one.quantity < 0 and one.net > 0:
            # Bought back: a discount is what is paid above the price.
            given = (exact(one.net) - exact(one.list)) * -exact(one.quantity)
        off += max(given, Fraction(0))
    return 1 - off / sold if sold else (None if off else Fraction(1))


def breaks_as_line(condition, one, part, limit):
    """Where only ``part`` of the line's price is left; None: it is all a deduction."""
    if condition == "product":
        return True
    worth = one.list > 0 or one.floor > 0 or one.cost > 0
    deducts = one.amount < 0 and not (one.quantity > 0 and worth)
    if deducts and (part is not None or one.quantity < 0 < one.list >= one.net):
        return False
    net, amount = exact(one.net), exact(one.amount)
    full = exact(one.list)
    price = net
    if amount > 0:
        net, amount, price = net * part, amount * part, price * part
    if deducts:
        net, full = Fraction(-1), Fraction(1)
    if condition == "discount":
        return near(max(rate(net, full), Fraction(0)), limit) == 1
    if condition == "floor":
        return near(price, exact(one.floor)) == -1
    if amount > 0:
        return near(rate(exact(one.cost), amount), limit) == -1
    if not one.amount and not one.cost:
        return False
    return (-100 if one.cost > 0 else 0) < limit


def cheaper(line):
    """For one less; what comes back is bought for one more."""
    net = line.net - copysign(1, line.quantity)
    return replace(line, net=net, price=net, amount=net * line.quantity)


def sold(line):
    """It brings money."""
    net, quantity = abs(line.net) or 1.0, abs(line.quantity) or 1.0
    return replace(line, quantity=quantity, net=net, price=net, amount=net * quantity)


def near(value, limit):
    """1 above, 0 at, -1 below; examples that rounding could turn are passed over."""
    assume(value == limit or abs(value - limit) > Fraction(1, 1000))
    return (value > limit) - (value < limit)


def breaks(rule, facts):
    """Which lines break the rule, or whether the whole does; in fractions."""
    limit = exact(rule.threshold)
    measured = [
        line
        for line in facts.lines
        if not rule.categories or rule.categories & line.categories
    ]
    if rule.condition in ("discount", "line_margin", "floor", "product"):
        part = rest(facts.lines)
        return {
            one.key
            for one in measured
            if one.quantity and breaks_as_line(rule.condition, one, part, limit)
        }
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
                and (one.net - old[key].net) * (-1 if one.quantity < 0 else 1) >= -1e-6
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
        # Where less than nothing is left, less off it may be more of it.
        assume(condition == "always" or (rest(facts.lines) or 1) > 0)
        key = next(iter(finding.snapshot["lines"]))
        lower = replace(
            facts,
            lines=tuple(cheaper(one) if one.key == key else one for one in facts.lines),
        )
        again = evaluate(Rule(1, condition), lower)
        self.assertIn(key, left(again.snapshot, finding.snapshot)[1])

    @settings(deadline=None, max_examples=300)
    @given(lines)
    def test_spread_keeps_the_sum(self, all_lines):
        """What is left of the lines is what was sold, less what was taken off."""
        off = sum(taken(one) for one in all_lines)
        self.assertGreaterEqual(off, 0)
        sums = {one.key: one.amount for one in all_lines if one.amount > 0}
        if sums:
            now = sum(one.amount for one in spread(all_lines) if one.key in sums)
            self.assertAlmostEqual(now, sum(sums.values()) - off)

    @settings(deadline=None, max_examples=300)
    @given(
        st.sampled_from(("discount", "line_margin", "floor")),
        st.sampled_from((0.0, 10.0, 50.0)),
        st.lists(some_line, min_size=1, max_size=4, unique_by=lambda line: line.key),
        st.integers(0, 99),
    )
    def test_off_the_whole_or_each(self, condition, threshold, some, percent):
        """A deduction of so much percent is the same as a discount on each line."""
        rule = Rule(1, condition, threshold)
        some = [sold(one) for one in some]
        total = sum(one.amount for one in some)
        part = 1 - percent / 100
        each = tuple(
            replace(
                one,
                net=one.net * part,
                amount=one.amount * part,
                price=one.price * part,
            )
            for one in some
        )
        off = Line("off", net=-total * percent / 100, amount=-total * percent / 100)
        one, other = (
            evaluate(rule, Facts(lines=found)) for found in (each, (*some, off))
        )
        self.assertEqual(bool(one), bool(other))
        if one:
            self.assertTrue(covers(one.snapshot, {**other.snapshot, "amount": 0}))
            self.assertTrue(covers(other.snapshot, {**one.snapshot, "amount": 0}))
