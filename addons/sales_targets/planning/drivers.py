"""What a gap needs today: from money back to orders, quotations and visits.

A rep's own rates of the last days are few observations; they are drawn towards the
team's: ``(own successes + k × team's rate) / (own trials + k)``, the mean of a beta (or
gamma) distribution with a prior worth k trials (Efron, Morris 1977). With few own
trials the rate is the team's, with many it is the rep's.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

# How many own trials weigh as much as the team.
PRIOR = 10


def shrink(successes, trials, team_rate, prior=PRIOR):
    """A rate drawn towards the team's.

    :param successes, trials: what was observed; amounts per count work as well
    :param team_rate: the team's rate; None where the team has none either
    :return: a Fraction; None when nothing is known at all

    >>> shrink(3, 10, Fraction(1, 10))
    Fraction(1, 5)
    """
    if team_rate is None:
        return Fraction(successes) / Fraction(trials) if trials else None
    return (Fraction(successes) + prior * Fraction(team_rate)) / (
        Fraction(trials) + prior
    )


@dataclass(frozen=True)
class Need:
    """How many of a step are needed.

    :param int total: whole ones, over all days
    :param int today: whole ones a day, at least
    """

    total: int
    today: int


def back_solve(gap, rates, days):
    """How many of each step close a gap.

    :param gap: units of the metric that are missing; nothing is needed when not > 0
    :param list rates: from the last step to the first: how much of the step after it
        one of this step brings: cash per amount ordered, amount per order, orders per
        quotation, quotations per visit; None or zero ends the chain: what comes before
        cannot be told
    :param days: working days left, at least one
    :return: one ``Need`` per rate; None where it cannot be told

    >>> [need.total for need in back_solve(64_000, [Fraction(4, 5), 8_000,
    ...     Fraction(1, 4), Fraction(1, 2)], 10)]
    [80000, 10, 40, 80]
    """
    needs, exact = [], Fraction(max(gap, 0))
    for rate in rates:
        if exact is None or not rate:
            exact = None
            needs.append(None)
            continue
        exact /= Fraction(rate)
        needs.append(Need(ceil(exact), ceil(exact / max(Fraction(days), 1))))
    return needs
