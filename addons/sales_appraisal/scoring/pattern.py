"""What a run of periods says: as often as asked, within the last so many. Pure.

Periods are numbers in a row; one without a score that counts is simply missing, and
breaks what is asked for without a gap.
"""

from typing import NamedTuple

from .periods import MONTHS

KINDS = (
    "grade_min",
    "grade_max",
    "score_min",
    "score_max",
    "grade_up",
    "grade_down",
)


class Pattern(NamedTuple):
    """What is looked for in the periods of a rep.

    :param int times: so often at least
    :param int window: within the last so many periods; the same number: without a gap
    :param int limit: the rank of a grade, a score in hundredths of points, or by how
        many grades it changes
    :param bool restart: periods that have led to something do not count again
    """

    kind: str
    times: int
    window: int
    limit: int
    restart: bool = True


class Entry(NamedTuple):
    """A period that counts.

    :param int score: in hundredths of points
    :param int rank: of the grade; the higher, the better. None: it has no grade.
    """

    score: int
    rank: int | None


def number(period, day):
    """The number of the period that begins on a day: neighbours differ by one.

    Also where the year does not begin in January. Who begins a year after the 28th
    begins some of its periods on the first, where a month has no such day.

    >>> from datetime import date
    >>> number("quarter", date(2027, 1, 1)) - number("quarter", date(2026, 10, 1))
    1
    """
    return (day.year * 12 + day.month - 1 + (day.day > 28)) // MONTHS[period]


def is_hit(pattern, history, place):
    """Whether a period is one of those that are looked for.

    :param dict history: ``{number: Entry}``
    """
    entry = history.get(place)
    if entry is None:
        return False
    if pattern.kind == "score_min":
        return entry.score >= pattern.limit
    if pattern.kind == "score_max":
        return entry.score < pattern.limit
    if entry.rank is None:
        return False
    if pattern.kind == "grade_min":
        return entry.rank >= pattern.limit
    if pattern.kind == "grade_max":
        return entry.rank <= pattern.limit
    before = history.get(place - 1)
    if before is None or before.rank is None:
        return False
    change = entry.rank - before.rank
    return (change if pattern.kind == "grade_up" else -change) >= pattern.limit


def counted(pattern, place, used=()):
    """The numbers of the periods that count for a pattern that ends with one.

    :param used: numbers of the periods that have led to something
    """
    first = place - pattern.window + 1
    if pattern.restart:
        first = max([first, *(one + 1 for one in used if one < place)])
    return range(first, place + 1)


def holds(pattern, history, place, used=()):
    """Whether a period completes the pattern: it is one of the hits itself."""
    if not is_hit(pattern, history, place):
        return False
    hits = sum(is_hit(pattern, history, one) for one in counted(pattern, place, used))
    return hits >= pattern.times


def completed(pattern, history, places, used=(), fits=lambda place: True):
    """Which of some periods complete a pattern, in order.

    :param places: numbers of the periods that are asked about
    :param used: as above; each one that is found counts as used for those after it,
        and is not found again
    :param fits: whether anything may follow from a period
    :return: list of numbers
    """
    used, found = set(used), []
    for place in sorted(places):
        if place not in used and holds(pattern, history, place, used) and fits(place):
            found.append(place)
            used.add(place)
    return found
