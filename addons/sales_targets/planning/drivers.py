"""What a gap needs today: from money back to orders, quotations and visits.

A rep's own rates of the last days are few observations; they are drawn towards the
team's: ``(own successes + k × team's rate) / (own trials + k)``, the mean of a beta (or
gamma) distribution with a prior worth k trials (Efron, Morris 1977). With few own
trials the rate is the team's, with many it is the rep's. The team's is drawn towards
the company's the same way; where the company has no trial, the default of the driver
stands for it, and where nobody has said that either, the rate is not known.

A trial is one of what is divided by. Where that is money (cash per amount ordered), one
trial is what a document of the company is worth on average: ten orders, not ten euros,
weigh as much as the team.
"""

from dataclasses import dataclass, field
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


def draw(own, team, company, default=None, trial=1):
    """A rep's rate, drawn towards the team's, and that towards the company's.

    Trials that are not positive (more was refunded than invoiced) say nothing.

    :param own, team, company: ``(successes, trials)`` of the same window
    :param default: what holds where the company has no trials; None: nobody said
    :param trial: how much one trial is
    :return: a Fraction; None when nothing is known at all

    >>> draw((0, 0), (0, 0), (30, 100))
    Fraction(3, 10)
    >>> draw((10, 10), (0, 0), (0, 100))
    Fraction(1, 2)
    """
    rate = default
    for successes, trials in (company, team, own):
        if trials > 0:
            rate = shrink(successes, trials, rate, PRIOR * Fraction(trial))
    return rate


def worths(rates):
    """What one of each step is expected to bring in the end.

    :param list rates: of a chain in order, how much of a step one of the step before
        brings; the first one is per day
    :return: a worth for each step, the last one is 1; None from where it is not known

    >>> worths([8, Fraction(1, 2), Fraction(1, 4), 8_000, Fraction(4, 5)])
    [Fraction(800, 1), Fraction(1600, 1), Fraction(6400, 1), Fraction(4, 5), \
Fraction(1, 1)]
    """
    if not rates:
        return []
    found = [Fraction(1)]
    for rate in reversed(rates[1:]):
        known = rate is not None and found[0] is not None
        found.insert(0, found[0] * rate if known else None)
    return found


@dataclass(frozen=True)
class Need:
    """How many of a step are needed.

    :param int total: whole ones, over all days
    :param int today: whole ones a day, at least
    """

    total: int
    today: int


@dataclass(frozen=True)
class Needs:
    """What a rep's gap needs.

    :param Fraction gap: what is missing of the metric; not positive: nothing
    :param int days: working days left
    :param dict steps: ``{metric's code: Need}`` of the steps that can be told
    """

    gap: Fraction
    days: int
    steps: dict = field(default_factory=dict)


def back_solve(gap, rates, days):
    """How many of each step close a gap.

    :param gap: units of the metric that are missing; nothing is needed when not > 0
    :param list rates: from the last step to the first: how much of the step after it
        one of this step brings: cash per amount ordered, amount per order, orders per
        quotation, quotations per visit; what is None or not positive ends the chain:
        what comes before cannot be told
    :param days: working days left, at least one
    :return: one ``Need`` per rate; None where it cannot be told

    >>> [need.total for need in back_solve(64_000, [Fraction(4, 5), 8_000,
    ...     Fraction(1, 4), Fraction(1, 2)], 10)]
    [80000, 10, 40, 80]
    """
    needs, exact = [], Fraction(max(gap, 0))
    for rate in rates:
        if exact is None or not rate or rate < 0:
            exact = None
            needs.append(None)
            continue
        exact /= Fraction(rate)
        needs.append(Need(ceil(exact), ceil(exact / max(Fraction(days), 1))))
    return needs
