"""Where a target stands: expected by now, pace, gap, what is still needed a day.

Amounts are whole units. What cannot be said is None, never zero: the pace before
anything is expected, what a day needs when no day is left.
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Pace:
    """:param Fraction expected: by the end of today
    :param Fraction index: achieved by what is expected; None: nothing is expected yet
    :param Fraction attainment: achieved by the target; None: there is no target
    :param int gap: what is missing to the target; negative: exceeded
    :param Fraction required: a remaining working day; None: there is none left
    :param Fraction landing: if it goes on like this; None: nothing is expected yet
    """

    expected: Fraction
    index: Fraction | None
    attainment: Fraction | None
    gap: int
    required: Fraction | None
    landing: Fraction | None


def pace(target, achieved, expected, days_left):
    """How a target stands.

    :param int target, achieved: units
    :param Fraction expected: units by the end of today
    :param days_left: working days after today, as they weigh
    :return: ``Pace``

    >>> found = pace(22_000_000, 9_000_000, Fraction(10_000_000), 12)
    >>> found.index, round(found.required), found.landing
    (Fraction(9, 10), 1083333, Fraction(19800000, 1))
    """
    gap = target - achieved
    return Pace(
        expected=expected,
        index=Fraction(achieved) / expected if expected else None,
        attainment=Fraction(achieved, target) if target else None,
        gap=gap,
        required=Fraction(max(gap, 0)) / Fraction(days_left) if days_left else None,
        landing=Fraction(achieved * target) / expected if expected else None,
    )
