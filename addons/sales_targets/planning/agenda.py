"""What to do on a day: what must be done, then what brings most an hour.

The choice is a knapsack. It is filled greedily by value per minute; where a single
candidate is worth more than all that were taken so, that one goes first. The result is
worth at least half of the best possible (Dantzig 1957) and, as a day has many small
pieces of work, mostly nearly all of it. It is maximal: nothing that was left out fits
into what is left of the day.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction


@dataclass(frozen=True)
class Candidate:
    """Something that could be done on a day.

    :param tuple key: names it; ties are broken by it, so that it can be ordered
    :param int minutes: it takes, at least one
    :param value: what it is expected to contribute, in units of the core metric
    :param bool must: it is done whether or not the day has room
    :param date due: since when; the older first among those of the same worth
    :param document: what it is about: of several kinds of work about the same only the
        first is done
    :param kind: of work
    """

    key: tuple
    minutes: int
    value: Fraction | int = 0
    must: bool = False
    due: date = date.max
    document: Hashable = None
    kind: str = ""


def rank(candidates):
    """In the order in which they are worth doing; the same for any order given.

    >>> a = Candidate(("a",), minutes=60, value=100)
    >>> b = Candidate(("b",), minutes=10, value=50)
    >>> [found.key for found in rank([a, b])]
    [('b',), ('a',)]
    """
    return sorted(
        candidates,
        key=lambda c: (not c.must, -Fraction(c.value) / c.minutes, c.due, c.key),
    )


def unique(ranked, taken=(), documents=None):
    """Each key once, and of each document one kind of work, the first of them.

    :param taken: keys that are on the day already
    :param dict documents: the kind of work by which documents are on the day already
    """
    seen, kinds, found = set(taken), dict(documents or {}), []
    for candidate in ranked:
        document, kind = candidate.document, candidate.kind
        if candidate.key in seen or kinds.get(document, kind) != kind:
            continue
        seen.add(candidate.key)
        if document is not None:
            kinds[document] = kind
        found.append(candidate)
    return found


def choose(candidates, minutes, taken=(), documents=None):
    """What to do on a day, in order.

    :param candidates: ``Candidate``s in any order
    :param int minutes: that are left on the day; below zero it is full
    :param taken, documents: what is on the day already, see ``unique``
    :return: the chosen ones, ranked: all that must be done, and others as they fit
    """
    ranked = unique(rank(candidates), taken, documents)
    musts = [candidate for candidate in ranked if candidate.must]
    others = [candidate for candidate in ranked if not candidate.must]
    room = minutes - sum(candidate.minutes for candidate in musts)
    chosen = _fill(others, room)
    best = max(
        (candidate for candidate in others if candidate.minutes <= room),
        key=lambda candidate: candidate.value,
        default=None,
    )
    if best and best.value > sum(candidate.value for candidate in chosen):
        rest = [candidate for candidate in others if candidate != best]
        chosen = rank([best, *_fill(rest, room - best.minutes)])
    return musts + chosen


def _fill(ranked, room):
    chosen = []
    for candidate in ranked:
        if candidate.minutes <= room:
            room -= candidate.minutes
            chosen.append(candidate)
    return chosen
