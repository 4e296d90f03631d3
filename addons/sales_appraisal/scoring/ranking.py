"""Places by results: small samples drawn to their peers, equals share a place. Pure.

A ratio of few observations says little: it is drawn towards the peers' ratio by
``planning.drivers.shrink``, the mean of a prior worth ``PRIOR`` observations: ``(own
numerator + k × peers' ratio) / (own denominator + k)``. Where the denominator is an
amount, k is worth as many observations of the peers' average size. Improvement is such
a ratio as well: this period's result by the one that it is compared with.
"""

from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from odoo.addons.sales_force.ledger.apportion import apportion
from odoo.addons.sales_targets.planning.drivers import PRIOR, shrink

# Where only the upper half is named, so many stay without a name, or all do: of fewer
# whoever knows the own place knows the other's.
UNNAMED = 3


class Sample(NamedTuple):
    """What was observed of somebody: a numerator, a denominator, of how many facts."""

    top: Fraction
    bottom: Fraction
    count: int = 0


def ratios(samples, is_shrunk=False, minimum=0):
    """The ratio of each sample, drawn to that of all of them when wanted.

    :param dict samples: of one group of peers
    :param int minimum: facts of the denominator; who has fewer has no ratio
    :return: ``{key: Fraction}``; None where the denominator is not positive

    >>> ratios({"a": Sample(1, 1, 1), "b": Sample(0, 9, 9)})["a"]
    Fraction(1, 1)
    >>> ratios({"a": Sample(1, 1, 1), "b": Sample(0, 9, 9)}, is_shrunk=True)["a"]
    Fraction(2, 11)
    """
    sound = {key: s for key, s in samples.items() if s.bottom > 0}
    bottoms, count = sum(s.bottom for s in sound.values()), 0
    mean = trial = None
    if is_shrunk and sound:
        count = sum(s.count for s in sound.values())
        mean = Fraction(sum(s.top for s in sound.values())) / Fraction(bottoms)
        trial = Fraction(bottoms) / count if count else Fraction(1)
    found = dict.fromkeys(samples)
    for key, sample in sound.items():
        if sample.count >= minimum:
            found[key] = shrink(sample.top, sample.bottom, mean, PRIOR * (trial or 0))
    return found


def places(values, higher_is_better=True):
    """Competition ranking: equals share a place, and so many places are left out.

    :param dict values: comparable; None: no place
    :return: ``{key: place}``, 1 for the best

    >>> places({"a": 7, "b": 9, "c": 7, "d": 1, "e": None})
    {'b': 1, 'a': 2, 'c': 2, 'd': 4}
    """
    ranked = sorted(
        ((key, value) for key, value in values.items() if value is not None),
        key=lambda item: item[1],
        reverse=higher_is_better,
    )
    found, ahead = {}, 0
    for _value, equals in groupby(ranked, key=lambda item: item[1]):
        equals = list(equals)
        found |= {key: ahead + 1 for key, _value in equals}
        ahead += len(equals)
    return found


def upper_half(found):
    """Who is named where only the upper half is.

    Whoever shares the last place of the half is named, unless fewer than ``UNNAMED``
    would be left without a name.

    :param dict found: ``{key: place}``
    :return: a set of keys

    >>> sorted(upper_half({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}))
    ['a', 'b', 'c']
    >>> upper_half({"a": 1, "b": 2})
    set()
    """
    limit = len(found) // 2
    named = {key for key, place in found.items() if place <= limit}
    while named and len(found) - len(named) < UNNAMED:
        last = max(found[key] for key in named)
        named = {key for key in named if found[key] < last}
    return named


def next_above(found):
    """For each the keys of the place above: ``{key: list}``, none for the first.

    >>> next_above({"a": 1, "b": 1, "c": 3})
    {'a': [], 'b': [], 'c': ['a', 'b']}
    """
    above, result = [], {}
    ranked = sorted(found.items(), key=lambda item: item[1])
    for _place, equals in groupby(ranked, key=lambda item: item[1]):
        keys = [key for key, _place in equals]
        result |= dict.fromkeys(keys, above)
        above = keys
    return result


def share_prizes(prizes, found, is_split=True):
    """What each gets, in the smallest unit of the currency.

    Equals either split the prizes of the places that they take together, by the unit,
    the rest to the first in the order given; or each gets the prize of the place.

    :param dict prizes: ``{place: units}``
    :param dict found: ``{key: place}``
    :return: ``{key: units}`` of those who get something

    >>> share_prizes({1: 1000, 2: 500, 3: 200}, {"a": 1, "b": 2, "c": 2, "d": 2})
    {'a': 1000, 'b': 234, 'c': 233, 'd': 233}
    >>> share_prizes({1: 1000, 2: 500}, {"a": 1, "b": 1, "c": 3}, is_split=False)
    {'a': 1000, 'b': 1000}
    """
    given = {}
    ranked = sorted(found.items(), key=lambda item: item[1])
    for place, equals in groupby(ranked, key=lambda item: item[1]):
        keys = [key for key, _place in equals]
        if is_split:
            pooled = sum(prizes.get(place + n, 0) for n in range(len(keys)))
            parts = apportion(pooled, [1] * len(keys))
        else:
            parts = [prizes.get(place, 0)] * len(keys)
        given |= {key: part for key, part in zip(keys, parts, strict=True) if part}
    return given
