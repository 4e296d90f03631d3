"""For how many working days in a row a rep has been behind."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Streak:
    """How a rep stands at the end of the last day that counts.

    :param int days: working days in a row behind, up to the last one
    :param date since: the first of them; None where there is none
    :param int worked: working days of the period so far
    :param Fraction achieved, expected: by the end of the last day
    """

    days: int
    since: object
    worked: int
    achieved: Fraction
    expected: Fraction

    @property
    def pace(self):
        """Achieved by expected; None: nothing is expected yet."""
        return self.achieved / self.expected if self.expected else None


def streak(days, credits, threshold):
    """The last run of working days at the end of which the pace was too low.

    :param list days: ``(date, target of the day, whether it is worked)`` in order
    :param dict credits: ``{date: what was credited}``
    :param Fraction threshold: the lowest pace that will do

    >>> from datetime import date
    >>> week = [(date(2026, 1, day), 10, True) for day in (5, 6, 7, 8, 9)]
    >>> streak(week, {date(2026, 1, 5): 20}, Fraction(4, 5)).days
    3
    """
    coming = sorted(credits.items())
    count = worked = number = 0
    since, achieved, expected = None, Fraction(0), Fraction(0)
    for day, target, works in days:
        expected += Fraction(target)
        while number < len(coming) and coming[number][0] <= day:
            achieved += Fraction(coming[number][1])
            number += 1
        if not works:
            continue
        worked += 1
        if achieved < threshold * expected:
            count, since = count + 1, since or day
        else:
            count, since = 0, None
    return Streak(count, since, worked, achieved, expected)
