"""Which rules a document breaks, and whether what was approved still covers it.

A condition measures a document or each of its lines; it is broken by what is worse than
the rule's limit. What is broken is a finding, with a snapshot of the terms on which it
can be approved. A later finding of the same rule is covered by an approved snapshot as
long as nothing in it is worse:

- ``line``: the lines that break the rule are those approved, with their products,
  units and quantities, at no lower price; other lines may change.
- ``rate``: of the whole document; its lines are the same, at no lower price, or neither
  the rate nor the amount is worse.
- ``amount``: the amount is not higher.
- ``whole``: the lines are the same, at no lower price.

A line that takes something off the whole (a global discount, a deduction) gives no
discount of its own, and lowers the others in the proportion of their amounts: rules
about lines measure what is left of each, see ``spread``.

What is promised beside the lines stays where the whole was approved.

The customer and the currency stay in any case, and the payment term is not longer. What
time changes (costs, list prices, what is overdue) voids nothing.
"""

from dataclasses import dataclass, field, replace
from math import copysign

# Prices, rates and amounts are rounded coarser than this.
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Condition:
    """What a rule can ask for.

    ``shape``      how an approval covers it, see above
    ``worse``      1 where more is worse, -1 where less is worse
    ``authority``  which limit of a grade lets somebody decide about it
    ``needs``      what has to be known of the document
    ``threshold``  whether the rule gives a limit
    """

    shape: str
    worse: int = 1
    authority: str = "amount"
    needs: frozenset = frozenset()
    threshold: bool = True


def _needs(*names):
    return frozenset(names)


CONDITIONS = {
    "discount": Condition("line", 1, "discount", _needs("list")),
    "order_discount": Condition("rate", 1, "discount", _needs("list")),
    "line_margin": Condition("line", -1, "margin", _needs("cost")),
    "margin": Condition("rate", -1, "margin", _needs("cost")),
    "floor": Condition("line", -1, needs=_needs("floor"), threshold=False),
    "product": Condition("line", threshold=False),
    "amount": Condition("amount"),
    "credit": Condition("amount", needs=_needs("credit")),
    "rep_credit": Condition("amount", needs=_needs("rep_credit")),
    "overdue_days": Condition("amount", needs=_needs("overdue")),
    "overdue_amount": Condition("amount", needs=_needs("overdue")),
    "term": Condition("amount", needs=_needs("term")),
    "special": Condition("whole", needs=_needs("special"), threshold=False),
    "always": Condition("whole", threshold=False),
}


@dataclass(frozen=True)
class Rule:
    """A rule as it is kept in memory; ``domain`` narrows the documents."""

    id: int
    condition: str
    threshold: float = 0.0
    categories: frozenset = frozenset()
    domain: str = "[]"


@dataclass(frozen=True)
class Line:
    """A line: unit prices after discount, amounts untaxed in company currency.

    ``net`` and ``list`` are unit prices in one currency, whichever; ``floor`` is
    compared with ``price``, in company currency. Where nothing but a discount is agreed
    ``net`` is no price (``is_price``) but what is left of ``list``.
    """

    key: str
    name: str = ""
    product: int = 0
    unit: str = ""  # per what a price is, and with which taxes
    categories: frozenset = frozenset()
    quantity: float = 1.0
    net: float = 0.0
    list: float = 0.0
    is_price: bool = True
    share: float = 0.0  # percent of it that other lines take off
    amount: float = 0.0
    cost: float = 0.0
    price: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True)
class Facts:
    """What rules look at; amounts in company currency.

    ``promised`` are ``(name, value)`` of terms beside the lines.
    """

    partner: int = 0
    currency: int = 0
    term: int = 0
    customer_term: int = 0
    amount: float = 0.0
    over_credit: float = 0.0
    over_rep_credit: float = 0.0
    overdue_days: int = 0
    overdue_amount: float = 0.0
    special: bool = False
    promised: tuple = ()
    lines: tuple = ()


@dataclass(frozen=True)
class Finding:
    """A rule that a document breaks.

    ``items``     ``(line or None, measure, limit)`` of what breaks it
    ``value``     the worst measure
    ``exposure``  what a grade's limit is compared with; less margin is more of it
    ``snapshot``  what an approval covers, as JSON
    """

    rule: Rule
    items: tuple
    value: float
    exposure: float
    snapshot: dict = field(default_factory=dict)

    @property
    def condition(self):
        return CONDITIONS[self.rule.condition]


def discount(net, full):
    """Percent that ``net`` is below ``full``; 0 where it is not."""
    return max(0.0, round((1 - net / full) * 100, 4)) if full > 0 else 0.0


def margin(amount, cost):
    """Percent of the amount that is left over; nothing is left of no amount."""
    if amount > 0:
        return round((1 - cost / amount) * 100, 4)
    return 0.0 if cost <= 0 else -100.0


def taken(line):
    """What a line takes off the others, of amounts; 0 of what is sold.

    Goods that come back take off what is paid for them above their price.
    """
    if line.amount >= 0:
        return 0.0
    if line.quantity < 0 < min(line.list, line.net):
        return max(0.0, -line.amount * (1 - line.list / line.net))
    return -line.amount


