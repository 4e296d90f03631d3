"""Which territory a customer belongs to: the most specific rule that matches.

A rule has up to five criteria, and all of them must be met. It is the more specific

1. the finer its finest criteria: postcode before city before state before industry
   before country, and more criteria before fewer (``specificity``);
2. the deeper its territory in the tree;
3. where its territory belongs to one company only.

Two rules with the same criteria can both match one customer only where the criteria
are equal and the postcode ranges meet, so that a tie can be told beforehand
(``find_ties``) and never arises.

Postcodes are compared without spaces, hyphens and case. A range of digits holds
postcodes of digits of the same length (a ZIP+4 code counts as its first five digits). A
range with letters compares as many characters as its bounds have: SW1A to SW1Z holds
SW1A 1AA.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

# From the finest criterion to the coarsest; each outweighs all that follow.
WEIGHTS = {"zip": 16, "city": 8, "state": 4, "industry": 2, "country": 1}
_ZIP_4 = re.compile(r"^\d{5}-\d{4}$")
_SEPARATORS = re.compile(r"[^0-9A-Z]")


def normalize_zip(code):
    """A postcode as it is compared: ``normalize_zip("sw1a 1aa") == "SW1A1AA"``."""
    code = (code or "").strip().upper()
    if _ZIP_4.match(code):
        code = code[:5]
    return _SEPARATORS.sub("", code)


def normalize_city(city):
    """A city's name as it is compared."""
    return " ".join((city or "").split()).casefold()


def zip_error(start, stop):
    """Why two normalized bounds are no range: "length", "kind", "order" or None."""
    if len(start) != len(stop):
        return "length"
    if start.isdigit() != stop.isdigit():
        return "kind"
    if start > stop:
        return "order"
    return None


@dataclass(frozen=True)
class Rule:
    """One rule; ids of 0 and empty strings are criteria that are not set."""

    id: int
    territory: int
    depth: int = 0
    company: int = 0
    country: int = 0
    state: int = 0
    industry: int = 0
    city: str = ""
    zip_from: str = ""
    zip_to: str = ""

    @property
    def specificity(self):
        """0 for a rule without criteria, which matches nobody."""
        return (
            (WEIGHTS["zip"] if self.zip_from else 0)
            + (WEIGHTS["city"] if self.city else 0)
            + (WEIGHTS["state"] if self.state else 0)
            + (WEIGHTS["industry"] if self.industry else 0)
            + (WEIGHTS["country"] if self.country else 0)
        )

    @property
    def exact(self):
        """The criteria that a customer must equal."""
        return (self.company, self.country, self.state, self.industry, self.city)

    @property
    def zip_kind(self):
        """What postcodes the range compares to: the length, and whether digits only."""
        return (len(self.zip_from), self.zip_from.isdigit())


@dataclass(frozen=True)
class Customer:
    """What is compared of a customer; city and zip are normalized."""

    company: int = 0
    country: int = 0
    state: int = 0
    industry: int = 0
    city: str = ""
    zip: str = ""


def matches(rule, customer):
    """Whether a customer meets all criteria of a rule: the plain definition."""
    if not rule.specificity:
        return False
    if rule.company and rule.company != customer.company:
        return False
    for name in ("country", "state", "industry", "city"):
        if getattr(rule, name) and getattr(rule, name) != getattr(customer, name):
            return False
    if not rule.zip_from:
        return True
    length, digits = rule.zip_kind
    code = customer.zip
    if (
        code.isdigit() != digits
        or len(code) < length
        or (digits and len(code) > length)
    ):
        return False
    return rule.zip_from <= code[:length] <= rule.zip_to


def rank(rule):
    """The key by which the most specific of matching rules is the greatest."""
    return (rule.specificity, rule.depth, bool(rule.company))


class Matcher:
    """Finds the territory of customers, in time that hardly grows with the rules."""

    def __init__(self, rules):
        # By what the rule compares exactly: {(names, kind): {values: ranges}}
        tables = defaultdict(lambda: defaultdict(list))
        for rule in rules:
            if not rule.specificity:
                continue
            names = tuple(
                name
                for name in ("company", "country", "state", "industry", "city")
                if getattr(rule, name)
            )
            values = tuple(getattr(rule, name) for name in names)
            kind = rule.zip_kind if rule.zip_from else None
            tables[rank(rule), names, kind][values].append(
                (rule.zip_from, rule.zip_to, rule.territory)
            )
        for table in tables.values():
            for values, ranges in table.items():
                table[values] = _merge(ranges)
        self._tables = sorted(
            tables.items(), key=lambda item: (item[0][0], item[0][1]), reverse=True
        )

    def match(self, customer):
        """The territory's id, or None."""
        for (_rank, names, kind), table in self._tables:
            ranges = table.get(tuple(getattr(customer, name) for name in names))
            if not ranges:
                continue
            if kind is None:
                return ranges[0][2]
            length, digits = kind
            code = customer.zip
            if code.isdigit() != digits or len(code) < length:
                continue
            if digits and len(code) > length:
                continue
            code = code[:length]
            position = bisect_right(ranges, code, key=lambda r: r[0])
            if position and code <= ranges[position - 1][1]:
                return ranges[position - 1][2]
        return None


def _merge(ranges):
    """Ranges in order, those of one territory that meet as one."""
    merged = []
    for start, stop, territory in sorted(ranges):
        if merged and merged[-1][2] == territory and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]), territory)
        else:
            merged.append((start, stop, territory))
    return merged


def find_ties(rules):
    """Pairs of rules of different territories that could match one customer equally.

    :return: a list of pairs of rules, empty where every customer has one territory
    """
    groups, equal = defaultdict(list), defaultdict(list)
    for rule in rules:
        if rule.specificity:
            groups[rank(rule), rule.exact].append(rule)
            equal[rule.exact, rule.zip_from, rule.zip_to].append(rule)
    # Equal criteria are refused at any depth: the higher territory would get nobody.
    ties = [
        (group[0], other)
        for group in equal.values()
        for other in group[1:]
        if other.territory != group[0].territory
    ]
    for group in groups.values():
        if len({rule.territory for rule in group}) > 1:
            ties.extend(_meeting(group))
    return ties


def _meeting(group):
    """The pairs of a group of rules whose postcode ranges meet."""
    by_kind = defaultdict(list)
    for rule in group:
        by_kind[rule.zip_kind if rule.zip_from else None].append(rule)
    kinds = list(by_kind)
    for position, kind in enumerate(kinds):
        for other in kinds[position:]:
            if kind is not None and other != kind and (kind[1] or other[1]):
                continue  # digits of different length, or digits and letters
            length = min(kind[0], other[0]) if kind else 0
            members = by_kind[kind] + (by_kind[other] if other != kind else [])
            yield from _overlaps(
                sorted(
                    (rule.zip_from[:length], rule.zip_to[:length], rule.id, rule)
                    for rule in members
                )
            )


def _overlaps(ranges):
    open_ = []
    for start, stop, _id, rule in ranges:
        open_ = [(end, other) for end, other in open_ if end >= start]
        for _end, other in open_:
            if other.territory != rule.territory:
                yield (other, rule)
        open_.append((stop, rule))
