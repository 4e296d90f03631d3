"""Means of few, drawn towards the mean of all, without records.

One ticket that went well makes nobody the best. So a mean is told as if ``PRIOR``
tickets of the common mean had been seen besides: of few it is near the common mean, of
many it is their own (a Bayesian mean, as lists of the best films have it).
"""

from fractions import Fraction

PRIOR = 10


def shrunk(total, count, mean, prior=PRIOR):
    """
    :param total: the sum of what was seen
    :param int count: of how many
    :param mean: of all
    :param int prior: as if so many of the mean had been seen besides; above 0

    >>> shrunk(1, 1, Fraction(1, 2), 1)
    Fraction(3, 4)
    """
    return (Fraction(total) + prior * Fraction(mean)) / (count + prior)


def weak(own, everybody, least, gap):
    """Whether somebody is worse at something than the team by more than a gap.

    :param tuple own: ``(sum, count)`` of somebody; more is better
    :param tuple everybody: of the team, with them
    :param int least: of so many at least
    :param gap: in the unit of the mean

    >>> weak((0, 20), (60, 100), 10, Fraction(1, 10))
    True
    """
    total, count = own
    if count < least or not everybody[1]:
        return False
    mean = Fraction(everybody[0]) / everybody[1]
    return shrunk(total, count, mean) < mean - gap