def spread(lines):
    """What is sold, less what other lines take off, in proportion to the amounts.

    Goods that are sold for less than nothing stay as they are, besides. Where nothing
    is sold for money, what takes something off is itself a discount of more than all.
    """
    off = sum(map(taken, lines))
    sold = [line for line in lines if line.amount >= 0 or _is_worth_something(line)]
    if not off:
        return sold
    total = sum(line.amount for line in sold if line.amount > 0)
    if not total:
        return [
            replace(
                line,
                quantity=abs(line.quantity),
                net=-abs(line.net),
                list=abs(line.net),
                is_price=False,
            )
            if taken(line) and line not in sold
            else line
            for line in lines
        ]
    rest = 1 - off / total
    return [
        replace(
            line,
            net=line.net * rest,
            amount=line.amount * rest,
            price=line.price * rest,
            share=100 * off / total,
        )
        if line.amount > 0
        else line
        for line in sold
    ]


def _is_worth_something(line):
    return line.quantity > 0 and max(line.list, line.floor, line.cost) > 0


def order_discount(lines):
    """Of all lines, with those that only take away."""
    return discount(
        sum(line.net * line.quantity for line in lines),
        sum(line.list * line.quantity for line in lines if line.list > 0),
    )


_LINE_MEASURES = {
    "discount": lambda line, rule: (discount(line.net, line.list), rule.threshold),
    "line_margin": lambda line, rule: (
        # What neither costs nor brings anything has no margin.
        margin(line.amount, line.cost) if line.amount or line.cost else float("inf"),
        rule.threshold,
    ),
    "floor": lambda line, rule: (line.price, line.floor),
    "product": lambda line, rule: (line.amount, float("-inf")),
}
_MEASURES = {
    "order_discount": lambda facts: order_discount(facts.lines),
    "margin": lambda facts: margin(
        sum(line.amount for line in facts.lines), sum(line.cost for line in facts.lines)
    ),
    "amount": lambda facts: facts.amount,
    "credit": lambda facts: facts.over_credit,
    "rep_credit": lambda facts: facts.over_rep_credit,
    "overdue_days": lambda facts: facts.overdue_days,
    "overdue_amount": lambda facts: facts.overdue_amount,
    "term": lambda facts: facts.term - facts.customer_term,
    "special": lambda facts: int(facts.special),
    "always": lambda facts: 1,
}


def evaluate(rule, facts):
    """The finding of a rule, or None where the document keeps to it.

    Lines outside the rule's product groups are not measured.
    """
    condition = CONDITIONS[rule.condition]
    is_spread = rule.condition in ("discount", "line_margin", "floor")
    lines = [
        line
        for line in (spread(facts.lines) if is_spread else facts.lines)
        if not rule.categories or not rule.categories.isdisjoint(line.categories)
    ]
    if condition.shape == "line":
        measure = _LINE_MEASURES[rule.condition]
        items = [
            (line, value, limit)
            for line in lines
            if line.quantity
            for value, limit in [measure(line, rule)]
            if _is_worse(condition, value, limit)
        ]
    else:
        if rule.categories and not lines:
            return None
        value = _MEASURES[rule.condition](facts)
        limit = rule.threshold if condition.threshold else 0
        broken = _is_worse(condition, value, limit)
        items = [(None, value, limit)] if broken else []
    if not items:
        return None
    worst = condition.worse * max(condition.worse * item[1] for item in items)
    return Finding(
        rule,
        tuple(items),
        worst,
        facts.amount if condition.authority == "amount" else condition.worse * worst,
        _snapshot(condition, facts, [item[0] for item in items], worst),
    )


def _is_worse(condition, value, limit):
    return condition.worse * value > condition.worse * limit + _TOLERANCE


def _snapshot(condition, facts, lines, value):
    snapshot = {
        "partner": facts.partner,
        "currency": facts.currency,
        "term": facts.term,
        "amount": round(facts.amount, 4),
        "lines": {},
    }
    if condition.shape == "rate":
        snapshot["rate"] = condition.worse * value
    if condition.shape in ("rate", "whole"):
        lines = facts.lines
        snapshot["closed"] = True
        if facts.promised:
            snapshot["promised"] = dict(facts.promised)
    if condition.shape != "amount":
        snapshot["lines"] = {
            line.key: [
                *(line.product, line.unit),
                *(round(line.quantity, 6), round(line.net, 6)),
            ]
            for line in lines
        }
    else:
        snapshot["capped"] = True
    return snapshot


def left(now, approved):
    """What is not covered by what was approved: names of terms, and keys of lines.

    >>> left({"partner": 1, "currency": 1, "term": 30, "amount": 5, "lines": {}},
    ...      {"partner": 1, "currency": 1, "term": 0, "amount": 5, "lines": {}})
    (['term'], [])
    """
    terms = [name for name in ("partner", "currency") if now[name] != approved[name]]
    if now["term"] > approved["term"]:
        terms.append("term")
    dearer = now["amount"] > approved["amount"] + _TOLERANCE
    if dearer and now.get("capped"):
        terms.append("amount")
    promised = approved.get("promised", {})
    terms += [
        name
        for name, value in now.get("promised", {}).items()
        if value != promised.get(name) and name not in terms
    ]
    before = approved["lines"]
    lines = [
        key
        for key, (product, unit, quantity, net) in now["lines"].items()
        if key not in before
        or [product, unit] != before[key][:2]
        or abs(quantity - before[key][2]) > _TOLERANCE
        # What comes back is dearer to us the more is paid for it.
        or copysign(1, quantity) * (net - before[key][3]) < -_TOLERANCE
    ]
    if now.get("closed"):
        lines += [key for key in before if key not in now["lines"]]
    if lines and "rate" in now and not dearer:
        if now["rate"] <= approved.get("rate", float("-inf")) + _TOLERANCE:
            lines = []
    return terms, lines


def covers(approved, now):
    return left(now, approved) == ([], [])


def passing_net(line, limit):
    """The unit price from which a line's discount is within a limit, in percent."""
    return line.list * (1 - limit / 100)
